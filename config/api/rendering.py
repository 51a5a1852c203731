"""JSON out, and which form is wanted."""

from decimal import Decimal
from typing import Any

import orjson
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer


def _other(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return str(value)


class Negotiation(DefaultContentNegotiation):
    """Which form is wanted."""

    def get_accept_list(self, request: Any) -> list[str]:
        """An empty header asks for as much as none."""
        return [one for one in super().get_accept_list(request) if one] or ["*/*"]


class FastJSON(BaseRenderer):
    """JSON by orjson: dates, UUIDs and decimals without a Python step in between.

    What orjson refuses (an integer past 64 bits that lies in some old custom field) goes the slow way instead of failing.
    """

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        if data is None:
            return b""
        try:
            return orjson.dumps(data, default=_other, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)
        except (orjson.JSONEncodeError, TypeError):
            return JSONRenderer().render(data)
