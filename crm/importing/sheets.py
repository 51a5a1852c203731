"""Rows of an XLSX file as a stream: memory stays flat on a million rows, and a hostile file is refused before it unpacks. Pure.

openpyxl reads the small parts (which sheets, which formats). The two large ones, texts and rows, are walked through here,
since openpyxl keeps every text, and an empty element for every row, in memory. Formulas are never evaluated: a cell with one is
the value that was last saved with it.
"""

import re
import struct
import tempfile
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import IO, Any, BinaryIO, cast
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import iterparse  # type: ignore[import-untyped]
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.datetime import from_excel
from openpyxl.utils.escape import unescape
from openpyxl.utils.exceptions import InvalidFileException

from crm.importing.encodings import unreadable

COLUMNS_AT_MOST = 200
UNPACKED_AT_MOST = 2 * 2**30
UNPACKED_WITHOUT_QUESTIONS = 50 * 2**20
RATIO_AT_MOST = 200
PARTS_AT_MOST = 10_000
SMALL_PART_AT_MOST = 16 * 2**20
ROW_AT_MOST = 16 * 2**20
TEXT_AT_MOST = 2**20
TEXTS_IN_MEMORY = 16 * 2**20
ROWS_IN_A_SHEET = 1_048_576

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
DATA, ROW, TEXT, RUN, ITEM, VALUE, INLINE = (MAIN + tag for tag in ("sheetData", "row", "t", "r", "si", "v", "is"))
_BROKEN = (
    zipfile.BadZipFile, zlib.error, ParseError, InvalidFileException, LookupError, ValueError, TypeError, AttributeError, ArithmeticError,
    OSError, EOFError, RuntimeError, NotImplementedError, struct.error,
)  # fmt: skip


def sheet_names(file: BinaryIO) -> list[str]:
    """The visible sheets, in their order.

    Raises:
        FileUnreadable
    """
    _check_archive(file)
    try:
        return list(_Book(file).sheets)
    except _BROKEN as error:
        raise _broken(error) from None


def sheet_rows(file: BinaryIO, name: str, meter: Any = None) -> Iterator[tuple[int, list[str]]]:
    """The rows of a sheet that are not empty, with their number, cells as text. ``meter.measure`` is made to tell the share read.

    Raises:
        FileUnreadable: also further down, when the file turns out not to be what its beginning promised.
    """
    _check_archive(file)
    try:
        yield from _Book(file).rows(name, meter)
    except _BROKEN as error:
        raise _broken(error) from None


def _broken(error: BaseException) -> Exception:
    return unreadable("broken", f"The spreadsheet cannot be read ({type(error).__name__}): save it again, or as CSV.")


def _check_archive(file: BinaryIO) -> None:
    """Refuse what is no spreadsheet, and what would unpack to more than we read."""
    try:
        file.seek(0)
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except _BROKEN:
        raise unreadable("broken", "The file is damaged or not complete: save it again.") from None
    names = {part.filename for part in parts}
    if "xl/workbook.bin" in names:
        raise unreadable("not_a_table", "This is a binary spreadsheet (.xlsb): save it as CSV or XLSX.")
    if "xl/workbook.xml" not in names:
        raise unreadable("not_a_table", "This archive is not an Excel file: save the table as CSV or XLSX.")
    if any(part.flag_bits & 1 for part in parts):
        raise unreadable("encrypted", "The file is protected by a password: save it without one.")
    unpacked = sum(part.file_size for part in parts)
    packed = max(1, sum(part.compress_size for part in parts))
    is_bomb = unpacked > UNPACKED_WITHOUT_QUESTIONS and unpacked / packed > RATIO_AT_MOST
    small = [part for part in parts if re.search(r"\.rels$|^\[Content_Types\]\.xml$|^xl/(?:workbook|styles)\.xml$", part.filename)]
    if unpacked > UNPACKED_AT_MOST or is_bomb or len(parts) > PARTS_AT_MOST or any(part.file_size > SMALL_PART_AT_MOST for part in small):
        raise unreadable("too_large", "The spreadsheet unpacks to more than we read: save it as CSV.")


class _Metered:
    """A stream that refuses to go on for too long without a row, so that one endless cell cannot fill the memory."""

    def __init__(self, source: IO[bytes], most: int) -> None:
        self.source, self.most, self.since, self.read_so_far = source, most, 0, 0

    def read(self, size: int = -1) -> bytes:
        data = self.source.read(size)
        self.since += len(data)
        self.read_so_far += len(data)
        if self.since > self.most:
            raise unreadable("too_large", "A row or a text of the spreadsheet is longer than we read: save it as CSV.")
        return data


class _Texts:
    """The texts that cells share: read as far as they are asked for, kept in a temporary file once they are many."""

    def __init__(self, source: IO[bytes] | None) -> None:
        self.ends = array("Q", [0])
        self.file = tempfile.SpooledTemporaryFile(max_size=TEXTS_IN_MEMORY)  # noqa: SIM115 (lives as long as the texts)
        self.recent: dict[int, str] = {}
        self.unread = _texts(source) if source else iter(())

    def _read_to(self, index: int) -> None:
        self.file.seek(self.ends[-1])
        for text in self.unread:
            self.file.write(text.encode("utf-8", "replace"))
            self.ends.append(self.file.tell())
            if len(self.ends) > index + 1_000:
                return

    def __getitem__(self, index: int) -> str:
        found = self.recent.get(index)
        if found is None:
            if index >= len(self.ends) - 1:
                self._read_to(index)
            if not 0 <= index < len(self.ends) - 1:
                raise IndexError(index)
            self.file.seek(self.ends[index])
            found = self.file.read(self.ends[index + 1] - self.ends[index]).decode()
            if len(self.recent) > 10_000:
                self.recent.clear()
            self.recent[index] = found
        return found


