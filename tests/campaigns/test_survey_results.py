"""What surveys found out equals a recount by hand."""

import random
import statistics
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from campaigns.models import Answer, SurveyResponse
from campaigns.surveys import demo, erasure, figures, walking
from campaigns.surveys.happenings import happenings
from campaigns.surveys.results import Wanted, results
from config.platform.models import AuditEvent, Role
from config.platform.moves import TransitionNotAllowed
from tests.campaigns.test_surveys import TRIED, asks, begun, go, published, yes_no
from tests.concurrency.test_orders import at_once
from tests.factories.campaigns import NOW
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

ZONE = ZoneInfo("Asia/Tokyo")


def asked_at_random(version, dice, agents):
    """A response of somebody who goes on, goes back, passes over, breaks off."""
    agent = dice.choice(agents)
    at = NOW + timedelta(hours=dice.randrange(60))
    response = walking.begin(survey=version.survey, by=agent, now=at)
    while response.state in SurveyResponse.GOING_ON:
        at += timedelta(seconds=dice.randrange(1, 60))
        key = response.path[-1]
        luck = dice.random()
        if luck < 0.04:
            return walking.break_off(response.pk, by=agent, now=at)
        if luck < 0.1:
            response = walking.go_back(response.pk, question=dice.choice(response.path), by=agent, now=at)
        else:
            response = walking.answer(response.pk, question=key, value=dice.choice(TRIED[key]), by=agent, now=at)
    return response


@pytest.mark.django_db
@pytest.mark.parametrize(("group_by", "is_partial"), [("agent", False), ("day", True)])
def test_results_equal_a_recount_of_the_rows(group_by, is_partial, django_assert_num_queries):
    dice, version = random.Random(7), published()
    agents = [UserFactory(role=Role.AGENT) for _ in range(3)]
    for _ in range(40):
        asked_at_random(version, dice, agents)
    wanted = Wanted(version.survey, is_partial=is_partial)
    with django_assert_num_queries(13 if group_by == "agent" else 12):
        told = results(wanted, group_by=group_by, zone=ZONE)

    def group_of(response):
        return response.agent_id if group_by == "agent" else response.started_at.astimezone(ZONE).date()

    rows = list(SurveyResponse.objects.all())
    assert {line["group"] for line in told["results"]} == {group_of(row) for row in rows}
    for line in [*told["results"], told["total"]]:
        mine = [row for row in rows if line is told["total"] or group_of(row) == line["group"]]
        complete = [row for row in mine if row.state == "complete"]
        states = Counter(row.state for row in mine)
        assert (line["begun"], {state: n for state, n in line["by_state"].items() if n}) == (len(mine), dict(states))
        assert line["median_seconds"] == (statistics.median(row.seconds for row in complete) if complete else None)
        counted = complete + [row for row in mine if is_partial and row.state in ("partial", "breakoff", "refused")]
        _check_questions(line, counted, mine)


def _check_questions(line, counted, mine):
    """What stands on the path is what counts: the path is walked by the server, the answers are recounted from it."""
    given = {}
    answers = Answer.objects.filter(response__in=counted).select_related("question", "response")
    for answer in answers:
        path = answer.response.path if answer.response.state == "complete" else answer.response.path[:-1]
        if answer.question.key in path:
            given.setdefault(answer.question.key, []).append(answer.value)
    assert {one["key"] for one in line["questions"]} == set(given)
    for one in line["questions"]:
        values = given[one["key"]]
        said = [value for value in values if value is not None]
        assert (one["asked"], one["answered"], one["passed_over"]) == (len(values), len(said), len(values) - len(said))
        stopped = sum(1 for row in mine if row.state == "breakoff" and row.path[-1] == one["key"])
        assert one["stopped_here"] == stopped
        flat = [part for value in said for part in (value if isinstance(value, list) else [value])]
        if one["kind"] not in ("number", "date"):
            assert {row["value"]: row["count"] for row in one["distribution"]} == Counter(flat)
        if one["kind"] == "nps" and said:
            promoters, detractors = sum(value >= 9 for value in said), sum(value <= 6 for value in said)
            assert one["score"]["value"] == pytest.approx(100 * (promoters - detractors) / len(said))


@pytest.mark.django_db
def test_nothing_asked_is_nothing_found():
    version = published([asks("nps")])
    told = results(Wanted(version.survey), group_by="day", zone=ZONE)
    assert (told["results"], told["total"]["begun"], told["total"]["completion_rate"], told["total"]["questions"]) == ([], 0, None, [])
    begun(version)
    assert results(Wanted(version.survey), zone=ZONE)["total"]["completion_rate"] == 0


