"""Asterisk's manager interface (AMI): lines of ``Name: value``, messages with an empty line between, over TCP.

Written here because it is a few lines, and the libraries there are bring an event loop of their own or are not kept up.
Source: Asterisk documentation, "The Asterisk Manager TCP/IP API".
"""

import hashlib
import socket
import ssl
import time
from collections.abc import Iterator
from types import TracebackType

LONGEST = 1_000_000
PING_S = 15.0
#: Why the phone that rings first was not answered, by the number that OriginateResponse gives.
REASONS = {
    "0": "There is no such phone, or it is not registered.",
    "1": "The phone hung up.",
    "3": "The phone was not answered.",
    "5": "The phone is busy.",
    "8": "The phone cannot be reached.",
}


class ManagerError(Exception):
    """Asterisk is away, speaks otherwise, or does not let us in."""


class Manager:
    """One connection. ``messages`` goes on until it breaks; then make a new one."""

    def __init__(self, host: str, port: int, *, user: str, secret: str, uses_tls: bool = False, timeout_s: float = 10.0) -> None:
        try:
            self.socket = socket.create_connection((host, port), timeout=timeout_s)
            if uses_tls:
                self.socket = ssl.create_default_context().wrap_socket(self.socket, server_hostname=host)
            self.waiting, self.partial = b"", dict[str, str]()
            greeting = self._line()
            if b"Asterisk Call Manager" not in greeting:
                raise ManagerError("This is no manager interface of Asterisk.")
            challenge = self._ask({"Action": "Challenge", "AuthType": "MD5"}).get("challenge", "")
            key = hashlib.md5((challenge + secret).encode(), usedforsecurity=False).hexdigest()  # as the protocol asks
            said = self._ask({"Action": "Login", "AuthType": "MD5", "Username": user, "Key": key, "Events": "on"})
            if said.get("response") != "Success":
                raise ManagerError(f"Asterisk refuses the login: {said.get('message', 'no reason given')}.")
        except OSError as error:
            raise ManagerError(f"Asterisk cannot be reached: {error}.") from None
        self.socket.settimeout(PING_S)

    def __enter__(self) -> "Manager":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.socket.close()

    def messages(self) -> Iterator[dict[str, str]]:
        """Events as they come, an empty one when it was quiet for a while; names in lower case.

        Raises:
            ManagerError: the connection broke.
        """
        quiet = 0
        while True:
            try:
                message = self._message()
            except TimeoutError:
                quiet += 1
                if quiet > 2:
                    raise ManagerError("Asterisk does not answer any more.") from None
                self._send({"Action": "Ping"})
                yield {}
                continue
            except OSError as error:
                raise ManagerError(f"The connection broke: {error}.") from None
            quiet = 0
            if "event" in message:
                yield message

    def originate(self, action: dict[str, str], *, wait_s: float) -> str:
        """Let Asterisk make a call, and wait until the phone that rings first is answered; answers what went wrong, empty: nothing did.

        ``action`` has its ``ActionID``. Raises:
            ManagerError: the connection broke; what became of it nobody knows.
        """
        self._send({"Action": "Originate", "Async": "true", **action})
        until = time.monotonic() + wait_s
        try:
            while (left := until - time.monotonic()) > 0:
                self.socket.settimeout(left)
                message = self._message()
                if message.get("actionid") != action["ActionID"]:
                    continue
                if message.get("event") == "OriginateResponse":
                    reason = message.get("reason", "")
                    return (
                        "" if message.get("response") == "Success" else REASONS.get(reason, f"The phone could not be reached ({reason}).")
                    )
                if "event" not in message and message.get("response") == "Error":
                    return message.get("message", "") or "Asterisk refuses."
        except TimeoutError:
            pass
        except OSError as error:
            raise ManagerError(f"The connection broke: {error}.") from None
        return "Asterisk did not say what became of it."

    def transfer(self, leg_id: str, *, is_attended: bool, context: str, exten: str) -> str:
        """Pass on whom the channel with this unique id talks with; answers what went wrong, empty: nothing did.

        Raises:
            ManagerError: the connection broke.
        """
        try:
            self._send({"Action": "CoreShowChannels", "ActionID": "channels"})
            name = ""
            while (message := self._message()).get("event") != "CoreShowChannelsComplete":
                if message.get("event") == "CoreShowChannel" and message.get("uniqueid") == leg_id:
                    name = message.get("channel", "")
                if message.get("response") == "Error" and message.get("actionid") == "channels":
                    return message.get("message", "") or "Asterisk refuses."
            if not name:
                return "The call is over, or the telephone has it no more."
            action = "Atxfer" if is_attended else "BlindTransfer"
            self._send({"Action": action, "ActionID": "transfer", "Channel": name, "Context": context, "Exten": exten})
            while (message := self._message()).get("actionid") != "transfer" or "response" not in message:
                pass
        except OSError as error:
            raise ManagerError(f"The connection broke: {error}.") from None
        return "" if message["response"] == "Success" else message.get("message", "") or "Asterisk refuses."

    def _ask(self, action: dict[str, str]) -> dict[str, str]:
        self._send(action)
        while "response" not in (message := self._message()):
            pass
        return message

    def _send(self, action: dict[str, str]) -> None:
        try:
            self.socket.sendall("".join(f"{name}: {value}\r\n" for name, value in action.items()).encode() + b"\r\n")
        except OSError as error:
            raise ManagerError(f"The connection broke: {error}.") from None

    def _message(self) -> dict[str, str]:
        while line := self._line():  # a pause in the middle of a message loses nothing of it
            name, colon, value = line.decode("utf-8", "replace").partition(":")
            if colon:
                self.partial[name.strip().lower()] = value.strip()
        found, self.partial = self.partial, {}
        return found

    def _line(self) -> bytes:
        while b"\n" not in self.waiting:
            piece = self.socket.recv(65_536)
            if not piece:
                raise ManagerError("Asterisk closed the connection.")
            self.waiting += piece
            if len(self.waiting) > LONGEST:
                raise ManagerError("This is no manager interface of Asterisk: a line has no end.")
        line, _, self.waiting = self.waiting.partition(b"\n")
        return line.rstrip(b"\r")
