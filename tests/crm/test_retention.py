"""What is due by setting is told before it is done, done once, and leaves what is counted."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command

from config.platform.models import AuditEvent
from crm import retention
from crm.models import Contact, Export, Import, ImportRow
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactFactory, ImportFactory, ImportRowFactory
from tests.factories.exports import ExportFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OLD = NOW - timedelta(days=40)


@pytest.fixture(autouse=True)
def rules(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    settings.RETENTION_DAYS = {"imports": 30, "exports": 30, "leads_never_reached": 30, "disqualified": 30}


def of_age(age=OLD, **fields):
    contact = ContactFactory(**fields)
    Contact.objects.filter(pk=contact.pk).update(created_at=age, updated_at=age)
    return contact


def due():
    return {one["rule"]: one["due"] for one in retention.report(now=NOW) if one["due"]}


def erased():
    return set(Contact.objects.exclude(anonymised_at=None))


def test_leads_that_nobody_ever_reached_are_erased_and_no_others():
    lead, missed = of_age(lifecycle="lead", phones=True), of_age(lifecycle="lead")
    CallFactory(contact=missed, missed=True)
    spoken, young, client = of_age(lifecycle="lead"), of_age(NOW - timedelta(days=29), lifecycle="lead"), of_age(lifecycle="client")
    CallFactory(contact=spoken, outcome="answered")
    assert due() == {"leads_never_reached": 2}
    assert erased() == set(), "a report changes nothing"
    assert retention.apply(now=NOW) == (False, {"leads_never_reached": 2})
    assert erased() == {lead, missed}
    assert due() == {} and not {spoken, young, client} & erased()
    events = AuditEvent.objects.filter(verb="erase")
    assert {(event.subject_id, event.reason, event.by) for event in events} == {
        (one.pk, "Retention: leads_never_reached", None) for one in (lead, missed)
    }


def test_disqualified_contacts_count_from_their_last_change():
    old, changed = of_age(lifecycle="disqualified"), of_age(lifecycle="disqualified")
    Contact.objects.filter(pk=changed.pk).update(updated_at=NOW - timedelta(days=1))
    retention.apply(now=NOW)
    assert erased() == {old}


def test_a_rule_without_days_is_off(settings):
    settings.RETENTION_DAYS = dict.fromkeys(settings.RETENTION_DAYS, 0)
    of_age(lifecycle="disqualified")
    assert due() == {} and retention.apply(now=NOW) == (False, {}) and erased() == set()
    assert {one["days"] for one in retention.report(now=NOW)} == {None}


def test_whoever_stands_under_a_veto_is_passed_over_and_does_not_stop_the_rest():
    held, other = of_age(lifecycle="disqualified"), of_age(lifecycle="disqualified")
    CallFactory(contact=held, open=True)
    assert retention.apply(now=NOW) == (False, {"disqualified": 1})
    assert erased() == {other} and due() == {"disqualified": 1}


def test_a_turn_ends_in_time_and_the_next_goes_on():
    for _ in range(3):
        of_age(lifecycle="disqualified")
    assert retention.apply(now=NOW, seconds=0) == (True, {"disqualified": 1})
    assert retention.apply(now=NOW) == (False, {"disqualified": 2})


def test_files_of_imports_are_emptied_and_their_verdicts_stay():
    name = default_storage.save("imports/2026/10/x.csv", ContentFile(b"Ivanov"))
    old, young = ImportFactory(status="done", file=name, filename="Ivanov.csv"), ImportFactory(status="done", file="imports/young.csv")
    for line in range(2, 5):
        ImportRowFactory(batch=old, line=line, cells=["Ivanov"], candidate={"surname": "Ivanov"})
    Import.objects.filter(pk=old.pk).update(updated_at=OLD)
    Import.objects.filter(pk=young.pk).update(updated_at=NOW)
    assert due() == {"imports": 1}
    assert retention.apply(now=NOW) == (False, {"imports": 1})
    old.refresh_from_db()
    assert (old.file.name, old.filename) == ("", "[erased]") and not default_storage.exists(name)
    assert set(ImportRow.objects.values_list("verdict", flat=True)) and ImportRow.objects.filter(cells=[], candidate={}).count() == 3
    assert due() == {}


def test_orders_of_exports_are_removed_after_their_files():
    gone, kept = ExportFactory(status="expired"), ExportFactory(status="queued")
    Export.objects.update(updated_at=OLD)
    assert retention.apply(now=NOW) == (False, {"exports": 1})
    assert list(Export.objects.all()) == [kept]
    assert AuditEvent.objects.filter(subject_id=gone.pk, verb="remove").exists()


def test_files_that_no_row_names_are_swept_after_a_day():
    named = default_storage.save("imports/2026/named.csv", ContentFile(b"x"))
    ImportFactory(file=named)
    running = ExportFactory(status="running")
    for name in ("imports/2026/11/orphan.csv", "exports/orphan.csv", f"exports/{running.pk}/00000.piece", "exports/gone/00000.piece"):
        default_storage.save(name, ContentFile(b"Ivanov"))
    assert retention.sweep_files(now=datetime.now(UTC)) == 0, "somebody may just be writing them"
    assert retention.sweep_files(now=datetime.now(UTC) + timedelta(days=2)) == 3
    assert default_storage.exists(named) and default_storage.exists(f"exports/{running.pk}/00000.piece")


def test_the_command_tells_and_does_the_same(settings):
    contact = ContactFactory(lifecycle="disqualified")
    Contact.objects.filter(pk=contact.pk).update(updated_at=datetime.now(UTC) - timedelta(days=31))
    said = StringIO()
    call_command("apply_retention", "--dry-run", stdout=said)
    assert "disqualified: 1 due after 30 days" in said.getvalue() and erased() == set()
    call_command("apply_retention", stdout=said)
    assert "disqualified 1" in said.getvalue() and erased() == {contact}


def test_leaders_see_what_is_due(client_of):
    contact = ContactFactory(lifecycle="disqualified")
    Contact.objects.filter(pk=contact.pk).update(updated_at=datetime.now(UTC) - timedelta(days=31))
    told = {one["rule"]: one for one in client_of("supervisor").get("/api/v1/retention/").json()}
    assert (told["disqualified"]["due"], told["disqualified"]["days"], told["imports"]["due"]) == (1, 30, 0)
    assert client_of("back_office").get("/api/v1/retention/").status_code == 403
