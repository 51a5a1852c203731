"""Imports over HTTP and in the admin: what a file is taken for, its correction, its progress, its end, and files that are refused."""

import io
import zipfile

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from calls.models import Call
from config.platform.models import Role
from crm.importing import jobs
from crm.models import Contact, ContactPhone, Import
from tests.crm.import_files import SHEET, repacked, workbook
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
FILE = "ФИО;Телефон;Код\nИванов Иван;84951112233;\n=cmd|'/C calc'!A1;84951112244, 84951112255;\n;12-34;\n"


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def client(client_of):
    return client_of("supervisor")


def uploaded(client, body: bytes | str = FILE, name: str = "clients.csv", **fields):
    file = ContentFile(body.encode() if isinstance(body, str) else body, name=name)
    answer = client.post("/api/v1/imports/", {"file": file, **fields}, format="multipart")
    jobs.run_owed(now=timezone.now())
    return answer


def of(client, answer) -> dict:
    return client.get(f"/api/v1/imports/{answer.json()['id']}/").json()


def test_an_import_from_upload_to_undo(client):
    batch = of(client, uploaded(client))
    url = f"/api/v1/imports/{batch['id']}"
    assert (batch["state"], batch["open_moves"]) == ("ready", ["cancel", "correct", "start"])
    assert batch["counts"] == {"create": 2, "update": 0, "duplicate": 0, "invalid": 1, "skipped": 0}
    assert batch["dialect"] == {"kind": "csv", "encoding": "utf-8", "delimiter": ";", "has_header": True, "sheet": ""}
    assert [(one["field"], one["guessed_by"]) for one in batch["preview"]] == [
        ("full_name", "header"),
        ("phone", "header"),
        ("external_id", "header"),
    ]
    corrected = client.patch(f"{url}/", {"mapping": {"full_name": 0, "phone": [1], "notes": 2}, "source": "fair"}, format="json")
    assert (corrected.status_code, corrected.json()["state"]) == (200, "analysed")
    jobs.run_owed(now=timezone.now())
    assert client.post(f"{url}/start/").json()["state"] == "running"
    assert client.post(f"{url}/pause/").json()["state"] == "paused"
    assert client.post(f"{url}/resume/").json()["state"] == "running"
    jobs.run_owed(now=timezone.now())
    done = client.get(f"{url}/").json()
    assert (done["state"], done["progress"]["done"], done["progress"]["total"], done["open_moves"]) == ("done", 2, 2, ["undo"])
    assert set(Contact.objects.values_list("source", flat=True)) == {"fair"}
    rows = client.get(f"{url}/rows/").json()["results"]
    assert [(row["verdict"], row["is_applied"], bool(row["contact"])) for row in rows] == [
        ("create", True, True),
        ("create", True, True),
        ("invalid", False, False),
    ]
    Call.objects.create(source="manual", contact_id=rows[0]["contact"], started_at=timezone.now(), state="in_progress")
    assert client.post(f"{url}/undo/").status_code == 202
    jobs.run_owed(now=timezone.now())
    gone = client.get(f"{url}/").json()
    assert (gone["state"], gone["kept"], gone["open_moves"]) == ("undone", 1, [])
    conflicts = client.get(gone["conflicts_url"].partition("testserver")[2]).json()["results"]
    assert [(row["line"], row["kept_because"]) for row in conflicts] == [(2, ["has_calls"])]
    refused = client.post(f"{url}/undo/")
    assert (refused.status_code, refused.json()["code"], refused.json()["allowed"]) == (409, "invalid_transition", [])
    assert str(Contact.objects.get().pk) == rows[0]["contact"]


def test_formulas_stay_text_and_the_error_file_is_harmless(client):
    batch = of(client, uploaded(client, 'Телефон;Заметка;"=A1"\n12;"=HYPERLINK(""x"")";+\n'))
    answer = client.get(f"/api/v1/imports/{batch['id']}/errors/")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert "'=A1" in lines[0]
    assert "'=HYPERLINK" in lines[1]


