"""An import is taken back: only its own goes, what anybody touched since stays and is told (P14, G7)."""

import random

import pytest
from django.utils import timezone

from calls.models import Call
from config.platform.models import AuditEvent
from config.platform.moves import TransitionNotAllowed
from crm import contacts
from crm.importing import applying, jobs, undoing
from crm.models import Contact, ContactEmail, ContactPhone, Import, ImportRow, Note, PhoneNumber
from tests.crm.test_importing import HEADER, brought_in, dirty_file, everything

NAMES = "Фамилия;Имя;Телефон;Почта;Язык;Теги;Организация;Комментарий"


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def undone(batch: Import) -> Import:
    jobs.undo(batch.pk, by=batch.by, now=timezone.now())
    jobs.run_owed(now=timezone.now())
    batch.refresh_from_db()
    assert batch.status == "undone", batch.problem
    return batch


def kept(batch: Import) -> dict[int, list[str]]:
    return dict(ImportRow.objects.filter(batch=batch, kept_because__isnull=False).values_list("line", "kept_because"))


@pytest.mark.django_db
def test_nothing_is_left_of_an_import_that_nobody_touched():
    batch = undone(brought_in(dirty_file(200)))
    assert kept(batch) == {}
    for model in (Contact, ContactPhone, ContactEmail, PhoneNumber, Note):
        assert not model.objects.exists(), model
    removed = AuditEvent.objects.filter(subject_type="contact", verb="remove")
    assert removed.count() == AuditEvent.objects.filter(subject_type="contact", verb="add").count()
    assert (batch.undone, batch.kept) == (batch.applied, 0)


@pytest.mark.django_db
def test_the_base_is_as_it_was_before():
    brought_in(dirty_file(120))
    before, numbers = everything(), PhoneNumber.objects.count()
    more = f"{HEADER}\n" + "\n".join(f"Новый Человек{i};8495{1000000 + i:07};user{i}@example.com;гость" for i in range(40))
    batch = brought_in(more + "\n" + "\n".join(dirty_file(120).splitlines()[40:90]) + "\n")
    assert everything() != before
    undone(batch)
    assert everything() == before
    assert PhoneNumber.objects.count() == numbers


@pytest.mark.django_db
def test_what_a_row_added_to_a_contact_we_have_is_taken_out_again():
    brought_in("Телефон;Теги\n84951112233;old\n")
    before = everything()
    batch = brought_in(f"{NAMES}\nИванов;Иван;84951112233, 84951112244;a@example.com;ru;vip;;\n")
    contact = Contact.objects.get()
    assert (contact.surname, contact.language, contact.tags, contact.contact_phones.count()) == ("Иванов", "ru", ["old", "vip"], 2)
    undone(batch)
    assert everything() == before
    contact.refresh_from_db()
    assert (contact.language, contact.version) == ("", 3)
    assert contact.contact_phones.get().is_primary
    assert AuditEvent.objects.filter(subject_id=contact.pk, verb="alter").count() == 2


@pytest.mark.django_db
def test_a_contact_with_calls_stays_and_the_report_says_why():
    batch = brought_in(f"{HEADER}\nИванов Иван;84951112233;;\nПетров Пётр;84951112244;;\n")
    called = Contact.objects.get(surname="Иванов")
    Call.objects.create(source="manual", contact=called, started_at=timezone.now(), state="in_progress")
    undone(batch)
    assert Contact.objects.get() == called
    assert kept(batch) == {2: ["has_calls"]}
    assert batch.kept == 1


@pytest.mark.django_db
def test_a_contact_that_was_edited_or_noted_stays():
    batch = brought_in(f"{HEADER}\nИванов Иван;84951112233;;\nПетров Пётр;84951112244;;\nСидоров Олег;84951112255;;\n")
    contacts.alter(Contact.objects.get(surname="Иванов").pk, language="ru", by=batch.by, now=timezone.now())
    contacts.write_note(Contact.objects.get(surname="Петров").pk, text="He will come on Monday", by=batch.by, now=timezone.now())
    undone(batch)
    assert kept(batch) == {2: ["changed_since"], 3: ["has_notes"]}
    assert set(Contact.objects.values_list("surname", flat=True)) == {"Иванов", "Петров"}


@pytest.mark.django_db
def test_fields_that_hold_something_else_by_now_stay():
    brought_in("Телефон\n84951112233\n")
    batch = brought_in(f"{NAMES}\nИванов;Иван;84951112233;a@example.com;ru;;;\n")
    contact = Contact.objects.get()
    contacts.alter(contact.pk, surname="Иванова", emails=[{"email": "a@example.com"}], by=batch.by, now=timezone.now())
    undone(batch)
    contact.refresh_from_db()
    assert (contact.surname, contact.name, contact.language) == ("Иванова", "", "")
    assert contact.emails.get().email == "a@example.com"
    assert kept(batch) == {2: ["changed_since"]}


