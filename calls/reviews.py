"""Reviews of calls: claimed, written, told to the operator, and, when they disagree, settled by somebody else.

Two people may review one call by one scorecard; neither sees what the other found before their own is told, so that the two say how
alike reviewers judge (``calls.review_report.calibration``).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from calls import scorecards
from calls.models import Call, Checkpoint, Review, ReviewAnswer, Scorecard, ScorecardVersion
from calls.models.quality import BEGUN
from calls.review_scores import Score, score
from config.platform import feed
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import LEADERS, User
from config.platform.moves import TransitionNotAllowed, change, transition

MOST_REVIEWERS = 2
Settlement = Review.Settlement


class NothingToReview(Refusal):
    """A call without an operator, or one that goes on, cannot be reviewed."""

    code = "nothing_to_review"
    advice = "Choose a call that has ended and that an operator answered."


class OwnCall(Refusal):
    """Nobody reviews their own calls."""

    code = "own_call"
    status = 403
    advice = "Review a call of somebody else; `POST /reviews/next/` never offers your own."


class ReviewedAlready(Refusal):
    """You have reviewed this call by this scorecard, or two others have."""

    code = "reviewed_already"
    advice = "Open the review that is there, or choose another call (`POST /reviews/next/`)."


class TooManyClaims(Refusal):
    """Finish or give back a review that you have claimed before you claim another."""

    code = "too_many_claims"
    advice = "Submit one of your claimed reviews or release it, then ask again. `GET /reviews/` lists them."


class NoCallLeft(Refusal):
    """No call is left that fits and that nobody has reviewed."""

    code = "no_call_left"
    status = 404
    advice = "Ask again later, or with wider conditions."


class NotYourReview(Refusal):
    """Another has claimed this review."""

    code = "not_your_review"
    status = 403
    advice = "Claim another call with `POST /reviews/next/`. Accepting and disputing are for the operator it is about, or a supervisor."


class CheckpointUnknown(Refusal):
    """The scorecard has no checkpoint of this key."""

    code = "checkpoint_unknown"
    status = 400
    advice = "Send keys of the version that this review is by: the review itself lists them."


class PointsOutOfRange(Refusal):
    """More points than the checkpoint has, or none where it always applies."""

    code = "points_out_of_range"
    status = 400
    advice = "Send 0 to as many `points` as the checkpoint has. Send null only where the checkpoint has `may_skip`."


class AnswersMissing(Refusal):
    """Some checkpoints have no answer yet; `missing` lists their keys."""

    code = "answers_missing"
    advice = "Answer the checkpoints that `missing` names with `PATCH /reviews/{id}/`, then submit again."


class TooLateToDispute(Refusal):
    """The time in which a review may be disputed is over."""

    code = "too_late_to_dispute"
    advice = "Talk with whoever wrote the review: it stands as it is."


class OwnReview(Refusal):
    """Who wrote the review does not settle it, unless nobody else leads here."""

    code = "own_review"
    status = 403
    advice = "Let another supervisor or an administrator settle it."


@transaction.atomic
def claim(call_id: UUID, *, scorecard: Scorecard, by: User, now: datetime) -> tuple[Review, bool]:
    """Begin a review of a call; answers it, and whether it is new. Claimed again while it goes on, it is the same one.

    Raises:
        NothingToReview, OwnCall, ScorecardNotInUse, ReviewedAlready, TooManyClaims
    """
    version = _in_use(scorecard)
    _one_at_a_time(by)
    call = Call.objects.select_for_update().get(pk=call_id)
    if call.state != Call.State.ENDED or call.agent_id is None:
        raise NothingToReview("A call without an operator, or one that goes on, cannot be reviewed.")
    if call.agent_id == by.pk:
        raise OwnCall("This was your call: another reviews it.")
    there = list(Review.objects.filter(call=call, scorecard_version__scorecard=scorecard).exclude(status=Review.Status.RELEASED))
    mine = next((one for one in there if one.reviewer_id == by.pk), None)
    if mine is not None and mine.status in BEGUN:
        return mine, False
    if mine is not None or len(there) >= MOST_REVIEWERS:
        raise ReviewedAlready("You have reviewed this call already." if mine else "Two people review this call already.")
    _refuse_too_many(by)
    return _begin(call, version, by=by, now=now), True


@transaction.atomic
def claim_next(
    *, scorecard: Scorecard, agent: User | None = None, queue: str = "", second: bool = False, by: User, now: datetime
) -> Review:
    """Claim a call that fits: answered, long enough, of the last days; the operator with the fewest reviews in that time comes first.

    With ``second`` a call that one other person has reviewed, for calibration; else one that nobody has.

    Raises:
        ScorecardNotInUse, TooManyClaims, NoCallLeft
    """
    version = _in_use(scorecard)
    _one_at_a_time(by)
    _refuse_too_many(by)
    since = now - timedelta(days=settings.REVIEW_CALLS_OF_DAYS)
    reviews = Review.objects.filter(call=OuterRef("pk"), scorecard_version__scorecard=scorecard).exclude(status=Review.Status.RELEASED)
    calls = Call.objects.filter(
        state=Call.State.ENDED, outcome=Call.Outcome.ANSWERED, agent__isnull=False, started_at__gte=since, started_at__lte=now
    ).exclude(agent=by)
    calls = calls.filter(talk_s__gte=settings.REVIEW_SHORTEST_TALK_S)
    queues = [queue] if queue else list(scorecard.queues.values_list("slug", flat=True))
    if queues:
        calls = calls.filter(queue__in=queues)
    if agent is not None:
        calls = calls.filter(agent=agent)
    if second:
        calls = calls.filter(Exists(reviews.filter(status__in=["submitted", "accepted"])), ~Exists(reviews.filter(reviewer=by)))
        several = reviews.order_by().values("call")[1:2]  # a second one is there
        calls = calls.filter(~Exists(several))
    else:
        calls = calls.filter(~Exists(reviews))
    call = _fairest(calls, since=since)
    if call is None:
        raise NoCallLeft("No call is left that fits and that nobody has reviewed.")
    return _begin(call, version, by=by, now=now)


def _fairest(calls: Any, *, since: datetime) -> Call | None:
    """A call of the operator with the fewest reviews since then; of that operator's the latest that nobody has in hand just now."""
    agents = list(calls.order_by("agent").values_list("agent", flat=True).distinct())
    judged = Review.objects.filter(agent__in=agents, created_at__gte=since).exclude(status=Review.Status.RELEASED)
    counts: dict[UUID, int] = {}
    for agent_id in judged.values_list("agent", flat=True):
        counts[agent_id] = counts.get(agent_id, 0) + 1
    for agent_id in sorted(agents, key=lambda one: (counts.get(one, 0), one)):
        held = calls.filter(agent=agent_id).order_by("-started_at", "-id").select_for_update(of=("self",), skip_locked=True)
        while (call := held.first()) is not None:
            if calls.filter(pk=call.pk).exists():  # another may have claimed it between our look and our hold
                return call
    return None


