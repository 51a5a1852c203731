"""Going through a script in a call: begin, pass steps, finish. What was passed is kept as it came; a jump is noted, never refused."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from calls.models import Call, ScriptRun, ScriptRunStep
from calls.script_adherence import Passing, Tally, tally
from calls.wrap_up import NotYourCall
from config.platform.errors import Refusal
from config.platform.history import record, snapshot
from config.platform.models import LEADERS, Role, User
from config.platform.moves import check_version
from crm import script_choosing, script_fields, script_rendering
from crm.models import ScriptStep, ScriptVersion, Topic
from crm.script_placeholders import About

SWITCHED = "switched"
BROKEN_OFF = "broken_off"
LONGEST_ANSWER = 2000
MOST_PASSINGS = 500


class NoScriptForCall(Refusal):
    """No published script is for this call: name a version, or publish one."""

    code = "no_script_for_call"
    advice = "Name a `script_version` in the body, or publish a script that fits the call. Without one the desk shows no script."


class ScriptVersionNotInUse(Refusal):
    """This version is not published, or its script is switched off."""

    code = "script_version_not_in_use"
    advice = "Choose another published version, or leave `script_version` out to get the one that fits the call."


class ScriptRunOver(Refusal):
    """The run is finished: begin another."""

    code = "script_run_over"
    advice = "Begin another run of the call (`POST /calls/{id}/script-runs/`) if the script goes on."


class NotYourScriptRun(Refusal):
    """Another operator goes through this script; they or a supervisor write it."""

    code = "not_your_script_run"
    status = 403
    advice = "Begin a run of your own on your own call. A supervisor may write in this one."


class SequenceTaken(Refusal):
    """This sequence number was used for another step or answer: `step` and `answer` tell which. A retry sends the same again."""

    code = "script_sequence_taken"
    advice = "Send the next free `sequence` for a new passing. To repeat a request that was lost, send exactly the same step and answer."


class ScriptStepUnknown(Refusal):
    """The script's version has no step of this key."""

    code = "script_step_unknown"
    status = 400
    advice = "Send the key of a step of the version of this run: the run tells which version it is."


class TooManyPassings(Refusal):
    """A run holds 500 passings at most: finish it, and begin another."""

    code = "script_run_too_long"
    advice = "Finish this run and begin another. If nobody pressed so often, look for a loop in the desk."


def choose(call: Call, *, topics: Sequence[UUID] | None = None) -> ScriptVersion | None:
    """The script for a call, by ``crm.script_choosing``; ``topics`` instead of the call's own, while it is not written up yet."""
    about = list(call.topics.values_list("pk", flat=True)) if topics is None else topics
    language = call.contact.language if call.contact else ""
    return script_choosing.best(direction=call.direction, queue=call.queue, topics=about, language=language)


def topics_of(code: str) -> list[UUID] | None:
    """The topic of a code as ``choose`` takes it; None when no code is given, nothing when it is unknown."""
    return list(Topic.objects.filter(code=code).values_list("pk", flat=True)) if code else None


def about(call: Call, *, by: User | None, now: datetime) -> About:
    """For whom a script is rendered in this call."""
    return About("", by, now, {"call": call.pk} | ({"contact": call.contact_id} if call.contact_id else {}))


@transaction.atomic
def start(call_id: UUID, *, version: ScriptVersion | None = None, by: User, now: datetime) -> tuple[ScriptRun, bool]:
    """Begin a script in a call: ``version``, or the one that fits best. Answers the run, and whether it is new.

    The same script begun again while it goes on is the same run; another one ends it as `switched`.

    Raises:
        NotYourCall: an operator begins in another operator's call.
        NoScriptForCall, ScriptVersionNotInUse
    """
    call = Call.objects.select_for_update(of=("self",)).select_related("contact", "agent").get(pk=call_id)
    if call.agent_id not in (None, by.pk) and not _may_for_others(by):
        raise NotYourCall("Another operator has this call: they or a supervisor go through its script.")
    version = version or choose(call)
    if version is None:
        raise NoScriptForCall("No published script is for this call: name a version, or publish one.")
    if not ScriptVersion.objects.in_use().filter(pk=version.pk).exists():
        raise ScriptVersionNotInUse("This version is not published, or its script is switched off.")
    agent = call.agent if call.agent is not None and by.role != Role.AGENT else by
    going_on = ScriptRun.objects.filter(call=call, agent=agent, finished_at=None).first()
    if going_on is not None:
        if going_on.script_version_id == version.pk:
            return going_on, False
        finish(going_on.pk, outcome=SWITCHED, by=by, now=now)
    run = ScriptRun(call=call, script_version=version, agent=agent, started_at=now)
    run.facts = script_rendering.facts_for(version, about(call, by=agent, now=now))
    run.save(force_insert=True)
    record(run, "start", by=by, now=now, before={})
    return run, True


