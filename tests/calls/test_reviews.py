"""Calls are judged by what was published, by another than who had them; whoever disagrees is heard."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from calls import joining, review_report, reviews, scorecards
from calls.models import Call, Checkpoint, Review, ScorecardVersion
from calls.review_scores import agreement
from config.platform.models import FeedMessage, Role
from config.platform.moves import TransitionNotAllowed, VersionConflict
from tests.conftest import NOON
from tests.factories.calls import CallFactory
from tests.factories.platform import UserFactory
from tests.factories.quality import ReviewFactory, ScorecardFactory, answered, disputed, points, published, submitted

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss():
    return UserFactory(role=Role.SUPERVISOR)


def test_the_score_counts_what_applied():
    review = submitted(given=points(4, 10, None))
    assert (review.points, review.possible, review.percent, review.is_passed) == (14, 15, Decimal("93.33"), True)
    review = submitted(given=points(4, 10, 0))
    assert (review.points, review.possible, review.percent, review.is_passed) == (14, 20, Decimal("70.00"), False)


def test_a_fatal_checkpoint_fails_the_whole_whatever_the_sum():
    version = published(pass_percent=10)
    review = submitted(version=version, given=points(5, 0, 5))
    assert (review.percent, review.is_passed, review.failed_at) == (Decimal("50.00"), False, "identified")


def test_the_limit_itself_passes():
    assert submitted(version=published(pass_percent=70), given=points(4, 10, 0)).is_passed


def test_a_review_is_told_whole_or_not(boss):
    review = ReviewFactory(reviewer=boss)
    reviews.answer(review.pk, answers=points()[:2], by=boss, now=NOON)
    with pytest.raises(reviews.AnswersMissing) as refused:
        reviews.submit(review.pk, by=boss, now=NOON)
    assert refused.value.facts == {"missing": ["offer"]}
    assert not FeedMessage.objects.exists()


@pytest.mark.parametrize(
    ("one", "refusal"),
    [
        ({"checkpoint": "smile", "points": 1}, reviews.CheckpointUnknown),
        ({"checkpoint": "greeting", "points": 6}, reviews.PointsOutOfRange),
        ({"checkpoint": "greeting", "points": None}, reviews.PointsOutOfRange),
    ],
)
def test_points_are_those_of_the_scorecard(boss, one, refusal):
    review = ReviewFactory(reviewer=boss)
    with pytest.raises(refusal):
        reviews.answer(review.pk, answers=[one], by=boss, now=NOON)
    assert not review.answers.exists()


def test_the_operator_is_told_and_nobody_else(boss):
    review = submitted(reviewer=boss)
    told = FeedMessage.objects.get(kind="review.submitted")
    assert (told.recipient, told.data["percent"], told.about) == (review.agent, "100.00", review.pk)


def test_what_was_published_never_changes(boss):
    version = published()
    with pytest.raises(TransitionNotAllowed):
        scorecards.write(version.pk, pass_percent=1, by=boss, now=NOON)
    for change in (
        lambda: Checkpoint.objects.filter(version=version).update(points=1),
        lambda: ScorecardVersion.objects.filter(pk=version.pk).update(pass_percent=1),
        lambda: Checkpoint.objects.filter(version=version).delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    after = published(version.scorecard)
    version.refresh_from_db()
    assert (version.status, after.status, after.number) == ("retired", "published", 2)


def test_a_scorecard_that_might_give_no_score_is_not_published(boss):
    version = scorecards.draft(ScorecardFactory().pk, by=boss, now=NOON)
    scorecards.write(version.pk, checkpoints=[{"key": "offer", "text": "?", "may_skip": True}], by=boss, now=NOON)
    with pytest.raises(scorecards.ScorecardIsEmpty):
        scorecards.publish(version.pk, by=boss, now=NOON)


def test_nobody_reviews_their_own_call_not_even_in_the_table(boss):
    call, scorecard = CallFactory(agent=boss), published().scorecard
    with pytest.raises(reviews.OwnCall):
        reviews.claim(call.pk, scorecard=scorecard, by=boss, now=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReviewFactory(call=call, reviewer=boss)


def test_a_call_that_goes_on_or_had_no_operator_is_not_reviewed(boss):
    scorecard = published().scorecard
    for call in (CallFactory(open=True), CallFactory(missed=True)):
        with pytest.raises(reviews.NothingToReview):
            reviews.claim(call.pk, scorecard=scorecard, by=boss, now=NOON)


def test_two_review_a_call_and_a_third_is_refused(boss):
    call, scorecard = CallFactory(), published().scorecard
    first, is_new = reviews.claim(call.pk, scorecard=scorecard, by=boss, now=NOON)
    again, is_new_again = reviews.claim(call.pk, scorecard=scorecard, by=boss, now=NOON)
    assert (is_new, is_new_again, again) == (True, False, first)
    reviews.claim(call.pk, scorecard=scorecard, by=UserFactory(role=Role.SUPERVISOR), now=NOON)
    with pytest.raises(reviews.ReviewedAlready):
        reviews.claim(call.pk, scorecard=scorecard, by=UserFactory(role=Role.SUPERVISOR), now=NOON)


def test_neither_of_two_reviewers_sees_the_others_before_their_own_is_told(client_of):
    one, other = client_of("supervisor"), client_of("supervisor")
    review = submitted(reviewer=one.user)
    scorecard = review.scorecard_version.scorecard.code
    address = f"/api/v1/reviews/{review.pk}/"
    assert other.get(address).status_code == 200
    mine = other.post(f"/api/v1/calls/{review.call_id}/reviews/", {"scorecard": scorecard}).json()
    assert other.get(address).status_code == 404
    assert [row["id"] for row in other.get(f"/api/v1/calls/{review.call_id}/reviews/").json()["results"]] == [mine["id"]]
    other.patch(f"/api/v1/reviews/{mine['id']}/", {"answers": points(0, 10, 5)}, format="json")
    assert other.post(f"/api/v1/reviews/{mine['id']}/submit/").status_code == 200
    assert other.get(address).status_code == 200


def test_an_operator_sees_what_is_told_of_their_own_calls_and_nothing_else(client_of):
    anna = client_of("agent")
    told = submitted(call=CallFactory(agent=anna.user))
    writing, anothers = answered(call=CallFactory(agent=anna.user)), submitted()
    assert [row["id"] for row in anna.get("/api/v1/reviews/").json()["results"]] == [str(told.pk)]
    assert [anna.get(f"/api/v1/reviews/{one.pk}/").status_code for one in (told, writing, anothers)] == [200, 404, 404]
    assert anna.post(f"/api/v1/reviews/{anothers.pk}/dispute/", {"reason": "No."}).status_code == 404
    rows = anna.get("/api/v1/reports/quality/", {"since": "2026-11-01T00:00:00Z", "until": "2026-12-01T00:00:00Z"}).json()["agents"]
    assert [row["agent"] for row in rows] == [str(anna.user.pk)]


def test_a_dispute_is_settled_by_another_and_the_score_before_is_kept(boss):
    review = disputed(reviewer=boss, given=points(0, 10, 5))
    with pytest.raises(reviews.OwnReview):  # there is somebody else who leads
        UserFactory(role=Role.SUPERVISOR)
        reviews.settle(review.pk, note="No.", by=boss, now=NOON)
    judge = UserFactory(role=Role.ADMIN)
    settled = reviews.settle(review.pk, note="It was said.", answers=[{"checkpoint": "greeting", "points": 5}], by=judge, now=NOON)
    assert (settled.percent_before, settled.percent, settled.settlement) == (Decimal("75.00"), Decimal("100.00"), "changed")
    assert set(FeedMessage.objects.filter(kind="review.settled").values_list("recipient", flat=True)) == {boss.pk, review.agent_id}


def test_a_dispute_that_changes_nothing_is_kept(boss):
    review = disputed(reviewer=boss)
    settled = reviews.settle(review.pk, note="It was not said.", by=UserFactory(role=Role.ADMIN), now=NOON)
    assert (settled.settlement, settled.percent_before) == ("kept", None)


def test_where_nobody_else_leads_the_reviewer_settles(boss):
    review = disputed(reviewer=boss)
    assert reviews.settle(review.pk, note="Yes.", by=boss, now=NOON).status == "settled"


def test_a_dispute_has_its_time(boss, settings):
    review = submitted(reviewer=boss)
    late = NOON + timedelta(days=settings.REVIEW_DISPUTE_DAYS, seconds=1)
    with pytest.raises(reviews.TooLateToDispute):
        reviews.dispute(review.pk, reason="No.", by=review.agent, now=late)
    assert reviews.dispute(review.pk, reason="No.", by=review.agent, now=late - timedelta(seconds=1)).status == "disputed"


def test_a_claim_that_is_not_written_in_time_is_given_back_and_forgotten(boss, settings):
    call, scorecard = CallFactory(), published().scorecard
    review, _ = reviews.claim(call.pk, scorecard=scorecard, by=boss, now=NOON)
    reviews.answer(review.pk, answers=points(), by=boss, now=NOON)
    assert reviews.release_stale(now=NOON + timedelta(hours=settings.REVIEW_CLAIM_HOURS) - timedelta(seconds=1)) == 0
    assert reviews.release_stale(now=NOON + timedelta(hours=settings.REVIEW_CLAIM_HOURS)) == 1
    review.refresh_from_db()
    assert (review.status, review.answers.count()) == ("released", 0)
    assert reviews.claim(call.pk, scorecard=scorecard, by=boss, now=NOON)[1]


def test_one_person_claims_so_many_at_once(boss, settings):
    settings.REVIEW_CLAIMS_AT_ONCE = 2
    scorecard = published().scorecard
    for _ in range(2):
        reviews.claim(CallFactory().pk, scorecard=scorecard, by=boss, now=NOON)
    with pytest.raises(reviews.TooManyClaims):
        reviews.claim(CallFactory().pk, scorecard=scorecard, by=boss, now=NOON)


def test_the_next_call_is_of_whom_was_heard_least(boss):
    scorecard = published().scorecard
    heard, unheard = UserFactory(role=Role.AGENT), UserFactory(role=Role.AGENT)
    for agent in (heard, heard, unheard):
        CallFactory(agent=agent, started_at=NOON - timedelta(hours=1))
    Review.objects.update(created_at=NOON)
    first = reviews.claim_next(scorecard=scorecard, agent=heard, by=boss, now=NOON)
    Review.objects.filter(pk=first.pk).update(created_at=NOON - timedelta(minutes=1))
    assert reviews.claim_next(scorecard=scorecard, by=boss, now=NOON).agent == unheard
    assert reviews.claim_next(scorecard=scorecard, by=boss, now=NOON).agent == heard
    with pytest.raises(reviews.NoCallLeft):
        reviews.claim_next(scorecard=scorecard, by=boss, now=NOON)


def test_the_next_one_fits(boss, settings):
    scorecard = published().scorecard
    CallFactory(agent=boss, started_at=NOON - timedelta(hours=1))  # one's own
    CallFactory(talk_s=settings.REVIEW_SHORTEST_TALK_S - 1.0, started_at=NOON - timedelta(hours=1))
    CallFactory(started_at=NOON - timedelta(days=settings.REVIEW_CALLS_OF_DAYS, seconds=1))
    CallFactory(missed=True, started_at=NOON - timedelta(hours=1))
    with pytest.raises(reviews.NoCallLeft):
        reviews.claim_next(scorecard=scorecard, by=boss, now=NOON)


def test_a_second_review_is_asked_for_and_then_both_are_compared(boss):
    one = submitted(reviewer=boss, call=CallFactory(started_at=NOON - timedelta(hours=1)), given=points(5, 10, None))
    scorecard, other = one.scorecard_version.scorecard, UserFactory(role=Role.SUPERVISOR)
    with pytest.raises(reviews.NoCallLeft):
        reviews.claim_next(scorecard=scorecard, second=True, by=boss, now=NOON)
    two = reviews.claim_next(scorecard=scorecard, second=True, by=other, now=NOON)
    assert two.call == one.call
    reviews.answer(two.pk, answers=points(3, 10, None), by=other, now=NOON)
    reviews.submit(two.pk, by=other, now=NOON)
    pairs = review_report.calibration(since=NOON - timedelta(days=1), until=NOON + timedelta(days=1))
    assert len(pairs) == 1 and pairs[0]["apart"] == Decimal("13.33") and pairs[0]["agreement_percent"] == Decimal("66.67")


def test_agreement_is_the_share_of_equal_answers():
    assert agreement({"a": 1, "b": None}, {"a": 1, "b": None}) == Decimal("100.00")
    assert agreement({"a": 1}, {"b": 1}) is None


def test_the_report_says_what_the_reviews_say():
    version = published()
    anna = UserFactory(role=Role.AGENT)
    for given in (points(5, 10, None), points(0, 0, 5)):
        submitted(call=CallFactory(agent=anna), version=version, given=given)
    span = {"since": NOON - timedelta(days=1), "until": NOON + timedelta(days=1)}
    row = review_report.by_agent(**span)[0]
    assert (row["agent"], row["reviews"], row["mean_percent"], row["passed"], row["failed_at_once"]) == (anna.pk, 2, Decimal("62.50"), 1, 1)
    found = {row["checkpoint"]: row for row in review_report.by_checkpoint(scorecard=version.scorecard, **span)}
    assert found["greeting"]["percent"] == Decimal("50.00") and found["offer"]["answers"] == 1
    assert review_report.by_agent(since=span["until"], until=span["until"] + timedelta(days=1)) == []


def test_a_lost_update_is_refused(boss):
    review = ReviewFactory(reviewer=boss)
    seen = review.version
    reviews.answer(review.pk, answers=points(), if_version=seen, by=boss, now=NOON)
    with pytest.raises(VersionConflict):
        reviews.answer(review.pk, answers=points(0), if_version=seen, by=boss, now=NOON)


def test_calls_that_prove_to_be_one_keep_their_reviews(boss):
    version, call = published(), CallFactory()
    other = CallFactory(phone_system=call.phone_system)
    kept, doubled = submitted(reviewer=boss, call=call, version=version), submitted(reviewer=boss, call=other, version=version)
    anothers = submitted(call=other, version=version)
    with transaction.atomic():
        joining.join(Call.objects.get(pk=call.pk), Call.objects.get(pk=other.pk), now=NOON)
    assert {review.pk: review.status for review in Review.objects.filter(call=call)} == {
        kept.pk: "submitted", doubled.pk: "released", anothers.pk: "submitted"
    }  # fmt: skip
