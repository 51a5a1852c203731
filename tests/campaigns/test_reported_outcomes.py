"""What whoever called says of how it came out is never lost: it counts before what the line shows, or it is refused with the reason."""

from datetime import timedelta
from itertools import permutations

import pytest
from django.db import transaction

from calls import intake
from calls.models import Call
from campaigns import handout, reporting
from campaigns.models import Attempt, Target
from config.platform.models import AuditEvent
from tests.calls.scenarios import BEGIN, CALLER, begun, event, far, leg
from tests.factories.calls import AgentExtensionFactory, CallFactory, PhoneSystemFactory
from tests.factories.campaigns import AttemptFactory, CampaignFactory, TargetFactory
from tests.factories.crm import ContactFactory
from tests.factories.dispositions import DispositionFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NOW = BEGIN + timedelta(minutes=5)
ANSWERED = [far("ringing", 2), far("answered", 10), event("call.ended", 20)]
TALKED = [far("answered", 10), leg("answered", 1), leg("ended", 40), event("call.ended", 40)]
BUSY = [far("ringing", 2), event("call.ended", 3, cause=17)]


@pytest.fixture
def dialler():
    return UserFactory(role="integration")


@pytest.fixture
def seat():
    return AgentExtensionFactory(phone_system=PhoneSystemFactory(), extension="201")


def taken(by, **campaign):
    """One contact in the hands of a dialler, or of an operator."""
    row = TargetFactory(campaign=CampaignFactory(agents=[by], **campaign), contact=ContactFactory(phones=[CALLER]))
    if by.role == "integration":
        return handout.lease_batch(row.campaign_id, by=by, most=5, now=BEGIN - timedelta(seconds=30))[0]
    return handout.next_for(row.campaign_id, agent=by, now=BEGIN - timedelta(seconds=30)).attempt


def told(attempt, system, *events):
    for one in events:
        intake.receive(system, one | {"attempt_id": str(attempt.pk)}, now=NOW)


def say(attempt, by, at=NOW, **said):
    return reporting.report(attempt.pk, attempt.lease_token, by=by, now=at, **said)


def stands(attempt):
    attempt.refresh_from_db()
    target = Target.objects.get(pk=attempt.target_id)
    return {
        "outcome": attempt.outcome, "drop": attempt.is_drop, "counted": attempt.counted, "closing": attempt.closing,
        "state": target.state, "reason": target.reason, "tried": target.attempts_total, "reached": target.is_reached,
    }  # fmt: skip


def test_a_machine_that_the_line_took_for_a_person_is_no_drop_in_whatever_order_it_is_told(dialler, seat):
    ends = []
    story = [("event", begun("outbound")), *(("event", one) for one in ANSWERED[1:]), ("report", {"outcome": "machine"})]
    for order in permutations(story):
        with transaction.atomic():
            attempt = taken(dialler)
            for kind, one in order:
                if kind == "event":
                    told(attempt, seat.phone_system, one)
                else:
                    say(attempt, dialler, **one)
            say(attempt, dialler, outcome="machine")  # told twice
            ends.append(stands(attempt) | {"calls": Call.objects.count()})
            transaction.set_rollback(True)
    assert ends[0]["state"] == "retry_wait" and not ends[0]["drop"] and ends[0]["outcome"] == "machine" and not ends[0]["reached"]
    assert ends[0]["calls"] == 1
    assert all(one == ends[0] for one in ends)


@pytest.mark.parametrize("said", ["no_answer", "busy", "failed", "voicemail", "invalid_number"])
def test_what_a_dialler_knows_better_counts_before_what_the_line_shows(said, dialler, seat):
    attempt = taken(dialler)
    told(attempt, seat.phone_system, begun("outbound"), *ANSWERED)
    assert stands(attempt)["drop"]
    say(attempt, dialler, outcome=said)
    found = stands(attempt)
    assert (found["outcome"], found["drop"], found["counted"]) == (said, False, "technical" if said == "failed" else "contact")
    assert Call.objects.get().outcome == "answered", "the call stays as the phone system tells it"
    assert AuditEvent.objects.filter(subject_id=attempt.pk, verb="report", by=dialler).count() == 1
    told(attempt, seat.phone_system, event("call.ended", 21, hangup_by="caller"))
    assert stands(attempt) == found, "later news of the line changes nothing of it"


def test_an_operator_who_heard_a_machine_has_nothing_to_write_up(seat):
    attempt = taken(seat.user)
    told(attempt, seat.phone_system, begun("outbound", agent={"extension": "201"}), *TALKED)
    assert Attempt.objects.get().state == "wrap"
    say(attempt, seat.user, outcome="machine")
    found = stands(attempt)
    assert (found["outcome"], found["closing"], found["state"], found["reached"]) == ("machine", "result", "retry_wait", False)
    assert Call.objects.get().wrap_up_state == "skipped"


