"""Queues as the rest of the house asks for them: by the name that a phone system gave."""

from collections.abc import Iterable
from uuid import UUID

from calls.models import Queue
from crm import calendars
from crm.business_time import OpeningHours
from crm.models import BusinessCalendar


def named(slugs: Iterable[str]) -> dict[str, Queue]:
    """The queues of these names; one that nobody described is an unsaved row with the usual values. One statement."""
    wanted = {slug for slug in slugs if slug}
    found = (
        {queue.slug: queue for queue in Queue.objects.filter(slug__in=wanted).select_related("department", "calendar")} if wanted else {}
    )
    return {slug: found.get(slug) or Queue(slug=slug, name=slug) for slug in wanted}


def usual(slug: str = "") -> Queue:
    """The queue of this name, or one with the usual values; calls that came to no queue have the usual values too."""
    return named([slug]).get(slug) or Queue(slug=slug, name=slug)


def hours_of(queue: Queue) -> OpeningHours | None:
    """When the queue is served: its calendar, else its department's, else the default one; None: round the clock."""
    calendar = queue.calendar
    if calendar is None and queue.department is not None:
        calendar = calendars.of_department(queue.department)
    if calendar is None:
        calendar = BusinessCalendar.objects.filter(is_default=True).first()
    return calendars.hours_of(calendar) if calendar is not None else None


def people_of(queue: Queue) -> list[UUID]:
    """Ids of the active people of the teams that serve it; empty when no team does."""
    if queue._state.adding:
        return []
    return list(queue.teams.filter(is_active=True, members__is_active=True).values_list("members", flat=True).distinct())
