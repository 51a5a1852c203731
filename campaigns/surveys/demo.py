"""A survey for trying out."""

from datetime import datetime
from typing import Any

from campaigns.models import Survey, SurveyVersion
from campaigns.surveys import publishing
from config.platform.models import User

QUESTIONS: list[dict[str, Any]] = [
    {
        "key": "recommend", "kind": "nps", "text": "How likely are you to recommend us to a friend, from 0 to 10?",
        "low_label": "Not at all", "high_label": "Surely",
        "next": [{"when": {"field": "answer", "at_most": 6}, "goto": "why"}, {"when": None, "goto": "quality"}],
    },
    {
        "key": "why", "kind": "multi", "text": "What was wrong?", "is_required": False,
        "choices": [{"value": "price", "label": "The price"}, {"value": "time", "label": "It took long"}, {"value": "staff", "label": "People"}],
    },
    {"key": "quality", "kind": "csat", "text": "How satisfied are you with the goods, from 1 to 5?"},
    {"key": "effort", "kind": "ces", "text": "How easy was it to order, from 1 to 7?", "is_required": False},
    {"key": "words", "kind": "text", "text": "What should we do better?", "is_required": False},
]  # fmt: skip


def load(*, by: User | None, now: datetime) -> SurveyVersion:
    """The survey, in use; the one that is there when it was loaded before."""
    survey, _ = Survey.objects.get_or_create(code="after-delivery", defaults={"name": "After the delivery"})
    there = survey.versions.filter(status=SurveyVersion.Status.PUBLISHED).first()
    if there is not None:
        return there
    version = publishing.draft(survey.pk, comment="The first.", by=by, now=now)
    words: dict[str, Any] = {"greeting": "We have a few questions about your order.", "thanks": "Thank you, that helps us!"}
    publishing.write(version.pk, questions=QUESTIONS, quotas=[], by=by, now=now, **words)
    return publishing.publish(version.pk, by=by, now=now)
