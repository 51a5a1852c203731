"""Ids that the bridge gives to channels it lets Asterisk make: the call request stands in them, so whatever tells of the channel tells of it."""

import re
from datetime import datetime
from uuid import UUID

_OURS = re.compile(r"swb-([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})-\d{9,11}\.\d+", re.ASCII)


def channel_id(request_id: UUID | str, at: datetime) -> str:
    """A unique id for the channel of a call request. It ends as Asterisk's own do, so that its age can be read off."""
    return f"swb-{request_id}-{int(at.timestamp())}.0"


def request_of(*unique_ids: str) -> str:
    """The call request of the first of these ids that the bridge gave; empty when it gave none."""
    return next((found[1] for one in unique_ids if (found := _OURS.fullmatch(one))), "")
