"""What an operator's screen shows at first besides calls: how they stand, and what is theirs to do. Registered with ``feed.at_first``."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from calls import callback_feed, presence, requests_told, return_call_notices
from calls.models import AgentPresence, Callback, CallRequest, ReturnCall
from config.platform.models import User

MOST = 20


def agent(user: User, now: datetime) -> dict[str, Any] | None:
    """Their state, as ``agent.state`` tells it; None for somebody who never signed in as an operator."""
    row = AgentPresence.objects.filter(agent=user).select_related("agent").first()
    return presence.telling(row) if row is not None else None


def return_calls(user: User, now: datetime) -> list[dict[str, Any]]:
    """Those in their hands, the most urgent first."""
    mine = ReturnCall.objects.owed().filter(assignee=user).order_by("due_at", "id")[:MOST]
    return [return_call_notices.brief(row) for row in mine]


def callbacks(user: User, now: datetime) -> list[dict[str, Any]]:
    """Those they have taken, and those given to them whose time has come."""
    due = Q(agent=user, recipient=Callback.Recipient.AGENT, status__in=[Callback.Status.DUE, Callback.Status.MISSED])
    mine = Callback.objects.open().filter(due | Q(taken_by=user, status=Callback.Status.TAKEN)).order_by("at", "id")[:MOST]
    return [callback_feed.brief(row) for row in mine]


def call_requests(user: User, now: datetime) -> list[dict[str, Any]]:
    """The click that still waits for its call."""
    return [requests_told.brief(row) for row in CallRequest.objects.open().filter(agent=user).order_by("id")[:MOST]]
