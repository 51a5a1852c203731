"""Calls that phone systems tell of meet the attempts that they were made for, and what becomes of the call becomes of the attempt."""

from datetime import timedelta
from itertools import permutations

import pytest
from django.db import transaction

from calls import callbacks, intake, joining
from calls.models import Call
from campaigns import excluding, handout, outcomes, settling
from campaigns.models import Attempt, Target
from tests.calls.scenarios import BEGIN, CALLER, begun, event, far, leg
from tests.factories.call_requests import CallRequestFactory
from tests.factories.calls import AgentExtensionFactory, PhoneSystemFactory
from tests.factories.campaigns import AttemptFactory, CampaignFactory, TargetFactory
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NOW = BEGIN + timedelta(minutes=5)
BUSY = [far("ringing", 2), event("call.ended", 3, cause=17)]


@pytest.fixture
def seat():
    return AgentExtensionFactory(phone_system=PhoneSystemFactory(), extension="201")


def in_hand(seat, **campaign):
    campaign = CampaignFactory(agents=[seat.user], **campaign)
    TargetFactory(campaign=campaign, contact=ContactFactory(phones=[CALLER]))
    return handout.next_for(campaign.pk, agent=seat.user, now=BEGIN - timedelta(seconds=30)).attempt


def told(seat, events):
    for one in events:
        receipt = intake.receive(seat.phone_system, one, now=NOW)
    return Call.objects.get(pk=receipt.call_id)


def fresh(attempt):
    attempt.refresh_from_db()
    return attempt


@pytest.mark.parametrize("how", ["by the id that its events carry", "by the click", "by the number in hand"])
def test_a_call_meets_its_attempt(how, seat):
    attempt = in_hand(seat)
    beginning = begun("outbound", agent={"extension": "201"})
    if how == "by the id that its events carry":
        beginning = begun("outbound", attempt_id=str(attempt.pk))
    if how == "by the click":
        CallRequestFactory(
            seat=seat, number=CALLER, contact=attempt.contact, origin_kind="attempt", origin_id=attempt.pk, reason="target",
            asked_at=BEGIN - timedelta(seconds=5),
        )  # fmt: skip
    call = told(seat, [beginning])
    assert (fresh(attempt).call, call.contact_id) == (call, attempt.contact_id)
    told(seat, BUSY)
    assert fresh(attempt).outcome == "busy" and attempt.state in ("closed", "wrap")
    outcomes.tend(now=NOW + timedelta(hours=2))  # nobody wrote it up
    assert (fresh(attempt).state, attempt.closing, attempt.counted) == ("closed", "result", "contact")


def test_the_order_of_events_does_not_matter(seat):
    events = [begun("outbound", agent={"extension": "201"}), far("ringing", 2), event("call.ended", 30, cause=19)]
    ends = set()
    for order in permutations(events):
        with transaction.atomic():
            attempt = in_hand(seat)
            told(seat, [{**one, "attempt_id": str(attempt.pk)} for one in order])
            fresh(attempt)
            target = Target.objects.get(pk=attempt.target_id)
            ends.add((attempt.state, attempt.outcome, attempt.counted, target.state, target.attempts_total, target.next_attempt_at))
            transaction.set_rollback(True)
    assert len(ends) == 1, ends


def leased_by_a_dialler(**campaign):
    TargetFactory(campaign=CampaignFactory(**campaign), contact=ContactFactory(phones=[CALLER]))
    (attempt,) = handout.lease_batch(Target.objects.get().campaign_id, by=UserFactory(role="integration"), most=5, now=BEGIN)
    return attempt


def test_whoever_answered_and_heard_nobody_is_called_again_when_they_were_left_alone_long_enough(seat):
    """Within the limit of attempts; a dialler asks every hour, as it would."""
    attempt = leased_by_a_dialler(retry_s=3600, max_attempts=2, drop_lockout_s=72 * 3600)
    ended_at = told(seat, [begun("outbound", attempt_id=str(attempt.pk)), far("answered", 10), event("call.ended", 20)]).ended_at
    target = Target.objects.get()
    assert fresh(attempt).is_drop and (attempt.outcome, attempt.counted) == ("answered", "contact")
    assert (target.state, target.attempts_total, target.is_reached) == ("retry_wait", 1, False)
    again, hour = [], 1
    while not again:
        again = handout.lease_batch(target.campaign_id, by=attempt.leased_by, most=5, now=ended_at + timedelta(hours=hour))
        hour += 1
        assert hour < 80
    assert hour - 1 == 72 and again[0].target_id == target.pk
    second = [begun("outbound", attempt_id=str(again[0].pk)), far("answered", 10), event("call.ended", 20)]
    told(
        seat,
        [one | {"call_id": "c2", "occurred_at": (ended_at + timedelta(hours=72, seconds=n)).isoformat()} for n, one in enumerate(second)],
    )
    target.refresh_from_db()
    assert (target.state, target.reason, target.attempts_total) == ("exhausted", "attempts", 2)


