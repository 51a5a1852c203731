"""Give each row of a file its verdict: a new contact, an addition to one we have, nothing new, or unusable and why."""

import json
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO, cast
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from config.platform.moves import transition
from crm.importing import additions, reading, rows
from crm.importing.matching import Known, handles, name_key
from crm.models import Import, ImportRow

CHUNK = 1000
Verdict = ImportRow.Verdict


def judge(batch: Import, *, until: float) -> bool:
    """Judge the rows that have no verdict yet; True when all have theirs and the import is ready.

    After a pause it goes on behind the last line that was judged. Rows before it are read again (not judged), so that a row
    is still known as the double of an earlier line.

    Raises:
        FileUnreadable
    """
    with batch.file.open("rb") as file:
        if not batch.columns:
            _look(batch, file)
        dialect = reading.Dialect.from_json(batch.dialect)
        seen: dict[int, int] = {}
        lines = reading.rows(cast(BinaryIO, file), dialect)
        while chunk := list(islice(lines, CHUNK)):
            if chunk[-1][0] <= batch.analysed:
                _remember(seen, batch, chunk)
                continue
            if not _judge_chunk(batch, chunk, seen):
                return True
            if time.monotonic() > until:
                return False
    with transition(Import, batch.pk, "analyse", by=None, now=timezone.now()):
        pass
    return True


def _look(batch: Import, file: Any) -> None:
    """Find out what the file is and what its columns mean."""
    dialect = reading.inspect(file, filename=batch.filename)
    file.seek(0)
    sample = [cells for _, cells in islice(reading.rows(file, dialect), 200)]
    file.seek(0)
    batch.dialect = dialect.to_json()
    batch.mapping = reading.guess_mapping(dialect.header, sample)
    batch.columns = dialect.header or [f"Column {index + 1}" for index in range(max(map(len, sample), default=1))]
    Import.objects.filter(pk=batch.pk).update(dialect=batch.dialect, mapping=batch.mapping, columns=batch.columns)


def _candidates(batch: Import, chunk: list[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str], dict[str, Any], list[dict[str, str]]]]:
    for line, cells in chunk:
        found = rows.candidate(cells, batch.mapping, region=batch.region)
        yield line, cells, found.to_json(), list(found.problems)


def _remember(seen: dict[int, int], batch: Import, chunk: list[tuple[int, list[str]]]) -> None:
    for line, _, candidate, problems in _candidates(batch, chunk):
        if not rows.is_invalid(problems):
            for mark in [*_marks(candidate), _whole_mark(candidate)]:
                seen.setdefault(mark, line)


def _marks(candidate: dict[str, Any]) -> list[int]:
    """A number for each handle with the name: small, since there may be millions of them."""
    key = name_key(candidate)
    return [hash((handle, key)) for handle in handles(candidate)]


def _whole_mark(candidate: dict[str, Any]) -> int:
    return hash(json.dumps(candidate, sort_keys=True))


@transaction.atomic
def _judge_chunk(batch: Import, chunk: list[tuple[int, list[str]]], seen: dict[int, int]) -> bool:
    """Write the verdicts of one chunk; False when the import was cancelled in the meantime."""
    current = Import.objects.select_for_update().get(pk=batch.pk)
    if current.status != Import.Status.UPLOADED:
        return False
    read = [one for one in _candidates(batch, chunk) if one[0] > current.analysed]
    known = Known.of([candidate for _, _, candidate, _ in read], source=batch.source)
    found: list[ImportRow] = []
    for line, cells, candidate, problems in read:
        row = ImportRow(batch=batch, line=line, cells=cells, candidate=candidate, problems=problems)
        if rows.is_invalid(problems):
            row.verdict, row.candidate = Verdict.INVALID, {}
        else:
            marks = _marks(candidate)
            earlier = min((seen[mark] for mark in marks if mark in seen), default=None)
            contact_id: UUID | None = known.match(candidate)
            row.contact_id, row.duplicate_of_line = contact_id, earlier
            row.verdict = Verdict.UPDATE if contact_id or earlier else Verdict.CREATE
            if _whole_mark(candidate) in seen:
                row.verdict = Verdict.DUPLICATE
            for mark in [*marks, _whole_mark(candidate)]:
                seen.setdefault(mark, line)
        found.append(row)
    nothing_new = additions.nothing_new([row for row in found if row.contact_id and row.verdict == Verdict.UPDATE])
    for row in found:
        if row.line in nothing_new:
            row.verdict = Verdict.DUPLICATE
    ImportRow.objects.bulk_create(found, ignore_conflicts=True)
    current.analysed = batch.analysed = chunk[-1][0]
    current.total = batch.total = current.total + len(read)
    current.save(update_fields=["analysed", "total", "updated_at"])
    return True
