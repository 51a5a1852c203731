from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from config.platform.models.rows import Row


class AuditEvent(Row):
    """One thing that was done to one object: who, what, before and after, why, in which request.

    Written in the transaction that did it, and never changed afterwards: a trigger of the table refuses it.
    """

    subject_type = models.CharField(max_length=50)
    subject_id = models.UUIDField()
    verb = models.CharField(max_length=60)
    status_before = models.CharField(max_length=30, blank=True)
    status_after = models.CharField(max_length=30, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())
    reason = models.TextField(blank=True)
    changes = models.JSONField(default=dict, help_text="{field: [before, after]}")
    facts = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    ip = models.GenericIPAddressField(null=True)

    class Meta:
        verbose_name = "audit event"
        indexes = [
            models.Index(fields=["subject_id", "-id"], name="audit_of_subject"),
            models.Index(fields=["subject_id", "-at", "-id"], name="audit_of_subject_by_time"),
            models.Index(fields=["by", "-id"], name="audit_by_person"),
            models.Index(fields=["subject_type", "-id"], name="audit_of_type"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_type}.{self.verb}"