def test_a_dialler_rings_one_operator_after_another_and_the_attempt_is_theirs_who_talked(seat):
    other = AgentExtensionFactory(phone_system=seat.phone_system, extension="202")
    attempt = leased_by_a_dialler()
    rung = [begun("outbound", attempt_id=str(attempt.pk)), far("answered", 5), leg("ringing", 6), leg("ended", 16)]
    told(seat, rung)
    told(seat, [leg("ringing", 17, "202"), leg("answered", 20, "202"), event("call.ended", 60)])
    assert fresh(attempt).agent == other.user and not attempt.is_drop


@pytest.mark.parametrize("is_taken_by_another", [True, False])
def test_a_result_that_comes_late_is_kept_and_moves_nobody_who_went_on(is_taken_by_another, seat):
    attempt = in_hand(seat)
    handout.expire(now=BEGIN + timedelta(hours=1))
    assert (fresh(attempt).closing, Target.objects.get().state) == ("expired", "pending")
    if is_taken_by_another:
        second = handout.next_for(attempt.campaign_id, agent=seat.user, now=BEGIN + timedelta(hours=1)).attempt
    told(seat, [begun("outbound", attempt_id=str(attempt.pk)), *BUSY])
    target = Target.objects.get()
    assert (fresh(attempt).outcome, attempt.closing, attempt.is_late) == ("busy", "result", is_taken_by_another)
    assert (target.state, target.attempts_total) == ("leased" if is_taken_by_another else "retry_wait", 1)
    if is_taken_by_another:
        assert fresh(second).state == "leased"


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_a_promise_that_is_kept_elsewhere_is_waited_for_no_more(direction, seat):
    contact = ContactFactory(phones=[CALLER])
    target = TargetFactory(campaign=CampaignFactory(agents=[seat.user]), contact=contact)
    before = AttemptFactory(
        target=target, e164=CALLER, agent=seat.user, state="closed", closing="result", counted="contact", outcome="answered",
        leased_at=BEGIN - timedelta(days=1),
    )  # fmt: skip
    row = callbacks.schedule(phone=CALLER, at=BEGIN + timedelta(hours=3), by=None, now=BEGIN - timedelta(hours=1))
    Target.objects.filter(pk=target.pk).update(callback=row)
    assert settling.settle(target.pk, now=BEGIN).state == "callback_wait"
    call = told(seat, [begun(direction), leg("ringing", 5), leg("answered", 9), leg("ended", 69), event("call.ended", 70)])
    outcomes.tend(now=NOW)
    target.refresh_from_db()
    assert target.state != "callback_wait" and target.attempts_total == 2
    assert Attempt.objects.get(call=call).number == before.number + 1
    outcomes.tend(now=NOW)
    assert Attempt.objects.filter(target=target).count() == 2, "done twice it is done once"


def test_two_calls_that_prove_to_be_one_are_the_attempts_still(seat):
    attempt = in_hand(seat)
    told(seat, [begun("outbound", attempt_id=str(attempt.pk)), *BUSY])
    was = fresh(attempt).call
    other = told(seat, [{**begun("outbound"), "call_id": "c2"}])
    with transaction.atomic():
        joining.join(Call.objects.get(pk=other.pk), was, now=NOW)
    assert fresh(attempt).call_id == other.pk


def test_whoever_was_taken_out_by_hand_stays_out_whatever_comes_of_calls(seat):
    attempt = in_hand(seat)
    handout.release(attempt.pk, attempt.lease_token, now=BEGIN)
    excluding.exclude(attempt.target_id, reason="A friend of the house.", by=seat.user, now=BEGIN)
    told(seat, [begun("outbound", attempt_id=str(attempt.pk)), *BUSY])
    target = Target.objects.get()
    assert (target.state, target.reason, target.attempts_total) == ("suppressed", "excluded", 1)
    assert excluding.reinstate(target.pk, by=seat.user, now=NOW).state == "retry_wait"
