"""The forms in which orders come in and go out."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.api.fields import OriginField, TimeZoneField
from config.api.viewsets import example
from crm.api.contact_ids import ContactField
from crm.basket import MOST_LINES
from crm.models import Order, OrderAmendment, OrderLine, OrderReturn, OrderReturnLine

MONEY: dict[str, Any] = {"max_digits": 14, "decimal_places": 2}
ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
LINE = {
    "id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d80",
    "product": "0199a1b2-c3d4-75f6-8718-293a4b5c6d81",
    "sku": "KETTLE-17",
    "name": "Kettle 1.7 l",
    "unit": "pcs",
    "quantity": "2.000",
    "unit_price": "49.90",
    "price_includes_vat": True,
    "vat_rate": "20.00",
    "is_delivery": False,
    "is_gift": False,
    "gross": "99.80",
    "discount": "9.98",
    "vat": "14.97",
    "total": "89.82",
    "promotions": ["AUTUMN"],
    "returned_quantity": "0.000",
    "refunded": "0.00",
}
TOLD = {"code": "AUTUMN", "title": "Ten off in autumn", "is_applied": True, "amount": "9.98", "reasons": []}
TOTALS = {"currency": "EUR", "subtotal": "99.80", "discount_total": "9.98", "vat_total": "14.97", "vat_on_top": "0.00", "total": "89.82"}
DELIVERY = {
    "address": "ул. Лесная 5, Москва",
    "date": "2026-11-25",
    "from": "10:00",
    "until": "14:00",
    "time_zone": "Europe/Moscow",
    "comment": "Ring first: two dogs.",
}
SHOWN = {
    "id": ID,
    "number": "O-2026-000123",
    "status": "placed",
    "open_moves": ["amend", "cancel", "confirm"],
    "contact": "0199a1b2-c3d4-75f6-8718-293a4b5c6d82",
    "contact_name": "Фёдорова Алёна Сергеевна",
    "phone": "+74951234567",
    **TOTALS,
    "refunded_total": "0.00",
    "lines": [LINE],
    "promotions": [TOLD],
    "delivery": DELIVERY,
    "comment": "",
    "origin": {"kind": "call", "id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d83"},
    "created_by": "0199a1b2-c3d4-75f6-8718-293a4b5c6d84",
    "placed_by": "0199a1b2-c3d4-75f6-8718-293a4b5c6d84",
    "placed_at": "2026-11-23T07:15:00Z",
    "cancel_reason": "",
    "source": "",
    "external_id": "",
    "amendments": [],
    "returns": [],
    "created_at": "2026-11-23T07:15:00Z",
    "updated_at": "2026-11-23T07:15:00Z",
    "version": 2,
}
WANTED = [{"sku": "KETTLE-17", "quantity": "2"}, {"name": "Courier", "unit_price": "5.00", "vat_rate": "20.00", "is_delivery": True}]


class ReasonSerializer(serializers.Serializer):
    code = serializers.CharField(help_text="Stable.")
    detail = serializers.CharField()


class PromotionToldSerializer(serializers.Serializer):
    """What became of a promotion that was asked for."""

    code = serializers.CharField()
    title = serializers.CharField()
    is_applied = serializers.BooleanField()
    amount = serializers.DecimalField(**MONEY, help_text="What it takes off.")
    reasons = ReasonSerializer(
        many=True, help_text="Why it takes nothing off. `better_one_chosen` does not hinder placing; any other does."
    )


class OrderLineSerializer(serializers.ModelSerializer):
    product = serializers.UUIDField(source="product_id", allow_null=True, help_text="Null for a line without a product.")
    promotions = serializers.ListField(child=serializers.CharField(), help_text="Codes of those that took something off this line.")

    class Meta:
        model = OrderLine
        fields = [
            "id", "product", "sku", "name", "unit", "quantity", "unit_price", "price_includes_vat", "vat_rate", "is_delivery", "is_gift",
            "gross", "discount", "vat", "total", "promotions", "returned_quantity", "refunded",
        ]  # fmt: skip
        read_only_fields = fields


class AmendmentSerializer(serializers.ModelSerializer):
    by = serializers.UUIDField(source="by_id", allow_null=True)
    changes = serializers.DictField(help_text="`lines` and `promotions`: before and after; `fields`: the names of the others.")

    class Meta:
        model = OrderAmendment
        fields = ["id", "reason", "changes", "total_before", "total_after", "by", "at"]
        read_only_fields = fields


class ReturnedLineSerializer(serializers.ModelSerializer):
    line = serializers.UUIDField(source="line_id")

    class Meta:
        model = OrderReturnLine
        fields = ["line", "quantity", "refund", "vat"]
        read_only_fields = fields


class ReturnSerializer(serializers.ModelSerializer):
    by = serializers.UUIDField(source="by_id", allow_null=True)
    lines = ReturnedLineSerializer(many=True)

    class Meta:
        model = OrderReturn
        fields = ["id", "reason", "refund", "vat", "lines", "by", "at"]
        read_only_fields = fields


@extend_schema_field({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "example": "10:00"})
class ClockField(serializers.TimeField):
    """What the clock on the wall shows, without a zone: 10:00."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%H:%M", input_formats=["%H:%M", "%H:%M:%S"], **kwargs)


