"""The main job with the generated Python client: a call comes in, is worked on and written up, and a campaign is worked.

docs/clients.md tells how the client is made. main_job.ts does the same in TypeScript, and both print the same lines.
"""

import os
import random
import time
import uuid
from collections.abc import Iterator
from io import BytesIO
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
from switchboard_client import AuthenticatedClient, Client
from switchboard_client.api.attachments import attachments_content, complaints_attach
from switchboard_client.api.attempts import attempts_report
from switchboard_client.api.call_events import call_events_create
from switchboard_client.api.calling_windows import calling_windows_create
from switchboard_client.api.calls import calls_retrieve, calls_wrap_up
from switchboard_client.api.campaigns import (
    campaigns_audience,
    campaigns_build_audience,
    campaigns_cancel,
    campaigns_create,
    campaigns_next,
    campaigns_start,
)
from switchboard_client.api.complaints import complaints_create
from switchboard_client.api.contacts import contacts_bulk, contacts_create, contacts_list, contacts_partial_update, contacts_retrieve
from switchboard_client.api.lookup import lookup_retrieve
from switchboard_client.api.me import me_retrieve
from switchboard_client.api.orders import orders_create
from switchboard_client.api.tokens import tokens_create
from switchboard_client.models import (
    AttachmentUploadBodyRequest,
    AudienceSourceRequest,
    AudienceSourceRequestQuery,
    BulkBodyRequest,
    Call,
    CallingWindowBodyRequest,
    CampaignBodyRequest,
    CampaignCancelBodyRequest,
    CampaignStartBodyRequest,
    ComplaintBodyRequest,
    Contact,
    ContactBodyRequest,
    EmailRequest,
    EventAgentBodyRequest,
    EventsBodyRequest,
    LineBodyRequest,
    LoginBodyRequest,
    Me,
    OrderBodyRequest,
    OriginFieldRequest,
    PatchedContactChangeBodyRequest,
    PhoneBodyRequest,
    Problem,
    ReportBodyRequest,
    WeekHoursRequest,
    WrapUpBodyRequest,
)
from switchboard_client.models.weekday import WEEKDAY_VALUES
from switchboard_client.types import File, Response

URL = os.environ["URL"]
RUN = uuid.uuid4().hex[:8]  # so that it may run again on the same server
PHONES = [f"+4930{random.randrange(10**7, 10**8)}" for _ in range(3)]
Good = TypeVar("Good")


class Refused(Exception):
    """What the server answered instead. Switch on `problem.code`, show `problem.detail`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.code}: {problem.detail}")
        self.problem = problem


def good(answer: Response[Good | Problem]) -> Good:
    """The answer, or Refused: a client that goes on with a problem as if it were an order writes nonsense."""
    if isinstance(answer.parsed, Problem):
        raise Refused(answer.parsed)
    if answer.parsed is None:
        raise RuntimeError(f"An answer that the document does not know: {answer.status_code} {answer.content[:200]!r}")
    return answer.parsed


class Patient(httpx.HTTPTransport):
    """Sends again what was answered with 429 or 503. Every POST has a key, so nothing is done twice by that."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            request.headers.setdefault("Idempotency-Key", str(uuid.uuid4()))
        for _ in range(4):
            answer = super().handle_request(request)
            if answer.status_code not in (429, 503):
                return answer
            answer.close()
            time.sleep(float(answer.headers.get("Retry-After", "1")))
        return super().handle_request(request)


def signed_in(token: str) -> AuthenticatedClient:
    return AuthenticatedClient(base_url=URL, token=token, httpx_args={"transport": Patient()}, timeout=httpx.Timeout(30))


def sign_in(name: str, password: str) -> AuthenticatedClient:
    body = LoginBodyRequest(username=name, password=password, name="The main job")
    return signed_in(good(tokens_create.sync_detailed(client=Client(base_url=URL), body=body)).token)


