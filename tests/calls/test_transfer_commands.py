"""A phone system that takes commands is told to pass a call on; what it cannot do is told to whoever asked."""

from datetime import timedelta

import pytest
from django.utils import timezone

from calls import commands, intake, transfers
from calls.models import Call, CallTransfer, PhoneCommand
from config.platform.models import FeedMessage, Scope
from tests.factories.calls import AgentExtensionFactory, PhoneSystemFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    """A phone system that asks what it is to do, Anna at 201, Boris at 305."""
    system = PhoneSystemFactory(takes_commands="poll", own_lines=["+78001234567"])
    return system, *(AgentExtensionFactory(phone_system=system, extension=one).user for one in ("201", "305"))


@pytest.fixture
def call(desk):
    now = timezone.now()
    told = {"call_id": "c", "direction": "inbound", "from": "+74951234567", "to": "+78001234567"}
    intake.receive(desk[0], {"type": "call.initiated", "occurred_at": (now - timedelta(seconds=30)).isoformat(), **told}, now=now)
    answered = {
        "type": "leg.answered",
        "call_id": "c",
        "leg_id": "a",
        "agent": "201",
        "occurred_at": (now - timedelta(seconds=20)).isoformat(),
    }
    return Call.objects.get(pk=intake.receive(desk[0], answered, now=now).call_id)


def ask(desk, call) -> CallTransfer:
    return transfers.ask(call.pk, kind="blind", agent=desk[2], by=desk[1], now=timezone.now())


def test_the_phone_system_is_told_whose_call_goes_where(desk, call, client_of):
    row = ask(desk, call)
    pbx = client_of("integration", scopes=[Scope.CALLS_DIAL])
    (told,) = pbx.get(f"/api/v1/phone-systems/{desk[0].slug}/commands/").json()["results"]
    assert (told["id"], told["kind"]) == (str(row.pk), "transfer")
    assert told["transfer"] == {
        "call_id": "c", "kind": "blind", "from_extension": "201", "to": {"extension": "305", "queue": "", "department": "", "number": ""},
    }  # fmt: skip
    assert pbx.post(f"/api/v1/phone-commands/{row.pk}/accept/", {}).status_code == 200
    assert pbx.get(f"/api/v1/phone-systems/{desk[0].slug}/commands/").json()["results"] == []
    row.refresh_from_db()
    assert row.status == "asked", "what became of it follows from the events"


def test_what_it_does_not_do_is_told_to_whoever_asked(desk, call):
    row = ask(desk, call)
    commands.refuse(row.pk, reason="305 is not registered.", by=None, now=timezone.now())
    row.refresh_from_db()
    assert (row.status, row.decline_reason) == ("failed", "305 is not registered.")
    told = FeedMessage.objects.get(kind="transfer.ended")
    assert (told.recipient, told.data["state"]) == (desk[1], "failed")
    assert ask(desk, call).status == "asked", "another way may be asked for"


def test_one_that_was_called_off_is_not_carried_out(desk, call, client_of):
    row = ask(desk, call)
    transfers.cancel(row.pk, by=desk[1], now=timezone.now())
    pbx = client_of("integration", scopes=[Scope.CALLS_DIAL])
    assert pbx.get(f"/api/v1/phone-systems/{desk[0].slug}/commands/").json()["results"] == []
    assert pbx.post(f"/api/v1/phone-commands/{row.pk}/accept/", {}).status_code == 409


def test_where_no_commands_are_taken_the_operators_telephone_does_it(desk, call):
    desk[0].takes_commands = ""
    desk[0].save()
    ask(desk, call)
    assert not PhoneCommand.objects.exists()
