"""Every operation, asked rightly, does what the document says; every write is remembered, and is done once, on what was seen."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from config.platform.models import AuditEvent
from tests.contract.operations import document, operations
from tests.contract.recipes import RECIPES, Asked

pytestmark = pytest.mark.django_db
ALL = operations()
WRITES = [one for one in ALL if one.method != "GET"]
# Events of phone systems are their own record: each is kept as it came, with the time of its arrival. A check only asks.
# A quote is asked by POST for its body alone; nothing is written. A heartbeat is a sign of life, three a minute from everybody.
# A ticket is kept for half a minute outside of the database, and opens what its owner may read anyway.
TOLD_BY_THEMSELVES = {"call_events_create", "call_ingest_below", "call_ingest_create", "suppressions_check", "calling_check"}

WRITES_NOTHING = {
    "agents_heartbeat",
    "escalation_policies_preview",
    "orders_quote",
    "phone_systems_test",
    "routing_rules_try_out",
    "sla_policies_try_out",
    "stream_ticket",
}
# Signing in takes no key: a kept answer would be a token lying about. Events are told apart by their own ids.
WITHOUT_KEY = {"tokens_create"}
# Of these the attempt itself tells who had whom in hand, since when and until when: a million of them are not told twice.
TOLD_BY_ATTEMPTS = {"attempts_heartbeat", "attempts_release", "campaigns_lease_batch", "campaigns_my_next", "campaigns_next"}
# These hang a row of its own on the one they name, which does not change: the audit event is of the new row, and nothing is overwritten.
WRITES_ANOTHER_ROW = {
    "attempts_dial",
    "attempts_promise",
    "attempts_report",
    "call_events_replay",
    "campaigns_begin_dry_run",
    "campaigns_build_audience",
    "campaigns_collect",
    "campaigns_copy",
    "campaigns_report_results",
    "contact_lists_add_members",
    "contact_lists_remove_members",
    "contacts_notes",
    "calls_answered",
    "calls_review",
    "calls_script_runs",
    "promotions_copy",
    "calls_transfer",
    "complaints_satisfaction_answer",
    "complaints_satisfaction_decline",
    "complaints_satisfaction_link",
    "webhook_endpoints_replay",
    "webhook_endpoints_test",
}


@pytest.fixture
def admin(client_of, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return client_of("admin")


def ask(client, operation, asked: Asked, **headers: str):
    address = operation.address(**asked.ids)
    if operation.method == "GET":
        return client.get(address, asked.query, headers=headers)
    if asked.query:
        address += "?" + urlencode(asked.query)
    kind = {"format": asked.kind} if asked.body is not None else {}
    return getattr(client, operation.method.lower())(address, asked.body, headers=headers, **kind)


def answers_of(operation) -> dict[str, Any]:
    return document()["paths"][operation.path][operation.method.lower()]["responses"]


def documented(operation, status: int) -> dict[str, Any]:
    answers = answers_of(operation)
    assert str(status) in answers, f"{operation} answered {status}, the document knows {sorted(answers)}"
    return answers[str(status)]


def strict(schema: Any) -> Any:
    """The schema, and nothing that it does not name: an answer must not carry more than is documented."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: strict(one) for name, one in schema.items()}
    if isinstance(made.get("properties"), dict) and "type" in made:
        made.setdefault("additionalProperties", False)
    return made


def faults(schema: dict[str, Any], value: Any) -> Iterator[str]:
    components = {"schemas": {name: strict(one) for name, one in document()["components"]["schemas"].items()}}
    checker = Draft202012Validator(
        {**strict(schema), "components": components}, format_checker=FormatChecker(["uuid", "date-time", "email"])
    )
    return (f"{error.json_path}: {error.message[:300]}" for error in checker.iter_errors(value))


def test_the_recipes_and_the_document_know_the_same_operations():
    assert sorted(RECIPES) == sorted(operation.id for operation in ALL)


@pytest.mark.parametrize("operation", ALL, ids=str)
def test_it_succeeds_as_documented(admin, operation):
    kinds = {kind for status, told in answers_of(operation).items() if status[0] == "2" for kind in told.get("content", {})}
    wanted = {"Accept": ", ".join(sorted(kinds))} if kinds else {}  # what the document promises may be asked for by its name
    answer = ask(admin, operation, RECIPES[operation.id](), **wanted)

    assert 200 <= answer.status_code < 300, answer.content
    content = documented(operation, answer.status_code).get("content", {})
    if answer.status_code == 204:
        assert not content and not answer.content
        return
    kind = answer["Content-Type"].partition(";")[0]
    assert kind in content
    if kind != "application/json":
        return
    value = orjson.loads(answer.content)
    assert list(faults(content[kind]["schema"], value)) == []
    if operation.id.endswith("_list"):
        assert value.get("results", value) if isinstance(value, dict) else value, "the recipe made nothing to show"


