"""The scenarios that are shipped: every adapter has some, and they come out as they say through the real door, in any order, told twice."""

import json
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.test import Client
from django.utils import timezone

from calls.models import Call, CallEvent, PhoneSystem
from calls.phone_systems import adapters, replays
from calls.phone_systems.deliveries import Delivery

SCENARIOS = [scenario for name in adapters.every() for scenario in replays.of(name)]
FACTS = {"direction", "state", "outcome", "customer_e164", "from", "queue", "talk_s", "hold_s", "hangup_by", "extension", "spoke"}


class Line:
    """A phone system set up over the API, as the command does it, that posts to the real door."""

    def __init__(self, admin, scenario):
        self.admin, self.sender = admin, replays.Sender(scenario)
        fields = {"slug": self.sender.slug, "name": "Sandbox", "secret": self.sender.secret, **self.sender.fields}
        made = admin.post("/api/v1/phone-systems/", fields, format="json")
        assert made.status_code == 201, made.json()

    def post(self, deliveries, sender=None):
        client, path = Client(), self.sender.path
        signed = [(sender or self.sender).sign(one, now=timezone.now()) for one in deliveries]
        return [client.post(path + one.path, data=one.body, content_type=one.content_type, headers=one.headers) for one in signed]

    def call(self, key):
        (call,) = self.admin.get("/api/v1/calls/", {"phone_system": self.sender.slug, "external_id": key}).json()["results"]
        return call


@pytest.fixture
def admin(client_of):
    return client_of("admin")


def told(scenario, *, shuffled: Random | None = None) -> tuple[replays.Replay, list[Delivery]]:
    replay = replays.Replay(scenario, begin=timezone.now() - timedelta(seconds=scenario.length_s))
    deliveries = [delivery for _, delivery in replay.deliveries()]
    return replay, shuffled.sample(deliveries, len(deliveries)) if shuffled else deliveries


@pytest.mark.parametrize("name", adapters.every())
def test_every_adapter_has_scenarios_of_both_directions_answered_and_not(name):
    scenarios = replays.of(name)
    assert 2 <= len(scenarios) <= 4
    said = [(one.expected["direction"], one.expected["outcome"]) for one in scenarios]
    assert ("inbound", "answered") in said and any(outcome != "answered" for _, outcome in said) and "outbound" in dict(said)
    assert scenarios[0].setup["auth_mode"] in adapters.named(name).auth_modes


def test_no_file_of_scenarios_is_nobodys():
    assert {path.stem for path in replays.FOLDER.glob("*.json")} == set(adapters.every())


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: f"{one.adapter}-{one.name}")
def test_a_scenario_says_enough_and_every_delivery_of_it_is_understood(scenario):
    assert {"direction", "outcome"} < set(scenario.expected) <= FACTS
    times = [float(one["at"]) for one in scenario.deliveries]
    assert times == sorted(times) and times[0] >= 0
    replay, deliveries = told(scenario)
    assert b"{{" not in b"".join(one.body for one in deliveries) and "{{" not in replay.call_id
    adapter, system = adapters.named(scenario.adapter), PhoneSystem(**scenario.setup)
    for delivery in deliveries:
        assert adapter.read(adapter.value(delivery), system.setting), delivery.body


@pytest.mark.parametrize("name", adapters.every())
def test_all_come_out_as_they_say_told_in_order_and_shuffled_and_told_again_change_nothing(name, admin, django_capture_on_commit_callbacks):
    scenarios = replays.of(name)
    line, random = Line(admin, scenarios[0]), Random(7)
    for number, scenario in enumerate(scenarios):
        shapes = []
        for shuffled in (None, random):
            replay, deliveries = told(scenario, shuffled=shuffled)
            with django_capture_on_commit_callbacks(execute=True):
                assert {answer.status_code for answer in line.post(deliveries)} == {200}
            call = line.call(replay.call_id)
            assert replays.differences(scenario, call) == {}, scenario.name
            shapes.append(replays.facts(call))
        assert shapes[0] == shapes[1], scenario.name
        events = CallEvent.objects.count()
        with django_capture_on_commit_callbacks(execute=True):
            line.post(reversed(deliveries))
        assert line.call(replay.call_id) == call and CallEvent.objects.count() == events
        assert Call.objects.count() == 2 * (number + 1), f"{scenario.name}: each replay is one call"
    assert set(CallEvent.objects.values_list("state", flat=True)) <= {"projected", "ignored"}, "none is set aside, none waits"


@pytest.mark.parametrize("name", adapters.every())
def test_a_delivery_with_another_secret_is_refused_and_leaves_nothing(name, admin):
    scenario = replays.of(name)[0]
    line, stranger = Line(admin, scenario), replays.Sender(scenario)
    _, deliveries = told(scenario)
    assert {answer.status_code for answer in line.post(deliveries[:2], sender=stranger)} == {401}
    assert not CallEvent.objects.exists() and PhoneSystem.objects.get().refused == 2
    assert line.post(deliveries[:1])[0].status_code == 200


def test_a_call_that_comes_out_otherwise_is_told(admin):
    scenario = replays.of("twilio")[0]
    line = Line(admin, scenario)
    replay, deliveries = told(scenario)
    line.post(deliveries[:4] + deliveries[5:])  # nobody hears that Anna answered
    assert set(replays.differences(scenario, line.call(replay.call_id))) >= {"outcome"}
    assert set(replays.differences(scenario, None)) == set(scenario.expected)


def test_ids_are_new_each_time_and_times_are_in_the_phone_systems_own_writing():
    begin = datetime(2026, 11, 23, 10, tzinfo=UTC)
    scenario = replays.of("aircall")[0]
    one, other = (replays.Replay(scenario, begin=begin) for _ in range(2))
    assert one.call_id != other.call_id
    told = [json.loads(delivery.body) for _, delivery in one.deliveries()]
    assert told[2]["data"]["answered_at"] == int(begin.timestamp()) + 8 and str(told[0]["data"]["id"]) == one.call_id
    (_, delivery), *_ = replays.Replay(replays.of("zadarma")[0], begin=begin).deliveries()
    assert dict(delivery.pairs())["call_start"] == "2026-11-23 13:00:00", "in the zone of the phone system"
