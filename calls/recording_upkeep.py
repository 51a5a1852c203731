"""Recordings whose time is over, and those of people who are erased: the audio goes, the row stays and says so."""

import logging
from datetime import datetime
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Count

from calls import erasure
from calls.models import Recording
from calls.recordings import RecordingHeld, forget_source
from config.platform.moves import TransitionNotAllowed, transition

logger = logging.getLogger(__name__)


def expire(*, now: datetime, limit: int = 500) -> int:
    """Let go of what is past its time and not held; answers how many. Twice or at once: each row is held while it is decided."""
    due = Recording.objects.filter(retain_until__lte=now, legal_hold=False, state__in=Recording.KEPT).order_by("retain_until")
    expired = 0
    for recording_id in list(due.values_list("pk", flat=True)[:limit]):
        try:
            with transition(Recording, recording_id, "expire", by=None, now=now, reason="Its time is over.") as row:
                if row.legal_hold or row.retain_until is None or row.retain_until > now:
                    raise RecordingHeld("Somebody decided otherwise at this moment.")
                forget_source(row)
            expired += 1
        except (RecordingHeld, TransitionNotAllowed):
            continue
    return expired


def delete_files(*, limit: int = 500) -> int:
    """Delete the files of recordings that are over; answers how many. A file that is gone already is as good as deleted."""
    done = 0
    for row in Recording.objects.with_a_file_to_delete().order_by("id")[:limit]:
        try:
            default_storage.delete(row.storage_name)
        except Exception as error:  # the storage is away: it is still owed
            logger.warning("recording_file_not_deleted", extra={"error": type(error).__name__})
            continue
        Recording.objects.filter(pk=row.pk, storage_name=row.storage_name).update(storage_name="")
        done += 1
    return done


def owed() -> dict[tuple[str, ...], float]:
    """Recordings that are still to be fetched, that could not be, and whose file is still to be deleted."""
    counts = dict(
        Recording.objects.filter(state__in=["announced", "fetching"], has_source=True).values_list("has_source").annotate(n=Count("id"))
    )
    return {
        ("owed",): float(counts.get(True, 0)),
        ("failed",): float(Recording.objects.filter(state="failed").count()),
        ("to_delete",): float(Recording.objects.with_a_file_to_delete().count()),
    }


def reasons_against(contact_id: UUID) -> list[str]:
    """Registered with ``crm.erasure.vetoes``: what is held is not erased. Nobody lays a hold while the erasure goes on."""
    rows = Recording.objects.filter(call__in=erasure.calls_of(contact_id)).order_by("pk")
    found = (rows.select_for_update(of=("self",)) if connection.in_atomic_block else rows).values_list("legal_hold", "hold_reason")
    return [f"A recording is on legal hold: {reason}" for reason in sorted({reason for is_held, reason in found if is_held})]
