"""The lines of an order as a form of quantities: to amend what was ordered, and to take back a part."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from config.platform.errors import Refusal
from crm.models import Order, OrderLine

LARGEST = Decimal(10) ** 8


class _NoQuantity(ValueError):
    """What was written is no quantity."""


def page(
    site: ModelAdmin,
    request: HttpRequest,
    order: Order,
    *,
    title: str,
    button: str,
    act: Callable[[list[dict[str, Any]], str], Any],
    is_amendment: bool,
) -> HttpResponse:
    """Show the lines with a quantity each; POST gives ``act`` the lines that were asked for, and why, and goes back to the order."""
    lines = [line for line in order.lines.order_by("position") if not (is_amendment and line.is_gift)]
    back = reverse("admin:crm_order_change", args=[order.pk])
    if request.method == "POST":
        try:
            act(_asked(request, lines, is_amendment), request.POST.get("reason", "").replace("\0", "").strip()[:500])
        except _NoQuantity as problem:
            messages.error(request, str(problem))
            return HttpResponseRedirect(request.path)
        except Refusal as refusal:
            messages.error(request, refusal.detail)
            return HttpResponseRedirect(request.path)
        messages.success(request, "Done.")
        return HttpResponseRedirect(back)
    shown = [(line, line.quantity if is_amendment else line.quantity - line.returned_quantity) for line in lines]
    context = {
        **site.admin_site.each_context(request), "title": title, "button": button, "opts": site.opts, "original": order, "back": back,
        "lines": [(line, f"{most.normalize():f}") for line, most in shown if is_amendment or most], "is_amendment": is_amendment,
    }  # fmt: skip
    return TemplateResponse(request, "admin/order_lines.html", context)


def _asked(request: HttpRequest, lines: list[OrderLine], is_amendment: bool) -> list[dict[str, Any]]:
    """The lines with the quantities that were written; 0 or nothing leaves a line out."""
    found: list[dict[str, Any]] = []
    for line in lines:
        quantity = _quantity(request.POST.get(f"quantity-{line.pk}", ""))
        if quantity:
            found.append({"id": line.pk, "quantity": quantity})
    sku = request.POST.get("sku", "").replace("\0", "").strip()[:100] if is_amendment else ""
    if sku:
        found.append({"sku": sku, "quantity": _quantity(request.POST.get("more", "1")) or Decimal(1)})
    return found


def _quantity(text: str) -> Decimal:
    try:
        quantity = Decimal(text.strip().replace(",", ".") or 0)
    except InvalidOperation:
        raise _NoQuantity(f"'{text[:40]}' is no quantity.") from None
    if not quantity.is_finite() or quantity < 0 or quantity > LARGEST or quantity != round(quantity, 3):
        raise _NoQuantity(f"'{text[:40]}' is no quantity: a number from 0 on, with three digits after the point at most.")
    return quantity
