from django.conf import settings
from django.db import models
from django.db.models import F, Q

from config.platform.models import Row, User
from crm.models.trees import refuse_circle


class DepartmentQuerySet(models.QuerySet["Department"]):
    def visible_to(self, user: User) -> "DepartmentQuerySet":
        """Everybody sees the whole tree: one must know whom to pass a caller to."""
        return self


class Department(Row):
    """A part of the company that solves things. Departments form a tree."""

    name = models.CharField(max_length=100)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    head = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="headed_departments")
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="departments", blank=True)
    time_zone = models.CharField(max_length=64, default="UTC", help_text="IANA name.")
    calendar = models.ForeignKey(
        "crm.BusinessCalendar",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="departments",
        help_text="When it works; empty: that of the department above, else the default one.",
    )
    is_active = models.BooleanField(default=True)

    objects = DepartmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["parent", "name"],
                name="one_department_name_per_parent",
                nulls_distinct=False,
                violation_error_message="There is a department of this name here already.",
            ),
            models.CheckConstraint(
                name="department_is_not_its_own_parent",
                condition=Q(parent=None) | ~Q(parent=F("id")),
                violation_error_message="A department cannot be its own parent.",
            ),
        ]

    def clean(self) -> None:
        refuse_circle(self)

    def __str__(self) -> str:
        return self.name


class TeamQuerySet(models.QuerySet["Team"]):
    def visible_to(self, user: User) -> "TeamQuerySet":
        """Everybody sees the teams."""
        return self


class Team(Row):
    """People who work together under one supervisor."""

    name = models.CharField(max_length=100, unique=True, error_messages={"unique": "There is a team of this name already."})
    department = models.ForeignKey(Department, null=True, blank=True, on_delete=models.PROTECT, related_name="teams")
    lead = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="led_teams")
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="teams", blank=True)
    is_active = models.BooleanField(default=True)

    objects = TeamQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name
