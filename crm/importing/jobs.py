"""A file of contacts on its way into the base and, if need be, out again: looked at, each row judged, brought in, taken back.

The import's row says what is owed. Each step is one transaction over some thousand rows, so a killed worker repeats at most
the step that was not committed: nothing is done twice and nothing is left out.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import PurePath
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from config.platform import jobs
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import User
from config.platform.moves import TransitionNotAllowed, transition
from config.platform.queue import later
from crm.importing import applying, judging, looking, undoing
from crm.importing.reading import FileUnreadable
from crm.models import Import

logger = logging.getLogger(__name__)


class FileTooLarge(Refusal):
    """The file is larger than this installation takes; split it."""

    code = "file_too_large"
    status = 413
    advice = "Split the file and import the parts one after another."


class FileEmpty(Refusal):
    """The file is empty."""

    code = "file_empty"
    status = 400
    advice = "Choose the right file: this one has no bytes."


def upload(
    file: UploadedFile | File,
    *,
    filename: str,
    region: str = "",
    source: str = "",
    is_dry_run: bool = True,
    only_new: bool = False,
    by: User | None,
    now: datetime,
) -> Import:
    """Keep the file and owe its rows their verdicts.

    Raises:
        FileTooLarge, FileEmpty
    """
    if (file.size or 0) > settings.IMPORT_MAX_BYTES:
        raise FileTooLarge(f"A file may have {settings.IMPORT_MAX_BYTES // 2**20} MiB at most: split it.")
    if not file.size:
        raise FileEmpty("The file is empty.")
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    name = PurePath(filename.replace("\\", "/")).name.replace("\0", "")[:200] or "contacts"
    batch = Import(
        filename=name,
        size=file.size,
        sha256=digest.hexdigest(),
        region=region or settings.DEFAULT_PHONE_REGION,
        source=source,
        is_dry_run=is_dry_run,
        only_new=only_new,
        by=by,
    )
    batch.file.save(f"{batch.pk}{PurePath(name).suffix.lower()[:10]}", file, save=False)
    with transaction.atomic():
        batch.save(force_insert=True)
        record(batch, "upload", by=by, now=now, before={})
        later("crm.run_imports")
    return batch


def correct(
    batch_id: UUID,
    *,
    mapping: Mapping[str, Any] | None = None,
    how: Mapping[str, Any] | None = None,
    if_version: int | None = None,
    by: User | None,
    now: datetime,
    **fields: Any,
) -> Import:
    """Say how the file is to be read after all; every row is judged anew.

    ``mapping`` is ``{field: column or columns}``; ``how`` has ``encoding``, ``delimiter``, ``has_header``, ``sheet``; ``fields`` are
    ``region``, ``source`` and ``only_new``.

    Raises:
        TransitionNotAllowed: it is not looked at yet, or has started.
        VersionConflict, MappingInvalid, FileUnreadable
    """
    with transition(Import, batch_id, "correct", by=by, now=now, if_version=if_version) as batch:
        for name, value in fields.items():
            setattr(batch, name, value)
        looking.correct(batch, mapping=mapping, how=how or {})
        later("crm.run_imports")
    return batch


def start(batch_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> Import:
    """Bring the rows in, as their verdicts say.

    Raises:
        TransitionNotAllowed: it is not ready, or has started already.
        VersionConflict
    """
    with transition(Import, batch_id, "start", by=by, now=now, if_version=if_version) as batch:
        batch.started_at, batch.failures, batch.run_after = now, 0, None
        later("crm.run_imports")
    return batch


def pause(batch_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> Import:
    """Stop after the step that is being made; ``resume`` goes on from there.

    Raises:
        TransitionNotAllowed: it does not run.
        VersionConflict
    """
    with transition(Import, batch_id, "pause", by=by, now=now, if_version=if_version) as batch:
        batch.rate = None
    return batch


def resume(batch_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> Import:
    """Go on where it was paused.

    Raises:
        TransitionNotAllowed: it is not paused.
        VersionConflict
    """
    with transition(Import, batch_id, "resume", by=by, now=now, if_version=if_version) as batch:
        batch.failures, batch.run_after = 0, None
        later("crm.run_imports")
    return batch


def cancel(batch_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> Import:
    """Stop: what is in the base stays there, nothing more comes in.

    Raises:
        TransitionNotAllowed: it is done already.
        VersionConflict
    """
    with transition(Import, batch_id, "cancel", by=by, now=now, if_version=if_version) as batch:
        batch.finished_at, batch.rate = now, None
    return batch


def undo(batch_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> Import:
    """Take back what the import did, as far as nobody touched it since; it goes on in the background.

    Raises:
        TransitionNotAllowed: it runs (pause or cancel it first), has done nothing yet, or is undone.
        VersionConflict
    """
    with transition(Import, batch_id, "undo", by=by, now=now, if_version=if_version) as batch:
        batch.rate, batch.failures, batch.run_after = None, 0, None
        later("crm.run_imports")
    return batch


def run_owed(*, now: datetime, seconds: float = jobs.TURN_S) -> bool:
    """Work on the imports that are owed, for about ``seconds``; answers whether something is left.

    Safe in any number of workers: each import is in one worker's hands, and a dead worker's hands open by themselves.
    """
    return jobs.run_owed(Import.objects.waiting(), _work, now=now, seconds=seconds)


def _work(batch_id: UUID, until: float) -> bool:
    """Do what is owed until the turn is over; True when something is left."""
    try:
        while True:
            batch = Import.objects.get(pk=batch_id)
            step = _STEPS.get(batch.status)
            if (
                step is None
                or (batch.status == Import.Status.READY and batch.is_dry_run)
                or (batch.run_after and batch.run_after > timezone.now())
            ):
                return False
            if not step(batch, until=until) or time.monotonic() > until:
                return True
    except TransitionNotAllowed:
        return True  # somebody moved it in that moment
    except FileUnreadable as refusal:
        jobs.fail(Import, batch_id, refusal.detail)
        return False
    except Exception as error:
        logger.exception("import_step_failed")
        jobs.set_aside(Import, batch_id, error, owed_in=_STEPS)
        return False


def _analyse(batch: Import, *, until: float) -> bool:
    looking.look(batch)
    found = {name: getattr(batch, name) for name in ("dialect", "columns", "mapping", "preview")}
    with transition(Import, batch.pk, "analyse", by=None, now=timezone.now()) as current:
        for name, value in found.items():
            setattr(current, name, value)
    return True


def _start_unasked(batch: Import, *, until: float) -> bool:
    """Whoever uploaded it did not want to look first."""
    start(batch.pk, by=batch.by, now=timezone.now())
    return True


_STEPS: Mapping[str, Callable[..., bool]] = {
    Import.Status.UPLOADED: _analyse,
    Import.Status.ANALYSED: judging.judge,
    Import.Status.READY: _start_unasked,
    Import.Status.RUNNING: applying.apply,
    Import.Status.UNDOING: undoing.undo,
}
