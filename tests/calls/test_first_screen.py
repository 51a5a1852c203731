"""Who opens their screen sees what is theirs to do, and nothing of others."""

from datetime import timedelta

import pytest
from django.utils import timezone

from calls import agents
from calls.models import Callback
from config.platform import feed
from config.platform.models import Role
from tests.factories.callbacks import CallbackFactory
from tests.factories.platform import UserFactory
from tests.factories.return_calls import ReturnCallFactory

pytestmark = pytest.mark.django_db


def test_a_screen_shows_at_first_what_is_its_operators_and_nothing_of_others():
    anna, boris, now = UserFactory(role=Role.AGENT), UserFactory(role=Role.AGENT), timezone.now()
    agents.sign_in(device="Firefox", by=anna, now=now)
    mine = ReturnCallFactory(assignee=anna, status="assigned")
    ReturnCallFactory(assignee=boris, status="assigned")
    due = CallbackFactory(agent=anna, recipient=Callback.Recipient.AGENT, status=Callback.Status.DUE, at=now - timedelta(minutes=1))
    CallbackFactory(agent=boris, recipient=Callback.Recipient.AGENT, status=Callback.Status.DUE, at=now - timedelta(minutes=1))
    shown = feed.screen(anna, now)
    assert [row["return_call"] for row in shown["return_calls"]] == [mine.pk]
    assert [row["callback"] for row in shown["callbacks"]] == [str(due.pk)]
    assert (shown["agent"]["declared"], shown["call_requests"]) == ("available", [])
    assert feed.screen(boris, now)["agent"] is None
