"""Do-not-call lists as files: hundreds of thousands of numbers brought in, in steps that may die at any time.

The upload's row says what is owed. A step is one transaction over some thousand lines, so a killed worker repeats at most the step
that was not committed. The same list twice changes nothing; in the mode ``replace`` what is not in the file any more is lifted.
An entry says itself with which upload it came and who lifted it, so the audit trail has one event for the upload and none for each number.
"""

import hashlib
import logging
import time
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from pathlib import PurePath
from typing import Any, BinaryIO, cast
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.db.models import Count, Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from config.platform import jobs
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import User
from config.platform.moves import transition
from config.platform.queue import later
from crm import news
from crm.importing import reading
from crm.importing.jobs import FileEmpty, FileTooLarge
from crm.importing.reading import FileUnreadable
from crm.models import Suppression, SuppressionUpload, SuppressionUploadRow
from crm.number_keys import keys_of
from crm.phone_numbers import NumberInvalid, several
from crm.suppression import Stop, tell

logger = logging.getLogger(__name__)
CHUNK = 2000


class ListIsEmpty(Refusal):
    """No line of the file holds a number, so nothing is lifted."""

    code = "list_is_empty"
    advice = "Check that it is the right file and that its numbers can be read, then upload it again. Nothing was lifted."


def upload(
    file: UploadedFile | File, *, filename: str, region: str = "", by: User | None, now: datetime, **fields: Any
) -> SuppressionUpload:
    """Keep the file and owe its numbers; ``fields`` are list_code, mode, source, purpose, channel, reason, expires_at.

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
    name = PurePath(filename.replace("\\", "/")).name.replace("\0", "")[:200] or "list"
    batch = SuppressionUpload(
        filename=name, size=file.size, sha256=digest.hexdigest(), region=region or settings.DEFAULT_PHONE_REGION, by=by, **fields
    )
    batch.file.save(f"{batch.pk}{PurePath(name).suffix.lower()[:10]}", file, save=False)
    with transaction.atomic():
        batch.save(force_insert=True)
        record(batch, "upload", by=by, now=now, before={})
        later("crm.run_suppression_uploads")
    return batch


def cancel(upload_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> SuppressionUpload:
    """Stop: numbers that are in stay suppressed, nothing more comes in, nothing is lifted.

    Raises:
        TransitionNotAllowed, VersionConflict
    """
    with transition(SuppressionUpload, upload_id, "cancel", by=by, now=now, if_version=if_version) as batch:
        batch.finished_at = now
    return batch


def run_owed(*, now: datetime, seconds: float = jobs.TURN_S) -> bool:
    """Work on the uploads that are owed, for about ``seconds``; answers whether something is left.

    Safe in any number of workers: each list is in one worker's hands, so that two files of one list come in one after the other.
    """
    return jobs.run_owed(SuppressionUpload.objects.waiting(), _work, hand=_list_of, now=now, seconds=seconds)


def _list_of(batch: SuppressionUpload) -> UUID:
    return uuid5(NAMESPACE_URL, f"do-not-call/{batch.list_code}")


def progress(batch: SuppressionUpload) -> dict[str, Any]:
    """``{done, total, rate_per_s, seconds_left}`` in rows of the file; the total is null until it has been read to its end.

    Until then the time left comes from the share of the file that is in.
    """
    took_s = ((batch.finished_at or timezone.now()) - batch.started_at).total_seconds() if batch.started_at else 0
    rate = round(batch.rows / took_s, 1) if took_s > 0 and batch.rows else None
    is_read = batch.status == SuppressionUpload.Status.RUNNING and batch.total is None and batch.read_share > 0
    left = round(took_s * (1 / batch.read_share - 1), 1) if is_read else None
    return {"done": batch.rows, "total": batch.total, "rate_per_s": rate, "seconds_left": left}


def owed() -> dict[tuple[str, ...], float]:
    """Do-not-call lists that wait for a worker or are in its hands."""
    found = SuppressionUpload.objects.waiting().order_by().values_list("status").annotate(count=Count("id"))
    return {(status,): float(count) for status, count in found}


def _work(upload_id: UUID, until: float) -> bool:
    """Bring in lines until all are in or the turn is over; True when something is left."""
    try:
        batch = SuppressionUpload.objects.get(pk=upload_id)
        if batch.status == SuppressionUpload.Status.UPLOADED:
            with transition(SuppressionUpload, upload_id, "start", by=batch.by, now=timezone.now()) as batch:
                batch.started_at = timezone.now()
        if batch.status != SuppressionUpload.Status.RUNNING:
            return False
        return not (_bring_in(batch, until) and _finish(batch, until))
    except (FileUnreadable, ListIsEmpty) as refusal:
        jobs.fail(SuppressionUpload, upload_id, refusal.detail)
        return False
    except Exception as error:
        logger.exception("suppression_upload_step_failed")
        owed_in = (SuppressionUpload.Status.UPLOADED, SuppressionUpload.Status.RUNNING)
        jobs.set_aside(SuppressionUpload, upload_id, error, owed_in=owed_in)
        return False


def _bring_in(batch: SuppressionUpload, until: float) -> bool:
    """False when the turn is over. After a pause it goes on behind the last line that is in."""
    if batch.total is not None:
        return True
    with batch.file.open("rb") as opened:
        file = cast(BinaryIO, opened)
        if not batch.dialect:
            dialect = reading.inspect(file, filename=batch.filename)
            sample = [cells for _, cells in islice(reading.rows(file, dialect), 200)]
            batch.dialect, batch.phone_columns = dialect.to_json(), _phone_columns(dialect.header, sample)
            SuppressionUpload.objects.filter(pk=batch.pk).update(dialect=batch.dialect, phone_columns=batch.phone_columns)
        meter = reading.Meter()
        lines = reading.rows(file, reading.Dialect.from_json(batch.dialect), after=batch.line, meter=meter)
        while chunk := list(islice(lines, CHUNK)):
            if not _step(batch, chunk, meter.share):
                return True
            if time.monotonic() > until:
                return False
    SuppressionUpload.objects.filter(pk=batch.pk).update(total=batch.rows)
    batch.total = batch.rows
    return True


def _phone_columns(header: Sequence[str], sample: Sequence[Sequence[str]]) -> list[int]:
    """The columns that hold numbers: those that the header or the cells tell, else the first."""
    found = reading.guess_mapping(list(header), [list(row) for row in sample]).get("phone")
    return [found] if isinstance(found, int) else found or [0]


@transaction.atomic
def _step(batch: SuppressionUpload, chunk: Sequence[tuple[int, list[str]]], share: float) -> bool:
    """Bring in some lines; False when the upload was cancelled in the meantime, and nothing is written then."""
    now = timezone.now()
    if SuppressionUpload.objects.select_for_update().values_list("status", flat=True).get(pk=batch.pk) != SuppressionUpload.Status.RUNNING:
        return False
    numbers, unreadable = _read(batch, chunk)
    erased = _erased({e164 for _, e164 in numbers})
    staged = SuppressionUploadRow.objects.filter(upload=batch)
    subjects: dict[tuple[str, str], int] = {}
    for line, e164 in numbers:
        subjects.setdefault(("", erased[e164]) if e164 in erased else (e164, ""), line)
    known = set(staged.filter(problem="").filter(
        Q(e164__in=[e164 for e164, _ in subjects if e164]) | Q(number_hash__in=[key for _, key in subjects if key])
    ).values_list("e164", "number_hash"))  # fmt: skip
    fresh = {subject: line for subject, line in subjects.items() if subject not in known}
    SuppressionUploadRow.objects.bulk_create(
        [SuppressionUploadRow(upload=batch, line=line, e164=e164, number_hash=key) for (e164, key), line in fresh.items()] + unreadable
    )
    added = _suppress(batch, sorted(fresh), now)
    batch.line, batch.rows, batch.read_share = chunk[-1][0], batch.rows + len(chunk), share
    batch.added += added
    batch.already += len(fresh) - added
    batch.duplicate += len(numbers) - len(fresh)
    batch.invalid += len(unreadable)
    counted = ("line", "rows", "read_share", "added", "already", "duplicate", "invalid")
    SuppressionUpload.objects.filter(pk=batch.pk).update(**{name: getattr(batch, name) for name in counted}, updated_at=now)
    return True


def _read(batch: SuppressionUpload, chunk: Sequence[tuple[int, list[str]]]) -> tuple[list[tuple[int, str]], list[SuppressionUploadRow]]:
    """The numbers with their lines, and the lines that cannot be used."""
    numbers: list[tuple[int, str]] = []
    unreadable = []
    for line, cells in chunk:
        said = [cells[index] for index in batch.phone_columns if index < len(cells) and cells[index]]
        problem = "" if said else "There is no number in this line."
        for cell in said:
            try:
                for number in several(cell, region=batch.region):
                    if number.is_internal:
                        problem = "This is too short for a number that somebody outside has."
                    else:
                        numbers.append((line, number.e164))
            except NumberInvalid as refusal:
                problem = refusal.detail
        if problem:
            unreadable.append(SuppressionUploadRow(upload=batch, line=line, raw=" · ".join(said or cells)[:200], problem=problem[:300]))
    return numbers, unreadable


def _erased(e164s: set[str]) -> dict[str, str]:
    """Those of the numbers that were erased, with the hash that stands for them: they are not written down again."""
    keys = {key: e164 for e164 in e164s for key in keys_of(e164)}
    found = Suppression.objects.filter(number_hash__in=keys).exclude(number_hash="").values_list("number_hash", flat=True)
    return {keys[key]: key for key in found}


SHORTER = """
UPDATE crm_suppression SET lifted_at = %(now)s, lifted_by_id = %(by)s, lift_reason = 'The list gives it a later end.', version = version + 1,
    updated_at = %(now)s
