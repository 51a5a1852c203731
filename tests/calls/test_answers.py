"""Ready answers come in one order, each use counts once, and what nobody could answer is kept."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from calls import answer_reports, answers, unanswered
from calls.models import ArticleUse, QuestionAsked, UnansweredQuestion
from config.platform.models import AuditEvent
from crm import knowledge, knowledge_search, timeline
from crm.models import ArticleTally
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactFactory, TopicFactory
from tests.factories.knowledge import published, question, used
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def agent():
    return UserFactory(role="agent")


def offered(situation, agent, **rest):
    return [row["slug"] for row in answers.ready(situation, by=agent, now=NOW, **rest)["results"]]


def test_the_topic_of_the_call_goes_before_open_matters_before_last_calls_before_use(agent, monkeypatch):
    topics = {name: TopicFactory(code=name) for name in ("now", "open", "last")}
    contact = ContactFactory(language="en")
    for slug in ("now", "open", "last"):
        published(slug=slug, topics=[topics[slug]])
    used(article=published(slug="used"))
    before = CallFactory(contact=contact, started_at=NOW - timedelta(days=3))
    before.topics.add(topics["last"])
    monkeypatch.setattr(answers, "matters", [("orders", lambda contact_id: [topics["open"].pk])])
    call = CallFactory(contact=contact, started_at=NOW)
    call.topics.add(topics["now"])
    assert offered(answers.situation_of(call), agent) == ["now", "open", "last", "used"]


def test_a_nearer_topic_goes_before_one_further_up_or_down(agent):
    top = TopicFactory(code="a")
    middle = TopicFactory(code="b", parent=top)
    low = TopicFactory(code="c", parent=middle)
    for slug, topic in (("top", top), ("middle", middle), ("low", low), ("elsewhere", TopicFactory())):
        published(slug=slug, topics=[topic])
    assert offered(answers.Situation((low.pk,)), agent)[:3] == ["low", "middle", "top"]
    assert offered(answers.Situation((top.pk,)), agent)[:3] == ["top", "middle", "low"]


def test_a_topic_that_the_operator_has_just_chosen_goes_before_those_written(agent):
    written, chosen = TopicFactory(), TopicFactory()
    published(slug="written", topics=[written])
    published(slug="chosen", topics=[chosen])
    call = CallFactory()
    call.topics.add(written)
    assert offered(answers.situation_of(call), agent)[0] == "written"
    assert offered(answers.situation_of(call, topic=chosen), agent)[0] == "chosen"


def test_the_answer_in_the_callers_language_is_offered_and_its_translations_are_not(agent):
    topic = TopicFactory()
    english = published(slug="en", language="en", topics=[topic])
    published(slug="ru", language="ru", translation_of=english)
    published(slug="fil", language="fil", translation_of=english)
    for language, slug in (("ru", "ru"), ("fil", "fil"), ("en-PH", "en"), ("en", "en")):
        assert offered(answers.Situation((topic.pk,), language=language), agent) == [slug]
        assert offered(answers.Situation((topic.pk,), contact=ContactFactory(language=language).pk), agent) == [slug]
    assert len(offered(answers.Situation((topic.pk,), language="kk"), agent)) == 1


def test_what_helps_in_the_queue_goes_before_what_does_not(agent):
    one, two = published(slug="one"), published(slug="two")
    for _ in range(3):
        used(article=two, call=CallFactory(queue="support"), now=NOW)
    for _ in range(2):
        used(article=one, call=CallFactory(queue="sales"), now=NOW)
    assert offered(answers.Situation(queue="support"), agent) == ["two", "one"]
    assert offered(answers.Situation(queue="sales"), agent) == ["one", "two"]


def test_nine_at_most_each_with_its_key_and_the_same_every_time(agent):
    topic = TopicFactory()
    for _ in range(15):
        published(topics=[topic])
    first = answers.ready(answers.Situation((topic.pk,)), by=agent, now=NOW)
    assert [row["key"] for row in first["results"]] == list(range(1, 10))
    ids = [row["article"] for row in first["results"]]
    assert ids == sorted(ids), "equal ones go by id"
    assert all(answers.ready(answers.Situation((topic.pk,)), by=agent, now=NOW) == first for _ in range(4))


def test_only_what_may_be_read_today_is_offered_and_to_integrations_only_what_is_for_customers(agent):
    topic = TopicFactory()
    published(slug="over", topics=[topic], valid_until=NOW)
    gone = published(slug="gone", topics=[topic])
    knowledge.archive(gone.pk, by=None, now=NOW)
    published(slug="inside", topics=[topic])
    published(slug="outside", topics=[topic], audience="customer")
    assert sorted(offered(answers.Situation((topic.pk,)), agent)) == ["inside", "outside"]
    assert offered(answers.Situation((topic.pk,)), UserFactory(role="integration")) == ["outside"]


def test_on_a_call_a_version_counts_once_however_often_the_key_is_pressed(agent):
    article, call = published(), CallFactory(queue="support")
    topic = TopicFactory()
    call.topics.add(topic)
    made, is_new = answers.use(article.pk, call_id=call.pk, key=2, by=agent, now=NOW)
    again, is_new_again = answers.use(article.pk, call_id=call.pk, key=5, by=agent, now=NOW)
    assert (made, is_new, is_new_again) == (again, True, False)
    assert (again.key, again.queue, again.topic) == (2, "support", topic)
    assert ArticleTally.objects.get(article=article).used == 1
    assert AuditEvent.objects.filter(subject_id=made.pk).count() == 1
    answers.use(article.pk, call_id=call.pk, helpful=True, by=agent, now=NOW)
    tally = ArticleTally.objects.get(article=article)
    assert (tally.used, tally.helpful) == (1, 1)


def test_what_may_not_be_read_today_is_not_counted(agent):
    over = published(valid_until=NOW - timedelta(seconds=1))
    with pytest.raises(answers.ArticleNotReadable):
        answers.use(over.pk, by=agent, now=NOW)
    inside = published()
    with pytest.raises(answers.ArticleNotReadable):
        answers.use(inside.pk, by=UserFactory(role="integration"), now=NOW)
    assert not ArticleUse.objects.exists()


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.sampled_from([True, False, None]), st.booleans()), max_size=12))
@settings(max_examples=25, deadline=None)
def test_the_tally_is_always_what_a_recount_says(presses):
    with transaction.atomic():
        agent = UserFactory(role="agent")
        articles, calls = [published() for _ in range(3)], [CallFactory() for _ in range(3)]
        for which, where, helpful, judged in presses:
            made, _ = answers.use(articles[which].pk, call_id=calls[where].pk, helpful=helpful, by=agent, now=NOW)
            if judged:
                answers.judge(made.pk, helpful=helpful, by=agent, now=NOW)
        for article in articles:
            uses = ArticleUse.objects.filter(article=article)
            tally = ArticleTally.objects.get(article=article)
            assert (tally.used, tally.helpful, tally.unhelpful) == (
                uses.count(), uses.filter(helpful=True).count(), uses.filter(helpful=False).count()
            )  # fmt: skip
        transaction.set_rollback(True)


def test_what_was_read_stands_in_the_timeline_of_whoever_the_call_turns_out_to_be(agent):
    call = CallFactory()
    made = used(call=call, by=agent)
    contact = ContactFactory()
    assert not [one for one in timeline.of(contact.pk, before=None, limit=9) if one.kind == "answer"]
    call.contact = contact
    call.save()
    (shown,) = [one for one in timeline.of(contact.pk, before=None, limit=9) if one.kind == "answer"]
    assert (shown.id, shown.data["title"], shown.data["call"]) == (made.pk, made.article_version.title, str(call.pk))


# --- asked, but not answered
def test_the_same_question_is_one_row_whatever_its_case_signs_and_ё(agent):
    for text in ("Есть ёлки?", "есть  елки", "ЕСТЬ ЁЛКИ!!"):
        row = question(text=text)
    assert UnansweredQuestion.objects.get() == row
    assert (row.asked_count, row.times.count(), row.text) == (3, 3, "ЕСТЬ ЁЛКИ!!")


def test_on_one_call_a_question_counts_once():
    call = CallFactory()
    for _ in range(3):
        row = question(text="Gift cards?", call=call)
    assert (row.asked_count, row.times.count()) == (1, 1)


def test_an_answered_question_that_is_asked_again_is_open_again_and_a_dismissed_one_is_not(agent):
    row = question(text="Gift cards?")
    row = unanswered.answer(row.pk, article=published(), by=agent, now=NOW)
    assert (row.status, row.article is None) == ("answered", False)
    row = question(text="Gift cards?")
    assert (row.status, row.article, row.asked_count) == ("open", None, 2)
    unanswered.dismiss(row.pk, by=agent, now=NOW)
    row = question(text="Gift cards?")
    assert (row.status, row.asked_count) == ("dismissed", 3)
    assert [event.verb for event in AuditEvent.objects.filter(subject_id=row.pk).order_by("id")] == [
        "ask", "answer", "ask_again", "dismiss", "ask",
    ]  # fmt: skip


def test_who_types_while_they_search_asks_one_question(agent):
    for seconds, text in enumerate(("кван", "квантовая", "квантовая хро", "квантовая хромодинамика", "квантовая хромодинамика")):
        knowledge_search.ask(text, by=agent, now=NOW + timedelta(seconds=seconds))
    row = UnansweredQuestion.objects.get()
    assert (row.text, row.asked_count, row.times.get().source) == ("квантовая хромодинамика", 1, "search")


def test_another_person_or_a_later_minute_is_another_time(agent):
    knowledge_search.ask("квантовая", by=agent, now=NOW)
    knowledge_search.ask("квантовая хромодинамика", by=UserFactory(), now=NOW)
    knowledge_search.ask("квантовая хромодинамика", by=agent, now=NOW + timedelta(minutes=2))
    assert dict(UnansweredQuestion.objects.values_list("text", "asked_count")) == {"квантовая": 1, "квантовая хромодинамика": 2}


def test_typing_on_from_what_others_asked_takes_back_one_time_only(agent):
    question(text="квантовая")
    knowledge_search.ask("квантовая", by=agent, now=NOW)
    knowledge_search.ask("квантовая хромодинамика", by=agent, now=NOW)
    assert dict(UnansweredQuestion.objects.values_list("text", "asked_count")) == {"квантовая": 1, "квантовая хромодинамика": 1}
    for row in UnansweredQuestion.objects.all():
        assert row.asked_count == row.times.count()


def test_a_search_that_found_something_or_was_narrowed_is_no_question(agent):
    published(title="Refund")
    knowledge_search.ask("refund", by=agent, now=NOW)
    knowledge_search.ask("refund", audience="customer", by=agent, now=NOW)
    assert not UnansweredQuestion.objects.exists()


# --- reports
def test_the_reports_are_what_a_recount_says(agent):
    zone = ZoneInfo("Asia/Manila")
    since, until = answer_reports.interval((NOW - timedelta(days=2)).date(), NOW.date(), zone)
    articles, topics = [published() for _ in range(3)], [TopicFactory(), None]
    moments = [since - timedelta(seconds=1), since, since + timedelta(hours=30), until - timedelta(seconds=1), until]
    for index in range(40):
        used(article=articles[index % 3], topic=topics[index % 2], helpful=[True, False, None][index % 3], now=moments[index % 5],
             call=CallFactory(queue=["a", "b"][index % 2]) if index % 4 else None)  # fmt: skip
        question(text=["one?", "two?", "three?"][index % 3], now=moments[index % 5], call=None)
    counted = list(ArticleUse.objects.filter(at__gte=since, at__lt=until))
    rows = answer_reports.most_asked(since, until)
    assert sum(row["uses"] for row in rows) == len(counted) < 40
    for row in rows:
        own = [one for one in counted if one.article_id == row["article"]]
        told = [one.helpful for one in own if one.helpful is not None]
        assert row["uses"] == len(own) and row["calls"] == len({one.call_id for one in own if one.call_id})
        assert row["helpful_share"] == (round(sum(told) / len(told), 3) if told else None)
    by_topic = {row["topic"]: row["uses"] for row in answer_reports.most_asked(since, until, by="topic", queue="a")}
    inside = [one for one in counted if one.queue == "a"]
    assert by_topic == {
        code: n for code in (topics[0].code, None) if (n := sum((one.topic.code if one.topic else None) == code for one in inside))
    }
    asked = {row["text"]: row["asked"] for row in answer_reports.unanswered(since, until)}
    times = QuestionAsked.objects.filter(at__gte=since, at__lt=until)
    assert asked == {text: times.filter(text=text).count() for text in ("one?", "two?", "three?")}
    assert answer_reports.unanswered(since, until, status="answered") == []
    assert all(a["uses"] >= b["uses"] for a, b in pairwise(rows))


def test_a_day_begins_when_it_begins_in_the_zone():
    assert answer_reports.interval(date(2026, 11, 1), date(2026, 11, 1), ZoneInfo("America/New_York")) == (
        datetime(2026, 11, 1, 4, tzinfo=UTC), datetime(2026, 11, 2, 5, tzinfo=UTC),  # the clocks went back: 25 hours
    )  # fmt: skip
    for since, until in (
        (date(2026, 2, 1), date(2026, 1, 1)),
        (date(2020, 1, 1), date(2026, 1, 1)),
        (date(1, 1, 1), date(1, 1, 2)),
        (date(9999, 12, 31),) * 2,
    ):
        with pytest.raises(answer_reports.IntervalUnusable):
            answer_reports.interval(since, until, ZoneInfo("UTC"))
