"""A missed call is work (P4): one item for a number, counted once, due in business time, settled by any conversation, in whatever order told."""

import random
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from calls import intake, rebuilding, return_call_sweeps
from calls import return_call_settling as settling
from calls.models import Call, ReturnCall, ReturnCallCall
from config.platform.models import AuditEvent, FeedMessage
from crm import calendars
from tests.factories.calls import AgentExtensionFactory, CallFactory, PhoneSystemFactory, QueueFactory
from tests.factories.crm import ContactPhoneFactory, DepartmentFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
CALLER, LINE = "+74951234567", "+78001234567"


@pytest.fixture
def system():
    made = PhoneSystemFactory(own_lines=[LINE])
    AgentExtensionFactory(phone_system=made, extension="201")
    return made


def at(minutes: float) -> str:
    return (NOON + timedelta(minutes=minutes)).isoformat()


def told(kind, call, minutes, **more):
    return {"type": kind, "call_id": call, "occurred_at": at(minutes), **more}


def abandoned(call, minutes, *, waited_s=40, queue="support", number=CALLER):
    gone = minutes + waited_s / 60
    return [
        told("call.queued", call, minutes, queue=queue, direction="inbound", **{"from": number, "to": LINE}),
        told("call.left_queue", call, gone, reason="abandon"),
        told("call.ended", call, gone, hangup_by="caller"),
    ]


def answered(call, minutes, *, queue="support", number=CALLER, direction="inbound"):
    ends = {"from": number, "to": LINE} if direction == "inbound" else {"from": LINE, "to": number}
    leg = {"leg_id": f"{call}-far"} if direction == "outbound" else {"leg_id": f"{call}-a", "agent": {"extension": "201"}}
    return [
        told("leg.ringing", call, minutes, direction=direction, queue=queue, **ends, **leg),
        told("leg.answered", call, minutes + 0.1, **leg),
        told("call.ended", call, minutes + 2, hangup_by="caller", agent={"extension": "201"}),
    ]


def tell(system, events, now=NOON + timedelta(hours=1)):
    for event in events:
        intake.receive(system, event, now=now)


def image(number=CALLER):
    """What stands of the return calls of a number, told without ids that the order of arrival gives."""
    names = (
        "status", "reason", "queue", "department_id", "first_call_at", "last_call_at", "times_called", "due_at", "place_kept_from",
        "closed_by_id", "settled_at", "response_s", "first_call__external_id", "last_call__external_id", "closed_by_call__external_id",
        "contact_id",
    )  # fmt: skip
    rows = ReturnCall.objects.filter(e164=number, times_called__gt=0).order_by("first_call_at", "department_id")
    links = ReturnCallCall.objects.filter(counts=True).order_by("at")
    return list(rows.values(*names)), list(links.values_list("call__external_id", "return_call__first_call_at", "reason"))


# --- the proof of P4


def test_three_abandoned_calls_and_one_answered_are_one_item_closed_with_its_response_time(system):
    tell(system, abandoned("a", 0) + abandoned("b", 5) + abandoned("c", 9) + answered("d", 20))
    (row,) = ReturnCall.objects.all()
    assert (row.status, row.times_called, row.closed_by_call.external_id) == ("auto_closed", 3, "d")
    assert (row.first_call.external_id, row.last_call.external_id, row.reason) == ("a", "c", "abandoned")
    assert row.response_s == 20 * 60 + 6  # from the first call until somebody answered
    assert row.closed_by == Call.objects.get(external_id="d").agent
    assert [event.verb for event in AuditEvent.objects.filter(subject_id=row.pk).order_by("id")] == ["open", "count", "count", "auto_close"]


def test_it_is_open_until_then_and_one_for_all_calls(system):
    tell(system, abandoned("a", 0) + abandoned("b", 5))
    (row,) = ReturnCall.objects.all()
    assert (row.status, row.times_called, row.due_at) == ("open", 2, NOON + timedelta(hours=1))
    assert row.urgent_at == row.due_at


