"""The day on one page."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from calls import today
from calls.models import Call
from config.platform.models import Role
from tests.config.test_admin_pages import client_for
from tests.factories.calls import CallEventFactory, CallFactory
from tests.factories.crm import ContactFactory, ImportFactory

pytestmark = pytest.mark.django_db
MOSCOW, MANILA = ZoneInfo("Europe/Moscow"), ZoneInfo("Asia/Manila")
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)  # half past noon in Moscow, half past five in the afternoon in Manila


def test_the_day_and_its_hours_are_the_viewers():
    CallFactory(started_at=datetime(2026, 11, 22, 20, 30, tzinfo=UTC))  # 23:30 yesterday in Moscow, 04:30 today in Manila
    CallFactory(started_at=datetime(2026, 11, 23, 8, 5, tzinfo=UTC))
    moscow, manila = today.counts(NOW, MOSCOW), today.counts(NOW, MANILA)
    assert (moscow.total, moscow.hours[11].answered) == (1, 1)
    assert (manila.total, manila.hours[4].answered, manila.hours[16].answered) == (2, 1, 1)


def test_answered_missed_and_outbound_are_told_apart():
    at = NOW - timedelta(hours=1)
    CallFactory(started_at=at)
    CallFactory(started_at=at, missed=True)
    CallFactory(started_at=at, missed=True, outcome="abandoned")
    CallFactory(started_at=at, direction="outbound")
    CallFactory(started_at=at, open=True)
    CallFactory(started_at=at, open=True, state=Call.State.RINGING, answered_at=None)
    day = today.counts(NOW, MOSCOW)
    assert (day.answered, day.missed, day.outbound, day.answered_share) == (2, 2, 1, 50)


def test_whoever_was_missed_stays_until_somebody_speaks_with_them():
    number = "+74951234567"
    CallFactory(missed=True, started_at=NOW - timedelta(hours=3), customer_e164=number)
    CallFactory(
        missed=True, started_at=NOW - timedelta(hours=2), customer_e164=number, contact=ContactFactory(surname="Фёдорова", name="Алёна")
    )
    lost, many = today.missed(NOW, MOSCOW)
    assert (many, lost[0].number, lost[0].times, lost[0].contact) == (1, number, 2, "Фёдорова Алёна")
    tried = CallFactory(
        direction="outbound", outcome="no_answer", answered_at=None, started_at=NOW - timedelta(hours=1), customer_e164=number
    )
    assert today.missed(NOW, MOSCOW)[1] == 1
    Call.objects.filter(pk=tried.pk).update(answered_at=NOW, outcome="answered")
    assert today.missed(NOW, MOSCOW) == ([], 0)


def test_a_withheld_number_cannot_be_called_back():
    CallFactory(missed=True, started_at=NOW - timedelta(hours=3), customer_e164="")
    assert today.missed(NOW, MOSCOW)[1] == 0


def test_the_bars_stay_in_the_picture():
    hours = [today.Hour(hour, answered=hour * 7, missed=hour % 3, outbound=hour) for hour in range(24)]
    picture = today.bars(hours, now_hour=12)
    for bar in picture["bars"]:
        assert all(0 <= part["y"] <= part["y"] + part["height"] <= picture["height"] + 0.2 for part in bar["parts"])
    assert len(picture["lines"]) <= 6


@pytest.mark.parametrize("many", [0, 1, 12])
def test_the_page_asks_the_same_number_of_questions_on_any_day(many):
    now = timezone.now()
    for _ in range(many):
        CallFactory(open=True, started_at=now, contact=ContactFactory(phones=True))
        CallFactory(missed=True, started_at=now)
        CallEventFactory(state="quarantined")
        ImportFactory()
    client = client_for(Role.SUPERVISOR)
    with CaptureQueriesContext(connection) as asked:
        page = client.get(reverse("admin:index"))
    assert page.status_code == 200
    assert len(asked) == 10
    assert ("Nobody is on the line" in page.content.decode()) == (many == 0)
