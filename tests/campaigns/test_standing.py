"""How a target stands is a function of its attempts alone: each rule of trying again, and that the order of arrival does not matter."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.models import Disposition
from campaigns.standing import Plan, Promise, Retry, Tried, counted_as, reckon

MOSCOW, BERLIN = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin")
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)  # 12:00 in Moscow
A, B, C = "+74950000001", "+74950000002", "+74950000003"
AGENT = uuid4()
SOLD = Disposition(code="sold", success=True, contact_made=True, right_party=True)
REFUSED = Disposition(code="refused", refused=True, contact_made=True)
LATER = Disposition(code="later", contact_made=True)
NOT_THEIRS = Disposition(code="wrong", number_invalid=True, contact_made=True)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


FIVE_HOURS = hours(5)


def tried(number=1, outcome="no_answer", disposition=None, at=AT, e164=A, **more) -> Tried:
    said = {"state": "closed", "closing": "result", "counted": counted_as(outcome, disposition), "agent_id": AGENT}
    return Tried(number=number, e164=e164, ended_at=at, outcome=outcome, disposition=disposition, **(said | more))


def row(count: int, step=FIVE_HOURS, **more) -> list[Tried]:
    return [tried(number + 1, at=AT + step * number, **more) for number in range(count)]


def plan(usual=None, most=9, technical=3, **by_outcome) -> Plan:
    return Plan(most, technical, usual or Retry(4 * 3600), by_outcome=by_outcome)


GROWING = Retry(3600, "multiplied", Decimal(2), most_s=3 * 3600)
NOON_IS_TRIED = Retry(1800, varies_time_of_day=True)
# what was tried; the plan; what is expected of some columns
TABLE = {
    "nothing yet": ([], plan(), {"state": "pending", "next_attempt_at": None, "attempts_total": 0}),
    "the usual delay": (row(1), plan(), {"state": "retry_wait", "next_attempt_at": AT + hours(4), "next_e164": A, "only_agent_id": None}),
    "a rule of the outcome": (row(1), plan(no_answer=Retry(600)), {"next_attempt_at": AT + hours(1 / 6)}),
    "a rule of another outcome": (row(1), plan(busy=Retry(600)), {"next_attempt_at": AT + hours(4)}),
    "growing": (row(2), plan(no_answer=GROWING), {"next_attempt_at": AT + hours(5 + 2)}),
    "growing no further than its most": (row(4), plan(no_answer=GROWING), {"next_attempt_at": AT + hours(15 + 3)}),
    "growth begins anew after another outcome": ([*row(2), tried(3, "busy", at=AT + hours(10)), tried(4, at=AT + hours(15))], plan(no_answer=GROWING), {"next_attempt_at": AT + hours(16)}),
    "the next number": (row(1), plan(no_answer=Retry(60, next_number="next")), {"next_e164": B}),
    "no number after the last": (row(1, e164=C), plan(no_answer=Retry(60, next_number="next")), {"state": "exhausted", "reason": "no_number_left"}),
    "rotating": (row(1, e164=C), plan(no_answer=Retry(60, next_number="rotate")), {"state": "retry_wait", "next_e164": A}),
    "a number that is not theirs": (row(1, outcome="answered", disposition=NOT_THEIRS), plan(), {"next_e164": B, "is_reached": True}),
    "a number that nobody has": (row(1, outcome="invalid_number", e164=B), plan(), {"next_e164": C}),
    "the same operator": (row(1), plan(no_answer=Retry(60, agent="same")), {"only_agent_id": AGENT}),
    "another part of the day": (row(1), plan(no_answer=NOON_IS_TRIED), {"next_attempt_at": datetime(2026, 11, 23, 14, tzinfo=UTC)}),
    "a part that is another already": (row(1), plan(no_answer=Retry(9 * 3600, varies_time_of_day=True)), {"next_attempt_at": AT + hours(9)}),
    "often enough": (row(3), plan(most=3), {"state": "exhausted", "reason": "attempts", "ended_at": AT + hours(10), "attempts_total": 3}),
    "often enough of a kind": (row(2), plan(no_answer=Retry(60, max_attempts=2)), {"state": "exhausted", "reason": "attempts_of_a_kind"}),
    "failures of the line count apart": (row(2, outcome="failed"), plan(most=2), {"state": "retry_wait", "attempts_total": 0, "attempts_technical": 2}),
    "failures in a row": (row(3, outcome="congestion"), plan(), {"state": "exhausted", "reason": "failures_of_the_line"}),
    "failures not in a row": ([*row(2, outcome="failed"), tried(3, at=AT + hours(10))], plan(), {"state": "retry_wait", "attempts_technical": 0}),
    "a success": (row(1, outcome="answered", disposition=SOLD), plan(), {"state": "done", "reason": "success", "is_success": True, "is_right_party": True}),
    "a refusal": (row(1, outcome="answered", disposition=REFUSED), plan(), {"state": "done", "reason": "refused", "is_success": False}),
    "answered, not written up": (row(1, outcome="answered"), plan(), {"state": "done", "reason": "not_written_up", "is_reached": True}),
    "answered, and nobody was there": (row(1, outcome="answered", agent_id=None), plan(), {"state": "retry_wait", "next_attempt_at": AT + hours(4), "is_reached": False, "attempts_total": 1}),
    "dropped, with a rule for it": (row(1, outcome="answered", agent_id=None), plan(answered=Retry(600)), {"next_attempt_at": AT + hours(1 / 6)}),
    "dropped often enough": (row(3, outcome="answered", agent_id=None), plan(most=3), {"state": "exhausted", "reason": "attempts"}),
    "in hand": ([*row(1), tried(2, state="leased", closing="", counted="none", e164=B)], plan(), {"state": "leased", "next_e164": B, "attempts_total": 1}),
    "given back": ([tried(closing="released", counted="none", again_at=AT + hours(1))], plan(), {"state": "pending", "next_attempt_at": AT + hours(1), "attempts_total": 0}),
    "a late result that says little": ([tried(1, is_late=True, at=AT + hours(9)), tried(2)], plan(), {"next_attempt_at": AT + hours(4), "attempts_total": 2}),
    "a late result that ends it": ([tried(1, "answered", SOLD, is_late=True, at=AT + hours(9)), tried(2)], plan(), {"state": "done", "reason": "success"}),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_each_rule_of_trying_again(name):
    given_attempts, rules, expected = TABLE[name]
    stands = reckon(given_attempts, rules, numbers=[A, B, C], zone=MOSCOW)
    assert {column: getattr(stands, column) for column in expected} == expected


def test_another_part_of_the_day_is_by_the_clocks_of_that_day():
    """The clocks of Berlin go back in the night of 25 October 2026: the morning after begins an hour later than a day would say."""
    evening = datetime(2026, 10, 24, 16, tzinfo=UTC)  # 18:00 in summer
    stands = reckon([tried(at=evening)], plan(no_answer=Retry(3600, varies_time_of_day=True)), numbers=[A], zone=BERLIN)
    assert stands.next_attempt_at == datetime(2026, 10, 24, 22, tzinfo=UTC)  # midnight, still summer
    morning = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # half past two, the first of two
    stands = reckon([tried(at=morning)], plan(no_answer=Retry(3600, varies_time_of_day=True)), numbers=[A], zone=BERLIN)
    assert stands.next_attempt_at == datetime(2026, 10, 25, 11, tzinfo=UTC)  # noon in winter


def test_a_promise_is_waited_for_and_is_its_operators():
    promise = Promise(uuid4(), AT + hours(30), AGENT)
    stands = reckon(row(1, outcome="answered", disposition=LATER), plan(), promise=promise, numbers=[A], zone=MOSCOW)
    assert (stands.state, stands.next_attempt_at, stands.only_agent_id, stands.callback_id) == (
        "callback_wait", promise.at, AGENT, promise.id,
    )  # fmt: skip


RESULTS = st.tuples(st.sampled_from(["no_answer", "busy", "failed", "answered"]), st.sampled_from([None, SOLD, LATER]), st.booleans())


@settings(max_examples=60, deadline=None)
@given(st.lists(RESULTS, max_size=7), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter_and_the_counters_equal_a_recount(results, chance):
    attempts = [
        tried(number + 1, outcome, said if outcome == "answered" else None, at=AT + hours(number), is_late=late)
        for number, (outcome, said, late) in enumerate(results)
    ]
    shuffled = chance.sample(attempts, len(attempts))
    stands = reckon(attempts, plan(no_answer=GROWING, busy=NOON_IS_TRIED), numbers=[A, B], zone=MOSCOW)
    assert reckon(shuffled, plan(no_answer=GROWING, busy=NOON_IS_TRIED), numbers=[A, B], zone=MOSCOW) == stands
    assert stands.attempts_total == sum(one.outcome != "failed" for one in attempts)
    assert stands.is_success == any(one.disposition is SOLD for one in attempts)
    assert stands.is_reached == any(one.outcome == "answered" for one in attempts)
