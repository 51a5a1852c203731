"""Who is on duty: by a roster and a calendar, the same for one department and for many, reckoned with spans and equal to asking each minute."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from config.platform.models import AuditEvent
from crm import duty, duty_shifts, rosters
from crm.business_time import OpeningHours
from crm.models import DutyShift
from crm.rosters import Roster, Shift
from tests.conftest import NOON
from tests.factories.calendars import CalendarFactory
from tests.factories.crm import DepartmentFactory, TeamFactory
from tests.factories.duty import DutyShiftFactory
from tests.factories.platform import UserFactory

ANNA, BORIS, VERA = (UUID(int=n) for n in (1, 2, 3))
PEOPLE = [ANNA, BORIS, VERA]
MONDAY = date(2026, 11, 23)
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


# --- the rules, on values
NIGHT = [Shift(ANNA, (1320, 1440), weekday=0), Shift(ANNA, (0, 360), weekday=1)]  # Monday ten in the evening to Tuesday six: split
DAY = Shift(BORIS, (540, 1080), weekday=0)
OFFICE = OpeningHours(BERLIN, ((((540, 1080)),),) * 5 + ((), ()))


@pytest.mark.parametrize(
    ("why", "shifts", "hours", "when", "who"),
    [
        ("a shift counts from its first minute", [DAY], None, "2026-11-23T09:00", [BORIS]),
        ("and not in its last", [DAY], None, "2026-11-23T18:00", []),
        ("over midnight, before", NIGHT, None, "2026-11-23T23:59", [ANNA]),
        ("over midnight, after", NIGHT, None, "2026-11-24T00:00", [ANNA]),
        ("a roster counts though the calendar is closed", NIGHT, OFFICE, "2026-11-24T05:00", [ANNA]),
        ("and nobody but the roster though it is open", NIGHT, OFFICE, "2026-11-23T12:00", []),
        ("a date's own shifts replace the week's", [DAY, Shift(BORIS, (0, 60), on=MONDAY)], None, "2026-11-23T12:00", []),
        ("of that person only", [DAY, Shift(VERA, (0, 60), on=MONDAY)], None, "2026-11-23T12:00", [BORIS]),
        ("an absence takes away from the week", [DAY, Shift(BORIS, (600, 780), True, weekday=0)], None, "2026-11-23T12:00", []),
        ("in its hours only", [DAY, Shift(BORIS, (600, 780), True, weekday=0)], None, "2026-11-23T13:00", [BORIS]),
        ("and from a date's own shifts", [Shift(BORIS, (0, 1440), on=MONDAY), Shift(BORIS, (0, 1440), True, on=MONDAY)], None, "2026-11-23T12:00", []),
        ("a leave is every day of it", [DAY, Shift(BORIS, (0, 1440), True, since=date(2026, 11, 20), until=MONDAY)], None, "2026-11-23T12:00", []),
        ("and no day after", [DAY, Shift(BORIS, (0, 1440), True, since=date(2026, 11, 20), until=date(2026, 11, 22))], None, "2026-11-23T12:00", [BORIS]),
        ("a day that the week leaves empty is nobody's", [DAY], None, "2026-11-24T12:00", []),
        ("a date's own shifts are no roster of the next day", [Shift(VERA, (0, 60), on=MONDAY)], None, "2026-11-24T00:30", PEOPLE),
        ("a week that has not begun is no roster", [Shift(BORIS, (0, 60), weekday=0, since=date(2026, 12, 1))], None, "2026-11-23T12:00", PEOPLE),
        ("nor one that has run out", [Shift(BORIS, (0, 60), weekday=0, until=date(2026, 11, 16))], None, "2026-11-23T12:00", PEOPLE),
        ("without a roster: while the calendar is open", [], OFFICE, "2026-11-23T12:00", PEOPLE),
        ("and nobody while it is closed", [], OFFICE, "2026-11-23T20:00", []),
        ("with neither: always", [], None, "2026-11-22T03:00", PEOPLE),
        ("but those who are away", [Shift(ANNA, (0, 1440), True, on=MONDAY)], OFFICE, "2026-11-23T12:00", [BORIS, VERA]),
    ],
)  # fmt: skip
def test_who_is_on_duty_follows_from_the_roster_and_the_calendar(why, shifts, hours, when, who):
    assert rosters.on_duty(Roster(BERLIN, shifts, PEOPLE, hours), at(when, "Europe/Berlin")) == who, why


def test_an_hour_that_the_clocks_skip_is_nobodys_and_one_that_they_repeat_is_twice():
    for day, seconds in ((date(2026, 3, 29), 3600), (date(2026, 10, 25), 3 * 3600)):
        roster = Roster(BERLIN, [Shift(ANNA, (120, 240), on=day)])
        begin = datetime.combine(day, datetime.min.time(), tzinfo=BERLIN)
        found = [one for one in rosters.stretches(roster, begin, begin.astimezone(UTC) + timedelta(hours=12)) if one.people]
        assert sum((one.end - one.begin).total_seconds() for one in found) == seconds


hours_of_a_shift = st.one_of(
    st.sampled_from([(0, 360), (1320, 1440), (0, 1440), (90, 150), (120, 180), (540, 1080)]),
    st.lists(st.integers(0, 1440), min_size=2, max_size=2, unique=True).map(lambda ends: (min(ends), max(ends))),
)


@st.composite
def questions(draw):
    around = date.fromisoformat(draw(st.sampled_from(["2026-03-28", "2026-10-24", "2026-04-04", "2026-12-30"])))
    days = st.integers(0, 3).map(lambda n: around + timedelta(days=n))
    shifts = []
    for _ in range(draw(st.integers(0, 7))):
        kind, day = draw(st.sampled_from(["week", "date", "leave"])), draw(days)
        when = {
            "week": {"weekday": day.weekday(), "since": draw(st.sampled_from([None, around + timedelta(days=1)]))},
            "date": {"on": day},
            "leave": {"since": day, "until": day + timedelta(days=1)},
        }[kind]
        shifts.append(Shift(draw(st.sampled_from(PEOPLE)), draw(hours_of_a_shift), kind == "leave" or draw(st.integers(0, 4)) == 0, **when))
    zone, other = (
        draw(st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"])),
        draw(st.sampled_from(["UTC", "Europe/Berlin"])),
    )
    week = tuple((draw(hours_of_a_shift),) for _ in range(7))
    hours = draw(st.sampled_from([None, OpeningHours(ZoneInfo(other), week)]))
    begin = datetime.combine(around, datetime.min.time(), UTC) + timedelta(minutes=draw(st.integers(0, 1440)))
    return Roster(ZoneInfo(zone), shifts, PEOPLE, hours), begin


@given(questions())
@settings(max_examples=40, deadline=None)
def test_stretches_are_what_asking_minute_by_minute_finds(question):
    roster, begin = question
    minutes = 2 * 1440
    found = list(rosters.stretches(roster, begin, begin + timedelta(minutes=minutes)))
    assert (found[0].begin, found[-1].end) == (begin, begin + timedelta(minutes=minutes))
    assert all(one.end == other.begin and one.people != other.people for one, other in pairwise(found))
    asked = [tuple(rosters.on_duty(roster, begin + timedelta(minutes=n))) for n in range(minutes)]
    assert [one.people for one in found for _ in range(int((one.end - one.begin).total_seconds()) // 60)] == asked
    first = next((n for n, people in enumerate(asked) if people), None)
    if first is not None:
        assert rosters.next_duty(roster, begin) == begin + timedelta(minutes=first)


# --- and from the database
@pytest.fixture
def repairs(db):
    """A department in Moscow with three members, and an office calendar above it."""
    top = DepartmentFactory(calendar=CalendarFactory())
    made = DepartmentFactory(parent=top, time_zone="Europe/Moscow")
    made.members.set(UserFactory.create_batch(3))
    return made


def members(department) -> list[UUID]:
    return sorted(department.members.filter(is_active=True).values_list("pk", flat=True))


def test_without_a_roster_the_calendar_of_the_department_above_decides(repairs):
    assert duty.on_duty(repairs, at("2026-11-23T10:00", "Europe/Moscow")) == members(repairs)
    assert duty.on_duty(repairs, at("2026-11-23T13:30", "Europe/Moscow")) == []  # lunch
    alone = DepartmentFactory()
    alone.members.set(UserFactory.create_batch(2))
    assert duty.on_duty(alone, at("2026-11-22T03:00")) == members(alone)  # no calendar at all
    default = CalendarFactory(is_default=True)
    assert duty.on_duty(alone, at("2026-11-22T03:00")) == []
    DepartmentFactory(calendar=default)
    assert duty.next_duty(alone, at("2026-11-22T03:00")) == at("2026-11-23T09:00", "Europe/Moscow")


def test_a_roster_whose_people_have_left_is_none(repairs):
    gone = DutyShiftFactory(department=repairs, opens=0, closes=1440).person
    assert duty.on_duty(repairs, NOON) == [gone.pk]
    gone.is_active = False
    gone.save()
    assert duty.on_duty(repairs, NOON) == members(repairs)


def test_an_absence_without_a_department_is_one_in_every_department(repairs):
    ill, *others = members(repairs)
    other = DepartmentFactory()
    other.members.add(ill)
    DutyShiftFactory(away=True, department=None, person_id=ill, weekday=None, on=NOON.date())
    assert duty.who_is_on_duty([repairs, other], NOON) == {repairs.pk: others, other.pk: []}
    assert duty.next_duty(other, NOON) == at("2026-11-24T00:00")


def test_nobody_ever_is_said_and_not_waited_for(db):
    empty = DepartmentFactory()
    assert duty.next_duty(empty, NOON) is None
    assert duty.presence(empty, NOON) == {"at": NOON, "known_by": "members", "people": [], "until": None, "next": None}


def test_many_departments_are_asked_at_the_price_of_one_and_answered_alike(repairs):
    sorts = [
        lambda: repairs,
        DepartmentFactory,
        lambda: DepartmentFactory(calendar=CalendarFactory()),
        lambda: DutyShiftFactory(opens=0).department,
    ]
    few = [make() for make in sorts]
    many = few + [make() for make in sorts[1:] * 3]
    for department in many:
        department.members.add(UserFactory())
        DutyShiftFactory(away=True, department=department, weekday=None, on=NOON.date())
    costs = []
    for departments in (few, many):
        with CaptureQueriesContext(connection) as asked:
            found = duty.who_is_on_duty(departments, NOON)
        costs.append(len(asked))
        assert found == {one.pk: duty.on_duty(one, NOON) for one in departments}
    assert costs[0] == costs[1] <= 8, costs
    assert duty.who_is_on_duty([], NOON) == {}


def test_leaders_of_many_are_the_leaders_of_each(repairs, django_assert_max_num_queries):
    UserFactory(), UserFactory(is_active=False)
    headed = DepartmentFactory(head=UserFactory(), parent=DepartmentFactory(head=UserFactory()))
    led = DepartmentFactory(head=UserFactory(is_active=False))
    TeamFactory(department=led, lead=UserFactory()), TeamFactory(department=headed, lead=UserFactory())
    TeamFactory(department=repairs.parent, lead=UserFactory(), is_active=False)
    departments = [repairs, repairs.parent, headed, headed.parent, led, DepartmentFactory(parent=led), DepartmentFactory(parent=headed)]
    with django_assert_max_num_queries(4):
        found = duty.leaders_of_many(departments)
    assert found == {one.pk: duty.leaders_of(one) for one in departments}
    assert found[headed.pk] and found[repairs.pk] and found[repairs.pk] != found[headed.pk]


# --- what the table refuses
def test_what_makes_no_sense_is_refused_by_the_table(repairs):
    person = UserFactory()

    def refused(**said) -> str:
        with pytest.raises(IntegrityError) as error, transaction.atomic():
            DutyShift.objects.create(**{"department": repairs, "person": person, "opens": 540, "closes": 1080} | said)
        return error.value.__cause__.diag.constraint_name

    overlap = "duty_shifts_of_a_person_do_not_overlap"
    assert refused(weekday=0, closes=540) == "duty_shift_is_within_a_day" == refused(weekday=0, closes=1500)
    assert refused() == "duty_shift_has_a_day" == refused(weekday=0, on=MONDAY)
    assert refused(on=MONDAY, until=MONDAY) == "duty_shift_has_a_day" == refused(since=MONDAY, until=MONDAY)
    assert refused(weekday=0, since=MONDAY, until=date(2026, 11, 1)) == "duty_shift_counts_from_since_to_until"
    assert refused(weekday=0, department=None) == "duty_shift_has_its_department"
    add = DutyShift.objects.create
    mine = {"department": repairs, "person": person}
    add(**mine, weekday=0, opens=540, closes=780, until=MONDAY)
    add(**mine, weekday=0, opens=780, closes=1080)  # beside it
    add(**mine, weekday=0, opens=540, closes=780, since=date(2026, 11, 24))  # after it
    add(**mine, on=MONDAY, opens=540, closes=780)  # instead of it
    add(**mine, kind="off", weekday=0, opens=540, closes=780)  # and away
    add(department=DepartmentFactory(), person=person, weekday=0, opens=540, closes=780)  # elsewhere
    add(person=person, kind="off", since=MONDAY, until=date(2026, 12, 6))
    assert refused(weekday=0) == overlap == refused(weekday=0, since=date(2027, 1, 1), until=date(2027, 1, 31))
    assert refused(on=MONDAY, opens=779) == overlap
    assert refused(kind="off", department=None, on=date(2026, 12, 1)) == overlap  # they are on leave


# --- a person's week
def test_a_week_is_replaced_at_once_and_what_stays_is_the_same_row(repairs):
    person, boss = UserFactory(), UserFactory()
    stays, goes, ends = (
        DutyShiftFactory(department=repairs, person=person, weekday=n, until=until) for n, until in ((0, None), (1, None), (2, MONDAY))
    )
    others = [
        DutyShiftFactory(department=repairs, person=person, weekday=None, on=MONDAY),
        DutyShiftFactory(away=True, department=repairs, person=person),
        DutyShiftFactory(department=repairs),
        DutyShiftFactory(person=person),
    ]
    week = [{"weekday": n, "opens": 540, "closes": 1080} for n in (2, 0)]
    found = duty_shifts.replace_week(department=repairs, person=person, week=week, by=boss, now=NOON)
    assert [(row.weekday, row.until) for row in found] == [(0, None), (2, None)] and found[0] == stays
    assert set(DutyShift.objects.values_list("pk", flat=True)) == {*(row.pk for row in others), *(row.pk for row in found)}
    told = AuditEvent.objects.filter(subject_type="dutyshift", by=boss).values_list("verb", "subject_id")
    assert set(told) == {("remove", goes.pk), ("remove", ends.pk), ("add", found[1].pk)}
    with pytest.raises(IntegrityError), transaction.atomic():
        duty_shifts.replace_week(department=repairs, person=person, week=[week[0], week[0]], by=boss, now=NOON)
    assert duty_shifts.replace_week(department=repairs, person=person, week=[], by=boss, now=NOON) == []
    assert set(DutyShift.objects.all()) == set(others)


def test_the_picture_shows_who_is_there_and_who_is_away(repairs):
    first = DutyShiftFactory(department=repairs, person__surname="Ильина", person__name="Анна", person__patronymic="")
    DutyShiftFactory(department=repairs, person=first.person, away=True, weekday=None, on=date(2026, 11, 30))
    together = DutyShiftFactory(department=repairs, person__surname="Яшин", person__name="Борис", person__patronymic="")
    shown = duty.fortnight(repairs, now=NOON)
    assert (len(shown), shown[0]["is_today"], shown[0]["on"]) == (14, True, MONDAY)
    assert [(line["who"], [bar["said"] for bar in line["bars"]]) for line in shown[0]["lines"]] == [
        ("Ильина Анна, Яшин Борис", ["09:00–18:00"])
    ]
    assert (shown[1]["lines"], shown[1]["away"]) == ([], [])
    assert (shown[7]["lines"][0]["who"], shown[7]["away"]) == (str(together.person), ["Ильина Анна"])
    DutyShift.objects.all().delete()
    assert [(line["who"], [bar["said"] for bar in line["bars"]]) for line in duty.fortnight(repairs, now=NOON)[1]["lines"]] == [
        ("all 3 members: there is no roster", ["09:00–13:00", "14:00–18:00"])
    ]
