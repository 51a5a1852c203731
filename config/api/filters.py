"""Filters of lists. That a parameter is known is checked by the viewset for every address, not here."""

from typing import Any

from django_filters import rest_framework as filters


class FilterSet(filters.FilterSet):
    """The base of all filter sets; a value that cannot be read is 400."""


class FilterBackend(filters.DjangoFilterBackend):
    """django-filter, only where a view lists and a filter is given: making its forms costs more than a page."""

    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        filterset = getattr(view, "filterset_class", None)
        is_asked = (
            getattr(view, "action", "") == "list" and filterset and not request.query_params.keys().isdisjoint(filterset.base_filters)
        )
        return super().filter_queryset(request, queryset, view) if is_asked else queryset


class ListFilter(filters.BaseInFilter, filters.CharFilter):
    """``?status=a,b``: any of these."""
