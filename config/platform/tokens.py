"""Issue, check and revoke API tokens."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from config.platform import statements
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import ApiToken, Role, Scope, User
from config.platform.moves import change

PREFIX = "swb_"
USE_NOTED_EVERY = timedelta(minutes=1)


class ScopesNeeded(Refusal):
    """An integration's token must name what it may do; give at least one scope."""

    code = "scopes_needed"
    status = 400
    advice = "Send `scopes` with at least one: each operation names the one that it needs."


def digest_of(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


@transaction.atomic
def issue(
    user: User, *, name: str, scopes: Sequence[str] = (), expires_at: datetime | None = None, by: User | None, now: datetime
) -> tuple[ApiToken, str]:
    """Make a token for ``user``; the second value is the token itself, which nobody can see again.

    Raises:
        ScopesNeeded: the user is an integration and ``scopes`` is empty.
    """
    if user.role == Role.INTEGRATION and not scopes:
        raise ScopesNeeded("Say what this integration may do: give at least one scope.", known=list(Scope.values))
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user, name=name, digest=digest_of(secret), hint=secret[:8], scopes=sorted(set(scopes)), expires_at=expires_at
    )
    record(token, "issue", by=by, now=now, before={})
    return token, secret


def check(secret: str, *, now: datetime) -> ApiToken | None:
    """The living token of a living user, or None. One query; the use is noted at most once a minute."""
    token_columns, user_columns, sql = _living()
    found = statements.rows(sql, [digest_of(secret), now])
    token = token_columns.make(found[0][: len(token_columns)]) if found else None
    if token:
        token.user = user_columns.make(found[0][len(token_columns) :])
    if token and (token.last_used_at is None or now - token.last_used_at > USE_NOTED_EVERY):
        ApiToken.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY), pk=token.pk).update(last_used_at=now)
    return token


@cache
def _living() -> tuple[statements.Columns[ApiToken], statements.Columns[User], str]:
    """A living token with its user by its digest: in every request, so composed once. The same rule as ``ApiToken.objects.alive``."""
    token, user = statements.Columns(ApiToken, "t"), statements.Columns(User, "u", without=("password",))
    return (
        token,
        user,
        f"SELECT {token.sql}, {user.sql} FROM platform_apitoken t JOIN platform_user u ON u.id = t.user_id "  # noqa: S608 (names of models)
        "WHERE t.digest = %s AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > %s) AND u.is_active",
    )


def revoke(token_id: UUID, *, by: User | None, now: datetime) -> ApiToken:
    """Close a token for ever. Revoking it again changes nothing."""
    with transaction.atomic():
        token = ApiToken.objects.select_for_update().get(pk=token_id)
        if token.revoked_at:
            return token
        with change(ApiToken, token_id, "revoke", by=by, now=now) as token:
            token.revoked_at = now
    return token
