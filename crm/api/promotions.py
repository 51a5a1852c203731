"""/promotions/ over HTTP."""

from decimal import Decimal
from typing import Any

from django.utils import timezone
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response

from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, example, operation
from config.platform.models import LEADERS, PEOPLE, Scope
from config.platform.moves import TransitionNotAllowed, VersionConflict
from crm import promotions
from crm.api.products import WRONG_PRICE
from crm.contact_filters import FilterInvalid
from crm.models import Promotion

READ = allow(*PEOPLE, scope=Scope.CATALOGUE_READ)
WRITE = allow(*LEADERS)
ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
PROMOTION = {
    "code": "KETTLE10",
    "title": "Ten per cent off kettles",
    "what_to_say": "Until the end of November every kettle is ten per cent off.",
    "terms": "Once for each customer.",
    "discount": "percent",
    "value": "10.00",
    "currency": "",
    "gift": None,
    "products": [],
    "categories": ["0199a1b2-8888-7000-8000-293a4b5c6d7e"],
    "segment": {"lifecycle": ["client", "dormant"]},
    "least_total": None,
    "starts_at": "2026-11-01T00:00:00+03:00",
    "ends_at": "2026-12-01T00:00:00+03:00",
    "limit_per_contact": 1,
    "limit_in_all": 500,
    "is_stackable": False,
    "priority": 10,
}
SHOWN = {
    "id": ID,
    "state": "active",
    **PROMOTION,
    "uses": 12,
    "created_at": "2026-11-01T07:00:00Z",
    "updated_at": "2026-11-01T07:00:00Z",
    "open_moves": ["suspend"],
    "version": 2,
}
MONEY: dict[str, Any] = {"max_digits": 14, "decimal_places": 2, "min_value": Decimal(0)}
WRONG = [*WRONG_PRICE, FilterInvalid, promotions.SegmentWithSearch]


@example(SHOWN, request=False)
class PromotionSerializer(serializers.ModelSerializer):
    state = serializers.ChoiceField(choices=promotions.STATES, help_text="As it is now, dates and limits reckoned in.")
    uses = serializers.IntegerField(source="uses_in_all", help_text="How often customers had it.")
    segment = serializers.DictField(help_text="Whom it is for: filters of the list of contacts. Empty: everybody.")
    open_moves = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Promotion
        fields = [
            "id", "state", "code", "title", "what_to_say", "terms", "discount", "value", "currency", "gift", "products", "categories",
            "segment", "least_total", "starts_at", "ends_at", "limit_per_contact", "limit_in_all", "is_stackable", "priority", "uses",
            "created_at", "updated_at", "open_moves", "version",
        ]  # fmt: skip
        read_only_fields = fields


@example(PROMOTION)
class PromotionBody(serializers.ModelSerializer):
    value = serializers.DecimalField(**MONEY, required=False, help_text="Per cent, or money in `currency`. None for a gift.")
    least_total = serializers.DecimalField(**MONEY, required=False, allow_null=True)
    currency = serializers.RegexField(r"^[A-Z]{3}\Z", required=False, allow_blank=True, help_text="ISO 4217; for amount and fixed_price.")
    segment = serializers.DictField(required=False, help_text="Whom it is for: filters of the list of contacts. Empty: everybody.")

    class Meta:
        model = Promotion
        fields = [
            "code", "title", "what_to_say", "terms", "discount", "value", "currency", "gift", "products", "categories", "segment",
            "least_total", "starts_at", "ends_at", "limit_per_contact", "limit_in_all", "is_stackable", "priority",
        ]  # fmt: skip
        extra_kwargs = {"products": {"required": False}, "categories": {"required": False}}
        validators: list[object] = []  # the table's own constraints answer


@example({"reason": "The warehouse is empty."})
class SuspendBody(serializers.Serializer):
    reason = serializers.CharField(max_length=500)


@example({"code": "KETTLE15"})
class CopyBody(serializers.Serializer):
    code = serializers.CharField(max_length=40)


