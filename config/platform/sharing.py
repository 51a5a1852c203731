"""Work out once what many ask for at the same moment: one process does it, the others take what it found.

Kept in the store of rate limits for a moment, and in the process. It must never be what stops the answer: with the store away every
process works it out for itself, once for all its threads.
"""

import logging
import threading
import time
from collections.abc import Callable

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)
REST_S = 5.0
WAIT_S = 3.0
LOOK_EVERY_S = 0.02
KEPT_MS = 60_000
_kept: dict[str, tuple[float, bytes]] = {}
_locks: dict[str, threading.Lock] = {}
_client: redis.Redis | None = None
_asleep_until = 0.0


def shared(key: str, make: Callable[[], bytes], *, fresh_s: float) -> bytes:
    """What ``make`` gives, at most ``fresh_s`` old when whoever works it out begins. ``fresh_s`` of 0: always anew."""
    if fresh_s <= 0:
        return make()
    found = _kept.get(key)
    if found and time.time() - found[0] < fresh_s:
        return found[1]
    with _locks.setdefault(key, threading.Lock()):
        found = _kept.get(key)
        if found is None or time.time() - found[0] >= fresh_s:
            found = _kept[key] = _from_store(key, make, fresh_s)
        return found[1]


def _from_store(key: str, make: Callable[[], bytes], fresh_s: float) -> tuple[float, bytes]:
    global _asleep_until
    if time.monotonic() < _asleep_until:
        return time.time(), make()
    place, lock = f"swb:shared:{key}", f"swb:shared:{key}:lock"
    try:
        store, until = _store(), time.monotonic() + WAIT_S
        while time.monotonic() < until:
            if (found := _read(store.get(place))) and time.time() - found[0] < fresh_s:
                return found
            if store.set(lock, b"1", nx=True, px=int(WAIT_S * 1000)):
                if (found := _read(store.get(place))) and time.time() - found[0] < fresh_s:
                    _forget(lock)  # somebody finished between the two questions
                    return found
                break
            time.sleep(LOOK_EVERY_S)
    except redis.RedisError as error:
        _rest(error)
        return time.time(), make()
    at = time.time()
    try:
        made = make()
    except BaseException:
        _forget(lock)
        raise
    try:
        store.set(place, f"{at:.6f} ".encode() + made, px=KEPT_MS)
    except redis.RedisError as error:
        _rest(error)
    _forget(lock)
    return at, made


def _read(kept: object) -> tuple[float, bytes] | None:
    if not isinstance(kept, bytes):
        return None
    at, _, made = kept.partition(b" ")
    return float(at), made


def _forget(lock: str) -> None:
    try:
        _store().delete(lock)
    except redis.RedisError as error:
        _rest(error)


def _rest(error: Exception) -> None:
    global _asleep_until
    _asleep_until = time.monotonic() + REST_S
    logger.warning("shared_store_away", extra={"error": type(error).__name__})


def _store() -> redis.Redis:
    global _client
    if _client is None:
        _client = redis.Redis.from_url(settings.RATE_LIMIT_URL, socket_timeout=0.3, socket_connect_timeout=0.3, retry=Retry(NoBackoff(), 0))
    return _client
