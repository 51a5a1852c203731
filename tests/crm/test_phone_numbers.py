"""One number, however it is written, is one key (P2)."""

import random
import time
from contextlib import suppress

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumber
from phonenumbers.timezone import time_zones_for_number as library_time_zones

from crm import phone_numbers, phone_writing
from crm.phone_numbers import NumberInvalid, display, is_withheld, parse, pieces, reversed_digits, several, time_zones

MOSCOW, MOBILE, ALMATY, KAZAKH = "+74951234567", "+79161234567", "+77272501234", "+77011234567"
BERLIN, LONDON, US, PH, ROME, MANILA = "+4930123456", "+442079460018", "+14155552671", "+639171234567", "+390612345678", "+63281234567"

ONE_KEY = [
    # The customs of Russia
    ("+74951234567", "RU", MOSCOW),
    ("84951234567", "RU", MOSCOW),
    ("74951234567", "RU", MOSCOW),
    ("4951234567", "RU", MOSCOW),
    ("8 (495) 123-45-67", "RU", MOSCOW),
    ("8(495)1234567", "RU", MOSCOW),
    ("8-495-123-45-67", "RU", MOSCOW),
    ("8.495.123.45.67", "RU", MOSCOW),
    ("(495) 123-45-67", "RU", MOSCOW),
    ("495/123-45-67", "RU", MOSCOW),
    ("7 (495) 123 45 67", "RU", MOSCOW),
    ("+7 (495) 123-45-67", "RU", MOSCOW),
    ("+7(495)123-45-67", "", MOSCOW),
    ("+8 (495) 123-45-67", "RU", MOSCOW),
    ("+8-495-123-45-67", "KZ", MOSCOW),
    ("+7 8 (495) 123-45-67", "RU", MOSCOW),
    ("+7 (8 495) 123-45-67", "RU", MOSCOW),
    ("8+7 495 123-45-67", "RU", MOSCOW),
    ("+7 +7 495 123 45 67", "RU", MOSCOW),
    ("+7 7 495 123 45 67", "RU", MOSCOW),
    ("9, +7 495 123 45 67", "RU", MOSCOW),
    ("(код 495) 123-45-67", "RU", MOSCOW),
    # Abroad
    ("007 495 123 45 67", "DE", MOSCOW),
    ("00 7 495 123-45-67", "RU", MOSCOW),
    ("011 7 495 123-45-67", "US", MOSCOW),
    ("011 7 495 123-45-67", "RU", MOSCOW),
    ("0011 7 495 123 45 67", "AU", MOSCOW),
    ("+007 495 123 45 67", "RU", MOSCOW),
    ("74951234567", "DE", MOSCOW),
    ("8 10 49 30 123456", "RU", BERLIN),
    ("8~10 49 30 123456", "RU", BERLIN),
    ("030/123456", "DE", BERLIN),
    ("(030) 12 34 56", "DE", BERLIN),
    ("+49 (0)30 123456", "RU", BERLIN),
    ("0049 30 123 456", "DE", BERLIN),
    ("+49-30-1234-56", "RU", BERLIN),
    ("020 7946 0018", "GB", LONDON),
    ("+44 (0) 20 7946 0018", "US", LONDON),
    ("0044 20 79460018", "GB", LONDON),
    ("(415) 555-2671", "US", US),
    ("415-555-2671", "US", US),
    ("1 415 555 2671", "US", US),
    ("+1.415.555.2671", "RU", US),
    ("1-415-555-2671", "RU", US),
    ("0917 123 4567", "PH", PH),
    ("917-123-4567", "PH", PH),
    ("+63 (917) 123 4567", "RU", PH),
    ("+0917 123 4567", "PH", PH),
    ("639171234567", "RU", PH),
    ("(02) 8123 4567", "PH", MANILA),
    ("06 1234 5678", "IT", ROME),
    ("+39 06 12345678", "RU", ROME),
    ("8 (727) 250-12-34", "KZ", ALMATY),
    ("8 701 123 45 67", "KZ", KAZAKH),
    ("8 701 123 45 67", "RU", KAZAKH),
    ("7011234567", "KZ", KAZAKH),
    ("1-800-FLOWERS", "US", "+18003569377"),
    ("712345", "AD", "+376712345"),
    ("+84951234567", "RU", "+84951234567"),
    # Other digits, other dashes, and what cannot be seen
    ("８（９１６）１２３－４５－６７", "RU", MOBILE),
    ("＋７９１６１２３４５６７", "RU", MOBILE),
    ("٨٩١٦١٢٣٤٥٦٧", "RU", MOBILE),
    ("۸۹۱۶۱۲۳۴۵۶۷", "RU", MOBILE),
    ("८९१६१२३४५६७", "RU", MOBILE),
    ("8 916 123–45—67", "RU", MOBILE),
    ("8\u00a0916\u202f123\u200945\u206067", "RU", MOBILE),
    ("8‑916‒123―45−67", "RU", MOBILE),
    ("\u200b+7916\u200c1234567\ufeff", "RU", MOBILE),
    ("\u202a+7 916 123 45 67\u202c", "RU", MOBILE),
    ("8️⃣916 123 45 67", "RU", MOBILE),
    ("8\t916\t123\t45\t67\n", "RU", MOBILE),
    ("8 (9l6) l23-45-67", "RU", MOBILE),
    ("8 9I6 I23 45 67", "RU", MOBILE),
    ("8 916 12З-45-67", "RU", MOBILE),
    ("+7 9O6 12З 45 6О", "RU", "+79061234560"),
    ("8 9о6 123 45 6o", "RU", "+79061234560"),
    # Words around it
    ("тел.: 8 916 123-45-67", "RU", MOBILE),
    ("Тел. 1: 8 916 123-45-67", "RU", MOBILE),
    ("1) 8 916 123-45-67", "RU", MOBILE),
    ("моб 8 916 123-45-67", "RU", MOBILE),
    ("8 916 123-45-67 моб.", "RU", MOBILE),
    ("8 916 123-45-67 (Анна, жена)", "RU", MOBILE),
    ("8 916 123-45-67 после 18", "RU", MOBILE),
    ("Phone: +7 916 123 45 67 ext.", "RU", MOBILE),
    ("№ 8 916 123-45-67", "RU", MOBILE),
    ("'+79161234567", "RU", MOBILE),
    ('="89161234567"', "RU", MOBILE),
    ("79161234567.0", "RU", MOBILE),
    ("7.9161234567E+10", "RU", MOBILE),
    ("https://wa.me/79161234567", "RU", MOBILE),
    # Addresses of phone systems
    ("tel:+7-916-123-45-67", "RU", MOBILE),
    ("tel:9161234567;phone-context=+7", "US", MOBILE),
    ("sip:+79161234567@10.0.0.1:5060", "RU", MOBILE),
    ("sip:%2B79161234567@host;transport=udp", "RU", MOBILE),
    ("sips:89161234567@sip.example.ru;user=phone", "RU", MOBILE),
    ('"Анна 2" <sip:+79161234567@host;user=phone>;tag=1928', "RU", MOBILE),
    ("<sip:79161234567@host>", "RU", MOBILE),
    ("+79161234567@host", "RU", MOBILE),
]

