from django.conf import settings
from django.db import models
from django.db.models import Q

from complaints.models.complaints import Channel, Complaint
from config.platform.models import Role, Row, User


class ComplaintMessage(Row):
    """What was said about a complaint: to the customer, by the customer, or among ourselves."""

    class Visibility(models.TextChoices):
        PUBLIC = "public", "Between us and the customer"
        INTERNAL = "internal", "Among ourselves"

    class Side(models.TextChoices):
        US = "us", "Us"
        CUSTOMER = "customer", "The customer"

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="messages")
    visibility = models.CharField(max_length=8, choices=Visibility, default=Visibility.INTERNAL)
    side = models.CharField(max_length=8, choices=Side, default=Side.US, help_text="Who speaks.")
    via = models.CharField(max_length=8, choices=Channel, blank=True, help_text="How it was said; empty for an internal one.")
    text = models.TextField()
    call = models.ForeignKey("calls.Call", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="message_has_text", condition=~Q(text=""), violation_error_message="Write something."),
            models.CheckConstraint(
                name="message_of_a_customer_is_public",
                condition=~Q(side="customer") | Q(visibility="public"),
                violation_error_message="What a customer says is not internal.",
            ),
            models.CheckConstraint(
                name="message_that_is_public_says_how",
                condition=Q(visibility="internal") | ~Q(via=""),
                violation_error_message="Say how it was said: `via`.",
            ),
        ]
        indexes = [models.Index(fields=["complaint", "id"], name="message_of_complaint")]

    def __str__(self) -> str:
        return self.text[:60]


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, user: User) -> "AttachmentQuerySet":
        """Whoever sees the complaint."""
        return self if user.role != Role.BACK_OFFICE else self.filter(complaint__in=Complaint.objects.visible_to(user).values("pk"))


class Attachment(Row):
    """A file that belongs to a complaint: a photograph of the damage, a bill. Its type is what its bytes are, not what it is called."""

    class Scan(models.TextChoices):
        PENDING = "pending", "Not yet scanned"
        CLEAN = "clean", "Clean"
        INFECTED = "infected", "Infected"
        UNSCANNED = "unscanned", "No scanner is set up"

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="attachments")
    message = models.ForeignKey(ComplaintMessage, null=True, blank=True, on_delete=models.PROTECT, related_name="attachments")
    name = models.CharField(max_length=200, help_text="As whoever sent it called it.")
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    storage_name = models.CharField(max_length=200, blank=True, editable=False, help_text="Empty: the file is deleted.")
    scan = models.CharField(max_length=9, choices=Scan, default=Scan.PENDING)
    scan_said = models.CharField(max_length=200, blank=True)
    scan_due_at = models.DateTimeField(null=True)
    scan_tries = models.PositiveSmallIntegerField(default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="attachment_is_not_empty", condition=Q(size__gt=0)),
            models.CheckConstraint(name="attachment_to_be_scanned_is_due", condition=~Q(scan="pending") | Q(scan_due_at__isnull=False)),
            models.UniqueConstraint(fields=["storage_name"], condition=~Q(storage_name=""), name="attachment_has_a_file_of_its_own"),
        ]
        indexes = [
            models.Index(fields=["complaint", "id"], name="attachment_of_complaint"),
            models.Index(fields=["scan_due_at"], condition=Q(scan="pending"), name="attachment_to_scan"),
            models.Index(fields=["deleted_at"], condition=Q(deleted_at__isnull=False) & ~Q(storage_name=""), name="attachment_to_delete"),
        ]

    def __str__(self) -> str:
        return self.name
