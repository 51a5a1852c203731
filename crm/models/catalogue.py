from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q

from config.platform.models import Row, User
from config.platform.moves import Movable, Move
from crm.models.contacts import Contact
from crm.models.trees import refuse_circle

MONEY: dict[str, Any] = {"max_digits": 14, "decimal_places": 2}
CURRENCY = Q(currency__regex=r"^[A-Z]{3}$")


class OpenToAll(models.QuerySet[Any]):
    """Rows that whoever may read the resource may read."""

    def visible_to(self, user: User) -> "OpenToAll":
        """What the company offers is no secret inside it."""
        return self


class Category(Row):
    """A shelf of the catalogue. Categories form a tree."""

    code = models.SlugField(max_length=50, unique=True, error_messages={"unique": "There is a category with this code already."})
    name = models.CharField(max_length=100)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    is_active = models.BooleanField(default=True)

    objects = OpenToAll.as_manager()

    class Meta:
        verbose_name_plural = "categories"
        constraints = [
            models.CheckConstraint(
                name="category_is_not_its_own_parent",
                condition=Q(parent=None) | ~Q(parent=F("id")),
                violation_error_message="A category cannot be its own parent.",
            )
        ]

    def clean(self) -> None:
        refuse_circle(self)

    def __str__(self) -> str:
        return self.name


class Product(Row):
    """Goods or a service that the company sells. ``price`` is the price now; ``ProductPrice`` remembers each that was."""

    class Kind(models.TextChoices):
        GOODS = "goods", "Goods"
        SERVICE = "service", "Service"

    sku = models.CharField(max_length=64, unique=True, error_messages={"unique": "There is a product with this SKU already."})
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.GOODS)
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.PROTECT, related_name="products")
    unit = models.CharField(max_length=20, default="pcs", help_text="What one is counted in: pcs, kg, hour, month.")
    price = models.DecimalField(**MONEY, help_text="For one unit, now.")
    currency = models.CharField(max_length=3, help_text="ISO 4217.")
    vat_rate = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal("0.00"), help_text="Per cent.")
    price_includes_vat = models.BooleanField(default=True, help_text="Whether VAT is inside the price, as in a shop, or comes on top.")
    description_for_agent = models.TextField(blank=True, help_text="What to tell a caller about it.")
    is_active = models.BooleanField(default=True, help_text="Whether it can be ordered.")
    source = models.CharField(max_length=50, blank=True, help_text="The system it came from.")
    external_id = models.CharField(max_length=100, blank=True, help_text="The id it has there.")

    objects = OpenToAll.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="product_price_is_not_negative", condition=Q(price__gte=0)),
            models.CheckConstraint(name="product_vat_is_a_percentage", condition=Q(vat_rate__gte=0, vat_rate__lte=100)),
            models.CheckConstraint(name="product_currency_is_iso_4217", condition=CURRENCY),
            models.UniqueConstraint(
                name="product_external_id_is_one_per_source",
                fields=["source", "external_id"],
                condition=~Q(external_id=""),
                violation_error_message="A product with this external id from this source exists already.",
            ),
        ]
        indexes = [
            GinIndex(OpClass("name", name="gin_trgm_ops"), name="product_name_trigrams"),
            models.Index(fields=["category", "-id"], name="product_by_category"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.sku})"


