"""Exports and saved filters in the admin: by the same rules as over the API."""

import pytest
from django.urls import reverse

from config.platform.models import AuditEvent, Role
from crm.exporting import jobs
from crm.models import Export, SavedFilter
from tests.config.test_admin_pages import address, client_for
from tests.config.test_admin_writes import save
from tests.conftest import NOON
from tests.factories.crm import ContactFactory
from tests.factories.exports import ExportFactory, SavedFilterFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def supervisor():
    return client_for(Role.SUPERVISOR)


def test_an_export_is_ordered_watched_and_fetched(supervisor):
    ContactFactory(surname="Santos")
    url = address(Export, "add")
    answer = save(supervisor, url, entity="contacts", format="csv", query='{"kind": "person"}', columns="surname,name")
    assert answer.status_code == 302, answer
    export = Export.objects.get()
    assert (export.query, export.columns, export.by.role) == ({"kind": "person"}, ["surname", "name"], Role.SUPERVISOR)
    jobs.run_owed(now=NOON)
    page = supervisor.get(address(Export, "change", export.pk))
    assert "1 of 1 rows" in page.content.decode()
    file = supervisor.get(reverse("admin:crm_export_download", args=[export.pk]))
    assert b"Santos" in b"".join(file.streaming_content)
    assert AuditEvent.objects.filter(subject_id=export.pk, verb="download").count() == 1


@pytest.mark.parametrize(
    "wrong", [{"query": '{"nmae": 1}'}, {"columns": "password"}, {"query": "[1]"}, {"entity": "users"}, {"format": "json"}], ids=str
)
def test_a_wrong_order_shows_its_form_again(supervisor, wrong):
    errors = save(supervisor, address(Export, "add"), **{"entity": "contacts", "format": "csv", "query": "{}", **wrong})
    assert isinstance(errors, dict) and errors and not Export.objects.exists()


def test_it_is_stopped_after_a_question(supervisor):
    export = ExportFactory(by=supervisor.get(address(Export, "changelist")).context["user"])
    url = reverse("admin:crm_export_cancel", args=[export.pk])
    assert "What was written is deleted" in supervisor.get(url).content.decode()
    supervisor.post(url)
    export.refresh_from_db()
    assert export.status == "cancelled"


def test_a_supervisor_does_not_see_the_files_of_others(supervisor):
    export = ExportFactory()
    assert supervisor.get(address(Export, "change", export.pk)).status_code == 302, "back to the index: there is none for them"
    assert client_for(Role.ADMIN).get(address(Export, "change", export.pk)).status_code == 200


def test_a_saved_filter_is_checked_here_too(supervisor):
    errors = save(supervisor, address(SavedFilter, "add"), entity="contacts", name="X", query='{"nmae": 1}')
    assert isinstance(errors, dict) and "no filter" in str(errors)
    assert save(supervisor, address(SavedFilter, "add"), entity="contacts", name="X", query='{"kind": "person"}').status_code == 302
    row = SavedFilter.objects.get()
    changed = save(supervisor, address(SavedFilter, "change", row.pk), name="People")
    assert not isinstance(changed, dict), changed
    assert "no filter" in str(save(supervisor, address(SavedFilter, "change", row.pk), query='{"nmae": 1}'))
    row.refresh_from_db()
    assert (row.name, row.query, row.version) == ("People", {"kind": "person"}, 2)
    supervisor.post(address(SavedFilter, "delete", row.pk), {"post": "yes"})
    assert not SavedFilter.objects.exists()
    assert list(AuditEvent.objects.filter(subject_id=row.pk).order_by("id").values_list("verb", flat=True)) == ["add", "alter", "remove"]


def test_private_filters_of_others_are_not_seen(supervisor):
    SavedFilterFactory(name="Secret plan")
    assert "Secret plan" not in supervisor.get(address(SavedFilter, "changelist")).content.decode()


def test_a_person_is_erased_after_a_question_that_tells_what_goes(supervisor):
    contact = ContactFactory(surname="Santos", phones=["+639171234567"])
    url = reverse("admin:crm_contact_erase", args=[contact.pk])
    question = supervisor.get(url).content.decode()
    assert "1 phones" in question
    contact.refresh_from_db()
    assert contact.surname == "Santos", "a question changes nothing"
    supervisor.post(url)
    contact.refresh_from_db()
    assert contact.anonymised_at and contact.surname.startswith("Erased")
    assert AuditEvent.objects.get(subject_id=contact.pk, verb="erase").by.role == Role.SUPERVISOR


def test_everything_about_a_person_is_ordered_on_their_page(supervisor):
    contact = ContactFactory()
    url = reverse("admin:crm_contact_tell_everything", args=[contact.pk])
    assert "all that is kept" in supervisor.get(url).content.decode() and not Export.objects.exists()
    assert supervisor.post(url).status_code == 302
    assert (Export.objects.get().entity, Export.objects.get().query) == ("personal_data", {"contact": str(contact.pk)})
