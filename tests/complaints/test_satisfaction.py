"""The question after closing: owed once a closing, answered once, by whoever has the link or on a call, and not forgotten when it is bad."""

import re
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connections

from complaints import satisfaction
from complaints.models import Complaint, Satisfaction
from complaints.satisfaction import LinkOver, LinkUnknown, LinkUsed, NobodyToWriteTo, SatisfactionNotOwed
from config.platform.models import AuditEvent, FeedMessage, Letter, OutboxEvent
from config.platform.moves import TransitionNotAllowed
from crm import suppression
from tests.factories.complaints import ComplaintFactory, SatisfactionFactory
from tests.factories.crm import ContactEmailFactory, ContactFactory, DepartmentFactory, TopicFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def owed(**complaint) -> Satisfaction:
    return satisfaction.owe(ComplaintFactory(closed=True, **complaint), now=NOON)


def test_each_closing_owes_one_question_with_what_the_complaint_had():
    complaint = ComplaintFactory(closed=True)
    first = satisfaction.owe(complaint, now=NOON)
    assert (first.cycle, first.department, first.topic, first.agent) == (1, complaint.department, complaint.topic, complaint.assignee)
    assert first.expires_at == NOON + 14 * DAY
    second = satisfaction.owe(complaint, now=NOON + DAY)
    first.refresh_from_db()
    assert (second.cycle, first.state) == (2, "expired")
    assert satisfaction.current(complaint) == second
    assert satisfaction.owe(ComplaintFactory(closed=True, contact=None), now=NOON) is None, "nobody can be asked"


def test_of_a_link_only_the_hash_is_kept_and_it_works_once():
    row, token = satisfaction.make_link(owed().pk, by=UserFactory(), now=NOON)
    assert token.encode() not in bytes(row.digest) and len(bytes(row.digest)) == 32
    assert token not in str(list(AuditEvent.objects.values_list("changes", "facts")))
    answered = satisfaction.answer_by_token(token, score=5, is_solved=True, comment="Good.", now=NOON + DAY)
    assert (answered.state, answered.score, answered.answered_via, answered.by) == ("answered", 5, "link", None)
    assert answered.complaint.is_satisfied is True
    with pytest.raises(LinkUsed):
        satisfaction.answer_by_token(token, score=1, now=NOON + DAY)
    answered.refresh_from_db()
    assert answered.score == 5


def test_a_new_link_replaces_the_one_before_and_none_outlives_its_time():
    row = owed()
    _, old = satisfaction.make_link(row.pk, by=None, now=NOON)
    _, new = satisfaction.make_link(row.pk, by=None, now=NOON)
    with pytest.raises(LinkUnknown):
        satisfaction.of_token(old, now=NOON)
    assert satisfaction.of_token(new, now=NOON) == row
    with pytest.raises(LinkOver):
        satisfaction.answer_by_token(new, score=5, now=NOON + 14 * DAY)
    with pytest.raises(SatisfactionNotOwed):
        satisfaction.make_link(row.pk, by=None, now=NOON + 14 * DAY)
    with pytest.raises(SatisfactionNotOwed):
        satisfaction.answer(row.pk, score=5, by=UserFactory(), now=NOON + 14 * DAY)


@pytest.mark.parametrize(
    ("score", "is_solved", "content"), [(4, None, True), (3, None, False), (2, True, True), (5, False, False), (1, None, False)]
)
def test_whether_they_are_content_follows_from_the_score_and_from_what_they_say(score, is_solved, content):
    assert satisfaction.answer(owed().pk, score=score, is_solved=is_solved, by=UserFactory(), now=NOON).complaint.is_satisfied is content


def test_whoever_had_it_and_who_leads_hear_that_it_is_not_solved_and_of_a_good_answer_nobody():
    head = UserFactory(role="supervisor")
    row = owed(department=DepartmentFactory(head=head))
    satisfaction.answer(row.pk, score=4, is_solved=False, comment="Still dark.", by=UserFactory(), now=NOON)
    told = FeedMessage.objects.filter(kind="complaint.unsatisfied")
    assert {one.recipient for one in told} == {head, row.agent}
    assert "Still dark." not in str([one.data for one in told])
    satisfaction.answer(owed().pk, score=4, by=UserFactory(), now=NOON)
    assert told.all().count() == 2
    news = list(OutboxEvent.objects.filter(type="satisfaction.answered").order_by("id").values_list("data__score", "data__is_satisfied"))
    assert news == [(4, False), (4, True)]


def test_an_answer_of_an_earlier_closing_says_nothing_of_the_present_outcome():
    for begun_anew in ({"status": "reopened", "ended_at": None}, {"status": "in_progress", "ended_at": None}, {"status": "resolved"}):
        row = owed()
        Complaint.objects.filter(pk=row.complaint_id).update(**begun_anew)
        satisfaction.answer(row.pk, score=1, by=UserFactory(), now=NOON)
        assert Complaint.objects.get(pk=row.complaint_id).is_satisfied is None, begun_anew


def test_who_declined_is_not_asked_again():
    row, token = satisfaction.make_link(owed().pk, by=None, now=NOON)
    satisfaction.decline(row.pk, by=UserFactory(), now=NOON)
    for act in (satisfaction.make_link, satisfaction.decline):
        with pytest.raises(TransitionNotAllowed):
            act(row.pk, by=UserFactory(), now=NOON)
    with pytest.raises(LinkUsed):
        satisfaction.of_token(token, now=NOON)


