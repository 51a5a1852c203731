"""What is said about a complaint: to the customer, by the customer, among ourselves. It is written down here, not sent."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from calls.models import Call
from complaints import clocks, linking, telling
from complaints.models import Complaint, ComplaintMessage
from complaints.models.complaints import Channel, Status
from config.platform import feed
from config.platform.errors import Refusal
from config.platform.models import User
from config.platform.moves import transition

Side, Visibility = ComplaintMessage.Side, ComplaintMessage.Visibility


class MessageUnclear(Refusal):
    """A public message says how it was said (`via`); what a customer says is public."""

    code = "message_unclear"
    status = 400
    advice = "Send `via` with a public message, or `visibility` `internal` for one that only the house reads."


def declare() -> None:
    """Add what is told of messages to the live feed."""
    more = {"message": "0199a1b2-9999-7000-8000-293a4b5c6d7e", "side": "customer", "visibility": "public"}
    tells = "Something was said about a complaint that you have or watch; of the customer also for those who lead, while nobody has it."
    feed.declare("complaint.message", tells, telling.EXAMPLE | more)


@transaction.atomic
def write(
    complaint_id: UUID,
    *,
    text: str,
    visibility: str = "",
    side: str = Side.US,
    via: str = "",
    call: Call | None = None,
    if_version: int | None = None,
    by: User | None,
    now: datetime,
) -> ComplaintMessage:
    """Write a message down. Visibility left out: public when it says how it was said, else internal.

    The first public one by us is the first response, and with each the customer is informed, so that the next word is owed so much later.
    A word of the customer for whom a complaint waits carries it on. What is told of a complaint that was told twice concerns the first one
    too: its people hear of it, and it goes on when it waits for the same customer.

    Raises:
        MessageUnclear, VersionConflict
    """
    via = via or (Channel.CALL if call is not None else "")
    visibility = visibility or (Visibility.PUBLIC if via or side == Side.CUSTOMER else Visibility.INTERNAL)
    if visibility == Visibility.PUBLIC and not via:
        raise MessageUnclear("Say how it was said: `via`.")
    if visibility == Visibility.INTERNAL and side == Side.CUSTOMER:
        raise MessageUnclear("What a customer says is not internal.")
    first = Complaint.objects.filter(duplicates=complaint_id).values_list("pk", flat=True)
    linking.hold([complaint_id, *first])
    message = ComplaintMessage(
        complaint_id=complaint_id, text=text, visibility=visibility, side=side, via=via if visibility == Visibility.PUBLIC else "",
        call=call, by=by, at=now,
    )  # fmt: skip
    with transition(
        Complaint, complaint_id, "write", by=by, now=now, if_version=if_version, message=message.pk, side=side, visibility=visibility
    ) as complaint:
        message.save(force_insert=True)
        if side == Side.US and visibility == Visibility.PUBLIC:
            complaint.first_response_at = complaint.first_response_at or now
            clocks.follow(complaint, now=now, informed=True)
        if visibility == Visibility.PUBLIC:
            telling.news(complaint, "complaint.changed", verb="write", message=str(message.pk), side=side, now=now)
    about: dict[str, Any] = {"message": str(message.pk), "side": message.side, "visibility": message.visibility}
    _go_on(complaint, side, about, by, now)
    if complaint.duplicate_of_id is not None and side == Side.CUSTOMER:
        original = Complaint.objects.get(pk=complaint.duplicate_of_id)
        _go_on(original, side if original.contact_id == complaint.contact_id else Side.US, about, by, now)
    return message


def _go_on(complaint: Complaint, side: str, about: dict[str, Any], by: User | None, now: datetime) -> None:
    """Carry on what waited for this word, and tell those whom it concerns."""
    if side == Side.CUSTOMER and complaint.status == Status.WAITING_CUSTOMER:
        with transition(Complaint, complaint.pk, "carry_on", by=by, now=now, reason="The customer answered.") as complaint:
            complaint.status = Status.IN_PROGRESS
            clocks.follow(complaint, now=now)
    is_nobodys = side == Side.CUSTOMER and complaint.assignee_id is None and complaint.duplicate_of_id is None
    answering = telling.leaders(complaint) if is_nobodys else []
    telling.tell_of(complaint, "complaint.message", now=now, but=by, besides=answering, **about)
