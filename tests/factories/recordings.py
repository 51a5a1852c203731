import hashlib
import io
import wave
from datetime import UTC, datetime

import factory
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from calls.models import Recording, RecordingAccess
from tests.factories.calls import CallFactory
from tests.factories.platform import UserFactory

AT = datetime(2026, 11, 23, 7, 19, 31, tzinfo=UTC)


def wav(seconds: float = 2.0, *, rate: int = 8000, channels: int = 1, width: int = 2) -> bytes:
    """A tone that is nowhere silent: every byte of every sample differs from silence."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(b"\x11" * (int(seconds * rate) * channels * width))
    return made.getvalue()


class RecordingFactory(factory.django.DjangoModelFactory):
    """``RecordingFactory()`` was announced by a name only; see ``available`` for one whose audio is here."""

    class Meta:
        model = Recording

    call = factory.SubFactory(CallFactory)
    ref = factory.Sequence(lambda n: f"rec-{n}")
    recorded_at = AT


def available(content: bytes | None = None, *, kind: str = "audio/wav", **fields) -> Recording:
    """A recording with its file."""
    content = wav() if content is None else content
    row = RecordingFactory.build(call=fields.pop("call", None) or CallFactory(), **fields)
    row.storage_name = default_storage.save(f"recordings/2026/11/{row.pk}-1.audio", ContentFile(content))
    row.state, row.content_type, row.size, row.sha256 = "available", kind, len(content), hashlib.sha256(content).hexdigest()
    row.save(force_insert=True)
    return row


class RecordingAccessFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RecordingAccess

    recording = factory.SubFactory(RecordingFactory)
    by = factory.SubFactory(UserFactory)
    at = AT
    first_byte = 0
    last_byte = 99
