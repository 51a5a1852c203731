"""/tokens/: sign in, list, make for others, revoke."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.response import Response

from config.api.permissions import ANYBODY, allow
from config.api.throttling import PerCaller, PerLogin
from config.api.viewsets import ReadViewSet, example, operation
from config.platform import tokens
from config.platform.errors import Refusal
from config.platform.models import PEOPLE, ApiToken, Role, Scope, User


class LockedOut(Refusal):
    """Too many failed logins for this name from this address. Wait a quarter of an hour, or ask an administrator."""

    code = "locked_out"
    status = 429
    retry_after_s = 900
    advice = "Wait as long as `Retry-After` says. If the password is forgotten, an administrator sets a new one."


class LoginFailed(AuthenticationFailed):
    """The name or the password is wrong. It is not said which."""

    default_detail = "The name or the password is wrong."
    default_code = "authentication_failed"
    auth_header = 'Bearer realm="switchboard"'


TOKEN = {
    "id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "user": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "name": "Operator's desk",
    "hint": "swb_Qx3v",
    "scopes": [],
    "created_at": "2026-11-23T07:00:00Z",
    "expires_at": "2026-11-23T19:00:00Z",
    "last_used_at": None,
    "revoked_at": None,
}


@example(TOKEN)
class TokenSerializer(serializers.ModelSerializer):
    """A token as it is shown: never its secret."""

    class Meta:
        model = ApiToken
        fields = ["id", "user", "name", "hint", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at"]
        read_only_fields = fields


@example(TOKEN | {"token": "swb_Qx3vPz…"})
class NewTokenSerializer(TokenSerializer):
    token = serializers.CharField(help_text="The token itself. It is shown now and never again.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]
        read_only_fields = fields


@example({"username": "anna", "password": "correct horse battery", "name": "Operator's desk"})
class LoginBody(serializers.Serializer):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=1000, trim_whitespace=False, write_only=True)
    name = serializers.CharField(max_length=100, default="Login", help_text="Where you will use it.")


@example({"user": "0199a1b2-0000-7000-8000-293a4b5c6d7e", "name": "PBX in Manila", "scopes": ["events:write"], "expires_in_days": 365})
class IssueBody(serializers.Serializer):
    user = serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True), help_text="Whose token it will be.")
    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices), default=list, max_length=20)
    expires_in_days = serializers.IntegerField(min_value=1, max_value=3650, allow_null=True, default=None)


class TokenViewSet(ReadViewSet):
    """API tokens."""

    resource = "tokens"
    queryset = ApiToken.objects.all()
    serializer_class = TokenSerializer
    permits = {
        "list": allow(*PEOPLE),
        "retrieve": allow(*PEOPLE),
        "create": ANYBODY,
        "issue": allow(Role.ADMIN),
        "revoke": allow(*PEOPLE),
    }

    def get_authenticators(self) -> list[Any]:
        """Signing in is for those who have no token, or an old one: whatever they send, it is not looked at."""
        is_login = self.request is not None and self.request.method == "POST" and "create" in getattr(self, "action_map", {}).values()
        return [] if is_login else super().get_authenticators()

    def get_throttles(self) -> list[Any]:
        return [PerLogin()] if self.action == "create" else [PerCaller()]

    @operation(answer=TokenSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Tokens

        Your own; an administrator sees everybody's. The secrets themselves cannot be read again.
        """
        return super().list(request)

    @operation(answer=TokenSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One token"""
        return super().retrieve(request, pk)

    @operation(body=LoginBody, answer=NewTokenSerializer, status=201, refusals=[LockedOut, LoginFailed], auth=[])
    def create(self, request) -> Response:
        """Sign in

        Name and password in, a token out: it lives as long as a shift (12 hours, by setting). After five failures the name
        is locked for that address for a quarter of an hour. Integrations do not sign in: an administrator issues their tokens.
        """
        body = self.read(LoginBody)
        user = authenticate(request._request, username=body["username"], password=body["password"])
        if user is None and getattr(request._request, "axes_locked_out", False):
            raise LockedOut("Too many failed logins. Wait 15 minutes, or ask an administrator to unlock the account.")
        if not isinstance(user, User) or user.role == Role.INTEGRATION:
            raise LoginFailed
        user_logged_in.send(User, request=request._request, user=user)  # failures before it are forgotten
        now = timezone.now()
        token, secret = tokens.issue(user, name=body["name"], expires_at=now + settings.LOGIN_TOKEN_LIFETIME, by=user, now=now)
        return self.shown_once(token, secret)

    @operation(body=IssueBody, answer=NewTokenSerializer, status=201, refusals=[tokens.ScopesNeeded], detail=False)
    def issue(self, request) -> Response:
        """Make a token for somebody

        For integrations: name the scopes. `events:write` may post call events and nothing else.
        """
        body = self.read(IssueBody)
        now, days = timezone.now(), body.pop("expires_in_days")
        token, secret = tokens.issue(
            body["user"],
            name=body["name"],
            scopes=body["scopes"],
            expires_at=now + timedelta(days=days) if days else None,
            by=self.user,
            now=now,
        )
        return self.shown_once(token, secret)

    @operation(answer=TokenSerializer)
    def revoke(self, request, pk) -> Response:
        """Revoke a token

        At once and for ever. Revoking it again changes nothing.
        """
        return self.respond(tokens.revoke(self.get_object().pk, **self.by))

    def shown_once(self, token: ApiToken, secret: str) -> Response:
        """The only answer that holds the token itself."""
        return Response(TokenSerializer(token).data | {"token": secret}, status=201)
