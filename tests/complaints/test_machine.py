"""Whatever is done with a complaint, in whatever order: its row, its clocks and its history stay true."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from complaints import handling, intake, transfers
from complaints.models import Clock, Complaint
from complaints.models.complaints import OPEN
from config.platform.errors import Refusal
from config.platform.models import AuditEvent, Role
from crm.models import Department
from tests.complaints.statuses import VERBS
from tests.factories.complaints import SLAPolicyFactory
from tests.factories.crm import ContactFactory, DepartmentFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def pass_on(complaint_id, **by) -> Complaint:
    """To another department than the one that has it."""
    other = Department.objects.exclude(complaints=complaint_id).order_by("pk").first()
    return transfers.transfer(complaint_id, department=other, reason="It is theirs.", **by).complaint


def accept(complaint_id, **by) -> Complaint:
    return transfers.accept(complaint_id, **by).complaint


def give_back(complaint_id, **by) -> Complaint:
    return transfers.give_back(complaint_id, reason="It is not ours.", **by).complaint


COMMANDS = {name: (act, needs) for name, (act, needs, _, _) in VERBS.items()} | {
    "worsen": (handling.alter, {"severity": "critical"}), "soften": (handling.alter, {"severity": "low", "impact": "one"}),
    "pass_on": (pass_on, {}), "accept": (accept, {}), "give_back": (give_back, {}),
}  # fmt: skip
STEPS = st.lists(
    st.tuples(st.sampled_from(sorted(COMMANDS)), st.integers(0, 3), st.sampled_from([0, 1, 59, 400, 1700, 20_000])), min_size=4, max_size=14
)


def rows(complaint: Complaint) -> tuple[Any, ...]:
    """Everything that a command may write."""
    return (
        Complaint.objects.filter(pk=complaint.pk).values().get(),
        list(Clock.objects.filter(complaint=complaint).order_by("pk").values()),
        AuditEvent.objects.filter(subject_id=complaint.pk).exclude(verb="breach").count(),  # a breach comes of the time, not of a command
        Complaint.objects.count(),
    )


def check(complaint: Complaint, verdicts: dict[Any, Any], now: datetime) -> None:
    row, clocks = Complaint.objects.get(pk=complaint.pk), list(Clock.objects.filter(complaint=complaint))
    assert row.due_at == min((one.due_at for one in clocks if one.state == "running"), default=None)
    assert row.breached_at == min((one.breached_at for one in clocks if one.breached_at), default=None)
    broken = any(one.is_breached(now) for one in clocks)
    assert row.is_breached(now) == broken == Complaint.objects.breached(now).filter(pk=row.pk).exists()
    assert Complaint.objects.not_breached(now).filter(pk=row.pk).exists() != broken
    assert row.status in OPEN or not any(one.state in ("running", "paused") for one in clocks)
    for one in clocks:
        verdict = (one.state, one.stopped_at, one.breached_at, one.overrun_s, one.spent_s)
        if one.stopped_at is not None:
            assert verdicts.setdefault(one.pk, verdict) == verdict, "a verdict is spoken once"
        if one.breached_at is not None:
            assert verdicts.setdefault((one.pk, "breach"), one.breached_at) == one.breached_at


@given(STEPS)
@settings(max_examples=15, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))  # to shrink takes minutes
def test_any_commands_in_any_order_keep_it_true(steps):
    with transaction.atomic():
        SLAPolicyFactory(position=2, pauses_for_third_party=True)
        SLAPolicyFactory(position=1, priorities=["urgent"], resolve_s=7200, inform_every_s=None)
        back, department = UserFactory(role=Role.BACK_OFFICE), DepartmentFactory()
        department.members.add(back)
        DepartmentFactory()
        people = [UserFactory(), UserFactory(role=Role.AGENT), UserFactory(role=Role.AGENT), back]
        now, verdicts = NOON, {}
        told = {"summary": "The lamp came broken", "contact": ContactFactory(), "department": department, "channel": "email"}
        complaint = intake.receive(**told, by=people[1], now=now)
        check(complaint, verdicts, now)
        for name, who, minutes in steps:
            now += timedelta(minutes=minutes)
            act, needs = COMMANDS[name]
            before = rows(complaint)
            try:
                done = act(complaint.pk, **needs, by=people[who], now=now)
            except Refusal:
                assert rows(complaint) == before, "what is refused changes nothing"
            else:
                after = rows(complaint)
                if done.pk != complaint.pk:  # it came back too late: a new one follows, and the old one stays as it is
                    assert done.follows_id == complaint.pk and after[:3] == before[:3]
                    complaint = done
                else:
                    assert after[0]["version"] == before[0]["version"] + 1
                    assert after[2] == before[2] + 1, "one event for a command"
            check(complaint, verdicts, now)
        transaction.set_rollback(True)
