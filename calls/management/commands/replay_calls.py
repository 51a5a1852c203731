"""``manage.py replay_calls``: send recorded scenarios of phone systems to a running Switchboard, in their own words, and compare what becomes of them."""

import json
import os
import sys
import time
from argparse import ArgumentTypeError
from datetime import timedelta
from random import Random
from textwrap import wrap
from typing import Any
from urllib.parse import unquote_plus

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from calls.management import running
from calls.phone_systems import adapters, replays
from calls.phone_systems.deliveries import Delivery

ALL = "all"
NEEDS = "of an administrator, who may set phone systems up"
MARGIN, WIDTH = " " * 10, 130
#: So long the secret before counts too: somebody else may be replaying.
OVERLAP_S = 600
#: What may differ when nothing was changed: a call can be looked at anew and come out the same.
UNTOLD = frozenset({"version", "updated_at"})


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = -1.0
    if not 0 <= speed < float("inf"):
        raise ArgumentTypeError("give 0 or more")
    return speed


class Command(BaseCommand):
    help = "Replay recorded calls of a phone system to a running Switchboard and compare what becomes of them. Without a name: list them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("adapters", nargs="*", metavar="ADAPTER", help=f"whose calls: twilio, telnyx, …, or {ALL}")
        parser.add_argument("--list", action="store_true", help="list adapters and scenarios")
        parser.add_argument("--scenario", action="append", default=[], metavar="NAME", help="only this one; may be given more than once")
        parser.add_argument(
            "--speed", type=_speed, default=0.0, help="how much faster than in life; 1: as in life, 0: at once, of a call just over"
        )
        parser.add_argument("--shuffle", action="store_true", help="send in a random order")
        parser.add_argument("--seed", type=int, default=1, help="of that order")
        parser.add_argument("--again", action="store_true", help="then send the same once more, backwards: nothing may change")
        parser.add_argument("--patience", type=float, default=30.0, help="seconds in which a call may still come right")
        running.add_arguments(parser, needs=NEEDS)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._handle(options)
        except BrokenPipeError:  # whoever read it has seen enough; what is left must not be written when Python ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(1) from None

    def _handle(self, options: dict[str, Any]) -> None:
        if options["list"] or not options["adapters"]:
            self._list()
            return
        if options["shuffle"] and options["speed"]:
            raise CommandError("--shuffle sends at once: leave --speed out.")
        chosen = _chosen(options["adapters"], options["scenario"])
        there = running.Running(*running.where(options, "admin"), needs=NEEDS)
        wrong = sum(self._replay_all(there, scenarios, options) for scenarios in chosen)
        many = sum(len(scenarios) for scenarios in chosen)
        self.stdout.write(f"{many - wrong} of {many} calls are as expected")
        if wrong:
            raise CommandError(f"{wrong} calls differ.")

    def _list(self) -> None:
        for adapter in adapters.every().values():
            self.stdout.write(f"{adapter.name}  ({adapter.label})")
            for scenario in replays.of(adapter.name):
                self.stdout.write(f"    {scenario.name:12} {scenario.title}")

    def _replay_all(self, there: running.Running, scenarios: tuple[replays.Scenario, ...], options: dict[str, Any]) -> int:
        """Replay the scenarios of one adapter; how many calls differ."""
        line = _Line(there, scenarios[0])
        label = adapters.named(scenarios[0].adapter).label
        self.stdout.write(f"{label}: POST {line.address}, proven by {line.sender.mode}\n\n")
        return sum(not self._replay(line, scenario, options) for scenario in scenarios)

    def _replay(self, line: "_Line", scenario: replays.Scenario, options: dict[str, Any]) -> bool:
        """Replay one scenario; whether all is as expected."""
        speed = options["speed"]
        ahead = 1 - 1 / speed if speed else 1.0
        started = time.monotonic()
        replay = replays.Replay(scenario, begin=timezone.now() - timedelta(seconds=scenario.length_s * max(0.0, ahead)))
        deliveries = replay.deliveries()
        if options["shuffle"]:
            deliveries = Random(options["seed"]).sample(deliveries, len(deliveries))
        self.stdout.write(f"{scenario.adapter} {scenario.name}: {scenario.title}")
        is_taken = True
        for at, delivery in deliveries:
            if speed:
                time.sleep(max(0.0, at / speed - (time.monotonic() - started)))
            is_taken &= self._send(line, at, delivery)
        call = self._call(line, replay, options["patience"])
        is_right = self._tell(scenario, call) and is_taken
        if options["again"] and call:
            is_right &= self._is_unmoved(line, replay, [delivery for _, delivery in deliveries])
        self.stdout.write("")
        return is_right

    def _send(self, line: "_Line", at: float, delivery: Delivery) -> bool:
        """Send one delivery and show it with its answer; whether it was taken."""
        status, answer = line.send(delivery)
        text = delivery.body.decode()
        shown = unquote_plus(text.replace("&", " & ")) if delivery.content_type == replays.FORM else text
        lines = f"{delivery.path} {shown}".strip().splitlines()
        parts = [part for one in lines for part in wrap(one, WIDTH, break_on_hyphens=False)]
        for head, part in zip([f"{at:6g} s  ", *[MARGIN] * len(parts)], parts, strict=False):
            self.stdout.write(head + part)
        self.stdout.write(f"{MARGIN}-> {status} {_in_words(answer)}")
        self.stdout.flush()  # also into a pipe, where it would be seen at the end only
        return 200 <= status < 300

    def _call(self, line: "_Line", replay: replays.Replay, patience: float) -> dict[str, Any] | None:
        """The call as it has become. Batches are folded by the workers, so it may take a moment until it is right."""
        until = time.monotonic() + patience
        while True:
            call = line.call(replay.call_id)
            if not replays.differences(replay.scenario, call) or time.monotonic() >= until:
                return call
            time.sleep(0.3)

    def _tell(self, scenario: replays.Scenario, call: dict[str, Any] | None) -> bool:
        """Show what became of it beside what was expected; whether it is the same."""
        if call is None:
            self.stdout.write(f"{MARGIN}there is no such call")
            return False
        wrong, found = replays.differences(scenario, call), replays.facts(call)
        self.stdout.write(f"{MARGIN}call {call['id']}")
        for name, wanted in scenario.expected.items():
            said = f"expected {_shown(wanted)}" if name in wrong else "as expected"
            self.stdout.write(f"{MARGIN}  {name:14} {_shown(found[name]):20} {said}")
        return not wrong

    def _settled(self, line: "_Line", replay: replays.Replay) -> dict[str, Any]:
        """The call when two looks at it agree: what the workers have taken over comes a moment later."""
        seen, call = None, line.call(replay.call_id)
        while seen != call:
            time.sleep(0.5)
            seen, call = call, line.call(replay.call_id)
        return call or {}

    def _is_unmoved(self, line: "_Line", replay: replays.Replay, deliveries: list[Delivery]) -> bool:
        """Send everything once more, backwards; whether the call is what it was."""
        before = self._settled(line, replay)
        taken = [200 <= line.send(delivery)[0] < 300 for delivery in reversed(deliveries)]
        call = self._settled(line, replay)
        moved = sorted(name for name in before if name not in UNTOLD and call.get(name) != before[name])
        self.stdout.write(f"{MARGIN}sent again, backwards: {'changed ' + ', '.join(moved) if moved else 'nothing changed'}")
        return all(taken) and not moved


