"""A contact file of any program is read as it was meant, and a hostile one is refused (P14)."""

import subprocess
import sys
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.importing import encodings, reading
from crm.importing.columns import guess_mapping
from crm.importing.reading import FileUnreadable, inspect, rows
from tests.crm.import_files import BOOK, HEADER, IVANOV, SHEET, as_excel_writes, read, refusal, repacked, workbook

# Encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1251", "koi8-r", "cp866"])
@pytest.mark.parametrize(
    "body",
    [
        "Фамилия;Имя;Телефон\nИванов;Иван;8 (495) 123-45-67\n",
        "ФАМИЛИЯ;ИМЯ;ТЕЛЕФОН\nИВАНОВ;ИВАН;8 (495) 123-45-67\n",
        "фамилия;имя;телефон\nиванов;иван;8 (495) 123-45-67\n",
        "Surname;Name;Phone\nЩукин;Пётр;8 (495) 123-45-67\n",
        "Surname;Name;Phone\nЦой;Юля;8 (495) 123-45-67\n",
        "Surname;Name;Phone\nЭм;Ян;8 (495) 123-45-67\n",
        "Surname;Name;Phone\nFaber & Co «Рога и копыта» — №5;ООО;8 (495) 123-45-67\n",
    ],
)
def test_russian_is_read_in_any_encoding_however_short(encoding, body):
    body_bytes = body.encode(encoding, "replace")
    if "?" in body_bytes.decode(encoding):
        pytest.skip("this encoding has no such letters")
    dialect, found = read(body_bytes)

    assert [*dialect.header, *found[0][1]] == body.strip().replace("\n", ";").split(";")


@pytest.mark.parametrize(
    ("encoding", "surname"),
    [("cp1252", "Müller"), ("cp1252", "Größe"), ("cp1252", "Núñez"), ("cp1252", "MÜLLER"), ("latin-1", "Peña"), ("cp1252", "François"), ("cp1250", "Wałęsa"), ("utf-8", "Łódź")],
)  # fmt: skip
def test_western_names_are_read_in_old_encodings(encoding, surname):
    _, found = read(f"Surname;Name;Phone\n{surname};Anna;+49 30 123456\n".encode(encoding))

    assert found == [(2, [surname, "Anna", "+49 30 123456"])]


def test_the_first_foreign_letter_may_stand_at_the_very_end():
    lines = "".join(f"Smith;John;+1415555{index % 10_000:04}\n" for index in range(30_000))
    dialect, found = read(f"Surname;Name;Phone\n{lines}Иванов;Иван;1\n".encode("cp1251"))

    assert dialect.encoding == "cp1251"
    assert found[-1] == (30_002, ["Иванов", "Иван", "1"])


def test_one_broken_byte_does_not_change_the_encoding_nor_stop_the_file():
    body = "Фамилия;Имя\n".encode() + "Иванов;Иван\n".encode() * 20 + b"Pe\xfftrov;\xd0\n" + "Петров;Пётр\n".encode()
    dialect, found = read(body)

    assert dialect.encoding == "utf-8"
    assert "\ufffd" in found[20][1][0]
    assert found[21] == (23, ["Петров", "Пётр"])


# Delimiters, lines, quotes


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_usual_delimiter_and_line_end_is_understood(delimiter, end):
    lines = [HEADER, IVANOV, ["Петров, Пётр; мл.", "", "1"]]
    body = end.join(delimiter.join(f'"{cell}"' for cell in line) for line in lines)

    dialect, found = read(body.encode())

    assert dialect.delimiter == delimiter
    assert found == [(2, IVANOV), (3, lines[2])]


def test_commas_inside_cells_do_not_hide_the_semicolon():
    _, found = read("Имя;Адрес;Телефон\nИван;Москва, Тверская, 1;1\nАнна;Тверь, Мира, 2;2\n".encode())

    assert found[0] == (2, ["Иван", "Москва, Тверская, 1", "1"])


def test_the_line_by_which_excel_names_the_delimiter_is_believed_and_not_counted():
    dialect, found = read("sep=|\r\nФамилия|Имя|Телефон\r\nИванов|Иван|1,2;3\r\n".encode("utf-8-sig"))

    assert (dialect.delimiter, dialect.header) == ("|", HEADER)
    assert found == [(2, ["Иванов", "Иван", "1,2;3"])]


def test_line_numbers_are_those_of_a_spreadsheet():
    body = 'Фамилия;Имя;Телефон\n\nИванов;"Иван\nПетрович";1\n;;\nПетров;"он сказал ""да""";2\n'

    _, found = read(body.encode())

    assert found == [(3, ["Иванов", "Иван\nПетрович", "1"]), (5, ["Петров", 'он сказал "да"', "2"])]


def test_what_looks_like_a_formula_stays_as_it_is():
    _, found = read("Фамилия;Имя;Телефон\n=1+1;@SUM(A1);+74951234567\n-2;\t=cmd;1\n".encode())

    assert found[0][1] == ["=1+1", "@SUM(A1)", "+74951234567"]


def test_one_column_is_a_table_too():
    dialect, found = read(b"+74951234567\n+74951234568\n")

    assert (dialect.header, found) == ([], [(1, ["+74951234567"]), (2, ["+74951234568"])])


def test_a_quotation_mark_that_is_never_closed_is_told_with_its_row():
    body = 'Фамилия;Имя\nИванов;Иван\nПетров;"Пётр\n' + "Сидоров;Семён\n" * 30_000

    assert refusal(body.encode()).facts == {"reason": "quotes"}
    assert "Row 3" in refusal(body.encode()).detail


