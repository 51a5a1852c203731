"""Ids of contacts in bodies and filters: the id of one that was merged means whoever is left."""

from typing import Any
from uuid import UUID

from django_filters import rest_framework as filters
from rest_framework import serializers

from crm.models import Contact
from crm.old_ids import survivor_of, who_is_left


def meant(contact: Contact) -> Contact:
    """Whoever the contact means today: itself, or the one that is left after it was merged."""
    return Contact.objects.get(pk=survivor_of(contact)) if contact.merged_into_id else contact


class ContactField(serializers.PrimaryKeyRelatedField):
    """A contact by its id. Whoever kept the id of one that was merged reaches the one that is left."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("queryset", Contact.objects.all())
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Contact:
        return meant(super().to_internal_value(data))


class ContactFilter(filters.UUIDFilter):
    """Rows of a contact, asked for by its id of today or by an old one."""

    def filter(self, qs: Any, value: UUID | None) -> Any:
        return super().filter(qs, who_is_left([value]).get(value, value) if value else value)
