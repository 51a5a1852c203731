"""Rosters as they are kept: a person's whole week at once. Single shifts are kept by ``config.platform.upkeep``."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from config.platform.history import entry, record_many, snapshot
from config.platform.models import User
from crm.models import Department, DutyShift


@transaction.atomic
def replace_week(
    *, department: Department, person: User, week: Sequence[Mapping[str, Any]], by: User | None, now: datetime
) -> list[DutyShift]:
    """Give a person exactly this week in a department, until further notice: ``{weekday, opens, closes}`` in minutes, none: no week.

    Only weekly ``on`` shifts are replaced, whatever their ``since`` and ``until``; shifts of a date and absences stay. A shift that is
    the same before and after stays the row that it is. Answers the week in order.

    Raises:
        IntegrityError: two shifts of the week overlap.
    """
    User.objects.select_for_update(no_key=True).get(pk=person.pk)  # two who write one person's week come one after the other
    weekly = DutyShift.objects.filter(department=department, person=person, kind=DutyShift.Kind.ON, weekday__isnull=False)
    left = [(one["weekday"], one["opens"], one["closes"]) for one in week]
    kept: list[DutyShift] = []
    gone: list[DutyShift] = []
    for row in weekly.order_by("pk").select_for_update():
        if row.since is None and row.until is None and (row.weekday, row.opens, row.closes) in left:
            left.remove((row.weekday, row.opens, row.closes))
            kept.append(row)
        else:
            gone.append(row)
    events = [entry(row, "remove", by=by, now=now) for row in gone]
    for event, row in zip(events, gone, strict=True):
        event.changes = {name: [value, None] for name, value in snapshot(row).items() if value not in ("", None, [], {})}
    weekly.filter(pk__in=[row.pk for row in gone]).delete()
    made = DutyShift.objects.bulk_create(
        DutyShift(department=department, person=person, weekday=weekday, opens=opens, closes=closes) for weekday, opens, closes in left
    )
    record_many([*events, *(entry(row, "add", by=by, now=now, before={}) for row in made)])
    return sorted([*kept, *made], key=lambda row: (row.weekday or 0, row.opens))
