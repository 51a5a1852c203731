"""Numbers for Prometheus: requests as they come, and the state of the queues at the moment of asking."""

import os
from collections.abc import Callable

from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client import REGISTRY as PROCESS

from config.platform import mailing
from config.platform.models import Heartbeat
from config.platform.registry import Registry
from config.platform.webhooks import keeping as webhooks

requests_total = Counter("switchboard_http_requests_total", "Requests answered", ["method", "route", "status"])
request_seconds = Histogram(
    "switchboard_http_request_seconds",
    "Time to answer",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
gauges: Registry[Callable[[], dict[tuple[str, ...], float]]] = Registry("gauges read from the database when /metrics is asked")


def heartbeat_age() -> dict[tuple[str, ...], float]:
    """Seconds since the workers of each queue were last heard: beat, broker, worker and database in one figure."""
    now = timezone.now()
    return {(name,): (now - at).total_seconds() for name, at in Heartbeat.objects.values_list("name", "beaten_at")}


gauges.add("heartbeat_age_seconds", heartbeat_age)
gauges.add("letters_owed", mailing.owed)
gauges.add("webhooks_owed", webhooks.owed)
gauges.add("webhooks_failing", webhooks.failing)


def request_done(method: str, route: str, status: int, took_s: float) -> None:
    """Count one answered request; ``route`` is the pattern, never the path, so that no data gets into a label."""
    requests_total.labels(method, route, str(status)).inc()
    request_seconds.labels(method, route).observe(took_s)


def page() -> tuple[bytes, str]:
    """The exposition and its content type. With several web processes their figures are summed (PROMETHEUS_MULTIPROC_DIR)."""
    registry = PROCESS
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
    return generate_latest(registry) + generate_latest(_from_database()), CONTENT_TYPE_LATEST


def _from_database() -> CollectorRegistry:
    now = CollectorRegistry()
    for name, read in gauges:
        gauge = Gauge(f"switchboard_{name}", read.__doc__ or name, ["name"], registry=now)
        for labels, value in read().items():
            gauge.labels(*labels).set(value)
    return now
