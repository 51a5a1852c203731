"""Files that belong to a complaint: checked by their bytes, kept under names that nobody can guess, handed out through us alone.

A file is stored before its row is written; what a request leaves that then failed, and the files of deleted rows, the sweep removes.
"""

import hashlib
import logging
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from complaints import attachment_scanning, ownership, telling
from complaints.file_types import ALLOWED, clean_name, kind_of
from complaints.models import Attachment, Complaint, ComplaintMessage
from config.platform import feed
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import User
from config.platform.moves import change, transition
from config.platform.queue import later

logger = logging.getLogger(__name__)
Scan = Attachment.Scan
SCAN = "complaints.scan_attachments"
FOLDER = "attachments"
BLOCK = 1 << 18
MANY = 500
ORPHAN_AFTER = timedelta(days=1)


class AttachmentTooLarge(Refusal):
    """The file is larger than ATTACHMENT_MAX_BYTES allows, or it is empty."""

    code = "attachment_size"
    status = 413
    advice = "Send a smaller file that is not empty. The limit is the setting ATTACHMENT_MAX_BYTES of this installation."


class AttachmentTypeRefused(Refusal):
    """By its bytes it is no image, PDF, office file, text, sound, film or e-mail, or it holds macros; `allowed` lists the types."""

    code = "attachment_type_refused"
    status = 415
    advice = "Save the file as one of the types in `allowed`, without macros, and send it again. Its name does not matter, its bytes do."


class TooManyAttachments(Refusal):
    """The complaint has as many files as one may have. Delete some."""

    code = "too_many_attachments"
    advice = "Delete files that nobody needs (`DELETE /attachments/{id}/`), or put several into one document."


class AttachmentHarmful(Refusal):
    """The scanner found something in it: nobody is given it."""

    code = "attachment_infected"
    advice = "Do not try to open it. Ask the customer for a clean copy, and delete this one."


class AttachmentNotScanned(Refusal):
    """It is not looked through yet. Ask again in a moment."""

    code = "attachment_not_scanned"
    retry_after_s = 5
    advice = "Send the same request again after as many seconds as `Retry-After` says."


class AttachmentGone(Refusal):
    """The file was deleted; that there was one stays."""

    code = "attachment_gone"
    status = 410
    advice = "Take it off the screen. If the file is needed, ask the customer for it again."


class NotYourAttachment(Refusal):
    """Whoever sent it, whoever handles the complaint, and supervisors delete it."""

    code = "not_your_attachment"
    status = 403
    advice = "Ask whoever sent it, whoever handles the complaint, or a supervisor to delete it."


@dataclass(frozen=True)
class Opened:
    """A file as it is handed out. Iterate over ``pieces`` once."""

    name: str
    content_type: str
    size: int
    sha256: str
    pieces: Iterator[bytes]


def declare() -> None:
    """Add what is told of attachments to the live feed."""
    more = {"attachment": "0199a1b2-7777-7000-8000-293a4b5c6d7e", "name": "lamp.jpg", "found": "Eicar-Test-Signature"}
    feed.declare("complaint.attachment_infected", "A file of a complaint does harm; it is not handed out.", telling.EXAMPLE | more)


def add(
    complaint_id: UUID,
    *,
    file: File,
    name: str = "",
    message: ComplaintMessage | None = None,
    if_version: int | None = None,
    by: User | None,
    now: datetime,
) -> Attachment:
    """Keep a file with a complaint, perhaps with one of its messages.

    Raises:
        AttachmentTooLarge, AttachmentTypeRefused, TooManyAttachments, VersionConflict
    """
    size = file.size or 0
    if not 0 < size <= settings.ATTACHMENT_MAX_BYTES:
        raise AttachmentTooLarge(f"A file has 1 byte at least, and {settings.ATTACHMENT_MAX_BYTES // 2**20} MiB at most.")
    kind = kind_of(file)
    if not kind:
        raise AttachmentTypeRefused("Files of this kind are not kept.", allowed=sorted(ALLOWED))
    digest = _hash(file)
    stored = default_storage.save(f"{FOLDER}/{now:%Y/%m}/{secrets.token_hex(16)}", file)
    is_scanned = bool(attachment_scanning.in_use())
    try:
        with transition(Complaint, complaint_id, "write", by=by, now=now, if_version=if_version) as complaint:
            if complaint.attachments.filter(deleted_at=None).count() >= settings.ATTACHMENTS_PER_COMPLAINT:
                raise TooManyAttachments(f"A complaint has {settings.ATTACHMENTS_PER_COMPLAINT} files at most.")
            row = Attachment(
                complaint=complaint, message=message, name=clean_name(name or file.name or "", kind), content_type=kind, size=size,
                sha256=digest, storage_name=stored, scan=Scan.PENDING if is_scanned else Scan.UNSCANNED,
                scan_due_at=now if is_scanned else None, by=by,
            )  # fmt: skip
            row.save(force_insert=True)
            record(row, "add", by=by, now=now, before={})
    except BaseException:
        with suppress(Exception):
            default_storage.delete(stored)
        raise
    if is_scanned:
        later(SCAN)
    return row