WITH_EXTENSION = [
    ("8 (495) 123-45-67 доб. 123", "RU", MOSCOW, "123"),
    ("8 (495) 123-45-67 доб.123", "RU", MOSCOW, "123"),
    ("8 (495) 123-45-67 (доб. 123)", "RU", MOSCOW, "123"),
    ("8 (495) 123-45-67, доб 123", "RU", MOSCOW, "123"),
    ("84951234567доб123", "RU", MOSCOW, "123"),
    ("8 495 123-45-67 вн. 12", "RU", MOSCOW, "12"),
    ("8 495 123-45-67 внутренний 12", "RU", MOSCOW, "12"),
    ("8 495 123-45-67 местн. 44 (секретарь)", "RU", MOSCOW, "44"),
    ("+7 495 123 45 67 ext. 5", "RU", MOSCOW, "5"),
    ("+7 495 123 45 67 x5", "RU", MOSCOW, "5"),
    ("+7 495 123 45 67 х5", "RU", MOSCOW, "5"),
    ("+7 495 123 45 67 #777", "RU", MOSCOW, "777"),
    ("+74951234567#777", "RU", MOSCOW, "777"),
    ("tel:+7-495-123-45-67;ext=12", "RU", MOSCOW, "12"),
    ("+74951234567;ext=12", "RU", MOSCOW, "12"),
    ("+74951234567,,123#", "RU", MOSCOW, "123"),
    ("+74951234567p123", "RU", MOSCOW, "123"),
    ("+74951234567;123", "RU", MOSCOW, "123"),
    ("(415) 555-2671 Extension 99", "US", US, "99"),
    ("030/123456 Durchwahl 7", "DE", BERLIN, "7"),
    ("(02) 8123 4567 loc. 301", "PH", MANILA, "301"),
]

