from django.conf import settings
from django.db import models
from django.db.models import F, Q

from complaints.models.complaints import Complaint
from config.platform.models import Role, Row, User


class ComplaintTransferQuerySet(models.QuerySet["ComplaintTransfer"]):
    def visible_to(self, user: User) -> "ComplaintTransferQuerySet":
        """Whoever may see a complaint may see how it was passed on."""
        return self.filter(complaint__in=Complaint.objects.visible_to(user).values("pk")) if user.role == Role.BACK_OFFICE else self

    def waiting(self) -> "ComplaintTransferQuerySet":
        """Those that nobody answered yet."""
        return self.filter(state="asked")


class ComplaintTransfer(Row):
    """That a complaint was passed to another department: why, and whether it took it or gave it back. Clocks go on."""

    class State(models.TextChoices):
        ASKED = "asked", "Asked"
        ACCEPTED = "accepted", "Accepted"
        RETURNED = "returned", "Returned"
        OVERTAKEN = "overtaken", "Passed on, or ended, before it was answered"

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="transfers")
    from_department = models.ForeignKey("crm.Department", null=True, on_delete=models.PROTECT, related_name="+")
    from_assignee = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    to_department = models.ForeignKey("crm.Department", on_delete=models.PROTECT, related_name="+")
    to_person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    state = models.CharField(max_length=9, choices=State, default=State.ASKED)
    is_ping_pong = models.BooleanField(default=False, help_text="The department had it before.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    answer = models.TextField(blank=True, help_text="Why it was given back.")

    objects = ComplaintTransferQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["complaint"],
                condition=Q(state="asked"),
                name="one_transfer_waits_for_an_answer",
                violation_error_message="A transfer of it waits for an answer already.",
            ),
            models.CheckConstraint(
                name="transfer_goes_elsewhere",
                condition=Q(from_department=None) | ~Q(from_department=F("to_department")),
                violation_error_message="It is in that department already.",
            ),
            models.CheckConstraint(name="transfer_says_why", condition=~Q(reason=""), violation_error_message="Say why it is passed on."),
            models.CheckConstraint(name="transfer_that_is_returned_says_why", condition=~Q(state="returned") | ~Q(answer="")),
            models.CheckConstraint(
                name="transfer_that_is_answered_says_when",
                condition=Q(state="asked", answered_at=None) | (~Q(state="asked") & Q(answered_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["from_department", "complaint"], name="transfer_from"),
            models.Index(fields=["to_department", "-id"], condition=Q(state="asked"), name="transfer_asked"),
        ]

    def __str__(self) -> str:
        return f"{self.complaint} → {self.to_department}"
