from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action

from config.platform import numbers
from config.platform.admin_base import ReadOnlyAdmin, badge, confirmed, who
from config.platform.admin_base.ranges import RangeDateTimeFilter
from config.platform.errors import Refusal
from config.platform.models import User
from crm import amending, ordering, returning, searching
from crm.admin import order_lines
from crm.models import Order, OrderAmendment, OrderLine, OrderReturn, OrderReturnLine

TONES = {
    "draft": "info", "placed": "warn", "confirmed": "warn", "in_progress": "info", "completed": "good", "cancelled": "plain",
    "partly_returned": "bad", "returned": "bad",
}  # fmt: skip


class StatusFilter(admin.SimpleListFilter):
    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in Order.Status.choices]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset.filter(status=self.value()) if self.value() else queryset


class _Told(TabularInline):
    """Lines that only the doors of an order write."""

    extra = max_num = 0
    can_delete = False
    hide_title = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LineInline(_Told):
    model = OrderLine
    verbose_name_plural = "Lines"
    fields = [
        "name",
        "sku",
        "quantity",
        "unit",
        "unit_price",
        "gross",
        "discount",
        "vat_rate",
        "vat",
        "total",
        "returned_quantity",
        "refunded",
    ]


class AmendmentInline(_Told):
    model = OrderAmendment
    verbose_name_plural = "Amendments"
    fields = ["at", "by", "reason", "total_before", "total_after"]
    tab = True

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related("by")


class ReturnInline(_Told):
    model = OrderReturn
    verbose_name_plural = "Returns"
    fields = ["at", "by", "reason", "refund", "vat"]
    tab = True

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related("by")