@pytest.mark.parametrize("operation", ALL, ids=str)
def test_it_knows_the_parameters_that_the_document_names(admin, operation):
    if operation.id in ("call_ingest_below", "call_ingest_check", "call_ingest_create"):
        return  # phone systems put into the query what they like
    asked = RECIPES[operation.id]()
    asked.query = {"nobody_knows_this": "1"}
    answer = ask(admin, operation, asked)
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_parameter")
    (error,) = answer.json()["errors"]
    known = set(error["detail"].partition("Known here: ")[2].rstrip(".").split(", ")) - {"none"}
    said = document()["paths"][operation.path][operation.method.lower()].get("parameters", [])
    assert {one["name"] for one in said if one["in"] == "query"} == known


@pytest.mark.parametrize(
    "operation", [one for one in WRITES if one.id not in TOLD_BY_THEMSELVES | WRITES_NOTHING | TOLD_BY_ATTEMPTS], ids=str
)
def test_a_write_is_remembered_with_its_request(admin, operation):
    asked = RECIPES[operation.id]()
    before = set(AuditEvent.objects.values_list("pk", flat=True))
    answer = ask(admin, operation, asked, **{"X-Request-ID": "asked-just-now"})
    assert answer.status_code < 300, answer.content
    events = AuditEvent.objects.exclude(pk__in=before)
    assert events, "nobody will know who did this"
    for event in events:
        assert event.request_id == "asked-just-now"
        assert event.ip == "127.0.0.1"
        assert event.by == admin.user or operation.id == "tokens_create"
    if asked.row is not None:
        assert asked.row.pk in {event.subject_id for event in events} or operation.id in WRITES_ANOTHER_ROW


@pytest.mark.parametrize("operation", [one for one in WRITES if one.method == "POST" and one.id not in WITHOUT_KEY], ids=str)
def test_a_retry_is_done_once_and_answered_alike(admin, operation):
    asked = RECIPES[operation.id]()
    first = ask(admin, operation, asked, **{"Idempotency-Key": "k"})
    if asked.kind == "multipart":
        asked.body["file"].seek(0)
    done = AuditEvent.objects.count()
    again = ask(admin, operation, asked, **{"Idempotency-Key": "k"})
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert [again.get(name) for name in ("ETag", "Location")] == [first.get(name) for name in ("ETag", "Location")]
    assert again["Idempotency-Replayed"] == "true"
    assert AuditEvent.objects.count() == done


@pytest.mark.parametrize("operation", [one for one in WRITES if "{" in one.path], ids=str)
def test_a_change_decided_on_an_older_state_is_refused(admin, operation):
    if "412" not in document()["paths"][operation.path][operation.method.lower()]["responses"]:
        # asking for everything that is known changes nothing of it
        assert (
            operation.id
            in {"tokens_revoke", "contacts_personal_data"} | WRITES_ANOTHER_ROW | WRITES_NOTHING | TOLD_BY_THEMSELVES | TOLD_BY_ATTEMPTS
        ), "it may overwrite what its caller has not seen"
        return
    asked = RECIPES[operation.id]()
    done = AuditEvent.objects.count()
    refused = ask(admin, operation, asked, **{"If-Match": '"77"'})
    assert (refused.status_code, refused.json()["code"]) == (412, "version_conflict")
    assert AuditEvent.objects.count() == done
    asked.row.refresh_from_db()
    if asked.kind == "multipart":
        asked.body["file"].seek(0)
    accepted = ask(admin, operation, asked, **{"If-Match": f'"{asked.row.version}"'})
    assert accepted.status_code < 300, accepted.content


@pytest.mark.parametrize("operation", [one for one in ALL if one.id.endswith("_retrieve") and "{id}" in one.path], ids=str)
def test_what_can_be_changed_has_a_tag(admin, operation):
    asked = RECIPES[operation.id]()
    answer = ask(admin, operation, asked)
    assert answer["ETag"] == f'"{asked.row.version}"'
    again = ask(admin, operation, asked, **{"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", answer["ETag"])
    assert ask(admin, operation, asked, **{"If-None-Match": '"77"'}).status_code == 200


@pytest.mark.parametrize("operation", [one for one in WRITES if one.id.endswith("_create")], ids=str)
def test_what_was_made_is_found_where_the_answer_says(admin, operation):
    answer = ask(admin, operation, RECIPES[operation.id]())
    if "Location" not in answer:
        assert operation.id in {"tokens_create", "call_events_create", "call_ingest_create"}
        return
    found = admin.get(answer["Location"])
    assert found.status_code == 200
    assert found["ETag"] == answer["ETag"]
    shown_once = {"secret": answer.json()["secret"]} if operation.id == "webhook_endpoints_create" else {}
    assert found.json() | shown_once == answer.json()