def open_for(attachment: Attachment, *, by: User, now: datetime) -> Opened:
    """The file, for somebody who is written down with it.

    Raises:
        AttachmentGone, AttachmentHarmful, AttachmentNotScanned
    """
    row = Attachment.objects.get(pk=attachment.pk)
    if row.deleted_at is not None:
        raise AttachmentGone("The file was deleted.")
    if row.scan == Scan.INFECTED:
        raise AttachmentHarmful(f"It is not handed out: {row.scan_said}", found=row.scan_said)
    if row.scan == Scan.PENDING:
        raise AttachmentNotScanned("It is being looked through.")
    try:
        file: Any = default_storage.open(row.storage_name)
    except FileNotFoundError:
        raise AttachmentGone("The file is gone.") from None
    with transaction.atomic():
        record(row, "download", by=by, now=now)
    return Opened(row.name, row.content_type, row.size, row.sha256, _pieces(file))


def remove(attachment_id: UUID, *, reason: str = "", if_version: int | None = None, by: User | None, now: datetime) -> Attachment:
    """Delete the file for good; that there was one, and who sent it, stays. Doing so again changes nothing.

    Raises:
        NotYourAttachment, AttachmentGone, VersionConflict
    """
    with change(Attachment, attachment_id, "delete", by=by, now=now, if_version=if_version, reason=reason) as row:
        if row.deleted_at is not None:
            raise AttachmentGone("It was deleted already.")
        if by is not None and row.by_id != by.pk and not ownership.may_handle(row.complaint, by):
            raise NotYourAttachment("Somebody else sent it, and somebody else handles this complaint.")
        row.deleted_at = now
        if row.scan == Scan.PENDING:
            row.scan, row.scan_due_at = Scan.UNSCANNED, None
    later(SCAN)
    return row


# --- the sweep
def delete_files(*, limit: int = 500) -> int:
    """Delete the files of deleted rows; answers how many. A file that is gone already is as good as deleted."""
    done = 0
    for row in Attachment.objects.exclude(storage_name="").filter(deleted_at__isnull=False).order_by("deleted_at")[:limit]:
        try:
            default_storage.delete(row.storage_name)
        except Exception as error:  # the storage is away: it is still owed
            logger.warning("attachment_file_not_deleted", extra={"error": type(error).__name__})
            continue
        Attachment.objects.filter(pk=row.pk, storage_name=row.storage_name).update(storage_name="")
        done += 1
    return done


def sweep_strays(*, now: datetime) -> int:
    """Delete files that no row names: what a request left that failed after it had stored its file; answers how many."""
    removed = 0
    for folder in _folders():
        names = sorted(f"{folder}/{name}" for name in default_storage.listdir(folder)[1])
        for begin in range(0, len(names), MANY):
            some = names[begin : begin + MANY]
            known = set(Attachment.objects.filter(storage_name__in=some).values_list("storage_name", flat=True))
            for name in some:
                if name not in known and default_storage.get_modified_time(name) < now - ORPHAN_AFTER:
                    default_storage.delete(name)
                    removed += 1
    return removed


def _folders() -> Iterator[str]:
    """``attachments/2026/11``, and so on."""
    try:
        years = default_storage.listdir(FOLDER)[0]
    except FileNotFoundError:
        return
    for year in sorted(years):
        yield from (str(PurePosixPath(FOLDER, year, month)) for month in sorted(default_storage.listdir(f"{FOLDER}/{year}")[0]))


def _hash(file: File) -> str:
    digest = hashlib.sha256()
    for piece in file.chunks():
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(BLOCK):
            yield piece
