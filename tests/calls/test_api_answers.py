"""Ready answers, their use and unanswered questions over HTTP."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from calls.models import ArticleUse, UnansweredQuestion
from crm import knowledge
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactFactory, TopicFactory
from tests.factories.knowledge import published, question, used

pytestmark = pytest.mark.django_db
V1 = "/api/v1/"


def test_one_key_press_from_the_call_to_the_count(client_of):
    agent = client_of("agent")
    topic = TopicFactory(code="late")
    call = CallFactory(contact=ContactFactory(language="ru"), queue="support")
    call.topics.add(topic)
    russian = published(slug="ru", language="ru", topics=[topic], short_answer="Сегодня до девяти.")
    published(slug="en", language="en", translation_of=russian)
    url = f"{V1}calls/{call.pk}/answers/"
    ready = agent.get(url).json()
    (first,) = ready["results"]
    assert (ready["language"], ready["topics"], first["key"], first["short_answer"]) == ("ru", ["late"], 1, "Сегодня до девяти.")
    assert first["why"] == ["topic", "language"]
    pressed = agent.post(url, {"article": first["article"], "key": first["key"]})
    assert pressed.status_code == 201
    assert {name: pressed.json()[name] for name in ("queue", "topic", "helpful", "agent", "key")} == {
        "queue": "support", "topic": "late", "helpful": None, "agent": str(agent.user.pk), "key": 1,
    }  # fmt: skip
    again = agent.post(url, {"article": first["article"], "helpful": True})
    assert (again.status_code, again.json()["id"], again.json()["helpful"]) == (200, pressed.json()["id"], True)
    assert agent.get(url).json()["results"][0]["uses"] == {"count": 1, "helpful": 1, "unhelpful": 0}
    assert agent.patch(f"{V1}article-uses/{again.json()['id']}/", {"helpful": False}).json()["helpful"] is False
    assert agent.get(url).json()["results"][0]["uses"] == {"count": 1, "helpful": 0, "unhelpful": 1}


def test_without_a_call_by_topic_contact_queue_and_language(client_of):
    agent, topic = client_of("agent"), TopicFactory(code="late")
    published(slug="ru", language="ru", topics=[topic])
    published(slug="en", language="en", topics=[topic])
    url = f"{V1}articles/answers/"
    assert [row["slug"] for row in agent.get(url, {"topic": "late", "language": "en"}).json()["results"]] == ["en", "ru"]
    assert (
        next(row["slug"] for row in agent.get(url, {"topic": "late", "contact": str(ContactFactory(language="ru").pk)}).json()["results"])
        == "ru"
    )
    assert agent.get(url).status_code == 200
    for query in ({"topic": "none"}, {"contact": "me"}, {"language": "?"}, {"queue": "x" * 101}, {"topic": "\0"}, {"tpoic": "late"}):
        assert agent.get(url, query).status_code == 400, query


@pytest.mark.parametrize("many", [1, 9])
def test_ready_answers_cost_a_fixed_number_of_statements(client_of, many):
    agent, topic = client_of("agent"), TopicFactory()
    call = CallFactory(contact=ContactFactory(language="en"), queue="support")
    call.topics.add(topic, *(TopicFactory(parent=topic) for _ in range(many)))
    for _ in range(many):
        used(article=published(topics=[topic]), call=CallFactory(queue="support", contact=call.contact))
    agent.get(f"{V1}me/")
    with CaptureQueriesContext(connection) as asked:
        agent.get(f"{V1}calls/{call.pk}/answers/")
    # token; call; its topics; language; tree below and above (and once more for last calls); last calls; their topics; ranking; versions; codes
    assert len(asked) <= 14, [query["sql"][:90] for query in asked.captured_queries]
    if many > 1:
        assert len(asked) >= 8


def test_what_may_not_be_read_is_not_used(client_of):
    agent, call = client_of("agent"), CallFactory()
    gone = published()
    knowledge.archive(gone.pk, by=None, now=gone.created_at)
    for article in (gone.pk, "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"):
        answer = agent.post(f"{V1}calls/{call.pk}/answers/", {"article": str(article)})
        assert (answer.status_code, answer.json()["code"]) == (409, "article_not_readable")
    for body in (
        {},
        {"article": "x"},
        {"article": str(published().pk), "key": 0},
        {"article": str(published().pk), "key": 10},
        {"article": None},
    ):
        assert agent.post(f"{V1}calls/{call.pk}/answers/", body).status_code == 400
    assert not ArticleUse.objects.exists()


def test_an_operator_sees_and_judges_their_own_uses_and_a_leader_all(client_of):
    anna, boss = client_of("agent"), client_of("supervisor")
    own, other = used(by=anna.user), used()
    assert [row["id"] for row in anna.get(f"{V1}article-uses/").json()["results"]] == [str(own.pk)]
    assert len(boss.get(f"{V1}article-uses/").json()["results"]) == 2
    assert anna.patch(f"{V1}article-uses/{other.pk}/", {"helpful": True}).status_code == 404
    assert boss.patch(f"{V1}article-uses/{other.pk}/", {"helpful": True}).status_code == 200
    assert [
        row["id"]
        for row in boss.get(f"{V1}article-uses/?agent={anna.user.pk}&article={own.article_id}&call={own.call_id}").json()["results"]
    ] == [str(own.pk)]


def test_a_question_without_an_answer_is_told_kept_and_answered(client_of):
    agent, boss, call = client_of("agent"), client_of("back_office"), CallFactory()
    url = f"{V1}unanswered-questions/"
    body = {"text": "Can I pay with shells?", "call": str(call.pk), "topic": TopicFactory(code="billing").code}
    first, again = agent.post(url, body), agent.post(url, body)
    assert (first.status_code, again.json()["asked_count"], again.json()["topic"]) == (201, 1, "billing")
    assert agent.get(url).status_code == 403
    assert [row["text"] for row in boss.get(f"{url}?status=open&topic=billing").json()["results"]] == ["Can I pay with shells?"]
    one = f"{url}{first.json()['id']}/"
    article = published()
    assert boss.post(f"{one}answer/", {"article": str(article.pk)}).json()["article"] == str(article.pk)
    assert boss.post(f"{one}answer/", {"article": str(article.pk)}).json()["code"] == "invalid_transition"
    assert boss.post(f"{one}reopen/").json()["article"] is None
    assert boss.post(f"{one}dismiss/", {}).json()["status"] == "dismissed"
    for wrong in (
        {"text": "?"},
        {"text": ""},
        {"text": "x" * 301},
        {"text": "a\0b"},
        {"text": "ok?", "call": "x"},
        {"text": "ok?", "topic": "none"},
    ):
        assert agent.post(url, wrong).status_code == 400, wrong


def test_questions_come_most_asked_first_on_pages(client_of):
    for number in range(5):
        for _ in range(number % 3 + 1):
            question(text=f"Question {number}?")
    boss, counts, url = client_of("supervisor"), [], f"{V1}unanswered-questions/?page_size=2"
    while url:
        page = boss.get(url).json()
        counts += [row["asked_count"] for row in page["results"]]
        url = page["next"]
    assert counts == [3, 2, 2, 1, 1]


@pytest.mark.parametrize("many", [1, 12])
@pytest.mark.parametrize("path", ["reports/most-asked/", "reports/most-asked/?by=topic", "reports/unanswered/"])
def test_a_report_costs_one_statement(client_of, path, many):
    for _ in range(many):
        used(topic=TopicFactory())
        question()
    boss = client_of("supervisor")
    boss.get(f"{V1}me/")
    with CaptureQueriesContext(connection) as asked:
        answer = boss.get(V1 + path)
    assert len(answer.json()["results"]) == many
    assert len(asked) == 2  # the token; the report


def test_reports_are_for_leaders_and_say_what_they_count(client_of):
    used(helpful=True)
    boss = client_of("supervisor", time_zone="Asia/Manila")
    report = boss.get(f"{V1}reports/most-asked/", {"since": "2026-01-01", "until": "2027-01-01"}).json()
    assert (report["since"], report["until"], report["time_zone"]) == (
        "2026-01-01T00:00:00+08:00",
        "2027-01-02T00:00:00+08:00",
        "Asia/Manila",
    )
    assert (report["results"][0]["uses"], report["results"][0]["helpful_share"]) == (1, 1.0)
    for role in ("agent", "back_office"):
        assert client_of(role).get(f"{V1}reports/unanswered/").status_code == 403
    for query in ("since=x", "since=2026-02-01&until=2026-01-01", "since=0001-01-01", "until=0001-01-01", "until=9999-12-31", "time_zone=Moon", "limit=0",
                  "limit=201", "by=agent", "days=3"):  # fmt: skip
        assert boss.get(f"{V1}reports/most-asked/?{query}").status_code == 400, query
    assert UnansweredQuestion.objects.count() == 0
