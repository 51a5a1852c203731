"""Two devices, a supervisor, the phone and the sweeps change one agent at once, over real connections: one state, no error, no gap."""

import itertools
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from calls import agent_watch, agents, breaks, observing, receipts
from calls.models import AgentPresence, AgentStateInterval
from config.platform.models import FeedMessage, Role
from tests.calls.scenarios import event, leg
from tests.factories.agents import AgentPresenceFactory, AgentStateIntervalFactory, PauseCodeFactory
from tests.factories.calls import AgentExtensionFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works):
    """Run each in a thread of its own, with a connection of its own; what one raises is raised here."""

    def run(work):
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return [one.result() for one in [pool.submit(run, work) for work in works]]


def is_whole(agent):
    """One open state; every state begins where the one before ended; the row says what the open intervals say."""
    row = AgentPresence.objects.get(agent=agent)
    declared = list(AgentStateInterval.objects.filter(agent=agent, track="declared").order_by("started_at", "id"))
    assert all(one.ended_at == two.started_at for one, two in itertools.pairwise(declared))
    assert declared[-1].ended_at is None
    assert (declared[-1].state, declared[-1].started_at) == (row.word, row.lagged_at or row.declared_since)
    observed = list(AgentStateInterval.objects.filter(agent=agent, track="observed").order_by("started_at", "id"))
    assert all(one.ended_at <= two.started_at for one, two in itertools.pairwise(observed))
    assert [one.state for one in observed if one.ended_at is None] == ([row.observed] if row.observed else [])


def test_the_first_sign_in_at_two_devices_at_once(client_of):
    for _ in range(5):
        user = UserFactory(role=Role.AGENT)
        clients = [client_of(user=user) for _ in range(4)]
        answers = at_once(*(lambda client=client: client.post("/api/v1/agents/me/sign-in/", {}) for client in clients))
        assert [answer.status_code for answer in answers] == [200] * 4
        assert len({answer.json()["session"] for answer in answers}) == 4
        beats = [
            client.post("/api/v1/agents/me/heartbeat/", {"session": answer.json()["session"]}).status_code
            for client, answer in zip(clients, answers, strict=True)
        ]
        assert sorted(beats) == [200, 409, 409, 409], "the newest counts, the others are told"
        is_whole(user)


def test_devices_supervisor_phone_and_sweeps_at_once(client_of):
    desk = AgentExtensionFactory(extension="201")
    anna, system = desk.user, desk.phone_system
    screens, lead = [client_of(user=anna) for _ in range(2)], client_of("supervisor")
    screens[0].post("/api/v1/agents/me/sign-in/", {})
    code, other = PauseCodeFactory().code, PauseCodeFactory().code
    begun = timezone.now()

    def presses(client, seed):
        chance, seen = random.Random(seed), []
        for _ in range(30):
            verb, body = chance.choice((
                ("available", None), ("pause", {"code": code}), ("pause", {"code": other, "at_once": True}), ("sign-in", {}), ("sign-out", None),
            ))  # fmt: skip
            seen.append(client.post(f"/api/v1/agents/me/{verb}/", body).status_code)
        return seen

    def forces():
        chance, seen = random.Random(9), []
        for _ in range(30):
            body = {"state": chance.choice(("available", "paused", "offline")), "pause_code": code, "reason": "A test."}
            seen.append(lead.post(f"/api/v1/agents/{anna.pk}/force/", body).status_code)
        return seen

    def rings(name):
        seen = []
        for number in range(10):
            told = [leg("ringing", 0), leg("answered", 0), leg("held", 0), leg("ended", 0), event("call.ended", 0)]
            for place, body in enumerate(told):
                moment = begun + timedelta(milliseconds=place)
                answer = receipts.one(system, {**body, "call_id": f"{name}{number}", "occurred_at": moment.isoformat()}, now=timezone.now())
                seen.append(200 if answer["status"] == "accepted" else 500)
        return seen

    def sweeps():
        for _ in range(20):
            agent_watch.miss()
            agent_watch.end_wrap_ups(now=timezone.now())
            agent_watch.tell_pauses_over(now=timezone.now())
            breaks.tell_due(now=timezone.now())
        return [200]

    seen = at_once(lambda: presses(screens[0], 1), lambda: presses(screens[1], 2), forces, lambda: rings("a"), lambda: rings("b"), sweeps)
    assert set(itertools.chain.from_iterable(seen)) <= {200, 409}
    is_whole(anna)
    observing.look_again([anna.pk], at=timezone.now(), now=timezone.now() + timedelta(hours=1))
    assert AgentPresence.objects.get(agent=anna).observed == ""


def test_sweeps_at_once_find_each_silence_once():
    last = timezone.now() - timedelta(minutes=10)
    people = [UserFactory(role=Role.AGENT) for _ in range(20)]
    for user in people:
        AgentPresenceFactory(agent=user, available=True, last_heartbeat_at=last)
        AgentStateIntervalFactory(agent=user, started_at=last - timedelta(hours=1), open=True)
    lead = UserFactory(role=Role.SUPERVISOR)
    found = at_once(*(lambda: sum(agent_watch.miss(limit=7) for _ in range(6)) for _ in range(4)))
    assert sum(found) == 20
    assert AgentStateInterval.objects.filter(state="lagged", ended_at=None).count() == 20
    assert FeedMessage.objects.filter(recipient=lead, kind="agent.state").count() == 20
    for user in people:
        is_whole(user)


def test_breaks_are_told_once_by_sweeps_at_once(settings):
    settings.BREAKS = {"desk_s": 7200, "talk_s": 3000, "window_s": 3600, "rest_s": 300}
    now = timezone.now()
    people = [UserFactory(role=Role.AGENT) for _ in range(20)]
    for user in people:
        AgentPresenceFactory(agent=user, available=True, declared_since=now - timedelta(hours=3))
        AgentStateIntervalFactory(agent=user, started_at=now - timedelta(hours=3), open=True)
    told = at_once(*(lambda: sum(breaks.tell_due(now=now, limit=7) for _ in range(6)) for _ in range(4)))
    assert sum(told) == 20
    assert FeedMessage.objects.filter(kind="break.due").count() == 20


def test_a_verb_while_the_silence_is_noticed_wins_or_follows():
    for _ in range(10):
        anna = UserFactory(role=Role.AGENT)
        agents.sign_in(by=anna, now=timezone.now() - timedelta(hours=1))
        AgentPresence.objects.filter(agent=anna).update(last_heartbeat_at=timezone.now() - timedelta(minutes=5))
        at_once(agent_watch.miss, lambda anna=anna: agents.pause(PauseCodeFactory(), by=anna, now=timezone.now()))
        assert AgentPresence.objects.get(agent=anna).state == "paused"
        is_whole(anna)