def _begin(call: Call, version: ScorecardVersion, *, by: User, now: datetime) -> Review:
    until = now + timedelta(hours=settings.REVIEW_CLAIM_HOURS)
    review = Review(call=call, scorecard_version=version, agent=call.agent, reviewer=by, claimed_until=until)
    review.save(force_insert=True)
    record(review, "claim", by=by, now=now, before={})
    return review


def answer(
    review_id: UUID,
    *,
    answers: Sequence[Mapping[str, Any]] = (),
    comment: str | None = None,
    if_version: int | None = None,
    by: User,
    now: datetime,
) -> Review:
    """Give points to checkpoints (``{checkpoint, points, comment}``; points None: it did not apply), some or all, as often as needed.

    Raises:
        VersionConflict, TransitionNotAllowed, NotYourReview, CheckpointUnknown, PointsOutOfRange
    """
    given = [{**one} for one in answers]
    with transition(Review, review_id, "answer", if_version=if_version, by=by, now=now, answers=given) as review:
        _be_mine(review, by)
        _put(review, given)
        if comment is not None:
            review.comment = comment
    return review


def submit(review_id: UUID, *, if_version: int | None = None, by: User, now: datetime) -> Review:
    """Finish a review: it is scored, and told to the operator.

    Raises:
        VersionConflict, TransitionNotAllowed, NotYourReview, AnswersMissing
    """
    with transition(Review, review_id, "submit", if_version=if_version, by=by, now=now) as review:
        _be_mine(review, by)
        _set(review, _scored(review))
        review.submitted_at, review.claimed_until = now, None
    told = {"review": str(review.pk), "call": str(review.call_id), "percent": str(review.percent), "is_passed": review.is_passed}
    feed.tell([review.agent_id], "review.submitted", told, about=review.pk, now=now)
    return review


