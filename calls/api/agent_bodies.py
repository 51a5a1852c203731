"""The forms in which agents, their states and their breaks go out, and what is said of them comes in."""

from typing import Any

from rest_framework import serializers

from calls import breaks, hard_calls
from calls.models import AgentExtension, AgentPresence, AgentStateInterval, PauseCode, PhoneSystem
from calls.models.agents import Source, State
from config.api.viewsets import example
from config.platform.models import LEADERS

ID = "0199a1b2-0000-7000-8000-293a4b5c6d7e"
CALL = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
WHEN = "2026-11-23T09:00:00Z"
BREAK = {
    "since": "2026-11-23T11:00:00Z",
    "reason": "desk",
    "text": "You have been at the desk for 2 h without a break of 5 min: your back needs one.",
    "stretch": "Stand up, roll your shoulders back ten times, look at something far away for half a minute.",
}
OFFER = {"call": CALL, "seconds": 120, "until": "2026-11-23T09:10:00Z", "text": hard_calls.TEXT}
AGENT: dict[str, Any] = {
    "id": ID,
    "name": "Иванова Анна Петровна",
    "state": "talking",
    "since": WHEN,
    "is_free": False,
    "teams": ["0199a1b2-4444-7000-8000-293a4b5c6d7e"],
    "queues": ["support"],
    "declared": "available",
    "declared_since": "2026-11-23T07:00:00Z",
    "declared_source": "agent",
    "pause_code": None,
    "pause_limit_at": None,
    "observed": "talking",
    "observed_since": WHEN,
    "observed_until": None,
    "call": CALL,
    "conflict": "",
    "lagged_at": None,
    "device": "Firefox, desk 12",
    "signed_in_at": "2026-11-23T07:00:00Z",
    "last_heartbeat_at": WHEN,
    "pending_pause": "lunch",
    "asked_pause": None,
    "asked_at": None,
    "break_due": BREAK,
    "version": 7,
}
#: What colleagues see of one another: enough to pass a caller on.
PLAIN = ("id", "name", "state", "since", "is_free", "teams", "queues", "version")


@example(BREAK, request=False)
class BreakSerializer(serializers.Serializer):
    since = serializers.DateTimeField()
    reason = serializers.ChoiceField(choices=["desk", "talk"])
    text = serializers.CharField(help_text="The reason in words.")
    stretch = serializers.CharField(help_text="What does good now.")


@example(OFFER, request=False)
class MicroPauseSerializer(serializers.Serializer):
    call = serializers.UUIDField()
    seconds = serializers.IntegerField(help_text="How long the micro-pause is.")
    until = serializers.DateTimeField(help_text="How long it is offered.")
    text = serializers.CharField()


