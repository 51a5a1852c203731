"""Recipes of agents, pause codes and hard calls."""

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from calls.models import AgentPresence
from config.platform.models import Role, User
from tests.contract.recipes.asked import Asked, catalogue, recipe
from tests.factories.agents import AgentPresenceFactory, AgentStateIntervalFactory, HardCallFactory, PauseCodeFactory
from tests.factories.calls import AgentExtensionFactory, CallFactory, QueueFactory
from tests.factories.crm import TeamFactory
from tests.factories.platform import UserFactory

catalogue(
    "pause_codes", PauseCodeFactory, lambda: {"code": "lunch", "name": "Lunch", "kind": "meal", "time_limit_s": 1800}, {"paid": "half"}
)


def me() -> User:
    """Whoever asks: the administrator of the contract tests."""
    return User.objects.filter(role=Role.ADMIN).order_by("-date_joined").first() or UserFactory(role=Role.ADMIN)


def signed_in(**facts) -> AgentPresence:
    AgentPresence.objects.filter(agent=me()).delete()  # one has one state, and several recipes may be asked one after the other
    return AgentPresenceFactory(agent=me(), available=True, **facts)


@recipe("agents_list", "agents_retrieve")
def an_agent() -> Asked:
    team = TeamFactory()
    QueueFactory().teams.add(team)
    row = AgentPresenceFactory(available=True, break_due_at=timezone.now(), break_reason="desk", pending_pause=PauseCodeFactory())
    team.members.add(row.agent)
    return Asked(row)


@recipe("agents_me", "agents_sign_in", "agents_sign_out", "agents_available")
def myself() -> Asked:
    signed_in()
    return Asked()


@recipe("agents_pause")
def a_pause() -> Asked:
    signed_in()
    return Asked(body={"code": PauseCodeFactory().code})


@recipe("agents_heartbeat")
def a_beat() -> Asked:
    session = uuid4()
    signed_in(session=session)
    return Asked(body={"session": str(session)})


@recipe("agents_micro_pause")
def a_rest() -> Asked:
    signed_in()
    now = timezone.now()
    HardCallFactory(agent=me(), at=now, offered_at=now, offer_until=now + timedelta(minutes=5), offer_s=120)
    return Asked(body={"take": True})


@recipe("agents_force")
def force() -> Asked:
    return Asked(AgentPresenceFactory(available=True), {"state": "paused", "pause_code": PauseCodeFactory().code, "reason": "Come here."})


@recipe("agents_answer_pause")
def agree() -> Asked:
    return Asked(AgentPresenceFactory(available=True, asked_pause=PauseCodeFactory(), asked_at=timezone.now()), {"agree": True})


@recipe("agents_phone_states")
def at_the_phone() -> Asked:
    desk = AgentExtensionFactory()
    return Asked(body={"phone_system": desk.phone_system.slug, "extension": desk.extension, "state": "paused"})


@recipe("agents_states")
def a_day() -> Asked:
    interval = AgentStateIntervalFactory()
    return Asked(AgentPresenceFactory(agent=interval.agent))


@recipe("calls_hard")
def abused() -> Asked:
    return Asked(CallFactory(), {"is_hard": True})


@recipe("queues_fair_order")
def whose_turn() -> Asked:
    team, queue = TeamFactory(), QueueFactory()
    queue.teams.add(team)
    team.members.add(AgentPresenceFactory(available=True).agent)
    return Asked(queue)


@recipe("reports_hard_calls")
def spread() -> Asked:
    HardCallFactory()
    return Asked(query={"after": "2026-11-23T00:00:00Z", "before": "2026-11-24T00:00:00Z"})
