"""/outbox-events/: news for other systems, to be pulled."""

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response

from config.api.filters import FilterSet, ListFilter
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, example, operation
from config.platform import outbox
from config.platform.models import OutboxEvent, Role, Scope


@example(
    {
        "id": "0199a1b2-6666-7000-8000-293a4b5c6d7e",
        "type": "complaint.assigned",
        "occurred_at": "2026-11-23T07:00:00Z",
        "subject_kind": "complaint",
        "subject_id": "0199a1b2-7777-7000-8000-293a4b5c6d7e",
        "subject_version": 4,
        "contact": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
        "data": {
            "complaint": "0199a1b2-7777-7000-8000-293a4b5c6d7e",
            "number": "C-2026-000123",
            "status": "assigned",
            "kind": "complaint",
            "summary": "The lamp came broken",
            "priority": "high",
            "severity": "medium",
            "contact": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
            "department": "0199a1b2-dddd-7000-8000-293a4b5c6d7e",
            "assignee": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
            "due_at": "2026-11-30T15:00:00Z",
            "is_breached": False,
            "verb": "assign",
        },
        "previous": {"status": "acknowledged", "assignee": None},
    }
)
class OutboxEventSerializer(serializers.ModelSerializer):
    data = serializers.DictField(
        help_text="What there is to know at once; docs/events.md tells it for each type. Empty once the person was erased."
    )

    previous = serializers.DictField(
        allow_null=True, help_text="What members of `data` were before, of those that changed; null where nothing was, or is known."
    )

    class Meta:
        model = OutboxEvent
        fields = ["id", "type", "occurred_at", "subject_kind", "subject_id", "subject_version", "contact", "data", "previous"]
        read_only_fields = fields


class OutboxFilter(FilterSet):
    type = ListFilter(field_name="type", help_text="One type or several, with commas.")
    subject = filters.UUIDFilter(field_name="subject_id", help_text="The id of what is told of.")
    after = filters.UUIDFilter(method="come_after", help_text="The id of the last news that you dealt with: only what comes after it.")

    class Meta:
        model = OutboxEvent
        fields = ["type", "subject", "after"]

    def come_after(self, queryset, name, value):
        return outbox.since(queryset, value)


class OutboxViewSet(ApiViewSet):
    """News for other systems."""

    resource = "outbox_events"
    queryset = OutboxEvent.objects.all()
    serializer_class = OutboxEventSerializer
    filterset_class = OutboxFilter
    ordering = "transaction"
    ordering_fields = ("transaction",)
    permits = {"list": allow(Role.ADMIN, scope=Scope.EVENTS_READ)}

    def all_rows(self):
        return super().all_rows().settled()

    @operation(answer=OutboxEventSerializer(many=True), refusals=[outbox.NewsForgotten], method="get")
    def list(self, request) -> Response:
        """What happened, for other systems

        In the order in which it can be followed, the oldest first: take page after page, keep the `id` of the last news that you dealt
        with, and ask with `after=<id>` the next time. Then nothing is left out and nothing comes twice, also when a slow change is told
        late: its news comes after what you have seen, never before. Therefore follow it in the order `transaction` that you get unasked, and do not
        sort by `id` or `occurred_at`. What happened while a change of before is still being written comes a moment later.

        Kept for 30 days (`OUTBOX_KEPT_DAYS`); `after` an older one is 410 `news_forgotten`. The types are told in docs/events.md: pass over
        those that you do not know.
        """
        return self.respond_list(self.get_queryset())
