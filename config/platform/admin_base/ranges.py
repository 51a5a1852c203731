"""Filters by a time from and until."""

from datetime import UTC, datetime
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import RangeDateTimeFilter as Range


class RangeDateTimeFilter(Range):
    """As Unfold's, with times of the viewer's zone. A time that no zone has (in the year 1, say) does not fit, and is no error of the page."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found = {f"{self.parameter_name}__{lookup}": self._said(end) for end, lookup in (("from", "gte"), ("to", "lte"))}
        return queryset.filter(**{name: at for name, at in found.items() if at is not None})

    def _said(self, end: str) -> datetime | None:
        day, clock = (self.used_parameters.get(f"{self.parameter_name}_{end}_{part}") for part in (0, 1))
        if not day or not clock:
            return None
        try:
            return timezone.make_aware(datetime.fromisoformat(f"{day} {clock}")).astimezone(UTC)
        except (OverflowError, ValueError) as error:
            raise IncorrectLookupParameters from error
