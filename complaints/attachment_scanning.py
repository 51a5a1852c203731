"""Attachments looked through for what does harm, by whatever scanners are set up. What is owed is the row: ``pending``, with a time.

A try takes the row for as long as a scan may last, looks at the file outside of any transaction, and writes what was found. A worker that
dies leaves a row that is due again later; a scanner that is away is asked again, each time later, for as long as it takes.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from complaints import telling
from complaints.models import Attachment
from config.platform.moves import change
from config.platform.registry import Registry

logger = logging.getLogger(__name__)
Scan = Attachment.Scan
LASTS = timedelta(minutes=5)
#: after each try that came to nothing, in seconds; then always the last
WAITS_S = (10, 30, 120, 600, 1800, 3600)


class ScannerAway(Exception):
    """The scanner did not answer: ask again later."""


@dataclass(frozen=True)
class Scanner:
    """Something that looks through files. ``scan`` answers what it found, empty for nothing, or raises ``ScannerAway``."""

    is_set_up: Callable[[], bool]
    scan: Callable[[IO[bytes]], str]

    def __call__(self, file: IO[bytes]) -> str:
        return self.scan(file)


scanners: Registry[Scanner] = Registry("looks through attachments for what does harm")


def in_use() -> list[tuple[str, Scanner]]:
    """The scanners that are set up here."""
    return [(name, scanner) for name, scanner in scanners if scanner.is_set_up()]


def scan_owed(*, now: datetime, limit: int = 50) -> int:
    """Look through what is due; answers how many. Safe in any number of workers."""
    done = 0
    while done < limit and (taken := _take(now)) is not None:
        _look(taken, now)
        done += 1
    return done


@transaction.atomic
def _take(now: datetime) -> Attachment | None:
    due = Attachment.objects.filter(scan=Scan.PENDING, scan_due_at__lte=now).order_by("scan_due_at", "id")
    row = due.select_for_update(skip_locked=True, of=("self",)).first()
    if row is not None:
        row.scan_tries += 1
        row.scan_due_at = max(now, timezone.now()) + LASTS
        row.save(update_fields=["scan_tries", "scan_due_at", "updated_at"])
    return row


def _look(row: Attachment, now: datetime) -> None:
    try:
        names = in_use()
        found = _found(row) if names and row.storage_name else ""
    except Exception as error:  # the scanner or the storage is away
        logger.warning("attachment_not_scanned", extra={"error": type(error).__name__, "tries": row.scan_tries})
        wait = WAITS_S[min(row.scan_tries, len(WAITS_S)) - 1]
        said = str(error) if isinstance(error, ScannerAway) else f"The file could not be read ({type(error).__name__})."
        due = max(now, timezone.now()) + timedelta(seconds=wait)
        Attachment.objects.filter(pk=row.pk, scan=Scan.PENDING).update(scan_due_at=due, scan_said=said[:200])
        return
    _judge(row.pk, found, by=", ".join(name for name, _ in names))


def _found(row: Attachment) -> str:
    for _, scan in in_use():
        with default_storage.open(row.storage_name) as file:
            if found := scan(file):
                return found
    return ""


def _judge(attachment_id: UUID, found: str, *, by: str) -> None:
    """Write what was found; of an infected one whoever sent it and whoever has the complaint are told."""
    now = timezone.now()
    with transaction.atomic():
        if not Attachment.objects.select_for_update().filter(pk=attachment_id, scan=Scan.PENDING).exists():
            return
        with change(Attachment, attachment_id, "scan", by=None, now=now, scanner=by) as row:
            row.scan = (Scan.INFECTED if found else Scan.CLEAN) if by else Scan.UNSCANNED
            row.scan_said, row.scan_due_at = found[:200], None
        if found:
            about: dict[str, Any] = {"attachment": str(row.pk), "name": row.name, "found": row.scan_said}
            telling.tell_of(row.complaint, "complaint.attachment_infected", now=now, besides=[row.by_id], **about)
