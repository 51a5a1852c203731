"""Ask for background work by the task's name, after commit: rules never import tasks."""

import logging
from functools import partial
from typing import Any

from celery import current_app
from django.db import transaction

logger = logging.getLogger(__name__)


def later(task: str, **kwargs: Any) -> None:
    """Wake ``task`` with ids once the present transaction commits.

    Only a hint: the work itself is a row that says it is due, and the task's sweep finds it when the message is lost.
    A broker that is away therefore costs the caller nothing but the delay until the next sweep.
    """
    transaction.on_commit(partial(_send, task, kwargs), robust=True)


def _send(task: str, kwargs: dict[str, Any]) -> None:
    try:
        current_app.send_task(task, kwargs=kwargs, ignore_result=True)
    except Exception as error:  # any broker error: the sweep will find the row
        logger.warning("wake_up_lost", extra={"task": task, "error": type(error).__name__})
