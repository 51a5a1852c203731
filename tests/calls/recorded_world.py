"""What tests of recordings stand on: a phone system's file server on loopback, and how a call is told to be recorded."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.utils import timezone

from calls import intake, recording_fetching, recordings
from calls.models import Recording
from tests.calls.scenarios import begun, event
from tests.conftest import NOON
from tests.factories.calls import PhoneSystemFactory
from tests.factories.platform import UserFactory
from tests.factories.recordings import wav

TONE = wav(2.0)
MASKED = {"from_s": 1, "until_s": 2, "reason": "", "by": None, "at": NOON.isoformat()}


class Pbx:
    """A phone system's file server on loopback: what it answers for each path, and who asked how often."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        self.before: Callable[[BaseHTTPRequestHandler], None] = lambda handler: None
        pbx = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                pbx.asked.append((self.path, self.headers.get("authorization", "")))
                with suppress(OSError):
                    pbx.before(self)
                    body = pbx.files.get(self.path)
                    self.send_response(200 if body is not None else 404)
                    self.send_header("Content-Length", str(len(body or b"")))
                    self.end_headers()
                    self.wfile.write(body or b"")

            def log_message(self, *args: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()


@pytest.fixture
def pbx() -> Iterator[Pbx]:
    server = Pbx()
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture
def system():
    return PhoneSystemFactory()


@pytest.fixture(autouse=True)
def folder(settings, tmp_path) -> Path:
    """Files of a test's own; loopback may be asked."""
    settings.MEDIA_ROOT = tmp_path
    settings.OUTGOING_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    return tmp_path


def told(system, recording: dict, *, call: str = "c1", at: float = 60, **fields) -> Recording:
    """A call that was recorded, as its phone system tells it."""
    intake.receive(system, {**begun(), "call_id": call}, now=timezone.now())
    body = {**event("recording.available", at, recording=recording), "call_id": call, **fields}
    call_id = intake.receive(system, body, now=timezone.now()).call_id
    return Recording.objects.filter(call=call_id).order_by("id").last()


def fetch() -> None:
    recording_fetching.fetch_owed(now=timezone.now() + timedelta(seconds=1))


def heard(client, row, **headers):
    answer = client.get(f"/api/v1/recordings/{row.pk}/audio/", headers={name.replace("_", "-"): value for name, value in headers.items()})
    return answer, b"".join(answer.streaming_content) if answer.streaming else answer.content


def masked(row, *spans: tuple[float, float], by=None) -> Recording:
    intervals = [{"from_s": begin, "until_s": end} for begin, end in spans]
    return recordings.mask(row.pk, intervals=intervals, reason="card", by=by or UserFactory(role="supervisor"), now=NOON)
