"""Hands spooled lines to Switchboard, eldest first, until each is stored."""

import json
import time
from collections.abc import Callable
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from calls.bridge.spool import Spool

LONGEST_WAIT_S = 60.0


def deliver(spool: Spool, *, url: str, token: str, say: Callable[[str], object], is_over: Callable[[], bool]) -> None:
    """Post what waits, and what comes, until ``is_over``. Trouble is tried again, longer each time; a refusal is told and tried again too.

    A bad line among good ones is posted by itself and, if it alone is refused as unreadable, dropped with a word.
    """
    wait = 0.1
    while not is_over():
        system, ids, bodies = spool.next()
        if not ids:
            time.sleep(0.2)
            continue
        problem, is_unreadable = _post(f"{url}/api/v1/calls/ingest/{system}/", token, bodies)
        if is_unreadable and len(ids) > 1:
            ids, bodies = ids[:1], bodies[:1]
            problem, is_unreadable = _post(f"{url}/api/v1/calls/ingest/{system}/", token, bodies)
        if not problem or is_unreadable:
            if is_unreadable:
                say(f"dropped, because nobody can read it: {bodies[0][:200]}")
            spool.done(ids)
            wait = 0.1
            continue
        say(f"{spool.waiting()} wait: {problem}")
        until = time.monotonic() + wait
        while time.monotonic() < until and not is_over():
            time.sleep(0.1)
        wait = min(LONGEST_WAIT_S, wait * 2)


def _post(url: str, token: str, bodies: list[str]) -> tuple[str, bool]:
    """What went wrong, empty when all is stored; and whether it was the bodies that could not be read."""
    lines = [json.loads(body) if body.startswith("{") else body for body in bodies]
    content = json.dumps({"lines" if isinstance(lines[0], str) else "events": lines}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        with urlopen(Request(url, content, headers), timeout=30) as answer:  # noqa: S310 (the operator's own address)
            answer.read()
            return "", False
    except HTTPError as error:
        return f"Switchboard answers {error.code}", error.code == 400
    except (URLError, OSError) as error:
        return f"Switchboard cannot be reached ({type(error).__name__})", False
