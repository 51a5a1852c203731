"""Asks Switchboard what is to be dialled, and lets Asterisk do it: the operator's phone rings first, then the number is called.

A command is taken before it is carried out, and only by one: a bridge that dies in between dials nothing, and the operator clicks again.
Nobody is ever called twice for one click.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen
from uuid import uuid4

from calls.bridge.manager import Manager, ManagerError
from calls.phone_systems.asterisk.requests import channel_id

POLL_S, LONGEST_WAIT_S = 1.0, 15.0
TRIES = 4
#: Seconds behind the ringing that Asterisk has to tell what became of it.
GRACE_S = 10.0
#: For the dialplan: with two underscores in front, the channels it makes have it too.
VARIABLE = "__SWITCHBOARD_REQUEST"


@dataclass(frozen=True)
class Way:
    """How Asterisk is to dial: patterns in which ``{extension}``, ``{number}`` (E.164), ``{digits}`` (without the plus), ``{display_name}``
    and ``{line}`` are filled in.

    The caller id is the extension's by default, since the dialplan goes by it, and the trunk may show it to whoever is called.
    """

    channel: str = "PJSIP/{extension}"
    context: str = "from-internal"
    number: str = "{digits}"
    caller_id: str = "<{extension}>"
    ring_s: int = 25
    queue: str = ""


def action(command: dict[str, Any], unique_id: str, way: Way) -> dict[str, str]:
    """The ``Originate`` of a command; values have no line ends, so that nothing else can be slipped in."""
    dial = command["dial"]
    filled = {"extension": dial["extension"], "number": dial["number"], "digits": dial["number"].lstrip("+"), "line": dial.get("line", "")}
    filled["display_name"] = dial.get("display_name", "").replace('"', "'")
    told = {
        "ActionID": command["id"],
        "Channel": way.channel.format_map(filled),
        "Context": way.context,
        "Exten": way.number.format_map(filled),
        "Priority": "1",
        "CallerID": way.caller_id.format_map(filled),
        "Timeout": str(way.ring_s * 1000),
        "ChannelId": unique_id,
        "Variable": f"{VARIABLE}={command['id']},__SWITCHBOARD_LINE={filled['line']}",
    }
    return {header: _one_line(value) for header, value in told.items()}


def destination(to: dict[str, str], way: Way) -> str:
    """What is dialled to reach whom a call is passed on to; empty when that cannot be said."""
    if extension := to.get("extension", ""):
        return _one_line(extension)
    if number := to.get("number", ""):
        return _one_line(way.number.format_map({"number": number, "digits": number.lstrip("+")}))
    return _one_line(way.queue.format_map({"queue": to.get("queue", "")})) if way.queue else ""


def _one_line(value: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in value)


class Dialler:
    """Polls, takes and dials until ``is_over``; every command has a connection of its own to Asterisk, so none waits for another."""

    def __init__(
        self, *, url: str, token: str, system: str, way: Way, connect: Callable[[], Manager], say: Callable[[str], object]
    ) -> None:
        self.url, self.system, self.way, self.connect, self.say = url, system, way, connect, say
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.taken: set[str] = set()

    def run(self, is_over: Callable[[], bool]) -> None:
        wait = POLL_S
        while not is_over():
            status, found = self._ask(f"/api/v1/phone-systems/{self.system}/commands/")
            if status == 200:
                wait = POLL_S
                waiting = [one for one in found.get("results", []) if one["id"] not in self.taken]
                self.taken = {one["id"] for one in found.get("results", [])}
                for command in waiting:
                    threading.Thread(target=self.carry_out, args=(command,), daemon=True).start()
            else:
                self.say(f"Switchboard does not say what is to be dialled ({status or 'it cannot be reached'})")
                wait = min(LONGEST_WAIT_S, wait * 2)
            until = time.monotonic() + wait
            while time.monotonic() < until and not is_over():
                time.sleep(0.05)

    def carry_out(self, command: dict[str, Any]) -> None:
        """Take one command and dial it; what went wrong is told."""
        unique_id = channel_id(command["id"], datetime.now(UTC)) if command["kind"] == "dial" else ""
        if not self._answer(command, "accept", {"call_id": unique_id}):
            return  # somebody else has it, it was called off, or nobody knows: then it is not done
        try:
            problem = self._dial(command, unique_id) if unique_id else self._pass_on(command)
        except ManagerError as error:
            problem = str(error)
        if problem:
            self.say(f"not done ({command['kind']}): {problem}")
            self._answer(command, "refuse", {"reason": problem})

    def _dial(self, command: dict[str, Any], unique_id: str) -> str:
        with self.connect() as manager:
            return manager.originate(action(command, unique_id, self.way), wait_s=self.way.ring_s + GRACE_S)

    def _pass_on(self, command: dict[str, Any]) -> str:
        told = command.get("transfer", {})
        exten = destination(told.get("to", {}), self.way)
        if told.get("kind") not in ("blind", "attended") or not exten:
            return "The bridge passes calls on to telephones and numbers, blind or attended; a queue needs --dial-queue."
        with self.connect() as manager:
            return manager.transfer(told["from"]["leg_id"], is_attended=told["kind"] == "attended", context=self.way.context, exten=exten)

    def _answer(self, command: dict[str, Any], verb: str, body: dict[str, str]) -> bool:
        """Tell Switchboard; asked again when the answer is lost, under one key, so that our own first try does not refuse us."""
        key = str(uuid4())
        for tried in range(TRIES):
            status, _ = self._ask(f"/api/v1/phone-commands/{command['id']}/{verb}/", body, key=key)
            if status and status not in (429, 500, 502, 503, 504):
                return status == 200
            time.sleep(0.3 * 2**tried)
        return False

    def _ask(self, path: str, body: dict[str, str] | None = None, *, key: str = "") -> tuple[int, dict[str, Any]]:
        """Status and answer; 0 when there is none."""
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        data = json.dumps(body).encode() if body is not None else None
        try:
            with urlopen(Request(self.url + path, data, headers), timeout=10) as answer:  # noqa: S310 (the operator's own address)
                return answer.status, json.load(answer)
        except HTTPError as error:
            return error.code, {}
        except (URLError, OSError, ValueError):
            return 0, {}
