"""Two calls that proved to be one: all that hung on the one that goes hangs on the one that stays, and the old id still answers."""

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, ManyToOneRel, Model, OuterRef, Value
from django.db.models.functions import Greatest

from calls import recordings, return_call_joining, reviews, revisions, transfer_matching
from calls.models import (
    AgentPresence,
    AgentStateInterval,
    ArticleUse,
    Call,
    CallAlias,
    Callback,
    CallDisposition,
    CallEvent,
    CallKey,
    CallRequest,
    CallTransfer,
    HardCall,
    QuestionAsked,
    Recording,
    ReturnCall,
    ReturnCallCall,
    Review,
    ScriptRun,
)
from config.platform.history import record

WRITE_UP = (
    "wrap_up_state", "disposition", "wrapped_up_by", "wrapped_up_at", "wrap_s", "disposition_locked_at", "disposition_unlocked_at",
)  # fmt: skip
#: What of this app points at a call and moves; legs are computed anew, topics go with the write-up. A test compares it with the models.
MOVED = (
    CallEvent,
    CallKey,
    CallAlias,
    ArticleUse,
    QuestionAsked,
    Review,
    ScriptRun,
    AgentPresence,
    AgentStateInterval,
    HardCall,
    Callback,
    CallDisposition,
    Recording,
    ReturnCall,
    ReturnCallCall,
    CallTransfer,
    CallRequest,
)


def join(call: Call, other: Call, *, now: datetime) -> None:
    """Make ``other`` a part of ``call``; both are held by the caller, who computes and saves the call afterwards.

    What people wrote on either is kept: of two write-ups the one of the call that stays counts, the other's note is put behind it.
    """
    for model in (CallEvent, CallKey, CallAlias, AgentPresence, AgentStateInterval, Callback, CallRequest):
        model._default_manager.filter(call=other).update(call=call)
    _move(ArticleUse, call, other, alike="article_version")
    _move(QuestionAsked, call, other, alike="question")
    _move_runs(call, other, now=now)
    _move_what_higher_apps_hang(call, other)
    reviews.joined(call, other, now=now)
    _move_hard(call, other)
    recordings.join(call, other, now=now)
    return_call_joining.move(call, other, now=now)
    transfer_matching.move(call, other, now=now)
    _write_up(call, other, now=now)
    if call.contact_id is None:
        call.contact_id, call.match_quality = other.contact_id, other.match_quality
    was = other.pk
    other.delete()
    CallAlias.objects.create(old_id=was, call=call)
    record(call, "join", by=None, now=now, before={}, joined=str(was), external_id=other.external_id)


def stays(call_id: UUID) -> UUID | None:
    """The call that an id of one that was joined to it means today."""
    return CallAlias.objects.filter(pk=call_id).values_list("call_id", flat=True).first()


def _move(model: type[Model], call: Call, other: Call, *, alike: str) -> None:
    """What both calls have counts once for the call; the other's row stays without a call."""
    rows = model._default_manager
    ours = rows.filter(call=call, **{alike: OuterRef(alike)})
    rows.filter(Exists(ours), call=other).update(call=None)
    rows.filter(call=other).update(call=call)


def _move_what_higher_apps_hang(call: Call, other: Call) -> None:
    """A complaint, a message of one: whatever points at the call points at the one that stays."""
    for field in Call._meta.get_fields(include_hidden=True):
        if field.one_to_many and isinstance(field, ManyToOneRel) and field.related_model._meta.app_label != Call._meta.app_label:
            field.related_model._default_manager.filter(**{field.field.name: other}).update(**{field.field.name: call})


def _move_runs(call: Call, other: Call, *, now: datetime) -> None:
    """An operator goes through one script at a time: a run that goes on in both ends in the one that went."""
    ours = ScriptRun.objects.filter(call=call, agent=OuterRef("agent"), finished_at=None)
    both = ScriptRun.objects.filter(Exists(ours), call=other, finished_at=None)
    both.update(finished_at=Greatest(F("started_at"), Value(now)), outcome="switched")
    ScriptRun.objects.filter(call=other).update(call=call)


def _move_hard(call: Call, other: Call) -> None:
    """A call tires once; of two that were noted the one of the call that stays counts."""
    if HardCall.objects.filter(call=call).exists():
        HardCall.objects.filter(call=other).delete()
    HardCall.objects.filter(call=other).update(call=call)


def _write_up(call: Call, other: Call, *, now: datetime) -> None:
    done, settled = Call.WrapUp.DONE, (Call.WrapUp.SKIPPED, Call.WrapUp.AUTO_CLOSED)
    ours = revisions.latest(call) if call.wrap_up_state == done else None
    if other.wrap_up_state == done:
        if call.wrap_up_state != done:
            for name in WRITE_UP:
                setattr(call, name, getattr(other, name))
        if other.note and other.note != call.note:
            call.note = f"{call.note}\n{other.note}".strip()
        call.topics.add(*other.topics.all())
    elif other.wrap_up_state in settled and call.wrap_up_state not in (done, *settled):
        call.wrap_up_state, call.wrap_s = other.wrap_up_state, other.wrap_s
    revisions.join(call, ours, other, now=now)
