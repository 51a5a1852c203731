"""What the line knows against a call: somebody talks with them already, or they were called enough."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from calls import calling_rules, outcomes
from crm import calling
from tests.factories.calling import CallingLimitFactory
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactFactory
from tests.factories.dispositions import DispositionFactory

pytestmark = pytest.mark.django_db
NUMBER, OTHER = "+74951234567", "+74951234568"
NOON = datetime(2026, 11, 23, 9, tzinfo=UTC)  # noon in Moscow


def ask(at: datetime = NOON, e164: str = NUMBER, **more):
    return calling.may_call(e164=e164, purpose="service", at=at, **{"now": at, **more})


def codes(verdict) -> list[str]:
    return [one.code for one in verdict.reasons]


def called(at: datetime, e164: str = NUMBER, **more):
    return CallFactory(direction="outbound", customer_e164=e164, started_at=at, **more)


def test_whoever_talks_already_is_not_called_and_a_minute_later_we_ask_again():
    call = CallFactory(open=True, customer_e164=NUMBER)
    verdict = ask()
    assert codes(verdict) == ["open_call"] and verdict.reasons[0].facts["call"] == str(call.pk)
    assert verdict.next_at == NOON + timedelta(minutes=1)
    assert ask(NOON + timedelta(days=1), now=NOON).allowed, "tomorrow they will not be talking any more"
    assert ask(context={"call": call.pk}).allowed, "asked from within that very call"
    assert ask(e164=OTHER).allowed


@pytest.mark.parametrize("outcome", ["answered", "no_answer", "busy", "machine"])
def test_calls_count_whether_answered_or_not_whoever_made_them(outcome):
    CallingLimitFactory(most=2)
    for minutes in (30, 90):
        called(NOON - timedelta(minutes=minutes), outcome=outcome)  # each of another operator
    CallFactory(direction="inbound", customer_e164=OTHER, started_at=NOON - timedelta(hours=1))
    verdict = ask()
    assert codes(verdict) == ["limit_reached"] and verdict.next_at == datetime(2026, 11, 23, 21, tzinfo=UTC), "midnight in Moscow"


def test_failures_of_the_line_do_not_count_as_campaigns_do_not_count_them():
    CallingLimitFactory(most=1, min_gap_s=3600)
    CallingLimitFactory(name="Of a person", subject="contact", most=1)
    contact = ContactFactory(phones=[NUMBER])
    for minutes, outcome in enumerate(sorted(outcomes.TECHNICAL)):
        called(NOON - timedelta(minutes=minutes + 1), outcome=outcome, contact=contact)
    failed = DispositionFactory(direction="outbound", technical=True)
    called(NOON - timedelta(minutes=9), outcome="no_answer", disposition=failed, contact=contact)
    assert ask().allowed and ask(contact_id=contact.pk).allowed
    spoken = DispositionFactory(direction="outbound", contact_made=True)
    called(NOON - timedelta(minutes=9), outcome="unknown", disposition=spoken, contact=contact)
    assert set(codes(ask(contact_id=contact.pk))) == {"called_a_moment_ago", "limit_reached"}, "what was written down says it better"


def test_their_own_calls_do_not_count():
    CallingLimitFactory(most=1, min_gap_s=3600)
    CallFactory(direction="inbound", customer_e164=NUMBER, started_at=NOON - timedelta(minutes=5))
    assert ask().allowed


def test_a_day_is_a_day_of_the_customers_calendar():
    CallingLimitFactory(most=1)
    called(datetime(2026, 11, 23, 11, 59, tzinfo=UTC), e164="+74152212345")  # a minute before midnight in Kamchatka
    assert not ask(datetime(2026, 11, 23, 11, 59, 30, tzinfo=UTC), "+74152212345").allowed
    assert ask(datetime(2026, 11, 23, 12, 0, tzinfo=UTC), "+74152212345").allowed


def test_a_rolling_window_frees_a_place_when_its_oldest_call_leaves_it():
    CallingLimitFactory(window="rolling", window_s=7200, most=2)
    for minutes in (110, 50, 300):
        called(NOON - timedelta(minutes=minutes))
    verdict = ask()
    assert codes(verdict) == ["limit_reached"] and verdict.next_at == NOON + timedelta(minutes=10)
    assert ask(verdict.next_at).allowed


def test_what_counts_for_ever_never_ends_by_itself():
    CallingLimitFactory(window="lifetime", most=2)
    called(NOON - timedelta(days=900)), called(NOON - timedelta(days=2))
    verdict = ask()
    assert codes(verdict) == ["limit_reached"] and verdict.next_at is None


def test_between_two_calls_there_is_a_gap():
    CallingLimitFactory(most=None, min_gap_s=3600)
    called(NOON - timedelta(minutes=20))
    verdict = ask()
    assert codes(verdict) == ["called_a_moment_ago"] and verdict.next_at == NOON + timedelta(minutes=40)


def test_a_contact_is_counted_over_all_its_numbers():
    contact = ContactFactory(phones=[NUMBER, OTHER])
    CallingLimitFactory(subject="contact", most=2)
    called(NOON - timedelta(hours=1), NUMBER, contact=contact), called(NOON - timedelta(hours=2), OTHER, contact=contact)
    assert codes(ask(e164=OTHER)) == ["limit_reached"], "the number alone means the contact that has it"
    assert ask(e164="+74951234569").allowed


def test_the_strictest_of_several_limits_decides_when():
    CallingLimitFactory(most=1, min_gap_s=7200, name="both")
    CallingLimitFactory(window="rolling", window_s=86400, most=1, name="a day and a night")
    CallingLimitFactory(most=1, purpose="marketing", name="of another purpose")
    called(NOON - timedelta(hours=1))
    verdict = ask()
    assert sorted(codes(verdict)) == ["called_a_moment_ago", "limit_reached", "limit_reached"]
    assert verdict.next_at == NOON + timedelta(hours=23)


@pytest.mark.parametrize(
    ("manual_calls", "is_manual", "refused", "warned"),
    [("yes", True, 1, 0), ("yes", False, 1, 0), ("warn", True, 0, 1), ("warn", False, 1, 0), ("no", True, 0, 0), ("no", False, 1, 0)],
)
def test_calls_by_hand_are_held_up_warned_of_or_left_alone(manual_calls, is_manual, refused, warned):
    CallingLimitFactory(most=1, manual_calls=manual_calls)
    called(NOON - timedelta(hours=1))
    verdict = ask(is_manual=is_manual)
    assert (len(verdict.reasons), len(verdict.warnings)) == (refused, warned)


def test_what_was_written_down_by_hand_does_not_count_where_such_calls_are_left_alone():
    CallingLimitFactory(most=2, manual_calls="no")
    for minutes in range(1, 5):
        called(NOON - timedelta(minutes=minutes), manual=True)
    called(NOON - timedelta(hours=2))
    assert ask().allowed
    called(NOON - timedelta(hours=3))
    assert codes(ask()) == ["limit_reached"]


def test_a_limit_that_is_switched_off_holds_nobody_up():
    CallingLimitFactory(most=1, is_active=False)
    called(NOON - timedelta(hours=1))
    assert ask().allowed


def test_counting_goes_by_the_indexes_of_number_and_contact():
    """Twenty thousand calls, and the question touches those of one customer."""
    contact = ContactFactory(phones=[NUMBER])
    call = called(NOON - timedelta(hours=1), contact=contact)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE one AS SELECT * FROM calls_call WHERE id = %s", [call.pk])
        cursor.execute(
            "UPDATE one SET contact_id = NULL; INSERT INTO calls_call SELECT made.* FROM one o, generate_series(1, 20000) n, "
            "LATERAL jsonb_populate_record(o, jsonb_build_object('id', gen_random_uuid(), 'external_id', 'x' || n, "
            "'customer_e164', '+7' || (9000000000 + n % 5000))) AS made"
        )
        cursor.execute("ANALYZE calls_call")
        values = {
            "technical": sorted(outcomes.TECHNICAL),
            "i": [0, 0],
            "kind": ["number", "contact"],
            "e164": [NUMBER, None],
            "contact": [None, contact.pk],
        }
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS OFF) " + calling_rules.MADE, values | {"at": NOON, "since": NOON - timedelta(days=9), "most": 3})  # fmt: skip
        plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "call_of_number" in plan and "call_of_contact" in plan and "Seq Scan on calls_call" not in plan, plan
        cursor.execute("EXPLAIN ANALYZE " + calling_rules.OPEN, [[NUMBER]])
        plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "Seq Scan on calls_call" not in plan, plan