def contacts_of(client: AuthenticatedClient, tag: str) -> Iterator[list[Contact]]:
    """Page after page. `next` is the address of the next page; its cursor is what a generated function takes."""
    page = good(contacts_list.sync_detailed(client=client, tag=[tag], page_size=2))
    yield page.results
    while page.next_:
        cursor = parse_qs(urlsplit(page.next_).query)["cursor"][0]
        page = good(contacts_list.sync_detailed(client=client, tag=[tag], page_size=2, cursor=cursor))
        yield page.results


def a_call(phone_system: AuthenticatedClient, agent: AuthenticatedClient) -> Call:
    """What a phone system posts while somebody calls. The answer to the first event says who it is."""
    event = EventsBodyRequest(type_="call.initiated", call_id=RUN, direction="inbound", from_=PHONES[0], to="+49 30 901820")
    told = good(call_events_create.sync_detailed(client=phone_system, phone_system="demo-pbx", body=event))
    assert told.matches and told.call
    print("calls:", told.matches[0].contact.display_name, told.matches[0].quality)
    for kind in ("leg.ringing", "leg.answered"):
        event = EventsBodyRequest(type_=kind, call_id=RUN, agent=EventAgentBodyRequest(extension="201"))
        good(call_events_create.sync_detailed(client=phone_system, phone_system="demo-pbx", body=event))
    # Too early: a problem is an answer like another. Its code is stable, its words are for people.
    try:
        good(calls_wrap_up.sync_detailed(told.call.id, client=agent, body=WrapUpBodyRequest(disposition="helped")))
    except Refused as refusal:
        print("refused:", refusal.problem.status, refusal.problem.code)
    event = EventsBodyRequest(type_="call.ended", call_id=RUN, hangup_by="caller")
    good(call_events_create.sync_detailed(client=phone_system, phone_system="demo-pbx", body=event))
    call: Call = good(calls_retrieve.sync_detailed(told.call.id, client=agent))
    print("call:", call.direction, call.state, call.outcome, call.wrap_up_state)
    return call


def change(agent: AuthenticatedClient, contact: UUID) -> None:
    """If-Match: what somebody else changed meanwhile is not overwritten."""
    seen = contacts_retrieve.sync_detailed(contact, client=agent)
    etag = seen.headers["ETag"]
    body = PatchedContactChangeBodyRequest(emails=[EmailRequest(email="kowalski@example.com")])
    changed = good(contacts_partial_update.sync_detailed(contact, client=agent, body=body, if_match=etag))
    print("changed:", changed.display_name, changed.emails[0].email)
    try:
        good(contacts_partial_update.sync_detailed(contact, client=agent, body=body, if_match=etag))
    except Refused as refusal:
        print("refused:", refusal.problem.status, refusal.problem.code)


def order(agent: AuthenticatedClient, contact: UUID, call: Call) -> None:
    """The same key again gives the same order: pressed twice, or sent again after a broken line."""
    body = OrderBodyRequest(
        contact=contact,
        currency="EUR",
        lines=[LineBodyRequest(name="Fitting", unit="h", unit_price="41.50", quantity="1.5", vat_rate="19")],
        origin=OriginFieldRequest(kind="call", id=call.id),
        place=True,
    )
    key = str(uuid.uuid4())
    placed = good(orders_create.sync_detailed(client=agent, body=body, idempotency_key=key))
    again = good(orders_create.sync_detailed(client=agent, body=body, idempotency_key=key))
    print("order:", placed.status, placed.total, placed.currency, "once" if again.id == placed.id else "twice")


def complaint(agent: AuthenticatedClient, contact: UUID, call: Call) -> None:
    """With a file: bytes go up as multipart/form-data and come down as they are."""
    body = ComplaintBodyRequest(
        contact=contact,
        channel="call",
        summary="The box was open",
        origin=OriginFieldRequest(kind="call", id=call.id),
    )
    made = good(complaints_create.sync_detailed(client=agent, body=body))
    said = "Größe und Gewicht: siehe Foto.\n".encode()
    file = File(payload=BytesIO(said), file_name="note.txt", mime_type="text/plain")
    kept = good(complaints_attach.sync_detailed(made.id, client=agent, body=AttachmentUploadBodyRequest(file=file)))
    got = good(attachments_content.sync_detailed(kept.id, client=agent)).payload.read()
    print("complaint:", made.status, kept.content_type, kept.size, "the same bytes" if got == said else "other bytes")


