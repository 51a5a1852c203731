"""The question put to a customer when their complaint is closed: owed, asked on a call or by a link, answered once.

An answer locks the complaint before the question, as closing it does.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from complaints import satisfaction_words
from complaints.models import Complaint, Satisfaction
from config.platform import feed, mailing, outbox
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import User
from config.platform.moves import TransitionNotAllowed, transition
from config.platform.tokens import digest_of
from crm import duty, permission
from crm.models import Channel, Purpose
from crm.suppression import Asked

State, Via = Satisfaction.State, Satisfaction.Via
OPEN = (State.OWED, State.ASKED)
#: From this score on, of five, somebody is content.
CONTENT = 4
#: Up to this one somebody should look at it again.
BAD = 2
LONGEST_COMMENT = 2000
UNSATISFIED: dict[str, Any] = {
    "complaint": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "number": "C-2026-000123",
    "satisfaction": "0199a1b2-7777-7000-8000-293a4b5c6d7e",
    "score": 2,
    "is_solved": False,
}
ANSWERED: dict[str, Any] = UNSATISFIED | {
    "is_satisfied": False,
    "via": "link",
    "department": "0199a1b2-dddd-7000-8000-293a4b5c6d7e",
    "agent": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
}


class SatisfactionNotOwed(Refusal):
    """No answer is waited for: the complaint is not closed, its question was answered already, or its time is over."""

    code = "satisfaction_not_owed"
    advice = "Ask nothing. A question comes with the closing of a complaint, and has a time to be answered."


class NobodyToWriteTo(Refusal):
    """The contact has no e-mail address, or does not want to be written to. Give them the link otherwise, or ask on a call."""

    code = "nobody_to_write_to"
    advice = "Give the customer the link by another way, or ask on a call and write the answer with `POST /complaints/{id}/satisfaction/`."


class LinkUnknown(Refusal):
    """There is no such link, or a newer one took its place."""

    code = "satisfaction_link_unknown"
    status = 404
    advice = "Look for a newer message with a link. Whoever sent it can make another (`POST /complaints/{id}/satisfaction-link/`)."


class LinkUsed(Refusal):
    """The question of this link was answered."""

    code = "satisfaction_link_used"
    status = 410
    advice = "Nothing is left to do: the answer was kept. To add something, write to or call whoever asked."


class LinkOver(Refusal):
    """The time to answer is over."""

    code = "satisfaction_link_over"
    status = 410
    advice = "Nothing can be answered here any more. To say something all the same, write to or call whoever asked."


def declare() -> None:
    """Add what is told of answers to the live feed, and to the news for other systems."""
    tells = "A customer said how content they are with what was done about their complaint."
    outbox.declare("satisfaction.answered", tells, ANSWERED, may_be_null=("score", "is_solved", "department", "agent"))
    feed.declare(
        "complaint.unsatisfied",
        "A customer says that their complaint is not solved, or gives one of the two lowest scores: for whoever had it and those who lead its "
        "department. It can be reopened.",
        UNSATISFIED,
    )


def owe(complaint: Complaint, *, by: User | None = None, now: datetime) -> Satisfaction | None:
    """Note that the customer is to be asked, for a complaint that ``by`` is closing; None when nobody can be asked.

    The caller holds the complaint. A question of an earlier closing that still waits is over.
    """
    if complaint.contact_id is None and not complaint.e164:
        return None
    call_off(complaint, reason="It was closed anew.", by=by, now=now)
    last = complaint.satisfactions.aggregate(last=Max("cycle"))["last"] or 0
    row = Satisfaction(
        complaint=complaint,
        cycle=last + 1,
        department_id=complaint.department_id,
        topic_id=complaint.topic_id,
        agent_id=complaint.assignee_id or complaint.decided_by_id,
        expires_at=now + timedelta(days=settings.SATISFACTION_DAYS),
    )
    row.save(force_insert=True)
    record(row, "owe", by=by, now=now, before={})
    if settings.SATISFACTION_BY_EMAIL and settings.PUBLIC_URL:
        with suppress(NobodyToWriteTo):
            return send_link(row.pk, origin=settings.PUBLIC_URL, by=by, now=now)
    return row


def call_off(complaint: Complaint, *, reason: str, by: User | None, now: datetime) -> None:
    """End a question of an earlier closing that still waits. The caller holds the complaint."""
    for pk in complaint.satisfactions.filter(state__in=OPEN).values_list("pk", flat=True):
        with transition(Satisfaction, pk, "expire", by=by, now=now, reason=reason):
            pass


def current(complaint: Complaint) -> Satisfaction:
    """The question of the last closing.

    Raises:
        SatisfactionNotOwed: it was never closed.
    """
    row = complaint.satisfactions.order_by("-cycle").first()
    if row is None:
        raise SatisfactionNotOwed("Nobody is to be asked about this complaint: it was not closed.")
    return row


def make_link(satisfaction_id: UUID, *, via: str = Via.LINK, by: User | None, now: datetime) -> tuple[Satisfaction, str]:
    """A token with which the customer answers on a page; it is told now and never again. One made before is good no more.

    Raises:
        SatisfactionNotOwed
    """
    token = secrets.token_urlsafe(32)
    with _waiting(satisfaction_id, "ask", by=by, now=now) as row:
        row.digest, row.asked_at, row.asked_via = digest_of(token), now, via
    return row, token


@transaction.atomic
def send_link(satisfaction_id: UUID, *, origin: str, by: User | None, now: datetime) -> Satisfaction:
    """Owe the customer an e-mail with a new link.

    Raises:
        SatisfactionNotOwed, NobodyToWriteTo
    """
    row, token = make_link(satisfaction_id, via="email", by=by, now=now)
    complaint = row.complaint
    email = complaint.contact.emails.first() if complaint.contact is not None else None
    if email is None:
        raise NobodyToWriteTo("The contact has no e-mail address.")
    (verdict,) = permission.check([Asked(contact_id=complaint.contact_id)], purpose=Purpose.SERVICE, channel=Channel.EMAIL, at=now)
    if not verdict.allowed:
        raise NobodyToWriteTo("The contact does not want to be written to.")
    subject, text = satisfaction_words.letter(complaint.language, complaint.number, address_of(token, origin=origin), until=row.expires_at)
    mailing.owe(
        to=email.email, subject=subject, text=text, key=f"satisfaction:{row.pk}:{row.version}", about=complaint.pk,
        contact=complaint.contact_id, now=now,
    )  # fmt: skip
    return row


def address_of(token: str, *, origin: str) -> str:
    """The address of the page, on ``origin`` (``https://host``)."""
    return f"{origin.rstrip('/')}/s/{token}/"


def of_token(token: str, *, now: datetime) -> Satisfaction:
    """The question that this token may answer now. Whatever the token, it is looked up the same way.

    Raises:
        LinkUnknown, LinkUsed, LinkOver
    """
    row = Satisfaction.objects.select_related("complaint__contact").filter(digest=digest_of(token)).first()
    if row is None:
        raise LinkUnknown("There is no such link, or a newer one took its place.")
    if row.state not in (*OPEN, State.EXPIRED):
        raise LinkUsed("This question was answered already.")
    if row.state == State.EXPIRED or row.expires_at <= now:
        raise LinkOver("The time to answer is over.")
    return row


def answer_by_token(token: str, *, score: int, is_solved: bool | None = None, comment: str = "", now: datetime) -> Satisfaction:
    """Answer on the page of a link. However often it is sent, and however many at once: the first counts.

    Raises:
        LinkUnknown, LinkUsed, LinkOver
    """
    row = of_token(token, now=now)
    try:
        return answer(row.pk, score=score, is_solved=is_solved, comment=comment, via=Via.LINK, by=None, now=now)
    except (SatisfactionNotOwed, TransitionNotAllowed):
        of_token(token, now=now)  # somebody was quicker: it says what became of it
        raise


@transaction.atomic
def answer(
    satisfaction_id: UUID,
    *,
    score: int,
    is_solved: bool | None = None,
    comment: str = "",
    call: Any = None,
    via: str = Via.CALL,
    if_version: int | None = None,
    by: User | None,
    now: datetime,
) -> Satisfaction:
    """Write down what the customer says. ``is_solved`` None: they were not asked, or do not say.

    Raises:
        SatisfactionNotOwed, TransitionNotAllowed, VersionConflict
    """
    complaint = Complaint.objects.select_for_update(of=("self",)).get(satisfactions=satisfaction_id)
    with _waiting(satisfaction_id, "answer", if_version=if_version, by=by, now=now) as row:
        row.score, row.is_solved, row.comment = score, is_solved, comment[:LONGEST_COMMENT]
        row.answered_at, row.answered_via, row.call, row.by = now, via, call, by
    if complaint.status in Complaint.MOVES["satisfy"].start and current(complaint).pk == row.pk:
        with transition(Complaint, complaint.pk, "satisfy", by=by, now=now, satisfaction=row.pk) as held:
            held.is_satisfied = is_content(score, is_solved)
    _tell(complaint, row, now)
    return row


def decline(satisfaction_id: UUID, *, if_version: int | None = None, by: User, now: datetime) -> Satisfaction:
    """They were asked and would not say.

    Raises:
        SatisfactionNotOwed, TransitionNotAllowed, VersionConflict
    """
    with _waiting(satisfaction_id, "decline", if_version=if_version, by=by, now=now) as row:
        row.answered_via, row.by = Via.CALL, by
    return row


def is_content(score: int, is_solved: bool | None) -> bool:
    """Whether they are content with the outcome: by the score, or since it is solved; never with what they say is not solved."""
    return is_solved is not False and (score >= CONTENT or is_solved is True)


def expire(*, now: datetime, limit: int = 200) -> int:
    """End the questions whose time is over; answers how many. In any number of workers: each row is in one's hands, and moves once."""
    with transaction.atomic():
        over = Satisfaction.objects.filter(state__in=OPEN, expires_at__lte=now).order_by("expires_at")
        ids = list(over.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:limit])
        for pk in ids:
            with transition(Satisfaction, pk, "expire", by=None, now=now):
                pass
    return len(ids)


