"""Recordings of calls: kept from what phone systems tell, held, masked, deleted. Fetching is in recording_fetching, playing in playing.

What the phone system tells is a reference that may die tomorrow. A row is made of it once, by its id in its call; telling again,
folding again and joining calls change nothing but what was missing.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, Q

from calls.consequences import Change
from calls.models import Call, PhoneSystem, Recording, RecordingAccess
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import LEADERS, User
from config.platform.moves import transition
from config.platform.queue import later
from crm.models import Contact

FETCH = "calls.fetch_recordings"
MOST_MASKED = 200


class RecordingHeld(Refusal):
    """A legal hold lies on the recording: it is not deleted before somebody releases it."""

    code = "recording_held"
    advice = (
        "Leave it: the recording tells the reason of the hold. "
        "A supervisor lifts it with `POST /recordings/{id}/release/` when the reason is gone."
    )


class NothingToFetch(Refusal):
    """No address is known from which this recording could be fetched."""

    code = "nothing_to_fetch"
    advice = (
        "Set `recordings_at` of the phone system if its recordings have an address that can be made of their name; else there is "
        "nothing to fetch."
    )


class NotYourCall(Refusal):
    """Only leaders, and the operator of the call, mask seconds of its recording."""

    code = "not_your_call"
    status = 403
    advice = "Leave it to the operator who had the call, or ask a supervisor."


class MaskInvalid(Refusal):
    """A masked span begins at 0 or later, ends after it began, and there are 200 at most."""

    code = "mask_invalid"
    status = 400
    advice = "Send spans in seconds from the beginning (`from_s`, `until_s`), each ending after it begins, and at most 200."


def keep_told(change: Change) -> None:
    """Registered with ``calls.consequences``: a row for each recording that the call is told to have."""
    if change.after.recorded == change.before.recorded or not change.call.recordings:
        return
    call = change.call
    known = {one.ref: one for one in Recording.objects.filter(call=call)}
    is_new = False
    for told in call.recordings:
        ref, url = _ref(told), _address(told, call)
        row = known.get(ref)
        if row is None:
            row = _new(call, told, ref, url)
            row.run_after = change.now if row.has_source else None
            Recording.objects.bulk_create([row], ignore_conflicts=True)
            is_new = row.has_source or is_new
        else:
            is_new = _fill(row, told, url, change.now) or is_new
    if is_new:
        later(FETCH)


def join(call: Call, other: Call, *, now: datetime) -> None:
    """The recordings of ``other`` are of ``call``. One that both were told of stays once: the one whose audio is here, if any is."""
    ours = {one.ref: one for one in Recording.objects.select_for_update().filter(call=call)}
    for theirs in Recording.objects.select_for_update().filter(call=other):
        mine = ours.get(theirs.ref)
        if mine is None:
            Recording.objects.filter(pk=theirs.pk).update(call=call)
            continue
        stays, goes = (theirs, mine) if _worth(theirs) > _worth(mine) else (mine, theirs)
        _take_over(stays, goes)
        RecordingAccess.objects.filter(recording=goes).update(recording=stays)
        if goes.storage_name:
            transaction.on_commit(partial(default_storage.delete, goes.storage_name), robust=True)
        goes.delete()
        stays.call = call
        stays.version += 1
        stays.save()
        record(stays, "join", by=None, now=now, joined=str(goes.pk))


def mask(
    recording_id: UUID, *, intervals: Sequence[Mapping[str, Any]], reason: str = "", if_version: int | None = None, by: User, now: datetime
) -> Recording:
    """Let nobody hear these seconds: a card number read aloud. They come to those masked before; nothing unmasks.

    Raises:
        NotYourCall, MaskInvalid, TransitionNotAllowed, VersionConflict
    """
    with transition(Recording, recording_id, "mask", by=by, now=now, reason=reason, if_version=if_version) as row:
        if by.role not in LEADERS and row.call.agent_id != by.pk:
            raise NotYourCall("This is not your call.")
        new = []
        for one in intervals:
            from_s, until_s = float(one["from_s"]), float(one["until_s"])
            if not (math.isfinite(until_s) and 0 <= from_s < until_s):
                raise MaskInvalid("A masked span begins at 0 or later and ends after it began.")
            new.append({"from_s": from_s, "until_s": until_s, "reason": reason, "by": str(by.pk), "at": now.isoformat()})
        seen = {(one["from_s"], one["until_s"]) for one in row.masked}
        row.masked = [*row.masked, *(one for one in new if (one["from_s"], one["until_s"]) not in seen)]
        if len(row.masked) > MOST_MASKED:
            raise MaskInvalid(f"There are {MOST_MASKED} masked spans at most.")
    return row


def hold(recording_id: UUID, *, reason: str, if_version: int | None = None, by: User, now: datetime) -> Recording:
    """Keep it whatever the rules of deletion say, until somebody releases it.

    Raises:
        TransitionNotAllowed, VersionConflict
    """
    with transition(Recording, recording_id, "hold", by=by, now=now, reason=reason, if_version=if_version) as row:
        row.legal_hold, row.hold_reason, row.held_by, row.held_at = True, reason, by, now
    return row


def release(recording_id: UUID, *, reason: str, if_version: int | None = None, by: User, now: datetime) -> Recording:
    """Let the rules of deletion hold again.

    Raises:
        TransitionNotAllowed, VersionConflict
    """
    with transition(Recording, recording_id, "release", by=by, now=now, reason=reason, if_version=if_version) as row:
        row.legal_hold, row.hold_reason, row.held_by, row.held_at = False, "", None, None
    return row


def fetch(recording_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> Recording:
    """Try again now, as if it had never been tried.

    Raises:
        NothingToFetch, TransitionNotAllowed, VersionConflict
    """
    with transition(Recording, recording_id, "fetch", by=by, now=now, if_version=if_version) as row:
        if not row.has_source and not (url := _address({"id": row.ref}, row.call)):
            raise NothingToFetch("The phone system told of it by a name only: set up `recordings_at`, or there is nothing to be asked.")
        if not row.has_source:
            row.source_url, row.has_source = url, True
        row.attempts, row.run_after, row.problem, row.problem_detail = 0, now, "", ""
    later(FETCH)
    return row


def delete(recording_id: UUID, *, reason: str, if_version: int | None = None, by: User | None, now: datetime) -> Recording:
    """Delete the audio for good; that there was one, and who heard it, stays.

    Raises:
        RecordingHeld, TransitionNotAllowed, VersionConflict
    """
    with transition(Recording, recording_id, "delete", by=by, now=now, reason=reason, if_version=if_version) as row:
        if row.legal_hold:
            raise RecordingHeld("A legal hold lies on it: " + row.hold_reason)
        forget_source(row)
    later("calls.expire_recordings")
    return row


def forget_source(row: Recording) -> None:
    """Nobody fetches it again."""
    row.source_url, row.has_source, row.run_after = "", False, None


def _new(call: Call, told: Mapping[str, Any], ref: str, url: str) -> Recording:
    days = settings.RECORDING_RETENTION_DAYS
    row = Recording(
        call=call,
        ref=ref,
        leg=str(told.get("leg", ""))[:200],
        recorded_at=datetime.fromisoformat(told["at"]) if told.get("at") else call.started_at,
        source_url=url,
        has_source=bool(url),
        duration_s=told.get("duration_s"),
        retain_until=call.started_at + timedelta(days=days) if days else None,
    )
    if _is_erased(call):
        row.state = Recording.State.DELETED
        forget_source(row)
    return row


def _fill(row: Recording, told: Mapping[str, Any], url: str, now: datetime) -> bool:
    """What was missing; an address that changed replaces one that did not serve. Answers whether there is something to fetch now."""
    values: dict[str, Any] = {}
    if row.duration_s is None and told.get("duration_s") is not None:
        values["duration_s"] = told["duration_s"]
    is_waiting = row.state in (Recording.State.ANNOUNCED, Recording.State.FAILED)
    is_fresh = bool(url) and url != row.source_url and (is_waiting or row.state == Recording.State.FETCHING)
    if is_fresh:
        values |= {"source_url": url, "has_source": True, "run_after": now, "attempts": 0}
        values |= {"state": Recording.State.ANNOUNCED} if is_waiting else {}
    if values:
        # in one statement, and only while it stands so: whoever fetches it meanwhile is not disturbed
        Recording.objects.filter(pk=row.pk, state=row.state).update(**values, version=F("version") + 1, updated_at=now)
    return is_fresh


def _ref(told: Mapping[str, Any]) -> str:
    """By what it is known within its call: its id, its address (as a hash: it is a secret), or when and where it was told of."""
    if name := str(told.get("id") or ""):
        return name if len(name) <= 200 else "sha256:" + hashlib.sha256(name.encode()).hexdigest()
    if url := str(told.get("url") or ""):
        return "url:" + hashlib.sha256(url.encode()).hexdigest()
    return f"at:{told.get('at', '')}:{told.get('leg', '')}"[:200]


def _address(told: Mapping[str, Any], call: Call) -> str:
    """Where it can be fetched: the address that was told, or the place where this phone system's recordings lie."""
    if url := str(told.get("url") or ""):
        return url
    name = str(told.get("id") or "")
    if not name or call.phone_system_id is None or name.startswith(("url:", "at:", "sha256:")):
        return ""
    place = PhoneSystem.objects.values_list("recordings_at", flat=True).get(pk=call.phone_system_id)
    parts = name.strip("/").split("/")
    return place.replace("{id}", quote("/".join(parts), safe="/")) if place and not {"", ".", ".."} & set(parts) else ""


def _is_erased(call: Call) -> bool:
    """Whether the person was taken out of the call before this was told."""
    ends = (call.from_raw, call.to_raw)
    return any(end.startswith("erased-") for end in ends) or Contact.objects.filter(Q(pk=call.contact_id) & ~Q(anonymised_at=None)).exists()


def _worth(row: Recording) -> tuple[bool, bool, bool]:
    return row.state == Recording.State.AVAILABLE, row.state in Recording.KEPT, row.has_source


def _take_over(stays: Recording, goes: Recording) -> None:
    """Whatever protects the one that goes protects the one that stays."""
    seen = {(one["from_s"], one["until_s"]) for one in stays.masked}
    stays.masked = [*stays.masked, *(one for one in goes.masked if (one["from_s"], one["until_s"]) not in seen)]
    if goes.legal_hold and not stays.legal_hold and stays.state in Recording.KEPT:
        stays.legal_hold, stays.hold_reason, stays.held_by_id, stays.held_at = True, goes.hold_reason, goes.held_by_id, goes.held_at
    if stays.retain_until and (goes.retain_until is None or goes.retain_until > stays.retain_until):
        stays.retain_until = goes.retain_until
