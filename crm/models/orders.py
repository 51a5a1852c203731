from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Q, Value, When

from config.platform.models import Originated, Row
from config.platform.moves import Movable, Move
from crm.models.catalogue import CURRENCY, MONEY, OpenToAll, Product
from crm.models.contacts import Contact

OPEN = ("draft", "placed", "confirmed", "in_progress")
ON_TOP = Case(When(price_includes_vat=True, then=Value(0)), default=F("vat"), output_field=models.DecimalField(**MONEY))


class Order(Movable, Originated):
    """What a contact orders. Its amounts are computed from its lines; the database refuses others (a trigger of the migration)."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PLACED = "placed", "Placed"
        CONFIRMED = "confirmed", "Confirmed"
        IN_PROGRESS = "in_progress", "In progress"
        COMPLETED = "completed", "Completed"
        CANCELLED = "cancelled", "Cancelled"
        PARTLY_RETURNED = "partly_returned", "Partly returned"
        RETURNED = "returned", "Returned"

    MOVES = {
        "alter": Move(frozenset({Status.DRAFT})),
        "place": Move(frozenset({Status.DRAFT}), Status.PLACED),
        "confirm": Move(frozenset({Status.PLACED}), Status.CONFIRMED),
        "start": Move(frozenset({Status.CONFIRMED}), Status.IN_PROGRESS),
        "complete": Move(frozenset({Status.IN_PROGRESS}), Status.COMPLETED),
        "cancel": Move(frozenset({Status.DRAFT, Status.PLACED, Status.CONFIRMED}), Status.CANCELLED),
        "amend": Move(frozenset({Status.PLACED, Status.CONFIRMED, Status.IN_PROGRESS})),
        "return": Move(frozenset({Status.COMPLETED, Status.PARTLY_RETURNED}), Status.RETURNED),
        "return_part": Move(frozenset({Status.COMPLETED, Status.PARTLY_RETURNED}), Status.PARTLY_RETURNED),
    }

    number = models.CharField(max_length=20, unique=True, editable=False, help_text="Said on the phone: O-2026-000123.")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="orders")
    phone = models.CharField(max_length=20, blank=True, help_text="Whom to ring about it, E.164.")
    status = models.CharField(max_length=16, choices=Status, default=Status.DRAFT)
    currency = models.CharField(max_length=3, help_text="ISO 4217.")
    subtotal = models.DecimalField(**MONEY, default=0, help_text="The lines before discounts.")
    discount_total = models.DecimalField(**MONEY, default=0)
    vat_total = models.DecimalField(**MONEY, default=0, help_text="All VAT, inside prices and on top.")
    vat_on_top = models.DecimalField(**MONEY, default=0, help_text="The part of the VAT that is not in the prices.")
    total = models.DecimalField(**MONEY, default=0, help_text="To be paid.")
    refunded_total = models.DecimalField(**MONEY, default=0, help_text="Given back by returns.")
    promotions = models.JSONField(default=list, editable=False, help_text="Codes that were asked for, and what became of each.")
    delivery_address = models.CharField(max_length=500, blank=True)
    delivery_date = models.DateField(null=True, blank=True)
    delivery_from = models.TimeField(null=True, blank=True)
    delivery_until = models.TimeField(null=True, blank=True)
    delivery_time_zone = models.CharField(max_length=64, blank=True, help_text="IANA name: where that date and those hours are.")
    delivery_comment = models.CharField(max_length=1000, blank=True)
    comment = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="orders_placed")
    placed_at = models.DateTimeField(null=True)
    cancel_reason = models.TextField(blank=True)
    source = models.CharField(max_length=50, blank=True, help_text="The system it came from.")
    external_id = models.CharField(max_length=100, blank=True, help_text="The id it has there.")

    objects = OpenToAll.as_manager()

    class Meta(Originated.Meta):
        constraints = [
            *Originated.Meta.constraints,
            models.CheckConstraint(name="order_currency_is_iso_4217", condition=CURRENCY),
            models.CheckConstraint(
                name="order_total_is_subtotal_less_discount_and_vat_on_top",
                condition=Q(total=F("subtotal") - F("discount_total") + F("vat_on_top")),
            ),
            models.CheckConstraint(
                name="order_amounts_are_not_negative",
                condition=Q(discount_total__gte=0, discount_total__lte=F("subtotal"), vat_on_top__gte=0, vat_total__gte=F("vat_on_top")),
            ),
            models.CheckConstraint(
                name="order_refund_is_at_most_its_total", condition=Q(refunded_total__gte=0, refunded_total__lte=F("total"))
            ),
            models.CheckConstraint(
                name="order_only_what_was_completed_is_refunded",
                condition=Q(refunded_total=0) | Q(status__in=["partly_returned", "returned"]),
            ),
            models.CheckConstraint(
                name="order_that_is_placed_says_when", condition=Q(status__in=["draft", "cancelled"]) | ~Q(placed_at=None)
            ),
            models.CheckConstraint(name="order_that_is_cancelled_says_why", condition=~Q(status="cancelled") | ~Q(cancel_reason="")),
            models.CheckConstraint(
                name="order_delivery_hours_have_a_day_and_a_zone",
                condition=(Q(delivery_date=None) | ~Q(delivery_time_zone=""))
                & (Q(delivery_from=None, delivery_until=None) | ~Q(delivery_date=None)),
                violation_error_message="A delivery date needs a time zone, and hours need a date.",
            ),
            models.CheckConstraint(
                name="order_delivery_ends_after_it_begins",
                condition=Q(delivery_from=None) | Q(delivery_until=None) | Q(delivery_until__gt=F("delivery_from")),
                violation_error_message="The delivery would end before it begins.",
            ),
            models.UniqueConstraint(
                name="order_external_id_is_one_per_source",
                fields=["external_id", "source"],
                condition=~Q(external_id=""),
                violation_error_message="An order with this external id from this source exists already.",
            ),
        ]
        indexes = [
            models.Index(fields=["contact", "-id"], name="order_of_contact"),
            models.Index(fields=["contact", "-created_at", "-id"], name="order_in_timeline"),
            models.Index(fields=["contact", "-id"], condition=Q(status__in=OPEN), name="order_open_of_contact"),
            models.Index(fields=["status", "-id"], name="order_by_status"),
            models.Index(fields=["placed_by", "-id"], condition=~Q(placed_by=None), name="order_by_who_placed"),
            models.Index(fields=["placed_at"], name="order_by_when_placed"),
            models.Index(fields=["created_at", "id"], name="order_by_age"),
            models.Index(fields=["source", "-id"], condition=~Q(source=""), name="order_by_source"),
            models.Index(fields=["origin_id", "-id"], condition=~Q(origin_id=None), name="order_by_origin"),
        ]

    @classmethod
    def moves_open_from(cls, status: str) -> list[str]:
        """``return_part`` is what a return of less than everything becomes by itself."""
        return [verb for verb in super().moves_open_from(status) if verb != "return_part"]

    @property
    def codes(self) -> list[str]:
        """The promotion codes that were asked for."""
        return [one["code"] for one in self.promotions]

    def __str__(self) -> str:
        return self.number


class OrderLine(Row):
    """One thing ordered, with its name and price as they were then."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.PROTECT, related_name="order_lines")
    sku = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=200)
    unit = models.CharField(max_length=20, blank=True)
    unit_price = models.DecimalField(**MONEY)
    price_includes_vat = models.BooleanField(default=True)
    vat_rate = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    is_delivery = models.BooleanField(default=False, help_text="The cost of bringing it: no promotion takes off it.")
    is_gift = models.BooleanField(default=False, help_text="Added by a promotion.")
    gross = models.DecimalField(**MONEY, help_text="Quantity by price.")
    discount = models.DecimalField(**MONEY)
    vat = models.DecimalField(**MONEY)
    total = models.DecimalField(**MONEY, help_text="To be paid for this line.")
    promotions = ArrayField(models.CharField(max_length=40), default=list, blank=True, help_text="Codes of those that took something off.")
    returned_quantity = models.DecimalField(max_digits=12, decimal_places=3, default=0)
    refunded = models.DecimalField(**MONEY, default=0)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(name="order_line_quantity_is_positive", condition=Q(quantity__gt=0)),
            models.CheckConstraint(name="order_line_price_is_not_negative", condition=Q(unit_price__gte=0)),
            models.CheckConstraint(name="order_line_vat_is_a_percentage", condition=Q(vat_rate__gte=0, vat_rate__lte=100, vat__gte=0)),
            models.CheckConstraint(name="order_line_discount_is_at_most_its_gross", condition=Q(discount__gte=0, discount__lte=F("gross"))),
            models.CheckConstraint(
                name="order_line_total_is_gross_less_discount_and_vat_on_top", condition=Q(total=F("gross") - F("discount") + ON_TOP)
            ),
            models.CheckConstraint(
                name="order_line_returns_are_at_most_what_was_ordered",
                condition=Q(returned_quantity__gte=0, returned_quantity__lte=F("quantity"), refunded__gte=0, refunded__lte=F("total")),
                violation_error_message="More would be returned than was ordered.",
            ),
        ]
        indexes = [models.Index(fields=["product", "order"], condition=~Q(product=None), name="order_line_of_product")]

    def __str__(self) -> str:
        return f"{self.name} × {self.quantity.normalize():f}"


