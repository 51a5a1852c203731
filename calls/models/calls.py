from django.conf import settings
from django.db import models
from django.db.models import Q

from config.platform.models import Row, User


class CallQuerySet(models.QuerySet["Call"]):
    def visible_to(self, user: User) -> "CallQuerySet":
        """Whoever may read calls may read all of them: the next operator must know what the last one heard."""
        return self

    def for_api(self) -> "CallQuerySet":
        """All that CallSerializer shows, in a fixed number of queries."""
        return self.select_related("phone_system", "agent", "disposition").prefetch_related("legs", "topics")

    def open(self) -> "CallQuerySet":
        """Those that go on now."""
        return self.exclude(state="ended")


class Disposition(Row):
    """How a call came out, in the words of the company."""

    code = models.SlugField(max_length=50, unique=True, error_messages={"unique": "There is a disposition with this code already."})
    name = models.CharField(max_length=100)
    needs_note = models.BooleanField(default=False, help_text="The operator must write a note with it.")
    is_active = models.BooleanField(default=True)
    order = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class Call(Row):
    """What happened on the line: for a phone system's call a pure function of the set of its events, else what a person wrote.

    The wrap-up (disposition, topics, note) belongs to people and is never touched by events.
    """

    class Direction(models.TextChoices):
        INBOUND = "inbound", "Inbound"
        OUTBOUND = "outbound", "Outbound"
        INTERNAL = "internal", "Internal"

    class Source(models.TextChoices):
        EVENT = "event", "Phone system"
        MANUAL = "manual", "By hand"

    class State(models.TextChoices):
        INITIATED = "initiated", "Begun"
        QUEUED = "queued", "Waiting in a queue"
        RINGING = "ringing", "Ringing"
        IN_PROGRESS = "in_progress", "Talking"
        ENDED = "ended", "Ended"

    class Outcome(models.TextChoices):
        ANSWERED = "answered", "Answered"
        ABANDONED = "abandoned", "Abandoned"
        MISSED = "missed", "Missed"
        BUSY = "busy", "Busy"
        NO_ANSWER = "no_answer", "No answer"
        REJECTED = "rejected", "Rejected"
        CANCELED = "canceled", "Canceled"
        FAILED = "failed", "Failed"
        CONGESTION = "congestion", "Congestion"
        INVALID_NUMBER = "invalid_number", "Invalid number"
        VOICEMAIL = "voicemail", "Voicemail"
        MACHINE = "machine", "Machine"
        BLOCKED = "blocked", "Blocked"
        AFTER_HOURS = "after_hours", "After hours"
        OVERFLOW = "overflow", "Overflow"
        CALLBACK_REQUESTED = "callback_requested", "Callback requested"
        UNKNOWN = "unknown", "Unknown"

    class HangupBy(models.TextChoices):
        CALLER = "caller", "Caller"
        AGENT = "agent", "Agent"
        SYSTEM = "system", "System"
        UNKNOWN = "unknown", "Unknown"

    class MatchQuality(models.TextChoices):
        EXACT = "exact", "The number is in the base"
        SUFFIX = "suffix", "The last digits are in the base"
        IDENTIFIED = "identified", "Somebody said who it was"

    class WrapUp(models.TextChoices):
        NONE = "none", "Nothing to write"
        PENDING = "pending", "Waiting for the operator"
        DONE = "done", "Done"

    source = models.CharField(max_length=10, choices=Source, default=Source.EVENT)
    phone_system = models.ForeignKey("calls.PhoneSystem", null=True, blank=True, on_delete=models.PROTECT, related_name="calls")
    external_id = models.CharField(max_length=200, blank=True)
    direction = models.CharField(max_length=10, choices=Direction, default=Direction.INBOUND)
    state = models.CharField(max_length=12, choices=State, default=State.INITIATED)
    outcome = models.CharField(max_length=20, choices=Outcome, blank=True)
    from_raw = models.CharField(max_length=200, blank=True)
    from_e164 = models.CharField(max_length=20, blank=True)
    from_name = models.CharField(max_length=200, blank=True)
    to_raw = models.CharField(max_length=200, blank=True)
    to_e164 = models.CharField(max_length=20, blank=True)
    to_name = models.CharField(max_length=200, blank=True)
    customer_e164 = models.CharField(max_length=20, blank=True, help_text="The far side's number: who calls in, or whom we call.")
    line = models.CharField(max_length=100, blank=True)
    queue = models.CharField(max_length=100, blank=True)
    queue_position = models.PositiveIntegerField(null=True, blank=True)
    contact = models.ForeignKey("crm.Contact", null=True, blank=True, on_delete=models.PROTECT, related_name="calls")
    match_quality = models.CharField(max_length=12, choices=MatchQuality, blank=True)
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="calls")
    answered_by_raw = models.CharField(max_length=200, blank=True)
    answered_by_name = models.CharField(max_length=200, blank=True)
    started_at = models.DateTimeField()
    queued_at = models.DateTimeField(null=True, blank=True)
    first_ring_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    wait_s = models.FloatField(null=True, blank=True)
    ring_s = models.FloatField(null=True, blank=True)
    talk_s = models.FloatField(null=True, blank=True)
    hold_s = models.FloatField(null=True, blank=True)
    reported_talk_s = models.FloatField(null=True, blank=True, help_text="As the phone system counted it.")
    hangup_by = models.CharField(max_length=10, choices=HangupBy, blank=True)
    cause = models.PositiveSmallIntegerField(null=True, blank=True, help_text="ITU-T Q.850.")
    cause_text = models.CharField(max_length=200, blank=True)
    is_partial = models.BooleanField(default=False, help_text="Its beginning has not been told yet.")
    is_stale_closed = models.BooleanField(default=False, help_text="Closed because nothing more was heard of it.")
    transfers = models.JSONField(default=list, blank=True)
    queue_stays = models.JSONField(default=list, blank=True)
    recordings = models.JSONField(default=list, blank=True)
    linked_ids = models.JSONField(default=list, blank=True)
    flags = models.JSONField(default=list, blank=True)
    last_event_at = models.DateTimeField(null=True, blank=True, help_text="When we last heard of it, by our clock.")

    wrap_up_state = models.CharField(max_length=10, choices=WrapUp, default=WrapUp.NONE)
    disposition = models.ForeignKey(Disposition, null=True, blank=True, on_delete=models.PROTECT, related_name="calls")
    topics = models.ManyToManyField("crm.Topic", blank=True, related_name="calls")
    note = models.TextField(blank=True)
    wrapped_up_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    wrapped_up_at = models.DateTimeField(null=True, blank=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["phone_system", "external_id"], condition=~Q(external_id=""), name="one_call_per_external_id"),
            models.CheckConstraint(name="call_ended_has_an_end", condition=~Q(state="ended") | Q(ended_at__isnull=False)),
        ]
        indexes = [
            models.Index(fields=["-started_at", "-id"], name="call_by_start"),
            models.Index(fields=["contact", "-started_at", "-id"], name="call_of_contact", condition=~Q(contact=None)),
            models.Index(fields=["agent", "-started_at", "-id"], name="call_of_agent", condition=~Q(agent=None)),
            models.Index(fields=["customer_e164", "-started_at", "-id"], name="call_of_number"),
            models.Index(fields=["outcome", "-started_at", "-id"], name="call_outcome"),
            models.Index(fields=["direction", "-started_at", "-id"], name="call_direction"),
            models.Index(fields=["queue", "-started_at", "-id"], name="call_queue", condition=~Q(queue="")),
            models.Index(fields=["phone_system", "-started_at", "-id"], name="call_of_system"),
            models.Index(fields=["disposition", "-started_at", "-id"], name="call_disposition", condition=~Q(disposition=None)),
            models.Index(fields=["last_event_at"], condition=~Q(state="ended"), name="call_open"),
            models.Index(fields=["-started_at", "-id"], condition=Q(wrap_up_state="pending"), name="call_to_wrap_up"),
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} {self.customer_e164 or self.from_raw or self.external_id}"


