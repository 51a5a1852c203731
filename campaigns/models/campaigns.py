from datetime import datetime

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from config.platform.models import LEADERS, Role, Row, User
from config.platform.moves import Movable, Move
from crm.models.calendars import CalendarInterval, Minutes
from crm.models.consent import Purpose

A_YEAR_S = 366 * 86400
PURPOSES = [(one.value, one.label) for one in Purpose if one not in (Purpose.RECORDING, Purpose.DATA_PROCESSING)]


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def visible_to(self, user: User) -> "CampaignQuerySet":
        """An operator sees those that they work in; whoever leads, the back office, and what dials for us, sees all."""
        return self.workable_by(user) if user.role == Role.AGENT else self

    def workable_by(self, user: User) -> "CampaignQuerySet":
        """Those whose contacts this person may take: they, or one of their teams, are named. Whoever leads may take any."""
        if user.role in (*LEADERS, Role.INTEGRATION):
            return self
        named = Campaign.agents.through.objects.filter(user=user).values("campaign")
        by_team = Campaign.teams.through.objects.filter(team__in=user.teams.values("pk")).values("campaign")
        return self.filter(Q(pk__in=named) | Q(pk__in=by_team), is_template=False)

    def for_api(self) -> "CampaignQuerySet":
        """All that CampaignSerializer shows, in a fixed number of queries."""
        return self.select_related("script", "survey", "survey_version", "promotion").prefetch_related(
            "hours", "retry_rules__disposition", "agents", "teams", "dispositions", "sources"
        )


