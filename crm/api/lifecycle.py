"""Stages of contacts over HTTP: moves, their history, handing over, and the funnel."""

from typing import Any
from urllib.parse import urlencode

from django.utils import timezone
from rest_framework import serializers
from rest_framework.response import Response

from config.api import preconditions
from config.api.fields import OriginField
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, example, operation
from config.platform.models import LEADERS, PEOPLE, Scope, User
from config.platform.moves import TransitionNotAllowed, VersionConflict
from config.platform.origins import OriginUnknown
from crm import contact_rows, funnel, lifecycle, ownership
from crm.api.contact_bodies import SHOWN as CONTACT
from crm.api.contact_bodies import ContactSerializer
from crm.api.contact_ids import meant
from crm.models import Contact, LifecycleChange
from crm.old_ids import ContactMerged

READ = allow(*PEOPLE, scope=Scope.CONTACTS_READ)
CALL = {"kind": "call", "id": "0199a1b2-5555-7000-8000-293a4b5c6d7e"}
ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"


@example({"to": "client", "reason": "Ordered the yearly plan.", "origin": CALL})
class StageBody(serializers.Serializer):
    to = serializers.ChoiceField(choices=Contact.Lifecycle.choices)
    reason = serializers.CharField(
        max_length=500, required=False, allow_blank=True, default="", help_text="Needed for `disqualified` and for `lead`."
    )
    origin = OriginField(required=False, allow_null=True, default=None, help_text="The call that brought it about.")


class StageStepSerializer(serializers.ModelSerializer):
    origin = OriginField(allow_null=True)

    class Meta:
        model = LifecycleChange
        fields = ["id", "from_stage", "to_stage", "since", "at", "by", "reason", "origin", "owner", "source"]
        read_only_fields = fields


@example(
    {
        "stage": "client",
        "open_moves": ["lapse", "reactivate"],
        "results": [
            {
                "id": "0199a1b2-aaaa-7000-8000-293a4b5c6d7e",
                "from_stage": "qualified",
                "to_stage": "client",
                "since": "2026-11-20T09:00:00Z",
                "at": "2026-11-23T09:00:00Z",
                "by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
                "reason": "Ordered the yearly plan.",
                "origin": CALL,
                "owner": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
                "source": "fair",
            }
        ],
    },
    request=False,
)
class LifecycleSerializer(serializers.Serializer):
    stage = serializers.ChoiceField(choices=Contact.Lifecycle.choices)
    open_moves = serializers.ListField(child=serializers.CharField(), help_text="qualify, convert, lapse, disqualify, reactivate.")
    results = StageStepSerializer(many=True)


@example({"contacts": [ID], "owner": "0199a1b2-0000-7000-8000-293a4b5c6d7e"})
class AssignBody(serializers.Serializer):
    contacts = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=500)
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True), allow_null=True, help_text="Null: nobody.")


class AssignedSerializer(serializers.Serializer):
    contact = serializers.UUIDField()
    verdict = serializers.ChoiceField(choices=["assigned", "unchanged", "not_found"])


@example({"results": [{"contact": ID, "verdict": "assigned"}]}, request=False)
class AssignmentsSerializer(serializers.Serializer):
    results = AssignedSerializer(many=True)


class ContactStageViewSet(ApiViewSet):
    """Stages and owners of contacts."""

    resource = "contacts"
    queryset = Contact.objects.all()
    permits = {
        "move": allow(*PEOPLE, scope=Scope.CONTACTS_WRITE),
        "lifecycle": READ,
        "assign": allow(*LEADERS, scope=Scope.CONTACTS_WRITE),
    }

    @operation(
        body=StageBody,
        answer=ContactSerializer,
        refusals=[TransitionNotAllowed, lifecycle.StageReasonNeeded, OriginUnknown, VersionConflict, ContactMerged],
    )
    def move(self, request, pk) -> Response:
        """Move a contact to another stage

        lead → qualified → client → dormant; a lead or a qualified one may be disqualified, with a reason; anybody becomes a lead again,
        with a reason. A lead that becomes a client passes `qualified` on the way. `origin` gets the credit.
        """
        contact = lifecycle.move(self.get_object().pk, **self.read(StageBody), if_version=self.if_version, **self.by)
        return Response(contact_rows.show([contact.pk])[0], headers={"ETag": preconditions.etag(contact.version)})

    @operation(answer=LifecycleSerializer, method="get")
    def lifecycle(self, request, pk) -> Response:
        """How a contact came to its stage

        Each step with its time, reason, call, the owner then and the source; the last first.
        """
        contact = meant(self.get_object())
        steps = StageStepSerializer(lifecycle.history(contact.pk), many=True).data
        return Response({"stage": contact.lifecycle, "open_moves": contact.open_moves(), "results": steps})

    @operation(body=AssignBody, answer=AssignmentsSerializer, detail=False)
    def assign(self, request) -> Response:
        """Give contacts to somebody

        Up to 500, each with a verdict.
        """
        body = self.read(AssignBody)
        verdicts = ownership.assign(body["contacts"], owner=body["owner"], **self.by)
        pairs = zip(body["contacts"], verdicts, strict=True)
        return Response({"results": [{"contact": contact, "verdict": verdict} for contact, verdict in pairs]})