@transaction.atomic
def pass_step(
    run_id: UUID,
    *,
    sequence: int,
    step: str,
    answer: Any = None,
    at: datetime | None = None,
    if_version: int | None = None,
    by: User,
    now: datetime,
) -> ScriptRun:
    """Note that a step was passed. The same sequence with the same step and answer again changes nothing.

    The answer to a step of kind `field` goes into the call's contact; when the contact's own rules refuse it, it stays in the run
    alone. ``at`` outside of the run and in the future is brought to its nearest edge: a wrong clock costs nobody the step.

    Raises:
        NotYourScriptRun, ScriptStepUnknown, AnswerInvalid, SequenceTaken, VersionConflict, ScriptRunOver, TooManyPassings
    """
    run = _held(run_id, by)
    found = run.script_version.steps.filter(key=step).first()
    if found is None:
        raise ScriptStepUnknown(f"This version has no step '{step[:50]}'.")
    answer = _checked(found, answer)
    before = run.steps.select_related("step").filter(sequence=sequence).first()
    if before is not None:
        if (before.step_id, before.answer) == (found.pk, answer):
            return run
        raise SequenceTaken("This sequence number was used for another step or answer.", step=before.step.key, answer=before.answer)
    check_version(run, if_version)
    if run.finished_at is not None:
        raise ScriptRunOver("The run is finished: begin another.")
    if run.steps.count() >= MOST_PASSINGS:
        raise TooManyPassings(f"A run holds {MOST_PASSINGS} passings at most.")
    old = snapshot(run)
    passing = ScriptRunStep(run=run, sequence=sequence, step=found, answer=answer, at=max(min(at or now, now), run.started_at))
    passing.is_written = answer is not None and _write(run, passing, by=by, now=now)
    passing.save(force_insert=True)
    _count(run)
    run.version += 1
    run.save()
    record(run, "pass_step", by=by, now=now, before=old, step=step, sequence=sequence, answer=answer, is_written=passing.is_written)
    return run


@transaction.atomic
def finish(run_id: UUID, *, outcome: str = "", if_version: int | None = None, by: User, now: datetime) -> ScriptRun:
    """End a run: with ``outcome``, else with that of the end it came to, else as `broken_off`. Again with the same changes nothing.

    Raises:
        NotYourScriptRun, VersionConflict, ScriptRunOver
    """
    run = _held(run_id, by)
    if run.finished_at is not None:
        if outcome in ("", run.outcome):
            return run
        raise ScriptRunOver(f"The run is finished, as '{run.outcome}'.")
    check_version(run, if_version)
    old = snapshot(run)
    judged = _count(run)
    run.finished_at, run.outcome = now, outcome or judged.outcome or BROKEN_OFF
    run.version += 1
    run.save()
    record(run, "finish", by=by, now=now, before=old)
    return run


def judge(run: ScriptRun) -> Tally:
    """The tally of a run from its rows: what the counts in it were computed from."""
    steps = list(run.script_version.steps.all())
    return tally(steps, [Passing(one.step.key, one.answer) for one in run.steps.all()], run.facts)


def _held(run_id: UUID, by: User) -> ScriptRun:
    run = ScriptRun.objects.select_for_update(of=("self",)).select_related("call", "script_version").get(pk=run_id)
    if run.agent_id != by.pk and not _may_for_others(by):
        raise NotYourScriptRun("Another operator goes through this script: they or a supervisor write it.")
    return run


def _may_for_others(by: User) -> bool:
    return by.role in (*LEADERS, Role.INTEGRATION)


def _checked(step: ScriptStep, answer: Any) -> Any:
    if answer is None:
        return None
    if step.kind == ScriptStep.Kind.FIELD:
        return script_fields.checked(step.field, answer)
    if step.kind != ScriptStep.Kind.ASK:
        raise script_fields.AnswerInvalid("This step asks nothing: leave `answer` out.")
    if step.choices:
        values = [choice["value"] for choice in step.choices]
        if answer not in values:
            raise script_fields.AnswerInvalid(f"Give one of: {', '.join(values)}.")
        return answer
    if not isinstance(answer, str) or not 0 < len(answer.strip()) <= LONGEST_ANSWER:
        raise script_fields.AnswerInvalid(f"Give a text of {LONGEST_ANSWER:,} characters at most.")
    return answer.strip()


def _write(run: ScriptRun, passing: ScriptRunStep, *, by: User, now: datetime) -> bool:
    """Write the answer to the contact, unless a later passing of the step has done so."""
    contact_id, step = run.call.contact_id, passing.step
    if step.kind != ScriptStep.Kind.FIELD or contact_id is None:
        return False
    if run.steps.filter(step=step, sequence__gt=passing.sequence, is_written=True).exists():
        return False
    try:
        with transaction.atomic():
            script_fields.write(contact_id, step.field, passing.answer, by=by, now=now)
    except Refusal:  # the conversation goes on; the answer is in the run
        return False
    return True


def _count(run: ScriptRun) -> Tally:
    """Work out what follows from the passings anew: one that comes late changes how the next was come to."""
    passings = list(run.steps.select_related("step"))
    judged = tally(list(run.script_version.steps.all()), [Passing(one.step.key, one.answer) for one in passings], run.facts)
    changed = []
    for passing, move in zip(passings, judged.moves, strict=True):
        if passing.move != move:
            passing.move = move
            changed.append(passing)
    ScriptRunStep.objects.bulk_update(changed, ["move"])
    run.due, run.passed, run.off_script = len(judged.due), len(judged.passed), judged.off_script
    run.is_in_order, run.is_complete = judged.is_in_order, judged.is_complete
    return judged
