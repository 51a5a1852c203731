"""Asterisk, channel event logging (CEL): every call from what happened to its channels.

Asterisk tells of channels and bridges, not of calls: that a channel began, entered an application, was answered, entered a bridge
with others and left it, was transferred, picked up, hung up. A call is all channels with one ``linkedid``; when bridges are
merged (attended transfer, pick-up, a retrieved parked call), the younger linked id gives way to the older one. So every row is kept under a
type of its own (``asterisk.CHAN_START``), and each time a call is folded all its rows are understood together (``understanding``).

Sources: Asterisk documentation "CEL Specification", "Asterisk 22 ManagerEvent CEL"; main/cel.c for the members of ``extra``. Order is
guaranteed within one channel only, so nothing here depends on it.
"""

import json
from datetime import datetime, timedelta
from typing import Any

import orjson

from calls.phone_systems.adapters import Adapter, Setting
from calls.phone_systems.asterisk import rows
from calls.phone_systems.asterisk.channels import KINDS, PREFIX
from calls.phone_systems.asterisk.requests import request_of
from calls.phone_systems.asterisk.understanding import understand
from calls.phone_systems.deliveries import Delivery
from calls.phone_systems.reading import EPOCH, key_of


def _read(value: Any, _setting: Setting) -> list[dict[str, Any]]:
    found = []
    for row in rows.members(value, "events", "rows"):
        if isinstance(row, dict) and (body := _body(row)) and key_of(body["call_id"]):
            found.append(body if row is value else {**body, "raw": row})
    return found


def _body(row: dict[str, Any]) -> dict[str, Any] | None:
    """One row in our own format; nothing when it names no event or no channel."""
    fields = rows.plain(row)
    kind = rows.text(fields, "eventtype", "eventname").upper().replace("AST_CEL_", "")[:45]
    if kind == "USER_DEFINED":
        kind = rows.text(fields, "userdeftype", "userdefinedname").upper()[:45] or kind
    unique_id, linked_id = rows.text(fields, "uniqueid"), rows.text(fields, "linkedid")
    if not kind or not kind.isprintable() or not (unique_id or linked_id):
        return None
    extra = _extra(fields.get("extra", fields.get("eventextra")))
    told = {
        "channel": rows.text(fields, "channame", "channel", "channelname"),
        "exten": rows.text(fields, "exten", "extension"),
        "context": rows.text(fields, "context"),
        "app": rows.text(fields, "appname", "application"),
        "data": rows.text(fields, "appdata", "applicationdata")[:2000],
        "peer": rows.text(fields, "peer")[:2000],
        "ani": rows.text(fields, "cidani", "calleridani"),
        "dnid": rows.text(fields, "ciddnid", "calleriddnid"),
        "extra": extra,
    }
    number, name = rows.text(fields, "cidnum", "calleridnum"), rows.text(fields, "cidname", "calleridname")
    at = rows.moment(rows.text(fields, "eventtime"))
    call_id = (linked_id or unique_id)[:200]
    linked = {unique_id, *(extra[name] for name in extra if name.endswith("_uniqueid") and isinstance(extra[name], str))}
    body: dict[str, Any] = {
        "event_id": rows.key("cel", kind, at, unique_id, linked_id, number, name, told),
        "type": PREFIX + kind,
        "call_id": call_id,
        "leg_id": unique_id or call_id,
        "linked_ids": sorted(one[:200] for one in linked - {"", "N/A", call_id}),
        "from": {"number": number, "name": name},
        "cel": {name: said for name, said in told.items() if said},
    }
    if request := request_of(linked_id, unique_id):
        body["call_request_id"] = request
    return {**body, "occurred_at": at} if at else body


def _extra(value: Any) -> dict[str, Any]:
    """The column ``extra``: an object, mostly as JSON text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {"extra": value[:2000]} if value.strip() else {}
    if not isinstance(value, dict):
        return {}
    return {
        str(name)[:100]: inner if isinstance(inner, int | float | bool) else str(inner)[:2000]
        for name, inner in value.items()
        if inner is not None
    }


def _sample(at: datetime) -> Delivery:
    channel = f"{(at - EPOCH) // timedelta(seconds=1)}.1"
    row = {
        "eventtype": "CHAN_START", "eventtime": f"{at.timestamp():.6f}", "cid_name": "", "cid_num": "+12025550123", "cid_ani": "", "cid_dnid": "",
        "exten": "+12025550199", "context": "from-trunk", "channame": "PJSIP/trunk-00000001", "appname": "", "appdata": "", "uniqueid": channel,
        "linkedid": channel, "peer": "", "extra": "",
    }  # fmt: skip
    return Delivery(orjson.dumps(row), "application/json")


ADAPTER = Adapter(
    name="asterisk_cel",
    label="Asterisk: channel events (CEL)",
    auth_modes=("token", "hmac_t_v1", "basic", "body_token"),
    read=_read,
    sample=_sample,
    interpret=understand,
    own_types=frozenset(PREFIX + kind for kind in KINDS),
)
