"""Business time: reckoned with spans, equal to asking minute by minute."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm import business_time as bt
from crm import hours_writing
from crm.business_time import OpeningHours

ZONES = [
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Asia/Kathmandu", "Africa/Casablanca", "Asia/Manila",
    "Europe/Moscow", "Asia/Kamchatka", "America/St_Johns", "Pacific/Apia",
]  # fmt: skip


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def office(zone: str = "Europe/Berlin", week=None, **rest) -> OpeningHours:
    lunch = ((540, 780), (840, 1080))
    return OpeningHours(ZoneInfo(zone), week or (lunch, lunch, lunch, lunch, lunch, (), ()), **rest)


@pytest.mark.parametrize(
    ("since", "seconds", "until"),
    [
        ("2026-11-23T09:00", 3600, "2026-11-23T10:00"),
        ("2026-11-23T12:30", 3600, "2026-11-23T14:30"),  # over lunch
        ("2026-11-23T17:30", 3600, "2026-11-24T09:30"),  # over night
        ("2026-11-27T17:30", 3600, "2026-11-30T09:30"),  # over the week-end
        ("2026-11-28T12:00", 1, "2026-11-30T09:00:01"),  # from a closed day
        ("2026-11-23T03:00", 8 * 3600, "2026-11-23T18:00"),  # a whole day ends when it closes
        ("2026-11-23T03:00", 0, "2026-11-23T03:00"),
    ],
)
def test_open_time_is_added_over_lunch_night_and_week_end(since, seconds, until):
    berlin = office()
    assert bt.add_seconds(berlin, at(since, "Europe/Berlin"), seconds) == at(until, "Europe/Berlin")
    assert bt.seconds_between(berlin, at(since, "Europe/Berlin"), at(until, "Europe/Berlin")) == seconds


@pytest.mark.parametrize(
    ("zone", "day", "seconds"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23 * 3600),
        ("Europe/Berlin", date(2026, 10, 25), 25 * 3600),
        ("America/New_York", date(2026, 3, 8), 23 * 3600),
        ("America/New_York", date(2026, 11, 1), 25 * 3600),
        ("Australia/Lord_Howe", date(2026, 4, 5), int(24.5 * 3600)),
        ("Asia/Manila", date(2026, 3, 29), 24 * 3600),
        ("Pacific/Apia", date(2011, 12, 30), 0),  # the day that Samoa left out
    ],
)
def test_a_day_of_changed_clocks_has_as_many_hours_as_it_has(zone, day, seconds):
    hours = OpeningHours(ZoneInfo(zone), bt.ALWAYS)
    begin = datetime.combine(day - timedelta(days=2), datetime.min.time(), UTC)
    got = sum(
        (end - start).total_seconds()
        for start, end in bt._pieces(hours, begin, begin + timedelta(days=5))
        if start.astimezone(hours.zone).date() == day
    )
    assert got == seconds


def test_hours_that_the_clocks_skip_are_not_open_and_hours_that_they_repeat_are_open_twice():
    night = office(week=(((120, 240),),) * 7)  # two to four
    spring, autumn = at("2026-03-29T00:00", "Europe/Berlin"), at("2026-10-25T00:00", "Europe/Berlin")
    assert bt.seconds_between(night, spring, spring + timedelta(hours=12)) == 3600
    assert bt.seconds_between(night, autumn, autumn + timedelta(hours=12)) == 3 * 3600


def test_a_holiday_is_closed_and_a_date_that_differs_has_its_own_hours():
    new_year = date(2027, 1, 1)
    hours = office("Europe/Moscow", is_holiday=lambda day: day in bt.holidays_of("RU", "", day.year))
    assert new_year in bt.holidays_of("RU", "", 2027)
    assert not bt.is_open(hours, at("2027-01-01T10:00", "Europe/Moscow"))
    on_duty = office("Europe/Moscow", is_holiday=lambda day: True, exceptions={new_year: ((600, 720),)})
    assert bt.is_open(on_duty, at("2027-01-01T10:00", "Europe/Moscow"))
    assert not bt.is_open(on_duty, at("2027-01-01T12:00", "Europe/Moscow"))


@pytest.mark.parametrize(
    ("country", "subdivision", "day"), [("DE", "BY", date(2026, 1, 6)), ("PH", "", date(2026, 6, 12)), ("US", "", date(2026, 7, 3))]
)
def test_holidays_are_those_of_the_country_and_its_part(country, subdivision, day):
    assert day in bt.holidays_of(country, subdivision, day.year)


def test_countries_without_known_holidays_have_none():
    assert bt.holidays_of("", "", 2026) == {} == bt.holidays_of("ZZ", "", 2026)


def test_what_never_opens_is_said_and_not_waited_for():
    closed = OpeningHours(ZoneInfo("UTC"), ((),) * 7)
    assert bt.next_open(closed, at("2026-01-01T00:00")) is None
    with pytest.raises(bt.NeverOpen):
        bt.add_seconds(closed, at("2026-01-01T00:00"), 1)


intervals = st.lists(st.integers(0, 1440), max_size=6, unique=True).map(
    lambda cuts: tuple(zip(sorted(cuts)[::2], sorted(cuts)[1::2], strict=False))
)


@st.composite
def questions(draw):
    zone = draw(st.sampled_from(ZONES))
    hours = OpeningHours(
        ZoneInfo(zone),
        draw(st.lists(intervals, min_size=7, max_size=7)),
        exceptions={date(2026, 3, 28) + timedelta(days=draw(st.integers(0, 3))): draw(intervals)},
        is_holiday=lambda day: day.day % 5 == 0,
    )
    around = draw(st.sampled_from(["2026-03-28", "2026-10-24", "2026-03-07", "2026-10-31", "2026-04-04", "2026-02-14", "2026-12-30"]))
    begin = datetime.fromisoformat(around).replace(tzinfo=UTC) + timedelta(minutes=draw(st.integers(0, 1440)))
    return hours, begin, draw(st.integers(0, 4000))


@given(questions())
@settings(max_examples=150, deadline=None)
def test_spans_are_what_asking_minute_by_minute_finds(question):
    hours, begin, minutes = question
    end = begin + timedelta(minutes=minutes)
    open_minutes = [n for n in range(minutes) if bt.is_open(hours, begin + timedelta(minutes=n))]
    assert bt.seconds_between(hours, begin, end) == 60 * len(open_minutes)
    found = list(bt.spans(hours, begin, end))
    assert all(a < b for a, b in found) and all(one[1] < other[0] for one, other in pairwise(found))
    if open_minutes:
        due = bt.add_seconds(hours, begin, 60 * len(open_minutes))
        assert due == begin + timedelta(minutes=open_minutes[-1] + 1)
        assert bt.next_open(hours, begin) == begin + timedelta(minutes=open_minutes[0])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("09:00-13:00, 14:00-18:00", [(540, 780), (840, 1080)]),
        ("9–18; 20:30 – 24", [(540, 1080), (1230, 1440)]),
    ],
)
def test_hours_are_read_as_people_write_them(text, found):
    assert hours_writing.read(text) == [{"opens": opens, "closes": closes} for opens, closes in found]
    assert hours_writing.read(hours_writing.written(found)) == hours_writing.read(text)


@pytest.mark.parametrize(
    "text", ["nine to five", "18:00-09:00", "09:00-25:00", "24:30-24:40", "09:00-13:00, 12:00-14:00", "09:00", "٠٩:٠٠-١٣:٠٠"]
)
def test_hours_that_make_no_sense_are_refused_in_words(text):
    with pytest.raises(ValueError, match=r"interval|overlap|closes"):
        hours_writing.read(text)


def test_dates_that_differ_are_read_line_by_line():
    found = hours_writing.read_dates("2026-12-31 09:00-13:00, 14:00-15:00 Short day\n\n2027-05-10 off Bridge day\n2027-05-11 OFF")
    assert [(str(one["on"]), one["name"], len(one["intervals"])) for one in found] == [
        ("2026-12-31", "Short day", 2),
        ("2027-05-10", "Bridge day", 0),
        ("2027-05-11", "", 0),
    ]
    for wrong in ("31.12.2026 off", "2026-02-30 off", "2026-12-31 Short day", "2026-12-31 off\n2026-12-31 off", "2026-12-31 9-10, 9-11"):
        with pytest.raises(ValueError, match=r"."):
            hours_writing.read_dates(wrong)
