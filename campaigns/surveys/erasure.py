"""What surveys know of a person: their answers. Numbers stay for the figures, their own words go."""

from typing import Any
from uuid import UUID

from campaigns.models import Answer, Question, SurveyResponse
from crm.erasure import Holder

GONE = "[removed]"


def personal_data(contact_id: UUID) -> list[dict[str, Any]]:
    """All responses of somebody, with their answers."""
    rows = SurveyResponse.objects.filter(contact=contact_id).select_related("survey_version__survey").prefetch_related("answers__question")
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
    """Take their own words away; how many rows were changed. Once done it changes nothing more."""
    mine = SurveyResponse.objects.filter(contact=contact_id)
    texts = Answer.objects.filter(response__in=mine, question__kind=Question.Kind.TEXT, value__isnull=False)
    changed = texts.exclude(value=GONE).update(value=GONE)
    return changed + mine.exclude(reason__in=["", GONE]).update(reason=GONE)


HOLDER = Holder(personal_data, pseudonymise)
