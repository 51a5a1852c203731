"""A call from all channel events (CEL) that are known of it. Pure; neither order nor doubles matter.

- **Parties.** A phone's channel is named after its endpoint (``PJSIP/201-…``); its extension is that, or else the short number it
  is called by. Other channels lead outside. Halves of ``Local/…`` are plumbing: what enters one comes out of the other. Channels of one
  phone that ring or talk together are one party, and so is the one that rings after mobile push woke an unreachable phone.
- **Talking.** Two parties talk while their channels are in the same bridge, or in bridges that are joined by plumbing. Only this
  is an answer: a dialplan, a menu and music answer channels too, and a phone that screens its calls is answered before it takes one.
- **Beginning and end.** The eldest channel is the caller's. The call is over when all channels that are known are gone and
  the one that gave the linked id is among them.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from calls.events import Event, distinct, is_extension
from calls.phone_systems.adapters import Setting
from calls.phone_systems.asterisk.channels import PREFIX, RANK, REASONS, SOON, UNREACHABLE, Party, Row, Span
from calls.phone_systems.asterisk.dialling import number_meant
from calls.phone_systems.asterisk.participants import Participants, is_long
from calls.phone_systems.asterisk.rows import order_of


def understand(events: Sequence[Event], setting: Setting) -> Iterable[Event]:
    """What the channel events of one call mean, as events that the fold knows."""
    told = sorted((_row(event) for event in distinct(events) if event.type.startswith(PREFIX)), key=_order)
    mine = [row for row in told if row.kind in RANK and row.channel]
    if not mine:
        return []
    return list(Call(mine, setting).events())


def _row(event: Event) -> Row:
    told = (event.extra or {}).get("cel")
    return Row(event.type.removeprefix(PREFIX), event.occurred_at, event.leg_key, told if isinstance(told, dict) else {}, event)


def _order(row: Row) -> tuple[Any, ...]:
    return row.at, RANK.get(row.kind, 99), order_of(row.channel), row.event.dedupe_key


class Call(Participants):
    """A call told as events that the fold knows."""

    def events(self) -> Iterator[Event]:
        """The call in the words of the fold."""
        yield self._beginning()
        if self.main is None:
            return
        for party in self.parties:
            yield from self._leg(party)
        yield from self._queues()
        yield from self._transfers()
        yield from self._voicemails()
        yield from self._recordings()
        if (end := self._end()) is not None:
            yield end

    def _say(self, kind: str, at: datetime, about: str = "", **facts: Any) -> Event:
        name = f"cel:{kind}:{about}:{at.isoformat()}"
        return Event(dedupe_key=name, content_hash="", type=kind, occurred_at=at, call_key=self.linked_id, **facts)

    def _beginning(self) -> Event:
        main = self.main
        links = {key for row in self.rows for key in (row.event.call_key, *row.event.linked_keys)} - {self.linked_id}
        facts: dict[str, Any] = {
            "linked_keys": tuple(sorted(links)),
            "flags": tuple(sorted({flag for row in self.rows for flag in row.event.flags})),
        }
        if main is None or not any(row.kind == "CHAN_START" for row in main.rows):
            return self._say("call.heartbeat", self.rows[0].at, **facts)
        direction = self.direction
        is_far = direction == "inbound"
        caller = self.of_channel[main.key]
        to_raw = self._asked() or (next((one.number for one in self.parties if one is not caller), "") if not is_far else "")
        if direction == "outbound":
            to_raw = next((one.number for one in self.parties if one.kind == "customer"), to_raw)
        return self._say(
            "call.initiated",
            main.start,
            direction=direction,
            from_raw=main.number if is_far else caller.number,
            from_name=main.caller_name,
            to_raw=to_raw,
            line=main.name.endpoint[:100] if is_far else "",
            agent_extension="" if is_far else caller.number,
            **facts,
        )

    @cached_property
    def direction(self) -> str:
        main = self.main
        if main is None or self.of_channel[main.key].kind == "customer":
            return "inbound"
        return "outbound" if any(one.kind == "customer" for one in self.parties) or is_long(self._asked()) else "internal"

    def _leg(self, party: Party) -> Iterator[Event]:
        who: dict[str, Any] = {"leg_key": party.key, "party": party.kind}
        if party.kind == "agent":
            who["agent_extension"], who["agent_name"] = party.number, party.name
        elif party.channels[0] is self.main:
            who["from_raw"] = party.number
        else:
            who["to_raw"] = party.number
        rang = [
            one.start
            for one in party.channels
            if not one.is_caller and one is not self.main and (one.cause not in UNREACHABLE or party.talks)
        ]
        if rang:
            yield self._say("leg.ringing", min(rang), party.key, **who)
        if party.answered_at:
            yield self._say("leg.answered", party.answered_at, party.key, **who)
            for begin, end in self._holds(party):
                yield self._say("leg.held", begin, party.key, **who)
                if end:
                    yield self._say("leg.resumed", end, party.key, **who)
        if (end := party.end) is None:
            return
        if party.answered_at or party.channels[0] is self.main or party.channels[0].is_caller:
            yield self._say("leg.ended", end, party.key, cause=party.cause, **who)
        else:
            yield self._say("leg.not_answered", end, party.key, cause=party.cause, reason=self._why_not(party), **who)

    def _why_not(self, party: Party) -> str:
        mine = {one.key for one in party.channels}
        if any(row.kind == "PICKUP" and row.channel in mine for row in self.rows):
            return "picked_up"
        if any(row.kind == "FORWARD" and abs(row.at - end) <= SOON for row in self.rows for end in [party.end] if end):
            return "forwarded"
        if party.cause in REASONS:
            return REASONS[party.cause or 0]
        if any(row.kind == "ANSWER" for one in party.channels for row in one.rows):
            return "not_connected"
        if any(
            other is not party and other.answered_at and party.end and abs(other.answered_at - party.end) <= SOON for other in self.parties
        ):
            return "answered_elsewhere"
        return "not_answered"

    def _holds(self, party: Party) -> list[Span]:
        """While somebody asks a colleague on a second channel, the first one waits; then what the rows say themselves."""
        if party.kind != "agent":
            return []
        marks = sorted({at for begin, end, _ in party.talks for at in (begin, end) if at})
        found: list[Span] = []
        for position, at in enumerate(marks):
            busy = [one for one in party.talks if one[0] <= at and (one[1] is None or at < one[1])]
            if len({names for _, _, names in busy}) > 1:
                until = marks[position + 1] if position + 1 < len(marks) else None
                if found and found[-1][1] == at:
                    found[-1] = found[-1][0], until
                else:
                    found.append((at, until))
        mine = {one.key for one in party.channels}
        since = None
        for row in self.rows:
            if row.channel in mine and row.kind == "HOLD":
                since = since or row.at
            elif row.channel in mine and row.kind == "UNHOLD" and since:
                found.append((since, row.at))
                since = None
        return [*found, (since, None)] if since else found

    def _queues(self) -> Iterator[Event]:
        for row in self.rows:
            if row.kind != "APP_START" or row.text("app") != "Queue":
                continue
            queue = row.text("data").split(",")[0].strip()[:100]
            yield self._say("call.queued", row.at, row.channel, queue=queue)
            following = [one for one in self.channels[row.channel].rows if one.at >= row.at and one is not row]
            left = next((one for one in following if one.kind == "APP_END" and one.text("app") == "Queue"), None)
            gone = self.channels[row.channel].end
            talked = [one.answered_at for one in self.parties if one.kind != "customer" and one.answered_at and one.answered_at >= row.at]
            if any(gone is None or at <= gone for at in talked if left is None or at <= left.at):
                continue
            if gone is not None and (left is None or gone - left.at <= SOON) and not self._goes_on(row.channel, left.at if left else gone):
                reason = "caller" if self._hung_up_by() != "system" else "timeout"
                yield self._say("call.left_queue", left.at if left else gone, row.channel, queue=queue, reason=reason)
            elif left is not None:
                yield self._say("call.left_queue", left.at, row.channel, queue=queue, reason="timeout")

    def _goes_on(self, channel: str, since: datetime) -> bool:
        return any(row.at > since and row.kind in ("APP_START", "BRIDGE_ENTER", "ANSWER") for row in self.channels[channel].rows)

    def _transfers(self) -> Iterator[Event]:
        for row in self.rows:
            if row.kind not in ("BLINDTRANSFER", "ATTENDEDTRANSFER"):
                continue
            giver = self.of_channel.get(row.channel)
            told: dict[str, Any] = {
                "kind": "blind" if row.kind == "BLINDTRANSFER" else "attended",
                "from_leg": giver.key if giver else row.channel,
            }
            told["to"] = self._blind_target(row) if row.kind == "BLINDTRANSFER" else self._attended_target(row, giver)
            if row.kind == "ATTENDEDTRANSFER":
                told["result"] = "completed"
            yield self._say("call.transferred", row.at, row.channel, leg_key=told["from_leg"], transfer=told)

    def _blind_target(self, row: Row) -> dict[str, str]:
        said = str(row.more("extension") or "")
        queue = next(
            (
                one
                for one in self.rows
                if one.kind == "APP_START" and one.text("app") == "Queue" and row.at <= one.at and one.text("exten") == said
            ),
            None,
        )
        if queue:
            return {"queue": queue.text("data").split(",")[0].strip()[:100]}
        if is_extension(said):
            return {"extension": said}
        later = [one.number for one in self.parties if one.kind == "external" and one.channels[0].start >= row.at]
        return (
            {"number": next((number for number in later if number_meant(number, said) == number or number == said), said)} if said else {}
        )

    def _attended_target(self, row: Row, giver: Party | None) -> dict[str, str]:
        """Of the two whom the transfer joined, the one that was asked last."""
        named = [str(row.more(name) or "") for name in ("transfer_target_channel_uniqueid", "transferee_channel_uniqueid")]
        named += [self.by_name.get(str(row.more(name) or ""), "") for name in ("transfer_target_channel_name", "transferee_channel_name")]
        joined = [self.of_channel[one] for one in named if one in self.of_channel]
        bridge = str(row.more("bridge2_id") or "")
        joined += [
            self.of_channel[key]
            for key, where, begin, _ in self._memberships()
            if where == bridge and bridge and begin <= row.at + SOON and key in self.of_channel
        ]
        others = [one for one in joined if one is not giver and self.main not in one.channels]
        if not others:
            return {}
        target = max(others, key=lambda one: (one.channels[0].start, order_of(one.key)))
        return {"extension" if target.kind == "agent" else "number": target.number}

    def _voicemails(self) -> Iterator[Event]:
        for row in self.rows:
            if row.kind == "APP_START" and row.text("app") == "VoiceMail":
                box = row.text("data").split(",")[0].split("@")[0].split("&")[0][:50]
                who: dict[str, Any] = {"leg_key": f"{row.channel}:voicemail", "party": "voicemail", "to_raw": box}
                yield self._say("leg.answered", row.at, who["leg_key"], **who)
                ends = [
                    one.at
                    for one in self.channels[row.channel].rows
                    if one.at >= row.at and one.kind in ("APP_END", "HANGUP") and one is not row
                ]
                if ends:
                    yield self._say("leg.ended", min(ends), who["leg_key"], **who)

    def _recordings(self) -> Iterator[Event]:
        for row in self.rows:
            if row.kind == "APP_START" and row.text("app") == "MixMonitor" and row.text("data"):
                party = self.of_channel.get(row.channel)
                name = row.text("data").split(",")[0][:500]
                yield self._say("recording.available", row.at, name, recording={"id": name}, leg_key=party.key if party else "")

    def _end(self) -> Event | None:
        main = self.main
        ends = [channel.end for channel in self.channels.values()]
        last = [row.at for row in self.rows if row.kind == "LINKEDID_END"]
        closed = bool(last) and max(last) >= max(row.at for row in self.rows)
        if main is None or not (closed or (None not in ends and self.linked_id in self.channels)):
            return None
        at = max((channel.end for channel in self.real if channel.end), default=max(last, default=self.rows[-1].at))
        status = str((main.hangup.more("dialstatus") if main.hangup else "") or "")
        talked = any(party.talks for party in self.parties)
        far = [one for one in self.parties if one.kind == "customer" and one.channels[0] is not main]
        cause = main.cause
        if not talked and self.direction == "outbound" and far and far[-1].cause and (cause in (None, 16, 31)):
            cause = far[-1].cause
        return self._say(
            "call.ended",
            at,
            cause=cause,
            cause_text="" if status == "ANSWER" else status,
            hangup_by=self._hung_up_by(),
            reason=status.lower(),
        )

    def _hung_up_by(self) -> str:
        """Who ended it: of the last to hang up, the one that is named as the source; a caller who stops waiting ends it too."""
        main = self.main
        hangups = [channel.hangup for channel in self.real if channel.hangup]
        ordered = sorted(hangups, key=lambda row: (row.channel == (main.key if main else ""), row.at, order_of(row.channel)), reverse=True)
        for row in ordered:
            source = str(row.more("hangupsource") or "")
            party = self.of_channel.get(self.by_name.get(source, ""))
            if party:
                return "agent" if party.kind == "agent" else "caller"
            if source.startswith("dialplan/"):
                return "system"
        if main and main.hangup and main.hangup.more("dialstatus") == "CANCEL":
            return "caller" if self.direction == "inbound" else "agent"
        return ""
