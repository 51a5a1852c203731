"""Read a file of contacts as a stream of rows, whatever program wrote it. Pure: nothing here knows the database."""

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from config.platform.errors import Refusal

COLUMNS_AT_MOST = 200
CELL_AT_MOST = 10_000
UNPACKED_AT_MOST = 2 * 2**30
RATIO_AT_MOST = 200
SAMPLE_BYTES = 256 * 1024
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
DELIMITERS = (";", "\t", ",", "|")


class FileUnreadable(Refusal):
    """The file is not one we can read; `reason` says why, the detail what to do."""

    code = "file_unreadable"
    status = 400


@dataclass(frozen=True)
class Dialect:
    """How a file is to be read. ``skip`` counts the lines before the first row of data."""

    kind: str
    encoding: str = ""
    delimiter: str = ""
    header: list[str] = field(default_factory=list)
    skip: int = 0

    def to_json(self) -> dict[str, Any]:
        """For the import's row."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "Dialect":
        """What ``to_json`` wrote."""
        return cls(**plain)


def inspect(file: BinaryIO, *, filename: str) -> Dialect:
    """Find out what the file is: CSV or XLSX, its encoding and delimiter, and whether its first row names the columns.

    Raises:
        FileUnreadable
    """
    head = file.read(SAMPLE_BYTES)
    if not head.strip():
        raise _unreadable("empty", "The file is empty.")
    if head.startswith(b"PK\x03\x04"):
        return _inspect_sheet(file)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise _unreadable("old_or_encrypted", "This is an old .xls file or an encrypted one: save it as .xlsx or CSV without a password.")
    if head.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b")):
        raise _unreadable("not_a_table", "This is not a table: send CSV or XLSX.")
    encoding = _encoding(head, is_whole=len(head) < SAMPLE_BYTES)
    text = _decoded(head, encoding)
    if "\0" in text:
        raise _unreadable("not_text", "The file holds NUL bytes: it is not text. Save it as CSV in UTF-8.")
    skip, delimiter = 0, ""
    named = re.match(r"\s*sep=(.)\r?\n", text, re.IGNORECASE)
    if named:
        skip, delimiter, text = 1, named[1], text[named.end() :]
    delimiter = delimiter or _delimiter(text)
    first = next((row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(row)), [])
    _check_width(first)
    return _with_header(Dialect("csv", encoding, delimiter, [], skip), first)


def rows(file: BinaryIO, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """The rows with their number as a spreadsheet counts them, header and empty rows left out.

    Raises:
        FileUnreadable: further down the file turns out not to be what its beginning promised.
    """
    file.seek(0)
    lines = _sheet_rows(file) if dialect.kind == "xlsx" else _csv_rows(file, dialect)
    has_header = bool(dialect.header)
    for number, cells in lines:
        if number <= dialect.skip or not any(cell.strip() for cell in cells):
            continue
        if has_header:
            has_header = False
            continue
        _check_width(cells)
        yield number, [cell.strip()[:CELL_AT_MOST] for cell in cells]


def _csv_rows(file: BinaryIO, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    text = io.TextIOWrapper(file, encoding=dialect.encoding, errors="strict", newline="")
    csv.field_size_limit(1024 * 1024)
    reader = csv.reader(text, delimiter=dialect.delimiter)
    try:
        for number, cells in enumerate(reader, start=1):
            yield number, [cell.replace("\0", "") for cell in cells]
    except UnicodeDecodeError:
        raise _unreadable("encoding", f"Line {reader.line_num + 1} is not {dialect.encoding}: save the file in UTF-8.") from None
    except csv.Error as error:
        raise _unreadable(
            "csv", f"Line {reader.line_num} cannot be read as CSV ({error}): look for a quote that is never closed."
        ) from None
    finally:
        with suppress(ValueError):  # somebody closed the file before the last row
            text.detach()


def _inspect_sheet(file: BinaryIO) -> Dialect:
    _check_archive(file)
    first = next((cells for _, cells in _sheet_rows(file) if any(cells)), [])
    _check_width(first)
    return _with_header(Dialect("xlsx"), first)


def _check_archive(file: BinaryIO) -> None:
    try:
        file.seek(0)
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile:
        raise _unreadable("broken", "The file is damaged: save it again.") from None
    if not any(member.filename == "xl/workbook.xml" for member in members):
        raise _unreadable("not_a_table", "This archive is not a spreadsheet: send CSV or XLSX.")
    unpacked = sum(member.file_size for member in members)
    packed = max(1, sum(member.compress_size for member in members))
    if unpacked > UNPACKED_AT_MOST or (unpacked > 50 * 2**20 and unpacked / packed > RATIO_AT_MOST):
        raise _unreadable("too_large", "The spreadsheet unpacks to more than we read: save it as CSV.")


def _sheet_rows(file: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    file.seek(0)
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=COLUMNS_AT_MOST + 1), start=1):
            filled = [_cell(cell) for cell in cells]
            while filled and not filled[-1]:
                filled.pop()
            yield number, filled
    except FileUnreadable:
        raise
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, IndexError, TypeError, OSError, SyntaxError) as error:
        raise _unreadable("broken", f"The spreadsheet cannot be read ({type(error).__name__}): save it again, or as CSV.") from None


def _cell(value: Any) -> str:
    """A cell as text: numbers as they look (a phone kept as a number has no ".0"), dates in ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e18:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time().isoformat() == "00:00:00" else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value).replace("\0", "")


