"""A token goes past what browsers need; a browser does not."""

import pytest
from django.contrib.sessions.middleware import SessionMiddleware

from config.api.shortcut import PastBrowsers

pytestmark = pytest.mark.django_db


@pytest.fixture
def looked_at(monkeypatch):
    """The addresses whose cookies were looked at."""
    seen = []
    monkeypatch.setattr(SessionMiddleware, "process_request", lambda self, request: seen.append(request.path_info))
    return seen


def test_with_a_token_no_cookie_is_looked_at(client_of, looked_at):
    assert client_of("agent").get("/api/v1/me/").status_code == 200
    assert looked_at == []


def test_the_headers_are_the_same_with_a_token_and_without(client_of, client):
    with_token, without = client_of("agent").get("/api/v1/me/"), client.get("/api/v1/me/")
    for name in ("X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy", "Cache-Control", "Content-Length"):
        assert name in with_token.headers
        assert name in without.headers


@pytest.mark.parametrize(
    ("path", "authorization"), [("/admin/", "Bearer x"), ("/api/v1/me/", ""), ("/api/v1/me/", "Basic x"), ("/apix", "Bearer x")]
)
def test_everything_else_goes_the_long_way(rf, path, authorization):
    way = PastBrowsers(lambda request: "the long way")
    assert way(rf.get(path, HTTP_AUTHORIZATION=authorization)) == "the long way"