def campaign(lead: AuthenticatedClient, agent: AuthenticatedClient, me: Me, tag: str) -> None:
    """A lead makes it and starts it, an operator takes the next contact and says what came of it."""
    week = [WeekHoursRequest(weekday=day, opens="00:00", closes="24:00") for day in sorted(WEEKDAY_VALUES)]
    # Only because this may run at night: nobody is called at an hour at which the window of the purpose is closed.
    window = CallingWindowBodyRequest(name=f"Service {RUN}", purpose="service", week=week)
    try:
        good(calling_windows_create.sync_detailed(client=lead, body=window))
    except Refused as refusal:
        if refusal.problem.code != "one_active_calling_window_per_purpose":  # there already: that one will do
            raise
    source = AudienceSourceRequest(kind="filter", query=AudienceSourceRequestQuery.from_dict({"tag": tag}))
    body = CampaignBodyRequest(name=f"Fittings {RUN}", kind="service", purpose="service", agents=[me.id], hours=week, sources=[source])
    made = good(campaigns_create.sync_detailed(client=lead, body=body))
    good(campaigns_build_audience.sync_detailed(made.id, client=lead))
    while (audience := good(campaigns_audience.sync_detailed(made.id, client=lead))).runs[0].status in ("waiting", "running"):
        time.sleep(0.3)
    start = CampaignStartBodyRequest(force=True, reason="Tried by hand.")
    running = good(campaigns_start.sync_detailed(made.id, client=lead, body=start))
    print("campaign:", running.status, audience.targets)
    hand = good(campaigns_next.sync_detailed(made.id, client=agent)).in_hand
    assert hand  # None: nobody may be called now, and `next_at` says when to ask again
    report = ReportBodyRequest(token=hand.token, outcome="answered", disposition="helped", note="Content.")
    attempt = good(attempts_report.sync_detailed(hand.attempt, client=agent, body=report))
    print("attempt:", hand.contact.display_name, attempt.number, attempt.state, attempt.outcome, attempt.disposition)
    over = good(campaigns_cancel.sync_detailed(made.id, client=lead, body=CampaignCancelBodyRequest(reason="Tried.")))
    print("campaign:", over.status)


def main() -> None:
    lead, agent = sign_in(os.environ["NAME"], os.environ["PASSWORD"]), signed_in(os.environ["AGENT"])
    me = good(me_retrieve.sync_detailed(client=agent))
    print("operator:", me.display_name, me.role)
    tag = f"clients-{RUN}"
    people = [ContactBodyRequest(surname="Kowalski", phones=[PhoneBodyRequest(number=phone)], tags=[tag]) for phone in PHONES]
    added = good(contacts_bulk.sync_detailed(client=agent, body=BulkBodyRequest(contacts=people)))
    print("added:", *[row.verdict for row in added.results])
    pages = [len(page) for page in contacts_of(agent, tag)]
    print("pages:", *pages)
    found = good(lookup_retrieve.sync_detailed(client=agent, phone=PHONES[0].replace("+49", "0"), region="DE"))
    contact = found.matches[0].contact
    print("found:", contact.display_name, found.matches[0].quality, contact.lifecycle)
    try:
        good(contacts_create.sync_detailed(client=agent, body=ContactBodyRequest(surname="Diaz", emails=[EmailRequest(email="diaz")])))
    except Refused as refusal:
        print("refused:", refusal.problem.status, refusal.problem.code, *[wrong.pointer for wrong in refusal.problem.errors or ()])
    call = a_call(signed_in(os.environ["PHONE_SYSTEM"]), agent)
    change(agent, contact.id)
    order(agent, contact.id, call)
    complaint(agent, contact.id, call)
    done = good(calls_wrap_up.sync_detailed(call.id, client=agent, body=WrapUpBodyRequest(disposition="helped", note="Took a fitting.")))
    print("written up:", done.wrap_up_state, done.disposition)
    campaign(lead, agent, me, tag)


if __name__ == "__main__":
    main()