def _with_header(dialect: Dialect, first: list[str]) -> Dialect:
    cells = [cell.strip().lstrip("\ufeff") for cell in first]
    is_header = any(_means(cell) for cell in cells) and not any(re.search(r"\d{5,}|@", cell) for cell in cells)
    return Dialect(dialect.kind, dialect.encoding, dialect.delimiter, cells if is_header else [], dialect.skip)


def _check_width(cells: list[str]) -> None:
    if len(cells) > COLUMNS_AT_MOST:
        raise _unreadable("too_wide", f"The table has more than {COLUMNS_AT_MOST} columns: keep those you need.")


def _decoded(head: bytes, encoding: str) -> str:
    return codecs.getincrementaldecoder(encoding)().decode(head)


def _encoding(head: bytes, *, is_whole: bool) -> str:
    """By its mark; else UTF-8 if it is; else the one of the likely ones in which it looks most like words."""
    for mark, name in MARKS:
        if head.startswith(mark):
            return name
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=is_whole)
        return "utf-8"
    except UnicodeDecodeError:
        pass
    return max(("cp1251", "koi8-r", "cp866", "cp1252"), key=lambda name: _likeness(head, name))


def _likeness(head: bytes, encoding: str) -> float:
    """How much a text looks like names in this encoding: letters in one alphabet, lower case after the first letter."""
    text = head.decode(encoding, errors="replace")
    strange = [character for character in text if ord(character) > 127]
    if not strange:
        return 0.0
    score = 0.0
    for word in re.findall(r"\w+", text):
        high = [character for character in word if ord(character) > 127]
        if not high:
            continue
        cyrillic = sum("а" <= character.lower() <= "я" or character in "ёЁ" for character in high)
        if encoding == "cp1252":
            score += len(high) if len(high) * 2 < len(word) else -len(high)
        elif cyrillic == len(word) and (word[1:].islower() or word.isupper()):
            score += len(word) * (1.0 if word[1:].islower() else 0.6)
        else:
            score -= len(high)
    return (score - 3 * sum(not character.isalnum() and not character.isspace() for character in strange)) / len(strange)


def _delimiter(text: str) -> str:
    """The one that cuts the first rows into the most columns, alike in each."""
    best, best_score = ",", 0.0
    sample = text[: 64 * 1024]
    for delimiter in DELIMITERS:
        widths = [
            len(row) for row, _ in zip(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), range(50), strict=False) if row
        ]
        if not widths or max(widths) < 2:
            continue
        common = max(set(widths), key=widths.count)
        score = (common - 1) * widths.count(common) / len(widths)
        if common > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


