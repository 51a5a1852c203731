"""What a phone system is told before anybody picks up: a name, whom to put the caller through to, whether to block."""

from datetime import timedelta

import pytest
from django.utils import timezone

from calls import hints, receipts
from tests.factories.calls import AgentExtensionFactory, CallFactory, PhoneSystemFactory
from tests.factories.crm import ContactFactory

pytestmark = pytest.mark.django_db
CALLER = "+74951234567"
NOTHING = {"display_name": "", "route_to": None, "block": False}


@pytest.fixture
def system():
    return PhoneSystemFactory(own_lines=["+78005553535"], default_region="RU")


def told(system, kind: str = "call.initiated", **more):
    body = {"type": kind, "call_id": "now", "direction": "inbound", "from": CALLER, "to": "+78005553535", **more}
    return receipts.one(system, body, now=timezone.now())["hints"]


def talked(agent, *, days_ago: float, **more):
    at = timezone.now() - timedelta(days=days_ago)
    fields = {"customer_e164": CALLER, "outcome": "answered", "direction": "inbound", "state": "ended", "started_at": at, "ended_at": at}
    return CallFactory(agent=agent, **(fields | more))


def test_of_a_stranger_nothing_is_known(system):
    assert told(system) == NOTHING


def test_the_name_is_told_when_there_is_no_doubt(system):
    ContactFactory(surname="Иванов", name="Пётр", patronymic="", phones=[CALLER])
    assert told(system)["display_name"] == "Иванов Пётр"
    ContactFactory(surname="Петрова", phones=[CALLER])
    assert told(system, call_id="later")["display_name"] == ""


def test_the_caller_is_put_through_to_the_last_who_talked_with_them(system):
    old, first, last, gone = (
        AgentExtensionFactory(phone_system=system, extension=extension).user for extension in ("200", "201", "202", "203")
    )
    talked(old, days_ago=31)
    assert told(system, call_id="before")["route_to"] is None, "too long ago"
    talked(first, days_ago=9)
    assert told(system)["route_to"] == {"extension": "201", "reason": "last_agent"}
    talked(last, days_ago=2)
    talked(gone, days_ago=1, outcome="missed")
    assert told(system, call_id="later")["route_to"]["extension"] == "202"
    last.is_active = False
    last.save()
    assert told(system, call_id="later still")["route_to"] is None, "nobody sits there any more"


def test_an_extension_of_another_phone_system_helps_nobody(system):
    talked(AgentExtensionFactory(phone_system=PhoneSystemFactory(), extension="201").user, days_ago=2)
    assert told(system)["route_to"] is None


def test_a_blocked_number_is_blocked(system):
    contact = ContactFactory(phones=[CALLER])
    contact.contact_phones.get().phone.__class__.objects.filter(e164=CALLER).update(is_blocked=True)
    assert told(system)["block"] is True
    assert told(system, call_id="another", **{"from": "+74951234568"})["block"] is False


@pytest.mark.parametrize(
    ("kind", "more"), [("leg.answered", {"agent": "201"}), ("call.ended", {}), ("call.initiated", {"direction": "outbound"})]
)
def test_it_is_told_only_of_incoming_calls_that_nobody_answered_yet(system, kind, more):
    contact = ContactFactory(phones=[CALLER])
    talked(AgentExtensionFactory(phone_system=system, extension="201").user, days_ago=2, contact=contact)
    assert told(system)["route_to"], "while it comes in"
    assert told(system, kind, call_id="other", **more) == NOTHING


def test_where_else_a_contact_belongs_comes_before_the_last_operator(system, monkeypatch):
    contact = ContactFactory(phones=[CALLER])
    talked(AgentExtensionFactory(phone_system=system, extension="201").user, days_ago=2, contact=contact)
    route = {"queue": "claims", "reason": "complaint"}
    monkeypatch.setattr(hints.routes, "_entries", {"complaints": lambda who: route if who == contact.pk else None})
    assert told(system)["route_to"] == route
    monkeypatch.setattr(hints.routes, "_entries", {"complaints": lambda who: None})
    assert told(system, call_id="later")["route_to"]["extension"] == "201"
