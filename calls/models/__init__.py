from calls.models.answers import ArticleUse, QuestionAsked, UnansweredQuestion
from calls.models.calls import Call, CallAlias, CallKey, CallLeg, Disposition
from calls.models.events import CallEvent
from calls.models.phone_systems import AgentExtension, PhoneSystem, RefusedDelivery
from calls.models.queues import Queue
from calls.models.return_calls import ReturnCall, ReturnCallCall
from calls.models.script_runs import ScriptRun, ScriptRunStep
from calls.models.transfers import CallTransfer

__all__ = [
    "AgentExtension",
    "ArticleUse",
    "Call",
    "CallAlias",
    "CallEvent",
    "CallKey",
    "CallLeg",
    "CallTransfer",
    "Disposition",
    "PhoneSystem",
    "QuestionAsked",
    "Queue",
    "RefusedDelivery",
    "ReturnCall",
    "ReturnCallCall",
    "ScriptRun",
    "ScriptRunStep",
    "UnansweredQuestion",
]
