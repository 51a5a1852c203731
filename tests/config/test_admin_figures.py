"""The wallboard and the reports as pages."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from calls import intervals
from calls.admin.figures import INTERVALS
from config.platform.models import Role
from tests.config.test_admin_pages import client_for
from tests.factories.alarms import AlarmFactory
from tests.factories.calls import CallFactory, QueueFactory
from tests.factories.crm import TopicFactory

pytestmark = pytest.mark.django_db


def test_the_page_offers_every_interval_there_is():
    assert set(INTERVALS) == set(intervals.INTERVALS)


def test_the_wallboard_shows_the_queues_their_alarms_and_nothing_that_runs():
    queue = QueueFactory(name="Support & <b>sales</b>")
    AlarmFactory(queue=queue)
    CallFactory(open=True, answered_at=None, state="queued", queue=queue.slug, started_at=timezone.now() - timedelta(minutes=3))
    boss = client_for(Role.SUPERVISOR)
    whole = boss.get(reverse("admin:calls_wallboard")).content.decode()
    part = boss.get(reverse("admin:calls_wallboard"), {"part": "board"}).content.decode()
    for page in (whole, part):
        assert "Support &amp; &lt;b&gt;sales&lt;/b&gt;" in page
        assert "too many callers wait" in page
    assert "<html" not in part


@pytest.mark.parametrize("query", [{}, {"queue": "no such"}, {"queue": "\x00"}, {"part": "x"}])
def test_the_wallboard_opens_whatever_is_asked(query):
    assert client_for(Role.SUPERVISOR).get(reverse("admin:calls_wallboard"), query).status_code == 200


@pytest.mark.parametrize("group_by", ["", "queue", "agent", "topic", "direction"])
@pytest.mark.parametrize("interval", ["1h", "1d", "none"])
def test_a_report_opens_for_every_interval_and_group_and_asks_as_much_for_many_lines(group_by, interval):
    boss = client_for(Role.SUPERVISOR)
    url = reverse("admin:calls_reports")
    query = {"group_by": group_by, "interval": interval}
    costs = []
    for many in (1, 15):
        for number in range(many):
            CallFactory(started_at=timezone.now() - timedelta(hours=number), queue=f"q{number}").topics.add(TopicFactory())
        with CaptureQueriesContext(connection) as asked:
            page = boss.get(url, query)
        assert page.status_code == 200
        costs.append(len(asked))
    assert costs[0] == costs[1]
    assert "sb-report" in page.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"since": "2026-13-01"},
        {"since": "0001-01-01", "until": "9999-12-31"},
        {"interval": "15m", "since": "2025-01-01", "until": "2026-11-01"},
        {"group_by": "mood"},
        {"agent": "\x00"},
        {"queue": "no such"},
        {"time_zone": "Mars/Base"},
    ],
)
@pytest.mark.parametrize("kind", ["", "csv"])
def test_a_report_that_cannot_be_made_says_so(query, kind):
    page = client_for(Role.SUPERVISOR).get(reverse("admin:calls_reports"), query | {"as": kind})
    assert page.status_code == 200
    assert "sb-report" not in page.content.decode()


def test_nothing_in_the_file_runs_in_a_spreadsheet():
    CallFactory(started_at=timezone.now(), queue="=HYPERLINK(1)")
    page = client_for(Role.SUPERVISOR).get(reverse("admin:calls_reports"), {"group_by": "queue", "as": "csv"})
    assert "'=HYPERLINK(1)" in page.content.decode()