def test_a_result_written_down_by_hand_is_put_right_by_the_next(seat):
    attempt = taken(seat.user)
    say(attempt, seat.user, outcome="failed")
    assert stands(attempt)["counted"] == "technical"
    say(attempt, seat.user, outcome="no_answer")
    found = stands(attempt)
    assert (found["outcome"], found["counted"], found["tried"], Call.objects.get().outcome) == ("no_answer", "contact", 1, "no_answer")
    sold = DispositionFactory(direction="outbound", contact_made=True, right_party=True, success=True)
    say(attempt, seat.user, outcome="answered", disposition=sold)
    found = stands(attempt)
    assert (found["outcome"], found["state"], found["reason"]) == ("answered", "done", "success")


def test_what_cannot_be_is_refused_and_says_what_stands_against_it(client_of, dialler, seat):
    attempt = taken(dialler)
    told(attempt, seat.phone_system, begun("outbound"), *BUSY)
    before = stands(attempt)
    url, token = f"/api/v1/attempts/{attempt.pk}/report/", str(attempt.lease_token)
    asks = client_of("integration", user=dialler, scopes=["campaigns:work"])
    answer = asks.post(url, {"token": token, "outcome": "answered"}, format="json")
    assert (answer.status_code, answer.json()["code"], answer.json()["told"]) == (409, "outcome_contradicts", "busy")
    assert stands(attempt) == before

    spoke = DispositionFactory(direction="outbound", contact_made=True)
    with pytest.raises(reporting.OutcomeContradicts):
        say(attempt, dialler, outcome="no_answer", disposition=spoke)


def test_whom_somebody_spoke_with_was_not_away(seat):
    attempt = taken(seat.user)
    spoke = DispositionFactory(direction="outbound", contact_made=True)
    told(attempt, seat.phone_system, begun("outbound", agent={"extension": "201"}), *TALKED)
    say(attempt, seat.user, disposition=spoke)
    before = stands(attempt)
    with pytest.raises(reporting.OutcomeContradicts) as refused:
        say(attempt, seat.user, outcome="no_answer")
    assert refused.value.facts["disposition"] == spoke.code and stands(attempt) == before
    say(attempt, seat.user, NOW + timedelta(minutes=1), outcome="no_answer", disposition=DispositionFactory(direction="outbound"))
    assert stands(attempt)["outcome"] == "no_answer" and not stands(attempt)["reached"]
    with pytest.raises(reporting.OutcomeNeeded):
        say(taken(AgentExtensionFactory().user), seat.user, outcome="answered")


def test_whoever_talked_as_the_dialler_says_makes_it_no_drop(dialler, seat):
    attempt = taken(dialler)
    told(attempt, seat.phone_system, begun("outbound"), *ANSWERED)
    say(attempt, dialler, outcome="answered", agent=seat.user)
    found = stands(attempt)
    assert (found["drop"], found["state"], found["reason"], attempt.agent) == (False, "done", "not_written_up", seat.user)


def test_a_call_of_a_campaign_is_written_up_as_its_calls_come_out_however_it_is_written_up(client_of, seat):
    fits, other = (DispositionFactory(direction="outbound", code=code) for code in ("fits", "fits-not"))
    attempt = taken(seat.user)
    attempt.campaign.dispositions.set([fits])
    told(attempt, seat.phone_system, begun("outbound", agent={"extension": "201"}), *TALKED)
    call, agent = Call.objects.get(), client_of("agent", user=seat.user)
    by_attempt = {"token": str(attempt.lease_token), "disposition": other.code}
    for answer in (
        agent.post(f"/api/v1/calls/{call.pk}/wrap-up/", {"disposition": other.code}, format="json"),
        agent.post(f"/api/v1/attempts/{attempt.pk}/report/", by_attempt, format="json"),
    ):
        told_why = (answer.status_code, answer.json()["code"], answer.json()["dispositions"])
        assert told_why == (400, "disposition_not_in_campaign", ["fits"])
    assert agent.post(f"/api/v1/calls/{call.pk}/wrap-up/", {"disposition": fits.code}, format="json").status_code == 200
    attempt.campaign.dispositions.set([other])
    assert agent.post(f"/api/v1/calls/{call.pk}/wrap-up/", {"disposition": fits.code}, format="json").status_code == 200, "the same again"
    inbound = CallFactory(answered=True, agent=seat.user)
    AttemptFactory(target=attempt.target, call=inbound, state="closed", closing="result", number=2)
    anything = DispositionFactory()
    answer = agent.post(f"/api/v1/calls/{inbound.pk}/wrap-up/", {"disposition": anything.code}, format="json")
    assert answer.status_code == 200, "they called, and it kept a promise: no call of the campaign"
