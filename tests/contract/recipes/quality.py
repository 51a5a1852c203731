"""Recipes of scorecards and reviews."""

from datetime import timedelta

from django.utils import timezone

from config.platform.models import Role, User
from tests.contract.recipes.asked import Asked, catalogue, recipe
from tests.factories.calls import CallFactory, QueueFactory
from tests.factories.platform import UserFactory
from tests.factories.quality import (
    CHECKPOINTS,
    ReviewFactory,
    ScorecardFactory,
    ScorecardVersionFactory,
    answered,
    disputed,
    published,
    submitted,
)

catalogue(
    "scorecards",
    ScorecardFactory,
    lambda: {"code": "support", "name": "Support calls", "queues": [QueueFactory().slug]},
    {"name": "Calls of the first line"},
)


def asking() -> User:
    """Who will ask."""
    return User.objects.filter(role=Role.ADMIN).order_by("date_joined").last() or UserFactory(role=Role.ADMIN)


@recipe("scorecard_versions_list", "scorecard_versions_retrieve", "scorecard_versions_retire")
def a_version() -> Asked:
    return Asked(published())


@recipe("scorecard_versions_create")
def new_version() -> Asked:
    return Asked(body={"scorecard": published().scorecard.code})


@recipe("scorecard_versions_partial_update")
def write_version() -> Asked:
    return Asked(ScorecardVersionFactory(), {"pass_percent": 70, "checkpoints": CHECKPOINTS})


@recipe("scorecard_versions_publish")
def publish_version() -> Asked:
    version = ScorecardVersionFactory()
    version.checkpoints.create(position=0, key="greeting", text="Was the caller greeted?")
    return Asked(version)


@recipe("scorecard_versions_destroy")
def discard_version() -> Asked:
    return Asked(ScorecardVersionFactory())


@recipe("reviews_list", "reviews_retrieve", "reviews_accept")
def a_review() -> Asked:
    return Asked(submitted())


@recipe("reviews_next")
def next_review() -> Asked:
    CallFactory(started_at=timezone.now() - timedelta(hours=1))
    return Asked(body={"scorecard": published().scorecard.code})


@recipe("reviews_partial_update")
def write_review() -> Asked:
    return Asked(ReviewFactory(reviewer=asking()), {"answers": [{"checkpoint": "greeting", "points": 4}], "comment": "Kind."})


@recipe("reviews_submit", "reviews_release")
def finish_review() -> Asked:
    return Asked(answered(reviewer=asking()))


@recipe("reviews_dispute")
def dispute_review() -> Asked:
    review = submitted()
    review.submitted_at = timezone.now()
    review.save()
    return Asked(review, {"reason": "I did say it."})


@recipe("reviews_settle")
def settle_review() -> Asked:
    return Asked(disputed(), {"note": "Heard again.", "answers": [{"checkpoint": "greeting", "points": 1}]})


@recipe("calls_reviews")
def reviews_of_a_call() -> Asked:
    return Asked(submitted().call)


@recipe("calls_review")
def claim_a_call() -> Asked:
    return Asked(CallFactory(), {"scorecard": published().scorecard.code})


@recipe("reports_quality")
def quality() -> Asked:
    review = submitted()
    return Asked(
        query={"since": "2026-11-01T00:00:00Z", "until": "2026-12-01T00:00:00Z", "scorecard": review.scorecard_version.scorecard.code}
    )


@recipe("reports_calibration")
def calibration() -> Asked:
    one = submitted()
    submitted(call=one.call, version=one.scorecard_version)
    return Asked(query={"since": "2026-11-01T00:00:00Z", "until": "2026-12-01T00:00:00Z"})
