from django.db import models
from django.db.models import F, Q

from config.platform.models import Row, User
from crm.models.trees import refuse_circle


class TopicQuerySet(models.QuerySet["Topic"]):
    def visible_to(self, user: User) -> "TopicQuerySet":
        """Everybody sees the topics."""
        return self


class Topic(Row):
    """What a call was about. Topics form a tree, and calls, complaints and articles share it."""

    code = models.SlugField(max_length=50, unique=True, error_messages={"unique": "There is a topic with this code already."})
    name = models.CharField(max_length=100)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    department = models.ForeignKey("crm.Department", null=True, blank=True, on_delete=models.PROTECT, related_name="topics")
    is_hard = models.BooleanField(default=False, help_text="Calls on it tire: complaints, abuse, bereavement.")
    is_active = models.BooleanField(default=True)

    objects = TopicQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="topic_is_not_its_own_parent",
                condition=Q(parent=None) | ~Q(parent=F("id")),
                violation_error_message="A topic cannot be its own parent.",
            )
        ]

    def clean(self) -> None:
        refuse_circle(self)

    def __str__(self) -> str:
        return self.name
