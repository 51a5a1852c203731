"""Ids of calls that were joined to another: they go on answering, with the call that is left."""

from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.response import Response

from calls import joining
from calls.models import Call


class JoinedMeanwhile(APIException):
    """The call became a part of another while the request waited for it; nothing was done."""

    status_code = 409
    default_code = "busy"
    default_detail = "The call became a part of another a moment ago. Send the same again: its id leads there."


class OldIdsAnswer:
    """For viewsets of one call: the id of one that was joined to another finds the other."""

    kwargs: dict[str, Any]

    def get_object(self) -> Call:
        """The call of the id in the address."""
        find = super().get_object
        try:
            return find()
        except Http404:
            left = stays(self.kwargs["pk"])
            if left is None:
                raise
            self.kwargs["pk"] = str(left)
            return find()

    def handle_exception(self, exc: Exception) -> Response:
        """As for every view; a call that was joined to another between look-up and lock is told as such."""
        if not isinstance(exc, Call.DoesNotExist) or stays(self.kwargs.get("pk")) is None:
            return super().handle_exception(exc)
        response: Response = super().handle_exception(JoinedMeanwhile())
        response["Retry-After"] = "1"
        return response


def stays(text: Any) -> UUID | None:
    """The call that an id, as somebody wrote it, means since it was joined to another."""
    try:
        return joining.stays(UUID(str(text)))
    except ValueError:
        return None


class CallField(serializers.PrimaryKeyRelatedField):
    """A call by its id. Whoever kept the id of one that was joined to another reaches the one that is left."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("queryset", Call.objects.all())
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Call:
        try:
            return super().to_internal_value(data)
        except serializers.ValidationError:
            left = stays(data)
            if left is None:
                raise
            return Call.objects.get(pk=left)
