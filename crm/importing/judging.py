"""Give each row of a file its verdict: a new contact, an addition to one we have, nothing new, or unusable and why."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from typing import Any, BinaryIO, cast
from uuid import UUID

import orjson
from django.db import transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from config.platform.copying import as_json, copy_in
from config.platform.moves import transition
from config.platform.statements import rows as rows_of
from crm.importing import additions, progress, reading, rows
from crm.importing.matching import Candidate, Known, handles, name_key
from crm.models import Import, ImportRow

CHUNK = 2000
Verdict = ImportRow.Verdict
Line = tuple[int, list[str]]


@dataclass(slots=True)
class Judged:
    """A row on its way to its verdict."""

    line: int
    cells: list[str]
    candidate: Candidate
    problems: list[dict[str, str]]
    verdict: str = Verdict.INVALID
    object_id: UUID | None = None
    duplicate_of: int | None = None
    marks: list[tuple[int, int]] = field(default_factory=list)


def judge(batch: Import, *, until: float) -> bool:
    """Judge the rows that have no verdict yet; True when none is left to judge, be it that the import is no longer to be judged.

    Another turn goes on behind the last line that was judged; the lines before it are passed over unread. The turn's time counts
    from there, so that each turn gets somewhere however far down the file it begins.

    Raises:
        FileUnreadable
    """
    seconds = until - time.monotonic()
    if not batch.analysed:
        _forget(batch)
    with batch.file.open("rb") as file:
        source = cast(BinaryIO, file)
        reader = rows.Reader(batch.mapping, region=batch.region)
        meter = reading.Meter()
        lines = reading.rows(source, reading.Dialect.from_json(batch.dialect), after=batch.analysed, meter=meter)
        pace = progress.Pace()
        chunk = list(islice(lines, CHUNK))
        until = max(until, time.monotonic() + seconds / 2)
        while chunk:
            if not _judge_chunk(batch, _read(chunk, reader), meter.share, pace.of(len(chunk))):
                return True
            chunk = list(islice(lines, CHUNK))
            if chunk and time.monotonic() > until:
                return False
    with transition(Import, batch.pk, "judge", by=None, now=timezone.now(), counts=progress.counts(batch)) as judged:
        judged.read_share, judged.rate = 1, None
    _forget(batch, rows_too=False)
    return True


def _forget(batch: Import, *, rows_too: bool = True) -> None:
    """What an earlier reading of the file left; the marks are of no use once the file is judged."""
    if rows_too:
        rows_of("DELETE FROM crm_importrow WHERE batch_id = %s", [batch.pk])
    rows_of("DELETE FROM crm_importmark WHERE batch_id = %s", [batch.pk])


def _read(chunk: Sequence[Line], reader: rows.Reader) -> list[Judged]:
    """What the rows say, before anything is asked of the database: no lock is held meanwhile."""
    read = []
    for line, cells in chunk:
        found = reader.candidate(cells)
        one = Judged(line, cells, found.to_json(), found.problems)
        if rows.is_invalid(one.problems):
            one.candidate = {}
        else:
            one.marks = _marks(one.candidate)
        read.append(one)
    return read


def _hash(text: bytes) -> int:
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)


def _marks(candidate: Candidate) -> list[tuple[int, int]]:
    """The handles, each with the name; the last is for all that the row tells, however its phones are written."""
    key = name_key(candidate)
    name = _hash(key.encode()) if key else 0
    phones = [(phone["e164"], phone["extension"]) for phone in candidate.get("phones", ())]
    whole = orjson.dumps([phones, {name: value for name, value in candidate.items() if name != "phones"}])
    return [*((_hash(handle.encode()), name) for handle in handles(candidate)), (_hash(whole), 0)]


class _Earlier:
    """Which earlier line has which mark."""

    def __init__(self, batch: Import, read: Sequence[Judged]) -> None:
        self.batch = batch
        self.lines: dict[int, dict[int, int]] = {}
        self.fresh: list[tuple[int, int, int]] = []
        wanted = list({mark for one in read for mark, _ in one.marks})
        sql = "SELECT mark, name_mark, line FROM crm_importmark WHERE batch_id = %s AND mark = ANY(%s)"
        for mark, name, line in rows_of(sql, [batch.pk, wanted]):
            self.lines.setdefault(mark, {})[name] = line

    def line_of(self, one: Judged) -> int | None:
        """The first earlier line that means the same: a handle in common, and the same name or none on one side."""
        found: list[int] = []
        for mark, name in one.marks[:-1]:
            there = self.lines.get(mark)
            if there:
                found += there.values() if not name else [there[key] for key in (name, 0) if key in there]
        return min(found, default=None)

    def is_told(self, one: Judged) -> bool:
        """Whether an earlier line says all that this one says."""
        return one.marks[-1][0] in self.lines

    def add(self, one: Judged) -> None:
        for mark, name in one.marks:
            there = self.lines.setdefault(mark, {})
            if name not in there:
                there[name] = one.line
                self.fresh.append((mark, name, one.line))

    def write(self) -> None:
        copy_in("crm_importmark", ["mark", "name_mark", "line"], self.fresh, same={"batch_id": self.batch.pk})


@transaction.atomic
def _judge_chunk(batch: Import, read: list[Judged], share: float, rate: float | None) -> bool:
    """Write the verdicts of one chunk; False when the import is not to be judged any more, or otherwise than we began it."""
    current = Import.objects.select_for_update().get(pk=batch.pk)
    if current.status != Import.Status.ANALYSED or current.version != batch.version or current.analysed != batch.analysed:
        return False
    known = Known.of([one.candidate for one in read if one.candidate], source=batch.source)
    earlier = _Earlier(batch, read)
    for one in read:
        if one.candidate:
            _verdict(one, known, earlier)
    _nothing_new(read, only_new=batch.only_new)
    copy_in(
        "crm_importrow",
        ["line", "verdict", "cells", "candidate", "problems", "object_id", "duplicate_of_line"],
        _columns(read),
        same={"batch_id": batch.pk},
    )
    earlier.write()
    for verdict, count in Counter(one.verdict for one in read).items():
        column = progress.COLUMN_OF[verdict]
        setattr(current, column, getattr(current, column) + count)
    current.analysed = batch.analysed = read[-1].line
    current.total = batch.total = current.total + len(read)
    current.read_share, current.rate, current.failures = share, rate, 0
    current.save(update_fields=["analysed", "total", "read_share", "rate", "failures", "updated_at", *progress.COLUMN_OF.values()])
    return True


def _columns(read: Sequence[Judged]) -> Iterator[list[Any]]:
    for one in read:
        told = as_json(one.cells), as_json(one.candidate), as_json(one.problems) if one.problems else "[]"
        yield [one.line, one.verdict, *told, one.object_id, one.duplicate_of]


def _verdict(one: Judged, known: Known, earlier: _Earlier) -> None:
    one.object_id, one.duplicate_of = known.match(one.candidate), earlier.line_of(one)
    if earlier.is_told(one):
        one.verdict = Verdict.DUPLICATE
    elif one.object_id or one.duplicate_of:
        one.verdict = Verdict.UPDATE
    else:
        one.verdict, one.object_id = Verdict.CREATE, uuid7()
    earlier.add(one)


def _nothing_new(read: Sequence[Judged], *, only_new: bool) -> None:
    """Rows whose contact has everything already; and, if so asked, rows that would add to a contact we have."""
    met = [one for one in read if one.verdict == Verdict.UPDATE and one.object_id]
    contacts = additions.read(one.object_id for one in met if one.object_id)
    for one in met:
        had = contacts.get(cast(UUID, one.object_id))
        if had and not additions.to_contact(had, one.candidate):
            one.verdict = Verdict.DUPLICATE
        elif had and only_new:
            one.verdict = Verdict.SKIPPED


def start_afresh(batch: Import) -> None:
    """No row has its verdict any more: the file is to be read otherwise. The worker removes the old verdicts; the caller saves."""
    batch.analysed = batch.total = batch.failures = 0
    batch.read_share, batch.rate, batch.run_after = 0, None, None
    for column in progress.COLUMN_OF.values():
        setattr(batch, column, 0)