class ProductPrice(Row):
    """What a product cost from one moment to the next. Written with every change of price, never changed."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="prices")
    price = models.DecimalField(**MONEY)
    currency = models.CharField(max_length=3)
    vat_rate = models.DecimalField(max_digits=5, decimal_places=2)
    price_includes_vat = models.BooleanField()
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, help_text="Empty: the price now.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product"], condition=Q(valid_until=None), name="one_present_price_per_product"),
            models.CheckConstraint(name="price_ends_after_it_began", condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from"))),
        ]
        indexes = [models.Index(fields=["product", "-valid_from"], name="price_of_product")]

    def __str__(self) -> str:
        return f"{self.price} {self.currency}"


class Promotion(Movable):
    """Something cheaper or something more, for a time. Whether it runs now follows from the status and the dates; no job moves it."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Active"
        SUSPENDED = "suspended", "Suspended"

    class Discount(models.TextChoices):
        PERCENT = "percent", "Per cent off"
        AMOUNT = "amount", "Amount off"
        FIXED_PRICE = "fixed_price", "Fixed price for one unit"
        GIFT = "gift", "A gift"

    MOVES = {
        "activate": Move(frozenset({Status.DRAFT, Status.SUSPENDED}), Status.ACTIVE),
        "suspend": Move(frozenset({Status.ACTIVE}), Status.SUSPENDED),
    }

    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    code = models.CharField(max_length=40, unique=True, error_messages={"unique": "There is a promotion with this code already."})
    title = models.CharField(max_length=200)
    what_to_say = models.TextField(blank=True, help_text="Read aloud by the operator.")
    terms = models.TextField(blank=True, help_text="The small print.")
    discount = models.CharField(max_length=12, choices=Discount)
    value = models.DecimalField(**MONEY, default=Decimal("0.00"), help_text="Per cent, or money in `currency`. Empty for a gift.")
    currency = models.CharField(max_length=3, blank=True, help_text="ISO 4217; for amount and fixed_price.")
    gift = models.ForeignKey(Product, null=True, blank=True, on_delete=models.PROTECT, related_name="given_by")
    products = models.ManyToManyField(Product, blank=True, related_name="promotions", help_text="None and no category: everything.")
    categories = models.ManyToManyField(Category, blank=True, related_name="promotions", help_text="With what stands below them.")
    segment = models.JSONField(default=dict, blank=True, help_text="Whom it is for: the filters of the list of contacts. Empty: everybody.")
    least_total = models.DecimalField(**MONEY, null=True, blank=True, help_text="What the lines it applies to must come to.")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    limit_per_contact = models.PositiveIntegerField(null=True, blank=True)
    limit_in_all = models.PositiveIntegerField(null=True, blank=True)
    is_stackable = models.BooleanField(default=False, help_text="Whether it goes together with other stackable ones.")
    priority = models.SmallIntegerField(default=0, help_text="Higher is offered first and applied first.")

    objects = OpenToAll.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="promotion_status_is_known", condition=Q(status__in=["draft", "active", "suspended"])),
            models.CheckConstraint(
                name="promotion_value_fits_its_discount",
                condition=(Q(discount="percent", value__gt=0, value__lte=100) & Q(currency=""))
                | (Q(discount="amount", value__gt=0) & CURRENCY)
                | (Q(discount="fixed_price", value__gte=0) & CURRENCY)
                | Q(discount="gift", value=0, gift__isnull=False),
                violation_error_message="Per cent is 0 to 100 without a currency; an amount or a price needs a currency; a gift needs its product.",
            ),
            models.CheckConstraint(
                name="promotion_ends_after_it_starts",
                condition=Q(starts_at=None) | Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
                violation_error_message="It ends before it starts.",
            ),
        ]
        indexes = [models.Index(fields=["-priority", "code"], condition=Q(status="active"), name="promotion_offered")]

    def __str__(self) -> str:
        return f"{self.title} ({self.code})"


class PromotionUse(Row):
    """That a contact had a promotion in an order: what the limits count. Given back when the order is cancelled."""

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="uses")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="promotion_uses")
    order = models.ForeignKey("crm.Order", on_delete=models.PROTECT, related_name="uses")
    amount = models.DecimalField(**MONEY, help_text="What it took off.")
    currency = models.CharField(max_length=3)
    used_at = models.DateTimeField()
    given_back_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["promotion", "order"], name="one_use_of_a_promotion_in_an_order")]
        indexes = [models.Index(fields=["promotion", "contact"], condition=Q(given_back_at=None), name="promotion_use_counted")]

    def __str__(self) -> str:
        return f"{self.promotion_id} {self.amount}"
