"""What reviews say when they are added up: of operators, of checkpoints, and of the reviewers themselves."""

from collections import defaultdict
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, F, Q, Sum
from django.db.models.functions import Abs

from calls.models import Review, ReviewAnswer, Scorecard
from calls.models.quality import TOLD
from calls.review_scores import agreement

MOST_PAIRS = 1000


def by_agent(*, since: datetime, until: datetime, scorecard: Scorecard | None = None, agent: UUID | None = None) -> list[dict[str, Any]]:
    """Reviews told from ``since`` until just before ``until``, for each operator: how many, mean per cent, passed, failed at once, disputed."""
    rows = (
        _told(since, until, scorecard, agent)
        .values("agent_id", "agent__surname", "agent__name", "agent__username")
        .annotate(
            reviews=Count("id"),
            mean=Avg("percent"),
            passed=Count("id", filter=Q(is_passed=True)),
            fatal=Count("id", filter=~Q(failed_at="")),
            disputed=Count("id", filter=Q(disputed_at__isnull=False)),
            changed=Count("id", filter=Q(settlement=Review.Settlement.CHANGED)),
        )
        .order_by("agent__surname", "agent__name", "agent_id")
    )
    return [
        {
            "agent": row["agent_id"],
            "agent_name": " ".join(filter(None, [row["agent__surname"], row["agent__name"]])) or row["agent__username"],
            "reviews": row["reviews"],
            "mean_percent": _two(row["mean"]),
            "passed": row["passed"],
            "failed_at_once": row["fatal"],
            "disputed": row["disputed"],
            "changed": row["changed"],
        }
        for row in rows
    ]


def by_checkpoint(*, since: datetime, until: datetime, scorecard: Scorecard, agent: UUID | None = None) -> list[dict[str, Any]]:
    """How each checkpoint of a scorecard came out: answers, points given of points possible. Checkpoints of all versions by their key."""
    told = _told(since, until, scorecard, agent)
    rows = (
        ReviewAnswer.objects.filter(review__in=told, points__isnull=False)
        .values("checkpoint__key")
        .annotate(answers=Count("id"), given=Sum("points"), possible=Sum("checkpoint__points"), missed=Count("id", filter=Q(points=0)))
        .order_by("checkpoint__key")
    )
    return [
        {
            "checkpoint": row["checkpoint__key"],
            "answers": row["answers"],
            "percent": _two(Decimal(100 * row["given"]) / row["possible"]),
            "without_points": row["missed"],
        }
        for row in rows
    ]


def calibration(*, since: datetime, until: datetime, scorecard: Scorecard | None = None) -> list[dict[str, Any]]:
    """Calls that two people reviewed by one version: how far the two scores lie apart, and on which share of checkpoints they agree.

    The latest thousand, the pair that is farthest apart first.
    """
    told = _told(since, until, scorecard, None)
    pairs = (
        told.filter(call__reviews__scorecard_version=F("scorecard_version"), call__reviews__status__in=TOLD, call__reviews__id__gt=F("id"))
        .annotate(other=F("call__reviews__id"), apart=Abs(F("percent") - F("call__reviews__percent")))
        .order_by("-submitted_at")
        .values_list("id", "other", "call_id", "apart")[:MOST_PAIRS]
    )
    found = list(pairs)
    reviews = Review.objects.select_related("reviewer", "scorecard_version__scorecard").in_bulk({one for pair in found for one in pair[:2]})
    points: dict[UUID, dict[str, int | None]] = defaultdict(dict)
    for review_id, key, got in ReviewAnswer.objects.filter(review__in=reviews).values_list("review_id", "checkpoint__key", "points"):
        points[review_id][key] = got
    rows = [
        {
            "call": call_id,
            "scorecard": reviews[one].scorecard_version.scorecard.code,
            "reviews": [
                {
                    "review": pk,
                    "reviewer": reviews[pk].reviewer_id,
                    "reviewer_name": str(reviews[pk].reviewer),
                    "percent": reviews[pk].percent,
                }
                for pk in (one, other)
            ],
            "apart": apart,
            "agreement_percent": agreement(points[one], points[other]),
        }
        for one, other, call_id, apart in found
    ]
    return sorted(rows, key=lambda row: -row["apart"])


def _told(since: datetime, until: datetime, scorecard: Scorecard | None, agent: UUID | None) -> Any:
    told = Review.objects.filter(submitted_at__gte=since, submitted_at__lt=until, status__in=TOLD)
    if scorecard is not None:
        told = told.filter(scorecard_version__scorecard=scorecard)
    return told.filter(agent=agent) if agent is not None else told


def _two(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP)
