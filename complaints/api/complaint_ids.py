"""Complaints named in bodies: by their id, or by the number that people say."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework import serializers

from complaints.models import Complaint
from config.platform import numbers


class ComplaintField(serializers.CharField):
    """A complaint that the caller may see, by its id or its number."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "Id of a complaint, or its number: `C-2026-123`.")
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)[:60]
        rows = Complaint.objects.visible_to(self.context["request"].user)
        try:
            found = rows.filter(pk=UUID(text))
        except ValueError:
            found = rows.filter(number__in=numbers.meant("C", text, now=timezone.now())).order_by("-id")
        row = found.first()
        if row is None:
            raise serializers.ValidationError("There is no such complaint, or you may not see it.", code="does_not_exist")
        return row
