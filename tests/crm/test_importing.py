"""P14: a file comes in as it is: each row once, whatever dies in between; the same file again changes nothing."""

import io
import random
import threading

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone
from openpyxl import Workbook

from calls.models import Call
from config.platform.models import AuditEvent
from config.platform.moves import TransitionNotAllowed
from crm.importing import applying, jobs, judging, writing
from crm.models import Contact, ContactPhone, Import, ImportRow, NameWord, PhoneNumber
from crm.searching import find
from tests.factories.platform import UserFactory

HEADER = "ФИО;Телефон;Почта;Теги"


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def brought_in(text: str | bytes, *, name: str = "clients.csv", is_dry_run: bool = False, **fields) -> Import:
    """Upload and work until nothing is owed."""
    body = text.encode() if isinstance(text, str) else text
    batch = jobs.upload(ContentFile(body), filename=name, is_dry_run=is_dry_run, by=UserFactory(), now=timezone.now(), **fields)
    jobs.run_owed(now=timezone.now())
    batch.refresh_from_db()
    return batch


def verdicts(batch: Import) -> dict[int, str]:
    return dict(ImportRow.objects.filter(batch=batch).values_list("line", "verdict"))


def everything() -> list:
    """The whole base without what differs from run to run."""
    return sorted(
        (
            *(c.kind, c.surname, c.name, c.patronymic, c.company_name, c.tags, c.search_key),
            sorted(link.phone.e164 for link in c.contact_phones.all()),
            sorted(mail.email for mail in c.emails.all()),
        )
        for c in Contact.objects.prefetch_related("contact_phones__phone", "emails")
    )


@pytest.mark.django_db
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_a_file_of_any_program_comes_in(encoding, delimiter):
    text = f"{HEADER}\nФёдорова Алёна Игоревна;8 (495) 123-45-67;a@example.com;vip\n".replace(";", delimiter)

    batch = brought_in(text.encode(encoding))

    assert batch.status == "done", batch.problem
    contact = Contact.objects.get()
    assert (contact.surname, contact.name, contact.patronymic, contact.tags) == ("Фёдорова", "Алёна", "Игоревна", ["vip"])
    assert contact.contact_phones.get().phone.e164 == "+74951234567"
    assert contact.emails.get().email == "a@example.com"
    assert find("федорова алена") == [contact.pk]


@pytest.mark.django_db
def test_a_spreadsheet_comes_in():
    book, file = Workbook(), io.BytesIO()
    book.active.append(["Surname", "Name", "Phone"])
    book.active.append(["Santos", "Maria", 639171234567])
    book.save(file)

    assert brought_in(file.getvalue(), name="clients.xlsx").status == "done"
    assert ContactPhone.objects.get().phone.e164 == "+639171234567"


@pytest.mark.django_db
def test_a_dry_run_writes_nothing_until_it_is_told_to():
    batch = brought_in(f"{HEADER}\nИванов Иван;84951112233;;\n", is_dry_run=True)
    assert (batch.status, Contact.objects.count(), verdicts(batch)) == ("ready", 0, {2: "create"})

    jobs.start(batch.pk, by=batch.by, now=timezone.now())
    jobs.run_owed(now=timezone.now())

    assert Contact.objects.count() == 1
    with pytest.raises(TransitionNotAllowed):
        jobs.start(batch.pk, by=batch.by, now=timezone.now())


@pytest.mark.django_db
def test_each_row_has_its_verdict():
    Contact.objects.all().delete()
    brought_in(f"{HEADER}\nИванов Иван;84951112233;;\n")
    batch = brought_in(
        f"{HEADER}\n"
        "Иванов Иван;+7 495 111-22-33;;\n"  # 2 nothing new
        "Иванов Иван;84951112233;new@example.com;\n"  # 3 adds an e-mail
        "Петров Пётр;84951112233;;\n"  # 4 shares the number
        ";89161234567;;\n"  # 5 a phone-only lead
        ";;;\n"  # an empty row is no row
        "Ан;нет;;\n"  # 7 a name without a phone is kept, the bad phone is told
        ";нет;;\n"  # 8 nothing to use
        "Петров Пётр;84951112233;;\n"  # 9 the double of line 4
    )
    assert verdicts(batch) == {2: "duplicate", 3: "update", 4: "create", 5: "create", 7: "create", 8: "invalid", 9: "duplicate"}
    assert ImportRow.objects.get(batch=batch, line=9).duplicate_of_line == 4
    assert PhoneNumber.objects.filter(e164="+74951112233").count() == 1
    assert ContactPhone.objects.filter(phone__e164="+74951112233").count() == 2
    assert Contact.objects.get(surname="Иванов").emails.get().email == "new@example.com"


@pytest.mark.django_db
def test_the_same_file_again_changes_nothing():
    text = dirty_file(300)
    brought_in(text)
    before, audit, words = everything(), AuditEvent.objects.filter(subject_type="contact").count(), NameWord.objects.count()

    again = brought_in(text)

    assert everything() == before
    assert set(verdicts(again).values()) <= {"duplicate", "invalid"}
    assert AuditEvent.objects.filter(subject_type="contact").count() == audit
    assert NameWord.objects.count() == words


@pytest.mark.django_db
def test_what_we_have_is_never_overwritten():
    brought_in("Фамилия;Имя;Телефон;Язык\nИванов;Иван;84951112233;ru\n")
    brought_in("Фамилия;Имя;Телефон;Язык\n;;84951112233;en\n")
    contact = Contact.objects.get()
    assert (contact.surname, contact.language) == ("Иванов", "ru")


