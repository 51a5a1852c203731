"""Phone systems and extensions over HTTP: the secret is never shown, and one extension is one person's."""

import pytest
from django.db import connection

from calls.models import AgentExtension, PhoneSystem
from config.platform.models import AuditEvent
from tests.factories.calls import AgentExtensionFactory, CallFactory, DispositionFactory, PhoneSystemFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
URL, EXTENSIONS = "/api/v1/phone-systems/", "/api/v1/extensions/"
SECRET = "a secret of thirty-two characters"


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content


def test_the_secret_is_taken_sealed_and_never_shown(client_of):
    admin = client_of("admin")
    answer = admin.post(URL, {"slug": "pbx", "name": "PBX", "auth_mode": "hmac_t_v1", "secret": SECRET})
    assert answer.status_code == 201, answer.content
    url = f"{URL}{answer.json()['id']}/"
    changed = admin.patch(url, {"secret": SECRET[::-1]})
    for shown in (answer, changed, admin.get(url), admin.get(URL), admin.get("/api/v1/audit-events/")):
        assert SECRET not in shown.content.decode()
        assert SECRET[::-1] not in shown.content.decode()
        assert shown.status_code == 200 or shown is answer
    assert PhoneSystem.objects.get().secret == SECRET[::-1]
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(s)::text FROM calls_phonesystem s")
        assert SECRET[::-1] not in cursor.fetchone()[0]
        cursor.execute("SELECT row_to_json(a)::text FROM platform_auditevent a")
        assert not any(secret in row[0] for row in cursor.fetchall() for secret in (SECRET, SECRET[::-1]))
    assert AuditEvent.objects.filter(subject_type="phonesystem").count() == 2


def test_who_signs_needs_a_secret(client_of):
    admin = client_of("admin")
    refused(admin.post(URL, {"slug": "pbx", "name": "PBX", "auth_mode": "hmac_t_v1"}), 409, "phone_system_signature_needs_a_secret")
    plain = PhoneSystemFactory()
    refused(admin.patch(f"{URL}{plain.pk}/", {"auth_mode": "hmac_t_v1"}), 409, "phone_system_signature_needs_a_secret")


@pytest.mark.parametrize(
    "wrong",
    [{"secret": "short"}, {"own_lines": ["8 800 123"]}, {"default_region": "ZZ"}, {"naive_time_zone": "Mars"}, {"stale_after_s": 5}, {"slug": "a b"}, {"adapter": "x"}],
    ids=str,
)  # fmt: skip
def test_what_a_phone_system_may_not_be(wrong, client_of):
    refused(client_of("admin").post(URL, {"slug": "pbx", "name": "PBX", **wrong}), 400, "invalid")


def test_a_slug_is_one_and_a_system_with_calls_stays(client_of):
    system = CallFactory().phone_system
    admin = client_of("admin")
    refused(admin.post(URL, {"slug": system.slug, "name": "Other"}), 400, "invalid")
    refused(admin.delete(f"{URL}{system.pk}/"), 409, "still_in_use")


def test_one_extension_is_one_person_s(client_of):
    client = client_of("supervisor")
    first = AgentExtensionFactory(extension="201")
    body = {"user": str(UserFactory(role="agent").pk), "phone_system": str(first.phone_system_id), "extension": "201"}
    refused(client.post(EXTENSIONS, body), 409, "one_person_per_extension")
    assert client.post(EXTENSIONS, {**body, "phone_system": str(PhoneSystemFactory().pk)}).status_code == 201
    assert client.patch(f"{EXTENSIONS}{first.pk}/", {"is_active": False}).status_code == 200
    assert client.post(EXTENSIONS, body).status_code == 201
    refused(client.patch(f"{EXTENSIONS}{first.pk}/", {"is_active": True}), 409, "one_person_per_extension")
    assert AgentExtension.objects.filter(extension="201", phone_system=first.phone_system, is_active=True).count() == 1


def test_extensions_are_found_by_person_and_system(client_of):
    wanted = AgentExtensionFactory()
    AgentExtensionFactory()
    for name in ("user", "phone_system"):
        rows = client_of("agent").get(EXTENSIONS, {name: str(getattr(wanted, f"{name}_id"))}).json()["results"]
        assert [row["id"] for row in rows] == [str(wanted.pk)]


def test_a_disposition_in_use_stays_and_its_code_is_one(client_of):
    disposition = DispositionFactory(code="advised")
    CallFactory(disposition=disposition)
    refused(client_of("admin").delete(f"/api/v1/dispositions/{disposition.pk}/"), 409, "still_in_use")
    refused(client_of("supervisor").post("/api/v1/dispositions/", {"code": "advised", "name": "x"}), 400, "invalid")
