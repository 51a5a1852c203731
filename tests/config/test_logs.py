"""G21: the log says what happened and to which request; never who the customer was, never a secret."""

import json
import logging

import pytest
from django.db import IntegrityError, OperationalError

from config.logging import AddRequest, JsonLines
from tests.contract.operations import operations
from tests.contract.recipes import RECIPES
from tests.contract.test_every_operation import ask
from tests.factories.crm import ContactFactory

pytestmark = pytest.mark.django_db
PEOPLE = [
    "Фёдорова",
    "Алёна",
    "4951234567",
    "4950000001",
    "639171234567",
    "alyona@",
    "anna@",
    "Лесная",
    "Prefers calls",
    "parcel",
    "Смирнова",
]
SECRETS = ["correct horse", "thirty-two characters", "swb_"]


@pytest.fixture
def lines():
    """Everything that is written to the log, as the project writes it, read back."""
    written: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    keep = Keep(level=logging.DEBUG)
    keep.setFormatter(JsonLines())
    keep.addFilter(AddRequest())
    root = logging.getLogger()
    root.addHandler(keep)
    yield written
    root.removeHandler(keep)


def read(lines: list[str]) -> list[dict]:
    return [json.loads(line) for line in lines]


def found_in(lines: list[str], canaries: list[str]) -> list[tuple[str, str]]:
    texts = [json.dumps(line, ensure_ascii=False) for line in read(lines)]
    return [(canary, text[:300]) for text in texts for canary in canaries if canary in text]


@pytest.fixture
def client(client_of, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client = client_of("admin")
    client.raise_request_exception = False
    return client


def test_nothing_of_what_every_operation_gets_and_gives_is_in_the_log(client, lines):
    for operation in operations():
        asked = RECIPES[operation.id]()
        ask(client, operation, asked)
        ask(client, operation, asked)  # again: what is refused for being there already names it in its own error
    client.get("/api/v1/contacts/", {"search": "Фёдорова Алёна"})
    client.get("/api/v1/contacts/", {"search": "4951234567", "owner": "Фёдорова"})
    client.get("/api/v1/Фёдорова/+74951234567/")
    client.post("/api/v1/contacts/", '{"surname": "Фёдорова", "surname": 4951234567}', content_type="application/json")
    client.post("/api/v1/tokens/", {"username": "anna", "password": "correct horse battery staple"})

    assert len(lines) > 2 * len(operations())
    assert found_in(lines, PEOPLE + SECRETS) == []


@pytest.mark.parametrize(
    "error",
    [
        ValueError("Фёдорова +74951234567 swb_secret"),
        KeyError("Фёдорова"),
        IntegrityError('duplicate key value violates unique constraint "x"\nDETAIL: Key (e164)=(+74951234567) already exists.'),
        OperationalError('connection to server failed: FATAL: password authentication failed for user "Фёдорова"'),
        RecursionError("Фёдорова"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_is_told_by_its_kind_and_place_and_not_by_its_words(client, lines, monkeypatch, error):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr("crm.lookup.who_is", fail)
    answer = client.get("/api/v1/lookup/", {"phone": "+74951234567"}, headers={"X-Request-ID": "asked-just-now"})
    assert answer.status_code >= 409
    assert "Фёдорова" not in answer.content.decode() and "4951234567" not in answer.content.decode()
    assert found_in(lines, PEOPLE + SECRETS) == []
    if answer.status_code >= 500:
        told = [line for line in read(lines) if line["level"] == "ERROR"]
        assert told and {line["request_id"] for line in told} == {"asked-just-now"}
        assert type(error).__name__ in json.dumps(told)


def test_where_a_bug_is_can_be_read_in_the_log(client, lines, monkeypatch):
    monkeypatch.setattr("crm.lookup.who_is", lambda *args, **kwargs: {}["Фёдорова"])
    client.get("/api/v1/lookup/", {"phone": "1"})
    (line,) = [line for line in read(lines) if line["level"] == "ERROR"]
    assert "KeyError" in line["exc_info"]
    assert "crm/api/lookup.py:" in line["exc_info"], "file and line"


def test_every_request_has_one_line_with_its_id_route_and_time(client, lines):
    contact = ContactFactory()
    client.get(f"/api/v1/contacts/{contact.pk}/", headers={"X-Request-ID": "asked-just-now"})
    (line,) = read(lines)
    assert line["request_id"] == "asked-just-now"
    assert (line["method"], line["status"], line["level"], line["name"]) == ("GET", 200, "INFO", "switchboard.access")
    assert line["user"] == str(client.user.pk)
    assert line["ms"] >= 0 and line["at"]
    assert str(contact.pk) not in line["route"], "the pattern, not the path"


def test_a_request_that_nobody_reads_leaves_its_line_too(client, anyone, lines):
    anyone.get("/api/v1/nothing/")
    client.post("/api/v1/contacts/", b"{", content_type="application/json")
    assert [line["status"] for line in read(lines) if line["name"] == "switchboard.access"] == [404, 400]


def test_outside_of_a_request_a_line_has_no_id(lines):
    logging.getLogger("switchboard.work").info("done")
    (line,) = read(lines)
    assert line["request_id"] is None


def test_figures_for_prometheus_hold_patterns_only(client):
    contact = ContactFactory(surname="Фёдорова")
    client.get(f"/api/v1/contacts/{contact.pk}/")
    client.get("/api/v1/lookup/", {"phone": "+74951234567"})
    client.get("/api/v1/4951234567/")
    page = client.get("/metrics").content.decode()
    assert "switchboard_http_requests_total" in page
    assert str(contact.pk) not in page and "4951234567" not in page and "Фёдорова" not in page
