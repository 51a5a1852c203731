"""What complaints tell the rest of the house of a contact, and what they are told by it: the timeline, look-ups, numbers, merges, routes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, Subquery

from calls.models import Queue
from complaints.models import Complaint, ComplaintMessage
from complaints.models.complaints import OPEN
from config.platform import statements
from config.platform.models import AuditEvent, Role, User
from crm.contact_filters import YES_NO, Filter
from crm.timeline import Happening, Position, older

LOOKED_AT = 500
#: Steps of a complaint that its contact would tell of too.
STEPS = (
    "transfer", "accept_transfer", "return_transfer", "escalate", "decide", "communicate", "resolve", "solve", "close", "reject",
    "withdraw", "join_to", "reopen",
)  # fmt: skip
DECIDED = ("decision", "redress", "redress_amount", "currency")


# --- the timeline
def of_contact(contact_id: UUID, before: Position, limit: int) -> list[Happening]:
    """Registered with ``crm.timeline.sources``: that they complained, and how it stands."""
    rows = (
        Complaint.objects.filter(older("created_at", before), contact=contact_id)
        .select_related("by", "topic", "department", "assignee")
        .order_by("-created_at", "-id")[:limit]
    )
    return [
        Happening(
            row.created_at,
            "complaint",
            row.pk,
            {
                "number": row.number,
                "kind": row.kind,
                "status": row.status,
                "channel": row.channel,
                "summary": row.summary,
                "topic": row.topic.code if row.topic else None,
                "priority": row.priority,
                "department": str(row.department) if row.department else None,
                "assignee": str(row.assignee) if row.assignee else None,
                "received_at": row.received_at,
                "due_at": row.due_at,
                "breached_at": row.breached_at,
                "decision": row.decision,
                "resolved_at": row.resolved_at,
                "is_satisfied": row.is_satisfied,
            },
            by=_who(row.by),
            resource="complaints",
        )
        for row in rows
    ]


def steps_of_contact(contact_id: UUID, before: Position, limit: int) -> list[Happening]:
    """Registered with ``crm.timeline.sources``: how it went on with their complaints: passed on, decided, resolved, reopened."""
    theirs = Complaint.objects.filter(contact=contact_id)
    rows = (
        AuditEvent.objects.filter(older("at", before), subject_type="complaint", subject_id__in=theirs.values("pk"), verb__in=STEPS)
        .annotate(number=Subquery(Complaint.objects.filter(pk=OuterRef("subject_id")).values("number")))
        .select_related("by")
        .order_by("-at", "-id")[:limit]
    )
    return [
        Happening(
            row.at,
            "complaint_step",
            row.pk,
            {
                "complaint": str(row.subject_id),
                "number": row.number,
                "verb": row.verb,
                "status": row.status_after,
                "reason": row.reason,
                **{name: row.changes[name][1] for name in DECIDED if name in row.changes},
            },
            by=_who(row.by),
        )
        for row in rows
    ]


def messages_of_contact(contact_id: UUID, before: Position, limit: int) -> list[Happening]:
    """Registered with ``crm.timeline.sources``: what was said between them and us about their complaints."""
    rows = (
        ComplaintMessage.objects.filter(older("at", before), complaint__contact=contact_id, visibility="public")
        .annotate(number=F("complaint__number"))
        .select_related("by")
        .order_by("-at", "-id")[:limit]
    )
    return [
        Happening(
            row.at,
            "complaint_message",
            row.pk,
            {
                "complaint": str(row.complaint_id),
                "number": row.number,
                "side": row.side,
                "via": row.via,
                "text": row.text,
                "call": str(row.call_id) if row.call_id else None,
            },
            by=_who(row.by),
        )
        for row in rows
    ]


def unseen(user: User, page: Sequence[Happening]) -> set[UUID]:
    """Registered with ``crm.timeline.hidden``: what is of other departments' complaints, for the back office."""
    if user.role != Role.BACK_OFFICE:
        return set()
    about = {one.id: UUID(str(one.data.get("complaint", one.id))) for one in page if one.kind.startswith("complaint")}
    seen = set(Complaint.objects.visible_to(user).filter(pk__in=set(about.values())).values_list("pk", flat=True)) if about else set()
    return {one for one, complaint in about.items() if complaint not in seen}


def _who(user: User | None) -> str | None:
    return str(user) if user else None