REFUSED = [
    ("", "RU", "empty"),
    ("   ", "RU", "empty"),
    ("anonymous", "RU", "empty"),
    ("0000000000", "RU", "empty"),
    ("7", "RU", "too_short"),
    ("123-45-67", "RU", "too_short"),
    ("+7 495 123", "RU", "too_short"),
    ("+7 495 123 45 67 89 01", "RU", "too_many_digits"),
    ("+7 495 123 45 67 89", "RU", "too_many_digits"),
    ("+7 495 123 45 67 89 01 23", "RU", "too_many_digits"),
    ("8 (100) 123-45-67", "RU", "not_assigned"),
    ("+7 000 000 00 00", "RU", "not_assigned"),
    ("+999 123 456 789", "RU", "unknown_country"),
    ("8 916 123 45 67", "", "no_region"),
    ("8 916 123 45 67", "XX", "no_region"),
    ("нет телефона", "RU", "not_a_number"),
    ("ivan2000@mail.ru", "RU", "not_a_number"),
    ("sip:ivan2000@host", "RU", "not_a_number"),
    ("*100#", "RU", "not_a_number"),
    ("*21*89161234567#", "RU", "not_a_number"),
    ("2026-11-23 10:15", "RU", "not_a_number"),
    ("7.9161E+10", "RU", "scientific"),
    ("7,91612E+10", "RU", "scientific"),
    ("8 916 123 45 67 или 8 903 765 43 21", "RU", "several"),
    ("+79161234567 +79037654321", "RU", "several"),
    ("89161234567\x00", "RU", "control_characters"),
    ("8916\ud8001234567", "RU", "control_characters"),
    ("8" * 201, "RU", "too_long"),
]


@pytest.mark.parametrize(("raw", "region", "e164"), ONE_KEY)
def test_every_written_form_is_one_key(raw, region, e164):
    number = parse(raw, region=region)

    assert (number.e164, number.extension, number.is_internal, number.raw) == (e164, "", False, raw)


@pytest.mark.parametrize(("raw", "region", "e164", "extension"), WITH_EXTENSION)
def test_an_extension_is_kept_beside_the_key(raw, region, e164, extension):
    number = parse(raw, region=region)

    assert (number.e164, number.extension) == (e164, extension)


@pytest.mark.parametrize(("raw", "region", "reason"), REFUSED)
def test_what_is_no_number_is_refused_with_its_reason(raw, region, reason):
    with pytest.raises(NumberInvalid) as refusal:
        parse(raw, region=region)

    assert refusal.value.facts["reason"] == reason
    assert refusal.value.detail.endswith(".")


def test_a_refusal_does_not_repeat_the_number():
    with pytest.raises(NumberInvalid) as refusal:
        parse("8 (100) 123-45-67", region="RU")

    assert "123" not in refusal.value.detail


@pytest.mark.parametrize(
    "raw", ["201", "12", "112", "911", "sip:201@pbx", "<sip:201@pbx>", "tel:201;phone-context=pbx.example", "доб. 4001", "123456"]
)
def test_a_short_number_is_an_extension_of_our_house_and_nobodys_contact(raw):
    number = parse(raw, region="RU")

    assert (number.is_internal, number.e164) == (True, "")
    assert number.display == number.extension != ""


@pytest.mark.parametrize(
    ("raw", "region", "line_type", "zone"),
    [
        ("+74951234567", "RU", "fixed", "Europe/Moscow"),
        ("+79161234567", "RU", "mobile", "Europe/Moscow"),
        ("+77272501234", "KZ", "fixed", "Asia/Almaty"),
        ("+4930123456", "DE", "fixed", "Europe/Berlin"),
        ("+639171234567", "PH", "mobile", "Asia/Manila"),
        ("+14155552671", "US", "unknown", "America/Los_Angeles"),
        ("+445612345678", "GB", "voip", "Europe/London"),
    ],
)
def test_a_number_tells_its_country_its_kind_and_its_zone(raw, region, line_type, zone):
    number = parse(raw, region="")

    assert (number.region, number.line_type) == (region, line_type)
    assert zone in time_zones(number.e164)


def test_a_number_without_a_place_tells_no_zone():
    assert time_zones("+80012345678") == ()
    assert time_zones("not a number") == ()


def test_a_new_range_is_taken_when_the_country_is_named():
    assert parse("+15550001111", region="RU").e164 == "+15550001111"
    with pytest.raises(NumberInvalid):
        parse("555 000 1111", region="US")


@pytest.mark.parametrize("raw", ["", " ", "anonymous", "Anonymous", "UNKNOWN", "Restricted", "скрыт", "Скрытый номер", "private", "Private Number",
                                 "sip:anonymous@anonymous.invalid", '"Anonymous" <sip:anonymous@anonymous.invalid>', "<unknown>", "+266696687", "0000"])  # fmt: skip
