"""Targets and attempts as lines of a table, registered with ``crm.exporting.entities``."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from campaigns.models import Attempt, Target
from config.platform.models import User
from crm import saved_filters
from crm.exporting.entities import Cell, Entity, Row
from crm.old_ids import within

TARGET = (
    "id", "contact_id", "state", "priority", "next_attempt_at", "attempts_total", "attempts_technical", "last_attempt_at", "is_reached",
    "is_right_party", "is_success", "outcome", "reason", "ended_at",
)  # fmt: skip
ATTEMPT = (
    "id", "target_id", "contact_id", "number", "e164", "state", "leased_at", "dialled_at", "answered_at", "closed_at", "closing", "outcome",
    "counted", "is_drop", "is_late", "reason", "call_id",
)  # fmt: skip
NAMED = ("campaign", "campaign_name", "contact_name", "disposition")
USUAL_TARGETS = ["campaign", "contact_name", "state", "attempts_total", "last_attempt_at", "outcome", "disposition", "is_success", "reason"]
USUAL_ATTEMPTS = ["campaign", "contact_name", "number", "e164", "leased_at", "agent", "outcome", "disposition", "closing", "closed_at"]


def _entity(name: str, model: Any, plain: Sequence[str], named: Sequence[str], usual: Sequence[str], joins: Sequence[str]) -> Entity:
    def choose(query: Mapping[str, Any], saved_query: Mapping[str, Any], by: User | None, now: datetime) -> QuerySet[Any]:
        return saved_filters.chosen(name, query=query, saved_query=saved_query, by=by, now=now)

    def read(ids: Sequence[UUID]) -> list[dict[str, Any]]:
        rows = model.objects.select_related(*joins).in_bulk(list(ids))
        return [_shown(rows[one], plain, named) for one in ids if one in rows]

    def of_person(contact_id: UUID) -> list[UUID]:
        whose = [contact_id, *within(contact_id)]
        return list(model.objects.filter(contact__in=whose).values_list("pk", flat=True))

    def columns() -> dict[str, Cell]:
        return {one: partial(_cell, one) for one in (*plain, *named)}

    return Entity(choose, read, columns, lambda: list(usual), of_person)


def _shown(row: Any, plain: Sequence[str], named: Sequence[str]) -> dict[str, Any]:
    said = {
        "campaign": row.campaign.number, "campaign_name": row.campaign.name, "contact_name": str(row.contact),
        "disposition": row.disposition.code if row.disposition else "",
    }  # fmt: skip
    if "agent" in named:
        said["agent"] = str(row.agent or "")
    return {**{name: getattr(row, name) for name in plain}, **said}


def _cell(name: str, row: Row) -> Any:
    value = row[name]
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value if isinstance(value, int) else str(value)


TARGETS = _entity("targets", Target, TARGET, NAMED, USUAL_TARGETS, ["campaign", "contact", "disposition"])
ATTEMPTS = _entity("attempts", Attempt, ATTEMPT, (*NAMED, "agent"), USUAL_ATTEMPTS, ["campaign", "contact", "disposition", "agent"])