@contextmanager
def _waiting(pk: UUID, verb: str, *, by: User | None, now: datetime, if_version: int | None = None) -> Iterator[Satisfaction]:
    """``transition`` of a question whose time to be answered is not over."""
    with transition(Satisfaction, pk, verb, by=by, now=now, if_version=if_version) as row:
        if row.expires_at <= now:
            raise SatisfactionNotOwed("The time to answer is over.")
        yield row


def _tell(complaint: Complaint, row: Satisfaction, now: datetime) -> None:
    """Other systems hear of every answer; of a bad one whoever had it, whoever has it, and those who lead the department."""
    data = {
        "complaint": str(complaint.pk),
        "number": complaint.number,
        "satisfaction": str(row.pk),
        "score": row.score,
        "is_solved": row.is_solved,
    }
    more = {
        "is_satisfied": is_content(row.score or 0, row.is_solved),
        "via": row.answered_via,
        "department": str(row.department_id) if row.department_id else None,
        "agent": str(row.agent_id) if row.agent_id else None,
    }
    outbox.tell("satisfaction.answered", row, data | more, contact=complaint.contact_id, now=now)
    if row.is_solved is False or (row.score or 0) <= BAD:
        people = [row.agent_id, complaint.assignee_id, *duty.leaders_of(complaint.department)]
        feed.tell(people, "complaint.unsatisfied", data, about=complaint.pk, contact=complaint.contact_id, now=now)
