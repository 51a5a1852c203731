"""What was tried with those whom a question asks about, and what is in hand: read once for all its rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from campaigns.models import Target
from config.platform import statements
from crm.calling import Question
from crm.calling_whom import Subject

#: When a contact in hand is given back, or a call that goes on is over, nobody knows: ask again after this.
ASK_AGAIN = timedelta(minutes=1)

#: A dialler may take somebody in hand long before it dials: what counts is the call, where it is known. With the attempt that is open.
MADE = """
SELECT a.target_id, a.id, a.counted = 'contact', COALESCE(a.dialled_at, a.leased_at) AS begun,
    COALESCE(k.ended_at, a.dialled_at, a.leased_at), a.e164, a.callback_id, b.at <= a.leased_at
FROM campaigns_attempt a LEFT JOIN calls_call k ON k.id = a.call_id LEFT JOIN calls_callback b ON b.id = a.callback_id
WHERE a.target_id = ANY(%s) AND (a.counted = 'contact' OR a.state <> 'closed') ORDER BY begun DESC, a.id DESC
"""
#: By the number and by the person, each through its own unique index.
IN_HAND = """
SELECT e164, contact_id, id, campaign_id, agent_id FROM campaigns_attempt
WHERE e164 = ANY(%(numbers)s) AND e164 <> '' AND state <> 'closed'
UNION
SELECT e164, contact_id, id, campaign_id, agent_id FROM campaigns_attempt
WHERE contact_id = ANY(%(contacts)s) AND state <> 'closed'
"""
#: They are left alone from when they were hung up on, which is later than when they answered.
DROPPED = """
SELECT DISTINCT ON (a.e164) a.e164, COALESCE(k.ended_at, a.answered_at) AS at, c.drop_lockout_s
FROM campaigns_attempt a JOIN campaigns_campaign c ON c.id = a.campaign_id LEFT JOIN calls_call k ON k.id = a.call_id
WHERE a.e164 = ANY(%s) AND a.e164 <> '' AND a.is_drop ORDER BY a.e164, at DESC NULLS LAST
"""


@dataclass(frozen=True)
class Try:
    """An attempt: when its call began and ended, as far as that is known; the promise that it keeps, and whether it came at its time.

    A promise that was moved since it was tried was not tried at its time.
    """

    attempt_id: UUID
    counts: bool
    begun_at: datetime
    ended_at: datetime
    e164: str
    callback_id: UUID | None
    was_at_its_time: bool | None


@dataclass(frozen=True)
class Made:
    """The attempts of targets that count, the latest first, but for the attempt that is asked from."""

    by_target: Mapping[UUID, Sequence[Try]] = field(default_factory=dict)

    def begun(self, target: Target, subject: Subject) -> list[datetime]:
        """When the target was called, the latest first."""
        return [one.begun_at for one in self._of(target, subject)]

    def last_ended(self, target: Target, subject: Subject) -> datetime | None:
        """When the last call with the target was over."""
        return max((one.ended_at for one in self._of(target, subject)), default=None)

    def on_number(self, target: Target, subject: Subject) -> int:
        """How often the target was tried on the number that is asked about."""
        return sum(1 for one in self._of(target, subject) if one.e164 == subject.e164)

    def keeps_promise(self, target: Target, subject: Subject) -> bool:
        """Whether this call would keep a promise. Once it was tried at its time, they are tried again as anybody is."""
        mine = str(subject.context.get("attempt", ""))
        if mine:
            promise = next((one.callback_id for one in self.by_target.get(target.pk, ()) if str(one.attempt_id) == mine), None)
            promised = promise is not None
        else:
            promise, promised = target.callback_id, target.state == Target.State.CALLBACK_WAIT
        return promised and not any(promise and one.callback_id == promise and one.was_at_its_time for one in self._of(target, subject))

    def _of(self, target: Target, subject: Subject) -> list[Try]:
        mine = str(subject.context.get("attempt", ""))
        return [one for one in self.by_target.get(target.pk, ()) if one.counts and str(one.attempt_id) != mine]


@dataclass(frozen=True)
class Holding:
    """An attempt that has a number, and with it a person, in hand."""

    e164: str
    contact_id: UUID
    attempt_id: UUID
    campaign_id: UUID
    agent_id: UUID | None


def of(question: Question) -> Made:
    """The attempts of the targets that are asked about. One statement for all rules."""
    if "campaigns.made" not in question.kept:
        ids = [target.pk for subject in question.subjects if isinstance(target := subject.context.get("target"), Target)]
        found: dict[UUID, list[Try]] = {}
        for target_id, *row in statements.rows(MADE, [ids]) if ids else []:
            found.setdefault(target_id, []).append(Try(*row))
        question.kept["campaigns.made"] = Made(found)
    made: Made = question.kept["campaigns.made"]
    return made


def in_hand(question: Question) -> list[list[Holding]]:
    """Who has the number or the person in hand, of each who is asked about. One statement."""
    numbers = [subject.e164 for subject in question.subjects if subject.e164]
    contacts = [subject.contact_id for subject in question.subjects if subject.contact_id]
    held = [Holding(*row) for row in statements.rows(IN_HAND, {"numbers": numbers, "contacts": contacts})] if numbers or contacts else []
    found: dict[object, list[Holding]] = {}
    for one in held:
        found.setdefault(one.contact_id, []).append(one)
        if one.e164:
            found.setdefault(one.e164, []).append(one)
    return [[*found.get(subject.e164, ()), *found.get(subject.contact_id, ())] for subject in question.subjects]


def dropped(question: Question) -> dict[str, tuple[datetime, int]]:
    """Of numbers that were hung up on: when last, and for how long that campaign leaves them alone. One statement."""
    numbers = [subject.e164 for subject in question.subjects if subject.e164]
    rows = statements.rows(DROPPED, [numbers]) if numbers else []
    return {e164: (at, seconds) for e164, at, seconds in rows if at is not None}