def test_the_sweep_ends_what_is_over_once():
    over, waiting = owed(), SatisfactionFactory(expires_at=NOON + 30 * DAY)
    assert [satisfaction.expire(now=NOON + 14 * DAY), satisfaction.expire(now=NOON + 14 * DAY)] == [1, 0]
    over.refresh_from_db(), waiting.refresh_from_db()
    assert (over.state, waiting.state) == ("expired", "owed")


@pytest.mark.django_db(transaction=True)
def test_of_many_answers_at_once_one_counts():
    _, token = satisfaction.make_link(owed().pk, by=None, now=NOON)
    barrier, came = Barrier(4), []

    def send(score: int) -> None:
        try:
            barrier.wait()
            came.append(satisfaction.answer_by_token(token, score=score, now=NOON).score)
        except LinkUsed:
            came.append(None)
        finally:
            connections.close_all()

    threads = [Thread(target=send, args=[score]) for score in (1, 2, 4, 5)]
    [thread.start() for thread in threads], [thread.join() for thread in threads]
    kept = Satisfaction.objects.get().score
    assert sorted(came, key=str) == sorted([kept, None, None, None], key=str)
    assert AuditEvent.objects.filter(verb="answer").count() == 1


def test_a_letter_brings_the_link_in_the_language_of_the_complaint_to_whoever_wants_letters(settings):
    settings.SATISFACTION_BY_EMAIL, settings.PUBLIC_URL = True, "https://help.example.com"
    contact = ContactEmailFactory(email="maria@example.com").contact
    row = owed(contact=contact, language="ru")
    letter = Letter.objects.get()
    assert (row.state, row.asked_via) == ("asked", "email")
    assert (letter.to, letter.contact, letter.about) == ("maria@example.com", contact.pk, row.complaint_id)
    assert letter.subject.startswith("Как мы справились?") and row.complaint.number in letter.text
    token = re.search(r"https://help\.example\.com/s/([\w-]{43})/", letter.text)[1]
    assert satisfaction.of_token(token, now=NOON) == row
    satisfaction.send_link(row.pk, origin="https://help.example.com", by=None, now=NOON)
    assert Letter.objects.count() == 2, "asked again, written again"
    suppression.add(contact=contact, source="customer", channel="email", by=UserFactory(), now=NOON - DAY)
    assert owed(contact=contact).state == "owed", "nobody is written to who does not want it"
    for silent in (contact, ContactFactory(), None):
        waiting = SatisfactionFactory(complaint__contact=silent, expires_at=NOON + DAY)
        with pytest.raises(NobodyToWriteTo):
            satisfaction.send_link(waiting.pk, origin="https://help.example.com", by=None, now=NOON)
        waiting.refresh_from_db()
        assert (waiting.state, waiting.digest) == ("owed", None)


# --- over HTTP
def test_closing_owes_the_question_and_an_answer_is_seen_on_the_complaint(client_of):
    client, complaint = client_of("supervisor"), ComplaintFactory(resolved=True)
    base = f"/api/v1/complaints/{complaint.pk}/"
    assert client.post(f"{base}close/", {}).status_code == 200
    assert client.get(f"{base}satisfaction/").json()["state"] == "owed"
    assert client.post(f"{base}satisfaction/", {"score": 5}).status_code == 200
    assert client.get(base).json()["is_satisfied"] is True


def test_it_is_asked_on_a_call_or_by_a_link_and_read_by_whoever_sees_the_complaint(client_of):
    client, row = client_of("agent"), owed()
    base = f"/api/v1/complaints/{row.complaint_id}/"
    assert client.get(f"{base}satisfaction/").json()["state"] == "owed"
    link = client.post(f"{base}satisfaction-link/", {}).json()
    assert link["url"].startswith("http://testserver/s/") and link["asked_via"] == "link"
    assert client.post(f"{base}satisfaction/", {"score": 6}).status_code == 400
    assert client.post(f"{base}satisfaction/", {"score": 2, "is_solved": False}).json()["answered_via"] == "call"
    again = client.post(f"{base}satisfaction/", {"score": 5})
    assert (again.status_code, again.json()["code"]) == (409, "invalid_transition")
    assert client.get("/api/v1/satisfaction/?state=answered&is_solved=false").json()["results"][0]["score"] == 2
    topic = TopicFactory()
    Satisfaction.objects.filter(pk=row.pk).update(topic=TopicFactory(parent=topic))
    for query, many in {
        f"topic={topic.pk}": 1, f"agent={row.agent_id}&department={row.department_id}": 1, "open=true": 0, "open=false": 1,
        "answered_after=2020-01-01T00:00:00Z": 1, "answered_before=2020-01-01T00:00:00Z": 0,
    }.items():  # fmt: skip
        assert len(client.get(f"/api/v1/satisfaction/?{query}").json()["results"]) == many, query
    never = ComplaintFactory()
    assert client.get(f"/api/v1/complaints/{never.pk}/satisfaction/").json()["code"] == "satisfaction_not_owed"
    stranger = client_of("back_office")
    assert stranger.get(f"{base}satisfaction/").status_code == stranger.get(f"/api/v1/satisfaction/{row.pk}/").status_code == 404
    stranger.user.departments.add(row.department)
    assert stranger.get(f"{base}satisfaction/").status_code == 200
