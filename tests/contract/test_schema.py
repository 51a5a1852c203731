"""The OpenAPI document is whole: every operation is described, shown by example, and says how it may fail."""

import re
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import call_command
from openapi_spec_validator import OpenAPIV31SpecValidator

from config.api import glossary, problems
from config.api.chapters import TAGS
from tests.contract.operations import document, operations, written

pytestmark = pytest.mark.django_db


ROOT = Path(__file__).parents[2]


def test_it_is_generated_without_a_warning_and_is_the_one_in_the_repository(tmp_path):
    made = tmp_path / "openapi.yaml"
    call_command("spectacular", file=made, validate=True, fail_on_warn=True)
    kept = (ROOT / "docs" / "openapi.yaml").read_text(encoding="utf-8")
    assert made.read_text(encoding="utf-8") == kept, "the API changed: run `make schema` and commit docs/openapi.yaml"


def test_it_is_a_valid_document_of_openapi():
    assert [error.message for error in OpenAPIV31SpecValidator(written()).iter_errors()] == []


def references(part) -> set[str]:
    """All that a part of the document refers to, beside other words too."""
    if isinstance(part, list):
        return {name for one in part for name in references(one)}
    if not isinstance(part, dict):
        return set()
    own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
    return own | {name for one in part.values() for name in references(one)}


def test_no_component_is_unused_and_none_is_missing():
    components = {
        f"#/components/{kind}/{name}" for kind, part in written()["components"].items() for name in part if kind != "securitySchemes"
    }
    assert references(written()) == components


def test_sets_of_choices_have_names_of_their_own_and_every_word_is_explained():
    """A name that is made of a field's changes when another field is called alike: config/api/choices.py names them for good."""
    sets = {name: one for name, one in written()["components"]["schemas"].items() if "enum" in one and one["enum"] != [""]}
    assert [name for name in sets if name.endswith("Enum")] == [], "name them in config/api/choices.py"
    bare = [name for name, one in sets.items() if set(one["enum"]) != {word for word, about in one["x-enumDescriptions"].items() if about}]
    assert bare == [], "explain them in config/api/meanings.py"


def enumerations(part, where: str = "") -> list[tuple[str, dict]]:
    """Every list of words in a part of the document, and where it is; what problems say of their codes is told with the codes."""
    if isinstance(part, list):
        return [
            one
            for index, each in enumerate(part)
            for one in enumerations(each, f"{where}/{each.get('name', index)}" if isinstance(each, dict) else where)
        ]
    if not isinstance(part, dict):
        return []
    own = [(where, part)] if isinstance(part.get("enum"), list) and part["enum"] != [""] else []
    inner = {
        name: each
        for name, each in part.items()
        if name not in ("example", "examples", "default", "x-enumDescriptions", "application/problem+json")
    }
    return own + [one for name, each in inner.items() for one in enumerations(each, f"{where}/{name}")]


def test_no_parameter_and_no_property_takes_words_that_are_not_explained():
    """One of a few words: what each means stands beside it, in a query as in a body."""
    bare = [
        where for where, one in enumerations(written()) if {str(word) for word in one["enum"]} != set(one.get("x-enumDescriptions", {}))
    ]
    assert bare == [], "explain them in config/api/meanings.py"


def test_every_property_says_what_it_means():
    bare = [
        f"{name}.{key}"
        for name, one in written()["components"]["schemas"].items()
        for key, part in one.get("properties", {}).items()
        if not part.get("description") and not glossary.is_reference(part)
    ]
    assert bare == [], "say it with `help_text`, or in config/api/glossary/"


def test_a_property_has_one_place_in_the_glossary():
    places = Counter((family, key) for part in glossary.PARTS for family, words in part.OF.items() for key in words)
    assert [place for place, count in places.items() if count > 1] == []


def test_the_glossary_speaks_of_what_there_is():
    there = {
        (glossary.family_of(name), key) for name, one in written()["components"]["schemas"].items() for key in one.get("properties", {})
    }
    assert {(family, key) for family, words in glossary.OF.items() for key in words} - there == set()
    assert {name for name, _ in glossary.EVERYWHERE} - {key for _, key in there} == set()


def test_tags_are_those_of_the_contents():
    used = {tag for operation in operations() for tag in what(operation)["tags"]}
    assert used == {tag["name"] for tag in TAGS if tag["name"] != "webhooks"} | {"webhooks"}


def test_codes_stand_under_the_status_that_they_have():
    known = problems.catalogue()
    for operation in operations():
        for status, answer in what(operation)["responses"].items():
            if status[0] in "45":
                which = answer["content"]["application/problem+json"]["schema"]["properties"]["code"]
                which = which["anyOf"][0] if "anyOf" in which else which
                codes = [which["const"]] if "const" in which else which["enum"]
                assert codes and {known[code][0] for code in codes} == {int(status)}, f"{operation} {status}"
                assert set(answer["content"]["application/problem+json"]["examples"]) <= set(codes), f"{operation} {status}"


def test_scopes_are_stated_by_every_operation_that_an_integration_may_call():
    told = {scope for operation in operations() for one in what(operation)["security"] for scope in one.get("token", [])}
    assert told <= set(written()["components"]["securitySchemes"]["token"]["x-scopes"]) and len(told) > 15


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
