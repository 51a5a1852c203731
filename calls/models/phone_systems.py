from datetime import datetime
from ipaddress import ip_network
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from calls.phone_systems import adapters
from config.platform import destinations
from config.platform.models import Row, User
from config.platform.sealed import SealedField


class PhoneSystemQuerySet(models.QuerySet["PhoneSystem"]):
    def visible_to(self, user: User) -> "PhoneSystemQuerySet":
        """Whoever may read phone systems may read all of them; secrets are never shown."""
        return self


class PhoneSystem(Row):
    """A PBX or a telephony provider that posts the events of its calls here."""

    class AuthMode(models.TextChoices):
        TOKEN = "token", "Bearer token with the scope events:write"
        HMAC = "hmac_t_v1", "Signature: X-Signature: t=…,v1=…"
        STANDARD_WEBHOOKS = "standard_webhooks", "Standard Webhooks"
        BASIC = "basic", "User name and password (HTTP basic)"
        BODY_TOKEN = "body_token", "A token in the body or the query"
        TWILIO = "twilio_sha1", "Twilio: X-Twilio-Signature"
        ED25519 = "ed25519", "Telnyx: public key"
        JWT = "jwt_hs256", "Vonage: signed webhooks"
        MANGO = "mango_sha256", "Mango Office: key and salt"
        ZADARMA = "zadarma_sha1", "Zadarma: Signature"

    class RecordingAuth(models.TextChoices):
        NONE = "none", "Nothing"
        BASIC = "basic", "User name and password: account and secret"
        BEARER = "bearer", "The secret as a bearer token"

    class TakesCommands(models.TextChoices):
        POST = "post", "We post them to it"
        POLL = "poll", "It asks for them"

    slug = models.SlugField(max_length=50, unique=True, error_messages={"unique": "There is a phone system with this slug already."})
    name = models.CharField(max_length=100)
    adapter = models.CharField(max_length=20, choices=adapters.choices, default="native")
    auth_mode = models.CharField(max_length=20, choices=AuthMode, default=AuthMode.TOKEN)
    secret = SealedField(blank=True, default="", help_text="For signatures. Never shown again.")
    account = models.CharField(
        max_length=200, blank=True, help_text="The public half: user name, API key; which one, the page of the phone system tells."
    )
    old_secret = SealedField(blank=True, default="", editable=False)
    old_secret_until = models.DateTimeField(null=True, blank=True, editable=False, help_text="Until then the secret before counts too.")
    public_url = models.URLField(
        max_length=500,
        blank=True,
        help_text="The address as the phone system has it, when a proxy shows us another: signatures are made over it.",
    )
    allowed_networks = ArrayField(
        models.CharField(max_length=43),
        default=list,
        blank=True,
        help_text="CIDR. Empty: from anywhere. Only besides a secret, never instead.",
    )
    default_region = models.CharField(max_length=2, default="RU", help_text="ISO 3166-1 alpha-2: numbers without a country belong here.")
    naive_time_zone = models.CharField(max_length=64, default="UTC", help_text="IANA zone of times that come without an offset.")
    own_lines = ArrayField(models.CharField(max_length=20), default=list, blank=True, help_text="Our own numbers, E.164: never customers.")
    stale_after_s = models.PositiveIntegerField(default=4 * 3600, help_text="Silence after which an open call is closed as unknown.")
    follows_routes = models.BooleanField(
        default=False, help_text="Answers may put a caller through to the operator who knows them, where the phone system obeys."
    )
    recordings_at = models.CharField(
        max_length=500,
        blank=True,
        help_text="Where recordings lie that are told of by a name only: https://pbx.example/recordings/{id}.",
    )
    recording_auth = models.CharField(
        max_length=10, choices=RecordingAuth, default=RecordingAuth.NONE, help_text="With what recordings are fetched: account and secret."
    )
    recording_hosts = ArrayField(
        models.CharField(max_length=253),
        default=list,
        blank=True,
        help_text="Host names that recordings are fetched from. Empty: from wherever the events say, and never with a secret.",
    )
    takes_commands = models.CharField(
        max_length=4, choices=TakesCommands, blank=True, help_text="How it is told to call somebody; empty: it cannot be told."
    )
    takes_transfers = models.BooleanField(default=False, help_text="It is told of transfers that operators ask for, too.")
    dial_url = models.URLField(max_length=500, blank=True, help_text="Where commands are posted to.")
    dial_secret = SealedField(blank=True, default="", help_text="Commands are signed with it (Standard Webhooks). Never shown again.")
    is_active = models.BooleanField(default=True)
    last_event_at = models.DateTimeField(null=True, blank=True, editable=False)
    refused = models.PositiveIntegerField(default=0, editable=False, help_text="Deliveries that could not prove who sent them.")
    last_refused_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = PhoneSystemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="phone_system_signature_needs_a_secret",
                condition=Q(auth_mode="token") | ~Q(secret=""),
                violation_error_message="A phone system that signs its events needs a secret.",
            ),
            models.CheckConstraint(
                name="recording_auth_needs_a_secret_and_hosts",
                condition=Q(recording_auth="none") | (~Q(secret="") & ~Q(recording_hosts=[])),
                violation_error_message="To fetch recordings with a secret, give the secret and the hosts that may be shown it.",
            ),
            models.CheckConstraint(
                name="phone_system_that_is_posted_to_has_an_address",
                condition=~Q(takes_commands="post") | (~Q(dial_url="") & ~Q(dial_secret="")),
                violation_error_message="To post commands we need an address (dial_url) and a secret to sign with (dial_secret).",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a way to prove oneself that this kind of phone system does not have."""
        modes = adapters.named(self.adapter).auth_modes if self.adapter in adapters.every() else ()
        if self.auth_mode not in modes:
            raise ValidationError({"auth_mode": f"This phone system proves who it is by one of: {', '.join(modes)}."}, code="invalid")
        for network in self.allowed_networks:
            try:
                ip_network(network)
            except ValueError:
                raise ValidationError({"allowed_networks": f"{network} is not a network: write 203.0.113.0/24."}, code="invalid") from None
        if self.recordings_at:
            self._check_place()

    def _check_place(self) -> None:
        if "{id}" not in self.recordings_at:
            raise ValidationError({"recordings_at": "Say where the name goes: https://pbx.example/recordings/{id}."}, code="invalid")
        try:
            destinations.check_url(self.recordings_at.replace("{id}", "name"))
        except destinations.NameUnknown:
            pass  # name servers fail for a moment; it is judged again whenever it is asked
        except destinations.OutgoingRefused as refusal:
            raise ValidationError({"recordings_at": refusal.detail}, code=refusal.code) from None

    def secrets(self, now: datetime) -> list[str]:
        """The secrets that count now: during the overlap of a rotation two."""
        is_overlap = self.old_secret_until is not None and now < self.old_secret_until
        return [one for one in (self.secret, self.old_secret if is_overlap else "") if one]

    @property
    def setting(self) -> adapters.Setting:
        """What its room needs to know."""
        return adapters.Setting(self.default_region, self.naive_time_zone, tuple(self.own_lines))


class RefusedDelivery(models.Model):
    """What could not prove who sent it: a few of the last, cut, without their secrets, for whoever sets a phone system up."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    phone_system = models.ForeignKey(PhoneSystem, on_delete=models.CASCADE, related_name="refusals")
    at = models.DateTimeField()
    reason = models.CharField(max_length=200)
    address = models.GenericIPAddressField(null=True)
    url = models.CharField(max_length=500)
    headers: Any = models.JSONField(default=list, help_text="Their names.")
    body = models.CharField(max_length=2000, blank=True)

    class Meta:
        verbose_name = "refused delivery"
        verbose_name_plural = "refused deliveries"
        indexes = [models.Index(fields=["phone_system", "-id"], name="refused_delivery_of_system")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.reason}"


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