def _texts(source: IO[bytes]) -> Iterator[str]:
    metered, root = _Metered(source, TEXT_AT_MOST), None
    for event, element in iterparse(metered, events=("start", "end"), forbid_dtd=True):
        if event == "start":
            root = element if root is None else root
        elif element.tag == ITEM:
            yield _text_of(element)
            metered.since = 0
            cast(Element, root).clear()


def _text_of(item: Element) -> str:
    """Plain or in runs; readings of Japanese words stay out."""
    parts = [(child.text or "") for child in item if child.tag == TEXT]
    parts += [part.text or "" for child in item if child.tag == RUN for part in child if part.tag == TEXT]
    text = "".join(parts)
    return unescape(text) if "_x" in text else text


class _Book(ExcelReader):
    """The small parts of a workbook, read by openpyxl; its sheets by name."""

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        super().__init__(file, read_only=True, data_only=True, keep_links=False)
        self.texts = _Texts(None)
        self.sheets: dict[str, str] = {}
        self.read()
        self.book: Any = self.wb
        self.leading_zeros = self._formats_with_leading_zeros()

    def read_strings(self) -> None:
        """Not needed for the names of the sheets; see ``rows``."""

    def read_properties(self) -> None:
        """Author and dates: not ours."""

    def read_custom(self) -> None:
        """Not ours."""

    def read_theme(self) -> None:
        """Colours: not ours."""

    def read_worksheets(self) -> None:
        """Only where the visible ones are."""
        for sheet, rel in self.parser.find_sheets():
            if rel.target in self.valid_files and "chartsheet" not in rel.Type and sheet.state == "visible":
                self.sheets[sheet.name] = rel.target

    def _formats_with_leading_zeros(self) -> dict[int, int]:
        """Cell formats such as 00000000000, by which a spreadsheet shows 9171234567 as 09171234567: how many digits."""
        widths = {}
        for index, style in enumerate(self.book._cell_styles):
            own = style.numFmtId - 164
            code = self.book._number_formats[own] if 0 <= own < len(self.book._number_formats) else ""
            if re.fullmatch(r"0{2,20}", code):
                widths[index] = len(code)
        return widths

    def rows(self, name: str, meter: Any) -> Iterator[tuple[int, list[str]]]:
        strings = next((part.PartName[1:] for part in self.package.Override if part.ContentType.endswith("sharedStrings+xml")), "")
        if strings in self.valid_files:
            self.texts = _Texts(self.archive.open(strings))
        last, data = 0, None
        with self.archive.open(self.sheets[name]) as source:
            metered = _Metered(source, ROW_AT_MOST)
            if meter is not None:
                whole = max(1, self.archive.getinfo(self.sheets[name]).file_size)
                meter.measure = lambda: metered.read_so_far / whole
            for event, element in iterparse(metered, events=("start", "end"), forbid_dtd=True):
                if event == "start":
                    data = element if element.tag == DATA else data
                elif element.tag == ROW:
                    number = max(int(element.get("r") or 0), last + 1)
                    if number > ROWS_IN_A_SHEET:
                        raise unreadable("broken", "The spreadsheet has rows beyond its last one: save it again.")
                    cells = self._cells(element)
                    metered.since, last = 0, number
                    if data is not None:
                        data.clear()
                    if cells:
                        yield number, cells
                elif element.tag == DATA:
                    return

    def _cells(self, row: Element) -> list[str]:
        cells: list[str] = []
        column = 0
        for element in row:
            coordinate = element.get("r")
            column = _column(coordinate) if coordinate else column + 1
            text = self._text(element)
            if not text:
                continue
            if column > COLUMNS_AT_MOST:
                raise unreadable("too_wide", f"The table has more than {COLUMNS_AT_MOST} columns: keep those you need.")
            cells += [""] * (column - len(cells))
            cells[column - 1] = text
        return cells

    def _text(self, element: Element) -> str:
        kind = element.get("t", "n")
        if kind == "inlineStr":
            inline = element.find(INLINE)
            return _text_of(inline) if inline is not None else ""
        value = element.findtext(VALUE)
        if not value or kind == "e":  # an error such as #N/A is nothing
            return ""
        if kind == "s":
            return self.texts[int(value)]
        if kind == "b":
            return "true" if value == "1" else "false"
        if kind != "n":
            return unescape(value) if "_x" in value else value
        return self._number(value, int(element.get("s") or 0))

    def _number(self, value: str, style: int) -> str:
        number = float(value)
        if style in self.book._date_formats:
            try:
                return _date(from_excel(number, self.book.epoch, timedelta=style in self.book._timedelta_formats))
            except (ValueError, OverflowError):
                return value
        if number.is_integer() and abs(number) < 1e15:
            digits = str(int(number))
            return digits.zfill(self.leading_zeros[style]) if style in self.leading_zeros else digits
        return value if value.lstrip("-").isdigit() else f"{number:.15g}"


def _column(coordinate: str) -> int:
    column = 0
    for char in coordinate:
        if not "A" <= char <= "Z":
            break
        column = column * 26 + ord(char) - 64
    return column


def _date(value: Any) -> str:
    """In ISO 8601; a midnight is a date."""
    if isinstance(value, datetime):
        value = value.replace(microsecond=0)
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value) if isinstance(value, timedelta) else ""
