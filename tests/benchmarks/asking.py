"""What is asked: the addresses and bodies of each measure, as bytes for the client and as requests to record."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from rest_framework.test import APIClient

from config.api.pages import PAGE_SIZE, KeysetPagination
from crm.models import Contact

EVENTS = "/api/v1/calls/events/?phone_system=bench"
#: The five events of a call that is answered and ends.
STEPS: tuple[dict[str, Any], ...] = (
    {"type": "call.initiated", "direction": "inbound", "to": "+78001234567"},
    {"type": "call.queued", "queue": "support"},
    {"type": "leg.ringing", "leg_id": "l1", "agent": "201"},
    {"type": "leg.answered", "leg_id": "l1", "agent": "201"},
    {"type": "call.ended", "hangup_by": "caller"},
)


@dataclass(frozen=True)
class Measure:
    """One line of the table. ``least`` is the share of the bare application's rate that we hold ourselves to; 0: only told."""

    name: str
    title: str
    addresses: tuple[str, ...] = ()
    least: float = 0.0

    @property
    def is_event(self) -> bool:
        return not self.addresses

    def to_record(self, phone: str) -> list[dict[str, Any]]:
        """The requests whose statements the bare application repeats."""
        if self.is_event:
            return [{"method": "POST", "address": EVENTS, "body": event(step, "benchcall", phone)} for step in range(len(STEPS))]
        return [{"method": "GET", "address": address} for address in self.addresses]

    def maker(self, headers: str, *, run: str, contacts: int) -> Callable[[int, int], bytes]:
        """Bytes of the n-th request of a client. Events are those of new calls, one call after the other, for each client its own."""
        if not self.is_event:
            those = [f"GET {address} HTTP/1.1\r\n{headers}\r\n".encode() for address in self.addresses]
            return lambda client, n: those[(client * 37 + n) % len(those)]

        def post(client: int, n: int) -> bytes:
            call, step = divmod(n, len(STEPS))
            phone = f"+7916{1 + (client * 7919 + call) % contacts:07}"
            body = json.dumps(event(step, f"{run}-{client}-{call}", phone)).encode()
            head = f"POST {EVENTS} HTTP/1.1\r\n{headers}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            return head.encode() + body

        return post


def measures(contacts: int) -> list[Measure]:
    """Everything that is measured, in the order of the table."""
    chance = random.Random(7)
    known = [number(chance, contacts) for _ in range(300)]
    people = Contact.objects.order_by("id").values_list("surname", "name")[:20_000]
    names = chance.sample(list(people), 60)
    contacts_with = "/api/v1/contacts/?search={}".format
    return [
        Measure("lookup", "look-up, known number", tuple(f"/api/v1/lookup/?phone={quote(phone)}" for phone in known), 0.5),
        Measure("lookup_unknown", "look-up, unknown number", tuple(f"/api/v1/lookup/?phone=%2B7917{n:07}" for n in range(300)), 0.5),
        Measure("event", "event of a call", least=0.5),
        Measure("list_first", "contacts, first page", ("/api/v1/contacts/",)),
        Measure(
            "list_far", "contacts, thousandth page", (f"/api/v1/contacts/?cursor={far_cursor(min(1000 * PAGE_SIZE, contacts - 100))}",)
        ),
        Measure("search_name", "search, name and surname", tuple(contacts_with(quote(f"{name} {surname}")) for surname, name in names)),
        Measure("search_typo", "search, mistyped surname", tuple(contacts_with(quote(mistyped(surname))) for surname, _ in names[:20])),
        Measure("search_digits", "search, last seven digits", tuple(contacts_with(phone[-7:]) for phone in known[:100])),
        Measure("calls", "calls of a number", tuple(f"/api/v1/calls/?number={quote(phone)}" for phone in known[:100])),
        Measure("calls_abandoned", "abandoned calls, newest first", ("/api/v1/calls/?outcome=abandoned",)),
    ]


def number(chance: random.Random, contacts: int) -> str:
    """A number that somebody has."""
    return f"+7916{chance.randint(1, contacts):07}"


def mistyped(word: str) -> str:
    """Two letters in the middle change places."""
    half = len(word) // 2
    return word[: half - 1] + word[half] + word[half - 1] + word[half + 1 :]


def event(step: int, key: str, phone: str) -> dict[str, Any]:
    """One event of a call."""
    at = f"2026-11-23T10:00:{step * 5:02}+00:00"
    return {**STEPS[step], "call_id": key, "event_id": f"{key}-{step}", "occurred_at": at, "from": phone}


def far_cursor(deep: int) -> str:
    """The cursor of a page far down, as following ``next`` would give it."""
    pager = KeysetPagination()
    pager.ordering, pager.request = ("-id",), APIClient().get("/api/v1/contacts/").wsgi_request
    pager.request.query_params = {}
    return pager._link(Contact.objects.order_by("-id")[deep], False).partition("cursor=")[2].partition("&")[0]
