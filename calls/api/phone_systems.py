"""/phone-systems/ and /extensions/ over HTTP: what an administrator sets up for calls."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response

from calls import health, systems
from calls.models import AgentExtension, PhoneSystem
from config.api.catalogue import CatalogueViewSet, catalogue
from config.api.fields import CountryField, TimeZoneField
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import example, operation
from config.platform.models import LEADERS, PEOPLE, Role, Scope
from config.platform.moves import VersionConflict

ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
SYSTEM: dict[str, Any] = {
    "slug": "demo-pbx",
    "name": "PBX in Manila",
    "adapter": "native",
    "auth_mode": "token",
    "account": "",
    "public_url": "https://crm.example.com",
    "allowed_networks": [],
    "default_region": "PH",
    "naive_time_zone": "Asia/Manila",
    "own_lines": ["+6328123456"],
    "stale_after_s": 14400,
    "follows_routes": False,
    "recordings_at": "",
    "recording_auth": "none",
    "recording_hosts": [],
    "takes_commands": "post",
    "takes_transfers": False,
    "dial_url": "https://pbx.example.com/switchboard",
    "is_active": True,
}


SEEN = {"old_secret_until": None, "last_event_at": "2026-11-23T07:15:00Z", "refused": 0, "last_refused_at": None}


@example({"id": ID, **SYSTEM, **SEEN})
class PhoneSystemSerializer(serializers.ModelSerializer):
    takes_commands = serializers.ChoiceField(
        choices=PhoneSystem.TakesCommands.choices, allow_blank=True, help_text="How it is told to call somebody; empty: it cannot be told."
    )
    # As text: either may be empty, which no URI is.
    public_url = serializers.CharField(read_only=True, help_text="The address as the phone system has it; empty: as we see it ourselves.")
    dial_url = serializers.CharField(read_only=True, help_text="Where commands are posted to; empty: nowhere.")

    class Meta:
        model = PhoneSystem
        fields = [
            "id", "slug", "name", "adapter", "auth_mode", "account", "public_url", "allowed_networks", "default_region",
            "naive_time_zone", "own_lines", "stale_after_s", "follows_routes", "recordings_at", "recording_auth", "recording_hosts",
            "takes_commands", "takes_transfers", "dial_url", "is_active", "old_secret_until", "last_event_at", "refused", "last_refused_at",
        ]  # fmt: skip
        read_only_fields = fields


DIAL_SECRET = "whsec_bWFkZSBvZiB0aGlydHktdHdvIHJhbmRvbSBieXRlcw=="  # noqa: S105 (an example)


@example(SYSTEM | {"auth_mode": "hmac_t_v1", "secret": "a-long-random-text-of-your-choice", "dial_secret": DIAL_SECRET})
class PhoneSystemBody(serializers.ModelSerializer):
    secret = serializers.CharField(
        write_only=True, required=False, min_length=16, max_length=200, help_text="For signatures; never shown again."
    )
    dial_secret = serializers.CharField(
        write_only=True,
        required=False,
        max_length=200,
        validators=[systems.check_dial_secret],
        help_text="Commands are signed with it (Standard Webhooks): `whsec_` and 24 to 64 bytes in base64. Never shown again.",
    )
    default_region = CountryField(required=False)
    naive_time_zone = TimeZoneField(required=False)
    own_lines = serializers.ListField(
        child=serializers.RegexField(r"^\+[1-9][0-9]{3,17}$"), required=False, max_length=500, help_text="E.164."
    )
    stale_after_s = serializers.IntegerField(min_value=60, max_value=7 * 86400, required=False)
    recording_hosts = serializers.ListField(
        child=serializers.RegexField(r"^[A-Za-z0-9._-]{1,253}$"),
        required=False,
        max_length=50,
        help_text="Hosts that recordings are fetched from. Empty: from wherever the events say, and never with a secret.",
    )

    class Meta:
        model = PhoneSystem
        fields = [
            "slug",
            "name",
            "adapter",
            "auth_mode",
            "account",
            "secret",
            "public_url",
            "allowed_networks",
            "default_region",
            "naive_time_zone",
            "own_lines",
            "stale_after_s",
            "follows_routes",
            "recordings_at",
            "recording_auth",
            "recording_hosts",
            "takes_commands",
            "takes_transfers",
            "dial_url",
            "dial_secret",
            "is_active",
        ]


@example({"overlap_s": 86400})
class RotateBody(serializers.Serializer):
    secret = serializers.CharField(
        required=False, min_length=16, max_length=200, help_text="The new secret; left out, one is made and shown once."
    )
    overlap_s = serializers.IntegerField(
        required=False, default=86400, min_value=0, max_value=30 * 86400, help_text="How long the secret before counts too, in seconds."
    )


@example({"id": ID, "secret": "kT1xQ0b7vS9m2Wc4Yz6Rj8Lp", "old_secret_until": "2026-11-24T07:15:00Z"}, request=False)
class RotatedSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    secret = serializers.CharField(help_text="Shown this once.")
    old_secret_until = serializers.DateTimeField(allow_null=True)


TRIED = {
    "sent": {"content_type": "application/json", "headers": ["x-signature"], "body": '{"type": "call.initiated", "call_id": "test"}'},
    "is_genuine": True,
    "events": [{"type": "call.initiated", "call_id": "test"}],
    "answer": {"status": "accepted"},
    "problem": "",
}


@example(TRIED, request=False)
class TriedSerializer(serializers.Serializer):
    sent = serializers.DictField(help_text="What the phone system would send: kind, names of the headers, body.")
    is_genuine = serializers.BooleanField(
        allow_null=True, help_text="Null: only the phone system itself can sign so, or a token proves it."
    )
    events = serializers.ListField(child=serializers.DictField(), help_text="The events that are read out of it.")
    answer = serializers.DictField(allow_null=True, help_text="What it would be answered. Nothing is kept.")
    problem = serializers.CharField(allow_blank=True, help_text="What is to be mended; empty: all is well.")


class HourSerializer(serializers.Serializer):
    calls = serializers.IntegerField(help_text="Calls that began in it.")
    partial = serializers.IntegerField(help_text="Of these: their beginning was never told.")
    silent = serializers.IntegerField(help_text="Of these: closed because nothing more was heard.")


class RefusalSerializer(serializers.Serializer):
    at = serializers.DateTimeField()
    reason = serializers.CharField()
    address = serializers.CharField(allow_null=True)
    body = serializers.CharField(help_text="Cut, without what looks like a secret.")


class UnknownExtensionSerializer(serializers.Serializer):
    extension = serializers.CharField()
    legs = serializers.IntegerField(help_text="How often it was on the line in the last calls.")


HEALTH: dict[str, Any] = {
    "hours": [{"calls": 12, "partial": 0, "silent": 0}],
    "events": 940,
    "ignored": 3,
    "without_time": 0,
    "late_median_s": 0.2,
    "late_p95_s": 1.4,
    "waiting": 0,
    "quarantined": 0,
    "refused": 1,
    "last_refused_at": "2026-11-23T07:15:00Z",
    "refusals": [{"at": "2026-11-23T07:15:00Z", "reason": "The proof is missing.", "address": "203.0.113.7", "body": "{}"}],
    "unknown_extensions": [{"extension": "217", "legs": 4}],
    "advice": ["Nobody is known to sit at 217: say under Extensions whose they are, or their calls are nobody's."],
}


@example(HEALTH, request=False)
class HealthSerializer(serializers.Serializer):
    hours = HourSerializer(many=True, help_text="The last 24 hours, the eldest first.")
    events = serializers.IntegerField(help_text="Of the last 200 calls; so are the next four.")
    ignored = serializers.IntegerField(help_text="Of types that mean nothing to us.")
    without_time = serializers.IntegerField(help_text="Without a time of their own.")
    late_median_s = serializers.FloatField(allow_null=True, help_text="Seconds from what happened to its news.")
    late_p95_s = serializers.FloatField(allow_null=True)
    waiting = serializers.IntegerField(help_text="Events that are not folded yet, up to 1,000.")
    quarantined = serializers.IntegerField(help_text="Events set aside, up to 1,000.")
    refused = serializers.IntegerField(help_text="Deliveries that could not prove who sent them, ever.")
    last_refused_at = serializers.DateTimeField(allow_null=True)
    refusals = RefusalSerializer(many=True, help_text="The last ten that were kept.")
    unknown_extensions = UnknownExtensionSerializer(many=True)
    advice = serializers.ListField(child=serializers.CharField(), help_text="What to look at, the worst first.")


class PhoneSystemFilter(FilterSet):
    slug = filters.CharFilter()
    is_active = filters.BooleanFilter()

    class Meta:
        model = PhoneSystem
        fields = ["slug", "is_active"]


@catalogue(one="phone system", many="phone systems", about="A PBX or a provider that posts the events of its calls here.")
class PhoneSystemViewSet(CatalogueViewSet):
    """Phone systems."""

    resource = "phone_systems"
    queryset = PhoneSystem.objects.all()
    serializer_class = PhoneSystemSerializer
    body_class = PhoneSystemBody
    filterset_class = PhoneSystemFilter
    ordering_fields = ("slug",)
    permits = {
        "list": allow(*LEADERS, scope=Scope.CALLS_READ),
        "retrieve": allow(*LEADERS, scope=Scope.CALLS_READ),
        "create": allow(Role.ADMIN),
        "partial_update": allow(Role.ADMIN),
        "destroy": allow(Role.ADMIN),
        "health": allow(*LEADERS, scope=Scope.CALLS_READ),
        "rotate_secret": allow(Role.ADMIN),
        "test": allow(Role.ADMIN),
    }

    @operation(answer=HealthSerializer, method="get", filters=False)
    def health(self, request, pk) -> Response:
        """How a phone system is

        What it told of late and how late, what is stuck, what was refused and why, and whom we do not know at its extensions.
        """
        return Response(HealthSerializer(health.of(self.get_object(), now=self.by["now"]).shown()).data)

    @operation(body=RotateBody, answer=RotatedSerializer, refusals=[VersionConflict])
    def rotate_secret(self, request, pk) -> Response:
        """Change the secret

        The secret before counts too until `old_secret_until`, so that nothing is lost while the phone system is told. To shut the old
        one out at once: `overlap_s` 0.
        """
        said = self.read(RotateBody)
        system, secret = systems.rotate(self.get_object().pk, **said, if_version=self.if_version, **self.by)
        return Response({"id": str(system.pk), "secret": secret, "old_secret_until": system.old_secret_until})

    @operation(answer=TriedSerializer)
    def test(self, request, pk) -> Response:
        """Try a phone system

        Makes the first event of a call as the phone system would send it, signed with the secret that is set up, and lets it go all
        the way: proof, reading, folding, answer. Nothing is kept.
        """
        return Response(systems.trial(self.get_object(), url=request.build_absolute_uri("/"), now=self.by["now"]))


EXTENSION = {
    "user": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "phone_system": "0199a1b2-3333-7000-8000-293a4b5c6d7e",
    "extension": "201",
    "is_active": True,
}


@example({"id": ID, **EXTENSION})
class ExtensionSerializer(serializers.ModelSerializer):
    class Meta:
        model = AgentExtension
        fields = ["id", "user", "phone_system", "extension", "is_active"]
        read_only_fields = fields


@example(EXTENSION)
class ExtensionBody(serializers.ModelSerializer):
    class Meta:
        model = AgentExtension
        fields = ["user", "phone_system", "extension", "is_active"]
        validators: list[object] = []  # the table's own constraints answer


class ExtensionFilter(FilterSet):
    user = filters.UUIDFilter(field_name="user_id")
    phone_system = filters.UUIDFilter(field_name="phone_system_id")
    is_active = filters.BooleanFilter()

    class Meta:
        model = AgentExtension
        fields = ["user", "phone_system", "is_active"]


@catalogue(one="extension", many="extensions", about="Who answers at which extension: it tells whose calls are whose.")
class ExtensionViewSet(CatalogueViewSet):
    """Extensions of operators."""

    resource = "extensions"
    queryset = AgentExtension.objects.all()
    serializer_class = ExtensionSerializer
    body_class = ExtensionBody
    filterset_class = ExtensionFilter
    permits = {
        "list": allow(*PEOPLE, scope=Scope.CALLS_READ),
        "retrieve": allow(*PEOPLE, scope=Scope.CALLS_READ),
        "create": allow(*LEADERS),
        "partial_update": allow(*LEADERS),
        "destroy": allow(*LEADERS),
    }