@pytest.mark.django_db
def test_a_contact_is_never_left_with_nothing():
    brought_in("Телефон\n84951112233\n")
    batch = brought_in(f"{NAMES}\nИванов;Иван;84951112233;;;;;\n")
    contact = Contact.objects.get()
    contacts.alter(contact.pk, phones=[], by=batch.by, now=timezone.now())
    undone(batch)
    contact.refresh_from_db()
    assert (contact.surname, contact.name) == ("Иванов", "Иван")
    assert kept(batch) == {2: ["nothing_would_be_left"]}


@pytest.mark.django_db
@pytest.mark.parametrize("chunk", [1, 2, 1000])
def test_companies_named_by_rows_go_with_the_last_of_their_people(monkeypatch, chunk):
    monkeypatch.setattr(undoing, "CHUNK", chunk)
    file = f"{NAMES}\nИванов;Иван;84951112233;;;;ООО Ромашка;привет\nПетров;Пётр;84951112244;;;;ООО Ромашка;\n;;84951112255;;;;ООО Лютик;\nЮдин;Юрий;84951112266;;;;ООО Лютик;\n"
    batch = brought_in(file)
    assert Contact.objects.filter(kind="company").count() == 2
    assert Contact.objects.get(surname="Петров").employer.company_name == "ООО Ромашка"
    undone(batch)
    assert not Contact.objects.exists()
    assert (kept(batch), batch.kept) == ({}, 0)


@pytest.mark.django_db
def test_only_what_came_in_is_taken_back_of_an_import_that_was_cancelled(monkeypatch):
    monkeypatch.setattr(applying, "CHUNK", 7)
    batch = brought_in(dirty_file(50), is_dry_run=True)
    jobs.start(batch.pk, by=None, now=timezone.now())
    jobs.run_owed(now=timezone.now(), seconds=0)
    jobs.cancel(batch.pk, by=None, now=timezone.now())
    assert Contact.objects.exists()
    undone(batch)
    assert not Contact.objects.exists()


@pytest.mark.django_db
def test_undoing_twice_does_nothing_and_the_file_can_come_in_again():
    batch = undone(brought_in(dirty_file(50)))
    with pytest.raises(TransitionNotAllowed):
        jobs.undo(batch.pk, by=None, now=timezone.now())
    again = brought_in(dirty_file(50))
    assert again.created == batch.created


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(6))
def test_whatever_people_do_in_the_meantime_undo_removes_only_its_own(monkeypatch, seed):
    """Random edits of random contacts after the import; each is still there afterwards, and untouched ones are as before."""
    chance = random.Random(seed)
    monkeypatch.setattr(undoing, "CHUNK", chance.choice([1, 7, 1000]))
    brought_in(dirty_file(40))
    had = {one.pk for one in Contact.objects.all()}
    before = {one.pk: (one.surname, one.name, one.language, sorted(one.tags)) for one in Contact.objects.all()}
    lines = dirty_file(40).splitlines()[1:]
    extra = [f'Человек{chr(1072 + i)};"8499{2000000 + i:07}";p{i}@example.com;z' for i in range(25)]
    more = [line.rpartition(";")[0] + ";гость" for line in chance.sample(lines, 12) if not line.startswith(";;")]
    batch = brought_in("\n".join([HEADER, *extra, *more]) + "\n")
    edited = {}
    for contact in chance.sample(list(Contact.objects.order_by("id")), 18):
        deed = chance.choice(["tag", "name", "phone", "note", "call"])
        if deed == "tag":
            contacts.alter(contact.pk, tags=[*contact.tags, "mine"], by=None, now=timezone.now())
        elif deed == "name":
            contacts.alter(contact.pk, patronymic="Правленович", by=None, now=timezone.now())
        elif deed == "phone":
            numbers = [{"number": one.phone.e164} for one in contact.contact_phones.all()]
            contacts.alter(
                contact.pk, phones=[*numbers, {"number": f"+7812300{chance.randrange(1000, 9999)}"}], by=None, now=timezone.now()
            )
        elif deed == "note":
            contacts.write_note(contact.pk, text="mine", by=None, now=timezone.now())
        else:
            Call.objects.create(source="manual", contact=contact, started_at=timezone.now(), state="in_progress")
        edited[contact.pk] = deed
    undone(batch)
    left = {one.pk: one for one in Contact.objects.all()}
    assert left.keys() == had | edited.keys()
    for pk, deed in edited.items():
        one = left[pk]
        assert {
            "tag": "mine" in one.tags,
            "name": one.patronymic == "Правленович",
            "phone": one.contact_phones.filter(phone__e164__startswith="+7812300").exists(),
            "note": one.notes.filter(text="mine").exists(),
            "call": Call.objects.filter(contact=one).exists(),
        }[deed]
        assert not one.contact_phones.exists() or one.contact_phones.filter(is_primary=True).count() == 1
    for pk in had - edited.keys():
        one = left[pk]
        assert (one.surname, one.name, one.language, sorted(one.tags)) == before[pk]
    told = set(ImportRow.objects.filter(batch=batch, kept_because__isnull=False, verdict="create").values_list("object_id", flat=True))
    assert told == edited.keys() - had
