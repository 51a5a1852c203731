"""One request of a phone system as it came, before anybody trusts or understands it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from config.platform.errors import Refusal

DEEPEST = 40
MOST_FIELDS = 1_000
MOST_ITEMS = 50_000
HUGE = 10**18


class DeliveryUnreadable(Refusal):
    """The body is neither JSON nor a form. Nothing was stored."""

    code = "delivery_unreadable"
    status = 400
    advice = "Make the phone system send JSON or a form with a matching `Content-Type`. Compare what it sends with the page of its adapter."


@dataclass(frozen=True)
class Delivery:
    """Bytes, headers (names in lower case) and address, just as they came: signatures are made over these."""

    body: bytes
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    query: str = ""
    method: str = "POST"
    address: str = ""

    def header(self, name: str) -> str:
        """A header's value; empty when it was not sent."""
        return self.headers.get(name.lower(), "")

    @property
    def is_form(self) -> bool:
        """Whether the body says that it is a form."""
        return self.content_type.split(";")[0].strip().lower() == "application/x-www-form-urlencoded"

    def pairs(self) -> list[tuple[str, str]]:
        """The fields of a form, in their order, as often as they stand there.

        Raises:
            DeliveryUnreadable
        """
        return _pairs(self.body.decode("utf-8", "replace"))

    def query_pairs(self) -> list[tuple[str, str]]:
        """The fields of the query.

        Raises:
            DeliveryUnreadable
        """
        return _pairs(self.query)

    def value(self) -> Any:
        """The body as a value that can be stored: a form is an object of texts, the last of equal names counts.

        What says nothing of its kind is tried as JSON, then as a form. An empty body is what the query says.

        Raises:
            DeliveryUnreadable
        """
        if not self.body.strip():
            return storable(dict(self.query_pairs()))
        if self.is_form:
            return storable(dict(self.pairs()))
        try:
            return storable(json.loads(self.body.decode("utf-8-sig", "replace"), parse_constant=_nothing))
        except ValueError:
            if "json" in self.content_type or b"=" not in self.body[:200]:
                raise DeliveryUnreadable("The body is not JSON.") from None
            return storable(dict(self.pairs()))
        except RecursionError:
            raise DeliveryUnreadable(f"The body is nested deeper than {DEEPEST} levels.") from None


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="replace")
    except ValueError:
        raise DeliveryUnreadable(f"The form has more than {MOST_FIELDS} fields.") from None


def _nothing(_constant: str) -> None:
    """NaN and Infinity are no values; phone systems mean that they do not know."""
    return


def storable(value: Any) -> Any:
    """The same value as PostgreSQL can keep it: NUL and half letters become U+FFFD, huge numbers become text.

    Raises:
        DeliveryUnreadable: it is nested too deeply or has too many members.
    """
    left = [MOST_ITEMS]

    def clean(one: Any, depth: int) -> Any:
        left[0] -= 1
        if depth > DEEPEST or left[0] < 0:
            raise DeliveryUnreadable(f"The body is nested deeper than {DEEPEST} levels or has more than {MOST_ITEMS} members.")
        if isinstance(one, str):
            return one.replace("\0", "\ufffd").encode("utf-8", "replace").decode() if not one.isprintable() else one
        if isinstance(one, dict):
            return {clean(str(name), depth + 1): clean(inner, depth + 1) for name, inner in one.items()}
        if isinstance(one, list):
            return [clean(inner, depth + 1) for inner in one]
        if isinstance(one, int) and not isinstance(one, bool) and abs(one) > HUGE:
            return str(one) if abs(one) < 10**300 else None
        if isinstance(one, float) and (one != one or one in (float("inf"), float("-inf"))):
            return None
        return one

    return clean(value, 0)
