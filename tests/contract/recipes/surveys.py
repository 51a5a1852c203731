"""Recipes of surveys, their versions and responses."""

from campaigns.api.survey_bodies import QUESTIONS, QUOTA
from campaigns.models import SurveyResponse, SurveyVersion
from campaigns.surveys import publishing, walking
from config.platform.models import Role
from tests.contract.recipes.asked import Asked, catalogue, recipe
from tests.factories.campaigns import NOW, QuestionFactory, SurveyFactory, SurveyVersionFactory
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

catalogue(
    "surveys",
    SurveyFactory,
    lambda: {"code": "after-delivery", "name": "After the delivery", "about": "A week after.", "language": "en"},
    {"is_active": False},
)


def drafted() -> SurveyVersion:
    version = SurveyVersionFactory()
    return publishing.write(version.pk, questions=QUESTIONS, quotas=[QUOTA], by=None, now=NOW)


def in_use() -> SurveyVersion:
    return publishing.publish(drafted().pk, by=None, now=NOW)


def begun() -> SurveyResponse:
    version, agent = in_use(), UserFactory(role=Role.AGENT)
    return walking.begin(survey=version.survey, contact=ContactFactory(), by=agent, now=NOW)


def half_answered() -> SurveyResponse:
    response = begun()
    return walking.answer(response.pk, question="recommend", value=3, by=response.agent, now=NOW)


@recipe(
    "survey_versions_list",
    "survey_versions_retrieve",
    "survey_versions_check",
    "survey_versions_picture",
    "survey_versions_publish",
    "survey_versions_destroy",
)
def a_draft() -> Asked:
    return Asked(drafted())


@recipe("survey_versions_create")
def new_draft() -> Asked:
    version = in_use()
    return Asked(body={"survey": str(version.survey_id), "copy_of": str(version.pk), "comment": "Shorter."})


@recipe("survey_versions_partial_update")
def write() -> Asked:
    version = QuestionFactory().survey_version
    return Asked(version, {"comment": "Shorter.", "greeting": "Hello", "thanks": "", "questions": QUESTIONS, "quotas": [QUOTA]})


@recipe("survey_versions_retire")
def published() -> Asked:
    return Asked(in_use())


@recipe("survey_responses_create")
def ask() -> Asked:
    return Asked(body={"survey": str(in_use().survey_id), "contact": str(ContactFactory().pk)})


@recipe("survey_responses_list", "survey_responses_retrieve")
def asked() -> Asked:
    return Asked(half_answered())


@recipe("survey_responses_answer")
def answered() -> Asked:
    return Asked(begun(), {"question": "recommend", "value": 3})


@recipe("survey_responses_back")
def once_more() -> Asked:
    return Asked(half_answered(), {"question": "recommend"})


@recipe("survey_responses_refuse", "survey_responses_break_off", "survey_responses_find_ineligible", "survey_responses_find_unreachable")
def ended() -> Asked:
    return Asked(begun(), {"reason": "No time."})


@recipe("survey_responses_resume")
def broken_off() -> Asked:
    response = begun()
    return Asked(walking.break_off(response.pk, by=response.agent, now=NOW))


@recipe("surveys_results")
def found_out() -> Asked:
    response = half_answered()
    walking.answer(response.pk, question="why", value=["price"], by=response.agent, now=NOW)
    return Asked(response.survey_version.survey, query={"since": "2026-11-20", "until": "2026-11-25", "group_by": "agent"})
