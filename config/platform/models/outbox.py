from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Func, Q
from uuid_utils.compat import uuid7

from config.platform.models.feed import PresentTransaction


class EldestOpenTransaction(Func):
    """The number of the eldest writing transaction that is not over: all that is written under lower numbers is there and stays."""

    template = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    output_field = models.BigIntegerField()
    arity = 0


class NextTransaction(Func):
    """A number that no transaction of this database has yet."""

    template = "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
    output_field = models.BigIntegerField()
    arity = 0


class OutboxQuerySet(models.QuerySet["OutboxEvent"]):
    def settled(self) -> "OutboxQuerySet":
        """Those before which nothing can come any more, in the order of ``transaction`` and ``id``."""
        return self.filter(transaction__lt=EldestOpenTransaction())


class OutboxEvent(models.Model):
    """News for other systems: written in the transaction that causes it, pulled (``/outbox-events/``) or pushed by its ``id``.

    Neither ``id`` nor ``transaction`` is given at commit, so a reader that remembers the newest it saw would miss what a slower
    transaction writes: they are read in the order of ``transaction``, and only below the eldest transaction under way.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    transaction = models.BigIntegerField(db_default=PresentTransaction(), editable=False)
    type = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=50)
    subject_id = models.UUIDField()
    subject_version = models.PositiveIntegerField(default=0, help_text="The version of the subject after this; 0 where it has none.")
    occurred_at = models.DateTimeField()
    data: Any = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    previous: Any = models.JSONField(
        null=True, encoder=DjangoJSONEncoder, help_text="What the members of data that changed were before; null where nothing was."
    )
    contact = models.UUIDField(null=True, help_text="The contact that it speaks of, so that erasing finds it.")

    objects = OutboxQuerySet.as_manager()

    class Meta:
        verbose_name = "news for other systems"
        verbose_name_plural = "news for other systems"
        indexes = [
            models.Index(fields=["transaction", "id"], name="outbox_in_order"),
            models.Index(fields=["type", "transaction", "id"], name="outbox_of_type"),
            models.Index(fields=["subject_id", "transaction", "id"], name="outbox_of_subject"),
            models.Index(fields=["occurred_at"], name="outbox_by_time"),
            models.Index(fields=["contact"], condition=Q(contact__isnull=False), name="outbox_of_contact"),
        ]

    def __str__(self) -> str:
        return self.type
