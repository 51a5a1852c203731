"""Calendars of working time: kept by administrators, read as ``OpeningHours``."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from config.platform.history import record, snapshot
from config.platform.models import User
from config.platform.moves import check_version
from crm import business_time
from crm.business_time import OpeningHours
from crm.models import BusinessCalendar, CalendarDay, CalendarDayInterval, CalendarInterval, Department


@transaction.atomic
def add(
    *, week: Sequence[Mapping[str, Any]], days: Sequence[Mapping[str, Any]] = (), by: User | None, now: datetime, **fields: Any
) -> BusinessCalendar:
    """Make a calendar. ``week`` holds ``{weekday, opens, closes}`` in minutes, ``days`` ``{on, name, intervals}``.

    Raises:
        IntegrityError: intervals overlap, a date is named twice, the name is taken.
    """
    calendar = BusinessCalendar.objects.create(**fields)
    _write(calendar, week, days)
    record(calendar, "add", by=by, now=now, before={}, week=_said_week(week), days=_said_days(days))
    return calendar


@transaction.atomic
def alter(
    calendar_id: UUID,
    *,
    week: Sequence[Mapping[str, Any]] | None = None,
    days: Sequence[Mapping[str, Any]] | None = None,
    if_version: int | None = None,
    by: User | None,
    now: datetime,
    **fields: Any,
) -> BusinessCalendar:
    """Change a calendar. A list that is given replaces the whole list.

    Raises:
        VersionConflict, IntegrityError
    """
    calendar = BusinessCalendar.objects.select_for_update().get(pk=calendar_id)
    check_version(calendar, if_version)
    before = snapshot(calendar)
    facts: dict[str, Any] = {}
    for name, value in fields.items():
        setattr(calendar, name, value)
    if week is not None:
        facts["week"] = _said_week(week)
        calendar.intervals.all().delete()
    if days is not None:
        facts["days"] = _said_days(days)
        calendar.days.all().delete()
    _write(calendar, week or (), days or ())
    calendar.version += 1
    calendar.save()
    record(calendar, "alter", by=by, now=now, before=before, **facts)
    return calendar


def of_department(department: Department) -> BusinessCalendar | None:
    """The department's own calendar, else that of the nearest department above it, else the default one."""
    seen: set[UUID] = set()
    above: Department | None = department
    while above is not None and above.pk not in seen:
        if above.calendar_id is not None:
            return above.calendar
        seen.add(above.pk)
        above = above.parent
    return BusinessCalendar.objects.filter(is_default=True).first()


def hours_of(calendar: BusinessCalendar) -> OpeningHours:
    """The calendar as what ``business_time`` reckons with. Give it a row of ``BusinessCalendar.objects.whole()`` to spare queries."""
    week: list[list[business_time.Interval]] = [[] for _ in range(7)]
    for interval in sorted(calendar.intervals.all(), key=lambda one: one.opens):
        week[interval.weekday].append((interval.opens, interval.closes))
    exceptions = {day.on: tuple(sorted((one.opens, one.closes) for one in day.intervals.all())) for day in calendar.days.all()}
    country, subdivision = calendar.country, calendar.subdivision

    def is_holiday(day: date) -> bool:
        return day in business_time.holidays_of(country, subdivision, day.year)

    return OpeningHours(ZoneInfo(calendar.time_zone), tuple(map(tuple, week)), exceptions, is_holiday)


def _write(calendar: BusinessCalendar, week: Sequence[Mapping[str, Any]], days: Sequence[Mapping[str, Any]]) -> None:
    CalendarInterval.objects.bulk_create(CalendarInterval(calendar=calendar, **interval) for interval in week)
    made = CalendarDay.objects.bulk_create(CalendarDay(calendar=calendar, on=day["on"], name=day.get("name", "")) for day in days)
    CalendarDayInterval.objects.bulk_create(
        CalendarDayInterval(day=row, **interval) for row, day in zip(made, days, strict=True) for interval in day["intervals"]
    )


def clock(minutes: int) -> str:
    """Minutes after midnight as ``HH:MM``; 1440 is ``24:00``."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _said_week(week: Sequence[Mapping[str, Any]]) -> list[str]:
    names = CalendarInterval.WEEKDAYS
    return [f"{names[one['weekday']]} {clock(one['opens'])}-{clock(one['closes'])}" for one in week]


def _said_days(days: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"{day['on']} {' '.join(clock(one['opens']) + '-' + clock(one['closes']) for one in day['intervals']) or 'off'}" for day in days
    ]


def opening(calendar: BusinessCalendar, *, since: date, until: date, now: datetime) -> dict[str, Any]:
    """Whether it is open at ``now``, when it opens and closes next, and the open spans and holidays of ``[since, until)``."""
    hours = hours_of(calendar)
    first, last = (datetime.combine(day, time.min, tzinfo=hours.zone) for day in (since, until))
    named = {year: business_time.holidays_of(calendar.country, calendar.subdivision, year) for year in range(since.year, until.year + 1)}
    return {
        "is_open": business_time.is_open(hours, now),
        "next_open_at": business_time.next_open(hours, now),
        "next_close_at": business_time.next_close(hours, now),
        "spans": [{"opens_at": begin, "closes_at": end} for begin, end in business_time.spans(hours, first, last)],
        "holidays": [{"on": day, "name": name} for year in named.values() for day, name in sorted(year.items()) if since <= day < until],
    }


def fortnight(calendar: BusinessCalendar, *, now: datetime) -> list[dict[str, Any]]:
    """The next fourteen days for a picture: the date, the holiday's or the day's name, and bars in per cent of the day."""
    hours = hours_of(calendar)
    today = now.astimezone(hours.zone).date()
    names = {day.on: day.name for day in calendar.days.all()}
    shown = []
    for day in (today + timedelta(days=offset) for offset in range(14)):
        holiday = business_time.holidays_of(calendar.country, calendar.subdivision, day.year).get(day, "")
        bars = [{"left": round(a / 14.4, 2), "width": round((b - a) / 14.4, 2), "said": f"{clock(a)}–{clock(b)}"} for a, b in hours.on(day)]
        shown.append({"on": day, "name": names.get(day, holiday), "bars": bars, "is_today": day == today})
    return shown
