"""Campaigns as they are made ready: written, changed, copied, kept as templates."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from campaigns import gates
from campaigns.models import AudienceSource, Campaign, CampaignHours, RetryRule
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import User
from config.platform.moves import transition
from config.platform.numbers import next_number
from crm import contact_filters, saved_filters
from crm.calendars import clock

Status = Campaign.Status
#: What is not changed once it has begun: what was said, asked and consented to hangs on it.
FIXED = ("kind", "purpose", "survey", "is_template")
MANY = ("agents", "teams", "dispositions")
#: What a copy does not take over.
OF_ITS_OWN = (
    "id", "created_at", "updated_at", "version", "number", "name", "status", "is_template", "copied_from", "survey_version", "starts_at",
    "ends_at", "started_at", "ended_at", "ended_because", "forced_reason", "by", "limits_grew_at", "freshened_at", "start_problem",
    "start_again_at",
)  # fmt: skip
#: Limits that, when they grow, let targets wait again that were used up.
GROWING = ("max_attempts", "max_technical", "max_per_number")


class CampaignBegun(Refusal):
    """The campaign has begun: `fixed` are the names that stay as they are. Copy it to change them."""

    code = "campaign_begun"
    advice = "Leave out the fields that `fixed` names; the others can be changed. To change those too, work in a copy."


@transaction.atomic
def create(*, lists: Mapping[str, Any] | None = None, by: User, now: datetime, **fields: Any) -> Campaign:
    """Make a campaign, as a draft. ``lists`` are ``hours``, ``retry_rules``, ``sources``, ``agents``, ``teams`` and ``dispositions``.

    Raises:
        FilterInvalid: a source's query cannot be read.
        IntegrityError: what the tables do not allow.
    """
    campaign = Campaign.objects.create(number=next_number("K", now=now), by=by, **fields)
    told = _write(campaign, lists or {}, by)
    record(campaign, "create", by=by, now=now, before={}, **told)
    return campaign


def alter(
    campaign_id: UUID, *, lists: Mapping[str, Any] | None = None, if_version: int | None = None, by: User, now: datetime, **fields: Any
) -> Campaign:
    """Change a campaign; a list that is given replaces the whole list. What runs goes by the new rules from the next hand-out on.

    Raises:
        CampaignBegun, TransitionNotAllowed, VersionConflict, FilterInvalid
    """
    told: dict[str, Any] = {}
    with transaction.atomic():
        gates.shut_campaign(campaign_id)
        with transition(Campaign, campaign_id, "alter", by=by, now=now, if_version=if_version, lists=told) as campaign:
            fixed = [name for name in FIXED if name in fields and campaign.started_at and fields[name] != getattr(campaign, name)]
            if fixed:
                raise CampaignBegun("The campaign has begun: copy it to change this.", fixed=fixed)
            grows = _grows(campaign, fields)
            for name, value in fields.items():
                setattr(campaign, name, value)
            told |= _write(campaign, lists or {}, by)
            if campaign.started_at and (grows or "retry_rules" in told):
                campaign.limits_grew_at = now  # ``revoking.revive`` looks after whoever was used up
    return campaign


def copy(campaign_id: UUID, *, name: str, is_template: bool = False, with_sources: bool = True, by: User, now: datetime) -> Campaign:
    """A draft with the same settings, rules and people, and a number of its own; dates, audience and results stay where they are."""
    source = Campaign.objects.prefetch_related("hours", "retry_rules", "sources", *MANY).get(pk=campaign_id)
    fields = {field.name: getattr(source, field.name) for field in Campaign._meta.concrete_fields if field.name not in OF_ITS_OWN}
    lists: dict[str, Any] = {many: list(getattr(source, many).all()) for many in MANY}
    lists["hours"] = [{"weekday": one.weekday, "opens": one.opens, "closes": one.closes} for one in source.hours.all()]
    lists["retry_rules"] = [_plain(one, RetryRule) for one in source.retry_rules.all()]
    if with_sources:
        lists["sources"] = [_plain(one, AudienceSource) for one in source.sources.all()]
    return create(**fields, name=name, is_template=is_template, copied_from=source, lists=lists, by=by, now=now)


def _plain(row: Any, model: Any) -> dict[str, Any]:
    skipped = ("id", "created_at", "updated_at", "version", "campaign")
    return {field.name: getattr(row, field.name) for field in model._meta.concrete_fields if field.name not in skipped}


def _write(campaign: Campaign, lists: Mapping[str, Any], by: User) -> dict[str, Any]:
    """Write the lists that are given; answers what they are, for the history."""
    told: dict[str, Any] = {}
    for name in MANY:
        if name in lists:
            getattr(campaign, name).set(lists[name])
            told[name] = sorted(str(one.pk) for one in lists[name])
    if "hours" in lists:
        campaign.hours.all().delete()
        CampaignHours.objects.bulk_create(CampaignHours(campaign=campaign, **one) for one in lists["hours"])
        told["hours"] = [f"{one['weekday']} {clock(one['opens'])}-{clock(one['closes'])}" for one in lists["hours"]]
    if "retry_rules" in lists:
        campaign.retry_rules.all().delete()
        RetryRule.objects.bulk_create(RetryRule(campaign=campaign, **one) for one in lists["retry_rules"])
        told["retry_rules"] = [
            f"{one.get('outcome') or one['disposition'].code}: {one.get('delay_s', 1800)} s" for one in lists["retry_rules"]
        ]
    if "sources" in lists:
        campaign.sources.all().delete()
        rows = [AudienceSource(campaign=campaign, **_read(one, by)) for one in lists["sources"]]
        AudienceSource.objects.bulk_create(rows)
        told["sources"] = [str(row) for row in rows]
    return told


def _read(source: Mapping[str, Any], by: User) -> dict[str, Any]:
    """A source whose query can be read; that of a saved filter is written down, so that who changes the filter changes no campaign."""
    read = dict(source)
    read["query"] = read.get("query") or {}
    if read.get("kind") == AudienceSource.Kind.FILTER:
        if (saved := read.get("saved_filter")) and not read["query"]:
            read["query"] = saved_filters.query_of(saved.pk, entity="contacts", by=by)
        contact_filters.select(read["query"])
    return read


def _grows(campaign: Campaign, fields: Mapping[str, Any]) -> bool:
    return any(name in fields and (fields[name] or 10**6) > (getattr(campaign, name) or 10**6) for name in GROWING)


def people_of(campaign: Campaign) -> Sequence[UUID]:
    """Who works in a campaign: those named, and the members of its teams."""
    named = campaign.agents.values_list("pk", flat=True)
    in_teams = User.objects.filter(teams__in=campaign.teams.values("pk")).values_list("pk", flat=True)
    return sorted({*named, *in_teams})
