"""The chapter ``webhooks`` of the OpenAPI document: every type of news that is posted to other systems, with an example."""

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
    return {"id": NEWS, "type": name, "occurred_at": AT, **about, "contact": CONTACT, "data": dict(data)}


def add_webhooks(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Describe what is posted: one entry for each type, all of one shape."""
    result["components"]["schemas"]["WebhookNews"] = {
        "type": "object",
        "description": "A piece of news as it is posted. Pass over members and types that you do not know.",
        "required": ["id", "type", "occurred_at", "object_kind", "object_id", "object_version", "contact", "data"],
        "properties": {
            "id": {"type": "string", "format": "uuid", "description": "As in `webhook-id`, and in `/outbox-events/`."},
            "type": {"type": "string", "description": "What happened."},
            "occurred_at": {"type": "string", "format": "date-time"},
            "object_kind": {"type": "string", "description": "Of what it tells."},
            "object_id": {"type": "string", "format": "uuid"},
            "object_version": {
                "type": "integer",
                "description": "The version of the object after this, as in its ETag: pass over what is older than what you have. 0 where it has none.",
            },
            "contact": {"type": ["string", "null"], "format": "uuid", "description": "The contact that it speaks of."},
            "data": {
                "type": "object",
                "additionalProperties": True,
                "description": "What there is to know at once; empty once the person was erased.",
            },
        },
    }
    tells = {name: one.tells for name, one in outbox.types.items()} | {signing.TEST: TESTED}
    result["webhooks"] = {name: {"post": _operation(name, tells[name], whole)} for name, whole in examples().items()}
    return result


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
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/WebhookNews"}, "example": whole}},
        },
        "responses": {
            "2XX": {"description": "Taken."},
            "410": {"description": "No more of it: the webhook is switched off at once."},
            "429": {"description": "Later: `Retry-After` is kept, for everything that waits for you."},
        },
    }
