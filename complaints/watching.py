"""Watching a complaint: whoever does is told what happens with it, and sees it, whosever it is."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from complaints.models import Complaint, Watcher
from config.platform.errors import Refusal
from config.platform.models import LEADERS, User
from config.platform.moves import check_version, transition


class NotYoursToWatch(Refusal):
    """You watch for yourself; a supervisor may set others to watch."""

    code = "not_yours_to_watch"
    status = 403
    advice = "Send no `user` to watch for yourself, or ask a supervisor to add the other one."


def watch(complaint_id: UUID, *, user: User | None = None, if_version: int | None = None, by: User, now: datetime) -> Complaint:
    """Let somebody (whoever asks, if nobody is named) be told of it. Doing so again changes nothing.

    Raises:
        NotYoursToWatch, VersionConflict
    """
    return _change(complaint_id, "watch", user or by, if_version, by, now)


def unwatch(complaint_id: UUID, *, user: User | None = None, if_version: int | None = None, by: User, now: datetime) -> Complaint:
    """Let them not be told any more.

    Raises:
        NotYoursToWatch, VersionConflict
    """
    return _change(complaint_id, "unwatch", user or by, if_version, by, now)


@transaction.atomic
def _change(complaint_id: UUID, word: str, user: User, if_version: int | None, by: User, now: datetime) -> Complaint:
    if user != by and by.role not in LEADERS:
        raise NotYoursToWatch("Supervisors set others to watch.")
    complaint = Complaint.objects.select_for_update(of=("self",)).get(pk=complaint_id)
    row = Watcher.objects.filter(complaint=complaint, user=user)
    if row.exists() == (word == "watch"):  # as it is to be: nobody who read the complaint has to read it again
        check_version(complaint, if_version)
        return complaint
    with transition(Complaint, complaint_id, "watch", by=by, now=now, if_version=if_version, who=user.pk, does=word) as complaint:
        if word == "watch":
            Watcher.objects.create(complaint=complaint, user=user)
        else:
            row.delete()
    return complaint


def hand_over(complaint: Complaint, to: Complaint) -> None:
    """Whoever watches one complaint watches the other too."""
    users = list(complaint.watchers.values_list("user", flat=True))
    Watcher.objects.bulk_create([Watcher(complaint=to, user_id=user) for user in users], ignore_conflicts=True)
