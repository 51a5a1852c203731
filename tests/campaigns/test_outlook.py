"""What is left of a campaign is told hour by hour, by the clocks of the customers."""

from datetime import UTC, datetime, timedelta

import pytest

from campaigns import reports
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
