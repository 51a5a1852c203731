"""Loaded by a Celery worker that ``up`` started: says when the worker takes tasks, by making the file READY_FILE."""

import os
from pathlib import Path
from typing import Any

from celery.signals import worker_ready


@worker_ready.connect
def announce(**_: Any) -> None:
    """Make the file."""
    if os.environ.get("READY_FILE"):
        Path(os.environ["READY_FILE"]).touch()
