"""/me/: a frontend asks who it is and what it may do."""

from functools import cache
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework import serializers
from rest_framework.response import Response

from config.api.permissions import KNOWN
from config.api.viewsets import ApiViewSet, example, operation
from config.platform.models import Role, Scope, User


@example(
    {
        "id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
        "username": "anna",
        "display_name": "Иванова Анна",
        "role": "agent",
        "time_zone": "Europe/Moscow",
        "scopes": [],
        "token_expires_at": "2026-11-24T07:00:00Z",
        "may": ["contacts_list", "contacts_create", "calls_wrap_up"],
    },
    name="An operator",
)
class MeSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    username = serializers.CharField()
    display_name = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    time_zone = serializers.CharField(help_text="IANA name.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices), help_text="What the token is limited to; empty: not limited."
    )
    token_expires_at = serializers.DateTimeField(allow_null=True)
    may = serializers.ListField(child=serializers.CharField(), help_text="Operation ids of this document that you may call.")


@cache
def operations() -> tuple[tuple[str, Any], ...]:
    """Every operation id with its permit, read from the routes once."""
    found: dict[str, Any] = {}

    def walk(patterns: list[Any]) -> None:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns)
            elif isinstance(pattern, URLPattern) and hasattr(pattern.callback, "actions"):
                view: Any = pattern.callback
                resource = getattr(view.cls, "resource", None)
                for action in view.actions.values():
                    if resource and action in view.cls.permits:
                        found[f"{resource}_{action}"] = view.cls.permits[action]

    walk(get_resolver().url_patterns)
    return tuple(sorted(found.items()))


class MeViewSet(ApiViewSet):
    """Who am I."""

    resource = "me"
    serializer_class = MeSerializer
    queryset = User.objects.none()
    permits = {"retrieve": KNOWN}

    @operation(answer=MeSerializer, method="get")
    def retrieve(self, request) -> Response:
        """Who am I

        Your name, role and scopes, and the operations you may call: draw your menus from `may`.
        """
        user, token = self.user, self.token
        return Response(
            MeSerializer(
                {
                    "id": user.pk,
                    "username": user.username,
                    "display_name": user.get_full_name(),
                    "role": user.role,
                    "time_zone": user.time_zone,
                    "scopes": token.scopes if token else [],
                    "token_expires_at": token.expires_at if token else None,
                    "may": [name for name, permit in operations() if permit.holds_for(user, token)],
                }
            ).data
        )
