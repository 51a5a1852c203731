"""What surveys know of a person: their answers. Numbers stay for the figures, their own words and dates go."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from calls.erasure import calls_of
from campaigns.models import Answer, Question, SurveyResponse
from config.platform import forgetting
from crm.erasure import Holder

GONE = "[removed]"
#: What of the history of a response names nobody.
TELLING = frozenset({
    "state", "path", "started_at", "ended_at", "seconds", "question", "survey_version_id", "attempt_id", "campaign_id", "call_id", "agent_id",
    "topic_id", "department_id", "origin_kind", "origin_id",
})  # fmt: skip


def of_person(contact_id: UUID) -> QuerySet[SurveyResponse]:
    """Their responses, and those in a call of theirs of which nobody knew yet who it was."""
    return SurveyResponse.objects.filter(Q(contact=contact_id) | Q(contact=None, call__in=calls_of(contact_id).values("pk")))


def personal_data(contact_id: UUID) -> list[dict[str, Any]]:
    """All responses of somebody, with their answers."""
    rows = of_person(contact_id).select_related("survey_version__survey").prefetch_related("answers__question")
    return [
        {
            "survey": row.survey_version.survey.name,
            "state": row.state,
            "started_at": row.started_at.isoformat(),
            "ended_at": row.ended_at.isoformat() if row.ended_at else None,
            "reason": row.reason,
            "answers": {answer.question.text: answer.value for answer in row.answers.all()},
        }
        for row in rows.order_by("id")
    ]


def pseudonymise(contact_id: UUID) -> int:
    """Take their own words and dates away, in the history too; how many rows were changed. Once done it changes nothing more."""
    ids = list(of_person(contact_id).values_list("pk", flat=True))
    told = Answer.objects.filter(response__in=ids, question__kind__in=[Question.Kind.TEXT, Question.Kind.DATE], value__isnull=False)
    changed = told.exclude(value=GONE).update(value=GONE)
    changed += SurveyResponse.objects.filter(pk__in=ids).exclude(reason__in=["", GONE]).update(reason=GONE)
    return changed + forgetting.forget_changes(ids, telling=TELLING)


HOLDER = Holder(personal_data, pseudonymise)
