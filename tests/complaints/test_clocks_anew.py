"""P5: a changed calendar or priority reckons anew what runs, says so, and breaks nothing that rests."""

from datetime import UTC, datetime, timedelta

import pytest

from complaints import clocks
from complaints.models import Complaint
from complaints.models.complaints import Status
from config.platform.models import AuditEvent
from crm import calendars
from tests.factories.calendars import CalendarFactory
from tests.factories.complaints import ComplaintFactory, SLAPolicyFactory

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALL_DAY = [{"weekday": day, "opens": 0, "closes": 1440} for day in range(7)]
FROM_TEN = [{"weekday": day, "opens": 600, "closes": 1020} for day in range(7)]
FROM_NINE = [{"weekday": day, "opens": 540, "closes": 1020} for day in range(7)]


def received(**fields) -> Complaint:
    complaint = ComplaintFactory(received_at=MONDAY, **fields)
    clocks.begin(complaint, now=MONDAY)
    complaint.save()
    return complaint


def alter(calendar, week) -> None:
    calendars.alter(calendar.pk, week=week, by=None, now=MONDAY)


@pytest.fixture
def calendar():
    made = CalendarFactory(time_zone="UTC", country="")
    alter(made, ALL_DAY)
    return made


def test_a_changed_calendar_moves_what_runs_and_each_history_says_what(calendar):
    SLAPolicyFactory(counted="business", calendar=calendar, inform_every_s=None)
    complaints = [received() for _ in range(3)]
    assert complaints[0].due_at == MONDAY + HOUR
    alter(calendar, FROM_NINE)
    assert [clocks.reckon_stale(now=MONDAY, limit=2) for _ in range(3)] == [2, 1, 0], "so many complaints, however many clocks they have"
    for complaint in complaints:
        complaint.refresh_from_db()
        assert complaint.due_at == MONDAY + 2 * HOUR
        (event,) = AuditEvent.objects.filter(subject_id=complaint.pk, verb="reckon")
        assert event.facts["because"] == "calendar"
        assert event.facts["clocks"]["acknowledge"] == [(MONDAY + HOUR).isoformat(), (MONDAY + 2 * HOUR).isoformat()]


def test_one_that_cannot_be_reckoned_keeps_no_other_from_it(calendar, monkeypatch):
    SLAPolicyFactory(counted="business", calendar=calendar)
    poison, other = received(), received()
    alter(calendar, FROM_NINE)
    summarise = clocks.summarise

    def stumble(complaint) -> None:
        if complaint.pk == poison.pk:
            raise ValueError
        summarise(complaint)

    monkeypatch.setattr(clocks, "summarise", stumble)
    assert clocks.reckon_stale(now=MONDAY) == 1
    other.refresh_from_db()
    assert other.due_at == MONDAY + 2 * HOUR


def test_what_rests_stays_at_rest_when_its_time_was_gone_before_and_is_late_when_it_goes_on(calendar):
    """A shorter promise, or a calendar with more hours, may have run out before the rest began."""
    SLAPolicyFactory(position=20, acknowledge_s=None, assign_s=None, first_response_s=None, inform_every_s=None)
    SLAPolicyFactory(
        position=10, priorities=["urgent"], resolve_s=3600, acknowledge_s=None, assign_s=None, first_response_s=None, inform_every_s=None
    )
    complaint = received(in_progress=True)
    complaint.status = Status.WAITING_CUSTOMER
    clocks.follow(complaint, now=MONDAY + 3 * HOUR)
    complaint.save()
    complaint.priority = "urgent"
    assert clocks.rematch(complaint, now=MONDAY + 4 * HOUR)["resolve"] == [None, None]
    resting = complaint.clocks.get()
    assert (resting.state, resting.due_at, resting.target_s) == ("paused", None, 3600)
    complaint.status = Status.IN_PROGRESS
    clocks.follow(complaint, now=MONDAY + 5 * HOUR)
    complaint.save()
    assert complaint.is_breached(MONDAY + 5 * HOUR) and complaint.due_at == MONDAY + HOUR


def test_a_calendar_that_changes_again_during_the_sweep_is_reckoned_again(calendar, monkeypatch):
    SLAPolicyFactory(counted="business", calendar=calendar, inform_every_s=None)
    complaints = [received() for _ in range(2)]
    alter(calendar, FROM_NINE)
    summarise = clocks.summarise

    def and_meanwhile(complaint) -> None:
        summarise(complaint)
        monkeypatch.setattr(clocks, "summarise", summarise)
        alter(calendar, FROM_TEN)

    monkeypatch.setattr(clocks, "summarise", and_meanwhile)
    assert [clocks.reckon_stale(now=MONDAY) for _ in range(3)] == [2, 2, 0]
    for complaint in complaints:
        complaint.refresh_from_db()
        assert complaint.due_at == MONDAY + 3 * HOUR
