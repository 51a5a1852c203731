"""The OpenAPI document is whole: every operation is described, shown by example, and says how it may fail."""

import re

import pytest

from tests.contract.operations import document, operations

pytestmark = pytest.mark.django_db


def what(operation) -> dict:
    return document()["paths"][operation.path][operation.method.lower()]


def test_ids_are_unique_and_plain():
    ids = [operation.id for operation in operations()]
    assert len(ids) == len(set(ids))
    assert [name for name in ids if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []


def test_every_operation_is_described():
    bare = [operation.id for operation in operations() if not all(what(operation).get(part) for part in ("summary", "description", "tags"))]
    assert bare == []


def test_every_json_body_and_answer_has_an_example():
    bare = []
    for operation in operations():
        body = what(operation).get("requestBody", {}).get("content", {}).get("application/json")
        if body is not None and not (body.get("examples") or body.get("example")):
            bare.append(f"{operation.id}: request")
        for status, answer in what(operation)["responses"].items():
            shown = answer.get("content", {}).get("application/json")
            if status[0] == "2" and shown is not None and not (shown.get("examples") or shown.get("example")):
                bare.append(f"{operation.id}: {status}")
    assert bare == []


def test_every_operation_says_how_it_may_fail():
    for operation in operations():
        answers = what(operation)["responses"]
        assert {"400", "429", "503"} <= set(answers), operation
        if "{" in operation.path:
            assert "404" in answers, operation
        for status, answer in answers.items():
            if status[0] in "45":
                assert list(answer["content"]) == ["application/problem+json"], f"{operation} {status}"
                assert answer["description"], f"{operation} {status}"


def test_examples_of_requests_are_valid(client_of):
    """What the document shows as a body is what the server reads: no field of an example is unknown or of the wrong form."""
    client = client_of("admin")
    for operation in operations():
        body = what(operation).get("requestBody", {}).get("content", {}).get("application/json")
        for example in (body or {}).get("examples", {}).values():
            answer = getattr(client, operation.method.lower())(operation.address(), example["value"], format="json")
            problem = answer.json() if answer.status_code == 400 else {}
            wrong = [one for one in problem.get("errors", []) if one["code"] not in ("does_not_exist",)]
            assert wrong == [] and problem.get("code") not in ("parse_error", "event_unreadable"), f"{operation}: {problem}"
