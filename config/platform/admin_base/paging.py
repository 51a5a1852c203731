"""Pages of a table of any size: nobody counts millions of rows, and nobody leafs through them."""

from functools import cached_property

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.views import ChangeList


class BoundedPaginator(Paginator):
    """Knows at most ``MOST`` rows: beyond them one narrows by search or filter. The count stops there, so it costs the same everywhere."""

    MOST = 5000
    template_name = "admin/bounded_pages.html"

    @cached_property
    def _found(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        return rows.order_by().values("pk")[: self.MOST + 1].count()

    @cached_property
    def count(self) -> int:
        return min(self._found, self.MOST)

    @property
    def has_more(self) -> bool:
        """Whether rows stay out of reach of the page numbers."""
        return self._found > self.MOST


class BoundedChangeList(ChangeList):
    """A list that offers "show all" only when a search or a filter hides something."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            self.full_result_count = self.result_count
