"""What is explained is what is handed out: whoever the rules allow is given, and nobody else."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from campaigns import clock_keys, handout
from campaigns.models import Attempt, Target
from crm import calling_whom
from crm.calling_whom import Whom
from tests.factories.callbacks import CallbackFactory
from tests.factories.campaigns import AttemptFactory, CampaignFactory, CampaignHoursFactory, TargetFactory
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)  # a Monday: noon in Moscow, nine in the evening in Kamchatka
PREFIXES = ("+7495123", "+7415221", "+7343200", "+7401200")
STATES = ("pending",) * 6 + ("retry_wait",) * 4 + ("callback_wait",) * 3 + ("done", "exhausted", "suppressed", "leased", "wrap")
AHEAD = (-100_000, -3600, -60, 0, 60, 7200)


def world(count: int, seed: int, agent) -> list[Target]:
    """Targets in all states, of one campaign with hours, limits and a gap."""
    random = Random(seed)
    campaign = CampaignFactory(agents=[agent], max_attempts=3, max_per_day=2)
    CampaignHoursFactory(campaign=campaign, weekday=0, opens=9 * 60, closes=14 * 60)
    other = UserFactory(role="agent")
    return [one_of(random, number, campaign, agent, other) for number in range(count)]


def one_of(random: Random, number: int, campaign, agent, other) -> Target:
    contact = ContactFactory(phones=[f"{random.choice(PREFIXES)}{number:04}"] if random.random() < 0.95 else False)
    state, at = random.choice(STATES), NOW + timedelta(seconds=random.choice(AHEAD))
    (subject,) = calling_whom.found([Whom(contact_id=contact.pk)])
    more = {"clocks": clock_keys.key_of(subject.clocks), "state": state, "priority": random.randint(-2, 2)}
    if state == "retry_wait":
        more |= {"next_attempt_at": at, "is_ready": at <= NOW, "only_agent": random.choice([None, None, agent, other])}
    if state == "callback_wait":
        mine = random.choice([None, agent, other])
        row = CallbackFactory(
            contact=contact, at=at, recipient="agent" if mine else "anyone", agent=mine, status="due" if at <= NOW else "scheduled"
        )
        more |= {"next_attempt_at": at, "callback": row, "only_agent": mine}
    target = TargetFactory(campaign=campaign, contact=contact, **more)
    for _ in range(random.choice([0, 0, 0, 1, 2, 3])):
        ago = timedelta(minutes=random.choice([10, 30, 90, 600, 3000]))
        AttemptFactory(
            target=target, state="closed", closing="result", counted="contact", leased_at=NOW - ago, agent=other,
            e164=subject.e164 or f"+7495999{number:04}",
        )  # fmt: skip
    if state in ("leased", "wrap"):
        AttemptFactory(
            target=target, agent=other if state == "wrap" else UserFactory(role="agent"), state=state, leased_at=NOW, e164=subject.e164
        )
    Target.objects.filter(pk=target.pk).update(attempts_total=Attempt.objects.filter(target=target, counted="contact").count())
    return target


@pytest.mark.parametrize("count, seed", [(200, 7), pytest.param(5000, 11, marks=pytest.mark.long)])
def test_whoever_the_rules_allow_is_handed_out_and_nobody_else(count, seed):
    agent = UserFactory(role="agent")
    targets = list(Target.objects.filter(pk__in=[one.pk for one in world(count, seed, agent)]).select_related("campaign"))
    allowed = {
        target.pk for target, verdict in zip(targets, handout.explain(targets, agent=agent, now=NOW), strict=True) if verdict.allowed
    }
    assert 0 < len(allowed) < count
    given: set[object] = set()
    for _ in range(count):
        attempt = handout.next_for(targets[0].campaign_id, agent=agent, now=NOW).attempt
        if attempt is None:
            break
        given.add(attempt.target_id)
        Attempt.objects.filter(pk=attempt.pk).update(agent=None, is_batch=True)  # their hands are free, the number stays held
    assert given == allowed


def test_a_promise_that_is_another_operators_does_not_stand_before_everybody_else():
    agent, other = UserFactory(role="agent"), UserFactory(role="agent")
    campaign = CampaignFactory(agents=[agent, other])
    at = NOW - timedelta(hours=1)
    promised = ContactFactory(phones=["+74951230001"])
    row = CallbackFactory(contact=promised, at=at, recipient="agent", agent=other, status="due")
    TargetFactory(campaign=campaign, contact=promised, state="callback_wait", next_attempt_at=at, callback=row, only_agent=other)
    waiting = TargetFactory(campaign=campaign, contact=ContactFactory(phones=["+74951230002"]))
    given = handout.next_for(campaign.pk, agent=agent, now=NOW).attempt
    assert given is not None and given.target_id == waiting.pk