class PromotionFilter(FilterSet):
    state = filters.ChoiceFilter(choices=[(state, state) for state in promotions.STATES])
    code = filters.CharFilter()
    product = filters.UUIDFilter(field_name="products", help_text="Names this product.")
    valid_at = filters.IsoDateTimeFilter(method="runs_at", help_text="Whose dates hold this moment.")

    class Meta:
        model = Promotion
        fields = ["code"]

    def runs_at(self, queryset, name, value):
        return queryset.exclude(starts_at__gt=value).exclude(ends_at__lte=value)


class PromotionViewSet(ReadViewSet):
    """Promotions."""

    resource = "promotions"
    queryset = Promotion.objects.prefetch_related("products", "categories")
    serializer_class = PromotionSerializer
    filterset_class = PromotionFilter
    ordering_fields = ("priority", "code")
    permits = {
        "list": READ, "retrieve": READ, "create": WRITE, "partial_update": WRITE, "destroy": WRITE, "activate": WRITE, "suspend": WRITE,
        "copy": WRITE,
    }  # fmt: skip

    def all_rows(self) -> Any:
        return promotions.with_state(Promotion.objects.prefetch_related("products", "categories"), now=timezone.now())

    @operation(answer=PromotionSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Promotions

        Newest first. For what a caller can have, ask `offers`.
        """
        return super().list(request)

    @operation(answer=PromotionSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One promotion

        With what to say, its terms, and the state it is in now.
        """
        return super().retrieve(request, pk)

    @operation(body=PromotionBody, answer=PromotionSerializer, status=201, refusals=WRONG)
    def create(self, request) -> Response:
        """Write a promotion

        It is a draft until it is activated. `percent` takes per cents off, `amount` money off the lines it is for, `fixed_price`
        sets the price of one unit, `gift` adds a product for nothing. Without products and categories it is for everything.
        """
        return self.respond(promotions.add(**self.read(PromotionBody), **self.by), 201, location=True)

    @operation(body=PromotionBody(partial=True), answer=PromotionSerializer, refusals=[VersionConflict, promotions.PromotionInUse, *WRONG])
    def partial_update(self, request, pk) -> Response:
        """Change a promotion

        Only what you send is changed. Once customers had it, its code and what it takes off are fixed (409 `promotion_in_use`).
        """
        row = self.get_object()
        body = PromotionBody(row, data=request.data, partial=True, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return self.respond(promotions.alter(row.pk, **body.validated_data, if_version=self.if_version, **self.by))

    @operation(status=204, refusals=[VersionConflict])
    def destroy(self, request, pk) -> Response:
        """Remove a promotion

        Only one that nobody had (409 `still_in_use` otherwise): suspend it instead.
        """
        promotions.remove(self.get_object().pk, if_version=self.if_version, **self.by)
        return Response(status=204)

    @operation(
        answer=PromotionSerializer,
        refusals=[TransitionNotAllowed, VersionConflict, promotions.PromotionOver, promotions.GiftInactive],
    )
    def activate(self, request, pk) -> Response:
        """Let a promotion run

        From its first day to its last; nobody need switch it on or off then.
        """
        return self.respond(promotions.activate(self.get_object().pk, if_version=self.if_version, **self.by))

    @operation(body=SuspendBody, answer=PromotionSerializer, refusals=[TransitionNotAllowed, VersionConflict])
    def suspend(self, request, pk) -> Response:
        """Suspend a promotion

        For now; orders that have it keep it.
        """
        return self.respond(promotions.suspend(self.get_object().pk, **self.read(SuspendBody), if_version=self.if_version, **self.by))

    @operation(body=CopyBody, answer=PromotionSerializer, status=201)
    def copy(self, request, pk) -> Response:
        """Copy a promotion

        A draft with another code and everything else alike.
        """
        return self.respond(promotions.copy(self.get_object().pk, **self.read(CopyBody), **self.by), 201)
