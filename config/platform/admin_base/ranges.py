"""Filters by a time from and until."""

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import RangeDateTimeFilter as Range


class RangeDateTimeFilter(Range):
    """As Unfold's; a time that no zone has (in the year 1, say) is a filter that does not fit instead of an error of the page."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        try:
            found: QuerySet[Any] | None = super().queryset(request, queryset)
            if found is not None:
                found.query.sql_with_params()
            return found
        except (OverflowError, ValueError) as error:
            raise IncorrectLookupParameters from error
