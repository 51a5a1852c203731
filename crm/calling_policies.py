"""The windows in which customers may be called, as administrators keep them; without any, what is usual."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from config.platform.history import record, snapshot
from config.platform.models import User
from config.platform.moves import check_version
from crm import business_time, hours_writing
from crm.calendars import clock
from crm.calling_windows import Hours
from crm.models import CallingInterval, CallingWindow, Purpose, RestrictedPeriod

#: For these nobody is called at night, even when no window was made: they can wait.
CAN_WAIT = frozenset({Purpose.MARKETING, Purpose.SURVEY})


@transaction.atomic
def add(
    *, week: Sequence[Mapping[str, Any]], restricted: Sequence[Mapping[str, Any]] = (), by: User | None, now: datetime, **fields: Any
) -> CallingWindow:
    """Make a window. ``week`` holds ``{weekday, opens, closes}`` in minutes, ``restricted`` ``{since, until, name}``.

    Raises:
        IntegrityError: intervals overlap, the name is taken, the purpose has an active window.
    """
    window = CallingWindow.objects.create(**fields)
    _write(window, week, restricted)
    record(window, "add", by=by, now=now, before={}, week=_said_week(week), restricted=_said_dates(restricted))
    return window


@transaction.atomic
def alter(
    window_id: UUID,
    *,
    week: Sequence[Mapping[str, Any]] | None = None,
    restricted: Sequence[Mapping[str, Any]] | None = None,
    if_version: int | None = None,
    by: User | None,
    now: datetime,
    **fields: Any,
) -> CallingWindow:
    """Change a window. A list that is given replaces the whole list.

    Raises:
        VersionConflict, IntegrityError
    """
    window = CallingWindow.objects.select_for_update().get(pk=window_id)
    check_version(window, if_version)
    before = snapshot(window)
    facts: dict[str, Any] = {}
    for name, value in fields.items():
        setattr(window, name, value)
    if week is not None:
        facts["week"] = _said_week(week)
        window.intervals.all().delete()
    if restricted is not None:
        facts["restricted"] = _said_dates(restricted)
        window.restricted.all().delete()
    _write(window, week or (), restricted or ())
    window.version += 1
    window.save()
    record(window, "alter", by=by, now=now, before=before, **facts)
    return window


def window_of(purpose: str) -> CallingWindow | None:
    """The active window of a purpose, else the one for all purposes; None when neither was made. With all that reckoning needs."""
    rows = CallingWindow.objects.whole().filter(is_active=True, purpose__in=["", purpose])
    return max(rows, key=lambda row: row.purpose, default=None)


def usual(purpose: str) -> Hours | None:
    """The hours of a purpose for which no window was made: those of the settings for what can wait, none for the rest."""
    if purpose not in CAN_WAIT or not settings.CALLING_DEFAULT_HOURS:
        return None
    return Hours((_day(settings.CALLING_DEFAULT_HOURS),) * 7)


def hours_of(window: CallingWindow, countries: Sequence[str]) -> Hours:
    """A window of ``CallingWindow.objects.whole()`` for a customer who may be in these countries."""
    week: list[list[business_time.Interval]] = [[] for _ in range(7)]
    for interval in sorted(window.intervals.all(), key=lambda one: one.opens):
        week[interval.weekday].append((interval.opens, interval.closes))
    periods, lands = list(window.restricted.all()), tuple(countries) if window.keeps_holidays else ()

    def is_closed_on(day: date) -> bool:
        return any(period.holds_on(day) for period in periods) or bool(holiday_on(day, lands))

    return Hours(tuple(map(tuple, week)), is_closed_on, window.start_grace_s)


def holiday_on(day: date, countries: Sequence[str]) -> str:
    """The name of a public holiday in one of these countries; empty when it is none."""
    return next((name for country in countries if (name := business_time.holidays_of(country, "", day.year).get(day, ""))), "")


def _day(text: str) -> tuple[business_time.Interval, ...]:
    return tuple((one["opens"], one["closes"]) for one in hours_writing.read(text))


def _write(window: CallingWindow, week: Sequence[Mapping[str, Any]], restricted: Sequence[Mapping[str, Any]]) -> None:
    CallingInterval.objects.bulk_create(CallingInterval(window=window, **interval) for interval in week)
    RestrictedPeriod.objects.bulk_create(RestrictedPeriod(window=window, **period) for period in restricted)


def _said_week(week: Sequence[Mapping[str, Any]]) -> list[str]:
    ordered = sorted(week, key=lambda one: (one["weekday"], one["opens"]))
    return [f"{one['weekday']} {clock(one['opens'])}-{clock(one['closes'])}" for one in ordered]


def _said_dates(restricted: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"{one['since']} – {one['until']} {one.get('name', '')}".strip() for one in restricted]
