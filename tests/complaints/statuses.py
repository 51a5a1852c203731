"""A complaint in every status, and how every verb is called."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from complaints import deciding, handling, reopening
from complaints.models import Complaint
from complaints.models.complaints import ENDED, Status
from tests.factories.complaints import ComplaintFactory
from tests.factories.platform import UserFactory

RULING: dict[str, Any] = {
    "decision": "upheld",
    "decision_text": "We were wrong.",
    "redress": "refund",
    "redress_amount": "10.00",
    "currency": "EUR",
}
WHY = {"reason": "They said so."}
#: Each verb: what does it, what it needs, its address, its body.
VERBS: dict[str, tuple[Callable[..., Complaint], dict[str, Any], str, dict[str, Any]]] = {
    "acknowledge": (handling.acknowledge, {}, "acknowledge", {}),
    "assign": (handling.assign, {}, "assign", {}),
    "start": (handling.start, {}, "start", {}),
    "wait_for_customer": (handling.wait_for_customer, WHY, "wait", {"party": "customer", **WHY}),
    "wait_for_third_party": (handling.wait_for_third_party, WHY, "wait", {"party": "third_party", **WHY}),
    "carry_on": (handling.carry_on, {}, "carry-on", {}),
    "alter": (handling.alter, {"summary": "Another word for it"}, "", {"summary": "Another word for it"}),
    "decide": (deciding.decide, RULING, "decide", RULING),
    "communicate": (deciding.communicate, {}, "communicate", {}),
    "resolve": (deciding.resolve, {}, "resolve", {}),
    "solve": (deciding.solve, RULING, "solve", RULING),
    "close": (deciding.close, {}, "close", {}),
    "reject": (deciding.reject, WHY, "reject", WHY),
    "withdraw": (deciding.withdraw, {}, "withdraw", {}),
    "reopen": (reopening.reopen, WHY, "reopen", WHY),
}


def complaint_that_is(status: Status, at: datetime) -> Complaint:
    """One in this status, with all that it then must have."""
    facts: dict[str, Any] = {"status": status, "received_at": at, "acknowledged_at": None}
    if status in (Status.DECIDED, Status.RESOLVED, Status.CLOSED):
        facts |= {"decided": True, "status": status}
    if status in ENDED:
        facts["ended_at"] = at
    if status == Status.ASSIGNED:
        facts["assignee"] = UserFactory()
    if status == Status.REJECTED:
        facts["reject_reason"] = "Not ours."
    if status == Status.DUPLICATE:
        facts["duplicate_of"] = ComplaintFactory()
    return ComplaintFactory(**facts)
