"""Any sequence of edits, moves, amendments and returns: the totals are the sums, and what is not allowed changes nothing."""

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from config.platform.errors import Refusal
from config.platform.models import AuditEvent
from config.platform.moves import TransitionNotAllowed
from crm import amending, ordering, returning
from crm.models import Order, OrderReturnLine, PromotionUse
from tests.factories.crm import ContactFactory
from tests.factories.orders import NOON, product, promotion
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
D = Decimal
AMOUNTS = ("subtotal", "discount_total", "vat_total", "vat_on_top", "total")

quantities = st.one_of(st.integers(1, 9).map(D), st.decimals(D("0.001"), 9, places=3))
lines = st.lists(
    st.one_of(
        st.fixed_dictionaries({"sku": st.sampled_from("abcd"), "quantity": quantities}),
        st.fixed_dictionaries({"keep": st.integers(0, 3)}, optional={"quantity": quantities}),
        st.fixed_dictionaries(
            {"name": st.just("Courier"), "unit_price": st.decimals(0, 99, places=2), "vat_rate": st.sampled_from([D(0), D(7), D(20)])},
            optional={"is_delivery": st.booleans(), "price_includes_vat": st.booleans()},
        ),
    ),
    max_size=4,
)
codes = st.lists(st.sampled_from(["TEN", "FIVER", "HALF", "CHEAP", "MUG"]), unique=True, max_size=3)
returns = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([D("0.1"), D("0.34"), D("0.5"), D(1), D(2)])), min_size=1, max_size=3)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("alter"), st.fixed_dictionaries({}, optional={"lines": lines, "promotions": codes})),
        st.tuples(st.just("amend"), st.fixed_dictionaries({}, optional={"lines": lines, "promotions": codes})),
        st.tuples(st.just("place"), st.fixed_dictionaries({"accept_prices": st.booleans()})),
        st.tuples(st.sampled_from(["onward", "onward", "onward", "confirm", "start", "complete", "cancel", "dearer"]), st.just({})),
        *[st.tuples(st.just("take_back"), st.fixed_dictionaries({"lines": returns | st.none()}))] * 2,
    ),
    min_size=4,
    max_size=14,
)


@pytest.fixture
def shop():
    """Products of several prices and kinds of VAT, and promotions of every kind."""
    goods = {
        "a": product("9.99", sku="a"),
        "b": product("33.33", sku="b", vat_rate=D(7)),
        "c": product("0.01", sku="c"),
        "d": product("100.00", sku="d", price_includes_vat=False, vat_rate=D(19)),
    }
    promotion(code="TEN", value="10", is_stackable=True)
    promotion("amount", "5", code="FIVER", is_stackable=True, priority=1)
    promotion(code="HALF", value="50", products=[goods["b"]], limit_in_all=1)
    promotion("fixed_price", "1", code="CHEAP", products=[goods["a"]])
    promotion("gift", "0", code="MUG", gift=product("7.00"), least_total=D(50))
    return SimpleNamespace(goods=goods, contact=ContactFactory(), by=UserFactory())


