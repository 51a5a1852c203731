"""What surveys found out equals a recount by hand."""

import random
import statistics
from collections import Counter
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from campaigns.models import Answer, SurveyResponse
from campaigns.surveys import demo, erasure, figures, walking
from campaigns.surveys.happenings import happenings
from campaigns.surveys.results import Wanted, results
from config.platform.models import Role
from tests.campaigns.test_surveys import TRIED, asks, begun, published
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
