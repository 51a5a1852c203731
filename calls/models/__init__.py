from calls.models.announcements import Announcement
from calls.models.answers import ArticleUse, QuestionAsked, UnansweredQuestion
from calls.models.calls import Call, CallAlias, CallKey, CallLeg, Disposition
from calls.models.events import CallEvent
from calls.models.phone_systems import AgentExtension, PhoneSystem, RefusedDelivery
from calls.models.queues import Queue
from calls.models.script_runs import ScriptRun, ScriptRunStep

__all__ = [
    "AgentExtension",
    "Announcement",
    "ArticleUse",
    "Call",
    "CallAlias",
    "CallEvent",
    "CallKey",
    "CallLeg",
    "Disposition",
    "PhoneSystem",
    "QuestionAsked",
    "Queue",
    "RefusedDelivery",
    "ScriptRun",
    "ScriptRunStep",
    "UnansweredQuestion",
]
