"""What the operator writes when the call is over: how it came out, what it was about, what was learned."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from calls import consequences
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


class NotYourCall(Refusal):
    """Another operator had this call; they or a supervisor write it up."""

    code = "not_your_call"
    status = 403


class CallNotOver(Refusal):
    """The call still goes on; write it up when it has ended."""

    code = "call_not_over"


@transaction.atomic
def wrap_up(
    call_id: UUID,
    *,
    disposition: Disposition,
    topics: Sequence[Topic] = (),
    note: str = "",
    if_version: int | None = None,
    by: User,
    now: datetime,
) -> Call:
    """Write up a call. Doing it again corrects it; what stood before is in the audit trail.

    Raises:
        VersionConflict, CallNotOver, NoteNeeded
        NotYourCall: an operator writes up another operator's call.
    """
    call = Call.objects.select_for_update().get(pk=call_id)
    check_version(call, if_version)
    if call.agent_id not in (None, by.pk) and by.role not in LEADERS:
        raise NotYourCall("Another operator had this call: they or a supervisor write it up.")
    if call.state != Call.State.ENDED:
        raise CallNotOver("The call still goes on: write it up when it has ended.")
    if disposition.needs_note and not note.strip():
        raise NoteNeeded(f"'{disposition.name}' needs a note: write what happened.")
    before = snapshot(call)
    stood, legs = consequences.as_stored(call)
    had = sorted(call.topics.values_list("code", flat=True))
    call.disposition, call.note = disposition, note.strip()
    call.wrap_up_state, call.wrapped_up_by, call.wrapped_up_at = Call.WrapUp.DONE, by, now
    if call.agent_id is None and call.source == Call.Source.MANUAL:
        call.agent = by
    call.version += 1
    call.save()
    call.topics.set(topics)
    record(call, "wrap_up", by=by, now=now, before=before, topics_before=had, topics=sorted(topic.code for topic in topics))
    consequences.follow(call, stood, legs, happened_at=now, now=now)
    return call
