"""Surveys: what may be published, the way through one, and its quotas."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection, connections, transaction

from campaigns.models import Answer, Question, Quota, SurveyResponse, SurveyVersion
from campaigns.surveys import publishing, walking, ways
from campaigns.surveys.checking import AnswerDoesNotFit, checked
from campaigns.surveys.faults import problems
from config.platform.moves import TransitionNotAllowed
from tests.factories.campaigns import NOW, AttemptFactory, CampaignFactory, SurveyFactory

YES_NO = [{"value": "yes", "label": "Yes"}, {"value": "no", "label": "No"}]


def asks(key, kind="nps", *, to=(), **more):
    return {"key": key, "kind": kind, "text": f"{key}?", "next": [{"when": when, "goto": goto} for when, goto in to], **more}


def yes_no(key, **more):
    return asks(key, "single", choices=YES_NO, **more)


def at(key, **compared):
    return {"field": f"answers.{key}", **compared}


TWELVE = [
    yes_no("used", to=[({"field": "answer", "is": "no"}, "ineligible")]),
    asks("nps", to=[({"field": "answer", "at_least": 9}, "why_good"), ({"field": "answer", "at_most": 6}, "why_bad")]),
    asks("middling", "csat", to=[(None, "goods")]),
    yes_no("why_good", to=[(None, "goods")]),
    asks("why_bad", "multi", choices=[{"value": one, "label": one} for one in ("price", "staff")]),
    yes_no("call_back", to=[({"all": [at("why_bad", has="staff"), {"field": "answer", "is": "yes"}]}, "when")]),
    yes_no("goods", to=[({"field": "answer", "is": "no"}, "age")]),
    asks("goods_csat", "csat", is_required=False, to=[({"field": "answer", "known": False}, "age")]),
    asks("ease", "ces", to=[(at("nps", at_least=9), "end"), (None, "age")]),
    asks("when", "date"),
    yes_no("evening", to=[(at("when", at_least="2026-12-01"), "end")]),
    asks("age", "number", low=18, high=99),
]
TRIED = {
    "used": ["yes", "no"], "nps": [10, 8, 3], "middling": [3], "why_good": ["yes"], "why_bad": [["price"], ["staff", "price"]],
    "call_back": ["yes", "no"], "goods": ["yes", "no"], "goods_csat": [5, None], "ease": [1], "when": ["2026-11-30", "2026-12-01"],
    "evening": ["no"], "age": [40],
}  # fmt: skip


def published(questions=TWELVE, quotas=()):
    version = publishing.draft(SurveyFactory().pk, by=None, now=NOW)
    publishing.write(version.pk, questions=questions, quotas=quotas, by=None, now=NOW)
    return publishing.publish(version.pk, by=None, now=NOW)


def go(response, *answers):
    """Answer what waits, one after the other."""
    for value in answers:
        response = walking.answer(response.pk, question=response.path[-1], value=value, by=None, now=NOW + timedelta(seconds=30))
    return response


def begun(version, **more):
    return walking.begin(survey=version.survey, by=None, now=NOW, **more)


def every_way():
    """All the ways through the twelve, found without the code under test: an own walk over what each question does."""

    def after(known, key):
        return {
            "used": lambda a: "nps" if a == "yes" else "ineligible",
            "nps": lambda a: "why_good" if a >= 9 else "why_bad" if a <= 6 else "middling",
            "middling": lambda a: "goods",
            "why_good": lambda a: "goods",
            "why_bad": lambda a: "call_back",
            "call_back": lambda a: "when" if a == "yes" and "staff" in known["why_bad"] else "goods",
            "goods": lambda a: "goods_csat" if a == "yes" else "age",
            "goods_csat": lambda a: "age" if a is None else "ease",
            "ease": lambda a: "end" if known["nps"] >= 9 else "age",
            "when": lambda a: "evening",
            "evening": lambda a: "end" if known["when"] >= "2026-12-01" else "age",
            "age": lambda a: "end",
        }[key](known[key])

    waiting = [({}, "used")]
    while waiting:
        known, key = waiting.pop()
        if key in ("end", "ineligible"):
            yield known, key
        else:
            waiting += [(both, after(both, key)) for both in ({**known, key: value} for value in TRIED[key])]


@pytest.mark.django_db
def test_every_way_through_twelve_questions_ends_where_it_should_and_only_its_answers_count():
    version = published()
    expected = list(every_way())
    assert len(expected) == 18, "the ways of the graph above, counted by hand"
    for known, end in expected:
        response = begun(version)
        assert response.path == ["used"]
        response = go(response, *known.values())
        assert (response.state, response.path) == ("complete" if end == "end" else "ineligible", list(known))
        assert response.seconds == 30
    counted = {key: Answer.objects.filter(question__key=key, is_counted=True).count() for key in TRIED}
    assert counted == {key: sum(1 for known, _ in expected if key in known) for key in TRIED}


@pytest.mark.django_db
def test_going_back_takes_the_other_way_and_coming_back_counts_the_old_answers_again():
    response = go(begun(published()), "yes", 3, ["staff"], "yes")
    assert response.path == ["used", "nps", "why_bad", "call_back", "when"]
    back = walking.go_back(response.pk, question="nps", by=None, now=NOW)
    assert (back.path, _counted(back)) == (["used", "nps"], {"used"})
    other = go(back, 10)
    assert (other.path, _counted(other)) == (["used", "nps", "why_good"], {"used", "nps"})
    with pytest.raises(walking.QuestionNotAsked):
        walking.answer(other.pk, question="why_bad", value=["price"], by=None, now=NOW)
    again = walking.answer(other.pk, question="nps", value=2, by=None, now=NOW)
    assert (again.path, _counted(again)) == (response.path, {"used", "nps", "why_bad", "call_back"})
    whole = go(again, "2026-12-01", "no")
    assert whole.state == "complete" and _counted(whole) == set(whole.path) and Answer.objects.filter(response=whole).count() == 6


def _counted(response):
    return set(response.answers.filter(is_counted=True).values_list("question__key", flat=True))


@pytest.mark.django_db
def test_a_response_ends_by_its_verbs_and_only_what_was_broken_off_is_resumed():
    version = published()
    begun_ones = {verb: begun(version) for verb in ("refuse", "break_off", "find_ineligible", "find_unreachable")}
    for verb, response in begun_ones.items():
        ended = getattr(walking, verb)(response.pk, reason="no time", by=None, now=NOW + timedelta(minutes=1))
        assert (ended.reason, ended.seconds) == ("no time", 60)
        if verb != "break_off":
            with pytest.raises(TransitionNotAllowed):
                walking.resume(response.pk, by=None, now=NOW)
    went_on = go(walking.resume(begun_ones["break_off"].pk, by=None, now=NOW), "no")
    states = ["refused", "ineligible", "ineligible", "unreachable"]
    assert sorted(states) == sorted(SurveyResponse.objects.values_list("state", flat=True)) and went_on.state == "ineligible"


@pytest.mark.django_db
def test_an_attempt_is_asked_once_and_the_survey_of_its_campaign():
    version = published()
    attempt = AttemptFactory(target__campaign=CampaignFactory(survey=version.survey, survey_version=version))
    response = walking.begin(attempt=attempt, by=attempt.agent, now=NOW)
    assert walking.begin(attempt=attempt, by=attempt.agent, now=NOW) == response
    assert (response.contact, response.campaign, response.agent) == (attempt.contact, attempt.campaign, attempt.agent)
    assert response.origin == {"kind": "attempt", "id": str(attempt.pk)}
    with pytest.raises(walking.NoSurveyHere):
        walking.begin(attempt=AttemptFactory(), by=None, now=NOW)


@pytest.mark.django_db
def test_what_was_published_never_changes_and_a_copy_asks_the_same():
    version = published(quotas=[{"name": "All", "condition": None, "most": 5}])
    for rows in (Question.objects.filter(survey_version=version), Quota.objects.filter(survey_version=version)):
        for change in (lambda rows=rows: rows.update(created_at=NOW, **_other(rows)), lambda rows=rows: rows.delete()):
            with pytest.raises(DatabaseError), transaction.atomic():
                change()
    copy = publishing.draft(version.survey_id, source=version, by=None, now=NOW)
    assert list(copy.questions.values_list("key", "next")) == list(version.questions.values_list("key", "next"))
    assert list(copy.quotas.values_list("name", "most", "taken")) == [("All", 5, 0)]
    publishing.publish(copy.pk, by=None, now=NOW)
    version.refresh_from_db()
    assert version.status == SurveyVersion.Status.RETIRED


def _other(rows):
    return {"text": "Else?"} if rows.model is Question else {"most": 6}


FAULTS = [
    ([], "empty", ""),
    ([asks("a", to=[(None, "nowhere")])], "unknown_goto", "a"),
    ([asks("a", to=[(None, "b")]), asks("b", to=[(None, "a")])], "cycle", "a"),
    ([asks("a", to=[(None, "end")]), asks("b")], "unreachable", "b"),
    ([asks("a", to=[(at("b", at_least=9), "end")]), asks("b")], "later_question", "a"),
    ([asks("a", to=[(at("zz", at_least=9), "end")]), asks("b")], "unknown_question", "a"),
    ([asks("a", to=[({"field": "contact.name", "is": "x"}, "end")])], "unknown_question", "a"),
    ([asks("a", to=[({"field": "answer", "is": 11}, "end")])], "answer_impossible", "a"),
    ([yes_no("a", to=[({"field": "answer", "is": "maybe"}, "end")])], "answer_impossible", "a"),
    ([yes_no("a", to=[({"field": "answer", "has": "yes"}, "end")])], "answer_impossible", "a"),
    ([yes_no("a", to=[({"field": "answer", "like": "yes"}, "end")])], "condition_malformed", "a"),
    ([asks("a", to=[(None, "end"), (None, "end")])], "rule_never_reached", "a"),
    ([asks("a", "single")], "no_choices", "a"),
    ([asks("a", "single", choices=[*YES_NO, YES_NO[0]])], "choice_twice", "a"),
    ([asks("a", choices=YES_NO)], "choices_not_asked", "a"),
    ([asks("a", "scale", low=1)], "no_range", "a"),
    ([asks("a", low=1)], "range_not_asked", "a"),
    ([asks("a", text=" ")], "no_text", "a"),
    ([asks("ineligible")], "reserved_key", "ineligible"),
]


def test_each_fault_of_a_survey_is_found_and_the_sound_one_has_none():
    for questions, code, key in FAULTS:
        found = problems([Question(**one) for one in questions], [])
        assert [(one.code, one.question) for one in found] == [(code, key)], questions
    quotas = [Quota(name="Young", condition=at("age", at_most=17), most=1), Quota(name="No", condition=at("zz", known=True), most=1)]
    assert [one.code for one in problems([Question(**one) for one in TWELVE], quotas)] == ["answer_impossible", "unknown_question"]
    assert problems([Question(**one) for one in TWELVE], []) == []


def test_only_what_answers_the_question_is_taken():
    fits = {
        "single": (["a"], ["c", "", None, ["a"], 1, True]), "multi": ([["b", "a"]], [[], ["a", "a"], "a", ["c"], [["a"]], None]),
        "scale": ([2, 4], [1, 5, 2.5, True, "2", float("nan")]), "nps": ([0, 10], [-1, 11, "9", 10**400]),
        "csat": ([1, 5], [0, 6]), "ces": ([1, 7], [0, 8]), "number": ([2, 2.5, 4], [1.9, 4.1, float("inf"), "3", False]),
        "text": (["  well "], ["", " ", "a\0b", 5, "x" * 5001]), "date": (["2026-02-28"], ["2026-02-29", "20260228", "10000-01-01", 5]),
    }  # fmt: skip
    choices = [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}]
    for kind, (good, bad) in fits.items():
        question = SimpleNamespace(key="q", kind=kind, choices=choices, low=2, high=4, is_required=True)
        for value in good:
            checked(question, value)
        for value in bad:
            with pytest.raises(AnswerDoesNotFit):
                checked(question, value)
    assert checked(SimpleNamespace(key="q", kind="multi", choices=choices, is_required=True), ["b", "a"]) == (["a", "b"], None)
    assert checked(SimpleNamespace(key="q", kind="text", is_required=False), None) == (None, None)


def test_how_many_questions_are_left_at_most_is_the_longest_way():
    questions = [Question(**one) for one in TWELVE]
    longest = max(len(known) for known, _ in every_way())
    assert ways.longest(questions, "used") >= longest
    assert [ways.longest(questions, key) for key in ("age", "evening", "when", "ease")] == [1, 2, 3, 2]


@pytest.mark.django_db(transaction=True)
def test_sixteen_at_once_fill_a_quota_to_the_last_place_and_no_further():
    quotas = [{"name": "Fans", "condition": at("nps", at_least=9), "most": 5}, {"name": "All", "condition": None, "most": 9}]
    version = published([yes_no("used"), asks("nps")], quotas)
    responses = [go(begun(version), "yes") for _ in range(24)]

    def finish(pair):
        number, response = pair
        try:
            return walking.answer(response.pk, question="nps", value=10 if number % 2 else 2, by=None, now=NOW).state
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        states = list(pool.map(finish, enumerate(responses)))
    fans = Answer.objects.filter(response__state="complete", question__key="nps", measure=10).count()
    taken = dict(version.quotas.values_list("name", "taken"))
    assert states.count("complete") == 9 == taken["All"] and fans == taken["Fans"] <= 5
    assert states.count("quota_full") == 15
    assert begun(version).state == "quota_full", "nobody else is asked at all"
    connection.close()
