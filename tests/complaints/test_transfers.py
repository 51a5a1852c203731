"""Passing complaints on: they move at once, the department answers, and no transfer gives anybody time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints import clocks, transfers
from complaints.models import Complaint, ComplaintTransfer
from complaints.models.complaints import Status
from complaints.ownership import NotYourComplaint
from config.platform.models import AuditEvent, FeedMessage
from config.platform.moves import TransitionNotAllowed
from tests.factories.complaints import ComplaintFactory, ComplaintTransferFactory, SLAPolicyFactory
from tests.factories.crm import DepartmentFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def department_of(*people):
    department = DepartmentFactory()
    department.members.set(people)
    return department


def received(**fields) -> Complaint:
    complaint = ComplaintFactory(received_at=NOON, **fields)
    clocks.begin(complaint, now=NOON)
    complaint.save()
    return complaint


def passed(complaint, department, by, at=NOON + HOUR, **rest) -> ComplaintTransfer:
    return transfers.transfer(complaint.pk, department=department, reason="It is about a bill.", by=by, now=at, **rest)


def going(complaint) -> dict:
    return {one.metric: (one.started_at, one.due_at, one.cycle) for one in complaint.clocks.filter(state="running")}


def told(kind: str) -> set:
    return set(FeedMessage.objects.filter(kind=kind).values_list("recipient", flat=True))


def test_a_transfer_moves_the_complaint_at_once_and_tells_those_who_get_it():
    SLAPolicyFactory()
    boss, owner, there = UserFactory(), UserFactory(role="back_office"), UserFactory(role="back_office")
    complaint, target = received(assigned=True, assignee=owner, department=department_of(owner)), department_of(there)
    before, was = going(complaint), complaint.due_at
    row = passed(complaint, target, boss)
    complaint.refresh_from_db()
    assert (complaint.department, complaint.assignee, complaint.status) == (target, None, "acknowledged")
    assert (row.state, row.from_assignee, row.is_ping_pong, complaint.ping_pongs) == ("asked", owner, False, 0)
    after = going(complaint)
    assert after.pop("assign") == (NOON + HOUR, NOON + 3 * HOUR, 2), "nobody has it any more: somebody is owed anew"
    assert after == before and complaint.due_at == min(due for _, due, _ in going(complaint).values()) <= was
    assert told("complaint.transferred") >= {there.pk, owner.pk} and boss.pk not in told("complaint.transferred")
    assert AuditEvent.objects.get(subject_id=complaint.pk, verb="transfer").reason == "It is about a bill."


def test_the_department_takes_it_and_whoever_takes_it_has_it():
    boss, there = UserFactory(), UserFactory(role="back_office")
    complaint = received()
    passed(complaint, department_of(there), boss)
    row = transfers.accept(complaint.pk, by=there, now=NOON + 2 * HOUR)
    complaint.refresh_from_db()
    assert (complaint.assignee, complaint.status) == (there, "assigned")
    assert (row.state, row.answered_by, row.answered_at) == ("accepted", there, NOON + 2 * HOUR)
    assert told("complaint.accepted") == {boss.pk}
    with pytest.raises(transfers.NoTransferWaits):
        transfers.accept(complaint.pk, by=there, now=NOON + 2 * HOUR)


def test_what_is_returned_is_again_with_whoever_had_it_and_counts_as_ping_pong():
    boss, owner, there = UserFactory(), UserFactory(role="back_office"), UserFactory(role="back_office")
    home = department_of(owner)
    complaint = received(assigned=True, assignee=owner, department=home)
    passed(complaint, department_of(there), boss)
    row = transfers.give_back(complaint.pk, reason="Not ours.", by=there, now=NOON + 2 * HOUR)
    complaint.refresh_from_db()
    assert (complaint.department, complaint.assignee, complaint.status, complaint.ping_pongs) == (home, owner, "assigned", 1)
    assert (row.state, row.answer) == ("returned", "Not ours.")
    assert told("complaint.returned") >= {owner.pk, boss.pk}


def test_a_person_that_is_named_has_it_at_once_and_the_department_may_still_return_it():
    SLAPolicyFactory()
    complaint, person = received(department=None), UserFactory(role="back_office")
    passed(complaint, department_of(person), UserFactory(), person=person)
    complaint.refresh_from_db()
    assert (complaint.assignee, complaint.status) == (person, "assigned")
    assert complaint.clocks.get(metric="assign").state == "met"
    transfers.give_back(complaint.pk, reason="On leave.", by=person, now=NOON + 2 * HOUR)
    complaint.refresh_from_db()
    assert (complaint.department, complaint.assignee, complaint.status) == (None, None, "received")
    assert complaint.clocks.get(metric="assign", cycle=2).started_at == NOON + 2 * HOUR


def test_a_department_that_gets_back_what_it_had_is_counted_and_the_open_transfer_is_overtaken():
    boss, home = UserFactory(), DepartmentFactory()
    complaint, second = received(department=home), DepartmentFactory()
    first = passed(complaint, second, boss)
    again = passed(complaint, home, boss)
    third = passed(complaint, DepartmentFactory(), boss)
    complaint.refresh_from_db()
    assert [first.is_ping_pong, again.is_ping_pong, third.is_ping_pong] == [False, True, False]
    assert complaint.ping_pongs == 1
    assert list(complaint.transfers.values_list("state", flat=True)) == ["overtaken", "overtaken", "asked"]
    transfers.settle(complaint, NOON + 3 * HOUR)
    assert not complaint.transfers.waiting().exists()
    with pytest.raises(transfers.AlreadyInDepartment):
        passed(complaint, complaint.department, boss)


def test_somebody_of_the_department_who_gets_it_otherwise_has_accepted_it():
    boss, there, stranger = UserFactory(), UserFactory(role="back_office"), UserFactory(role="back_office")
    complaint = received()
    passed(complaint, department_of(there), boss)
    for person, state in ((stranger, "asked"), (there, "accepted")):
        complaint.refresh_from_db()
        complaint.assignee = person
        transfers.taken(complaint, by=boss, now=NOON + 2 * HOUR)
        assert complaint.transfers.get().state == state
    transfers.taken(complaint, by=boss, now=NOON + 3 * HOUR)
    assert complaint.transfers.get().answered_at == NOON + 2 * HOUR


def test_waiting_for_the_customer_ends_with_a_transfer():
    SLAPolicyFactory(assign_s=None, first_response_s=None, inform_every_s=None)
    complaint = received(in_progress=True)
    complaint.status = Status.WAITING_CUSTOMER
    clocks.follow(complaint, now=NOON + HOUR)
    complaint.save()
    passed(complaint, DepartmentFactory(), UserFactory(), at=NOON + 3 * HOUR)
    complaint.refresh_from_db()
    assert complaint.due_at == NOON + 26 * HOUR, "the two hours of rest are given, and no more"


def test_who_may_pass_on_and_who_may_answer():
    owner, member, stranger, supervisor = (UserFactory(role=role) for role in ("back_office", "back_office", "agent", "supervisor"))
    head = UserFactory(role="back_office")
    home, target = department_of(owner), department_of(member)
    target.head = head
    target.save()
    complaint = received(assigned=True, assignee=owner, department=home)
    with pytest.raises(NotYourComplaint):
        passed(complaint, target, stranger)
    for answers in (member, head, supervisor):
        passed(complaint, target, owner)
        for someone in (stranger, owner):
            for verb in (transfers.accept, lambda *a, **k: transfers.give_back(*a, reason="No.", **k)):
                with pytest.raises(transfers.NotYourTransfer):
                    verb(complaint.pk, by=someone, now=NOON + HOUR)
        transfers.give_back(complaint.pk, reason="Not ours.", by=answers, now=NOON + HOUR)
    passed(received(), target, stranger)  # nobody has it: an operator may
    over = ComplaintFactory(resolved=True)
    for verb in (lambda: passed(over, target, supervisor), lambda: transfers.accept(over.pk, by=supervisor, now=NOON)):
        with pytest.raises(TransitionNotAllowed):
            verb()


STEPS = st.lists(
    st.tuples(st.sampled_from(["transfer", "to person", "accept", "return"]), st.integers(0, 2), st.integers(1, 90)), max_size=8
)


@settings(max_examples=15, deadline=None)
@given(steps=STEPS)
def test_however_often_it_is_passed_no_clock_is_set_back(steps):
    """P5: what goes, goes on with the same start and the same due time, whoever passes it to whomever, breached or not."""
    SLAPolicyFactory(acknowledge_s=600, assign_s=1800, first_response_s=3600, resolve_s=4 * 3600)
    boss = UserFactory()
    departments = [DepartmentFactory() for _ in range(3)]
    complaint, at = received(department=departments[0]), NOON
    for step, where, minutes in steps:
        at += minutes * MINUTE
        before = going(complaint)
        try:
            if step == "accept":
                transfers.accept(complaint.pk, by=boss, now=at)
            elif step == "return":
                transfers.give_back(complaint.pk, reason="No.", by=boss, now=at)
            else:
                passed(complaint, departments[where], boss, at=at, person=boss if step == "to person" else None)
        except (transfers.AlreadyInDepartment, transfers.NoTransferWaits):
            assert going(complaint) == before
            continue
        complaint.refresh_from_db()
        after = going(complaint)
        for metric, clock in before.items():
            assert after.get(metric, clock) == clock, metric
            assert metric in after or (metric == "assign" and complaint.assignee_id is not None)
        assert set(after) - set(before) <= {"assign"}
        assert ("assign" in after) == (complaint.assignee_id is None), "nobody has it: that somebody gets it is owed"
        assert complaint.due_at == min(due for _, due, _ in after.values())
        assert complaint.transfers.waiting().count() <= 1
    ComplaintTransfer.objects.all().delete()
    Complaint.objects.all().delete()


def test_the_back_office_sees_the_transfers_of_what_it_sees():
    person = UserFactory(role="back_office")
    seen = ComplaintTransferFactory(complaint__department=department_of(person))
    ComplaintTransferFactory()
    assert list(ComplaintTransfer.objects.visible_to(person)) == [seen]
    assert ComplaintTransfer.objects.visible_to(UserFactory(role="agent")).count() == 2