def _unreadable(reason: str, detail: str) -> FileUnreadable:
    return FileUnreadable(detail, reason=reason)


MEANINGS: dict[str, str] = {
    "surname": r"фамилия|surname|last[ _]?name|family[ _]?name|nachname|apellidos?|apelyido",
    "name": r"имя|name|first[ _]?name|given[ _]?name|vorname|nombres?|pangalan",
    "patronymic": r"отчество|patronymic|middle[ _]?name|segundo nombre",
    "full_name": r"ф\.?\s?и\.?\s?о\.?|полное имя|full[ _]?name|клиент|контакт|contact|customer|client|kunde|nombre completo|buong pangalan|имя клиента",
    "company_name": r"компания|организация|название компании|company|company[ _]?name|organi[sz]ation|firma|empresa|kumpanya|наименование",
    "employer": r"место работы|работодатель|employer|arbeitgeber",
    "phone": r"(?:(?:моб|сот|раб|дом)\w*\.?\s*)?тел(?:ефон)?\w*\.?\s*\d?|phones?[ _]?(?:number)?\s*\d?|mobile(?:[ _](?:phone|number))?|cell(?:phone)?|tel\.?\s*\d?|telefon(?:nummer)?\s*\d?|teléfono|telefono|celular|handy|numero|номер(?: телефона)?|мобильный|telepono",
    "email": r"e-?mail(?:[ _]?address)?|почта|эл(?:ектронная)?\.? почта|correo(?: electrónico)?|мейл",
    "address": r"адрес|address|adresse|dirección|direccion|tirahan",
    "time_zone": r"часовой пояс|time[ _]?zone|zeitzone|zona horaria",
    "language": r"язык|language|sprache|idioma|wika",
    "tags": r"теги|метки|tags|schlagworte|etiquetas",
    "notes": r"заметки|примечани[ея]|комментари[йи]|notes?|comments?|notizen|bemerkung|notas|tala",
    "external_id": r"id|external[ _]?id|код|номер клиента|customer[ _]?id|kundennummer",
}


def _means(header: str) -> str:
    word = header.strip().strip("*:").lower()
    return next((name for name, pattern in MEANINGS.items() if re.fullmatch(pattern, word)), "")


def guess_mapping(header: list[str], sample: list[list[str]]) -> dict[str, Any]:
    """Which column is what: ``{field: index}``, and for phones a list of indexes. By the header's words, else by the cells' look."""
    mapping: dict[str, Any] = {}
    for index, title in enumerate(header):
        name = _means(title)
        if name == "phone":
            mapping.setdefault("phone", []).append(index)
        elif name:
            mapping.setdefault(name, index)
    if "name" in mapping and not {"surname", "patronymic"} & mapping.keys() and "full_name" not in mapping:
        mapping["full_name"] = mapping.pop("name")
    taken = {index for value in mapping.values() for index in (value if isinstance(value, list) else [value])}
    width = max(map(len, sample), default=0)
    for index in range(width):
        cells = [row[index] for row in sample if index < len(row) and row[index]]
        if index in taken or not cells or index < len(header):
            continue
        name = _look(cells)
        if name == "phone":
            mapping.setdefault("phone", []).append(index)
        elif name:
            mapping.setdefault(name, index)
    return mapping


def _look(cells: list[str]) -> str:
    """What most cells of a column without a name look like."""
    most = len(cells) * 0.6
    if sum("@" in cell for cell in cells) >= most:
        return "email"
    if sum(len(re.sub(r"\D", "", cell)) >= 7 and len(re.findall(r"[^\W\d_]", cell)) < 8 for cell in cells) >= most:
        return "phone"
    if sum(bool(re.search(r"[^\W\d_]{2,}", cell)) for cell in cells) >= most:
        return "full_name"
    return ""
