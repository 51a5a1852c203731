"""Whom an escalation concerns: the people behind "whoever has it", "on duty", "the head", for many complaints at once."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from uuid import UUID

from complaints.models import Complaint, EscalationLevel, Watcher
from config.platform.models import User
from crm import duty
from crm.models import Team

Target = EscalationLevel.Target


class Audience:
    """The people of these complaints and levels. All is asked when it is made: the number of statements is the same for one and for hundreds.

    Only who is active is named. Where a target is nobody, those who lead are told: no escalation goes into the void.
    """

    def __init__(self, complaints: Collection[Complaint], levels: Iterable[EscalationLevel], now: datetime) -> None:
        levels = {level.pk: level for level in levels}.values()
        departments = {one.department_id: one.department for one in complaints if one.department is not None}
        self._on_duty = duty.who_is_on_duty(departments.values(), now) if departments else {}
        self._leaders: dict[UUID | None, list[UUID]] = {}
        self._leaders.update(duty.leaders_of_many(departments.values()).items() if departments else ())
        if any(one.department_id is None for one in complaints):
            self._leaders[None] = duty.leaders_of(None)
        named: list[UUID | None] = [one.assignee_id for one in complaints] + [level.person_id for level in levels]
        named += [department.head_id for department in departments.values()]
        self._active: set[UUID | None] = set(
            User.objects.filter(pk__in=list(filter(None, named)), is_active=True).values_list("pk", flat=True)
        )
        self._teams: dict[UUID | None, list[UUID]] = {}
        if teams := {level.team_id for level in levels if level.target == Target.TEAM and level.team_id is not None}:
            members = Team.objects.filter(pk__in=teams, members__is_active=True).values_list("pk", "members").order_by("members")
            for team, person in members:
                self._teams.setdefault(team, []).append(person)
        self._roles: dict[str, list[UUID]] = {}
        if roles := {level.role for level in levels if level.target == Target.ROLE}:
            for role, person in User.objects.filter(role__in=roles, is_active=True).order_by("pk").values_list("role", "pk"):
                self._roles.setdefault(role, []).append(person)
        self._watchers: dict[UUID, list[UUID]] = {}
        for complaint, person in Watcher.objects.filter(complaint__in=[one.pk for one in complaints]).values_list("complaint", "user"):
            self._watchers.setdefault(complaint, []).append(person)

    def on_duty(self, complaint: Complaint) -> list[UUID]:
        """Who is on duty in its department now."""
        return self._on_duty.get(complaint.department_id, []) if complaint.department_id else []

    def leaders(self, complaint: Complaint) -> list[UUID]:
        """The head and the team leads of its department, as ``duty.leaders_of``."""
        return self._leaders[complaint.department_id]

    def keepers(self, complaint: Complaint) -> list[UUID]:
        """Whoever has it; else those on duty; else those who lead."""
        if complaint.assignee_id is not None and complaint.assignee_id in self._active:
            return [complaint.assignee_id]
        return self.on_duty(complaint) or self.leaders(complaint)

    def concerned(self, complaint: Complaint) -> list[UUID]:
        """Who hears that a promise was broken."""
        return [*self.keepers(complaint), *self.leaders(complaint), *self._watchers.get(complaint.pk, [])]

    def of(self, level: EscalationLevel, complaint: Complaint) -> list[UUID]:
        """Whom a level means."""
        head = complaint.department.head_id if complaint.department is not None else None
        found: dict[str, Callable[[], Iterable[UUID | None]]] = {
            Target.ASSIGNEE: lambda: self.keepers(complaint),
            Target.DUTY: lambda: self.on_duty(complaint),
            Target.HEAD: lambda: [head] if head in self._active else [],
            Target.LEADS: lambda: self.leaders(complaint),
            Target.TEAM: lambda: self._teams.get(level.team_id, []),
            Target.PERSON: lambda: [level.person_id] if level.person_id in self._active else [],
            Target.ROLE: lambda: self._roles.get(level.role, []),
        }
        return [one for one in found[level.target]() if one is not None] or self.leaders(complaint)

    def first(self, people: Collection[UUID], complaint: Complaint) -> UUID | None:
        """To whom of these people it is given: the first who is on duty, else the first; None when whoever has it is among the first choice."""
        present = set(self.on_duty(complaint))
        chosen = [one for one in people if one in present] or list(people)
        return chosen[0] if chosen and complaint.assignee_id not in chosen else None
