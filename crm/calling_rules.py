"""The rules against calling that this app knows: the number, suppressions, consents, the window. Registered with ``crm.calling.rules``."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from crm import calling_policies, calling_windows, calling_zones, suppression
from crm.calling import ALLOWED, REFUSED, WARNED, Check, Finding, Question
from crm.calling_policies import holiday_on
from crm.calling_whom import Subject
from crm.calling_windows import Hours
from crm.models import CallingWindow, PhoneNumber
from crm.permission import Known
from crm.suppression import Reason

Validity = PhoneNumber.Validity
UNUSABLE = {
    Validity.INVALID: ("number_invalid", "This number does not exist."),
    Validity.CHANGED: ("number_changed", "This number belongs to somebody else now."),
}


def number(question: Question) -> list[Check]:
    """There is a number, it exists, and it is still theirs."""
    return [_always(_of_number(subject)) for subject in question.subjects]


def _of_number(subject: Subject) -> Finding:
    if not subject.e164:
        return Finding(REFUSED, "no_number", "There is no number to call.")
    if subject.validity in UNUSABLE:
        return Finding(REFUSED, *UNUSABLE[Validity(subject.validity)])
    return Finding(ALLOWED, "number_usable", "The number can be called.")


def not_suppressed(question: Question) -> list[Check]:
    """Nobody asked us not to. Who calls us may be called back, unless they may not be called at all."""
    return [_suppression(known, question) for known in question.permissions]


def _suppression(known: Known, question: Question) -> Check:
    def check(at: datetime) -> list[Finding]:
        found = [_stopped(stop, known, question, at) for stop in known.at(at).suppressions]
        return found or [Finding(ALLOWED, "not_suppressed", "No suppression is in force.")]

    return check


def _stopped(stop: Reason, known: Known, question: Question, at: datetime) -> Finding:
    verdict = WARNED if question.is_return and stop.purpose else REFUSED
    what = question.purpose if stop.purpose else "anything"
    until = f" until {stop.expires_at:%Y-%m-%d %H:%M} UTC" if stop.expires_at else ""
    detail = f"This {stop.on} may not be called for {what}{until}."
    facts: dict[str, Any] = {"suppression": str(stop.id), "on": stop.on, "scope": stop.scope, "source": stop.source, "list": stop.list_code}
    facts["since"], facts["until"] = stop.starts_at.isoformat(), stop.expires_at.isoformat() if stop.expires_at else None
    return Finding(verdict, stop.code, detail, suppression.free_at([stop], at), facts)


def consented(question: Question) -> list[Check]:
    """Nobody refused or withdrew; and where the settings ask for a consent, it was given."""
    needed = question.purpose in settings.CALLING_NEEDS_CONSENT
    return [_consent(known, question.is_return, needed) for known in question.permissions]


def _consent(known: Known, is_return: bool, needed: bool) -> Check:
    no = WARNED if is_return else REFUSED

    def check(at: datetime) -> list[Finding]:
        found = []
        for one in known.said:
            standing, said = one.at(at), one.at(at).statement
            if standing.denies and said:
                facts = {"consent": str(said.pk), "since": said.valid_from.isoformat()}
                words = "refused" if standing.state == "refused" else "took back their consent"
                found.append(Finding(no, f"consent_{standing.state}", f"They {words}.", one.changes_at(at), facts))
        first = known.said[0]
        state = first.at(at).state
        if needed and not found and state != "granted":
            detail = "Their consent has expired." if state == "expired" else "They did not consent, and it is needed for this purpose."
            found.append(Finding(no, f"consent_{'expired' if state == 'expired' else 'missing'}", detail, first.changes_at(at)))
        return found or [Finding(ALLOWED, "consent_not_refused", "Nobody refused or took back a consent.", facts={"consent": state})]

    return check


def within_window(question: Question) -> list[Check]:
    """The window of the purpose is open by the customer's own clocks. A call of their own may be returned at once, unless it says otherwise."""
    window = calling_policies.window_of(question.purpose)
    no = WARNED if question.is_return and not (window and window.holds_for_returns) else REFUSED
    checks: dict[object, Check] = {}  # whoever has the same clocks and countries has the same answer: it is reckoned once
    return [
        checks.setdefault(
            (subject.clocks.zones, subject.clocks.sources, subject.clocks.countries), _window(window, subject, question.purpose, no)
        )
        for subject in question.subjects
    ]


def _window(window: CallingWindow | None, subject: Subject, purpose: str, no: str) -> Check:
    countries = subject.clocks.countries
    hours = calling_policies.hours_of(window, countries) if window else calling_policies.usual(purpose)
    if hours is None:
        return _always(Finding(ALLOWED, "no_window", "There is no window for this purpose: any hour is good."))
    zones, sources = zones_of(subject, window)
    name = window.name if window else "the usual hours"
    told: dict[str, Any] = {"window": str(window.pk) if window else None, "zones": list(zones), "zones_from": list(sources)}
    if not zones:
        return _always(Finding(no, "zone_unknown", f"Nothing tells the customer's time zone, and “{name}” refuses such calls.", facts=told))
    clocks = [ZoneInfo(zone) for zone in zones]

    @lru_cache(maxsize=1024)
    def check(at: datetime) -> list[Finding]:
        opens = calling_windows.opening(hours, clocks, at)
        facts = {**told, "local_times": {zone: at.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes") for zone in zones}}
        if opens == at:
            return [Finding(ALLOWED, "window_open", f"“{name}” is open.", facts=facts)]
        code, why = _why_closed(window, hours, countries, clocks, at)
        return [Finding(no, code, f"“{name}” is closed: {why}.", opens, facts)]

    return check


def zones_of(subject: Subject, window: CallingWindow | None = None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The zones in which a window must be open for a customer, and where they are from; none when such customers are not to be called."""
    if subject.clocks.is_known:
        return subject.clocks.zones, subject.clocks.sources
    policy = window.unknown_zone if window else CallingWindow.UnknownZone.DEFAULT_ZONE
    if policy == CallingWindow.UnknownZone.DEFAULT_ZONE:
        return ((window.default_zone if window else "") or settings.CALLING_TIME_ZONE,), (calling_zones.DEFAULT,)
    if policy == CallingWindow.UnknownZone.COUNTRY_ZONES and subject.clocks.countries:
        return calling_zones.of_country(subject.clocks.countries[0]), (calling_zones.COUNTRY,)
    return (), (calling_zones.NOWHERE,)


def _why_closed(
    window: CallingWindow | None, hours: Hours, countries: Sequence[str], clocks: Sequence[ZoneInfo], at: datetime
) -> tuple[str, str]:
    for zone in clocks:
        day = at.astimezone(zone).date()
        if window and (period := next((one for one in window.restricted.all() if one.holds_on(day)), None)):
            return "restricted_period", f"{day} is left out{f' ({period.name})' if period.name else ''}"
        if window and window.keeps_holidays and (holiday := holiday_on(day, countries)):
            return "public_holiday", f"{day} is a public holiday there ({holiday})"
    shut = [zone for zone in clocks if not calling_windows.is_open(hours, [zone], at)] or list(clocks)
    return "outside_window", "it is " + ", ".join(f"{at.astimezone(zone):%H:%M} in {zone.key}" for zone in shut)


def _always(finding: Finding) -> Check:
    return lambda at: (finding,)
