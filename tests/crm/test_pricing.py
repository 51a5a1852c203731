"""What an order costs: a table of known answers, then what must hold for any lines and promotions."""

from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.pricing import (
    CurrencyNotKept,
    CurrencyUnknown,
    Item,
    Offer,
    OrderTooLarge,
    bill,
    digits_of,
    rounded,
    share,
    spread,
)

D = Decimal


def line(price: str, quantity: str = "1", vat: str = "0", inside: bool = True, key: str = "a") -> Item:
    return Item(key, D(quantity), D(price), D(vat), inside)


def off(discount: str, value: str = "0", *keys: str, **rest) -> Offer:
    return Offer(rest.pop("code", discount), discount, D(value), frozenset(keys or "a"), **rest)


@pytest.mark.parametrize(
    ("item", "offers", "gross", "discount", "vat", "total"),
    [
        (line("100", vat="20"), [], "100", "0", "16.67", "100"),  # 100 × 20 / 120
        (line("100", vat="20", inside=False), [], "100", "0", "20", "120"),
        (line("0.125", "1"), [], "0.13", "0", "0", "0.13"),  # half goes up
        (line("0.01", "0.5"), [], "0.01", "0", "0", "0.01"),
        (line("0.01", "0.499"), [], "0.00", "0", "0", "0.00"),
        (line("33.33", "3"), [off("percent", "10")], "99.99", "10.00", "0", "89.99"),
        (line("100", vat="20"), [off("percent", "100")], "100", "100", "0", "0"),
        (line("100", vat="20", inside=False), [off("percent", "10")], "100", "10", "18", "108"),
        (line("100"), [off("amount", "30")], "100", "30", "0", "70"),
        (line("100"), [off("amount", "300")], "100", "100", "0", "0"),  # never below nothing
        (line("100", "3"), [off("fixed_price", "80")], "300", "60", "0", "240"),
        (line("100", "3"), [off("fixed_price", "120")], "300", "0", "0", "300"),  # nothing is made dearer
        (line("19.99", "1.333", vat="10"), [], "26.65", "0", "2.42", "26.65"),
    ],
)
def test_one_line(item, offers, gross, discount, vat, total):
    (priced,) = bill([item], offers, currency="EUR").lines
    assert (priced.gross, priced.discount, priced.vat, priced.total) == tuple(map(D, (gross, discount, vat, total)))


def test_an_amount_is_shared_out_and_nothing_is_lost():
    items = [line("10", key=key) for key in "abc"]
    priced = bill(items, [off("amount", "10", *"abc")], currency="EUR")
    assert sorted(one.discount for one in priced.lines) == [D("3.33"), D("3.33"), D("3.34")]
    assert (priced.discount_total, priced.total) == (D(10), D(20))


def test_a_gift_is_a_line_that_costs_nothing():
    priced = bill([line("10")], [off("gift", gift=line("25", vat="20", key="mug"))], currency="EUR")
    mug = priced.lines[1]
    assert (mug.is_gift, mug.gross, mug.discount, mug.vat, mug.total) == (True, D(25), D(25), D(0), D(0))
    assert (priced.subtotal, priced.discount_total, priced.total) == (D(35), D(25), D(10))


@pytest.mark.parametrize(
    ("offers", "used"),
    [
        ([off("percent", "10", code="A"), off("percent", "20", code="B")], {"B"}),  # of two that stand alone the better
        ([off("percent", "10", code="B"), off("percent", "10", code="A")], {"A"}),  # equal: by code
        ([off("percent", "10", code="A"), off("percent", "10", code="B", priority=1)], {"B"}),  # equal: by priority
        ([off("percent", "10", code="A", is_stackable=True), off("percent", "10", code="B", is_stackable=True)], {"A", "B"}),
        (
            [
                off("percent", "10", code="A", is_stackable=True),
                off("percent", "10", code="B", is_stackable=True),
                off("percent", "15", code="C"),
            ],
            {"A", "B"},
        ),
        (
            [
                off("percent", "10", code="A", is_stackable=True),
                off("percent", "10", code="B", is_stackable=True),
                off("percent", "20", code="C"),
            ],
            {"C"},
        ),  # 19 and 20
        ([off("gift", code="A", gift=line("30", key="g")), off("percent", "20", code="B")], {"A"}),  # a gift counts with its price
        ([off("amount", "5", "elsewhere", code="A")], set()),
        ([off("amount", "5", code="A", least_total=D("100.01"))], set()),
        ([off("amount", "5", code="A", least_total=D(100))], {"A"}),
    ],
)
def test_which_promotions_are_taken(offers, used):
    priced = bill([line("100")], offers, currency="EUR")
    assert set(priced.amounts) == used
    assert set(priced.unused) == {offer.code for offer in offers} - used


