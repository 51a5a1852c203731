"""Read a file of contacts as a stream of rows, whatever program wrote it. Pure: nothing here knows the database.

What a row holds is data, whatever it looks like: a cell that begins with = + - @ or a tab is kept as it is ("+7 495…" must be).
Whoever writes cells into a file for a spreadsheet puts an apostrophe in front of such cells (``progress.harmless``).
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from typing import Any, BinaryIO

from crm.importing.columns import guess_mapping, header_at
from crm.importing.encodings import CHUNK, FileUnreadable, delimiter_of, encoding_of, unreadable
from crm.importing.sheets import COLUMNS_AT_MOST, sheet_names, sheet_rows

__all__ = ["Dialect", "FileUnreadable", "Meter", "guess_mapping", "inspect", "rows"]

CELL_AT_MOST = 10_000
LINES_IN_A_CELL = 200
LOOKED_AT = 20
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")
_SEPARATOR_LINE = re.compile(r"\ufeff?\s*\"?sep=(.)\"?\s*$", re.IGNORECASE)
_OTHER_FORMATS = (
    (b"%PDF", "a PDF document"), (b"\x89PNG", "a picture"), (b"\xff\xd8\xff", "a picture"), (b"GIF8", "a picture"), (b"\x1f\x8b", "an archive"),
    (b"Rar!", "an archive"), (b"7z\xbc\xaf", "an archive"), (b"{\\rtf", "a text document"), (b"<html", "a web page"),
    (b"<!doctype", "a web page"), (b"<table", "a web page"), (b"<?xml", "an XML document"), (b"begin:vcard", "a vCard"), (b"SQLite", "a database"),
)  # fmt: skip


@dataclass(frozen=True)
class Dialect:
    """How a file is to be read. ``skip`` is the number of the header's row, or of the last row above the data; 0 if there is none."""

    kind: str
    encoding: str = ""
    delimiter: str = ""
    header: list[str] = field(default_factory=list)
    skip: int = 0
    sheet: str = ""

    @property
    def has_header(self) -> bool:
        """Whether a row names the columns."""
        return bool(self.header)

    def to_json(self) -> dict[str, Any]:
        """For the import's row."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "Dialect":
        """What ``to_json`` wrote."""
        return cls(**plain)


def inspect(file: BinaryIO, *, filename: str, said: Mapping[str, Any] | None = None) -> Dialect:
    """Find out what the file is: CSV or XLSX, its encoding and delimiter, and which of its first rows names the columns.

    The contents decide; the name is not trusted. What somebody ``said`` (``encoding``, ``delimiter``, ``has_header``, ``sheet``; empty
    for unknown) is not guessed.

    Raises:
        FileUnreadable: with the fact ``reason``: empty, not_a_table, old_xls, encrypted, broken, not_text, too_wide, too_large, quotes,
            no_such_sheet.
    """
    said = said or {}
    file.seek(0)
    head = file.read(CHUNK)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n;,|"):
        raise unreadable("empty", "The file is empty.")
    if head.startswith(b"PK\x03\x04"):
        return _sheet(file, said)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise _old_office(file, head)
    start = head[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    other = next((name for mark, name in _OTHER_FORMATS if start.startswith(mark.lower())), "")
    if other:
        raise unreadable("not_a_table", f"This is {other} and not a table: send CSV or XLSX.")
    encoding = said.get("encoding") or encoding_of(file)
    file.seek(0)
    text = io.IncrementalNewlineDecoder(None, translate=False).decode(_decoded(file, encoding))
    named, text = _separator_line(text)
    dialect = Dialect("csv", encoding, said.get("delimiter") or named or delimiter_of(text))
    return _with_header(dialect, list(islice(rows(file, dialect), LOOKED_AT)), said.get("has_header"))


class Meter:
    """How much of a file is read, from 0 to 1."""

    def __init__(self) -> None:
        self.measure: Callable[[], float] = lambda: 0.0

    @property
    def share(self) -> float:
        return max(0.0, min(1.0, self.measure()))


def rows(file: BinaryIO, dialect: Dialect, *, after: int = 0, meter: Meter | None = None) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header with their number as a spreadsheet shows it; empty ones are left out, cells are cut at 10,000 characters.

    ``after`` passes over the rows up to that one; ``meter`` tells how far it is.

    Raises:
        FileUnreadable: further down the file turns out not to be what its beginning promised.
    """
    above = max(dialect.skip, after)
    meter = meter or Meter()
    for number, cells in sheet_rows(file, dialect.sheet, meter) if dialect.kind == "xlsx" else _csv_rows(file, dialect, meter):
        if number <= above:
            continue
        stripped = [_clean(cell) for cell in cells]
        if any(stripped):
            if len(stripped) > COLUMNS_AT_MOST:
                raise unreadable("too_wide", f"Row {number} has more than {COLUMNS_AT_MOST} columns: keep those you need.")
            yield number, stripped


