"""Whoever is erased is nowhere any more: not in a table, not in a file. What happened, and how often, stays."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction

from calls.models import Call, CallEvent
from config.platform import mailing
from config.platform.models import AuditEvent, Letter
from crm import contacts, erasure, personal_data, saved_filters
from crm.exporting import jobs
from crm.importing import jobs as importing
from crm.models import Contact, ContactPhone, Export, Import, ImportRow, NameWord, Note, PhoneNumber
from tests.conftest import NOON
from tests.factories.calls import CallFactory
from tests.factories.campaigns import AnswerFactory, AttemptFactory, AudienceSourceFactory, ConversionFactory, LeftOutFactory
from tests.factories.crm import ContactFactory, CustomFieldFactory, ImportFactory, ImportRowFactory, PhoneNumberFactory
from tests.factories.platform import LetterFactory, OutboxEventFactory, UserFactory

pytestmark = pytest.mark.django_db
SURNAME, NUMBER, SECOND, MAIL = "Вышневолоцкая", "+79161234567", "+74957654321", "vysh@example.com"
#: By each of these the person would be found again. Numbers by their last digits, however they are written.
TRACES = ["вышневолоцк", "9161234567", "916 123-45-67", "4957654321", "vysh@", "Клавдия", "Феоктистовна", "золотая рыбка", "Тверская 17", "crm-4711", "vip-of-the-year", "гриневич", "чернышевского"]  # fmt: skip
STREAM = "/api/v1/calls/events/"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def boss(client_of):
    return client_of("supervisor")


def known(boss, client_of) -> Contact:
    """Somebody of whom every part of the house knows something."""
    CustomFieldFactory(key="password_hint")
    body = {
        "surname": SURNAME, "name": "Клавдия", "patronymic": "Феоктистовна", "phones": [{"number": "8 (916) 123-45-67"}, {"number": SECOND}], "emails": [{"email": MAIL}],
        "addresses": [{"street": "Тверская 17", "city": "Москва"}], "custom_fields": {"password_hint": "золотая рыбка"}, "tags": ["vip-of-the-year"],
        "source": "crm", "external_id": "crm-4711", "notes": "Зовут Клавдия, звонить на 8 916 123-45-67.", "language": "ru", "lifecycle": "client",
    }  # fmt: skip
    made = boss.post("/api/v1/contacts/", body, headers={"Idempotency-Key": "made"})
    assert made.status_code == 201, made.content
    contact = Contact.objects.get(surname=SURNAME)
    boss.patch(f"/api/v1/contacts/{contact.pk}/", {"name": "Клавдия Ф", "tags": ["vip-of-the-year", "x"]})
    boss.patch(f"/api/v1/contacts/{contact.pk}/", {"name": "Клавдия"})
    boss.post(f"/api/v1/contacts/{contact.pk}/notes/", {"text": f"{SURNAME} просила перезвонить"}, headers={"Idempotency-Key": "note"})
    content = f"ФИО;Телефон;Почта\n{SURNAME} Клавдия Феоктистовна;8 916 123 45 67;{MAIL}\n{SURNAME} Клавдия Феоктистовна;+7 (916) 123-45-67;\n".encode()
    importing.upload(ContentFile(content), filename="list.csv", is_dry_run=False, by=boss.user, now=NOON)
    while importing.run_owed(now=datetime.now(UTC)):
        pass
    _merged_and_ordered(boss, contact)
    phone_system = client_of("integration", scopes=["events:write"])
    from tests.factories.calls import AgentExtensionFactory, PhoneSystemFactory

    AgentExtensionFactory(phone_system=PhoneSystemFactory(slug="pbx"), extension="201")
    common = {"call_id": "c1", "from": "8 (916) 123-45-67", "to": "+78001234567", "x-name": SURNAME}
    events = [
        {"type": "call.initiated", **common, "event_id": "e1", "occurred_at": "2026-11-20T10:00:00Z"},
        {"type": "leg.answered", **common, "event_id": "e2", "leg_id": "a", "agent": "201", "occurred_at": "2026-11-20T10:00:09Z"},
        {"type": "recording.available", "call_id": "c1", "event_id": "e3", "recording": {"url": f"https://rec.example/{NUMBER}.mp3"}, "occurred_at": "2026-11-20T10:01:00Z"},
        {"type": "call.ended", **common, "event_id": "e4", "cause": 16, "occurred_at": "2026-11-20T10:02:00Z"},
    ]  # fmt: skip
    for event in events:
        assert phone_system.post(STREAM + "?phone_system=pbx", event, headers={"Idempotency-Key": event["event_id"]}).status_code == 200
    manual = boss.post("/api/v1/calls/", {"direction": "outbound", "phone": SECOND, "contact": str(contact.pk)}).json()
    passed = {"kind": "blind", "agent": str(UserFactory(role="agent").pk), "note": f"{SURNAME} waits"}
    assert boss.post(f"/api/v1/calls/{manual['id']}/transfers/", passed).status_code == 201
    owed = boss.post("/api/v1/return-calls/", {"phone": SECOND, "contact": str(contact.pk), "note": f"{SURNAME} was promised a call"})
    assert owed.status_code == 201, owed.content
    boss.post(f"/api/v1/calls/{manual['id']}/finish/", {"outcome": "answered", "note": f"Говорили с {SURNAME}"})
    call = Call.objects.get(external_id="c1")
    assert call.contact_id == contact.pk
    from tests.factories.calls import AgentExtensionFactory, DispositionFactory

    AgentExtensionFactory(user=boss.user, phone_system__takes_commands="poll")
    click = {"contact": str(contact.pk), "phone": NUMBER, "reason": "return_call"}
    assert boss.post("/api/v1/call-requests/", click, headers={"Idempotency-Key": "click"}).status_code == 201

    body = {"disposition": DispositionFactory(code="done").code, "note": f"{SURNAME}: перезвонить 8 916 123-45-67"}
    assert boss.post(f"/api/v1/calls/{call.pk}/wrap-up/", body, headers={"Idempotency-Key": "wrap"}).status_code == 200
    _judged(boss, call)
    _told_elsewhere(boss, contact)
    _complained(boss, contact)
    _campaigned(contact)
    CallFactory(contact=None, customer_e164=NUMBER, from_raw=NUMBER, from_e164=NUMBER)
    for form in ("csv", "jsonl"):
        jobs.order(entity="contacts", form=form, by=boss.user, now=NOON)
    jobs.order(entity="calls", form="xlsx", by=boss.user, now=NOON)
    jobs.order(entity="contacts", form="csv", query={"search": SURNAME}, by=boss.user, now=NOON)
    saved_filters.save(entity="contacts", name="Она", query={"search": "вышневолоцкая"}, by=boss.user, now=NOON)
    personal_data.order(contact.pk, by=boss.user, now=NOON)
    while jobs.run_owed(now=datetime.now(UTC)):
        pass
    assert not Export.objects.exclude(status="done").exists()
    contact.refresh_from_db()
    return contact


def _told_elsewhere(boss, contact: Contact) -> None:
    """An e-mail of her to a colleague, one to herself that the server refused, and news for other systems."""
    loser = Contact.objects.get(merged_into=contact)
    mailing.owe(to=UserFactory(email="lead@example.com"), subject=f"{SURNAME} complains", text=MAIL, contact=contact.pk, now=NOON)
    LetterFactory(to=MAIL, text=f"Dear {SURNAME}", given_up_at=NOON, last_error=f"550 <{MAIL}>")
    LetterFactory(subject="Клавдия Гриневич waits", html=f"<p>{NUMBER}", contact=loser.pk, sent_at=NOON)
    OutboxEventFactory(contact=loser.pk, data={"contact_name": SURNAME})


def _complained(boss, contact: Contact) -> None:
    """She complained, was written to, and answered how content she is."""
    solved = {"decision": "upheld", "decision_text": f"{SURNAME} is right", "redress": "apology"}
    words = {"summary": f"{SURNAME} waits", "description": f"Звонить {NUMBER}", "remedy_sought": f"Write to {MAIL}"}
    made = boss.post("/api/v1/complaints/", {"contact": str(contact.pk), "phone": NUMBER, "channel": "call", "solve": solved, **words})
    assert made.status_code == 201, made.content
    address = f"/api/v1/complaints/{made.json()['id']}/"
    assert boss.post(address + "messages/", {"text": f"Sent to {MAIL}", "via": "email"}).status_code == 201
    assert boss.post(address + "close/", {"corrective_action": f"Told {SURNAME}"}).status_code == 200
    answered = boss.post(address + "satisfaction/", {"score": 5, "comment": f"Ваша {SURNAME}"})
    assert answered.status_code in (200, 201), answered.content


def _campaigned(contact: Contact) -> None:
    """She was tried in a campaign, which was asked to find her by name, and promised to pay; another left her out."""
    attempt = AttemptFactory(target__contact=contact, target__next_e164=SECOND, target__state="retry_wait", target__is_ready=False, e164=NUMBER, state="closed", closing="released", reason=f"{SURNAME} is at work")  # fmt: skip
    ConversionFactory(attempt=attempt, note=f"{SURNAME} will pay", reversed_at=NOON, reversed_because=f"{SURNAME} did not")
    AnswerFactory(response__contact=contact, question__kind="text", value=f"{SURNAME} is glad", measure=None)
    LeftOutFactory(contact=contact, detail=f"{NUMBER} is suppressed")
    AudienceSourceFactory(campaign=attempt.campaign, query={"search": SURNAME})


def _judged(boss, call: Call) -> None:
    """A reviewer wrote of her, and the operator too."""
    from calls import reviews
    from tests.factories.quality import disputed, points

    given = [one | {"comment": f"{SURNAME} was not greeted"} for one in points()]
    review = disputed(reviewer=boss.user, call=call, given=given)
    reviews.settle(review.pk, note=f"Heard {SURNAME} again", answers=given, by=boss.user, now=NOON)


def _merged_and_ordered(boss, contact: Contact) -> None:
    """She was in the base twice, ordered something, and was promised something."""
    twin = {"surname": "Гриневич", "name": "Клавдия", "tags": ["vip-of-the-year"], "phones": [{"number": "+7 495 765-43-22"}]}
    loser = boss.post("/api/v1/contacts/", twin | {"force": True, "reason": "another"}).json()["id"]
    merged = boss.post(f"/api/v1/contacts/{contact.pk}/merge/", {"loser": loser, "reason": "Гриневич is her maiden name"})
    assert merged.status_code == 200, merged.content
    line = {"name": "Wreath", "unit_price": "10.00", "quantity": "1"}
    delivery = {"address": "Чернышевского 3", "comment": f"Ask for {SURNAME}"}
    body = {
        "contact": str(contact.pk),
        "currency": "EUR",
        "lines": [line],
        "delivery": delivery,
        "comment": f"{SURNAME} calls",
        "place": True,
    }
    order = boss.post("/api/v1/orders/", body)
    assert order.status_code == 201, order.content
    cancelled = boss.post(f"/api/v1/orders/{order.json()['id']}/cancel/", {"reason": f"{SURNAME} moved"})
    assert cancelled.status_code == 200, cancelled.content
    promised = boss.post("/api/v1/tasks/", {"title": f"Call {SURNAME}", "text": MAIL, "contact": str(contact.pk)}).json()
    boss.post(f"/api/v1/tasks/{promised['id']}/complete/", {"result": f"Spoke with {SURNAME}"})
    said = {"contact": str(contact.pk), "purpose": "marketing", "channel": "call"}
    back = {"contact": str(contact.pk), "at": (datetime.now(UTC) + timedelta(days=1)).isoformat(), "note": f"{SURNAME}, {NUMBER}"}
    assert boss.post("/api/v1/callbacks/", back, headers={"Idempotency-Key": "back"}).status_code == 201
    consent = boss.post("/api/v1/consents/", said | {"status": "granted", "obtained_via": "call", "evidence": f"{SURNAME} said yes"})
    assert consent.status_code == 201, consent.content
    stop = boss.post("/api/v1/suppressions/", said | {"reason": f"{SURNAME} is on holiday", "evidence": NUMBER})
    assert stop.status_code == 201, stop.content
    asleep = boss.post(f"/api/v1/contacts/{contact.pk}/move/", {"to": "dormant", "reason": f"{SURNAME} is silent"})
    assert asleep.status_code == 200, asleep.content


def everything() -> dict[str, str]:
    """Each table of the database as one text, and what is readable only with the key besides."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT coalesce(string_agg(row::text, chr(10)), '') FROM \"{table}\" AS row")
            found[table] = cursor.fetchone()[0]
    from config.platform.models import IdempotencyRecord

    found["answers, unsealed"] = "\n".join(record.body for record in IdempotencyRecord.objects.all())
    return found


