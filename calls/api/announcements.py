"""/announcements/: a word on the screens of those it is for."""

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response

from calls import announcements
from calls.models import Announcement, Queue
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, example, operation
from config.platform.models import LEADERS, PEOPLE
from config.platform.moves import VersionConflict
from crm.models import Team

SAID = {
    "text": "The warehouse is closed today: promise no deliveries before Thursday.",
    "team": None,
    "queue": None,
    "until": "2036-11-23T18:00:00Z",
}
SHOWN = {
    "id": "0199a1b2-9999-7000-8000-293a4b5c6d7e",
    **SAID,
    "by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "created_at": "2026-11-23T07:00:00Z",
    "withdrawn_at": None,
    "version": 1,
}


@example(SHOWN, request=False)
class AnnouncementSerializer(serializers.ModelSerializer):
    class Meta:
        model = Announcement
        fields = list(SHOWN)
        read_only_fields = fields


@example(SAID)
class AnnouncementBody(serializers.Serializer):
    text = serializers.CharField(max_length=2000)
    team = serializers.PrimaryKeyRelatedField(
        queryset=Team.objects.filter(is_active=True), required=False, allow_null=True, help_text="Only to its members."
    )
    queue = serializers.PrimaryKeyRelatedField(
        queryset=Queue.objects.filter(is_active=True), required=False, allow_null=True, help_text="Only to those who serve it."
    )
    until = serializers.DateTimeField(help_text="Screens show it so long.")


class AnnouncementFilter(FilterSet):
    team = filters.UUIDFilter(field_name="team_id")
    queue = filters.UUIDFilter(field_name="queue_id")
    until_after = filters.IsoDateTimeFilter(field_name="until", lookup_expr="gt", help_text="Now, for those that still hold.")

    class Meta:
        model = Announcement
        fields = ["team", "queue"]


class AnnouncementViewSet(ReadViewSet):
    """Announcements."""

    resource = "announcements"
    queryset = Announcement.objects.all()
    serializer_class = AnnouncementSerializer
    filterset_class = AnnouncementFilter
    ordering_fields = ("until",)
    permits = {"list": allow(*PEOPLE), "retrieve": allow(*PEOPLE), "create": allow(*LEADERS), "withdraw": allow(*LEADERS)}

    @operation(answer=AnnouncementSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Announcements

        What is said to you; those who lead see all. What still holds: `?until_after=<now>`, less what has `withdrawn_at`.
        """
        return super().list(request)

    @operation(answer=AnnouncementSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One announcement

        With how long it holds.
        """
        return super().retrieve(request, pk)

    @operation(body=AnnouncementBody, answer=AnnouncementSerializer, status=201, refusals=[announcements.EndIsPast])
    def create(self, request) -> Response:
        """Say something to everybody

        Or to a team, or to the people of a queue. It comes to their screens at once by the live feed, and to whoever opens theirs before
        `until`.
        """
        return self.respond(announcements.announce(**self.read(AnnouncementBody), **self.by), 201, location=True)

    @operation(answer=AnnouncementSerializer, refusals=[VersionConflict])
    def withdraw(self, request, pk) -> Response:
        """Take an announcement back

        It leaves the screens.
        """
        return self.respond(announcements.withdraw(self.get_object().pk, if_version=self.if_version, **self.by))
