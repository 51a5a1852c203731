"""/suppressions/ over HTTP: who may not be contacted, and why."""

from typing import Any

from django.db.models import Q
from django.utils import timezone
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response

from config.api.fields import OriginField, RowsField
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.problems import told
from config.api.viewsets import ReadViewSet, example, operation
from config.platform.models import PEOPLE, Role, Scope
from config.platform.moves import VersionConflict
from config.platform.origins import OriginUnknown
from crm import permission, suppression
from crm.api.consent import of_number, said_number
from crm.api.contact_ids import ContactField, ContactFilter
from crm.models import Channel, Purpose, Source, Suppression
from crm.phone_book import NumberIsInternal
from crm.phone_numbers import NumberInvalid
from crm.suppression import Asked

READ = allow(*PEOPLE, scope=Scope.CONTACTS_READ)
WRITE = allow(*PEOPLE, scope=Scope.CONTACTS_WRITE)
LIFT = allow(Role.SUPERVISOR, Role.BACK_OFFICE, Role.ADMIN, scope=Scope.CONTACTS_WRITE)
REFUSED = [suppression.SubjectUnclear, NumberInvalid, NumberIsInternal, OriginUnknown]
ANY_PURPOSE = [("", "Any"), *Purpose.choices]
ANY_CHANNEL = [("", "Any"), *Channel.choices]
ENTRY: dict[str, Any] = {
    "phone": "8 (495) 123-45-67",
    "purpose": "marketing",
    "channel": "call",
    "source": "customer",
    "reason": "She asked for it.",
    "evidence": "",
    "starts_at": "2026-11-23T09:00:00Z",
    "expires_at": None,
    "origin": {"kind": "call", "id": "0199a1b2-5555-7000-8000-293a4b5c6d7e"},
}
ID = "0199a1b2-9999-7000-8000-293a4b5c6d7e"
SHOWN = {
    "id": ID,
    "contact": None,
    **ENTRY,
    "phone": "+74951234567",
    "scope": "purpose_and_channel",
    "list": "",
    "upload": None,
    "by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "lifted_at": None,
    "lifted_by": None,
    "lift_reason": "",
    "created_at": "2026-11-23T09:00:00Z",
    "version": 1,
}


@example(SHOWN, request=False)
class SuppressionSerializer(serializers.ModelSerializer):
    phone = serializers.CharField(source="e164", help_text="E.164; empty for a contact, and for a number that was erased.")
    list = serializers.CharField(source="list_code", help_text="The do-not-call list it came with.")
    purpose = serializers.CharField(allow_blank=True, help_text="Empty: for whatever purpose.")
    channel = serializers.CharField(allow_blank=True, help_text="Empty: by whatever channel.")
    scope = serializers.ChoiceField(choices=["all", "purpose", "channel", "purpose_and_channel"], help_text="How much it forbids.")
    origin = OriginField(allow_null=True)

    class Meta:
        model = Suppression
        fields = [
            "id", "contact", "phone", "scope", "purpose", "channel", "source", "list", "upload", "reason", "evidence", "starts_at",
            "expires_at", "origin", "by", "lifted_at", "lifted_by", "lift_reason", "created_at", "version",
        ]  # fmt: skip
        read_only_fields = fields


@example(ENTRY)
class SuppressionBody(serializers.Serializer):
    contact = ContactField(required=False, allow_null=True)
    phone = serializers.CharField(max_length=200, required=False, allow_blank=True, help_text="As people write it.")
    purpose = serializers.ChoiceField(choices=ANY_PURPOSE, required=False, help_text="Left out: for whatever purpose.")
    channel = serializers.ChoiceField(choices=ANY_CHANNEL, required=False, help_text="Left out: by whatever channel.")
    source = serializers.ChoiceField(choices=Source.choices, default=Source.CUSTOMER)
    reason = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    evidence = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    starts_at = serializers.DateTimeField(required=False, allow_null=True, help_text="By default now.")
    expires_at = serializers.DateTimeField(required=False, allow_null=True, help_text="By default never.")
    origin = OriginField(required=False, allow_null=True, help_text="The call on which it was asked for.")


@example({"reason": "She asked to be called again."})
class LiftBody(serializers.Serializer):
    reason = serializers.CharField(max_length=500)


@example({"suppressions": [ENTRY, {"phone": "+63 917 123 4567", "source": "regulator"}]})
class SuppressionBulkBody(serializers.Serializer):
    suppressions = RowsField(of=SuppressionBody, min_length=1, max_length=500, help_text="Each as for `POST /suppressions/`.")


