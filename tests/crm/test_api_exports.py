"""/exports/ over HTTP: who may order a file, who may read it, and what comes back."""

from datetime import UTC, datetime

import pytest

from config.platform.models import AuditEvent
from crm.exporting import jobs
from crm.models import Export
from tests.factories.crm import ContactFactory
from tests.factories.exports import ExportFactory, SavedFilterFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/exports/"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def client(client_of):
    return client_of("supervisor")


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    return answer.json()


def test_ordered_watched_and_fetched(client):
    ContactFactory(surname="Фёдорова", phones=["+74951234567"])
    answer = client.post(URL, {"entity": "contacts", "format": "csv", "query": {"kind": "person"}, "columns": ["surname", "phones"]})
    assert answer.status_code == 202, answer.content
    shown = answer.json()
    assert (shown["state"], shown["result_url"], shown["open_moves"], shown["progress"]["total"]) == ("queued", None, ["cancel"], None)
    refused(client.get(f"{URL}{shown['id']}/file/"), 409, "export_not_ready")
    jobs.run_owed(now=datetime.now(UTC))
    shown = client.get(answer["Location"]).json()
    assert (shown["state"], shown["counts"], shown["progress"]["done"]) == ("done", {"rows": 1, "left_out": 0}, 1)
    file = client.get(shown["result_url"])
    assert file["Content-Type"] == "text/csv; charset=utf-8" and "contacts-" in file["Content-Disposition"]
    content = b"".join(file.streaming_content)
    assert content.decode("utf-8-sig").splitlines() == ["surname,phones", "Фёдорова,+7 495 123-45-67"]
    assert int(file["Content-Length"]) == len(content) == shown["size"]
    event = AuditEvent.objects.get(verb="download")
    assert (event.by, event.facts) == (client.user, {"rows": 1, "entity": "contacts"})


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"entity": "users", "format": "csv"}, "list_unknown"), ({"entity": "personal_data", "format": "csv"}, "list_unknown"), ({"entity": "contacts", "format": "json"}, "invalid"),
        ({"entity": "contacts", "format": "pdf"}, "invalid"), ({"entity": "contacts", "format": "csv", "query": {"nmae": "I"}}, "filter_invalid"),
        ({"entity": "contacts", "format": "csv", "columns": ["password"]}, "column_unknown"), ({"entity": "contacts", "format": "csv", "saved_filter": "01a20946-f086-75fe-98a6-2db5d4a697fd"}, "filter_invalid"),
        ({"entity": "calls", "format": "csv", "query": {"tag": "x"}}, "filter_invalid"),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_exported_is_refused(client, body, code):
    refused(client.post(URL, body), 400, code)
    assert not Export.objects.exists()


def test_a_file_is_for_whoever_ordered_it_and_for_administrators(client, client_of):
    ContactFactory()
    export = ExportFactory(by=client.user)
    jobs.run_owed(now=datetime.now(UTC))
    url = f"{URL}{export.pk}/"
    for one, status in [(client, 200), (client_of("admin"), 200), (client_of("supervisor"), 404), (client_of("back_office"), 404), (client_of("agent"), 403)]:  # fmt: skip
        assert one.get(url).status_code == one.get(f"{url}file/").status_code == status
    assert client_of("supervisor").get(URL).json()["results"] == []
    machine = client_of("integration", scopes=["contacts:read", "contacts:write"])
    assert machine.post(URL, {"entity": "contacts", "format": "csv"}).status_code == 403, "a whole base is not for a token that reads rows"


def test_a_saved_filter_must_be_visible_and_of_this_list(client):
    private = SavedFilterFactory()
    calls = SavedFilterFactory(owner=client.user, entity="calls", query={})
    for one in (private, calls):
        refused(client.post(URL, {"entity": "contacts", "format": "csv", "saved_filter": str(one.pk)}), 400, "filter_invalid")


def test_a_deleted_file_is_gone(client, django_capture_on_commit_callbacks):
    export = ExportFactory(by=client.user)
    jobs.run_owed(now=datetime.now(UTC))
    export.refresh_from_db()
    with django_capture_on_commit_callbacks(execute=True):
        jobs.expire(now=export.expires_at)
    refused(client.get(f"{URL}{export.pk}/file/"), 410, "export_expired")
    refused(client.post(f"{URL}{export.pk}/cancel/"), 409, "invalid_transition")
    assert client.get(f"{URL}{export.pk}/").json()["result_url"] is None
