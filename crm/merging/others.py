"""What the rest of the house is told when two contacts become one, and when they part again."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from config.platform.models import User
from config.platform.registry import Registry

#: ``(survivor, loser, by, now) -> what to remember``: in the transaction of a merge, before rows move. The answer is JSON.
joined: Registry[Callable[[UUID, UUID, User | None, datetime], dict[str, Any]]] = Registry("told that two contacts become one")

#: ``(survivor, loser, remembered, by, now)``: in the transaction that undoes a merge, after rows have moved back.
parted: Registry[Callable[[UUID, UUID, dict[str, Any], User | None, datetime], None]] = Registry("told that a merge is undone")
