"""G2: a retry never doubles. The same key is one effect and one answer; what was refused is decided afresh."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from config.platform.models import AuditEvent, IdempotencyRecord
from config.platform.tasks import forget_old_keys
from crm.models import Contact, Import, Topic

pytestmark = pytest.mark.django_db
KEY = {"Idempotency-Key": "5c2a4f7e-0000-4000-8000-1f1f1f1f1f1f"}
TOPIC = {"code": "delivery-late", "name": "Delivery is late"}
ANNA = {"surname": "Иванова", "name": "Анна", "custom_fields": {}, "phones": [{"number": "+7 495 123-45-67"}]}


@pytest.fixture
def admin(client_of):
    return client_of("admin")


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def test_a_retry_gets_the_first_answer_whole(admin):
    first = admin.post("/api/v1/contacts/", ANNA, headers=KEY)
    again = admin.post("/api/v1/contacts/", ANNA, headers=KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert {name: again[name] for name in ("ETag", "Location", "Content-Type")} == {
        name: first[name] for name in ("ETag", "Location", "Content-Type")
    }
    assert "Idempotency-Replayed" not in first and again["Idempotency-Replayed"] == "true"
    assert Contact.objects.count() == 1
    assert AuditEvent.objects.filter(subject_type="contact").count() == 1


def test_a_retry_keeps_its_own_request_id(admin):
    ids = [
        admin.post("/api/v1/topics/", TOPIC, headers={**KEY, "X-Request-ID": name})["X-Request-ID"] for name in ("first-one", "second-one")
    ]
    assert ids == ["first-one", "second-one"]


def test_the_order_of_names_in_the_body_is_no_difference(admin):
    admin.post("/api/v1/topics/", b'{"code":"a","name":"A"}', content_type="application/json", headers=KEY)
    again = admin.post("/api/v1/topics/", b'{ "name": "A", "code": "a" }', content_type="application/json", headers=KEY)
    assert again.status_code == 201 and again["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/topics/", TOPIC | {"name": "Other"}),
        ("/api/v1/dispositions/", TOPIC),
        ("/api/v1/topics/", {}),
        ("/api/v1/topics/", [TOPIC]),
    ],
)
def test_the_same_key_for_another_request_is_refused(admin, path, body):
    admin.post("/api/v1/topics/", TOPIC, headers=KEY)
    answer = admin.post(path, body, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Topic.objects.count() == 1


def test_another_callers_key_is_another_key(client_of, admin):
    admin.post("/api/v1/topics/", TOPIC, headers=KEY)
    answer = client_of("supervisor").post("/api/v1/topics/", {"code": "other", "name": "Other"}, headers=KEY)
    assert answer.status_code == 201 and "Idempotency-Replayed" not in answer
    assert Topic.objects.count() == 2


def test_a_second_token_of_the_same_caller_gets_the_same_answer(client_of, admin):
    admin.post("/api/v1/topics/", TOPIC, headers=KEY)
    again = client_of(user=admin.user).post("/api/v1/topics/", TOPIC, headers=KEY)
    assert again.status_code == 201 and again["Idempotency-Replayed"] == "true"


def test_a_refusal_is_not_kept(admin):
    wrong = admin.post("/api/v1/topics/", {"code": "delivery-late"}, headers=KEY)
    assert wrong.status_code == 400
    assert IdempotencyRecord.objects.count() == 0
    right = admin.post("/api/v1/topics/", TOPIC, headers=KEY)
    assert right.status_code == 201, "the mended request may use the same key: nothing was done under it"


def test_a_conflict_rolls_back_and_may_be_tried_again(admin):
    taken = admin.post("/api/v1/topics/", TOPIC).json()["id"]
    assert admin.post("/api/v1/topics/", TOPIC, headers=KEY).status_code in (400, 409)
    admin.delete(f"/api/v1/topics/{taken}/")
    assert admin.post("/api/v1/topics/", TOPIC, headers=KEY).status_code == 201


def test_a_key_does_not_open_a_door_that_was_closed_since(client_of, admin):
    """The answer is replayed to those who may still do it, and to nobody else."""
    admin.post("/api/v1/topics/", TOPIC, headers=KEY)
    admin.user.role = "agent"
    admin.user.save()
    assert admin.post("/api/v1/topics/", TOPIC, headers=KEY).status_code == 403


@pytest.mark.parametrize("key", ["", " ", "k" * 201, "with space", "ключ", "tab\tbed", "\x7f"])
def test_an_unusable_key_is_refused(admin, key):
    answer = admin.post("/api/v1/topics/", TOPIC, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_unusable")
    assert Topic.objects.count() == 0


def test_the_longest_key_is_kept(admin):
    for _ in range(2):
        assert admin.post("/api/v1/topics/", TOPIC, headers={"Idempotency-Key": "~" * 200}).status_code == 201
    assert Topic.objects.count() == 1


def upload(client, content: bytes, *, name: str = "clients.csv", **fields):
    return client.post(
        "/api/v1/imports/", {"file": SimpleUploadedFile(name, content, "text/csv"), **fields}, format="multipart", headers=KEY
    )


def test_a_file_is_the_same_by_its_content(admin):
    content = "Фамилия;Телефон\nИванов;84951112233\n".encode()
    first, again = upload(admin, content), upload(admin, content)
    assert (first.status_code, again.status_code, again.content) == (202, 202, first.content)
    assert Import.objects.count() == 1

    other = upload(admin, content.replace(b"3", b"4"))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    asked = upload(admin, content, source="fair")
    assert asked.status_code == 422
    assert Import.objects.count() == 1


def test_the_boundary_of_a_form_is_no_difference(admin):
    """A client library chooses a new boundary for every try."""

    def form(boundary: str) -> bytes:
        part = 'Content-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\nphone\n84951112233\n'
        return f"--{boundary}\r\n{part}\r\n--{boundary}--\r\n".encode()

    answers = [
        admin.post("/api/v1/imports/", form(name), content_type=f"multipart/form-data; boundary={name}", headers=KEY)
        for name in ("one", "two")
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert Import.objects.count() == 1


def test_an_answer_with_odd_but_legal_values_is_replayed_as_it_was(admin):
    body = {"surname": "🙂" * 20, "name": "\u202eabc", "tags": ["ё"]}
    first = admin.post("/api/v1/contacts/", body, headers=KEY)
    again = admin.post("/api/v1/contacts/", body, headers=KEY)
    assert first.status_code == 201, first.content
    assert again.content == first.content


def test_keys_are_kept_as_long_as_promised_and_no_longer(admin, settings):
    admin.post("/api/v1/topics/", TOPIC, headers=KEY)
    forget_old_keys()
    assert IdempotencyRecord.objects.count() == 1
    IdempotencyRecord.objects.update(created_at=timezone.now() - settings.IDEMPOTENCY_KEPT - timedelta(seconds=1))
    forget_old_keys()
    assert IdempotencyRecord.objects.count() == 0
    assert timedelta(hours=24) <= settings.IDEMPOTENCY_KEPT


def test_a_key_on_signing_in_is_not_a_reason_to_keep_a_token(anyone, client_of):
    """A token is shown once; a kept answer would hold its secret in the clear."""
    from tests.factories.platform import UserFactory

    UserFactory(username="anna", password="correct horse battery")
    login = {"username": "anna", "password": "correct horse battery"}
    first, again = (anyone.post("/api/v1/tokens/", login, headers=KEY) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json()["token"] != again.json()["token"]
    assert IdempotencyRecord.objects.count() == 0


def test_a_kept_answer_is_sealed(admin):
    """It may hold a token, which is shown once, or a person: whoever reads the table reads neither."""
    body = {"user": str(admin.user.pk), "name": "Desk", "scopes": []}
    first = admin.post("/api/v1/tokens/issue/", body, headers=KEY)
    assert first.status_code == 201, first.content
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(kept)::text FROM platform_idempotencyrecord kept")
        (kept,) = cursor.fetchone()
    assert first.json()["token"] not in kept and "Desk" not in kept
    assert admin.post("/api/v1/tokens/issue/", body, headers=KEY).json() == first.json()


def test_an_answer_that_cannot_be_unsealed_is_not_done_again(admin, settings):
    """The key of the seal was changed and the old one thrown away: better no answer than a second effect."""
    admin.post("/api/v1/topics/", TOPIC, headers=KEY)
    settings.SECRET_KEY = "another key of more than forty characters, new"
    answer = admin.post("/api/v1/topics/", TOPIC, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Topic.objects.count() == 1
