"""What the demo's company offers: a garden and kitchen shop with repairs, and three promotions."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from config.platform import upkeep
from config.platform.models import User
from crm import catalogue, promotions
from crm.models import Category, Product, Promotion

#: code: name, the shelf above
SHELVES = {
    "kitchen": ("Kitchen", None),
    "kettles": ("Kettles", "kitchen"),
    "garden": ("Garden", None),
    "services": ("Services", None),
}
#: sku, name, shelf, unit, price, what to tell a caller
PRODUCTS = [
    ("KT-17", "Kettle, 1.7 litres", "kettles", "pcs", "3490.00", "Switches itself off; the lid comes off for cleaning."),
    ("KT-10", "Чайник дорожный, 1 л", "kettles", "pcs", "2190.00", "Работает от 110 и 220 вольт."),
    ("TO-2", "Toaster, two slots", "kitchen", "pcs", "4150.00", "Crumb tray comes out at the side."),
    ("ML-5", "Мельница для кофе", "kitchen", "pcs", "5290.00", "Жернова керамические, пять помолов."),
    ("PN-28", "Frying pan, 28 cm", "kitchen", "pcs", "2790.00", "Goes on induction too."),
    ("MW-46", "Lawn mower, 46 cm", "garden", "pcs", "38990.00", "Battery for 600 square metres; comes charged."),
    ("HS-20", "Шланг садовый, 20 м", "garden", "pcs", "1990.00", "Не перекручивается, морозостоек до −20 °C."),
    ("SD-1", "Семена газонной травы", "garden", "kg", "690.00", "На 40 квадратных метров хватает килограмма."),
    ("PR-3", "Pruning shears", "garden", "pcs", "1590.00", "Spare blades are on sale."),
    ("SV-REP", "Repair of a kettle", "services", "pcs", "900.00", "Three working days; parts are extra."),
    ("SV-MOW", "Lawn mower, yearly service", "services", "pcs", "4500.00", "We fetch it and bring it back."),
    ("SV-INS", "Assembly at home", "services", "hour", "1800.00", "Half an hour at least; Monday to Saturday."),
]


def stock(*, by: User, now: datetime) -> int:
    """Fill the catalogue and let the promotions run; answers how many products there are."""
    shelves: dict[str | None, Category | None] = {None: None}
    for code, (name, above) in SHELVES.items():
        shelves[code] = upkeep.add(Category, code=code, name=name, parent=shelves[above], by=by, now=now)
    made: dict[str, Product] = {}
    for sku, name, shelf, unit, price, told in PRODUCTS:
        kind = Product.Kind.SERVICE if shelf == "services" else Product.Kind.GOODS
        made[sku] = catalogue.add(
            sku=sku, name=name, kind=kind, category=shelves[shelf], unit=unit, price=Decimal(price), currency="RUB", vat_rate=Decimal(20),
            description_for_agent=told, by=by, now=now,
        )  # fmt: skip
    catalogue.alter(made["KT-17"].pk, price=Decimal("3290.00"), by=by, now=now + timedelta(days=20))
    for fields in _promotions(made, shelves, now):
        promotion = promotions.add(**fields, by=by, now=now)
        promotions.activate(promotion.pk, by=by, now=now)
    return len(made)


def _promotions(made: dict[str, Product], shelves: dict[str | None, Category | None], now: datetime) -> list[dict[str, Any]]:
    percent, gift = Promotion.Discount.PERCENT, Promotion.Discount.GIFT
    return [
        {
            "code": "KETTLE10", "title": "Ten per cent off kettles", "discount": percent, "value": Decimal(10), "categories": [shelves["kettles"]],
            "what_to_say": "This month every kettle is ten per cent off.", "terms": "As long as stocks last.", "priority": 10,
            "starts_at": now, "ends_at": now + timedelta(days=120), "is_stackable": True,
        },
        {
            "code": "SPASIBO", "title": "Постоянным покупателям", "discount": percent, "value": Decimal(5), "segment": {"lifecycle": "client"},
            "what_to_say": "Вы давно с нами, поэтому на всё скидка пять процентов.", "terms": "Один раз на покупателя.", "limit_per_contact": 1,
            "starts_at": now, "is_stackable": True,
        },
        {
            "code": "LAWN", "title": "Seeds with every mower", "discount": gift, "gift": made["SD-1"], "products": [made["MW-46"]],
            "what_to_say": "With the mower you get a kilogram of grass seed for nothing.", "starts_at": now, "limit_in_all": 200,
        },
    ]  # fmt: skip