@pytest.mark.parametrize(
    ("offer", "why"),
    [
        (off("amount", "5", "b"), "applies_to_nothing"),
        (off("amount", "5", least_total=D(101)), "least_total"),
        (off("fixed_price", "100"), "takes_nothing_off"),
    ],
)
def test_a_promotion_that_is_not_taken_says_why(offer, why):
    assert bill([line("100")], [offer], currency="EUR").unused == {offer.code: why}


def test_stackable_ones_are_applied_in_the_order_of_priority():
    ten, five = off("percent", "10", code="P", is_stackable=True), off("amount", "5", code="A", is_stackable=True)
    assert bill([line("100")], [ten, five], currency="EUR").amounts == {"A": D(5), "P": D("9.50")}
    assert bill([line("100")], [replace(ten, priority=1), five], currency="EUR").amounts == {"P": D(10), "A": D(5)}


def test_a_currency_without_cents_has_none():
    priced = bill([line("333", "1.5", vat="10")], [off("percent", "10")], currency="JPY")
    assert [one % 1 for one in (priced.subtotal, priced.discount_total, priced.vat_total, priced.total)] == [0] * 4
    assert (priced.subtotal, priced.discount_total, priced.total) == (D(500), D(50), D(450))


@pytest.mark.parametrize(
    ("currency", "refusal"),
    [("KWD", CurrencyNotKept), ("TND", CurrencyNotKept), ("CLF", CurrencyNotKept), ("ZZZ", CurrencyUnknown), ("", CurrencyUnknown)],
)
def test_a_currency_that_cannot_be_kept_is_refused(currency, refusal):
    with pytest.raises(refusal):
        digits_of(currency)


def test_what_does_not_fit_is_refused():
    with pytest.raises(OrderTooLarge):
        bill([line("999999999999.99", "1.001")], [], currency="EUR")
    with pytest.raises(OrderTooLarge):
        bill([line("600000000000", key="a"), line("600000000000", key="b")], [], currency="EUR")
    with pytest.raises(OrderTooLarge):  # it fits before VAT
        bill([line("999999999999", vat="20", inside=False)], [], currency="EUR")


# --- for any lines and promotions
money = st.decimals(0, 5000, places=2)
quantities = st.one_of(st.integers(1, 20).map(D), st.decimals(D("0.001"), 50, places=3))
rates = st.sampled_from([D(0), D("5.5"), D(7), D(10), D(20), D(100)])
items = st.lists(st.tuples(quantities, money, rates, st.booleans()), min_size=1, max_size=8).map(
    lambda rows: [Item(f"line{number}", *row) for number, row in enumerate(rows)]
)
currencies = st.sampled_from(["EUR", "JPY", "RUB", "PHP"])


@st.composite
def orders(draw):
    lines = draw(items)
    keys = [one.key for one in lines]
    offers = []
    for number in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["percent", "amount", "fixed_price", "gift"]))
        value = draw(st.decimals(D("0.01"), 100, places=2) if kind == "percent" else money)
        gift = Item(f"gift{number}", D(1), draw(money), draw(rates), draw(st.booleans())) if kind == "gift" else None
        chosen = frozenset(draw(st.lists(st.sampled_from(keys), unique=True)))
        offers.append(
            Offer(
                f"code{number}", kind, value, chosen, draw(st.booleans()), draw(st.integers(-1, 1)), draw(st.none() | money), gift,
            )
        )  # fmt: skip
    return lines, offers, draw(currencies)


