from django.conf import settings
from django.db import models

from config.platform.models.rows import Row
from config.platform.sealed import SealedField


class IdempotencyRecord(Row):
    """The answer to a request that carried a key. Written in the transaction of the effect: either both exist or neither."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = SealedField(
        default="null", help_text="As JSON text: the same members in the same order. Sealed: it may hold a token or a person."
    )
    headers = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["by", "key"], name="one_answer_per_key")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_age")]
