"""What is left of a campaign is told hour by hour, by the clocks of the customers."""

from datetime import UTC, datetime, timedelta

import pytest

from campaigns import choosing, reports
from tests.factories.campaigns import AttemptFactory, CampaignFactory, CampaignHoursFactory, TargetFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
MOSCOW = "Europe/Moscow;RU"


def test_what_is_left_is_told_by_the_hours_of_the_customers():
    """Wednesday 12:30 in Moscow is 19:30 in Vladivostok: there it opens again tomorrow at nine, which is 23:00 UTC."""
    campaign, asleep = CampaignFactory(), {"is_ready": False}
    for weekday in range(5):
        CampaignHoursFactory(campaign=campaign, weekday=weekday, opens=9 * 60, closes=19 * 60)
    for clocks, more in [
        (MOSCOW, {}),
        ("Asia/Vladivostok;RU", {}),
        (MOSCOW, asleep | {"state": "retry_wait", "next_attempt_at": NOW + timedelta(hours=2)}),
        (MOSCOW, asleep | {"state": "callback_wait", "next_attempt_at": NOW - timedelta(minutes=5)}),
        (MOSCOW, asleep | {"state": "callback_wait", "next_attempt_at": NOW + timedelta(days=3)}),
        (MOSCOW, asleep | {"state": "done", "ended_at": NOW - timedelta(minutes=20)}),
    ]:
        TargetFactory(campaign=campaign, clocks=clocks, **more)
    AttemptFactory(target__campaign=campaign, target__clocks=MOSCOW, target__is_ready=False)
    told = reports.remaining(campaign, now=NOW)
    assert {line["hour"]: line["targets"] for line in told.pop("later") if line["targets"]} == {
        datetime(2026, 11, 25, 11, tzinfo=UTC): 1,
        datetime(2026, 11, 25, 23, tzinfo=UTC): 1,
    }
    assert told == {
        "callable_now": 1, "waiting_for_hours": 1, "waiting_for_retry": 1, "promised": 2, "in_hand": 1, "beyond": 1, "unknown": 0,
        "ended_in_last_hour": 1, "over_at": NOW + timedelta(hours=6),
    }  # fmt: skip


def test_whoever_fell_due_overnight_may_be_called_in_the_morning_though_nobody_has_asked_yet():
    """The hand-out wakes sleepers when somebody asks: the figures do not wait for that, and agree with it afterwards."""
    campaign, due = CampaignFactory(), {"is_ready": False, "next_attempt_at": NOW - timedelta(hours=6)}
    for weekday in range(5):
        CampaignHoursFactory(campaign=campaign, weekday=weekday, opens=9 * 60, closes=19 * 60)
    for clocks, more in [
        (MOSCOW, due | {"state": "retry_wait"}),
        (MOSCOW, due | {"state": "pending"}),
        ("Asia/Vladivostok;RU", due | {"state": "retry_wait"}),
        (MOSCOW, {"is_ready": False, "state": "retry_wait", "next_attempt_at": NOW + timedelta(minutes=40)}),
    ]:
        TargetFactory(campaign=campaign, clocks=clocks, **more)
    told = reports.remaining(campaign, now=NOW)
    assert [told[name] for name in ("callable_now", "waiting_for_hours", "waiting_for_retry")] == [2, 1, 1]
    assert sum(line["targets"] for line in told["later"]) == 2, "those whose hours open, and the one that still sleeps"
    choosing.wake(campaign, now=NOW)
    assert reports.remaining(campaign, now=NOW) == told
