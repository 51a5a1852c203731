"""Somebody may not be called any more: whoever has them in hand lets go, in the same transaction; and who may be called again waits again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from campaigns import clock_keys, eligibility, gates, handout, leasing, settling
from campaigns.models import Attempt, Campaign, Target
from config.platform import feed
from crm import calling_whom
from crm.calling_whom import Whom
from crm.models import Channel, ContactPhone
from crm.suppression import Stop

State = Target.State
#: One that may not be called is asked about again after this.
ASK_AGAIN = timedelta(minutes=15)
KIND = "campaign.contact_revoked"
EXAMPLE: dict[str, Any] = {
    "attempt": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "campaign": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7f",
    "why": "suppressed",
}


def declare() -> None:
    """Say what the live feed tells of it."""
    feed.declare(KIND, "The contact that you have in hand may not be called any more: ask for the next.", EXAMPLE)


def let_go(stops: Sequence[Stop]) -> None:
    """Registered with ``crm.suppression.told``: leases are taken back, and whoever waits does so no longer."""
    by_call = [stop for stop in stops if stop.channel in ("", Channel.CALL)]
    if not by_call:
        return
    gates.shut_stops()
    now = timezone.now()
    for stop in by_call:
        running = Campaign.objects.filter(status__in=Campaign.LIVE, **({"purpose": stop.purpose} if stop.purpose else {}))
        whose = Q(contact=stop.contact_id) if stop.contact_id else Q(pk=None)
        on_number = Q(e164=stop.e164) if stop.e164 else Q(pk=None)
        held = Attempt.objects.filter(whose | on_number, state=Attempt.State.LEASED, campaign__in=running)
        for attempt in held.select_for_update(of=("self",)).order_by("target_id"):
            _revoke(attempt, now)
        _look_again(stop, running, now)


def _revoke(attempt: Attempt, now: datetime) -> None:
    attempt.reason = "They may not be called any more."
    handout.close(attempt, Attempt.Closing.REVOKED, now=now)
    told = {"attempt": str(attempt.pk), "campaign": str(attempt.campaign_id), "why": "suppressed"}
    feed.tell({attempt.agent_id, attempt.leased_by_id}, KIND, told, about=attempt.pk, contact=attempt.contact_id, now=now)


def _look_again(stop: Stop, running: Any, now: datetime) -> None:
    """Whoever waits is asked about now: with another number they may still be called."""
    contacts = [stop.contact_id] if stop.contact_id else []
    if stop.e164:
        contacts += list(ContactPhone.objects.filter(phone__e164=stop.e164).values_list("contact_id", flat=True)[:500])
    waits = Target.objects.filter(
        contact__in=contacts, campaign__in=running, state__in=[State.PENDING, State.RETRY_WAIT, State.CALLBACK_WAIT]
    )
    targets = list(waits.select_for_update(of=("self",)).select_related("campaign").order_by("id"))
    for campaign_id in {target.campaign_id for target in targets}:
        _judge([target for target in targets if target.campaign_id == campaign_id], now)


def _judge(targets: Sequence[Target], now: datetime) -> int:
    """Put aside those of one campaign that may never be called by themselves; answers how many."""
    aside = []
    for target, verdict in zip(targets, leasing.verdicts(targets, agent=None, as_if_running=True, now=now), strict=True):
        if leasing.settle_never(target, verdict, now):
            aside.append(target)
    for target in aside:
        target.version += 1
    if aside:
        Target.objects.bulk_update(aside, ["state", "is_ready", "next_attempt_at", "reason", "ended_at", "checked_at", "version"])
    return len(aside)


def ask_again(*, now: datetime, limit: int = 500) -> int:
    """Those who might not be called are asked about again, the longest ago first; who may be called by now waits again. Answers how many do."""
    back = 0
    for campaign in Campaign.objects.filter(status__in=Campaign.LIVE).prefetch_related("hours").order_by("id"):
        with transaction.atomic():
            due = Target.objects.filter(campaign=campaign, state=State.SUPPRESSED, checked_at__lte=now - ASK_AGAIN).order_by("checked_at")
            targets = list(due.select_for_update(skip_locked=True, of=("self",))[:limit])
            back += _back(targets, campaign, now)
    return back


def _back(targets: Sequence[Target], campaign: Campaign, now: datetime) -> int:
    for target in targets:
        target.campaign, target.checked_at = campaign, now
        target.state = State.PENDING  # asked about as of one that waits
    found, used_up = [], []
    for target, verdict in zip(targets, leasing.verdicts(targets, agent=None, as_if_running=True, now=now), strict=True):
        never = [one.code for one in verdict.reasons if one.next_at is None]
        if not never:
            found.append(target.pk)
        elif never[0] in eligibility.USED_UP:
            used_up.append(target.pk)
    Target.objects.filter(pk__in=[target.pk for target in targets]).update(checked_at=now)
    Target.objects.filter(pk__in=used_up).update(state=State.EXHAUSTED)
    settling.settle_all(found, now=now)
    return len(found)


def freshen(*, now: datetime, limit: int = 2000) -> int:
    """Whoever moved, or has another number, has other hours: targets of contacts that were changed of late get their clocks anew."""
    changed: dict[UUID, Target] = {}
    rows = Target.objects.filter(campaign__status__in=Campaign.LIVE, state__in=[State.PENDING, State.RETRY_WAIT, State.CALLBACK_WAIT])
    for target in rows.filter(contact__updated_at__gt=now - timedelta(minutes=10)).order_by("id")[:limit]:
        changed[target.pk] = target
    targets = list(changed.values())
    moved = []
    for target, subject in zip(targets, calling_whom.found([Whom(contact_id=one.contact_id) for one in targets]), strict=True):
        if (key := clock_keys.key_of(subject.clocks)) != target.clocks:
            moved.append((target.pk, target.clocks, key))
    for target_id, was, key in moved:
        Target.objects.filter(pk=target_id, clocks=was).update(clocks=key)
    return len(moved)
