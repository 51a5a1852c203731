from django.conf import settings
from django.db import models
from django.db.models import Q

from config.platform.models import Row, User


class SavedFilterQuerySet(models.QuerySet["SavedFilter"]):
    def visible_to(self, user: User) -> "SavedFilterQuerySet":
        """One's own, and those that are shared."""
        return self.filter(Q(owner=user) | Q(is_shared=True))


class SavedFilter(Row):
    """A query that somebody keeps by a name, in the grammar of the list it is for."""

    entity = models.CharField(max_length=30, help_text="The list it is for, as its address says it: contacts, calls.")
    name = models.CharField(max_length=100)
    query = models.JSONField(default=dict, help_text="Names and values, as the list takes them.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="saved_filters")
    is_shared = models.BooleanField(default=False, help_text="Everybody sees it.")

    objects = SavedFilterQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "entity", "name"],
                name="one_saved_filter_name_per_owner",
                violation_error_message="You have a filter of this name for this list already.",
            )
        ]
        indexes = [models.Index(fields=["-id"], condition=Q(is_shared=True), name="saved_filter_shared")]

    def __str__(self) -> str:
        return self.name