class CallKey(models.Model):
    """Every id under which phone systems speak of a call: its own and the ones linked to it."""

    id = models.BigAutoField(primary_key=True)
    phone_system = models.ForeignKey("calls.PhoneSystem", null=True, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=200)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="keys")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["phone_system", "key"], nulls_distinct=False, name="one_call_per_key")]

    def __str__(self) -> str:
        return self.key


class CallAlias(models.Model):
    """The id of a call that was joined to another: it still answers."""

    old_id = models.UUIDField(primary_key=True, editable=False)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="aliases")

    class Meta:
        verbose_name = "earlier id of a call"
        verbose_name_plural = "earlier ids of calls"

    def __str__(self) -> str:
        return str(self.old_id)


class CallLeg(Row):
    """One party's part of a call. Its state only goes forward: created, ringing, answered, ended."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="legs")
    key = models.CharField(max_length=200)
    party = models.CharField(max_length=10)
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="call_legs")
    extension = models.CharField(max_length=100, blank=True)
    number_raw = models.CharField(max_length=200, blank=True)
    name = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10)
    started_at = models.DateTimeField(null=True)
    ring_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    hold_s = models.FloatField(default=0)
    is_held = models.BooleanField(default=False, db_default=False, help_text="Somebody waits on hold just now.")
    cause = models.PositiveSmallIntegerField(null=True)
    end_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["started_at", "key"]
        constraints = [models.UniqueConstraint(fields=["call", "key"], name="one_leg_per_key")]
        indexes = [models.Index(fields=["agent", "-answered_at"], name="leg_of_agent", condition=~Q(agent=None))]

    def __str__(self) -> str:
        return f"{self.party} {self.extension or self.number_raw}"
