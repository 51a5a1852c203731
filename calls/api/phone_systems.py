"""/phone-systems/ and /dispositions/ over HTTP: what an administrator sets up for calls."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers

from calls.models import AgentExtension, Disposition, PhoneSystem
from config.api.catalogue import CatalogueViewSet, catalogue
from config.api.fields import CountryField, TimeZoneField
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import example
from config.platform.models import LEADERS, PEOPLE, Role, Scope

ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
SYSTEM: dict[str, Any] = {
    "slug": "demo-pbx",
    "name": "PBX in Manila",
    "adapter": "native",
    "auth_mode": "token",
    "default_region": "PH",
    "naive_time_zone": "Asia/Manila",
    "own_lines": ["+6328123456"],
    "stale_after_s": 14400,
    "is_active": True,
}


@example({"id": ID, **SYSTEM, "last_event_at": "2026-11-23T07:15:00Z"})
class PhoneSystemSerializer(serializers.ModelSerializer):
    class Meta:
        model = PhoneSystem
        fields = [
            "id", "slug", "name", "adapter", "auth_mode", "default_region", "naive_time_zone", "own_lines", "stale_after_s",
            "is_active", "last_event_at",
        ]  # fmt: skip
        read_only_fields = fields


@example(SYSTEM | {"auth_mode": "hmac_t_v1", "secret": "a-long-random-text-of-your-choice"})
class PhoneSystemBody(serializers.ModelSerializer):
    secret = serializers.CharField(
        write_only=True, required=False, min_length=16, max_length=200, help_text="For signatures; never shown again."
    )
    default_region = CountryField(required=False)
    naive_time_zone = TimeZoneField(required=False)
    own_lines = serializers.ListField(
        child=serializers.RegexField(r"^\+[1-9][0-9]{3,17}$"), required=False, max_length=500, help_text="E.164."
    )
    stale_after_s = serializers.IntegerField(min_value=60, max_value=7 * 86400, required=False)

    class Meta:
        model = PhoneSystem
        fields = [
            "slug",
            "name",
            "adapter",
            "auth_mode",
            "secret",
            "default_region",
            "naive_time_zone",
            "own_lines",
            "stale_after_s",
            "is_active",
        ]


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
    }


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


DISPOSITION = {"code": "advised", "name": "Advised", "needs_note": False, "is_active": True, "order": 1}


@example({"id": ID, **DISPOSITION})
class DispositionSerializer(serializers.ModelSerializer):
    class Meta:
        model = Disposition
        fields = ["id", "code", "name", "needs_note", "is_active", "order"]
        read_only_fields = fields


@example(DISPOSITION)
class DispositionBody(serializers.ModelSerializer):
    class Meta:
        model = Disposition
        fields = ["code", "name", "needs_note", "is_active", "order"]


class DispositionFilter(FilterSet):
    code = filters.CharFilter()
    is_active = filters.BooleanFilter()

    class Meta:
        model = Disposition
        fields = ["code", "is_active"]


@catalogue(one="disposition", many="dispositions", about="How a call may come out, in the words of your company.")
class DispositionViewSet(CatalogueViewSet):
    """Dispositions."""

    resource = "dispositions"
    queryset = Disposition.objects.all()
    serializer_class = DispositionSerializer
    body_class = DispositionBody
    filterset_class = DispositionFilter
    ordering_fields = ("code", "order")
    permits = {
        "list": allow(*PEOPLE, scope=Scope.CALLS_READ),
        "retrieve": allow(*PEOPLE, scope=Scope.CALLS_READ),
        "create": allow(*LEADERS),
        "partial_update": allow(*LEADERS),
        "destroy": allow(Role.ADMIN),
    }
