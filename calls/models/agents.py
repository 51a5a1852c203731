from datetime import datetime

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from calls.models.calls import Call
from config.platform.models import LEADERS, Row, User


class PauseCode(Row):
    """Why somebody is away from the line, as the company counts it."""

    class Kind(models.TextChoices):
        BREAK = "break", "Break"
        MEAL = "meal", "Meal"
        HEALTH = "health", "Health"
        TRAINING = "training", "Training"
        TECHNICAL = "technical", "Technical"
        ADMIN = "admin", "Paperwork"
        COACHING = "coaching", "Coaching"

    class Paid(models.TextChoices):
        NO = "no", "Not paid"
        YES = "yes", "Paid"
        HALF = "half", "Half paid"

    #: Away from the desk: the back and the voice rest. Other pauses are work at the desk without calls.
    RESTS = (Kind.BREAK, Kind.MEAL, Kind.HEALTH)

    code = models.SlugField(max_length=50, unique=True, error_messages={"unique": "There is a pause code like this already."})
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.BREAK)
    paid = models.CharField(max_length=4, choices=Paid, default=Paid.YES)
    time_limit_s = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Seconds; longer is told to the operator and the lead, nobody is called back by force. Empty: none.",
    )
    requires_approval = models.BooleanField(default=False, help_text="It is asked for, and begins when a lead agrees.")
    is_active = models.BooleanField(default=True)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="pause_limit_is_positive",
                condition=Q(time_limit_s=None) | Q(time_limit_s__gte=1),
                violation_error_message="A pause is limited to one second at least; leave the limit empty for none.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class State(models.TextChoices):
    """Where an operator is. Declared: offline, available, paused, lagged. Observed, from the phone: the rest."""

    OFFLINE = "offline", "Offline"
    AVAILABLE = "available", "Available"
    RESERVED = "reserved", "Reserved"
    RINGING = "ringing", "Ringing"
    TALKING = "talking", "Talking"
    HOLD = "hold", "On hold"
    WRAP_UP = "wrap_up", "Writing up"
    PAUSED = "paused", "Paused"
    LAGGED = "lagged", "Not heard of"


class Source(models.TextChoices):
    """Whose word a state is."""

    AGENT = "agent", "The operator"
    PHONE = "phone", "The phone"
    SYSTEM = "system", "Switchboard"
    SUPERVISOR = "supervisor", "A supervisor"


#: What somebody can be by their own word, or by ours when their word is missing.
DECLARED = (State.OFFLINE, State.AVAILABLE, State.PAUSED, State.LAGGED)
#: What the phone shows of somebody whom no call can reach.
BUSY = frozenset({State.RESERVED, State.RINGING, State.TALKING, State.HOLD})


class AgentStateQuerySet(models.QuerySet["AgentStateInterval"]):
    def visible_to(self, user: User) -> "AgentStateQuerySet":
        """How somebody's day went is for them and for those who lead."""
        return self if user.role in LEADERS else self.filter(agent=user)


