"""One person's way through a survey: begun, answered question by question, gone back in, ended. The server keeps the way.

Two operators may give the last place of a quota at once: whoever completes first has it, for the rows of the quotas are locked then.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from calls.models import Call
from campaigns.models import Answer, Attempt, Question, Quota, Survey, SurveyResponse, SurveyVersion
from campaigns.surveys import publishing, ways
from campaigns.surveys.checking import checked
from config.platform import origins
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import Role, User
from config.platform.moves import TransitionNotAllowed, transition
from crm import script_conditions as conditions
from crm.models import Contact, Department, Topic

State = SurveyResponse.State
#: Why what nobody goes on with is broken off.
LEFT = "Nobody went on with it."


class NoSurveyHere(Refusal):
    """The campaign of this attempt asks no survey."""

    code = "campaign_without_survey"
    advice = "Report the attempt without a survey, or give the campaign one before it starts."


class QuestionNotAsked(Refusal):
    """The question is not on the present way; `path` are those that are, and the last of them waits for its answer."""

    code = "question_not_asked"
    advice = "Send the answer for the last question in `path`. Go back with `POST /survey-responses/{id}/back/` to change an earlier one."


def begin(
    *,
    survey: Survey | None = None,
    attempt: Attempt | None = None,
    contact: Contact | None = None,
    call: Call | None = None,
    topic: Topic | None = None,
    department: Department | None = None,
    origin: Mapping[str, Any] | None = None,
    by: User | None,
    now: datetime,
) -> SurveyResponse:
    """Begin to ask. For an ``attempt`` the survey is that of its campaign and the person its contact; asking twice gives what was begun.

    Raises:
        SurveyNotPublished
        NoSurveyHere
        config.platform.origins.OriginUnknown
    """
    with transaction.atomic():
        if attempt is not None:
            attempt = Attempt.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=attempt.pk)
            there = SurveyResponse.objects.filter(attempt=attempt).first()
            if there is not None:
                return there
            version = _of_campaign(attempt)
            contact, call = attempt.contact, call or attempt.call
            origin = origin or {"kind": "attempt", "id": attempt.pk}
            department = department or attempt.campaign.department
        elif survey is None:
            raise ValueError("Give a survey, or an attempt.")
        else:
            version = publishing.published(survey)
            if contact is None and call is not None:
                contact = call.contact
            if origin is None and call is not None:
                origin = {"kind": "call", "id": call.pk}
        if topic is None and call is not None:
            topic = call.topics.order_by("pk").first()
        questions = list(version.questions.all())
        is_person = by is not None and by.role != Role.INTEGRATION
        response = SurveyResponse(
            survey_version=version, contact=contact, attempt=attempt, campaign=attempt.campaign if attempt else None, call=call,
            agent=by if is_person else attempt.agent if attempt else None, topic=topic, department=department,
            path=list(ways.walk(questions, {}).path), started_at=now, **origins.columns(origin),
        )  # fmt: skip
        if _full(version, {}, questions):
            _end(response, State.QUOTA_FULL, now)
        response.save(force_insert=True)
        record(response, "begin", by=by, now=now, before={})
    return response


def _of_campaign(attempt: Attempt) -> SurveyVersion:
    campaign = attempt.campaign
    if campaign.survey_version is not None and campaign.survey_version.status != SurveyVersion.Status.DRAFT:
        return campaign.survey_version
    if campaign.survey is None:
        raise NoSurveyHere(f"'{campaign.name}' asks no survey.")
    return publishing.published(campaign.survey)


def answer(
    response_id: UUID, *, question: str, value: Any, if_version: int | None = None, by: User | None, now: datetime
) -> SurveyResponse:
    """Answer the question that waits, or one before it anew; null passes over what is not required. The way is walked anew from the start.

    Raises:
        VersionConflict, TransitionNotAllowed
        QuestionNotAsked
        AnswerDoesNotFit
    """
    with transition(SurveyResponse, response_id, "answer", if_version=if_version, by=by, now=now, question=question) as response:
        questions = list(response.survey_version.questions.all())
        asked = _on_the_way(response, questions, question)
        kept, measure = checked(asked, value)
        Answer.objects.update_or_create(
            response=response, question=asked, defaults={"value": kept, "measure": measure, "is_counted": True, "at": now}
        )
        _lead_on(response, questions, now)
    return response


def go_back(response_id: UUID, *, question: str, if_version: int | None = None, by: User | None, now: datetime) -> SurveyResponse:
    """Ask a question of the present way again. What was answered from there on is kept, and counts again once the way comes back to it.

    Raises:
        VersionConflict, TransitionNotAllowed
        QuestionNotAsked
    """
    with transition(SurveyResponse, response_id, "go_back", if_version=if_version, by=by, now=now, question=question) as response:
        _on_the_way(response, list(response.survey_version.questions.all()), question)
        response.path = response.path[: response.path.index(question) + 1]
        _count(response, response.path[:-1])
    return response


def refuse(response_id: UUID, *, reason: str = "", if_version: int | None = None, by: User | None, now: datetime) -> SurveyResponse:
    """They would not answer (on). What they said so far is kept.

    Raises:
        VersionConflict, TransitionNotAllowed
    """
    return _close(response_id, "refuse", reason, if_version, by, now)


def break_off(response_id: UUID, *, reason: str = "", if_version: int | None = None, by: User | None, now: datetime) -> SurveyResponse:
    """It was broken off, and may be resumed.

    Raises:
        VersionConflict, TransitionNotAllowed
    """
    return _close(response_id, "break_off", reason, if_version, by, now)


def find_ineligible(
    response_id: UUID, *, reason: str = "", if_version: int | None = None, by: User | None, now: datetime
) -> SurveyResponse:
    """They are not whom the survey asks.

    Raises:
        VersionConflict, TransitionNotAllowed
    """
    return _close(response_id, "find_ineligible", reason, if_version, by, now)


def find_unreachable(
    response_id: UUID, *, reason: str = "", if_version: int | None = None, by: User | None, now: datetime
) -> SurveyResponse:
    """They were not there to be asked.

    Raises:
        VersionConflict, TransitionNotAllowed: something was answered already, or it is over.
    """
    return _close(response_id, "find_unreachable", reason, if_version, by, now)


def _close(response_id: UUID, verb: str, reason: str, if_version: int | None, by: User | None, now: datetime) -> SurveyResponse:
    with transition(SurveyResponse, response_id, verb, if_version=if_version, by=by, now=now, reason=reason) as response:
        response.reason = reason
        _stop(response, now)
    return response


def resume(response_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> SurveyResponse:
    """Go on where it was broken off, at the question that waited.

    Raises:
        VersionConflict, TransitionNotAllowed
    """
    with transition(SurveyResponse, response_id, "resume", if_version=if_version, by=by, now=now) as response:
        response.ended_at = response.seconds = None
        response.reason = ""
    return response


def end_left(*, now: datetime, limit: int = 200) -> int:
    """Break off what was begun and left: nothing was heard of it for ``SURVEY_LEFT_HOURS``, 0 is never. Answers how many were looked at.

    It ended when it was last heard of, and may be resumed. Safe in any number of workers: each is ended under its lock, once.
    """
    if not settings.SURVEY_LEFT_HOURS:
        return 0
    since = now - timedelta(hours=settings.SURVEY_LEFT_HOURS)
    going_on = SurveyResponse.objects.filter(state__in=SurveyResponse.GOING_ON, started_at__lte=since, updated_at__lte=since)
    left = list(going_on.order_by("started_at", "id").values_list("pk", flat=True)[:limit])
    for response_id in left:
        try:
            with transition(SurveyResponse, response_id, "break_off", by=None, now=now, reason=LEFT) as response:
                if response.updated_at > since:
                    raise TransitionNotAllowed("Somebody went on with it.")
                response.reason = LEFT
                _stop(response, max(response.updated_at, response.started_at))
        except (TransitionNotAllowed, SurveyResponse.DoesNotExist):  # somebody was quicker
            continue
    return len(left)


def _on_the_way(response: SurveyResponse, questions: Sequence[Question], key: str) -> Question:
    if key not in response.path:
        raise QuestionNotAsked("This question is not asked now: see `path`.", path=response.path)
    return next(question for question in questions if question.key == key)


def _lead_on(response: SurveyResponse, questions: Sequence[Question], now: datetime) -> None:
    """Walk anew through all that was answered, and see whether that is the end."""
    keys = {question.pk: question.key for question in questions}
    given = {keys[question_id]: value for question_id, value in response.answers.values_list("question_id", "value")}
    way = ways.walk(questions, given)
    response.path = list(way.path)
    _count(response, way.answered)
    on_the_way = {key: given[key] for key in way.answered}
    response.state = State.PARTIAL
    if way.end == ways.OUT:
        _end(response, State.INELIGIBLE, now)
    elif way.end == ways.END:
        is_placed = _take_places(response.survey_version, on_the_way, questions)
        _end(response, State.COMPLETE if is_placed else State.QUOTA_FULL, now)
    elif _full(response.survey_version, on_the_way, questions):
        _end(response, State.QUOTA_FULL, now)


def _count(response: SurveyResponse, keys: Sequence[str]) -> None:
    """Only the answers to these questions count."""
    mine = response.answers.filter(question__key__in=keys)
    mine.filter(is_counted=False).update(is_counted=True)
    response.answers.filter(is_counted=True).exclude(question__key__in=keys).update(is_counted=False)


def _end(response: SurveyResponse, state: str, now: datetime) -> None:
    response.state = state
    _stop(response, now)


def _stop(response: SurveyResponse, now: datetime) -> None:
    response.ended_at = now
    response.seconds = max((now - response.started_at).total_seconds(), 0.0)


def _full(version: SurveyVersion, known: Mapping[str, Any], questions: Sequence[Question]) -> bool:
    """Whether a quota that they surely fit is full, so that asking on is in vain. Without a lock: the last place is given at the end."""
    values = ways.values_of(questions, known)
    full = Quota.objects.filter(survey_version=version, taken__gte=F("most"))
    return any(conditions.holds(quota.condition, values) for quota in full)


def _take_places(version: SurveyVersion, known: Mapping[str, Any], questions: Sequence[Question]) -> bool:
    """A place in each quota that they fit, or in none when one of them is full. Whoever completes at the same time waits here."""
    values = ways.values_of(questions, known)
    fitting = [quota.pk for quota in Quota.objects.filter(survey_version=version) if conditions.holds(quota.condition, values)]
    held = list(Quota.objects.select_for_update().filter(pk__in=fitting).order_by("pk"))
    if any(quota.taken >= quota.most for quota in held):
        return False
    Quota.objects.filter(pk__in=fitting).update(taken=F("taken") + 1)
    return True
