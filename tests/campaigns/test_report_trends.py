"""Attempts in the course of time sum up to the whole, on a day of 25 hours too; an order is told with the campaign that brought it (P22)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from calls import intervals
from campaigns import report_trends
from tests.factories.calls import CallFactory, DispositionFactory
from tests.factories.campaigns import AttemptFactory, CampaignFactory, ConversionFactory, SurveyResponseFactory
from tests.factories.orders import OrderFactory

pytestmark = pytest.mark.django_db
DAY = date(2026, 10, 25)  # clocks are put back in Berlin


def test_intervals_sum_up_to_the_whole_on_a_day_of_25_hours():
    campaign, said = CampaignFactory(), DispositionFactory(contact_made=True, success=True)
    edges = intervals.edges(DAY, DAY, "1h", ZoneInfo("Europe/Berlin"))
    for number, begun in enumerate(edges[:-1]):
        for one in range(number % 3):
            AttemptFactory(
                target__campaign=campaign, state="closed", closing="result", counted="contact", outcome="answered",
                disposition=said if one else None, leased_at=begun - timedelta(minutes=5), dialled_at=begun + timedelta(minutes=one),
            )  # fmt: skip
    AttemptFactory(target__campaign=campaign, state="closed", closing="released", leased_at=edges[3])
    AttemptFactory(target__campaign=campaign, state="closed", closing="result", counted="contact", outcome="busy", leased_at=edges[-1])
    lines = report_trends.trend(campaign, edges)
    assert [line["attempts"] for line in lines] == [number % 3 for number in range(25)]
    (whole,) = report_trends.trend(campaign, [edges[0], edges[-1]])
    assert (whole["attempts"], whole["successes"]) == (24, 8)
    assert sum(line["successes"] for line in lines) == 8


def test_what_came_of_a_campaign_is_told_with_it_whatever_origin_was_given():
    """One order names the attempt, one its call, one nothing; one was cancelled, one is of another month."""
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    attempt = AttemptFactory(
        call=CallFactory(direction="outbound"), state="closed", closing="result", leased_at=now, target__contact__lifecycle="lead"
    )
    campaign = attempt.campaign
    said = {"contact": attempt.contact, "by": attempt.agent, "now": now}
    by_attempt = OrderFactory(status="placed", origin={"kind": "attempt", "id": attempt.pk}, **said)
    by_call = OrderFactory(status="placed", origin={"kind": "call", "id": attempt.call_id}, **said)
    other = OrderFactory(status="placed", now=now)
    OrderFactory(status="cancelled", now=now), OrderFactory(status="placed", now=now - timedelta(days=60))
    ConversionFactory(attempt=attempt, kind="promise", amount=Decimal(70), currency="EUR", at=now)
    SurveyResponseFactory(campaign=campaign, attempt=attempt, started_at=now, state="complete", ended_at=now)
    found = report_trends.origins(since=now - timedelta(days=1), until=now + timedelta(days=1))
    assert {(line["origin"], line["campaign"]): (line["orders"], line["amount"]) for line in found["orders"]} == {
        ("attempt", campaign.pk): (1, by_attempt.total), ("call", campaign.pk): (1, by_call.total), ("", None): (1, other.total),
    }  # fmt: skip
    assert found["promises"] == [
        {"origin": "attempt", "campaign": campaign.pk, "currency": "EUR", "promises": 1, "amount": Decimal(70), "name": campaign.name}
    ]
    assert found["surveys"] == [{"origin": "attempt", "campaign": campaign.pk, "responses": 1, "complete": 1, "name": campaign.name}]
