"""SECRET_KEY is changed without losing a secret: whatever is sealed is sealed anew, in every table, as often as one likes."""

from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.utils import timezone

from calls.models import PhoneSystem, Recording
from config.platform import resealing
from config.platform.models import IdempotencyRecord, WebhookEndpoint
from config.platform.sealed import SealedField
from config.platform.webhooks import keeping
from tests.factories.calls import PhoneSystemFactory
from tests.factories.platform import WebhookEndpointFactory
from tests.factories.recordings import RecordingFactory

pytestmark = pytest.mark.django_db
DIAL = "whsec_" + "A" * 32


def reseal() -> str:
    said = StringIO()
    call_command("reseal_secrets", stdout=said, stderr=said)
    return said.getvalue()


def test_after_resealing_the_old_key_can_be_thrown_away(settings, monkeypatch, client_of):
    monkeypatch.setattr(resealing, "MANY", 2)
    systems = [PhoneSystemFactory(secret=f"secret-{n}", dial_secret=DIAL) for n in range(5)]
    row = WebhookEndpointFactory()
    keeping.rotate_secret(row.pk, by=None, now=timezone.now())
    had = WebhookEndpoint.objects.get()
    RecordingFactory(call__phone_system=systems[0], source_url="https://pbx.example.com/1.wav", has_source=True)
    client_of("admin").post("/api/v1/departments/", {"code": "d", "name": "D"}, headers={"Idempotency-Key": "k-1"})
    body, version = IdempotencyRecord.objects.get().body, systems[0].version

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a-new-key-" * 6, [settings.SECRET_KEY]
    said = reseal()
    assert "calls.PhoneSystem.secret: 5 sealed anew, 0 already, 0 unreadable" in said
    assert "calls.PhoneSystem.dial_secret: 5 sealed anew" in said and "platform.WebhookEndpoint.previous_secret: 1 sealed anew" in said
    again = reseal()
    assert "calls.PhoneSystem.secret: 0 sealed anew, 5 already" in again and "\n0 sealed anew." in again

    settings.SECRET_KEY_FALLBACKS = []
    assert list(PhoneSystem.objects.order_by("secret").values_list("dial_secret", flat=True)) == [DIAL] * 5
    assert {one.secret for one in PhoneSystem.objects.all()} == {f"secret-{n}" for n in range(5)}
    now = WebhookEndpoint.objects.get()
    assert (now.secret, now.previous_secret) == (had.secret, had.previous_secret) and now.secret
    assert Recording.objects.get().source_url == "https://pbx.example.com/1.wav"
    assert IdempotencyRecord.objects.get().body == body
    assert PhoneSystem.objects.get(pk=systems[0].pk).version == version, "nothing happened with it"


def test_what_no_key_reads_is_told_and_left(settings):
    PhoneSystemFactory(secret="lost")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a-new-key-" * 6, []
    said = reseal()
    assert "calls.PhoneSystem.secret: 0 sealed anew, 0 already, 1 unreadable" in said and "set them anew" in said


def test_every_sealed_column_is_resealed():
    columns = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, SealedField)
    }
    assert {one.column for one in resealing.reseal_all()} == columns >= {"calls.PhoneSystem.dial_secret", "platform.WebhookEndpoint.secret"}
