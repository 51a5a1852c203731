"""Announcements: a word from those who lead, on the screens of those it is for until it ends."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from calls import queues
from calls.models import Announcement, Queue
from config.platform import feed
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import PEOPLE, User
from config.platform.moves import change
from crm.models import Team

MOST_AT_FIRST = 20


class EndIsPast(Refusal):
    """`until` lies in the past: nobody would see it."""

    code = "end_is_past"
    status = 400
    advice = "Send an `until` that is still to come, or leave it out if the announcement has no end."


@transaction.atomic
def announce(
    *, text: str, until: datetime, team: Team | None = None, queue: Queue | None = None, by: User | None, now: datetime
) -> Announcement:
    """Say something to everybody, or to a team, or to the people of a queue.

    Raises:
        EndIsPast
        IntegrityError: both a team and a queue are named.
    """
    check_end(until, now)
    row = Announcement.objects.create(text=text, until=until, team=team, queue=queue, by=by)
    record(row, "add", by=by, now=now, before={})
    tell(row, now)
    return row


def check_end(until: datetime, now: datetime) -> None:
    """Make sure that somebody can see it.

    Raises:
        EndIsPast
    """
    if until <= now:
        raise EndIsPast("It would be over before anybody sees it: `until` must be later than now.")


def withdraw(announcement_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> Announcement:
    """Take it back: it leaves the screens. Taking it back again changes nothing.

    Raises:
        VersionConflict
    """
    with transaction.atomic():
        row = Announcement.objects.select_for_update().get(pk=announcement_id)
        if row.withdrawn_at is None or if_version is not None:
            with change(Announcement, announcement_id, "withdraw", by=by, now=now, if_version=if_version) as row:
                row.withdrawn_at = row.withdrawn_at or now
            feed.tell(audience(row), "announcement.withdrawn", {"announcement": str(row.pk)}, about=row.pk, now=now)
    return row


def tell(row: Announcement, now: datetime) -> None:
    """Put it on the screens of those it is for."""
    feed.tell(audience(row), "announcement", shown(row), about=row.pk, now=now)


def audience(row: Announcement) -> list[UUID]:
    """Ids of those it is for."""
    if row.team is not None:
        return list(row.team.members.filter(is_active=True).values_list("pk", flat=True))
    if row.queue is not None:
        return queues.people_of(row.queue)
    return list(User.objects.filter(is_active=True, role__in=PEOPLE).values_list("pk", flat=True))


def shown(row: Announcement) -> dict[str, Any]:
    """As screens get it."""
    by = str(row.by) if row.by else ""
    return {"announcement": str(row.pk), "text": row.text, "until": row.until, "by": by, "at": row.created_at}


def at_first(user: User, now: datetime) -> list[dict[str, Any]]:
    """Registered with ``config.platform.feed.at_first``: what still holds for this person, newest first."""
    rows = Announcement.objects.for_person(user).current(now).select_related("by").order_by("-id")[:MOST_AT_FIRST]
    return [shown(row) for row in rows]


def declare() -> None:
    """The kinds of messages that are told from here."""
    example = {
        "announcement": "0199a1b2-9999-7000-8000-293a4b5c6d7e",
        "text": "The warehouse is closed today: promise no deliveries before Thursday.",
        "until": "2026-11-23T18:00:00Z",
        "by": "Орлов Сергей Викторович",
        "at": "2026-11-23T07:00:00Z",
    }
    feed.declare("announcement", "A word from those who lead, to be shown until `until`.", example)
    feed.declare(
        "announcement.withdrawn", "It was taken back: show it no longer.", {"announcement": "0199a1b2-9999-7000-8000-293a4b5c6d7e"}
    )
