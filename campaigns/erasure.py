"""What campaigns keep about people, and how they are taken out of it. That they were called, how often and how it came out stays."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from campaigns.models import Attempt, AudienceSource, Collected, Conversion, LeftOut, Target
from config.platform import forgetting
from crm import traces
from crm.erasure import Holder
from crm.old_ids import within
from crm.traces import ERASED

#: What audit events of targets and conversions may go on telling: it tells of nobody.
TELLING = frozenset(
    {
        "attempt_id", "campaign_id", "contact_id", "agent_id", "kind", "order_id", "amount", "currency", "due_on", "at", "by_id",
        "reversed_at", "state", "is_ready", "next_attempt_at", "ended_at", "checked_at", "run_id",
    }
)  # fmt: skip


def _whose(contact_id: UUID) -> list[UUID]:
    """A contact and those merged into it: a target that could not move stayed with one of them."""
    return [contact_id, *within(contact_id)]


def reasons_against(contact_id: UUID) -> list[str]:
    """Registered with ``crm.erasure.vetoes``: somebody has their number in hand."""
    rows = Attempt.objects.open().filter(contact__in=_whose(contact_id)).order_by("pk")
    return [f"Campaign {number} has them in hand." for number in rows.values_list("campaign__number", flat=True)[:20]]


def personal_data(contact_id: UUID) -> list[dict[str, Any]]:
    """Each campaign that they were in, left out of or collected in, with what was tried and what it brought."""
    whose = _whose(contact_id)
    named = {"campaign_number": F("campaign__number"), "campaign_name": F("campaign__name")}

    def of(model: Any, kind: str, *names: str) -> list[dict[str, Any]]:
        rows = model.objects.filter(contact__in=whose).order_by("id").values("id", *names, **named)
        return [{"kind": kind, **row} for row in rows]

    return [
        *of(
            Target, "target", "state", "next_e164", "next_attempt_at", "attempts_total", "last_attempt_at", "outcome", "reason", "ended_at"
        ),
        *of(Attempt, "attempt", "number", "e164", "state", "closing", "outcome", "leased_at", "dialled_at", "answered_at", "closed_at"),
        *[row | {"kind": "conversion"} for row in _conversions(whose)],
        *of(LeftOut, "left_out", "reason", "detail"),
        *of(Collected, "collected", "is_new", "at"),
    ]


def _conversions(whose: list[UUID]) -> list[dict[str, Any]]:
    named = {"campaign_number": F("campaign__number"), "campaign_name": F("campaign__name"), "brought": F("kind")}
    rows = Conversion.objects.filter(contact__in=whose).order_by("id")
    wanted = ("id", "amount", "currency", "due_on", "note", "at", "reversed_at", "reversed_because")
    return [dict(row) for row in rows.values(*wanted, **named)]


@transaction.atomic
def pseudonymise(contact_id: UUID) -> int:
    """Numbers and words go; that and when they were called, and what it brought, stays. Answers how many attempts and conversions."""
    whose = _whose(contact_id)
    targets, attempts = Target.objects.filter(contact__in=whose), Attempt.objects.filter(contact__in=whose)
    brought = Conversion.objects.filter(contact__in=whose)
    targets.exclude(next_e164="").update(next_e164="")
    attempts.exclude(e164="").update(e164="")
    attempts.exclude(reason="").update(reason=ERASED)
    brought.exclude(note="").update(note=ERASED)
    brought.exclude(reversed_because="").update(reversed_because=ERASED)
    LeftOut.objects.filter(contact__in=whose).exclude(detail="").update(detail="")
    changed = [*_ids(targets), *_ids(attempts), *_ids(brought)]
    forgetting.forget_changes(changed, telling=TELLING)
    return len(changed) + _forget_questions(contact_id)


def _forget_questions(contact_id: UUID) -> int:
    """Audiences that were asked for by what tells of this person ask so no more."""
    found, about = traces.of(contact_id), []
    for source in AudienceSource.objects.exclude(query={}).select_for_update(of=("self",)).order_by("pk"):
        if (wiped := found.wiped(source.query)) != source.query:
            source.query = wiped
            source.save(update_fields=["query", "updated_at"])
            about.append(source.pk)
    forgetting.forget_changes(about, telling=TELLING)
    return len(about)


def _ids(rows: "QuerySet[Any, Any]") -> list[UUID]:
    return list(rows.values_list("pk", flat=True))


HOLDER = Holder(personal_data, pseudonymise)
