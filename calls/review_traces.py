"""What reviews say about callers, and how they are taken out of it: reviewers write in words, and words name people."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from calls import erasure
from calls.models import Review, ReviewAnswer
from config.platform import forgetting
from crm import traces
from crm.erasure import Holder

TEXTS = ("comment", "dispute_reason", "settlement_note")
#: What audit events of reviews may go on telling.
TELLING = frozenset(
    {
        "call_id", "scorecard_version_id", "agent_id", "reviewer_id", "status", "claimed_until", "points", "possible", "percent", "is_passed",
        "failed_at", "submitted_at", "disputed_at", "settlement", "settled_by_id", "settled_at", "percent_before",
    }
)  # fmt: skip


def personal_data(contact_id: UUID) -> list[dict[str, Any]]:
    """What was written by reviewers of a contact's calls."""
    found = Review.objects.filter(call__in=erasure.calls_of(contact_id)).order_by("id").prefetch_related("answers")
    return [
        {
            "call": review.call_id,
            **{name: getattr(review, name) for name in TEXTS},
            "answers": [one.comment for one in review.answers.all() if one.comment],
        }
        for review in found
    ]


def pseudonymise(contact_id: UUID) -> int:
    """Words that name the person go; points and verdicts stay. Answers how many reviews there are."""
    known = traces.of(contact_id)
    reviews = list(Review.objects.select_for_update().filter(call__in=erasure.calls_of(contact_id)))
    _wipe(Review, reviews, TEXTS, known)
    answers = list(ReviewAnswer.objects.filter(review__in=reviews).exclude(comment=""))
    _wipe(ReviewAnswer, answers, ("comment",), known)
    forgetting.forget_changes([review.pk for review in reviews], telling=TELLING)
    return len(reviews)


def _wipe(model: Any, rows: Iterable[Any], names: tuple[str, ...], known: traces.Traces) -> None:
    changed = [row for row in rows if any(known.are_in(getattr(row, name)) for name in names)]
    for row in changed:
        for name in names:
            setattr(row, name, known.wiped(getattr(row, name)))
    model._default_manager.bulk_update(changed, names, batch_size=500)


REVIEWS = Holder(personal_data, pseudonymise)
