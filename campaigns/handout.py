"""The next contact: leased to one, on one number, for a while. Whoever asks again while they have one get the same: an answer may be lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q

from calls import callbacks
from calls.models import Call, Callback
from campaigns import choosing, gates, leases, leasing, settling
from campaigns.models import Attempt, Campaign, Target
from config.platform import feed, sharing
from config.platform.errors import Refusal
from config.platform.models import User

State = Attempt.State
#: How many are looked at, growing while the gate refuses; what is refused is put off, so the next request begins behind it.
STEPS = (1, 10, 50, 150)
#: A call with the number goes on though the lease is over: its end is waited for.
GRACE = timedelta(seconds=60)
PUT_BACK_S = 60
MOST_AT_ONCE = 200
#: A request for many looks so often: what is refused is put off, so the next request begins behind it.
MOST_LOOKS = 10
LOST = "campaign.contact_lost"
LOST_EXAMPLE: dict[str, Any] = {
    "attempt": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "campaign": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7f",
    "why": "expired",
}


def declare() -> None:
    """Say what the live feed tells of contacts that leave somebody's hands."""
    told = (
        "The contact is out of your hands: `why` is `expired`, `taken` by a supervisor, or `stopped` with its campaign. Ask for the next."
    )
    feed.declare(LOST, told, LOST_EXAMPLE)


class NotYourCampaign(Refusal):
    """You do not work in this campaign: a supervisor adds you, or one of your teams."""

    code = "not_your_campaign"
    status = 403
    advice = "Ask a supervisor to add you, or one of your teams, to the campaign."


class CampaignNotRunning(Refusal):
    """The campaign hands nobody out: `campaign_status` says how it stands."""

    code = "campaign_not_running"
    advice = "Take work of another campaign (`POST /agents/me/next/`), or ask a supervisor to start or resume this one."


@dataclass(frozen=True)
class Given:
    """An attempt, and why it is this one; or none, with who waits for what, and when somebody may be called at the earliest."""

    attempt: Attempt | None = None
    why: str = ""
    waiting: dict[str, int] = field(default_factory=dict)
    next_at: datetime | None = None


def next_for(campaign_id: UUID, *, agent: User, now: datetime) -> Given:
    """The next contact of a campaign for an operator.

    Raises:
        NotYourCampaign, CampaignNotRunning
    """
    if (mine := _still_in_hand(agent, now)) is not None:
        return Given(mine, "in_hand")
    campaign = Campaign.objects.prefetch_related("hours").get(pk=campaign_id)
    if not Campaign.objects.workable_by(agent).filter(pk=campaign.pk).exists():
        raise NotYourCampaign("You do not work in this campaign.")
    return _given(campaign, agent, now) or _nobody(campaign, now)


def next_of_all(agent: User, *, now: datetime) -> Given:
    """The next contact of all the campaigns in which an operator is named: due promises of any, then the campaign of the highest priority."""
    if (mine := _still_in_hand(agent, now)) is not None:
        return Given(mine, "in_hand")
    named = Q(agents=agent) | Q(teams__in=agent.teams.values("pk"))
    ids = Campaign.objects.filter(named, status=Campaign.Status.RUNNING).values("pk")
    campaigns = list(Campaign.objects.filter(pk__in=ids).prefetch_related("hours").order_by("-priority", "id"))
    due = Target.objects.filter(campaign=OuterRef("pk"), state=Target.State.CALLBACK_WAIT, next_attempt_at__lte=now)
    owing = set(Campaign.objects.filter(Exists(due), pk__in=[one.pk for one in campaigns]).values_list("pk", flat=True))
    for campaign, only_promises in [*((one, True) for one in campaigns if one.pk in owing), *((one, False) for one in campaigns)]:
        try:
            given = _given(campaign, agent, now, only_promises=only_promises)
        except CampaignNotRunning:
            continue  # it was paused a moment ago
        if given is not None:
            return given
    ends = [choosing.earliest(campaign, now=now) for campaign in campaigns]
    return Given(None, "", {}, min((one for one in ends if one), default=None))


