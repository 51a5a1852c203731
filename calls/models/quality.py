from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from config.platform.models import LEADERS, Role, Row, User
from config.platform.moves import Movable, Move


class ScorecardQuerySet(models.QuerySet["Scorecard"]):
    def visible_to(self, user: User) -> "ScorecardQuerySet":
        """Everybody may know what calls are judged by."""
        return self if user.role in (*LEADERS, Role.INTEGRATION) else self.filter(is_active=True)

    def for_api(self) -> "ScorecardQuerySet":
        """All that ScorecardSerializer shows, in a fixed number of queries."""
        return self.prefetch_related("queues", "versions")


class Scorecard(Row):
    """What a kind of call is judged by. The checkpoints are in its versions."""

    code = models.SlugField(max_length=50, unique=True, error_messages={"unique": "There is a scorecard with this code already."})
    name = models.CharField(max_length=100)
    queues = models.ManyToManyField(
        "calls.Queue", blank=True, related_name="scorecards", help_text="Whose calls it is for; none: any call."
    )
    is_active = models.BooleanField(default=True, help_text="Whether new reviews may use it.")

    objects = ScorecardQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class ScorecardVersionQuerySet(models.QuerySet["ScorecardVersion"]):
    def visible_to(self, user: User) -> "ScorecardVersionQuerySet":
        """Leaders see drafts too; everybody else what was ever in use."""
        return self if user.role in (*LEADERS, Role.INTEGRATION) else self.exclude(status=ScorecardVersion.Status.DRAFT)

    def for_api(self) -> "ScorecardVersionQuerySet":
        """All that ScorecardVersionSerializer shows, in a fixed number of queries."""
        return self.select_related("scorecard").prefetch_related("checkpoints")