class SuppressionVerdictSerializer(serializers.Serializer):
    index = serializers.IntegerField(help_text="Its place in the request, from 0.")
    verdict = serializers.ChoiceField(choices=["added", "already", "invalid"])
    suppression = SuppressionSerializer(allow_null=True)
    problem = serializers.DictField(allow_null=True, help_text="The problem that a single request would have got.")


@example({"results": [{"index": 0, "verdict": "added", "suppression": SHOWN, "problem": None}]}, request=False)
class SuppressionBulkSerializer(serializers.Serializer):
    results = SuppressionVerdictSerializer(many=True)


class WhomBody(serializers.Serializer):
    phone = serializers.CharField(max_length=200, required=False, allow_blank=True, help_text="As people write it.")
    contact = serializers.UUIDField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("phone") and not attrs.get("contact"):
            raise serializers.ValidationError({"phone": ["Name a phone, a contact, or both."]})
        return attrs | {"e164": said_number(attrs["phone"]) if attrs.get("phone") else ""}


@example({"purpose": "marketing", "channel": "call", "whom": [{"phone": "8 (495) 123-45-67"}, {"phone": "+63 917 123 4567"}]})
class CheckBody(serializers.Serializer):
    purpose = serializers.ChoiceField(choices=Purpose.choices)
    channel = serializers.ChoiceField(choices=Channel.choices, default=Channel.CALL)
    at = serializers.DateTimeField(required=False, allow_null=True, help_text="By default now.")
    whom = serializers.ListField(child=WhomBody(), min_length=1, max_length=500)


class StopReasonSerializer(serializers.Serializer):
    code = serializers.ChoiceField(choices=["suppressed", "consent_refused", "consent_withdrawn"])
    id = serializers.UUIDField(help_text="The suppression, or the consent.")
    on = serializers.ChoiceField(choices=["number", "contact"], help_text="What it hangs on.")
    purpose = serializers.CharField(allow_blank=True)
    channel = serializers.CharField(allow_blank=True)
    source = serializers.CharField(allow_blank=True, help_text="Who wants it, or how the consent was obtained.")
    list = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True)
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True)
    origin = OriginField(allow_null=True)
    by = serializers.UUIDField(allow_null=True)


class CheckedSerializer(serializers.Serializer):
    index = serializers.IntegerField()
    phone = serializers.CharField(allow_blank=True, help_text="E.164.")
    contact = serializers.UUIDField(allow_null=True)
    allowed = serializers.BooleanField()
    reasons = StopReasonSerializer(many=True)
    next_at = serializers.DateTimeField(allow_null=True, help_text="When the last reason ends; null when it does not end by itself.")
    consent = serializers.ChoiceField(choices=["granted", "refused", "withdrawn", "expired", "none"])


@example(
    {
        "results": [
            {
                "index": 0,
                "phone": "+74951234567",
                "contact": None,
                "allowed": False,
                "reasons": [
                    {
                        "code": "suppressed",
                        "id": ID,
                        "on": "number",
                        "purpose": "marketing",
                        "channel": "call",
                        "source": "customer",
                        "list": "",
                        "reason": "She asked for it.",
                        "since": "2026-11-23T09:00:00Z",
                        "until": None,
                        "origin": {"kind": "call", "id": "0199a1b2-5555-7000-8000-293a4b5c6d7e"},
                        "by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
                    }
                ],
                "next_at": None,
                "consent": "none",
            }
        ]
    },
    request=False,
)
class ChecksSerializer(serializers.Serializer):
    results = CheckedSerializer(many=True)


class SuppressionFilter(FilterSet):
    contact = ContactFilter(field_name="contact_id", help_text="Of the contact itself; ask for its numbers with `phone`.")
    phone = filters.CharFilter(method=of_number, help_text="As people write it.")
    purpose = filters.ChoiceFilter(choices=Purpose.choices)
    channel = filters.ChoiceFilter(choices=Channel.choices)
    source = filters.ChoiceFilter(choices=Source.choices)
    list = filters.CharFilter(field_name="list_code", help_text="The short name of a do-not-call list.")
    active = filters.BooleanFilter(method="in_force", help_text="`true`: in force now.")

    class Meta:
        model = Suppression
        fields = ["purpose"]

    def in_force(self, queryset, name, value):
        now = timezone.now()
        if value:
            return queryset.active(now)
        return queryset.filter(Q(lifted_at__lte=now) | Q(expires_at__lte=now) | Q(starts_at__gt=now))


