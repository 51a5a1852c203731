"""In the demo a click becomes a call: its exchange takes it and plays it, whatever happens to the ticks."""

from datetime import timedelta

import pytest
from django.utils import timezone

from calls import call_requests
from calls.demo import exchange
from calls.models import CallEvent, CallRequest
from tests.factories.calls import AgentExtensionFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("ticks_s", [range(0, 120, 2), [0, 0, 1, 70, 70, 200], [5, 240]])
def test_a_click_in_the_demo_becomes_a_call_that_ends(ticks_s):
    seat = AgentExtensionFactory(phone_system__slug="demo-pbx", phone_system__takes_commands="poll", extension="201")
    now = timezone.now()
    request = call_requests.ask(phone="+74950000001", by=seat.user, now=now)
    for after_s in ticks_s:
        exchange.tick(now=now + timedelta(seconds=after_s))
    request.refresh_from_db()
    call = request.call
    assert (request.status, call.state, call.direction, call.agent) == ("linked", "ended", "outbound", seat.user)
    assert call.outcome in {"answered", "busy", "no_answer"} and (call.talk_s or 0) >= (20 if call.outcome == "answered" else 0)
    assert CallEvent.objects.filter(state="quarantined").count() == 0
    assert exchange.tick(now=now + timedelta(seconds=ticks_s[-1])) == 0


def test_most_are_answered_and_some_are_not():
    ends = {}
    for n in range(60):
        request = CallRequest(number="+74950000001", extension="201", external_id=f"x{n}", pk=f"0199a1b2-c3d4-75f6-8718-{n:012d}")
        ends[n] = exchange.play(request, timezone.now())[-1]["cause"]
    assert set(ends.values()) == {16, 17, 19} and list(ends.values()).count(16) > 30


def test_without_a_demo_nothing_is_done():
    assert exchange.tick(now=timezone.now()) == 0
