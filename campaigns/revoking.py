"""Somebody may not be called any more: whoever has them in hand lets go, in the same transaction; and who may be called again waits again."""

import time
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from campaigns import clock_keys, eligibility, gates, handout, leasing, settling
from campaigns.models import Attempt, Campaign, Target
from config.platform import feed, jobs
from crm import calling_whom
from crm.calling_whom import Whom
from crm.models import Channel, ContactPhone
from crm.suppression import Stop

State = Target.State
#: One that may not be called is asked about again after this.
ASK_AGAIN = timedelta(minutes=15)
JUDGED_AT_ONCE = LOOKED_AT = 500
#: What was changed becomes visible so long after it says it was, at the most: no transaction lasts longer.
LONGEST_CHANGE = timedelta(minutes=10)
#: Why a target is over that another number brings back.
WITHOUT_A_NUMBER = ("no_number", "no_number_left", "number_used_up")
WAITING = (State.PENDING, State.RETRY_WAIT, State.CALLBACK_WAIT)
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
    held, waits = _concerned(by_call)
    # First the attempts, then the targets, each in one order: so does whoever ends an attempt, and else the two wait for one another.
    attempts = list(Attempt.objects.filter(pk__in=held).select_for_update(of=("self",)).order_by("target_id"))
    concerned = {*waits, *(attempt.target_id for attempt in attempts)}
    list(Target.objects.filter(pk__in=concerned).order_by("id").select_for_update(of=("self",)).values_list("pk", flat=True))
    for attempt in attempts:
        if attempt.state == Attempt.State.LEASED:
            _revoke(attempt, now)
    _look_again(Target.objects.filter(pk__in=concerned, state__in=WAITING), now)


def _concerned(stops: Sequence[Stop]) -> tuple[set[UUID], set[UUID]]:
    """The attempts in somebody's hands, and the targets that wait, that these stops are about."""
    held: set[UUID] = set()
    waits: set[UUID] = set()
    for purpose in sorted({stop.purpose for stop in stops}):
        running = Campaign.objects.filter(status__in=Campaign.LIVE, **({"purpose": purpose} if purpose else {}))
        these = [stop for stop in stops if stop.purpose == purpose]
        numbers = {stop.e164 for stop in these if stop.e164}
        people = {stop.contact_id for stop in these if stop.contact_id}
        contacts = people | _with_numbers(numbers)
        mine = Attempt.objects.filter(Q(contact__in=people) | Q(e164__in=numbers), state=Attempt.State.LEASED, campaign__in=running)
        held |= set(mine.values_list("pk", flat=True))
        waits |= set(Target.objects.filter(contact__in=contacts, campaign__in=running, state__in=WAITING).values_list("pk", flat=True))
    return held, waits


def _revoke(attempt: Attempt, now: datetime) -> None:
    attempt.reason = "They may not be called any more."
    handout.close(attempt, Attempt.Closing.REVOKED, now=now)
    told = {"attempt": str(attempt.pk), "campaign": str(attempt.campaign_id), "why": "suppressed"}
    feed.tell({attempt.agent_id, attempt.leased_by_id}, KIND, told, about=attempt.pk, contact=attempt.contact_id, now=now)


def _with_numbers(numbers: Collection[str]) -> set[UUID]:
    """Contacts with these numbers. Of a number that very many share not all are looked at now: the gate is asked again when they are handed out."""
    if not numbers:
        return set()
    theirs = ContactPhone.objects.filter(phone__e164__in=numbers).values_list("contact_id", flat=True)
    return set(theirs[: LOOKED_AT + 2 * len(numbers)])


def _look_again(waits: QuerySet[Target], now: datetime) -> None:
    """Whoever waits is asked about now: with another number they may still be called."""
    targets = list(waits.select_related("campaign").order_by("id"))
    for campaign_id in {target.campaign_id for target in targets}:
        mine = [target for target in targets if target.campaign_id == campaign_id]
        for begin in range(0, len(mine), JUDGED_AT_ONCE):
            _judge(mine[begin : begin + JUDGED_AT_ONCE], now)


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


def ask_again(*, now: datetime, limit: int = 500, seconds: float = jobs.TURN_S) -> int:
    """Those who might not be called are asked about again, the longest ago first; who may be called by now waits again. Answers how many do.

    Goes on for about so many seconds while there are any whose turn it is. Safe in any number of workers.
    """
    until, back = time.monotonic() + seconds, 0
    for campaign in Campaign.objects.filter(status__in=Campaign.LIVE).prefetch_related("hours").order_by("id"):
        looked = limit
        while looked == limit and time.monotonic() < until:
            with transaction.atomic():
                due = Target.objects.filter(campaign=campaign, state=State.SUPPRESSED, checked_at__lte=now - ASK_AGAIN)
                targets = list(due.order_by("checked_at").select_for_update(skip_locked=True, of=("self",))[:limit])
                back += _back(targets, campaign, now)
                looked = len(targets)
    return back


