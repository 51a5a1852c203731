"""Recipes of complaints: received, handled, ended."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from complaints import intake
from complaints.models import Complaint
from tests.contract.recipes.asked import Asked, recipe
from tests.factories.calls import CallFactory
from tests.factories.complaints import ComplaintFactory, RootCauseFactory, SLAPolicyFactory
from tests.factories.crm import ContactFactory, DepartmentFactory, TopicFactory
from tests.factories.offers import ProductFactory
from tests.factories.orders import OrderFactory
from tests.factories.platform import UserFactory


def received(**fields: Any) -> Complaint:
    """A complaint as it comes in, with a clock of every promise."""
    SLAPolicyFactory()
    told = {
        "contact": ContactFactory(phones=True), "summary": "The lamp came broken", "topic": TopicFactory(), "department": DepartmentFactory(),
        "product": ProductFactory(), "origin": {"kind": "call", "id": CallFactory().pk},
    }  # fmt: skip
    return intake.receive(**told, **fields, by=UserFactory(), now=timezone.now())


def ruling() -> dict[str, Any]:
    return {
        "decision": "upheld", "decision_text": "A new lamp is sent.", "redress": "replacement", "redress_amount": "49.90", "currency": "EUR",
        "root_cause": RootCauseFactory().code, "corrective_action": "Double boxes.",
    }  # fmt: skip


@recipe("complaints_list")
def some_complaints() -> Asked:
    received(), ComplaintFactory(resolved=True), ComplaintFactory(closed=True, root_cause=RootCauseFactory())
    return Asked()


@recipe("complaints_retrieve")
def a_complaint() -> Asked:
    return Asked(received())


@recipe("complaints_create")
def new_complaint() -> Asked:
    SLAPolicyFactory()
    order = OrderFactory()
    return Asked(
        body={
            "contact": str(order.contact_id), "order": str(order.pk), "phone": "8 (495) 123-45-67", "topic": TopicFactory().code,
            "summary": "The lamp came broken", "severity": "high", "impact": "several", "amount_claimed": "49.90",
            "department": str(DepartmentFactory().pk), "origin": {"kind": "call", "id": str(CallFactory().pk)}, "solve": ruling(),
        }
    )  # fmt: skip


@recipe("complaints_partial_update")
def change() -> Asked:
    complaint = received()
    SLAPolicyFactory(position=1, severities=["critical"], resolve_s=3600)
    body = {"severity": "critical", "amount_claimed": "10.00", "currency": "EUR", "root_cause": RootCauseFactory().code, "phone": ""}
    return Asked(complaint, body)


@recipe("complaints_acknowledge")
def acknowledge() -> Asked:
    return Asked(received(channel="letter"))


@recipe("complaints_assign")
def assign() -> Asked:
    return Asked(received(), {"assignee": str(UserFactory().pk), "reason": "She knows the carrier."})


@recipe("complaints_start")
def start() -> Asked:
    return Asked(received())


@recipe("complaints_wait")
def wait() -> Asked:
    return Asked(ComplaintFactory(in_progress=True), {"party": "customer", "reason": "Asked for a photograph."})


@recipe("complaints_carry_on")
def carry_on() -> Asked:
    return Asked(ComplaintFactory(status="waiting_third_party"), {"reason": "The carrier answered."})


@recipe("complaints_decide")
def decide() -> Asked:
    return Asked(ComplaintFactory(in_progress=True), ruling())


@recipe("complaints_communicate")
def communicate() -> Asked:
    return Asked(ComplaintFactory(decided=True), {"call": str(CallFactory().pk), "at": timezone.now().isoformat()})


@recipe("complaints_resolve")
def resolve() -> Asked:
    return Asked(ComplaintFactory(decided=True), {"root_cause": RootCauseFactory().code})


@recipe("complaints_solve")
def solve() -> Asked:
    return Asked(received(channel="letter"), ruling() | {"call": str(CallFactory().pk)})


@recipe("complaints_close")
def close() -> Asked:
    return Asked(ComplaintFactory(resolved=True), {"corrective_action": "The carrier was changed."})


@recipe("complaints_reject")
def reject() -> Asked:
    return Asked(received(), {"reason": "We never sold it."})


@recipe("complaints_withdraw")
def withdraw() -> Asked:
    return Asked(received(), {"reason": "The neighbour had the parcel."})


@recipe("complaints_reopen")
def reopen() -> Asked:
    return Asked(ComplaintFactory(closed=True, ended_at=timezone.now() - timedelta(days=3)), {"reason": "It flickers."})


@recipe("root_causes_list", "root_causes_retrieve", "root_causes_destroy")
def a_cause() -> Asked:
    return Asked(RootCauseFactory())


@recipe("root_causes_create")
def new_cause() -> Asked:
    return Asked(body={"code": "packing", "name": "Packed badly"})


@recipe("root_causes_partial_update")
def change_cause() -> Asked:
    return Asked(RootCauseFactory(), {"is_active": False})
