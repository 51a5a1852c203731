"""Callbacks asked for, taken and tended by many at once, over real connections."""

from datetime import UTC, datetime, timedelta

import pytest

from calls import callback_turns
from calls.models import Callback
from config.platform.models import AuditEvent, FeedMessage
from tests.concurrency.test_orders import at_once
from tests.factories.callbacks import CallbackFactory
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/callbacks/"


def test_however_many_ask_for_the_next_nobody_gets_anothers_and_none_is_left(client_of):
    rows = {str(CallbackFactory(due=True).pk) for _ in range(6)}
    agents = [client_of("agent") for _ in range(8)]
    answers = at_once(*(lambda one=one: one.post(f"{URL}next/") for one in agents))
    given = [answer.json()["id"] for answer in answers if answer.status_code == 200]
    assert sorted(given) == sorted(rows) and [answer.status_code for answer in answers].count(204) == 2
    held = {str(row.pk): str(row.taken_by_id) for row in Callback.objects.all()}
    assert all(
        held[answer.json()["id"]] == str(agent.user.pk) for agent, answer in zip(agents, answers, strict=True) if answer.status_code == 200
    )


@pytest.mark.parametrize("turn", range(3))
def test_of_two_who_take_the_same_one_gets_it(turn, client_of):
    row = CallbackFactory(due=True)
    answers = at_once(*(lambda one=one: one.post(f"{URL}{row.pk}/take/") for one in [client_of("agent") for _ in range(4)]))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


def test_the_same_customer_is_promised_one_call_however_many_write_it_down(client_of):
    contact = ContactFactory(phones=True)
    body = {"contact": str(contact.pk), "at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
    answers = at_once(*(lambda one=one: one.post(URL, body) for one in [client_of("agent") for _ in range(5)]))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    made = str(Callback.objects.get().pk)
    assert {answer.json()["callback"] for answer in answers if answer.status_code == 409} == {made}


def test_two_sweeps_at_once_do_everything_once():
    agent, now = UserFactory(role="agent"), datetime.now(UTC)
    for _ in range(20):
        CallbackFactory(recipient="agent", agent=agent, at=now - timedelta(seconds=5), step_at=now - timedelta(seconds=5))
    at_once(*[lambda: callback_turns.tend(now=now)] * 4)
    assert set(Callback.objects.values_list("status", flat=True)) == {"due"}
    assert FeedMessage.objects.filter(kind="callback.due").count() == 20
    assert AuditEvent.objects.filter(verb="become_due").count() == 20
    at_once(*[lambda: callback_turns.tend(now=now)] * 2)
    assert AuditEvent.objects.filter(verb="become_due").count() == 20
