"""Write-ups of a call as revisions: each one stays as it was written, the last one counts and stands on the call."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, Prefetch, QuerySet, Subquery

from calls import effects
from calls.models import Call, CallDisposition, Disposition, DispositionEffect
from config.platform.models import User
from crm.models import Topic
from crm.traces import ERASED


def latest(call: Call) -> CallDisposition | None:
    """The write-up that counts; None for a call that was not written up."""
    found = CallDisposition.objects.filter(call=call).select_related("disposition").order_by("-number").first()
    if found is None and call.disposition is not None:
        return _as_it_stands(call, call.disposition)
    return found


def of_call(call_id: UUID) -> QuerySet[CallDisposition]:
    """The write-ups of a call with what they did; ``last`` is the number of the one that counts."""
    last = CallDisposition.objects.filter(call=call_id).order_by("-number").values("number")[:1]
    rows = CallDisposition.objects.filter(call=call_id).annotate(last=Subquery(last)).select_related("disposition", "by", "supersedes")
    return rows.prefetch_related(Prefetch("effects", DispositionEffect.objects.select_related("ended_by").order_by("kind", "id")))


def first_at(call: Call) -> datetime | None:
    """When the call was written up first."""
    at = CallDisposition.objects.filter(call=call).order_by("number").values_list("at", flat=True).first()
    return at or call.wrapped_up_at


def says_the_same(revision: CallDisposition, disposition: Disposition, topics: Sequence[Topic], note: str) -> bool:
    """Whether nothing would be corrected."""
    return (revision.disposition_id, revision.topics, revision.note) == (disposition.pk, codes(topics), note)


def codes(topics: Iterable[Topic]) -> list[str]:
    return sorted(topic.code for topic in topics)


def write(
    call: Call,
    had: CallDisposition | None,
    *,
    disposition: Disposition,
    topics: Sequence[Topic],
    note: str,
    given: Mapping[str, Any],
    by: User | None,
    now: datetime,
) -> tuple[CallDisposition, dict[str, list[str]]]:
    """Add a revision behind ``had``, the latest so far, and let its effects follow. The caller holds the call and writes on it what it says."""
    number = had.number + 1 if had else 1
    revision = CallDisposition.objects.create(
        call=call, number=number, disposition=disposition, topics=codes(topics), note=note, by=by, at=now, supersedes=had
    )
    return revision, effects.follow(revision, call, given, by=by, now=now)


def join(call: Call, ours: CallDisposition | None, other: Call, *, now: datetime) -> None:
    """Both calls are one: the write-ups of both are kept. ``call`` carries by now what counts; ``ours`` is its own write-up, if it has one.

    When both were written up, a joint revision says what counts afterwards, and what the write-up of ``other`` did is taken back.
    """
    theirs, lost = latest(other), list(effects.in_force(other))
    CallDisposition.objects.filter(call=other).update(call=call)
    if ours is None or theirs is None:
        return
    for number, revision in enumerate(CallDisposition.objects.filter(call=call).order_by("at", "id"), start=1):
        CallDisposition.objects.filter(pk=revision.pk).update(number=number)
    last = CallDisposition.objects.filter(call=call).aggregate(last=Max("number"))["last"]
    joint = CallDisposition.objects.create(
        call=call, number=last + 1, disposition=ours.disposition, topics=codes(call.topics.all()), note=call.note, by=None, at=now, supersedes=ours
    )  # fmt: skip
    effects.take_back_all(lost, ended_by=joint, by=None, now=now)


def _as_it_stands(call: Call, disposition: Disposition) -> CallDisposition:
    """What was written before write-ups were kept as revisions becomes the first of them."""
    return CallDisposition.objects.create(
        call=call, number=1, disposition=disposition, topics=codes(call.topics.all()), note=call.note, by=call.wrapped_up_by,
        at=call.wrapped_up_at or call.updated_at,
    )  # fmt: skip


def personal_data(call_ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """What was written about these calls, in every revision, and what followed from it."""
    found: dict[UUID, list[dict[str, Any]]] = {}
    for one in (
        CallDisposition.objects.filter(call__in=call_ids).select_related("disposition").prefetch_related("effects").order_by("number")
    ):
        did = [{"kind": effect.kind, "state": effect.state, "asked": effect.parameters} for effect in one.effects.all()]
        told = {"number": one.number, "at": one.at, "disposition": one.disposition.code, "topics": one.topics, "note": one.note}
        found.setdefault(one.call_id, []).append(told | {"effects": did})
    return found


def pseudonymise(call_ids: Sequence[UUID]) -> None:
    """Take the words out of the write-ups of these calls. That they were written, how calls came out and what followed stays."""
    CallDisposition.objects.filter(call__in=call_ids).exclude(note="").update(note=ERASED)
    for effect in DispositionEffect.objects.filter(revision__call__in=call_ids, parameters__has_key="note"):
        effect.parameters["note"] = ERASED if effect.parameters["note"] else ""
        effect.save(update_fields=["parameters"])
