"""Ask for background work by the task's name, after commit: rules never import tasks."""

import logging
import time
from functools import partial
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.pools import producers

logger = logging.getLogger(__name__)
HURRY = {"socket_timeout": 1, "socket_connect_timeout": 1}  # a hint is not worth more of a writer's time
REST_S = 5.0
_asleep_until = 0.0


def later(task: str, **kwargs: Any) -> None:
    """Wake ``task`` with ids once the present transaction commits.

    Only a hint: the work itself is a row that says it is due, and the task's sweep finds it when the message is lost.
    A broker that is away therefore costs the caller nothing but the delay until the next sweep; one that hangs costs
    one caller in five seconds a moment.
    """
    transaction.on_commit(partial(_send, task, kwargs), robust=True)


def _send(task: str, kwargs: dict[str, Any]) -> None:
    global _asleep_until
    if time.monotonic() < _asleep_until:
        return
    try:
        broker = current_app.connection_for_write()
        broker.transport_options = {**(broker.transport_options or {}), **HURRY}
        with producers[broker].acquire(block=True, timeout=1) as producer:
            current_app.send_task(task, kwargs=kwargs, producer=producer, ignore_result=True)
    except Exception as error:  # any broker error: the sweep will find the row
        _asleep_until = time.monotonic() + REST_S
        logger.warning("wake_up_lost", extra={"task": task, "error": type(error).__name__})
