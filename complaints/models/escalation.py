from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from complaints.models.clocks import Clock, Metric
from complaints.models.complaints import Complaint
from config.platform.models import Role, Row, User
from crm.models.catalogue import OpenToAll

MONTH_S = 31 * 86400


class EscalationPolicy(Row):
    """What happens when a promise is about to be broken, or is: ordered levels, and the hours in which nobody is woken."""

    name = models.CharField(max_length=100, unique=True, error_messages={"unique": "There is an escalation policy of this name already."})
    is_active = models.BooleanField(default=True)
    quiet_from = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Minutes after midnight in the department's zone, from which nobody is told until `quiet_until`."
    )
    quiet_until = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Minutes after midnight; may lie past midnight.")

    objects = OpenToAll.as_manager()

    class Meta:
        verbose_name_plural = "escalation policies"
        constraints = [
            models.CheckConstraint(
                name="quiet_hours_are_whole",
                condition=Q(quiet_from=None, quiet_until=None)
                | (
                    Q(quiet_from__isnull=False, quiet_from__lt=1440, quiet_until__isnull=False, quiet_until__lt=1440)
                    & ~Q(quiet_from=F("quiet_until"))
                ),
                violation_error_message="Quiet hours need a beginning and another end, both before 24:00.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class EscalationLevel(Row):
    """One rung: when, whom, and what is done."""

    class Counted(models.TextChoices):
        BUSINESS = "business", "Business time"
        WALL = "wall", "Every hour"

    class Target(models.TextChoices):
        ASSIGNEE = "assignee", "Whoever has it"
        DUTY = "duty", "Whoever is on duty in its department"
        HEAD = "head", "The head of its department"
        LEADS = "leads", "The head and the team leads"
        TEAM = "team", "A team"
        PERSON = "person", "One person"
        ROLE = "role", "Everybody of a role"

    policy = models.ForeignKey(EscalationPolicy, on_delete=models.CASCADE, related_name="levels")
    number = models.PositiveSmallIntegerField(help_text="1 is the first.")
    metric = models.CharField(max_length=14, choices=Metric, blank=True, help_text="Empty: of every clock.")
    offset_s = models.IntegerField(help_text="Seconds after the due time; negative: before it.")
    counted = models.CharField(max_length=8, choices=Counted, default=Counted.BUSINESS)
    target = models.CharField(max_length=8, choices=Target, default=Target.LEADS)
    team = models.ForeignKey("crm.Team", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20, choices=Role, blank=True)
    notifies = models.BooleanField(default=True, help_text="On their screens.")
    emails = models.BooleanField(default=False)
    reassigns = models.BooleanField(default=False, help_text="To the first of those whom it concerns.")
    raises_priority = models.BooleanField(default=False)
    transfers_to = models.ForeignKey("crm.Department", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    tells_systems = models.BooleanField(default=False, help_text="News for other systems: `complaint.escalated`.")
    repeat_every_s = models.PositiveIntegerField(null=True, blank=True, help_text="Again so many seconds later, until acknowledged.")
    repeat_times = models.PositiveSmallIntegerField(default=0)
    breaks_quiet = models.BooleanField(default=False, help_text="Also in quiet hours.")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "number"], name="levels_are_numbered", violation_error_message="Two levels have one number."
            ),
            models.CheckConstraint(
                name="level_offset_is_within_a_month",
                condition=Q(offset_s__gte=-MONTH_S, offset_s__lte=MONTH_S),
                violation_error_message="At most a month before or after.",
            ),
            models.CheckConstraint(
                name="level_target_says_who",
                condition=(~Q(target="team") | Q(team__isnull=False))
                & (~Q(target="person") | Q(person__isnull=False))
                & (~Q(target="role") | ~Q(role="")),
                violation_error_message="Say which team, which person, or which role.",
            ),
            models.CheckConstraint(
                name="level_repeats_are_bounded",
                condition=Q(repeat_every_s=None, repeat_times=0)
                | Q(
                    repeat_every_s__isnull=False,
                    repeat_every_s__gte=60,
                    repeat_every_s__lte=MONTH_S,
                    repeat_times__gte=1,
                    repeat_times__lte=20,
                ),
                violation_error_message="Repeat 1 to 20 times, at least a minute apart.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy} {self.number}"


class EscalationStepQuerySet(models.QuerySet["EscalationStep"]):
    def visible_to(self, user: User) -> "EscalationStepQuerySet":
        """Whoever sees the complaint sees how it was escalated."""
        if user.role != Role.BACK_OFFICE:
            return self
        return self.filter(Q(complaint__in=Complaint.objects.visible_to(user).values("pk")) | Q(told__contains=[user.pk]))

    def open(self) -> "EscalationStepQuerySet":
        """Those that were fired and that nobody has taken on."""
        return self.filter(fired_at__isnull=False, acknowledged_at=None, is_over=False)


class EscalationStep(Row):
    """That a level was reached: fired, or passed over. There is one for a clock, a level and a round, so it is never fired twice."""

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="escalations")
    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="steps")
    level = models.ForeignKey(EscalationLevel, null=True, on_delete=models.SET_NULL, related_name="steps")
    number = models.PositiveSmallIntegerField(help_text="The level's, as it was.")
    round = models.PositiveSmallIntegerField(default=0, help_text="1 and more: its repeats.")
    planned_at = models.DateTimeField(help_text="When it was to be.")
    fired_at = models.DateTimeField(null=True)
    skipped_because = models.CharField(max_length=20, blank=True, help_text="`overtaken`: a higher level was due as well.")
    told = ArrayField(models.UUIDField(), default=list, help_text="Whom it was told.")
    did = ArrayField(
        models.CharField(max_length=20), default=list, help_text="notified, emailed, reassigned, priority_raised, transferred, systems_told"
    )
    is_over = models.BooleanField(default=False, help_text="What it was about has stopped.")
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects = EscalationStepQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["clock", "number", "round"], name="a_step_is_fired_once"),
            models.CheckConstraint(
                name="a_step_is_fired_or_passed_over",
                condition=Q(fired_at__isnull=False, skipped_because="") | (Q(fired_at=None) & ~Q(skipped_because="")),
            ),
        ]
        indexes = [
            models.Index(fields=["complaint", "-id"], name="step_of_complaint"),
            models.Index(fields=["-id"], condition=Q(fired_at__isnull=False, acknowledged_at=None, is_over=False), name="step_open"),
            GinIndex(fields=["told"], condition=Q(fired_at__isnull=False), name="step_told"),
        ]

    def __str__(self) -> str:
        return f"{self.number}.{self.round}"

    @property
    def is_open(self) -> bool:
        """It was fired, and nobody has taken it on; ``EscalationStepQuerySet.open`` says the same of many."""
        return self.fired_at is not None and self.acknowledged_at is None and not self.is_over
