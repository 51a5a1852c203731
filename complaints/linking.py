"""Complaints that have to do with one another, and those that were told twice."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from complaints import handling, ownership, telling, transfers, watching
from complaints.models import Complaint, ComplaintLink
from complaints.models.complaints import OPEN, Status
from config.platform.errors import Refusal
from config.platform.models import User
from config.platform.moves import transition


class NotAnother(Refusal):
    """It is the complaint itself, or one that was told twice of it: name another one."""

    code = "not_another_complaint"
    advice = "Name another complaint, and of several that were told twice the first one."


class FirstIsOver(Refusal):
    """Nobody works on that one any more: reopen it, or link the two."""

    code = "first_complaint_is_over"
    advice = "Reopen the other one first (`POST /complaints/{id}/reopen/`), or link the two with `POST /complaints/{id}/link/`."


class AlreadyLinked(Refusal):
    """The two are linked already."""

    code = "already_linked"
    advice = "Nothing is left to do: `GET /complaints/{id}/links/` shows the link."


class NotLinked(Refusal):
    """The two are not linked."""

    code = "not_linked"
    advice = "Look at `GET /complaints/{id}/links/` for what is linked, and name one of those."


@transaction.atomic
def link(
    complaint_id: UUID, *, other: Complaint, note: str = "", if_version: int | None = None, by: User | None, now: datetime
) -> ComplaintLink:
    """Say that two complaints have to do with one another. Either shows the other.

    Raises:
        NotAnother, AlreadyLinked, VersionConflict
    """
    pair = _pair(complaint_id, other)
    hold(pair)
    if ComplaintLink.objects.filter(one=pair[0], other=pair[1]).exists():
        raise AlreadyLinked("They are linked already.")
    row = ComplaintLink.objects.create(one_id=pair[0], other_id=pair[1], note=note, by=by)
    _remember(complaint_id, other, "link", if_version, by, now)
    return row


@transaction.atomic
def unlink(complaint_id: UUID, *, other: Complaint, if_version: int | None = None, by: User | None, now: datetime) -> None:
    """Take that back.

    Raises:
        NotAnother, NotLinked, VersionConflict
    """
    pair = _pair(complaint_id, other)
    hold(pair)
    gone, _ = ComplaintLink.objects.filter(one=pair[0], other=pair[1]).delete()
    if not gone:
        raise NotLinked("They are not linked.")
    _remember(complaint_id, other, "unlink", if_version, by, now)


@transaction.atomic
def join_to(
    complaint_id: UUID, *, first: Complaint, reason: str = "", if_version: int | None = None, by: User | None, now: datetime
) -> Complaint:
    """End a complaint that was told twice: the first one goes on for both. Its watchers watch the first one from now on.

    What was told twice of this one becomes so of the first one. Its clocks are called off; those of the first one go on.

    Raises:
        NotAnother, FirstIsOver, NotYourComplaint, TransitionNotAllowed, VersionConflict
    """
    first_id = first.duplicate_of_id or first.pk
    twice = Complaint.objects.filter(duplicate_of=complaint_id).order_by("pk").values_list("pk", flat=True)
    held = hold([complaint_id, first_id, *twice])
    first = held[first_id]
    if complaint_id == first_id or first.duplicate_of_id is not None:  # the other of two who join each to the other comes here
        raise NotAnother("Name another complaint than this one.")
    ownership.require_may_handle(held[complaint_id], by)
    if first.status not in OPEN:
        raise FirstIsOver(f"{first.number} is {first.status}: reopen it, or link the two.", status=first.status)
    with transition(Complaint, complaint_id, "join_to", by=by, now=now, reason=reason, if_version=if_version) as complaint:
        complaint.status, complaint.duplicate_of, complaint.ended_at = Status.DUPLICATE, first, now
        transfers.settle(complaint, now)
        handling.done(complaint, "join_to", by=by, now=now)
    for pk in list(twice.all()):  # asked again: somebody may have been faster
        with transition(Complaint, pk, "link", by=by, now=now, reason=f"{complaint.number} was told twice of {first.number}.") as row:
            row.duplicate_of = first
    watching.hand_over(complaint, first)
    with transition(Complaint, first_id, "link", by=by, now=now, told_twice=complaint.pk):
        pass
    telling.tell_of(first, "complaint.changed", now=now, but=by, verb="link")
    return complaint


def _pair(complaint_id: UUID, other: Complaint) -> tuple[UUID, UUID]:
    if complaint_id == other.pk:
        raise NotAnother("Name another complaint than this one.")
    one, two = sorted([complaint_id, other.pk])
    return one, two


def hold(ids: Iterable[UUID]) -> dict[UUID, Complaint]:
    """Lock them in one order, so that two who join and link at once wait in a line."""
    rows = Complaint.objects.filter(pk__in=set(ids)).order_by("pk").select_for_update(of=("self",))
    return {row.pk: row for row in rows}


def _remember(complaint_id: UUID, other: Complaint, does: str, if_version: int | None, by: User | None, now: datetime) -> None:
    for pk, counterpart, version in ((complaint_id, other.pk, if_version), (other.pk, complaint_id, None)):
        with transition(Complaint, pk, "link", by=by, now=now, if_version=version, other=counterpart, does=does):
            pass
