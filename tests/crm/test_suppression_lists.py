"""Do-not-call lists as files: each number once, whatever dies in between; the same list again changes nothing."""

import io

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from openpyxl import Workbook

from crm import suppression, suppression_lists
from crm.models import Suppression, SuppressionUpload, SuppressionUploadRow
from tests.factories.crm import ContactPhoneFactory
from tests.factories.platform import UserFactory

URL = "/api/v1/suppression-uploads/"


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def uploaded(text: str | bytes, *, name="list.csv", **fields) -> SuppressionUpload:
    body = text.encode() if isinstance(text, str) else text
    fields = {"list_code": "national", "purpose": "marketing", **fields}
    return suppression_lists.upload(ContentFile(body), filename=name, by=UserFactory(), now=timezone.now(), **fields)


def brought_in(text: str | bytes, **fields) -> SuppressionUpload:
    batch = uploaded(text, **fields)
    suppression_lists.run_owed(now=timezone.now())
    batch.refresh_from_db()
    return batch


def counts(batch):
    return batch.added, batch.already, batch.duplicate, batch.invalid, batch.lifted


def in_force():
    return sorted(Suppression.objects.active(timezone.now()).values_list("e164", flat=True))


pytestmark = pytest.mark.django_db
THREE = "Номер;Регион\n8 (495) 123-45-67;Москва\n+7 916 765-43-21;\n84951234567;снова\nне номер;\n"


def test_a_list_comes_in_with_a_count_of_what_it_held():
    batch = brought_in(THREE)
    assert (batch.status, counts(batch), batch.total) == ("done", (2, 0, 1, 1, 0), 4)
    assert in_force() == ["+74951234567", "+79167654321"]
    entry = Suppression.objects.get(e164="+74951234567")
    assert (entry.list_code, entry.source, entry.purpose, entry.upload, entry.by) == ("national", "regulator", "marketing", batch, batch.by)


def test_bare_numbers_without_a_header_and_spreadsheets_come_in_too():
    book = Workbook()
    for row in (["Name", "Phone"], ["Li", "+63 917 123 4567"]):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    brought_in(file.getvalue(), name="list.xlsx")
    brought_in("79161112233\n79161112244\n")
    assert in_force() == ["+639171234567", "+79161112233", "+79161112244"]


def test_the_same_list_twice_changes_nothing():
    brought_in(THREE)
    before = list(Suppression.objects.order_by("id").values())
    batch = brought_in(THREE, mode="replace")
    assert counts(batch) == (0, 2, 1, 1, 0)
    assert list(Suppression.objects.order_by("id").values()) == before


def test_replacing_lifts_what_the_list_does_not_hold_any_more_and_nothing_else():
    suppression.add(phone="+79167654321", purpose="marketing", source="customer", by=None, now=timezone.now())
    brought_in(THREE)
    other = brought_in("+79161112233\n", list_code="other")
    batch = brought_in("+74951234567\n+74957654321\n", mode="replace")
    assert counts(batch) == (1, 1, 0, 0, 1)
    assert other.status == "done"
    assert in_force() == ["+74951234567", "+74957654321", "+79161112233", "+79167654321"]
    lifted = Suppression.objects.get(list_code="national", e164="+79167654321")
    assert lifted.lifted_by == batch.by and "Not in the list any more" in lifted.lift_reason


def test_a_file_without_numbers_lifts_nothing():
    brought_in(THREE)
    batch = brought_in("Номер\nничего\nнет\n", mode="replace")
    assert (batch.status, batch.lifted) == ("failed", 0)
    assert "nothing is lifted" in batch.problem
    assert len(in_force()) == 2


def test_a_later_end_replaces_an_earlier_one():
    now = timezone.now()
    brought_in(THREE, expires_at=now + timezone.timedelta(days=1))
    batch = brought_in(THREE)
    assert counts(batch)[:2] == (2, 0)
    assert Suppression.objects.filter(lifted_at=None).values_list("expires_at", flat=True).distinct().get() is None


def test_a_number_that_was_erased_is_not_written_down_again():
    link = ContactPhoneFactory(phone__e164="+74951234567")
    brought_in(THREE)
    suppression.pseudonymise(link.contact.pk)
    link.delete()
    batch = brought_in(THREE, mode="replace")
    assert counts(batch) == (0, 2, 1, 1, 0)
    assert not Suppression.objects.filter(e164="+74951234567").exists()
    assert suppression.why(e164="+74951234567", purpose="marketing", channel="call", at=timezone.now())
    brought_in("+79167654321\n", mode="replace")
    assert not suppression.why(e164="+74951234567", purpose="marketing", channel="call", at=timezone.now())


