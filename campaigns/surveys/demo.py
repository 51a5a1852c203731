"""A survey for trying out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from campaigns.models import Survey, SurveyVersion
from campaigns.surveys import publishing, walking
from config.platform.models import User
from crm.models import Contact

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
#: What people answer, the frequent ones more than once; null passes over.
ANSWERS: dict[str, list[Any]] = {
    "recommend": [10, 10, 10, 9, 9, 8, 8, 7, 6, 5, 3],
    "why": [["price"], ["time"], ["time", "staff"], None],
    "quality": [5, 5, 5, 4, 4, 4, 3, 2],
    "effort": [7, 7, 6, 6, 5, 4, 3, None],
    "words": [None, None, "A shorter time of delivery.", "Call before you come.", "Всё хорошо, спасибо!"],
}


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


def respond(version: SurveyVersion, contacts: Sequence[Contact], agents: Sequence[User], random: Random, *, at: datetime) -> None:
    """Operators ask these people, one each quarter of an hour; some break off, one refuses."""
    for number, contact in enumerate(contacts):
        agent, now = agents[number % len(agents)], at + timedelta(minutes=15 * number)
        response = walking.begin(survey=version.survey, contact=contact, by=agent, now=now)
        if number % 11 == 7:
            walking.refuse(response.pk, reason="Has no time.", by=agent, now=now)
            continue
        stops = 1 if number % 8 == 5 else len(QUESTIONS)
        while response.state in ("started", "partial") and len(response.path) <= stops:
            now += timedelta(seconds=random.randint(5, 25))
            key = response.path[-1]
            response = walking.answer(response.pk, question=key, value=random.choice(ANSWERS[key]), by=agent, now=now)
        if response.state in ("started", "partial"):
            walking.break_off(response.pk, reason="Somebody was at the door.", by=agent, now=now)
