"""Calls as lines of a table, registered with ``crm.exporting.entities``."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from calls import call_rows
from calls.models import Call
from config.platform.models import User
from crm import saved_filters
from crm.exporting.entities import Cell, Entity, Row

USUAL = [
    "started_at", "direction", "outcome", "customer_number", "contact_name", "agent_name", "queue", "wait_s", "talk_s", "hold_s",
    "disposition", "topics", "note",
]  # fmt: skip
PLAIN = (
    "id", "source", "external_id", "direction", "state", "outcome", "queue", "line", "phone_system", "contact", "contact_name", "agent",
    "agent_name", "hangup_by", "disposition", "wrap_up_state", "note",
)  # fmt: skip
SECONDS = ("wait_s", "ring_s", "talk_s", "hold_s", "wrap_s")
MOMENTS = ("started_at", "queued_at", "answered_at", "ended_at", "wrapped_up_at")


def choose(query: Mapping[str, Any], saved_query: Mapping[str, Any], by: User | None, now: datetime) -> QuerySet[Any]:
    """The calls of both queries."""
    return saved_filters.chosen("calls", query=query, saved_query=saved_query, by=by, now=now)


def columns() -> dict[str, Cell]:
    """Every column that a table of calls may have."""
    return {
        **{name: partial(_plain, name) for name in PLAIN},
        **{name: partial(_number, name) for name in SECONDS},
        **{name: partial(_moment, name) for name in MOMENTS},
        "from": lambda row: row["from"]["e164"] or row["from"]["raw"],
        "to": lambda row: row["to"]["e164"] or row["to"]["raw"],
        "customer_number": lambda row: row["customer_e164"],
        "topics": lambda row: "; ".join(row["topics"]),
    }


def of_person(contact_id: UUID) -> list[UUID]:
    """A person is in a file by their calls."""
    return list(Call.objects.filter(contact=contact_id).values_list("pk", flat=True))


def _plain(name: str, row: Row) -> str:
    return str(row[name] or "")


def _number(name: str, row: Row) -> Any:
    return "" if row[name] is None else row[name]


def _moment(name: str, row: Row) -> str:
    return row[name].isoformat(timespec="seconds") if row[name] else ""


CALLS = Entity(choose, call_rows.show, columns, lambda: list(USUAL), of_person)