def test_a_long_list_tells_how_far_it_is_and_how_long_it_will_take():
    batch = uploaded("".join(f"+7495{n:07d}\n" for n in range(12_000)))
    assert suppression_lists.progress(batch) == {"done": 0, "total": None, "rate_per_s": None, "seconds_left": None}
    suppression_lists.run_owed(now=timezone.now(), seconds=0)
    batch.refresh_from_db()
    told = suppression_lists.progress(batch)
    assert (batch.status, told["total"]) == ("running", None)
    assert 0 < told["done"] < 12_000
    expected = (12_000 - told["done"]) / told["rate_per_s"]
    assert told["seconds_left"] == pytest.approx(expected, rel=1), "about: the share is counted in pieces of the file"
    while suppression_lists.run_owed(now=timezone.now()):
        pass
    batch.refresh_from_db()
    told = suppression_lists.progress(batch)
    assert (told["done"], told["total"], told["seconds_left"]) == (12_000, 12_000, None)


class Killed(BaseException):
    """Not an Exception: nothing catches it, as nothing catches kill -9."""


@pytest.mark.parametrize("dies_at", range(1, 5))
def test_killed_at_any_step_and_begun_again_each_number_is_there_once(monkeypatch, dies_at):
    monkeypatch.setattr(suppression_lists, "CHUNK", 3)
    brought_in("".join(f"+7495000{n:04d}\n" for n in range(5, 25)))
    batch = uploaded("".join(f"+7495000{n:04d}\n" for n in range(10)), mode="replace")
    real, steps = suppression_lists._suppress, []

    def dying(*args):
        steps.append(1)
        done = real(*args)
        if len(steps) == dies_at:
            raise Killed
        return done

    monkeypatch.setattr(suppression_lists, "_suppress", dying)
    with pytest.raises(Killed):
        suppression_lists.run_owed(now=timezone.now())
    suppression_lists.run_owed(now=timezone.now())
    batch.refresh_from_db()
    assert (batch.status, counts(batch)) == ("done", (5, 5, 0, 0, 15))
    assert in_force() == [f"+7495000{n:04d}" for n in range(10)]
    assert not SuppressionUploadRow.objects.exists()


def test_cancelled_nothing_more_comes_in_and_nothing_is_lifted():
    brought_in(THREE)
    batch = uploaded("+79161112233\n", mode="replace")
    suppression_lists.cancel(batch.pk, by=None, now=timezone.now())
    suppression_lists.run_owed(now=timezone.now())
    assert in_force() == ["+74951234567", "+79167654321"]


def test_whoever_may_be_calling_is_told_of_new_numbers_only(monkeypatch):
    heard = []
    monkeypatch.setitem(suppression.told._entries, "test", heard.extend)
    brought_in(THREE)
    brought_in(THREE)
    assert sorted(stop.e164 for stop in heard) == ["+74951234567", "+79167654321"]


def test_the_error_file_says_what_is_wrong_where(client_of):
    batch = brought_in("Номер\n=cmd\n12-34\n+74951234567\n")
    boss = client_of("supervisor")
    text = b"".join(boss.get(f"{URL}{batch.pk}/errors/").streaming_content).decode()
    lines = text.splitlines()
    assert len(lines) == 3 and lines[1].startswith("2,") and lines[1].endswith(",'=cmd")


def test_a_list_is_uploaded_and_watched_over_http(client_of):
    boss = client_of("supervisor")
    file = SimpleUploadedFile("n.csv", THREE.encode())
    made = boss.post(URL, {"file": file, "list": "national", "channel": "call"}, format="multipart")
    assert (made.status_code, made.json()["state"], made.json()["progress"]["total"]) == (202, "uploaded", None)
    suppression_lists.run_owed(now=timezone.now())
    done = boss.get(made["Location"]).json()
    assert (done["state"], done["counts"]["added"], done["progress"]["done"]) == ("done", 2, 4)
    assert len(boss.get("/api/v1/suppressions/", {"list": "national"}).json()["results"]) == 2
    bad = boss.post(URL, {"file": SimpleUploadedFile("n.csv", b"x"), "list": "No such name!"}, format="multipart")
    assert bad.status_code == 400