def places(folder: Path) -> set[tuple[str, str]]:
    """Where a trace is found: tables, and files."""
    texts = everything() | {
        str(path.relative_to(folder)): path.read_bytes().decode("utf-8", "replace") for path in folder.rglob("*") if path.is_file()
    }
    decoded = {where: text.encode().decode("unicode_escape", "replace") if "\\u04" in text else text for where, text in texts.items()}
    return {(where, trace) for where, text in decoded.items() for trace in TRACES if trace.casefold() in text.casefold()}


def counted(client) -> dict[str, object]:
    """What reports count."""
    lists = {
        path: len(client.get(f"/api/v1/{path}").json()["results"])
        for path in (
            "contacts/",
            "calls/",
            "calls/?outcome=answered",
            "contacts/?lifecycle=client",
            "contacts/?language=ru",
            "calls/?disposition=done",
        )
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT customer_e164), sum(talk_s)::numeric(12, 3), sum(wait_s)::numeric(12, 3), count(contact_id) FROM calls_call"
        )
        lists["calls"] = cursor.fetchone()
    lists["rows"] = tuple(model.objects.count() for model in (Contact, Note, Call, CallEvent, ImportRow, Import, Export))
    lists["verdicts"] = list(ImportRow.objects.order_by("id").values_list("verdict", flat=True))
    return lists


