"""Ids of calls that were joined to another: they go on answering, with the call that is left."""

from typing import Any
from uuid import UUID

from django.http import Http404

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
