"""Contact files made for tests."""

import io
import zipfile

import pytest
from openpyxl import Workbook

from crm.importing.reading import Dialect, FileUnreadable, inspect, rows

HEADER = ["Фамилия", "Имя", "Телефон"]
IVANOV = ["Иванов", "Иван", "8 (495) 123-45-67"]


def read(body: bytes, name: str = "contacts.csv") -> tuple[Dialect, list[tuple[int, list[str]]]]:
    file = io.BytesIO(body)
    dialect = inspect(file, filename=name)
    return dialect, list(rows(file, Dialect.from_json(dialect.to_json())))


def refusal(body: bytes, name: str = "contacts.csv") -> FileUnreadable:
    with pytest.raises(FileUnreadable) as raised:
        read(body, name)
    assert raised.value.detail.endswith(".")
    return raised.value


def workbook(*lines, title: str = "Contacts", **more) -> bytes:
    book, file = Workbook(), io.BytesIO()
    book.active.title = title
    for line in lines:
        book.active.append(line)
    for name, other in more.items():
        sheet = book.create_sheet(name)
        for line in other:
            sheet.append(line)
    book.save(file)
    return file.getvalue()


def repacked(body: bytes, parts: dict[str, bytes]) -> bytes:
    """The same archive with some parts replaced or added."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        whole = {name: old.read(name) for name in old.namelist()} | parts
        for name, part in whole.items():
            new.writestr(name, part)
    return made.getvalue()


SHEET, STRINGS, TYPES, BOOK = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "[Content_Types].xml", "xl/workbook.xml"
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def as_excel_writes(texts: list[str], sheet: str) -> bytes:
    """A spreadsheet whose texts stand in a part of their own."""
    with zipfile.ZipFile(io.BytesIO(workbook(["a"]))) as archive:
        types = archive.read(TYPES).decode()
    shared = '<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
    return repacked(
        workbook(["a"]),
        {
            TYPES: types.replace("</Types>", shared + "</Types>").encode(),
            STRINGS: f"<sst {MAIN}>{''.join(texts)}</sst>".encode(),
            SHEET: f"<worksheet {MAIN}><sheetData>{sheet}</sheetData></worksheet>".encode(),
        },
    )
