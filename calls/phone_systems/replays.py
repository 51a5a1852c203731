"""Recorded scenarios of phone systems, told again: the same deliveries with times of now and ids of their own, so that each replay is a new call.

``scenarios/<adapter>.json`` says how the phone system is set up and, under a name each, what it sends of one call and what is expected of that call.
Bodies are as the phone system sends them; what differs from call to call is a placeholder, ``{{form name}}``. The forms of ids take any name, equal names are
one id (``{{hex caller}}``); the forms of times take seconds since the call began (``{{epoch 9}}``). A form that makes numbers gives one when it stands
alone in its text. An object in a field of a form is JSON text there, as Mango Office sends it.
"""

import base64
import hashlib
import json
import re
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from calls.phone_systems import genuine
from calls.phone_systems.deliveries import Delivery

FOLDER = Path(__file__).with_name("scenarios")
FORM, PLAIN = "application/x-www-form-urlencoded", "text/plain"
PLACEHOLDER = re.compile(r"\{\{(\w+) ([\w.-]+)\}\}")
#: By so many seconds a length may differ: phone systems round.
ROUNDING_S = 0.05

#: How an id is written, from its 32 random bytes.
IDS: Mapping[str, Callable[[bytes], str]] = {
    "hex": lambda some: some[:16].hex(),
    "uuid": lambda some: str(uuid.UUID(bytes=some[:16], version=4)),
    "digits": lambda some: f"{int.from_bytes(some[:8]) % 10**18:018}",
    "number": lambda some: str(10**8 + int.from_bytes(some[:8]) % 10**8),
    "base64": lambda some: base64.b64encode(some[:10]).decode(),
}
#: How a time is written, from the instant and the zone of the phone system.
TIMES: Mapping[str, Callable[[datetime, ZoneInfo], str]] = {
    "iso": lambda at, _zone: at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    "rfc2822": lambda at, _zone: format_datetime(at),
    "local": lambda at, zone: at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
    "epoch": lambda at, _zone: str(int(at.timestamp())),
    "seconds": lambda at, _zone: f"{at.timestamp():.6f}",
    "micros": lambda at, _zone: str(round(at.timestamp() * 1_000_000)),
}
NUMBERS = frozenset({"epoch", "number"})


@dataclass(frozen=True)
class Scenario:
    """One call as a phone system tells it. ``setup`` are the fields of the phone system, ``expected`` names of ``facts`` and their values."""

    adapter: str
    name: str
    title: str
    setup: Mapping[str, Any]
    content_type: str
    call: str
    deliveries: tuple[Mapping[str, Any], ...]
    expected: Mapping[str, Any]

    @property
    def length_s(self) -> float:
        """How long after its beginning the last of it is told."""
        return max(float(one["at"]) for one in self.deliveries)


@cache
def of(adapter: str) -> tuple[Scenario, ...]:
    """The scenarios of an adapter, in the order of their file; none when there is no file."""
    path = FOLDER / f"{adapter}.json"
    if not path.is_file():
        return ()
    told = json.loads(path.read_text(encoding="utf-8"))
    return tuple(
        Scenario(
            adapter, name, one["title"], told["phone_system"], told["content_type"], one["call"], tuple(one["deliveries"]), one["expected"]
        )
        for name, one in told["scenarios"].items()
    )


