"""/complaints/{id}/messages/ over HTTP: what was said, by whom, how."""

from typing import Any

from rest_framework import serializers
from rest_framework.response import Response

from calls.api.call_ids import CallField
from complaints import messages as saying
from complaints.models import Complaint, ComplaintMessage
from complaints.models.complaints import Channel
from config.api.pages import SUBLIST_PARAMETERS
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, example, operation
from config.platform.models import PEOPLE, Scope
from config.platform.moves import VersionConflict

READ = allow(*PEOPLE, scope=Scope.COMPLAINTS_READ)
WRITE = allow(*PEOPLE, scope=Scope.COMPLAINTS_WRITE)
SAID: dict[str, Any] = {
    "text": "A new lamp is on its way; it comes on Thursday.",
    "visibility": "public",
    "side": "us",
    "via": "call",
    "call": "0199a1b2-5555-7000-8000-293a4b5c6d7e",
}


@example(
    {
        "id": "0199a1b2-9999-7000-8000-293a4b5c6d7e",
        "complaint": "0199a1b2-8888-7000-8000-293a4b5c6d7e",
        **SAID,
        "by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
        "at": "2026-11-30T10:00:00Z",
        "attachments": ["0199a1b2-7777-7000-8000-293a4b5c6d7e"],
    },
    request=False,
)
class ComplaintMessageSerializer(serializers.ModelSerializer):
    via = serializers.ChoiceField(choices=Channel.choices, allow_blank=True, help_text="How it was said; empty for an internal one.")
    attachments = serializers.SerializerMethodField(help_text="Ids of the files that came with it.")

    class Meta:
        model = ComplaintMessage
        fields = ["id", "complaint", "visibility", "side", "via", "text", "call", "by", "at", "attachments"]
        read_only_fields = fields

    def get_attachments(self, row: ComplaintMessage) -> list[str]:
        return [str(one.pk) for one in row.attachments.all() if one.deleted_at is None]


@example(SAID)
class ComplaintMessageBody(serializers.Serializer):
    text = serializers.CharField(max_length=20_000)
    visibility = serializers.ChoiceField(
        choices=ComplaintMessage.Visibility.choices,
        required=False,
        help_text="Left out: public when `via` or `call` says how it was said, else internal.",
    )
    side = serializers.ChoiceField(choices=ComplaintMessage.Side.choices, required=False, help_text="Who speaks; left out: we.")
    via = serializers.ChoiceField(choices=Channel.choices, required=False, help_text="Left out with a `call`: on that call.")
    call = CallField(required=False, allow_null=True)


class ComplaintMessageViewSet(ApiViewSet):
    """Messages of a complaint."""

    resource = "complaints"
    tag = "complaint messages"
    queryset = Complaint.objects.all()
    serializer_class = ComplaintMessageSerializer
    parameters = {"messages": SUBLIST_PARAMETERS}
    permits = {"messages": READ, "write": WRITE}

    @operation(answer=ComplaintMessageSerializer(many=True), method="get", filters=False)
    def messages(self, request, pk) -> Response:
        """What was said

        The newest first: to the customer, by the customer, and among ourselves (`internal`; never shown to them).
        """
        found = ComplaintMessage.objects.filter(complaint=self.get_object().pk).prefetch_related("attachments")
        return self.get_paginated_response(self.show(self.paginate_queryset(found) or []))

    @operation(body=ComplaintMessageBody, answer=ComplaintMessageSerializer, status=201, refusals=[saying.MessageUnclear, VersionConflict])
    def write(self, request, pk) -> Response:
        """Write down what was said

        Nothing is sent from here. The first public word of ours is the first response, and each keeps the customer informed, so that the
        next is owed so much later. The customer's word carries on a complaint that waits for it. Whoever has the complaint or watches it
        is told (`complaint.message`).
        """
        row = saying.write(self.get_object().pk, **self.read(ComplaintMessageBody), if_version=self.if_version, **self.by)
        return Response(self.get_serializer(row).data, status=201)
