"""Figures of a campaign equal a recount over its rows by hand; hours are the customer's; two of two are no best hour."""

import html
import random
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import reports
from campaigns.models import Attempt, Conversion, LeftOut, Target
from tests.factories.calls import DispositionFactory
from tests.factories.campaigns import AttemptFactory, CampaignFactory, ConversionFactory, LeftOutFactory, TargetFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db


def lived(rnd: random.Random, now):
    """A campaign with targets in every state and attempts that came out in every way, and another beside it."""
    campaign, agents = CampaignFactory(), UserFactory.create_batch(3, role="agent")
    said = [
        DispositionFactory(contact_made=True, right_party=True, success=True),
        DispositionFactory(contact_made=True, right_party=False, success=False),
        DispositionFactory(contact_made=False, right_party=False, success=False),
        None,
    ]
    for number in range(40):
        state = rnd.choice(["pending", "retry_wait", "callback_wait", "done", "exhausted", "suppressed"])
        tried = rnd.random() < 0.7
        reached = tried and rnd.random() < 0.6
        target = TargetFactory(
            campaign=campaign if number % 8 else CampaignFactory(), state=state, clocks=rnd.choice(["Asia/Vladivostok;RU", "Europe/Moscow;RU", ";"]),
            next_attempt_at=now + timedelta(hours=1) if state == "callback_wait" else None, is_ready=state == "pending",
            last_attempt_at=now if tried else None, is_reached=reached, is_success=reached and rnd.random() < 0.5, reason=rnd.choice(["", "final"]),
            ended_at=now - timedelta(minutes=rnd.choice([10, 90])) if state in ("done", "exhausted", "suppressed") else None,
        )  # fmt: skip
        for _ in range(rnd.randrange(4)):
            disposition = rnd.choice(said)
            attempt = AttemptFactory(
                target=target, agent=rnd.choice(agents), state="closed", closing="result", counted=rnd.choice(["contact", "contact", "technical", "none"]),
                outcome="answered" if disposition in said[:2] else rnd.choice(["answered", "busy", "no_answer"]), disposition=disposition,
                leased_at=now - timedelta(hours=rnd.randrange(200)), is_drop=rnd.random() < 0.1,
            )  # fmt: skip
            if rnd.random() < 0.5:
                back = {"reversed_at": now, "reversed_because": "x"} if rnd.random() < 0.3 else {}
                ConversionFactory(
                    attempt=attempt, amount=rnd.choice([Decimal("10.50"), Decimal(7)]), currency=rnd.choice(["RUB", "EUR"]), **back
                )
    for _ in range(5):
        LeftOutFactory(campaign=campaign, reason=rnd.choice(["no_number", "excluded"]))
    return campaign, agents


