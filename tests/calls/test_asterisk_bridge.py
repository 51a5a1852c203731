"""The bridge against a scripted manager interface over TCP, a log that is turned over, and a Switchboard that is away: nothing is lost."""

import json
import socket
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from calls.bridge import following, posting
from calls.bridge.manager import Manager, ManagerError
from calls.bridge.spool import Spool
from calls.management.commands.asterisk_bridge import Command

SECRET = "manager-secret"


def wait_for(what, seconds: float = 10.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")


class Asterisk:
    """Lets in whoever knows the secret and tells the script, in pieces that cut messages apart; then hangs up, and the next one may come."""

    def __init__(self, *scripts: list[str], greeting: str = "Asterisk Call Manager/9.0.0") -> None:
        self.scripts, self.greeting, self.connections = list(scripts), greeting, 0
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            self.connections += 1
            script = self.scripts.pop(0) if self.scripts else []
            with suppress(OSError, AssertionError):
                self._talk(connection, script)
            connection.close()

    def _talk(self, connection: socket.socket, script: list[str]) -> None:
        import hashlib

        connection.sendall(f"{self.greeting}\r\n".encode())
        asked = connection.recv(4096)
        assert b"Challenge" in asked
        connection.sendall(b"Response: Success\r\nChallenge: 123456\r\n\r\n")
        login = connection.recv(4096).decode()
        key = hashlib.md5(f"123456{SECRET}".encode(), usedforsecurity=False).hexdigest()
        if f"Key: {key}" not in login:
            connection.sendall(b"Response: Error\r\nMessage: Authentication failed\r\n\r\n")
            return
        connection.sendall(b"Response: Success\r\nMessage: Authentication accepted\r\n\r\nEvent: FullyBooted\r\n\r\n")
        text = "".join(script).encode()
        for start in range(0, len(text), 37):
            connection.sendall(text[start : start + 37])
            time.sleep(0.001)
        time.sleep(0.3)

    def close(self) -> None:
        self.server.close()


def cel(kind: str, unique: str, seconds: int, **more: str) -> str:
    fields = {
        "Event": "CEL", "EventName": kind, "EventTime": f"{1_763_978_400 + seconds}.000000", "CallerIDnum": "", "CallerIDname": "",
        "Exten": "", "Context": "from-trunk", "Channel": "PJSIP/trunk-00000001", "Application": "", "AppData": "", "UniqueID": unique,
        "LinkedID": "1763978400.1", "Peer": "", "Extra": "",
    }  # fmt: skip
    return "".join(f"{name}: {value}\r\n" for name, value in {**fields, **more}.items()) + "\r\n"


INBOUND = [
    cel("CHAN_START", "1763978400.1", 0, CallerIDnum="84950000001", Exten="8005553535"),
    cel("CHAN_START", "1763978400.2", 2, Channel="PJSIP/201-00000002", Context="from-internal"),
    cel("ANSWER", "1763978400.2", 8, Channel="PJSIP/201-00000002"),
    cel("ANSWER", "1763978400.1", 8),
    cel("BRIDGE_ENTER", "1763978400.2", 8, Channel="PJSIP/201-00000002", Extra='{"bridge_id":"b1","bridge_technology":"simple_bridge"}'),
    cel("BRIDGE_ENTER", "1763978400.1", 8, Extra='{"bridge_id":"b1","bridge_technology":"simple_bridge"}'),
    cel("BRIDGE_EXIT", "1763978400.2", 68, Channel="PJSIP/201-00000002", Extra='{"bridge_id":"b1"}'),
    cel("BRIDGE_EXIT", "1763978400.1", 68, Extra='{"bridge_id":"b1"}'),
    cel("HANGUP", "1763978400.2", 68, Channel="PJSIP/201-00000002", Extra='{"hangupcause":16,"hangupsource":"PJSIP/trunk-00000001"}'),
    cel("CHAN_END", "1763978400.2", 68, Channel="PJSIP/201-00000002"),
    cel("HANGUP", "1763978400.1", 68, Extra='{"hangupcause":16,"hangupsource":"PJSIP/trunk-00000001"}'),
    cel("CHAN_END", "1763978400.1", 68),
    cel("LINKEDID_END", "1763978400.1", 68),
]


class Switchboard:
    """Answers what it is told to, then 200; keeps what it was sent."""

    def __init__(self, *statuses: int) -> None:
        self.statuses, self.kept = list(statuses), []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = outer.statuses.pop(0) if outer.statuses else 200
                lines = body.get("lines") or body.get("events")
                if "poison" in str(lines):
                    status = 400
                if status == 200:
                    outer.kept += [(self.path, line) for line in lines]
                self.send_response(status)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()

    def lines(self) -> list:
        return [line for _, line in self.kept]


def delivering(spool_path, url: str):
    over, said = threading.Event(), []

    def work() -> None:
        spool = Spool(spool_path)
        posting.deliver(spool, url=url, token="t", say=said.append, is_over=over.is_set)
        spool.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()

    def stop() -> list:
        over.set()
        thread.join(5)
        return said

    return stop


# --- the log
def test_a_log_is_read_once_through_restarts_and_when_it_is_turned_over(tmp_path):
    log, path = tmp_path / "queue_log", tmp_path / "spool.sqlite"
    log.write_text("1\n2\n3 without its end")
    spool = Spool(path)
    assert following.read_on(log, spool, system="q") == 2
    spool.close()
    spool = Spool(path)
    with log.open("a") as file:
        file.write(" yet\n4\n")
    log.rename(tmp_path / "queue_log.1")
    with (tmp_path / "queue_log.1").open("a") as file:
        file.write("5\n")
    log.write_text("6\n\n7\n")
    assert following.read_on(log, spool, system="q") == 5
    assert following.read_on(log, spool, system="q") == 0
    assert spool.next()[2] == ["1", "2", "3 without its end yet", "4", "5", "6", "7"]
    log.write_text("8\n")  # cut short in place
    assert following.read_on(log, spool, system="q") == 1
    log.unlink()
    assert following.read_on(log, spool, system="q") == 0
    log.write_bytes(b"\xff\xfe" + b"x" * 200_000 + b"\n" + b"9\n")
    assert following.read_on(log, spool, system="q") == 2
    assert max(map(len, spool.next()[2])) <= 100_000


def test_thousands_of_lines_killed_between_any_two_steps_are_there_once(tmp_path, monkeypatch):
    log, path = tmp_path / "queue_log", tmp_path / "spool.sqlite"
    log.write_text("".join(f"{number}\n" for number in range(5_000)))
    put, steps = Spool.put, []

    def dying(self, *args, **kwargs):
        put(self, *args, **kwargs)
        steps.append(1)
        if len(steps) in (1, 3):
            raise KeyboardInterrupt

    monkeypatch.setattr(Spool, "put", dying)
    for _ in range(3):
        spool = Spool(path)
        with suppress(KeyboardInterrupt):
            following.read_on(log, spool, system="q")
        spool.close()
    spool = Spool(path)
    assert spool.next(10_000)[2] == [str(number) for number in range(5_000)]


# --- delivery
def test_what_waits_is_delivered_in_order_when_switchboard_comes_back(tmp_path):
    spool = Spool(tmp_path / "spool.sqlite")
    spool.put("q", [f"line {number}" for number in range(450)])
    spool.put("c", ['{"event": "CEL", "n": 1}'])
    spool.put("q", ["the last"])
    switchboard = Switchboard(503, 500, 401, 429)
    stop = delivering(tmp_path / "spool.sqlite", switchboard.url)
    wait_for(lambda: len(switchboard.kept) == 452)
    said = stop()
    assert [line for path, line in switchboard.kept if path.endswith("/q/")] == [*(f"line {number}" for number in range(450)), "the last"]
    assert [line for path, line in switchboard.kept if path.endswith("/c/")] == [{"event": "CEL", "n": 1}]
    assert any("503" in line for line in said) and any("401" in line for line in said)
    assert spool.waiting() == 0


def test_a_line_that_nobody_can_read_does_not_stop_the_others(tmp_path):
    spool = Spool(tmp_path / "spool.sqlite")
    spool.put("q", ["a", "poison", "b"])
    switchboard = Switchboard()
    stop = delivering(tmp_path / "spool.sqlite", switchboard.url)
    wait_for(lambda: spool.waiting() == 0)
    assert switchboard.lines() == ["a", "b"] and any("dropped" in line for line in stop())


# --- the manager interface
def test_messages_come_whole_and_a_wrong_secret_is_told():
    asterisk = Asterisk(INBOUND, [])
    with Manager("127.0.0.1", asterisk.port, user="u", secret=SECRET) as manager:
        found = []
        with pytest.raises(ManagerError, match="closed"):
            for message in manager.messages():
                found.append(message)
    assert [one.get("eventname") for one in found if one.get("event") == "CEL"] == [
        text.split("EventName: ")[1].split("\r")[0] for text in INBOUND
    ]
    with pytest.raises(ManagerError, match="Authentication failed"):
        Manager("127.0.0.1", asterisk.port, user="u", secret="wrong")
    asterisk.close()
    with pytest.raises(ManagerError, match="no manager interface"):
        Manager("127.0.0.1", Asterisk([], greeting="220 smtp").port, user="u", secret=SECRET)
    with pytest.raises(ManagerError, match="cannot be reached"):
        Manager("127.0.0.1", 1, user="u", secret=SECRET)


def test_a_quiet_asterisk_is_asked_whether_it_lives(monkeypatch):
    monkeypatch.setattr("calls.bridge.manager.PING_S", 0.05)
    asterisk = Asterisk([])
    with Manager("127.0.0.1", asterisk.port, user="u", secret=SECRET) as manager, pytest.raises(ManagerError):
        assert {} in [message for message, _ in zip(manager.messages(), range(9), strict=False)]


# --- all of it
@pytest.mark.django_db(transaction=True)
def test_a_call_goes_from_asterisk_into_switchboard_through_a_broken_connection(tmp_path, live_server):
    """The manager interface breaks in the middle of the call; the bridge comes back, and the call is whole."""
    from calls.models import Call
    from config.platform import tokens
    from tests.factories.calls import PhoneSystemFactory
    from tests.factories.platform import UserFactory

    system = PhoneSystemFactory(slug="cel", adapter="asterisk_cel", own_lines=["+78005553535"])
    from django.utils import timezone

    _, token = tokens.issue(UserFactory(role="integration"), name="bridge", scopes=["events:write"], by=None, now=timezone.now())
    asterisk = Asterisk(INBOUND[:5], INBOUND[5:])
    said = StringIO()
    options = {"url": live_server.url, "token": token, "spool": str(tmp_path / "s.sqlite"), "cel_system": system.slug, "stdout": said,
               "ami": f"127.0.0.1:{asterisk.port}", "ami_secret": SECRET}  # fmt: skip
    command = Command()
    bridge = threading.Thread(target=lambda: call_command(command, **options), daemon=True)
    bridge.start()
    call = wait_for(lambda: Call.objects.filter(state="ended").first(), 20)
    command.over.set()
    bridge.join(10)
    asterisk.close()
    assert (call.direction, call.outcome, call.talk_s, call.from_e164) == ("inbound", "answered", 60.0, "+74950000001")
    assert asterisk.connections >= 2 and "closed the connection" in said.getvalue()
    assert Call.objects.count() == 1


@pytest.mark.parametrize("given", [[], ["--token", "t"], ["--token", "t", "--queue-log", "x"]])
def test_what_is_missing_is_told(given):
    with pytest.raises(CommandError):
        call_command("asterisk_bridge", "--url", "http://127.0.0.1:1", *given)


def test_a_spool_is_opened_by_many_at_once(tmp_path):
    opened, start = [], threading.Barrier(8)

    def work(number: int) -> None:
        start.wait()
        spool = Spool(tmp_path / "spool.sqlite")
        spool.put("q", [str(number)])
        spool.close()
        opened.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(opened) == list(range(8))
    assert sorted(Spool(tmp_path / "spool.sqlite").next()[2]) == [str(number) for number in range(8)]