class DeliveryField(serializers.Serializer):
    """Where and when. The hours are on the clock of `time_zone`; without one a day is in the contact's zone."""

    address = serializers.CharField(max_length=500, required=False, allow_blank=True)
    date = serializers.DateField(required=False, allow_null=True)
    until = ClockField(required=False, allow_null=True)
    time_zone = TimeZoneField(required=False, allow_blank=True)
    comment = serializers.CharField(max_length=1000, required=False, allow_blank=True)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": ClockField(required=False, allow_null=True)}  # `from` is a word of Python


class DeliverySerializer(serializers.Serializer):
    address = serializers.CharField(source="delivery_address", allow_blank=True)
    date = serializers.DateField(source="delivery_date", allow_null=True)
    until = ClockField(source="delivery_until", allow_null=True)
    time_zone = serializers.CharField(source="delivery_time_zone", allow_blank=True)
    comment = serializers.CharField(source="delivery_comment", allow_blank=True)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": ClockField(source="delivery_from", allow_null=True)}


@example(SHOWN, name="A placed order", request=False)
class OrderSerializer(serializers.ModelSerializer):
    open_moves = serializers.ListField(child=serializers.CharField(), help_text="The verbs that it would accept now.")
    contact = serializers.UUIDField(source="contact_id")
    contact_name = serializers.StringRelatedField(source="contact")
    lines = OrderLineSerializer(many=True)
    promotions = PromotionToldSerializer(many=True, help_text="Those asked for.")
    delivery = DeliverySerializer(source="*")
    origin = OriginField(allow_null=True)
    created_by = serializers.UUIDField(source="created_by_id", allow_null=True)
    placed_by = serializers.UUIDField(source="placed_by_id", allow_null=True)
    amendments = AmendmentSerializer(many=True)
    returns = ReturnSerializer(many=True)

    class Meta:
        model = Order
        fields = list(SHOWN)
        read_only_fields = fields


@example({**TOTALS, "lines": [LINE], "promotions": [TOLD]}, request=False)
class QuoteSerializer(serializers.Serializer):
    currency = serializers.CharField()
    subtotal = serializers.DecimalField(**MONEY)
    discount_total = serializers.DecimalField(**MONEY)
    vat_total = serializers.DecimalField(**MONEY)
    vat_on_top = serializers.DecimalField(**MONEY)
    total = serializers.DecimalField(**MONEY)
    lines = OrderLineSerializer(many=True)
    promotions = PromotionToldSerializer(many=True)


