"""Who may do what: every action of every viewset says it, in one line."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from rest_framework.permissions import BasePermission

from config.platform.models import ApiToken, Role, Scope, User

if TYPE_CHECKING:  # the settings name this module, so it may not import rest_framework.views while that is loading
    from rest_framework.request import Request
    from rest_framework.views import APIView


@dataclass(frozen=True)
class Permit:
    """The roles that may, and the scope that a token needs for it (empty: no limited token ever may)."""

    roles: frozenset[str]
    scope: str = ""
    everyone: bool = False
    known: bool = False

    def holds_for(self, user: User | None, token: ApiToken | None) -> bool:
        """Whether this caller may. An integration has no rights but its scopes; a person's scopes only narrow the role."""
        if self.everyone:
            return True
        if user is None:
            return False
        if self.known:
            return True
        scopes = token.scopes if isinstance(token, ApiToken) else []
        if user.role == Role.INTEGRATION:
            return bool(self.scope) and self.scope in scopes
        return user.role in self.roles and (not scopes or self.scope in scopes)


def allow(*roles: Role, scope: Scope | str = "") -> Permit:
    """These roles, and integrations whose token has ``scope``."""
    return Permit(frozenset(roles), str(scope))


ANYBODY = Permit(frozenset(), everyone=True)
KNOWN = Permit(frozenset(Role.values), known=True)  # whoever has a valid token, whatever its scopes


class RolePermission(BasePermission):
    """A viewset names a permit for each of its actions; an action it does not name is closed to all."""

    def has_permission(self, request: "Request", view: "APIView") -> bool:
        action = getattr(view, "action", None)
        if action in (None, "metadata"):  # a method that the address does not have: let the view say 405 to whoever is known
            return bool(request.user)
        permit: Permit | None = getattr(view, "permits", {}).get(action)
        return permit is not None and permit.holds_for(cast("User | None", request.user), cast("ApiToken | None", request.auth))
