"""Who is asking: a bearer token, or somebody signed in to the admin."""

from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed

from config.platform import tokens
from config.platform.models import ApiToken, User

if TYPE_CHECKING:  # the settings name this module, so it may not import rest_framework.views while that is loading
    from rest_framework.request import Request

LOCKED_OUT = "Too many failed logins. Wait 15 minutes, or ask an administrator to unlock the account."
REALM = 'Bearer realm="switchboard"'


class BearerAuthentication(BaseAuthentication):
    """``Authorization: Bearer <token>`` (RFC 6750)."""

    def authenticate(self, request: "Request") -> tuple[User, ApiToken] | None:
        scheme, _, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = tokens.check(secret.strip(), now=timezone.now())
        if token is None:
            raise AuthenticationFailed("The token is not valid: it may have expired or been revoked. Ask for a new one.")
        request._request.served_user_id = str(token.user_id)  # type: ignore[attr-defined]
        return token.user, token

    def authenticate_header(self, request: "Request") -> str:
        return REALM


class AdminSessionAuthentication(SessionAuthentication):
    """The session of the admin, so that the documentation pages can be tried by whoever is signed in there (CSRF checked)."""


def locked_out_page(request: HttpRequest, credentials: object, *args: object, **kwargs: object) -> HttpResponse:
    """What a login answers after too many failures: a problem to the API, a sentence to the admin."""
    if request.path.startswith("/api/"):
        from config.api.problems import problem_page  # the settings of REST framework lead here while it is loading

        return problem_page(429, "locked_out", LOCKED_OUT, headers={"Retry-After": "900"})
    return HttpResponse(
        LOCKED_OUT,
        status=429,
        content_type="text/plain; charset=utf-8",
        headers={"Retry-After": "900"},
    )
