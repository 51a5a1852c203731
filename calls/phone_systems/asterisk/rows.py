"""What Asterisk's own records have in common: how they name their fields, write their times and name their channels. Pure."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from calls.phone_systems.reading import of_epoch

_EPOCH_TEXT = re.compile(r"\d{9,11}(?:\.\d{1,9})?", re.ASCII)
_NUMBER_OF_ID = re.compile(r"(\d+)\.(\d+)$", re.ASCII)
_UNIQUE = re.compile(r"-[0-9a-f]{6,10}(;[12])?$", re.ASCII)
#: Channels that stand for nobody: they carry sound from one place to another.
PLUMBING = frozenset({
    "Local", "Announcer", "Bridge", "CBAnn", "CBRec", "ConfBridgeRecorder", "Message", "MulticastRTP", "Parked", "Recorder", "Snoop",
    "Surrogate", "UnicastRTP", "AsyncGoto", "Multicast", "Test",
})  # fmt: skip
_PHONE = re.compile(r"(?:(?:web|webrtc|wrtc|mobile|mob|app|push|soft|desk|phone|ext|sip)[-_.]?)?(\d{2,5})(?:[-_.]?(?:web|webrtc|wrtc|mobile|mob|app|push|soft|desk|[a-d]))?", re.I | re.ASCII)  # fmt: skip
OUTSIDE = re.compile(
    r"(?i)extern|trunk|pstn|(?:^|[-_])did(?:$|[-_])|incoming|inbound|provider|carrier|public|gateway|(?:^|[-_])gw\d*(?:$|[-_])"
)


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same fields under names without capitals and signs: ``CallerIDnum``, ``cid_num`` and ``CID_NUM`` lose their spelling."""
    return {re.sub(r"[^a-z0-9]", "", str(name).lower()): value for name, value in row.items()}


def text(fields: Mapping[str, Any], *names: str) -> str:
    """The first of these fields that says something, as text."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            continue
        said = str(value).strip()
        if said and said not in ("<unknown>", "unknown", "N/A"):
            return said
    return ""


def moment(value: str) -> str:
    """Seconds of the epoch as ISO 8601 in UTC; anything else as it is."""
    return of_epoch(value) if _EPOCH_TEXT.fullmatch(value) else value


def members(value: Any, *names: str) -> list[Any]:
    """The records of a delivery: of a list, of an object that holds a list under one of these names, or the one that it is."""
    if isinstance(value, dict):
        for name in names:
            if isinstance(value.get(name), list):
                return list(value[name])
    return list(value) if isinstance(value, list) else [value]


def key(kind: str, *parts: Any) -> str:
    """The natural key of a record: equal for the same content."""
    written = json.dumps(parts, sort_keys=True, default=str)
    return f"{kind}:{hashlib.sha256(written.encode('utf-8', 'replace')).hexdigest()[:40]}"


def order_of(unique_id: str) -> tuple[int, int, str]:
    """Unique ids in the order in which they were given: ``….9`` comes before ``….10``."""
    found = _NUMBER_OF_ID.search(unique_id[-40:])
    return (int(found[1]), int(found[2]), unique_id) if found else (0, 0, unique_id)


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a channel: ``PJSIP/201-0000001a``, ``Local/201@from-queue-00000003;1``."""

    technology: str
    endpoint: str
    is_plumbing: bool
    half: str

    @property
    def extension(self) -> str:
        """The extension that an endpoint is named after; empty for a trunk and for names of another kind."""
        found = _PHONE.fullmatch(self.endpoint)
        return found[1] if found and not self.is_plumbing else ""


def name_of(channel: str) -> Name:
    """Take a channel's name apart."""
    channel = channel.removesuffix("<ZOMBIE>")
    technology, _, rest = channel.partition("/")
    unique = _UNIQUE.search(rest)
    endpoint = rest[: unique.start()] if unique else rest.split(";")[0]
    return Name(technology, endpoint, technology in PLUMBING or not rest, rest[-1:] if rest[-2:] in (";1", ";2") else "")