class Campaign(Movable):
    """A reason to call many people: whom, when, how often, what is said, and what counts as a success.

    We do not dial. A campaign decides who may be called next, on which number, by whom, and why; an operator or a dialler calls.
    """

    class Kind(models.TextChoices):
        INFORM = "inform", "Tell news"
        PROMO = "promo", "Tell a promotion"
        TERMS_CHANGE = "terms_change", "Tell changed terms"
        SURVEY = "survey", "Ask for an opinion"
        SALES = "sales", "Sell"
        REFRESH = "refresh", "Bring the base up to date"
        COLLECTION = "collection", "Build the base"
        SERVICE = "service", "Serve"

    class Status(models.TextChoices):
        DRAFT = "draft", "Being prepared"
        SCHEDULED = "scheduled", "Waits for its start"
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        COMPLETED = "completed", "Completed"
        CANCELLED = "cancelled", "Cancelled"
        ARCHIVED = "archived", "Archived"

    class Goal(models.TextChoices):
        NONE = "none", "Everybody is called"
        SUCCESSES = "successes", "So many successes"
        CONVERSIONS = "conversions", "So many clients, orders or promises"
        ANSWERS = "answers", "So many complete answers to the survey"
        COLLECTED = "collected", "So many contacts added"

    MAY_BE_POINTED_AT = True
    LIVE = (Status.RUNNING, Status.PAUSED)
    OVER = (Status.COMPLETED, Status.CANCELLED, Status.ARCHIVED)
    MOVES = {
        "alter": Move(frozenset({Status.DRAFT, Status.SCHEDULED, Status.RUNNING, Status.PAUSED})),
        "schedule": Move(frozenset({Status.DRAFT, Status.SCHEDULED}), Status.SCHEDULED),
        "unschedule": Move(frozenset({Status.SCHEDULED}), Status.DRAFT),
        "start": Move(frozenset({Status.DRAFT, Status.SCHEDULED}), Status.RUNNING),
        "pause": Move(frozenset({Status.RUNNING}), Status.PAUSED),
        "resume": Move(frozenset({Status.PAUSED}), Status.RUNNING),
        "complete": Move(frozenset({Status.RUNNING, Status.PAUSED}), Status.COMPLETED),
        "cancel": Move(frozenset({Status.DRAFT, Status.SCHEDULED, Status.RUNNING, Status.PAUSED}), Status.CANCELLED),
        "archive": Move(frozenset({Status.COMPLETED, Status.CANCELLED}), Status.ARCHIVED),
    }

    number = models.CharField(max_length=20, unique=True, editable=False, help_text="Said among people: K-2026-000012.")
    name = models.CharField(max_length=150)
    kind = models.CharField(max_length=14, choices=Kind)
    purpose = models.CharField(
        max_length=20, choices=PURPOSES, help_text="What consents, do-not-call entries, windows and limits are asked for."
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    is_template = models.BooleanField(default=False, help_text="Never runs; campaigns are copied from it.")
    copied_from = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="copies", editable=False)
    about = models.TextField(blank=True, help_text="What the people who call should know.")
    priority = models.PositiveSmallIntegerField(
        default=50, validators=[MaxValueValidator(100)], help_text="0 to 100; an operator of several campaigns serves the highest first."
    )
    department = models.ForeignKey("crm.Department", null=True, blank=True, on_delete=models.PROTECT, related_name="campaigns")
    agents = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="campaigns", help_text="Who works in it.")
    teams = models.ManyToManyField("crm.Team", blank=True, related_name="campaigns")
    script = models.ForeignKey("crm.Script", null=True, blank=True, on_delete=models.PROTECT, related_name="campaigns")
    survey = models.ForeignKey("campaigns.Survey", null=True, blank=True, on_delete=models.PROTECT, related_name="campaigns")
    survey_version = models.ForeignKey(
        "campaigns.SurveyVersion",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="campaigns",
        editable=False,
        help_text="The version that was published when the campaign began: all its answers are to this one.",
    )
    promotion = models.ForeignKey("crm.Promotion", null=True, blank=True, on_delete=models.PROTECT, related_name="campaigns")
    dispositions = models.ManyToManyField(
        "calls.Disposition", blank=True, related_name="campaigns", help_text="How its calls may come out; none: all for outbound calls."
    )
    line = models.CharField(max_length=20, blank=True, help_text="Our own number to show, E.164; empty: the phone system's choice.")
    goal = models.CharField(max_length=12, choices=Goal, default=Goal.NONE)
    goal_count = models.PositiveIntegerField(null=True, blank=True, help_text="It is completed when so many are reached.")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    keeps_holidays = models.BooleanField(default=False, help_text="Nobody is called on public holidays of their country.")

    max_attempts = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(100)], help_text="Per person, in the whole campaign."
    )
    max_per_day = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Per person and calendar day of theirs; empty: no limit."
    )
    max_per_number = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Per phone number, in the whole campaign; empty: no limit."
    )
    rolling_most = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Per person within any `rolling_s` seconds; empty: no limit."
    )
    rolling_s = models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(A_YEAR_S)])
    min_gap_s = models.PositiveIntegerField(
        default=3600, validators=[MaxValueValidator(A_YEAR_S)], help_text="From the end of one call with a person to the next, seconds."
    )
    max_technical = models.PositiveSmallIntegerField(
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="Failures of the line in a row; they have a count of their own.",
    )
    retry_s = models.PositiveIntegerField(
        default=4 * 3600,
        validators=[MinValueValidator(1), MaxValueValidator(A_YEAR_S)],
        help_text="Where no rule says otherwise: try again after so many seconds.",
    )
    drop_lockout_s = models.PositiveIntegerField(
        default=72 * 3600,
        validators=[MaxValueValidator(A_YEAR_S)],
        help_text="Who answered and was hung up on because nobody was free is left alone for so long.",
    )
    lease_s = models.PositiveIntegerField(
        default=600,
        validators=[MinValueValidator(10), MaxValueValidator(86400)],
        help_text="A contact in hand comes back after so long without a sign of life.",
    )

    limits_grew_at = models.DateTimeField(
        null=True, editable=False, help_text="Whoever was used up before is asked about again; empty once all were."
    )
    freshened_at = models.DateTimeField(null=True, editable=False, help_text="Whoever moved before this has the hours of where they are.")
    started_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_because = models.CharField(max_length=300, blank=True, editable=False)
    start_problem = models.CharField(
        max_length=300, blank=True, editable=False, help_text="Why it did not begin at its time; it is tried again every few minutes."
    )
    start_again_at = models.DateTimeField(null=True, editable=False, help_text="When its start is tried again.")
    forced_reason = models.CharField(max_length=500, blank=True, editable=False, help_text="Why it was started without a fresh dry run.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="campaign_status_is_known",
                condition=Q(status__in=["draft", "scheduled", "running", "paused", "completed", "cancelled", "archived"]),
            ),
            models.CheckConstraint(
                name="campaign_ends_after_it_begins",
                condition=Q(starts_at=None) | Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
                violation_error_message="It ends before it begins.",
            ),
            models.CheckConstraint(
                name="campaign_that_waits_says_for_when",
                condition=~Q(status="scheduled") | Q(starts_at__isnull=False),
                violation_error_message="A campaign that waits for its start needs `starts_at`.",
            ),
            models.CheckConstraint(
                name="campaign_that_began_says_when",
                condition=~Q(status__in=["running", "paused", "completed"]) | Q(started_at__isnull=False),
            ),
            models.CheckConstraint(
                name="campaign_that_is_over_says_when",
                condition=Q(status__in=["draft", "scheduled", "running", "paused"], ended_at=None)
                | Q(status__in=["completed", "cancelled", "archived"], ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="campaign_that_could_not_begin_still_waits",
                condition=Q(start_problem="", start_again_at=None)
                | (Q(status="scheduled", start_again_at__isnull=False) & ~Q(start_problem="")),
            ),
            models.CheckConstraint(
                name="campaign_template_never_runs",
                condition=Q(is_template=False) | Q(status__in=["draft", "cancelled", "archived"]),
                violation_error_message="A template never runs: copy it.",
            ),
            models.CheckConstraint(
                name="campaign_goal_is_whole",
                condition=Q(goal="none", goal_count=None) | (~Q(goal="none") & Q(goal_count__gte=1)),
                violation_error_message="Give `goal_count` with a goal, and only then.",
            ),
            models.CheckConstraint(
                name="campaign_rolling_limit_is_whole",
                condition=Q(rolling_most=None, rolling_s=None) | Q(rolling_most__gte=1, rolling_s__gte=1, rolling_s__lte=A_YEAR_S),
                violation_error_message="Give `rolling_most` and `rolling_s` together.",
            ),
            models.CheckConstraint(
                name="campaign_limits_are_within_reason",
                condition=Q(max_attempts__gte=1, max_attempts__lte=100, max_technical__gte=1, max_technical__lte=100, priority__lte=100)
                & Q(
                    min_gap_s__lte=A_YEAR_S,
                    retry_s__gte=1,
                    retry_s__lte=A_YEAR_S,
                    drop_lockout_s__lte=A_YEAR_S,
                    lease_s__gte=10,
                    lease_s__lte=86400,
                )
                & (Q(max_per_day=None) | Q(max_per_day__gte=1))
                & (Q(max_per_number=None) | Q(max_per_number__gte=1)),
                violation_error_message="1 to 100 attempts, priority to 100, times to a year, a lease of 10 seconds to a day.",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "-id"], name="campaign_status"),
            models.Index(fields=["kind", "-id"], name="campaign_kind"),
            models.Index(fields=["starts_at"], condition=Q(status="scheduled"), name="campaign_to_start"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    @property
    def is_running(self) -> bool:
        """Whether its contacts are handed out."""
        return self.status == self.Status.RUNNING

    def holds_at(self, at: datetime) -> bool:
        """Whether ``at`` lies between its start and its end."""
        return (self.starts_at is None or self.starts_at <= at) and (self.ends_at is None or at < self.ends_at)


class CampaignHours(models.Model):
    """Calls of a campaign may begin from one minute of a weekday to another, by the customer's clocks. Without any: whenever its purpose may."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField(choices=list(enumerate(day.capitalize() for day in CalendarInterval.WEEKDAYS)))
    opens = models.PositiveSmallIntegerField(help_text="Minutes after midnight.")
    closes = models.PositiveSmallIntegerField(help_text="Minutes after midnight, up to 1440.")

    class Meta:
        verbose_name_plural = "campaign hours"
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(
                name="campaign_hours_are_of_one_day",
                condition=Q(weekday__lte=6, opens__lt=F("closes"), closes__lte=1440),
                violation_error_message="Hours lie within one day: they open before they close.",
            ),
            ExclusionConstraint(
                name="campaign_hours_do_not_overlap",
                expressions=[
                    ("campaign", RangeOperators.EQUAL),
                    ("weekday", RangeOperators.EQUAL),
                    (Minutes("opens", "closes"), RangeOperators.OVERLAPS),
                ],
                violation_error_message="Hours of a day overlap.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weekday}: {self.opens}-{self.closes}"


class RetryRule(Row):
    """When and how somebody is tried again after a call came out so: by its disposition, else by its outcome."""

    class Growth(models.TextChoices):
        FIXED = "fixed", "Always as long"
        MULTIPLIED = "multiplied", "Longer each time"

    class Number(models.TextChoices):
        SAME = "same", "The same number"
        NEXT = "next", "The next number; after the last nobody is tried"
        ROTATE = "rotate", "The next number, after the last the first again"

    class Agent(models.TextChoices):
        ANY = "any", "Anybody"
        SAME = "same", "The same operator"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="retry_rules")
    outcome = models.CharField(max_length=20, blank=True, help_text="Of the call: busy, no_answer …; empty when it is for a disposition.")
    disposition = models.ForeignKey("calls.Disposition", null=True, blank=True, on_delete=models.PROTECT, related_name="retry_rules")
    delay_s = models.PositiveIntegerField(default=1800, validators=[MinValueValidator(1), MaxValueValidator(A_YEAR_S)])
    growth = models.CharField(max_length=10, choices=Growth, default=Growth.FIXED)
    factor = models.DecimalField(
        max_digits=4, decimal_places=2, default=2, validators=[MinValueValidator(1), MaxValueValidator(10)], help_text="Of a growing delay."
    )
    most_s = models.PositiveIntegerField(null=True, blank=True, help_text="A growing delay is never longer.")
    max_attempts = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Calls that came out so, before the person counts as used up; empty: only the campaign's own limit.",
    )
    next_number = models.CharField(max_length=6, choices=Number, default=Number.SAME)
    varies_time_of_day = models.BooleanField(default=False, help_text="In another part of their day than the last attempt.")
    agent = models.CharField(max_length=4, choices=Agent, default=Agent.ANY)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="retry_rule_is_for_an_outcome_or_a_disposition",
                condition=(Q(outcome="", disposition__isnull=False)) | (~Q(outcome="") & Q(disposition=None)),
                violation_error_message="A rule is for an outcome or for a disposition.",
            ),
            models.UniqueConstraint(
                fields=["campaign", "outcome"],
                condition=~Q(outcome=""),
                name="one_retry_rule_per_outcome",
                violation_error_message="There are two rules for this outcome.",
            ),
            models.UniqueConstraint(
                fields=["campaign", "disposition"],
                condition=Q(disposition__isnull=False),
                name="one_retry_rule_per_disposition",
                violation_error_message="There are two rules for this disposition.",
            ),
            models.CheckConstraint(
                name="retry_rule_is_within_reason",
                condition=Q(delay_s__gte=1, delay_s__lte=A_YEAR_S, factor__gte=1, factor__lte=10)
                & (Q(most_s=None) | Q(most_s__gte=F("delay_s"), most_s__lte=A_YEAR_S))
                & (Q(max_attempts=None) | Q(max_attempts__gte=1, max_attempts__lte=100)),
                violation_error_message="A delay of a second to a year, a factor of 1 to 10, 1 to 100 attempts.",
            ),
        ]

    def __str__(self) -> str:
        return f"After {self.outcome or self.disposition}: {self.delay_s} s"