def release(review_id: UUID, *, if_version: int | None = None, by: User, now: datetime) -> Review:
    """Give a claim back; what was written of it is thrown away, so that whoever claims next begins unswayed.

    Raises:
        VersionConflict, TransitionNotAllowed
        NotYourReview: it is another's, and you do not lead.
    """
    with transition(Review, review_id, "release", if_version=if_version, by=by, now=now) as review:
        if by.role not in LEADERS:
            _be_mine(review, by)
        _purge(review)
    return review


def release_stale(*, now: datetime, limit: int = 500) -> int:
    """Give back the claims whose time is over; answers how many. Twice or at once: a claim is given back under its lock."""
    stale = list(Review.objects.claimed_until(now).order_by("claimed_until").values_list("pk", flat=True)[:limit])
    for pk in stale:
        try:
            with transition(Review, pk, "release", by=None, now=now, reason="Its time was over.") as review:
                if review.claimed_until is None or review.claimed_until > now:
                    raise TransitionNotAllowed("It was claimed anew.")
                _purge(review)
        except (TransitionNotAllowed, Review.DoesNotExist):  # somebody was quicker
            continue
    return len(stale)


def accept(review_id: UUID, *, if_version: int | None = None, by: User, now: datetime) -> Review:
    """The operator has read it and agrees.

    Raises:
        VersionConflict, TransitionNotAllowed, NotYourReview
    """
    with transition(Review, review_id, "accept", if_version=if_version, by=by, now=now) as review:
        _be_about(review, by)
    return review


def dispute(review_id: UUID, *, reason: str, if_version: int | None = None, by: User, now: datetime) -> Review:
    """The operator does not agree, and says why; those who lead them are told.

    Raises:
        VersionConflict, TransitionNotAllowed, NotYourReview, TooLateToDispute
    """
    with transition(Review, review_id, "dispute", if_version=if_version, by=by, now=now, reason=reason) as review:
        _be_about(review, by)
        if review.submitted_at and now > review.submitted_at + timedelta(days=settings.REVIEW_DISPUTE_DAYS):
            raise TooLateToDispute(f"A review may be disputed within {settings.REVIEW_DISPUTE_DAYS} days.")
        review.dispute_reason, review.disputed_at = reason.strip(), now
    leaders = User.objects.filter(role__in=LEADERS, is_active=True).values_list("pk", flat=True)
    feed.tell(leaders, "review.disputed", {"review": str(review.pk), "agent": str(review.agent_id)}, about=review.pk, now=now)
    return review


def settle(
    review_id: UUID,
    *,
    note: str,
    answers: Sequence[Mapping[str, Any]] = (),
    if_version: int | None = None,
    by: User,
    now: datetime,
) -> Review:
    """End a dispute: it stays as it was, or some points are changed and it is scored anew; the score before is kept beside.

    Raises:
        VersionConflict, TransitionNotAllowed, CheckpointUnknown, PointsOutOfRange
        OwnReview: whoever wrote it settles it only where nobody else could.
    """
    given = [{**one} for one in answers]
    with transition(Review, review_id, "settle", if_version=if_version, by=by, now=now, reason=note, answers=given) as review:
        others = User.objects.filter(role__in=LEADERS, is_active=True).exclude(pk__in=[review.reviewer_id, review.agent_id])
        if by.pk == review.agent_id or (by.pk == review.reviewer_id and others.exists()):
            raise OwnReview("Another settles this review.")
        before = review.percent
        if given:
            _put(review, given)
            _set(review, _scored(review))
        review.settlement = Settlement.CHANGED if review.percent != before else Settlement.KEPT
        review.percent_before = before if review.percent != before else None
        review.settlement_note, review.settled_by, review.settled_at = note.strip(), by, now
    told = {"review": str(review.pk), "settlement": review.settlement, "percent": str(review.percent)}
    feed.tell([review.agent_id, review.reviewer_id], "review.settled", told, about=review.pk, now=now)
    return review


