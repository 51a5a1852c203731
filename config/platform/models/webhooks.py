import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from config.platform.models.outbox import OutboxEvent
from config.platform.models.rows import Row
from config.platform.sealed import SealedField

is_pattern = RegexValidator(r"\A(\*|[a-z0-9_]+(\.[a-z0-9_]+)*(\.\*)?)\Z", "A type as complaint.closed, a family as complaint.*, or *.")


class WebhookEndpointQuerySet(models.QuerySet["WebhookEndpoint"]):
    def awake(self, now: datetime) -> "WebhookEndpointQuerySet":
        """Those that are told now: switched on, and not left in peace for a while."""
        return self.filter(Q(paused_until=None) | Q(paused_until__lte=now), is_active=True)


class WebhookEndpoint(Row):
    """An address of another system to which news is posted (``config.platform.webhooks``).

    ``place_transaction`` and ``place_id`` say up to where the outbox was looked through for it: what comes after is not owed yet. While it is
    switched off nothing more is owed to it, and nothing is forgotten: the place stays.
    """

    class Reason(models.TextChoices):
        BY_HAND = "by_hand", "An administrator switched it off"
        GONE = "gone", "It answered 410: it wants no more"
        FAILING = "failing", "It failed for days"

    name = models.CharField(max_length=100, help_text="Which system it is.")
    description = models.TextField(max_length=1000, blank=True)
    url = models.CharField(max_length=2000, help_text="Where news is posted: https, or http in a network of your own.")
    types = ArrayField(
        models.CharField(max_length=60, validators=[is_pattern]),
        default=list,
        blank=True,
        help_text="Which news: types, or families as complaint.*; none: all.",
    )
    is_active = models.BooleanField(default=True, editable=False)
    secret = SealedField(editable=False)
    previous_secret = SealedField(blank=True, editable=False)
    previous_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    place_transaction = models.BigIntegerField(default=0, editable=False)
    place_id = models.UUIDField(default=uuid.UUID(int=0), editable=False)
    last_delivered_at = models.DateTimeField(null=True, blank=True, editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False, help_text="Nothing was taken since.")
    failures = models.PositiveIntegerField(default=0, editable=False, help_text="One after another, with no success between.")
    paused_until = models.DateTimeField(null=True, blank=True, editable=False, help_text="It is left in peace until then.")
    disabled_at = models.DateTimeField(null=True, blank=True, editable=False)
    disabled_reason = models.CharField(max_length=10, choices=Reason, blank=True, editable=False)

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta:
        verbose_name = "webhook"
        constraints = [
            models.CheckConstraint(condition=~Q(secret=""), name="a_webhook_has_a_secret"),
            models.CheckConstraint(
                condition=Q(is_active=True, disabled_at=None, disabled_reason="")
                | (Q(is_active=False, disabled_at__isnull=False) & ~Q(disabled_reason="")),
                name="a_webhook_that_is_off_says_since_when_and_why",
            ),
            models.CheckConstraint(
                condition=Q(previous_secret="", previous_secret_until=None)
                | (~Q(previous_secret="") & Q(previous_secret_until__isnull=False)),
                name="an_old_secret_of_a_webhook_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if len(set(self.types)) != len(self.types):
            raise ValidationError({"types": "A type is named twice."})


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def owed(self) -> "WebhookDeliveryQuerySet":
        """Those that are neither taken nor given up."""
        return self.filter(state=WebhookDelivery.State.OWED)

    def about(
        self, *, types: Sequence[str] = (), since: datetime | None = None, until: datetime | None = None
    ) -> "WebhookDeliveryQuerySet":
        """Those of these types, of what happened within this time."""
        wanted = self.filter(type__in=types) if types else self
        wanted = wanted.filter(occurred_at__gte=since) if since else wanted
        return wanted.filter(occurred_at__lt=until) if until else wanted


class WebhookDelivery(Row):
    """One piece of news that is owed to one endpoint: tried until it is taken, or for days.

    ``tries`` counts before each try, so one that kills whoever sends it is seen. It may come twice, each time with the same ``webhook-id``: that
    of the news. A test has no news behind it, and its own id. The news itself is not copied, so an erasure need not look here.
    """

    class State(models.TextChoices):
        OWED = "owed", "Owed"
        DELIVERED = "delivered", "Delivered"
        GIVEN_UP = "given_up", "Given up"

    KEPT_ATTEMPTS = 20

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(OutboxEvent, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries")
    type = models.CharField(max_length=60)
    occurred_at = models.DateTimeField(help_text="When it happened of which it tells.")
    state = models.CharField(max_length=10, choices=State, default=State.OWED)
    owed_at = models.DateTimeField(help_text="Since when it is tried; a replay begins anew.")
    due_at = models.DateTimeField(help_text="When it is tried next.")
    settled_at = models.DateTimeField(null=True, blank=True, help_text="When it was taken or given up.")
    tries = models.PositiveIntegerField(default=0)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="What the other system answered; null when it did not.")
    last_took_ms = models.PositiveIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    attempts: Any = models.JSONField(default=list, encoder=DjangoJSONEncoder, help_text="The last tries: at, status, took_ms, error.")

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = "webhook delivery"
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event"], name="a_webhook_is_owed_its_news_once"),
            models.CheckConstraint(
                condition=Q(state="owed", settled_at=None) | (~Q(state="owed") & Q(settled_at__isnull=False)),
                name="a_delivery_that_is_settled_says_when",
            ),
        ]
        indexes = [
            models.Index(fields=["endpoint", "due_at", "id"], condition=Q(state="owed"), name="webhook_due"),
            models.Index(fields=["endpoint", "state", "id"], name="webhook_of_endpoint"),
            models.Index(fields=["endpoint", "occurred_at"], name="webhook_by_time"),
            models.Index(fields=["type", "id"], name="webhook_of_type"),
            models.Index(fields=["state", "id"], name="webhook_in_state"),
            models.Index(fields=["settled_at"], condition=Q(settled_at__isnull=False, event=None), name="webhook_tests_settled"),
        ]

    def __str__(self) -> str:
        return self.type

    @property
    def webhook_id(self) -> str:
        """The same for every try: the news' own id."""
        return str(self.event_id or self.pk)
