"""``replay_calls`` against a Switchboard that runs: what it prints, what it makes, and how it fails."""

import io
import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from calls.models import Call, CallEvent, PhoneSystem
from calls.phone_systems import adapters, genuine, replays
from config.platform.models import Role


def told(*args: str, **options) -> str:
    said = io.StringIO()
    call_command("replay_calls", *args, stdout=said, **options)
    return said.getvalue()


@pytest.fixture
def httpserver_of():
    """A server that gives every request one answer."""
    servers = []

    def serve(status: int, body: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Location", "https://elsewhere.example/")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, args=[0.02], daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def there(live_server, client_of):
    return {"url": live_server.url, "token": client_of(Role.ADMIN).token}


def test_without_a_name_it_lists_every_adapter_and_scenario():
    for said in (told(), told("--list")):
        assert all(f"{name}  (" in said for name in adapters.every())
        assert all(scenario.title in said for name in adapters.every() for scenario in replays.of(name))


@pytest.mark.django_db(transaction=True)
def test_calls_are_replayed_shown_and_replayed_again_as_new_calls(there, monkeypatch):
    made = []
    known = SimpleNamespace(
        token_bytes=secrets.token_bytes, token_urlsafe=lambda *_: made.append(f"a-secret-of-this-test-{len(made)}") or made[-1]
    )
    monkeypatch.setattr(replays, "secrets", known)
    first = told("generic", "mango", "--again", "--shuffle", **there)
    assert "7 of 7 calls are as expected" in first and first.count("sent again, backwards: nothing changed") == 7
    assert "event=newCall" in first and "-> 200 accepted" in first and "events/summary" in first
    second = told("generic", "--scenario", "answered", **there)
    assert "1 of 1 calls" in second and Call.objects.count() == 8
    assert {system.slug: (system.adapter, system.is_active) for system in PhoneSystem.objects.all()} == {
        "sandbox-generic": ("generic", True), "sandbox-mango": ("mango", True),
    }  # fmt: skip
    assert len(made) == 3 and not [secret for secret in made if secret in first + second], "a secret is never shown"


@pytest.mark.django_db(transaction=True)
def test_as_in_life_each_is_sent_at_its_time(there):
    said = told("generic", "--scenario", "abandoned", "--speed", "20", **there)
    begun, over = CallEvent.objects.filter(type__in=["call.initiated", "call.ended"]).order_by("received_at")
    assert "1 of 1 calls" in said and (over.received_at - begun.received_at).total_seconds() > 0.4


@pytest.mark.django_db(transaction=True)
def test_what_comes_out_otherwise_or_is_refused_is_an_error(there, monkeypatch):
    odd = replays.of("generic")[0]
    monkeypatch.setattr(
        replays, "of", lambda name: (replays.Scenario(**{**vars(odd), "expected": {"outcome": "missed"}}),) if name == "generic" else ()
    )
    with pytest.raises(CommandError, match="1 calls differ"):
        told("generic", patience=0, **there)
    monkeypatch.setattr(genuine, "sign", lambda mode, delivery, **_: delivery)
    with pytest.raises(CommandError, match="1 calls differ"):
        told("generic", patience=0, **there)
    assert Call.objects.count() == 1 and PhoneSystem.objects.get().refused == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("role", "said"), [(Role.SUPERVISOR, "403"), (Role.INTEGRATION, "403"), (None, "401")])
def test_a_token_that_may_not_set_up_is_told_so(live_server, client_of, role, said):
    with pytest.raises(CommandError, match=rf"\({said}\).*It takes a token of an administrator"):
        told("twilio", url=live_server.url, token=client_of(role).token if role else "no-such-token")


@pytest.mark.parametrize(("args", "said"), [
    (["panasonic"], "There is no adapter panasonic"), (["twilio", "--scenario", "lunch"], "There is no scenario lunch"),
    (["twilio", "--shuffle", "--speed", "1"], "leave --speed out"), (["twilio", "--speed", "-1"], "give 0 or more"), (["twilio", "--speed", "nan"], "give 0 or more"),
    (["twilio", "--url", "http://127.0.0.1:9", "--token", "t"], "Nothing answers at http://127.0.0.1:9"),
    (["twilio", "--url", "switchboard", "--token", "t"], "switchboard is no address"), (["twilio", "--url", "http://a b", "--token", "t"], "Nothing answers"),
    (["twilio", "--token", "two\nlines", "--url", "http://127.0.0.1:9"], "The token is none"), (["twilio", "--up", "no-such-file"], "start it with make up"),
])  # fmt: skip
def test_what_cannot_be_is_said_in_one_sentence(args, said):
    with pytest.raises(CommandError, match=said):
        told(*args)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"url": "http://127.0.0.1:9"}', '{"url": "http://x", "tokens": 1}'])
def test_a_file_of_make_up_that_is_broken_is_said_to_be(tmp_path, text):
    (tmp_path / "up.json").write_text(text)
    with pytest.raises(CommandError, match=r"up\.json cannot be read"):
        told("twilio", "--up", str(tmp_path / "up.json"))


@pytest.mark.parametrize(
    ("args", "said"), [([], "has no demo tokens: give --token"), (["--url", "http://elsewhere.example"], "give --token too")]
)
def test_a_token_that_is_not_there_or_not_for_there_is_asked_for(tmp_path, args, said):
    (tmp_path / "up.json").write_text(json.dumps({"url": "http://127.0.0.1:9", "tokens": {"agent": "t"} if not args else {"admin": "t"}}))
    with pytest.raises(CommandError, match=said):
        told("twilio", "--up", str(tmp_path / "up.json"), *args)


@pytest.mark.parametrize(("status", "body", "said"), [
    (301, b"", "sends on to https://elsewhere.example/: give that as --url"), (200, b"[]", "is no Switchboard"), (200, b"", "is no Switchboard"),
    (200, b"<html>", "is no Switchboard"), (204, b"", "is no Switchboard"),
])  # fmt: skip
def test_what_answers_otherwise_is_said_to_be_none(httpserver_of, status, body, said):
    with pytest.raises(CommandError, match=said):
        told("twilio", "--url", httpserver_of(status, body), "--token", "t")
