from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Func


class PresentTransaction(Func):
    """The number of the transaction that writes: ``pg_current_xact_id()``, which never comes around again."""

    template = "pg_current_xact_id()::text::bigint"
    output_field = models.BigIntegerField()
    arity = 0


class FeedMessage(models.Model):
    """Something one person must see on their screen now: a line of their live feed, written in the transaction that caused it.

    ``id`` is given when the row is written and not when it is committed, so a reader that remembers only the last id would miss rows of
    slower transactions: ``transaction`` tells which were under way then (see ``config.platform.feed_reading``).
    """

    id = models.BigAutoField(primary_key=True)
    transaction = models.BigIntegerField(db_default=PresentTransaction(), editable=False)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=60)
    about = models.UUIDField(null=True, help_text="The call, the return call, the callback … that it tells of.")
    contact = models.UUIDField(null=True, help_text="The contact that it speaks of, so that erasing finds it.")
    data: Any = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "message of the live feed"
        verbose_name_plural = "messages of the live feed"
        indexes = [
            models.Index(fields=["recipient", "transaction"], name="feed_of_person"),
            models.Index(fields=["at"], name="feed_by_time"),
            models.Index(fields=["contact"], condition=models.Q(contact__isnull=False), name="feed_of_contact"),
        ]

    def __str__(self) -> str:
        return self.kind
