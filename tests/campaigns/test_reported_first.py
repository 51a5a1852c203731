"""Whoever reports before the phone system tells of the call made one call, not two: what was written down by hand becomes the call of the line."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from calls import intake, joining, wrap_up
from calls.models import Call, CallDisposition, CallRequest
from campaigns import conversions, reporting
from campaigns.models import Target
from crm import calling
from tests.calls.scenarios import BEGIN, CALLER, begun, event, far, leg
from tests.campaigns.test_reported_outcomes import seat, taken
from tests.factories.call_requests import CallRequestFactory
from tests.factories.calling import CallingLimitFactory
from tests.factories.calls import AgentExtensionFactory, CallFactory
from tests.factories.dispositions import DispositionFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
FIXTURES = (seat,)
LATER = BEGIN + timedelta(minutes=3)
BUSY = [far("ringing", 2), event("call.ended", 3, cause=17)]
TALKED = [far("answered", 10), leg("answered", 1), leg("ended", 40), event("call.ended", 40)]


def say(attempt, by, at=BEGIN + timedelta(minutes=1), **said):
    return reporting.report(attempt.pk, attempt.lease_token, by=by, now=at, **said)


def told(seat, *events, **fields):
    for one in events:
        intake.receive(seat.phone_system, one | fields, now=LATER)


def test_its_id_finds_the_call_that_a_dialler_reported_before_the_record_of_it_came(client_of, seat):
    dialler = UserFactory(role="integration")
    attempt = taken(dialler)
    say(attempt, dialler, outcome="machine")
    by_hand = Call.objects.get()
    told(seat, begun("outbound"), far("answered", 10), event("call.ended", 20), attempt_id=str(attempt.pk))
    call = Call.objects.get()
    attempt.refresh_from_db()
    assert call.source == "event" and call.pk != by_hand.pk and joining.stays(by_hand.pk) == call.pk
    assert (attempt.call, attempt.dialled_at, attempt.answered_at) == (call, BEGIN, BEGIN + timedelta(seconds=10))
    assert (call.outcome, attempt.outcome, attempt.is_drop, attempt.counted) == ("answered", "machine", False, "contact"), (
        "they knew better"
    )
    assert Target.objects.get().attempts_total == 1
    assert client_of("admin").get(f"/api/v1/calls/{by_hand.pk}/").json()["id"] == str(call.pk)
    say(attempt, dialler, LATER, outcome="busy")
    attempt.refresh_from_db()
    assert attempt.outcome == "busy" and Call.objects.count() == 1, "and may put it right"


def test_what_an_operator_wrote_up_goes_on_with_the_call_of_the_line(seat):
    attempt = taken(seat.user)
    sold = DispositionFactory(direction="outbound", contact_made=True, right_party=True, success=True)
    say(attempt, seat.user, disposition=sold, note="Wants two.")
    won = conversions.promise(attempt.pk, amount=Decimal(100), currency="EUR", due_on=date(2030, 1, 1), by=seat.user, now=LATER)
    told(seat, begun("outbound", agent={"extension": "201"}), *TALKED)
    call = Call.objects.get()
    attempt.refresh_from_db()
    won.refresh_from_db()
    assert (call.source, call.disposition, call.note, call.wrap_up_state, call.talk_s) == ("event", sold, "Wants two.", "done", 30)
    assert (attempt.call, attempt.outcome, attempt.disposition, won.reversed_at) == (call, "answered", sold, None)
    assert (CallDisposition.objects.get().call, Target.objects.get().reason) == (call, "success")
    wrap_up.wrap_up(call.pk, disposition=DispositionFactory(direction="outbound", refused=True), by=seat.user, now=LATER)
    won.refresh_from_db()
    assert won.reversed_at, "a corrected write-up takes back what followed from it, as of any call"


def test_a_click_that_was_reported_before_it_became_a_call_is_one_call(seat):
    attempt = taken(seat.user)
    CallRequestFactory(
        seat=seat, number=CALLER, contact=attempt.contact, origin_kind="attempt", origin_id=attempt.pk, reason="target",
        asked_at=BEGIN - timedelta(seconds=5),
    )  # fmt: skip
    say(attempt, seat.user, outcome="no_answer")
    told(seat, begun("outbound"), *BUSY, agent={"extension": "201"})
    call = Call.objects.get()
    attempt.refresh_from_db()
    assert (attempt.call, attempt.outcome, call.outcome, call.wrap_up_state) == (call, "no_answer", "busy", "skipped")
    assert CallRequest.objects.get().call == call


def test_the_house_counts_one_call_for_its_limits(seat):
    attempt = taken(seat.user)
    say(attempt, seat.user, outcome="no_answer")
    told(seat, begun("outbound", agent={"extension": "201"}), *BUSY)
    CallingLimitFactory(most=2)
    ask = {"e164": CALLER, "contact_id": attempt.contact_id, "purpose": "service", "at": LATER, "now": LATER}
    assert "limit_reached" not in [one.code for one in calling.may_call(**ask).reasons]
    CallFactory(direction="outbound", customer_e164=CALLER, contact=attempt.contact, started_at=LATER, outcome="busy")
    assert "limit_reached" in [one.code for one in calling.may_call(**ask).reasons], "the second does count"


@pytest.mark.parametrize("has_id", [True, False])
def test_a_call_that_began_after_the_report_is_another(has_id, seat):
    attempt = taken(seat.user)
    say(attempt, seat.user, BEGIN - timedelta(seconds=20), outcome="no_answer")
    fields = {"attempt_id": str(attempt.pk)} if has_id else {}
    told(seat, begun("outbound", agent={"extension": "201"}), *BUSY, **fields)
    attempt.refresh_from_db()
    assert sorted(Call.objects.values_list("source", flat=True)) == ["event", "manual"] and attempt.call.source == "manual"


def test_a_call_that_came_in_is_not_the_one_that_was_made(seat):
    attempt = taken(seat.user)
    say(attempt, seat.user, outcome="no_answer")
    told(seat, begun("inbound"), event("call.ended", 3))
    told(seat, begun("inbound") | {"call_id": "c2"}, attempt_id=str(attempt.pk))
    assert Call.objects.filter(source="event").count() == 2 and Call.objects.filter(source="manual").count() == 1


def test_a_call_to_us_by_hand_that_kept_a_promise_is_not_the_call_that_is_made_after_it(seat):
    attempt = taken(seat.user)
    inbound = CallFactory(
        source="manual", direction="inbound", customer_e164=CALLER, agent=seat.user, started_at=BEGIN, ended_at=LATER, outcome="answered"
    )
    type(attempt).objects.filter(pk=attempt.pk).update(call=inbound, state="closed", closing="result", closed_at=LATER)
    told(seat, begun("outbound", agent={"extension": "201"}), *BUSY, attempt_id=str(attempt.pk))
    attempt.refresh_from_db()
    assert attempt.call == inbound and Call.objects.count() == 2


def test_of_two_calls_that_are_told_later_the_first_is_the_one_that_was_reported(seat):
    attempt = taken(seat.user)
    say(attempt, seat.user, outcome="no_answer")
    told(seat, begun("outbound", agent={"extension": "201"}), *BUSY)
    told(seat, *({**one, "call_id": "c2"} for one in (begun("outbound", agent={"extension": "201"}), *BUSY)))
    told(seat, begun("outbound", agent={"extension": "201"}), *BUSY)  # told twice
    attempt.refresh_from_db()
    assert Call.objects.count() == 2 and attempt.call.external_id == "c1"


def test_anothers_call_to_the_number_is_not_it(seat):
    attempt = taken(seat.user)
    say(attempt, seat.user, outcome="no_answer")
    other = AgentExtensionFactory(phone_system=seat.phone_system, extension="202")
    told(seat, begun("outbound", agent={"extension": "202"}), event("call.ended", 3, cause=17))
    assert other.user_id in Call.objects.values_list("agent", flat=True) and Call.objects.count() == 2
