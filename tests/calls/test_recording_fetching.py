"""Fetching: refused where it must be, tried again where it may help, killed at any moment and still done once."""

import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler

import pytest
from django.db import connection
from django.utils import timezone

from calls import recording_fetching, recording_upkeep, recordings
from calls.models import Recording
from tests.calls.recorded_world import TONE, fetch, folder, heard, pbx, system, told

pytestmark = pytest.mark.django_db
FIXTURES = (folder, pbx, system)


# --- fetching
@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://169.254.169.254/latest/meta-data/", "address_forbidden"),
        ("http://10.1.2.3/1.wav", "address_forbidden"),
        ("http://[::1]/1.wav", "address_forbidden"),
        ("file:///etc/passwd", "url_forbidden"),
        ("http://a:b@127.0.0.1/1.wav", "url_forbidden"),
    ],
)
def test_a_link_into_our_own_network_is_refused_and_shown_as_the_reason(client_of, system, url, code):
    row = told(system, {"id": "r1", "url": url})
    fetch()
    shown = client_of("supervisor").get(f"/api/v1/recordings/{row.pk}/").json()
    assert (shown["state"], shown["problem"], shown["attempts"]) == ("failed", code, 1)
    assert shown["problem_detail"] and "fetch" in shown["open_moves"]


def test_a_pbx_in_our_own_network_is_reached_only_where_the_installation_says_so(system, pbx, settings):
    settings.OUTGOING_ALLOWED_NETWORKS = []
    pbx.files["/1.wav"] = TONE
    row = told(system, {"id": "r1", "url": f"{pbx.base}/1.wav"})
    fetch()
    row.refresh_from_db()
    assert (row.state, row.problem, pbx.asked) == ("failed", "address_forbidden", [])
    settings.OUTGOING_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    recordings.fetch(row.pk, by=None, now=timezone.now())
    fetch()
    row.refresh_from_db()
    assert row.state == "available"


def test_a_link_that_fails_is_tried_again_later_each_time_and_then_set_aside(system, pbx):
    row = told(system, {"id": "r1", "url": f"{pbx.base}/none.wav"})
    waits = []
    for _ in range(20):
        Recording.objects.filter(pk=row.pk).update(run_after=timezone.now())
        fetch()
        row.refresh_from_db()
        waits.append(row.run_after and (row.run_after - timezone.now()).total_seconds())
        if row.state == "failed":
            break
        assert row.state == "announced"
    assert len(pbx.asked) == len(recording_fetching.WAITS_S) + 1
    assert waits[:-1] == sorted(waits[:-1]) and waits[-1] is None
    assert (row.state, row.problem) == ("failed", "answered_badly") and "404" in row.problem_detail
    assert recording_upkeep.owed() == {("owed",): 0, ("failed",): 1, ("to_delete",): 0}


