"""Who answers for what: whom to tell when something of a department or of a person needs somebody's eyes."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from config.platform.models import LEADERS, User
from crm.models import Department, Team


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


def leads_of(people: Iterable[UUID]) -> list[UUID]:
    """Those who lead these people: the leads of their teams; every supervisor when there is none."""
    led = Team.objects.filter(members__in=list(people), is_active=True, lead__is_active=True)
    found = list(led.order_by("lead").values_list("lead", flat=True).distinct())
    return found or leaders_of(None)