def lease_batch(campaign_id: UUID, *, by: User, most: int, now: datetime) -> list[Attempt]:
    """Up to ``most`` contacts for a dialler, each with a lease of its own; promises to one operator are left to them.

    Raises:
        NotYourCampaign, CampaignNotRunning
    """
    campaign = Campaign.objects.get(pk=campaign_id)
    if not Campaign.objects.workable_by(by).filter(pk=campaign.pk).exists():
        raise NotYourCampaign("You do not work in this campaign.")
    found: list[Attempt] = []
    most = min(most, MOST_AT_ONCE)
    for look in range(MOST_LOOKS):
        wanted = most - len(found)
        try:
            taken, seen = _some(campaign.pk, None, by, wanted, now, look_at=max(wanted, MOST_AT_ONCE) if look else wanted)
        except CampaignNotRunning:
            if found:
                break  # it was paused in between: those that are leased must be told
            raise
        found += taken
        if not seen or len(found) >= most:
            break
    return found


def nobody_more(campaign_id: UUID, *, now: datetime) -> Given:
    """Of a campaign of which no more can be leased now: who waits for what, and when to ask again."""
    return _nobody(Campaign.objects.prefetch_related("hours").get(pk=campaign_id), now)


def _nobody(campaign: Campaign, now: datetime) -> Given:
    return Given(None, "", waiting(campaign), choosing.earliest(campaign, now=now))


@transaction.atomic
def _still_in_hand(agent: User, now: datetime) -> Attempt | None:
    """The contact that an operator has in hand, held; that they ask is a sign of life."""
    rows = Attempt.objects.filter(agent=agent, is_batch=False, state__in=[State.LEASED, State.IN_CALL])
    attempt = rows.select_for_update(of=("self",)).select_related("campaign").first()
    if attempt is not None and attempt.state == State.LEASED:
        _hear(attempt, now)
    return attempt


def heartbeat(attempt_id: UUID, token: UUID, *, now: datetime) -> Attempt:
    """A sign of life: the lease begins anew.

    Raises:
        LeaseLost
    """
    with transaction.atomic():
        attempt = leases.in_hand(attempt_id, token)
        _hear(attempt, now)
    return attempt


def _hear(attempt: Attempt, now: datetime) -> None:
    """Let the lease of an attempt that the caller holds begin anew."""
    attempt.heard_at, attempt.lease_until = now, now + timedelta(seconds=attempt.campaign.lease_s)
    attempt.version += 1
    attempt.save(update_fields=["heard_at", "lease_until", "version", "updated_at"])


def release(attempt_id: UUID, token: UUID, *, reason: str = "", again_in_s: int = PUT_BACK_S, now: datetime) -> Attempt:
    """Give a contact back that was not called; it is handed out again in ``again_in_s`` seconds at the earliest.

    Raises:
        LeaseLost: it is over, or the call goes on already.
    """
    with transaction.atomic():
        attempt = leases.in_hand(attempt_id, token)
        if attempt.state != State.LEASED:
            raise leases.LeaseLost("They are being called: say how it came out.", state=attempt.state, closing=attempt.closing)
        attempt.reason = reason[:300]
        close(attempt, Attempt.Closing.RELEASED, again_at=now + timedelta(seconds=again_in_s), now=now)
    return attempt


def expire(*, now: datetime, limit: int = 200) -> int:
    """Take back contacts of whose holders nothing was heard in time; answers how many. Safe in any number of workers.

    While a call with the number goes on, its end is waited for.
    """
    with transaction.atomic():
        over = Attempt.objects.filter(state=State.LEASED, lease_until__lte=now).order_by("lease_until")
        rows = list(over.select_for_update(skip_locked=True, of=("self",))[:limit])
        talking = set(
            Call.objects.open().filter(customer_e164__in=[one.e164 for one in rows if one.e164]).values_list("customer_e164", flat=True)
        )
        lost: list[Attempt] = []
        for attempt in sorted(rows, key=lambda one: one.target_id):
            if attempt.e164 in talking:
                attempt.lease_until = now + GRACE
                attempt.save(update_fields=["lease_until", "updated_at"])
            else:
                close(attempt, Attempt.Closing.EXPIRED, again_at=now, now=now)
                lost.append(attempt)
        tell_lost(lost, Attempt.Closing.EXPIRED, now=now)
    return len(rows)


def tell_lost(attempts: Sequence[Attempt], why: str, *, now: datetime) -> None:
    """Whoever had these contacts in hand is told that they have them no more, and why. One statement."""
    feed.tell_many(
        [
            feed.Message(
                {one.agent_id, one.leased_by_id},
                LOST,
                {"attempt": str(one.pk), "campaign": str(one.campaign_id), "why": why},
                about=one.pk,
                contact=one.contact_id,
            )
            for one in attempts
        ],
        now=now,
    )


