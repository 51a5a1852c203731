"""The bridge dials: a click is taken once, given to a scripted manager interface over TCP, and its channel events make the call."""

import socket
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from calls import call_requests
from calls.bridge.dialling import Dialler, Way, action
from calls.bridge.manager import Manager, ManagerError
from calls.management.commands.asterisk_bridge import Command
from calls.models import Call, CallRequest
from calls.phone_systems.asterisk.requests import channel_id, request_of
from config.platform import tokens
from tests.calls.test_asterisk_bridge import SECRET, cel, wait_for
from tests.factories.calls import AgentExtensionFactory
from tests.factories.crm import ContactPhoneFactory
from tests.factories.platform import UserFactory

NUMBER = "+74950000001"
TRUNK = "PJSIP/trunk-00000002"


class Exchange:
    """An Asterisk that takes Originate: what it did is in ``actions``; ``answer`` says what becomes of it. Channel events go to who listens."""

    def __init__(self, answer: str = "success") -> None:
        self.answer, self.actions, self.listening = answer, [], []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with suppress(OSError):
            connection.sendall(b"Asterisk Call Manager/9.0.0\r\n")
            connection.recv(4096)
            connection.sendall(b"Response: Success\r\nChallenge: 123456\r\n\r\n")
            connection.recv(4096)
            connection.sendall(b"Response: Success\r\nMessage: Authentication accepted\r\n\r\n")
            self.listening.append(connection)
            while told := connection.recv(8192).decode():
                if "Action: Originate" in told:
                    self._originate(connection, dict(line.split(": ", 1) for line in told.split("\r\n") if ": " in line))

                elif "Action: CoreShowChannels" in told:
                    connection.sendall(
                        b"Response: Success\r\nActionID: channels\r\nEventList: start\r\n\r\n"
                        b"Event: CoreShowChannel\r\nActionID: channels\r\nChannel: PJSIP/trunk-01\r\nUniqueid: far\r\n\r\n"
                        b"Event: CoreShowChannel\r\nActionID: channels\r\nChannel: PJSIP/201-02\r\nUniqueid: desk\r\n\r\n"
                        b"Event: CoreShowChannelsComplete\r\nActionID: channels\r\n\r\n"
                    )
                elif "Action: BlindTransfer" in told or "Action: Atxfer" in told:
                    self.actions.append(dict(line.split(": ", 1) for line in told.split("\r\n") if ": " in line))
                    verdict = "Success" if self.answer == "success" else "Error\r\nMessage: Not bridged"
                    connection.sendall(f"Event: Hold\r\n\r\nResponse: {verdict}\r\nActionID: transfer\r\n\r\n".encode())

    def _originate(self, connection: socket.socket, asked: dict[str, str]) -> None:
        self.listening.remove(connection)
        self.actions.append(asked)
        mine = f"ActionID: {asked['ActionID']}\r\n"
        # what others do on this connection must not be taken for ours
        connection.sendall(b"Event: OriginateResponse\r\nActionID: another\r\nResponse: Failure\r\nReason: 5\r\n\r\n")
        if self.answer == "error":
            connection.sendall(f"Response: Error\r\n{mine}Message: Permission denied\r\n\r\n".encode())
            return
        connection.sendall(f"Response: Success\r\n{mine}Message: Originate successfully queued\r\n\r\n".encode())
        if self.answer == "broken":
            connection.close()
            return
        if self.answer == "success":
            self.tell(asked)
        reason = {"success": ("Success", "4"), "unanswered": ("Failure", "3"), "odd": ("Failure", "99")}[self.answer]
        connection.sendall(f"Event: OriginateResponse\r\n{mine}Response: {reason[0]}\r\nReason: {reason[1]}\r\n\r\n".encode())

    def tell(self, asked: dict[str, str]) -> None:
        """The call as CEL tells it: the operator's phone, then the trunk."""
        unique, phone = asked["ChannelId"], {"Channel": f"{asked['Channel']}-00000001", "CallerIDnum": "201", "Context": "from-internal"}
        far = {"UniqueID": "1763978400.7", "LinkedID": unique, "Channel": TRUNK, "CallerIDnum": asked["Exten"]}
        mine = {"UniqueID": unique, "LinkedID": unique, **phone}
        bridge = {"Extra": '{"bridge_id":"b1"}'}
        rows = [
            cel("CHAN_START", unique, 0, **mine),
            cel("ANSWER", unique, 3, **mine),
            cel(
                "APP_START",
                unique,
                3,
                **mine | {"Exten": asked["Exten"], "Application": "Dial", "AppData": f"PJSIP/{asked['Exten']}@trunk"},
            ),
            cel("CHAN_START", "", 4, **far),
            cel("ANSWER", "", 10, **far),
            cel("BRIDGE_ENTER", unique, 10, **mine | bridge),
            cel("BRIDGE_ENTER", "", 10, **far | bridge),
            cel("BRIDGE_EXIT", "", 40, **far | bridge),
            cel("HANGUP", "", 40, **far | {"Extra": '{"hangupcause":16}'}),
            cel("CHAN_END", "", 40, **far),
            cel("BRIDGE_EXIT", unique, 40, **mine | bridge),
            cel("HANGUP", unique, 40, **mine | {"Extra": '{"hangupcause":16}'}),
            cel("CHAN_END", unique, 40, **mine),
            cel("LINKEDID_END", unique, 40, **mine),
        ]
        for connection in self.listening:
            with suppress(OSError):
                connection.sendall("".join(rows).encode())

    def close(self) -> None:
        self.server.close()


