"""Whose rows are seen by whom: one's own, another's, nobody's. What may not be seen is 404, what may not be done is 403."""

import re

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from config.platform.models import Role
from tests.contract.operations import NOBODYS, document
from tests.contract.recipes import RECIPES
from tests.contract.recipes.house import batch
from tests.factories.calls import CallFactory, DispositionFactory
from tests.factories.crm import ImportFactory
from tests.factories.platform import ApiTokenFactory, UserFactory

pytestmark = pytest.mark.django_db
OUTSIDE_OF_THE_DOCUMENT = {"schema/", "docs/", "redoc/", "docs", "redoc"}  # the last two send on to the pages

#: what is asked: who, one's own row, another's, one that is not there
CELLS = [
    ("GET", "tokens/{id}/", Role.AGENT, 200, 404, 404),
    ("GET", "tokens/{id}/", Role.SUPERVISOR, 200, 404, 404),
    ("GET", "tokens/{id}/", Role.BACK_OFFICE, 200, 404, 404),
    ("GET", "tokens/{id}/", Role.ADMIN, 200, 200, 404),
    ("POST", "tokens/{id}/revoke/", Role.AGENT, 200, 404, 404),
    ("POST", "tokens/{id}/revoke/", Role.SUPERVISOR, 200, 404, 404),
    ("POST", "tokens/{id}/revoke/", Role.ADMIN, 200, 200, 404),
    ("GET", "imports/{id}/", Role.AGENT, 200, 404, 404),
    ("GET", "imports/{id}/", Role.SUPERVISOR, 200, 200, 404),
    ("GET", "imports/{id}/", Role.BACK_OFFICE, 200, 200, 404),
    ("GET", "imports/{id}/rows/", Role.AGENT, 200, 404, 404),
    ("GET", "imports/{id}/errors/", Role.AGENT, 200, 404, 404),
    ("POST", "imports/{id}/cancel/", Role.AGENT, 200, 404, 404),
    ("POST", "imports/{id}/start/", Role.AGENT, 200, 404, 404),
    ("POST", "imports/{id}/start/", Role.BACK_OFFICE, 200, 200, 404),
    ("POST", "calls/{id}/wrap-up/", Role.AGENT, 200, 403, 404),
    ("POST", "calls/{id}/wrap-up/", Role.SUPERVISOR, 200, 200, 404),
    ("POST", "calls/{id}/wrap-up/", Role.BACK_OFFICE, 403, 403, 403),
    ("GET", "calls/{id}/", Role.AGENT, 200, 200, 404),
]


def row_of(path: str, user):
    if path.startswith("tokens"):
        return ApiTokenFactory(user=user)
    if path.startswith("calls"):
        return CallFactory(agent=user)
    made = batch()
    made.by = user
    made.save()
    return made


@pytest.mark.parametrize(("method", "path", "role", "own", "anothers", "nobodys"), CELLS)
def test_own_anothers_and_nobodys(client_of, method, path, role, own, anothers, nobodys):
    client = client_of(role)
    body = {"disposition": DispositionFactory().code} if "wrap-up" in path else None
    found = []
    for row_id in (row_of(path, client.user).pk, row_of(path, UserFactory(role=role)).pk, NOBODYS):
        found.append(getattr(client, method.lower())(f"/api/v1/{path.replace('{id}', str(row_id))}", body, format="json").status_code)
    assert found == [own, anothers, nobodys]


def test_a_list_holds_what_may_be_seen_and_no_more(client_of):
    agent, admin = client_of("agent"), client_of("admin")
    mine, theirs = ImportFactory(by=agent.user), ImportFactory()
    assert {row["id"] for row in agent.get("/api/v1/imports/").json()["results"]} == {str(mine.pk)}
    assert {row["id"] for row in admin.get("/api/v1/imports/").json()["results"]} == {str(mine.pk), str(theirs.pk)}
    assert agent.get("/api/v1/imports/?count=true").json()["count"] == 1, "nor is it counted"
    assert {row["user"] for row in agent.get("/api/v1/tokens/").json()["results"]} == {str(agent.user.pk)}
    assert len(admin.get("/api/v1/tokens/").json()["results"]) == 2


def test_the_refusal_tells_nothing_of_a_row_that_may_not_be_seen(client_of):
    """The same answer as for one that is not there, but for the request id."""
    agent = client_of("agent")
    answers = [agent.get(f"/api/v1/imports/{row_id}/").json() for row_id in (ImportFactory().pk, NOBODYS)]
    for answer in answers:
        answer.pop("request_id")
    assert answers[0] == answers[1]


def routes() -> set[str]:
    """Every address under /api/v1/, as the document writes it."""

    def walk(patterns, before: str) -> set[str]:
        found: set[str] = set()
        for pattern in patterns:
            here = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                found |= walk(pattern.url_patterns, here)
            elif isinstance(pattern, URLPattern):
                found.add(here)
        return found

    addresses = set()
    for route in walk(get_resolver().url_patterns, ""):
        if route.startswith("api/v1/"):
            plain = (
                re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", route.removeprefix("api/v1/")).replace("^", "").replace("$", "").replace(r"\Z", "")
            )
            addresses.add(plain.replace("{pk}", "{id}"))
    return addresses


def test_no_address_is_hidden_from_the_document():
    """Whoever is not in the document is not in the matrix either."""
    described = {path.removeprefix("/api/v1/") for path in document()["paths"]}
    assert described <= routes()
    assert routes() - described == OUTSIDE_OF_THE_DOCUMENT


def test_what_a_person_without_rights_asks_rightly_is_refused_before_anything_is_done(client_of):
    """Also with a body that would succeed: permission is looked at first."""
    agent = client_of("agent")
    for name in ("users_create", "topics_create", "departments_create", "phone_systems_create", "tokens_issue", "custom_fields_create"):
        asked = RECIPES[name]()
        path = {"tokens_issue": "tokens/issue"}.get(name, name.removesuffix("_create").replace("_", "-"))
        assert agent.post(f"/api/v1/{path}/", asked.body).status_code == 403, name
