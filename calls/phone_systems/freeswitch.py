"""FreeSWITCH: records of legs as ``mod_json_cdr`` posts them, and channel events as the event socket tells them.

Both tell of legs. The leg that made the call has the call's own uuid (``call_uuid``, ``Channel-Call-UUID``); that FreeSWITCH answered it is the menu's or the
queue's doing, nobody's answer. Legs that were dialled for it name it. A leg of an extension that calls out is ``inbound`` to FreeSWITCH too, so that the
direction of a call follows from its numbers. Records may come hours late; nothing depends on when.

Sources: FreeSWITCH documentation "mod_json_cdr", "Channel Variables", "Event List", "mod_callcenter" (``callcenter::info``).
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import orjson

from calls.events import is_extension
from calls.phone_systems.adapters import Adapter, Setting
from calls.phone_systems.deliveries import Delivery
from calls.phone_systems.reading import natural_key, of_epoch, text_of

Told = dict[str, Any]
MICRO = 1_000_000
OF_DIALLED = {
    "CHANNEL_CREATE": "call.updated", "CHANNEL_PROGRESS": "leg.ringing", "CHANNEL_PROGRESS_MEDIA": "leg.ringing", "CHANNEL_ANSWER": "leg.answered",
    "CHANNEL_HOLD": "leg.held", "CHANNEL_UNHOLD": "leg.resumed", "CHANNEL_HANGUP_COMPLETE": "leg.ended",
}  # fmt: skip
OF_CALL = {"CHANNEL_CREATE": "call.initiated", "CHANNEL_HANGUP_COMPLETE": "call.ended"}
JOINED = ("sip_hangup_disposition", "bridge_uuid", "last_bridge_to")
#: Why a caller left the queue of mod_callcenter.
LEFT = {"TIMEOUT": "timeout", "NO_AGENT_TIMEOUT": "noagent", "BREAK_OUT": "abandon", "EXIT_WITH_KEY": "key", "NONE": "abandon"}


def _read(value: Any, _setting: Setting) -> list[Told]:
    if isinstance(value, list):
        parts = [one for one in value if isinstance(one, dict)]
        return [{**body, "raw": part} for part in parts for body in _one(part)]
    if isinstance(value, dict) and isinstance(value.get("cdr"), str):  # a form with encoded JSON, as mod_json_cdr can post it
        try:
            value = orjson.loads(value["cdr"])
        except orjson.JSONDecodeError:
            return []
    return _one(value) if isinstance(value, dict) else []


def _one(said: Told) -> list[Told]:
    variables = said.get("variables")
    if isinstance(variables, dict):
        return list(_record(said, {name: text_of(text) for name, text in variables.items()}))
    event = {name: text_of(text) for name, text in said.items()}
    return list(_event(event)) if event.get("Event-Name") else []


def _ends(caller: str, name: str, called: str) -> Told:
    """Who calls whom. Which way that is follows from the numbers: the fold knows which of them are ours."""
    told: Told = {"from": {"number": caller, "name": "" if name == caller else name}, "to": called}
    return {**told, "agent": caller} if is_extension(caller) else told


def _whose(number: str) -> Told:
    """Whose leg it is that was dialled."""
    return {"agent": number} if is_extension(number) else {"to": number} if number else {}


def _asked(request_id: str) -> Told:
    """The click-to-call it came of, from the channel variable that ``originate`` was given."""
    return {"call_request_id": request_id} if request_id else {}


# --- mod_json_cdr


def _record(said: Told, told: dict[str, str]) -> Iterator[Told]:
    """One leg from its beginning to its end."""
    leg = told.get("uuid", "")
    if not leg:
        return
    profile = _profile(said)
    begin, ring, answer, end = (_moment(told, name) for name in ("start", "progress", "answer", "end"))
    ring = ring or _moment(told, "progress_media")
    dialled = told.get("direction") == "outbound"
    call = told.get("originating_leg_uuid") or told.get("originator") or _originator(profile) or (dialled and told.get("call_uuid")) or leg
    common: Told = {"call_id": call, "linked_ids": [leg] if leg != call else [], **_asked(told.get("call_request_id", ""))}
    why = {"cause": told.get("hangup_cause_q850", ""), "cause_text": told.get("hangup_cause", "")}
    called = unquote(told.get("dialed_user", "")) or _text(profile, "destination_number") or _text(profile, "callee_id_number")

    def body(kind: str, at: str, **more: Any) -> Told:
        return {**common, "event_id": natural_key("cdr", leg, kind), "type": kind, **({"occurred_at": at} if at else {}), **more}

    if call == leg and not dialled:
        ends = _ends(_text(profile, "caller_id_number"), _text(profile, "caller_id_name"), called)
        yield body("call.initiated", begin, **ends)
        yield body("call.ended", end, **_normal(why), **_by(told))
    else:
        whose = _whose(called)
        if call == leg:  # ordered by a program: its own leg is the first that is dialled
            yield body("call.initiated", begin, direction="outbound", **whose)
            yield body("call.ended", end, **_normal(why))
        yield body("leg.ringing", ring or begin, leg_id=leg, **whose)
        if answer:
            yield body("leg.answered", answer, leg_id=leg, **whose)
        yield body("leg.ended", end, leg_id=leg, **why, **whose)
    if path := told.get("record_path") or told.get("cc_record_filename") or told.get("recording_file", ""):
        yield body("recording.available", end, recording={"id": unquote(path)})


def _profile(said: Told) -> Told:
    """The first caller profile: what was dialled before any transfer. The flow is told newest first."""
    flow = said.get("callflow")
    flows = [one for one in (flow if isinstance(flow, list) else [flow]) if isinstance(one, dict)]
    found = flows[-1].get("caller_profile") if flows else None
    return found if isinstance(found, dict) else {}


def _originator(profile: Told) -> str:
    """The leg that dialled this one, as the flow tells it."""
    found = profile.get("originator")
    those = found.get("originator_caller_profiles") if isinstance(found, dict) else None
    first = those[0] if isinstance(those, list) and those else None
    return _text(first, "uuid") if isinstance(first, dict) else ""


def _text(said: Told, name: str) -> str:
    return text_of(said.get(name))


def _moment(told: dict[str, str], name: str) -> str:
    return of_epoch(told.get(f"{name}_uepoch"), per_second=MICRO) or of_epoch(told.get(f"{name}_epoch"))


def _normal(why: Told) -> Told:
    """A normal end says nothing of why nobody answered."""
    return {} if why["cause_text"] in ("NORMAL_CLEARING", "NONE", "") else why


def _by(told: dict[str, str]) -> Told:
    """Who hung up, as the signalling of the caller's leg tells: what was received came from the caller, what was sent from whoever they were joined to."""
    how = told.get("sip_hangup_disposition", "")
    if not how:
        return {}
    was_joined = told.get("bridge_uuid") or told.get("last_bridge_to")
    return {"hangup_by": "caller" if how.startswith("recv") else "agent" if was_joined else "system"}


