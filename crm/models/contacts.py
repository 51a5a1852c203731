from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, HashIndex, OpClass
from django.db import models
from django.db.models import F, Q

from config.platform.models import Originated, Row, User
from config.platform.moves import Movable, Move


class ContactQuerySet(models.QuerySet["Contact"]):
    def visible_to(self, user: User) -> "ContactQuerySet":
        """The base is common: whoever may read contacts may read them all."""
        return self

    def living(self) -> "ContactQuerySet":
        """Without those that were merged into another: their ids still answer, but nobody finds them."""
        return self.filter(merged_into=None)

    def for_api(self) -> "ContactQuerySet":
        """All that ContactSerializer shows, in a fixed number of queries."""
        return self.select_related("employer").prefetch_related("contact_phones__phone", "emails", "addresses")


class Contact(Movable):
    """A person or a company we speak with. A lead may be a phone number and nothing else."""

    STATUS_FIELD = "lifecycle"

    class Kind(models.TextChoices):
        PERSON = "person", "Person"
        COMPANY = "company", "Company"

    class Lifecycle(models.TextChoices):
        LEAD = "lead", "Lead"
        QUALIFIED = "qualified", "Qualified"
        CLIENT = "client", "Client"
        DORMANT = "dormant", "Dormant"
        DISQUALIFIED = "disqualified", "Disqualified"

    MOVES = {
        "qualify": Move(frozenset({Lifecycle.LEAD}), Lifecycle.QUALIFIED),
        "convert": Move(frozenset({Lifecycle.LEAD, Lifecycle.QUALIFIED}), Lifecycle.CLIENT),
        "lapse": Move(frozenset({Lifecycle.CLIENT}), Lifecycle.DORMANT),
        "disqualify": Move(frozenset({Lifecycle.LEAD, Lifecycle.QUALIFIED}), Lifecycle.DISQUALIFIED),
        "reactivate": Move(frozenset({Lifecycle.QUALIFIED, Lifecycle.CLIENT, Lifecycle.DORMANT, Lifecycle.DISQUALIFIED}), Lifecycle.LEAD),
    }

    class TimeZoneSource(models.TextChoices):
        EXPLICIT = "explicit", "Said by somebody"
        NUMBER = "number", "From the phone number"
        UNKNOWN = "unknown", "Unknown"

    kind = models.CharField(max_length=10, choices=Kind, default=Kind.PERSON)
    surname = models.CharField(max_length=100, blank=True)
    name = models.CharField(max_length=100, blank=True)
    patronymic = models.CharField(max_length=100, blank=True)
    company_name = models.CharField(max_length=200, blank=True)
    employer = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="employees")
    lifecycle = models.CharField(max_length=12, choices=Lifecycle, default=Lifecycle.LEAD)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="owned_contacts")
    language = models.CharField(max_length=12, blank=True, help_text="BCP 47, for instance ru or en-PH.")
    time_zone = models.CharField(max_length=64, blank=True, help_text="IANA name.")
    time_zone_source = models.CharField(max_length=10, choices=TimeZoneSource, default=TimeZoneSource.UNKNOWN)
    tags = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    custom_fields = models.JSONField(default=dict, blank=True)
    source = models.CharField(max_length=50, blank=True, help_text="Where the contact came from: a form, a list, a partner.")
    external_id = models.CharField(max_length=100, blank=True, help_text="The id it has at the source.")
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="merged", db_index=False
    )
    search_key = models.TextField(editable=False, default="", help_text="Folded names, made by crm.names.folded.")
    anonymised_at = models.DateTimeField(null=True, editable=False, help_text="When everything personal was taken out of it.")

    objects = ContactQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="contact_company_has_a_company_name",
                condition=~Q(kind="company") | ~Q(company_name=""),
                violation_error_message="A company needs a company name.",
            ),
            models.CheckConstraint(
                name="contact_does_not_employ_itself",
                condition=Q(employer=None) | ~Q(employer=F("id")),
                violation_error_message="A contact cannot be its own employer.",
            ),
            models.CheckConstraint(name="contact_is_not_merged_into_itself", condition=Q(merged_into=None) | ~Q(merged_into=F("id"))),
            models.UniqueConstraint(
                name="contact_external_id_is_one_per_source",
                fields=["source", "external_id"],
                condition=~Q(external_id=""),
                violation_error_message="A contact with this external id from this source exists already.",
            ),
        ]
        indexes = [
            GinIndex(OpClass("search_key", name="gin_trgm_ops"), name="contact_search_trigrams"),
            GinIndex(fields=["tags"], name="contact_tags"),
            GinIndex(OpClass("custom_fields", name="jsonb_path_ops"), name="contact_custom_fields"),
            HashIndex(fields=["search_key"], name="contact_same_name", condition=~Q(search_key="")),
            models.Index(fields=["merged_into"], name="contact_merged", condition=~Q(merged_into=None)),
            models.Index(fields=["kind", "-id"], name="contact_kind"),
            models.Index(fields=["lifecycle", "-id"], name="contact_lifecycle"),
            models.Index(fields=["owner", "-id"], name="contact_owner", condition=~Q(owner=None)),
            models.Index(fields=["updated_at", "id"], name="contact_changed"),
            models.Index(fields=["surname", "id"], name="contact_by_surname"),
            models.Index(fields=["created_at", "id"], name="contact_by_age"),
            models.Index(fields=["language", "-id"], name="contact_language", condition=~Q(language="")),
            models.Index(fields=["source", "-id"], name="contact_source", condition=~Q(source="")),
            models.Index(fields=["time_zone", "-id"], name="contact_time_zone", condition=~Q(time_zone="")),
            models.Index(fields=["owner", "lifecycle", "-id"], name="contact_funnel_of_owner", condition=~Q(owner=None)),
            models.Index(fields=["source", "lifecycle", "-id"], name="contact_funnel_of_source", condition=~Q(source="")),
        ]

    @property
    def display_name(self) -> str:
        """What to call the contact on a screen; a nameless lead is shown by its first number."""
        if self.company_name and (self.kind == self.Kind.COMPANY or not (self.surname or self.name or self.patronymic)):
            return self.company_name
        named = " ".join(filter(None, [self.surname, self.name, self.patronymic]))
        if named:
            return named
        phones = sorted(self.contact_phones.all(), key=lambda link: (not link.is_primary, link.order))
        return phones[0].phone.e164 if phones else ""

    def __str__(self) -> str:
        return self.company_name or " ".join(filter(None, [self.surname, self.name, self.patronymic])) or f"Lead {str(self.pk)[-6:]}"