class CodeField(serializers.SlugRelatedField):
    """A pause code by its code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="code", **kwargs)


@example(AGENT, request=False)
class AgentSerializer(serializers.ModelSerializer):
    """An agent; what is private is null but for themselves and for those who lead."""

    name = serializers.CharField(source="agent.get_full_name")
    state = serializers.ChoiceField(choices=State.choices, help_text="In one word: the phone where it is busy, else what is declared.")
    since = serializers.DateTimeField(allow_null=True)
    is_free = serializers.BooleanField(help_text="Whether a call may go to them now.")
    teams = serializers.SerializerMethodField()
    queues = serializers.SerializerMethodField(help_text="Slugs of the queues that their teams serve.")
    declared = serializers.ChoiceField(
        source="word", choices=State.choices, allow_null=True, help_text="Their own word, or ours: `lagged`."
    )
    declared_source = serializers.ChoiceField(choices=Source.choices, allow_null=True)
    pause_code = CodeField(read_only=True, allow_null=True)
    observed = serializers.CharField(allow_null=True, help_text="What the phone shows; empty: nothing.")
    call = serializers.UUIDField(source="call_id", allow_null=True)
    conflict = serializers.CharField(
        allow_null=True,
        help_text="Where phone and word contradict each other: `on_call_while_paused`, `on_call_while_offline`, `on_call_while_lagged`, "
        "`phone_busy_while_…`, `available_while_phone_paused`, `…_busy`, `…_offline`; empty: nowhere.",
    )
    device = serializers.CharField(allow_null=True)
    pending_pause = CodeField(read_only=True, allow_null=True)
    asked_pause = CodeField(read_only=True, allow_null=True)
    break_due = serializers.SerializerMethodField()

    class Meta:
        model = AgentPresence
        fields = list(AGENT)
        read_only_fields = fields

    def get_teams(self, row: AgentPresence) -> list[str]:
        return [str(team.pk) for team in row.agent.teams.all() if team.is_active]

    def get_queues(self, row: AgentPresence) -> list[str]:
        return sorted({queue.slug for team in row.agent.teams.all() if team.is_active for queue in team.queues.all() if queue.is_active})

    def get_break_due(self, row: AgentPresence) -> BreakSerializer(allow_null=True):  # type: ignore[valid-type]
        return breaks.shown(row)

    def to_representation(self, row: AgentPresence) -> dict[str, Any]:
        shown = super().to_representation(row)
        user = self.context["request"].user
        if user.role in LEADERS or row.agent_id == user.pk:
            return shown
        return {name: value if name in PLAIN else None for name, value in shown.items()}


@example({**AGENT, "micro_pause": OFFER, "session": None}, request=False)
class MeAsAgentSerializer(AgentSerializer):
    """Oneself, with what is offered."""

    micro_pause = serializers.SerializerMethodField()
    session = serializers.SerializerMethodField(help_text="Only in the answer to signing in: what the heartbeats of this screen carry.")

    class Meta(AgentSerializer.Meta):
        fields = [*AGENT, "micro_pause", "session"]
        read_only_fields = fields

    def get_micro_pause(self, row: AgentPresence) -> MicroPauseSerializer(allow_null=True):  # type: ignore[valid-type]
        return hard_calls.offer_to(row.agent_id, now=self.context["now"])

    def get_session(self, row: AgentPresence) -> str | None:
        return str(self.context["session"]) if self.context["session"] else None


BEAT = {
    "state": "talking",
    "since": WHEN,
    "conflict": "",
    "pause_code": None,
    "pause_limit_at": None,
    "pending_pause": "lunch",
    "asked_pause": None,
    "break_due": None,
    "micro_pause": None,
    "heard_at": WHEN,
}


@example(BEAT, request=False)
class BeatSerializer(serializers.Serializer):
    """What a heartbeat is answered."""

    state = serializers.ChoiceField(choices=State.choices)
    since = serializers.DateTimeField(allow_null=True)
    conflict = serializers.CharField()
    pause_code = serializers.CharField(allow_null=True)
    pause_limit_at = serializers.DateTimeField(allow_null=True)
    pending_pause = serializers.CharField(allow_null=True)
    asked_pause = serializers.CharField(allow_null=True)
    break_due = BreakSerializer(allow_null=True)
    micro_pause = MicroPauseSerializer(allow_null=True)
    heard_at = serializers.DateTimeField(help_text="By the clock of the database.")


@example(
    {
        "id": "0199a1b2-9999-7000-8000-293a4b5c6d7e", "track": "declared", "state": "paused", "pause_code": "lunch", "started_at": WHEN,
        "ended_at": "2026-11-23T09:30:00Z", "source": "supervisor", "call": None, "by": ID, "note": "You asked me on the floor.",
    },
    request=False,
)  # fmt: skip
class AgentStateIntervalSerializer(serializers.ModelSerializer):
    pause_code = CodeField(read_only=True, allow_null=True)
    call = serializers.UUIDField(source="call_id", allow_null=True)

    class Meta:
        model = AgentStateInterval
        fields = ["id", "track", "state", "pause_code", "started_at", "ended_at", "source", "call", "by", "note"]
        read_only_fields = fields


# --- what comes in
class PauseCodes(CodeField):
    """A code that is in use."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=PauseCode.objects.filter(is_active=True), **kwargs)


@example({"device": "Firefox, desk 12"})
class SignInBody(serializers.Serializer):
    device = serializers.CharField(max_length=100, required=False, allow_blank=True, default="", help_text="As the screen names itself.")


@example({"session": "6f1f6f0e-8f6a-4c56-9d5c-0d8a7f0b1c2d"})
class HeartbeatBody(serializers.Serializer):
    session = serializers.UUIDField(help_text="From the answer to signing in.")