def test_a_hidden_caller_is_known_as_hidden(raw):
    assert is_withheld(raw)


@pytest.mark.parametrize("raw", ["+74951234567", "201", "0", "sip:201@anonymous.invalid", "Privat 030/123456", "Анна"])
def test_a_caller_with_a_number_is_not_hidden(raw):
    assert not is_withheld(raw)


A, B = "+79161234567", "+79037654321"


@pytest.mark.parametrize(
    ("raw", "region", "expected"),
    [
        ("", "RU", []),
        (" ; , ", "RU", []),
        ("8 916 123 45 67", "RU", [A]),
        ("8 916 123 45 67; 8 903 765 43 21", "RU", [A, B]),
        ("8 916 123 45 67;8 903 765 43 21;", "RU", [A, B]),
        ("8 916 123 45 67, 8 903 765 43 21", "RU", [A, B]),
        ("8 916 123 45 67,8 903 765 43 21", "RU", [A, B]),
        ("8 916 123 45 67 / 8 903 765 43 21", "RU", [A, B]),
        ("8 916 123 45 67/8 903 765 43 21", "RU", [A, B]),
        ("8 916 123 45 67\n8 903 765 43 21", "RU", [A, B]),
        ("8 916 123 45 67 или 8 903 765 43 21", "RU", [A, B]),
        ("8 916 123 45 67 and 8 903 765 43 21", "RU", [A, B]),
        ("89161234567 89037654321", "RU", [A, B]),
        ("8 916 123 45 67 8 903 765 43 21", "RU", [A, B]),
        ("+79161234567+79037654321", "RU", [A, B]),
        ("моб. 8 916 123-45-67, раб. 8 903 765 43 21 (Оля)", "RU", [A, B]),
        ("8 916 123 45 67; +7 916 123-45-67", "RU", [A]),
        ("030/123456", "DE", [BERLIN]),
        ("030/123456/0171/1234567", "DE", [BERLIN, "+491711234567"]),
        ("030/123456, 0171/1234567", "DE", [BERLIN, "+491711234567"]),
        ("8 495 123-45-67, 123", "RU", [(MOSCOW, "123")]),
        ("+74951234567,,123; 8 916 123 45 67", "RU", [(MOSCOW, "123"), A]),
        ("8 495 123-45-67;ext=12;8 916 123 45 67", "RU", [(MOSCOW, "12"), A]),
        ("8 495 123-45-67 доб. 12, 8 916 123 45 67", "RU", [(MOSCOW, "12"), A]),
        ("tel:+7-495-123-45-67;ext=12", "RU", [(MOSCOW, "12")]),
    ],
)
def test_a_cell_with_several_numbers_is_taken_apart(raw, region, expected):
    assert [(n.e164, n.extension) for n in several(raw, region=region)] == [
        one if isinstance(one, tuple) else (one, "") for one in expected
    ]


def test_good_numbers_of_a_cell_can_be_had_beside_a_bad_one():
    assert pieces("8 916 123 45 67, 8 100 123-45-67", region="RU") == ["8 916 123 45 67", "8 100 123-45-67"]
    with pytest.raises(NumberInvalid):
        several("8 916 123 45 67, 8 100 123-45-67", region="RU")


def test_last_digits_come_first_in_the_reversed_form():
    assert reversed_digits("+74951234567") == "76543215947"
    assert reversed_digits("45-67") == "7654"


# Properties

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
ODD = st.one_of(
    st.text(max_size=60),
    st.text(st.characters(), max_size=60),
    st.text("0123456789+()-./,;# xдобextпOОЗlI\u00a0\u200b\x00\ud800:@<>%*|EЕ", max_size=60),
    st.from_regex(r"\+?[0-9]{1,16}", fullmatch=True),
    st.from_regex(r"(sip|tel):\+?[0-9]{1,12}(@[a-z]*)?(;ext=[0-9]{0,5})?", fullmatch=True),
)


@example(raw="4920100000000000", region="DE")  # valid by its plan, too long for any network
@given(raw=ODD, region=st.sampled_from([*REGIONS, "", "ZZ", "ru", "\x00", "XX"]))
@settings(max_examples=600, deadline=None)
def test_no_text_does_worse_than_be_refused_and_what_is_read_reads_the_same_again(raw, region):
    is_withheld(raw)
    try:
        number = parse(raw, region=region)
    except NumberInvalid:
        return
    if number.is_internal:
        assert 2 <= len(number.extension) <= 6
        return
    again = parse(number.e164, region=region)
    shown = parse(number.display, region=region)
    assert (again.e164, again.region, again.line_type) == (number.e164, number.region, number.line_type)
    assert shown.e164 == number.e164
    assert display(number.e164) == number.display
    assert 5 <= len(number.e164) <= 16
    time_zones(number.e164)


