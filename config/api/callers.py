"""From where a request comes. Imports nothing of REST framework: its settings lead here."""

import re

from django.conf import settings
from django.http import HttpRequest


def client_ip(request: HttpRequest) -> str | None:
    """The caller's address: the connection's, or what the outermost trusted proxy saw (setting TRUSTED_PROXIES counts them)."""
    trusted = settings.REST_FRAMEWORK["NUM_PROXIES"]
    if trusted:
        seen = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
        if seen:
            return _address(seen[-min(trusted, len(seen))])
    return _address(request.META.get("REMOTE_ADDR") or "")


def _address(text: str) -> str | None:
    return text if re.fullmatch(r"[0-9A-Fa-f.:]{2,45}", text) else None
