from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.db import models
from uuid_utils.compat import uuid7


class Row(models.Model):
    """What every table has: a time-ordered id, two timestamps for people who audit, and a version for ETag.

    The timestamps are facts about the record, not about the business: rules use their own dates.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    #: What the columns were before the change for which ``moves`` holds the row, as ``history.snapshot`` has them.
    was: Mapping[str, Any] = MappingProxyType({})

    class Meta:
        abstract = True
