from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from uuid_utils.compat import uuid7


class Role(models.TextChoices):
    """What somebody is here. It decides alone what they may do; a token's scopes can only narrow it."""

    AGENT = "agent", "Agent"
    SUPERVISOR = "supervisor", "Supervisor"
    BACK_OFFICE = "back_office", "Back office"
    ADMIN = "admin", "Administrator"
    INTEGRATION = "integration", "Integration"


PEOPLE = (Role.AGENT, Role.SUPERVISOR, Role.BACK_OFFICE, Role.ADMIN)
LEADERS = (Role.SUPERVISOR, Role.ADMIN)


class PeopleManager(UserManager["User"]):
    """Django's own, with one thing more: whoever may do everything in the admin is an administrator everywhere."""

    def create_superuser(self, username: str, email: str | None = None, password: str | None = None, **extra: Any) -> "User":
        """What ``manage.py createsuperuser`` makes: an administrator."""
        return super().create_superuser(username, email, password, **{"role": Role.ADMIN, **extra})


class User(AbstractUser):
    """Somebody who acts: a person or a machine.

    ``surname``, ``name``, ``patronymic`` are the words of the whole API; Django's ``first_name`` and ``last_name`` are not used.
    """

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    role = models.CharField(max_length=20, choices=Role, default=Role.AGENT)
    surname = models.CharField(max_length=100, blank=True)
    name = models.CharField(max_length=100, blank=True)
    patronymic = models.CharField(max_length=100, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC", help_text="IANA name; times are shown to this person in it.")
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[UserManager] = PeopleManager()

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(name="user_role_is_known", condition=models.Q(role__in=Role.values)),
        ]

    def get_full_name(self) -> str:
        return " ".join(filter(None, [self.surname, self.name, self.patronymic])) or self.username

    def get_short_name(self) -> str:
        return self.name or self.username

    def __str__(self) -> str:
        return self.get_full_name()
