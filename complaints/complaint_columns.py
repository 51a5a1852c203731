"""Complaints as lines of a table, registered with ``crm.exporting.entities``."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from complaints import erasure
from complaints.models import Complaint
from config.platform.models import User
from crm import saved_filters
from crm.exporting.entities import Cell, Entity, Row

USUAL = [
    "number", "kind", "status", "received_at", "summary", "topic", "department", "assignee", "priority", "due_at", "breached_at", "decision",
    "redress", "redress_amount", "currency", "root_cause", "resolved_at", "is_satisfied",
]  # fmt: skip
PLAIN = (
    "id", "number", "kind", "status", "channel", "contact", "e164", "language", "order", "product", "summary", "description", "remedy_sought",
    "severity", "impact", "priority", "currency", "decision", "decision_text", "redress", "corrective_action", "reject_reason",
    "communicated_via",
)  # fmt: skip
NUMBERS = ("amount_claimed", "redress_amount", "ping_pongs", "reopened_count")
MOMENTS = (
    "received_at", "acknowledged_at", "first_response_at", "decided_at", "communicated_at", "resolved_at", "ended_at", "due_at",
    "breached_at",
)  # fmt: skip
ANSWERS = ("is_satisfied", "solved_on_call")
KEYS = ("contact", "order", "product")
NAMED = ("topic", "root_cause", "department", "assignee", "product_name")


def choose(query: Mapping[str, Any], saved_query: Mapping[str, Any], by: User | None, now: datetime) -> QuerySet[Any]:
    """The complaints of both queries."""
    return saved_filters.chosen("complaints", query=query, saved_query=saved_query, by=by, now=now)


def read(ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Each as it looks in JSON, in the order of the ids; one statement."""
    rows = Complaint.objects.select_related("topic", "root_cause", "department", "product", "assignee").defer("words").in_bulk(list(ids))
    return [_shown(rows[one]) for one in ids if one in rows]


def columns() -> dict[str, Cell]:
    """Every column that a table of complaints may have."""
    return {
        **{name: partial(_text, name) for name in (*PLAIN, *NAMED)},
        **{name: partial(_number, name) for name in NUMBERS},
        **{name: partial(_moment, name) for name in MOMENTS},
        **{name: partial(_yes_no, name) for name in ANSWERS},
    }


def of_person(contact_id: UUID) -> list[UUID]:
    """A person is in a file by their complaints, also by those that only their number tells."""
    return list(erasure.of_person(contact_id).values_list("pk", flat=True))


def _shown(row: Complaint) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in (*PLAIN, *NUMBERS, *MOMENTS, *ANSWERS) if name not in KEYS},
        **{name: getattr(row, f"{name}_id") for name in KEYS},
        "topic": row.topic.code if row.topic else "",
        "root_cause": row.root_cause.code if row.root_cause else "",
        **{name: str(getattr(row, name) or "") for name in ("department", "assignee")},
        "product_name": row.product.name if row.product else "",
    }


def _text(name: str, row: Row) -> str:
    return str(row[name] or "")


def _number(name: str, row: Row) -> Any:
    return "" if row[name] is None else row[name]


def _moment(name: str, row: Row) -> str:
    return row[name].isoformat(timespec="seconds") if row[name] else ""


def _yes_no(name: str, row: Row) -> str:
    return "" if row[name] is None else "yes" if row[name] else "no"


COMPLAINTS = Entity(choose, read, columns, lambda: list(USUAL), of_person)
