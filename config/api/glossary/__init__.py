"""What properties of the OpenAPI document mean where no serializer or model says it: by their name, or by their schema and name.

What a field says of itself comes first. Each module here is a part of the vocabulary; a property stands in one of them only.
"""

import re
from typing import Any

from config.api.glossary import campaigns, complaints, daily, line, news, people, platform
from config.api.glossary.everywhere import EVERYWHERE

PARTS = (daily, line, people, complaints, campaigns, platform, news)
#: Schema without the words of bodies (`CallBodyRequest` is `Call`), and property.
OF: dict[str, dict[str, str]] = {}
for _part in PARTS:
    for _family, _words in _part.OF.items():
        OF[_family] = OF.get(_family, {}) | _words
PAGE = "The rows of this page."
#: Schemas that show the same as another.
ALIKE = {
    "Collect": "Contact",
    "ContactInHand": "Contact",
    "Events": "Event",
    "MeAsAgent": "Agent",
    "NewWebhookEndpoint": "WebhookEndpoint",
    "WholeWebhookDelivery": "WebhookDelivery",
}


def describe_properties(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Say of properties without a word of their own what they mean. Sets of choices are explained where they stand."""
    for name, schema in result["components"]["schemas"].items():
        for key, one in (schema.get("properties") or {}).items():
            if not one.get("description") and not is_reference(one) and (text := meaning_of(name, key, one)):
                one["description"] = text
    return result


def family_of(name: str) -> str:
    """The name of a schema without what tells a body from an answer; of news the kind."""
    return news.family_of(name) or re.sub(r"(Change|Put)?Body(Request)?$|Request$", "", name.removeprefix("Patched"))


def is_reference(one: dict[str, Any]) -> bool:
    """Whether the property is another schema, which is described itself."""
    return "$ref" in one or any("$ref" in form for word in ("allOf", "oneOf", "anyOf") for form in one.get(word, ()))


def meaning_of(schema: str, key: str, one: dict[str, Any]) -> str:
    """What a property means, or nothing when its name has to do. What null means is said only where it may be null."""
    family = family_of(schema)
    own = OF.get(ALIKE.get(family, family), {}).get(key)
    page = PAGE if key == "results" and family.startswith("Paginated") else None
    text = own or page or EVERYWHERE.get((key, one.get("format", ""))) or EVERYWHERE.get((key, "")) or ""
    return text if "null" in one.get("type", ()) else text.partition(" Null:")[0]
