"""Ids of calls that were joined to another: they go on answering, with the call that is left."""

from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework import serializers

from calls import joining
from calls.models import Call


class OldIdsAnswer:
    """For viewsets of one call: the id of one that was joined to another finds the other."""

    kwargs: dict[str, Any]

    def get_object(self) -> Call:
        """The call of the id in the address."""
        find = super().get_object
        try:
            return find()
        except Http404:
            try:
                left = joining.stays(UUID(str(self.kwargs["pk"])))
            except ValueError:
                left = None
            if left is None:
                raise
            self.kwargs["pk"] = str(left)
            return find()


class CallField(serializers.PrimaryKeyRelatedField):
    """A call by its id. Whoever kept the id of one that was joined to another reaches the one that is left."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("queryset", Call.objects.all())
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Call:
        try:
            return super().to_internal_value(data)
        except serializers.ValidationError:
            try:
                left = joining.stays(UUID(str(data)))
            except ValueError:
                left = None
            if left is None:
                raise
            return Call.objects.get(pk=left)
