"""The campaigns of the demo are there, in several states."""

from datetime import UTC, datetime

import pytest

from calls.demo import day, loading
from campaigns.models import Attempt, Campaign, DryRun, Target

NOW = datetime(2026, 11, 23, 15, 20, tzinfo=UTC)


@pytest.mark.long
@pytest.mark.django_db
def test_the_demo_shows_a_campaign_at_work_a_draft_a_template_and_one_that_is_over(monkeypatch, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(loading, "PEOPLE", 60)
    monkeypatch.setattr(day, "RHYTHM", tuple(many // 4 for many in day.RHYTHM))
    loading.load(now=NOW)
    promo = Campaign.objects.get(status="running")
    assert set(Campaign.objects.values_list("status", "is_template")) == {
        ("running", False), ("draft", False), ("draft", True), ("completed", False),
    }  # fmt: skip
    assert Target.objects.filter(campaign=promo).count() >= 25
    assert Target.objects.filter(campaign=promo).values("state").distinct().count() >= 3
    assert Attempt.objects.filter(campaign=promo, closing="result").count() >= 10
    assert DryRun.objects.get(campaign__status="draft").status == "done"
