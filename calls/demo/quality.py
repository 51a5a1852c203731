"""A scorecard, and what reviewers found in some calls of the demo."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from calls import reviews, scorecards
from calls.demo.house import House
from calls.models import Call, Queue, Review, Scorecard
from config.platform import upkeep

CHECKPOINTS: list[dict[str, Any]] = [
    {"key": "greeting", "section": "Opening", "text": "Did the operator name the company and themselves?", "points": 5,
     "guidance": "Both: 5. One of them: 2."},
    {"key": "identified", "section": "Opening", "text": "Was the caller asked who they are before anything was told?", "points": 10, "is_fatal": True,
     "guidance": "Without it nothing of an account may be told."},
    {"key": "listened", "section": "Conversation", "text": "Did the caller finish their sentences?", "points": 5},
    {"key": "right_answer", "section": "Conversation", "text": "Was the answer right, by the knowledge base of that day?", "points": 10},
    {"key": "offer", "section": "Conversation", "text": "Was something fitting offered?", "points": 5, "may_skip": True,
     "guidance": "Does not apply to complaints."},
    {"key": "goodbye", "section": "Closing", "text": "Was what happens next said, and goodbye?", "points": 5},
]  # fmt: skip
WORDS = ("Clear and kind.", "Calm with somebody who was not.", "Too fast at the end.", "Knew the answer without looking.", "")


def judge(made: House, *, now: datetime) -> int:
    """Write the scorecard and a dozen reviews, one of them disputed, one by two people; answers how many reviews there are."""
    random, boss, chief = Random(7), made.staff["sergei"], made.staff["admin"]
    since = now - timedelta(days=30)
    queues = Queue.objects.filter(slug__in=["support", "delivery"])
    scorecard = upkeep.add(Scorecard, code="service", name="Service calls", queues=queues, by=boss, now=since)
    version = scorecards.draft(scorecard.pk, by=boss, now=since)
    scorecards.write(version.pk, checkpoints=CHECKPOINTS, pass_percent=80, by=boss, now=since)
    scorecards.publish(version.pk, by=boss, now=since)
    calls = Call.objects.filter(outcome=Call.Outcome.ANSWERED, agent__isnull=False, talk_s__gte=30, ended_at__lt=now)
    found: list[Review] = []
    for call in calls.exclude(agent__in=[boss, chief]).order_by("-started_at", "-id")[:14]:
        at = min(now, (call.ended_at or now) + timedelta(minutes=5))
        for reviewer in (boss, chief) if not found else (boss,):
            review, _ = reviews.claim(call.pk, scorecard=scorecard, by=reviewer, now=at)
            reviews.answer(review.pk, answers=_answers(random), comment=random.choice(WORDS), by=reviewer, now=at)
            found.append(reviews.submit(review.pk, by=reviewer, now=at))
    for review in found[2:5]:
        reviews.accept(review.pk, by=review.agent, now=now)
    if len(found) > 6:
        reviews.dispute(found[6].pk, reason="The caller hung up before I could say goodbye.", by=found[6].agent, now=now)
    return len(found)


def _answers(random: Random) -> list[dict[str, Any]]:
    """Mostly good ones."""
    answers = []
    for one in CHECKPOINTS:
        points: int | None = one["points"] if random.random() < 0.75 else random.randint(0, one["points"])
        if one.get("is_fatal") and random.random() < 0.9:
            points = one["points"]
        if one.get("may_skip") and random.random() < 0.4:
            points = None
        answers.append({"checkpoint": one["key"], "points": points, "comment": ""})
    return answers
