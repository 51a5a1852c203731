"""What is said moves what waited for it; what was told twice goes on as one."""

from datetime import UTC, datetime, timedelta

import pytest

from complaints import clocks, linking, messages, watching
from complaints.linking import FirstIsOver, NotAnother
from complaints.models import Complaint, ComplaintLink
from config.platform.models import AuditEvent, FeedMessage
from tests.factories.complaints import ComplaintFactory, SLAPolicyFactory, WatcherFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def received(**fields) -> Complaint:
    complaint = ComplaintFactory(received_at=NOON, **fields)
    clocks.begin(complaint, now=NOON)
    complaint.save()
    return complaint


def states(complaint):
    return {(one.metric, one.cycle): one.state for one in complaint.clocks.all()}


def told(user, kind):
    return [one.data for one in FeedMessage.objects.filter(recipient=user, kind=kind)]


def test_the_first_public_word_of_ours_is_the_first_response_and_informs():
    SLAPolicyFactory()
    complaint, us = received(), UserFactory()
    messages.write(complaint.pk, text="A colleague knows more.", by=us, now=NOON + HOUR)
    assert states(complaint)["first_response", 1] == "running", "an internal one answers nobody"
    messages.write(complaint.pk, text="We look into it.", via="call", by=us, now=NOON + 2 * HOUR)
    messages.write(complaint.pk, text="Still.", via="email", by=us, now=NOON + 3 * HOUR)
    complaint.refresh_from_db()
    assert complaint.first_response_at == NOON + 2 * HOUR
    assert states(complaint)["first_response", 1] == "met"
    assert [state for (metric, _), state in sorted(states(complaint).items()) if metric == "inform"] == ["met", "met", "running"]


def test_the_customers_word_carries_on_what_waited_for_it_and_is_told_to_whom_it_concerns():
    SLAPolicyFactory()
    complaint = received(assigned=True, status="waiting_customer", first_response_at=NOON)
    watcher, writer = WatcherFactory(complaint=complaint).user, UserFactory()
    message = messages.write(complaint.pk, text="Here is the photo.", side="customer", via="email", by=writer, now=NOON + 4 * HOUR)
    complaint.refresh_from_db()
    assert complaint.status == "in_progress" and message.visibility == "public"
    assert complaint.clocks.get(metric="resolve").due_at == NOON + 28 * HOUR
    for user in (complaint.assignee, watcher):
        assert [one["message"] for one in told(user, "complaint.message")] == [str(message.pk)]
    assert told(writer, "complaint.message") == []
    assert list(AuditEvent.objects.filter(subject_id=complaint.pk).order_by("id").values_list("verb", flat=True)) == ["write", "carry_on"]


@pytest.mark.parametrize(
    "bad", [{"visibility": "public"}, {"visibility": "internal", "side": "customer", "via": "call"}, {"side": "customer"}]
)
def test_a_message_that_says_not_how_is_refused_and_nothing_is_written(bad):
    complaint = ComplaintFactory()
    with pytest.raises(messages.MessageUnclear):
        messages.write(complaint.pk, text="x", by=UserFactory(), now=NOON, **bad)
    assert not complaint.messages.exists()


def test_what_was_told_twice_ends_and_the_first_one_takes_its_people_and_its_news():
    SLAPolicyFactory()
    first = received(assigned=True, status="waiting_customer")
    twice, watcher = received(contact=first.contact), UserFactory()
    WatcherFactory(complaint=twice, user=watcher)
    thrice = received()
    linking.join_to(thrice.pk, first=twice, by=None, now=NOON + HOUR)
    linking.join_to(twice.pk, first=first, by=None, now=NOON + HOUR)
    for one in (twice, thrice):
        one.refresh_from_db()
        assert (one.status, one.duplicate_of, one.due_at) == ("duplicate", first, None)
    assert states(twice)["resolve", 1] == "cancelled" and states(first)["resolve", 1] == "paused"
    assert first.watchers.filter(user=watcher).exists()
    messages.write(thrice.pk, text="And?", side="customer", via="call", by=UserFactory(), now=NOON + 2 * HOUR)
    first.refresh_from_db()
    assert first.status == "waiting_customer", "another customer's word is not the one that it waits for"
    messages.write(twice.pk, text="Here it is.", side="customer", via="call", by=UserFactory(), now=NOON + 2 * HOUR)
    first.refresh_from_db()
    assert first.status == "in_progress"
    assert len(told(first.assignee, "complaint.message")) == 2


def test_it_is_joined_only_to_another_one_that_goes_on():
    first, over = ComplaintFactory(), ComplaintFactory(resolved=True)
    twice = ComplaintFactory()
    for to, refusal in ((twice, NotAnother), (over, FirstIsOver)):
        with pytest.raises(refusal):
            linking.join_to(twice.pk, first=to, by=None, now=NOON)
    linking.join_to(twice.pk, first=first, by=None, now=NOON)
    twice.refresh_from_db()
    with pytest.raises(NotAnother):
        linking.join_to(first.pk, first=twice, by=None, now=NOON)


def test_what_is_joined_while_another_is_joined_follows_it(monkeypatch):
    first, twice, late = ComplaintFactory(), ComplaintFactory(), ComplaintFactory()
    hold = linking.hold

    def somebody_is_faster(ids):
        if late.duplicate_of is None:
            monkeypatch.setattr(linking, "hold", hold)
            late.duplicate_of = linking.join_to(late.pk, first=twice, by=None, now=NOON)
        return hold(ids)

    monkeypatch.setattr(linking, "hold", somebody_is_faster)
    linking.join_to(twice.pk, first=first, by=None, now=NOON)
    late.refresh_from_db()
    assert late.duplicate_of == first


def test_a_link_is_shown_by_both_and_goes_for_both():
    one, other = ComplaintFactory(), ComplaintFactory()
    linking.link(one.pk, other=other, note="Same parcel", by=None, now=NOON)
    with pytest.raises(linking.AlreadyLinked):
        linking.link(other.pk, other=one, by=None, now=NOON)
    linking.unlink(other.pk, other=one, by=None, now=NOON)
    assert not ComplaintLink.objects.exists()
    assert AuditEvent.objects.filter(subject_id__in=[one.pk, other.pk], verb="link").count() == 4


def test_whoever_watches_sees_it_and_only_leaders_set_others_to_watch():
    complaint, back, agent = ComplaintFactory(), UserFactory(role="back_office"), UserFactory(role="agent")
    assert complaint not in Complaint.objects.visible_to(back)
    with pytest.raises(watching.NotYoursToWatch):
        watching.watch(complaint.pk, user=back, by=agent, now=NOON)
    versions = [watching.watch(complaint.pk, user=back, by=UserFactory(role="supervisor"), now=NOON).version for _ in range(2)]
    assert versions == [complaint.version + 1] * 2, "doing so again changes nothing"
    assert complaint in Complaint.objects.visible_to(back)
    watching.unwatch(complaint.pk, by=back, now=NOON)
    assert not complaint.watchers.exists()
