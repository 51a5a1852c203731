from calls.models.agents import AgentPresence, AgentStateInterval, HardCall, PauseCode
from calls.models.alarms import Alarm
from calls.models.announcements import Announcement
from calls.models.answers import ArticleUse, QuestionAsked, UnansweredQuestion
from calls.models.call_requests import CallRequest, PhoneCommand
from calls.models.callbacks import Callback
from calls.models.calls import Call, CallAlias, CallKey, CallLeg
from calls.models.dispositions import CallDisposition, Disposition, DispositionEffect
from calls.models.events import CallEvent
from calls.models.phone_systems import AgentExtension, PhoneSystem, RefusedDelivery
from calls.models.quality import Checkpoint, Review, ReviewAnswer, Scorecard, ScorecardVersion
from calls.models.queues import Queue
from calls.models.recordings import Recording, RecordingAccess
from calls.models.reports import AgentRollup, QueueRollup, RollupMark, RollupReach, TopicRollup
from calls.models.return_calls import ReturnCall, ReturnCallCall
from calls.models.script_runs import ScriptRun, ScriptRunStep
from calls.models.transfers import CallTransfer

__all__ = [
    "AgentExtension",
    "AgentPresence",
    "AgentRollup",
    "AgentStateInterval",
    "Alarm",
    "Announcement",
    "ArticleUse",
    "Call",
    "CallAlias",
    "CallDisposition",
    "CallEvent",
    "CallKey",
    "CallLeg",
    "CallRequest",
    "CallTransfer",
    "Callback",
    "Checkpoint",
    "Disposition",
    "DispositionEffect",
    "HardCall",
    "PauseCode",
    "PhoneCommand",
    "PhoneSystem",
    "QuestionAsked",
    "Queue",
    "QueueRollup",
    "Recording",
    "RecordingAccess",
    "RefusedDelivery",
    "ReturnCall",
    "ReturnCallCall",
    "Review",
    "ReviewAnswer",
    "RollupMark",
    "RollupReach",
    "Scorecard",
    "ScorecardVersion",
    "ScriptRun",
    "ScriptRunStep",
    "TopicRollup",
    "UnansweredQuestion",
]
