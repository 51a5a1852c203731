"""The filters of the list of complaints, for the list itself, for saved filters and for exports."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters

from complaints import similar
from complaints.models import Complaint, RootCause, Watcher
from complaints.models.complaints import OPEN, Channel, Kind, Priority, Severity, Status
from config.api.filters import FilterSet
from config.platform import numbers
from config.platform.models import User
from crm import topic_tree
from crm.contact_filters import FilterInvalid, texts
from crm.models import Topic
from crm.old_ids import who_is_left
from crm.phone_numbers import parse


class AnyOf(filters.BaseInFilter, filters.ChoiceFilter):
    """``?status=received,assigned``: any of these; one that does not exist is 400."""


class ComplaintFilter(FilterSet):
    search = filters.CharFilter(
        method="with_words",
        help_text="Words in any form, the last one perhaps half typed; `or` and `-without` are understood. Or a number as people say it.",
    )
    number = filters.CharFilter(method="as_said", help_text="As people say it: `C-2026-123`, or `123` of any of the last years.")
    status = AnyOf(choices=Status.choices, help_text="One or several, with commas between: `received,assigned`.")
    is_open = filters.BooleanFilter(method="that_is_open", help_text="`true`: somebody waits for an answer.")
    kind = AnyOf(choices=Kind.choices, help_text="One or several.")
    severity = AnyOf(choices=Severity.choices, help_text="One or several.")
    priority = AnyOf(choices=Priority.choices, help_text="One or several.")
    channel = AnyOf(choices=Channel.choices, help_text="One or several.")
    topic = filters.CharFilter(method="about", help_text="Code of a topic; those beneath it too.")
    department = filters.UUIDFilter(field_name="department_id")
    assignee = filters.UUIDFilter(field_name="assignee_id")
    mine = filters.BooleanFilter(method="that_i_have", help_text="`true`: those that you have.")
    watched = filters.BooleanFilter(method="that_i_watch", help_text="`true`: those that you watch.")
    contact = filters.UUIDFilter(method="of_contact", help_text="Id, also an old one of a contact that was merged.")
    phone = filters.CharFilter(method="of_number", help_text="As people write it.")
    product = filters.UUIDFilter(field_name="product_id")
    order = filters.UUIDFilter(field_name="order_id")
    root_cause = filters.CharFilter(method="of_cause", help_text="Code of a root cause.")
    origin = filters.UUIDFilter(field_name="origin_id", help_text="Id of the call it was told on.")
    breached = filters.BooleanFilter(method="that_broke_a_promise", help_text="As `is_breached`.")
    due_before = filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="lt")
    received_after = filters.IsoDateTimeFilter(field_name="received_at", lookup_expr="gte")
    received_before = filters.IsoDateTimeFilter(field_name="received_at", lookup_expr="lt")

    class Meta:
        model = Complaint
        fields = ["number"]

    def __init__(self, *args: Any, by: User | None = None, now: datetime | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by if by is not None else getattr(self.request, "user", None)
        self.now = now or timezone.now()

    def with_words(self, queryset, name, value):
        return similar.matching(queryset, value, now=self.now)

    def as_said(self, queryset, name, value):
        return queryset.filter(number__in=numbers.meant("C", value, now=self.now))

    def that_is_open(self, queryset, name, value):
        return queryset.open() if value else queryset.exclude(status__in=sorted(OPEN))

    def about(self, queryset, name, value):
        return queryset.filter(topic__in=list(topic_tree.below(Topic.objects.filter(code=value).values_list("pk", flat=True))))

    def of_cause(self, queryset, name, value):
        """By id, not by code through a join: then the plan knows how many there are."""
        return queryset.filter(root_cause__in=list(RootCause.objects.filter(code=value).values_list("pk", flat=True)))

    def that_i_have(self, queryset, name, value):
        return queryset.filter(assignee=self.by) if value else queryset.exclude(assignee=self.by)

    def that_i_watch(self, queryset, name, value):
        own = Watcher.objects.filter(user=self.by).values("complaint")
        return queryset.filter(pk__in=own) if value else queryset.exclude(pk__in=own)

    def of_contact(self, queryset, name, value: UUID):
        return queryset.filter(contact=who_is_left([value]).get(value, value))

    def of_number(self, queryset, name, value):
        return queryset.filter(e164=parse(value, region=settings.DEFAULT_PHONE_REGION).e164 or "-")

    def that_broke_a_promise(self, queryset, name, value):
        return queryset.breached(self.now) if value else queryset.not_breached(self.now)


def select(query: Mapping[str, Any], by: User | None, now: datetime) -> QuerySet[Complaint]:
    """The complaints that fit all parts of ``query`` and that ``by`` may see. Registered with ``crm.saved_filters.lists``.

    Raises:
        FilterInvalid: with an error for each part that is unknown or cannot be read.
        NumberInvalid, QuestionTooShort
    """
    known = ComplaintFilter.base_filters
    errors = [_error(name, "unknown_filter", f"Known: {', '.join(sorted(known))}.") for name in query if name not in known]
    values: dict[str, str] = {}
    for name in query.keys() & known.keys():
        try:
            values[name] = (
                ",".join(texts(query[name], splits=False)) if isinstance(known[name], AnyOf) else texts(query[name], splits=False)[0]
            )
        except ValueError as error:
            errors.append(_error(name, "invalid", str(error)))
    rows = Complaint.objects.all() if by is None else Complaint.objects.visible_to(by)
    chosen = ComplaintFilter(values, queryset=rows, by=by, now=now)
    errors += [_error(name, "invalid", str(wrong[0])) for name, wrong in chosen.errors.items()]
    if errors:
        raise FilterInvalid("Some parts of the filter cannot be used.", errors=errors)
    return chosen.qs


def _error(name: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/{str(name)[:80]}", "code": code, "detail": detail}
