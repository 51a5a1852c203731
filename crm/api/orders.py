"""/orders/ over HTTP: quote, take, place, move on, amend, take back."""

from typing import Any

from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, operation
from config.platform import numbers
from config.platform.models import PEOPLE, Scope
from config.platform.moves import TransitionNotAllowed, VersionConflict
from config.platform.origins import OriginUnknown
from crm import amending, basket, ordering, pricing, returning
from crm.api.contact_ids import ContactFilter
from crm.api.order_bodies import (
    AmendBody,
    CancelBody,
    OrderBody,
    OrderChangeBody,
    OrderSerializer,
    PlaceBody,
    QuoteBody,
    QuoteSerializer,
    ReturnBody,
)
from crm.models import Order, OrderLine, Promotion, PromotionUse
from crm.phone_book import NumberIsInternal
from crm.phone_numbers import NumberInvalid

READ = allow(*PEOPLE, scope=Scope.ORDERS_READ)
WRITE = allow(*PEOPLE, scope=Scope.ORDERS_WRITE)
UNREADABLE = [
    basket.LineUnclear,
    basket.ProductUnknown,
    basket.ProductNotOrdered,
    basket.PromotionUnknown,
    basket.CurrencyNeeded,
    pricing.CurrencyUnknown,
    pricing.CurrencyNotKept,
    pricing.CurrenciesMixed,
    pricing.OrderTooLarge,
]
WRONG_BODY = [*UNREADABLE, NumberInvalid, NumberIsInternal]
MOVED = [VersionConflict, TransitionNotAllowed]
PLACING = [ordering.OrderEmpty, ordering.PricesChanged, ordering.PromotionsRefused]


class StatusesFilter(filters.BaseInFilter, filters.ChoiceFilter):
    """``?status=placed,confirmed``: any of these; one that does not exist is 400."""


class OrderFilter(FilterSet):
    contact = ContactFilter(field_name="contact_id")
    status = StatusesFilter(choices=Order.Status.choices, help_text="One or several, with commas between: `placed,confirmed`.")
    number = filters.CharFilter(help_text="O-2026-000123. As people say it: `search`.")
    placed_by = filters.UUIDFilter(field_name="placed_by_id", help_text="Id of a user.")
    product = filters.UUIDFilter(method="with_product", help_text="Has a line of this product.")
    promotion = filters.CharFilter(method="with_promotion", help_text="Code of a promotion that was placed with it.")
    origin = filters.UUIDFilter(field_name="origin_id", help_text="Id of the call it was taken on.")
    external_id = filters.CharFilter(help_text="Together with `source`.")
    source = filters.CharFilter()
    created_after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")
    placed_after = filters.IsoDateTimeFilter(field_name="placed_at", lookup_expr="gte")
    placed_before = filters.IsoDateTimeFilter(field_name="placed_at", lookup_expr="lt")

    class Meta:
        model = Order
        fields = ["contact", "status"]

    def with_product(self, queryset, name, value):
        return queryset.filter(pk__in=OrderLine.objects.filter(product=value).values("order"))

    def with_promotion(self, queryset, name, value):
        """By id, not by code through a join: then the plan knows how many uses there are."""
        promotion = Promotion.objects.filter(code=value).values_list("pk", flat=True).first()
        return queryset.filter(pk__in=PromotionUse.objects.filter(promotion=promotion).values("order")) if promotion else queryset.none()


