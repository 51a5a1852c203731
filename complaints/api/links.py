"""/complaints/{id}/watch/, link/, join-to/ and their like over HTTP."""

from typing import Any
from uuid import UUID

from django.db.models import Q
from rest_framework import serializers
from rest_framework.response import Response

from complaints import linking, watching
from complaints.api.complaint_bodies import ComplaintSerializer
from complaints.api.complaint_ids import ComplaintField
from complaints.api.complaint_verbs import ComplaintVerbs
from complaints.models import Complaint, ComplaintLink
from complaints.ownership import NotYourComplaint
from config.api import preconditions
from config.api.pages import SUBLIST_PARAMETERS
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, example, operation
from config.platform.models import PEOPLE, Scope, User
from config.platform.moves import TransitionNotAllowed, VersionConflict

READ = allow(*PEOPLE, scope=Scope.COMPLAINTS_READ)
WRITE = allow(*PEOPLE, scope=Scope.COMPLAINTS_WRITE)
ID = "0199a1b2-8888-7000-8000-293a4b5c6d7e"
OTHER = "0199a1b2-8889-7000-8000-293a4b5c6d7e"
USER = "0199a1b2-0000-7000-8000-293a4b5c6d7e"


@example({"complaint": ID, "watchers": [USER], "version": 4}, request=False)
class ComplaintWatchersSerializer(serializers.Serializer):
    """Who watches a complaint."""

    complaint = serializers.UUIDField(source="pk")
    watchers = serializers.SerializerMethodField(help_text="Ids of users.")
    version = serializers.IntegerField(help_text="Of the complaint.")

    def get_watchers(self, row: Complaint) -> list[str]:
        return [str(user) for user in row.watchers.order_by("id").values_list("user", flat=True)]


@example({"user": USER})
class ComplaintWatchBody(serializers.Serializer):
    user = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True, role__in=PEOPLE),
        required=False,
        allow_null=True,
        help_text="Left out: you. Only leaders name others.",
    )


@example(
    {"id": "0199a1b2-6666-7000-8000-293a4b5c6d7e", "complaint": OTHER, "number": "C-2026-000124", "summary": "The second lamp too",
     "status": "in_progress", "note": "Same box", "by": USER, "created_at": "2026-11-30T10:00:00Z"},
    request=False,
)  # fmt: skip
class ComplaintLinkSerializer(serializers.ModelSerializer):
    """A link as one of its two complaints shows it."""

    complaint = serializers.SerializerMethodField(help_text="The other one.")
    number = serializers.SerializerMethodField()
    summary = serializers.SerializerMethodField()
    status = serializers.SerializerMethodField()

    class Meta:
        model = ComplaintLink
        fields = ["id", "complaint", "number", "summary", "status", "note", "by", "created_at"]
        read_only_fields = fields

    def _other(self, row: ComplaintLink) -> Complaint:
        return row.other if row.one_id == self.context["complaint"] else row.one

    def get_complaint(self, row: ComplaintLink) -> str:
        return str(self._other(row).pk)

    def get_number(self, row: ComplaintLink) -> str:
        return self._other(row).number

    def get_summary(self, row: ComplaintLink) -> str:
        return self._other(row).summary

    def get_status(self, row: ComplaintLink) -> str:
        return self._other(row).status


@example({"other": "C-2026-124", "note": "Same box"})
class ComplaintLinkBody(serializers.Serializer):
    other = ComplaintField()
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


@example({"other": OTHER})
class ComplaintUnlinkBody(serializers.Serializer):
    other = ComplaintField()


@example({"first": "C-2026-122", "reason": "Her husband called about the same parcel."})
class ComplaintJoinBody(serializers.Serializer):
    first = ComplaintField(help_text="Id or number of the one that goes on.")
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)


