"""A spreadsheet is read cell by cell as it was meant, and a hostile one is refused before it unpacks (P14)."""

import io
import zipfile
from datetime import date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from crm.importing import sheets
from crm.importing.reading import FileUnreadable
from tests.crm.import_files import BOOK, HEADER, IVANOV, MAIN, SHEET, as_excel_writes, read, refusal, repacked, workbook


def test_a_spreadsheet_is_read_cell_by_cell():
    dialect, found = read(
        workbook(
            ["ФИО", "Телефон", "Дата", "Когда", "Сумма", "Да", "Пусто", "Формула"],
            ["Иванов Иван", 79161234567, date(2026, 11, 23), datetime(2026, 11, 23, 10, 15), 1.5, True, None, "=1+1"],
            [],
            ["Петров  Пётр", 7.91612345e10, None, None, 0.1 + 0.2, False, "", "+7 495"],
        ),
        "contacts.xlsx",
    )

    assert (dialect.kind, dialect.sheet, dialect.header[:2]) == ("xlsx", "Contacts", ["ФИО", "Телефон"])
    assert found == [
        (2, ["Иванов Иван", "79161234567", "2026-11-23", "2026-11-23 10:15:00", "1.5", "true"]),
        (4, ["Петров  Пётр", "79161234500", "", "", "0.3", "false", "", "+7 495"]),
    ]


def test_zeros_that_only_the_format_shows_are_kept():
    book, file = Workbook(), io.BytesIO()
    book.active.append(["Name", "Phone"])
    book.active.append(["Juan", 9171234567])
    book.active["B2"].number_format = "00000000000"
    book.save(file)

    assert read(file.getvalue())[1] == [(2, ["Juan", "09171234567"])]


def test_a_formula_gives_the_value_that_was_saved_with_it():
    body = workbook(["Имя", "Телефон"], ["Иван", "formula"])
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    cell = sheet[sheet.index('<c r="B2"') :].partition("</c>")[0] + "</c>"
    body = repacked(
        body,
        {SHEET: sheet.replace(cell, '<c r="B2" t="str"><f>HYPERLINK("http://evil")</f><v>+74951234567</v></c>').encode()},
    )

    assert read(body)[1] == [(2, ["Иван", "+74951234567"])]


def test_the_first_sheet_with_rows_is_taken_and_hidden_ones_are_not():
    book, file = Workbook(), io.BytesIO()
    book.active.title = "Empty"
    book.create_sheet("Hidden").append(["Secret", "Phone"])
    book["Hidden"].sheet_state = "hidden"
    book.create_sheet("People").append(["Имя", "Телефон"])
    book["People"].append(["Иван", "1"])
    book.save(file)

    dialect, found = read(file.getvalue())

    assert (dialect.sheet, found) == ("People", [(2, ["Иван", "1"])])


def test_texts_that_cells_share_are_read_in_memory_and_from_the_disk_alike(monkeypatch):
    texts = [f"<si><t xml:space='preserve'>Anna {index}</t></si>" for index in range(3000)]
    texts += [
        "<si><r><t>Ива</t></r><r><rPr><b/></rPr><t>нов</t></r><rPh sb='0' eb='1'><t>чтение</t></rPh></si>",
        "<si><t>a_x000D_b_xD800_</t></si>",
        "<si/>",
    ]
    lines = [f'<row r="{index + 1}"><c r="A{index + 1}" t="s"><v>{index}</v></c></row>' for index in [*range(3000), 3000, 3001, 3002, 7]]
    body = as_excel_writes(texts, "".join(lines))
    in_memory = read(body)[1]
    monkeypatch.setattr(sheets, "TEXTS_IN_MEMORY", 1000)

    assert read(body)[1] == in_memory
    assert in_memory[2999:] == [(3000, ["Anna 2999"]), (3001, ["Иванов"]), (3002, ["a\rb?"]), (3004, ["Anna 7"])]


def test_a_cell_whose_text_does_not_exist_is_refused():
    assert refusal(as_excel_writes(["<si><t>a</t></si>"], '<row r="1"><c r="A1" t="s"><v>1</v></c></row>')).facts == {"reason": "broken"}


def test_an_archive_that_is_no_spreadsheet_is_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")

    assert refusal(file.getvalue()).facts == {"reason": "not_a_table"}


def test_entities_are_not_expanded():
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><worksheet><sheetData>&b;</sheetData></worksheet>'
    body = workbook(HEADER, IVANOV)

    assert refusal(repacked(body, {SHEET: laughs})).facts == {"reason": "broken"}
    assert refusal(repacked(body, {BOOK: laughs})).facts == {"reason": "broken"}


def test_a_bomb_is_refused_before_it_unpacks():
    bomb = io.BytesIO(workbook(HEADER, IVANOV))
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.png", b"\0" * (60 * 2**20))

    assert refusal(bomb.getvalue()).facts == {"reason": "too_large"}


def test_an_endless_row_and_an_endless_text_are_refused_before_they_fill_the_memory(monkeypatch):
    monkeypatch.setattr(sheets, "ROW_AT_MOST", 200_000)
    monkeypatch.setattr(sheets, "TEXT_AT_MOST", 200_000)
    body = workbook(HEADER, IVANOV)
    row = f"<worksheet {MAIN}><sheetData><row r='1'>{'<c><v>1</v></c>' * 30_000}</row></sheetData></worksheet>".encode()

    assert refusal(repacked(body, {SHEET: row})).facts == {"reason": "too_large"}
    assert refusal(as_excel_writes([f"<si><t>{'a' * 400_000}</t></si>"], '<row><c t="s"><v>0</v></c></row>')).facts == {
        "reason": "too_large"
    }


def test_columns_beyond_the_limit_are_refused_unless_they_are_empty():
    body = workbook(HEADER, IVANOV)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    styled = sheet.replace("</row>", '<c r="XFD1" s="0"/></row>', 1).encode()
    filled = sheet.replace("</row>", '<c r="XFD1"><v>1</v></c></row>', 1).encode()

    assert read(repacked(body, {SHEET: styled}))[1] == [(2, IVANOV)]
    assert refusal(repacked(body, {SHEET: filled})).facts == {"reason": "too_wide"}


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_no_damage_to_a_spreadsheet_does_worse_than_refuse_it(data):
    body = bytearray(SPREADSHEET)
    for _ in range(data.draw(st.integers(1, 5))):
        body[data.draw(st.integers(4, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        read(bytes(body))
    except FileUnreadable as refused:
        assert refused.facts["reason"]


SPREADSHEET = workbook(HEADER, IVANOV, ["Петров", "Пётр", 79161234567])