def erased(contact, by, **more):
    return erasure.erase(contact.pk, reason="Asked by letter.", by=by, now=NOON, **more)


def test_nothing_of_a_person_is_left_in_any_table_or_file(boss, client_of, folder, django_capture_on_commit_callbacks):
    contact = known(boss, client_of)
    before = places(folder)
    assert {trace for _, trace in before} == set(TRACES), "the test would not see what is not there before"
    assert len({where for where, _ in before}) >= 15
    with django_capture_on_commit_callbacks(execute=True):
        found = erased(contact, boss.user)
    assert places(folder) == set()
    assert not NameWord.objects.filter(word__contains="вышневол").exists()
    assert found.counts["calls"] == 3 and found.counts["notes"] == 2 and found.counts["imports"] == 2 and found.counts["export_files"] == 5
    assert {name for name, count in found.counts.items() if not count} <= {"script_runs"}


def test_what_was_to_be_sent_of_a_person_is_not_sent_any_more(boss):
    contact, lead = ContactFactory(), UserFactory(email="lead@example.com")
    waits = mailing.owe(to=lead, subject="Santos complains", text="x", contact=contact.pk, now=NOON)
    other = mailing.owe(to=lead, subject="Another", text="x", contact=ContactFactory().pk, now=NOON)
    sent = LetterFactory(to="maria@example.com", contact=contact.pk, sent_at=NOON)
    erased(contact, boss.user)
    assert [one.pk for one in Letter.objects.owed()] == [other.pk]
    for letter in (waits, sent):
        letter.refresh_from_db()
    assert (waits.subject, waits.text, bool(waits.given_up_at)) == ("[erased]", "", True)
    assert (sent.to, sent.sent_at, sent.given_up_at) == ("", NOON, None), "that it was sent stays"


