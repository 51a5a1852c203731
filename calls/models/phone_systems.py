from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from config.platform.models import Row, User
from config.platform.sealed import SealedField


class PhoneSystemQuerySet(models.QuerySet["PhoneSystem"]):
    def visible_to(self, user: User) -> "PhoneSystemQuerySet":
        """Whoever may read phone systems may read all of them; secrets are never shown."""
        return self


class PhoneSystem(Row):
    """A PBX or a telephony provider that posts the events of its calls here."""

    class Adapter(models.TextChoices):
        NATIVE = "native", "Our own event format"

    class AuthMode(models.TextChoices):
        TOKEN = "token", "Bearer token with the scope events:write"
        HMAC = "hmac_t_v1", "Signature: X-Signature: t=…,v1=…"

    slug = models.SlugField(max_length=50, unique=True, error_messages={"unique": "There is a phone system with this slug already."})
    name = models.CharField(max_length=100)
    adapter = models.CharField(max_length=20, choices=Adapter, default=Adapter.NATIVE)
    auth_mode = models.CharField(max_length=20, choices=AuthMode, default=AuthMode.TOKEN)
    secret = SealedField(blank=True, default="", help_text="For signatures. Never shown again.")
    default_region = models.CharField(max_length=2, default="RU", help_text="ISO 3166-1 alpha-2: numbers without a country belong here.")
    naive_time_zone = models.CharField(max_length=64, default="UTC", help_text="IANA zone of times that come without an offset.")
    own_lines = ArrayField(models.CharField(max_length=20), default=list, blank=True, help_text="Our own numbers, E.164: never customers.")
    stale_after_s = models.PositiveIntegerField(default=4 * 3600, help_text="Silence after which an open call is closed as unknown.")
    is_active = models.BooleanField(default=True)
    last_event_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = PhoneSystemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="phone_system_signature_needs_a_secret",
                condition=~Q(auth_mode="hmac_t_v1") | ~Q(secret=""),
                violation_error_message="A phone system that signs its events needs a secret.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class AgentExtension(Row):
    """Which person answers at which extension of which phone system."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="extensions")
    phone_system = models.ForeignKey(PhoneSystem, on_delete=models.PROTECT, related_name="extensions")
    extension = models.CharField(max_length=50)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["phone_system", "extension"],
                condition=Q(is_active=True),
                name="one_person_per_extension",
                violation_error_message="Somebody has this extension already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.extension} ({self.user})"
