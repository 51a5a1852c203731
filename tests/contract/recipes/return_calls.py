"""Recipes of return calls and of transfers."""

from config.platform.models import Role
from tests.contract.recipes.asked import Asked, recipe
from tests.factories.calls import CallFactory, QueueFactory
from tests.factories.platform import UserFactory
from tests.factories.return_calls import CallTransferFactory, ReturnCallCallFactory, ReturnCallFactory


@recipe("return_calls_list", "return_calls_retrieve", "return_calls_take", "reports_return_calls", "return_calls_next")
def a_return_call() -> Asked:
    return Asked(ReturnCallFactory(queue="nobodys"))


@recipe("return_calls_calls")
def its_calls() -> Asked:
    return Asked(ReturnCallCallFactory().return_call)


@recipe("return_calls_create")
def a_promise() -> Asked:
    QueueFactory(slug="promises")
    return Asked(body={"phone": "8 (495) 765-43-21", "queue": "promises", "note": "Wants to know the price."})


@recipe("return_calls_assign")
def give_it() -> Asked:
    return Asked(ReturnCallFactory(), {"assignee": str(UserFactory(role=Role.AGENT).pk)})


@recipe("return_calls_release")
def give_it_back() -> Asked:
    return Asked(ReturnCallFactory(taken=True))


@recipe("return_calls_complete")
def do_it() -> Asked:
    return Asked(ReturnCallFactory(), {"result": "She ordered two."})


@recipe("return_calls_cancel")
def call_it_off() -> Asked:
    return Asked(ReturnCallFactory(), {"reason": "It was a fax."})


@recipe("call_transfers_list", "call_transfers_retrieve", "call_transfers_accept", "call_transfers_cancel")
def a_transfer() -> Asked:
    return Asked(CallTransferFactory())


@recipe("call_transfers_decline")
def decline_it() -> Asked:
    return Asked(CallTransferFactory(), {"reason": "I am with another customer."})


@recipe("calls_transfers")
def transfers_of_a_call() -> Asked:
    return Asked(CallTransferFactory().call)


@recipe("calls_transfer")
def pass_it_on() -> Asked:
    return Asked(CallFactory(open=True), {"kind": "attended", "queue": QueueFactory().slug, "note": "Late for the second time."})