@example({"code": "lunch"})
class PauseBody(serializers.Serializer):
    code = PauseCodes()
    at_once = serializers.BooleanField(required=False, default=False, help_text="Also in the middle of a call.")


@example({"take": True})
class MicroPauseBody(serializers.Serializer):
    take = serializers.BooleanField(help_text="false: no, thank you.")


@example({"state": "paused", "pause_code": "coaching", "reason": "Come to my desk, please."})
class ForceBody(serializers.Serializer):
    state = serializers.ChoiceField(choices=["available", "paused", "offline"])
    pause_code = PauseCodes(required=False, allow_null=True, default=None)
    reason = serializers.CharField(max_length=200)


@example({"agree": False, "reason": "Seven people wait; in ten minutes, please."})
class AnswerPauseBody(serializers.Serializer):
    agree = serializers.BooleanField()
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


@example({"phone_system": "demo-pbx", "extension": "201", "state": "paused", "at": WHEN})
class PhoneStateBody(serializers.Serializer):
    phone_system = serializers.SlugRelatedField(slug_field="slug", queryset=PhoneSystem.objects.filter(is_active=True))
    extension = serializers.CharField(max_length=100)
    state = serializers.ChoiceField(
        choices=["available", "reserved", "paused", "offline"],
        help_text="Apart from calls, which their events tell: `reserved` is busy, `available` none of the others.",
    )
    at = serializers.DateTimeField(required=False, allow_null=True, default=None)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """Find who sits at the extension."""
        found = AgentExtension.objects.filter(
            phone_system=given.pop("phone_system"), extension=given.pop("extension"), is_active=True, user__is_active=True
        )
        extension = found.select_related("user").first()
        if extension is None:
            raise serializers.ValidationError({"extension": ["Nobody sits at this extension."]}, code="does_not_exist")
        return {**given, "user": extension.user}


@example({"is_hard": True})
class HardBody(serializers.Serializer):
    is_hard = serializers.BooleanField(required=False, default=True, help_text="The caller was abusive; false takes it back.")


class ReportQuery(serializers.Serializer):
    after = serializers.DateTimeField(required=False)
    before = serializers.DateTimeField(required=False)


class StatesQuery(ReportQuery):
    track = serializers.ChoiceField(choices=AgentStateInterval.Track.choices, required=False)


SHARE = {
    "agent": ID,
    "agent_name": "Иванова Анна Петровна",
    "calls": 120,
    "hard": 9,
    "share": 0.075,
    "first_at": "2026-11-17T09:00:00Z",
    "last_at": WHEN,
    "offered": 9,
    "taken": 4,
}


@example(SHARE, request=False)
class HardCallsShareSerializer(serializers.Serializer):
    agent = serializers.UUIDField()
    agent_name = serializers.CharField()
    calls = serializers.IntegerField(help_text="Answered in this time.")
    hard = serializers.IntegerField(help_text="Of these, those that tire.")
    share = serializers.FloatField(allow_null=True, help_text="`hard` / `calls`, 0 to 1; null without calls.")
    first_at = serializers.DateTimeField(allow_null=True, help_text="The first hard one.")
    last_at = serializers.DateTimeField(allow_null=True, help_text="The last hard one.")
    offered = serializers.IntegerField(help_text="Micro-pauses offered.")
    taken = serializers.IntegerField(help_text="Micro-pauses taken.")


@example({"after": "2026-11-16T09:00:00Z", "before": WHEN, "rows": [SHARE]}, request=False)
class HardCallsSerializer(serializers.Serializer):
    after = serializers.DateTimeField()
    before = serializers.DateTimeField()
    rows = HardCallsShareSerializer(many=True)


TURN = {"agent": ID, "agent_name": "Иванова Анна Петровна", "hard": 0, "last_hard_at": None, "free_since": WHEN}


@example(TURN, request=False)
class TurnSerializer(serializers.Serializer):
    agent = serializers.UUIDField()
    agent_name = serializers.CharField()
    hard = serializers.IntegerField(help_text="Hard calls lately, a day unless the settings say otherwise.")
    last_hard_at = serializers.DateTimeField(allow_null=True)
    free_since = serializers.DateTimeField(allow_null=True)
