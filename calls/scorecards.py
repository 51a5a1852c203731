"""Scorecards: written as a draft, published, and then never changed, so that an old review can be read by what it was judged by."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from calls.models import Checkpoint, Scorecard, ScorecardVersion
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import User
from config.platform.moves import check_version, transition

COLUMNS = ("key", "section", "text", "guidance", "points", "is_fatal", "may_skip")
USUAL: dict[str, Any] = {"section": "", "guidance": "", "points": 1, "is_fatal": False, "may_skip": False}


class ScorecardDraftExists(Refusal):
    """The scorecard has a draft already: write in it, or remove it. `draft` is its id."""

    code = "scorecard_draft_exists"
    advice = "Change the draft whose id is in `draft`, or delete it before you begin another."


class CheckpointKeysRepeat(Refusal):
    """Two checkpoints have one key."""

    code = "checkpoint_keys_repeat"
    status = 400
    advice = "Give each checkpoint a key of its own and send the list again."


class ScorecardIsEmpty(Refusal):
    """A scorecard without a checkpoint that always applies cannot be published: a review by it might have no score."""

    code = "scorecard_is_empty"
    advice = "Add at least one checkpoint that always applies (`may_skip` false) to the draft, then publish."


class ScorecardNotDraft(Refusal):
    """What was published is kept: retire it instead."""

    code = "scorecard_not_draft"
    advice = "Retire it (`POST /scorecard-versions/{id}/retire/`), or begin a new draft (`POST /scorecard-versions/`) to change it."


class ScorecardNotInUse(Refusal):
    """The scorecard has no published version, or is switched off."""

    code = "scorecard_not_in_use"
    advice = "Choose a scorecard that is active and has a published version, or publish one (`POST /scorecard-versions/{id}/publish/`)."


@transaction.atomic
def draft(scorecard_id: UUID, *, by: User | None, now: datetime) -> ScorecardVersion:
    """Begin a new version with the checkpoints of the last one.

    Raises:
        ScorecardDraftExists
    """
    scorecard = Scorecard.objects.select_for_update().get(pk=scorecard_id)
    there = scorecard.versions.filter(status=ScorecardVersion.Status.DRAFT).first()
    if there is not None:
        raise ScorecardDraftExists("The scorecard has a draft already: write in it, or remove it.", draft=str(there.pk))
    last = scorecard.versions.order_by("-number").first()
    number = (scorecard.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    version = ScorecardVersion(scorecard=scorecard, number=number, by=by, pass_percent=last.pass_percent if last else 80)
    version.save(force_insert=True)
    _put(version, [{name: getattr(one, name) for name in COLUMNS} for one in last.checkpoints.all()] if last else [])
    record(version, "draft", by=by, now=now, before={})
    return version


def write(
    version_id: UUID,
    *,
    checkpoints: Sequence[Mapping[str, Any]] | None = None,
    if_version: int | None = None,
    by: User | None,
    now: datetime,
    **fields: Any,
) -> ScorecardVersion:
    """Change a draft; a list of checkpoints that is given replaces the whole list.

    Raises:
        VersionConflict, CheckpointKeysRepeat
        TransitionNotAllowed: it is no draft any more.
    """
    facts: dict[str, Any] = {}
    if checkpoints is not None:
        if len({one["key"] for one in checkpoints}) < len(checkpoints):
            raise CheckpointKeysRepeat("Two checkpoints have one key: give each its own.")
        facts["checkpoints"] = [{**USUAL, **one} for one in checkpoints]
    with transition(ScorecardVersion, version_id, "write", if_version=if_version, by=by, now=now, **facts) as version:
        for name, value in fields.items():
            setattr(version, name, value)
        if checkpoints is not None:
            version.checkpoints.all().delete()
            _put(version, checkpoints)
    return version


def _put(version: ScorecardVersion, checkpoints: Sequence[Mapping[str, Any]]) -> None:
    Checkpoint.objects.bulk_create(
        Checkpoint(version=version, position=position, **{**USUAL, **{name: one[name] for name in COLUMNS if name in one}})
        for position, one in enumerate(checkpoints)
    )


@transaction.atomic
def publish(version_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> ScorecardVersion:
    """Put a draft to use; the version in use until now is retired in the same moment. Reviews that were begun by that one go on.

    Raises:
        VersionConflict, TransitionNotAllowed, ScorecardIsEmpty
    """
    scorecard_id = ScorecardVersion.objects.values_list("scorecard_id", flat=True).get(pk=version_id)
    Scorecard.objects.select_for_update().get(pk=scorecard_id)  # two publishings pass one after the other
    with transition(ScorecardVersion, version_id, "publish", if_version=if_version, by=by, now=now) as version:
        if not version.checkpoints.filter(may_skip=False).exists():
            raise ScorecardIsEmpty("Add a checkpoint that always applies.")
        before = ScorecardVersion.objects.filter(scorecard=scorecard_id, status=ScorecardVersion.Status.PUBLISHED)
        for pk in before.values_list("pk", flat=True):
            retire(pk, by=by, now=now)
        version.published_at = now
    return version


def retire(version_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> ScorecardVersion:
    """Take a published version out of use.

    Raises:
        VersionConflict, TransitionNotAllowed
    """
    with transition(ScorecardVersion, version_id, "retire", if_version=if_version, by=by, now=now) as version:
        version.retired_at = now
    return version


@transaction.atomic
def discard(version_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> None:
    """Throw a draft away.

    Raises:
        VersionConflict
        ScorecardNotDraft: calls may have been judged by it.
    """
    version = ScorecardVersion.objects.select_for_update(of=("self",)).get(pk=version_id)
    check_version(version, if_version)
    if version.status != ScorecardVersion.Status.DRAFT:
        raise ScorecardNotDraft("What was published is kept: retire it instead.")
    record(version, "discard", by=by, now=now, checkpoints_before=list(version.checkpoints.values(*COLUMNS)))
    version.delete()