def _in_use(scorecard: Scorecard) -> ScorecardVersion:
    version = scorecard.versions.filter(status=ScorecardVersion.Status.PUBLISHED).first() if scorecard.is_active else None
    if version is None:
        raise scorecards.ScorecardNotInUse("The scorecard has no published version, or is switched off.")
    return version


def _one_at_a_time(by: User) -> None:
    """The claims of one reviewer pass one after the other, so that their number is counted rightly."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 11))", [f"reviewer:{by.pk}"])


def _refuse_too_many(by: User) -> None:
    begun = Review.objects.filter(reviewer=by, status__in=BEGUN).count()
    if begun >= settings.REVIEW_CLAIMS_AT_ONCE:
        raise TooManyClaims(f"You have claimed {begun} reviews: finish one, or give one back.", claimed=begun)


def _be_mine(review: Review, by: User) -> None:
    if review.reviewer_id != by.pk:
        raise NotYourReview("Another has claimed this review.")


def _be_about(review: Review, by: User) -> None:
    """The operator, or somebody who leads, in the operator's name; never whoever wrote the review."""
    if review.agent_id != by.pk and (by.role not in LEADERS or by.pk == review.reviewer_id):
        raise NotYourReview("The operator whose call it was says that, or a leader in their name.")


def _put(review: Review, given: Sequence[Mapping[str, Any]]) -> None:
    """Write the answers, over those that are there."""
    checkpoints = {one.key: one for one in Checkpoint.objects.filter(version=review.scorecard_version_id)}
    rows = {}
    for one in given:
        checkpoint = checkpoints.get(one["checkpoint"])
        if checkpoint is None:
            raise CheckpointUnknown(f"There is no checkpoint '{one['checkpoint']}'.", known=sorted(checkpoints))
        points = one["points"]
        if points is None and not checkpoint.may_skip:
            raise PointsOutOfRange(f"'{checkpoint.key}' always applies: give 0 to {checkpoint.points} points.")
        if points is not None and points > checkpoint.points:
            raise PointsOutOfRange(f"'{checkpoint.key}' has {checkpoint.points} points.")
        rows[checkpoint.pk] = ReviewAnswer(review=review, checkpoint=checkpoint, points=points, comment=one.get("comment", ""))
    ReviewAnswer.objects.bulk_create(
        rows.values(), update_conflicts=True, unique_fields=["review", "checkpoint"], update_fields=["points", "comment"]
    )


def _scored(review: Review) -> Score:
    version = review.scorecard_version
    checkpoints = list(version.checkpoints.all())
    given = dict(review.answers.values_list("checkpoint__key", "points"))
    missing = [one.key for one in checkpoints if one.key not in given]
    if missing:
        raise AnswersMissing("Give each checkpoint its points first.", missing=missing)
    return score(checkpoints, given, pass_percent=version.pass_percent)


def _set(review: Review, found: Score) -> None:
    review.points, review.possible, review.percent = found.points, found.possible, found.percent
    review.is_passed, review.failed_at = found.is_passed, found.failed_at


def _purge(review: Review) -> None:
    review.answers.all().delete()
    review.comment, review.claimed_until = "", None


def joined(call: Call, other: Call, *, now: datetime) -> None:
    """Two calls proved to be one: reviews of the other are of this one now; a reviewer who has both keeps the one of the call that stays."""
    ours = Review.objects.filter(call=call, scorecard_version=OuterRef("scorecard_version"), reviewer=OuterRef("reviewer"))
    both = Review.objects.filter(Exists(ours.exclude(status="released")), call=other).exclude(status="released")
    for pk in list(both.values_list("pk", flat=True)):
        with change(Review, pk, "give_way", by=None, now=now) as review:
            review.answers.all().delete()
            review.status = Review.Status.RELEASED
    Review.objects.filter(call=other).update(call=call)