def test_scores_are_as_sure_as_the_books_say():
    assert figures.nps(50, 20, 100) == pytest.approx((30, 14.69, 45.31), abs=0.01)
    assert figures.nps(5, 0, 5) == (100, 100, 100)
    assert figures.share(8, 10) == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4), "Wilson's interval of 8 of 10"
    assert figures.share(0, 5)[:2] == (0, 0)
    assert figures.mean(4.0, 2.0, 16) == pytest.approx((4, 3.02, 4.98), abs=1e-3)
    assert figures.nps(0, 0, 0) is figures.share(0, 0) is figures.mean(None, None, 0) is None


@pytest.mark.django_db
def test_an_erased_person_leaves_their_numbers_and_none_of_their_words_and_the_timeline_knows_they_were_asked():
    contact = ContactFactory()
    response = begun(published([asks("nps"), asks("words", "text")]), contact=contact)
    for key, value in (("nps", 9), ("words", "My neighbour Petrova says so.")):
        response = walking.answer(response.pk, question=key, value=value, by=None, now=NOW)
    assert erasure.personal_data(contact.pk)[0]["answers"]["words?"] == "My neighbour Petrova says so."
    assert (erasure.pseudonymise(contact.pk), erasure.pseudonymise(contact.pk)) == (2, 0), "the answer, and the history of the response"
    assert list(Answer.objects.order_by("question__position").values_list("value", flat=True)) == [9, erasure.GONE]
    told = happenings(contact.pk, None, 5)
    assert [(one.id, one.data["state"]) for one in told] == [(response.pk, "complete")]
    assert happenings(contact.pk, (told[0].at, str(told[0].id)), 5) == []
    demo.load(by=None, now=NOW)
    assert demo.load(by=None, now=NOW).questions.count() == len(demo.QUESTIONS)


@pytest.mark.django_db
def test_a_survey_that_was_left_is_broken_off_where_it_stood_and_counts_so(settings):
    version = published([yes_no("used"), asks("nps"), asks("ease", "ces")])
    silent, half, resumed, lately, whole = (begun(version) for _ in range(5))
    go(half, "yes")
    walking.break_off(resumed.pk, by=None, now=NOW)
    walking.resume(resumed.pk, by=None, now=NOW)
    go(whole, "yes", 9, 3)
    heard, now = NOW + timedelta(minutes=1), NOW + timedelta(hours=24, minutes=1)
    SurveyResponse.objects.update(updated_at=heard)
    SurveyResponse.objects.filter(pk__in=[lately.pk, resumed.pk]).update(updated_at=now)
    settings.SURVEY_LEFT_HOURS = 0
    assert walking.end_left(now=now) == 0
    settings.SURVEY_LEFT_HOURS = 24
    assert walking.end_left(now=now - timedelta(seconds=1)) == 0
    assert (walking.end_left(now=now), walking.end_left(now=now)) == (2, 0)
    for one in (silent, half):
        one.refresh_from_db()
        assert (one.state, one.ended_at, one.seconds, one.reason) == ("breakoff", heard, 60.0, walking.LEFT)
    states = dict(SurveyResponse.objects.values_list("pk", "state"))
    assert [states[one.pk] for one in (resumed, lately, whole)] == ["partial", "started", "complete"]
    total = results(Wanted(version.survey, is_partial=True), zone=ZONE)["total"]
    assert (total["by_state"]["breakoff"], total["completion_rate"]) == (2, 0.2)
    assert {one["key"]: (one["asked"], one["stopped_here"]) for one in total["questions"]} == {
        "used": (2, 1),
        "nps": (1, 1),
        "ease": (1, 0),
    }
    assert walking.resume(half.pk, by=None, now=now).state == "partial" and walking.end_left(now=now) == 0, "it goes on"


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_once_and_somebody_who_goes_on_end_no_survey_twice():
    version = published([yes_no("used"), asks("nps")])
    left = [begun(version) for _ in range(12)]
    SurveyResponse.objects.update(updated_at=NOW)
    now = NOW + timedelta(hours=25)
    at_once(*[lambda: walking.end_left(now=now)] * 4, lambda: goes_on(left[5]))
    ended = AuditEvent.objects.filter(verb="break_off").values_list("subject_id", flat=True)
    assert len(ended) == len(set(ended)) and {one.pk for one in left} - set(ended) <= {left[5].pk}


def goes_on(response):
    with suppress(TransitionNotAllowed):
        walking.answer(response.pk, question="used", value="yes", by=None, now=NOW)
