"""Who answers for what, and who is there now: whom to tell when something of a department or of a person needs somebody's eyes."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from config.platform.models import LEADERS, User
from crm import calendars, rosters
from crm.models import BusinessCalendar, Department, DutyShift, Team
from crm.rosters import HORIZON, Roster, Shift


def leaders_of(department: Department | None) -> list[UUID]:
    """The head of the department and the leads of its teams; else those of the nearest department above; else every supervisor."""
    seen: set[UUID] = set()
    above = department
    while above is not None and above.pk not in seen:
        leads = Team.objects.filter(department=above, is_active=True).values("lead")
        found = list(User.objects.filter(Q(pk=above.head_id) | Q(pk__in=leads), is_active=True).order_by("pk").values_list("pk", flat=True))
        if found:
            return found
        seen.add(above.pk)
        above = above.parent
    return list(User.objects.filter(role__in=LEADERS, is_active=True).order_by("pk").values_list("pk", flat=True))


def leaders_of_many(departments: Iterable[Department]) -> dict[UUID, list[UUID]]:
    """``leaders_of`` each of them, by their ids, in four queries at most. A test holds the two equal."""
    wanted = {department.pk for department in departments}
    tree = {pk: (parent, head) for pk, parent, head in Department.objects.values_list("pk", "parent", "head")}
    own: dict[UUID, set[UUID]] = {pk: {head} if head else set() for pk, (_, head) in tree.items()}
    for department, lead in Team.objects.filter(department__isnull=False, lead__isnull=False, is_active=True).values_list(
        "department", "lead"
    ):
        own[department].add(lead)
    active = set(User.objects.filter(pk__in=set().union(*own.values()), is_active=True).values_list("pk", flat=True))
    found: dict[UUID, list[UUID]] = {}
    for department in wanted:
        for above in _upwards(department, {pk: parent for pk, (parent, _) in tree.items()}):
            if leaders := own[above] & active:
                found[department] = sorted(leaders)
                break
    missing = wanted - found.keys()
    return found | (dict.fromkeys(missing, leaders_of(None)) if missing else {})


def leads_of(people: Iterable[UUID]) -> list[UUID]:
    """Those who lead these people: the leads of their teams; every supervisor when there is none."""
    led = Team.objects.filter(members__in=list(people), is_active=True, lead__is_active=True)
    found = list(led.order_by("lead").values_list("lead", flat=True).distinct())
    return found or leaders_of(None)


def on_duty(department: Department, at: datetime) -> list[UUID]:
    """The active users who are on duty in the department at an instant, in order of their ids. The rules: ``crm.models.duty``."""
    return who_is_on_duty([department], at)[department.pk]


def who_is_on_duty(departments: Iterable[Department], at: datetime) -> dict[UUID, list[UUID]]:
    """``on_duty`` of many, by the ids of the departments; the number of queries is the same for one and for a thousand."""
    return {pk: rosters.on_duty(roster, at) for pk, roster in rosters_of(departments, at, at).items()}


def next_duty(department: Department, at: datetime) -> datetime | None:
    """``at`` itself when somebody is on duty then, else the next instant at which somebody is; None: not within ``rosters.HORIZON``."""
    return rosters.next_duty(rosters_of([department], at, at + HORIZON)[department.pk], at)


def presence(department: Department, at: datetime) -> dict[str, Any]:
    """Who is on duty at an instant and why, until when nobody comes or goes, and who is the next; None: not within ``rosters.HORIZON``."""
    roster = rosters_of([department], at, at + HORIZON)[department.pk]
    found = rosters.stretches(roster, at, at + HORIZON)
    present = next(found)
    following = next((one for one in found if one.people), None)
    if roster.on(at.astimezone(roster.zone).date()).on is not None:
        known_by = "roster"
    else:
        known_by = "members" if roster.hours is None else "calendar"
    return {
        "at": at,
        "known_by": known_by,
        "people": list(present.people),
        "until": present.end if present.end < at + HORIZON else None,
        "next": {"at": following.begin, "people": list(following.people)} if following else None,
    }


def rosters_of(departments: Iterable[Department], since: datetime, until: datetime) -> dict[UUID, Roster]:
    """What decides who is on duty in each of them from ``since`` to ``until``, in eight queries at most."""
    wanted = {department.pk: department for department in departments}
    if not wanted:
        return {}
    day = timedelta(days=1)  # wherever they are, their date is within one of that in UTC
    first, last = since.astimezone(UTC).date() - day, until.astimezone(UTC).date() + day
    rows = DutyShift.objects.on_or_after(first).on_or_before(last).filter(person__is_active=True)
    everywhere: list[Shift] = []
    shifts: dict[UUID, list[Shift]] = {pk: [] for pk in wanted}
    for row in rows.filter(Q(department__in=wanted) | Q(department=None)):
        shift = Shift(row.person_id, (row.opens, row.closes), row.kind == row.Kind.OFF, row.on, row.weekday, row.since, row.until)
        (shifts[row.department_id] if row.department_id else everywhere).append(shift)
    members: dict[UUID, list[UUID]] = {pk: [] for pk in wanted}
    belong = Department.members.through.objects.filter(department__in=wanted, user__is_active=True)
    for pk, person in belong.values_list("department", "user"):
        members[pk].append(person)
    hours = _calendars_of(wanted)
    return {
        pk: Roster(ZoneInfo(department.time_zone), [*shifts[pk], *everywhere], members[pk], hours[pk]) for pk, department in wanted.items()
    }


def _calendars_of(departments: Iterable[UUID]) -> dict[UUID, Any]:
    """The hours of many departments: ``calendars.of_department`` of each, None where there is no calendar."""
    wanted = set(departments)
    tree = {pk: (parent, calendar) for pk, parent, calendar in Department.objects.values_list("pk", "parent", "calendar")}
    above = {pk: parent for pk, (parent, _) in tree.items()}
    own = {one: next((tree[pk][1] for pk in _upwards(one, above) if tree[pk][1]), None) for one in wanted}
    rows = BusinessCalendar.objects.whole().filter(Q(pk__in={pk for pk in own.values() if pk}) | Q(is_default=True))
    hours = {(None if row.is_default else row.pk): calendars.hours_of(row) for row in rows}
    hours |= {row.pk: hours[None] for row in rows if row.is_default}
    return {one: hours.get(own[one], hours.get(None)) for one in wanted}


def _upwards(department: UUID, above: dict[UUID, UUID | None]) -> Iterable[UUID]:
    """The department itself, the one above it, and so on; a circle ends where it began."""
    seen: set[UUID] = set()
    at: UUID | None = department
    while at is not None and at not in seen:
        seen.add(at)
        yield at
        at = above[at]


def fortnight(department: Department, *, now: datetime) -> list[dict[str, Any]]:
    """The next fourteen days for a picture: the date, and lines of people with bars in per cent of the day of the department's zone.

    People who are there at the same hours share a line; ``away`` names those of whom the roster says so.
    """
    zone = ZoneInfo(department.time_zone)
    today = now.astimezone(zone).date()
    midnights = [datetime.combine(today + timedelta(days=n), time.min, tzinfo=zone) for n in range(15)]
    roster = rosters_of([department], midnights[0], midnights[-1])[department.pk]
    mine = {*roster.members, *(shift.person for shift in roster.shifts if not shift.is_away)}
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=mine)}
    shown = []
    for midnight, after in pairwise(midnights):
        day, plan = midnight.date(), roster.on(midnight.date())
        bars: dict[UUID, list[tuple[int, int]]] = {}
        for one in rosters.stretches(roster, midnight, after):
            for person in one.people:
                ends = bars.setdefault(person, [])
                opens, closes = _minute(one.begin.astimezone(zone)), _minute(one.end.astimezone(zone)) or 1440
                if ends and ends[-1][1] == opens:
                    opens = ends.pop()[0]
                ends.append((opens, closes))
        together: dict[tuple[tuple[int, int], ...], list[str]] = {}
        for person in sorted(bars, key=lambda one: (bars[one], names[one])):
            together.setdefault(tuple(bars[person]), []).append(names[person])
        lines = [
            {"who": _said(people, plan, len(roster.members)), "bars": [_bar(*one) for one in ends]} for ends, people in together.items()
        ]
        away = sorted(names[person] for person in plan.away if person in mine)
        shown.append({"on": day, "is_today": day == today, "lines": lines, "away": away})
    return shown


def _said(people: list[str], plan: rosters.Plan, members: int) -> str:
    if plan.on is None:
        count = f"all {members}" if len(people) == members else f"{len(people)} of {members}"
        return f"{count} members: there is no roster"
    return ", ".join(people[:6]) + (f" and {len(people) - 6} more" if len(people) > 6 else "")


def _minute(wall: datetime) -> int:
    return wall.hour * 60 + wall.minute


def _bar(opens: int, closes: int) -> dict[str, Any]:
    said = f"{calendars.clock(opens)}–{calendars.clock(closes)}"
    return {"left": round(opens / 14.4, 2), "width": round(max(closes - opens, 0) / 14.4, 2), "said": said}