@pytest.mark.parametrize(
    "mapping", [[], "x", None, {"phone": ["a"]}, {"phone": 99}, {"nonsense": 0}, {"phone": -1}, {"phone": 10**30}, {"notes": 2}, {"\0": 1}]
)
def test_a_mapping_that_makes_no_sense_is_400(client, mapping):
    batch = of(client, uploaded(client))
    answer = client.patch(f"/api/v1/imports/{batch['id']}/", {"mapping": mapping}, format="json")
    assert answer.status_code == 400, answer.content


@pytest.mark.parametrize(
    "body",
    [{"encoding": "klingon"}, {"delimiter": "x"}, {"has_header": "perhaps"}, {"region": "RUS"}, {"encoding": "utf-32"}, {"sheet": "\0"}],
)
def test_a_file_read_as_it_cannot_be_is_400(client, body):
    batch = of(client, uploaded(client))
    assert client.patch(f"/api/v1/imports/{batch['id']}/", body, format="json").status_code == 400


def test_a_file_over_the_limit_is_refused_before_it_is_kept(client, settings):
    settings.IMPORT_MAX_BYTES = 100
    answer = uploaded(client, FILE * 2)
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")
    assert not Import.objects.exists()


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(["a"]))) as book, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for name in book.namelist():
            made.writestr(name, book.read(name) if name != SHEET else b" " * (60 * 2**20))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (bomb, "unpacks to more"),
        (lambda: (";".join(f"c{i}" for i in range(10_000)) + "\n" + ";".join("1" * 10_000) + "\n").encode(), "more than 200 columns"),
        (lambda: b"name;phone\nA\0B;84951112233\n", "NUL"),
        (lambda: b'name;phone\n"' + b"x\n" * 5000, "never ends"),
        (lambda: b"%PDF-1.7", "PDF"),
    ],
)
def test_a_hostile_file_fails_with_a_clear_word(client, body, said):
    batch = of(client, uploaded(client, body()))
    assert batch["state"] == "failed"
    assert said in batch["problem"]


def test_what_no_table_can_keep_is_left_out_of_cells(client):
    sheet = workbook(["Name", "Phone"], ["A_x0000_nna _xD800_", "84951112233"])
    batch = of(client, uploaded(client, repacked(sheet, {}), name="c.xlsx", dry_run="false"))
    assert (batch["state"], Contact.objects.get().name) == ("done", "Anna")


def test_a_huge_cell_is_cut_and_the_row_is_kept(client):
    batch = of(client, uploaded(client, f"Фамилия;Телефон\n{'Ы' * 50_000};84951112233\n", dry_run="false"))
    assert (batch["state"], len(Contact.objects.get().surname)) == ("done", 100)
    row = client.get(f"/api/v1/imports/{batch['id']}/rows/").json()["results"][0]
    assert [problem["code"] for problem in row["problems"]] == ["too_long"]


def test_several_phones_and_emails_in_one_cell_all_come_in(client):
    uploaded(client, 'ФИО;Телефоны;Почта\nИванов Иван;"84951112233, +7 495 111-22-44";a@example.com; \n', dry_run="false")
    assert ContactPhone.objects.count() == 2


def test_the_admin_shows_the_columns_and_corrects_them(client):
    boss = UserFactory(role=Role.ADMIN, is_superuser=True, is_staff=True)
    from django.test import Client

    browser = Client()
    browser.force_login(boss)
    batch = Import.objects.get(pk=uploaded(client).json()["id"])
    url = reverse("admin:crm_import_columns", args=[batch.pk])
    page = browser.get(url).content.decode()
    assert "84951112233" in page
    assert "by its title" in page
    form = {"has_header": "on", "encoding": "utf-8", "delimiter": ";", "column_0": "company_name", "column_1": "phone", "column_2": ""}
    assert browser.post(url, form).status_code == 302
    jobs.run_owed(now=timezone.now())
    batch.refresh_from_db()
    assert (batch.mapping, batch.status) == ({"company_name": 0, "phone": [1]}, "ready")
    for verb, state in [("start", "running"), ("pause", "paused"), ("resume", "running"), ("cancel", "cancelled"), ("undo", "undoing")]:
        assert browser.post(reverse(f"admin:crm_import_{verb}", args=[batch.pk])).status_code == 302
        batch.refresh_from_db()
        assert batch.status == state
    assert "0 of 0 rows" in browser.get(reverse("admin:crm_import_change", args=[batch.pk])).content.decode()
