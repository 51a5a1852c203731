"""Who comes next: due promises first, then by priority, fewest attempts, longest in the campaign, of those whose hours are open now.

Targets with the same clocks have the same hours, so the hours are asked once for each kind of clocks, and the index leads to the first
of each: what sleeps in a million rows is not passed over one by one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from calls.models import Callback
from campaigns import clock_keys, eligibility
from campaigns.models import Campaign, Target
from config.platform import statements
from config.platform.models import LEADERS, User
from crm import calling_rules
from crm.calling import REFUSED, Question
from crm.calling_whom import Subject

State = Target.State
#: So many sleepers are woken by one request.
WOKEN_AT_ONCE = 500

WAKE = """
UPDATE campaigns_target SET is_ready = true WHERE id IN (
    SELECT id FROM campaigns_target WHERE campaign_id = %s AND NOT is_ready AND state IN ('pending', 'retry_wait') AND next_attempt_at <= %s
    ORDER BY next_attempt_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""
#: Walks from key to key in the index (PostgreSQL wiki, "Loose indexscan"): as many steps as there are kinds of clocks.
KEYS = """
WITH RECURSIVE k AS (
    (SELECT clocks FROM campaigns_target WHERE campaign_id = %(campaign)s AND is_ready ORDER BY clocks LIMIT 1)
    UNION ALL
    SELECT (SELECT t.clocks FROM campaigns_target t WHERE t.campaign_id = %(campaign)s AND t.is_ready AND t.clocks > k.clocks ORDER BY t.clocks LIMIT 1)
    FROM k WHERE k.clocks IS NOT NULL)
SELECT clocks FROM k WHERE clocks IS NOT NULL
"""
HEADS = """
SELECT k.clocks FROM unnest(%(keys)s::text[]) AS k(clocks) CROSS JOIN LATERAL (
    SELECT t.priority, t.attempts_total, t.id FROM campaigns_target t
    WHERE t.campaign_id = %(campaign)s AND t.is_ready AND t.clocks = k.clocks AND (t.only_agent_id IS NULL OR t.only_agent_id = %(agent)s OR t.next_attempt_at <= %(kept)s)
    ORDER BY t.priority DESC, t.attempts_total, t.id LIMIT 1) h
ORDER BY h.priority DESC, h.attempts_total, h.id
"""


def wake(campaign: Campaign, *, now: datetime) -> int:
    """Those whose pause is over wait for somebody to call from now on; answers how many were woken."""
    return statements.count(WAKE, [campaign.pk, now, WOKEN_AT_ONCE])


def keys(campaign: Campaign) -> list[str]:
    """The kinds of clocks among those who are ready."""
    return [row[0] for row in statements.rows(KEYS, {"campaign": campaign.pk})]


def open_keys(campaign: Campaign, *, now: datetime) -> list[str]:
    """The kinds of clocks whose hours are open now, by the rules that the gate asks too. Whoever has no key may be open."""
    return [key for key, opens in hours(campaign, keys(campaign), now=now).items() if opens == now or key == clock_keys.NO_KEY]


def hours(campaign: Campaign, asked: Iterable[str], *, now: datetime) -> dict[str, datetime | None]:
    """When it is an hour for calls, by kind of clocks: ``now`` when it is one, None when it never will be by itself."""
    minute = now.replace(second=0, microsecond=0)
    found = _hours(_Settings(campaign), tuple(asked), minute)
    return {key: now if opens == minute else opens for key, opens in found.items()}


class _Settings:
    """A campaign as its hours go: the same for the same version."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.name = (campaign.pk, campaign.version)

    def __hash__(self) -> int:
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Settings) and self.name == other.name


@lru_cache(maxsize=256)
def _hours(settings: _Settings, asked: tuple[str, ...], minute: datetime) -> dict[str, datetime | None]:
    campaign = settings.campaign
    subjects = [_somebody(key, campaign) for key in asked]
    question = Question(subjects, purpose=campaign.purpose, at=minute, agent=None, is_manual=False, is_return=False, now=minute)
    both = list(zip(calling_rules.within_window(question), eligibility.within_hours(question), strict=True))
    found: dict[str, datetime | None] = {}
    for key, checks in zip(asked, both, strict=True):
        said = [finding for check in checks for finding in check(minute) if finding.verdict == REFUSED]
        ends = [finding.next_at for finding in said if finding.next_at]
        found[key] = minute if not said else max(ends) if len(ends) == len(said) else None
    return found


def _somebody(key: str, campaign: Campaign) -> Subject:
    """Anybody with these clocks."""
    subject = Subject("", None, context={"target": Target(campaign=campaign)})
    subject.__dict__["clocks"] = clock_keys.clocks_of(key)
    return subject


def promised(campaign: Campaign, *, agent: User | None, by: User, now: datetime) -> QuerySet[Target]:
    """Those who were promised a call by now that ``by`` may make, the oldest promise first.

    The desk of callbacks says when it is due and whose it is: it may have been moved or given to others there.
    """
    due = Target.objects.filter(campaign=campaign, state=State.CALLBACK_WAIT, next_attempt_at__lte=now)
    due = due.filter(Q(callback=None) | Q(callback__at__lte=now))
    if by.role not in LEADERS:
        theirs = Callback.objects.for_whom(by).filter(pk=OuterRef("callback"))
        due = due.filter(Q(callback=None) | Exists(theirs))
    return due.filter(_not_kept(agent, now, eligibility.ANYBODYS_AFTER)).order_by("next_attempt_at", "id")


def ready(campaign: Campaign, key: str, *, agent: User | None, now: datetime) -> QuerySet[Target]:
    """Those with these clocks who wait for somebody to call, in their order."""
    rows = Target.objects.filter(campaign=campaign, is_ready=True, clocks=key)
    return rows.filter(_not_kept(agent, now, eligibility.KEPT_FOR_ONE)).order_by("-priority", "attempts_total", "id")


def in_order(campaign: Campaign, open_now: Sequence[str], *, agent: User | None, now: datetime) -> list[str]:
    """The kinds of clocks, that of the best target first; those without any target are left out. One statement."""
    if not open_now:
        return []
    values = {"campaign": campaign.pk, "keys": list(open_now), "agent": agent.pk if agent else None, "kept": now - eligibility.KEPT_FOR_ONE}
    return [row[0] for row in statements.rows(HEADS, values)]


def _not_kept(agent: User | None, now: datetime, kept: timedelta) -> Q:
    """Those who are not kept for another operator."""
    anybodys = Q(only_agent=None) | Q(next_attempt_at__lte=now - kept)
    return anybodys | Q(only_agent=agent) if agent else anybodys


def earliest(campaign: Campaign, *, now: datetime) -> datetime | None:
    """When somebody may be called at the earliest, as far as pauses, promises and hours tell; None: nobody waits."""
    asleep = Target.objects.filter(
        campaign=campaign, state__in=[State.PENDING, State.RETRY_WAIT], is_ready=False, next_attempt_at__isnull=False
    )
    owed = Target.objects.filter(campaign=campaign, state=State.CALLBACK_WAIT)
    found = [rows.order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first() for rows in (asleep, owed)]
    found += hours(campaign, keys(campaign), now=now).values()
    return min((max(one, now) for one in found if one), default=None)


def ids_of(rows: QuerySet[Target], most: int) -> list[UUID]:
    """Hold up to ``most`` of them that nobody else holds; their ids, in their order."""
    return list(rows.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:most])
