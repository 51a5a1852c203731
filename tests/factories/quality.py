"""Scorecards and reviews."""

from datetime import UTC, datetime, timedelta

import factory

from calls import reviews, scorecards
from calls.models import Checkpoint, Review, ReviewAnswer, Scorecard, ScorecardVersion
from config.platform.models import Role, User
from tests.factories.calls import CallFactory
from tests.factories.platform import UserFactory

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CHECKPOINTS = [
    {"key": "greeting", "text": "Was the company named?", "points": 5},
    {"key": "identified", "text": "Was the caller identified?", "points": 10, "is_fatal": True},
    {"key": "offer", "text": "Was something offered?", "points": 5, "may_skip": True},
]


class ScorecardFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Scorecard

    code = factory.Sequence(lambda n: f"scorecard-{n}")
    name = factory.Sequence(lambda n: f"Scorecard {n}")


class ScorecardVersionFactory(factory.django.DjangoModelFactory):
    """A draft, without checkpoints."""

    class Meta:
        model = ScorecardVersion

    scorecard = factory.SubFactory(ScorecardFactory)
    number = factory.Sequence(lambda n: n + 1)


class CheckpointFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Checkpoint

    version = factory.SubFactory(ScorecardVersionFactory)
    position = factory.Sequence(lambda n: n)
    key = factory.Sequence(lambda n: f"checkpoint-{n}")
    text = "Was the caller greeted?"


class ReviewFactory(factory.django.DjangoModelFactory):
    """A review that was claimed a moment ago."""

    class Meta:
        model = Review

    call = factory.SubFactory(CallFactory)
    scorecard_version = factory.LazyFunction(lambda: published())
    agent = factory.SelfAttribute("call.agent")
    reviewer = factory.SubFactory(UserFactory, role=Role.SUPERVISOR)
    claimed_until = NOON + timedelta(days=1)


class ReviewAnswerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ReviewAnswer

    review = factory.SubFactory(ReviewFactory)
    checkpoint = factory.LazyAttribute(lambda answer: answer.review.scorecard_version.checkpoints.first())
    points = 3


def published(scorecard: Scorecard | None = None, *, checkpoints=CHECKPOINTS, pass_percent: int = 80) -> ScorecardVersion:
    """A version in use."""
    version = scorecards.draft((scorecard or ScorecardFactory()).pk, by=None, now=NOON)
    scorecards.write(version.pk, checkpoints=checkpoints, pass_percent=pass_percent, by=None, now=NOON)
    return scorecards.publish(version.pk, by=None, now=NOON)


def points(greeting: int = 5, identified: int = 10, offer: int | None = None) -> list[dict]:
    """Answers to all checkpoints."""
    return [{"checkpoint": key, "points": got} for key, got in (("greeting", greeting), ("identified", identified), ("offer", offer))]


def answered(reviewer: User | None = None, call=None, version: ScorecardVersion | None = None, given: list[dict] | None = None) -> Review:
    """A review with all its answers, not told yet."""
    review = ReviewFactory(
        reviewer=reviewer or UserFactory(role=Role.SUPERVISOR), call=call or CallFactory(), scorecard_version=version or published()
    )
    return reviews.answer(review.pk, answers=given or points(), by=review.reviewer, now=NOON)


def submitted(**made) -> Review:
    """A review that the operator was told of."""
    review = answered(**made)
    return reviews.submit(review.pk, by=review.reviewer, now=NOON)


def disputed(**made) -> Review:
    """A review that the operator does not agree with."""
    review = submitted(**made)
    return reviews.dispute(review.pk, reason="I did say it.", by=review.agent, now=NOON)
