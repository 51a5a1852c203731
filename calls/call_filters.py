"""The filters of the list of calls, for the list itself, for saved filters and for exports."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from calls.models import Call, CallKey
from config.api.filters import FilterSet
from config.platform.models import User
from crm.contact_filters import FilterInvalid, texts


class CallFilter(FilterSet):
    phone_system = filters.CharFilter(field_name="phone_system__slug", help_text="Slug.")
    external_id = filters.CharFilter(method="known_as", help_text="Any id under which a phone system speaks of the call.")
    direction = filters.ChoiceFilter(choices=Call.Direction.choices)
    state = filters.ChoiceFilter(choices=Call.State.choices)
    open = filters.BooleanFilter(method="going_on", help_text="true: those that go on now.")
    outcome = filters.ChoiceFilter(choices=Call.Outcome.choices)
    source = filters.ChoiceFilter(choices=Call.Source.choices)
    contact = filters.UUIDFilter(field_name="contact_id")
    agent = filters.UUIDFilter(field_name="agent_id", help_text="Id of a user.")
    number = filters.CharFilter(field_name="customer_e164", help_text="The far side's number, E.164.")
    queue = filters.CharFilter()
    disposition = filters.CharFilter(field_name="disposition__code", help_text="Code.")
    topic = filters.CharFilter(field_name="topics__code", help_text="Code.")
    wrap_up_state = filters.ChoiceFilter(choices=Call.WrapUp.choices)
    started_after = filters.IsoDateTimeFilter(field_name="started_at", lookup_expr="gte")
    started_before = filters.IsoDateTimeFilter(field_name="started_at", lookup_expr="lt")

    class Meta:
        model = Call
        fields = ["direction", "state"]

    def known_as(self, queryset, name, value):
        return queryset.filter(pk__in=CallKey.objects.filter(key=value).values("call"))

    def going_on(self, queryset, name, value):
        return queryset.open() if value else queryset.filter(state=Call.State.ENDED)


def select(query: Mapping[str, Any], by: User | None, now: datetime) -> QuerySet[Call]:
    """The calls that fit all parts of ``query``, one value each. Registered with ``crm.saved_filters.lists``.

    Raises:
        FilterInvalid: with an error for each part that is unknown or cannot be read.
    """
    known = CallFilter.base_filters
    errors = [_error(name, "unknown_filter", f"Known: {', '.join(sorted(known))}.") for name in query if name not in known]
    values: dict[str, str] = {}
    for name in query.keys() & known.keys():
        try:
            values[name] = texts(query[name], splits=False)[0]
        except ValueError as error:
            errors.append(_error(name, "invalid", str(error)))
    rows = Call.objects.all() if by is None else Call.objects.visible_to(by)
    chosen = CallFilter(values, queryset=rows)
    errors += [_error(name, "invalid", str(wrong[0])) for name, wrong in chosen.errors.items()]
    if errors:
        raise FilterInvalid("Some parts of the filter cannot be used.", errors=errors)
    return chosen.qs


def _error(name: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/{str(name)[:80]}", "code": code, "detail": detail}