def _clean(cell: str) -> str:
    """Without the spaces around it and without what no table can keep: NUL, and half of a letter that takes two."""
    cell = cell.strip()[:CELL_AT_MOST]
    if cell.isprintable() or not _UNKEEPABLE.search(cell):
        return cell
    return _UNKEEPABLE.sub("", cell).strip()


def _csv_rows(file: BinaryIO, dialect: Dialect, meter: Meter) -> Iterator[tuple[int, list[str]]]:
    size = max(1, file.seek(0, io.SEEK_END))
    file.seek(0)
    meter.measure = lambda: file.tell() / size
    # A letter that cannot be decoded becomes U+FFFD, and the row is told so: one bad byte must not stop a million rows.
    text = io.TextIOWrapper(file, encoding=dialect.encoding, errors="replace", newline="")
    try:
        first = text.readline()
        named, _ = _separator_line(first)
        number = 0
        reader = csv.reader(text if named else chain([first], text), delimiter=dialect.delimiter)
        for number, cells in enumerate(reader, start=1):
            for cell in cells:
                if len(cell) > 1000 and cell.count("\n") > LINES_IN_A_CELL:
                    raise _quotes(number)
            yield number, cells
    except csv.Error:
        raise _quotes(number + 1) from None
    except UnicodeError:
        raise _other_encoding(dialect.encoding) from None
    finally:
        with suppress(ValueError):  # the reader stopped half-way, and closed the file before us
            text.detach()


def _other_encoding(encoding: str) -> FileUnreadable:
    return unreadable("not_text", f"The file is not in the encoding {encoding}: choose another one.")


def _quotes(number: int) -> FileUnreadable:
    return unreadable("quotes", f"Row {number} has a cell that never ends: look for a quotation mark that is opened and not closed.")


def _separator_line(text: str) -> tuple[str, str]:
    """The delimiter that Excel's first line names ("sep=;"), and the text below it."""
    line, end, rest = text.partition("\n")
    found = _SEPARATOR_LINE.match(line.rstrip("\r"))
    return (found[1], rest if end else "") if found else ("", text)


def _decoded(file: BinaryIO, encoding: str) -> str:
    wrapper = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    try:
        return wrapper.read(CHUNK // 4)
    except UnicodeError:
        raise _other_encoding(encoding) from None
    finally:
        wrapper.detach()


def _old_office(file: BinaryIO, head: bytes) -> FileUnreadable:
    is_encrypted, tail = False, head
    while tail and not is_encrypted:
        is_encrypted = "EncryptedPackage".encode("utf-16-le") in tail
        tail = file.read(CHUNK)
    if is_encrypted:
        return unreadable("encrypted", "The file is protected by a password: save it without one.")
    return unreadable("old_xls", "This is a file of an old Excel (.xls): save it as .xlsx or CSV.")


def _sheet(file: BinaryIO, said: Mapping[str, Any]) -> Dialect:
    """The first visible sheet that holds anything, or the one that was named."""
    names = sheet_names(file)
    wanted = said.get("sheet")
    if wanted and wanted not in names:
        raise unreadable("no_such_sheet", f"The sheets are {', '.join(names)[:300]}.")
    for name in [wanted] if wanted else names:
        dialect = Dialect("xlsx", sheet=name)
        first = list(islice(rows(file, dialect), LOOKED_AT))
        if first:
            return _with_header(dialect, first, said.get("has_header"))
    raise unreadable("empty", "The spreadsheet is empty.")


def _with_header(dialect: Dialect, first: list[tuple[int, list[str]]], has_header: bool | None) -> Dialect:
    if not first:
        raise unreadable("empty", "The file is empty.")
    at = header_at([cells for _, cells in first]) if has_header is not False else None
    if at is None:
        if not has_header:
            return dialect
        at = 0
    number, cells = first[at]
    return Dialect(dialect.kind, dialect.encoding, dialect.delimiter, cells, number, dialect.sheet)