class ScorecardVersion(Movable):
    """The checkpoints of a scorecard as they stood at one time. What was published stays as it is: old reviews are read by it."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "In use"
        RETIRED = "retired", "Retired"

    MOVES = {
        "write": Move(frozenset({Status.DRAFT})),
        "publish": Move(frozenset({Status.DRAFT}), Status.PUBLISHED),
        "retire": Move(frozenset({Status.PUBLISHED}), Status.RETIRED),
    }

    scorecard = models.ForeignKey(Scorecard, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    pass_percent = models.PositiveSmallIntegerField(
        default=80, validators=[MaxValueValidator(100)], help_text="A review passes from so many per cent of the points."
    )
    comment = models.TextField(blank=True, help_text="What changed, for those who review.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = ScorecardVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scorecard", "number"], name="one_scorecard_version_per_number"),
            models.UniqueConstraint(fields=["scorecard"], condition=Q(status="published"), name="one_published_version_per_scorecard"),
            models.UniqueConstraint(fields=["scorecard"], condition=Q(status="draft"), name="one_draft_per_scorecard"),
            models.CheckConstraint(name="scorecard_pass_percent_is_a_percentage", condition=Q(pass_percent__lte=100)),
        ]
        indexes = [models.Index(fields=["status", "-id"], name="scorecard_version_status")]

    def __str__(self) -> str:
        return f"{self.scorecard} {self.number}"


class Checkpoint(models.Model):
    """One thing to look at in a call: so many points when it was done well, and how grave it is when it was not."""

    version = models.ForeignKey(ScorecardVersion, on_delete=models.CASCADE, related_name="checkpoints")
    position = models.PositiveSmallIntegerField()
    key = models.SlugField(max_length=50)
    section = models.CharField(max_length=100, blank=True)
    text = models.CharField(max_length=500, help_text="What to look at, as a question.")
    guidance = models.TextField(blank=True, help_text="How to judge it, so that two reviewers judge alike.")
    points = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(1000)])
    is_fatal = models.BooleanField(default=False, help_text="Without a single point here the whole review fails.")
    may_skip = models.BooleanField(default=False, help_text="It may not apply; its points then count neither way.")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["version", "key"], name="one_checkpoint_per_key"),
            models.CheckConstraint(name="checkpoint_gives_points", condition=Q(points__gte=1, points__lte=1000)),
        ]

    def __str__(self) -> str:
        return self.text


class ReviewQuerySet(models.QuerySet["Review"]):
    def visible_to(self, user: User) -> "ReviewQuerySet":
        """Reviewers see theirs, and others' when these are told; whoever reviews a call does not see what another found in it until then.

        An operator sees what was found in their own calls, once it is told.
        """
        told = self.filter(status__in=TOLD)
        if user.role not in (*LEADERS, Role.INTEGRATION):
            return told.filter(agent=user)
        return self.unswayed(user).filter(Q(reviewer=user) | Q(status__in=TOLD))

    def unswayed(self, user: User) -> "ReviewQuerySet":
        """Without what others found in the calls that this person is judging just now."""
        return self.exclude(~Q(reviewer=user), call__in=Review.objects.filter(reviewer=user, status__in=BEGUN).values("call"))

    def for_api(self) -> "ReviewQuerySet":
        """All that ReviewSerializer shows, in a fixed number of queries."""
        return self.select_related("scorecard_version__scorecard", "agent", "reviewer").prefetch_related("answers__checkpoint")

    def claimed_until(self, now: Any) -> "ReviewQuerySet":
        """Claims whose time is over."""
        return self.filter(status__in=BEGUN, claimed_until__lte=now)


BEGUN = ("claimed", "draft")
TOLD = ("submitted", "accepted", "disputed", "settled")


class Review(Movable):
    """One person's judgement of one call by one version of a scorecard."""

    class Status(models.TextChoices):
        CLAIMED = "claimed", "Claimed"
        DRAFT = "draft", "Being written"
        SUBMITTED = "submitted", "Told to the operator"
        ACCEPTED = "accepted", "Accepted by the operator"
        DISPUTED = "disputed", "Disputed by the operator"
        SETTLED = "settled", "Settled"
        RELEASED = "released", "Given back"

    class Settlement(models.TextChoices):
        KEPT = "kept", "It stays as it was"
        CHANGED = "changed", "It was changed"

    MOVES = {
        "answer": Move(frozenset({Status.CLAIMED, Status.DRAFT}), Status.DRAFT),
        "submit": Move(frozenset({Status.DRAFT}), Status.SUBMITTED),
        "release": Move(frozenset({Status.CLAIMED, Status.DRAFT}), Status.RELEASED),
        "accept": Move(frozenset({Status.SUBMITTED}), Status.ACCEPTED),
        "dispute": Move(frozenset({Status.SUBMITTED, Status.ACCEPTED}), Status.DISPUTED),
        "settle": Move(frozenset({Status.DISPUTED}), Status.SETTLED),
    }

    call = models.ForeignKey("calls.Call", on_delete=models.PROTECT, related_name="reviews")
    scorecard_version = models.ForeignKey(ScorecardVersion, on_delete=models.PROTECT, related_name="reviews")
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviews_of", help_text="Whose call it is.")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviews_by")
    status = models.CharField(max_length=10, choices=Status, default=Status.CLAIMED)
    claimed_until = models.DateTimeField(null=True, blank=True, help_text="Given back by itself then, unless it is submitted.")
    points = models.PositiveIntegerField(null=True, blank=True)
    possible = models.PositiveIntegerField(null=True, blank=True, help_text="Points of the checkpoints that applied.")
    percent = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    is_passed = models.BooleanField(null=True, blank=True)
    failed_at = models.SlugField(max_length=50, blank=True, help_text="The checkpoint without which a call fails, if it failed there.")
    comment = models.TextField(blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    dispute_reason = models.TextField(blank=True)
    disputed_at = models.DateTimeField(null=True, blank=True)
    settlement = models.CharField(max_length=10, choices=Settlement, blank=True)
    settlement_note = models.TextField(blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)
    percent_before = models.DecimalField(
        max_digits=5, decimal_places=2, null=True, blank=True, help_text="As it was submitted, when settling changed it."
    )

    objects = ReviewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["call", "scorecard_version", "reviewer"],
                condition=~Q(status="released"),
                name="one_review_per_call_and_reviewer",
                violation_error_message="You have reviewed this call by this scorecard already.",
            ),
            models.CheckConstraint(
                name="review_is_of_another",
                condition=~Q(agent=F("reviewer")),
                violation_error_message="Nobody reviews their own calls.",
            ),
            models.CheckConstraint(
                name="review_that_is_told_has_a_score",
                condition=Q(status__in=["claimed", "draft", "released"])
                | Q(points__isnull=False, possible__gt=0, is_passed__isnull=False, submitted_at__isnull=False),
            ),
            models.CheckConstraint(
                name="review_that_is_disputed_says_why", condition=~Q(status__in=["disputed", "settled"]) | ~Q(dispute_reason="")
            ),
        ]
        indexes = [
            models.Index(fields=["call"], name="review_of_call"),
            models.Index(fields=["agent", "-id"], name="review_of_agent"),
            models.Index(fields=["reviewer", "-id"], name="review_by_reviewer"),
            models.Index(fields=["status", "-id"], name="review_status"),
            models.Index(fields=["scorecard_version", "-id"], name="review_by_scorecard"),
            models.Index(fields=["claimed_until"], condition=Q(status__in=BEGUN), name="review_claimed"),
            models.Index(fields=["submitted_at"], condition=Q(submitted_at__isnull=False), name="review_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.scorecard_version}: {self.agent}"


class ReviewAnswer(models.Model):
    """The points of one checkpoint; None when it did not apply."""

    id = models.BigAutoField(primary_key=True)
    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="answers")
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="+")
    points = models.PositiveSmallIntegerField(null=True)
    comment = models.TextField(blank=True)

    class Meta:
        ordering = ["checkpoint__position"]
        constraints = [models.UniqueConstraint(fields=["review", "checkpoint"], name="one_answer_per_checkpoint")]

    def __str__(self) -> str:
        return f"{self.checkpoint}: {'–' if self.points is None else self.points}"
