"""How often one caller may ask: a window of one minute, counted in Valkey or Redis, told in every answer.

The limit protects; it must never be what stops the work. With the store away, requests pass uncounted, and for a few
seconds nobody even asks it.
"""

import logging
import time
from typing import TYPE_CHECKING

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.throttling import BaseThrottle

from config.api.callers import client_ip
from config.platform.models import Role

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)
WINDOW_S = 60
REST_S = 5.0
_client: redis.Redis | None = None
_asleep_until = 0.0


def store() -> redis.Redis:
    """The connection to the store of counters and tickets."""
    global _client
    if _client is None:
        once = Retry(NoBackoff(), 0)  # by default it tries three times more, and a silent store would hold a request for seconds
        _client = redis.Redis.from_url(settings.RATE_LIMIT_URL, socket_timeout=0.3, socket_connect_timeout=0.3, retry=once)
    return _client


def count(who: str, *, now: float) -> int | None:
    """How many requests ``who`` has made in this window, this one included; None when nobody can tell."""
    global _asleep_until
    if time.monotonic() < _asleep_until:
        return None
    key = f"swb:rate:{who}:{int(now // WINDOW_S)}"
    try:
        pipe = store().pipeline(transaction=False)
        pipe.incr(key)
        pipe.expire(key, WINDOW_S * 2)
        return int(pipe.execute()[0])
    except redis.RedisError as error:
        _asleep_until = time.monotonic() + REST_S
        logger.warning("rate_limit_store_away", extra={"error": type(error).__name__})
        return None


class PerCaller(BaseThrottle):
    """Each user, or each address without a user, has a budget of requests per minute (setting RATE_LIMIT_…)."""

    def kind_and_who(self, request: "Request") -> tuple[str, str]:
        if request.user:
            return ("integration" if request.user.role == Role.INTEGRATION else "caller"), str(request.user.pk)
        return "anonymous", client_ip(request._request) or "unknown"

    def allow_request(self, request: "Request", view: "APIView") -> bool:
        kind, who = self.kind_and_who(request)
        limit = settings.RATE_LIMITS[kind]
        if not limit:
            return True
        now = time.time()
        used = count(f"{kind}:{who}", now=now)
        if used is None:
            return True
        left_s = WINDOW_S - now % WINDOW_S
        self.wait_s = left_s
        request.rate_limit = (limit, max(0, limit - used), int(left_s) + 1)  # type: ignore[attr-defined]
        return used <= limit

    def wait(self) -> float:
        return getattr(self, "wait_s", WINDOW_S)


class PerLogin(PerCaller):
    """Logins: a smaller budget for each address, whoever they claim to be."""

    def kind_and_who(self, request: "Request") -> tuple[str, str]:
        return "login", client_ip(request._request) or "unknown"


class PerOpening(PerCaller):
    """Openings of live streams: each person has few, and a screen that opens them in a loop must not hurt the others."""

    def kind_and_who(self, request: "Request") -> tuple[str, str]:
        return ("stream", str(request.user.pk)) if request.user else super().kind_and_who(request)