def revive(*, now: datetime, limit: int = 500, seconds: float = jobs.TURN_S) -> int:
    """Whoever was used up before the limits of their campaign grew is reckoned anew; answers how many were looked at. Safe in any number of workers."""
    until, done = time.monotonic() + seconds, 0
    for campaign in Campaign.objects.filter(status__in=Campaign.LIVE, limits_grew_at__isnull=False).order_by("id"):
        since = campaign.limits_grew_at
        while time.monotonic() < until:
            with transaction.atomic():
                before = Q(checked_at=None) | Q(checked_at__lt=since)
                used_up = Target.objects.filter(before, campaign=campaign, state=State.EXHAUSTED).order_by("id")
                ids = list(used_up.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:limit])
                settling.settle_all(ids, now=now)
                Target.objects.filter(pk__in=ids).update(checked_at=now)
            done += len(ids)
            if not ids:
                Campaign.objects.filter(pk=campaign.pk, limits_grew_at=since).update(limits_grew_at=None)
                break
    return done


def _back(targets: Sequence[Target], campaign: Campaign, now: datetime) -> int:
    for target in targets:
        target.campaign, target.checked_at = campaign, now
        target.state = State.PENDING  # asked about as of one that waits
    found: dict[UUID, str] = {}
    used_up: dict[UUID, str] = {}
    for target, verdict in zip(targets, leasing.verdicts(targets, agent=None, as_if_running=True, now=now), strict=True):
        never = [one.code for one in verdict.reasons if one.next_at is None]
        if not never:
            found[target.pk] = clock_keys.key_of(verdict.subject.clocks)
        elif never[0] in eligibility.USED_UP:
            used_up[target.pk] = never[0]
    Target.objects.filter(pk__in=[target.pk for target in targets]).update(checked_at=now)
    for code in set(used_up.values()):
        Target.objects.filter(pk__in=[pk for pk, said in used_up.items() if said == code]).update(state=State.EXHAUSTED, reason=code)
    settling.settle_all(found, now=now)
    _write_clocks(found)
    return len(found)


def _write_clocks(keys: Mapping[UUID, str]) -> int:
    """The clocks of targets are these from now on; answers of how many they were others."""
    moved = 0
    for key in sorted(set(keys.values())):
        theirs = Target.objects.filter(pk__in=[pk for pk, own in keys.items() if own == key])
        moved += theirs.exclude(clocks=key).update(clocks=key)
    return moved


def gained(pairs: Sequence[tuple[UUID, str]]) -> None:
    """Registered with ``crm.contacts.numbers_gained``: whoever had no number left waits again."""
    out = Target.objects.filter(contact__in={contact_id for contact_id, _ in pairs}, state=State.EXHAUSTED, reason__in=WITHOUT_A_NUMBER)
    settling.settle_all(out.exclude(campaign__status__in=Campaign.OVER).values_list("pk", flat=True), now=timezone.now())


def freshen(*, now: datetime, limit: int = 500) -> int:
    """Whoever moved, or has another number, has other hours: targets of contacts that were changed since the last time get their clocks anew.

    Each campaign remembers how far it came. Answers how many moved. Safe in any number of workers.
    """
    moved = 0
    for campaign in Campaign.objects.filter(status__in=Campaign.LIVE).prefetch_related("hours").order_by("id"):
        since, after = campaign.freshened_at or campaign.created_at, UUID(int=0)
        changed = Target.objects.filter(campaign=campaign, ended_at=None, contact__updated_at__gt=since).order_by("id")
        while page := list(changed.filter(pk__gt=after)[:limit]):
            moved += _moved(page, campaign, now)
            after = page[-1].pk
        Campaign.objects.filter(pk=campaign.pk).update(freshened_at=now - LONGEST_CHANGE)
    return moved


def _moved(targets: Sequence[Target], campaign: Campaign, now: datetime) -> int:
    """Write down where the clocks of these are now: those of the number that would be called."""
    subjects = calling_whom.found([Whom(contact_id=one.contact_id) for one in targets])
    others = [one for one, subject in zip(targets, subjects, strict=True) if clock_keys.key_of(subject.clocks) != one.clocks]
    for target in others:
        target.campaign = campaign
    told = leasing.verdicts(others, agent=None, as_if_running=True, now=now)
    return _write_clocks({one.pk: clock_keys.key_of(verdict.subject.clocks) for one, verdict in zip(others, told, strict=True)})
