"""/pause-codes/: why people are away from the line."""

from django_filters import rest_framework as filters
from rest_framework import serializers

from calls.models import PauseCode
from config.api.catalogue import CatalogueViewSet, catalogue
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import example
from config.platform.models import LEADERS, PEOPLE, Role, Scope

CODE = {
    "code": "lunch",
    "name": "Lunch",
    "kind": "meal",
    "paid": "no",
    "time_limit_s": 1800,
    "requires_approval": False,
    "is_active": True,
    "order": 2,
}


@example({"id": "0199a1b2-8888-7000-8000-293a4b5c6d7e", **CODE})
class PauseCodeSerializer(serializers.ModelSerializer):
    class Meta:
        model = PauseCode
        fields = ["id", *CODE]
        read_only_fields = fields


@example(CODE)
class PauseCodeBody(serializers.ModelSerializer):
    class Meta:
        model = PauseCode
        fields = list(CODE)


class PauseCodeFilter(FilterSet):
    code = filters.CharFilter()
    kind = filters.ChoiceFilter(choices=PauseCode.Kind.choices)
    is_active = filters.BooleanFilter()

    class Meta:
        model = PauseCode
        fields = ["code", "kind", "is_active"]


@catalogue(
    one="pause code",
    many="pause codes",
    about="Breaks, meals and health pauses count as rest from the desk; training, technical pauses, paperwork and coaching do not. "
    "A limit is told when it is passed, nobody is called back by force.",
)
class PauseCodeViewSet(CatalogueViewSet):
    """Pause codes."""

    resource = "pause_codes"
    queryset = PauseCode.objects.all()
    serializer_class = PauseCodeSerializer
    body_class = PauseCodeBody
    filterset_class = PauseCodeFilter
    ordering_fields = ("order", "code")
    permits = {
        "list": allow(*PEOPLE, scope=Scope.CALLS_READ),
        "retrieve": allow(*PEOPLE, scope=Scope.CALLS_READ),
        "create": allow(*LEADERS),
        "partial_update": allow(*LEADERS),
        "destroy": allow(Role.ADMIN),
    }
