"""Copies and templates: what goes along, what stays where it is, and that neither changes the other afterwards."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns import preparing, running
from campaigns.models import Attempt, Campaign, Target
from tests.factories.calls import DispositionFactory
from tests.factories.campaigns import (
    AttemptFactory,
    AudienceSourceFactory,
    CampaignFactory,
    CampaignHoursFactory,
    ContactListFactory,
    DryRunFactory,
    RetryRuleFactory,
    SurveyVersionFactory,
)
from tests.factories.crm import DepartmentFactory, TeamFactory
from tests.factories.offers import PromotionFactory
from tests.factories.platform import UserFactory
from tests.factories.scripts import ScriptVersionFactory

pytestmark = pytest.mark.django_db
LISTS = ("hours", "retry_rules", "sources", "agents", "teams", "dispositions")


@pytest.fixture
def lead():
    return UserFactory(role="supervisor")


@pytest.fixture
def source(lead):
    """One that ran, with all that can be set, and all that came of it."""
    now, asked = timezone.now(), SurveyVersionFactory()
    campaign = CampaignFactory(
        agents=[UserFactory(role="agent")], kind="survey", purpose="service", status="completed", ended_at=now, ended_because="Enough.",
        forced_reason="Hurry.", limits_grew_at=now, starts_at=now - timedelta(days=9), ends_at=now + timedelta(days=9), about="Say hello.",
        priority=70, department=DepartmentFactory(), script=ScriptVersionFactory().script, survey=asked.survey, survey_version=asked,
        promotion=PromotionFactory(), line="+74951112233", goal="answers", goal_count=50, keeps_holidays=True, max_attempts=7, max_per_day=2,
        max_per_number=3, rolling_most=4, rolling_s=7200, min_gap_s=60, max_technical=9, retry_s=900, drop_lockout_s=5, lease_s=77, by=lead,
    )  # fmt: skip
    campaign.teams.add(TeamFactory())
    campaign.dispositions.add(DispositionFactory(direction="outbound"))
    CampaignHoursFactory(campaign=campaign, weekday=2, opens=600, closes=700)
    RetryRuleFactory(
        campaign=campaign, outcome="busy", delay_s=77, growth="multiplied", most_s=900, max_attempts=2, varies_time_of_day=True
    )
    AudienceSourceFactory(campaign=campaign, query={"lifecycle": "client"}, priority=5)
    AudienceSourceFactory(campaign=campaign, mode="exclude", kind="list", query={}, contact_list=ContactListFactory())
    AttemptFactory(target__campaign=campaign)
    DryRunFactory(campaign=campaign, status="done", finished_at=now)
    return campaign


def settings(campaign):
    names = [field.attname for field in Campaign._meta.concrete_fields if field.name not in preparing.OF_ITS_OWN]
    return {name: getattr(campaign, name) for name in names}


def lists(campaign, *names):
    skipped = ("id", "created_at", "updated_at", "version", "campaign_id")
    return {
        name: [{key: value for key, value in vars(one).items() if key not in skipped and key[0] != "_"} for one in getattr(campaign, name).all()]
        if name in ("hours", "retry_rules", "sources")
        else sorted(one.pk for one in getattr(campaign, name).all())
        for name in names
    }  # fmt: skip


def test_a_copy_carries_every_setting_and_list_and_nothing_of_how_it_went(source, lead):
    made = preparing.copy(source.pk, name="Once more", by=lead, now=timezone.now())
    made = Campaign.objects.get(pk=made.pk)
    assert settings(made) == settings(source) and len(settings(made)) > 20
    assert lists(made, *LISTS) == lists(source, *LISTS) and all(lists(made, *LISTS).values())
    assert (made.name, made.status, made.is_template, made.copied_from, made.by) == ("Once more", "draft", False, source, lead)
    assert made.number != source.number
    for name in ("starts_at", "ends_at", "started_at", "ended_at", "survey_version", "limits_grew_at", "start_again_at"):
        assert getattr(made, name) is None, name
    assert (made.ended_because, made.forced_reason, made.start_problem) == ("", "", "")
    assert not Target.objects.filter(campaign=made).exists() and not Attempt.objects.filter(campaign=made).exists()
    assert not made.dry_runs.exists() and not made.audience_runs.exists()


def test_what_is_changed_in_the_copy_stays_in_the_copy(source, lead):
    before = lists(source, *LISTS)
    made = preparing.copy(source.pk, name="Once more", by=lead, now=timezone.now())
    preparing.alter(
        made.pk,
        lists={"hours": [], "retry_rules": [], "sources": [], "agents": [], "teams": []},
        max_attempts=1,
        by=lead,
        now=timezone.now(),
    )
    source.refresh_from_db()
    assert lists(source, *LISTS) == before and source.max_attempts == 7


def test_a_template_is_copied_and_never_runs(source, lead):
    now = timezone.now()
    template = preparing.copy(source.pk, name="Surveys as we make them", is_template=True, with_sources=False, by=lead, now=now)
    assert template.is_template and not template.sources.exists(), "whom it is for is chosen each time"
    assert lists(template, "hours", "retry_rules") == lists(source, "hours", "retry_rules")
    with pytest.raises(running.TemplateNeverRuns):
        running.schedule(template.pk, starts_at=now + timedelta(days=1), by=lead, now=now)
    with pytest.raises(running.TemplateNeverRuns):
        running.start(template.pk, force=True, reason="Try.", by=lead, now=now)
    assert not Campaign.objects.workable_by(template.agents.get()).filter(pk=template.pk).exists()
    made = preparing.copy(template.pk, name="November", by=lead, now=now)
    assert (made.is_template, made.copied_from, made.status) == (False, template, "draft")
    assert settings(made) == settings(template)
