"""Recipes of click-to-call, and of what phone systems are told."""

from tests.contract.recipes.asked import Asked, recipe
from tests.factories.call_requests import CallRequestFactory, PhoneCommandFactory
from tests.factories.calls import AgentExtensionFactory, CallFactory
from tests.factories.crm import ContactFactory


@recipe("call_requests_list", "call_requests_retrieve", "call_requests_cancel")
def a_request() -> Asked:
    return Asked(CallRequestFactory())


@recipe("call_requests_create")
def click() -> Asked:
    seat = AgentExtensionFactory(phone_system__takes_commands="poll", phone_system__own_lines=["+74951112233"])
    return Asked(
        body={
            "phone": "8 (495) 123-45-67",
            "contact": str(ContactFactory().pk),
            "reason": "callback",
            "purpose": "service",
            "phone_system": seat.phone_system.slug,
            "extension": seat.extension,
            "line": "+74951112233",
            "origin": {"kind": "call", "id": str(CallFactory().pk)},
        }
    )


@recipe("phone_commands_waiting")
def what_waits() -> Asked:
    return Asked(PhoneCommandFactory().phone_system)


@recipe("phone_commands_accept")
def taken() -> Asked:
    return Asked(PhoneCommandFactory(), {"call_id": "1763882100.7"})


@recipe("phone_commands_refuse")
def refused() -> Asked:
    return Asked(PhoneCommandFactory(), {"reason": "The phone is not reachable."})
