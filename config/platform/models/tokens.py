from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from config.platform.models.rows import Row


class Scope(models.TextChoices):
    """What a token may be limited to. An integration's token always names its scopes; a person's token may."""

    EVENTS_WRITE = "events:write", "Post call events"
    EVENTS_READ = "events:read", "Read news for other systems"
    CALLS_DIAL = "calls:dial", "Take commands for a phone system: call somebody, pass a call on"
    LOOKUP_READ = "lookup:read", "Ask who is calling"
    CONTACTS_READ = "contacts:read", "Read contacts, phones, timelines"
    CONTACTS_WRITE = "contacts:write", "Write contacts, run imports"
    CALLS_READ = "calls:read", "Read calls and events"
    CALLS_WRITE = "calls:write", "Write up calls, make calls by hand"
    CATALOGUE_READ = "catalogue:read", "Read products and promotions, ask what can be offered"
    CATALOGUE_WRITE = "catalogue:write", "Write products and prices"
    ORDERS_READ = "orders:read", "Read orders"
    ORDERS_WRITE = "orders:write", "Place and change orders"
    KNOWLEDGE_READ = "knowledge:read", "Read articles and scripts"
    KNOWLEDGE_WRITE = "knowledge:write", "Record what was read to whom"
    COMPLAINTS_READ = "complaints:read", "Read complaints"
    COMPLAINTS_WRITE = "complaints:write", "Receive and handle complaints"
    CAMPAIGNS_READ = "campaigns:read", "Read campaigns, their contacts and results"
    CAMPAIGNS_WRITE = "campaigns:write", "Make and run campaigns, lists and surveys"
    CAMPAIGNS_WORK = "campaigns:work", "Take the contacts of campaigns, report what came of them, ask their surveys"
    METRICS_READ = "metrics:read", "Read /metrics"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def alive(self, now: datetime) -> "ApiTokenQuerySet":
        """Those that still open the door: neither revoked nor past their time."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)

    def visible_to(self, user) -> "ApiTokenQuerySet":
        """An administrator sees every token, anybody else their own."""
        return self if user.role == "admin" else self.filter(user=user)


class ApiToken(Row):
    """A bearer token. Only its SHA-256 is kept: 256 random bits need no slow hash (RFC 6750; OWASP, token storage)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100, help_text="Where it is used, so that it can be recognised later.")
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    hint = models.CharField(max_length=16, editable=False, help_text="How the token begins.")
    scopes = ArrayField(models.CharField(max_length=40, choices=Scope), default=list, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"