def test_our_own_call_to_them_closes_it_when_they_answered_and_not_before(system):
    tell(system, abandoned("a", 0))
    events = answered("d", 20, direction="outbound")
    tell(system, events[:-1])
    assert ReturnCall.objects.get().status == "open"  # it might be a machine
    tell(system, events[-1:])
    assert ReturnCall.objects.get().status == "auto_closed"


def test_a_call_after_the_conversation_is_a_new_item(system):
    tell(system, abandoned("a", 0) + answered("d", 20) + abandoned("e", 30))
    assert list(ReturnCall.objects.order_by("first_call_at").values_list("status", "times_called")) == [("auto_closed", 1), ("open", 1)]


def test_the_order_of_events_cannot_matter(system):
    """Every order in which calls, a conversation between them and one after them can be told, call by call."""
    stories = [abandoned("a", 0), answered("b", 10), abandoned("c", 20) + abandoned("d", 25), answered("e", 30, direction="outbound")]
    wanted = None
    for order in permutations(stories):
        wipe()
        tell(system, [event for story in order for event in story])
        found = image()
        wanted = wanted or found
        assert found == wanted
    assert [row["status"] for row in wanted[0]] == ["auto_closed", "auto_closed"] and [row["times_called"] for row in wanted[0]] == [1, 2]


@pytest.mark.parametrize("many", [50, pytest.param(200, marks=pytest.mark.long)])
def test_random_orders_with_doubles_give_the_same_rows(system, many):
    sales = QueueFactory(slug="sales", department=DepartmentFactory())
    events = [
        *abandoned("a", 0), *answered("b", 10), *abandoned("c", 20, queue="sales"), *abandoned("d", 25), told("voicemail.left", "d", 25.5),
        *abandoned("g", 50)[:2], told("call.ended", "g", 51),
    ]  # fmt: skip
    tell(system, events)
    wanted, rng = image(), random.Random(5)
    assert [(row["status"], row["department_id"], row["times_called"], row["reason"]) for row in wanted[0]] == [
        ("auto_closed", None, 1, "abandoned"),
        ("open", sales.department_id, 1, "abandoned"),
        ("open", None, 2, "abandoned"),
    ]
    for _ in range(many):
        wipe()
        shuffled = events + rng.sample(events, 3)
        rng.shuffle(shuffled)
        tell(system, shuffled)
        assert image() == wanted, [(event["call_id"], event["type"]) for event in shuffled]


def wipe():
    from calls.models import CallEvent, CallKey, CallLeg

    for model in (ReturnCallCall, ReturnCall, CallLeg, CallEvent, CallKey, Call):
        model.objects.all().delete()


def test_computing_calls_anew_does_nothing_twice(system):
    tell(system, abandoned("a", 0) + abandoned("b", 5) + answered("d", 20) + abandoned("e", 30))
    before = list(ReturnCall.objects.order_by("id").values()), AuditEvent.objects.count(), FeedMessage.objects.count()
    for _ in rebuilding.rebuild(system, now=NOON + timedelta(hours=2)):
        pass
    assert (list(ReturnCall.objects.order_by("id").values()), AuditEvent.objects.count(), FeedMessage.objects.count()) == before


# --- what is put right


def test_one_that_was_answered_after_all_is_taken_back_and_comes_again_as_itself(system):
    ended = told("call.ended", "a", 1, hangup_by="caller")
    tell(
        system,
        [
            told("call.initiated", "a", 0, direction="inbound", **{"from": CALLER, "to": LINE}),
            told("leg.ringing", "a", 0.1, agent="201"),
            ended,
        ],
    )
    (row,) = ReturnCall.objects.all()
    assert (row.status, row.reason) == ("open", "missed")
    tell(system, [told("leg.answered", "a", 0.5, agent="201")])
    row.refresh_from_db()
    assert (row.status, row.cancelled_because, row.times_called) == ("cancelled", "was_answered", 0)
    call = Call.objects.get(external_id="a")
    Call.objects.filter(pk=call.pk).update(outcome="missed", answered_at=None)
    call.refresh_from_db()
    settling.settle([CALLER], call=call, now=NOON)
    row.refresh_from_db()
    assert (row.status, row.times_called, ReturnCall.objects.count()) == ("open", 1, 1)