class _Line:
    """A phone system of this kind that is set up in Switchboard, and the means to speak as it does."""

    def __init__(self, there: running.Running, scenario: replays.Scenario) -> None:
        self.there, self.sender = there, replays.Sender(scenario)
        self.address = there.url + self.sender.path
        self._set_up()

    def _set_up(self) -> None:
        """Make it, or give the one that is there a new secret: the old one nobody knows any more."""
        fields, secret = self.sender.fields, {"secret": self.sender.secret}
        found = self.there.rows("phone-systems/", slug=self.sender.slug)
        if not found:
            name = f"Sandbox: {adapters.named(self.sender.adapter).label}"
            self.there.ask("POST", "phone-systems/", {"slug": self.sender.slug, "name": name, **fields, **secret})
            return
        path = f"phone-systems/{found[0]['id']}/"
        if any(found[0][name] != value for name, value in fields.items()):
            self.there.ask("PATCH", path, fields)
        self.there.ask("POST", f"{path}rotate-secret/", {**secret, "overlap_s": OVERLAP_S})

    def send(self, delivery: Delivery) -> tuple[int, Any]:
        """Send one delivery as the phone system does."""
        signed = self.sender.sign(delivery, now=timezone.now())
        return self.there.send(self.address + signed.path, signed.body, {**signed.headers, "Content-Type": signed.content_type})

    def call(self, key: str) -> dict[str, Any] | None:
        """The call of that id, as the API shows it."""
        rows = self.there.rows("calls/", phone_system=self.sender.slug, external_id=key)
        return rows[0] if rows else None


def _chosen(names: list[str], only: list[str]) -> list[tuple[replays.Scenario, ...]]:
    """The scenarios asked for, by adapter.

    Raises:
        CommandError: there is no such adapter or scenario.
    """
    known = [name for name in adapters.every() if replays.of(name)]
    unknown = [name for name in names if name not in (*known, ALL)]
    if unknown:
        raise CommandError(f"There is no adapter {unknown[0]} with scenarios. There are: {', '.join(known)}.")
    of_each = [replays.of(name) for name in (known if ALL in names else dict.fromkeys(names))]
    if not only:
        return of_each
    there = {scenario.name for scenarios in of_each for scenario in scenarios}
    if missing := [name for name in only if name not in there]:
        raise CommandError(f"There is no scenario {missing[0]}. There are: {', '.join(sorted(there))}.")
    narrowed = [tuple(scenario for scenario in scenarios if scenario.name in only) for scenarios in of_each]
    return [scenarios for scenarios in narrowed if scenarios]


def _in_words(answer: Any) -> str:
    """An answer in one line: what became of the delivery, and where the call stands."""
    if isinstance(answer, dict) and "results" in answer:
        return ", ".join(one["status"] for one in answer["results"])
    if isinstance(answer, dict) and isinstance(answer.get("code"), str):
        return f"{answer['code']}: {answer.get('detail', '')}"
    if not isinstance(answer, dict) or "status" not in answer:
        return json.dumps(answer, ensure_ascii=False)[:WIDTH]
    call = answer.get("call") or {}
    return f"{answer['status']}; the call: {call['outcome'] or call['state']}" if call else str(answer["status"])


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) or "nobody" if isinstance(value, list) else str(value)
