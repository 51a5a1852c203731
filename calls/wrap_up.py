"""What the operator writes when the call is over: how it came out, what it was about, what was learned. Done again, it is a correction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from calls import consequences, disposition_lock, effects, effects_on_callback, errands, revisions
from calls.models import Call, Disposition
from config.platform.errors import Refusal
from config.platform.history import record, snapshot
from config.platform.models import LEADERS, User
from config.platform.moves import check_version
from crm.models import Topic


class NoteNeeded(Refusal):
    """This disposition needs a note: write what happened."""

    code = "note_needed"
    status = 400
    advice = "Ask the operator for a note and send it with the same disposition."


class TopicNeeded(Refusal):
    """This disposition needs a topic: say what the call was about."""

    code = "topic_needed"
    status = 400
    advice = "Ask the operator for the topic and send it in `topics` with the same disposition; `GET /topics/` lists them."


class TalkTooShort(Refusal):
    """This disposition is for calls that were talked longer; `min_talk_s` says how long."""

    code = "talk_too_short"
    status = 400
    advice = "Choose a disposition for short calls. `min_talk_s` in the answer says how many seconds this one needs."


class NotForThisCall(Refusal):
    """The disposition is for calls of the other direction."""

    code = "disposition_not_for_call"
    status = 400
    advice = "Choose a disposition whose `direction` is that of the call, or `any`: `GET /dispositions/` lists them."


class DispositionNotInCampaign(Refusal):
    """Calls of this campaign do not come out so; `dispositions` are the codes that are allowed."""

    code = "disposition_not_in_campaign"
    status = 400
    advice = "Choose one of the codes in `dispositions`. If one is missing, ask whoever prepared the campaign."


class NotYourCall(Refusal):
    """Another operator had this call; they or a supervisor write it up."""

    code = "not_your_call"
    status = 403
    advice = "Leave it to the operator who had the call, or ask a supervisor."


class CallNotOver(Refusal):
    """The call still goes on; write it up when it has ended."""

    code = "call_not_over"
    advice = "Wait until the call has ended: the feed tells it, and `state` of the call is `ended` then."


class NothingToWriteUp(Refusal):
    """The call does not wait to be written up, so there is nothing to pass over."""

    code = "nothing_to_write_up"
    advice = "Read the call again and go on: it was written up or passed over already, or nobody has to."


@transaction.atomic
def wrap_up(
    call_id: UUID,
    *,
    disposition: Disposition,
    topics: Sequence[Topic] = (),
    note: str = "",
    callback: Mapping[str, Any] | None = None,
    if_version: int | None = None,
    by: User,
    now: datetime,
) -> Call:
    """Write up a call. Done again it is a correction: a new revision, whose effects take the place of the earlier one's.

    The same again changes nothing. ``callback`` is when and by whom they are to be called back; left out in a correction, the one promised
    before stays as long as the disposition asks for one.

    Raises:
        VersionConflict, CallNotOver, NoteNeeded, TopicNeeded, TalkTooShort, CallbackNeeded, NotForThisCall
        DispositionNotInCampaign: what the call was made for does not come out so.
        NotYourCall: an operator writes up another operator's call.
        DispositionLocked: an operator corrects what is locked.
        WhomToCall, WhenToCall, TooManyCallbacks, MayNotCall: the callback cannot be promised so.
    """
    call = _held(call_id, if_version=if_version, by=by)
    if call.state != Call.State.ENDED:
        raise CallNotOver("The call still goes on: write it up when it has ended.")
    disposition_lock.refuse_locked(call, by=by, now=now)
    note, had = note.strip(), revisions.latest(call)
    _refuse_unfit(call, disposition, topics, note)
    given = effects_on_callback.given(call, disposition, callback)
    is_done = call.wrap_up_state == Call.WrapUp.DONE and had is not None and revisions.says_the_same(had, disposition, topics, note)
    if is_done and (callback is None or effects.stands("callback", call, disposition, given)):
        return call
    before, topics_before = snapshot(call), revisions.codes(call.topics.all())
    stood, legs = consequences.as_stored(call)
    call.disposition, call.note = disposition, note
    call.wrap_up_state, call.wrapped_up_by, call.wrapped_up_at = Call.WrapUp.DONE, by, now
    if call.wrap_s is None:
        call.wrap_s = after_its_end(call, now)
    if call.agent_id is None and call.source == Call.Source.MANUAL:
        call.agent = by
    call.version += 1
    call.save()
    call.topics.set(topics)
    revision, done = revisions.write(call, had, disposition=disposition, topics=topics, note=note, given=given, by=by, now=now)
    record(
        call, "wrap_up", by=by, now=now, before=before, topics_before=topics_before, topics=revision.topics, revision=revision.number,
        effects=done,
    )  # fmt: skip
    consequences.follow(call, stood, legs, happened_at=now, now=now)
    return call


@transaction.atomic
def skip(call_id: UUID, *, reason: str, if_version: int | None = None, by: User, now: datetime) -> Call:
    """Say that there is nothing to write about a call that waits for it, and why. It may still be written up later.

    Raises:
        VersionConflict, NotYourCall, NothingToWriteUp
    """
    call = _held(call_id, if_version=if_version, by=by)
    if call.wrap_up_state not in (Call.WrapUp.PENDING, Call.WrapUp.AUTO_CLOSED):
        raise NothingToWriteUp("The call does not wait to be written up.", current=call.wrap_up_state)
    before = snapshot(call)
    stood, legs = consequences.as_stored(call)
    call.wrap_up_state = Call.WrapUp.SKIPPED
    if call.wrap_s is None:
        call.wrap_s = after_its_end(call, now)
    call.version += 1
    call.save(update_fields=["wrap_up_state", "wrap_s", "version", "updated_at"])
    record(call, "skip_wrap_up", by=by, now=now, reason=reason, before=before)
    consequences.follow(call, stood, legs, happened_at=now, now=now)
    return call


def after_its_end(call: Call, now: datetime) -> float:
    """Seconds from the end of the call until ``now``."""
    return max(0.0, (now - (call.ended_at or now)).total_seconds())


def _held(call_id: UUID, *, if_version: int | None, by: User) -> Call:
    call = Call.objects.select_for_update().get(pk=call_id)
    check_version(call, if_version)
    if call.agent_id not in (None, by.pk) and by.role not in LEADERS:
        raise NotYourCall("Another operator had this call: they or a supervisor write it up.")
    return call


def _refuse_unfit(call: Call, disposition: Disposition, topics: Sequence[Topic], note: str) -> None:
    """What a disposition asks of the call and of who writes it up."""
    if disposition.direction not in (Disposition.Direction.ANY, call.direction):
        raise NotForThisCall(f"'{disposition.name}' is for {disposition.direction} calls.")
    if disposition.pk != call.disposition_id:  # what was written up so before may stay
        _refuse_unfit_for_errand(call, disposition)
    if (call.talk_s or 0) < disposition.min_talk_s:
        raise TalkTooShort(
            f"'{disposition.name}' is for calls talked at least {disposition.min_talk_s} s.",
            min_talk_s=disposition.min_talk_s, talk_s=call.talk_s or 0,
        )  # fmt: skip
    if disposition.needs_note and not note:
        raise NoteNeeded(f"'{disposition.name}' needs a note: write what happened.")
    if disposition.needs_topic and not topics:
        raise TopicNeeded(f"'{disposition.name}' needs a topic: say what it was about.")


def _refuse_unfit_for_errand(call: Call, disposition: Disposition) -> None:
    errand = errands.of("call", call.pk)
    if errand is not None and errand.dispositions is not None and disposition.code not in errand.dispositions:
        raise DispositionNotInCampaign("Calls of this campaign do not come out so.", dispositions=sorted(errand.dispositions))
