"""The admin's page of a recording: verbs through the rules, and a player that is written down."""

import pytest
from django.test import Client

from calls.models import Recording, RecordingAccess
from tests.factories.platform import UserFactory
from tests.factories.recordings import RecordingFactory, available, wav

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client = Client()
    client.force_login(UserFactory(role="supervisor", is_staff=True), backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(row: Recording, verb: str = "change") -> str:
    return f"/admin/calls/recording/{row.pk}/{verb}/"


def test_opening_the_page_is_not_listening_and_its_player_is_written_down(boss):
    row = available(wav(1.0))
    shown = boss.get(page(row)).content.decode()
    assert not RecordingAccess.objects.exists() and 'preload="none"' in shown
    src = shown.partition('<audio controls preload="none" src="')[2].partition('"')[0]
    answer = boss.get(src, headers={"Range": "bytes=0-9", "Accept": "audio/*;q=0.9,video/*;q=0.6"})
    assert (answer.status_code, b"".join(answer.streaming_content)) == (206, wav(1.0)[:10])
    assert RecordingAccess.objects.get().last_byte == 9


def test_it_is_held_masked_and_released_with_words(boss):
    row = available()
    for verb, said in (
        ("hold", "Court."),
        ("mask", "0.5-1"),
        ("mask", "nonsense"),
        ("mask", "2-1"),
        ("hold", "again"),
        ("release", "Settled."),
    ):
        boss.post(page(row, verb), {"said": said})
        row.refresh_from_db()
        assert row.legal_hold == (verb != "release")
    assert [(one["from_s"], one["until_s"]) for one in row.masked] == [(0.5, 1.0)]
    assert boss.post(page(row, "delete_audio"), {"said": "x"}).status_code == 403, "that is for administrators"


def test_what_failed_is_fetched_again_from_its_page(boss):
    row = RecordingFactory(state="failed", has_source=True, source_url="https://pbx.example/1.wav", attempts=9, problem="unreachable")
    boss.post(page(row, "fetch"))
    row.refresh_from_db()
    assert (row.state, row.attempts, row.problem) == ("announced", 0, "")
