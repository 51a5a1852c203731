"""Commands posted to a real receiver over HTTP: signed, with one id on every try, until it answers or their time is over."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from calls import call_requests, command_posting, commands, intake, tasks
from calls.models import Call, CallRequest, PhoneCommand, PhoneSystem
from config.platform import tokens
from tests.factories.call_requests import SECRET, telling_system
from tests.factories.calls import AgentExtensionFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "+74950000001"


class Exchange:
    """A phone system that is posted to: answers what it is told to (a status, a pause, headers, a body), then 200, and keeps what came."""

    def __init__(self) -> None:
        self.answers: list[dict] = []
        self.came: list[tuple[dict, bytes]] = []
        self.at_once, self.most_at_once, self.on_post = 0, 0, None
        outer, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with lock:
                    outer.came.append((dict(self.headers), body))
                    answer = outer.answers.pop(0) if outer.answers else {}
                    outer.at_once += 1
                    outer.most_at_once = max(outer.most_at_once, outer.at_once)
                if outer.on_post:
                    outer.on_post(json.loads(body))
                time.sleep(answer.get("pause", 0))
                with lock:
                    outer.at_once -= 1
                try:
                    self.send_response(answer.get("status", 200))
                    for name, value in answer.get("headers", {}).items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(answer.get("body", b"{}"))
                except OSError:
                    pass

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}/dial"
        threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()

    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.came]


@pytest.fixture
def exchange(settings):
    settings.OUTGOING_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    found = Exchange()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def seat(exchange):
    return AgentExtensionFactory(phone_system=telling_system(exchange.url), extension="201")


def click(seat, number=NUMBER) -> CallRequest:
    return call_requests.ask(phone=number, by=seat.user, now=timezone.now())


def send(tries: int = 1) -> None:
    """Send what is due, and what is due again, as the workers would: at once, as time is not waited for."""
    for _ in range(tries):
        PhoneCommand.objects.update(run_after=timezone.now())
        command_posting.send_due()


def event(seat, **more):
    now = timezone.now()
    told = {"type": "call.initiated", "call_id": "c", "occurred_at": now.isoformat(), "direction": "outbound", "from": "201", "to": NUMBER}
    return intake.receive(seat.phone_system, told | more, now=now)


def test_a_click_is_posted_signed_and_taken(exchange, seat):
    request = click(seat)
    send()
    ((headers, body),) = exchange.came
    told = Webhook(SECRET).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.replace(b"+7495", b"+7499"), headers)
    assert told["kind"] == "dial" and told["dial"]["number"] == NUMBER and told["dial"]["extension"] == "201"
    assert told["id"] == told["dial"]["call_request_id"] == str(request.pk) and headers["webhook-id"] == f"cmd_{request.pk}"
    request.refresh_from_db()
    assert request.status == "accepted" and PhoneCommand.objects.get().status == "accepted"
    assert command_posting.send_due() is None and len(exchange.came) == 1


@pytest.mark.parametrize("order", ["event first", "answer first"])
def test_an_answer_that_names_the_call_links_at_once(exchange, seat, order):
    exchange.answers = [{"body": b'{"call_id": "c"}'}]
    odd = {"direction": "inbound", "from": "x", "to": "201"}
    if order == "event first":
        exchange.on_post = lambda told: (event(seat, **odd), connection.close())
    request = click(seat)
    send()
    if order == "answer first":
        event(seat, **odd)
    request.refresh_from_db()
    assert (request.status, request.call.external_id) == ("linked", "c")


@pytest.mark.parametrize("status", [200, 400, 503])
def test_an_event_that_comes_before_our_post_is_answered_links_whatever_the_answer_is(exchange, seat, status):
    """The exchange rings, tells of the call, and only then answers."""
    exchange.answers = [{"status": status}]
    exchange.on_post = lambda told: (event(seat, call_request_id=told["dial"]["call_request_id"]), connection.close())
    request = click(seat)
    send(2)
    request.refresh_from_db()
    assert request.status == "linked" and request.call is not None and request.problem == ""
    assert len(exchange.came) == 1, "nobody is told again of what is a call already"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"reason": "201 is not registered"}', "The phone system refuses: 201 is not registered"),
        (b'{"detail": "no\\u0000\\nlines"}', "The phone system refuses: nolines"),
        (b"<html>", "The phone system refuses (422)."),
        (b"[1]", "The phone system refuses (422)."),
    ],
)
def test_a_refusal_is_shown_with_its_reason(exchange, seat, body, said):
    exchange.answers = [{"status": 422, "body": body}]
    request = click(seat)
    send(2)
    request.refresh_from_db()
    assert (request.status, request.problem, len(exchange.came)) == ("refused", said, 1)


def test_a_receiver_that_is_down_and_comes_back_is_told_with_the_same_id(exchange, seat, settings):
    exchange.answers = [{"status": 503}, {"status": 500}, {"status": 429}]
    request = click(seat)
    send(3)
    assert CallRequest.objects.get().status == "sent" and "429" in PhoneCommand.objects.get().problem
    send(1)
    assert CallRequest.objects.get().status == "accepted" and PhoneCommand.objects.get().problem == ""
    assert set(exchange.ids()) == {f"cmd_{request.pk}"} and len(exchange.came) == 4
    assert len({body for _, body in exchange.came}) == 1


def test_nobody_at_the_address_is_tried_again_until_the_time_is_over(exchange, seat):
    exchange.server.shutdown()
    exchange.server.server_close()
    request = click(seat)
    began = timezone.now()
    again_in = command_posting.send_due()
    assert again_in is not None and 0.5 < again_in <= 1.0
    assert PhoneCommand.objects.get().run_after > began
    send(2)
    assert PhoneCommand.objects.get().attempts == 3
    now = timezone.now() + timedelta(seconds=61)
    assert commands.expire_due(now=now) == 1 and commands.expire_due(now=now) == 0
    request.refresh_from_db()
    assert request.status == "failed" and "cannot be reached" in request.problem


def test_a_slow_receiver_is_not_waited_for_longer_than_a_click_is_worth(exchange, seat, monkeypatch):
    monkeypatch.setattr(command_posting, "READ_S", 0.3)
    exchange.answers = [{"pause": 2}]
    click(seat)
    began = time.monotonic()
    send()
    assert time.monotonic() - began < 1.5
    assert "too long" in PhoneCommand.objects.get().problem
    send()
    assert CallRequest.objects.get().status == "accepted" and len(set(exchange.ids())) == 1


def test_a_redirect_is_not_followed_and_a_private_address_not_asked(exchange, seat, settings):
    exchange.answers = [{"status": 307, "headers": {"Location": "http://127.0.0.1:1/"}}]
    first = click(seat)
    send()
    first.refresh_from_db()
    assert first.status == "failed" and "redirects are not followed" in first.problem and len(exchange.came) == 1
    settings.OUTGOING_ALLOWED_NETWORKS = []
    second = click(seat)
    send(2)
    second.refresh_from_db()
    assert second.status == "failed" and len(exchange.came) == 1 and PhoneCommand.objects.get(pk=second.pk).attempts == 1


def test_what_was_called_off_is_not_posted(exchange, seat):
    request = click(seat)
    call_requests.cancel(request.pk, by=seat.user, now=timezone.now())
    send()
    assert exchange.came == [] and PhoneCommand.objects.get().status == "dropped"


def test_several_workers_post_it_once(exchange, seat):
    exchange.answers = [{"pause": 0.5}]
    click(seat)
    start = threading.Barrier(6)

    def work(_: int) -> None:
        start.wait(10)
        for _ in range(5):
            command_posting.send_due()
            time.sleep(0.05)
        connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert len(exchange.came) == 1 and CallRequest.objects.get().status == "accepted"


def test_a_phone_system_that_does_not_answer_holds_one_worker_and_not_all(exchange, seat, monkeypatch):
    """First tries go side by side; those that are tried again wait for one another."""
    monkeypatch.setattr(command_posting, "READ_S", 0.6)
    for n in range(3):
        click(AgentExtensionFactory(phone_system=seat.phone_system), f"+7495000000{n}")
    PhoneCommand.objects.update(attempts=1)
    exchange.answers = [{"pause": 0.5}] * 10
    start = threading.Barrier(4)

    def work(_: int) -> None:
        start.wait(10)
        command_posting.send_due()
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert len(exchange.came) >= 1 and exchange.most_at_once == 1


SENDER = """
import django, os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
from django.db import connection
connection.settings_dict["NAME"] = os.environ["TEST_DATABASE"]
from calls import command_posting
command_posting.send_due()
"""


def test_a_sender_that_is_killed_after_it_posted_posts_again_with_the_same_id(exchange, seat):
    """A real process, killed while it waits for the answer: its lock goes with it, and the next worker posts anew."""
    exchange.answers = [{"pause": 3}]
    request = click(seat)
    environment = os.environ | {"TEST_DATABASE": connection.settings_dict["NAME"], "OUTGOING_ALLOWED_NETWORKS": "127.0.0.0/8"}
    sender = subprocess.Popen([sys.executable, "-c", SENDER], env=environment, cwd=os.getcwd())
    until = time.monotonic() + 30
    while not exchange.came and time.monotonic() < until:
        time.sleep(0.05)
    assert len(exchange.came) == 1, "the process posts"
    PhoneCommand.objects.update(run_after=timezone.now())
    command_posting.send_due()
    assert len(exchange.came) == 1, "while it lives nobody else does"
    sender.send_signal(signal.SIGKILL)
    sender.wait()
    time.sleep(0.3)
    assert CallRequest.objects.get().status == "sent"
    PhoneCommand.objects.update(run_after=timezone.now())
    command_posting.send_due()
    assert exchange.ids() == [f"cmd_{request.pk}"] * 2 and exchange.came[0][1] == exchange.came[1][1]
    assert CallRequest.objects.get().status == "accepted"


def test_the_task_asks_for_itself_again_when_a_try_is_due_soon(exchange, seat, monkeypatch):
    asked = []
    monkeypatch.setattr(tasks.send_commands, "apply_async", lambda **how: asked.append(how))
    exchange.answers = [{"status": 503}]
    click(seat)
    tasks.send_commands()
    assert len(asked) == 1 and 0.2 <= asked[0]["countdown"] <= 1.0
    send()
    tasks.send_commands()
    assert len(asked) == 1
    tasks.end_overdue_requests()


def test_one_operator_clicks_in_two_windows_at_once_and_one_call_is_asked_for(seat, client_of):
    client, start = client_of("agent", user=seat.user), threading.Barrier(4)

    def work(n: int):
        try:
            start.wait(10)
            return client.post("/api/v1/call-requests/", {"phone": f"+7495000000{n}"}, format="json")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(work, range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    made = next(answer.json()["id"] for answer in answers if answer.status_code == 201)
    assert {answer.json()["call_request"] for answer in answers if answer.status_code == 409} == {made}
    assert CallRequest.objects.count() == PhoneCommand.objects.count() == 1


def test_two_operators_click_on_one_number_at_once_and_one_is_put_through(seat, client_of):
    seats = [seat, *(AgentExtensionFactory(phone_system=seat.phone_system) for _ in range(3))]
    clients, start = [client_of("agent", user=one.user) for one in seats], threading.Barrier(4)

    def work(client):
        try:
            start.wait(10)
            return client.post("/api/v1/call-requests/", {"phone": NUMBER}, format="json")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(work, clients))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    codes = {reason["code"] for answer in answers if answer.status_code == 409 for reason in answer.json()["reasons"]}
    assert codes == {"call_asked_for"}
    assert sorted(CallRequest.objects.values_list("status", flat=True)) == ["refused"] * 3 + ["requested"]


def test_the_receiver_of_the_documentation_works_as_it_stands(seat, settings, live_server, tmp_path):
    """docs/examples/click_to_call_receiver.py as a process: it checks the signature, dials once, answers, and its event makes the call."""
    settings.OUTGOING_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    _, token = tokens.issue(UserFactory(role="integration"), name="r", scopes=["events:write"], by=None, now=timezone.now())
    environment = os.environ | {"DIAL_SECRET": SECRET, "URL": live_server.url, "TOKEN": token}
    script = Path(__file__).parents[2] / "docs" / "examples" / "click_to_call_receiver.py"
    receiver = subprocess.Popen([sys.executable, script, str(port)], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        PhoneSystem.objects.update(dial_url=f"http://127.0.0.1:{port}/")
        request = click(seat)
        for _ in range(100):
            send()
            if CallRequest.objects.exclude(status="sent").exists():
                break
            time.sleep(0.1)
        for _ in range(100):
            if Call.objects.filter(direction="outbound").exists():
                break
            time.sleep(0.1)
        request.refresh_from_db()
        assert request.status == "linked" and request.call.external_id == f"call-{str(request.pk)[-12:]}"
        assert (request.call.direction, request.call.customer_e164, request.call.agent) == ("outbound", NUMBER, seat.user)
        PhoneCommand.objects.update(status="waiting", settled_at=None)
        CallRequest.objects.update(status="sent", ended_at=None)  # as if its answer had been lost
        send()
        assert CallRequest.objects.get().status == "linked"
        PhoneSystem.objects.update(dial_secret="whsec_" + "A" * 40)
        second = click(AgentExtensionFactory(phone_system=PhoneSystem.objects.get(), extension="202"), "+74950000002")
        send()
        second.refresh_from_db()
        assert (second.status, second.problem) == ("refused", "The phone system refuses: The signature is not genuine.")
        seat.extension = "sales"
        seat.save()
        Call.objects.update(state="ended", ended_at=timezone.now())
        PhoneSystem.objects.update(dial_secret=SECRET)
        third = click(seat, "+74950000003")
        send()
        third.refresh_from_db()
        assert third.problem == "The phone system refuses: There is no phone sales."
    finally:
        receiver.terminate()
        assert receiver.stdout.read().count("ringing 201") == 1
        receiver.wait()
