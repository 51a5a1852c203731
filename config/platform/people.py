"""Add and change the people and machines that act here."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import ApiToken, Role, User
from config.platform.moves import change


class PasswordTooWeak(Refusal):
    """The password is too short, too common or too like the name."""

    code = "password_too_weak"
    status = 400
    advice = "Choose a longer password that is neither common nor like the name; `detail` says what is missing."


class LastAdministrator(Refusal):
    """Somebody must be left who can administer: make another administrator first."""

    code = "last_administrator"
    advice = "Make somebody else an administrator first (`PATCH /users/{id}/`), then repeat this."


@transaction.atomic
def add(*, username: str, role: str, password: str = "", by: User | None, now: datetime, **fields: Any) -> User:
    """Make a user. Without a password nobody can sign in as them (right for integrations).

    Raises:
        PasswordTooWeak
    """
    user = User(username=username, role=role, **fields)
    _set_password(user, password)
    _admin_rights(user)
    user.save(force_insert=True)
    record(user, "add", by=by, now=now, before={})
    return user


def alter(user_id: UUID, *, if_version: int | None = None, by: User, now: datetime, **fields: Any) -> User:
    """Change a user. Whoever is switched off loses all tokens at once.

    Raises:
        PasswordTooWeak, LastAdministrator, VersionConflict
    """
    with change(User, user_id, "alter", by=by, now=now, if_version=if_version) as user:
        was_admin = user.role == Role.ADMIN and user.is_active
        password = fields.pop("password", None)
        for name, value in fields.items():
            setattr(user, name, value)
        if password:
            _set_password(user, password)
        _admin_rights(user)
        if was_admin and not (user.role == Role.ADMIN and user.is_active):
            others = User.objects.select_for_update().filter(role=Role.ADMIN, is_active=True).exclude(pk=user.pk)
            if not others.exists():
                raise LastAdministrator("This is the last administrator: make another one first.")
        if not user.is_active or password:
            ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=now)
    return user


def _admin_rights(user: User) -> None:
    """The admin site opens to supervisors and administrators; what they may do there follows from the role."""
    user.is_staff = user.role in (Role.ADMIN, Role.SUPERVISOR)
    user.is_superuser = user.role == Role.ADMIN


def _set_password(user: User, password: str) -> None:
    if not password:
        user.set_unusable_password()
        return
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise PasswordTooWeak(" ".join(error.messages)) from None
    user.set_password(password)