def close(attempt: Attempt, closing: str, *, again_at: datetime | None = None, now: datetime) -> Target:
    """End an attempt of which nothing came, and reckon how its target stands. The caller holds the attempt."""
    attempt.state, attempt.closing, attempt.closed_at = State.CLOSED, closing, now
    if again_at is not None:
        attempt.lease_until = again_at
    attempt.version += 1
    attempt.save()
    give_promise_back(attempt, now)
    return settling.settle(attempt.target_id, now=now)


def give_promise_back(attempt: Attempt, now: datetime) -> None:
    """The desk of callbacks has the promise again, unless somebody there has taken it since."""
    if attempt.callback_id is None:
        return
    free = Callback.objects.filter(pk=attempt.callback_id, status=Callback.Status.TAKEN, taken_by=attempt.leased_by_id)
    if free.select_for_update(skip_locked=True, of=("self",)).exists():
        callbacks.release(attempt.callback_id, reason="The contact was given back.", by=attempt.leased_by, now=now)


def waiting(campaign: Campaign) -> dict[str, int]:
    """How many are in which state, of those that are not over; some seconds old."""
    counted: dict[str, int] = orjson.loads(sharing.shared(f"campaign-waiting:{campaign.pk}", lambda: _counted(campaign), fresh_s=10))
    return counted


def _counted(campaign: Campaign) -> bytes:
    rows = Target.objects.filter(campaign=campaign, ended_at=None).values("state", "is_ready").annotate(n=Count("pk"))
    found: dict[str, int] = {}
    for row in rows:
        name = "ready" if row["is_ready"] else row["state"]
        found[name] = found.get(name, 0) + row["n"]
    return orjson.dumps(found)


def _given(campaign: Campaign, agent: User, now: datetime, *, only_promises: bool = False) -> Given | None:
    for size in STEPS:
        with transaction.atomic():
            gates.one_by_one(agent.pk)
            if (mine := _still_in_hand(agent, now)) is not None:  # they asked twice at once
                return Given(mine, "in_hand")
            attempts, seen = _some(campaign.pk, agent, agent, 1, now, look_at=size, only_promises=only_promises)
        if attempts:
            return Given(attempts[0], "promised" if attempts[0].callback_id else "next")
        if not seen:
            return None
    return None


@transaction.atomic
def _some(
    campaign_id: UUID, agent: User | None, by: User, most: int, now: datetime, *, look_at: int = 0, only_promises: bool = False
) -> tuple[list[Attempt], bool]:
    """Look at some and take up to ``most``; answers these, and whether there was anybody to look at."""
    gates.pass_campaign(campaign_id)
    gates.pass_stops()
    campaign = Campaign.objects.prefetch_related("hours").get(pk=campaign_id)  # behind the gate: as it is now
    if campaign.status != Campaign.Status.RUNNING:
        raise CampaignNotRunning(f"The campaign hands nobody out: it is {campaign.status}.", campaign_status=campaign.status)
    if not campaign.holds_at(now):
        return [], False
    ids = choosing.ids_of(choosing.promised(campaign, agent=agent, by=by, now=now), look_at or most)
    if not ids and not only_promises:
        ids = _ready(campaign, agent, look_at or most, now)
    taken = leasing.lease(ids, campaign, agent=agent, by=by, most=most, now=now)
    return taken.attempts, bool(taken.attempts or taken.put_off)


def _ready(campaign: Campaign, agent: User | None, most: int, now: datetime) -> list[UUID]:
    choosing.wake(campaign, now=now)
    open_now = choosing.open_keys(campaign, now=now)
    for key in choosing.in_order(campaign, open_now, agent=agent, now=now):
        if ids := choosing.ids_of(choosing.ready(campaign, key, agent=agent, now=now), most):
            return ids
    return []


def explain(targets: Sequence[Target], *, agent: User | None, at: datetime | None = None, now: datetime) -> list[leasing.Verdict]:
    """Every rule with its verdict and the next time, of targets of one campaign: what the hand-out itself would be told."""
    return leasing.verdicts(targets, agent=agent, at=at, now=now)