def test_reports_count_as_before(boss, client_of, django_capture_on_commit_callbacks):
    contact = known(boss, client_of)
    before = counted(boss)
    with django_capture_on_commit_callbacks(execute=True):
        erased(contact, boss.user)
    assert counted(boss) == before
    call = Call.objects.get(external_id="c1")
    assert (call.outcome, call.contact_id, call.disposition.code) == ("answered", contact.pk, "done")


def test_a_call_folded_again_is_the_same_call(boss, client_of):
    from calls import intake

    contact = known(boss, client_of)
    erased(contact, boss.user)
    call = Call.objects.get(external_id="c1")
    had = (call.direction, call.state, call.outcome, call.talk_s, call.wait_s, call.agent_id, call.started_at, call.ended_at)
    with transaction.atomic():
        intake.refold(call, system=call.phone_system, now=NOON)
    call.refresh_from_db()
    assert (call.direction, call.state, call.outcome, call.talk_s, call.wait_s, call.agent_id, call.started_at, call.ended_at) == had


def test_a_dry_run_tells_the_same_counts_and_changes_nothing(boss, client_of, folder, django_capture_on_commit_callbacks):
    contact = known(boss, client_of)
    before, files = everything(), sorted(path for path in folder.rglob("*"))
    with django_capture_on_commit_callbacks(execute=True):
        told = erased(contact, boss.user, is_dry_run=True)
    assert everything() == before and sorted(path for path in folder.rglob("*")) == files
    assert told.is_dry_run and told.anonymised_at is None
    with django_capture_on_commit_callbacks(execute=True):
        assert erased(contact, boss.user).counts == told.counts


