"""Whoever leads looks at what a survey found out."""

from datetime import UTC, timedelta
from random import Random

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.admin.survey_results import place, said
from campaigns.surveys import demo, results
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    client = Client()
    client.force_login(UserFactory(role="supervisor"), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def version():
    lead, agents = UserFactory(role="supervisor"), [UserFactory(role="agent", surname=name) for name in ("Santos", "Öztürk")]
    version = demo.load(by=lead, now=timezone.now() - timedelta(days=3))
    demo.respond(version, [ContactFactory() for _ in range(40)], agents, Random(4), at=timezone.now() - timedelta(days=2))
    return version


def test_the_page_shows_what_the_results_say(client, version):
    address = reverse("admin:campaigns_survey_results", args=[version.survey_id])
    wanted = results.Wanted(version.survey)
    (told,) = [results.results(wanted, zone=UTC)["total"]]
    shown = client.get(address, {"group_by": "agent"})
    text = shown.content.decode()
    assert shown.status_code == 200 and f"<b>{told['begun']}</b>" in text and f"<b>{told['by_state']['complete']}</b>" in text
    nps = next(question["score"] for question in told["questions"] if question["kind"] == "nps")
    for word in (f"{nps['value']:+.0f}", "Santos", "Öztürk", "People"):
        assert word in text, word
    assert told["by_state"]["breakoff"] and told["by_state"]["refused"], "the demo has those too"


def test_any_question_gets_a_page(client, version):
    url = reverse("admin:campaigns_survey_results", args=[version.survey_id])
    odd = ({"since": "9999-99-99"}, {"group_by": "\0"}, {"campaign": "no"}, {"time_zone": "Mars/Base"})
    for query in ({}, {"since": "2020-01-01", "until": "2020-01-02"}, {"since": "2030-01-01", "until": "2020-01-01"}, *odd):
        assert client.get(url, query).status_code == 200, query


def test_it_is_for_those_who_lead(version):
    agent = Client()
    agent.force_login(UserFactory(role="agent"), backend="django.contrib.auth.backends.ModelBackend")
    assert agent.get(reverse("admin:campaigns_survey_results", args=[version.survey_id])).status_code == 302


def test_scores_are_said_and_drawn():
    nps = {"score": {"name": "nps", "value": 40.0, "low": 20.0, "high": 60.0}, "least": 0.0, "most": 10.0}
    assert (said(nps["score"]), place(nps)) == ("+40", {"at": 70.0, "from": 60.0, "wide": 20.0, "ends": ["+20", "+60"]})
    mean = {"score": {"name": "mean", "value": 4.5, "low": 4.25, "high": 4.75}, "least": 4.0, "most": 5.0}
    assert (said(mean["score"]), place(mean)["at"]) == ("4.50", 50.0)
    assert place(mean | {"least": 4.5, "most": 4.5}) is None and place({"score": None}) is None and said(None) == "–"
    assert said({"name": "top_two_share", "value": 0.5}) == "50\u202f%"