@given(raw=ODD, region=st.sampled_from(["RU", "DE", "PH", ""]))
@settings(max_examples=500, deadline=None)
def test_no_cell_does_worse_than_be_refused(raw, region):
    try:
        found = several(raw, region=region)
    except NumberInvalid:
        return
    assert len(found) == len({(number.e164, number.extension) for number in found})


@st.composite
def e164s(draw):
    """Digits after a plus: numbers that exist, neighbours of such, and anything."""
    if draw(st.booleans()):
        return "+" + draw(st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True))
    kind = draw(st.sampled_from([0, 1, 2, 6]))
    region = draw(st.sampled_from(REGIONS))
    example = phonenumbers.example_number_for_type(region, kind) or phonenumbers.example_number(region)
    text = phonenumbers.format_number(example, 0)
    tail = draw(st.integers(0, 9999))
    return text[:-4] + f"{tail:04d}"


@given(raw=e164s(), region=st.sampled_from(["RU", "US", "IT", ""]))
@settings(max_examples=1200, deadline=None)
def test_the_quick_way_for_clean_numbers_answers_as_the_careful_way(raw, region):
    def attempt(read, **more):
        try:
            return read(raw, **more)
        except NumberInvalid as refusal:
            return refusal.facts

    assert attempt(parse, region=region) == attempt(lambda text: phone_numbers._read_carefully(text, region))


@given(raw=st.from_regex(r"\+?\(?[0-9][0-9 ()+-]{0,28}[0-9]", fullmatch=True))
@settings(max_examples=600, deadline=None)
def test_the_short_cut_for_simple_writing_reads_as_the_long_way(raw):
    def attempt(read):
        try:
            return read(raw)
        except NumberInvalid as refusal:
            return refusal.facts

    assert attempt(phone_writing.read) == attempt(phone_writing._read_any)


@given(digits=st.from_regex(r"[1-9][0-9]{6,13}", fullmatch=True))
@settings(max_examples=600, deadline=None)
def test_numbers_put_together_are_those_the_library_reads(digits):
    built = phone_numbers._built(digits)
    if built is not None and phonenumbers.is_valid_number(built):
        assert built == phonenumbers.parse("+" + digits, None)


@pytest.mark.parametrize("raw", ["8" * 10_000, "+7 " * 3_000, "8 (495) " * 1_000, "доб. " * 2_000, "/1" * 5_000, "," * 10_000, "\u0660" * 10_000, " " * 10_000, "(" * 10_000])  # fmt: skip
def test_a_monstrous_text_is_refused_at_once(raw):
    began = time.process_time()
    for read in (parse, several):
        with pytest.raises(NumberInvalid):
            read(raw + "8", region="RU")
    is_withheld(raw)

    assert time.process_time() - began < 0.05


@pytest.mark.parametrize("raw", ["1/" * 450, "8 916 " * 160, "1 " * 490, "8 916 123 45 67," * 50, "+7" * 490, "доб" * 300, "O1" * 90, "x1" * 95, ", " * 95 + "1"])  # fmt: skip
def test_the_worst_cell_within_the_limit_takes_no_time_that_anybody_notices(raw):
    began = time.process_time()
    for read in (parse, several, pieces):
        with suppress(NumberInvalid):
            read(raw, region="RU")

    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("code", sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
def test_place_type_and_zones_are_those_of_the_library(code):
    """One walk through the plans instead of five must give the same answers, for numbers that exist and for those that do not."""
    chance = random.Random(code)
    kinds = range(11)
    examples = [
        phonenumbers.example_number_for_type(region, kind)
        for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
        for kind in kinds
        if region != "001"
    ]
    numbers = [one for one in examples if one is not None]
    numbers += [PhoneNumber(country_code=code, national_number=chance.randrange(10 ** chance.randrange(4, 13))) for _ in range(60)]
    numbers += [PhoneNumber(country_code=code, national_number=one.national_number + chance.randrange(1, 999)) for one in numbers]
    for number in numbers:
        region, line_type = phone_numbers._placed(number)
        assert line_type == phonenumbers.number_type(number)
        assert (line_type != phonenumbers.PhoneNumberType.UNKNOWN) == phonenumbers.is_valid_number(number)
        if line_type != phonenumbers.PhoneNumberType.UNKNOWN:
            assert region == phonenumbers.region_code_for_number(number)
            e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            zones = tuple(zone for zone in library_time_zones(number) if zone != "Etc/Unknown")
            assert phone_numbers.time_zones(e164) == zones
