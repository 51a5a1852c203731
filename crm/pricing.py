"""What an order costs: lines and promotions in, every amount out. No database and no clock in here; docs/orders.md has worked examples.

The one rounding rule: an amount is rounded once, where it comes to stand on a line, half up (commercially), to the digits of its
currency. Whatever is a sum is added up from rounded amounts and never rounded again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, localcontext
from functools import cache

from babel.core import get_global
from babel.numbers import get_currency_precision

from config.platform.errors import Refusal

ZERO, HUNDRED = Decimal("0.00"), Decimal(100)
MOST = Decimal("999999999999.99")  # what a column of money holds
DIGITS = 2
EXACT = Context(prec=60)  # enough for any product of a quantity, a price and a rate: nothing is rounded behind our back


class CurrencyUnknown(Refusal):
    """Not a currency of ISO 4217."""

    code = "currency_unknown"
    status = 400
    advice = "Send three letters of ISO 4217, for instance EUR or RUB."


class CurrencyNotKept(Refusal):
    """Amounts are kept with two digits after the point; this currency has more (KWD, BHD, TND and their like)."""

    code = "currency_not_kept"
    status = 400
    advice = "Keep the order in a currency with at most two digits after the point."


class CurrenciesMixed(Refusal):
    """An order has one currency. Make an order for each."""

    code = "currencies_mixed"
    status = 400
    advice = "Make an order for each currency."


class OrderTooLarge(Refusal):
    """An amount of the order does not fit: 999,999,999,999.99 is the most."""

    code = "order_too_large"
    status = 400
    advice = "Check quantities and prices for a slip. An order that is really so large is split."


@dataclass(frozen=True)
class Item:
    """A line to be priced. ``key`` tells it from the others; ``unit_price`` is with VAT inside or without, as it says."""

    key: str
    quantity: Decimal
    unit_price: Decimal
    vat_rate: Decimal = ZERO
    price_includes_vat: bool = True


@dataclass(frozen=True)
class Offer:
    """A promotion to be tried. ``keys`` are the lines it applies to; ``gift`` is the line that a gift adds."""

    code: str
    discount: str
    value: Decimal = ZERO
    keys: frozenset[str] = frozenset()
    is_stackable: bool = False
    priority: int = 0
    least_total: Decimal | None = None
    gift: Item | None = None

    @property
    def rank(self) -> tuple[int, str]:
        """First come those of the higher priority, then by code."""
        return -self.priority, self.code


@dataclass(frozen=True)
class Priced:
    """What a line comes to. ``due = gross - discount`` in the terms of its price; VAT is in it, or comes on top."""

    item: Item
    gross: Decimal
    discount: Decimal
    vat: Decimal
    total: Decimal
    taken: Mapping[str, Decimal] = field(default_factory=dict)
    is_gift: bool = False

    @property
    def net(self) -> Decimal:
        """Without VAT."""
        return self.total - self.vat

    @property
    def vat_on_top(self) -> Decimal:
        """The VAT that is not in the price."""
        return ZERO if self.item.price_includes_vat else self.vat


@dataclass(frozen=True)
class Bill:
    """The lines in the order they were given, then the gifts; and what they come to."""

    lines: tuple[Priced, ...]
    subtotal: Decimal
    discount_total: Decimal
    vat_total: Decimal
    vat_on_top: Decimal
    total: Decimal
    amounts: Mapping[str, Decimal]
    unused: Mapping[str, str]


@cache
def digits_of(currency: str) -> int:
    """How many digits amounts in this currency have: 2 for EUR, 0 for JPY.

    Raises:
        CurrencyUnknown, CurrencyNotKept
    """
    if currency not in get_global("all_currencies"):
        raise CurrencyUnknown(f"'{currency[:10]}' is not a currency of ISO 4217, for instance EUR.")
    digits = get_currency_precision(currency)
    if digits > DIGITS:
        raise CurrencyNotKept(f"{currency} has {digits} digits after the point; amounts are kept with {DIGITS}.")
    return digits


def rounded(amount: Decimal, digits: int) -> Decimal:
    """Half up, as people do: 0.125 is 0.13."""
    return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def bill(items: Sequence[Item], offers: Sequence[Offer], *, currency: str) -> Bill:
    """Price the lines and choose among the promotions.

    Tried are: all stackable ones together, in the order of their rank, and each of the others by itself. Taken is the choice
    that takes off most (a gift counts with its price); of equal ones that of the better rank. ``unused`` says of each
    promotion that is not taken why: ``applies_to_nothing``, ``least_total``, ``takes_nothing_off`` or ``better_one_chosen``.

    Raises:
        CurrencyUnknown, CurrencyNotKept, OrderTooLarge
    """
    digits = digits_of(currency)
    with localcontext(EXACT):
        gross = {item.key: rounded(item.quantity * item.unit_price, digits) for item in items}
        unused = {offer.code: why for offer in offers if (why := _why_not(offer, gross))}
        fit = sorted((offer for offer in offers if offer.code not in unused), key=lambda offer: offer.rank)
        together = [offer for offer in fit if offer.is_stackable]
        choices = [[offer] for offer in fit if not offer.is_stackable] + ([together] if together else [])
        tried = [_Trial(items, gross, choice, digits) for choice in choices]
        best = min(tried, key=lambda trial: (-trial.off, trial.choice[0].rank), default=_Trial(items, gross, [], digits))
        for offer in fit:
            if offer not in best.choice:
                unused[offer.code] = "better_one_chosen"
            elif not best.amounts[offer.code] and offer.discount != "gift":
                unused[offer.code] = "takes_nothing_off"
        return _added_up(best, unused, digits)


def _why_not(offer: Offer, gross: Mapping[str, Decimal]) -> str:
    keys = offer.keys & gross.keys()
    if not keys:
        return "applies_to_nothing"
    if offer.least_total is not None and sum(gross[key] for key in keys) < offer.least_total:
        return "least_total"
    return ""


class _Trial:
    """One choice of promotions, tried: what each takes off which line."""

    def __init__(self, items: Sequence[Item], gross: Mapping[str, Decimal], choice: Sequence[Offer], digits: int) -> None:
        self.items, self.gross, self.choice, self.digits = items, gross, choice, digits
        self.left = dict(gross)
        self.taken: dict[str, dict[str, Decimal]] = {item.key: {} for item in items}
        self.gifts: list[Priced] = []
        self.amounts: dict[str, Decimal] = {}
        for offer in choice:
            self.amounts[offer.code] = self._give(offer) if offer.discount == "gift" else self._take_off(offer)
        self.off = sum(self.amounts.values(), ZERO)

    def _give(self, offer: Offer) -> Decimal:
        gift = offer.gift
        if gift is None:
            return ZERO
        price = rounded(gift.quantity * gift.unit_price, self.digits)
        self.gifts.append(Priced(gift, price, price, ZERO, ZERO, {offer.code: price}, is_gift=True))
        return price

    def _take_off(self, offer: Offer) -> Decimal:
        chosen = [item for item in self.items if item.key in offer.keys]
        if offer.discount == "percent":
            off = {item.key: rounded(self.left[item.key] * offer.value / HUNDRED, self.digits) for item in chosen}
        elif offer.discount == "fixed_price":
            off = {item.key: max(ZERO, self.left[item.key] - rounded(item.quantity * offer.value, self.digits)) for item in chosen}
        else:
            off = spread(rounded(offer.value, self.digits), {item: self.left[item.key] for item in chosen}, digits=self.digits)
        for key, amount in off.items():
            self.left[key] -= amount
            if amount:
                self.taken[key][offer.code] = amount
        return sum(off.values(), ZERO)


def spread(amount: Decimal, over: Mapping[Item, Decimal], *, digits: int) -> dict[str, Decimal]:
    """Share ``amount`` out in proportion to what each line comes to, so that the parts add up to it exactly.

    Largest remainder: each line gets its share rounded down, and what is left over goes, one smallest coin each, to those that
    lost most by it. Equals are told apart by what they are, not by where they stand. No more is shared out than there is.
    """
    whole = sum(over.values(), ZERO)
    amount = min(amount, whole)
    if not amount:
        return {item.key: ZERO for item in over}
    coin = Decimal(1).scaleb(-digits)
    exact = {item: amount * weight / whole for item, weight in over.items()}
    parts = {item: share.quantize(coin, ROUND_FLOOR) for item, share in exact.items()}
    in_turn = sorted(
        over, key=lambda item: (parts[item] - exact[item], -over[item], item.vat_rate, item.price_includes_vat, item.quantity, item.key)
    )
    for item in in_turn[: int((amount - sum(parts.values(), ZERO)) / coin)]:
        parts[item] += coin
    return {item.key: part for item, part in parts.items()}


def _added_up(trial: _Trial, unused: Mapping[str, str], digits: int) -> Bill:
    lines = [
        _with_vat(item, trial.gross[item.key], trial.gross[item.key] - trial.left[item.key], trial.taken[item.key], digits)
        for item in trial.items
    ]
    lines += trial.gifts
    subtotal = sum((line.gross for line in lines), ZERO)
    total = sum((line.total for line in lines), ZERO)
    if max(subtotal, total) > MOST:
        raise OrderTooLarge("An amount of the order does not fit: 999,999,999,999.99 is the most.")
    return Bill(
        tuple(lines),
        subtotal=subtotal,
        discount_total=sum((line.discount for line in lines), ZERO),
        vat_total=sum((line.vat for line in lines), ZERO),
        vat_on_top=sum((line.vat_on_top for line in lines), ZERO),
        total=total,
        amounts={code: amount for code, amount in trial.amounts.items() if code not in unused},
        unused=unused,
    )


def _with_vat(item: Item, gross: Decimal, discount: Decimal, taken: Mapping[str, Decimal], digits: int) -> Priced:
    due = gross - discount
    base = HUNDRED + item.vat_rate if item.price_includes_vat else HUNDRED
    vat = rounded(due * item.vat_rate / base, digits)
    return Priced(item, gross, discount, vat, due if item.price_includes_vat else due + vat, dict(taken))


def share(amount: Decimal, part: Decimal, whole: Decimal, *, currency: str) -> Decimal:
    """``part`` of ``whole`` of an amount, for instance what the first 2 of 3 pieces cost.

    What a step is worth is the share up to it less the share before it: then all steps together are the whole amount.
    """
    with localcontext(EXACT):
        return rounded(amount * part / whole, digits_of(currency))
