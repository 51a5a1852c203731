"""May this number be called? The one door: a dial, a hand-out, a callback, a dry run and an explanation all ask here.

A rule looks at the question once, for all that are asked about, and answers with checks: pure functions of an instant. So the whole verdict,
its explanation and the first instant at which everything holds come from the same checks, and cost the same number of statements for one
as for five hundred.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from config.platform.errors import Refusal
from config.platform.models import User
from config.platform.registry import Registry
from crm import calling_whom, permission
from crm.calling_whom import Subject, Whom
from crm.models import Channel
from crm.permission import Known

ALLOWED, WARNED, REFUSED = "allowed", "warned", "refused"
HORIZON = timedelta(days=5 * 366)
MOST_STEPS = 500


@dataclass(frozen=True)
class Finding:
    """What a rule says at an instant. ``next_at`` is the first instant from then on at which it says yes: None when it never will by itself."""

    verdict: str
    code: str
    detail: str
    next_at: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    rule: str = ""


#: What a rule says of one subject at an instant: at least one finding. It must never name a ``next_at`` that is too late.
Check = Callable[[datetime], Sequence[Finding]]


class Question:
    """What is asked: of whom, for what, and by whom. What several rules need is read once, when the first of them asks."""

    def __init__(
        self,
        subjects: Sequence[Subject],
        *,
        purpose: str,
        at: datetime,
        agent: User | None,
        is_manual: bool,
        is_return: bool,
        now: datetime,
    ) -> None:
        self.subjects = subjects
        self.purpose = purpose
        self.at = at
        self.agent = agent
        self.is_manual = is_manual
        self.is_return = is_return
        self.now = now
        #: What rules of one app have read together, by a name of theirs.
        self.kept: dict[str, Any] = {}

    @cached_property
    def permissions(self) -> list[Known]:
        """What stands for and against contacting each of them."""
        asked = [subject.asked for subject in self.subjects]
        return permission.known(asked, purpose=self.purpose, channel=Channel.CALL, at=self.at)


#: Rules against calling: each answers a question with a check for each subject, in their order, by a constant number of statements.
rules: Registry[Callable[[Question], Sequence[Check]]] = Registry("rules against calling")


@dataclass(frozen=True)
class Verdict:
    """``findings`` are what every rule said at ``at``; ``next_at`` is the first instant at which all of them hold, None: never by itself."""

    subject: Subject
    at: datetime
    allowed: bool
    findings: Sequence[Finding]
    next_at: datetime | None

    @property
    def reasons(self) -> list[Finding]:
        """Why not."""
        return [one for one in self.findings if one.verdict == REFUSED]

    @property
    def warnings(self) -> list[Finding]:
        """What stands against it without forbidding it."""
        return [one for one in self.findings if one.verdict == WARNED]

    def as_facts(self) -> dict[str, Any]:
        """For the answer of a refusal."""
        return {
            "reasons": [shown(one) for one in self.reasons],
            "next_at": self.next_at.isoformat().replace("+00:00", "Z") if self.next_at else None,
        }


class MayNotCall(Refusal):
    """They may not be called; `reasons` says why, and `next_at` from when on they may be (null: never by itself)."""

    code = "may_not_call"
    advice = "Do not dial. Call at `next_at` if it is given, else look in `reasons` at what stands against it."

    @classmethod
    def of(cls, verdict: Verdict) -> "MayNotCall":
        """The refusal of a verdict."""
        return cls("They may not be called: " + " ".join(one.detail for one in verdict.reasons), **verdict.as_facts())


def may_call(
    *,
    e164: str = "",
    contact_id: UUID | None = None,
    purpose: str,
    at: datetime | None = None,
    agent: User | None = None,
    is_manual: bool = False,
    is_return: bool = False,
    context: Mapping[str, Any] | None = None,
    now: datetime,
) -> Verdict:
    """Whether a number, a contact, or a contact on a number may be called for ``purpose`` at ``at`` (by default now), and why not.

    ``is_manual``: somebody dials by hand. ``is_return``: it answers a call of the customer's own. ``context`` is for rules of higher apps.
    """
    whom = Whom(e164, contact_id, context or {})
    return may_call_many([whom], purpose=purpose, at=at, agent=agent, is_manual=is_manual, is_return=is_return, now=now)[0]


def may_call_many(
    whom: Sequence[Whom],
    *,
    purpose: str,
    at: datetime | None = None,
    agent: User | None = None,
    is_manual: bool = False,
    is_return: bool = False,
    now: datetime,
) -> list[Verdict]:
    """As ``may_call``, for many at once, in their order."""
    if not whom:
        return []
    moment, now = (at or now).astimezone(UTC), now.astimezone(UTC)
    question = Question(
        calling_whom.found(whom), purpose=purpose, at=moment, agent=agent, is_manual=is_manual, is_return=is_return, now=now
    )
    checks = [(name, rule(question)) for name, rule in rules]
    return [
        _verdict(subject, [(name, of_each[index]) for name, of_each in checks], moment) for index, subject in enumerate(question.subjects)
    ]


def shown(finding: Finding) -> dict[str, Any]:
    """A finding as JSON values."""
    return {
        "rule": finding.rule,
        "verdict": finding.verdict,
        "code": finding.code,
        "detail": finding.detail,
        "next_at": finding.next_at.isoformat().replace("+00:00", "Z") if finding.next_at else None,
        "facts": dict(finding.facts),
    }


def _verdict(subject: Subject, checks: Sequence[tuple[str, Check]], at: datetime) -> Verdict:
    findings = _ask(checks, at)
    allowed = all(one.verdict != REFUSED for one in findings)
    return Verdict(subject, at, allowed, findings, at if allowed else _first(checks, findings, at))


def _ask(checks: Sequence[tuple[str, Check]], at: datetime) -> list[Finding]:
    found = []
    for name, check in checks:
        for one in check(at):
            found.append(Finding(one.verdict, one.code, one.detail, at if one.verdict != REFUSED else one.next_at, one.facts, name))
    return found


def _first(checks: Sequence[tuple[str, Check]], findings: Sequence[Finding], at: datetime) -> datetime | None:
    """The first instant at which all rules hold: each no says before when it stays no, so nothing is passed over."""
    moment = at
    for _ in range(MOST_STEPS):
        refused = [one for one in findings if one.verdict == REFUSED]
        if not refused:
            return moment
        ends = [one.next_at for one in refused if one.next_at is not None]
        if len(ends) < len(refused) or (later := max(ends)) <= moment or later > at + HORIZON:
            return None
        moment = later
        findings = _ask(checks, moment)
    return None
