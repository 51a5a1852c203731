"""Issue, check and revoke API tokens."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

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
    token = ApiToken.objects.alive(now).select_related("user").filter(digest=digest_of(secret), user__is_active=True).first()
    if token and (token.last_used_at is None or now - token.last_used_at > USE_NOTED_EVERY):
        ApiToken.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY), pk=token.pk).update(last_used_at=now)
    return token


def revoke(token_id: UUID, *, by: User | None, now: datetime) -> ApiToken:
    """Close a token for ever. Revoking it again changes nothing."""
    with transaction.atomic():
        token = ApiToken.objects.select_for_update().get(pk=token_id)
        if token.revoked_at:
            return token
        with change(ApiToken, token_id, "revoke", by=by, now=now) as token:
            token.revoked_at = now
    return token
