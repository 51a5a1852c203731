"""A dial that the gate refused: the contact is out of the hands that had it, also when all that the request did was rolled back."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from campaigns import handout
from campaigns.models import Attempt


@transaction.atomic
def after_a_refused_dial(attempt_id: UUID, *, now: datetime) -> None:
    """Take a contact that may not be called now out of hand. Done already, it does nothing."""
    attempt = Attempt.objects.select_for_update(of=("self",)).get(pk=attempt_id)
    if attempt.state == Attempt.State.LEASED:
        attempt.reason = "They may not be called now."
        handout.close(attempt, Attempt.Closing.REVOKED, again_at=now, now=now)
