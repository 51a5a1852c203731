from django.conf import settings
from django.db import models
from django.db.models import F, Q

from config.platform.models import Originated, Row, User
from crm.models.contacts import Contact

ERASED = "(erased)"
E164 = r"^\+[1-9][0-9]{3,17}$"


class Purpose(models.TextChoices):
    """What somebody is contacted for."""

    MARKETING = "marketing", "Marketing"
    SURVEY = "survey", "Survey"
    SERVICE = "service", "Service"
    RECORDING = "recording", "Recording of calls"
    DATA_PROCESSING = "data_processing", "Data processing"


class Channel(models.TextChoices):
    """The way somebody is contacted."""

    CALL = "call", "Call"
    SMS = "sms", "SMS"
    EMAIL = "email", "E-mail"


class ConsentQuerySet(models.QuerySet["Consent"]):
    def visible_to(self, user: User) -> "ConsentQuerySet":
        """What a customer allowed is everybody's business: whoever calls next must know."""
        return self

    def latest_first(self) -> "ConsentQuerySet":
        """The statement that counts stands first."""
        return self.order_by("-valid_from", "-id")


class Consent(Originated, Row):
    """One statement of a customer: allowed, refused or withdrawn, for what, by which channel, how we know.

    It names a contact, a number, or both. A statement is never changed and never deleted (a trigger of the table refuses it): what is
    said later counts. Only a merge moves it to another contact, and an erasure takes the words and the number out.
    """

    class Status(models.TextChoices):
        GRANTED = "granted", "Granted"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"

    class ObtainedVia(models.TextChoices):
        CALL = "call", "On a call"
        WEB_FORM = "web_form", "Form on a site"
        SMS = "sms", "SMS"
        EMAIL = "email", "E-mail"
        PAPER = "paper", "On paper"
        IN_PERSON = "in_person", "In person"
        IMPORT = "import", "From a list"
        OTHER = "other", "Otherwise"
        MERGE = "merge", "Kept when contacts were merged"

    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.PROTECT, related_name="consents")
    e164 = models.CharField("number", max_length=20, blank=True)
    number_hash = models.CharField(max_length=64, blank=True, editable=False, help_text="Stands for the number after an erasure.")
    purpose = models.CharField(max_length=20, choices=Purpose)
    channel = models.CharField(max_length=10, choices=Channel)
    status = models.CharField(max_length=10, choices=Status)
    obtained_via = models.CharField(max_length=12, choices=ObtainedVia)
    evidence = models.TextField(blank=True, help_text="What was said, which form, where the paper lies.")
    text_version = models.CharField(max_length=100, blank=True, help_text="Which wording was read or signed.")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True, help_text="From then on it says nothing any more.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False)

    objects = ConsentQuerySet.as_manager()

    class Meta(Originated.Meta):
        abstract = False
        constraints = [
            *Originated.Meta.constraints,
            models.CheckConstraint(
                name="consent_names_a_contact_or_a_number",
                condition=Q(contact__isnull=False) | ~Q(e164="") | ~Q(number_hash=""),
                violation_error_message="Name a contact, a number, or both.",
            ),
            models.CheckConstraint(name="consent_number_is_e164", condition=Q(e164="") | Q(e164__regex=E164)),
            models.CheckConstraint(name="consent_purpose_is_known", condition=Q(purpose__in=Purpose.values)),
            models.CheckConstraint(name="consent_channel_is_known", condition=Q(channel__in=Channel.values)),
            models.CheckConstraint(name="consent_status_is_known", condition=Q(status__in=["granted", "refused", "withdrawn"])),
            models.CheckConstraint(
                name="consent_ends_after_it_begins",
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                violation_error_message="It ends before it begins.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["contact", "purpose", "channel", "-valid_from", "-id"],
                condition=Q(contact__isnull=False),
                name="consent_of_contact",
            ),
            models.Index(fields=["e164", "purpose", "channel", "-valid_from", "-id"], condition=~Q(e164=""), name="consent_of_number"),
            models.Index(fields=["number_hash"], condition=~Q(number_hash=""), name="consent_of_erased_number"),
            models.Index(fields=["contact", "-created_at", "-id"], condition=Q(contact__isnull=False), name="consent_timeline"),
            models.Index(fields=["purpose", "-id"], name="consent_purpose"),
            models.Index(fields=["channel", "-id"], name="consent_channel"),
            models.Index(fields=["status", "-id"], name="consent_status"),
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()}: {self.get_purpose_display()}, {self.get_channel_display()}"
