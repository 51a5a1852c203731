"""The rules against calling that the line knows: somebody talks with them, or they were called enough. Registered with ``crm.calling.rules``."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from calls.outcomes import TECHNICAL
from config.platform import statements
from crm.calling import ALLOWED, REFUSED, WARNED, Check, Finding, Question
from crm.calling_rules import zones_of
from crm.calling_whom import Subject
from crm.calling_windows import next_day
from crm.models import CallingLimit

#: When a call that goes on now will be over, nobody knows: ask again after this.
ASK_AGAIN = timedelta(minutes=1)
BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)

OPEN = """
SELECT c.customer_e164, c.id, c.agent_id FROM calls_call c WHERE c.customer_e164 = ANY(%s) AND c.customer_e164 <> '' AND c.state <> 'ended'
ORDER BY c.started_at DESC, c.id DESC
"""
#: Failures of the line do not count; what somebody wrote down of a call says it better than the line.
MADE = """
WITH asked AS (
    SELECT * FROM unnest(%(i)s::int[], %(kind)s::text[], %(e164)s::text[], %(contact)s::uuid[]) AS a(i, kind, e164, contact))
SELECT a.i, a.kind, m.started_at FROM asked a CROSS JOIN LATERAL (
    SELECT c.started_at FROM calls_call c
    WHERE c.customer_e164 = a.e164 AND c.direction = 'outbound' AND c.started_at <= %(at)s AND c.started_at > %(since)s
        AND (a.kind <> 'number_dialled' OR c.source <> 'manual')
        AND NOT COALESCE((SELECT d.technical FROM calls_disposition d WHERE d.id = c.disposition_id), c.outcome = ANY(%(technical)s))
    ORDER BY c.started_at DESC, c.id DESC LIMIT %(most)s) m WHERE a.kind IN ('number', 'number_dialled')
UNION ALL
SELECT a.i, a.kind, m.started_at FROM asked a CROSS JOIN LATERAL (
    SELECT c.started_at FROM calls_call c
    WHERE c.contact_id = a.contact AND c.direction = 'outbound' AND c.started_at <= %(at)s AND c.started_at > %(since)s
        AND (a.kind <> 'contact_dialled' OR c.source <> 'manual')
        AND NOT COALESCE((SELECT d.technical FROM calls_disposition d WHERE d.id = c.disposition_id), c.outcome = ANY(%(technical)s))
    ORDER BY c.started_at DESC, c.id DESC LIMIT %(most)s) m WHERE a.kind IN ('contact', 'contact_dialled')
