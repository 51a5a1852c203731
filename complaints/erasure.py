"""What complaints keep about people, and how they are taken out of it. What was complained of, how long it took and what it cost stays."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from complaints import attachments, satisfaction
from complaints.models import Attachment, Complaint, ComplaintLink, ComplaintMessage, ComplaintTransfer, Satisfaction
from complaints.models.complaints import ComplaintQuerySet
from config.platform import forgetting, mailing
from config.platform.models import FeedMessage, OutboxEvent
from config.platform.moves import transition
from config.platform.queue import later
from crm import traces
from crm.erasure import Holder, forget_answers
from crm.traces import ERASED

WORDS = ("summary", "description", "remedy_sought", "decision_text", "corrective_action", "reject_reason")
#: What of a complaint is told to whom it is about, besides the words.
TOLD = (
    "number", "kind", "status", "channel", "e164", "language", "severity", "impact", "priority", "amount_claimed", "currency", "received_at",
    "acknowledged_at", "first_response_at", "decided_at", "resolved_at", "ended_at", "due_at", "breached_at", "decision", "redress",
    "redress_amount", "communicated_at", "communicated_via", "is_satisfied", "reopened_count",
)  # fmt: skip
#: What audit events of complaints may go on telling: it tells of nobody.
TELLING = frozenset(
    {
        *TOLD, "contact_id", "order_id", "product_id", "topic_id", "department_id", "assignee_id", "routed_by_id", "policy_id", "by_id",
        "decided_by_id", "root_cause_id", "communicated_call_id", "solved_on_call", "duplicate_of_id", "follows_id", "ping_pongs", "state",
        "metric", "score", "is_solved", "to_department_id", "from_department_id", "message", "side", "visibility", "other", "does", "who",
        "clocks", "told_twice", "content_type", "size", "scan", "deleted_at", "message_id", "complaint_id", "call_id", "at", "via",
    }
) - {"e164"}  # fmt: skip


def of_person(contact_id: UUID) -> ComplaintQuerySet:
    """A contact's complaints, and those told by a number that only this contact has and that nobody was named for."""
    nobodys = Q(contact=None, e164__in=traces.own_numbers(contact_id)) & ~Q(e164="")
    return Complaint.objects.filter(Q(contact=contact_id) | nobodys)


def reasons_against(contact_id: UUID) -> list[str]:
    """Registered with ``crm.erasure.vetoes``: nobody can answer whom nobody knows."""
    numbers = of_person(contact_id).open().order_by("pk").values_list("number", flat=True)[:20]
    return [f"Complaint {number} is open." for number in numbers]


def personal_data(contact_id: UUID) -> list[dict[str, Any]]:
    """Every complaint with what was said, sent and answered."""
    rows = list(of_person(contact_id).order_by("id").values("id", *TOLD, *WORDS))
    ids = [row["id"] for row in rows]
    said = _by_complaint(ComplaintMessage.objects.filter(complaint__in=ids, visibility="public"), "at", "side", "via", "text")
    files = _by_complaint(
        Attachment.objects.filter(complaint__in=ids), "name", "content_type", "size", "sha256", "created_at", "deleted_at"
    )
    content = _by_complaint(Satisfaction.objects.filter(complaint__in=ids), "state", "score", "is_solved", "comment", "answered_at")
    return [
        row | {"messages": said.get(row["id"], []), "attachments": files.get(row["id"], []), "satisfaction": content.get(row["id"], [])}
        for row in rows
    ]


@transaction.atomic
def pseudonymise(contact_id: UUID) -> int:
    """Words, numbers and files go; kind, topic, times, decision, amounts and verdicts stay. Answers how many complaints."""
    ids = list(of_person(contact_id).order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    rows = Complaint.objects.filter(pk__in=ids)
    for name in WORDS:
        rows.exclude(**{name: ""}).update(**{name: ERASED})
    rows.update(e164="", words=None)
    about = [*ids]
    for model, names in ((ComplaintMessage, ["text"]), (ComplaintTransfer, ["reason", "answer"]), (Satisfaction, ["comment"])):
        about += _blank(model._default_manager.filter(complaint__in=ids), names)
    ComplaintLink.objects.filter(Q(one__in=ids) | Q(other__in=ids)).update(note="")
    about += _forget_files(ids)
    _ask_no_more(ids)
    FeedMessage.objects.filter(about__in=ids).delete()
    mailing.forget_matters(ids, now=timezone.now())  # of a complaint that was nobody's yet, a letter names no contact
    OutboxEvent.objects.filter(subject_kind="complaint", subject_id__in=ids).exclude(data={}).update(data={})
    forgetting.forget_changes(about, telling=TELLING)
    if about:  # what is answered of a message or a file names the complaint, and not whose it is
        forget_answers(about)
    return len(ids)


def _forget_files(ids: list[UUID]) -> list[UUID]:
    """The files are deleted when all of it is done; who sent how many of what size stays."""
    rows = Attachment.objects.filter(complaint__in=ids)
    rows.filter(deleted_at=None).update(deleted_at=timezone.now(), scan="unscanned", scan_due_at=None)
    rows.update(name=ERASED, sha256="", scan_said="")
    later(attachments.SCAN)
    return list(rows.values_list("pk", flat=True))


def _ask_no_more(ids: list[UUID]) -> None:
    """Questions that wait for an answer are over: a link that somebody still has would bring their words back."""
    for pk in list(Satisfaction.objects.filter(complaint__in=ids, state__in=satisfaction.OPEN).values_list("pk", flat=True)):
        with transition(Satisfaction, pk, "expire", by=None, now=timezone.now()):
            pass


def _blank(rows: QuerySet[Any], names: list[str]) -> list[UUID]:
    for name in names:
        rows.exclude(**{name: ""}).update(**{name: ERASED})
    return list(rows.values_list("pk", flat=True))


def _by_complaint(rows: QuerySet[Any, Any], *names: str) -> dict[UUID, list[dict[str, Any]]]:
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in rows.order_by("id").values("complaint_id", *names):
        found.setdefault(row.pop("complaint_id"), []).append(row)
    return found


HOLDER = Holder(personal_data, pseudonymise)
