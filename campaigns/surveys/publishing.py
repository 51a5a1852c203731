"""Write, check, publish and retire surveys."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from campaigns.models import Question, Quota, Survey, SurveyVersion
from campaigns.surveys.faults import Problem, problems
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import User
from config.platform.moves import check_version, transition

QUESTION = ("key", "kind", "text", "hint", "is_required", "choices", "low", "high", "low_label", "high_label", "next")
EMPTY: dict[str, Any] = {
    "hint": "", "is_required": True, "choices": [], "low": None, "high": None, "low_label": "", "high_label": "", "next": [],
}  # fmt: skip
QUOTA = ("name", "condition", "most")
WORDS = ("comment", "greeting", "thanks")


class SurveyHasProblems(Refusal):
    """The survey cannot be published as it is; `problems` lists each with its question."""

    code = "survey_has_problems"
    advice = "Mend each of `problems` in the draft, then publish. `GET /survey-versions/{id}/check/` lists them without publishing."


class SurveyKeysRepeat(Refusal):
    """Two questions have one key, or two quotas one name, so a rule or a count could not say which it means."""

    code = "survey_keys_repeat"
    status = 400
    advice = "Give each question a key and each quota a name of its own, and send the draft again."


class SurveyDraftExists(Refusal):
    """The survey has a draft already: write in it, or remove it. `draft` is its id."""

    code = "survey_draft_exists"
    advice = "Change the draft whose id is in `draft`, or delete it before you begin another."


class SurveyNotADraft(Refusal):
    """What was published stays as it is: copy it to a new draft."""

    code = "survey_version_not_draft"
    advice = "Begin a new draft with `POST /survey-versions/` (`copy_of` is this version), and change that one."


class SurveyNotPublished(Refusal):
    """The survey has no published version, so there is nothing to ask yet."""

    code = "survey_not_published"
    advice = "Publish a version of the survey (`POST /survey-versions/{id}/publish/`), then repeat this."


@transaction.atomic
def draft(survey_id: UUID, *, source: SurveyVersion | None = None, comment: str = "", by: User | None, now: datetime) -> SurveyVersion:
    """Begin a new version: empty, or with all that ``source`` asks (of any survey, so a translation can start from the original).

    Raises:
        SurveyDraftExists
    """
    survey = Survey.objects.select_for_update().get(pk=survey_id)
    there = survey.versions.filter(status=SurveyVersion.Status.DRAFT).first()
    if there is not None:
        raise SurveyDraftExists("The survey has a draft already: write in it, or remove it.", draft=str(there.pk))
    last = survey.versions.aggregate(last=Max("number"))["last"] or 0
    version = SurveyVersion(survey=survey, number=last + 1, comment=comment, by=by)
    if source:
        version.greeting, version.thanks = source.greeting, source.thanks
    version.save(force_insert=True)
    questions = list(source.questions.order_by("position").values(*QUESTION)) if source else []
    _put_questions(version, questions)
    _put_quotas(version, list(source.quotas.order_by("id").values(*QUOTA)) if source else [])
    record(version, "draft", by=by, now=now, before={}, questions=[question["key"] for question in questions])
    return version


def write(
    version_id: UUID,
    *,
    questions: Sequence[Mapping[str, Any]] | None = None,
    quotas: Sequence[Mapping[str, Any]] | None = None,
    if_version: int | None = None,
    by: User | None,
    now: datetime,
    **words: str,
) -> SurveyVersion:
    """Replace the whole list of questions, or of quotas, or the ``words`` (comment, greeting, thanks) of a draft.

    A draft may be unfinished: it is judged at publishing.

    Raises:
        VersionConflict
        TransitionNotAllowed: it is no draft any more.
        SurveyKeysRepeat
    """
    facts: dict[str, Any] = {}
    if questions is not None:
        if len({question["key"] for question in questions}) < len(questions):
            raise SurveyKeysRepeat("Two questions have one key: give each its own.")
        facts["questions_after"] = [{**EMPTY, **question} for question in questions]
        facts["questions_before"] = list(Question.objects.filter(survey_version=version_id).order_by("position").values(*QUESTION))
    if quotas is not None:
        if len({quota["name"] for quota in quotas}) < len(quotas):
            raise SurveyKeysRepeat("Two quotas have one name: give each its own.")
        facts["quotas_after"] = [{"condition": None, **quota} for quota in quotas]
        facts["quotas_before"] = list(Quota.objects.filter(survey_version=version_id).order_by("id").values(*QUOTA))
    with transition(SurveyVersion, version_id, "write", if_version=if_version, by=by, now=now, **facts) as version:
        for name in WORDS:
            if words.get(name) is not None:
                setattr(version, name, words[name])
        if questions is not None:
            version.questions.all().delete()
            _put_questions(version, questions)
        if quotas is not None:
            version.quotas.all().delete()
            _put_quotas(version, quotas)
    return version


def _put_questions(version: SurveyVersion, questions: Sequence[Mapping[str, Any]]) -> None:
    Question.objects.bulk_create(
        Question(survey_version=version, position=place, **{**EMPTY, **{name: one[name] for name in QUESTION if name in one}})
        for place, one in enumerate(questions)
    )


def _put_quotas(version: SurveyVersion, quotas: Sequence[Mapping[str, Any]]) -> None:
    Quota.objects.bulk_create(
        Quota(survey_version=version, name=one["name"], condition=one.get("condition"), most=one["most"]) for one in quotas
    )


def check(version: SurveyVersion) -> list[Problem]:
    """What keeps the version from being published; nothing when it can be."""
    return problems(list(version.questions.all()), list(version.quotas.all()))


@transaction.atomic
def publish(version_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> SurveyVersion:
    """Put a draft to use; the version in use until now is retired in the same moment. Responses that were begun in it go on.

    Raises:
        VersionConflict, TransitionNotAllowed
        SurveyHasProblems
    """
    survey_id = SurveyVersion.objects.values_list("survey_id", flat=True).get(pk=version_id)
    Survey.objects.select_for_update().get(pk=survey_id)  # two publishings pass one after the other
    with transition(SurveyVersion, version_id, "publish", if_version=if_version, by=by, now=now) as version:
        found = check(version)
        if found:
            raise SurveyHasProblems("The survey cannot be published yet: see `problems`.", problems=[one.shown() for one in found])
        version.published_at = now
        before = SurveyVersion.objects.filter(survey=survey_id, status=SurveyVersion.Status.PUBLISHED).values_list("pk", flat=True).first()
        if before is not None:
            retire(before, by=by, now=now)
    return version


def retire(version_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> SurveyVersion:
    """Take a published version out of use. Responses that were begun go on.

    Raises:
        VersionConflict, TransitionNotAllowed
    """
    with transition(SurveyVersion, version_id, "retire", if_version=if_version, by=by, now=now) as version:
        version.retired_at = now
    return version


@transaction.atomic
def discard(version_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> None:
    """Throw a draft away.

    Raises:
        VersionConflict
        SurveyNotADraft: it was published: what was asked is kept.
    """
    version = SurveyVersion.objects.select_for_update(of=("self",)).get(pk=version_id)
    check_version(version, if_version)
    if version.status != SurveyVersion.Status.DRAFT:
        raise SurveyNotADraft("What was published is kept: retire it instead.")
    record(version, "discard", by=by, now=now, questions_before=list(version.questions.values(*QUESTION)))
    version.delete()


def published(survey: Survey) -> SurveyVersion:
    """The version of a survey that is in use.

    Raises:
        SurveyNotPublished
    """
    found = SurveyVersion.objects.for_api().filter(survey=survey, status=SurveyVersion.Status.PUBLISHED).first()
    if found is None:
        raise SurveyNotPublished(f"'{survey.name}' has no published version: publish one.")
    return found
