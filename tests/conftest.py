"""What every test may use: clients of each role, signed in by a real token."""

import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from config.platform import outbox, tokens
from config.platform.models import Role
from tests import news_shapes, tidying
from tests.factories.platform import UserFactory
from tests.faults.running import FIRST, Running

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"  # for the processes that tests start: they are run as in life
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def pytest_configure(config: pytest.Config) -> None:
    """A place for the data of the first running Switchboard, which workers inherit."""
    tidying.install()
    if not hasattr(config, "workerinput"):
        os.environ[FIRST] = tempfile.mkdtemp(prefix="switchboard-first-")


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        first = Path(os.environ[FIRST])
        Running(first).end()
        first.with_suffix(".lock").unlink(missing_ok=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with long tests are spread among the others, and none comes last: workers seldom have two at once, and none waits in the end."""
    long = {item.path for item in items if item.get_closest_marker("slow") or item.get_closest_marker("fault")}
    files = list(dict.fromkeys(item.path for item in items))
    short = [path for path in files if path not in long]
    share = len(short) // (len(long) + 4) + 1
    order = {path: number * (share + 1) for number, path in enumerate(path for path in files if path in long)}
    order |= {path: number // share * (share + 1) + number % share + 1 for number, path in enumerate(short)}
    items.sort(key=lambda item: order[item.path])


@pytest.fixture(autouse=True)
def unhurried(settings) -> None:
    """No rate limits: tests share one store and one minute. tests/config/test_throttling.py sets its own."""
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, 0)


@pytest.fixture(autouse=True)
def news_as_declared(monkeypatch) -> None:
    """Nothing is told to other systems in any test that is not of the declared shape."""
    tell, tell_many = outbox.tell, outbox.tell_many

    def one(type_, subject, data, *, previous=None, **more):
        news_shapes.check(type_, data, previous)
        return tell(type_, subject, data, previous=previous, **more)

    def many(news, **more):
        told = list(news)
        for piece in told:
            news_shapes.check(piece.type, piece.data, piece.previous)
        tell_many(told, **more)

    monkeypatch.setattr(outbox, "tell", one)
    monkeypatch.setattr(outbox, "tell_many", many)


@pytest.fixture
def client_of(db) -> Callable[..., APIClient]:
    """``client_of("agent")`` is an API client with a token of that role; ``scopes`` narrow it, ``user`` chooses whose it is."""

    def make(role: str = Role.SUPERVISOR, *, user=None, scopes=(), **attributes) -> APIClient:
        owner = user or UserFactory(role=role, **attributes)
        if owner.role == Role.INTEGRATION and not scopes:
            scopes = ["events:write"]
        _, secret = tokens.issue(owner, name="test", scopes=scopes, by=None, now=datetime.now(UTC))
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        client.user = owner
        client.token = secret
        return client

    return make


@pytest.fixture
def anyone() -> APIClient:
    """A client without a token."""
    return APIClient()
