"""Who has a contact in hand, and who has lost it."""

from uuid import UUID

from campaigns.models import Attempt
from config.platform.errors import Refusal


class LeaseLost(Refusal):
    """The contact is no longer in your hands: the time was over, it was given back, or taken away; `state` and `closing` say how it stands."""

    code = "lease_lost"
    advice = "Stop working on this contact and do not dial. Take the next one with `POST /agents/me/next/`."


def held(attempt_id: UUID, token: UUID) -> Attempt:
    """Hold an attempt whose token this is, open or over; inside a transaction.

    Raises:
        LeaseLost: it is another lease's token.
        Attempt.DoesNotExist
    """
    attempt = Attempt.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=attempt_id)
    if attempt.lease_token != token:
        raise LeaseLost("This token is not that of the lease.", state=attempt.state, closing=attempt.closing)
    return attempt


def in_hand(attempt_id: UUID, token: UUID) -> Attempt:
    """As ``held``, of one that is still open.

    Raises:
        LeaseLost
    """
    attempt = held(attempt_id, token)
    if attempt.state == Attempt.State.CLOSED:
        raise LeaseLost("The contact is no longer in your hands.", state=attempt.state, closing=attempt.closing)
    return attempt