@pytest.mark.parametrize("seed", [1, 2])
def test_every_figure_equals_a_recount(seed):
    from campaigns import clock_keys

    now = timezone.now()
    campaign, agents = lived(random.Random(seed), now)
    targets = list(Target.objects.filter(campaign=campaign))
    every = [
        one for one in Attempt.objects.filter(campaign=campaign).select_related("disposition", "target") if one.closing == "result" and one.counted != "none"
    ]  # fmt: skip

    def is_reached(one):
        return one.disposition.contact_made if one.disposition else one.outcome == "answered" and not one.is_drop

    for agent in (None, agents[0]):
        found = reports.results(campaign, agent=agent, now=now)
        mine = [one for one in every if agent is None or one.agent_id == agent.pk]
        got = found["attempts"]
        assert (got["attempts"], got["reached"], got["successes"], got["technical"], got["drops"]) == (
            len(mine),
            sum(map(is_reached, mine)),
            sum(1 for one in mine if one.disposition and one.disposition.success),
            sum(1 for one in mine if one.counted == "technical"),
            sum(1 for one in mine if one.is_drop),
        )
        turns = {one.pk: sum(1 for two in every if two.target_id == one.target_id and two.number <= one.number) for one in every}
        assert {line["number"]: line["attempts"] for line in found["by_number"]} == Counter(turns[one.pk] for one in mine)
        assert {line["agent"]: line["attempts"] for line in found["by_agent"]} == Counter(one.agent_id for one in mine)
        walls = [one.leased_at.astimezone(clock_keys.zone_of(one.target.clocks)) for one in mine if one.counted == "contact"]
        assert {(line["weekday"], line["hour"]): line["attempts"] for line in found["by_hour"]} == Counter(
            (at.weekday(), at.hour) for at in walls
        )
        said = Counter((one.disposition.code if one.disposition else None, one.outcome) for one in mine)
        assert {(line["disposition"], line["outcome"]): line["attempts"] for line in found["by_disposition"]} == said
        money: Counter = Counter()
        for one in Conversion.objects.filter(campaign=campaign, reversed_at=None):
            if agent is None or one.agent_id == agent.pk:
                money[one.kind, one.currency] += one.amount
        assert {(line["kind"], line["currency"]): line["amount"] for line in found["conversions"]} == money
        funnel = found["funnel"]
        assert (funnel["targets"], funnel["attempted"], funnel["reached"], funnel["successes"]) == (
            len(targets), sum(1 for one in targets if one.last_attempt_at), sum(one.is_reached for one in targets), sum(one.is_success for one in targets),
        )  # fmt: skip
        assert {(line["state"], line["reason"]): line["targets"] for line in found["states"]} == Counter(
            (one.state, one.reason) for one in targets
        )
        assert {line["reason"]: line["contacts"] for line in found["left_out"]} == Counter(
            LeftOut.objects.filter(campaign=campaign).values_list("reason", flat=True)
        )
        left = found["remaining"]
        names = ("callable_now", "waiting_for_hours", "waiting_for_retry", "promised", "in_hand")
        assert sum(left[name] for name in names) == sum(1 for one in targets if one.ended_at is None)
    (line,) = reports.across([campaign.pk])
    assert (line["targets"], line["attempts"], line["remaining"]) == (
        len(targets),
        len(every),
        sum(1 for one in targets if one.ended_at is None),
    )


def test_two_of_two_are_no_best_hour():
    assert reports.at_least(2, 2) < reports.at_least(60, 100) < 0.6
    assert reports.at_least(0, 0) is None and reports.at_least(0, 5) == 0


def test_an_operator_sees_their_own_figures_and_everybodys_progress(client_of):
    anna = client_of("agent")
    campaign = CampaignFactory(agents=[anna.user])
    for agent in (anna.user, UserFactory(role="agent")):
        target = TargetFactory(campaign=campaign, state="done", last_attempt_at=timezone.now())
        AttemptFactory(target=target, agent=agent, state="closed", closing="result", counted="contact", outcome="busy")
    address = f"/api/v1/campaigns/{campaign.pk}/results/"
    seen, whole = anna.get(address).json(), client_of("supervisor").get(address).json()
    assert (seen["attempts"]["attempts"], whole["attempts"]["attempts"]) == (1, 2)
    assert seen["funnel"] == whole["funnel"] and [line["agent"] for line in seen["by_agent"]] == [str(anna.user.pk)]
    assert client_of("admin").get(address, {"agent": "\0"}).status_code == 400


def test_the_page_of_results_shows_what_the_report_says():
    client, now = Client(), timezone.now()
    client.force_login(UserFactory(role="supervisor"), backend="django.contrib.auth.backends.ModelBackend")
    campaign, agents = lived(random.Random(3), now)
    found = reports.results(campaign, now=now)
    shown = client.get(reverse("admin:campaigns_campaign_results", args=[campaign.pk]))
    assert shown.status_code == 200
    text = html.unescape(shown.content.decode())  # names have apostrophes
    assert all(str(agent) in text for agent in agents) and text.count("<title>") - 1 >= len(found["by_hour"])
    assert client.get(reverse("admin:campaigns_campaign_results", args=[CampaignFactory().pk])).status_code == 200, "without any attempt"
