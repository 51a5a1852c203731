from django.db import models
from django.db.models import Q


class Originated(models.Model):
    """A row that says what it came from: a call, an attempt. Only a kind and an id, for the origin may live in a higher app."""

    origin_kind = models.CharField(max_length=20, blank=True, editable=False)
    origin_id = models.UUIDField(null=True, editable=False)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_origin_is_whole",
                condition=Q(origin_kind="", origin_id=None) | (~Q(origin_kind="") & Q(origin_id__isnull=False)),
            )
        ]

    @property
    def origin(self) -> dict[str, str] | None:
        """As the API shows it."""
        return {"kind": self.origin_kind, "id": str(self.origin_id)} if self.origin_kind else None
