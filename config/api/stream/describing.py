"""What the OpenAPI document says of the events of the stream: every kind that an app declared, with its example."""

import json
from collections.abc import Mapping
from typing import Any

from config.api.stream import wire
from config.platform import feed

AT = "2026-11-23T07:00:00Z"
EXAMPLE_PLACE = "Abr9og4C0gcDAA"
#: Events of the stream itself; everything else is a message.
OWN: Mapping[str, str] = {
    "hello": "The stream begins. `data` is all that a screen shows at first.",
    "reset": "It begins anew, for messages since your last `id` may be forgotten. `data` as in `hello`: draw the screen anew.",
    "replaced": "Too many streams of one person are open, and this was the eldest. Do not come back by yourself.",
    "refused": "The token was revoked or is past its time, or the account was changed. Sign in again.",
}


def messages() -> dict[str, dict[str, Any]]:
    """An example of each kind of message, whole."""
    return {
        kind.name: {"id": 4711, "kind": kind.name, "at": AT, "about": None, "contact": None, "data": dict(kind.example)}
        for _, kind in sorted(feed.kinds.items())
    }


def add_kinds(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Describe the events: kinds, what they tell, an example of each."""
    told = {name: kind.tells for name, kind in sorted(feed.kinds.items())}
    listed = "\n".join(f"- `{name}`: {tells}" for name, tells in {**OWN, **told}.items())
    schemas = result["components"]["schemas"]
    whole = {**schemas["Message"], "properties": {**schemas["Message"]["properties"], "id": {"type": ["integer", "null"]}}}
    schemas["StreamEvent"] = {
        "type": "object",
        "description": f"One event, as a client takes it from the line. Pass over kinds that you do not know.\n\n{listed}",
        "required": ["data"],
        "properties": {
            "event": {"type": "string", "description": "The kind.", "example": "call.ringing"},
            "id": {"type": "string", "description": "Where you are; send the last one as `Last-Event-ID`.", "example": EXAMPLE_PLACE},
            "data": {
                "type": "string",
                "contentMediaType": "application/json",
                "contentSchema": whole,
                "description": "JSON on one line, in the form of a message of `GET /api/v1/feed/`; `id` is null in events of the stream itself.",
            },
            "retry": {"type": "integer", "description": "Milliseconds to wait before coming back."},
        },
    }
    answer = result["paths"]["/api/v1/stream/"]["get"]["responses"]["200"]
    shown = {
        name: {
            "summary": told[name],
            "value": f"event: {name}\nid: {EXAMPLE_PLACE}\ndata: {json.dumps(message, ensure_ascii=False)}\n\n",
        }
        for name, message in messages().items()
    }
    # A text and no object: what comes is lines, and a generated client that expects JSON fails at the first of them.
    schema = {"type": "string", "contentMediaType": wire.MEDIA_TYPE, "contentSchema": {"$ref": "#/components/schemas/StreamEvent"}}
    answer["content"][wire.MEDIA_TYPE] = {"schema": schema, "examples": shown}
    return result
