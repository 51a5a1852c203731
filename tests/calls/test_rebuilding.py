"""Calls follow from their events: read and computed anew they are the same, and what could not be read can be when we have learned it."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from calls import ingesting, intake, rebuilding
from calls.models import Call, CallEvent, CallLeg
from calls.phone_systems import native
from calls.phone_systems.deliveries import Delivery
from tests.calls import scenarios
from tests.factories.calls import PhoneSystemFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def rows() -> list[dict]:
    calls = [
        {name: value for name, value in row.items() if name not in ("version", "updated_at")}
        for row in Call.objects.order_by("id").values()
    ]
    legs = list(CallLeg.objects.order_by("call_id", "key").values("call_id", "key", "state", "party", "answered_at", "ended_at", "hold_s"))
    return [*calls, *legs]


def test_every_row_is_the_same_after_reading_and_computing_anew(monkeypatch):
    system = PhoneSystemFactory()
    for number, (events, _) in enumerate(scenarios.SCENARIOS.values()):
        for event in events:
            own = {name: f"{number}-{event[name]}" for name in ("call_id", "event_id") if name in event}
            intake.receive(system, {**event, **own}, now=NOW)
    before = rows()
    assert len(before) > 20
    Call.objects.update(talk_s=None, outcome="", hangup_by="", agent=None, flags=["spoiled"])
    CallLeg.objects.all().delete()
    CallEvent.objects.update(normalised={"spoiled": True, **dict.fromkeys(("call_key",), "")})
    said = StringIO()
    call_command("rebuild_calls", "--system", system.slug, stdout=said)
    assert rows() == before
    assert f"{Call.objects.count()} calls" in said.getvalue()


def test_only_calls_that_began_since(client_of):
    system = PhoneSystemFactory()
    for day in (1, 2):
        body = {"type": "call.initiated", "call_id": str(day), "occurred_at": f"2026-11-0{day}T10:00:00Z"}
        intake.receive(system, body, now=NOW)
    assert list(rebuilding.rebuild(system, since=datetime(2026, 11, 2, tzinfo=UTC), now=NOW))[-1] == 1


@pytest.mark.parametrize(
    ("given", "told"), [(["--system", "nobody"], "There is no phone system"), (["--since", "soon"], "--since is a date")]
)
def test_a_wrong_word_is_told(given, told):
    system = PhoneSystemFactory()
    words = given if "--system" in given else ["--system", system.slug, *given]
    with pytest.raises(CommandError, match=told):
        call_command("rebuild_calls", *words)


def test_what_could_not_be_read_is_kept_and_read_when_it_can_be(monkeypatch, client_of):
    system = PhoneSystemFactory()
    body = b'{"kind": "begin", "id": "77", "from": "84950000001"}'
    answer = ingesting.take(system, Delivery(body, "application/json"), now=NOW)
    assert answer["status"] == "quarantined"
    again = ingesting.take(system, Delivery(body, "application/json"), now=NOW + timedelta(hours=1))
    assert again["event"] == answer["event"], "the same is kept once"
    client = client_of("supervisor")
    url = f"/api/v1/calls/events/{answer['event']}/replay/"
    assert client.post(url).json()["code"] == "still_unreadable"
    learned = lambda value, setting: [{"type": "call.initiated", "call_id": value["id"], "from": value["from"]}]  # noqa: E731
    monkeypatch.setattr(ingesting, "read", lambda system, value: (learned(value, None), ""))
    shown = client.post(url).json()
    assert (shown["external_id"], shown["from"]["e164"], shown["state"]) == ("77", "+74950000001", "initiated")
    assert Call.objects.get().last_event_at == NOW, "when it came, not when it was understood"
    assert CallEvent.objects.get(pk=answer["event"]).state == "replayed"
    assert client.post(url).json()["id"] == shown["id"], "again changes nothing"
    assert Call.objects.count() == 1


def test_what_contradicts_stays_aside():
    system = PhoneSystemFactory()
    one = {"event_id": "1", "type": "call.initiated", "call_id": "9"}
    intake.receive(system, one, now=NOW)
    intake.receive(system, one | {"from": "84950000001"}, now=NOW)
    aside = CallEvent.objects.get(state="quarantined")
    with pytest.raises(rebuilding.StillContradicts):
        rebuilding.replay(aside.pk, by=UserFactory(), now=timezone.now())


def test_an_event_is_read_with_what_is_known_of_its_system_today():
    system = PhoneSystemFactory(naive_time_zone="UTC")
    intake.receive(system, {"type": "call.initiated", "call_id": "9", "occurred_at": "2026-11-20T10:00:00"}, now=NOW)
    system.naive_time_zone = "Europe/Moscow"
    system.save()
    rebuilding.replay(CallEvent.objects.get().pk, by=None, now=NOW)
    assert Call.objects.get().started_at == datetime(2026, 11, 20, 7, tzinfo=UTC)
    assert native.ADAPTER.name == "native"
