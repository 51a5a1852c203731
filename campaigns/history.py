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

MADE = """
SELECT target_id, id, leased_at, e164 FROM campaigns_attempt
WHERE target_id = ANY(%s) AND counted = 'contact' ORDER BY leased_at DESC, id DESC
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
class Made:
    """The attempts of targets that count, the latest first: when they were taken in hand, and on which number."""

    by_target: Mapping[UUID, Sequence[tuple[UUID, datetime, str]]] = field(default_factory=dict)

    def counted(self, target: Target, subject: Subject) -> list[datetime]:
        """When the target was tried, the latest first, but for the attempt that is asked from."""
        return [at for _, at, _ in self._of(target, subject)]

    def on_number(self, target: Target, subject: Subject) -> int:
        """How often the target was tried on the number that is asked about."""
        return sum(1 for _, _, e164 in self._of(target, subject) if e164 == subject.e164)

    def _of(self, target: Target, subject: Subject) -> list[tuple[UUID, datetime, str]]:
        mine = str(subject.context.get("attempt", ""))
        return [one for one in self.by_target.get(target.pk, ()) if str(one[0]) != mine]


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
        found: dict[UUID, list[tuple[UUID, datetime, str]]] = {}
        for target_id, attempt_id, at, e164 in statements.rows(MADE, [ids]) if ids else []:
            found.setdefault(target_id, []).append((attempt_id, at, e164))
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