class OrderViewSet(ReadViewSet):
    """Orders."""

    resource = "orders"
    queryset = Order.objects.select_related("contact").prefetch_related("lines", "amendments", "returns__lines")
    serializer_class = OrderSerializer
    filterset_class = OrderFilter
    ordering_fields = ("created_at",)
    parameters = {"list": frozenset({"search"})}
    permits = {
        "list": READ,
        "retrieve": READ,
        "quote": READ,
        **dict.fromkeys(
            ("create", "partial_update", "place", "confirm", "start", "complete", "cancel", "amend", "take_back"),
            WRITE,
        ),
    }

    def filter_queryset(self, queryset):
        queryset = super().filter_queryset(queryset)
        said = self.request.query_params.get("search", "") if self.action == "list" else ""
        return queryset.filter(number__in=numbers.meant(ordering.LETTER, said, now=timezone.now())) if said.strip() else queryset

    def held(self, pk: str) -> dict[str, Any]:
        """The order that is meant, as the first arguments of a capability."""
        return {"order_id": self.get_object().pk, "if_version": self.if_version, **self.by}

    @operation(
        answer=OrderSerializer(many=True),
        method="get",
        parameters=[
            OpenApiParameter("search", str, description="A number as people say it: `O-2026-123`, or `123` of any of the last years.")
        ],
    )
    def list(self, request) -> Response:
        """Orders

        Newest first.
        """
        return super().list(request)

    @operation(answer=OrderSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One order

        With its lines, its amendments and what came back.
        """
        return super().retrieve(request, pk)

    @operation(body=QuoteBody, answer=QuoteSerializer, detail=False, refusals=UNREADABLE)
    def quote(self, request) -> Response:
        """What an order would come to

        For the totals on an operator's screen while the order is being taken: nothing is written. `promotions` says of each code
        what it takes off, or why it takes nothing off.
        """
        priced = ordering.quote(**self.read(QuoteBody), now=timezone.now())
        totals = {name: getattr(priced.bill, name) for name in ("subtotal", "discount_total", "vat_total", "vat_on_top", "total")}
        return Response(QuoteSerializer({"currency": priced.currency, **totals, "lines": priced.lines, "promotions": priced.told}).data)

    @operation(body=OrderBody, answer=OrderSerializer, status=201, refusals=[OriginUnknown, *WRONG_BODY, *PLACING])
    def create(self, request) -> Response:
        """Take an order

        A draft, or with `place: true` an order that is placed at once. A line names a product by id or SKU and gets its name and
        price of now; what is not in the catalogue is named with its price. All amounts are computed here; docs/orders.md says how.
        """
        return self.respond(ordering.create(**self.read(OrderBody), **self.by), 201, location=True)

    @operation(body=OrderChangeBody, answer=OrderSerializer, refusals=[*MOVED, *WRONG_BODY])
    def partial_update(self, request, pk) -> Response:
        """Change a draft

        Only what you send is changed. `lines` replace the whole list: one with the `id` of a line stays as it was, at its price of
        then. Everything is priced anew. What was placed is changed by `amend`.
        """
        return self.respond(ordering.alter(**self.held(pk), **self.read(OrderChangeBody, partial=True)))

    @operation(body=PlaceBody, answer=OrderSerializer, refusals=[*MOVED, *UNREADABLE, *PLACING])
    def place(self, request, pk) -> Response:
        """Place a draft

        From now on its lines stand. When it comes to something else than the draft says, since prices changed, the answer is 409
        `prices_changed` with both: tell the caller, then send `accept_prices: true`.
        """
        return self.respond(ordering.place(**self.held(pk), **self.read(PlaceBody)))

    @operation(answer=OrderSerializer, refusals=MOVED)
    def confirm(self, request, pk) -> Response:
        """Confirm an order

        It will be carried out.
        """
        return self.respond(ordering.confirm(**self.held(pk)))

    @operation(answer=OrderSerializer, refusals=MOVED)
    def start(self, request, pk) -> Response:
        """Start work on an order

        It can be amended still, but no longer cancelled.
        """
        return self.respond(ordering.start(**self.held(pk)))

    @operation(answer=OrderSerializer, refusals=MOVED)
    def complete(self, request, pk) -> Response:
        """Complete an order

        Everything was delivered or done.
        """
        return self.respond(ordering.complete(**self.held(pk)))

    @operation(body=CancelBody, answer=OrderSerializer, refusals=[*MOVED, ordering.OrderReasonNeeded])
    def cancel(self, request, pk) -> Response:
        """Cancel an order

        A draft, or one on which no work has begun. Its promotions may be had again.
        """
        return self.respond(ordering.cancel(**self.held(pk), **self.read(CancelBody)))

    @operation(
        body=AmendBody,
        answer=OrderSerializer,
        refusals=[
            *MOVED,
            *WRONG_BODY,
            ordering.OrderReasonNeeded,
            ordering.OrderEmpty,
            ordering.PromotionsRefused,
            amending.NothingAmended,
        ],
    )
    def amend(self, request, pk) -> Response:
        """Amend an order that was placed

        With a reason; what it came to before and after is kept in `amendments`. Lines with an `id` keep their price, what is added
        comes at the price of now, and promotions that the order has stay its right.
        """
        return self.respond(amending.amend(**self.held(pk), **self.read(AmendBody)).order)

    @operation(
        body=ReturnBody,
        answer=OrderSerializer,
        path="return",
        refusals=[*MOVED, ordering.OrderReasonNeeded, returning.ReturnTooLarge, returning.ReturnLineUnknown],
    )
    def take_back(self, request, pk) -> Response:
        """Take back what was delivered

        All of a completed order, or a part; the order is then `returned` or `partly_returned`. `returns` says what is given back:
        each line's share of its total, so that the parts of a whole return add up to the whole.
        """
        return self.respond(returning.take_back(**self.held(pk), **self.read(ReturnBody)).order)
