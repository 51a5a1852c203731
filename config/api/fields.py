"""Serializer fields for things that standards name."""

import re
import zoneinfo
from functools import cache
from typing import Any

import phonenumbers
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers


@cache
def time_zones() -> frozenset[str]:
    """The names of the IANA database."""
    return frozenset(zoneinfo.available_timezones())


@cache
def countries() -> frozenset[str]:
    """ISO 3166-1 alpha-2 codes that have telephone numbers."""
    return frozenset(phonenumbers.SUPPORTED_REGIONS)


class TimeZoneField(serializers.CharField):
    """An IANA time zone."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "IANA name, for instance Europe/Moscow.")
        super().__init__(max_length=64, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if name and name not in time_zones():
            raise serializers.ValidationError("This is not an IANA time zone, for instance Europe/Moscow.", code="unknown_time_zone")
        return name


class CountryField(serializers.CharField):
    """A country, by ISO 3166-1 alpha-2."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "ISO 3166-1 alpha-2, for instance PH.")
        super().__init__(max_length=2, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data).upper()
        if code and code not in countries():
            raise serializers.ValidationError("This is not an ISO 3166 country code, for instance PH.", code="unknown_country")
        return code


class LanguageField(serializers.CharField):
    """A language tag of BCP 47, in its usual writing."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "BCP 47, for instance ru or en-PH.")
        super().__init__(max_length=12, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        tag = super().to_internal_value(data)
        if tag and not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?", tag):
            raise serializers.ValidationError("This is not a language tag, for instance ru or en-PH.", code="unknown_language")
        return tag


class OriginField(serializers.Serializer):
    """What something came from: `{"kind": "call", "id": …}`. As a body it is checked by `config.platform.origins.columns`."""

    kind = serializers.CharField(max_length=20, help_text="`call`.")
    id = serializers.UUIDField()


class SentWhole:
    """A part of a body that is sent whole whenever it is sent: a PATCH of what it belongs to makes none of its fields optional."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if not getattr(self.root, "partial", False):  # type: ignore[attr-defined]
            return super().run_validation(data)
        whole = type(self)(data=data, context=self.context)  # type: ignore[attr-defined]
        whole.is_valid(raise_exception=True)  # type: ignore[attr-defined]
        return whole.validated_data  # type: ignore[attr-defined]


class RowsField(serializers.ListField):
    """A list whose rows are read one by one, so that a wrong one gets its verdict and stops no other. `of` is the form of a row."""

    def __init__(self, *, of: type[serializers.Serializer], **kwargs: Any) -> None:
        kwargs.setdefault("child", serializers.JSONField(allow_null=True))
        super().__init__(**kwargs)
        self.of = of


class TextOrField(serializers.JSONField):
    """A text, or an object of the form `of`. Only for the schema: whoever reads it takes other things as well."""

    def __init__(self, *, of: type[serializers.Serializer], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.of = of


class RowsFieldSchema(OpenApiSerializerFieldExtension):
    """Without it a generated client takes anything for a row."""

    target_class = RowsField

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        field: RowsField = self.target
        limits = {"minItems": field.min_length, "maxItems": field.max_length}
        row = auto_schema.resolve_serializer(field.of, direction).ref
        return {"type": "array", "items": row, **{name: limit for name, limit in limits.items() if limit is not None}}


class TextOrFieldSchema(OpenApiSerializerFieldExtension):
    """Without it a generated client takes anything for the value."""

    target_class = TextOrField

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        return {"oneOf": [{"type": "string"}, auto_schema.resolve_serializer(self.target.of, direction).ref]}
