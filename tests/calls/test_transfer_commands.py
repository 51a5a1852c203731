"""A transfer that an operator asks for is a command to the phone system, where it takes transfers, by the same ways as a click."""

import pytest
from django.utils import timezone

from calls import commands, transfers
from calls.models import CallTransfer, PhoneCommand
from config.platform.models import FeedMessage
from tests.factories.calls import AgentExtensionFactory, CallFactory, CallLegFactory, QueueFactory
from tests.factories.crm import DepartmentFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def seat():
    return AgentExtensionFactory(extension="201", phone_system__takes_commands="poll", phone_system__takes_transfers=True)


@pytest.fixture
def call(seat):
    call = CallFactory(open=True, agent=seat.user, phone_system=seat.phone_system)
    CallLegFactory(call=call, key="desk", extension="201", state="answered", ended_at=None)
    return call


def ask(call, **to) -> CallTransfer:
    return transfers.ask(call.pk, kind="blind", by=call.agent, now=timezone.now(), **to)


def waiting(call):
    return commands.waiting(call.phone_system, now=timezone.now())


def test_the_phone_system_is_told_who_passes_which_call_on_to_whom(call, seat):
    colleague = AgentExtensionFactory(phone_system=seat.phone_system, extension="202")
    row = ask(call, agent=colleague.user)
    (told,) = waiting(call)
    assert (told["kind"], told["id"]) == ("transfer", str(row.pk))
    assert told["transfer"] == {
        "transfer_id": str(row.pk), "kind": "blind", "call_id": call.external_id, "linked_ids": [],
        "from": {"extension": "201", "leg_id": "desk"}, "to": {"extension": "202"},
    }  # fmt: skip
    commands.accept(row.pk, by=None, now=timezone.now())
    row.refresh_from_db()
    assert row.status == "asked" and waiting(call) == [], "what comes of it the events tell"


@pytest.mark.parametrize("whom", ["number", "queue", "department"])
def test_a_number_a_queue_and_the_queue_of_a_department_are_told(call, whom):
    queue = QueueFactory(department=DepartmentFactory())
    to = {"number": "+74950000009", "queue": queue, "department": queue.department}[whom]
    ask(call, **{whom: to})
    assert waiting(call)[0]["transfer"]["to"] == ({"number": "+74950000009"} if whom == "number" else {"queue": queue.slug})


def test_what_a_phone_system_cannot_do_is_left_to_the_operator(call, seat):
    for to in ({"department": DepartmentFactory()}, {"agent": UserFactory(role="agent")}):
        transfers.cancel(ask(call, **to).pk, by=call.agent, now=timezone.now())
    seat.phone_system.takes_transfers = False
    seat.phone_system.save()
    ask(call, number="+74950000009")
    assert not PhoneCommand.objects.exists()


def test_a_refusal_is_told_to_whoever_asked(call):
    row = ask(call, number="+74950000009")
    commands.refuse(row.pk, reason="no line is free", by=None, now=timezone.now())
    row.refresh_from_db()
    assert row.status == "failed" and FeedMessage.objects.filter(recipient=call.agent, kind="transfer.ended").count() == 1


def test_what_was_called_off_is_not_carried_out(call):
    row = ask(call, number="+74950000009")
    transfers.cancel(row.pk, by=call.agent, now=timezone.now())
    assert waiting(call) == []
    commands.refuse(row.pk, reason="late", by=None, now=timezone.now())
    assert CallTransfer.objects.get().status == "cancelled"
