"""/contacts/{id}/offers/ over HTTP."""

from django.utils import timezone
from rest_framework import serializers
from rest_framework.response import Response

from config.api.viewsets import ApiViewSet, example, operation
from crm.api.contact_ids import meant
from crm.api.promotions import ID, PROMOTION, READ
from crm.models import Contact, Product, Promotion
from crm.offers import MOST_PRODUCTS, for_contact


class OfferedProductSerializer(serializers.Serializer):
    id = serializers.UUIDField(source="product.id")
    sku = serializers.CharField(source="product.sku")
    name = serializers.CharField(source="product.name")
    price = serializers.DecimalField(source="product.price", max_digits=14, decimal_places=2)
    price_now = serializers.DecimalField(
        max_digits=14, decimal_places=2, allow_null=True, help_text="With the promotion; null when no single price changes."
    )
    currency = serializers.CharField(source="product.currency")


class GiftSerializer(serializers.ModelSerializer):
    class Meta:
        model = Product
        fields = ["id", "sku", "name"]


class OfferSerializer(serializers.Serializer):
    promotion = serializers.UUIDField(source="promotion.id")
    code = serializers.CharField(source="promotion.code")
    title = serializers.CharField(source="promotion.title")
    what_to_say = serializers.CharField(source="promotion.what_to_say")
    terms = serializers.CharField(source="promotion.terms")
    discount = serializers.ChoiceField(source="promotion.discount", choices=Promotion.Discount.choices)
    value = serializers.DecimalField(source="promotion.value", max_digits=14, decimal_places=2)
    currency = serializers.CharField(source="promotion.currency")
    gift = GiftSerializer(source="promotion.gift", allow_null=True)
    least_total = serializers.DecimalField(source="promotion.least_total", max_digits=14, decimal_places=2, allow_null=True)
    ends_at = serializers.DateTimeField(source="promotion.ends_at", allow_null=True)
    is_stackable = serializers.BooleanField(source="promotion.is_stackable")
    left_for_contact = serializers.IntegerField(allow_null=True, help_text="How often this contact may still have it; null: no limit.")
    fits = serializers.BooleanField(help_text="It is for something like what the contact bought.")
    products = OfferedProductSerializer(many=True, help_text=f"Some of the products it is for, {MOST_PRODUCTS} at most.")
    categories = serializers.ListField(child=serializers.CharField(), help_text="Shelves it is for, with those below them.")


class WhyNotSerializer(serializers.Serializer):
    code = serializers.CharField(
        help_text="not_active, not_yet, over, used_up, contact_had_it, not_for_this_contact, gift_inactive; later codes may be added."
    )
    detail = serializers.CharField(help_text="For the operator.")
    next_at = serializers.DateTimeField(allow_null=True, help_text="When it may be different, if that is known.")


class RefusedOfferSerializer(serializers.Serializer):
    promotion = serializers.UUIDField(source="promotion.id")
    code = serializers.CharField(source="promotion.code")
    title = serializers.CharField(source="promotion.title")
    reasons = WhyNotSerializer(many=True)


@example(
    {
        "contact": ID,
        "offers": [
            {
                "promotion": ID,
                **{name: PROMOTION[name] for name in ("code", "title", "what_to_say", "terms", "discount", "value", "currency", "gift")},
                "least_total": None,
                "ends_at": "2026-11-30T21:00:00Z",
                "is_stackable": False,
                "left_for_contact": 1,
                "fits": True,
                "products": [
                    {"id": ID, "sku": "KT-17", "name": "Kettle, 1.7 litres", "price": "49.90", "price_now": "44.91", "currency": "EUR"}
                ],
                "categories": ["Kettles"],
            }
        ],
        "not_offered": [
            {
                "promotion": ID,
                "code": "WELCOME",
                "title": "A gift for the first order",
                "reasons": [
                    {"code": "contact_had_it", "detail": "This contact has had it once, as often as it may be had.", "next_at": None}
                ],
            }
        ],
    },
    request=False,
)
class ContactOffersSerializer(serializers.Serializer):
    contact = serializers.UUIDField(source="contact.id")
    offers = OfferSerializer(source="offered", many=True, help_text="Best first.")
    not_offered = RefusedOfferSerializer(source="refused", many=True, help_text="The rest, and why not.")


class OfferViewSet(ApiViewSet):
    """What can be offered."""

    resource = "contacts"
    queryset = Contact.objects.all()
    serializer_class = ContactOffersSerializer
    permits = {"offers": READ}

    @operation(answer=ContactOffersSerializer, method="get", filters=False)
    def offers(self, request, pk) -> Response:
        """What can I offer this contact now

        Promotions that the contact can have, best first: the higher priority, then what fits what was bought, then what ends
        soonest. Each with what to say. The rest come with the reasons why not.
        """
        return Response(ContactOffersSerializer(for_contact(meant(self.get_object()), now=timezone.now())).data)
