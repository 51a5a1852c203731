"""What calls tell the scripts and the contact's timeline: the placeholders `call`, and the scripts gone through with a contact."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from calls.models import Call, ScriptRun, ScriptRunStep
from calls.script_adherence import share
from crm.contact_rows import shown_number
from crm.script_placeholders import About, Kind, Namespace, SubjectUnknown
from crm.timeline import Happening, Position, older

NAMES: dict[str, Kind] = {
    "queue": "text",
    "line": "text",
    "number": "text",
    "topic": "text",
    "started_at": "datetime",
    "direction": "code",
    "wait_s": "number",
}


def of_call() -> Namespace:
    """`call`: the conversation itself; its contact follows from it."""
    return Namespace(names=lambda: NAMES, read=_call, parameter="call", leads_to=_leads_to)


def _call(about: About) -> Mapping[str, Any]:
    call_id = about.ids.get("call")
    if call_id is None:
        return {}
    row = Call.objects.prefetch_related("topics").filter(pk=call_id).first()
    if row is None:
        raise SubjectUnknown("There is no call with this id.")
    topics = sorted(topic.name for topic in row.topics.all())
    return {
        "queue": row.queue,
        "line": row.line,
        "number": shown_number(row.customer_e164) if row.customer_e164 else None,
        "topic": topics[0] if topics else None,
        "started_at": row.started_at,
        "direction": row.direction,
        "wait_s": row.wait_s,
    }


def _leads_to(call_id: UUID) -> Mapping[str, UUID | None]:
    found = Call.objects.filter(pk=call_id).values_list("contact_id", flat=True).first()
    return {"contact": found}


def of_contact(contact_id: UUID, before: Position, limit: int) -> list[Happening]:
    """Registered with ``crm.timeline.sources``: scripts gone through in the contact's calls."""
    rows = (
        ScriptRun.objects.filter(older("started_at", before), call__contact=contact_id)
        .select_related("script_version__script", "agent")
        .order_by("-started_at", "-id")[:limit]
    )
    return [
        Happening(
            row.started_at,
            "script_run",
            row.pk,
            {
                "script": row.script_version.script.code,
                "number": row.script_version.number,
                "agent": str(row.agent),
                "call": str(row.call_id),
                "outcome": row.outcome,
                "adherence": share(row.passed, row.due),
            },
            by=str(row.agent),
            resource="script-runs",
        )
        for row in rows
    ]


def personal_data(contact_id: UUID) -> list[dict[str, Any]]:
    """What was answered to scripts on the contact's calls."""
    steps = ScriptRunStep.objects.filter(run__call__contact=contact_id).exclude(answer=None).select_related("step").order_by("id")
    return [{"at": step.at, "step": step.step.key, "answer": step.answer} for step in steps]


def pseudonymise(contact_id: UUID) -> int:
    """Take the answers out of the contact's runs; that the steps were gone through stays."""
    ScriptRun.objects.filter(call__contact=contact_id).update(facts={})
    return ScriptRunStep.objects.filter(run__call__contact=contact_id).exclude(answer=None).update(answer=None)