class AgentStateInterval(Row):
    """From when to when an operator was in a state, in one of two tracks that are kept side by side.

    ``declared`` is what they said of themselves (or a supervisor, or our silence watch), without gaps from their first day on.
    ``observed`` is what their phone did; between calls there is no row.
    """

    class Track(models.TextChoices):
        DECLARED = "declared", "Declared"
        OBSERVED = "observed", "Observed"

    agent = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="state_intervals")
    track = models.CharField(max_length=8, choices=Track)
    state = models.CharField(max_length=9, choices=State)
    pause_code = models.ForeignKey(PauseCode, null=True, blank=True, on_delete=models.PROTECT, related_name="intervals")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=10, choices=Source)
    # No constraint of the database: it would make the fold of one call wait for another that a person holds, and that person for the fold.
    call = models.ForeignKey(Call, null=True, blank=True, on_delete=models.PROTECT, related_name="agent_states", db_constraint=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=200, blank=True, help_text="Why, when a supervisor or the system set it.")

    objects = AgentStateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agent", "track"], condition=Q(ended_at=None), name="one_open_state_per_agent_and_track"),
            models.CheckConstraint(name="agent_state_ends_after_it_began", condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at"))),
            models.CheckConstraint(
                name="agent_state_fits_its_track",
                condition=Q(track="declared", state__in=DECLARED) | (Q(track="observed") & ~Q(state="lagged")),
            ),
            models.CheckConstraint(name="pause_code_is_of_a_pause", condition=Q(pause_code=None) | Q(state="paused")),
            ExclusionConstraint(
                name="agent_states_of_a_track_do_not_overlap",
                expressions=[
                    ("agent", RangeOperators.EQUAL),
                    ("track", RangeOperators.EQUAL),
                    (
                        models.Func("started_at", "ended_at", function="tstzrange", output_field=DateTimeRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]
        indexes = [
            models.Index(fields=["agent", "-started_at", "-id"], name="agent_state_of_agent"),
            models.Index(fields=["started_at"], name="agent_state_by_start"),
            models.Index(fields=["call"], condition=~Q(call=None), name="agent_state_of_call"),
        ]

    def __str__(self) -> str:
        return f"{self.agent}: {self.get_state_display()}"


class AgentPresenceQuerySet(models.QuerySet["AgentPresence"]):
    def visible_to(self, user: User) -> "AgentPresenceQuerySet":
        """Everybody sees who is free: one must know whom to pass a caller to. What is private is left out by the serializer."""
        return self

    def for_api(self) -> "AgentPresenceQuerySet":
        """All that AgentSerializer shows, in a fixed number of queries."""
        named = self.select_related("agent", "pause_code", "pending_pause", "asked_pause")
        return named.prefetch_related("agent__teams__queues")

    def in_state(self, state: str) -> "AgentPresenceQuerySet":
        """Those whose ``state`` is this: the rule of the property, for the database."""
        is_here = Q(declared=State.AVAILABLE, lagged_at=None)
        if state in BUSY:
            return self.filter(observed=state)
        if state == State.LAGGED:
            return self.filter(~Q(observed__in=BUSY), lagged_at__isnull=False)
        if state == State.AVAILABLE:
            return self.filter(is_here, observed="")
        word = Q(declared=state, lagged_at=None) if state in DECLARED else Q(pk=None)
        return self.filter(~Q(observed__in=BUSY), word | (is_here & Q(observed=state)))


class AgentPresence(Row):
    """Where an operator is now: one row for each, the lock of all that changes their state, and the wallboard's reading.

    It repeats the open intervals, under the agent's own id. ``declared`` is their word; while nothing is heard of their screen,
    ``lagged_at`` says since when. No index but the keys: the table is small, and a heartbeat shall not write any.
    """

    agent = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="presence")
    declared = models.CharField(max_length=9, choices=[(one.value, one.label) for one in DECLARED[:3]], default=State.OFFLINE)
    declared_since = models.DateTimeField(null=True, blank=True)
    declared_source = models.CharField(max_length=10, choices=Source, default=Source.AGENT)
    pause_code = models.ForeignKey(PauseCode, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    pause_limit_at = models.DateTimeField(null=True, blank=True, help_text="When the time of the pause is over.")
    pause_over_told_at = models.DateTimeField(null=True, blank=True)
    lagged_at = models.DateTimeField(null=True, blank=True, help_text="Since when nothing is heard of the screen.")
    observed = models.CharField(max_length=9, choices=State, blank=True, help_text="What the phone does; empty: nothing.")
    observed_since = models.DateTimeField(null=True, blank=True)
    observed_until = models.DateTimeField(null=True, blank=True, help_text="When the time for writing up is over.")
    call = models.ForeignKey(Call, null=True, blank=True, on_delete=models.PROTECT, related_name="presences", db_constraint=False)

    phone_state = models.CharField(
        max_length=9, choices=State, blank=True, help_text="What the phone system says of them, apart from calls."
    )
    phone_state_at = models.DateTimeField(null=True, blank=True)

    session = models.UUIDField(null=True, blank=True, help_text="The sign-in that counts: the newest.")
    device = models.CharField(max_length=100, blank=True, help_text="What the operator works on, as the screen names itself.")
    signed_in_at = models.DateTimeField(null=True, blank=True)
    last_heartbeat_at = models.DateTimeField(null=True, blank=True)

    pending_pause = models.ForeignKey(
        PauseCode,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Begins when the call and its writing up are over.",
    )
    pending_limit_s = models.PositiveIntegerField(null=True, blank=True)
    asked_pause = models.ForeignKey(
        PauseCode, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="Waits for a lead's yes."
    )
    asked_at = models.DateTimeField(null=True, blank=True)

    check_break_at = models.DateTimeField(null=True, blank=True, help_text="A break cannot be due before.")
    break_due_at = models.DateTimeField(null=True, blank=True)
    break_reason = models.CharField(max_length=20, blank=True)
    break_told_at = models.DateTimeField(null=True, blank=True)

    objects = AgentPresenceQuerySet.as_manager()

    class Meta:
        verbose_name = "agent"
        constraints = [
            models.CheckConstraint(
                name="presence_pause_has_a_code", condition=Q(pause_code=None) | Q(declared="paused"), violation_error_message="Not paused."
            ),
            models.CheckConstraint(name="presence_lags_only_when_signed_in", condition=Q(lagged_at=None) | ~Q(declared="offline")),
            models.CheckConstraint(name="presence_has_the_id_of_its_agent", condition=Q(id=F("agent"))),
        ]

    def __str__(self) -> str:
        return str(self.agent)

    @property
    def word(self) -> str:
        """What is declared, as it stands: ``lagged`` while nothing is heard of the screen."""
        return State.LAGGED if self.lagged_at else self.declared

    @property
    def state(self) -> str:
        """What they do, in one word: the phone where it is busy, else what is declared; writing up only where available."""
        if self.observed in BUSY:
            return self.observed
        if self.word == State.AVAILABLE and self.observed:
            return self.observed
        return self.word

    @property
    def since(self) -> datetime | None:
        """Since when ``state`` is so."""
        if self.observed and self.state == self.observed and self.state != self.word:
            return self.observed_since
        if self.lagged_at:
            return self.lagged_at
        if self.declared == State.AVAILABLE and self.declared_since and self.observed_since:
            return max(self.declared_since, self.observed_since)
        return self.declared_since

    @property
    def conflict(self) -> str:
        """Where the phone and the word contradict each other; empty: nowhere."""
        if self.observed in BUSY and self.word != State.AVAILABLE:
            return f"on_call_while_{self.word}" if self.call_id else f"phone_busy_while_{self.word}"
        if self.word == State.AVAILABLE and self.observed and self.call_id is None:
            return f"available_while_phone_{'busy' if self.observed == State.RESERVED else self.observed}"
        return ""

    @property
    def is_free(self) -> bool:
        """Whether a call may go to them now."""
        return self.state == State.AVAILABLE


class HardCallQuerySet(models.QuerySet["HardCall"]):
    def visible_to(self, user: User) -> "HardCallQuerySet":
        """What somebody had to bear is for them and for those who lead."""
        return self if user.role in LEADERS else self.filter(agent=user)


class HardCall(Row):
    """A call that tires: whose it was, why it counts as hard, and the micro-pause that was offered after it."""

    class Answer(models.TextChoices):
        TAKEN = "taken", "Taken"
        DECLINED = "declined", "Declined"

    call = models.OneToOneField(Call, on_delete=models.PROTECT, related_name="hard")
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="hard_calls")
    at = models.DateTimeField(help_text="When it ended.")
    reasons = models.JSONField(default=list, help_text="topic:<code>, disposition:<code>, abuse.")
    marked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="Who said that it was hard."
    )
    offered_at = models.DateTimeField(null=True, blank=True)
    offer_until = models.DateTimeField(null=True, blank=True)
    offer_s = models.PositiveIntegerField(default=0, help_text="Length of the pause offered, seconds.")
    answer = models.CharField(max_length=8, choices=Answer, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = HardCallQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["agent", "-at"], name="hard_call_of_agent"),
            models.Index(fields=["at"], name="hard_call_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.agent}: {', '.join(self.reasons)}"
