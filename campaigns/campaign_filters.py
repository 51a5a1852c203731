"""The filters of targets, attempts and responses to surveys, for the lists themselves, for saved filters and for exports."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.datastructures import MultiValueDict
from django_filters import rest_framework as filters

from calls.models import Call
from campaigns.models import Attempt, SurveyResponse, Target
from config.api.filters import FilterSet
from config.platform.models import User
from crm.contact_filters import FilterInvalid, texts
from crm.old_ids import who_is_left


class OfContact(filters.UUIDFilter):
    """Rows of a contact, asked for by its id of today or by an old one."""

    def filter(self, qs: Any, value: UUID | None) -> Any:
        return super().filter(qs, who_is_left([value]).get(value, value) if value else value)


class TargetFilter(FilterSet):
    campaign = filters.UUIDFilter(field_name="campaign_id")
    contact = OfContact(field_name="contact_id")
    state = filters.MultipleChoiceFilter(choices=Target.State.choices, distinct=False, help_text="One, or several by repeating it.")
    is_ready = filters.BooleanFilter(help_text="true: they wait only for somebody to call, and for their hours.")
    is_success = filters.BooleanFilter()
    disposition = filters.CharFilter(field_name="disposition__code", help_text="Of the last attempt: its code.")
    reason = filters.CharFilter()

    class Meta:
        model = Target
        fields = ["state"]


class AttemptFilter(FilterSet):
    campaign = filters.UUIDFilter(field_name="campaign_id")
    target = filters.UUIDFilter(field_name="target_id")
    contact = OfContact(field_name="contact_id")
    agent = filters.UUIDFilter(field_name="agent_id")
    state = filters.ChoiceFilter(choices=Attempt.State.choices)
    closing = filters.ChoiceFilter(choices=Attempt.Closing.choices)
    outcome = filters.ChoiceFilter(choices=[(one.value, one.label) for one in Call.Outcome])
    disposition = filters.CharFilter(field_name="disposition__code", help_text="The code.")
    call = filters.UUIDFilter(field_name="call_id")
    leased_after = filters.IsoDateTimeFilter(field_name="leased_at", lookup_expr="gte")
    leased_before = filters.IsoDateTimeFilter(field_name="leased_at", lookup_expr="lt")

    class Meta:
        model = Attempt
        fields = ["state"]


class SurveyResponseFilter(FilterSet):
    survey = filters.UUIDFilter(field_name="survey_version__survey_id")
    survey_version = filters.UUIDFilter(field_name="survey_version_id")
    state = filters.ChoiceFilter(choices=SurveyResponse.State.choices)
    campaign = filters.UUIDFilter(field_name="campaign_id")
    attempt = filters.UUIDFilter(field_name="attempt_id")
    call = filters.UUIDFilter(field_name="call_id")
    agent = filters.UUIDFilter(field_name="agent_id")
    contact = OfContact(field_name="contact_id")

    class Meta:
        model = SurveyResponse
        fields = ["state"]


def targets(query: Mapping[str, Any], by: User | None, now: datetime) -> QuerySet[Target]:
    """The targets that fit all parts of ``query`` and that ``by`` may see. Registered with ``crm.saved_filters.lists``.

    Raises:
        FilterInvalid: with an error for each part that is unknown or cannot be read.
    """
    return _chosen(TargetFilter, query, Target.objects.all() if by is None else Target.objects.visible_to(by))


def attempts(query: Mapping[str, Any], by: User | None, now: datetime) -> QuerySet[Attempt]:
    """As ``targets``, of attempts.

    Raises:
        FilterInvalid
    """
    return _chosen(AttemptFilter, query, Attempt.objects.all() if by is None else Attempt.objects.visible_to(by))


def survey_responses(query: Mapping[str, Any], by: User | None, now: datetime) -> QuerySet[SurveyResponse]:
    """As ``targets``, of responses to surveys.

    Raises:
        FilterInvalid
    """
    return _chosen(SurveyResponseFilter, query, SurveyResponse.objects.all() if by is None else SurveyResponse.objects.visible_to(by))


def _chosen(kind: type[FilterSet], query: Mapping[str, Any], rows: Any) -> Any:
    known = kind.base_filters
    errors = [_error(name, "unknown_filter", f"Known: {', '.join(sorted(known))}.") for name in query if name not in known]
    values: MultiValueDict[str, str] = MultiValueDict()
    for name in query.keys() & known.keys():
        try:
            found = texts(query[name], splits=False)
            if len(found) > 1 and not isinstance(known[name], filters.MultipleChoiceFilter):
                raise ValueError("Give one value.")
            values.setlist(name, found)
        except ValueError as error:
            errors.append(_error(name, "invalid", str(error)))
    chosen = kind(values, queryset=rows)
    errors += [_error(name, "invalid", str(wrong[0])) for name, wrong in chosen.errors.items()]
    if errors:
        raise FilterInvalid("Some parts of the filter cannot be used.", errors=errors)
    return chosen.qs


def _error(name: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/{str(name)[:80]}", "code": code, "detail": detail}
