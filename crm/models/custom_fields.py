from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from config.platform.models import Row, User


class CustomFieldQuerySet(models.QuerySet["CustomField"]):
    def visible_to(self, user: User) -> "CustomFieldQuerySet":
        """A frontend needs the definitions to draw its forms."""
        return self

    def of(self, entity: str) -> "CustomFieldQuerySet":
        return self.filter(entity=entity, is_active=True).order_by("order", "key")

    def identifying(self) -> list[str]:
        """The keys of those whose value says who a contact is."""
        return sorted(self.filter(entity="contact", is_active=True, identifies=True).values_list("key", flat=True))


class CustomField(Row):
    """A field that an administrator adds to contacts: typed, checked on every write, filterable, in the schema."""

    class Entity(models.TextChoices):
        CONTACT = "contact", "Contact"

    class Type(models.TextChoices):
        TEXT = "text", "Text"
        NUMBER = "number", "Number"
        BOOL = "bool", "Yes or no"
        DATE = "date", "Date"
        DATETIME = "datetime", "Date and time"
        CHOICE = "choice", "One of a list"
        MULTI = "multi", "Several of a list"
        PHONE = "phone", "Phone number"

    entity = models.CharField(max_length=20, choices=Entity, default=Entity.CONTACT)
    key = models.SlugField(max_length=40, help_text="Lower case letters, digits and underscores; the name in the API. It never changes.")
    label = models.CharField(max_length=100)
    type = models.CharField(max_length=10, choices=Type)
    choices = ArrayField(models.CharField(max_length=100), default=list, blank=True, help_text="For choice and multi.")
    identifies = models.BooleanField(
        default=False, help_text="Two contacts with the same value are likely one: a tax number, a loyalty card."
    )
    is_required = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    order = models.PositiveSmallIntegerField(default=0)

    objects = CustomFieldQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "key"],
                name="one_custom_field_per_key",
                violation_error_message="There is a field with this key already.",
            ),
            models.CheckConstraint(
                name="custom_field_key_is_plain",
                condition=Q(key__regex=r"^[a-z][a-z0-9_]*$"),
                violation_error_message="A key is lower case letters, digits and underscores, a letter first.",
            ),
            models.CheckConstraint(
                name="custom_field_identifies_by_its_own_value",
                condition=Q(identifies=False) | Q(type__in=["text", "number", "phone"]),
                violation_error_message="Only a text, a number or a phone can say who somebody is.",
            ),
            models.CheckConstraint(
                name="custom_field_choice_has_choices",
                condition=~Q(type__in=["choice", "multi"]) | Q(choices__len__gt=0),
                violation_error_message="A field of this type needs its list of choices.",
            ),
        ]

    def __str__(self) -> str:
        return self.label
