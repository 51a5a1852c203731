from calls.models.answers import ArticleUse, QuestionAsked, UnansweredQuestion
from calls.models.callbacks import Callback
from calls.models.calls import Call, CallAlias, CallKey, CallLeg
from calls.models.dispositions import CallDisposition, Disposition, DispositionEffect
from calls.models.events import CallEvent
from calls.models.phone_systems import AgentExtension, PhoneSystem, RefusedDelivery
from calls.models.queues import Queue
from calls.models.script_runs import ScriptRun, ScriptRunStep

__all__ = [
    "AgentExtension",
    "ArticleUse",
    "Call",
    "CallAlias",
    "CallDisposition",
    "CallEvent",
    "CallKey",
    "CallLeg",
    "Callback",
    "Disposition",
    "DispositionEffect",
    "PhoneSystem",
    "QuestionAsked",
    "Queue",
    "RefusedDelivery",
    "ScriptRun",
    "ScriptRunStep",
    "UnansweredQuestion",
]
