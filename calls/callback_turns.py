"""What happens with callbacks by themselves: they become due, go on to others, are missed, are given back; zones change their rules."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from calls import callback_feed, callback_times, callbacks
from calls.models import Call, Callback
from config.platform.models import User
from config.platform.moves import transition
from crm import duty
from crm.models import Team

logger = logging.getLogger(__name__)
Recipient, Status = Callback.Recipient, Callback.Status
#: One that could not be worked on is looked at again after this, and stops no other.
SET_ASIDE = timedelta(minutes=5)


def tend(*, now: datetime, limit: int = 200) -> int:
    """Take the steps that are due; answers how many callbacks were looked at. Safe in any number of workers: each row is in one's hands."""
    with transaction.atomic():
        waiting = Callback.objects.waiting_for_a_step(now).select_for_update(skip_locked=True, of=("self",))
        ids = list(waiting.values_list("pk", flat=True)[:limit])
        for callback_id in ids:
            _step_or_set_aside(callback_id, now)
    return len(ids)


def _step_or_set_aside(callback_id: UUID, now: datetime) -> None:
    try:
        with transaction.atomic():
            _step(callback_id, now)
    except Exception:
        logger.exception("callback_not_tended")
        Callback.objects.filter(pk=callback_id).update(step_at=now + SET_ASIDE)


def _step(callback_id: UUID, now: datetime) -> None:
    row = Callback.objects.select_related("team").get(pk=callback_id)
    if row.status == Status.SCHEDULED:
        _become_due(row, now)
    elif row.status == Status.TAKEN:
        _lease_is_over(row, now)
    elif row.recipient == Recipient.ANYONE or row.reassign_after_s is None:
        _miss(row, now)
    else:
        _pass_on(row, now)


def _become_due(row: Callback, now: datetime) -> None:
    with transition(Callback, row.pk, "become_due", by=None, now=now) as held:
        callbacks.put_back(held, now)
        callback_feed.tell_of(held, "callback.due", now=now)


def _pass_on(row: Callback, now: datetime) -> None:
    """Nobody took it in time: from the operator to the team, from a team to anyone."""
    with transition(Callback, row.pk, "pass_on", by=None, now=now, reason="Nobody took it in time.") as held:
        team = held.team or (_team_of(held.agent) if held.recipient == Recipient.AGENT and held.agent else None)
        if held.recipient == Recipient.AGENT and team is not None:
            held.recipient, held.team = Recipient.TEAM, team
        else:
            held.recipient = Recipient.ANYONE
        held.passed_on += 1
        held.step_at = now + timedelta(seconds=held.reassign_after_s or 0)
        callback_feed.tell_of(held, "callback.due", now=now)


def _team_of(agent: User) -> Team | None:
    return Team.objects.filter(members=agent, is_active=True).order_by("pk").first()


def _miss(row: Callback, now: datetime) -> None:
    with transition(Callback, row.pk, "miss", by=None, now=now) as held:
        held.missed_at, held.step_at = now, None
        leads = duty.leads_of([held.agent_id]) if held.agent_id else duty.leaders_of(held.team.department if held.team else None)
        callback_feed.tell_of(held, "callback.missed", now=now, to=leads, besides=[held.agent_id])


def _lease_is_over(row: Callback, now: datetime) -> None:
    """Whoever has it forgot it; unless they talk with them at this moment."""
    talks = bool(row.e164) and Call.objects.open().filter(customer_e164=row.e164).exists()
    with transition(Callback, row.pk, "extend" if talks else "expire", by=None, now=now) as held:
        if talks:
            held.lease_until = held.step_at = now + settings.CALLBACK_LEASE
        else:
            callback_feed.tell_of(held, "callback.given_back", now=now, besides=[held.taken_by_id])
            callbacks.put_back(held, now)


def reckon_anew(*, now: datetime, limit: int = 1000) -> int:
    """Move the instants of callbacks whose zone has other rules now: the wall time is what was promised. Answers how many moved."""
    moved, after = 0, None
    while True:
        rows = Callback.objects.filter(status=Status.SCHEDULED, at__gt=now).order_by("pk")
        page = list((rows.filter(pk__gt=after) if after else rows)[:limit])
        if not page:
            return moved
        for row in page:
            if callback_times.instant(row.wall, row.time_zone, row.fold) != row.at:
                moved += _reckon(row.pk, now)
        after = page[-1].pk


@transaction.atomic
def _reckon(callback_id: UUID, now: datetime) -> bool:
    row = Callback.objects.select_for_update(of=("self",)).get(pk=callback_id)
    at = callback_times.instant(row.wall, row.time_zone, row.fold)
    if row.status != Status.SCHEDULED or at == row.at:
        return False
    with transition(Callback, callback_id, "reckon", by=None, now=now, reason="The zone has other rules now.") as held:
        held.at, held.step_at = at, at - timedelta(seconds=held.flexibility_s)
    return True