@pytest.mark.parametrize("body", [b"<html>Please sign in</html>", b"", b"\x7fELF" + b"x" * 100, b"\xff\xff\xff\xff" * 10])
def test_what_is_no_audio_is_not_kept(system, pbx, folder, body):
    pbx.files["/1.wav"] = body
    row = told(system, {"id": "r1", "url": f"{pbx.base}/1.wav"})
    fetch()
    row.refresh_from_db()
    assert (row.state, row.problem) == ("announced", "not_audio")
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_a_recording_that_is_too_large_is_given_up(system, pbx, settings, folder):
    settings.RECORDING_MAX_BYTES = 1000
    pbx.files["/1.wav"] = TONE
    row = told(system, {"id": "r1", "url": f"{pbx.base}/1.wav"})
    fetch()
    row.refresh_from_db()
    assert (row.state, row.problem) == ("failed", "answer_too_large")
    assert [path for path in folder.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(("auth", "header"), [("basic", "Basic QUMxMjM6YSBzZWNyZXQgb2YgdGhpcnR5"), ("bearer", "Bearer a secret of thirty")])
def test_a_secret_goes_to_the_hosts_that_were_named_and_to_no_other(system, pbx, auth, header):
    system.recording_auth, system.account, system.secret, system.recording_hosts = auth, "AC123", "a secret of thirty", ["127.0.0.1"]
    system.save()
    pbx.files["/1.wav"] = TONE
    told(system, {"id": "r1", "url": f"{pbx.base}/1.wav"})
    other = told(system, {"id": "r2", "url": f"{pbx.base}/1.wav".replace("127.0.0.1", "localhost")}, call="c2")
    fetch()
    other.refresh_from_db()
    assert pbx.asked == [("/1.wav", header)]
    assert (other.state, other.problem) == ("failed", "host_not_allowed")


def test_a_secret_without_hosts_cannot_be_set_up(client_of, system):
    system.secret = "a secret of thirty-two characters"
    system.save()
    client = client_of("admin")
    url = f"/api/v1/phone-systems/{system.pk}/"
    assert client.patch(url, {"recording_auth": "basic"}).json()["code"] == "recording_auth_needs_a_secret_and_hosts"
    assert client.patch(url, {"recording_auth": "basic", "recording_hosts": ["api.twilio.com"]}).status_code == 200
    wrong = {"http://10.0.0.1/{id}", "https://pbx.example/", "ftp://pbx.example/{id}", "{id}"}
    assert {client.patch(url, {"recordings_at": one}).status_code for one in wrong} == {400}
    assert client.patch(url, {"recordings_at": "http://127.0.0.1:8088/rec/{id}"}).status_code == 200


# --- killed
WORKER = """
import sys
import django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from django.conf import settings
settings.MEDIA_ROOT = sys.argv[2]
settings.OUTGOING_ALLOWED_NETWORKS = ["127.0.0.0/8"]
from django.core.files.storage import default_storage
from django.utils import timezone
from calls import recording_fetching
if sys.argv[3] == "storing":
    import pathlib, time
    def half(name, content):
        path = pathlib.Path(default_storage.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.read()[:1000])
        print("half", flush=True)
        time.sleep(60)
    default_storage.save = half
print("at work", flush=True)
recording_fetching.fetch_owed(now=timezone.now())
"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("where", ["downloading", "storing"])
def test_a_fetch_that_is_killed_leaves_nothing_and_is_done_once(client_of, system, pbx, folder, where):
    pbx.files["/1.wav"] = TONE
    came = threading.Event()

    def stalls(handler: BaseHTTPRequestHandler) -> None:
        if where == "downloading" and len(pbx.asked) == 1:
            handler.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: 32044\r\n\r\n" + TONE[:9000])
            came.set()
            time.sleep(30)

    pbx.before = stalls
    row = told(system, {"id": "r1", "url": f"{pbx.base}/1.wav"})
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", WORKER, str(connection.settings_dict["NAME"]), str(folder), where]
    worker = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert worker.stdout.readline() == "at work\n"
    if where == "downloading":
        assert came.wait(20)
    else:
        assert worker.stdout.readline() == "half\n"
    worker.send_signal(signal.SIGKILL)
    worker.wait()

    client = client_of("supervisor")
    row.refresh_from_db()
    assert row.state == "fetching" and heard(client, row)[0].json()["code"] == "recording_not_here"
    fetch()
    row.refresh_from_db()
    assert (row.state, row.attempts, len(pbx.asked)) == ("available", 2, 2)
    assert heard(client, row)[1] == TONE
    files = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    assert files == [row.storage_name], "what the dead worker left is gone"
    fetch()
    assert len(pbx.asked) == 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_fetch_it_once(system, pbx):
    pbx.files["/1.wav"] = TONE
    pbx.before = lambda handler: time.sleep(0.3)
    told(system, {"id": "r1", "url": f"{pbx.base}/1.wav"})

    def work() -> None:
        try:
            fetch()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    [one.start() for one in threads]
    [one.join() for one in threads]
    assert len(pbx.asked) == 1 and Recording.objects.get().state == "available"