def test_the_earlier_misses_of_a_call_that_was_answered_after_all_are_settled_by_it(system):
    tell(system, abandoned("a", 0) + [event for event in answered("b", 5) if event["type"] != "leg.answered"])
    assert ReturnCall.objects.get().times_called == 2
    tell(system, [event for event in answered("b", 5) if event["type"] == "leg.answered"])
    (row,) = ReturnCall.objects.all()
    assert (row.status, row.times_called, row.closed_by_call.external_id) == ("auto_closed", 1, "b")


def test_a_conversation_that_proves_to_be_a_machine_opens_it_again_for_whoever_had_it(system, client_of):
    agent = client_of("agent")
    tell(system, abandoned("a", 0))
    row = ReturnCall.objects.get()
    agent.post(f"/api/v1/return-calls/{row.pk}/take/")
    tell(system, answered("d", 20, direction="outbound"))
    row.refresh_from_db()
    assert (row.status, row.assignee_id) == ("auto_closed", agent.user.pk)
    tell(system, [told("machine.detected", "d", 20.2)])
    row.refresh_from_db()
    assert (row.status, row.assignee_id, row.closed_by_call, row.response_s, row.settled_at) == (
        "assigned",
        agent.user.pk,
        None,
        None,
        None,
    )
    assert list(FeedMessage.objects.filter(recipient=agent.user).order_by("id").values_list("kind", flat=True)) == [
        "return_call.closed",
        "return_call.assigned",
    ]


def test_whoever_has_it_in_hand_keeps_what_is_owed_when_a_conversation_before_it_is_told_late(system, client_of):
    agent = client_of("agent")
    tell(system, abandoned("a", 0) + abandoned("c", 20))
    row = ReturnCall.objects.get()
    agent.post(f"/api/v1/return-calls/{row.pk}/take/")
    tell(system, answered("b", 10))
    row.refresh_from_db()
    assert (row.status, row.assignee_id, row.times_called, row.first_call.external_id) == ("in_progress", agent.user.pk, 1, "c")
    assert row.due_at == NOON + timedelta(minutes=80)
    other = ReturnCall.objects.exclude(pk=row.pk).get()
    assert (other.status, other.times_called, other.first_call.external_id) == ("auto_closed", 1, "a")


def test_a_call_told_late_belongs_to_what_was_done_after_it(system, client_of):
    agent = client_of("agent")
    tell(system, abandoned("a", 0))
    row = ReturnCall.objects.get()
    assert agent.post(f"/api/v1/return-calls/{row.pk}/complete/", {"result": "Called from my mobile"}, format="json").status_code == 200
    tell(system, abandoned("b", 10))  # by its own clock before that
    row.refresh_from_db()
    assert (row.status, row.times_called, ReturnCall.objects.count()) == ("done", 2, 1)


def test_an_expired_one_swallows_no_call_that_is_told_late(system):
    tell(system, abandoned("a", 0))
    assert return_call_sweeps.expire(now=NOON + timedelta(hours=97)) == 1
    assert return_call_sweeps.expire(now=NOON + timedelta(hours=97)) == 0
    tell(system, abandoned("b", 95 * 60), now=NOON + timedelta(hours=97))
    assert sorted(ReturnCall.objects.values_list("status", "times_called")) == [("expired", 1), ("open", 1)]


