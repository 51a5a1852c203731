"""Keyset pages: page 1,000 costs what page 1 costs, and no row is shown twice because others were added."""

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.core.exceptions import ValidationError as ModelInvalid
from django.db.models import Q, QuerySet
from django.utils.timezone import is_naive
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

PAGE_SIZE = 50
LARGEST = 200
MOST_COUNTED = 100_000


def _wrong(parameter: str, detail: str) -> ValidationError:
    return ValidationError({parameter: [detail]}, code="invalid")


class KeysetPagination(BasePagination):
    """Walks ``(ordering column, id)``. The columns that a view offers in ``ordering_fields`` are never null."""

    def paginate_queryset(self, queryset: QuerySet[Any], request, view=None) -> list[Any]:
        self.request = request
        size = self._page_size(request)
        self.ordering = self._ordering(request, view)
        backwards, position = self._cursor(request, queryset)
        self.count = queryset.order_by()[: MOST_COUNTED + 1].count() if self._wants_count(request) else None
        names = [name.lstrip("-") for name in self.ordering]
        descending = self.ordering[0].startswith("-") != backwards
        rows = queryset.order_by(*[("-" if descending else "") + name for name in names])
        if position:
            rows = rows.filter(self._beyond(names, position, descending))
        if getattr(view, "shows_by_id", False) and view.action == "list":
            rows = rows.values(*dict.fromkeys((*names, "id")))
        page = list(rows[: size + 1])
        has_more = len(page) > size
        page = page[:size]
        if backwards:
            page.reverse()
        self.has_next = has_more if not backwards else bool(position)
        self.has_previous = bool(position) if not backwards else has_more
        self.page = page
        return page

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        body: dict[str, Any] = {
            "results": data,
            "next": self._link(self.page[-1], False) if self.has_next and self.page else None,
            "previous": self._link(self.page[0], True) if self.has_previous and self.page else None,
        }
        if self.count is not None:
            body["count"] = min(self.count, MOST_COUNTED)
            body["count_is_more"] = self.count > MOST_COUNTED
        return Response(body)

    def _page_size(self, request) -> int:
        given = request.query_params.get("page_size", str(PAGE_SIZE))
        if not (given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= LARGEST):
            raise _wrong("page_size", f"page_size is a whole number from 1 to {LARGEST}.")
        return int(given)

    def _wants_count(self, request) -> bool:
        given = request.query_params.get("count", "false")
        if given not in ("true", "false"):
            raise _wrong("count", "count is true or false.")
        return given == "true"

    def _ordering(self, request, view) -> tuple[str, ...]:
        offered = getattr(view, "ordering_fields", ())
        given = request.query_params.get("ordering") or getattr(view, "ordering", "-id")
        name = given.removeprefix("-")
        if name != "id" and name not in offered:
            known = ", ".join(sorted({"id", *offered}))
            raise _wrong("ordering", f"ordering is one of {known}; with a minus in front it is turned round.")
        sign = "-" if given.startswith("-") else ""
        return (f"{sign}id",) if name == "id" else (f"{sign}{name}", f"{sign}id")

    def _cursor(self, request, queryset: QuerySet[Any]) -> tuple[bool, list[Any]]:
        given = request.query_params.get("cursor")
        if given is None:
            return False, []
        try:
            text = base64.urlsafe_b64decode(given.encode("ascii") + b"=" * (-len(given) % 4))
            direction, ordering, *values = json.loads(text)
            if direction not in ("n", "p") or ordering != self.ordering[0] or len(values) != len(self.ordering):
                raise ValueError
            if not all(isinstance(value, str) and "\0" not in value for value in values):
                raise ValueError
            fields = [queryset.model._meta.get_field(name.lstrip("-")) for name in self.ordering]
            position = [field.to_python(value) for field, value in zip(fields, values, strict=True)]
            if any(value is None or (isinstance(value, datetime) and is_naive(value)) for value in position):
                raise ValueError
        except (ValueError, TypeError, UnicodeError, RecursionError, OverflowError, ModelInvalid, FieldDoesNotExist):
            raise _wrong("cursor", "This cursor is not one of ours, or it belongs to another ordering: begin at the first page.") from None
        return direction == "p", position

    def _beyond(self, names: list[str], position: list[Any], descending: bool) -> Q:
        side = "lt" if descending else "gt"
        if len(names) == 1:
            return Q(**{f"id__{side}": position[0]})
        column, value, row_id = names[0], *position
        return Q(**{f"{column}__{side}e": value}) & (Q(**{f"{column}__{side}": value}) | Q(**{column: value, f"id__{side}": row_id}))

    def _link(self, row: Any, backwards: bool) -> str:
        def value(name: str) -> str:
            return str(row[name] if isinstance(row, dict) else getattr(row, name))

        parts = ["p" if backwards else "n", self.ordering[0], *(value(name.lstrip("-")) for name in self.ordering)]
        cursor = base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")
        url = remove_query_param(self.request.build_absolute_uri(), "count")
        return replace_query_param(url, "cursor", cursor)

    # --- for the schema
    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {
            "type": ["string", "null"],
            "format": "uri",
            "example": "https://switchboard.example/api/v1/contacts/?cursor=WyJuIiwi",
        }
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {
                "results": schema,
                "next": {**link, "description": "The next page; null on the last."},
                "previous": {**link, "example": None, "description": "The page before; null on the first."},
                "count": {"type": "integer", "example": 1, "description": f"Only with `count=true`; counting stops at {MOST_COUNTED}."},
                "count_is_more": {"type": "boolean", "example": False, "description": "With `count`: there are more than were counted."},
            },
        }

    def get_schema_operation_parameters(self, view) -> list[dict[str, Any]]:
        offered = sorted({"id", *getattr(view, "ordering_fields", ())})
        choices = [sign + name for name in offered for sign in ("", "-")]
        parameters = [
            _parameter("cursor", {"type": "string"}, "Where to go on; taken from `next` or `previous`."),
            _parameter("page_size", {"type": "integer", "minimum": 1, "maximum": LARGEST, "default": PAGE_SIZE}, "How many at a time."),
            _parameter("count", {"type": "boolean", "default": False}, f"Also count all that match, up to {MOST_COUNTED}."),
        ]
        if getattr(view, "action", "list") == "list":  # a list below another row has one order, its own
            by = {"type": "string", "enum": choices, "default": getattr(view, "ordering", "-id")}
            parameters.insert(2, _parameter("ordering", by, "A minus turns it round."))
        return parameters

    def to_html(self) -> str:
        return ""


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


PAGE_PARAMETERS = frozenset({"cursor", "page_size", "ordering", "count"})
SUBLIST_PARAMETERS = PAGE_PARAMETERS - {"ordering"}
