from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from calls.models.calls import Call
from calls.models.phone_systems import PhoneSystem
from config.platform.models import LEADERS, Originated, Role, User
from config.platform.moves import Movable, Move
from crm.models import Contact
from crm.models.consent import Purpose

PURPOSES = [(one.value, one.label) for one in Purpose if one not in (Purpose.RECORDING, Purpose.DATA_PROCESSING)]


class CallRequestQuerySet(models.QuerySet["CallRequest"]):
    def visible_to(self, user: User) -> "CallRequestQuerySet":
        """An operator sees their own; whoever leads, and what speaks for a phone system or a screen, sees all."""
        return self if user.role in (*LEADERS, Role.INTEGRATION) else self.filter(agent=user)

    def for_api(self) -> "CallRequestQuerySet":
        """All that RequestedCallSerializer shows, in one statement."""
        return self.select_related("phone_system")

    def open(self) -> "CallRequestQuerySet":
        """Those that a call may still come of."""
        return self.filter(status__in=CallRequest.OPEN)


class CallRequest(Originated, Movable):
    """Somebody of ours wants to be put through to a number: what the gate said, what the phone system said, and the call that came of it."""

    class Status(models.TextChoices):
        REQUESTED = "requested", "Asked for"
        SENT = "sent", "The phone system is told"
        ACCEPTED = "accepted", "The phone system calls"
        LINKED = "linked", "There is a call"
        REFUSED = "refused", "Refused"
        FAILED = "failed", "The phone system could not be told"
        EXPIRED = "expired", "Nothing came of it in time"
        CANCELLED = "cancelled", "Called off"

    class Reason(models.TextChoices):
        MANUAL = "manual", "Somebody wants to call"
        RETURN_CALL = "return_call", "A missed caller is called back"
        CALLBACK = "callback", "A call was promised"
        TARGET = "target", "A campaign's contact"

    OPEN = (Status.REQUESTED, Status.SENT, Status.ACCEPTED)
    MOVES = {
        "send": Move(frozenset({Status.REQUESTED}), Status.SENT),
        "accept": Move(frozenset({Status.REQUESTED, Status.SENT}), Status.ACCEPTED),
        "refuse": Move(frozenset(OPEN), Status.REFUSED),
        "fail": Move(frozenset(OPEN), Status.FAILED),
        "expire": Move(frozenset(OPEN), Status.EXPIRED),
        "cancel": Move(frozenset(OPEN), Status.CANCELLED),
        # What happened on the line is stronger than what was thought of it: a late event links all the same.
        "link": Move(frozenset({*OPEN, Status.REFUSED, Status.FAILED, Status.EXPIRED, Status.CANCELLED}), Status.LINKED),
    }

    status = models.CharField(max_length=10, choices=Status, default=Status.REQUESTED)
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="call_requests", help_text="Who wants to talk."
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    phone_system = models.ForeignKey(PhoneSystem, on_delete=models.PROTECT, related_name="call_requests")
    extension = models.CharField(max_length=50, help_text="The phone that rings first.")
    number = models.CharField(max_length=20, blank=True, help_text="Whom to call, E.164; empty once the person was erased.")
    line = models.CharField(max_length=20, blank=True, help_text="Our own number to show, E.164; empty: the phone system's choice.")
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.PROTECT, related_name="call_requests")
    reason = models.CharField(max_length=12, choices=Reason, default=Reason.MANUAL)
    purpose = models.CharField(max_length=20, choices=PURPOSES, default=Purpose.SERVICE)
    verdict: Any = models.JSONField(default=dict, help_text="What the gate said: allowed, reasons, warnings, next_at.")
    external_id = models.CharField(max_length=200, blank=True, help_text="The call, as the phone system said that it will call it.")
    call = models.ForeignKey(Call, null=True, blank=True, on_delete=models.PROTECT, related_name="call_requests")
    problem = models.CharField(max_length=500, blank=True, help_text="Why no call came of it.")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, editable=False)

    objects = CallRequestQuerySet.as_manager()

    class Meta(Originated.Meta):
        abstract = False
        constraints = [
            *Originated.Meta.constraints,
            models.UniqueConstraint(
                fields=["agent"],
                condition=Q(status__in=["requested", "sent", "accepted"]),
                name="one_open_call_request_per_agent",
                violation_error_message="You have asked for a call already: wait for it, or call it off.",
            ),
            models.UniqueConstraint(
                fields=["number"],
                condition=Q(status__in=["requested", "sent", "accepted"]) & ~Q(number=""),
                name="one_open_call_request_per_number",
                violation_error_message="Somebody asked for a call to this number a moment ago.",
            ),
            models.CheckConstraint(
                name="call_request_status_is_known",
                condition=Q(status__in=["requested", "sent", "accepted", "linked", "refused", "failed", "expired", "cancelled"]),
            ),
            models.CheckConstraint(
                name="call_request_that_is_over_says_when",
                condition=Q(status__in=["requested", "sent", "accepted"], ended_at=None)
                | (~Q(status__in=["requested", "sent", "accepted"]) & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(name="call_request_that_is_linked_has_its_call", condition=~Q(status="linked") | Q(call__isnull=False)),
        ]
        indexes = [
            models.Index(fields=["agent", "-id"], name="call_request_of_agent"),
            models.Index(fields=["status", "-id"], name="call_request_status"),
            models.Index(fields=["phone_system", "-id"], name="call_request_of_system"),
            models.Index(fields=["contact", "-asked_at", "-id"], condition=~Q(contact=None), name="call_request_of_contact"),
            models.Index(fields=["number", "-asked_at"], condition=~Q(number=""), name="call_request_of_number"),
            models.Index(fields=["phone_system", "external_id"], condition=~Q(external_id=""), name="call_request_by_call_id"),
            models.Index(fields=["expires_at"], condition=Q(status__in=["requested", "sent", "accepted"]), name="call_request_to_expire"),
        ]

    def __str__(self) -> str:
        return f"{self.number or '(erased)'} for {self.extension}"

    @property
    def is_open(self) -> bool:
        """Whether a call may still come of it."""
        return self.status in self.OPEN


class PhoneCommandQuerySet(models.QuerySet["PhoneCommand"]):
    def waiting(self, now: datetime) -> "PhoneCommandQuerySet":
        """Those that the phone system has not taken yet and still may."""
        return self.filter(status=PhoneCommand.Status.WAITING, expires_at__gt=now)


class PhoneCommand(Movable):
    """Something that a phone system is to do: call somebody, pass a call on. It is owed until the phone system took it or its time is over.

    Its id is that of what it is about: the call request. What it says is read from there when it is told.
    """

    class Kind(models.TextChoices):
        DIAL = "dial", "Call somebody"
        TRANSFER = "transfer", "Pass a call on"

    class Status(models.TextChoices):
        WAITING = "waiting", "Not taken yet"
        ACCEPTED = "accepted", "Taken"
        REFUSED = "refused", "Refused"
        FAILED = "failed", "Could not be told"
        EXPIRED = "expired", "Its time is over"
        DROPPED = "dropped", "Not wanted any more"

    MOVES = {
        "accept": Move(frozenset({Status.WAITING}), Status.ACCEPTED),
        "refuse": Move(frozenset({Status.WAITING, Status.ACCEPTED}), Status.REFUSED),
        "fail": Move(frozenset({Status.WAITING}), Status.FAILED),
        "expire": Move(frozenset({Status.WAITING}), Status.EXPIRED),
        "drop": Move(frozenset({Status.WAITING}), Status.DROPPED),
    }

    kind = models.CharField(max_length=10, choices=Kind)
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    phone_system = models.ForeignKey(PhoneSystem, on_delete=models.PROTECT, related_name="commands")
    way = models.CharField(max_length=4, choices=PhoneSystem.TakesCommands, help_text="How it is told.")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0, editable=False)
    run_after = models.DateTimeField(help_text="When it is told, or told again; while somebody tells it, when they are taken for dead.")
    problem = models.CharField(max_length=500, blank=True, help_text="What went wrong last.")
    settled_at = models.DateTimeField(null=True, editable=False)

    objects = PhoneCommandQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="phone_command_status_is_known",
                condition=Q(status__in=["waiting", "accepted", "refused", "failed", "expired", "dropped"]),
            ),
            models.CheckConstraint(
                name="phone_command_that_is_settled_says_when",
                condition=Q(status="waiting", settled_at=None) | (~Q(status="waiting") & Q(settled_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["run_after"], condition=Q(status="waiting", way="post"), name="phone_command_to_post"),
            models.Index(fields=["phone_system", "asked_at"], condition=Q(status="waiting"), name="phone_command_to_take"),
            models.Index(fields=["expires_at"], condition=Q(status="waiting"), name="phone_command_to_expire"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.asked_at:%Y-%m-%d %H:%M:%S})"