def test_erasing_again_changes_nothing(boss):
    contact = ContactFactory()
    first = erased(contact, boss.user)
    done = AuditEvent.objects.count()
    again = erased(contact, boss.user)
    assert (again.anonymised_at, again.counts) == (first.anonymised_at, {}) and AuditEvent.objects.count() == done


def test_a_shared_number_stays_with_the_others(boss):
    contact, sister = ContactFactory(phones=[NUMBER, SECOND]), ContactFactory(phones=[NUMBER])
    mine, hers = CallFactory(contact=contact, from_raw=NUMBER), CallFactory(contact=sister, from_raw=NUMBER)
    nobodys = CallFactory(contact=None, customer_e164=NUMBER)
    erased(contact, boss.user)
    assert list(PhoneNumber.objects.values_list("e164", flat=True)) == [NUMBER]
    assert ContactPhone.objects.get().contact == sister
    for call in (mine, hers, nobodys):
        call.refresh_from_db()
    assert mine.from_raw.startswith("erased-") and hers.from_raw == NUMBER and nobodys.customer_e164 == NUMBER


def test_an_open_call_stands_against_it(boss):
    contact = ContactFactory()
    call = CallFactory(contact=contact, open=True)
    url = f"/api/v1/contacts/{contact.pk}/erase/"
    body = {"reason": "Asked.", "confirm": boss.get(f"/api/v1/contacts/{contact.pk}/").json()["display_name"]}
    answer = boss.post(url, body)
    assert (answer.status_code, answer.json()["code"], answer.json()["reasons"]) == (
        409,
        "erasure_vetoed",
        ["A call with this contact goes on."],
    )
    assert boss.post(url, {"reason": "Asked.", "dry_run": True}).json()["reasons"] == ["A call with this contact goes on."]
    Call.objects.filter(pk=call.pk).update(state="ended", ended_at=NOON)
    assert boss.post(url, body).status_code == 200


def test_it_is_done_by_whoever_may_and_says_the_name(boss, client_of):
    contact = ContactFactory(surname="Santos", name="Maria", patronymic="")
    url = f"/api/v1/contacts/{contact.pk}/erase/"
    for role in ("agent", "back_office"):
        assert client_of(role).post(url, {"reason": "x", "confirm": "Santos Maria"}).status_code == 403
    assert boss.post(url, {"reason": "x"}).json()["code"] == "invalid"
    assert boss.post(url, {"reason": "x", "confirm": "santos maria"}).json()["code"] == "confirmation_wrong"
    answer = boss.post(url, {"reason": "Asked by letter.", "confirm": "Santos Maria"})
    assert answer.status_code == 200 and answer.json()["anonymised_at"], answer.content
    event = AuditEvent.objects.get(subject_id=contact.pk, verb="erase")
    assert (event.by, event.reason) == (boss.user, "Asked by letter.")
    shown = boss.get(f"/api/v1/contacts/{contact.pk}/").json()
    assert shown["display_name"].startswith("Erased ") and shown["anonymised_at"] and shown["name"] == ""
    assert boss.patch(f"/api/v1/contacts/{contact.pk}/", {"surname": "Santos"}).json()["code"] == "contact_erased"
    assert boss.post(f"/api/v1/contacts/{contact.pk}/notes/", {"text": "Santos"}).json()["code"] == "contact_erased"


