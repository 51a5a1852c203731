"""/queues/: what is promised to those who wait, and who serves them."""

from django_filters import rest_framework as filters
from rest_framework import serializers

from calls.models import Queue
from config.api.catalogue import CatalogueViewSet, catalogue
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import example
from config.platform.models import LEADERS, PEOPLE, Role, Scope

QUEUE = {
    "slug": "support",
    "name": "Support",
    "department": "0199a1b2-2222-7000-8000-293a4b5c6d7e",
    "teams": ["0199a1b2-4444-7000-8000-293a4b5c6d7e"],
    "calendar": None,
    "service_level_s": 20,
    "short_abandon_s": 5,
    "wrap_up_limit_s": 120,
    "return_calls": True,
    "return_within_s": 3600,
    "alarm_waiting": 10,
    "alarm_wait_s": 180,
    "alarm_service_level": 70,
    "is_active": True,
}


@example({"id": "0199a1b2-5555-7000-8000-293a4b5c6d7e", **QUEUE})
class QueueSerializer(serializers.ModelSerializer):
    class Meta:
        model = Queue
        fields = ["id", *QUEUE]
        read_only_fields = fields


@example(QUEUE)
class QueueBody(serializers.ModelSerializer):
    class Meta:
        model = Queue
        fields = list(QUEUE)


class QueueFilter(FilterSet):
    slug = filters.CharFilter()
    department = filters.UUIDFilter(field_name="department_id")
    is_active = filters.BooleanFilter()

    class Meta:
        model = Queue
        fields = ["slug", "department", "is_active"]


@catalogue(
    one="queue",
    many="queues",
    about="Calls carry the name of the queue that the phone system gave; the queue with this slug says who serves it, when, and what is promised to those who wait.",
)
class QueueViewSet(CatalogueViewSet):
    """Queues."""

    resource = "queues"
    queryset = Queue.objects.for_api()
    serializer_class = QueueSerializer
    body_class = QueueBody
    filterset_class = QueueFilter
    ordering_fields = ("slug",)
    permits = {
        "list": allow(*PEOPLE, scope=Scope.CALLS_READ),
        "retrieve": allow(*PEOPLE, scope=Scope.CALLS_READ),
        "create": allow(*LEADERS),
        "partial_update": allow(*LEADERS),
        "destroy": allow(Role.ADMIN),
    }