WHERE lifted_at IS NULL AND list_code = %(list)s AND source = %(source)s AND purpose = %(purpose)s AND channel = %(channel)s
    AND expires_at IS NOT NULL AND (%(expires)s::timestamptz IS NULL OR expires_at < %(expires)s) AND {which}
RETURNING id
"""
INSERT = """
INSERT INTO crm_suppression (id, created_at, updated_at, version, origin_kind, e164, number_hash, purpose, channel, source, list_code, evidence,
    reason, starts_at, expires_at, by_id, upload_id, lift_reason)
SELECT n.id, %(now)s, %(now)s, 1, '', n.e164, n.number_hash, %(purpose)s, %(channel)s, %(source)s, %(list)s, '', %(reason)s, %(now)s, %(expires)s,
    %(by)s, %(upload)s, ''
FROM unnest(%(id)s::uuid[], %(e164)s::text[], %(hash)s::text[]) AS n(id, e164, number_hash)
ON CONFLICT DO NOTHING RETURNING id, e164
"""


def _suppress(batch: SuppressionUpload, subjects: Sequence[tuple[str, str]], now: datetime) -> int:
    """Write the entries that are not there yet; answers how many. What the list said with an earlier end gives way."""
    if not subjects or (batch.expires_at and batch.expires_at <= now):
        return 0
    values = {
        "now": now, "by": batch.by_id, "list": batch.list_code, "source": batch.source, "purpose": batch.purpose, "channel": batch.channel,
        "expires": batch.expires_at, "reason": batch.reason, "upload": batch.pk, "id": [str(uuid7()) for _ in subjects],
        "e164": [e164 for e164, _ in subjects], "hash": [key for _, key in subjects],
    }  # fmt: skip
    gave_way: list[UUID] = []
    with connection.cursor() as cursor:
        for which in ("e164 <> '' AND e164 = ANY(%(e164)s)", "number_hash <> '' AND number_hash = ANY(%(hash)s)"):
            cursor.execute(SHORTER.format(which=which), values)
            gave_way += [row_id for (row_id,) in cursor.fetchall()]
        cursor.execute(INSERT, values)
        made = cursor.fetchall()
    _news("suppression.lifted", gave_way, now)
    _news("suppression.added", [row_id for row_id, _ in made], now)
    tell([Stop("suppression", row_id, None, e164, batch.purpose, batch.channel) for row_id, e164 in made])
    return len(made)


def _news(type_: str, ids: Sequence[UUID], now: datetime) -> None:
    if ids:
        news.suppressed_by_copy(type_, Suppression.objects.filter(pk__in=ids).order_by("id"), now=now)


GONE = """
UPDATE crm_suppression SET lifted_at = %(now)s, lifted_by_id = %(by)s, lift_reason = %(why)s, version = version + 1, updated_at = %(now)s
WHERE id IN (
    SELECT s.id FROM crm_suppression s WHERE s.lifted_at IS NULL AND s.list_code = %(list)s AND s.list_code <> '' AND s.source = %(source)s
        AND s.purpose = %(purpose)s AND s.channel = %(channel)s
        AND NOT EXISTS (SELECT 1 FROM crm_suppressionuploadrow n WHERE n.upload_id = %(upload)s AND n.problem = '' AND n.e164 = s.e164
            AND n.number_hash = s.number_hash)
    ORDER BY s.id LIMIT %(limit)s FOR UPDATE)
