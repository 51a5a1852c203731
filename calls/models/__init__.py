from calls.models.agents import AgentPresence, AgentStateInterval, HardCall, PauseCode
from calls.models.alarms import Alarm
from calls.models.answers import ArticleUse, QuestionAsked, UnansweredQuestion
from calls.models.calls import Call, CallAlias, CallKey, CallLeg, Disposition
from calls.models.events import CallEvent
from calls.models.phone_systems import AgentExtension, PhoneSystem, RefusedDelivery
from calls.models.queues import Queue
from calls.models.reports import AgentRollup, QueueRollup, RollupMark, RollupReach, TopicRollup
from calls.models.script_runs import ScriptRun, ScriptRunStep

__all__ = [
    "AgentExtension",
    "AgentPresence",
    "AgentRollup",
    "AgentStateInterval",
    "Alarm",
    "ArticleUse",
    "Call",
    "CallAlias",
    "CallEvent",
    "CallKey",
    "CallLeg",
    "Disposition",
    "HardCall",
    "PauseCode",
    "PhoneSystem",
    "QuestionAsked",
    "Queue",
    "QueueRollup",
    "RefusedDelivery",
    "RollupMark",
    "RollupReach",
    "ScriptRun",
    "ScriptRunStep",
    "TopicRollup",
    "UnansweredQuestion",
]