def wanted(order: Order, asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """``keep`` is the place of a line that is there, or of none."""
    there = [line.pk for line in order.lines.filter(is_gift=False)]
    made = []
    for one in asked:
        rest = {name: value for name, value in one.items() if name != "keep"}
        if "keep" not in one:
            made.append(rest)
        elif one["keep"] < len(there):
            made.append({**rest, "id": there[one["keep"]]})
    return made


def do(order: Order, verb: str, asked: dict[str, Any], shop: Any, now: Any) -> None:
    by = {"by": shop.by, "now": now}
    if "lines" in asked and verb in ("alter", "amend"):
        asked = {**asked, "lines": wanted(order, asked["lines"])}
    if verb == "dearer":
        for one in shop.goods.values():
            one.price += D("0.01")
            one.save()
    elif verb == "onward":  # whichever way is open, so that long sequences get somewhere
        on = {"placed": ordering.confirm, "confirmed": ordering.start, "in_progress": ordering.complete}
        if order.status == "draft":
            ordering.place(order.pk, accept_prices=True, **by)
        elif order.status in on:
            on[order.status](order.pk, **by)
        else:
            returning.take_back(order.pk, reason="Broken.", **by)
    elif verb == "amend":
        amending.amend(order.pk, reason="They said so.", **asked, **by)
    elif verb == "take_back":
        there = list(order.lines.all())
        parts = [(there[n % len(there)], share) for n, share in asked["lines"] or [] if there]
        left = [(line, (line.quantity - line.returned_quantity) * share) for line, share in parts]
        given_back = [{"id": line.pk, "quantity": max(D("0.001"), round(quantity, 3))} for line, quantity in left] or None
        returning.take_back(order.pk, reason="Broken.", lines=given_back, **by)
    elif verb == "cancel":
        ordering.cancel(order.pk, reason="They said so.", **by)
    else:
        getattr(ordering, verb)(order.pk, **asked, **by)


def picture(order_id: Any) -> Any:
    """All that is kept of an order."""
    order = Order.objects.get(pk=order_id)
    return (
        {name: value for name, value in vars(order).items() if name != "_state"},
        list(order.lines.values()),
        list(order.amendments.values()),
        list(order.returns.values()),
        list(OrderReturnLine.objects.filter(order_return__order=order).order_by("id").values()),
        list(order.uses.order_by("id").values()),
        AuditEvent.objects.filter(subject_id=order_id).count(),
    )


def holds(order_id: Any) -> None:
    """What must be true of an order at any time."""
    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")  # the trigger of the database looks now
    connection.cursor().execute("SET CONSTRAINTS ALL DEFERRED")
    order = Order.objects.get(pk=order_id)
    lines = list(order.lines.all())
    for name in ("discount", "vat", "total"):
        assert sum(getattr(line, name) for line in lines) == getattr(order, name if name == "total" else f"{name}_total")
    assert sum(line.gross for line in lines) == order.subtotal
    assert order.total == order.subtotal - order.discount_total + order.vat_on_top
    assert [line.position for line in lines] == list(range(len(lines)))
    counted = PromotionUse.objects.filter(order=order, given_back_at=None)
    is_counted = order.status not in ("draft", "cancelled")
    assert sum(use.amount for use in counted) == (order.discount_total if is_counted else 0)
    backs = list(OrderReturnLine.objects.filter(order_return__order=order))
    assert order.refunded_total == sum(back.refund for back in order.returns.all()) == sum(back.refund for back in backs)
    for line in lines:
        own = [back for back in backs if back.line_id == line.pk]
        assert (line.returned_quantity, line.refunded) == (sum(back.quantity for back in own), sum(back.refund for back in own))
        if line.returned_quantity == line.quantity:
            assert line.refunded == line.total
            assert sum(back.vat for back in own) == line.vat
    assert (order.status == "returned") == (bool(lines) and all(line.returned_quantity == line.quantity for line in lines))
    if order.status == "returned":
        assert order.refunded_total == order.total
    assert order.version == AuditEvent.objects.filter(subject_id=order.pk).count()


@pytest.mark.slow
@settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(first=lines, asked=codes, walked=st.sampled_from([0, 0, 1, 2, 3, 4, 4, 4]), steps=steps)
def test_whatever_is_done_the_totals_are_the_sums(shop, first, asked, walked, steps):
    with transaction.atomic():
        start = [one for one in first if "keep" not in one] + [{"sku": "b", "quantity": D("2.5")}] * bool(walked)
        order = ordering.create(contact=shop.contact, lines=start, promotions=asked, currency="EUR", by=shop.by, now=NOON)
        holds(order.pk)
        if walked and any(one["reasons"] for one in order.promotions):
            ordering.alter(order.pk, promotions=[one["code"] for one in order.promotions if one["is_applied"]], by=shop.by, now=NOON)
        for _ in range(walked):  # so that every state is where some of the sequences begin
            do(Order.objects.get(pk=order.pk), "onward", {}, shop, NOON)
        for number, (verb, more) in enumerate(steps, 1):
            order = Order.objects.get(pk=order.pk)
            before = picture(order.pk)
            try:
                with transaction.atomic():
                    do(order, verb, more, shop, NOON + timedelta(minutes=number))
            except Refusal as refusal:
                event(f"{verb}: {refusal.code}")
                assert picture(order.pk) == before, "a refusal changes nothing"
                if isinstance(refusal, TransitionNotAllowed):
                    assert {"take_back": "return"}.get(verb, verb) not in order.open_moves()
            else:
                event(f"{verb} from {order.status}")
            holds(order.pk)
        transaction.set_rollback(True)
    for one in shop.goods.values():
        one.refresh_from_db()