def test_an_endless_cell_is_cut_and_too_many_columns_are_refused():
    _, found = read(("Имя;Заметки\nИван;" + "я" * 20_000 + "\n").encode())

    assert len(found[0][1][1]) == reading.CELL_AT_MOST
    assert refusal((";".join(["Имя"] * 201) + "\n" + ";".join(["1"] * 201)).encode()).facts["reason"] == "too_wide"


# Headers


@pytest.mark.parametrize(
    ("body", "header", "first"),
    [
        ("Фамилия;Имя;Телефон\nИванов;Иван;1\n", HEADER, (2, ["Иванов", "Иван", "1"])),
        ("Иванов;Иван;+74951234567\nПетров;Пётр;+74951234568\n", [], (1, ["Иванов", "Иван", "+74951234567"])),
        ("Выгрузка за ноябрь;;\n;;\nФамилия;Имя;Телефон\nИванов;Иван;1\n", HEADER, (4, ["Иванов", "Иван", "1"])),
        ("Spalte A;Spalte B\nMüller;+49 30 123456\nMaier;+49 30 123457\n", ["Spalte A", "Spalte B"], (2, ["Müller", "+49 30 123456"])),
        ("Телефон\n+74951234567\n", ["Телефон"], (2, ["+74951234567"])),
        ("Name;Phone 1 - Value\n", ["Name", "Phone 1 - Value"], None),
    ],
)
def test_the_row_that_names_the_columns_is_found(body, header, first):
    dialect, found = read(body.encode())

    assert (dialect.header, dialect.has_header) == (header, bool(header))
    assert (found[0] if found else None) == first


# What is refused


def old_xls(*, encrypted: bool) -> bytes:
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"\0" * 2000
        + ("EncryptedPackage" if encrypted else "Workbook").encode("utf-16-le")
        + b"\0" * 500
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n\r\n", "empty"),
        (b";;;\n;;;\n", "empty"),
        (b" , ,\n\n", "empty"),
        (workbook(), "empty"),
        (workbook([None, ""], []), "empty"),
        (old_xls(encrypted=False), "old_xls"),
        (old_xls(encrypted=True), "encrypted"),
        (b"%PDF-1.7\n%\xe2\xe3", "not_a_table"),
        (b"\x89PNG\r\n\x1a\n", "not_a_table"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "not_a_table"),
        (b"\n<!DOCTYPE html><html>", "not_a_table"),
        (b"BEGIN:VCARD\nFN:Ivan\nEND:VCARD\n", "not_a_table"),
        (b"Name;Phone\nIv\0an;1\n", "not_text"),
        (bytes(range(256)) * 20, "not_text"),
        (b"PK\x03\x04 torn", "broken"),
        (workbook(HEADER, IVANOV)[:-300], "broken"),
        (repacked(workbook(HEADER, IVANOV), {SHEET: b"<worksheet><sheetData><row></worksheet>"}), "broken"),
        (repacked(workbook(HEADER, IVANOV), {BOOK: b"not xml"}), "broken"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(body, reason):
    assert refusal(body).facts == {"reason": reason}


@given(
    body=st.one_of(
        st.binary(max_size=300), st.text('Иван;,\t|"\n\rA1@+\x00é', max_size=200).map(lambda text: text.encode("utf-8", "replace"))
    )
)
@settings(max_examples=600, deadline=None)
def test_no_bytes_do_worse_than_be_refused(body):
    try:
        dialect, found = read(body)
    except FileUnreadable:
        return
    numbers = [number for number, _ in found]
    assert numbers == sorted(set(numbers))
    assert all(any(cells) for _, cells in found)
    guess_mapping(dialect.header, [cells for _, cells in found])


# Memory

MEASURE = """
import sys, resource, itertools
from crm.importing.reading import inspect, rows
with open(sys.argv[1], "rb") as file:
    dialect = inspect(file, filename="x")
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count = sum(1 for _ in rows(file, dialect))
    print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start)
"""


def csv_file(path, count):
    with open(path, "w", encoding="cp1251") as file:
        file.write("ФИО;Телефон;Адрес\n")
        for index in range(count):
            file.write(f"Иванов Иван {index};+7495{index:07};Москва, Тверская, {index}\n")


def xlsx_file(path, count):
    """By hand: openpyxl would take a minute to write it."""
    texts = [f"<si><t>Иванов Иван Иванович из города номер {index}</t></si>" for index in range(count)]
    lines = [
        f'<row r="{index}"><c r="A{index}" t="s"><v>{index - 1}</v></c><c r="B{index}"><v>{74950000000 + index}</v></c></row>'
        for index in range(1, count + 1)
    ]
    path.write_bytes(as_excel_writes(texts, "".join(lines)))


@pytest.mark.parametrize("write", [csv_file, xlsx_file])
def test_memory_stays_flat_however_long_the_file(tmp_path, write):
    count = 200_000
    write(tmp_path / "long", count)

    done = subprocess.run([sys.executable, "-c", MEASURE, str(tmp_path / "long")], capture_output=True, text=True, check=True, cwd=".")
    found, grown_kib = map(int, done.stdout.split())

    assert found == count
    assert grown_kib < 40 * 1024


def test_the_first_rows_of_a_long_file_come_at_once(tmp_path):
    csv_file(tmp_path / "long", 5000)
    with open(tmp_path / "long", "rb") as file:
        dialect = inspect(file, filename="x")
        assert [number for number, _ in islice(rows(file, dialect), 2)] == [2, 3]


def test_every_encoding_that_is_promised_exists():
    for encoding in encodings.OLD_ENCODINGS:
        "".encode(encoding)
