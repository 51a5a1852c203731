"""Write, check, publish and retire scripts, and find the one for a call."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import User
from config.platform.moves import check_version, transition
from crm import script_fields, script_placeholders
from crm.models import Script, ScriptStep, ScriptVersion
from crm.script_checking import Problem, problems

STEP = ("key", "kind", "text", "must_say", "choices", "field", "next", "outcome")
EMPTY: dict[str, Any] = {"text": "", "must_say": False, "choices": [], "field": "", "next": [], "outcome": ""}


class ScriptHasProblems(Refusal):
    """The script cannot be published as it is; `problems` lists each with its step."""

    code = "script_has_problems"
    advice = "Mend each of `problems` in the draft, then publish. `GET /script-versions/{id}/check/` lists them without publishing."


class StepKeysRepeat(Refusal):
    """Two steps have one key, so a rule could not say which it means."""

    code = "script_step_keys_repeat"
    status = 400
    advice = "Give each step a key of its own and send the steps again."


class DraftExists(Refusal):
    """The script has a draft already: write in it, or remove it. `draft` is its id."""

    code = "script_draft_exists"
    advice = "Change the draft whose id is in `draft`, or delete it before you begin another."


class NotADraft(Refusal):
    """What was published stays as it is: copy it to a new draft."""

    code = "script_version_not_draft"
    advice = "Begin a new draft with `POST /script-versions/` (`copy_of` is this version), and change that one."


class ScriptNotPublished(Refusal):
    """The script has no published version, so there is nothing to say yet."""

    code = "script_not_published"
    advice = "Publish a version of the script (`POST /script-versions/{id}/publish/`), then repeat this."


@transaction.atomic
def draft(script_id: UUID, *, source: ScriptVersion | None = None, comment: str = "", by: User | None, now: datetime) -> ScriptVersion:
    """Begin a new version: empty, or with the steps of ``source`` (of any script, so a translation can start from the original).

    Raises:
        DraftExists
    """
    script = Script.objects.select_for_update().get(pk=script_id)
    there = script.versions.filter(status=ScriptVersion.Status.DRAFT).first()
    if there is not None:
        raise DraftExists("The script has a draft already: write in it, or remove it.", draft=str(there.pk))
    last = script.versions.aggregate(last=Max("number"))["last"] or 0
    version = ScriptVersion(script=script, number=last + 1, comment=comment, by=by)
    version.save(force_insert=True)
    steps = list(source.steps.all()) if source else []
    _put(version, [{name: getattr(step, name) for name in STEP} for step in steps])
    record(version, "draft", by=by, now=now, before={}, steps=[step.key for step in steps])
    return version


def write(
    version_id: UUID,
    *,
    steps: Sequence[Mapping[str, Any]] | None = None,
    comment: str | None = None,
    if_version: int | None = None,
    by: User | None,
    now: datetime,
) -> ScriptVersion:
    """Replace the whole list of steps of a draft; anything that has a form may be kept, and is judged at publishing.

    Raises:
        VersionConflict
        TransitionNotAllowed: it is no draft any more.
        StepKeysRepeat
    """
    facts: dict[str, Any] = {}
    if steps is not None:
        if len({step["key"] for step in steps}) < len(steps):
            raise StepKeysRepeat("Two steps have one key: give each its own.")
        facts["steps_after"] = [{**EMPTY, **step} for step in steps]
        facts["steps_before"] = list(ScriptStep.objects.filter(script_version=version_id).order_by("position").values(*STEP))
    with transition(ScriptVersion, version_id, "write", if_version=if_version, by=by, now=now, **facts) as version:
        if comment is not None:
            version.comment = comment
        if steps is not None:
            version.steps.all().delete()
            _put(version, steps)
    return version


def _put(version: ScriptVersion, steps: Sequence[Mapping[str, Any]]) -> None:
    ScriptStep.objects.bulk_create(
        ScriptStep(script_version=version, position=position, **{**EMPTY, **{name: step[name] for name in STEP if name in step}})
        for position, step in enumerate(steps)
    )


def check(version: ScriptVersion) -> list[Problem]:
    """What keeps the version from being published; nothing when it can be."""
    return problems(list(version.steps.all()), placeholders=script_placeholders.known(), fields=script_fields.writable())


@transaction.atomic
def publish(version_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> ScriptVersion:
    """Put a draft to use; the version in use until now is retired in the same moment.

    Raises:
        VersionConflict, TransitionNotAllowed
        ScriptHasProblems
    """
    script_id = ScriptVersion.objects.values_list("script_id", flat=True).get(pk=version_id)
    Script.objects.select_for_update().get(pk=script_id)  # two publishings pass one after the other
    with transition(ScriptVersion, version_id, "publish", if_version=if_version, by=by, now=now) as version:
        found = check(version)
        if found:
            raise ScriptHasProblems("The script cannot be published yet: see `problems`.", problems=[one.shown() for one in found])
        version.published_at = now
        before = ScriptVersion.objects.filter(script=script_id, status=ScriptVersion.Status.PUBLISHED).values_list("pk", flat=True).first()
        if before is not None:
            retire(before, by=by, now=now)
    return version


def retire(version_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> ScriptVersion:
    """Take a published version out of use. Runs of it that were begun go on.

    Raises:
        VersionConflict, TransitionNotAllowed
    """
    with transition(ScriptVersion, version_id, "retire", if_version=if_version, by=by, now=now) as version:
        version.retired_at = now
    return version


@transaction.atomic
def discard(version_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> None:
    """Throw a draft away.

    Raises:
        VersionConflict
        NotADraft: it was published: what was spoken is kept.
    """
    version = ScriptVersion.objects.select_for_update(of=("self",)).get(pk=version_id)
    check_version(version, if_version)
    if version.status != ScriptVersion.Status.DRAFT:
        raise NotADraft("What was published is kept: retire it instead.")
    steps = list(version.steps.values(*STEP))
    record(version, "discard", by=by, now=now, steps_before=steps)
    version.delete()


def in_language(script: Script, language: str) -> Script:
    """The published translation of a script into a language: the same tag, else the same language, else the script itself."""
    if not language or not script.translation_key or script.language.lower() == language.lower():
        return script
    others = Script.objects.filter(translation_key=script.translation_key, is_active=True, versions__status="published").order_by("code")
    fits = [(language_fit(one.language, language), one) for one in others]
    best = max((fit for fit, _ in fits), default=0)
    if best <= language_fit(script.language, language):
        return script
    return next(one for fit, one in fits if fit == best)


def language_fit(mine: str, asked: str) -> int:
    """2: the same tag; 1: the same language elsewhere; 0: another language."""
    if mine.lower() == asked.lower():
        return 2
    return 1 if mine.partition("-")[0].lower() == asked.partition("-")[0].lower() else 0


def published(script: Script) -> ScriptVersion:
    """The version of a script that is in use, with its steps.

    Raises:
        ScriptNotPublished
    """
    found = ScriptVersion.objects.for_api().filter(script=script, status=ScriptVersion.Status.PUBLISHED).first()
    if found is None:
        raise ScriptNotPublished(f"'{script.name}' has no published version: publish one.")
    return found
