"""What goes over the line: blocks of text/event-stream (WHATWG HTML, section 9.2)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from config.api.rendering import FastJSON
from config.platform.feed_reading import Message, Place, encode

MEDIA_TYPE = "text/event-stream"
HELD_RETRY_MS = 1000  # how soon a client comes back to a stream that broke off
STEP_RETRY_MS = 2000  # how soon it asks again where nothing is held
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # the second keeps nginx from holding events back
BEAT = b": still here\n\n"


class EventStream(FastJSON):
    """What the address of the stream offers; a refusal is a problem document all the same."""

    media_type = MEDIA_TYPE
    format = "events"


def told(messages: Iterable[Message]) -> bytes:
    """Messages, each with the place after it as its id."""
    return b"".join(b"event: %b\nid: %b\ndata: %b\n\n" % (one.kind.encode(), encode(one.place).encode(), one.as_json()) for one in messages)


def said(kind: str, data: Any, *, at: datetime, place: Place | None = None) -> bytes:
    """An event of the stream itself, in the form of a message."""
    head = {"id": None, "kind": kind, "at": at, "about": None, "contact": None, "data": data}
    mark = b"id: %b\n" % encode(place).encode() if place else b""
    return b"event: %b\n%bdata: %b\n\n" % (kind.encode(), mark, FastJSON().render(head))


def passed(place: Place) -> bytes:
    """Moves a client's place on without an event."""
    return b"id: %b\n\n" % encode(place).encode()


def retry(milliseconds: int) -> bytes:
    """How long a client waits before it comes back."""
    return b"retry: %d\n\n" % milliseconds
