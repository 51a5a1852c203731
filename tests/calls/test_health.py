"""How a phone system is: figures that follow from what it told, and advice that fits them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from calls import health, intake
from calls.models import Call, CallEvent, PhoneSystem
from tests.factories.calls import AgentExtensionFactory, PhoneSystemFactory, RefusedDeliveryFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)


def told(system, key: str, ago: timedelta, *, late_s: float = 1, **fields) -> None:
    at = NOW - ago
    body = {"type": "call.initiated", "call_id": key, "from": "84950000001", "occurred_at": at.isoformat(), **fields}
    intake.receive(system, body, now=at + timedelta(seconds=late_s))


def test_a_system_that_never_told_anything_is_told_so():
    found = health.of(PhoneSystemFactory(), now=NOW)
    assert [hour for hour in found.hours if hour[0]] == [] and len(found.hours) == 24
    assert "Nothing ever came" in found.advice[0]


def test_the_figures_are_right():
    system, other = PhoneSystemFactory(), PhoneSystemFactory()
    for number in range(3):
        told(system, f"a{number}", timedelta(minutes=10 * number + 1), late_s=number + 1)
    told(system, "b", timedelta(hours=5, minutes=1), type="leg.answered", agent="217")
    told(system, "c", timedelta(hours=25))
    told(other, "d", timedelta(minutes=5))
    intake.receive(system, {"type": "some.thing", "call_id": "a0", "occurred_at": (NOW - timedelta(minutes=1)).isoformat()}, now=NOW)
    CallEvent.objects.filter(call_key="a1").update(state="quarantined")
    system.refresh_from_db()
    found = health.of(system, now=NOW)
    assert [hour[0] for hour in found.hours] == [0] * 18 + [1] + [0] * 4 + [3]
    assert found.hours[18] == (1, 1, 0), "its beginning was never told"
    assert (found.events, found.ignored, found.quarantined, found.waiting) == (6, 1, 1, 0)
    assert found.late_median_s == 1.5
    assert found.nobodys == [("217", 1)] and any("217" in line for line in found.advice)
    AgentExtensionFactory(phone_system=system, extension="217")
    intake.receive(system, {"type": "leg.ended", "call_id": "b", "agent": "217"}, now=NOW)
    assert health.of(system, now=NOW).nobodys == []


def test_a_clock_that_is_wrong_and_a_secret_that_is_wrong_are_told():
    system = PhoneSystemFactory(naive_time_zone="Asia/Yekaterinburg")
    told(system, "a", timedelta(hours=3), late_s=7200)
    PhoneSystem.objects.update(refused=2, last_refused_at=NOW)
    RefusedDeliveryFactory(phone_system=system, at=NOW)
    system.refresh_from_db()
    advice = " ".join(health.of(system, now=NOW).advice)
    assert "ten minutes late" in advice and "refused" in advice


def test_it_costs_the_same_for_many_calls(client_of):
    system, client = PhoneSystemFactory(), client_of("supervisor")
    client.get("/api/v1/me/")  # the use of the token is noted
    counts = []
    for many in (1, 30):
        for number in range(many):
            told(system, f"{many}-{number}", timedelta(minutes=number))
        with CaptureQueriesContext(connection) as asked:
            shown = client.get(f"/api/v1/phone-systems/{system.pk}/health/")
        assert shown.status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_the_admin_shows_it_and_does_it(client_of, client):
    from tests.factories.platform import UserFactory

    system = PhoneSystemFactory(signing=True)
    intake.receive(system, {"type": "call.initiated", "call_id": "1"}, now=timezone.now())
    client.force_login(UserFactory(role="admin"), backend="django.contrib.auth.backends.ModelBackend")
    page = f"/admin/calls/phonesystem/{system.pk}/"
    shown = client.get(page + "change/").content.decode()
    assert f"/api/v1/calls/ingest/{system.slug}/" in shown and "Calls by hour of the last day" in shown
    tried = client.get(page + "try_out/", follow=True)
    assert "the proof is genuine" in tried.content.decode() and Call.objects.count() == 1
    assert client.get(page + "rotate/").status_code == 200
    made = client.post(page + "rotate/")
    system.refresh_from_db()
    assert system.secret in made.content.decode() and system.old_secret == "a secret of thirty-two characters"
    supervisor = UserFactory(role="supervisor")
    client.force_login(supervisor, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(page + "change/").status_code == 200
    assert client.post(page + "rotate/").status_code == 403
