"""Recipes of products, promotions and offers."""

from datetime import UTC, datetime

from tests.contract.recipes.asked import RECIPES, Asked, catalogue, recipe
from tests.factories.crm import ContactFactory
from tests.factories.offers import CategoryFactory, ProductFactory, PromotionFactory, used

catalogue(
    "categories",
    lambda: CategoryFactory(parent=CategoryFactory()),
    lambda: {"code": "kettles", "name": "Kettles", "parent": str(CategoryFactory().pk)},
    {"is_active": False},
)
KETTLE = {"sku": "KT", "name": "Kettle", "price": "49.90", "currency": "EUR", "vat_rate": "19.00", "source": "shop", "external_id": "17"}
catalogue(
    "products",
    lambda: ProductFactory(category=CategoryFactory()),
    lambda: KETTLE | {"category": str(CategoryFactory().pk)},
    {"price": "39.90"},
)
RECIPES["products_bulk"] = lambda: Asked(body={"products": [KETTLE, {"sku": "?"}]})
RECIPES["products_prices"] = lambda: Asked(ProductFactory())


def promotion(**fields):
    row = PromotionFactory(
        products=[ProductFactory()], categories=[CategoryFactory()], segment={"lifecycle": "client"}, limit_in_all=5, **fields
    )  # fmt: skip
    used(row)
    return row


catalogue(
    "promotions",
    promotion,
    lambda: {
        "code": "TEN", "title": "Ten per cent off", "discount": "percent", "value": "10", "products": [str(ProductFactory().pk)],
        "starts_at": "2026-11-01T00:00:00Z", "segment": {"lifecycle": ["client", "dormant"]},
    },
    {"title": "Ten per cent off everything", "priority": 3},
)  # fmt: skip
RECIPES["promotions_destroy"] = lambda: Asked(PromotionFactory())


@recipe("promotions_activate")
def activate() -> Asked:
    return Asked(PromotionFactory(status="draft"))


@recipe("promotions_suspend")
def suspend() -> Asked:
    return Asked(PromotionFactory(), {"reason": "The warehouse is empty."})


@recipe("promotions_copy")
def copy() -> Asked:
    return Asked(promotion(), {"code": "ELEVEN"})


@recipe("contacts_offers")
def offers() -> Asked:
    contact = ContactFactory()
    PromotionFactory(products=[ProductFactory()], categories=[CategoryFactory()], discount="gift", value=0, gift=ProductFactory())
    PromotionFactory(starts_at=datetime(2100, 1, 1, tzinfo=UTC))
    return Asked(contact)
