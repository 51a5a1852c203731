"""Take somebody out of a campaign by hand, and bring them back."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from campaigns import settling
from campaigns.models import Target
from config.platform.errors import Refusal
from config.platform.history import record, snapshot
from config.platform.models import User
from config.platform.moves import check_version

State = Target.State
BY_HAND = settling.BY_HAND


class TargetInHand(Refusal):
    """Somebody has them in hand: wait until they give them back."""

    code = "target_in_hand"
    advice = "Ask again when the operator has reported or released the contact; at the latest its lease ends by itself."


class NotExcluded(Refusal):
    """They were not taken out by hand."""

    code = "not_excluded"
    advice = "Leave it: `GET /targets/{id}/explain/` says why nobody calls them now."


@transaction.atomic
def exclude(target_id: UUID, *, reason: str, if_version: int | None = None, by: User, now: datetime) -> Target:
    """They are not called in this campaign, and why.

    Raises:
        TargetInHand, VersionConflict
    """
    target = Target.objects.select_for_update(of=("self",)).get(pk=target_id)
    check_version(target, if_version)
    if target.state in (State.LEASED, State.IN_CALL, State.WRAP):
        raise TargetInHand("Somebody has them in hand.")
    before = snapshot(target)
    target.state, target.is_ready, target.reason, target.ended_at, target.checked_at = State.SUPPRESSED, False, BY_HAND, now, None
    target.version += 1
    target.save()
    record(target, "exclude", by=by, now=now, reason=reason, before=before)
    return target


@transaction.atomic
def reinstate(target_id: UUID, *, if_version: int | None = None, by: User, now: datetime) -> Target:
    """They are called again, as far as their attempts and the rules allow.

    Raises:
        NotExcluded, VersionConflict
    """
    target = Target.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=target_id)
    check_version(target, if_version)
    if (target.state, target.reason) != (State.SUPPRESSED, BY_HAND):
        raise NotExcluded("They were not taken out by hand.")
    before = snapshot(target)
    target.reason = ""
    settling.anew(target, now=now)
    record(target, "reinstate", by=by, now=now, before=before)
    return target
