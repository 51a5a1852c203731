"""Two editors and many operators at the same moment, over real connections."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from calls.models import ArticleUse, UnansweredQuestion
from crm import knowledge
from crm.models import ArticleTally, ArticleVersion
from tests.factories.calls import CallFactory
from tests.factories.knowledge import WRITTEN, published, written

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*requests):
    """Each request at the same moment over a connection of its own; the answers in order."""
    start = Barrier(len(requests))

    def run(request):
        try:
            start.wait(10)
            return request()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(run, requests))


@pytest.mark.parametrize("turn", range(3))
def test_a_version_is_published_once_by_two_who_press_at_once(client_of, turn):
    article = published()
    knowledge.revise(article.pk, title="New", by=None, now=WRITTEN)
    knowledge.submit(article.pk, by=None, now=WRITTEN)
    url = f"/api/v1/articles/{article.pk}/publish/"
    clients = [client_of("supervisor") for _ in range(4)]
    answers = at_once(*(lambda client=client: client.post(url) for client in clients))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"no_open_version", "invalid_transition", "busy"}
    assert sorted(ArticleVersion.objects.filter(article=article).values_list("number", "status")) == [(1, "archived"), (2, "published")]


def test_publishing_and_archiving_at_once_leave_one_of_the_two(client_of):
    article = written()
    knowledge.submit(article.pk, by=None, now=WRITTEN)
    boss, other = client_of("supervisor"), client_of("admin")
    url = f"/api/v1/articles/{article.pk}/"
    answers = at_once(lambda: boss.post(f"{url}publish/"), lambda: other.post(f"{url}archive/", {}))
    assert answers[1].status_code == 200
    article.refresh_from_db()
    status = article.versions.get().status
    assert status == "archived" and article.is_archived, "whoever comes second finds what the first one left"


def test_a_key_pressed_by_eight_at_once_on_one_call_counts_once(client_of):
    article, call = published(), CallFactory()
    clients = [client_of("agent") for _ in range(8)]
    answers = at_once(
        *(lambda client=client: client.post(f"/api/v1/calls/{call.pk}/answers/", {"article": str(article.pk)}) for client in clients)
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert (ArticleUse.objects.count(), ArticleTally.objects.get(article=article).used) == (1, 1)


def test_an_article_read_on_eight_calls_at_once_counts_eight(client_of):
    article, calls = published(), [CallFactory() for _ in range(8)]
    client = client_of("agent")
    at_once(
        *(
            lambda call=call: client.post(f"/api/v1/calls/{call.pk}/answers/", {"article": str(article.pk), "helpful": True})
            for call in calls
        )
    )
    tally = ArticleTally.objects.get(article=article)
    assert (tally.used, tally.helpful, ArticleUse.objects.count()) == (8, 8, 8)


def test_the_same_question_of_eight_at_once_is_one_row_asked_eight_times(client_of):
    clients = [client_of("agent") for _ in range(8)]
    answers = at_once(*(lambda client=client: client.post("/api/v1/unanswered-questions/", {"text": "Gift cards?"}) for client in clients))
    assert [answer.status_code for answer in answers] == [201] * 8
    row = UnansweredQuestion.objects.get()
    assert (row.asked_count, row.times.count()) == (8, 8)


def test_people_who_search_for_other_things_in_turns_do_not_wait_in_a_ring(client_of):
    """Each has asked what the other asks now: whoever looks at their own last question must not hold another's."""
    clients = [client_of("agent") for _ in range(4)]
    for turn in range(6):
        words = ["zzyzx qwkpl", "xqjjv wwkzz"]
        answers = at_once(
            *(
                lambda client=client, word=words[(number + turn) % 2]: client.get("/api/v1/articles/", {"search": word})
                for number, client in enumerate(clients)
            )
        )
        assert [answer.status_code for answer in answers] == [200] * 4
