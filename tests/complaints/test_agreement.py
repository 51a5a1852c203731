"""P5: of ten thousand promises the field, the filter, the report and the escalation say the same, and it is what counting minutes says."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random

import pytest

from complaints import clocks, escalation, promise_reports
from complaints.models import Clock, Complaint, EscalationStep, SLAPolicy
from complaints.models.clocks import Metric
from complaints.models.complaints import Status
from complaints.reports import Asked
from crm import business_time, calendars
from tests.factories.complaints import ComplaintFactory, EscalationLevelFactory, EscalationPolicyFactory, SLAPolicyFactory
from tests.factories.crm import ContactFactory, DepartmentFactory, TopicFactory
from tests.factories.platform import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
COMPLAINTS = 2000
FIRST, NOW = datetime(2026, 10, 21, tzinfo=UTC), datetime(2026, 10, 30, tzinfo=UTC)  # the clocks of Berlin go back on the 25th
MINUTE = timedelta(minutes=1)
TARGETS = ("acknowledge", "assign", "first_response", "resolve", "inform")


def minute(at: datetime) -> int:
    return int((at - FIRST) / MINUTE)


def world(random: Random):
    """Policies by the calendar and by every hour, with one rung at the due time; who could have a complaint."""
    ladder = EscalationPolicyFactory()
    EscalationLevelFactory(policy=ladder, number=1, offset_s=0, target="role", role="admin")
    UserFactory(role="admin")
    office = calendars.add(
        name="Office", time_zone="Europe/Berlin", by=None, now=FIRST,
        week=[{"weekday": day, "opens": opens, "closes": closes} for day in range(5) for opens, closes in ((540, 750), (810, 1080))],
    )  # fmt: skip
    for number, kind in enumerate(("complaint", "claim", "question", "suggestion")):
        hours = {f"{name}_s": random.randint(1, 40) * 5400 for name in ("acknowledge", "assign", "first_response", "resolve")}
        SLAPolicyFactory(
            kinds=[kind], position=number, escalation=ladder, inform_every_s=random.randint(4, 40) * 5400, calendar=office if number % 2 else None,
            counted="business" if number % 2 else "always", pauses_for_third_party=number > 1, **hours,
        )  # fmt: skip
    return calendars.hours_of(office)


def one_life(random: Random, policies: list[SLAPolicy], shared: dict, rules: clocks.Rules):
    """A complaint, its clocks as the doors would have left them, and what happened with it as we know it."""
    received = FIRST + random.randint(0, 8 * 1440) * MINUTE
    policy = random.choice(policies)
    complaint = ComplaintFactory.build(kind=policy.kinds[0], policy=policy, received_at=received, **shared)
    kept: dict[str, datetime] = {}
    rest = None
    at = received + random.randint(1, 3000) * MINUTE
    if at < NOW:
        kept = {metric: at for metric in ("acknowledge", "assign", "first_response") if random.random() < 0.5}
        if random.random() < 0.3:
            rest = at
    made, waits = [], random.choice((Status.WAITING_CUSTOMER, Status.WAITING_THIRD_PARTY))
    for metric in TARGETS:
        complaint.status = Status.RECEIVED  # as it was when the promise began
        clock = clocks._new(complaint, policy, Metric(metric), 1, policy.calendar, received, rules)
        complaint.status = waits if rest is not None else Status.RECEIVED
        clocks._note_breach(clock, at if at < NOW else received)
        if metric in kept:
            clocks.stop(clock, called_off=False, now=at, rules=rules)
        elif rest is not None and clocks._rests(complaint, policy):
            clocks._pause(clock, at)
        made.append(clock)
    return complaint, made, (received, kept, rest, complaint.status)


@pytest.mark.long
def test_ten_thousand_promises_are_told_alike_everywhere():
    random, rules = Random(5), clocks.Rules()
    hours = world(random)
    open_at = [business_time.is_open(hours, FIRST + one * MINUTE) for one in range(minute(NOW))]
    counted = {"business": [0, *accumulate(map(int, open_at))], "always": list(range(minute(NOW) + 1))}
    shared = {"contact": ContactFactory(), "department": DepartmentFactory(), "topic": TopicFactory(), "by": UserFactory()}
    policies = list(SLAPolicy.objects.select_related("calendar"))
    made = [one_life(random, policies, shared, rules) for _ in range(COMPLAINTS)]
    for number, (complaint, _, _) in enumerate(made):
        complaint.number = f"C-2026-{number:06d}"
    Complaint.objects.bulk_create(complaint for complaint, _, _ in made)
    Clock.objects.bulk_create(clock for _, some, _ in made for clock in some)
    for complaint, _, _ in made:
        clocks.summarise(complaint)
    Complaint.objects.bulk_update([complaint for complaint, _, _ in made], ["due_at", "breached_at"])
    lives = {complaint.pk: life for complaint, _, life in made}
    rows = list(Clock.objects.select_related("policy"))
    assert len(rows) == COMPLAINTS * len(TARGETS)

    broken = set()
    for row in rows:
        received, kept, rest, status = lives[row.complaint_id]
        sums = counted[row.policy.counted]
        rests = rest is not None and (status == Status.WAITING_CUSTOMER or row.policy.pauses_for_third_party)
        until = minute(min(filter(None, (NOW, kept.get(row.metric), rest if rests else None))))
        if sums[until] - sums[minute(received)] >= row.target_s // 60:
            broken.add(row.pk)

    def everywhere() -> dict[str, object]:
        _report, totals = promise_reports.promises(Asked(FIRST, NOW + MINUTE), [FIRST, NOW + MINUTE], now=NOW)
        return {
            "field": {row.pk for row in Clock.objects.all() if row.is_breached(NOW)},
            "filter": set(Clock.objects.breached(NOW).values_list("pk", flat=True)),
            "report": {line["metric"]: line["missed"] for line in totals},
            "complaints": {row.pk for row in Complaint.objects.all() if row.is_breached(NOW)},
            "list": set(Complaint.objects.breached(NOW).values_list("pk", flat=True)),
            "others": set(Complaint.objects.all().values_list("pk", flat=True)) - set(Complaint.objects.not_breached(NOW).values_list("pk", flat=True)),
        }  # fmt: skip

    by_metric = Counter(row.metric for row in rows if row.pk in broken)
    of_complaints = {row.complaint_id for row in rows if row.pk in broken}
    expected = {
        "field": broken, "filter": broken, "report": {metric: by_metric[metric] for metric in TARGETS},
        "complaints": of_complaints, "list": of_complaints, "others": of_complaints,
    }  # fmt: skip
    assert 2000 < len(broken) < 8000
    assert everywhere() == expected, "before the sweep"
    while escalation.tend(now=NOW):
        pass
    assert everywhere() == expected, "after the sweep"
    assert set(Clock.objects.exclude(breached_at=None).values_list("pk", flat=True)) == broken
    running = {row.pk for row in rows if row.state == "running"}
    assert set(EscalationStep.objects.filter(fired_at=NOW).values_list("clock", flat=True)) == broken & running
