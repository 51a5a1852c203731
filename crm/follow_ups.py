"""Tasks: what was promised to a contact, until when and by whom."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from config.platform import origins
from config.platform.history import record
from config.platform.models import User
from config.platform.moves import change, transition
from crm.models import Task
from crm.timeline import Happening, Position, older

OPEN = """
SELECT id, title, due_at, assignee_id AS assignee, team_id AS team FROM crm_task
WHERE contact_id = ANY(%(contacts)s::uuid[]) AND status = 'open' ORDER BY due_at, id LIMIT 10
"""


@transaction.atomic
def add(*, origin: Mapping[str, Any] | None = None, by: User | None, now: datetime, **fields: Any) -> Task:
    """Promise something. Without an assignee and a team it is the author's own.

    Raises:
        OriginUnknown
    """
    if not fields.get("assignee") and not fields.get("team"):
        fields["assignee"] = by
    task = Task.objects.create(by=by, **origins.columns(origin), **fields)
    record(task, "add", by=by, now=now, before={})
    return task


def alter(task_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime, **fields: Any) -> Task:
    """Change what is promised, until when, or by whom.

    Raises:
        VersionConflict
    """
    with change(Task, task_id, "alter", by=by, now=now, if_version=if_version) as task:
        for name, value in fields.items():
            setattr(task, name, value)
    return task


def complete(task_id: UUID, *, result: str = "", if_version: int | None = None, by: User | None, now: datetime) -> Task:
    """Say that it is done, and what came of it.

    Raises:
        TransitionNotAllowed, VersionConflict
    """
    with transition(Task, task_id, "complete", by=by, now=now, if_version=if_version) as task:
        task.result, task.ended_at, task.ended_by = result, now, by
    return task


def cancel(task_id: UUID, *, reason: str, if_version: int | None = None, by: User | None, now: datetime) -> Task:
    """Say that it will not be done, and why.

    Raises:
        TransitionNotAllowed, VersionConflict
    """
    with transition(Task, task_id, "cancel", by=by, now=now, reason=reason, if_version=if_version) as task:
        task.result, task.ended_at, task.ended_by = reason, now, by
    return task


def reopen(task_id: UUID, *, reason: str = "", if_version: int | None = None, by: User | None, now: datetime) -> Task:
    """Say that it is not done after all.

    Raises:
        TransitionNotAllowed, VersionConflict
    """
    with transition(Task, task_id, "reopen", by=by, now=now, reason=reason, if_version=if_version) as task:
        task.ended_at = task.ended_by = None
    return task


def open_matters() -> str:
    """Registered with ``crm.lookup.open_matters``: what is promised to these contacts, the most urgent first."""
    return OPEN


def of_contact(contact_id: UUID, before: Position, limit: int) -> list[Happening]:
    """Registered with ``crm.timeline.sources``."""
    rows = (
        Task.objects.filter(older("created_at", before), contact=contact_id)
        .select_related("by", "assignee")
        .order_by("-created_at", "-id")[:limit]
    )
    return [
        Happening(
            row.created_at,
            "task",
            row.pk,
            {
                "title": row.title,
                "status": row.status,
                "due_at": row.due_at,
                "assignee": str(row.assignee) if row.assignee else None,
                "result": row.result,
                "by": str(row.by) if row.by else None,
            },
            by=str(row.by) if row.by else None,
            resource="tasks",
        )
        for row in rows
    ]


def personal_data(contact_id: UUID) -> list[dict[str, Any]]:
    """What tasks say about a contact."""
    return [
        {
            "title": row.title,
            "text": row.text,
            "result": row.result,
            "status": row.status,
            "due_at": row.due_at,
            "created_at": row.created_at,
        }
        for row in Task.objects.filter(contact=contact_id).order_by("id")
    ]


def pseudonymise(contact_id: UUID) -> int:
    """Take the words out of a contact's tasks; that there were tasks stays. Answers how many."""
    return Task.objects.filter(contact=contact_id).update(title="(erased)", text="", result="")
