"""/articles/ over HTTP: who sees what, what editors write, what a search brings."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from calls.models import UnansweredQuestion
from crm import knowledge
from tests.factories.crm import TopicFactory
from tests.factories.knowledge import published, written

pytestmark = pytest.mark.django_db
URL = "/api/v1/articles/"
BODY = {"slug": "late", "language": "en", "title": "Late", "short_answer": "It comes today.", "body": "**Today** <b>by nine</b>"}


def slugs(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["slug"] for row in answer.json()["results"]]


def test_an_article_goes_from_draft_to_the_caller(client_of):
    galina, agent = client_of("back_office"), client_of("agent")
    made = galina.post(URL, BODY | {"topics": [TopicFactory(code="delivery").code], "keywords": ["courier"]})
    assert made.status_code == 201
    url = f"{URL}{made.json()['id']}/"
    assert (made.json()["shown"]["status"], made.json()["open_number"]) == ("draft", 1)
    assert agent.get(url).status_code == 404
    assert agent.post(f"{url}publish/").status_code == 403
    assert galina.post(f"{url}publish/").json()["code"] == "invalid_transition"
    assert galina.post(f"{url}submit/").json()["shown"]["status"] == "in_review"
    assert galina.patch(url, {"title": "Later"}).json()["code"] == "version_in_review"
    assert client_of("supervisor").post(f"{url}publish/").json()["shown"]["status"] == "published"
    shown = agent.get(url).json()
    assert (shown["topics"], shown["shown"]["text"], shown["open_number"]) == (["delivery"], "Today <b>by nine</b>", None)
    changed = galina.patch(url, {"title": "Later"})
    assert (changed.json()["shown"]["title"], changed.json()["open_number"], changed.json()["open_status"]) == ("Late", 2, "draft")
    assert agent.get(url).json()["open_number"] is None
    assert (galina.get(f"{url}?version=2").json()["shown"]["title"], agent.get(f"{url}?version=2").status_code) == ("Later", 404)
    assert agent.get(f"{url}?version=1").json()["shown"]["title"] == "Late"
    assert [row["number"] for row in galina.get(f"{url}versions/").json()["results"]] == [2, 1]
    assert galina.get(f"{url}?version=x").status_code == galina.get(f"{url}?version={'9' * 99}").status_code == 400


def test_each_sees_what_is_theirs(client_of):
    now = timezone.now()
    written(slug="draft")
    published(slug="over", valid_until=now - timedelta(seconds=1), now=now - timedelta(days=2))
    published(slug="later", valid_from=now + timedelta(days=1), now=now)
    published(slug="inside")
    published(slug="outside", audience="customer")
    gone = published(slug="gone")
    knowledge.archive(gone.pk, by=None, now=now)
    everything = {"draft", "over", "later", "inside", "outside", "gone"}
    for role in ("supervisor", "back_office", "admin"):
        assert set(slugs(client_of(role).get(URL))) == everything
    assert set(slugs(client_of("agent").get(URL))) == {"inside", "outside"}
    robot = client_of("integration", scopes=["knowledge:read"])
    assert slugs(robot.get(URL)) == ["outside"]
    assert robot.get(f"{URL}{published(slug='secret').pk}/").status_code == 404


def test_the_filters(client_of):
    boss = client_of("supervisor")
    top = TopicFactory(code="delivery")
    published(slug="a", language="en-PH", topics=[TopicFactory(parent=top)], owner=boss.user)
    review = published(slug="b", language="en", audience="customer", review_at=timezone.now() - timedelta(days=1), topics=[top])
    published(slug="c", language="enm", review_at=timezone.now() + timedelta(days=1))
    written(slug="d", language="ru")
    for query, expected in (
        ("topic=delivery", "ab"), ("topic=nothing", ""), ("language=en", "ab"), ("language=en-PH", "a"), ("language=ru", "d"), ("audience=customer", "b"),
        ("status=draft", "d"), ("status=published", "abc"), ("status=archived", ""), ("review_due=true", "b"), (f"owner={boss.user.pk}", "a"),
        (f"group={review.group}", "b"), ("slug=c", "c"), ("review_due=false", "acd"),
    ):  # fmt: skip
        assert sorted(slugs(boss.get(f"{URL}?{query}"))) == sorted(expected), query
    assert boss.get(f"{URL}?status=lost").status_code == 400


def test_a_search_brings_the_best_first_with_the_words_marked(client_of):
    agent = client_of("agent")
    published(slug="body", body="a refund <script>alert(1)</script>")
    published(slug="title", title="Refunds")
    written(slug="draft", title="Refund")
    answer = agent.get(URL, {"search": "refnud"})
    assert slugs(answer) == ["title", "body"]
    pieces = answer.json()["results"][1]["snippet"]
    assert [piece["text"] for piece in pieces if piece["is_match"]] == ["refund"]
    assert "body" not in answer.json()["results"][0]["shown"]
    assert agent.get(URL, {"search": "a"}).json()["code"] == "question_too_short"


def test_a_search_has_pages_and_filters(client_of):
    agent = client_of("agent")
    topic = TopicFactory(code="t")
    for number in range(7):
        published(slug=f"s{number}", title="Parking", topics=[topic] if number % 2 else [], language="ru" if number == 6 else "en")
    found, url = [], f"{URL}?search=parking&page_size=3"
    while url:
        page = agent.get(url).json()
        found += [row["slug"] for row in page["results"]]
        url = page["next"]
    assert sorted(found) == [f"s{number}" for number in range(7)]
    assert sorted(slugs(agent.get(f"{URL}?search=parking&topic=t"))) == ["s1", "s3", "s5"]
    assert slugs(agent.get(f"{URL}?search=parking&language=ru")) == ["s6"]
    assert agent.get(f"{URL}?search=parking&cursor=x").status_code == 400
    assert agent.get(f"{URL}?search=parking&topic=%00").status_code == 400


def test_a_search_costs_the_same_for_one_and_for_many(client_of):
    agent, costs = client_of("agent"), []
    for many in (1, 12):
        for _ in range(many):
            published(title="Parking", topics=[TopicFactory()])
        agent.get(URL)
        with CaptureQueriesContext(connection) as asked:
            agent.get(f"{URL}?search=parking")
        costs.append(len(asked))
    assert costs[0] == costs[1] <= 9, costs


def test_a_search_that_finds_nothing_waits_for_an_answer(client_of):
    agent = client_of("agent")
    assert slugs(agent.get(URL, {"search": "quantum chromodynamics"})) == []
    row = UnansweredQuestion.objects.get()
    assert (row.text, row.asked_count, row.times.get().agent) == ("quantum chromodynamics", 1, agent.user)


@pytest.mark.parametrize(
    "change",
    [
        {"slug": "a b"}, {"language": "klingon!"}, {"language": ""}, {"audience": "all"}, {"topics": ["none"]}, {"topics": "delivery"}, {"title": ""},
        {"title": "x" * 201}, {"short_answer": "x" * 601}, {"body": "x" * 50_001}, {"keywords": ["x" * 51]}, {"keywords": ["x"] * 51}, {"title": "\0"},
        {"owner": "me"}, {"valid_from": "never"}, {"review_at": "99999-01-01T00:00:00Z"}, {"translation_of": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"},
        {"valid_from": "0001-01-01T00:00:00+14:00"}, {"valid_until": "9999-12-31T23:59:59-14:00"},
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_an_article_is_refused(client_of, change):
    answer = client_of("supervisor").post(URL, BODY | change)
    assert answer.status_code == 400, answer.content


def test_what_breaks_a_rule_of_the_table_says_which(client_of):
    boss = client_of("supervisor")
    first = boss.post(URL, BODY).json()
    answers = [
        boss.post(URL, BODY),
        boss.post(URL, BODY | {"slug": "b", "translation_of": first["id"]}),
        boss.post(URL, BODY | {"slug": "c", "valid_from": "2026-01-02T00:00:00Z", "valid_until": "2026-01-01T00:00:00Z"}),
    ]
    assert [answer.status_code for answer in answers] == [409, 409, 409]
    assert [answer.json()["code"] for answer in answers[1:]] == ["one_article_per_language_of_a_group", "article_ends_after_it_begins"]


def test_nothing_is_lost_when_two_edit(client_of):
    boss = client_of("supervisor")
    made = boss.post(URL, BODY)
    url = f"{URL}{made.json()['id']}/"
    assert boss.patch(url, {"title": "A"}, headers={"If-Match": made["ETag"]}).status_code == 200
    assert boss.patch(url, {"title": "B"}, headers={"If-Match": made["ETag"]}).status_code == 412