def _new_total(order: Order, by: User) -> str:
    """What a draft comes to today, when that is something else than it says; nothing is written."""
    try:
        with transaction.atomic():
            ordering.place(order.pk, by=by, now=timezone.now())
            transaction.set_rollback(True)
    except ordering.PricesChanged as changed:
        return str(changed.facts["total_after"])
    except Refusal:
        pass
    return ""


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    """Orders: read, amended and moved on by buttons. They are taken over the API, where the operator has the caller on the line."""

    list_display = ["number", "contact", "status_badge", "total", "currency", "placed_by", "placed_at", "created_at"]
    list_select_related = ["contact", "placed_by"]
    list_filter = [StatusFilter, ("placed_at", RangeDateTimeFilter), ("placed_by", AutocompleteSelectFilter)]
    search_fields = ["number"]
    search_help_text = "By number as people say it, or by the contact's name"
    ordering = ["-id"]
    sortable_by: list[str] = []
    inlines = [LineInline, AmendmentInline, ReturnInline]
    actions_detail = ["place", "confirm", "begin", "complete", "amend", "cancel", "take_part_back", "take_back"]
    readonly_fields = ["status_badge", "codes_shown", "origin_shown", "created_at"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("number", "status_badge"),
                    ("contact", "phone"),
                    ("subtotal", "discount_total", "vat_total"),
                    ("total", "currency", "refunded_total"),
                    "codes_shown",
                    "comment",
                    "cancel_reason",
                ]
            },
        ),
        (
            "Delivery",
            {
                "fields": [
                    "delivery_address",
                    ("delivery_date", "delivery_from", "delivery_until", "delivery_time_zone"),
                    "delivery_comment",
                ],
                "classes": ["tab"],
            },
        ),
        (
            "Where it came from",
            {
                "fields": [("created_by", "created_at"), ("placed_by", "placed_at"), "origin_shown", ("source", "external_id")],
                "classes": ["tab"],
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related("contact", "placed_by", "created_by")

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        """By number, else by the contact; each by an index."""
        meant = numbers.meant(ordering.LETTER, text, now=timezone.now())
        return queryset.filter(number__in=meant) if meant else queryset.filter(contact__in=searching.find(text, limit=100))

    def _is_open(self, request: HttpRequest, object_id: str, verb: str) -> bool:
        order = self.get_object(request, object_id)
        return order is not None and self.has_view_permission(request) and verb in order.open_moves()

    def has_place_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_open(request, object_id, "place")

    def has_confirm_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_open(request, object_id, "confirm")

    def has_begin_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_open(request, object_id, "start")

    def has_complete_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_open(request, object_id, "complete")

    def has_cancel_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_open(request, object_id, "cancel")

    def has_amend_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_open(request, object_id, "amend")

    def has_take_part_back_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_open(request, object_id, "return")

    def has_take_back_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_open(request, object_id, "return")

    def _ask(
        self, request: HttpRequest, object_id: str, word: str, question: str, act: Callable[..., Any], *, asks_why: bool = False
    ) -> HttpResponse:
        order = self.get_object(request, object_id)
        return confirmed(
            self,
            request,
            order,
            title=f"{word} {order}",
            question=question,
            button=word,
            act=lambda *said: act(order.pk, **({"reason": said[0]} if said else {}), by=who(request), now=timezone.now()),
            done="Done.",
            ask="Why" if asks_why else "",
        )

    @action(description="Place", icon="shopping_cart_checkout", permissions=["place"])
    def place(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = self.get_object(request, object_id)
        total = _new_total(order, who(request))
        question = "From now on its lines and prices stand."
        if total:
            question = f"Prices changed: it was {order.total} {order.currency} and is {total} now. Tell the caller before you place it."
        accepts = bool(total) and request.POST.get("agreed") == total
        return confirmed(
            self, request, order, title=f"Place {order}", question=question, button="Place", done="Done.", agreed=total,
            act=lambda: ordering.place(order.pk, accept_prices=accepts, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @action(description="Confirm", icon="check", permissions=["confirm"])
    def confirm(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Confirm", "It will be carried out.", ordering.confirm)

    @action(description="Start", icon="play_arrow", permissions=["begin"])
    def begin(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Start", "Somebody works on it; it can no longer be cancelled.", ordering.start)

    @action(description="Complete", icon="done_all", permissions=["complete"])
    def complete(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Complete", "Everything was delivered or done.", ordering.complete)

    @action(description="Cancel", icon="block", permissions=["cancel"])
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, "Cancel", "It is called off; its promotions may be had again.", ordering.cancel, asks_why=True)

    @action(description="Amend", icon="edit", permissions=["amend"])
    def amend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = self.get_object(request, object_id)
        return order_lines.page(
            self, request, order, title=f"Amend {order}", button="Amend", is_amendment=True,
            act=lambda lines, why: amending.amend(order.pk, reason=why, lines=lines, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @action(description="Take a part back", icon="undo", permissions=["take_part_back"])
    def take_part_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = self.get_object(request, object_id)
        return order_lines.page(
            self, request, order, title=f"Take a part of {order} back", button="Take back", is_amendment=False,
            act=lambda lines, why: returning.take_back(order.pk, reason=why, lines=lines, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @action(description="Take all back", icon="assignment_return", permissions=["take_back"])
    def take_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = "All that is not back yet comes back, and is refunded."
        return self._ask(request, object_id, "Take back", question, returning.take_back, asks_why=True)

    @admin.display(description="status")
    def status_badge(self, order: Order) -> SafeString:
        return badge(order.get_status_display(), TONES[order.status])

    @admin.display(description="promotions")
    def codes_shown(self, order: Order) -> str:
        told = [
            f"{one['code']} −{one['amount']}" if one["is_applied"] else f"{one['code']}: {one['reasons'][0]['detail']}"
            for one in order.promotions
        ]
        return "; ".join(told) or "–"

    @admin.display(description="taken on")
    def origin_shown(self, order: Order) -> str:
        return f"{order.origin_kind} {order.origin_id}" if order.origin_kind else "–"


@admin.register(OrderLine)
class OrderLineAdmin(ReadOnlyAdmin):
    """What was ordered, across orders: by product."""

    list_display = ["order", "name", "sku", "quantity", "total"]
    list_select_related = ["order"]
    ordering = ["-id"]
    sortable_by: list[str] = []


@admin.register(OrderAmendment)
class OrderAmendmentAdmin(ReadOnlyAdmin):
    list_display = ["order", "at", "by", "reason", "total_before", "total_after"]
    list_select_related = ["order", "by"]
    ordering = ["-id"]
    sortable_by: list[str] = []


@admin.register(OrderReturn)
class OrderReturnAdmin(ReadOnlyAdmin):
    list_display = ["order", "at", "by", "reason", "refund", "vat"]
    list_select_related = ["order", "by"]
    ordering = ["-id"]
    sortable_by: list[str] = []


@admin.register(OrderReturnLine)
class OrderReturnLineAdmin(ReadOnlyAdmin):
    list_display = ["order_return", "line", "quantity", "refund"]
    list_select_related = ["order_return", "line"]
    ordering = ["-id"]
    sortable_by: list[str] = []