RETURNING id
"""


def _finish(batch: SuppressionUpload, until: float) -> bool:
    """Lift what is not in the file any more, if it is to; then forget the lines that were good. False when the turn is over."""
    if batch.mode == SuppressionUpload.Mode.REPLACE:
        _look_again()
    while batch.mode == SuppressionUpload.Mode.REPLACE:
        if not batch.added + batch.already:
            raise ListIsEmpty("No line of the file holds a number, so nothing is lifted: is it the right file?")
        lifted = _lift_some(batch)
        if lifted is None:
            return True
        if not lifted:
            break
        if time.monotonic() > until:
            return False
    with transaction.atomic():
        SuppressionUploadRow.objects.filter(upload=batch, problem="").delete()
        with transition(SuppressionUpload, batch.pk, "finish", by=batch.by, now=timezone.now()) as done:
            done.finished_at = timezone.now()
    return True


def _look_again() -> None:
    """Tables that grew this minute look empty to the planner, and comparing them row by row would take hours."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE crm_suppressionuploadrow")
        cursor.execute("ANALYZE crm_suppression")


@transaction.atomic
def _lift_some(batch: SuppressionUpload) -> int | None:
    """Lift some of what is not in the file; None when the upload was cancelled."""
    held_row = SuppressionUpload.objects.select_for_update().get(pk=batch.pk)
    if held_row.status != SuppressionUpload.Status.RUNNING:
        return None
    now = timezone.now()
    values = {
        "now": now, "by": batch.by_id, "why": f"Not in the list any more ({batch.filename}).", "list": batch.list_code,
        "source": batch.source, "purpose": batch.purpose, "channel": batch.channel, "upload": batch.pk, "limit": CHUNK,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(GONE, values)
        gone = [row_id for (row_id,) in cursor.fetchall()]
    _news("suppression.lifted", gone, now)
    lifted = len(gone)
    SuppressionUpload.objects.filter(pk=batch.pk).update(lifted=held_row.lifted + lifted)
    return lifted
