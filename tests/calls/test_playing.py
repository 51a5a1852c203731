"""Listening: ours plays when the vendor's link is dead, whoever listens is written down, masked seconds are silent."""

import hashlib
import io
import wave

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from calls import audio, playing, recordings
from calls.models import RecordingAccess
from config.platform.models import AuditEvent
from tests.calls.recorded_world import TONE, fetch, folder, heard, masked, pbx, system, told
from tests.factories.calls import CallFactory
from tests.factories.recordings import available, wav

pytestmark = pytest.mark.django_db
FIXTURES = (folder, pbx, system)


# --- links die
def test_ours_plays_when_the_link_of_the_phone_system_is_dead(client_of, system, pbx, folder):
    pbx.files["/1.wav"] = TONE
    row = told(system, {"id": "r1", "url": f"{pbx.base}/1.wav"})
    assert row.state == "announced"
    fetch()
    pbx.files.clear()  # the link is dead from now on
    client = client_of("supervisor")
    shown = client.get(f"/api/v1/recordings/{row.pk}/").json()
    assert (shown["state"], shown["size"], shown["duration_s"], shown["channels"]) == ("available", len(TONE), 2.0, 1)
    assert shown["sha256"] == hashlib.sha256(TONE).hexdigest() and shown["content_type"] == "audio/wav"
    answer, body = heard(client, row)
    assert (answer.status_code, body) == (200, TONE)
    assert answer["Cache-Control"] == "no-store" and answer["Accept-Ranges"] == "bytes" and answer["Content-Length"] == str(len(TONE))
    assert len(pbx.asked) == 1, "and the phone system is not asked again"


def test_the_address_is_sealed_and_never_shown(client_of, system, pbx):
    secret = f"{pbx.base}/1.wav?signature=topsecret"
    row = told(system, {"id": "r1", "url": secret})
    with connection.cursor() as cursor:
        cursor.execute("SELECT source_url FROM calls_recording WHERE id = %s", [row.pk])
        assert "topsecret" not in cursor.fetchone()[0]
    client = client_of("admin")
    for path in ("", f"{row.pk}/"):
        assert "topsecret" not in client.get(f"/api/v1/recordings/{path}").content.decode()
    fetch()  # a 404: it is put off
    recordings.fetch(row.pk, by=client.user, now=timezone.now())
    assert "topsecret" not in str(list(AuditEvent.objects.values_list("changes", "facts", "reason")))
    assert "topsecret" not in client.get(f"/api/v1/calls/{row.call_id}/").content.decode()


def test_the_address_is_forgotten_once_the_audio_is_here(system, pbx):
    pbx.files["/1.wav"] = TONE
    row = told(system, {"url": f"{pbx.base}/1.wav"})
    fetch()
    row.refresh_from_db()
    assert (row.state, row.source_url, row.has_source) == ("available", "", False)


# --- who listened
def test_each_read_and_each_range_is_written_down(client_of):
    row, client = available(TONE), client_of("supervisor")
    url = f"/api/v1/recordings/{row.pk}/audio/"
    size = len(TONE)
    asked = [
        ("", 0, size - 1, 200),
        ("bytes=0-99", 0, 99, 206),
        ("bytes=100-", 100, size - 1, 206),
        ("bytes=-10", size - 10, size - 1, 206),
    ]
    for header, first, last, status in asked:
        answer = client.get(url, {"purpose": "Complaint 17"}, headers={"Range": header} if header else {}, REMOTE_ADDR="203.0.113.7")
        assert (answer.status_code, b"".join(answer.streaming_content)) == (status, TONE[first : last + 1])
        if status == 206:
            assert answer["Content-Range"] == f"bytes {first}-{last}/{size}"
    shown = client.get(f"/api/v1/recordings/{row.pk}/accesses/").json()["results"]
    assert [(one["first_byte"], one["last_byte"]) for one in reversed(shown)] == [(first, last) for _, first, last, _ in asked]
    assert {(one["by"], one["ip"], one["purpose"], one["unmasked"]) for one in shown} == {
        (str(client.user.pk), "203.0.113.7", "Complaint 17", False)
    }
    assert all(one["request_id"] for one in shown)


def test_no_bytes_without_a_row(client_of, monkeypatch):
    row, client = available(TONE), client_of("supervisor")

    def fails(**fields):
        raise IntegrityError

    monkeypatch.setattr(RecordingAccess.objects, "create", fails)
    answer = client.get(f"/api/v1/recordings/{row.pk}/audio/")
    assert answer.status_code == 409 and not answer.streaming


@pytest.mark.parametrize("header", ["bytes=5-1", "bytes=", "bytes=-", "items=0-1", "bytes=0-1,5-6", "bytes=a-b", "bytes=0-" + "9" * 30])
def test_a_header_that_is_no_single_range_counts_for_nothing(header):
    assert playing.range_of(header, 100) == (0, 99, False)


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_after_the_end_is_refused_with_the_size(client_of, header):
    row = available(b"RIFF" + b"x" * 96)
    answer = client_of("supervisor").get(f"/api/v1/recordings/{row.pk}/audio/", headers={"Range": header})
    assert (answer.status_code, answer.json()["code"], answer["Content-Range"]) == (416, "range_unsatisfiable", "bytes */100")
    assert not RecordingAccess.objects.exists()