# --- pure
def test_the_request_stands_in_the_id_of_the_channel():
    request = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
    made = channel_id(request, datetime(2026, 11, 23, tzinfo=UTC))
    assert made == f"swb-{request}-1795392000.0" and len(made) < 150
    assert request_of("1795392000.1", made) == request
    assert [request_of(one) for one in ("", "swb-x-1.0", made + "x", "1795392000.1", f"swb-{request}")] == [""] * 5


def test_an_action_says_what_was_asked_and_nothing_can_be_slipped_into_it():
    command = {
        "id": "i", "dial": {"extension": "201", "number": NUMBER, "display_name": 'A "B"\r\nAction: Command', "line": "+74951112233"},
    }  # fmt: skip
    way = Way(channel="SIP/{extension}", context="out", number="00{digits}", caller_id='"{display_name}" <{line}>', ring_s=20)
    told = action(command, "u", way)
    assert (told["Channel"], told["Context"], told["Exten"], told["Timeout"]) == ("SIP/201", "out", "0074950000001", "20000")
    assert told["ChannelId"] == "u" and "__SWITCHBOARD_REQUEST=i" in told["Variable"] and "+74951112233" in told["Variable"]
    assert told["CallerID"] == "\"A 'B'  Action: Command\" <+74951112233>"
    assert action(command, "u", Way())["CallerID"] == "<201>"


# --- against a manager interface
@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("success", ""),
        ("error", "Permission denied"),
        ("unanswered", "The phone was not answered."),
        ("odd", "The phone could not be reached (99)."),
    ],
)
def test_what_became_of_an_originate_is_told(answer, problem):
    exchange = Exchange(answer)
    with Manager("127.0.0.1", exchange.port, user="u", secret=SECRET) as manager:
        asked = {"ActionID": "mine", "Channel": "PJSIP/201", "Exten": "1", "ChannelId": "u"}
        assert manager.originate(asked, wait_s=5) == problem
    exchange.close()


def test_an_asterisk_that_goes_silent_or_away_is_not_waited_for_for_ever():
    exchange = Exchange("broken")
    with (
        Manager("127.0.0.1", exchange.port, user="u", secret=SECRET) as manager,
        pytest.raises(ManagerError),
    ):
        manager.originate({"ActionID": "a"}, wait_s=5)
    exchange.close()
    silent = Exchange()
    silent._originate = lambda *_: None
    with Manager("127.0.0.1", silent.port, user="u", secret=SECRET) as manager:
        began = time.monotonic()
        assert "did not say" in manager.originate({"ActionID": "a"}, wait_s=0.3)
        assert time.monotonic() - began < 2
    silent.close()


# --- all of it
@pytest.fixture
def seat(transactional_db):
    system = {"slug": "cel", "adapter": "asterisk_cel", "takes_commands": "poll", "own_lines": ["+78005553535"]}
    return AgentExtensionFactory(extension="201", **{f"phone_system__{name}": value for name, value in system.items()})


@pytest.fixture
def token(transactional_db):
    user = UserFactory(role="integration")
    return tokens.issue(user, name="bridge", scopes=["events:write", "calls:dial"], by=None, now=timezone.now())[1]


@pytest.fixture
def run(live_server, token, tmp_path):
    """Starts a bridge; all are stopped in the end."""
    running = []

    def start(exchange: Exchange) -> StringIO:
        said, command = StringIO(), Command()
        options = {"url": live_server.url, "token": token, "spool": str(tmp_path / f"{len(running)}.sqlite"), "cel_system": "cel",
                   "ami": f"127.0.0.1:{exchange.port}", "ami_secret": SECRET, "dial": True, "stdout": said}  # fmt: skip
        thread = threading.Thread(target=lambda: call_command(command, **options), daemon=True)
        thread.start()
        running.append((command, thread, exchange))
        return said

    yield start
    for command, thread, exchange in running:
        command.over.set()
        thread.join(10)
        exchange.close()


