"""What ``up`` says to people: steps as they go, and the block at the end."""

import contextlib
import sys
import time
from pathlib import Path
from typing import Any

FIRST_EVENT = '{"type": "call.initiated", "call_id": "first-call", "direction": "inbound", "from": "%s", "to": "+7 800 555-35-35"}'


class Teller:
    """Lines on the terminal; on a real one, a step's line is renewed while it lasts."""

    def __init__(self) -> None:
        self.is_terminal = sys.stdout.isatty()
        self._step: tuple[str, float] | None = None
        self._renewed_at = 0.0

    def say(self, text: str = "") -> None:
        """Print a line. A reader that went away does not matter."""
        self._write(("\n" if self._step and self.is_terminal else "") + text + "\n")

    def begin(self, text: str) -> None:
        """Begin a step that may last."""
        self._step = (text, time.monotonic())
        if self.is_terminal:
            self._write(f"  {text} …")

    def tick(self, detail: str = "") -> None:
        """Show that the step goes on."""
        if self._step and self.is_terminal and time.monotonic() - self._renewed_at > 0.3:
            text, since = self._step
            self._renewed_at = time.monotonic()
            self._write(f"\r\033[K  {text} … {time.monotonic() - since:.0f} s{detail and ', ' + detail}")

    def end(self, outcome: str = "") -> None:
        """End the step: its time, and what came of it."""
        if self._step is None:
            return
        text, since = self._step
        self._step = None
        start = "\r\033[K" if self.is_terminal else ""
        self._write(f"{start}  {outcome or text} ({time.monotonic() - since:.1f} s)\n")

    @staticmethod
    def _write(text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            try:
                sys.stdout.write(text)
            except UnicodeEncodeError:
                sys.stdout.write(text.replace("…", "...").encode("ascii", "replace").decode())
            sys.stdout.flush()


def block(told: dict[str, Any], *, folder: Path, demo: bool, caller: str = "") -> str:
    """The block that ends a start: where things are, how to get in, what to try first."""
    url = told["url"]
    lines = ["", "Switchboard is up.", "", f"  API     {url}/api/v1/", f"  Docs    {told['docs']}"]
    login = told.get("admin_login") or {}
    lines.append(f"  Admin   {told['admin']}" + (f"   name {login['username']}, password {login['password']}" if login else ""))
    if demo:
        lines.append(f"  Desk    {url}/desk/   an operator's screen, to try: sign in with the agent's token (docs/examples/agent-desk)")
        lines.append(f"  Feed    {url}/examples/live-feed/   the live feed alone, on a page (docs/live-feed.md)")
    tokens = told["tokens"]
    if tokens:
        width = max(map(len, tokens))
        lines += ["", "  Demo tokens, one per role (Authorization: Bearer …):"]
        lines += [f"    {role:<{width}}  {token}" for role, token in tokens.items()]
    if tokens.get("integration"):
        lines += [
            "",
            "  Try it: a phone system says that somebody calls, the answer says who.",
            f"    curl -s {url}/api/v1/calls/events/ \\",
            f"      -H 'Authorization: Bearer {tokens['integration']}' -H 'Content-Type: application/json' \\",
            f"      -d '{FIRST_EVENT % (caller or '8 (495) 123-45-67')}'",
        ]
    if not demo:
        lines += ["", "  Strict mode: it expects HTTPS in front of it and makes no demo tokens (HTTPS=0 to do without)."]
    return "\n".join([*lines, "", f"  Stop with Ctrl-C or `make down`. Logs: {folder}/logs. For scripts: {folder}/up.json", ""])
