"""Complaints of the demo: promises, a ladder, rules of where they go, and some weeks of complaints in every state."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from calls.demo.house import House
from calls.models import Call
from complaints import deciding, escalation_policies, handling, intake, messages, satisfaction, transfers
from complaints.models import Complaint, RootCause, RoutingRule, SLAPolicy
from config.platform import upkeep
from config.platform.models import User
from crm.models import Contact, Department, Order

SEED = 10002
HOUR = 3600
CAUSES = {
    "packing": "Packed badly", "courier": "The courier", "stock": "Stock was wrong", "invoice": "Wrong invoice", "promise": "We promised too much",
    "fault": "Faulty product",
}  # fmt: skip
#: topic: summary, description, remedy, root cause
STORIES: dict[str, list[tuple[str, str, str, str]]] = {
    "delivery-damaged": [
        ("The lamp came in pieces", "The box was wet, and the glass is broken.", "A new lamp.", "packing"),
        ("Scratched table top", "A scratch as long as a hand across the oak.", "A discount, or collect it.", "courier"),
        ("Two cups of six are broken", "Hardly any paper between them.", "The two cups.", "packing"),
    ],
    "delivery-late": [
        ("A week late, and nobody called", "Promised for Tuesday, then for Friday.", "When will it come?", "courier"),
        ("The courier was never at the door", "The tracking says that nobody was at home. We were.", "Deliver it today.", "courier"),
        ("Ordered for a birthday that is over", "It was in stock, said the page.", "The money back.", "stock"),
    ],
    "invoice": [
        ("The invoice names the wrong company", "It has gone to the tax office like this.", "A right one by Friday.", "invoice"),
        ("Charged twice for one order", "Two entries of the same amount on my card.", "One of them back.", "invoice"),
    ],
    "refund": [
        ("The refund has not come", "Sent back three weeks ago, you have signed for it.", "The refund.", "promise"),
        ("Warranty refused without a look", "It stopped after eleven months.", "A repair.", "fault"),
    ],
    "complaint": [("Waited forty minutes in the queue", "And then the line was cut.", "An apology.", "promise")],
}
ANSWERS = (
    "We have asked the warehouse and call you tomorrow.",
    "The courier looks for it; you hear from us by noon.",
    "Thank you, we look into it.",
)
INSIDE = ("Photographs are in. The box is one of the old ones.", "Third time from this depot.", "Accounts confirm it.")


@dataclass
class Scene:
    """What the steps share."""

    random: Random
    made: House
    departments: dict[str, Department]
    now: datetime

    def staff(self, name: str) -> User:
        return self.made.staff[name]


def load(made: House, *, now: datetime, say: Callable[[str], object]) -> None:
    """Furnish the departments and tell some weeks of complaints, each through the doors that everybody uses."""
    departments = {one.name: one for one in Department.objects.all()}
    scene = Scene(Random(SEED), made, departments, now)
    _furnish(scene)
    told = [_one(scene, number) for number in range(36)]
    say(f"{len(told)} complaints, {Complaint.objects.open().count()} of them open")


def _furnish(scene: Scene) -> None:
    admin, since = scene.staff("admin"), scene.now - timedelta(days=60)
    people = {
        "Warehouse": ["galina", "dina"],
        "Billing": ["galina", "pavel"],
        "Returns and warranty": ["galina", "lucia"],
        "Delivery": ["galina", "maria"],
    }
    for name, members in {**people, "First line": ["anna", "jonas"], "Customer care": ["sergei", "anna"]}.items():
        upkeep.alter(Department, scene.departments[name].pk, members=[scene.staff(one) for one in members], by=admin, now=since)
    for code, name in CAUSES.items():
        upkeep.add(RootCause, code=code, name=name, by=admin, now=since)
    ladder = escalation_policies.add(
        name="To whoever has it, then to the head", quiet_from=21 * 60, quiet_until=8 * 60, by=admin, now=since,
        levels=[
            {"offset_s": -HOUR, "target": "assignee"},
            {"offset_s": 0, "target": "duty"},
            {"offset_s": 4 * HOUR, "target": "head", "emails": True, "raises_priority": True},
        ],
    )  # fmt: skip
    rest: dict[str, Any] = {"escalation": ladder, "by": admin, "now": since}
    upkeep.add(
        SLAPolicy, name="Urgent", position=10, priorities=["urgent"], counted="always", acknowledge_s=HOUR // 2, assign_s=HOUR,
        first_response_s=2 * HOUR, resolve_s=24 * HOUR, inform_every_s=12 * HOUR, **rest,
    )  # fmt: skip
    upkeep.add(
        SLAPolicy, name="Usual", position=100, acknowledge_s=2 * HOUR, assign_s=4 * HOUR, first_response_s=8 * HOUR, resolve_s=40 * HOUR,
        inform_every_s=16 * HOUR, **rest,
    )  # fmt: skip
    topics = scene.made.topics
    for position, (name, codes, where, choice) in enumerate(
        [
            ("Damage goes to the warehouse", ["delivery-damaged"], "Warehouse", "round_robin"),
            ("Deliveries", ["delivery"], "Delivery", "least_busy"),
            ("Money", ["billing"], "Billing", "least_busy"),
            ("Everything else", [], "Customer care", "nobody"),
        ]
    ):
        upkeep.add(
            RoutingRule, name=name, position=10 * (position + 1), topics=[topics[code] for code in codes], department=scene.departments[where], choice=choice,
            by=admin, now=since,
        )  # fmt: skip


def _one(scene: Scene, number: int) -> Complaint:
    """A complaint, told some hours to weeks ago, and brought as far as its age allows."""
    random = scene.random
    code = random.choice(list(STORIES))
    summary, description, remedy, cause = random.choice(STORIES[code])
    age = timedelta(hours=number * number * 0.9 + random.random())
    at, agent = scene.now - age, scene.staff(random.choice(("anna", "pavel", "jonas", "maria")))
    call = (
        Call.objects.filter(contact__isnull=False, direction="inbound", state="ended").order_by("id")[number * 3 : number * 3 + 1].first()
    )
    contact = call.contact if call is not None else Contact.objects.order_by("id")[number]
    complaint = intake.receive(
        summary=summary, description=description, remedy_sought=remedy, contact=contact, topic=scene.made.topics[code],
        kind="claim" if code in ("refund", "invoice") else "complaint", severity=random.choice(("low", "medium", "medium", "high")),
        order=Order.objects.filter(contact=contact).first(), channel=random.choice(("call", "call", "call", "email")),
        origin={"kind": "call", "id": str(call.pk)} if call is not None else None, by=agent, now=at,
    )  # fmt: skip
    if number % 6 == 0:
        return complaint
    boss, step = scene.staff("sergei"), min(age / 10, timedelta(hours=random.uniform(0.3, 5)))
    if complaint.acknowledged_at is None:
        complaint = handling.acknowledge(complaint.pk, by=agent, now=at + step / 4)
    if complaint.assignee_id is None:
        complaint = handling.assign(complaint.pk, assignee=scene.staff("galina"), by=boss, now=at + step / 2)
    if number % 9 == 4 and complaint.department != scene.departments["Billing"]:
        transfers.transfer(
            complaint.pk, department=scene.departments["Billing"], reason="It is about the money only.", by=boss, now=at + step
        )
        if number % 2:
            return Complaint.objects.get(pk=complaint.pk)
        transfers.accept(complaint.pk, by=scene.staff("galina"), now=at + step * 1.5)
    worker = Complaint.objects.get(pk=complaint.pk).assignee or boss
    handling.start(complaint.pk, by=worker, now=at + step * 2)
    messages.write(complaint.pk, text=random.choice(ANSWERS), via="call", by=worker, now=at + step * 3)
    messages.write(complaint.pk, text=random.choice(INSIDE), by=worker, now=at + step * 3.5)
    if number % 5 == 2:
        return handling.wait_for_customer(complaint.pk, reason="Photographs of the damage", by=worker, now=at + step * 4)
    if number < 12:
        return Complaint.objects.get(pk=complaint.pk)
    return _finish(scene, complaint, worker, RootCause.objects.get(code=cause), at, step)


def _finish(scene: Scene, complaint: Complaint, worker: User, cause: RootCause, at: datetime, step: timedelta) -> Complaint:
    random = scene.random
    decision, redress, amount = random.choice(
        [
            ("upheld", "replacement", None),
            ("upheld", "refund", random.randint(8, 90) * 50),
            ("partly_upheld", "discount", 500),
            ("not_upheld", "none", None),
        ]
    )
    ruling: dict[str, Any] = {"redress_amount": amount, "currency": "RUB"} if amount else {}
    deciding.decide(
        complaint.pk, decision=decision, decision_text="Checked with the department and the courier.", redress=redress, root_cause=cause,
        by=worker, now=at + step * 5, **ruling,
    )  # fmt: skip
    deciding.communicate(complaint.pk, via="call", by=worker, now=at + step * 6)
    deciding.resolve(complaint.pk, by=worker, now=at + step * 6.5)
    closed = deciding.close(complaint.pk, corrective_action="Told the team.", by=worker, now=at + step * 7)
    if random.random() < 0.75:
        score = random.choice((5, 5, 4, 4, 3, 2))
        satisfaction.answer(satisfaction.current(closed).pk, score=score, is_solved=score > 2, by=scene.staff("anna"), now=at + step * 8)
    return closed
