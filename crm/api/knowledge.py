"""/topics/ and /custom-fields/ over HTTP."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers

from config.api.catalogue import CatalogueViewSet, catalogue
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import example
from config.platform.models import LEADERS, PEOPLE, Role, Scope
from crm.models import CustomField, Topic

READ = allow(*PEOPLE, scope=Scope.CONTACTS_READ)
ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
TOPIC = {
    "code": "delivery-late",
    "name": "Delivery is late",
    "parent": None,
    "department": None,
    "is_hard": False,
    "is_active": True,
}
FIELD = {
    "entity": "contact",
    "key": "loyalty_card",
    "label": "Loyalty card",
    "type": "text",
    "choices": [],
    "identifies": False,
    "is_required": False,
    "is_active": True,
    "order": 1,
}


@example({"id": ID, **TOPIC})
class TopicSerializer(serializers.ModelSerializer):
    class Meta:
        model = Topic
        fields = ["id", "code", "name", "parent", "department", "is_hard", "is_active"]
        read_only_fields = fields


@example(TOPIC)
class TopicBody(serializers.ModelSerializer):
    class Meta:
        model = Topic
        fields = ["code", "name", "parent", "department", "is_hard", "is_active"]


class TopicFilter(FilterSet):
    code = filters.CharFilter()
    parent = filters.UUIDFilter(field_name="parent_id")
    is_active = filters.BooleanFilter()

    class Meta:
        model = Topic
        fields = ["code", "is_active"]


@catalogue(one="topic", many="topics", about="What a call is about: a tree shared by calls, complaints and articles.")
class TopicViewSet(CatalogueViewSet):
    """Topics of calls."""

    resource = "topics"
    queryset = Topic.objects.all()
    serializer_class = TopicSerializer
    body_class = TopicBody
    filterset_class = TopicFilter
    ordering_fields = ("code", "name")
    permits = {
        "list": READ,
        "retrieve": READ,
        "create": allow(*LEADERS),
        "partial_update": allow(*LEADERS),
        "destroy": allow(Role.ADMIN),
    }


@example({"id": ID, **FIELD})
class CustomFieldSerializer(serializers.ModelSerializer):
    class Meta:
        model = CustomField
        fields = ["id", "entity", "key", "label", "type", "choices", "identifies", "is_required", "is_active", "order"]
        read_only_fields = fields


@example(FIELD)
class CustomFieldBody(serializers.ModelSerializer):
    class Meta:
        model = CustomField
        fields = ["entity", "key", "label", "type", "choices", "identifies", "is_required", "is_active", "order"]
        validators: list[object] = []  # the table's own constraints answer

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is not None:
            for name in ("entity", "key", "type"):
                if name in attrs and attrs[name] != getattr(self.instance, name):
                    raise serializers.ValidationError(
                        {name: "It cannot be changed while values may exist: add another field."}, code="fixed"
                    )
        return attrs


class CustomFieldFilter(FilterSet):
    entity = filters.ChoiceFilter(choices=CustomField.Entity.choices)
    is_active = filters.BooleanFilter()

    class Meta:
        model = CustomField
        fields = ["entity", "is_active"]


@catalogue(
    one="custom field",
    many="custom fields",
    about="Fields that an administrator adds to contacts: checked on every write, filtered as `cf_<key>`, and in this document.",
)
class CustomFieldViewSet(CatalogueViewSet):
    """Fields of your own."""

    resource = "custom_fields"
    queryset = CustomField.objects.all()
    serializer_class = CustomFieldSerializer
    body_class = CustomFieldBody
    filterset_class = CustomFieldFilter
    ordering_fields = ("key",)
    permits = {
        "list": READ,
        "retrieve": READ,
        "create": allow(Role.ADMIN),
        "partial_update": allow(Role.ADMIN),
        "destroy": allow(Role.ADMIN),
    }