@settings(max_examples=600, deadline=None)
@given(orders())
def test_totals_are_the_sums_and_discounts_have_bounds(order):
    lines, offers, currency = order
    priced = bill(lines, offers, currency=currency)
    coin = D(1).scaleb(-digits_of(currency))
    assert [one.item for one in priced.lines if not one.is_gift] == lines
    for name, total in (
        ("gross", priced.subtotal), ("discount", priced.discount_total), ("vat", priced.vat_total), ("vat_on_top", priced.vat_on_top),
        ("total", priced.total),
    ):  # fmt: skip
        assert sum(getattr(one, name) for one in priced.lines) == total
    assert priced.total == priced.subtotal - priced.discount_total + priced.vat_on_top
    assert sum(priced.amounts.values()) == priced.discount_total
    for one in priced.lines:
        assert 0 <= one.discount <= one.gross
        assert sum(one.taken.values()) == one.discount
        assert one.total == one.gross - one.discount + one.vat_on_top
        assert 0 <= one.vat <= one.total
        assert all(amount % coin == 0 for amount in (one.gross, one.discount, one.vat, one.total))
    assert set(priced.amounts) | set(priced.unused) == {offer.code for offer in offers}
    assert not set(priced.amounts) & set(priced.unused)


@settings(max_examples=300, deadline=None)
@given(orders(), st.randoms(use_true_random=False))
def test_the_order_of_lines_and_of_codes_changes_nothing(order, random: Random):
    lines, offers, currency = order
    priced = bill(lines, offers, currency=currency)
    other = bill(random.sample(lines, len(lines)), random.sample(offers, len(offers)), currency=currency)
    assert {one.item.key: one for one in other.lines} == {one.item.key: one for one in priced.lines}
    assert (other.total, other.amounts, other.unused) == (priced.total, priced.amounts, priced.unused)


@settings(max_examples=300, deadline=None)
@given(orders())
def test_no_other_choice_of_promotions_takes_off_more(order):
    lines, offers, currency = order
    best = bill(lines, offers, currency=currency).discount_total
    choices = [[offer] for offer in offers if not offer.is_stackable] + [[offer for offer in offers if offer.is_stackable]]
    assert best == max([bill(lines, choice, currency=currency).discount_total for choice in choices])


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), money, rates, st.booleans(), st.decimals(D("0.01"), 100, places=2))
def test_one_line_of_many_pieces_costs_what_two_lines_of_them_cost(first, second, price, rate, inside, percent):
    """To the cent before discounts and VAT; those are rounded on each line, so that two lines differ by a cent at most."""
    offer = Offer("P", "percent", percent, frozenset({"a", "b"}))
    whole = bill([Item("a", D(first + second), price, rate, inside)], [offer], currency="EUR")
    split = bill([Item("a", D(first), price, rate, inside), Item("b", D(second), price, rate, inside)], [offer], currency="EUR")
    assert whole.subtotal == split.subtotal
    assert abs(whole.discount_total - split.discount_total) <= D("0.01")
    assert abs(whole.vat_total - split.vat_total) <= D("0.02")


@settings(max_examples=300, deadline=None)
@given(money, items)
def test_the_parts_of_a_spread_amount_add_up_and_are_fair(amount, lines):
    weights = {one: rounded(one.quantity * one.unit_price, 2) for one in lines}
    parts = spread(amount, weights, digits=2)
    whole = sum(weights.values())
    assert sum(parts.values()) == min(amount, whole)
    for one, weight in weights.items():
        assert 0 <= parts[one.key] <= weight
        if whole:
            assert abs(parts[one.key] - min(amount, whole) * weight / whole) < D("0.01")


@settings(max_examples=300, deadline=None)
@given(money, st.lists(st.decimals(D("0.001"), 20, places=3), min_size=1, max_size=8), currencies)
def test_however_it_comes_back_all_of_it_is_given_back(total, parts, currency):
    total, whole, back, given_back = rounded(total, digits_of(currency)), sum(parts), D(0), D(0)
    for part in parts:
        step = share(total, back + part, whole, currency=currency) - share(total, back, whole, currency=currency)
        assert step >= 0
        back, given_back = back + part, given_back + step
    assert given_back == total
