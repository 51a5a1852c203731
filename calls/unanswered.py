"""Asked, but not answered: questions for which no article was found, one row each, with how often they were asked.

They come from operators who say so, and from searches that found nothing. Who types while they search asks one question, not one a
letter: what goes on from the same person's last search within a minute takes its place.
"""

import re
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from calls.models import Call, QuestionAsked, UnansweredQuestion
from config.platform.history import entry, record, record_many
from config.platform.models import User
from config.platform.moves import change, transition
from crm.knowledge_search import QuestionTooShort
from crm.knowledge_words import bare
from crm.models import Article, Topic

STILL_TYPING = timedelta(minutes=1)
LONGEST = 300
Status, Source = UnansweredQuestion.Status, QuestionAsked.Source


def key_of(text: str) -> str:
    """What makes two questions one: the words without case, ё, accents and signs, in their order."""
    return " ".join(re.findall(r"[^\W_]+", bare(text)))[:LONGEST]


@transaction.atomic
def tell(
    text: str,
    *,
    language: str = "",
    topic: Topic | None = None,
    call: Call | None = None,
    source: str = Source.TOLD,
    by: User | None,
    now: datetime,
) -> UnansweredQuestion:
    """Note that somebody asked and no answer was found. On a call the same question counts once.

    One that an article was said to answer is open again: that article was not found.

    Raises:
        QuestionTooShort: there is no word in it.
    """
    text, key = text.strip()[:LONGEST], key_of(text)
    if len(key) < 2:
        raise QuestionTooShort("Write down what was asked.")
    UnansweredQuestion.objects.bulk_create(
        [UnansweredQuestion(key=key, text=text, language=language, first_asked_at=now, last_asked_at=now)], ignore_conflicts=True
    )
    question = UnansweredQuestion.objects.select_for_update().get(key=key)
    if call is not None and question.times.filter(call=call).exists():
        return question
    if source == Source.SEARCH and _goes_on(question, by=by, now=now):
        return question
    QuestionAsked.objects.create(question=question, source=source, text=text, at=now, agent=by, call=call, topic=topic)
    return _counted(question, text=text, language=language, topic=topic, source=source, by=by, now=now)


def search_found_nothing(text: str, language: str, by: User | None, now: datetime) -> None:
    """Registered with ``crm.knowledge_search.nothing_found``."""
    if len(key_of(text)) > 2:
        tell(text, language=language, source=Source.SEARCH, by=by, now=now)


def answer(question_id: UUID, *, article: Article, if_version: int | None = None, by: User, now: datetime) -> UnansweredQuestion:
    """Say which article answers it from now on.

    Raises:
        VersionConflict, TransitionNotAllowed
    """
    with transition(UnansweredQuestion, question_id, "answer", by=by, now=now, if_version=if_version) as question:
        question.article = article
    return question


def dismiss(question_id: UUID, *, reason: str = "", if_version: int | None = None, by: User, now: datetime) -> UnansweredQuestion:
    """Say that it needs no answer; being asked again does not bring it back.

    Raises:
        VersionConflict, TransitionNotAllowed
    """
    with transition(UnansweredQuestion, question_id, "dismiss", by=by, now=now, if_version=if_version, reason=reason) as question:
        pass
    return question


def reopen(question_id: UUID, *, if_version: int | None = None, by: User, now: datetime) -> UnansweredQuestion:
    """Take the word back: it waits for an answer.

    Raises:
        VersionConflict, TransitionNotAllowed
    """
    with transition(UnansweredQuestion, question_id, "reopen", by=by, now=now, if_version=if_version) as question:
        question.article = None
    return question


def _counted(
    question: UnansweredQuestion, *, text: str, language: str, topic: Topic | None, source: str, by: User | None, now: datetime
) -> UnansweredQuestion:
    """The row with one time more, remembered by whichever door its status asks for."""
    said = {"text": text, "topic": topic or question.topic, "language": language or question.language, "last_asked_at": now}
    if not question.asked_count:
        for name, value in said.items():
            setattr(question, name, value)
        question.asked_count = 1
        question.save()
        record(question, "ask", by=by, now=now, before={}, source=source)
        return question
    is_dismissed = question.status == Status.DISMISSED
    door = change if is_dismissed else transition
    with door(UnansweredQuestion, question.pk, "ask" if is_dismissed else "ask_again", by=by, now=now, source=source) as row:
        for name, value in said.items():
            setattr(row, name, value)
        row.asked_count += 1
        row.article = row.article if is_dismissed else None
    return row


def _goes_on(question: UnansweredQuestion, *, by: User | None, now: datetime) -> bool:
    """Whether this person asked the very same a moment ago; what they had typed until then is taken back."""
    if by is None:
        return False
    last = (
        QuestionAsked.objects.filter(agent=by, at__gt=now - STILL_TYPING, at__lte=now, source=Source.SEARCH).order_by("-at", "-id").first()
    )
    if last is None:
        return False
    if last.question_id == question.pk:
        return True
    key = UnansweredQuestion.objects.filter(pk=last.question_id).values_list("key", flat=True).first()
    if key is None or not question.key.startswith(key):
        return False
    # a shorter one each time, so that nobody waits in a ring
    before = UnansweredQuestion.objects.select_for_update().filter(pk=last.question_id, key=key).first()
    if before is not None:
        last.delete()
        if before.asked_count == 1:
            gone = entry(before, "remove", by=by, now=now)
            before.delete()
            record_many([gone])
        else:
            with change(UnansweredQuestion, before.pk, "typed_on", by=by, now=now) as row:
                row.asked_count -= 1
    return False
