"""How a target stands, reckoned anew from its attempts and written down. Nothing else writes a target's course."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from calls.effects_on_callback import KIND as CALLBACK
from calls.models import Callback, DispositionEffect
from campaigns import clock_keys, standing
from campaigns.models import Attempt, Target
from campaigns.standing import Plan, Promise, Tried
from crm import calling_whom
from crm.calling_whom import Whom
from crm.models import ContactPhone, PhoneNumber

State = Target.State
GONE = (PhoneNumber.Validity.INVALID, PhoneNumber.Validity.CHANGED)
COURSE = (
    "state", "next_attempt_at", "next_e164", "only_agent_id", "callback_id", "attempts_total", "attempts_technical", "last_attempt_at",
    "is_reached", "is_right_party", "is_success", "outcome", "disposition_id", "reason", "ended_at",
)  # fmt: skip

#: Taken out by hand: whatever comes of calls, they stay out until a person brings them back.
BY_HAND = "excluded"
#: Two contacts became one: the other target goes on.
MERGED = "merged"
STAYS_OUT = frozenset({BY_HAND, MERGED})
OF_THE_STATE = frozenset({"state", "reason", "ended_at"})


@transaction.atomic
def settle(target_id: UUID, *, now: datetime) -> Target:
    """Hold a target, reckon how it stands, and write it. For whoever changed one of its attempts, in the same transaction."""
    target = Target.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=target_id)
    anew(target, now=now)
    return target


def anew(target: Target, *, now: datetime) -> None:
    """As ``settle``, of a target that the caller holds. Whoever was out may have moved since: where their clocks are is found out too."""
    if target.ended_at is not None:
        (subject,) = calling_whom.found([Whom(contact_id=target.contact_id)])
        target.clocks = clock_keys.key_of(subject.clocks)
    write(target, reckoned(target), now=now)


def settle_all(target_ids: Iterable[UUID], *, now: datetime) -> None:
    """As ``settle``, in one order for everybody."""
    for target_id in sorted(set(target_ids)):
        settle(target_id, now=now)


def reckoned(target: Target) -> standing.Standing:
    """How a target stands by what is stored now. Five statements."""
    attempts = list(Attempt.objects.filter(target=target).select_related("disposition", "call").order_by("number"))
    return standing.reckon(
        [tried(one) for one in attempts],
        Plan.of(target.campaign),
        promise=promise_of(target, attempts),
        numbers=numbers_of(target.contact_id),
        zone=clock_keys.zone_of(target.clocks),
    )


def write(target: Target, course: standing.Standing, *, now: datetime) -> None:
    """Put a standing on a target that the caller holds."""
    names = COURSE if target.reason not in STAYS_OUT else [one for one in COURSE if one not in OF_THE_STATE]
    for name in names:
        setattr(target, name, getattr(course, name))
    waits = target.state in (State.PENDING, State.RETRY_WAIT)
    target.is_ready = waits and (target.next_attempt_at is None or target.next_attempt_at <= now)
    target.version += 1
    target.save(update_fields=[*COURSE, "clocks", "is_ready", "version", "updated_at"])


def tried(one: Attempt) -> Tried:
    """An attempt as it counts."""
    ended_at = (one.call.ended_at if one.call else None) or one.closed_at or one.leased_at
    lost = one.closing in (Attempt.Closing.RELEASED, Attempt.Closing.EXPIRED)
    return Tried(
        number=one.number, e164=one.e164, state=one.state, ended_at=ended_at, counted=one.counted, closing=one.closing, outcome=one.outcome,
        disposition=one.disposition, agent_id=one.agent_id, is_late=one.is_late, again_at=one.lease_until if lost else None,
    )  # fmt: skip


def promise_of(target: Target, attempts: Iterable[Attempt]) -> Promise | None:
    """The callback that write-ups of its calls promised and that is still owed; the earliest of several."""
    calls = [one.call_id for one in attempts if one.call_id]
    if not calls and target.callback_id is None:
        return None
    promised = DispositionEffect.objects.filter(revision__call__in=calls, kind=CALLBACK, state=DispositionEffect.State.APPLIED)
    ids = [one for one in (target.callback_id, *promised.values_list("subject_id", flat=True)) if one]
    row = Callback.objects.open().filter(pk__in=ids).order_by("at", "id").first()
    if row is None:
        return None
    return Promise(row.pk, row.at, row.agent_id if row.recipient == Callback.Recipient.AGENT else None)


def numbers_of(contact_id: UUID) -> list[str]:
    """The numbers of a contact in the order in which they are tried, without those known not to be theirs."""
    phones = ContactPhone.objects.filter(contact=contact_id).exclude(phone__validity__in=GONE)
    return list(dict.fromkeys(phones.order_by("-is_primary", "order", "id").values_list("phone__e164", flat=True)))