class SuppressionViewSet(ReadViewSet):
    """Whom we may not contact."""

    resource = "suppressions"
    queryset = Suppression.objects.all()
    serializer_class = SuppressionSerializer
    filterset_class = SuppressionFilter
    permits = {"list": READ, "retrieve": READ, "check": READ, "create": WRITE, "bulk": WRITE, "lift": LIFT}

    @operation(answer=SuppressionSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Suppressions

        Newest first, with those that are over or lifted; `active=true` leaves those in force.
        """
        return super().list(request)

    @operation(answer=SuppressionSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One suppression

        Who wants it, who wrote it down, on which call, and who lifted it.
        """
        return super().retrieve(request, pk)

    @operation(body=SuppressionBody, answer={201: SuppressionSerializer, 200: SuppressionSerializer}, status=201, refusals=REFUSED)
    def create(self, request) -> Response:
        """Do not contact a number or a contact

        For one purpose or for all, by one channel or by all, for ever or until a day: a number may be suppressed before any contact
        has it. What the same source said before is answered with 200 when it lasts as long; else it gives way to a longer one.
        """
        entry, is_new = suppression.add(**self.read(SuppressionBody), **self.by)
        return self.respond(entry, 201 if is_new else 200, location=True)

    @operation(body=SuppressionBulkBody, answer=SuppressionBulkSerializer, detail=False)
    def bulk(self, request) -> Response:
        """Do not contact many

        Up to 500, each with a verdict of its own: one that is refused does not stop the others. For whole lists upload a file.
        """
        items = self.read(SuppressionBulkBody)["suppressions"]
        return Response({"results": [self.one_of_many(index, item) for index, item in enumerate(items)]})

    def one_of_many(self, index: int, item: Any) -> dict[str, Any]:
        """The verdict of one item of a bulk request."""
        try:
            body = SuppressionBody(data=item, context=self.get_serializer_context())
            body.is_valid(raise_exception=True)
            entry, is_new = suppression.add(**body.validated_data, **self.by)
        except Exception as error:
            problem = told(error)
            return {"index": index, "verdict": "invalid", "suppression": None, "problem": problem}
        shown = self.get_serializer(entry).data
        return {"index": index, "verdict": "added" if is_new else "already", "suppression": shown, "problem": None}

    @operation(body=LiftBody, answer=SuppressionSerializer, refusals=[suppression.AlreadyLifted, VersionConflict])
    def lift(self, request, pk) -> Response:
        """Lift a suppression

        They may be contacted again, and why. The entry stays, with who lifted it.
        """
        return self.respond(suppression.lift(self.get_object().pk, **self.read(LiftBody), if_version=self.if_version, **self.by))

    @operation(body=CheckBody, answer=ChecksSerializer, detail=False)
    def check(self, request) -> Response:
        """Who may not be contacted, and why

        Up to 500 numbers, contacts, or contacts on a number, for one purpose by one channel: suppressions, refusals and withdrawals.
        Nothing is written. A missing consent is told in `consent` and refuses nothing here.
        """
        body, now = self.read(CheckBody), timezone.now()
        asked = [Asked(one["e164"], one.get("contact")) for one in body["whom"]]
        verdicts = permission.check(asked, purpose=body["purpose"], channel=body["channel"], at=body.get("at") or now)
        return Response({"results": [_checked(index, one) for index, one in enumerate(verdicts)]})


def _checked(index: int, verdict: permission.Verdict) -> dict[str, Any]:
    return {
        "index": index,
        "phone": verdict.asked.e164,
        "contact": verdict.asked.contact_id,
        "allowed": verdict.allowed,
        "reasons": [_suppressed(one) for one in verdict.suppressions] + [_denied(one.statement) for one in verdict.denials],
        "next_at": verdict.next_at,
        "consent": verdict.consent.state,
    }


def _suppressed(one: suppression.Reason) -> dict[str, Any]:
    return {
        "code": one.code, "id": one.id, "on": one.on, "purpose": one.purpose, "channel": one.channel, "source": one.source,
        "list": one.list_code, "reason": one.reason, "since": one.starts_at, "until": one.expires_at,
        "origin": {"kind": one.origin_kind, "id": one.origin_id} if one.origin_kind else None, "by": one.by,
    }  # fmt: skip


def _denied(said: Any) -> dict[str, Any]:
    return {
        "code": f"consent_{said.status}", "id": said.pk, "on": "contact" if said.contact_id else "number", "purpose": said.purpose,
        "channel": said.channel, "source": said.obtained_via, "list": "", "reason": "", "since": said.valid_from, "until": said.valid_to,
        "origin": said.origin, "by": said.by_id,
    }  # fmt: skip
