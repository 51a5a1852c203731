"""How often one may ask: each by their own budget, told in every answer, and never a reason for more than a 429."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from axes.utils import reset

from config.api import throttling
from crm.models import Topic
from tests.factories.calls import PhoneSystemFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def window(monkeypatch) -> Callable[[int], None]:
    """All of a test within one minute that no other test has, whenever it runs; ``window(61)`` is a minute later."""
    minute = uuid4().int % 10**9 * 2

    def at(second: int) -> None:
        monkeypatch.setattr(throttling.time, "time", lambda: minute * 60.0 + second)

    at(15)
    return at


@pytest.fixture
def limit(settings):
    def set_to(**limits: int) -> None:
        settings.RATE_LIMITS = settings.RATE_LIMITS | limits

    return set_to


def statuses(client, times: int, path: str = "/api/v1/me/") -> list[int]:
    return [client.get(path).status_code for _ in range(times)]


def test_the_budget_is_counted_down_and_then_closed(client_of, limit):
    limit(caller=3)
    client = client_of("agent")
    answers = [client.get("/api/v1/me/") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0", "0"]
    assert {answer["RateLimit-Limit"] for answer in answers} == {"3"}
    assert {answer["RateLimit-Reset"] for answer in answers} == {"46"}
    refused = answers[-1]
    assert refused.json()["code"] == "throttled"
    assert refused["Content-Type"] == "application/problem+json"
    assert 45 <= int(refused["Retry-After"]) <= 46


def test_the_next_minute_is_a_new_budget(client_of, limit, window):
    limit(caller=1)
    client = client_of("agent")
    assert statuses(client, 2) == [200, 429]
    window(61)
    assert statuses(client, 1) == [200]


def test_callers_do_not_eat_from_one_plate(client_of, limit):
    limit(caller=2, integration=3)
    anna, boris, pbx = client_of("agent"), client_of("agent"), client_of("integration", scopes=["calls:read"])
    assert statuses(anna, 3) == [200, 200, 429]
    assert statuses(boris, 3) == [200, 200, 429]
    assert statuses(pbx, 4) == [200, 200, 200, 429]


def test_two_tokens_of_one_person_are_one_caller(client_of, limit):
    limit(caller=2)
    first = client_of("agent")
    second = client_of(user=first.user)
    assert statuses(first, 1) + statuses(second, 2) == [200, 200, 429]


def test_strangers_are_counted_by_their_address(anyone, limit):
    limit(anonymous=2)
    here, there = {"REMOTE_ADDR": "192.0.2.71"}, {"REMOTE_ADDR": "192.0.2.72"}
    assert [anyone.get("/api/v1/problems/", **here).status_code for _ in range(3)] == [200, 200, 429]
    assert anyone.get("/api/v1/problems/", **there).status_code == 200


def test_logins_have_the_smallest_budget_whoever_they_claim_to_be(anyone, limit):
    limit(login=2)
    for n, expected in enumerate((401, 401, 429)):
        body = {"username": f"guess{n}", "password": "guess"}
        assert anyone.post("/api/v1/tokens/", body, REMOTE_ADDR="192.0.2.81").status_code == expected


def test_a_phone_system_that_signs_has_a_budget_of_its_own(limit, anyone):
    limit(anonymous=1, integration=3)
    system = PhoneSystemFactory(slug="pbx", signing=True)
    seen = []
    for n in range(4):
        body = json.dumps({"type": "call.initiated", "call_id": str(n)}).encode()
        stamp = str(int(datetime.now(UTC).timestamp()))
        mark = hmac.new(system.secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"X-Signature": f"t={stamp},v1={mark}"}
        seen.append(
            anyone.post("/api/v1/calls/events/?phone_system=pbx", body, content_type="application/json", headers=headers).status_code
        )
    assert seen == [200, 200, 200, 429]


def test_a_refused_request_does_nothing(client_of, limit):
    limit(caller=1)
    client = client_of("admin")
    answers = [client.post("/api/v1/topics/", {"code": f"c{n}", "name": "N"}).status_code for n in range(3)]
    assert answers == [201, 429, 429]
    assert Topic.objects.count() == 1


def test_zero_switches_a_limit_off(client_of, limit):
    limit(caller=0)
    client = client_of("agent")
    assert statuses(client, 30) == [200] * 30
    assert "RateLimit-Limit" not in client.get("/api/v1/me/")


def test_probes_are_never_refused(anyone, limit):
    limit(anonymous=1)
    for path in ("/healthz", "/readyz"):
        assert statuses(anyone, 5, path) == [200] * 5


def test_an_account_is_locked_for_that_address_and_opened_by_an_administrator(anyone):
    """After five failures even the right password is refused, without saying whether it was right."""
    UserFactory(username="anna", password="correct horse battery")
    right, wrong = ({"username": "anna", "password": password} for password in ("correct horse battery", "guess"))
    here = {"REMOTE_ADDR": "192.0.2.91"}
    assert [anyone.post("/api/v1/tokens/", wrong, **here).status_code for _ in range(4)] == [401] * 4
    anyone.post("/api/v1/tokens/", wrong, **here)
    locked = anyone.post("/api/v1/tokens/", right, **here)
    assert (locked.status_code, locked.json()["code"]) == (429, "locked_out")
    assert int(locked["Retry-After"]) >= 60
    assert anyone.post("/api/v1/tokens/", right, REMOTE_ADDR="192.0.2.92").status_code == 201, "Anna herself, from her desk"
    reset(username="anna")
    assert anyone.post("/api/v1/tokens/", right, **here).status_code == 201


def test_a_success_forgets_the_failures(anyone):
    UserFactory(username="anna", password="correct horse battery")
    right, wrong = ({"username": "anna", "password": password} for password in ("correct horse battery", "guess"))
    for _ in range(3):
        for _ in range(4):
            assert anyone.post("/api/v1/tokens/", wrong).status_code == 401
        assert anyone.post("/api/v1/tokens/", right).status_code == 201


def test_it_is_not_told_who_exists(anyone):
    """The same words, and the same work: a name that does not exist costs a hash as well."""
    UserFactory(username="anna", password="correct horse battery")
    UserFactory(username="gone", password="correct horse battery", is_active=False)
    UserFactory(username="machine", role="integration", password="correct horse battery")
    told = set()
    for name, password in (("anna", "guess"), ("nobody", "guess"), ("gone", "correct horse battery"), ("machine", "correct horse battery")):
        answer = anyone.post("/api/v1/tokens/", {"username": name, "password": password})
        told.add((answer.status_code, answer.json()["code"], answer.json()["detail"]))
    assert len(told) == 1
