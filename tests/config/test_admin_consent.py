"""Consents, suppressions, lists and stages in the admin: the same rules, the same trail."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from config.platform.models import AuditEvent, Role
from crm import suppression_lists
from crm.models import Consent, Contact, LifecycleChange, Suppression, SuppressionUpload
from tests.config.test_admin_pages import address, client_for
from tests.config.test_admin_writes import save
from tests.factories.consent import LifecycleChangeFactory
from tests.factories.crm import ContactFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def supervisor():
    return client_for(Role.SUPERVISOR)


def test_a_consent_is_written_down_and_shown_on_the_page_of_the_contact(supervisor):
    contact = ContactFactory()
    said = {"contact": str(contact.pk), "purpose": "survey", "channel": "sms", "status": "refused", "obtained_via": "paper"}
    assert save(supervisor, address(Consent, "add"), **said).status_code == 302
    row = Consent.objects.get()
    assert (row.contact, row.status, AuditEvent.objects.get(subject_id=row.pk).verb) == (contact, "refused", "say")
    page = supervisor.get(address(Contact, "change", contact.pk)).content.decode()
    assert "What is allowed" in page and "refused" in page


def test_a_consent_of_nobody_is_told_at_the_form(supervisor):
    said = {"purpose": "survey", "channel": "sms", "status": "refused", "obtained_via": "paper"}
    assert "Name" in str(save(supervisor, address(Consent, "add"), **said))


def test_a_number_is_suppressed_and_lifted_with_a_reason(supervisor):
    save(supervisor, address(Suppression, "add"), phone="8 (495) 123-45-67", source="court", purpose="marketing")
    entry = Suppression.objects.get()
    assert entry.e164 == "+74951234567"
    url = reverse("admin:crm_suppression_lift", args=[entry.pk])
    assert "textarea" in supervisor.get(url).content.decode()
    supervisor.post(url, {"said": " "})
    entry.refresh_from_db()
    assert entry.lifted_at is None
    supervisor.post(url, {"said": "The order was reversed."})
    entry.refresh_from_db()
    assert entry.lift_reason == "The order was reversed." and entry.lifted_by is not None
    assert supervisor.get(address(Suppression, "changelist"), {"q": "84951234567"}).status_code == 200


def test_a_list_is_uploaded(supervisor, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    file = SimpleUploadedFile("n.csv", b"phone\n+74951234567\n")
    save(supervisor, address(SuppressionUpload, "add"), file=file, list_code="national", mode="add", source="regulator")
    suppression_lists.run_owed(now=timezone.now())
    batch = SuppressionUpload.objects.get()
    assert (batch.status, batch.added) == ("done", 1)
    assert supervisor.get(address(SuppressionUpload, "change", batch.pk)).status_code == 200


def test_a_contact_is_moved_by_buttons_that_ask_why_when_it_matters(supervisor):
    contact = ContactFactory(lifecycle="lead")
    supervisor.post(reverse("admin:crm_contact_qualify", args=[contact.pk]))
    url = reverse("admin:crm_contact_disqualify", args=[contact.pk])
    supervisor.post(url, {"said": ""})
    contact.refresh_from_db()
    assert contact.lifecycle == "qualified"
    supervisor.post(url, {"said": "No money."})
    contact.refresh_from_db()
    assert contact.lifecycle == "disqualified"
    assert list(LifecycleChange.objects.order_by("id").values_list("to_stage", "reason")) == [
        ("qualified", ""),
        ("disqualified", "No money."),
    ]


def test_the_board_shows_the_funnel_and_narrows(supervisor):
    contact = ContactFactory(lifecycle="qualified", source="fair", surname="Вяземская", name="Ольга")
    LifecycleChangeFactory(contact=contact, to_stage="client", from_stage="qualified", source="fair")
    url = reverse("admin:crm_funnel")
    page = supervisor.get(url).content.decode()
    assert contact.surname in page and "fair" in page
    assert contact.surname not in supervisor.get(url, {"source": "web"}).content.decode()
    for query in (
        {"since": "2026-02-30"},
        {"owner": "x"},
        {"since": "2026-05-01", "until": "2026-04-01"},
        {"until": "9999-12-31"},
        {"source": "\0"},
    ):
        assert supervisor.get(url, query).status_code == 200
    assert client_for(Role.AGENT).get(url).status_code == 302
