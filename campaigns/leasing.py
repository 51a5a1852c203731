"""Targets that are held are asked about at the gate; who may be called is put in somebody's hands, the others are put off."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Count, Max

from calls import callbacks
from calls.models import Callback
from campaigns import clock_keys, eligibility, gates
from campaigns.models import Attempt, Campaign, Target
from campaigns.settling import GONE
from config.platform.errors import Refusal
from config.platform.models import User
from crm import calling
from crm.calling import Finding, Verdict
from crm.calling_whom import Whom
from crm.models import ContactPhone

State = Target.State
#: Whoever lost a race for a number or a person is looked at again after this.
A_MOMENT = timedelta(seconds=60)
#: Rules that say nothing about the target itself: somebody else, or another time, may do.
OF_NUMBERS = frozenset({"number", "campaign_number_limit"})
OF_THE_ASKER = frozenset({"campaign_agent", "campaign_runs"})


@dataclass
class Taken:
    """What became of targets that were asked about."""

    attempts: list[Attempt] = field(default_factory=list)
    put_off: int = 0


def verdicts(
    targets: Sequence[Target], *, agent: User | None, at: datetime | None = None, as_if_running: bool = False, now: datetime
) -> list[Verdict]:
    """What the gate says of each target, on the number that would be called. All of one campaign; in their order.

    Of whom a number cannot be called the others are asked about, so a number that is gone, locked or in other hands does not take the person away.
    """
    if not targets:
        return []
    numbers, tried = numbers_of([target.contact_id for target in targets]), _tried(targets)
    whom = [
        Whom(
            _number(target, numbers.get(target.contact_id, ()), tried),
            target.contact_id,
            {"target": target} | ({"as_if_running": True} if as_if_running else {}),
        )
        for target in targets
    ]

    def ask(some: Sequence[Whom]) -> list[Verdict]:
        return calling.may_call_many(some, purpose=targets[0].campaign.purpose, at=at, agent=agent, is_manual=False, now=now)

    return _on_other_numbers(ask(whom), numbers, ask)


def _on_other_numbers(
    found: list[Verdict], numbers: Mapping[UUID, Sequence[str]], ask: Callable[[Sequence[Whom]], list[Verdict]]
) -> list[Verdict]:
    """Where the number stands in the way, now or for ever: the best of what is said of their numbers, the number to call first of alike ones."""
    others: list[tuple[int, Whom]] = []
    for index, verdict in enumerate(found):
        subject = verdict.subject
        mine = numbers.get(subject.contact_id, ()) if subject.contact_id and _another_may_do(verdict) else ()
        place = list(mine).index(subject.e164) if subject.e164 in mine else 0
        others += [(index, Whom(one, subject.contact_id, subject.context)) for one in [*mine[place + 1 :], *mine[:place]]]
    for (index, _), verdict in zip(others, ask([whom for _, whom in others]), strict=True):
        if _how_good(verdict) < _how_good(found[index]):
            found[index] = verdict
    return found


def _another_may_do(verdict: Verdict) -> bool:
    """Whether something stands in the way that is about the number, and nothing else does so for ever."""
    return any(map(_is_the_number, verdict.reasons)) and all(map(_is_the_number, _never(verdict)))


def _how_good(verdict: Verdict) -> tuple[int, datetime]:
    """The smaller the better: they may be called now, later, never for a reason that is theirs, never on this number."""
    never, ends = _never(verdict), [one.next_at for one in verdict.reasons if one.next_at and one.rule not in OF_THE_ASKER]
    if never:
        return (3 if all(map(_is_the_number, never)) else 2), verdict.at
    return (1, verdict.next_at or max(ends)) if ends else (0, verdict.at)


def _is_the_number(one: Finding) -> bool:
    return one.rule in OF_NUMBERS or one.facts.get("on") == "number"


def _never(verdict: Verdict) -> list[Finding]:
    """What will not pass by itself, but for what is about whoever asks."""
    return [one for one in verdict.reasons if one.next_at is None and one.rule not in OF_THE_ASKER]


def lease(ids: Sequence[UUID], campaign: Campaign, *, agent: User | None, by: User, most: int, now: datetime) -> Taken:
    """Ask about targets that the caller holds, and take up to ``most`` of them in hand. Who may not be called now is put off."""
    found = {target.pk: target for target in Target.objects.filter(pk__in=ids)}
    targets = [found[one] for one in ids]
    for target in targets:
        target.campaign = campaign
    taken = Taken()
    allowed: list[tuple[Target, Verdict]] = []
    refused: list[tuple[Target, Verdict]] = []
    for target, verdict in zip(targets, verdicts(targets, agent=agent, now=now), strict=True):
        (allowed if verdict.allowed else refused).append((target, verdict))
    wanted: list[tuple[Target, Verdict]] = []
    late: list[Target] = []
    for target, verdict in allowed:
        if len(wanted) == most:
            break  # the others are left as they are, and their promises with the desk of callbacks
        if _takes_its_promise(target, agent or by, now):
            wanted.append((target, verdict))
        else:
            late.append(target)
    taken.attempts = _write(wanted, campaign, agent=agent, by=by, now=now)
    got = {attempt.target_id for attempt in taken.attempts}
    lost = [target for target, _ in wanted if target.pk not in got]
    for target in lost:
        if target.callback_id:
            callbacks.release(target.callback_id, reason="They are in other hands.", by=agent or by, now=now)
    late += lost
    taken.put_off = _put_off(refused, late, now)
    return taken


def _takes_its_promise(target: Target, by: User, now: datetime) -> bool:
    """A promise that is kept is taken from the desk of callbacks too, unless somebody there has it at this moment."""
    if target.callback_id is None:
        return True
    free = Callback.objects.filter(
        pk=target.callback_id, status__in=[Callback.Status.SCHEDULED, Callback.Status.DUE, Callback.Status.MISSED]
    )
    try:
        with transaction.atomic():
            if not free.select_for_update(skip_locked=True, of=("self",)).exists():
                return False
            callbacks.take(target.callback_id, by=by, now=now)
    except Refusal:
        return False
    return True


def _write(chosen: Sequence[tuple[Target, Verdict]], campaign: Campaign, *, agent: User | None, by: User, now: datetime) -> list[Attempt]:
    free = gates.free_of([target.contact_id for target, _ in chosen]) if chosen else set()
    chosen = [(target, verdict) for target, verdict in chosen if target.contact_id in free]
    if not chosen:
        return []
    made = Attempt.objects.filter(target__in=[target.pk for target, _ in chosen]).values("target").annotate(last=Max("number"))
    last = {row["target"]: row["last"] for row in made}
    attempts = [
        Attempt(
            campaign=campaign,
            target=target,
            contact_id=target.contact_id,
            number=last.get(target.pk, 0) + 1,
            fence=target.fence + 1,
            e164=verdict.subject.e164,
            agent=agent,
            leased_by=by,
            is_batch=agent is None,
            lease_token=uuid4(),
            leased_at=now,
            lease_until=now + timedelta(seconds=campaign.lease_s),
            heard_at=now,
            callback_id=target.callback_id,
        )
        for target, verdict in chosen
    ]
    in_one_order = sorted(attempts, key=lambda one: one.e164)  # two who take the same numbers wait for one another in one direction only
    Attempt.objects.bulk_create(in_one_order, ignore_conflicts=True)  # who was quicker with a number, or a person, has it
    there = set(Attempt.objects.filter(pk__in=[one.pk for one in attempts]).values_list("pk", flat=True))
    won = [one for one in attempts if one.pk in there]
    for attempt in won:
        target = attempt.target
        target.state, target.is_ready, target.fence, target.next_e164 = State.LEASED, False, attempt.fence, attempt.e164
    _save([attempt.target for attempt in won], ["state", "is_ready", "fence", "next_e164"])
    return won


def _put_off(refused: Sequence[tuple[Target, Verdict]], late: Sequence[Target], now: datetime) -> int:
    """Write down from when on they may be asked about again, or why they never may by themselves."""
    changed = []
    for target, verdict in refused:
        if {one.rule for one in verdict.reasons} <= OF_THE_ASKER:
            continue  # nothing about the target: somebody else may call
        target.clocks, target.is_ready = clock_keys.key_of(verdict.subject.clocks), False
        if not settle_never(target, verdict, now):  # by itself, though perhaps not before the campaign ends
            ends = [one.next_at for one in verdict.reasons if one.next_at]
            target.next_attempt_at = max([verdict.next_at or now, *ends, now + timedelta(seconds=1)])
        changed.append(target)
    for target in late:
        target.is_ready, target.next_attempt_at = False, now + A_MOMENT
    changed += late
    _save(changed, ["state", "is_ready", "next_attempt_at", "clocks", "reason", "ended_at", "checked_at"])
    return len(changed)


def settle_never(target: Target, verdict: Verdict, now: datetime) -> bool:
    """Whether the gate will never say yes by itself, on whatever number: then they are called no more. The caller writes it."""
    if never := _never(verdict):
        over(target, never[0].code, now)
    return bool(never)


def over(target: Target, code: str, now: datetime) -> None:
    """They are not called any more, as far as the gate can tell; the caller writes it."""
    target.state = State.EXHAUSTED if code in eligibility.USED_UP else State.SUPPRESSED
    target.is_ready, target.reason, target.ended_at, target.checked_at = False, code, now, now


def _save(targets: Sequence[Target], fields: list[str]) -> None:
    for target in targets:
        target.version += 1
    if targets:
        Target.objects.bulk_update(targets, [*fields, "version"])


# --- which number
def numbers_of(contacts: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The usable numbers of each contact, in the order in which they are tried. One statement."""
    phones = ContactPhone.objects.filter(contact__in=contacts).exclude(phone__validity__in=GONE)
    found: dict[UUID, list[str]] = {}
    for contact_id, e164 in phones.order_by("-is_primary", "order", "id").values_list("contact_id", "phone__e164"):
        if e164 not in (mine := found.setdefault(contact_id, [])):
            mine.append(e164)
    return found


def _tried(targets: Sequence[Target]) -> dict[tuple[UUID, str], int]:
    """How often each target was tried on which number, where that is limited."""
    limited = [target.pk for target in targets if target.campaign.max_per_number]
    if not limited:
        return {}
    made = Attempt.objects.filter(target__in=limited, counted=Attempt.Counted.CONTACT).values("target", "e164").annotate(n=Count("pk"))
    return {(row["target"], row["e164"]): row["n"] for row in made}


def _number(target: Target, numbers: Sequence[str], tried: Mapping[tuple[UUID, str], int]) -> str:
    """The number to call: the one that the last result asks for, else the first, passing over those that were tried enough."""
    usable = list(numbers)
    if target.next_e164 in usable:
        place = usable.index(target.next_e164)
        usable = usable[place:] + usable[:place]
    most = target.campaign.max_per_number
    return next((one for one in usable if not most or tried.get((target.pk, one), 0) < most), usable[0] if usable else "")