class ContactEmail(Row):
    """An e-mail address of a contact, kept in lower case."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="emails")
    email = models.EmailField(max_length=254)
    label = models.CharField(max_length=20, blank=True)
    is_primary = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "email"],
                name="one_email_once_per_contact",
                violation_error_message="The contact has this e-mail already.",
            ),
            models.UniqueConstraint(
                fields=["contact"],
                condition=Q(is_primary=True),
                name="one_primary_email_per_contact",
                violation_error_message="A contact has one primary e-mail.",
            ),
        ]
        indexes = [models.Index(fields=["email"], name="contact_email_value")]
        ordering = ["-is_primary", "id"]

    def __str__(self) -> str:
        return self.email


class ContactAddress(Row):
    """A postal address. ``text`` is the address as people say it; the parts are there when they are known."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="addresses")
    label = models.CharField(max_length=20, blank=True)
    text = models.CharField(max_length=500, blank=True)
    street = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    region = models.CharField(max_length=100, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166-1 alpha-2.")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text or ", ".join(filter(None, [self.street, self.city, self.postal_code, self.country]))


class Note(Originated, Row):
    """What somebody wrote down about a contact."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="notes")
    text = models.TextField()
    is_pinned = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(Originated.Meta):
        abstract = False
        indexes = [models.Index(fields=["contact", "-created_at", "-id"], name="note_of_contact")]

    def __str__(self) -> str:
        return self.text[:60]


class NameWord(models.Model):
    """Every folded word that any contact's name holds, once: where a mistyped word finds the one that was meant.

    Kept apart because it stays small (some hundred thousand words for millions of contacts), so that looking for similar
    words costs little whatever the size of the base.
    """

    word = models.CharField(max_length=100, primary_key=True)

    class Meta:
        indexes = [GinIndex(OpClass("word", name="gin_trgm_ops"), name="name_word_trigrams")]

    def __str__(self) -> str:
        return self.word
