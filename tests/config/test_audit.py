"""Who did what: every change with its values before and after, no secret among them, and nobody can rewrite it."""

import json

import pytest
from django.db import DatabaseError, connection, transaction

from config.platform.models import AuditEvent
from tests.factories.calls import PhoneSystemFactory

pytestmark = pytest.mark.django_db
TOPIC = {"code": "delivery", "name": "Delivery"}


def test_every_change_is_remembered_with_before_and_after(client_of):
    client = client_of("admin")
    address = client.post("/api/v1/topics/", TOPIC, headers={"X-Request-ID": "desk-7-000001"})["Location"]
    client.patch(address, {"name": "Late delivery"})
    client.delete(address)
    added, changed, removed = AuditEvent.objects.filter(subject_type="topic").order_by("id")
    assert (added.verb, added.by, added.request_id, added.ip) == ("add", client.user, "desk-7-000001", "127.0.0.1")
    assert changed.changes == {"name": ["Delivery", "Late delivery"]}
    assert removed.verb == "remove" and removed.changes["name"] == ["Late delivery", None]


def test_what_was_done_cannot_be_undone_in_the_books(client_of):
    client_of("admin").post("/api/v1/topics/", TOPIC)
    for change in (lambda: AuditEvent.objects.update(verb="x"), lambda: AuditEvent.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_the_secret_before_a_rotation_does_not_enter_the_books(client_of):
    system = PhoneSystemFactory(signing=True)
    assert client_of("admin").post(f"/api/v1/phone-systems/{system.pk}/rotate-secret/", {"overlap_s": 60}).status_code == 200
    event = AuditEvent.objects.get(subject_id=system.pk, verb="rotate")
    assert event.changes["old_secret"] == ["", "set"]
    assert "thirty-two characters" not in str(event.changes)


def test_secrets_do_not_enter_the_books(client_of):
    body = {"slug": "pbx", "name": "PBX", "auth_mode": "hmac_t_v1", "secret": "a-very-secret-canary"}
    client = client_of("admin")
    made = client.post("/api/v1/phone-systems/", body)
    client.post("/api/v1/users/", {"username": "x", "role": "agent", "password": "canary battery staple"})
    assert made.status_code == 201 and "secret" not in made.json()
    for event in AuditEvent.objects.all():
        assert "canary" not in json.dumps([event.changes, event.facts])
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM calls_phonesystem")
        assert "canary" not in cursor.fetchone()[0]
