from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from complaints.models.complaints import Channel, Kind, Severity
from config.platform.models import Row
from crm.models.catalogue import OpenToAll


class RoutingRule(Row):
    """Where a new complaint goes. The first active rule, by ``position``, whose conditions all hold decides; an empty one holds always."""

    class Choice(models.TextChoices):
        NOBODY = "nobody", "The department finds somebody"
        DIRECT = "direct", "One person"
        ROUND_ROBIN = "round_robin", "In turn, of those on duty"
        LEAST_BUSY = "least_busy", "Whoever on duty has the fewest open ones"

    name = models.CharField(max_length=100, unique=True, error_messages={"unique": "There is a rule of this name already."})
    position = models.PositiveIntegerField(default=100, help_text="Smaller ones are asked first.")
    is_active = models.BooleanField(default=True)
    kinds = ArrayField(models.CharField(max_length=12, choices=Kind), default=list, blank=True)
    severities = ArrayField(models.CharField(max_length=8, choices=Severity), default=list, blank=True)
    channels = ArrayField(models.CharField(max_length=8, choices=Channel), default=list, blank=True)
    languages = ArrayField(models.CharField(max_length=12), default=list, blank=True, help_text="BCP 47; `en` holds for `en-GB`.")
    topics = models.ManyToManyField("crm.Topic", blank=True, related_name="+", help_text="And those beneath them.")
    products = models.ManyToManyField("crm.Product", blank=True, related_name="+")
    categories = models.ManyToManyField("crm.Category", blank=True, related_name="+", help_text="And those beneath them.")
    contact_tag = models.CharField(max_length=50, blank=True, help_text="Only of contacts with this tag.")
    department = models.ForeignKey("crm.Department", on_delete=models.PROTECT, related_name="routing_rules")
    choice = models.CharField(max_length=12, choices=Choice, default=Choice.NOBODY)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey("crm.Team", null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="Only of this team.")
    most_open = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Nobody gets one who has so many open.")
    last_person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False)

    objects = OpenToAll.as_manager()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                name="direct_rule_names_a_person",
                condition=~Q(choice="direct") | Q(person__isnull=False),
                violation_error_message="Say to which person.",
            )
        ]

    def __str__(self) -> str:
        return self.name
