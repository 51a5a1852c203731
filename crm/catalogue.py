"""Products and their prices. Every price that was is remembered, from the moment it began to the moment it ended, without a gap."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from config.platform.errors import Refusal
from config.platform.history import record, snapshot
from config.platform.models import User
from config.platform.moves import check_version
from crm.models import Category, Product, ProductPrice
from crm.names import search_words
from crm.pricing import digits_of
from crm.searching import SearchTooShort

PRICED = ("price", "currency", "vat_rate", "price_includes_vat")
MOST_FOUND = 200
NO_LETTERS = "Give at least two letters or digits of the name or the SKU."


class PriceTooFine(Refusal):
    """The price has more digits after the point than its currency."""

    code = "price_too_fine"
    status = 400
    advice = "Round the price to the digits of its currency, for instance 2 for EUR and 0 for JPY."


class ProductNotNamed(Refusal):
    """Give a `sku`: a new product needs one."""

    code = "product_not_named"
    status = 400
    advice = "Send `sku`, or `source` and `external_id` of a product that is there."


@transaction.atomic
def add(*, by: User | None, now: datetime, **fields: Any) -> Product:
    """Put a product into the catalogue.

    Raises:
        CurrencyUnknown, CurrencyNotKept, PriceTooFine
        IntegrityError: the SKU is taken.
    """
    product = Product(**fields)
    _check(product)
    product.save(force_insert=True)
    _begin_price(product, by, now)
    record(product, "add", by=by, now=now, before={})
    return product


@transaction.atomic
def alter(product_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime, **fields: Any) -> Product:
    """Change a product. A change of price, currency or VAT ends the present price and begins the next at the same moment.

    Raises:
        VersionConflict, CurrencyUnknown, CurrencyNotKept, PriceTooFine
    """
    product = Product.objects.select_for_update().get(pk=product_id)
    check_version(product, if_version)
    before = snapshot(product)
    had = [getattr(product, name) for name in PRICED]
    for name, value in fields.items():
        setattr(product, name, value)
    _check(product)
    product.version += 1
    product.save()
    if [getattr(product, name) for name in PRICED] != had:
        _begin_price(product, by, now)
    record(product, "alter", by=by, now=now, before=before)
    return product


@transaction.atomic
def put(*, by: User | None, now: datetime, **fields: Any) -> tuple[Product, bool, bool]:
    """Add or change the product with this SKU, else with this id at its source; answers it, whether it is new, and whether it was changed.

    What is the same already is not written again.

    Raises:
        ProductNotNamed: it is new and has no SKU.
        CurrencyUnknown, CurrencyNotKept, PriceTooFine
    """
    which = Q(sku=fields["sku"]) if fields.get("sku") else Q(source=fields.get("source", ""), external_id=fields.get("external_id", ""))
    known = Product.objects.filter(which).first() if fields.get("sku") or fields.get("external_id") else None
    if known is None:
        if not fields.get("sku"):
            raise ProductNotNamed("Give a `sku`: a new product needs one.")
        return add(by=by, now=now, **fields), True, False
    changed = {name: value for name, value in fields.items() if getattr(known, name) != value}
    return (alter(known.pk, by=by, now=now, **changed) if changed else known), False, bool(changed)


def price_at(product_id: UUID, at: datetime) -> ProductPrice | None:
    """What the product cost at this moment; None before it was in the catalogue."""
    ended = Q(valid_until=None) | Q(valid_until__gt=at)
    return ProductPrice.objects.filter(ended, product=product_id, valid_from__lte=at).order_by("-valid_from").first()


def below(category_id: UUID) -> list[UUID]:
    """The category and all that stand below it; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE shelf(id) AS (SELECT id FROM crm_category WHERE id = %s UNION "
            "SELECT c.id FROM crm_category c JOIN shelf ON c.parent_id = shelf.id) SELECT id FROM shelf",
            [category_id],
        )
        return [row[0] for row in cursor.fetchall()]


def find(text: str) -> list[UUID]:
    """Products by a piece of the SKU or by words of the name, mistyped too; best first, 200 at most.

    Raises:
        SearchTooShort
    """
    text = " ".join(text.replace("\0", "").split())[:100]
    if len(text) < 2 or not search_words(text):
        raise SearchTooShort(NO_LETTERS)
    like = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM (SELECT id, name, sku FROM crm_product WHERE sku ILIKE %(like)s LIMIT 200) p UNION "
            "SELECT id FROM (SELECT id FROM crm_product WHERE name ILIKE %(anywhere)s OR %(text)s <%% name LIMIT 2000) q",
            {"like": f"{like}%", "anywhere": f"%{like}%", "text": text},
        )
        ids = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "SELECT id FROM crm_product WHERE id = ANY(%s) ORDER BY (sku ILIKE %s) DESC, is_active DESC, word_similarity(%s, name) DESC, "
            "similarity(name, %s) DESC, name, id LIMIT %s",
            [ids, like, text, text, MOST_FOUND],
        )
        return [row[0] for row in cursor.fetchall()]


def shelves() -> dict[UUID, UUID | None]:
    """Every category and the one above it."""
    return dict(Category.objects.values_list("pk", "parent_id"))


def _check(product: Product) -> None:
    digits = digits_of(product.currency)
    if product.price != round(Decimal(product.price), digits):
        raise PriceTooFine(
            f"A price in {product.currency} has {digits} digits after the point." if digits else f"{product.currency} has no smaller unit."
        )


def _begin_price(product: Product, by: User | None, now: datetime) -> None:
    """The product's row is locked by the caller, so prices follow one another."""
    present = ProductPrice.objects.filter(product=product, valid_until=None).first()
    since = now
    if present is not None:
        since = max(now, present.valid_from)  # clocks of two machines may disagree by a little
        present.valid_until = since
        present.save(update_fields=["valid_until", "updated_at"])
    facts = {name: getattr(product, name) for name in PRICED}
    ProductPrice.objects.create(product=product, valid_from=since, by=by, **facts)