@pytest.mark.django_db
def test_calls_of_an_unknown_number_become_the_new_contacts():
    call = Call.objects.create(source="manual", customer_e164="+74951112233", started_at=timezone.now(), state="in_progress")
    brought_in(f"{HEADER}\nИванов Иван;84951112233;;\n")
    call.refresh_from_db()
    assert call.contact == Contact.objects.get()


@pytest.mark.django_db
def test_a_bad_row_does_not_stop_the_others(monkeypatch):
    create = writing.Work.create

    def poisoned(self, candidate, **more):
        if "Беда" in (candidate.get("surname"), candidate.get("name")):
            raise RuntimeError
        return create(self, candidate, **more)

    monkeypatch.setattr(writing.Work, "create", poisoned)
    batch = brought_in(f"{HEADER}\n" + "".join(f"{name};8495111{i:04};;\n" for i, name in enumerate(["А Б", "Беда", "В Г", "Д Е"])))
    assert batch.status == "done"
    assert verdicts(batch) == {2: "create", 3: "invalid", 4: "create", 5: "create"}
    assert Contact.objects.count() == 3


@pytest.mark.django_db
@pytest.mark.parametrize("dies_in", ["judging", "applying"])
def test_a_worker_that_dies_leaves_no_double_and_no_gap(monkeypatch, dies_in):
    """Death is simulated where it hurts: after a step's work, before its commit; and again and again."""
    text = dirty_file(60)
    brought_in(text)
    quiet = everything()
    Import.objects.all().delete()
    ContactPhone.objects.all().delete()
    Contact.objects.all().delete()
    monkeypatch.setattr(judging, "CHUNK", 10)
    monkeypatch.setattr(applying, "CHUNK", 10)
    chance, deaths = random.Random(3), []
    name = "_judge_chunk" if dies_in == "judging" else "_apply_chunk"
    module = judging if dies_in == "judging" else applying
    real = getattr(module, name)

    class Died(BaseException):
        """Nobody catches it: the process is gone."""

    def mortal(*args):
        from django.db import transaction

        with transaction.atomic():
            alive = real(*args)
            if chance.random() < 0.4:
                deaths.append(1)
                raise Died
        return alive

    monkeypatch.setattr(module, name, mortal)
    jobs.upload(ContentFile(text.encode()), filename="c.csv", is_dry_run=False, by=None, now=timezone.now())
    for _ in range(60):
        try:
            jobs.run_owed(now=timezone.now())
        except Died:
            continue
        if Import.objects.get().status == "done":
            break
    assert deaths
    assert everything() == quiet
    rows = ImportRow.objects.values_list("line", flat=True)
    assert len(rows) == len(set(rows)) == Import.objects.get().total


@pytest.mark.django_db(transaction=True)
def test_the_same_file_twice_at_once_comes_in_once():
    text = dirty_file(150)
    for _ in range(2):
        jobs.upload(ContentFile(text.encode()), filename="c.csv", is_dry_run=False, by=None, now=timezone.now())
    gate = threading.Barrier(3)

    def work():
        try:
            gate.wait()
            for _ in range(5):
                jobs.run_owed(now=timezone.now())
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    [worker.start() for worker in workers]
    [worker.join() for worker in workers]
    assert set(Import.objects.values_list("status", flat=True)) == {"done"}
    both = everything()
    doubles = sorted(one for one in both if both.count(one) > 1)
    assert doubles == []
    phones = ContactPhone.objects.values_list("contact", "phone")
    assert len(set(phones)) == len(phones)


@pytest.mark.django_db
def test_a_file_that_cannot_be_read_says_why():
    batch = brought_in(b"%PDF-1.7 ...", name="clients.csv")
    assert batch.status == "failed"
    assert "CSV or XLSX" in batch.problem


@pytest.mark.django_db
def test_cancelled_means_nothing_more_comes_in(monkeypatch):
    monkeypatch.setattr(applying, "CHUNK", 5)
    batch = brought_in(dirty_file(40), is_dry_run=True)
    jobs.start(batch.pk, by=batch.by, now=timezone.now())
    jobs.run_owed(now=timezone.now(), seconds=0)
    some = Contact.objects.count()
    jobs.cancel(batch.pk, by=batch.by, now=timezone.now())
    jobs.run_owed(now=timezone.now())
    assert 0 < some == Contact.objects.count() < 40


@pytest.mark.django_db
def test_statements_do_not_grow_with_the_rows(django_assert_max_num_queries):
    batch = brought_in(dirty_file(400), is_dry_run=True)
    jobs.start(batch.pk, by=batch.by, now=timezone.now())
    with django_assert_max_num_queries(60):
        jobs.run_owed(now=timezone.now())
    assert Contact.objects.count() > 100


def dirty_file(count: int) -> str:
    """A believable bad file: doubles, shared numbers, phone-only rows, bad cells, several phones in one cell."""
    chance = random.Random(count)
    surnames = ["Иванов", "Петрова", "Dela Cruz", "О'Коннор", "Müller", "Фёдорова-Заде", "Ли"]
    names = ["Иван", "Анна", "Juan", "Мария", "Ёлка", ""]
    lines = [HEADER]
    for index in range(count):
        phone = chance.choice(
            [
                f"8495{1000000 + index // 2:07}",
                f"+7 (916) {100 + index % 800}-45-{index % 90 + 10}",
                "",
                "мусор",
                f"+63917{1000000 + index}",
            ]
        )
        if chance.random() < 0.1:
            phone += f", 8926{1000000 + index:07}"
        who = f"{chance.choice(surnames)} {chance.choice(names)}".strip() if chance.random() > 0.15 else ""
        mail = f"user{index // 3}@example.com" if chance.random() < 0.3 else ""
        lines.append(f'{who};"{phone}";{mail};{chance.choice(["", "vip", "vip,news"])}')
    return "\n".join(lines + lines[5:15]) + "\n"