"""


def nobody_talks(question: Question) -> list[Check]:
    """No call with the number goes on. One named as ``call`` in the context does not count: it is asked about from within it."""
    going: dict[str, list[tuple[UUID, UUID | None]]] = {}
    numbers = [subject.e164 for subject in question.subjects if subject.e164]
    for e164, call_id, agent_id in statements.rows(OPEN, [numbers]) if numbers else []:
        going.setdefault(e164, []).append((call_id, agent_id))
    return [_not_talking(going.get(subject.e164, ()), subject, question.now) for subject in question.subjects]


def _not_talking(going: Sequence[tuple[UUID, UUID | None]], subject: Subject, now: datetime) -> Check:
    mine = str(subject.context.get("call", ""))
    others = [(call_id, agent_id) for call_id, agent_id in going if str(call_id) != mine]
    until = now + ASK_AGAIN

    def check(at: datetime) -> list[Finding]:
        if not others or at >= until:
            return [Finding(ALLOWED, "no_open_call", "Nobody talks with this number.")]
        call_id, agent_id = others[0]
        facts = {"call": str(call_id), "agent": str(agent_id) if agent_id else None}
        return [Finding(REFUSED, "open_call", "A call with this number goes on.", until, facts)]

    return check


ASKED_FOR = """
SELECT number, id, agent_id, expires_at FROM calls_callrequest
WHERE number = ANY(%s) AND number <> '' AND status IN ('requested', 'sent', 'accepted') AND expires_at > %s
"""


def nobody_is_about_to(question: Question) -> list[Check]:
    """Nobody asked a moment ago to be put through to the number: its call is on the way."""
    numbers = [subject.e164 for subject in question.subjects if subject.e164]
    found = statements.rows(ASKED_FOR, [numbers, question.now]) if numbers else []
    asked = {number: (request_id, agent_id, expires_at) for number, request_id, agent_id, expires_at in found}
    return [_not_asked_for(asked.get(subject.e164)) for subject in question.subjects]


def _not_asked_for(asked: tuple[UUID, UUID, datetime] | None) -> Check:
    def check(at: datetime) -> list[Finding]:
        if asked is None or at >= asked[2]:
            return [Finding(ALLOWED, "not_asked_for", "Nobody is about to call this number.")]
        facts = {"call_request": str(asked[0]), "agent": str(asked[1])}
        return [Finding(REFUSED, "call_asked_for", "Somebody asked for a call to this number a moment ago.", asked[2], facts)]

    return check


def within_limits(question: Question) -> list[Check]:
    """They were not called too often, nor a moment ago; failures of the line do not count. A call of their own may be returned whatever was before."""
    limits = list(CallingLimit.objects.for_purpose(question.purpose))
    if not limits:
        return [_unlimited for _ in question.subjects]
    made = _made(question, limits)
    return [_limits(limits, subject, made[index], question) for index, subject in enumerate(question.subjects)]


def _kind(limit: CallingLimit) -> str:
    """Which calls a limit counts: to the number or to the contact, all or but those written down by hand."""
    return limit.subject + ("_dialled" if limit.manual_calls == CallingLimit.ManualCalls.NO else "")


def _made(question: Question, limits: Sequence[CallingLimit]) -> list[dict[str, list[datetime]]]:
    """When the latest calls to each subject began, by kind, the latest first: as many as the widest limit needs. One statement."""
    spans = [_reach(limit) for limit in limits]
    since = BEGINNING if None in spans else question.at - max(span for span in spans if span)
    asked = [(index, kind) for index in range(len(question.subjects)) for kind in sorted({_kind(limit) for limit in limits})]
    values: dict[str, Any] = {
        "i": [index for index, _ in asked],
        "kind": [kind for _, kind in asked],
        "e164": [question.subjects[index].e164 or None for index, _ in asked],
        "contact": [question.subjects[index].contact_id for index, _ in asked],
        "at": question.at,
        "since": since,
        "technical": sorted(TECHNICAL),
        "most": max((limit.most or 1) for limit in limits),
    }
    found: list[dict[str, list[datetime]]] = [{} for _ in question.subjects]
    for index, kind, at in statements.rows(MADE, values):
        found[index].setdefault(kind, []).append(at)
    for of_subject in found:
        for calls in of_subject.values():
            calls.sort(reverse=True)
    return found


def _reach(limit: CallingLimit) -> timedelta | None:
    """How far back a limit looks; None: to the beginning."""
    if limit.most is None:
        window = timedelta()
    elif limit.window == CallingLimit.Window.LIFETIME:
        return None
    else:
        window = timedelta(seconds=limit.window_s) if limit.window_s else timedelta(days=2)
    return max(window, timedelta(seconds=limit.min_gap_s)) + timedelta(seconds=1)


def _unlimited(at: datetime) -> list[Finding]:
    return [Finding(ALLOWED, "no_limits", "There is no limit for this purpose.")]


def _limits(limits: Sequence[CallingLimit], subject: Subject, made: dict[str, list[datetime]], question: Question) -> Check:
    zones = [ZoneInfo(zone) for zone in zones_of(subject)[0]]
    counted = [(limit, made.get(_kind(limit), [])) for limit in limits]

    def check(at: datetime) -> list[Finding]:
        found = [finding for limit, calls in counted for finding in _of_limit(limit, calls, zones, question, at)]
        return found or [Finding(ALLOWED, "within_limits", "No limit is reached.", facts={"limits": len(limits)})]

    return check


def _of_limit(limit: CallingLimit, calls: Sequence[datetime], zones: Sequence[ZoneInfo], question: Question, at: datetime) -> list[Finding]:
    """What one limit has against a call at ``at``, when ``calls`` (the latest first) were made before."""
    verdict = REFUSED
    if question.is_return or (question.is_manual and limit.manual_calls != CallingLimit.ManualCalls.YES):
        if question.is_manual and limit.manual_calls == CallingLimit.ManualCalls.NO:
            return []
        verdict = WARNED
    found, facts = [], {"limit": str(limit.pk), "subject": limit.subject}
    whom = "This number" if limit.subject == CallingLimit.Subject.NUMBER else "This contact"
    if limit.min_gap_s and calls and (again := calls[0] + timedelta(seconds=limit.min_gap_s)) > at:
        detail = f"“{limit.name}”: {whom.lower()} was called at {calls[0]:%Y-%m-%d %H:%M} UTC; wait {limit.min_gap_s} s in between."
        found.append(Finding(verdict, "called_a_moment_ago", detail, again, facts | {"last_call_at": calls[0].isoformat()}))
    if limit.most is not None and len(calls) >= limit.most:
        free = _free(limit, calls, zones, at)
        if free is None or free > at:
            detail = f"“{limit.name}”: {whom.lower()} has had its {limit.most} call{'s' if limit.most > 1 else ''}."
            found.append(Finding(verdict, "limit_reached", detail, free, facts | {"most": limit.most, "window": limit.window}))
    return found


def _free(limit: CallingLimit, calls: Sequence[datetime], zones: Sequence[ZoneInfo], at: datetime) -> datetime | None:
    """From when on the limit lets another call through: ``at`` or earlier when it does so now, None when it never will."""
    oldest = calls[(limit.most or 1) - 1]  # while this one is in the window, the window is full
    if limit.window == CallingLimit.Window.LIFETIME:
        return None
    if limit.window == CallingLimit.Window.ROLLING:
        return oldest + timedelta(seconds=limit.window_s or 0)
    full = [zone for zone in zones if _calls_on(calls, zone, at) >= (limit.most or 1)]
    return max((next_day(zone, at) for zone in full), default=at)


def _calls_on(calls: Sequence[datetime], zone: ZoneInfo, at: datetime) -> int:
    day = at.astimezone(zone).date()
    return sum(1 for call in calls if call.astimezone(zone).date() == day)
