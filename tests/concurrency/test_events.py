"""Events of the same calls at once, over real connections: rows right, each event once."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from calls import intake, receipts, wrap_up
from calls.models import Call, CallEvent, CallKey, CallLeg, PhoneSystem
from config.platform.models import Role
from tests.calls.scenarios import BEGIN, SCENARIOS
from tests.factories.calls import AgentExtensionFactory, DispositionFactory, PhoneSystemFactory
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
NOW = BEGIN + timedelta(hours=2)
THREADS = 8
LONG = sorted(SCENARIOS, key=lambda name: -len(SCENARIOS[name][0]))


def at_once(work, items):
    """Run ``work`` over the items in eight threads, each with a connection of its own; what one raises is raised here."""

    def run(mine):
        try:
            return [work(item) for item in mine]
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return [one for result in pool.map(run, [items[n::THREADS] for n in range(THREADS)]) for one in result]


def plain(system):
    skipped = {"id", "version", "created_at", "updated_at", "last_event_at", "phone_system_id", "call_id"}
    return [
        [{f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.attname not in skipped} for row in rows]
        for rows in (
            Call.objects.filter(phone_system=system).order_by("external_id"),
            CallLeg.objects.filter(call__phone_system=system).order_by("call__external_id", "key"),
        )
    ]


@pytest.mark.parametrize("linked", [False, True], ids=["one id for a call", "two ids for a call"])
def test_eight_senders_of_the_shuffled_events_of_twenty_calls(linked):
    storm, calm = PhoneSystemFactory(), PhoneSystemFactory()
    for extension in ("201", "202", "305"):
        user = UserFactory(role=Role.AGENT)
        for system in (storm, calm):
            AgentExtensionFactory(phone_system=system, extension=extension, user=user)
    ContactFactory(phones=["+74951234567"])
    bodies = []
    for number in range(20):
        for place, body in enumerate(SCENARIOS[LONG[number % 5]][0]):
            name = {"call_id": f"c{number}"}
            if linked and place % 2:
                name = {"call_id": f"c{number}-b", "linked_ids": [f"c{number}"]}
            bodies.append({**body, **name})
    for body in bodies:
        receipts.one(calm, body, now=NOW)
    chance = random.Random(20)
    doubled = bodies + chance.choices(bodies, k=len(bodies) // 3)
    chance.shuffle(doubled)
    answers = at_once(lambda body: receipts.one(storm, body, now=NOW)["status"], doubled)
    assert set(answers) <= {"accepted", "duplicate"}
    while intake.fold_waiting(now=NOW):
        pass
    assert CallEvent.objects.filter(phone_system=storm).count() == len(bodies)
    assert not CallEvent.objects.filter(phone_system=storm).exclude(state="projected").exists()
    assert CallKey.objects.filter(phone_system=storm).count() == CallKey.objects.filter(phone_system=calm).count()
    assert plain(storm) == plain(calm)


def test_one_event_sent_by_eight_at_once_is_accepted_once():
    system = PhoneSystemFactory()
    body = SCENARIOS["answered"][0][0]
    answers = at_once(lambda _: receipts.one(system, body, now=NOW)["status"], range(THREADS))
    assert sorted(answers) == ["accepted"] + ["duplicate"] * (THREADS - 1)
    assert (Call.objects.count(), CallEvent.objects.count()) == (1, 1)


def test_batches_with_the_same_events_at_once_keep_each_once():
    system = PhoneSystemFactory()
    bodies = [{**body, "call_id": f"c{number}"} for number in range(10) for body in SCENARIOS["answered"][0]]
    at_once(lambda seed: receipts.many(system, random.Random(seed).sample(bodies, len(bodies)), now=NOW), range(THREADS))
    while intake.fold_waiting(now=NOW):
        pass
    assert CallEvent.objects.count() == len(bodies)
    assert set(Call.objects.values_list("outcome", "talk_s")) == {("answered", 60)}
    assert Call.objects.count() == 10


def test_what_an_operator_writes_while_events_arrive_is_not_lost():
    system, supervisor, disposition = PhoneSystemFactory(), UserFactory(), DispositionFactory()
    for body in SCENARIOS["answered"][0]:
        receipts.one(system, body, now=NOW)
    call = Call.objects.get()
    late = [{"type": "recording.available", "call_id": "c1", "event_id": str(n), "recording": {"id": str(n)}} for n in range(39)]

    def work(item):
        if item is None:
            return wrap_up.wrap_up(call.pk, disposition=disposition, note="Helped.", by=supervisor, now=NOW)
        return receipts.one(PhoneSystem(pk=system.pk, slug=system.slug), item, now=NOW)

    at_once(work, [*late[:20], None, *late[20:]])
    while intake.fold_waiting(now=NOW):
        pass
    call.refresh_from_db()
    assert (call.wrap_up_state, call.note, len(call.recordings)) == ("done", "Helped.", 39)
