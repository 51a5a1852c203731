"""An Asterisk that plays calls: what its channels do becomes rows of CEL, with all columns of ``cel_odbc`` and ``cel_custom``."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from calls.phone_systems.deliveries import Delivery

BEGIN = datetime(2026, 11, 23, 10, tzinfo=UTC)
EPOCH = int(BEGIN.timestamp())
CALLER, LINE = "+74951234567", "+78001234567"


@dataclass
class Line:
    """The rows of one scenario; times are seconds after ten o'clock."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)

    def start(
        self,
        at: float,
        short: str,
        channel: str,
        *,
        by: str = "",
        num: str = "",
        name: str = "",
        exten: str = "s",
        context: str = "from-internal",
    ) -> None:
        """A channel begins; ``by`` is the one for whose sake it was made."""
        unique = f"{EPOCH}.{len(self.channels) + 1}"
        self.channels[short] = {
            "channame": channel, "uniqueid": unique, "linkedid": self.channels[by]["linkedid"] if by else unique, "cid_num": num,
            "cid_name": name, "exten": exten, "context": context,
        }  # fmt: skip
        self.say(at, short, "CHAN_START")

    def say(self, at: float, short: str, kind: str, extra: dict[str, Any] | None = None, **told: str) -> None:
        self.rows.append({
            "eventtype": kind, "eventtime": f"{EPOCH + at:.6f}", "cid_name": "", "cid_num": "", "cid_ani": "", "cid_rdnis": "", "cid_dnid": "",
            "appname": "", "appdata": "", "accountcode": "", "peeraccount": "", "amaflags": "3", "userfield": "", "peer": "",
            **self.channels[short], "extra": json.dumps(extra) if extra else "", **told,
        })  # fmt: skip

    def app(self, at: float, short: str, name: str, data: str, **told: str) -> None:
        self.say(at, short, "APP_START", appname=name, appdata=data, **told)

    def app_end(self, at: float, short: str, name: str, data: str = "") -> None:
        self.say(at, short, "APP_END", appname=name, appdata=data)

    def answer(self, at: float, *shorts: str) -> None:
        for short in shorts:
            self.say(at, short, "ANSWER")

    def enter(self, at: float, bridge: str, *shorts: str) -> None:
        for short in shorts:
            self.say(at, short, "BRIDGE_ENTER", {"bridge_id": bridge, "bridge_technology": "simple_bridge"})

    def leave(self, at: float, bridge: str, *shorts: str) -> None:
        for short in shorts:
            self.say(at, short, "BRIDGE_EXIT", {"bridge_id": bridge, "bridge_technology": "simple_bridge"})

    def end(self, at: float, short: str, cause: int = 16, source: str = "", status: str = "") -> None:
        name = self.channels[source]["channame"] if source in self.channels else source
        self.say(at, short, "HANGUP", {"hangupcause": cause, "hangupsource": name, "dialstatus": status})
        self.say(at, short, "CHAN_END")

    def retire(self, at: float, short: str) -> None:
        self.say(at, short, "LINKEDID_END")

    def talk(self, begin: float, end: float, bridge: str, *shorts: str) -> None:
        self.enter(begin, bridge, *shorts)
        self.leave(end, bridge, *shorts)

    def joins(self, older: str, *shorts: str) -> None:
        """From now on these channels carry the linked id of the older one."""
        for short in shorts:
            self.channels[short] = {**self.channels[short], "linkedid": self.channels[older]["linkedid"]}

    def inbound(self, at: float = 0) -> None:
        self.start(at, "caller", "PJSIP/trunk-00000001", num=CALLER, name="Ivanov", exten=LINE, context="from-trunk")

    def rings(self, at: float, extension: str, by: str = "caller", short: str = "", suffix: str = "") -> None:
        short = short or extension
        self.start(
            at, short, f"PJSIP/{extension}{suffix}-{len(self.channels) + 16:08x}", by=by, num=extension, exten="", context="from-internal"
        )

    def deliveries(self) -> list[Delivery]:
        return [Delivery(json.dumps(row).encode(), "application/json") for row in self.rows]
