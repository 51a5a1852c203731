from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from complaints.models.complaints import Kind, Priority, Severity
from config.platform.models import Row
from crm.models.catalogue import OpenToAll

YEAR_S = 366 * 86400


class SLAPolicy(Row):
    """What is promised: how soon to acknowledge, assign, answer, resolve, and how often to keep the customer informed.

    The first active policy, by ``position``, whose conditions all hold is a complaint's; an empty condition holds always.
    Its clocks keep the targets they began with: a policy that is changed later promises nothing else to those who came before.
    """

    class Counted(models.TextChoices):
        BUSINESS = "business", "Business time of the calendar"
        ALWAYS = "always", "Every hour, day and night"

    name = models.CharField(max_length=100, unique=True, error_messages={"unique": "There is a policy of this name already."})
    position = models.PositiveIntegerField(default=100, help_text="Smaller ones are asked first.")
    is_active = models.BooleanField(default=True)
    kinds = ArrayField(models.CharField(max_length=12, choices=Kind), default=list, blank=True)
    severities = ArrayField(models.CharField(max_length=8, choices=Severity), default=list, blank=True)
    priorities = ArrayField(models.CharField(max_length=8, choices=Priority), default=list, blank=True)
    department = models.ForeignKey(
        "crm.Department", null=True, blank=True, on_delete=models.PROTECT, related_name="sla_policies", help_text="And those beneath it."
    )
    contact_tag = models.CharField(max_length=50, blank=True, help_text="Only for contacts with this tag.")
    counted = models.CharField(max_length=8, choices=Counted, default=Counted.BUSINESS)
    calendar = models.ForeignKey(
        "crm.BusinessCalendar",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="sla_policies",
        help_text="Empty: that of the complaint's department, else the default one.",
    )
    acknowledge_s = models.PositiveIntegerField(null=True, blank=True, help_text="Seconds; empty: not promised.")
    assign_s = models.PositiveIntegerField(null=True, blank=True)
    first_response_s = models.PositiveIntegerField(null=True, blank=True)
    resolve_s = models.PositiveIntegerField(null=True, blank=True)
    inform_every_s = models.PositiveIntegerField(null=True, blank=True, help_text="The customer hears of it at least so often.")
    warn_percent = models.PositiveSmallIntegerField(default=75, help_text="Warn when so much of the time is gone.")
    pauses_for_customer = models.BooleanField(default=True, help_text="The clocks rest while the customer is waited for.")
    pauses_for_third_party = models.BooleanField(default=False)
    escalation = models.ForeignKey(
        "complaints.EscalationPolicy", null=True, blank=True, on_delete=models.PROTECT, related_name="sla_policies"
    )

    objects = OpenToAll.as_manager()

    class Meta:
        verbose_name = "SLA policy"
        verbose_name_plural = "SLA policies"
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                name="sla_targets_are_within_a_year",
                condition=(Q(acknowledge_s=None) | Q(acknowledge_s__gt=0, acknowledge_s__lte=YEAR_S))
                & (Q(assign_s=None) | Q(assign_s__gt=0, assign_s__lte=YEAR_S))
                & (Q(first_response_s=None) | Q(first_response_s__gt=0, first_response_s__lte=YEAR_S))
                & (Q(resolve_s=None) | Q(resolve_s__gt=0, resolve_s__lte=YEAR_S))
                & (Q(inform_every_s=None) | Q(inform_every_s__gt=0, inform_every_s__lte=YEAR_S)),
                violation_error_message="A target is longer than nothing and at most a year.",
            ),
            models.CheckConstraint(
                name="sla_warns_before_the_end",
                condition=Q(warn_percent__gte=1, warn_percent__lte=99),
                violation_error_message="Warn at 1 to 99 per cent.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
