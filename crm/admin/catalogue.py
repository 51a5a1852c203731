"""What the company offers: products with the prices that were, promotions with the state they are in."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import action

from config.platform.admin_base import AuditedAdmin, ReadOnlyAdmin, StorableJSONField, badge, confirmed, who
from crm import catalogue, promotions
from crm.models import Category, Product, ProductPrice, Promotion, PromotionUse

TONES = {"draft": "plain", "scheduled": "info", "active": "good", "ended": "plain", "suspended": "warn", "exhausted": "bad"}


@admin.register(Category)
class CategoryAdmin(AuditedAdmin):
    list_display = ["name", "code", "parent", "is_active"]
    list_select_related = ["parent"]
    list_filter = ["is_active"]
    search_fields = ["name", "code"]
    ordering = ["name"]
    autocomplete_fields = ["parent"]
    prepopulated_fields = {"code": ["name"]}
    fields = [("name", "code"), ("parent", "is_active")]


class PriceInline(TabularInline):
    """The prices that were; a change of price writes the next line by itself."""

    model = ProductPrice
    verbose_name_plural = "Prices"
    fields = ["price", "currency", "vat_rate", "price_includes_vat", "valid_from", "valid_until", "by"]
    ordering = ["-valid_from"]
    extra = max_num = 0
    can_delete = False
    hide_title = True
    tab = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related("by")


@admin.register(Product)
class ProductAdmin(AuditedAdmin):
    """Written through crm.catalogue, so that prices are remembered here too."""

    list_display = ["name", "sku", "kind", "category", "price", "currency", "is_active"]
    list_select_related = ["category"]
    list_filter = ["is_active", "kind"]
    search_fields = ["name"]
    search_help_text = "By a piece of the SKU or words of the name, mistyped too"
    ordering = ["-id"]
    sortable_by: list[str] = []
    autocomplete_fields = ["category"]
    inlines = [PriceInline]
    fields = [
        ("name", "sku"), ("kind", "category", "unit"), ("price", "currency"), ("vat_rate", "price_includes_vat"), "description_for_agent",
        "is_active", ("source", "external_id"),
    ]  # fmt: skip

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        return queryset.filter(pk__in=catalogue.find(text))

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        """Written in ``save_related``, through the rules."""

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list[Any], change: bool) -> None:
        by: dict[str, Any] = {"by": who(request), "now": timezone.now()}
        if not change:
            form.instance.pk = catalogue.add(**form.cleaned_data, **by).pk
        elif form.changed_data:
            catalogue.alter(form.instance.pk, **{name: form.cleaned_data[name] for name in form.changed_data}, **by)


@admin.register(ProductPrice)
class ProductPriceAdmin(ReadOnlyAdmin):
    list_display = ["product", "price", "currency", "valid_from", "valid_until", "by"]
    list_select_related = ["product", "by"]
    ordering = ["-id"]
    sortable_by: list[str] = []


@admin.register(Promotion)
class PromotionAdmin(AuditedAdmin):
    """Written through crm.promotions. A promotion runs by its dates; nobody need switch it on the day."""

    formfield_overrides = {models.JSONField: {"form_class": StorableJSONField}}
    list_display = ["title", "code", "state_badge", "discount", "value", "currency", "starts_at", "ends_at", "uses"]
    list_filter = ["status", "discount"]
    search_fields = ["title", "code"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    autocomplete_fields = ["gift", "products", "categories"]
    actions_detail = ["activate", "suspend"]
    fields = [
        ("title", "code"), "what_to_say", "terms", ("discount", "value", "currency"), "gift", ("products", "categories"), "segment",
        "least_total", ("starts_at", "ends_at"), ("limit_per_contact", "limit_in_all"), ("is_stackable", "priority"),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return promotions.with_state(super().get_queryset(request), now=timezone.now())

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        """Written in ``save_related``, through the rules."""

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list[Any], change: bool) -> None:
        by: dict[str, Any] = {"by": who(request), "now": timezone.now()}
        said: dict[str, Any] = {name: list(value) if name in promotions.MANY else value for name, value in form.cleaned_data.items()}
        said["segment"] = said["segment"] or {}
        if not change:
            form.instance.pk = promotions.add(**said, **by).pk
        elif form.changed_data:
            promotions.alter(form.instance.pk, **{name: said[name] for name in form.changed_data}, **by)

    def _is_open(self, request: HttpRequest, object_id: str, verb: str) -> bool:
        row = self.get_object(request, object_id)
        return row is not None and self.has_change_permission(request) and verb in row.open_moves()

    def has_activate_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_open(request, object_id, "activate")

    def has_suspend_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_open(request, object_id, "suspend")

    @action(description="Let it run", icon="play_arrow", permissions=["activate"])
    def activate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.get_object(request, object_id)
        return confirmed(
            self, request, row, title=f"Let “{row}” run", question="Operators will offer it from its first day to its last.",
            button="Let it run", act=lambda: promotions.activate(row.pk, by=who(request), now=timezone.now()), done="It runs by its dates.",
        )  # fmt: skip

    @action(description="Suspend", icon="pause", permissions=["suspend"])
    def suspend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.get_object(request, object_id)
        return confirmed(
            self, request, row, title=f"Suspend “{row}”", question="Operators stop offering it; orders that have it keep it.",
            button="Suspend", act=lambda said: promotions.suspend(row.pk, reason=said, by=who(request), now=timezone.now()),
            done="It is suspended.", ask="Why",
        )  # fmt: skip

    @admin.display(description="state")
    def state_badge(self, row: Any) -> SafeString:
        return badge(row.state.capitalize(), TONES[row.state])

    @admin.display(description="had")
    def uses(self, row: Any) -> str:
        return f"{row.uses_in_all} of {row.limit_in_all}" if row.limit_in_all else str(row.uses_in_all)


@admin.register(PromotionUse)
class PromotionUseAdmin(ReadOnlyAdmin):
    list_display = ["promotion", "contact", "amount", "currency", "used_at", "given_back_at"]
    list_select_related = ["promotion", "contact"]
    ordering = ["-id"]
    sortable_by: list[str] = []
