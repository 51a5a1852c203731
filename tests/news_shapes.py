"""Whatever is told in any test has the shape that its type declares."""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from jsonschema import Draft202012Validator, FormatChecker

from config.api.webhook_catalogue import data_of
from config.platform import outbox

FORMS = FormatChecker(["uuid", "date-time", "date"])


@lru_cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(data_of(outbox.types[name]) | {"additionalProperties": False}, format_checker=FORMS)


def faults(name: str, data: Mapping[str, Any]) -> Iterator[str]:
    """In what ``data`` is not as declared: members, their JSON types, and the forms of texts."""
    told = json.loads(json.dumps(data, cls=DjangoJSONEncoder))
    return (f"{name}: {error.json_path}: {error.message[:300]}" for error in _validator(name).iter_errors(told))


def check(name: str, data: Mapping[str, Any], previous: Mapping[str, Any] | None) -> None:
    """As an assertion. What was before is among the members of ``data``."""
    if name in outbox.types and not name.startswith("test."):
        assert list(faults(name, data)) == []
        assert (previous or {}).keys() <= data.keys()