class LineBody(serializers.Serializer):
    """Exactly one of `id`, `product`, `sku`, or `name` with `unit_price`."""

    id = serializers.UUIDField(required=False, help_text="A line that is there: it stays at the price of then.")
    product = serializers.UUIDField(required=False)
    sku = serializers.CharField(max_length=64, required=False)
    name = serializers.CharField(max_length=200, required=False, help_text="For what is not in the catalogue.")
    quantity = serializers.DecimalField(max_digits=12, decimal_places=3, min_value=0, required=False, help_text="1 unless you say.")
    unit = serializers.CharField(max_length=20, required=False, allow_blank=True)
    unit_price = serializers.DecimalField(**MONEY, min_value=0, required=False)
    price_includes_vat = serializers.BooleanField(required=False)
    vat_rate = serializers.DecimalField(max_digits=5, decimal_places=2, min_value=0, max_value=100, required=False)
    is_delivery = serializers.BooleanField(required=False, help_text="The cost of bringing it: no promotion takes off it.")

    def validate_quantity(self, value: Any) -> Any:
        if value <= 0:
            raise serializers.ValidationError("More than nothing, please.", code="min_value")
        return value


class BasketFields(serializers.Serializer):
    lines = LineBody(many=True, max_length=MOST_LINES)
    promotions = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=20, help_text="Codes.")
    currency = serializers.RegexField(r"^[A-Z]{3}$", required=False, help_text="ISO 4217. Needed only when no line names a product.")


@example({"contact": SHOWN["contact"], "lines": WANTED, "promotions": ["AUTUMN"]})
class QuoteBody(BasketFields):
    contact = ContactField(help_text="Limits and segments of promotions are theirs.")


@example(
    {
        "contact": SHOWN["contact"],
        "lines": WANTED,
        "promotions": ["AUTUMN"],
        "phone": "8 (495) 123-45-67",
        "delivery": DELIVERY,
        "origin": SHOWN["origin"],
        "place": True,
    },
    name="An order taken on a call",
)
class OrderBody(QuoteBody):
    phone = serializers.CharField(max_length=200, required=False, allow_blank=True, help_text="Whom to ring about it, as people write it.")
    delivery = DeliveryField(required=False)
    comment = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    origin = OriginField(required=False, allow_null=True, help_text="The call it was taken on.")
    source = serializers.CharField(max_length=50, required=False, allow_blank=True)
    external_id = serializers.CharField(max_length=100, required=False, allow_blank=True)
    place = serializers.BooleanField(source="at_once", default=False, help_text="Place it at once, or do not write it at all.")


@example({"lines": [{"id": LINE["id"], "quantity": "3"}, {"sku": "MUG-1"}], "promotions": []})
class OrderChangeBody(OrderBody):
    """What may be changed of a draft. ``origin`` and ``place`` belong to its making."""

    def get_fields(self) -> dict[str, Any]:
        return {name: field for name, field in super().get_fields().items() if name not in ("origin", "place")}


@example({"accept_prices": False})
class PlaceBody(serializers.Serializer):
    accept_prices = serializers.BooleanField(default=False, help_text="Place it although it comes to something else than the draft says.")


@example({"reason": "The caller changed their mind."})
class CancelBody(serializers.Serializer):
    reason = serializers.CharField(max_length=1000)


@example({"reason": "One more, says the caller.", "lines": [{"id": LINE["id"], "quantity": "3"}]})
class AmendBody(serializers.Serializer):
    reason = serializers.CharField(max_length=1000)
    lines = LineBody(many=True, max_length=MOST_LINES, required=False, help_text="The whole list; those with an `id` keep their price.")
    promotions = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=20)
    phone = serializers.CharField(max_length=200, required=False, allow_blank=True)
    delivery = DeliveryField(required=False)
    comment = serializers.CharField(max_length=10_000, required=False, allow_blank=True)


class ReturnedLineBody(serializers.Serializer):
    id = serializers.UUIDField(help_text="Of the line.")
    quantity = serializers.DecimalField(max_digits=12, decimal_places=3, min_value=0)

    def validate_quantity(self, value: Any) -> Any:
        if value <= 0:
            raise serializers.ValidationError("More than nothing, please.", code="min_value")
        return value


@example({"reason": "The lid does not close.", "lines": [{"id": LINE["id"], "quantity": "1"}]})
class ReturnBody(serializers.Serializer):
    reason = serializers.CharField(max_length=1000)
    lines = ReturnedLineBody(
        many=True, required=False, min_length=1, max_length=MOST_LINES, help_text="Left out: all that is not back yet."
    )
