"""Windows hold by the customer's own clocks: reckoned with spans, equal to walking minute by minute."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm import business_time, calling_windows, calling_zones
from crm.calling_windows import Hours

#: Where clocks do something: skip an hour, repeat one, turn by half an hour, lie off the whole hour, never turn, leave out a day.
ZONES = [
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca",
    "Europe/Moscow", "Asia/Kamchatka", "Africa/Cairo", "UTC",
]  # fmt: skip
MOMENTS = [
    "2026-03-28T20:00", "2026-10-24T20:00", "2026-10-31T20:00", "2027-03-13T22:00", "2011-12-29T00:00", "2026-04-04T10:00", "2026-02-14T20:00",
    "2026-12-30T18:00", "2026-04-23T18:00",
]  # fmt: skip
NINE_TO_NINE = Hours((((540, 1260),),) * 7)


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def zones(*names: str) -> list[ZoneInfo]:
    return [ZoneInfo(name) for name in names]


intervals = st.lists(st.integers(0, 48), max_size=6, unique=True).map(
    lambda cuts: tuple((a * 30, b * 30) for a, b in zip(sorted(cuts)[::2], sorted(cuts)[1::2], strict=False))
)
#: Nights, so that windows over midnight are no rare guest.
nights = st.just(((0, 120), (1320, 1440)))


@st.composite
def questions(draw):
    week = draw(st.lists(st.one_of(intervals, nights), min_size=7, max_size=7))
    modulus = draw(st.integers(2, 9))  # some dates are holidays
    hours = Hours(tuple(week), lambda day: day.toordinal() % modulus == 0, start_grace_s=60 * draw(st.sampled_from([0, 0, 1, 15, 90])))
    begin = at(draw(st.sampled_from(MOMENTS))) + timedelta(minutes=draw(st.integers(0, 720)))
    return hours, zones(*draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=2, unique=True))), begin


def is_open_at(hours: Hours, where: list[ZoneInfo], moment: datetime) -> bool:
    """The definition, asked of one instant: in every zone the wall time lies in an interval of its date."""
    for zone in where:
        wall = moment.astimezone(zone)
        minute = wall.hour * 60 + wall.minute
        if hours.is_closed_on(wall.date()) or not any(a <= minute < b for a, b in hours.week[wall.weekday()]):
            return False
    return True


def walked(hours: Hours, where: list[ZoneInfo], begin: datetime, minutes: int) -> datetime | None:
    """The first minute from which on it stays open for as long as the grace and a moment more."""
    grace = hours.start_grace_s // 60
    run = 0
    for n in range(minutes + grace + 1):
        run = run + 1 if is_open_at(hours, where, begin + timedelta(minutes=n)) else 0
        if run == grace + 1:
            return begin + timedelta(minutes=n - grace)
    return None


@given(questions())
@settings(max_examples=250, deadline=None)
def test_the_next_opening_is_the_one_that_walking_minute_by_minute_finds(question):
    hours, where, begin = question
    found, expected = calling_windows.opening(hours, where, begin), walked(hours, where, begin, 3 * 1440)
    if expected is None:
        assert found is None or found > begin + timedelta(minutes=3 * 1440)
    else:
        assert found == expected
    assert calling_windows.is_open(hours, where, begin) == (expected == begin)
    if found is not None:
        assert calling_windows.opening(hours, where, found) == found, "what is named as the next opening is open"


@pytest.mark.parametrize(
    ("zone", "asked", "opens"),
    [
        ("Europe/Berlin", "2026-03-29T01:30", "2026-03-29T03:00"),  # two is skipped: the window of two to four opens at three
        ("Europe/Berlin", "2026-10-25T04:30", "2026-10-26T02:00"),
        ("America/New_York", "2026-11-01T04:30", "2026-11-02T02:00"),
        ("America/New_York", "2027-03-14T01:30", "2027-03-14T03:00"),
        ("Australia/Lord_Howe", "2026-04-05T00:00", "2026-04-05T02:00"),
    ],
)
def test_the_hours_that_clocks_skip_and_repeat(zone, asked, opens):
    night = Hours((((120, 240),),) * 7)
    assert calling_windows.opening(night, zones(zone), at(asked, zone)) == at(opens, zone)


def test_the_hour_that_is_repeated_is_open_twice():
    night, berlin = Hours((((120, 180),),) * 7), zones("Europe/Berlin")
    first = at("2026-10-25T02:30", "Europe/Berlin")
    second = first.replace(fold=1)
    assert second.astimezone(UTC) - first.astimezone(UTC) == timedelta(hours=1)
    assert calling_windows.is_open(night, berlin, first) and calling_windows.is_open(night, berlin, second)


RUSSIA = {  # at 06:30 UTC on a Monday: the time there, whether nine to nine is open, and when it opens else
    "Europe/Kaliningrad": ("08:30", False, "2026-11-23T07:00"),
    "Europe/Moscow": ("09:30", True, None),
    "Europe/Samara": ("10:30", True, None),
    "Asia/Yekaterinburg": ("11:30", True, None),
    "Asia/Omsk": ("12:30", True, None),
    "Asia/Novosibirsk": ("13:30", True, None),
    "Asia/Irkutsk": ("14:30", True, None),
    "Asia/Yakutsk": ("15:30", True, None),
    "Asia/Vladivostok": ("16:30", True, None),
    "Asia/Magadan": ("17:30", True, None),
    "Asia/Kamchatka": ("18:30", True, None),
}


@pytest.mark.parametrize("zone", RUSSIA)
def test_from_kaliningrad_to_kamchatka_everybody_has_their_own_morning(zone):
    moment = at("2026-11-23T06:30")
    clock, is_open, opens = RUSSIA[zone]
    assert f"{moment.astimezone(ZoneInfo(zone)):%H:%M}" == clock
    assert calling_windows.is_open(NINE_TO_NINE, zones(zone), moment) is is_open
    assert calling_windows.opening(NINE_TO_NINE, zones(zone), moment) == (moment if is_open else at(opens))


def test_a_window_for_all_of_russia_is_what_is_left_of_nine_to_nine_everywhere():
    everywhere = zones(*calling_zones.of_country("RU"))
    opens = calling_windows.opening(NINE_TO_NINE, everywhere, at("2026-11-23T00:00"))
    assert opens == at("2026-11-23T07:00"), "when it is nine in Kaliningrad"
    (span,) = calling_windows.spans(NINE_TO_NINE, everywhere, at("2026-11-23T00:00"), at("2026-11-24T00:00"))
    assert span == (at("2026-11-23T07:00"), at("2026-11-23T09:00")), "until it is nine in the evening in Kamchatka"


def test_a_window_over_midnight_is_one_window_and_its_end_is_where_it_closes():
    night = Hours((((0, 120), (1320, 1440)),) * 7, start_grace_s=1800)
    berlin = zones("Europe/Berlin")
    assert calling_windows.is_open(night, berlin, at("2026-11-23T23:45", "Europe/Berlin")), "midnight closes nothing"
    assert not calling_windows.is_open(night, berlin, at("2026-11-24T01:30", "Europe/Berlin")), "the last half hour"
    assert calling_windows.is_open(night, berlin, at("2026-11-24T01:29:59", "Europe/Berlin"))


def test_next_opening_passes_over_holidays_and_the_week_end():
    is_holiday = partial(lambda day: day in business_time.holidays_of("RU", "", day.year))
    office = Hours((((600, 1080),),) * 5 + ((),) * 2, is_holiday)
    eve = at("2026-12-31T20:00", "Europe/Moscow")
    opens = calling_windows.opening(office, zones("Europe/Moscow"), eve)
    assert opens == at("2027-01-11T10:00", "Europe/Moscow"), "the first of January to the eighth are holidays, then comes a week-end"
    assert all(date(2027, 1, day) in business_time.holidays_of("RU", "", 2027) for day in range(1, 9))


def test_what_never_opens_is_said():
    assert calling_windows.opening(Hours(((),) * 7), zones("UTC"), at("2026-01-01T00:00")) is None
    apart = Hours((((540, 600),),) * 7)
    assert calling_windows.opening(apart, zones("Europe/Moscow", "America/New_York"), at("2026-01-01T00:00")) is None


@pytest.mark.parametrize(
    ("e164", "found"),
    [
        ("+74951234567", ("Europe/Moscow",)),
        ("+74012123456", ("Europe/Kaliningrad",)),
        ("+78462123456", ("Europe/Samara",)),
        ("+73432123456", ("Asia/Yekaterinburg",)),
        ("+73832123456", ("Asia/Novosibirsk",)),
        ("+73952123456", ("Asia/Irkutsk",)),
        ("+74212123456", ("Asia/Vladivostok",)),
        ("+74152212345", ("Asia/Kamchatka",)),
        ("+212522123456", ("Africa/Casablanca",)),
        ("+493012345678", ("Europe/Berlin",)),
        ("+12085551234", ("America/Boise", "America/Los_Angeles")),  # Idaho has two
    ],
)
def test_a_number_of_a_place_tells_the_clocks_of_that_place(e164, found):
    clocks = calling_zones.clocks(e164=e164)
    assert (clocks.zones, clocks.sources) == (found, ("number",))


def test_a_mobile_number_of_a_wide_country_tells_the_country_only():
    clocks = calling_zones.clocks(e164="+79161234567")
    assert not clocks.is_known and clocks.countries == ("RU",)
    assert calling_zones.clocks(e164="+639171234567").zones == ("Asia/Manila",), "where there is one time, it tells that"


@pytest.mark.parametrize(
    ("asked", "found", "sources"),
    [
        ({"explicit": ["Asia/Kamchatka"], "e164": "+79161234567"}, ("Asia/Kamchatka",), ("explicit",)),
        ({"explicit": ["Asia/Kamchatka"], "e164": "+74951234567"}, ("Asia/Kamchatka", "Europe/Moscow"), ("explicit", "number")),
        ({"explicit": ["Europe/Paris"], "e164": "+493012345678"}, ("Europe/Paris",), ("explicit", "number")),  # the same clocks
        ({"countries": ["DE"], "e164": "+79161234567"}, ("Europe/Berlin",), ("address",)),
        ({"countries": ["RU"], "e164": "+74152212345"}, ("Asia/Kamchatka",), ("number",)),
        ({"countries": ["DE"], "e164": "+12125551234"}, ("Europe/Berlin", "America/New_York"), ("address", "number")),
        ({"explicit": ["America/Boise"], "e164": "+12085551234"}, ("America/Boise",), ("explicit",)),
        ({"explicit": ["Nowhere/Land"], "e164": "+74951234567"}, ("Europe/Moscow",), ("number",)),
    ],
)
def test_who_knows_best_is_believed_and_who_disagree_are_both_kept(asked, found, sources):
    clocks = calling_zones.clocks(**asked)
    assert (clocks.zones, clocks.sources) == (found, sources)


@pytest.mark.parametrize(("zone", "day"), [("Africa/Cairo", "2026-04-23"), ("Pacific/Apia", "2011-12-29"), ("Europe/Berlin", "2026-03-28")])
def test_the_next_day_begins_where_its_date_begins(zone, day):
    where, noon = ZoneInfo(zone), at(f"{day}T12:00", zone)
    begins = calling_windows.next_day(where, noon)
    assert begins.astimezone(where).date() > noon.date() and (begins - timedelta(seconds=1)).astimezone(where).date() == noon.date()
