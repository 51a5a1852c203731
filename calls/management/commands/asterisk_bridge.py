"""``manage.py asterisk_bridge``: stand beside an Asterisk and hand on what it tells. Needs no database."""

import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.bridge import following, posting
from calls.bridge.dialling import Dialler, Way
from calls.bridge.manager import Manager, ManagerError
from calls.bridge.spool import Spool

LONGEST_WAIT_S = 30.0


class Command(BaseCommand):
    help = "Connect to Asterisk's manager interface (CEL events) and follow its queue_log; spool to disk and post until it is stored."
    requires_system_checks: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.over = threading.Event()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", required=True, help="of Switchboard, for instance https://calls.example.com")
        parser.add_argument("--token", default=os.environ.get("SWITCHBOARD_TOKEN", ""), help="with events:write; else SWITCHBOARD_TOKEN")
        parser.add_argument("--spool", default="asterisk-bridge.sqlite", help="the file that keeps what is not delivered yet")
        parser.add_argument("--cel-system", default="", help="slug of the phone system with the adapter asterisk_cel")
        parser.add_argument("--ami", default="127.0.0.1:5038", help="host:port of the manager interface")
        parser.add_argument("--ami-user", default="switchboard")
        parser.add_argument("--ami-secret", default=os.environ.get("AMI_SECRET", ""), help="else AMI_SECRET")
        parser.add_argument("--ami-tls", action="store_true")
        parser.add_argument(
            "--dial", action="store_true", help="dial what operators click on, pass on what they ask for; the token needs calls:dial too"
        )
        parser.add_argument("--dial-system", default="", help="slug of the phone system that is told to dial; else that of --cel-system")
        parser.add_argument("--dial-channel", default=Way.channel, help="the operator's phone, with {extension}")
        parser.add_argument("--dial-context", default=Way.context, help="where the number is dialled")
        parser.add_argument("--dial-number", default=Way.number, help="how: {digits}, {number} (with its plus), or 00{digits}")
        parser.add_argument("--dial-caller-id", default=Way.caller_id, help="of the operator's phone, also with {display_name}, {line}")
        parser.add_argument("--dial-queue", default=Way.queue, help="what is dialled to reach a queue, with {queue}: for transfers")
        parser.add_argument("--dial-ring", type=int, default=Way.ring_s, help="seconds the operator's phone rings")
        parser.add_argument("--queue-log", default="", help="the file to follow, for instance /var/log/asterisk/queue_log")
        parser.add_argument("--queue-system", default="", help="slug of the phone system with the adapter asterisk_cdr")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["token"]:
            raise CommandError("Give a token (--token, or SWITCHBOARD_TOKEN).")
        if not options["cel_system"] and not (options["queue_log"] and options["queue_system"]):
            raise CommandError("Say what to hand on: --cel-system, or --queue-log with --queue-system, or both.")
        if options["dial"] and not (options["dial_system"] or options["cel_system"]):
            raise CommandError("Say which phone system dials: --dial-system.")
        over = self.over
        Spool(Path(options["spool"])).close()  # made before its threads ask for it
        if threading.current_thread() is threading.main_thread():
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, lambda *_: over.set())
        work = [lambda: self._deliver(options, over)]
        if options["cel_system"]:
            work.append(lambda: self._listen(options, over))
        if options["queue_log"] and options["queue_system"]:
            work.append(lambda: self._follow(options, over))
        if options["dial"]:
            work.append(lambda: self._dial(options, over))
        threads = [threading.Thread(target=one, daemon=True) for one in work]
        for thread in threads:
            thread.start()
        while not over.wait(0.2) and all(thread.is_alive() for thread in threads):
            pass
        is_broken = not over.is_set()
        over.set()
        for thread in threads:
            thread.join(timeout=5)
        if is_broken:
            raise CommandError("A part of the bridge ended: see above. What was spooled stays.")

    def say(self, text: str) -> None:
        """A line, at once."""
        self.stdout.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}")

    def _deliver(self, options: dict[str, Any], over: threading.Event) -> None:
        spool = Spool(Path(options["spool"]))
        posting.deliver(spool, url=options["url"].rstrip("/"), token=options["token"], say=self.say, is_over=over.is_set)
        spool.close()

    def _listen(self, options: dict[str, Any], over: threading.Event) -> None:
        """Spool the channel events; when the connection breaks, make it again. What Asterisk told meanwhile it does not tell again."""
        spool, wait = Spool(Path(options["spool"])), 0.2
        while not over.is_set():
            try:
                with _connected(options) as manager:
                    self.say("connected to Asterisk")
                    wait = 0.2
                    for message in manager.messages():
                        if message.get("event") == "CEL":
                            spool.put(options["cel_system"], [json.dumps(message, ensure_ascii=False)])
                        if over.is_set():
                            break
            except ManagerError as error:
                self.say(str(error))
                over.wait(wait)
                wait = min(LONGEST_WAIT_S, wait * 2)
        spool.close()

    def _dial(self, options: dict[str, Any], over: threading.Event) -> None:
        way = Way(
            options["dial_channel"],
            options["dial_context"],
            options["dial_number"],
            options["dial_caller_id"],
            options["dial_ring"],
            options["dial_queue"],
        )
        dialler = Dialler(
            url=options["url"].rstrip("/"), token=options["token"], system=options["dial_system"] or options["cel_system"], way=way,
            connect=lambda: _connected(options), say=self.say,
        )  # fmt: skip
        dialler.run(over.is_set)

    def _follow(self, options: dict[str, Any], over: threading.Event) -> None:
        spool = Spool(Path(options["spool"]))
        while not over.is_set():
            if not following.read_on(Path(options["queue_log"]), spool, system=options["queue_system"]):
                over.wait(0.5)
        spool.close()


def _connected(options: dict[str, Any]) -> Manager:
    """A new connection to the manager interface."""
    host, _, port = options["ami"].rpartition(":")
    return Manager(host or "127.0.0.1", int(port), user=options["ami_user"], secret=options["ami_secret"], uses_tls=options["ami_tls"])
