from calls.models.answers import ArticleUse, QuestionAsked, UnansweredQuestion
from calls.models.call_requests import CallRequest, PhoneCommand
from calls.models.calls import Call, CallAlias, CallKey, CallLeg, Disposition
from calls.models.events import CallEvent
from calls.models.phone_systems import AgentExtension, PhoneSystem, RefusedDelivery
from calls.models.queues import Queue
from calls.models.script_runs import ScriptRun, ScriptRunStep

__all__ = [
    "AgentExtension",
    "ArticleUse",
    "Call",
    "CallAlias",
    "CallEvent",
    "CallKey",
    "CallLeg",
    "CallRequest",
    "Disposition",
    "PhoneCommand",
    "PhoneSystem",
    "QuestionAsked",
    "Queue",
    "RefusedDelivery",
    "ScriptRun",
    "ScriptRunStep",
    "UnansweredQuestion",
]