class OrderAmendment(Row):
    """That an order was changed after it was placed: what, why, by whom, and what it came to before and after."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="amendments")
    reason = models.TextField()
    changes = models.JSONField(help_text='{"lines": [before, after], "delivery": ["address", …]}')
    total_before = models.DecimalField(**MONEY)
    total_after = models.DecimalField(**MONEY)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(name="order_amendment_says_why", condition=~Q(reason=""))]

    def __str__(self) -> str:
        return f"{self.total_before} → {self.total_after}"


class OrderReturn(Row):
    """That things came back, and what was given back for them."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="returns")
    reason = models.TextField()
    refund = models.DecimalField(**MONEY)
    vat = models.DecimalField(**MONEY, help_text="The VAT in the refund.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="order_return_says_why", condition=~Q(reason="")),
            models.CheckConstraint(name="order_return_is_not_negative", condition=Q(refund__gte=0, vat__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.refund}"


class OrderReturnLine(Row):
    """How much of a line came back, and what was given back for it."""

    order_return = models.ForeignKey(OrderReturn, on_delete=models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="returns")
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    refund = models.DecimalField(**MONEY)
    vat = models.DecimalField(**MONEY)

    class Meta:
        constraints = [
            models.CheckConstraint(name="order_return_line_quantity_is_positive", condition=Q(quantity__gt=0)),
            models.CheckConstraint(name="order_return_line_is_not_negative", condition=Q(refund__gte=0, vat__gte=0)),
            models.UniqueConstraint(fields=["order_return", "line"], name="order_return_names_a_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity.normalize():f}"