class ComplaintLinkViewSet(ApiViewSet):
    """Who watches a complaint, and what it has to do with others."""

    resource = "complaints"
    tag = "complaint links"
    queryset = ComplaintVerbs.queryset
    serializer_class = ComplaintSerializer
    parameters = {"links": SUBLIST_PARAMETERS}
    permits = {
        "watchers": READ, "links": READ, "watch": WRITE, "unwatch": WRITE, "link": WRITE, "unlink": WRITE, "join_to": WRITE,
    }  # fmt: skip

    def held(self) -> dict[str, Any]:
        """The complaint that is meant, as the first arguments of a capability."""
        return {"complaint_id": self.get_object().pk, "if_version": self.if_version, **self.by}

    def shown(self, rows: Any, pk: UUID, *, many: bool = False) -> Any:
        """Links as the complaint with this id shows them; the address may write the id in another way."""
        return ComplaintLinkSerializer(rows, many=many, context={**self.get_serializer_context(), "complaint": pk}).data

    def watched(self, row: Complaint) -> Response:
        """Who watches now, with the complaint's ETag."""
        fresh = Complaint.objects.get(pk=row.pk)
        return Response(ComplaintWatchersSerializer(fresh).data, headers={"ETag": preconditions.etag(fresh.version)})

    @operation(answer=ComplaintWatchersSerializer, method="get")
    def watchers(self, request, pk) -> Response:
        """Who watches a complaint

        They are told what happens with it, and see it, whosever it is.
        """
        return self.watched(self.get_object())

    @operation(body=ComplaintWatchBody, answer=ComplaintWatchersSerializer, refusals=[watching.NotYoursToWatch, VersionConflict])
    def watch(self, request, pk) -> Response:
        """Watch a complaint

        Watching what one watches changes nothing. Leaders set others to watch.
        """
        return self.watched(watching.watch(**self.read(ComplaintWatchBody), **self.held()))

    @operation(body=ComplaintWatchBody, answer=ComplaintWatchersSerializer, refusals=[watching.NotYoursToWatch, VersionConflict])
    def unwatch(self, request, pk) -> Response:
        """Watch it no more"""
        return self.watched(watching.unwatch(**self.read(ComplaintWatchBody), **self.held()))

    @operation(answer=ComplaintLinkSerializer(many=True), method="get", filters=False)
    def links(self, request, pk) -> Response:
        """Complaints that have to do with this one

        Those that you may see, as they stand now. One that was told twice names the first in its `duplicate_of`.
        """
        pk, seen = self.get_object().pk, Complaint.objects.visible_to(self.user).values("pk")
        found = ComplaintLink.objects.filter(Q(one=pk, other__in=seen) | Q(other=pk, one__in=seen)).select_related("one", "other")
        page = self.paginate_queryset(found) or []
        return self.get_paginated_response(self.shown(page, pk, many=True))

    @operation(
        body=ComplaintLinkBody, answer=ComplaintLinkSerializer, refusals=[linking.NotAnother, linking.AlreadyLinked, VersionConflict]
    )
    def link(self, request, pk) -> Response:
        """Link a complaint to another

        Either shows the other. Nothing else follows from it.
        """
        held = self.held()
        row = linking.link(**self.read(ComplaintLinkBody), **held)
        row = ComplaintLink.objects.select_related("one", "other").get(pk=row.pk)
        return Response(self.shown(row, held["complaint_id"]))

    @operation(body=ComplaintUnlinkBody, status=204, refusals=[linking.NotAnother, linking.NotLinked, VersionConflict])
    def unlink(self, request, pk) -> Response:
        """Take a link back"""
        linking.unlink(**self.read(ComplaintUnlinkBody), **self.held())
        return Response(status=204)

    @operation(
        body=ComplaintJoinBody,
        answer=ComplaintSerializer,
        refusals=[linking.NotAnother, linking.FirstIsOver, NotYourComplaint, TransitionNotAllowed, VersionConflict],
    )
    def join_to(self, request, pk) -> Response:
        """Say that a complaint was told twice

        It ends as `duplicate`, and the `first` one goes on for both: whoever watches this one watches that one from now on, and what the
        customer says here is told to the people there. Its clocks are called off. `reopen` takes it up again.
        """
        return self.respond(linking.join_to(**self.read(ComplaintJoinBody), **self.held()))