# --- look-ups
OPEN_LIST = ", ".join(f"'{status}'" for status in sorted(OPEN))
#: Open ones first, those due soonest before others; closed ones of which the customer was not asked yet whether they are content.
OPEN_MATTERS = f"""
SELECT c.id, c.number, c.kind, c.status, c.summary, c.priority, c.department_id AS department, c.assignee_id AS assignee, c.received_at, c.due_at,
    (c.breached_at IS NOT NULL OR COALESCE(c.due_at <= now(), false)) AS is_breached,
    (SELECT json_build_object('at', m.at, 'side', m.side, 'visibility', m.visibility, 'text', left(m.text, 200))
        FROM complaints_complaintmessage m WHERE m.complaint_id = c.id AND m.visibility = 'public' ORDER BY m.id DESC LIMIT 1) AS last_word,
    EXISTS (SELECT FROM complaints_satisfaction s WHERE s.complaint_id = c.id AND s.state IN ('owed', 'asked') AND s.expires_at > now())
        AS is_satisfaction_owed
FROM complaints_complaint c WHERE c.id IN (
    SELECT id FROM complaints_complaint WHERE contact_id = ANY(%(contacts)s::uuid[]) AND status IN ({OPEN_LIST})
    UNION ALL
    SELECT id FROM complaints_complaint WHERE contact_id IS NULL AND e164 = %(e164)s AND e164 <> '' AND status IN ({OPEN_LIST})
    UNION ALL
    SELECT k.id FROM complaints_complaint k JOIN complaints_satisfaction s ON s.complaint_id = k.id
    WHERE k.contact_id = ANY(%(contacts)s::uuid[]) AND s.state IN ('owed', 'asked') AND s.expires_at > now()
    UNION ALL
    SELECT k.id FROM complaints_complaint k JOIN complaints_satisfaction s ON s.complaint_id = k.id
    WHERE k.contact_id IS NULL AND k.e164 = %(e164)s AND k.e164 <> '' AND s.state IN ('owed', 'asked') AND s.expires_at > now())
ORDER BY c.ended_at IS NOT NULL, c.due_at NULLS LAST, c.id LIMIT 10
"""  # noqa: S608 (our own words)


def open_matters() -> str:
    """Registered with ``crm.lookup.open_matters``: what they wait for, the last word on it, and whether to ask if they are content."""
    return OPEN_MATTERS


def topics_of(contact_id: UUID) -> list[UUID]:
    """Registered with ``calls.answers.matters``."""
    return list(Complaint.objects.open().filter(contact=contact_id, topic__isnull=False).values_list("topic", flat=True)[:LOOKED_AT])


def route(contact_id: UUID) -> dict[str, Any] | None:
    """Registered with ``calls.hints.routes``: to the queue of the department that has their open complaint, of several the one due first."""
    theirs = Complaint.objects.open().filter(contact=contact_id, department__isnull=False).order_by("due_at", "id")
    for department in dict.fromkeys(theirs.values_list("department", flat=True)[:LOOKED_AT]):
        slug = Queue.objects.filter(department=department, is_active=True).order_by("slug").values_list("slug", flat=True).first()
        if slug:
            return {"queue": slug, "reason": "open_complaint"}
    return None


def exists(complaint_id: UUID) -> bool:
    """Registered with ``config.platform.origins.kinds``."""
    return Complaint.objects.filter(pk=complaint_id).exists()


def reached() -> Q:
    """Registered with ``crm.retention.reached``: whoever complained is no lead with whom nobody ever spoke."""
    return Q(Exists(Complaint.objects.filter(contact=OuterRef("pk"))))


def _has_open(values: Sequence[str], now: datetime) -> Q:
    waits = Q(Exists(Complaint.objects.open().filter(contact=OuterRef("pk"))))
    return waits if values[0] == "true" else ~waits


#: Registered with ``crm.contact_filters.more``.
HAS_OPEN = Filter(_has_open, "It has an open complaint.", "boolean", YES_NO, takes_one=True)


# --- numbers and merges
GAINED = """
UPDATE complaints_complaint b SET contact_id = g.contact, version = version + 1, updated_at = now()
FROM unnest(%s::uuid[], %s::text[]) AS g(contact, e164)
WHERE b.e164 = g.e164 AND b.contact_id IS NULL AND b.e164 <> ''
    AND (SELECT count(DISTINCT l.contact_id) FROM crm_contactphone l JOIN crm_phonenumber p ON p.id = l.phone_id WHERE p.e164 = g.e164) = 1
"""
NOBODYS = """
SELECT c.id FROM complaints_complaint c WHERE c.contact_id IS NULL AND c.e164 <> '' AND c.e164 IN (
    SELECT p.e164 FROM crm_contactphone l JOIN crm_phonenumber p ON p.id = l.phone_id WHERE l.contact_id = ANY(%s)) ORDER BY c.id
"""


def relink(gained: Sequence[tuple[UUID, str]]) -> None:
    """Registered with ``crm.contacts.numbers_gained``: what was told by a number is of the contact that alone has it now."""
    if gained:
        statements.count(GAINED, [[contact_id for contact_id, _ in gained], [e164 for _, e164 in gained]])


def joined(survivor: UUID, loser: UUID, by: User | None, now: datetime) -> dict[str, Any]:
    """Registered with ``crm.merging.joined``: remembers those that were nobody's because both have the number."""
    return {"waited": [str(row[0]) for row in statements.rows(NOBODYS, [[survivor, loser]])]}


def parted(survivor: UUID, loser: UUID, remembered: Mapping[str, Any], by: User | None, now: datetime) -> None:
    """Registered with ``crm.merging.parted``: those are nobody's again."""
    statements.count(
        "UPDATE complaints_complaint SET contact_id = NULL, version = version + 1, updated_at = now() "
        "WHERE id = ANY(%s::uuid[]) AND contact_id = %s",
        [remembered["waited"], survivor],
    )
