"""Targets, attempts and responses to surveys as lines of a table, registered with ``crm.exporting.entities``."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from campaigns.models import Attempt, SurveyResponse, Target
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


RESPONSE = ("id", "contact_id", "state", "started_at", "ended_at", "seconds", "reason", "attempt_id", "call_id")
NAMED_RESPONSE = ("survey", "survey_version", "campaign", "contact_name", "agent", "topic", "department", "answers")
USUAL_RESPONSES = ["survey", "survey_version", "contact_name", "agent", "state", "started_at", "answers"]


def _entity(
    name: str,
    rows: QuerySet[Any],
    plain: Sequence[str],
    names: Callable[[Any], Mapping[str, Any]],
    named: Sequence[str],
    usual: Sequence[str],
) -> Entity:
    """A table to be exported: its own columns ``plain``, and those that ``names`` reads from what ``rows`` have joined."""

    def choose(query: Mapping[str, Any], saved_query: Mapping[str, Any], by: User | None, now: datetime) -> QuerySet[Any]:
        return saved_filters.chosen(name, query=query, saved_query=saved_query, by=by, now=now)

    def read(ids: Sequence[UUID]) -> list[dict[str, Any]]:
        found = rows.all().in_bulk(list(ids))
        return [{**{one: getattr(found[pk], one) for one in plain}, **names(found[pk])} for pk in ids if pk in found]

    def of_person(contact_id: UUID) -> list[UUID]:
        return list(rows.filter(contact__in=[contact_id, *within(contact_id)]).values_list("pk", flat=True))

    def columns() -> dict[str, Cell]:
        return {one: partial(_cell, one) for one in (*plain, *named)}

    return Entity(choose, read, columns, lambda: list(usual), of_person)


def _of_target(row: Target) -> dict[str, Any]:
    disposition = row.disposition.code if row.disposition else ""
    return {
        "campaign": row.campaign.number, "campaign_name": row.campaign.name, "contact_name": str(row.contact), "disposition": disposition,
    }  # fmt: skip


def _of_attempt(row: Attempt) -> dict[str, Any]:
    disposition = row.disposition.code if row.disposition else ""
    return {
        "campaign": row.campaign.number, "campaign_name": row.campaign.name, "contact_name": str(row.contact), "disposition": disposition,
        "agent": str(row.agent or ""),
    }  # fmt: skip


def _of_response(row: SurveyResponse) -> dict[str, Any]:
    counted = sorted((one for one in row.answers.all() if one.is_counted), key=lambda one: one.question.position)
    return {
        "survey": row.survey_version.survey.name, "survey_version": row.survey_version.number,
        "campaign": row.campaign.number if row.campaign else "", "contact_name": str(row.contact or ""), "agent": str(row.agent or ""),
        "topic": row.topic.code if row.topic else "", "department": str(row.department or ""),
        "answers": json.dumps({one.question.key: one.value for one in counted}, ensure_ascii=False),
    }  # fmt: skip


def _cell(name: str, row: Row) -> Any:
    value = row[name]
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value if isinstance(value, int | float) else str(value)


_targets = Target.objects.select_related("campaign", "contact", "disposition")
_attempts = Attempt.objects.select_related("campaign", "contact", "disposition", "agent")
_responses = SurveyResponse.objects.select_related(
    "survey_version__survey", "campaign", "contact", "agent", "topic", "department"
).prefetch_related("answers__question")
TARGETS = _entity("targets", _targets, TARGET, _of_target, NAMED, USUAL_TARGETS)
ATTEMPTS = _entity("attempts", _attempts, ATTEMPT, _of_attempt, (*NAMED, "agent"), USUAL_ATTEMPTS)
SURVEY_RESPONSES = _entity("survey_responses", _responses, RESPONSE, _of_response, NAMED_RESPONSE, USUAL_RESPONSES)
