"""The chapter ``webhooks`` of the OpenAPI document: every type of news that is posted to other systems, with an example."""

import re
from collections.abc import Mapping
from typing import Any

from config.platform import outbox
from config.platform.webhooks import signing

AT = "2026-11-23T07:00:00Z"
NEWS, SUBJECT, CONTACT = (
    "0199a1b2-6666-7000-8000-293a4b5c6d7e",
    "0199a1b2-7777-7000-8000-293a4b5c6d7e",
    "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
)
TESTED = "An administrator posts a test; nothing happened."
MESSAGE = {"message": "If you can read this, and its signature is right, all is well."}
#: The forms that examples of texts tell.
FORMS = {
    "uuid": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
}
HEADERS = {
    "webhook-id": ("string", "Of the news: the same at every try and every replay. Tell doubles by it.", NEWS),
    "webhook-timestamp": ("string", "When this try was made, in seconds since 1970; refuse what is older than five minutes.", "1795417200"),
    "webhook-signature": (
        "string",
        "`v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64; two of them, with a blank between, while a secret is changed.",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
}


def examples() -> dict[str, dict[str, Any]]:
    """An example of each type, whole as it is posted."""
    told = {name: _whole(name, one.example) for name, one in sorted(outbox.types.items())}
    test = {**_whole(signing.TEST, MESSAGE), "object_kind": "webhook_endpoint", "object_version": 0, "contact": None}
    return told | {signing.TEST: test}


def _whole(name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    about = {"object_kind": name.partition(".")[0], "object_id": SUBJECT, "object_version": 4}
    return {"id": NEWS, "type": name, "occurred_at": AT, **about, "contact": CONTACT, "data": dict(data), "previous": None}


def add_webhooks(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Describe what is posted: an entry for each type, with a shape of its own."""
    types = outbox.types | {signing.TEST: outbox.NewsType(signing.TEST, TESTED, MESSAGE)}
    schemas = result["components"]["schemas"]
    schemas["NewsForgotten"] = {
        "type": "object",
        "maxProperties": 0,
        "description": "What `data` is once the person of whom it tells was erased.",
    }
    for name, one in sorted(types.items()):
        schemas[f"{component(name)}Data"], schemas[component(name)] = data_of(one), _news(one)
    # the keys are named as addresses are, by words with dashes; the type itself stands in each shape
    result["webhooks"] = {
        name.replace("_", "-"): {"post": _operation(name, types[name].tells, whole)} for name, whole in examples().items()
    }
    return result


def component(name: str) -> str:
    """The schema of a type: ``NewsCallEnded`` of ``call.ended``."""
    return "News" + "".join(word.capitalize() for word in name.replace(".", "_").split("_"))


def data_of(one: outbox.NewsType) -> dict[str, Any]:
    """The schema of a type's ``data``: what its example shows. A test holds what is really told against it."""
    properties = {name: _typed(value, name in one.may_be_null) for name, value in one.members.items()}
    required = [name for name in properties if name not in one.optional]
    return {"type": "object", "description": f"What `{one.name}` tells.", "required": required, "properties": properties}


def _typed(value: Any, may_be_null: bool) -> dict[str, Any]:
    """The schema of a member, from an example of it."""
    shape: dict[str, Any]
    match value:
        case bool():
            shape = {"type": "boolean"}
        case int():
            shape = {"type": "integer"}
        case float():
            shape = {"type": "number"}
        case list():
            shape = {"type": "array", "items": _typed(value[0], False)}
        case _:
            form = next((name for name, pattern in FORMS.items() if pattern.fullmatch(value)), None)
            shape = {"type": "string"} | ({"format": form} if form else {})
    return shape | {"type": [shape["type"], "null"]} if may_be_null else shape


def _news(one: outbox.NewsType) -> dict[str, Any]:
    known = {name: _typed(value, True) for name, value in one.members.items()}
    return {
        "type": "object",
        "description": f"{one.tells} Pass over members that you do not know.",
        "required": ["id", "type", "occurred_at", "object_kind", "object_id", "object_version", "contact", "data", "previous"],
        "properties": {
            "id": {"type": "string", "format": "uuid", "description": "As in `webhook-id`, and in `/outbox-events/`."},
            "type": {"type": "string", "const": one.name},
            "occurred_at": {"type": "string", "format": "date-time"},
            "object_kind": {"type": "string", "description": "Of what it tells."},
            "object_id": {"type": "string", "format": "uuid"},
            "object_version": {
                "type": "integer",
                "description": "The version of the object after this, as in its ETag: pass over what is older than what you have. 0 where it has none.",
            },
            "contact": {"type": ["string", "null"], "format": "uuid", "description": "The contact that it speaks of."},
            "data": {
                "anyOf": [{"$ref": f"#/components/schemas/{component(one.name)}Data"}, {"$ref": "#/components/schemas/NewsForgotten"}],
                "description": "What there is to know at once; empty once the person was erased.",
            },
            "previous": {
                "type": ["object", "null"],
                "description": "What members of `data` were before, of those that changed; null where nothing was, or is known.",
                "properties": known,
            },
        },
    }


def _operation(name: str, tells: str, whole: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": "webhook_" + name.replace(".", "_"),
        "summary": tells.rstrip("."),
        "description": f"{tells}\n\nPosted to each webhook that wants `{name}`. Answer with any 2xx within 30 seconds; anything else is tried again.",
        "tags": ["webhooks"],
        "security": [],
        "parameters": [
            {"name": header, "in": "header", "required": True, "schema": {"type": kind}, "description": about, "example": value}
            for header, (kind, about, value) in HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{component(name)}"}, "example": whole}},
        },
        "responses": {
            "2XX": {"description": "Taken."},
            "410": {"description": "No more of it: the webhook is switched off at once."},
            "429": {"description": "Later: `Retry-After` is kept, for everything that waits for you."},
        },
    }
