"""What a phone system that can use it is told about a call before anybody picks up: a name to show, whom to route to, whether to block."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from calls.models import PhoneSystem
from config.platform import statements
from config.platform.registry import Registry
from crm import lookup, phone_book

BEFORE_ANSWER = frozenset({"initiated", "queued", "ringing"})
#: The last operator who talked with this number, or with this contact, in the last thirty days, and where they sit today.
LAST_AGENT = """
    SELECT x.extension FROM (
        (SELECT agent_id, started_at FROM calls_call WHERE customer_e164 = %(e164)s AND customer_e164 <> '' AND id <> %(call)s
            AND started_at > now() - interval '30 days' AND agent_id IS NOT NULL AND outcome = 'answered'
            ORDER BY started_at DESC, id DESC LIMIT 1)
        UNION ALL
        (SELECT agent_id, started_at FROM calls_call WHERE contact_id = %(contact)s AND id <> %(call)s
            AND started_at > now() - interval '30 days' AND agent_id IS NOT NULL AND outcome = 'answered'
            ORDER BY started_at DESC, id DESC LIMIT 1)) c
    JOIN calls_agentextension x ON x.user_id = c.agent_id AND x.phone_system_id = %(system)s AND x.is_active
    JOIN platform_user u ON u.id = x.user_id AND u.is_active ORDER BY c.started_at DESC, x.extension LIMIT 1
"""
#: Where else a call may have to go, asked before the last operator: a function of the contact's id answers ``{"queue"}``,
#: ``{"extension"}`` or ``{"number"}``, with ``reason``, or nothing.
routes: Registry[Callable[[UUID], dict[str, Any] | None]] = Registry("where a call of this contact goes")


def of(system: PhoneSystem, call: dict[str, Any] | None, found: lookup.Found) -> dict[str, Any]:
    """``{display_name, route_to, block}`` of an incoming call that nobody answered yet; empty values otherwise."""
    told: dict[str, Any] = {"display_name": "", "route_to": None, "block": False}
    if call is None or call["direction"] != "inbound" or call["state"] not in BEFORE_ANSWER:
        return told
    best = next((one["contact"] for one in found.matches if one["contact"]["id"] == found.best), None) if found.best else None
    told["display_name"] = best["display_name"] if best else ""
    contact_id = call["contact"] or found.best
    told["block"] = phone_book.is_blocked(call["from"]["e164"] or "")
    told["route_to"] = _route(system, call, contact_id)
    return told


def _route(system: PhoneSystem, call: dict[str, Any], contact_id: UUID | None) -> dict[str, Any] | None:
    if contact_id:
        for _, asked in routes:
            if route := asked(contact_id):
                return route
    if not contact_id and not call["customer_e164"]:
        return None
    named = {"e164": call["customer_e164"], "contact": contact_id, "call": call["id"], "system": system.pk}
    rows = statements.rows(LAST_AGENT, named)
    return {"extension": rows[0][0], "reason": "last_agent"} if rows else None
