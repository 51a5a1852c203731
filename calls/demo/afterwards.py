"""What the demo's operators learned on the line: what customers allow and forbid, what was promised them, and who may be one person."""

from datetime import datetime, timedelta
from random import Random

from django.core.files.base import ContentFile

from calls import wrap_up
from calls.demo.house import House
from calls.models import Call
from crm import consent, contacts, follow_ups, lifecycle, suppression, suppression_lists
from crm.models import Contact, ContactPhone

SEED = 1958
Stage = Contact.Lifecycle
#: The way from lead to where the contact stands.
WAYS = {
    Stage.LEAD: (),
    Stage.QUALIFIED: (Stage.QUALIFIED,),
    Stage.CLIENT: (Stage.CLIENT,),
    Stage.DORMANT: (Stage.CLIENT, Stage.DORMANT),
    Stage.DISQUALIFIED: (Stage.DISQUALIFIED,),
}
WHY_NOT = ("Has another supplier.", "Too far from our shops.", "Only wanted to compare prices.")
NO_MORE = ("Asked not to be called with offers.", "Is angry about the calls, and right.", "Does not want any advertising.")
TASKS = ("Call back with the price", "Send the catalogue", "Ask whether the parcel came", "Find out about the discount")
#: A do-not-call list as a registry sends it: a title, numbers as people write them, one that is none.
LIST = "phone\n8 (495) 777-01-02\n+7 812 777-03-04\n+49 89 99998 777\n12-34\n"
#: How many people are in the base a second time, written a little differently.
TWICE = 4


def move(contact: Contact, stage: str, *, made: House, since: datetime, now: datetime) -> None:
    """Move a contact from lead to that stage, in even steps since it was added."""
    steps = WAYS[Stage(stage)]
    Contact.objects.filter(pk=contact.pk).update(created_at=since)  # so that the funnel tells how long they stayed a lead
    for number, step in enumerate(steps, start=1):
        reason = WHY_NOT[len(contact.surname) % len(WHY_NOT)] if step == Stage.DISQUALIFIED else ""
        at = since + (now - since) * number / (len(steps) + 1)
        lifecycle.move(contact.pk, step, reason=reason, by=contact.owner or made.staff["galina"], now=at)


def correct(made: House, *, now: datetime) -> int:
    """Two who were not interested: one said more than that, the other was misunderstood. Answers how many write-ups were corrected."""
    calls = Call.objects.filter(disposition__code="not-interested", contact__isnull=False, agent__isnull=False)
    found = list(calls.order_by("-started_at", "external_id").select_related("agent")[:2])
    supervisor = made.staff["sergei"]
    for call, codes in zip(found, (("do-not-call",), ("do-not-call", "call-again")), strict=False):
        for code, by in zip(codes, (call.agent or supervisor, supervisor), strict=False):
            note = {"do-not-call": "Does not want to hear of offers.", "call-again": "Meant only this week; asked for a call in spring."}[
                code
            ]
            wrap_up.wrap_up(call.pk, disposition=made.dispositions[code], topics=list(call.topics.all()), note=note, by=by, now=now)
    return len(found)


def tell(made: House, *, now: datetime) -> int:
    """Write down on written-up calls what customers said and what was promised; bring in a list. Answers how many consents there are."""
    random, said = Random(SEED), 0
    spoken = Call.objects.filter(wrap_up_state="done", outcome="answered", contact__isnull=False, agent__isnull=False)
    calls = spoken.order_by("started_at", "external_id")
    for call in calls.select_related("contact", "agent"):
        contact, at = call.contact, call.ended_at or call.started_at
        fate, origin = random.random(), {"kind": "call", "id": call.pk}
        if fate < 0.35:
            status = "granted" if fate < 0.25 else "refused"
            consent.say(
                contact=contact, purpose="marketing", channel="call", status=status, obtained_via="call", origin=origin, by=call.agent,
                now=at, evidence="Said so at the end of the call.", text_version="2026-1",
            )  # fmt: skip
            said += 1
        elif fate < 0.40:
            suppression.add(
                contact=contact, purpose="marketing", source="customer", reason=random.choice(NO_MORE), origin=origin, by=call.agent, now=at
            )
        elif fate < 0.55:
            due = at + timedelta(hours=random.choice((2, 20, 26, 48)))
            follow_ups.add(
                title=random.choice(TASKS), contact=contact, assignee=call.agent, due_at=due, origin=origin, by=call.agent, now=at
            )
    suppression_lists.upload(
        ContentFile(LIST.encode()), filename="registry.csv", list_code="registry", source="regulator", region="RU",
        reason="Is in the public registry.", by=made.staff["galina"], now=now,
    )  # fmt: skip
    return said


def double(made: House, *, now: datetime) -> int:
    """Let some people be in the base twice, found by the sweep that looks for duplicates; answers how many."""
    links = ContactPhone.objects.filter(is_primary=True, contact__kind="person").exclude(contact__patronymic="")
    chosen = links.select_related("contact", "phone").order_by("contact__surname", "contact__name", "phone__e164")[10 : 10 + TWICE]
    for link in chosen:
        had = link.contact
        contacts.add(
            kind="person", surname=had.surname, name=had.name, phones=[{"number": link.phone.e164}], tags=["fair"], source="fair",
            force=True, reason="demo data", by=made.staff["galina"], now=now - timedelta(days=1),
        )  # fmt: skip
    return len(chosen)
