"""Counts kept ready, so that a report on ten million calls reads thousands of rows. See calls.rollups for how they stay true."""

from django.db import models
from django.db.models import Q


class Figures(models.Model):
    """Sums over the calls that began within a quarter of an hour or an hour from ``bucket_at`` (UTC).

    Only what can be added up; milliseconds, for whole numbers add exactly.
    """

    bucket_at = models.DateTimeField()
    direction = models.CharField(max_length=10)
    queue = models.CharField(max_length=100, blank=True)
    calls = models.PositiveIntegerField()
    offered = models.PositiveIntegerField()
    answered = models.PositiveIntegerField()
    in_time = models.PositiveIntegerField()
    abandoned = models.PositiveIntegerField()
    short_abandons = models.PositiveIntegerField()
    attempts = models.PositiveIntegerField()
    reached = models.PositiveIntegerField()
    handled = models.PositiveIntegerField()
    transfers = models.PositiveIntegerField()
    waits = models.PositiveIntegerField()
    first_contacts = models.PositiveIntegerField()
    repeated = models.PositiveIntegerField()
    wait_ms = models.BigIntegerField()
    longest_wait_ms = models.BigIntegerField()
    talk_ms = models.BigIntegerField()
    hold_ms = models.BigIntegerField()
    wrap_ms = models.BigIntegerField()

    class Meta:
        abstract = True


class QueueRollup(Figures):
    """A quarter of an hour of one queue and direction."""

    id = models.BigAutoField(primary_key=True)

    class Meta:
        verbose_name = "rollup of a queue"
        verbose_name_plural = "rollups of queues"
        constraints = [models.UniqueConstraint(fields=["bucket_at", "direction", "queue"], name="one_rollup_per_queue")]

    def __str__(self) -> str:
        return f"{self.queue or 'no queue'}, {self.direction}"


class AgentRollup(Figures):
    """An hour of one agent in one queue and direction; without an agent: of the calls that nobody took.

    By the quarter there would be nearly as many rows as calls. Who asks for other hours than those of UTC has the calls counted.
    """

    id = models.BigAutoField(primary_key=True)
    agent_id = models.UUIDField(null=True)

    class Meta:
        verbose_name = "rollup of an agent"
        verbose_name_plural = "rollups of agents"
        constraints = [
            models.UniqueConstraint(
                fields=["bucket_at", "direction", "queue", "agent_id"], nulls_distinct=False, name="one_rollup_per_agent"
            )
        ]

    def __str__(self) -> str:
        return f"{self.agent_id or 'nobody'}, {self.direction}"


class TopicRollup(Figures):
    """An hour of one topic in one queue and direction; a call with two topics is in both. Without a topic: of the calls that have none."""

    id = models.BigAutoField(primary_key=True)
    topic_id = models.UUIDField(null=True)

    class Meta:
        verbose_name = "rollup of a topic"
        verbose_name_plural = "rollups of topics"
        constraints = [
            models.UniqueConstraint(
                fields=["bucket_at", "direction", "queue", "topic_id"], nulls_distinct=False, name="one_rollup_per_topic"
            )
        ]

    def __str__(self) -> str:
        return f"{self.topic_id or 'no topic'}, {self.direction}"


class RollupMark(models.Model):
    """Something changed that a quarter of an hour counts: it is counted again. Written by triggers, in the transaction of the change.

    With ``bucket_at``: this quarter. With ``contact_id``: a call of this contact at ``at`` changed, which may be the further call of
    earlier ones. Only added and taken away, never changed: the same quarter may be marked often, and no writer waits for another.
    """

    id = models.BigAutoField(primary_key=True)
    bucket_at = models.DateTimeField(null=True)
    contact_id = models.UUIDField(null=True)
    at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "quarter of an hour to count again"
        verbose_name_plural = "quarters of an hour to count again"
        constraints = [
            models.CheckConstraint(
                name="rollup_mark_is_of_a_quarter_or_of_a_contact",
                condition=Q(bucket_at__isnull=False, contact_id=None, at=None)
                | Q(bucket_at=None, contact_id__isnull=False, at__isnull=False),
            )
        ]
        indexes = [
            models.Index(fields=["bucket_at"], condition=~Q(bucket_at=None), name="rollup_mark_bucket"),
            models.Index(fields=["id"], condition=~Q(contact_id=None), name="rollup_mark_contact"),
        ]

    def __str__(self) -> str:
        return str(self.bucket_at or self.contact_id)


class RollupReach(models.Model):
    """How far back the rollups go: one row. Quarters before ``since`` were never counted, and reports read the calls themselves."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    since = models.DateTimeField()

    class Meta:
        verbose_name = "reach of the rollups"
        verbose_name_plural = "reach of the rollups"
        constraints = [models.CheckConstraint(name="one_reach_of_the_rollups", condition=Q(id=1))]

    def __str__(self) -> str:
        return str(self.since)
