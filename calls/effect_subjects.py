"""Whom the effect of a disposition is about: the person when it was they who spoke, else the number that was talked to."""

from typing import Any
from uuid import UUID

from calls.models import Call, Disposition
from crm.models import Contact, PhoneNumber
from crm.number_keys import key_of

NOBODY = "There is no number and no contact: it is about nobody."


def number_of(call: Call) -> str:
    """The far side's number in E.164; empty for one that was withheld, or taken out by an erasure."""
    return call.customer_e164 if call.customer_e164.startswith("+") else ""


def whom(call: Call, disposition: Disposition) -> str:
    """As a parameter of an effect: ``contact <id>``, ``number <its hash>``, or nothing."""
    number = number_of(call)
    if call.contact_id and (disposition.right_party or not number):
        return f"contact {call.contact_id}"
    return on_number(number)


def on_number(e164: str) -> str:
    """A number as a parameter: a keyed hash, for parameters are kept when the person is erased."""
    return f"number {key_of(e164)}" if e164 else ""


def named(call: Call, on: str) -> dict[str, Any]:
    """The subject as the rooms of the base take it: ``contact`` or ``phone``."""
    if on.startswith("contact"):
        return {"contact": Contact.objects.get(pk=on.removeprefix("contact "))}
    return {"phone": number_of(call)}


def held(phone_id: UUID | None) -> PhoneNumber | None:
    """The row of a number, held; None when it is not in the base any more."""
    return PhoneNumber.objects.select_for_update().filter(pk__in=[phone_id]).first()
