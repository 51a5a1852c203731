"""P6: whoever should hear of a promise hears of it, once, and not at midnight; a sweep that comes late catches up sensibly."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from complaints import clocks, escalation, escalation_actions, escalation_policies, transfers
from complaints.models import Clock, Complaint, ComplaintTransfer, EscalationStep
from config.platform.models import AuditEvent, FeedMessage, Letter, OutboxEvent
from crm import calendars
from tests.factories.calendars import CalendarFactory
from tests.factories.complaints import (
    ComplaintFactory,
    EscalationLevelFactory,
    EscalationPolicyFactory,
    EscalationStepFactory,
    SLAPolicyFactory,
    WatcherFactory,
)
from tests.factories.crm import DepartmentFactory, TeamFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
DUE = NOON + 24 * HOUR
ONLY_RESOLVE = {"acknowledge_s": None, "assign_s": None, "first_response_s": None, "inform_every_s": None}


def promise(policy=None, **fields):
    """The promise to solve within 24 hours, escalated by ``policy``: by default an hour before it, at it, an hour after it."""
    return SLAPolicyFactory(escalation=policy or EscalationPolicyFactory(levels=3), **ONLY_RESOLVE, **fields)


def received(at=NOON, **fields) -> Complaint:
    complaint = ComplaintFactory(received_at=at, **{"assignee": UserFactory()} | fields)
    clocks.begin(complaint, now=at)
    complaint.save()
    return complaint


def policy_of(*levels, **fields):
    policy = EscalationPolicyFactory(**fields)
    for number, level in enumerate(levels, 1):
        EscalationLevelFactory(policy=policy, number=number, **{"counted": "wall", "target": "leads"} | level)
    return policy


def steps(complaint) -> list[tuple[int, int, bool]]:
    """The steps that are there: level, round, whether it was fired."""
    rows = EscalationStep.objects.filter(complaint=complaint).order_by("number", "round")
    return [(row.number, row.round, row.fired_at is not None) for row in rows]


def told(kind: str) -> list:
    return list(FeedMessage.objects.filter(kind=kind).order_by("id").values_list("recipient", flat=True))


def sweep(at, limit=500) -> int:
    return escalation.tend(now=at, limit=limit)


def test_a_promise_warns_breaks_and_is_escalated_each_at_its_time_and_once():
    head = UserFactory(role="supervisor")
    promise()
    complaint = received(department=DepartmentFactory(head=head))
    keeper = complaint.assignee_id
    for at in (NOON + 17 * HOUR, NOON + 18 * HOUR, NOON + 18 * HOUR, NOON + 23 * HOUR, NOON + 23 * HOUR, DUE, DUE, DUE + HOUR, DUE + HOUR):
        sweep(at)
    assert told("complaint.due_soon") == [keeper]
    assert sorted(told("complaint.breached")) == sorted([keeper, head.pk])
    assert told("complaint.escalated") == [head.pk] * 3
    assert steps(complaint) == [(1, 0, True), (2, 0, True), (3, 0, True)]
    complaint.refresh_from_db()
    clock = complaint.clocks.get()
    assert (complaint.breached_at, clock.breached_at, clock.warned_at) == (DUE, DUE, NOON + 18 * HOUR)
    assert clock.next_step_at is None and sweep(DUE + 99 * HOUR) == 0
    assert list(OutboxEvent.objects.values_list("type", "subject_id")) == [("complaint.breached", complaint.pk)]
    assert list(AuditEvent.objects.filter(subject_id=complaint.pk).order_by("id").values_list("verb", flat=True)) == [
        "fire_step", "breach", "fire_step", "fire_step",
    ]  # fmt: skip


def test_a_sweep_three_days_late_fires_the_highest_level_only_and_writes_the_others_down():
    promise()
    head = UserFactory(role="supervisor")
    complaint = received(department=DepartmentFactory(head=head))
    sweep(DUE + 72 * HOUR)
    sweep(DUE + 72 * HOUR)
    assert steps(complaint) == [(1, 0, False), (2, 0, False), (3, 0, True)]
    assert set(EscalationStep.objects.filter(fired_at=None).values_list("skipped_because", flat=True)) == {"overtaken"}
    assert told("complaint.escalated") == [head.pk]
    assert sorted(told("complaint.breached")) == sorted([head.pk, complaint.assignee_id])
    assert told("complaint.due_soon") == []  # it is too late to warn


def test_a_clock_of_the_machine_that_jumps_there_and_back_changes_nothing():
    promise()
    complaint = received()
    for at in (DUE, DUE - 72 * HOUR, DUE, DUE + HOUR, NOON, DUE + HOUR):
        sweep(at)
    assert steps(complaint) == [(1, 0, False), (2, 0, True), (3, 0, True)]
    assert complaint.clocks.get().breached_at == DUE


@pytest.mark.parametrize("breaks_quiet", [False, True])
def test_nobody_is_woken_in_quiet_hours_unless_the_level_says_so(breaks_quiet):
    policy = policy_of(
        {"offset_s": 0, "breaks_quiet": False}, {"offset_s": 60, "breaks_quiet": breaks_quiet}, quiet_from=22 * 60, quiet_until=7 * 60
    )
    promise(policy, resolve_s=9 * 3600)
    complaint = received()  # due at 21:00, the second level a minute later; the sweep sleeps until after 22:00
    night, morning = NOON.replace(hour=23), (NOON + 24 * HOUR).replace(hour=7)
    sweep(night)
    assert steps(complaint) == ([(1, 0, False), (2, 0, True)] if breaks_quiet else [])
    if not breaks_quiet:
        assert complaint.clocks.get().next_step_at == morning  # nothing to look at until then
        sweep(night)
        assert steps(complaint) == []
        sweep(morning)
        assert steps(complaint) == [(1, 0, False), (2, 0, True)]


def test_a_level_repeats_until_somebody_takes_it_on():
    policy = policy_of({"offset_s": 0, "repeat_every_s": 3600, "repeat_times": 5}, {"offset_s": 10 * 3600})
    promise(policy)
    complaint = received()
    for hours in range(3):
        sweep(DUE + hours * HOUR)
    assert steps(complaint) == [(1, 0, True), (1, 1, True), (1, 2, True)]
    step = EscalationStep.objects.filter(round=2).get()
    by = UserFactory(role="supervisor")
    escalation.acknowledge(step.pk, by=by, now=DUE + 2.5 * HOUR)
    sweep(DUE + 99 * HOUR)
    assert len(steps(complaint)) == 3
    assert {row.acknowledged_by_id for row in EscalationStep.objects.all()} == {by.pk}
    with pytest.raises(escalation.EscalationNotOpen):
        escalation.acknowledge(step.pk, by=by, now=DUE + 3 * HOUR)


def test_only_whoever_it_concerns_takes_an_escalation_on():
    told_of_it = UserFactory(role="agent")
    promise(policy_of({"offset_s": 0, "target": "person", "person": told_of_it}))
    received()
    sweep(DUE)
    step = EscalationStep.objects.get()
    with pytest.raises(escalation.NotYourEscalation):
        escalation.acknowledge(step.pk, by=UserFactory(role="agent"), now=DUE)
    assert escalation.acknowledge(step.pk, by=told_of_it, now=DUE).acknowledged_at == DUE


def test_what_is_answered_is_escalated_no_further():
    promise()
    complaint = received()
    sweep(DUE)
    complaint.refresh_from_db()
    complaint.status, complaint.ended_at, complaint.decision, complaint.decided_at = "resolved", DUE, "upheld", DUE
    clocks.follow(complaint, now=DUE + HOUR / 2)
    complaint.save()
    sweep(DUE + 9 * HOUR)
    assert steps(complaint) == [(1, 0, False), (2, 0, True)]
    assert EscalationStep.objects.open().count() == 0


def test_a_level_names_the_people_it_means_and_those_who_lead_when_there_are_none():
    head, lead, member, agent, everybody = (UserFactory(role="supervisor") for _ in range(5))
    department = DepartmentFactory(head=head)
    TeamFactory(department=department, lead=lead)
    other = TeamFactory()
    other.members.set([member])
    gone = UserFactory(is_active=False)
    cases = {
        "assignee": ({"target": "assignee"}, [agent]),
        "duty": ({"target": "duty"}, [member]),
        "head": ({"target": "head"}, [head]),
        "leads": ({"target": "leads"}, [head, lead]),
        "team": ({"target": "team", "team": other}, [member]),
        "person": ({"target": "person", "person": everybody}, [everybody]),
        "role": ({"target": "role", "role": "back_office"}, [head, lead]),  # nobody is: those who lead
        "gone": ({"target": "person", "person": gone}, [head, lead]),
    }
    department.members.set([member])
    found = {}
    for name, (level, _) in cases.items():
        SLAPolicy = promise(policy_of({"offset_s": 0, **level}))
        complaint = received(department=department, assignee=agent)
        sweep(DUE)
        found[name] = sorted(EscalationStep.objects.get(complaint=complaint).told)
        SLAPolicy.is_active = False
        SLAPolicy.save()
    assert found == {name: sorted(one.pk for one in people) for name, (_, people) in cases.items()}


def test_a_step_writes_letters_raises_the_priority_gives_it_to_whoever_is_on_duty_and_tells_other_systems():
    urgent = SLAPolicyFactory(position=1, priorities=["high"], **ONLY_RESOLVE)
    promise(
        policy_of({"offset_s": -3600, "target": "duty", "emails": True, "raises_priority": True, "reassigns": True, "tells_systems": True})
    )
    on_duty = UserFactory(role="back_office", email="duty@example.com")
    department = DepartmentFactory()
    department.members.set([on_duty])
    complaint = received(department=department, status="acknowledged", acknowledged_at=NOON)
    sweep(DUE - HOUR)
    sweep(DUE - HOUR)
    complaint.refresh_from_db()
    assert (complaint.priority, complaint.assignee, complaint.status, complaint.policy) == ("high", on_duty, "assigned", urgent)
    step = EscalationStep.objects.get()
    assert step.did == ["notified", "systems_told", "emailed", "priority_raised", "reassigned"]
    letter = Letter.objects.get()
    assert letter.recipient == on_duty and complaint.number in letter.subject and letter.contact == complaint.contact_id
    assert OutboxEvent.objects.get(type="complaint.escalated").data["told"] == [str(on_duty.pk)]
    assert OutboxEvent.objects.get(type="complaint.assigned").subject_version == complaint.version
    moved = AuditEvent.objects.get(subject_id=complaint.pk, verb="escalate")
    assert moved.facts["clocks"]["policy"][1] == str(urgent)


def test_a_step_passes_the_complaint_to_another_department_and_its_clocks_go_on():
    other = DepartmentFactory()
    promise(policy_of({"offset_s": 0, "transfers_to": other}))
    complaint = received(status="in_progress", acknowledged_at=NOON)
    sweep(DUE)
    assert ComplaintTransfer.objects.get().to_department == other
    assert (EscalationStep.objects.get().did, complaint.clocks.get(metric="resolve").due_at) == (["notified", "transferred"], DUE)


def test_what_cannot_be_done_is_written_on_its_step_and_stops_nothing(monkeypatch, caplog):
    promise(policy_of({"offset_s": 0, "raises_priority": True}))
    bad, good = received(), received()
    real = clocks.rematch

    def rematch(complaint, **rest):
        if complaint.pk == bad.pk:
            Complaint.objects.raw("SELECT 1/0 AS id")[0]
        return real(complaint, **rest)

    monkeypatch.setattr(escalation_actions.clocks, "rematch", rematch)
    sweep(DUE)
    sweep(DUE)
    did = dict(EscalationStep.objects.values_list("complaint", "did"))
    assert did == {bad.pk: ["notified", "failed"], good.pk: ["notified", "priority_raised"]}
    assert "escalation_not_carried_out" in caplog.text


def test_a_clock_that_cannot_be_reckoned_is_set_aside_and_stops_no_other(caplog):
    promise()
    bad, good = received(), received()
    Clock.objects.filter(complaint=bad).update(pauses=["nonsense"])
    sweep(DUE)
    assert (steps(bad), steps(good)) == ([], [(1, 0, False), (2, 0, True)])
    assert bad.clocks.get().next_step_at == DUE + escalation.SET_ASIDE
    assert "clock_not_tended" in caplog.text


def test_a_breach_that_a_change_noted_first_is_told_all_the_same():
    promise()
    watcher = UserFactory()
    complaint = received()
    WatcherFactory(complaint=complaint, user=watcher)
    complaint.summary = "The lamp came broken, twice"
    clocks.follow(complaint, now=DUE + HOUR / 10)
    complaint.save()
    assert complaint.clocks.get().breached_at == DUE
    sweep(DUE + HOUR / 5)
    sweep(DUE + HOUR / 5)
    assert told("complaint.breached").count(watcher.pk) == 1


def test_a_hundred_cost_as_many_statements_as_one():
    promise()
    counts = []
    for many in (1, 100):
        department = DepartmentFactory(head=UserFactory(role="supervisor"))
        for _ in range(many):
            received(department=department)
        with CaptureQueriesContext(connection) as asked:
            assert sweep(DUE) == many
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 32


def test_a_policy_that_is_changed_is_laid_against_the_promises_that_run():
    policy = policy_of({"offset_s": 9 * 3600})
    promise(policy)
    complaint = received()
    sweep(DUE)
    level = {"offset_s": 3600, "counted": "wall", "target": "leads"}
    escalation_policies.alter(policy.pk, levels=[level, level | {"offset_s": 7200}], by=None, now=DUE)
    assert escalation_policies.lay_anew(now=DUE) == 1
    assert escalation_policies.lay_anew(now=DUE) == 0
    assert complaint.clocks.get().next_step_at == DUE + HOUR
    sweep(DUE + HOUR)
    sweep(DUE + 2 * HOUR)
    assert steps(complaint) == [(1, 0, True), (2, 0, True)]
    escalation_policies.alter(policy.pk, is_active=False, by=None, now=DUE)
    assert escalation_policies.lay_anew(now=DUE) == 1


def test_a_preview_tells_what_the_sweep_will_do():
    policy = policy_of(
        {"offset_s": -3600},
        {"offset_s": 0, "repeat_every_s": 7200, "repeat_times": 2},
        {"offset_s": 3 * 3600},
        quiet_from=600,
        quiet_until=700,
    )
    promise(policy)
    complaint = received()
    plan = escalation_policies.preview(policy, metric="resolve", target_s=24 * 3600, started_at=NOON, always=True, now=NOON)
    assert plan.due_at == DUE
    at = NOON
    while at < DUE + 12 * HOUR:
        sweep(at)
        at += timedelta(minutes=10)
    fired = EscalationStep.objects.filter(complaint=complaint, fired_at__isnull=False).order_by("fired_at")
    assert [(one.level.number, one.round, one.at) for one in plan.steps if not one.is_passed_over] == [
        (one.number, one.round, one.fired_at) for one in fired
    ]
    assert [(one.level.number, one.round) for one in plan.steps if one.is_passed_over] == [(2, 2)]


def test_two_promises_of_one_complaint_that_are_late_in_one_sweep_each_do_what_is_left_to_do():
    other, first, second, watcher = DepartmentFactory(), UserFactory(), UserFactory(), UserFactory()
    level = {"offset_s": 0, "target": "person", "person": first, "raises_priority": True, "reassigns": True, "notifies": False}
    SLAPolicyFactory(escalation=policy_of(level), **ONLY_RESOLVE | {"first_response_s": 3600})
    complaint = received(priority="high", assignee=second, status="assigned")
    WatcherFactory(complaint=complaint, user=watcher)
    sweep(DUE)
    complaint.refresh_from_db()
    assert (complaint.priority, complaint.assignee) == ("urgent", first)
    assert sorted(EscalationStep.objects.values_list("did", flat=True)) == [[], ["priority_raised", "reassigned"]]
    assert told("complaint.assigned") == [first.pk]
    assert sorted(told("complaint.changed")) == sorted([second.pk, watcher.pk])
    EscalationLevelFactory(policy=complaint.policy.escalation, number=2, offset_s=3600, counted="wall", transfers_to=other)
    EscalationStep.objects.all().delete()
    Clock.objects.update(next_step_at=DUE)
    sweep(DUE + HOUR)
    assert ComplaintTransfer.objects.count() == 1
    assert sorted(EscalationStep.objects.filter(number=2).values_list("did", flat=True)) == [["notified"], ["notified", "transferred"]]


def test_whoever_is_given_what_was_passed_to_their_department_takes_it_over():
    member, program = UserFactory(), UserFactory(role="integration")
    there = DepartmentFactory()
    there.members.set([member])
    promise(policy_of({"offset_s": 0, "target": "role", "role": "integration", "reassigns": True}, {"offset_s": 60, "target": "duty", "reassigns": True}))  # fmt: skip
    complaint = received(status="acknowledged", acknowledged_at=NOON, assignee=None)
    transfer = transfers.transfer(complaint.pk, department=there, reason="A bill.", by=UserFactory(), now=NOON)
    sweep(DUE)
    complaint.refresh_from_db()
    assert complaint.assignee_id is None and program.is_active, "a program cannot have it in hand"
    sweep(DUE + HOUR)
    complaint.refresh_from_db()
    transfer.refresh_from_db()
    assert (complaint.assignee, transfer.state) == (member, "accepted")


def test_a_promise_that_cannot_be_laid_anew_stops_no_other():
    policy = policy_of({"offset_s": 9 * 3600})
    promise(policy)
    bad, good = received(), received()
    Clock.objects.filter(complaint=bad).update(pauses=["nonsense"])
    escalation_policies.alter(policy.pk, levels=[{"offset_s": 3600, "counted": "wall", "target": "leads"}], by=None, now=NOON)
    Clock.objects.filter(complaint=good).update(next_step_at=None)
    assert [escalation_policies.lay_anew(now=NOON) for _ in range(2)] == [2, 0]
    assert (bad.clocks.get().next_step_at, good.clocks.get().next_step_at) == (NOON, NOON + 18 * HOUR)


def test_quiet_hours_are_those_of_the_department_wherever_its_calendar_is():
    policy = policy_of({"offset_s": 0}, quiet_from=21 * 60, quiet_until=8 * 60)
    department = DepartmentFactory(time_zone="Asia/Vladivostok")  # ten hours before UTC
    calendar = CalendarFactory(time_zone="UTC", country="")
    calendars.alter(calendar.pk, week=[{"weekday": day, "opens": 0, "closes": 1440} for day in range(7)], by=None, now=NOON)
    promise(policy, counted="business", calendar=calendar)
    complaint = received(department=department, at=NOON + 3 * HOUR)
    clock = complaint.clocks.get()
    assert clock.due_at == DUE + 3 * HOUR, "at one in the night, there"
    sweep(DUE + 3 * HOUR)
    assert steps(complaint) == []
    plan = escalation_policies.preview(
        policy, metric="resolve", target_s=24 * 3600, started_at=NOON + 3 * HOUR, calendar=clock.calendar, department=department, now=NOON
    )
    assert ([one.at for one in plan.steps], plan.time_zone) == ([DUE + 10 * HOUR], "Asia/Vladivostok")
    sweep(DUE + 10 * HOUR)
    assert steps(complaint) == [(1, 0, True)]


def test_whoever_is_told_of_a_complaint_sees_it():
    clerk = UserFactory(role="back_office")
    step = EscalationStepFactory()
    assert not Complaint.objects.visible_to(clerk).exists()
    EscalationStep.objects.filter(pk=step.pk).update(told=[clerk.pk])
    assert list(Complaint.objects.visible_to(clerk)) == [step.complaint]
