"""Until when operators may correct how a call came out: a supervisor locks it, or time does; then only supervisors may."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from calls import revisions
from calls.models import Call
from config.platform.errors import Refusal
from config.platform.models import LEADERS, User
from config.platform.moves import change


class DispositionLocked(Refusal):
    """How the call came out is settled: only a supervisor corrects it now. `locked_at` says since when."""

    code = "disposition_locked"
    status = 403
    advice = "Ask a supervisor to correct the disposition, or to open it again with `POST /calls/{id}/unlock/`."


def locks_at(call: Call) -> datetime | None:
    """From when on only supervisors correct it; None when that never comes, or the call was not written up."""
    if call.disposition_locked_at:
        return call.disposition_locked_at
    hours, first = settings.WRAP_UP_OPEN_HOURS, revisions.first_at(call)
    if not hours or first is None:
        return None
    return max(first, call.disposition_unlocked_at or first) + timedelta(hours=hours)


def refuse_locked(call: Call, *, by: User, now: datetime) -> None:
    """Refuse a correction that comes too late for who makes it.

    Raises:
        DispositionLocked
    """
    if by.role in LEADERS or call.disposition_id is None:
        return
    since = locks_at(call)
    if since is not None and since <= now:
        raise DispositionLocked("How the call came out is settled: only a supervisor corrects it now.", locked_at=since.isoformat())


def lock(call_id: UUID, *, if_version: int | None = None, by: User, now: datetime) -> Call:
    """Settle how the call came out. Locked again it stays as it is.

    Raises:
        VersionConflict
    """
    with change(Call, call_id, "lock", by=by, now=now, if_version=if_version) as call:
        call.disposition_locked_at = call.disposition_locked_at or now
    return call


def unlock(call_id: UUID, *, if_version: int | None = None, by: User, now: datetime) -> Call:
    """Let its operator correct it again; the hours of ``WRAP_UP_OPEN_HOURS`` begin anew.

    Raises:
        VersionConflict
    """
    with change(Call, call_id, "unlock", by=by, now=now, if_version=if_version) as call:
        call.disposition_locked_at, call.disposition_unlocked_at = None, now
    return call
