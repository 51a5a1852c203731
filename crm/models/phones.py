from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Q

from config.platform.models import Row
from crm.models.contacts import Contact


class PhoneNumber(Row):
    """A number, once in the whole system: limits, suppressions and attempts hang on it, people and companies share it."""

    class LineType(models.TextChoices):
        MOBILE = "mobile", "Mobile"
        FIXED = "fixed", "Fixed line"
        VOIP = "voip", "Internet"
        UNKNOWN = "unknown", "Unknown"

    class Validity(models.TextChoices):
        UNKNOWN = "unknown", "Not tried yet"
        REACHABLE = "reachable", "Reachable"
        UNREACHABLE = "unreachable", "Unreachable"
        INVALID = "invalid", "Does not exist"
        CHANGED = "changed", "Belongs to somebody else now"

    e164 = models.CharField(max_length=20, unique=True, error_messages={"unique": "This number is in the base already."})
    reversed = models.CharField(max_length=20, editable=False, help_text="Digits from the last to the first: for search by last digits.")
    raw_first_seen = models.CharField(max_length=200, blank=True)
    line_type = models.CharField(max_length=10, choices=LineType, default=LineType.UNKNOWN)
    region = models.CharField(max_length=4, blank=True, help_text="ISO 3166-1 alpha-2.")
    time_zone = models.CharField(max_length=64, blank=True, help_text="IANA name, when the number tells exactly one.")
    validity = models.CharField(max_length=12, choices=Validity, default=Validity.UNKNOWN)
    validity_at = models.DateTimeField(null=True, blank=True)
    is_blocked = models.BooleanField("blocked", default=False, db_default=False, help_text="Calls from it are not to be put through.")

    class Meta:
        indexes = [
            models.Index(OpClass("reversed", name="varchar_pattern_ops"), name="phone_last_digits"),
            models.Index(fields=["validity", "-id"], name="phone_validity"),
            models.Index(fields=["-id"], condition=Q(is_blocked=True), name="phone_blocked"),
            models.Index(fields=["region", "-id"], name="phone_region", condition=~Q(region="")),
        ]
        constraints = [models.CheckConstraint(name="phone_is_e164", condition=Q(e164__regex=r"^\+[1-9][0-9]{3,17}$"))]

    def __str__(self) -> str:
        return self.e164


class ContactPhone(Row):
    """A number as one contact has it."""

    class Label(models.TextChoices):
        MOBILE = "mobile", "Mobile"
        WORK = "work", "Work"
        HOME = "home", "Home"
        OTHER = "other", "Other"

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="contact_phones")
    phone = models.ForeignKey(PhoneNumber, on_delete=models.PROTECT, related_name="contact_phones")
    label = models.CharField(max_length=10, choices=Label, default=Label.OTHER)
    extension = models.CharField(max_length=20, blank=True)
    is_primary = models.BooleanField(default=False)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-is_primary", "order", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "phone", "extension"],
                name="one_phone_once_per_contact",
                violation_error_message="The contact has this number already.",
            ),
            models.UniqueConstraint(
                fields=["contact"],
                condition=Q(is_primary=True),
                name="one_primary_phone_per_contact",
                violation_error_message="A contact has one primary phone.",
            ),
        ]

    def __str__(self) -> str:
        return self.phone.e164