# --- what is owed and what is not


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        ("missed", "missed"), ("abandoned", "abandoned"), ("voicemail", "voicemail"), ("overflow", "overflow"), ("after_hours", "after_hours"),
        ("callback_requested", "queue_callback"), ("answered", ""), ("blocked", ""), ("unknown", ""), ("busy", ""),
    ],
)  # fmt: skip
def test_which_outcomes_are_owed_a_call(system, outcome, reason):
    call = CallFactory(phone_system=system, outcome=outcome, answered_at=None, started_at=NOON, wait_s=40, customer_e164=CALLER)
    settling.settle([CALLER], call=call, now=NOON)
    assert [row.reason for row in ReturnCall.objects.all()] == ([reason] if reason else [])


def test_nothing_is_owed_to_who_hung_up_at_once_blocked_numbers_own_lines_and_hidden_ones(system):
    QueueFactory(slug="short", short_abandon_s=60)
    QueueFactory(slug="silent", return_calls=False)
    tell(system, abandoned("a", 0, waited_s=4))
    tell(system, abandoned("b", 1, queue="short"))
    tell(system, abandoned("c", 2, queue="silent"))
    tell(system, abandoned("d", 3, number="anonymous"))
    tell(system, abandoned("e", 4, number=LINE))
    ContactPhoneFactory(phone__e164="+74951110000", phone__is_blocked=True)
    tell(system, abandoned("f", 5, number="+74951110000"))
    tell(system, abandoned("g", -60 * 24 * 4))  # four days ago
    assert not ReturnCall.objects.exists()


def test_a_call_that_waited_longer_than_was_known_at_first_is_owed(system):
    tell(system, abandoned("a", 0, waited_s=3))
    assert not ReturnCall.objects.exists()
    tell(system, [told("call.queued", "a", -1, queue="support")])  # a spool that was kept back
    assert (ReturnCall.objects.get().reason, ReturnCall.objects.get().first_call_at) == ("abandoned", NOON - timedelta(minutes=1))


def test_who_asked_for_it_in_the_queue_keeps_the_place(system):
    events = abandoned("a", 3)
    events[1]["reason"] = "callback"
    tell(system, events + abandoned("b", 5))
    row = ReturnCall.objects.get()
    assert (row.reason, row.times_called, row.place_kept_from, row.urgent_at) == (
        "queue_callback",
        2,
        NOON + timedelta(minutes=3),
        NOON + timedelta(minutes=3),
    )


# --- until when


def calendar_of(*spans, **fields):
    week = [{"weekday": day, "opens": opens * 60, "closes": closes * 60} for day in range(5) for opens, closes in spans]
    return calendars.add(name="Hours", time_zone="UTC", week=week, by=None, now=NOON, **fields)


@pytest.mark.parametrize(
    ("called_at", "due_at"),
    [
        ("2026-11-23T09:00:00+00:00", "2026-11-23T10:00:00+00:00"),
        ("2026-11-23T11:30:00+00:00", "2026-11-23T13:30:00+00:00"),  # lunch from twelve to one
        ("2026-11-20T16:40:00+00:00", "2026-11-23T09:40:00+00:00"),  # Friday evening
        ("2026-12-24T16:30:00+00:00", "2026-12-29T09:30:00+00:00"),  # Christmas is on Friday, Boxing Day is kept on Monday
        ("2026-11-22T03:00:00+00:00", "2026-11-23T10:00:00+00:00"),  # in the night to Sunday
    ],
)
def test_the_term_is_in_the_opening_hours_of_the_queue(system, called_at, due_at):
    calendar = calendar_of((9, 12), (13, 17), country="GB", subdivision="ENG")
    QueueFactory(slug="support", calendar=calendar)
    began = datetime.fromisoformat(called_at)
    tell(system, abandoned("a", (began - NOON).total_seconds() / 60), now=began + timedelta(hours=1))
    assert ReturnCall.objects.get().due_at == datetime.fromisoformat(due_at)


def test_a_queue_without_hours_of_its_own_has_those_of_its_department(system):
    calendar = calendar_of((14, 18))
    QueueFactory(slug="support", department=DepartmentFactory(calendar=calendar), return_within_s=1800)
    tell(system, abandoned("a", 0))
    assert ReturnCall.objects.get().due_at == datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