def test_a_click_rings_the_operator_calls_the_number_and_is_joined_to_the_call(run, seat):
    exchange, contact = Exchange(), ContactPhoneFactory().contact
    run(exchange)
    wait_for(lambda: exchange.listening)
    request = call_requests.ask(phone=NUMBER, contact=contact, by=seat.user, now=timezone.now())
    call = wait_for(lambda: Call.objects.filter(state="ended").first(), 20)
    (asked,) = exchange.actions
    assert (asked["Channel"], asked["Exten"], asked["Async"]) == ("PJSIP/201", "74950000001", "true")
    request.refresh_from_db()
    assert (request.status, request.call_id) == ("linked", call.pk)
    assert (call.direction, call.outcome, call.talk_s, call.customer_e164) == ("outbound", "answered", 30.0, NUMBER)
    assert (call.agent_id, call.contact_id, call.external_id) == (seat.user_id, contact.pk, asked["ChannelId"])


def test_two_bridges_dial_a_click_once(run, seat):
    exchanges = [Exchange(), Exchange()]
    for exchange in exchanges:
        run(exchange)
    wait_for(lambda: all(exchange.listening for exchange in exchanges))
    for n in range(3):
        request = call_requests.ask(phone=f"+7495000010{n}", by=seat.user, now=timezone.now())
        wait_for(lambda pk=request.pk: CallRequest.objects.get(pk=pk).status == "linked", 20)
    time.sleep(1.5)
    assert len(exchanges[0].actions) + len(exchanges[1].actions) == 3


def test_a_phone_that_is_not_answered_is_told_to_the_operator(run, seat):
    exchange = Exchange("unanswered")
    run(exchange)
    request = call_requests.ask(phone=NUMBER, by=seat.user, now=timezone.now())
    wait_for(lambda: CallRequest.objects.get(pk=request.pk).status == "refused", 20)
    assert CallRequest.objects.get().problem == "The phone was not answered."


def test_a_bridge_that_lost_the_answer_to_its_taking_dials_all_the_same_and_once(live_server, seat, token, monkeypatch):
    exchange, said = Exchange("error"), []
    dialler = Dialler(
        url=live_server.url, token=token, system="cel", way=Way(), say=said.append,
        connect=lambda: Manager("127.0.0.1", exchange.port, user="u", secret=SECRET),
    )  # fmt: skip
    ask, lost = dialler._ask, []

    def lossy(path, body=None, *, key=""):
        answer = ask(path, body, key=key)
        if path.endswith("/accept/") and not lost:
            lost.append(answer)
            return 0, {}
        return answer

    monkeypatch.setattr(dialler, "_ask", lossy)
    call_requests.ask(phone=NUMBER, by=seat.user, now=timezone.now())
    _, found = dialler._ask("/api/v1/phone-systems/cel/commands/")
    dialler.carry_out(found["results"][0])
    assert lost and len(exchange.actions) == 1
    assert CallRequest.objects.get().problem == "Permission denied"
    dialler.carry_out(found["results"][0])
    assert len(exchange.actions) == 1, "what was taken is taken"
    exchange.close()


@pytest.mark.parametrize(
    ("kind", "to", "leg", "answer", "action", "problem"),
    [
        ("blind", {"extension": "202"}, "desk", "success", ("BlindTransfer", "202"), ""),
        ("attended", {"number": NUMBER}, "desk", "success", ("Atxfer", "74950000001"), ""),
        ("blind", {"queue": "support"}, "desk", "success", ("BlindTransfer", "q-support"), ""),
        ("blind", {"extension": "202"}, "desk", "error", ("BlindTransfer", "202"), "Not bridged"),
        ("blind", {"extension": "202"}, "gone", "success", None, "The call is over, or the telephone has it no more."),
        ("conference", {"extension": "202"}, "desk", "success", None, "The bridge passes calls on"),
    ],
)
def test_a_transfer_is_passed_on_from_the_channel_that_has_the_call(kind, to, leg, answer, action, problem):
    exchange, told = Exchange(answer), []
    dialler = Dialler(
        url="http://127.0.0.1:1", token="t", system="cel", way=Way(queue="q-{queue}"), say=lambda _: None,
        connect=lambda: Manager("127.0.0.1", exchange.port, user="u", secret=SECRET),
    )  # fmt: skip
    dialler._answer = lambda command, verb, body: told.append((verb, body)) or True
    dialler.carry_out({"id": "i", "kind": "transfer", "transfer": {"kind": kind, "from": {"leg_id": leg}, "to": to}})
    exchange.close()
    assert [(one["Action"], one["Exten"], one["Channel"]) for one in exchange.actions] == ([(*action, "PJSIP/201-02")] if action else [])
    assert [verb for verb, _ in told] == (["accept", "refuse"] if problem else ["accept"])
    if problem:
        assert told[1][1]["reason"].startswith(problem)


def test_what_is_missing_is_told():
    with pytest.raises(CommandError, match="dial-system"):
        call_command("asterisk_bridge", "--url", "http://127.0.0.1:1", "--token", "t", "--queue-log", "x", "--queue-system", "q", "--dial")