# --- the event socket


def _event(said: dict[str, str]) -> Iterator[Told]:
    name, leg = said["Event-Name"], said.get("Unique-ID", "")
    at = of_epoch(said.get("Event-Date-Timestamp"), per_second=MICRO)
    number = said.get("Event-Sequence", "")
    key = natural_key(said.get("Core-UUID", ""), number) if number else natural_key(name, leg, at)
    common: Told = {"event_id": key, **({"occurred_at": at} if at else {})}
    if name == "CUSTOM":
        yield from _queue(said, common)
        return
    call = said.get("Channel-Call-UUID") or said.get("variable_call_uuid") or leg
    if not leg:
        return
    common |= {"call_id": call, "linked_ids": [leg] if leg != call else [], **_asked(said.get("variable_call_request_id", ""))}
    other = said.get("Other-Leg-Unique-ID", "")
    if name in ("CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE") and other and other != call:
        common["linked_ids"] = [*common["linked_ids"], other]
    why = {
        "cause": said.get("variable_hangup_cause_q850", ""),
        "cause_text": said.get("Hangup-Cause") or said.get("variable_hangup_cause", ""),
    }
    called = said.get("variable_dialed_user") or said.get("Caller-Destination-Number", "")
    if leg == call:
        kind = OF_CALL.get(name, f"freeswitch.{name}"[:60])
        ends = (
            _ends(said.get("Caller-Caller-ID-Number", ""), said.get("Caller-Caller-ID-Name", ""), called)
            if kind in OF_CALL.values()
            else {}
        )
        over = {**_normal(why), **_by({name: said.get(f"variable_{name}", "") for name in JOINED})} if kind == "call.ended" else {}
        yield {**common, "type": kind, **ends, **over}
        return
    kind = OF_DIALLED.get(name, f"freeswitch.{name}"[:60])
    whose = _whose(called) if kind.startswith("leg.") else {}
    yield {**common, "type": kind, "leg_id": leg, **whose, **(why if kind == "leg.ended" else {})}


def _queue(said: dict[str, str], common: Told) -> Iterator[Told]:
    """mod_callcenter: a caller joins the queue, and leaves it."""
    call, action = said.get("CC-Member-Session-UUID", ""), said.get("CC-Action", "")
    if said.get("Event-Subclass", "") != "callcenter::info" or not call or not action:
        return
    body = {**common, "call_id": call, "queue": said.get("CC-Queue", "").partition("@")[0]}
    if action == "member-queue-start":
        yield {**body, "type": "call.queued"}
    elif action == "member-queue-end":
        reason = "answered" if said.get("CC-Cause") == "Terminated" else LEFT.get(said.get("CC-Cancel-Reason", ""), "abandon")
        yield {**body, "type": "call.left_queue", "reason": reason}
    else:
        yield {**body, "type": f"freeswitch.{action}"[:60]}


def _sample(at: datetime) -> Delivery:
    said = {
        "Event-Name": "CHANNEL_CREATE", "Core-UUID": "6d2375b0-5183-11e1-b24c-f527b57af954", "Event-Sequence": "1001", "Call-Direction": "inbound",
        "Event-Date-Timestamp": str(int(at.timestamp() * 1_000_000)), "Unique-ID": "3feeb3dc-ee62-49b4-bdd6-7b1c0f6e1d9c",
        "Channel-Call-UUID": "3feeb3dc-ee62-49b4-bdd6-7b1c0f6e1d9c", "Caller-Caller-ID-Number": "+12025550123", "Caller-Destination-Number": "+12025550199",
    }  # fmt: skip
    return Delivery(orjson.dumps(said), "application/json")


ADAPTER = Adapter(
    name="freeswitch", label="FreeSWITCH", auth_modes=("basic", "token", "hmac_t_v1", "body_token"), read=_read, sample=_sample
)
