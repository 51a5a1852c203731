"""P5: a due time equals counting minute by minute, over lunch, holidays, both changes of the clocks, and rests."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.ladder import Quiet, Rung, left, steps
from complaints.reckoning import Terms, counted, instant
from crm.business_time import OpeningHours, is_open

MINUTE = timedelta(minutes=1)
WITH_LUNCH = ((540, 780), (840, 1080))  # 9 to 13, 14 to 18
OFFICE = tuple([WITH_LUNCH] * 5 + [(), ()])
BERLIN, MOSCOW, LORD_HOWE = (ZoneInfo(name) for name in ("Europe/Berlin", "Europe/Moscow", "Australia/Lord_Howe"))


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def office(zone=BERLIN, **fields) -> OpeningHours:
    return OpeningHours(zone, OFFICE, **fields)


H = 3600
TABLE = {
    "an hour before lunch and one after": (office(), "2026-11-25T12:00", 2 * H, (), "2026-11-25T15:00"),
    "begun at lunch": (office(), "2026-11-25T13:30", H, (), "2026-11-25T15:00"),
    "friday evening": (office(), "2026-11-27T17:30", H, (), "2026-11-30T09:30"),
    "begun on saturday": (office(), "2026-11-28T11:00", 8 * H, (), "2026-11-30T18:00"),
    "a holiday": (office(is_holiday=lambda day: day == date(2026, 11, 26)), "2026-11-25T17:00", 2 * H, (), "2026-11-27T10:00"),
    "a short day": (office(exceptions={date(2026, 11, 25): ((540, 600),)}), "2026-11-25T09:00", 2 * H, (), "2026-11-26T10:00"),
    "a rest over the weekend counts no weekend": (office(), "2026-11-27T17:00", 4 * H, (("2026-11-27T17:30", "2026-11-30T10:00"),), "2026-11-30T14:30"),
    "a rest within lunch takes nothing": (office(), "2026-11-25T12:00", 2 * H, (("2026-11-25T13:10", "2026-11-25T13:50"),), "2026-11-25T15:00"),
    "clocks forward, day and night": (OpeningHours(BERLIN, (((0, 1440),),) * 7), "2027-03-28T01:30", H, (), "2027-03-28T03:30"),
    "clocks back, day and night": (OpeningHours(BERLIN, (((0, 1440),),) * 7), "2026-10-25T01:30", 3 * H, (), "2026-10-25T03:30"),
}  # fmt: skip


@pytest.mark.parametrize("hours, began, target, rests, due", TABLE.values(), ids=TABLE)
def test_due_times(hours, began, target, rests, due):
    terms = Terms(hours, at(began), [(at(since), at(until)) for since, until in rests])
    assert instant(terms, target) == at(due)


def test_the_zone_of_the_department_rules():
    began = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)  # ten o'clock in Moscow, eight in Berlin
    assert instant(Terms(office(MOSCOW), began), H) == began + timedelta(hours=1)
    assert instant(Terms(office(BERLIN), began), H) == began + timedelta(hours=2)


def test_what_rests_is_not_due_and_what_is_never_open_still_ends():
    began = at("2026-11-25T10:00")
    assert instant(Terms(office(), began, [(at("2026-11-25T10:30"), None)]), H) is None
    assert instant(Terms(OpeningHours(BERLIN, ((),) * 7), began), H) > began + timedelta(days=1800)


minutes = st.integers(0, 7 * 1440)
intervals = st.lists(st.integers(0, 24), min_size=2, max_size=6, unique=True).map(
    lambda cuts: tuple((a * 60, b * 60) for a, b in zip(sorted(cuts)[::2], sorted(cuts)[1::2], strict=False))
)
weeks = st.lists(intervals, min_size=7, max_size=7)
zones = st.sampled_from([BERLIN, MOSCOW, LORD_HOWE, ZoneInfo("America/St_Johns"), ZoneInfo("Asia/Kathmandu")])
starts = st.sampled_from([at("2026-10-23T00:00"), at("2027-03-26T00:00"), at("2027-04-02T12:00"), at("2026-11-20T00:00")])


@settings(max_examples=60, deadline=None)
@given(weeks, zones, starts, minutes, st.lists(minutes, max_size=6, unique=True), st.integers(1, 40 * 60), st.booleans())
def test_a_due_time_equals_counting_minute_by_minute(week, zone, start, offset, cuts, target, always):
    began = start + offset * MINUTE
    cuts = sorted(cuts)
    rests = [(began + a * MINUTE, began + b * MINUTE) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    hours = None if always else OpeningHours(zone, week)
    terms = Terms(hours, began, rests)
    spent, now, expected = 0, began, None
    while now < began + timedelta(days=21):
        rests_now = any(since <= now < until for since, until in rests)
        if not rests_now and (hours is None or is_open(hours, now)):
            spent += 1
            if spent == target:
                expected = now + MINUTE
                break
        now += MINUTE
    due = instant(terms, target * 60)
    if expected is None:
        assert due >= began + timedelta(days=21)
    else:
        assert due == expected
        assert counted(terms, due) == target * 60
        assert counted(terms, due - MINUTE) == target * 60 - 60


def test_steps_before_and_after_in_business_and_in_wall_time():
    terms = Terms(office(), at("2026-11-27T16:00"))  # a Friday; two hours are due at its end
    rungs = [Rung(1, -H), Rung(2, H), Rung(3, H, business=False, repeat_every_s=H, repeat_times=1)]
    planned = {(step.number, step.round): step.planned_at for step in steps(terms, 2 * H, rungs, None)}
    assert planned == {
        (1, 0): at("2026-11-27T17:00"), (2, 0): at("2026-11-30T10:00"), (3, 0): at("2026-11-27T19:00"), (3, 1): at("2026-11-27T20:00"),
    }  # fmt: skip


def test_a_step_before_more_than_there_is_comes_at_the_start():
    terms = Terms(None, at("2026-11-27T16:00"))
    assert [step.planned_at for step in steps(terms, H, [Rung(1, -5 * H), Rung(2, -5 * H, business=False)], None)] == [terms.started_at] * 2


@pytest.mark.parametrize(
    "since, until, planned, told",
    [
        (1320, 420, "2026-11-25T23:30", "2026-11-26T07:00"),
        (1320, 420, "2026-11-25T03:00", "2026-11-25T07:00"),
        (1320, 420, "2026-11-25T21:59", "2026-11-25T21:59"),
        (0, 480, "2026-11-25T00:00", "2026-11-25T08:00"),
        (0, 480, "2026-11-25T08:00", "2026-11-25T08:00"),
        (120, 180, "2027-03-28T03:10", "2027-03-28T03:10"),  # the hour does not exist that night
        (120, 180, "2026-10-25T02:30", "2026-10-25T03:00"),  # and is there twice that one
    ],
)
def test_nobody_is_told_in_quiet_hours(since, until, planned, told):
    assert Quiet(since, until, BERLIN).over(at(planned)) == at(told)


def test_what_was_passed_over_does_not_come_back():
    planned = list(steps(Terms(None, at("2026-11-27T16:00")), H, [Rung(1, 0, repeat_every_s=H, repeat_times=3), Rung(2, H)], None))
    assert [(step.number, step.round) for step in left(planned, {(2, 0)})] == []
    assert [(step.number, step.round) for step in left(planned, {(1, 0)})] == [(1, 1), (2, 0), (1, 2), (1, 3)]
