"""Recipes of campaigns, their audiences and the hand-out."""

from datetime import timedelta

from django.utils import timezone

from tests.contract.recipes.asked import Asked, recipe
from tests.contract.recipes.attempts import in_hand
from tests.factories.campaigns import (
    AudienceSourceFactory,
    CampaignFactory,
    DryRunFactory,
    LeftOutFactory,
    TargetFactory,
)
from tests.factories.crm import ContactPhoneFactory

DRAFT = {"status": "draft", "started_at": None}


@recipe("campaigns_list", "campaigns_retrieve", "campaigns_audience")
def a_campaign() -> Asked:
    return Asked(CampaignFactory())


@recipe("campaigns_create")
def create() -> Asked:
    return Asked(
        None,
        {
            "name": "Autumn offers",
            "kind": "promo",
            "purpose": "marketing",
            "hours": [{"weekday": "monday", "opens": "10:00", "closes": "20:00"}],
            "retry_rules": [{"outcome": "busy", "delay_s": 1800}],
            "sources": [{"kind": "filter", "query": {"lifecycle": "client"}}],
        },
    )


@recipe("campaigns_partial_update")
def alter() -> Asked:
    return Asked(CampaignFactory(**DRAFT), {"name": "Winter offers", "max_attempts": 3})


@recipe("campaigns_copy")
def copy() -> Asked:
    return Asked(CampaignFactory(), {"name": "Once more"})


@recipe("campaigns_schedule")
def schedule() -> Asked:
    return Asked(CampaignFactory(**DRAFT), {"starts_at": (timezone.now() + timedelta(days=1)).isoformat()})


@recipe("campaigns_unschedule")
def unschedule() -> Asked:
    return Asked(CampaignFactory(status="scheduled", started_at=None, starts_at=timezone.now() + timedelta(days=1)))


@recipe("campaigns_start")
def start() -> Asked:
    return Asked(TargetFactory(campaign__status="draft").campaign, {"force": True, "reason": "The dry run of this morning is enough."})


@recipe("campaigns_pause", "campaigns_complete")
def running() -> Asked:
    return Asked(CampaignFactory(), {"reason": "Enough for today."})


@recipe("campaigns_cancel")
def cancel() -> Asked:
    return Asked(CampaignFactory(), {"reason": "The offer was withdrawn."})


@recipe("campaigns_resume")
def resume() -> Asked:
    return Asked(CampaignFactory(status="paused"))


@recipe("campaigns_archive")
def archive() -> Asked:
    return Asked(CampaignFactory(status="completed", ended_at=timezone.now()))


@recipe("campaigns_build_audience")
def build_audience() -> Asked:
    return Asked(AudienceSourceFactory().campaign)


@recipe("campaigns_left_out")
def left_out() -> Asked:
    return Asked(LeftOutFactory().campaign)


@recipe("campaigns_dry_run")
def dry_run() -> Asked:
    return Asked(DryRunFactory(status="done", finished_at=timezone.now()).campaign)


@recipe("campaigns_begin_dry_run")
def begin_dry_run() -> Asked:
    return Asked(CampaignFactory())


@recipe("campaigns_next")
def next_of_a_campaign() -> Asked:
    return Asked(TargetFactory(contact=ContactPhoneFactory().contact).campaign)


@recipe("campaigns_my_next")
def my_next() -> Asked:
    return Asked(None)


@recipe("campaigns_lease_batch")
def lease_batch() -> Asked:
    return Asked(TargetFactory(contact=ContactPhoneFactory().contact).campaign, {"most": 5})


@recipe("attempts_heartbeat")
def heartbeat() -> Asked:
    attempt = in_hand()
    return Asked(attempt, {"token": str(attempt.lease_token)})


@recipe("attempts_release")
def release() -> Asked:
    attempt = in_hand()
    return Asked(attempt, {"token": str(attempt.lease_token), "reason": "The line is bad."})


@recipe("attempts_briefing")
def briefing() -> Asked:
    return Asked(in_hand())


@recipe("attempts_take_back")
def take_back() -> Asked:
    return Asked(in_hand(), {"reason": "Their shift is over."})


@recipe("targets_list", "targets_retrieve", "targets_explain")
def a_target() -> Asked:
    return Asked(TargetFactory())


@recipe("targets_exclude")
def exclude() -> Asked:
    return Asked(TargetFactory(), {"reason": "They moved abroad."})


@recipe("targets_reinstate")
def reinstate() -> Asked:
    return Asked(TargetFactory(state="suppressed", reason="excluded"))
