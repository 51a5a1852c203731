"""Calls as the API shows them, read in one statement whatever their number."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

PLAIN = (
    "id", "source", "external_id", "linked_ids", "direction", "state", "outcome", "queue", "queue_position", "line", "match_quality",
    "started_at", "queued_at", "first_ring_at", "answered_at", "ended_at", "wait_s", "ring_s", "talk_s", "hold_s", "reported_talk_s",
    "hangup_by", "cause", "cause_text", "is_partial", "is_stale_closed", "wrap_up_state", "note", "wrapped_up_at", "wrap_s",
    "disposition_locked_at",
    "created_at", "updated_at", "version",
)  # fmt: skip
JSON = ("linked_ids", "transfers", "queue_stays", "flags")
NAME = "NULLIF(concat_ws(' ', NULLIF({0}.surname, ''), NULLIF({0}.name, ''), NULLIF({0}.patronymic, '')), '')"
SQL = f"""
SELECT {", ".join(f"c.{column}::json AS {column}" if column in JSON else "c." + column for column in (*PLAIN, *JSON[1:]))},
    s.slug AS phone_system, c.contact_id AS contact, c.agent_id AS agent, d.code AS disposition, c.wrapped_up_by_id AS wrapped_up_by,
    c.from_raw, c.from_e164, c.from_name, c.to_raw, c.to_e164, c.to_name, c.answered_by_raw, c.answered_by_name, c.customer_e164,
    COALESCE(NULLIF(k.company_name, ''), {NAME.format("k")}, '') AS contact_name, COALESCE({NAME.format("u")}, u.username, '') AS agent_name,
    jsonb_array_length(c.recordings) AS recordings,
    (SELECT json_agg(json_build_object('key', l.key, 'party', l.party, 'agent', l.agent_id, 'extension', l.extension, 'number', l.number_raw,
            'name', l.name, 'state', l.state, 'started_at', l.started_at, 'ring_at', l.ring_at, 'answered_at', l.answered_at,
            'ended_at', l.ended_at, 'hold_s', l.hold_s, 'cause', l.cause, 'end_reason', l.end_reason) ORDER BY l.started_at, l.key)
        FROM calls_callleg l WHERE l.call_id = c.id) AS legs,
    (SELECT json_agg(t.code ORDER BY t.code) FROM calls_call_topics ct JOIN crm_topic t ON t.id = ct.topic_id WHERE ct.call_id = c.id) AS topics,
    (SELECT json_build_object('id', q.id, 'reason', q.reason, 'purpose', q.purpose,
            'origin', CASE WHEN q.origin_kind <> '' THEN json_build_object('kind', q.origin_kind, 'id', q.origin_id) END)
        FROM calls_callrequest q WHERE q.call_id = c.id ORDER BY q.asked_at DESC LIMIT 1) AS call_request
FROM calls_call c
LEFT JOIN calls_phonesystem s ON s.id = c.phone_system_id
LEFT JOIN calls_disposition d ON d.id = c.disposition_id
LEFT JOIN platform_user u ON u.id = c.agent_id
LEFT JOIN crm_contact k ON k.id = c.contact_id
WHERE c.id = ANY(%s)
"""  # noqa: S608 (column names are constants of this module)


def show(ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """The calls with these ids, in this order; those that do not exist are left out. One query; none for no ids."""
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(SQL, [list(ids)])
        names = [column.name for column in cursor.description]
        rows = {row[0]: _shown(dict(zip(names, row, strict=True))) for row in cursor.fetchall()}
    return [rows[call_id] for call_id in ids if call_id in rows]


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    for end in ("from", "to"):
        row[end] = {"raw": row.pop(f"{end}_raw"), "e164": row.pop(f"{end}_e164") or None, "name": row.pop(f"{end}_name")}
    raw, name = row.pop("answered_by_raw"), row.pop("answered_by_name")
    row["answered_by"] = {"raw": raw, "name": name or row["agent_name"], "agent": row["agent"]} if row["answered_at"] else None
    row["legs"], row["topics"] = row["legs"] or [], row["topics"] or []
    return row