class Replay:
    """One telling of a scenario, of a call that begins then."""

    def __init__(self, scenario: Scenario, *, begin: datetime) -> None:
        self.scenario = scenario
        self.begin = begin.astimezone(UTC).replace(microsecond=0)  # many of the forms have no more
        self.zone = ZoneInfo(scenario.setup["naive_time_zone"])
        self.seed = secrets.token_bytes(16)
        self.call_id = str(self._filled(scenario.call))

    def deliveries(self) -> list[tuple[float, Delivery]]:
        """What is sent, not signed yet, and how many seconds after the beginning. ``path`` is what the phone system puts behind its address."""
        return [(float(one["at"]), self._delivery(one)) for one in self.scenario.deliveries]

    def _delivery(self, one: Mapping[str, Any]) -> Delivery:
        kind = one.get("content_type", self.scenario.content_type)
        body = self._filled(one["body"])
        if kind == PLAIN:
            text = body
        elif kind == FORM:
            text = urlencode({name: json.dumps(value) if isinstance(value, dict) else value for name, value in body.items()})
        else:
            text = json.dumps(body, ensure_ascii=False)
        return Delivery(text.encode(), kind, path=one.get("path", ""))

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._filled(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner) for inner in value]
        if not isinstance(value, str):
            return value
        text = PLACEHOLDER.sub(lambda found: self._written(found[1], found[2]), value)
        alone = PLACEHOLDER.fullmatch(value)
        return int(text) if alone and alone[1] in NUMBERS else text

    def _written(self, form: str, name: str) -> str:
        if form in TIMES:
            return TIMES[form](self.begin + timedelta(seconds=float(name)), self.zone)
        if form == "channel":  # Asterisk numbers its channels one after the other, from when it was started
            return f"{int(self.begin.timestamp())}.{int.from_bytes(self.seed[:4]) * 100 + int(name)}"
        return IDS[form](hashlib.sha256(self.seed + name.encode()).digest())


class Sender:
    """A phone system of an adapter, and the proof that deliveries come from it: its own way, with a secret made for it."""

    def __init__(self, scenario: Scenario) -> None:
        self.adapter, self.setup = scenario.adapter, scenario.setup
        self.mode, self.account = self.setup["auth_mode"], self.setup.get("account", "")
        self.slug = f"sandbox-{self.adapter.replace('_', '-')}"
        self.path = f"/api/v1/calls/ingest/{self.slug}/"
        self.url = f"https://switchboard.example{self.path}"  # signed over, so that it does not matter by which name it is reached
        self.secret, self.key = secrets.token_urlsafe(32), None
        if self.mode == "ed25519":
            self.key, self.secret = genuine.ed25519_pair()

    @property
    def fields(self) -> dict[str, Any]:
        """How the phone system is set up, but for its secret."""
        return {**self.setup, "adapter": self.adapter, "public_url": self.url, "is_active": True}

    def sign(self, delivery: Delivery, *, now: datetime) -> Delivery:
        """The delivery with its proof."""
        if self.key is not None:
            return genuine.sign_ed25519(delivery, key=self.key, now=now)
        signed = genuine.sign(self.mode, delivery, secret=self.secret, account=self.account, url=self.url, now=now)
        if signed is None:
            raise ValueError(f"Nobody can sign in the way {self.mode}.")
        return signed


def facts(call: Mapping[str, Any]) -> dict[str, Any]:
    """What scenarios speak of, from a call as the API shows it. ``spoke``: who took the call, on our side or passed on to, the first to answer first."""
    spoke = sorted((leg for leg in call["legs"] if leg["answered_at"] and leg["party"] != "customer"), key=lambda leg: leg["answered_at"])
    plain = ("direction", "state", "outcome", "customer_e164", "queue", "talk_s", "hold_s", "hangup_by")
    return {
        **{name: call[name] for name in plain},
        "from": call["from"]["raw"],
        "extension": (call["answered_by"] or {}).get("raw", ""),
        "spoke": [leg["extension"] or leg["number"] for leg in spoke],
    }


def differences(scenario: Scenario, call: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is not as expected, by name, and what it is instead; all of it when there is no call."""
    found = facts(call) if call else dict.fromkeys(scenario.expected)
    return {name: found[name] for name, wanted in scenario.expected.items() if not _is_same(found[name], wanted)}


def _is_same(found: Any, wanted: Any) -> bool:
    if isinstance(found, float) and isinstance(wanted, int | float):
        return abs(found - wanted) <= ROUNDING_S
    return bool(found == wanted)
