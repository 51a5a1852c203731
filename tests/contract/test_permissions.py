"""The permission matrix, walked: every operation with every role, with none, and with integrations of right and wrong scopes."""

import pytest

from config.platform.models import Scope
from tests.contract.matrix import LETTERS, LINES
from tests.contract.operations import operations

pytestmark = pytest.mark.django_db


def ask(client, operation):
    headers = {}
    if operation.has_body:
        kind = {"format": "multipart"} if operation.id == "imports_create" else {"format": "json"}
        return getattr(client, operation.method.lower())(operation.address(), {}, **kind, headers=headers)
    return getattr(client, operation.method.lower())(operation.address())


def test_the_matrix_and_the_document_know_the_same_operations():
    assert sorted(LINES) == sorted(operation.id for operation in operations())


def test_without_a_token_nothing_but_the_public_answers(anyone):
    for operation in operations():
        answer = ask(anyone, operation)
        is_public = LINES[operation.id] == ["everybody"]
        assert (answer.status_code != 401) == is_public or operation.id == "tokens_create", f"{operation}: {answer.status_code}"
        if not is_public:
            assert answer["WWW-Authenticate"].startswith("Bearer"), operation


@pytest.mark.parametrize("role", LETTERS)
def test_a_role_may_what_the_matrix_says_and_nothing_else(client_of, role):
    client = client_of(role)
    for operation in operations():
        answer, line = ask(client, operation), LINES[operation.id]
        may = line[0] in ("everybody", "known") or LETTERS[role] in line[0]
        if operation.id == "tokens_create":
            continue
        assert (answer.status_code not in (401, 403)) == may, f"{role} {operation}: {answer.status_code} {answer.content[:200]}"


@pytest.mark.parametrize("scope", Scope.values)
def test_an_integration_may_what_its_scope_says_and_nothing_else(client_of, scope):
    client = client_of("integration", scopes=[scope])
    for operation in operations():
        answer, line = ask(client, operation), LINES[operation.id]
        may = line[0] in ("everybody", "known") or line[1] == scope
        if operation.id == "tokens_create":
            continue
        assert (answer.status_code not in (401, 403)) == may, f"{scope} {operation}: {answer.status_code} {answer.content[:200]}"


def test_scopes_narrow_a_persons_token(client_of):
    client = client_of("admin", scopes=["contacts:read"])
    for operation in operations():
        line = LINES[operation.id]
        may = line[0] in ("everybody", "known") or line[-1] == "contacts:read"
        if operation.id != "tokens_create":
            assert (ask(client, operation).status_code not in (401, 403)) == may, operation


def test_me_tells_each_role_what_it_may(client_of):
    for role, letter in LETTERS.items():
        may = set(client_of(role).get("/api/v1/me/").json()["may"])
        assert may == {name for name, line in LINES.items() if line[0] in ("everybody", "known") or letter in line[0]}, role
