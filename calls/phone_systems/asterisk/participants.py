"""Who takes part in a call of Asterisk, and when they talk. Pure; see ``understanding``."""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property

from calls.events import is_extension
from calls.phone_systems.adapters import Setting
from calls.phone_systems.asterisk.channels import SOON, UNREACHABLE, WAKING, Channel, Party, Row
from calls.phone_systems.asterisk.dialling import Destination, destinations, number_meant
from calls.phone_systems.asterisk.rows import order_of


class Participants:
    """Who takes part in a call, who talks with whom and when: what its rows tell before it is told as events."""

    def __init__(self, told: list[Row], setting: Setting) -> None:
        self.rows, self.setting = told, setting
        by_key: dict[str, list[Row]] = {}
        for row in told:
            if row.kind != "LINKEDID_END":
                by_key.setdefault(row.channel, []).append(row)
        self.channels = {key: Channel(key, found) for key, found in by_key.items()}
        self.real = sorted(
            (one for one in self.channels.values() if not one.name.is_plumbing), key=lambda one: (one.start, order_of(one.key))
        )
        self.by_name = {row.text("channel"): row.channel for row in told if row.text("channel")}
        self.dialled: list[tuple[Row, Destination]] = [
            (row, one)
            for row in told
            if row.kind == "APP_START" and row.text("app") in ("Dial", "Queue")
            for one in destinations(row.text("data"))
        ]
        self.linked_id = min((row.event.call_key for row in told), key=order_of)
        self.main = self.real[0] if self.real else None
        self.parties = self._parties()
        self.of_channel = {channel.key: party for party in self.parties for channel in party.channels}
        self._talk()

    # --- who takes part

    def _parties(self) -> list[Party]:
        parties: list[Party] = []
        for channel in self.real:
            kind, number = self._who(channel)
            known = next(
                (one for one in reversed(parties) if kind == one.kind == "agent" and number == one.number and _same_try(one, channel)), None
            )
            if known:
                known.channels.append(channel)
            else:
                parties.append(Party(channel.key, kind, number, channel.caller_name, [channel]))
        return parties

    def _who(self, channel: Channel) -> tuple[str, str]:
        """The kind of party and its extension or number."""
        if channel.name.extension:
            return "agent", channel.name.extension
        is_main = channel is self.main
        dialled = [one for row, one in self.dialled if one.endpoint == channel.name.endpoint and row.at <= channel.start + SOON]
        if channel.is_outside or (dialled and dialled[-1].number):
            number = channel.number if is_main or not dialled else number_meant(dialled[-1].number or channel.number, self._asked())
            return ("customer" if is_main or self._is_first_far(channel) else "external"), number or channel.name.endpoint
        if is_extension(channel.number):
            return "agent", channel.number
        if dialled or not channel.number or (self._is_far_main and channel.number == self._asked()):
            return "agent", channel.name.endpoint
        return ("customer" if is_main or self._is_first_far(channel) else "external"), channel.number

    def _asked(self) -> str:
        return self.main.called if self.main else ""

    def _is_first_far(self, channel: Channel) -> bool:
        """Of a call that one of us made, those dialled before anybody passed it on are the ones that were called."""
        if self.main is None or channel is self.main or self._is_far_main or is_extension(self._asked()):
            return False
        passed = [row.at for row in self.rows if row.kind in ("BLINDTRANSFER", "ATTENDEDTRANSFER", "FORWARD")]
        earlier = self.real[1 : self.real.index(channel)]
        if any(one.name.extension or (is_extension(one.number) and not one.is_outside) for one in earlier):
            return False  # one of us was called, and passes it on
        return not channel.is_caller and all(channel.start < at for at in passed)

    @cached_property
    def _is_far_main(self) -> bool:
        main = self.main
        if main is None or main.name.extension:
            return False
        return main.is_outside or self._is_own_line(main.called) or not (is_extension(main.number) or not main.number)

    def _is_own_line(self, number: str) -> bool:
        plain = number.lstrip("+")
        return len(plain) >= 6 and any(line.endswith(plain) or plain.endswith(line.lstrip("+")) for line in self.setting.own_lines)

    # --- who talks with whom

    def _memberships(self) -> list[tuple[str, str, datetime, datetime | None]]:
        """Channel, bridge, from when to when."""
        found: list[tuple[str, str, datetime, datetime | None]] = []
        for channel in self.channels.values():
            inside: dict[str, datetime] = {}
            gone = channel.end
            for row in channel.rows:
                bridge = str(row.more("bridge_id") or "")
                if row.kind == "BRIDGE_ENTER":
                    inside.setdefault(bridge, row.at)
                elif row.kind == "BRIDGE_EXIT" and bridge in inside:
                    found.append((channel.key, bridge, inside.pop(bridge), row.at))
            found += [(channel.key, bridge, since, max(gone, since) if gone else None) for bridge, since in inside.items()]
        return found

    def _talk(self) -> None:
        stays = self._memberships()
        marks = sorted({at for _, _, begin, end in stays for at in (begin, end) if at})
        for position, at in enumerate(marks):
            until = marks[position + 1] if position + 1 < len(marks) else None
            inside = [(channel, bridge) for channel, bridge, begin, end in stays if begin <= at and (end is None or end > at)]
            for group in self._joined(inside):
                talking = {self.of_channel[one].key for one in group if one in self.of_channel}
                if len(talking) < 2:
                    continue
                for party in self.parties:
                    if party.key in talking:
                        party.talks.append((at, until, frozenset(one for one in group if self.of_channel.get(one) is party)))

    def _joined(self, inside: list[tuple[str, str]]) -> Iterator[set[str]]:
        """Channels that hear each other: in one bridge, or in bridges that the halves of a Local channel join."""
        leader = {bridge: bridge for _, bridge in inside}

        def find(bridge: str) -> str:
            while leader[bridge] != bridge:
                bridge = leader[bridge]
            return bridge

        pairs: dict[str, str] = {}
        for channel, bridge in inside:
            name = self.channels[channel].rows[0].text("channel")
            if name.startswith("Local/") and name[-2:] in (";1", ";2"):
                other = pairs.setdefault(name[:-2], bridge)
                leader[find(bridge)] = find(other)
        for root in sorted({find(bridge) for bridge in leader}):
            yield {channel for channel, bridge in inside if find(bridge) == root}

    # --- what is told


def _same_try(party: Party, channel: Channel) -> bool:
    """Whether this channel of a phone belongs to a try or talk that goes on, or that mobile push repeats."""
    if party.end is None or party.end > channel.start:
        return True
    last = party.channels[-1]
    return last.cause in UNREACHABLE and channel.start - party.end <= WAKING


def is_long(number: str) -> bool:
    """Whether this is a number outside, by its length."""
    return sum(letter.isdigit() for letter in number) >= 6
