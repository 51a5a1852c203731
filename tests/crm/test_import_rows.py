"""One row becomes what a contact needs; what cannot be used is told, never dropped in silence (P14)."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.importing.progress import harmless
from crm.importing.rows import Candidate, candidate, is_invalid
from crm.phone_numbers import NumberInvalid

FIELDS = [
    "surname",
    "name",
    "patronymic",
    "full_name",
    "company_name",
    "employer",
    "address",
    "time_zone",
    "language",
    "tags",
    "notes",
    "external_id",
]


def row(region: str = "RU", **cells: str) -> Candidate:
    """``row(full_name="Иванов", phone="1", phone_2="2")``"""
    mapping: dict = {"phone": [], "email": []}
    for index, name in enumerate(cells):
        if name.startswith(("phone", "email")):
            mapping[name.partition("_")[0]].append(index)
        else:
            mapping[name] = index
    return candidate(list(cells.values()), mapping, region=region)


def codes(found: Candidate) -> list[tuple[str, str]]:
    return [(problem["field"], problem["code"]) for problem in found.problems]


def numbers(found: Candidate) -> list[tuple[str, str]]:
    return [(phone["e164"], phone["extension"]) for phone in found.phones]


def test_a_whole_row_is_read():
    found = row(
        full_name="Фёдорова Алёна Игоревна",
        company_name="ООО «Рога»",
        phone="8 (495) 123-45-67 доб. 12",
        phone_2="8 916 123 45 67; +79037654321",
        email="Alena@Example.com, second@example.com",
        address=" Москва,  Тверская 1 ",
        time_zone="europe/moscow",
        language="русский",
        tags="vip; новости,vip",
        notes="первая\nвторая",
        external_id="A-1",
    )

    assert (found.kind, found.surname, found.name, found.patronymic) == ("person", "Фёдорова", "Алёна", "Игоревна")
    assert (found.employer, found.company_name) == ("ООО «Рога»", "")
    assert numbers(found) == [("+74951234567", "12"), ("+79161234567", ""), ("+79037654321", "")]
    assert [phone["line_type"] for phone in found.phones] == ["fixed", "mobile", "mobile"]
    assert found.emails == ["alena@example.com", "second@example.com"]
    assert (found.address, found.time_zone, found.language) == ("Москва, Тверская 1", "Europe/Moscow", "ru")
    assert (found.tags, found.notes, found.external_id) == (["vip", "новости"], "первая\nвторая", "A-1")
    assert found.problems == []


def test_a_row_with_a_phone_only_is_a_lead():
    found = row(full_name="", phone="89161234567")

    assert (found.kind, numbers(found), found.problems) == ("person", [("+79161234567", "")], [])


def test_a_row_with_a_name_only_is_kept():
    found = row(full_name="Иванов Иван", phone="")

    assert not is_invalid(found.problems)
    assert found.surname == "Иванов"


@pytest.mark.parametrize(
    "cells", [{"full_name": "", "phone": "нет"}, {"phone": "12"}, {"email": "no at sign"}, {"notes": "only words"}, {"full_name": "-"}]
)
def test_a_row_without_anything_to_find_it_by_is_invalid_and_says_why(cells):
    found = row(**cells)

    assert is_invalid(found.problems)
    assert all(problem["detail"].endswith(".") for problem in found.problems)


def test_bad_parts_are_told_and_the_good_ones_kept():
    found = row(
        full_name="Иванов Иван", phone="8 916 123 45 67, 8 100 123-45-67", phone_2="201", phone_3="7.9161E+10", email="a@b, ok@example.com"
    )

    assert numbers(found) == [("+79161234567", "")]
    assert found.emails == ["ok@example.com"]
    assert codes(found) == [
        ("phone", "phone_number_invalid"), ("phone", "phone_number_internal"), ("phone", "phone_number_rounded"), ("email", "email_invalid"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "-", "—", "нет", "n/a", "неизвестно", "0000000000"])
def test_an_empty_phone_is_no_problem(text):
    assert row(full_name="Иванов Иван", phone=text).problems == []


def test_one_number_in_two_columns_is_one_number():
    assert numbers(row(phone="8 916 123-45-67", phone_2="+79161234567")) == [("+79161234567", "")]


def test_numbers_without_a_country_belong_to_the_region_of_the_import():
    assert numbers(row("PH", phone="0917 123 4567")) == [("+639171234567", "")]
    assert numbers(row("DE", phone="030/123456")) == [("+4930123456", "")]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"full_name": "ООО «Рога и копыта»"}, ("company", "", "", "ООО «Рога и копыта»", "")),
        ({"company_name": "ООО «Рога»"}, ("company", "", "", "ООО «Рога»", "")),
        ({"company_name": "ООО «Рога»", "name": "Иван"}, ("person", "", "Иван", "", "ООО «Рога»")),
        ({"company_name": "Рога", "full_name": "Иванов Иван", "employer": "Копыта"}, ("person", "Иванов", "Иван", "", "Копыта")),
        ({"full_name": "ИП Иванов И.И."}, ("person", "Иванов", "И.", "ИП Иванов И.И.", "")),
        ({"surname": "Иванов", "full_name": "Петров Пётр"}, ("person", "Иванов", "", "", "")),
    ],
)
def test_people_and_companies_are_told_apart(cells, expected):
    found = row(**cells)

    assert (found.kind, found.surname, found.name, found.company_name, found.employer) == expected


@pytest.mark.parametrize(
    ("text", "zone"),
    [("Asia/Manila", "Asia/Manila"), ("america/new york", "America/New_York"), ("МСК", "Europe/Moscow"), ("МСК+2", "Asia/Yekaterinburg"), ("msk -1", "Europe/Kaliningrad"), ("UTC", "UTC")],
)  # fmt: skip
def test_a_time_zone_is_read_as_people_write_it(text, zone):
    found = row(phone="89161234567", time_zone=text)

    assert (found.time_zone, found.problems) == (zone, [])


@pytest.mark.parametrize("text", ["МСК+20", "+3", "Moon/Crater", "../../etc/passwd"])
def test_an_unknown_time_zone_is_told(text):
    found = row(phone="89161234567", time_zone=text)

    assert (found.time_zone, codes(found)) == ("", [("time_zone", "unknown_time_zone")])


@pytest.mark.parametrize(
    ("text", "language"),
    [("ru", "ru"), ("EN-ph", "en-PH"), ("en_US", "en-US"), ("Deutsch", "de"), ("zh-Hans", "zh-Hans"), ("es-419", "es-419")],
)
def test_a_language_is_read_as_people_write_it(text, language):
    assert row(phone="89161234567", language=text).language == language


def test_an_unknown_language_is_told():
    assert codes(row(phone="89161234567", language="по-русски")) == [("language", "unknown_language")]


def test_what_is_too_long_is_cut_and_told():
    found = row(surname="я" * 150, notes="я" * 20_000)

    assert (len(found.surname), len(found.notes)) == (100, 9_999)
    assert codes(found) == [("surname", "too_long"), ("notes", "too_long")]


def test_letters_that_could_not_be_read_are_told():
    assert codes(row(full_name="Ив\ufffdнов Иван")) == [("", "garbled")]


def test_what_looks_like_a_formula_is_data_and_is_made_harmless_on_the_way_out():
    found = row(surname="=HYPERLINK(1)", notes="@SUM(A1)")

    assert (found.surname, found.notes) == ("=HYPERLINK(1)", "@SUM(A1)")
    assert [harmless(text) for text in ("=1", "+1", "-1", "@1", "\t1", "\r1", "a=1")] == ["'=1", "'+1", "'-1", "'@1", "'\t1", "'\r1", "a=1"]


def test_emails_are_taken_out_of_what_stands_around_them():
    assert row(email='"Иванов, Иван" <Ivan@Example.com>').emails == ["ivan@example.com"]
    assert row(email="mailto:a@example.com;b@пример.рф").emails == ["a@example.com", "b@пример.рф"]
    assert row(email="a@example.com", email_2="A@example.com").emails == ["a@example.com"]


def test_a_short_row_and_a_mapping_beyond_it_are_no_error():
    found = candidate(["Иванов"], {"surname": 0, "phone": [3], "email": 9, "tags": 2}, region="RU")

    assert (found.surname, found.problems) == ("Иванов", [])


@given(cells=st.lists(st.text(max_size=60), max_size=16), data=st.data())
@settings(max_examples=400, deadline=None)
def test_no_row_breaks_and_every_candidate_fits_the_base(cells, data):
    mapping: dict = {name: data.draw(st.integers(0, 15)) for name in data.draw(st.sets(st.sampled_from(FIELDS)))}
    mapping |= {"phone": data.draw(st.lists(st.integers(0, 15), max_size=3)), "email": data.draw(st.integers(0, 15))}

    found = candidate(cells, mapping, region=data.draw(st.sampled_from(["RU", "PH", ""])))

    json.dumps(found.to_json())
    assert max(map(len, (found.surname, found.name, found.patronymic))) <= 100
    assert max(map(len, (found.company_name, found.employer))) <= 200
    assert all(len(phone["raw"]) <= 200 and phone["e164"].startswith("+") for phone in found.phones)
    assert (
        is_invalid(found.problems) or found.surname or found.name or found.patronymic or found.company_name or found.phones or found.emails
    )


def test_several_numbers_with_signs_between_are_those_that_trying_finds():
    """The short cut for plain cells must read as the long way does."""
    from crm.importing.rows import _numbers
    from crm.phone_numbers import several
    from tests.benchmarks import dirty_file

    cells = {row[2] for row in dirty_file.rows(4000)}
    cells = {cell.strip() for cell in cells if len(cell) > 18}
    compared = 0
    for cell in cells:
        try:
            slow = several(cell, region="RU")
        except NumberInvalid:
            continue
        compared += 1
        assert [(one.e164, one.extension) for one in _numbers(cell, "RU")] == [(one.e164, one.extension) for one in slow], cell
    assert compared > 200
