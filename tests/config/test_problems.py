"""Errors are RFC 9457 problems, whoever makes them: the view, the framework, the router, the database."""

import json

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
NOBODY = "01a20946-f086-75fe-98a6-2db5d4a697fd"


def problem(answer, status: int, code: str) -> dict:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body = json.loads(answer.content)
    assert body["code"] == code
    assert body["type"] == f"/api/v1/problems/{code}/"
    assert body["status"] == status
    assert body["title"] and body["detail"]
    assert body["request_id"] == answer["X-Request-ID"]
    return body


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("get", "/api/v1/nothing/", {}, 404, "not_found"),
        ("get", "/api/v2/contacts/", {}, 404, "not_found"),
        ("get", "/nothing", {}, 404, "not_found"),
        ("get", f"/api/v1/contacts/{NOBODY}/", {}, 404, "not_found"),
        ("get", "/api/v1/contacts/not-an-id/", {}, 404, "not_found"),
        ("get", "/api/v1/contacts", {}, 404, "not_found"),
        ("post", "/api/v1/contacts", {}, 404, "not_found"),
        ("put", "/api/v1/contacts/", {}, 405, "method_not_allowed"),
        ("delete", "/api/v1/me/", {}, 405, "method_not_allowed"),
        ("options", "/api/v1/contacts/", {}, 405, "method_not_allowed"),
        ("get", "/api/v1/me/", {"Accept": "text/html"}, 406, "not_acceptable"),
        ("get", "/api/v1/me/", {"Accept": "application/xml"}, 406, "not_acceptable"),
        ("get", "/api/v1/contacts/?colour=red", {}, 400, "unknown_parameter"),
        ("get", "/api/v1/contacts/?page_size=0", {}, 400, "invalid"),
        ("get", "/api/v1/contacts/?format=api", {}, 400, "unknown_parameter"),
        ("get", "/api/v1/me/?format=xml", {}, 400, "unknown_parameter"),
    ],
)
def test_every_error_is_a_problem(client_of, method, path, headers, status, code):
    problem(getattr(client_of("admin"), method)(path, headers=headers), status, code)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer swb_nobody"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer \udcff"},
        {"Authorization": "token x"},
    ],
)
def test_a_stranger_is_told_how_to_come_in(anyone, headers):
    answer = anyone.get("/api/v1/me/", headers=headers)
    assert answer.json()["code"] in ("not_authenticated", "authentication_failed")
    problem(answer, 401, answer.json()["code"])
    assert answer["WWW-Authenticate"] == 'Bearer realm="switchboard"'


def test_a_method_that_is_not_there_names_those_that_are(client_of):
    answer = client_of("admin").put("/api/v1/contacts/", {})
    assert set(answer["Allow"].split(", ")) >= {"GET", "POST"}
    assert "PUT" not in answer["Allow"]


def test_a_missing_slash_is_said_and_not_redirected(client_of):
    answer = client_of("admin").post("/api/v1/contacts", {"surname": "A"})
    assert "/api/v1/contacts/" in problem(answer, 404, "not_found")["detail"]


def test_a_wrong_media_type_is_a_problem(client_of):
    problem(client_of("admin").post("/api/v1/contacts/", b"<a/>", content_type="text/xml"), 415, "unsupported_media_type")


@pytest.mark.parametrize("length", ["99999999999", "-1", "many", "9" * 400])
def test_an_impossible_length_is_refused_unread(anyone, length):
    answer = anyone.generic("POST", "/api/v1/tokens/", b"{}", content_type="application/json", CONTENT_LENGTH=length)
    problem(answer, 413, "payload_too_large")


def test_a_host_that_is_not_ours_is_a_problem(client_of, settings):
    settings.ALLOWED_HOSTS = ["switchboard.example"]
    problem(client_of("admin").get("/api/v1/me/", headers={"Host": "evil.example"}), 400, "bad_request")


def test_a_foreign_form_cannot_write_with_a_session_of_the_admin(client_of):
    """Whoever is signed in to the admin may try the docs; another site may not do it in their name."""
    from tests.factories.platform import UserFactory

    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory(role="admin"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/api/v1/me/").status_code == 200
    answer = client.post("/api/v1/topics/", b'{"code": "a", "name": "A"}', content_type="application/json")
    problem(answer, 403, "permission_denied")


def test_no_error_of_the_api_is_a_page(client_of, anyone):
    """Also not to a browser, which asks for HTML before all."""
    accept = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for client in (client_of("agent"), anyone):
        for path in ("/api/v1/nothing/", "/api/v1/contacts/x/", "/api/v1/users/", "/api/v1/calls/?a=1", "/healthz/x"):
            answer = client.get(path, headers=accept)
            assert not answer["Content-Type"].startswith("text/html"), path


@pytest.mark.parametrize("path", ["/api/v1/me/", "/api/v1/schema/", "/api/v1/docs/", "/api/v1/problems/"])
def test_an_empty_accept_asks_for_as_much_as_none(client_of, path):
    client = client_of("agent")
    with_none, with_empty = client.get(path), client.get(path, headers={"Accept": ""})
    assert (with_empty.status_code, with_empty["Content-Type"]) == (200, with_none["Content-Type"])


@pytest.mark.parametrize("typed", ["/admin", "/desk", "/api/v1/docs", "/api/v1/redoc"])
def test_pages_that_people_type_are_found_without_the_last_slash(anyone, typed):
    answer = anyone.get(typed)
    assert (answer.status_code, answer["Location"]) == (302, f"{typed}/")


def test_a_given_request_id_is_taken_only_when_it_is_harmless(anyone):
    for given in ("desk-7-000001", "A" * 64, "0199a1b2c3d475f68718293a4b5c6d7e"):
        assert anyone.get("/healthz", headers={"X-Request-ID": given})["X-Request-ID"] == given
    for given in ("short", "A" * 65, "a b c d e f g", "<script>alert</script>", "ключ-ключ-ключ", ""):
        made = anyone.get("/healthz", headers={"X-Request-ID": given})["X-Request-ID"]
        assert made != given and len(made) == 32


def test_a_rule_of_the_table_answers_in_words(client_of):
    client = client_of("admin")
    client.post("/api/v1/departments/", {"name": "Repairs"})
    body = problem(client.post("/api/v1/departments/", {"name": "Repairs"}), 409, "one_department_name_per_parent")
    assert "department" in body["detail"].lower()
    assert "Key (" not in body["detail"] and "constraint" not in body["detail"].lower()


def test_a_bug_is_a_problem_without_its_insides(client_of, monkeypatch, settings):
    client = client_of("agent")
    client.raise_request_exception = False
    monkeypatch.setattr("crm.lookup.who_is", lambda *a, **k: 1 / 0)
    answer = client.get("/api/v1/lookup/?phone=1")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "division" not in answer.content.decode()


def test_every_code_of_the_catalogue_has_its_page(anyone):
    catalogue = anyone.get("/api/v1/problems/").json()
    assert {"version_conflict", "duplicate_contact", "throttled", "event_unreadable"} <= {one["code"] for one in catalogue}
    for one in catalogue:
        assert anyone.get(f"/api/v1/problems/{one['code']}/").json() == one
        assert len(one["meaning"]) > 10, one