def test_the_name_of_a_nameless_lead_is_its_number_and_a_company_keeps_a_name(boss):
    lead, company = ContactFactory(lead=True, phones=[NUMBER]), ContactFactory(company=True)
    for contact in (lead, company):
        shown = boss.get(f"/api/v1/contacts/{contact.pk}/").json()["display_name"]
        assert boss.post(f"/api/v1/contacts/{contact.pk}/erase/", {"reason": "x", "confirm": shown}).status_code == 200
    company.refresh_from_db()
    assert company.company_name.startswith("Erased ")


def test_everything_that_is_known_comes_in_one_file(boss, client_of):
    contact = known(boss, client_of)
    answer = boss.post(f"/api/v1/contacts/{contact.pk}/personal-data/")
    assert answer.status_code == 202, answer.content
    while jobs.run_owed(now=datetime.now(UTC)):
        pass
    export = boss.get(answer["Location"]).json()
    assert (export["state"], export["entity"], export["format"]) == ("done", "personal_data", "json")
    file = boss.get(export["result_url"])
    told = json.loads(b"".join(file.streaming_content))
    assert told["contact"]["surname"] == SURNAME and told["contact"]["phones"] and told["contact"]["emails"]
    assert {name: len(told[name]) for name in ("notes", "calls", "imports")} == {"notes": 2, "calls": 3, "imports": 2}
    assert any(SURNAME in json.dumps(one, ensure_ascii=False) for one in told["changes"])
    assert any(event["from"] == "8 (916) 123-45-67" for call in told["calls"] for event in call["told"] if "from" in event)
    assert {holder for holder, _ in erasure.holders} | {"contact"} == set(told)
    assert AuditEvent.objects.filter(verb="download", subject_id=export["id"]).exists(), "who read a person's data is remembered"


def test_a_file_being_written_while_somebody_is_erased_does_not_tell_of_them(boss, monkeypatch):
    from crm.exporting import pieces

    monkeypatch.setattr(pieces, "ROWS_OF_A_PIECE", 1)
    people = [ContactFactory(surname=f"Person{number}") for number in range(3)]
    export = jobs.order(entity="contacts", form="csv", columns=["surname"], by=boss.user, now=NOON)
    jobs._decide(export, now=NOON)
    jobs._write_next(export.pk), jobs._write_next(export.pk)
    erased(people[0], boss.user)
    jobs.run_owed(now=datetime.now(UTC))
    export.refresh_from_db()
    with default_storage.open(export.file.name) as file:
        text = file.read().decode()
    assert "Person0" not in text and "Person1" in text and "Person2" in text
    assert (export.status, export.done, export.total) == ("done", 3, 3)


def test_the_door_in_the_trail_is_narrow():
    event = AuditEvent.objects.create(subject_type="contact", subject_id=ContactFactory().pk, verb="alter", at=NOON)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL switchboard.audit_upkeep = 'on'")
        AuditEvent.objects.filter(pk=event.pk).update(changes={})
        for change in (lambda: AuditEvent.objects.update(verb="x"), lambda: AuditEvent.objects.update(at=NOON + timedelta(1)), lambda: AuditEvent.objects.all().delete(), lambda: AuditEvent.objects.update(by=UserFactory().pk)):  # fmt: skip
            with pytest.raises(DatabaseError), transaction.atomic():
                change()


def test_rows_of_a_file_not_yet_brought_in_are_emptied_too(boss):
    contact = ContactFactory(phones=[NUMBER])
    batch = ImportFactory(status="ready")
    row = ImportRowFactory(batch=batch, object_id=contact.pk, line=2, cells=[SURNAME, NUMBER], candidate={"surname": SURNAME})
    double = ImportRowFactory(batch=batch, line=3, cells=[SURNAME], duplicate_of_line=2)
    other = ImportRowFactory(batch=batch, line=4, cells=["Santos"])
    PhoneNumberFactory()
    erased(contact, boss.user)
    for one in (row, double, other):
        one.refresh_from_db()
    assert (row.cells, row.candidate, double.cells, other.cells) == ([], {}, [], ["Santos"])


def test_who_was_erased_is_not_found_as_a_duplicate(boss):
    contact = ContactFactory(surname="Santos", name="Maria", phones=[NUMBER])
    erased(contact, boss.user)
    again = contacts.add(surname="Santos", name="Maria", phones=[{"number": NUMBER}], by=boss.user, now=NOON)
    assert again.pk != contact.pk