def test_who_may_listen(client_of, settings):
    agent, other = client_of("agent"), client_of("agent")
    row = available(call=CallFactory(agent=agent.user))
    url = f"/api/v1/recordings/{row.pk}/audio/"
    assert [client_of(role).get(url).status_code for role in ("supervisor", "admin", "back_office")] == [200, 200, 403]
    assert client_of("integration", scopes=["calls:read", "calls:write"]).get(url).status_code == 403
    assert (agent.get(url).status_code, agent.get("/api/v1/recordings/").json()["results"]) == (404, [])
    settings.RECORDINGS_FOR_AGENTS = True
    assert [one["id"] for one in agent.get("/api/v1/recordings/").json()["results"]] == [str(row.pk)]
    assert (agent.get(url).status_code, other.get(url).status_code) == (200, 404)
    assert other.get("/api/v1/recordings/").json()["results"] == []


# --- masked seconds
@pytest.mark.parametrize(("channels", "width"), [(1, 2), (2, 2), (1, 1), (2, 3)])
def test_masked_seconds_are_silent_in_every_range(client_of, channels, width):
    content = wav(2.0, channels=channels, width=width)
    row, client = available(content), client_of("supervisor")
    masked(row, (0.5, 1.0), (1.5, 99))
    frame = channels * width
    head = len(content) - 16000 * frame
    expected = bytearray(content)
    for begin, end in ((4000, 8000), (12000, 16000)):
        expected[head + begin * frame : head + end * frame] = bytes([0x80 if width == 1 else 0]) * ((end - begin) * frame)
    whole = heard(client, row)[1]
    assert whole == bytes(expected) and len(whole) == len(content)
    with wave.open(io.BytesIO(whole)) as file:
        assert file.getnframes() == 16000, "and it is still a sound file"
    for first in range(0, len(content), 977):
        last = min(first + 1500, len(content) - 1)
        assert heard(client, row, Range=f"bytes={first}-{last}")[1] == bytes(expected[first : last + 1])


def test_a_part_of_a_second_is_masked_to_whole_samples_and_no_seam_is_left():
    found = audio.wav_of(TONE, len(TONE))
    begin, end = found.bytes_of(0.50001, 0.50009)
    assert (begin, end) == (found.data + 4000 * 2, found.data + 4001 * 2)
    assert found.bytes_of(-5, 1e300) == (found.data, found.end)


def law(coding: int) -> bytes:
    return TONE[:20] + coding.to_bytes(2, "little") + TONE[22:32] + (1).to_bytes(2, "little") + (8).to_bytes(2, "little") + TONE[36:]


@pytest.mark.parametrize(("coding", "silence"), [(6, 0xD5), (7, 0xFF)])
def test_the_codings_of_telephones_are_silenced_in_their_own_way(client_of, coding, silence):
    row = masked(available(law(coding)), (0, 0.5))
    body = heard(client_of("supervisor"), row)[1]
    assert body[44 : 44 + 4000] == bytes([silence]) * 4000 and body[44 + 4000] == 0x11


@pytest.mark.parametrize(
    "content", [b"ID3" + b"\x11" * 500, b"OggS" + b"\x11" * 500, law(0x31), TONE[:30], TONE[:36] + b"LIST" + b"\xff" * 9000]
)
def test_a_masked_recording_that_cannot_be_silenced_is_not_played(client_of, content):
    row = available(content, kind="audio/mpeg")
    client, admin = client_of("supervisor"), client_of("admin")
    assert heard(client, row)[1] == content
    masked(row, (1, 2))
    url = f"/api/v1/recordings/{row.pk}/audio/"
    for one in (client, admin):
        assert (one.get(url).status_code, one.get(url).json()["code"]) == (409, "masked_format")
    assert client.get(url, {"unmasked": "true", "purpose": "x"}).json()["code"] == "unmasked_for_admins"
    assert admin.get(url, {"unmasked": "true"}).json()["code"] == "unmasked_for_admins", "without saying why"
    assert admin.get(url, {"unmasked": "true", "purpose": "Order of the court"}).status_code == 200
    last = RecordingAccess.objects.order_by("id").last()
    assert (last.unmasked, last.purpose, last.by) == (True, "Order of the court", admin.user)


def test_a_player_that_goes_on_gets_nothing_of_what_was_masked_meanwhile(client_of):
    row, client = available(TONE), client_of("supervisor")
    etag = heard(client, row, Range="bytes=0-99")[0]["ETag"]
    masked(row, (0, 2))
    answer, body = heard(client, row, Range="bytes=100-199", If_Range=etag)
    assert answer.status_code == 200 and body[44:] == bytes(len(TONE) - 44), "it begins anew, and it is silent"


def test_the_operator_of_the_call_masks_and_others_do_not(client_of):
    agent = client_of("agent")
    row = available(call=CallFactory(agent=agent.user))
    url, body = f"/api/v1/recordings/{row.pk}/mask/", {"intervals": [{"from_s": 0.5, "until_s": 1}], "reason": "card"}
    assert client_of("agent").post(url, body).status_code == 404
    answer = agent.post(url, body)
    assert answer.status_code == 200 and [one["from_s"] for one in answer.json()["masked"]] == [0.5]
    assert len(agent.post(url, body).json()["masked"]) == 1, "said twice is masked once"
    for wrong in ({"from_s": 2, "until_s": 1}, {"from_s": -1, "until_s": 1}, {"from_s": 1, "until_s": 1}):
        assert agent.post(url, {"intervals": [wrong]}).status_code == 400