class FunnelQuery(serializers.Serializer):
    owner = serializers.UUIDField(required=False, help_text="Id of a user.")
    source = serializers.CharField(required=False, max_length=50, help_text="Where contacts came from.")
    since = serializers.DateTimeField(required=False, help_text="By default 90 days before `until`.")
    until = serializers.DateTimeField(required=False, help_text="By default now.")
    newest = serializers.IntegerField(required=False, default=10, min_value=0, max_value=50, help_text="Contacts to show at each stage.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("since") and attrs["since"] >= (attrs.get("until") or timezone.now()):
            raise serializers.ValidationError({"since": ["The period ends before it begins."]})
        return attrs


class FunnelStageSerializer(serializers.Serializer):
    stage = serializers.ChoiceField(choices=Contact.Lifecycle.choices)
    count = serializers.IntegerField(help_text="Contacts that are there now.")
    came = serializers.IntegerField(help_text="Contacts that came to the stage in the period, by a move.")
    left = serializers.IntegerField(help_text="Contacts that left it in the period.")
    went_on = serializers.IntegerField(allow_null=True, help_text="Of these, those that went on to the next stage.")
    rate = serializers.FloatField(allow_null=True, help_text="`went_on` divided by `left`, 0 to 1.")
    median_days = serializers.FloatField(
        allow_null=True, help_text="How long those that left had been there; to the hour, beyond 30 days to the day."
    )
    newest = ContactSerializer(many=True)
    contacts_url = serializers.URLField(help_text="All of the stage, paged.")


class StepCountSerializer(serializers.Serializer):
    to = serializers.CharField()
    count = serializers.IntegerField()

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.CharField(), **super().get_fields()}


class CreditSerializer(serializers.Serializer):
    name = serializers.CharField(allow_blank=True, help_text="Empty: unknown.")
    count = serializers.IntegerField()


@example(
    {
        "since": "2026-08-25T09:00:00Z",
        "until": "2026-11-23T09:00:00Z",
        "stages": [
            {
                "stage": "lead", "count": 5120, "came": 12, "left": 900, "went_on": 610, "rate": 0.6778, "median_days": 3.5,
                "newest": [CONTACT], "contacts_url": "https://switchboard.example/api/v1/contacts/?lifecycle=lead",
            }
        ],
        "steps": [{"from": "lead", "to": "qualified", "count": 610}],
        "conversions": 240,
        "conversions_by_source": [{"name": "fair", "count": 140}, {"name": "", "count": 100}],
        "conversions_by_origin": [{"name": "call", "count": 200}, {"name": "", "count": 40}],
    },
    request=False,
)  # fmt: skip
class FunnelSerializer(serializers.Serializer):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    stages = FunnelStageSerializer(many=True)
    steps = StepCountSerializer(many=True)
    conversions = serializers.IntegerField(help_text="Contacts that became clients in the period.")
    conversions_by_source = CreditSerializer(many=True)
    conversions_by_origin = CreditSerializer(many=True, help_text="By the kind of what brought it about: `call`.")


class FunnelViewSet(ApiViewSet):
    """The funnel."""

    resource = "funnel"
    queryset = Contact.objects.all()
    parameters = {"retrieve": frozenset(FunnelQuery().fields)}
    permits = {"retrieve": READ}

    @operation(answer=FunnelSerializer, method="get", detail=False, parameters=[FunnelQuery])
    def retrieve(self, request) -> Response:
        """The funnel from lead to client

        How many are at each stage now, and what happened in the period: who went on, how fast, and which sources and calls brought
        clients. Follow `contacts_url` for all contacts of a stage.
        """
        asked = self.asked()
        board = funnel.board(**asked, now=timezone.now())
        shown = {row["id"]: row for row in contact_rows.show([pk for stage in board["stages"] for pk in stage["newest"]])}
        for stage in board["stages"]:
            stage["newest"] = [shown[pk] for pk in stage["newest"] if pk in shown]
            kept = {name: str(asked[name]) for name in ("owner", "source") if name in asked}
            stage["contacts_url"] = request.build_absolute_uri(f"/api/v1/contacts/?{urlencode({'lifecycle': stage['stage'], **kept})}")
        return Response(board)

    def asked(self) -> dict[str, Any]:
        """The query, checked."""
        query = FunnelQuery(data=self.request.query_params)
        query.is_valid(raise_exception=True)
        return dict(query.validated_data)
