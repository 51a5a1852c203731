"""/categories/ and /products/ over HTTP."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.response import Response

from config.api.catalogue import CatalogueViewSet
from config.api.catalogue import catalogue as described
from config.api.fields import RowsField
from config.api.filters import FilterSet
from config.api.pages import SUBLIST_PARAMETERS
from config.api.permissions import allow
from config.api.problems import told
from config.api.viewsets import ReadViewSet, example, operation
from config.platform import upkeep
from config.platform.models import LEADERS, PEOPLE, Role, Scope
from config.platform.moves import VersionConflict
from crm import catalogue
from crm.models import Category, Product, ProductPrice
from crm.pricing import CurrencyNotKept, CurrencyUnknown
from crm.searching import SearchTooShort

READ = allow(*PEOPLE, scope=Scope.CATALOGUE_READ)
WRITE = allow(*LEADERS, scope=Scope.CATALOGUE_WRITE)
ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
SHELF = "0199a1b2-8888-7000-8000-293a4b5c6d7e"
CATEGORY = {"code": "kettles", "name": "Kettles", "parent": None, "is_active": True}
PRODUCT = {
    "sku": "KT-17",
    "name": "Kettle, 1.7 litres",
    "kind": "goods",
    "category": SHELF,
    "unit": "pcs",
    "price": "49.90",
    "currency": "EUR",
    "vat_rate": "19.00",
    "price_includes_vat": True,
    "description_for_agent": "Switches itself off; the lid comes off for cleaning.",
    "is_active": True,
    "source": "shop",
    "external_id": "10017",
}
SHOWN = {"id": ID, **PRODUCT, "created_at": "2026-11-23T07:00:00Z", "updated_at": "2026-11-23T07:00:00Z", "version": 1}
WRONG_PRICE = [CurrencyUnknown, CurrencyNotKept, catalogue.PriceTooFine]
PRICE_MOST = Decimal("999999999999.99")


@example({"id": SHELF, **CATEGORY})
class CategorySerializer(serializers.ModelSerializer):
    class Meta:
        model = Category
        fields = ["id", "code", "name", "parent", "is_active"]
        read_only_fields = fields


@example(CATEGORY)
class CategoryBody(serializers.ModelSerializer):
    class Meta:
        model = Category
        fields = ["code", "name", "parent", "is_active"]


class CategoryFilter(FilterSet):
    code = filters.CharFilter()
    parent = filters.UUIDFilter(field_name="parent_id")
    is_active = filters.BooleanFilter()

    class Meta:
        model = Category
        fields = ["code", "is_active"]


@described(one="category", many="categories", about="The shelves of the catalogue: a tree.")
class CategoryViewSet(CatalogueViewSet):
    """Categories of products."""

    resource = "categories"
    queryset = Category.objects.all()
    serializer_class = CategorySerializer
    body_class = CategoryBody
    filterset_class = CategoryFilter
    ordering_fields = ("code", "name")
    permits = {"list": READ, "retrieve": READ, "create": WRITE, "partial_update": WRITE, "destroy": allow(Role.ADMIN)}


@example(SHOWN, request=False)
class ProductSerializer(serializers.ModelSerializer):
    class Meta:
        model = Product
        fields = [
            "id", "sku", "name", "kind", "category", "unit", "price", "currency", "vat_rate", "price_includes_vat",
            "description_for_agent", "is_active", "source", "external_id", "created_at", "updated_at", "version",
        ]  # fmt: skip
        read_only_fields = fields


@example(PRODUCT)
class ProductBody(serializers.ModelSerializer):
    currency = serializers.RegexField(r"^[A-Z]{3}\Z", help_text="ISO 4217.")
    price = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=Decimal(0), help_text="For one unit.")
    vat_rate = serializers.DecimalField(max_digits=5, decimal_places=2, min_value=Decimal(0), max_value=Decimal(100), required=False)

    class Meta:
        model = Product
        fields = [
            "sku", "name", "kind", "category", "unit", "price", "currency", "vat_rate", "price_includes_vat", "description_for_agent",
            "is_active", "source", "external_id",
        ]  # fmt: skip
        validators: list[object] = []  # the table's own constraints answer


class ProductPutBody(ProductBody):
    """As it comes in bulk: an SKU that is known is no fault."""

    sku = serializers.CharField(max_length=64, required=False)


@example({"products": [PRODUCT]})
class ProductsBody(serializers.Serializer):
    products = RowsField(
        of=ProductPutBody, child=serializers.JSONField(), min_length=1, max_length=500, help_text="As in `POST /products/`."
    )


class ProductVerdictSerializer(serializers.Serializer):
    index = serializers.IntegerField(help_text="Its place in the request, from 0.")
    verdict = serializers.ChoiceField(choices=["created", "updated", "unchanged", "invalid"])
    product = ProductSerializer(allow_null=True)
    problem = serializers.DictField(allow_null=True, help_text="The problem that a single request would have got.")


@example({"results": [{"index": 0, "verdict": "created", "product": SHOWN, "problem": None}]}, request=False)
class ProductVerdictsSerializer(serializers.Serializer):
    results = ProductVerdictSerializer(many=True)


@example(
    {
        "id": ID,
        "price": "44.90",
        "currency": "EUR",
        "vat_rate": "19.00",
        "price_includes_vat": True,
        "valid_from": "2026-01-01T00:00:00Z",
        "valid_until": "2026-11-01T00:00:00Z",
        "by": None,
    },
    request=False,
)
class ProductPriceSerializer(serializers.ModelSerializer):
    class Meta:
        model = ProductPrice
        fields = ["id", "price", "currency", "vat_rate", "price_includes_vat", "valid_from", "valid_until", "by"]
        read_only_fields = fields


class ProductFilter(FilterSet):
    category = filters.UUIDFilter(method="on_shelf", help_text="This category and all below it.")
    kind = filters.ChoiceFilter(choices=Product.Kind.choices)
    is_active = filters.BooleanFilter()
    sku = filters.CharFilter()
    currency = filters.CharFilter()
    min_price = filters.NumberFilter(field_name="price", lookup_expr="gte", max_value=PRICE_MOST, min_value=0)
    max_price = filters.NumberFilter(field_name="price", lookup_expr="lte", max_value=PRICE_MOST, min_value=0)
    source = filters.CharFilter()
    external_id = filters.CharFilter(help_text="Together with `source`.")
    updated_after = filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")

    class Meta:
        model = Product
        fields = ["kind", "is_active"]

    def on_shelf(self, queryset, name, value):
        return queryset.filter(category__in=catalogue.below(value))


class ProductViewSet(ReadViewSet):
    """Goods and services."""

    resource = "products"
    queryset = Product.objects.all()
    serializer_class = ProductSerializer
    filterset_class = ProductFilter
    ordering_fields = ("name", "price", "updated_at")
    parameters = {"list": frozenset({"search"}), "prices": SUBLIST_PARAMETERS}
    permits = {
        "list": READ, "retrieve": READ, "prices": READ, "create": WRITE, "bulk": WRITE, "partial_update": WRITE,
        "destroy": allow(Role.ADMIN),
    }  # fmt: skip

    @operation(
        answer=ProductSerializer(many=True),
        method="get",
        refusals=[SearchTooShort],
        parameters=[
            OpenApiParameter(
                "search",
                str,
                description="The beginning of an SKU, or words of a name, mistyped too. Best first, the best "
                f"{catalogue.MOST_FOUND} at most; `ordering` and `count` do not apply.",
            )
        ],
    )
    def list(self, request) -> Response:
        """Products and services

        Newest first. With `search`, the best fitting first.
        """
        text = request.query_params.get("search", "").strip()
        return self.respond_ranked(catalogue.find(text)) if text else super().list(request)

    @operation(answer=ProductSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One product

        With its price now; `prices` has those that were.
        """
        return super().retrieve(request, pk)

    @operation(body=ProductBody, answer=ProductSerializer, status=201, refusals=WRONG_PRICE)
    def create(self, request) -> Response:
        """Add a product

        Goods or a service. Its price begins now.
        """
        return self.respond(catalogue.add(**self.read(ProductBody), **self.by), 201, location=True)

    @operation(body=ProductBody(partial=True), answer=ProductSerializer, refusals=[VersionConflict, *WRONG_PRICE])
    def partial_update(self, request, pk) -> Response:
        """Change a product

        Only what you send is changed. A change of price, currency or VAT ends the present price and begins the next; orders
        keep the price they were placed at.
        """
        row = self.get_object()
        body = ProductBody(row, data=request.data, partial=True, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return self.respond(catalogue.alter(row.pk, **body.validated_data, if_version=self.if_version, **self.by))

    @operation(status=204, refusals=[VersionConflict])
    def destroy(self, request, pk) -> Response:
        """Remove a product

        Only one that nobody ordered (409 `still_in_use` otherwise): make it inactive instead.
        """
        upkeep.remove(Product, self.get_object().pk, if_version=self.if_version, **self.by)
        return Response(status=204)

    @operation(body=ProductsBody, answer=ProductVerdictsSerializer, detail=False)
    def bulk(self, request) -> Response:
        """Add or change many products

        Up to 500, found by `sku`, or by `source` and `external_id`; each with a verdict of its own. What is the same already is
        `unchanged`, so the same list may be sent every night.
        """
        items = self.read(ProductsBody)["products"]
        results = [self.one_of_many(index, item) for index, item in enumerate(items)]
        shown = {UUID(row["id"]): row for row in self.show_ids([one["product"] for one in results if one["product"]])}
        return Response({"results": [one | {"product": shown.get(one["product"])} for one in results]})

    def one_of_many(self, index: int, item: Any) -> dict[str, Any]:
        """The verdict of one item of a bulk request."""
        try:
            body = ProductPutBody(data=item)
            body.fields["sku"].validators = []
            body.is_valid(raise_exception=True)
            said = {name: value for name, value in body.validated_data.items() if name in item}
            product, is_new, is_changed = catalogue.put(**said, **self.by)
        except Exception as error:
            problem = told(error)
            return {"index": index, "verdict": "invalid", "product": None, "problem": problem}
        verdict = "created" if is_new else "updated" if is_changed else "unchanged"
        return {"index": index, "verdict": verdict, "product": product.pk, "problem": None}

    @operation(answer=ProductPriceSerializer(many=True), method="get", filters=False)
    def prices(self, request, pk) -> Response:
        """What it cost, and when

        Newest first; each price ends at the moment the next begins.
        """
        page = self.paginate_queryset(ProductPrice.objects.filter(product=self.get_object()))
        return self.get_paginated_response(ProductPriceSerializer(page, many=True).data)
