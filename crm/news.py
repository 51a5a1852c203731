"""What other systems are told of people: who came, changed, became one and went; their orders; what they allow, and what they forbid."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from config.platform import outbox
from config.platform.history import Done, followers
from config.platform.models import AuditEvent
from config.platform.news import Writing
from config.platform.outbox import News, Subject
from crm.models import Consent, Contact, Order, Suppression

ID, SECOND = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e", "0199a1b2-c3d4-7000-8000-293a4b5c6d7e"
PERSON: dict[str, Any] = {
    "contact": ID,
    "kind": "person",
    "surname": "Фёдорова",
    "name": "Алёна",
    "patronymic": "Игоревна",
    "company_name": "",
    "source": "site",
    "external_id": "4711",
}
ORDER: dict[str, Any] = {
    "order": "0199a1b2-6666-7000-8000-293a4b5c6d7e",
    "number": "O-2026-000123",
    "status": "placed",
    "verb": "place",
    "contact": ID,
    "currency": "RUB",
    "total": "1990.00",
    "refunded_total": "0.00",
    "delivery_date": "2026-11-27",
    "source": "",
    "external_id": "",
}
CONSENT: dict[str, Any] = {
    "consent": "0199a1b2-7777-7000-8000-293a4b5c6d7e",
    "contact": ID,
    "phone": "+74951234567",
    "purpose": "marketing",
    "channel": "call",
    "status": "granted",
    "obtained_via": "call",
    "valid_from": "2026-11-23T07:00:00Z",
    "valid_to": "2027-11-23T07:00:00Z",
}
SUPPRESSION: dict[str, Any] = {
    "suppression": "0199a1b2-7777-7000-8000-293a4b5c6d7e",
    "contact": ID,
    "phone": "+74951234567",
    "purpose": "marketing",
    "channel": "",
    "source": "customer",
    "list": "",
    "starts_at": "2026-11-23T07:00:00Z",
    "expires_at": "2027-11-23T07:00:00Z",
    "lifted_at": "2026-12-23T07:00:00Z",
}
MERGE = {"merge": "0199a1b2-9999-7000-8000-293a4b5c6d7e"}
OF_CONTACTS = {
    "contact.added": ("Somebody new is in the base. `phones` are E.164.", PERSON | {"phones": ["+74951234567"]}),
    "contact.changed": ("Somebody is described otherwise: `changed` names the fields; lists of phones, e-mails and addresses too.", PERSON | {"changed": ["surname", "phones"]}),
    "contact.moved": ("Somebody came to another stage.", {"contact": ID, "lifecycle": "client", "verb": "convert"}),
    "contact.assigned": ("Somebody's contact has another owner.", {"contact": ID, "owner": SECOND}),
    "contact.merged": ("Two became one: the id of `merged` leads to `contact` from now on. Read the contact anew.", {"contact": ID, "merged": SECOND} | MERGE),
    "contact.parted": ("A merge was taken back: `parted` is somebody of their own again. Read both anew.", {"contact": ID, "parted": SECOND} | MERGE),
    "contact.removed": ("Somebody of whom nothing else is known was taken out of the base.", {"contact": ID, "source": "site", "external_id": "4711"}),
    "contact.erased": ("Everything personal was taken out of a contact: take it out of your system too.", {"contact": ID}),
}  # fmt: skip
OF_ORDERS = {
    "order.created": ("An order was written down as a draft.", {"status": "draft", "verb": "create"}),
    "order.placed": ("An order was placed: its lines and prices stand.", {}),
    "order.changed": ("Something else happened with an order: `verb` says what (alter, amend, confirm, start).", {"verb": "amend"}),
    "order.completed": ("Everything was delivered or done.", {"status": "completed", "verb": "complete"}),
    "order.cancelled": ("An order was called off.", {"status": "cancelled", "verb": "cancel"}),
    "order.returned": ("Things came back, all or some.", {"status": "partly_returned", "verb": "return_part", "refunded_total": "990.00"}),
}
OF_CONSENTS = {
    "consent.granted": "Somebody allowed something.",
    "consent.refused": "Somebody was asked for something and said no.",
    "consent.withdrawn": "Somebody took back what they had allowed.",
}
TYPES_OF_ORDERS = {
    "create": "order.created",
    "place": "order.placed",
    "complete": "order.completed",
    "cancel": "order.cancelled",
    "return": "order.returned",
    "return_part": "order.returned",
}
TYPES_OF_CONTACTS = {
    "add": "contact.added",
    "alter": "contact.changed",
    "assign": "contact.assigned",
    "merge": "contact.merged",
    "undo_merge": "contact.parted",
    "erase": "contact.erased",
    "remove": "contact.removed",
} | dict.fromkeys(Contact.MOVES, "contact.moved")
#: Lists beside the columns, as facts of an audit event name them.
LISTS = ("phones", "emails", "addresses")


def declare() -> None:
    """Declare the types, and let what is recorded be told. Called once, when the app is ready."""
    for name, (tells, example) in OF_CONTACTS.items():
        outbox.declare(name, tells, example, may_be_null=("owner",) if "owner" in example else ())
    for name, (tells, more) in OF_ORDERS.items():
        outbox.declare(name, tells, ORDER | more, may_be_null=("delivery_date",))
    for name, tells in OF_CONSENTS.items():
        example = CONSENT | {"status": name.partition(".")[2]}
        outbox.declare(name, tells, example, may_be_null=("contact", "phone", "valid_to"))
    hangs_on = ("contact", "phone", "expires_at", "lifted_at")
    added = "Somebody may not be contacted: `purpose` and `channel` are empty for any, `list` is there when a list says so."
    outbox.declare("suppression.added", added, SUPPRESSION | {"lifted_at": None}, may_be_null=hangs_on, shape=SUPPRESSION)
    outbox.declare("suppression.lifted", "Somebody may be contacted again, as far as this entry goes.", SUPPRESSION, may_be_null=hangs_on)
    for model, writing in (("contact", CONTACTS), ("order", ORDERS), ("consent", CONSENTS), ("suppression", SUPPRESSIONS)):
        followers.add(model, writing)


# --- contacts
def _contact_type(event: AuditEvent) -> str:
    type_ = TYPES_OF_CONTACTS.get(event.verb, "")
    if event.verb == "undo_merge" and "parted" not in event.facts:
        return ""  # the other of the two: one piece of news tells of both
    return "" if type_ == "contact.changed" and not changed_by(event.changes, event.facts) else type_


def _of_contact(row: Contact, event: AuditEvent) -> dict[str, Any]:
    me = {"contact": str(row.pk)}
    match _contact_type(event):
        case "contact.added":
            return _described(row) | {"phones": list(event.facts["phones"])}
        case "contact.changed":
            return _described(row) | {"changed": changed_by(event.changes, event.facts)}
        case "contact.moved":
            return me | {"lifecycle": row.lifecycle, "verb": event.verb}
        case "contact.assigned":
            return me | {"owner": _id(row.owner_id)}
        case "contact.merged":
            return me | {"merged": event.facts["merged"], "merge": event.facts["merge"]}
        case "contact.parted":
            return me | {"parted": event.facts["parted"], "merge": event.facts["merge"]}
        case "contact.removed":
            return me | {"source": row.source, "external_id": row.external_id}
    return me


def _described(row: Any) -> dict[str, Any]:
    names = [name for name in PERSON if name != "contact"]
    return {"contact": str(row.id), **{name: getattr(row, name) for name in names}}


def changed_by(changes: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    """Which fields of a contact, and which of its lists, a write changed."""
    columns = {name if name == "external_id" else name.removesuffix("_id") for name in changes}
    return sorted(columns | {one for one in LISTS if _is_other_list(one, facts)})


def _is_other_list(name: str, facts: Mapping[str, Any]) -> bool:
    if f"{name}_after" in facts:
        return sorted(facts[f"{name}_before"]) != sorted(facts[f"{name}_after"])
    return any(facts.get(f"{name}_{how}") for how in ("added", "removed", "changed"))


def told_by_copy(done: Iterable[Done], people: Mapping[UUID, Any], *, now: datetime) -> None:
    """What ``record_by_copy`` writes of contacts, told. ``people`` have the columns of a contact, as they were before a removal and are after a change."""
    news = []
    for one in done:
        row, type_ = people[one.subject_id], TYPES_OF_CONTACTS[one.verb]
        data = {"contact": str(row.id), "source": row.source, "external_id": row.external_id}
        previous, version = None, row.version
        if type_ == "contact.changed":
            data = _described(row) | {"changed": changed_by(one.changes, one.facts)}
            previous = {name: values[0] for name, values in one.changes.items() if name in data} or None
            version += 1
        news.append(News(type_, Subject("contact", row.id, version), data, row.id, previous))
    outbox.tell_many(news, now=now)


def added_by_copy(people: Iterable[tuple[UUID, Mapping[str, Any], Sequence[str]]], *, now: datetime) -> None:
    """Contacts that a file brought: the id, the columns and the numbers of each."""
    outbox.tell_many(
        [
            News("contact.added", Subject("contact", pk, 1), PERSON | {name: fields[name] for name in PERSON if name != "contact"} | {"contact": str(pk), "phones": list(phones)}, pk)
            for pk, fields, phones in people
        ],
        now=now,
    )  # fmt: skip


def tell_of_many(rows: Iterable[Contact], events: Iterable[AuditEvent], *, now: datetime) -> None:
    """What ``record_many`` writes of contacts, told; ``events`` are in the order of ``rows``."""
    outbox.tell_many([one for row, event in zip(rows, events, strict=True) if (one := CONTACTS.of(row, event))], now=now)


CONTACTS = Writing(_contact_type, _of_contact, lambda row: row.pk)


# --- orders
def _order_type(event: AuditEvent) -> str:
    return TYPES_OF_ORDERS.get(event.verb, "order.changed")


def _of_order(row: Order, event: AuditEvent) -> dict[str, Any]:
    return {
        "order": str(row.pk),
        "number": row.number,
        "status": row.status,
        "verb": event.verb,
        "contact": str(row.contact_id),
        "currency": row.currency,
        "total": f"{row.total:.2f}",
        "refunded_total": f"{row.refunded_total:.2f}",
        "delivery_date": row.delivery_date,
        "source": row.source,
        "external_id": row.external_id,
    }


ORDERS = Writing(_order_type, _of_order, lambda row: row.contact_id)


# --- what may be done with them
def _of_consent(row: Consent, event: AuditEvent) -> dict[str, Any]:
    if row.contact_id is None and not row.e164:
        return {}  # kept for the hash of a number whose owner was erased: it tells of nobody
    names = ("purpose", "channel", "status", "obtained_via", "valid_from", "valid_to")
    return {
        "consent": str(row.pk),
        "contact": _id(row.contact_id),
        "phone": row.e164 or None,
        **{name: getattr(row, name) for name in names},
    }


CONSENTS = Writing(lambda event: f"consent.{event.status_after}" if event.verb == "say" else "", _of_consent, lambda row: row.contact_id)
TYPES_OF_SUPPRESSIONS = {"add": "suppression.added", "lift": "suppression.lifted"}


def _of_suppression(row: Suppression, event: AuditEvent | None = None) -> dict[str, Any]:
    if row.contact_id is None and not row.e164:
        return {}
    names = ("purpose", "channel", "source", "starts_at", "expires_at", "lifted_at")
    hangs_on = {"suppression": str(row.pk), "contact": _id(row.contact_id), "phone": row.e164 or None}
    return hangs_on | {"list": row.list_code, **{name: getattr(row, name) for name in names}}


SUPPRESSIONS = Writing(lambda event: TYPES_OF_SUPPRESSIONS.get(event.verb, ""), _of_suppression, lambda row: row.contact_id)


def suppressed_by_copy(type_: str, rows: Iterable[Suppression], *, now: datetime) -> None:
    """Entries that a list brought, or took away: as they are now."""
    outbox.tell_many(
        [News(type_, Subject("suppression", row.pk, row.version), data, row.contact_id) for row in rows if (data := _of_suppression(row))],
        now=now,
    )


def _id(value: UUID | None) -> str | None:
    return str(value) if value else None
