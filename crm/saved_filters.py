"""Queries that people keep: one grammar for the list, for exports and for whoever else needs a set of rows."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from config.platform import upkeep
from config.platform.errors import Refusal
from config.platform.models import LEADERS, User
from config.platform.registry import Registry
from crm import contact_filters
from crm.contact_filters import FilterInvalid
from crm.models import SavedFilter

#: ``(query, by, now) -> rows`` that ``by`` may see and that fit. The name is the list's, as its address says it.
lists: Registry[Callable[[Mapping[str, Any], User | None, datetime], QuerySet[Any]]] = Registry(
    "lists whose filters are saved and exported"
)


class ListUnknown(Refusal):
    """There is no list of this name whose filters can be saved or exported."""

    code = "list_unknown"
    status = 400
    advice = "Send the name of a list as `detail` gives it, for instance `contacts`."


class NotYourFilter(Refusal):
    """Somebody else keeps this filter: its owner, a supervisor or an administrator changes it. Save one of your own."""

    code = "not_your_filter"
    status = 403
    advice = "Save one of your own (`POST /saved-filters/`) with the same conditions."


def contacts(query: Mapping[str, Any], by: User | None, now: datetime) -> QuerySet[Any]:
    """Registered with ``lists``: the base is common, whoever may read contacts may read them all."""
    return contact_filters.select(query, now=now)


def chosen(
    entity: str, *, query: Mapping[str, Any] | None = None, saved_query: Mapping[str, Any] | None = None, by: User | None, now: datetime
) -> QuerySet[Any]:
    """The rows of a list that fit both queries; either may be left out.

    Raises:
        ListUnknown, FilterInvalid, SearchTooShort
    """
    if entity not in lists:
        raise ListUnknown(f"Give one of: {', '.join(name for name, _ in lists)}.")
    rows = lists[entity](query or {}, by, now)
    return rows.filter(pk__in=lists[entity](saved_query, by, now).order_by().values("pk")) if saved_query else rows


def query_of(saved_filter: UUID | str, *, entity: str, by: User) -> dict[str, Any]:
    """What a saved filter that ``by`` may see says.

    Raises:
        FilterInvalid: there is none of this id for this list.
    """
    found = None
    with suppress(ValueError):
        found = SavedFilter.objects.visible_to(by).filter(pk=UUID(str(saved_filter)), entity=entity).first()
    if found is None:
        detail = f"There is no saved filter of {entity} with this id: it was removed, or it is not shared with you."
        raise FilterInvalid(detail, errors=[{"pointer": "/saved_filter", "code": "unknown_filter", "detail": detail}])
    return dict(found.query)


def save(*, entity: str, name: str, query: Mapping[str, Any], is_shared: bool = False, by: User, now: datetime) -> SavedFilter:
    """Keep a query by a name.

    Raises:
        ListUnknown, FilterInvalid, SearchTooShort: the list would not take it.
        IntegrityError: there is one of this name already.
    """
    chosen(entity, query=query, by=by, now=now)
    return upkeep.add(SavedFilter, entity=entity, name=name, query=dict(query), is_shared=is_shared, owner=by, by=by, now=now)


@transaction.atomic
def alter(filter_id: UUID, *, if_version: int | None = None, by: User, now: datetime, **fields: Any) -> SavedFilter:
    """Change its name, its query, or who sees it.

    Raises:
        NotYourFilter, VersionConflict
        FilterInvalid, SearchTooShort: as ``save``.
    """
    row = _changeable(filter_id, by)
    if "query" in fields:
        chosen(row.entity, query=fields["query"], by=by, now=now)
    return upkeep.alter(SavedFilter, filter_id, if_version=if_version, by=by, now=now, **fields)


@transaction.atomic
def remove(filter_id: UUID, *, if_version: int | None = None, by: User, now: datetime) -> None:
    """Forget it. Exports that were ordered with it keep what it said.

    Raises:
        NotYourFilter, VersionConflict
    """
    _changeable(filter_id, by)
    upkeep.remove(SavedFilter, filter_id, if_version=if_version, by=by, now=now)


def _changeable(filter_id: UUID, by: User) -> SavedFilter:
    row = SavedFilter.objects.select_for_update().get(pk=filter_id)
    if row.owner_id != by.pk and by.role not in LEADERS:
        raise NotYourFilter("Somebody else keeps this filter: save one of your own.")
    return row
