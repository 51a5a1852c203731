"""/healthz (alive), /readyz (able to work), /metrics (numbers for Prometheus)."""

import json
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from kombu import Connection

from config.api import metrics
from config.api.permissions import allow
from config.api.problems import problem_page
from config.platform import tokens
from config.platform.models import Heartbeat, Role, Scope

LATE_AFTER = timedelta(minutes=3)
MAY_READ_METRICS = allow(Role.ADMIN, scope=Scope.METRICS_READ)
_migrated = False


def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers. Says nothing of the servers behind it: a restart would not mend them."""
    return HttpResponse(b'{"status":"ok"}', content_type="application/json")


def readyz(request: HttpRequest) -> HttpResponse:
    """Database, migrations and broker, each with its word; 503 when requests could not be served.

    The background parts are told too (``late`` when their heartbeat is older than three minutes) but do not make the web
    process unready: what it accepts is kept in the database until they are back.
    """
    checks = {"database": _database(), "migrations": "unknown", "broker": _broker()}
    if checks["database"] == "ok":
        checks["migrations"] = _migrations()
        checks.update(_background())
    ready = checks["database"] == "ok" and checks["migrations"] == "ok" and checks["broker"] == "ok"
    body = json.dumps({"status": "ready" if ready else "not ready", "checks": checks}).encode()
    return HttpResponse(body, status=200 if ready else 503, content_type="application/json")


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return "ok"
    except DatabaseError:
        connection.close()
        return "away"


def _migrations() -> str:
    global _migrated
    if not _migrated:
        try:
            executor = MigrationExecutor(connection)
            _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        except DatabaseError:
            return "unknown"
    return "ok" if _migrated else "pending"


_broker_seen: tuple[float, str] = (0.0, "")


def _broker() -> str:
    """Asked at most once in two seconds: probes must not load it."""
    global _broker_seen
    now = time.monotonic()
    if _broker_seen[1] and now - _broker_seen[0] < 2:
        return _broker_seen[1]
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS | {"socket_timeout": 1, "socket_connect_timeout": 1}
    try:
        with Connection(settings.BROKER_URL, transport_options=options) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=1)
            broker.default_channel.client.ping() if hasattr(broker.default_channel, "client") else None
        word = "ok"
    except Exception:  # whatever the transport raises, it is away
        word = "away"
    _broker_seen = (now, word)
    return word


def _background() -> dict[str, str]:
    now = timezone.now()
    try:
        beaten = dict(Heartbeat.objects.values_list("name", "beaten_at"))
    except DatabaseError:
        return {}
    return {f"worker_{name}": "ok" if now - at < LATE_AFTER else "late" for name, at in sorted(beaten.items())}


def metrics_page(request: HttpRequest) -> HttpResponse:
    """For an administrator's token, or one with the scope ``metrics:read``."""
    scheme, _, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    token: Any = tokens.check(secret.strip(), now=timezone.now()) if scheme.lower() == "bearer" else None
    if token is None:
        return problem_page(401, "not_authenticated", "Send a token with the scope metrics:read.", headers={"WWW-Authenticate": "Bearer"})
    if not MAY_READ_METRICS.holds_for(token.user, token):
        return problem_page(403, "permission_denied", "The token needs the scope metrics:read.")
    body, content_type = metrics.page()
    return HttpResponse(body, content_type=content_type)
