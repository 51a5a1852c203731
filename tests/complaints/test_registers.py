"""What the rest of the house is told of complaints: the timeline, the screen pop, routes, merges, files, erasures."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from calls import answers, hints
from complaints import attachments, complaint_columns, contact_facts, messages, similar
from complaints.models import Attachment, Complaint
from config.platform import mailing, origins
from config.platform.history import record
from config.platform.models import IdempotencyRecord, Letter
from crm import contact_filters, contacts, erasure, lookup, merging, saved_filters, timeline
from crm.exporting import jobs
from crm.models import Contact, Export
from tests.factories.calls import QueueFactory
from tests.factories.complaints import ComplaintFactory, ComplaintTransferFactory, SatisfactionFactory, WatcherFactory
from tests.factories.crm import ContactFactory, TopicFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
NUMBER = "+79161234567"


def test_the_timeline_tells_what_the_customer_would_tell():
    complaint, agent = ComplaintFactory(), UserFactory()
    messages.write(complaint.pk, text="Among us.", by=agent, now=NOW)
    messages.write(complaint.pk, text="We send a new one.", via="call", by=agent, now=NOW)
    record(complaint, "decide", by=agent, now=NOW + timedelta(hours=1), before={"decision": "upheld"})
    theirs = timeline.of(complaint.contact_id, before=None, limit=50, kinds=["complaints", "complaint_steps", "complaint_messages"])
    assert {(one.kind, one.data.get("text") or one.data.get("verb")) for one in theirs} == {
        ("complaint", None), ("complaint_step", "decide"), ("complaint_message", "We send a new one."),
    }  # fmt: skip


def test_the_back_office_reads_in_a_timeline_of_the_complaints_that_it_sees():
    theirs, others = ComplaintFactory(), ComplaintFactory()
    agent, clerk = UserFactory(), UserFactory(role="back_office")
    theirs.department.members.add(clerk)
    for complaint in (theirs, others):
        messages.write(complaint.pk, text="We look into it.", via="call", by=agent, now=NOW)
    for complaint, many in ((theirs, 2), (others, 0)):
        page = [one for one in timeline.of(complaint.contact_id, before=None, limit=50) if one.kind.startswith("complaint")]
        assert len(timeline.visible_to(clerk, page)) == many
        assert len(timeline.visible_to(agent, page)) == 2


def test_the_screen_pop_shows_what_they_wait_for_and_what_to_ask_them():
    contact = ContactFactory(phones=[NUMBER])
    now = timezone.now()
    late = ComplaintFactory(contact=contact, due_at=now - timedelta(minutes=1))
    messages.write(late.pk, text="Where is it?", side="customer", via="call", by=None, now=now)
    soon = ComplaintFactory(contact=contact, due_at=now + timedelta(days=1))
    solved = SatisfactionFactory(complaint__contact=contact).complaint
    ComplaintFactory(contact=contact, closed=True)
    ComplaintFactory(contact=None, e164="+79160000000")
    found = lookup.who_is(NUMBER, region="RU").open["complaints"]
    assert [(one["id"], one["is_breached"], one["is_satisfaction_owed"]) for one in found] == [
        (str(late.pk), True, False), (str(soon.pk), False, False), (str(solved.pk), False, True),
    ]  # fmt: skip
    assert found[0]["last_word"] == {"at": found[0]["last_word"]["at"], "side": "customer", "visibility": "public", "text": "Where is it?"}
    nobodys = ComplaintFactory(contact=None, e164="+74957654321")
    asked = SatisfactionFactory(complaint__contact=None, complaint__e164=nobodys.e164).complaint
    found = lookup.who_is("+74957654321", region="RU").open["complaints"]
    assert [(one["id"], one["is_satisfaction_owed"]) for one in found] == [(str(nobodys.pk), False), (str(asked.pk), True)]


def test_their_call_goes_to_the_department_that_has_their_complaint_and_its_topic_counts():
    topic = TopicFactory()
    complaint = ComplaintFactory(topic=topic)
    assert contact_facts.route(complaint.contact_id) is None, "it has no queue"
    QueueFactory(slug="care", department=complaint.department)
    assert dict(hints.routes)["complaints"](complaint.contact_id) == {"queue": "care", "reason": "open_complaint"}
    assert dict(answers.matters)["complaints"](complaint.contact_id) == [topic.pk]
    assert origins.columns({"kind": "complaint", "id": complaint.pk})["origin_id"] == complaint.pk
    waiting = contact_filters.select({"has_open_complaint": "true"}, now=NOW)
    assert list(waiting) == [complaint.contact] and complaint.contact not in contact_filters.select(
        {"has_open_complaint": "false"}, now=NOW
    )


def test_what_a_number_told_is_of_whoever_alone_has_it_through_merges_and_back():
    nobodys = ComplaintFactory(contact=None, e164=NUMBER)
    one, other = ContactFactory(phones=[NUMBER]), ContactFactory(phones=[NUMBER])
    done = merging.merge(one.pk, other.pk, by=None, now=NOW)
    nobodys.refresh_from_db()
    assert nobodys.contact == one
    merging.undo(done.pk, by=None, now=NOW)
    nobodys.refresh_from_db()
    assert nobodys.contact is None
    alone = ComplaintFactory(contact=None, e164="+74957654321")
    contacts.alter(one.pk, phones=[{"number": NUMBER}, {"number": "+74957654321"}], by=UserFactory(), now=NOW)
    alone.refresh_from_db()
    assert alone.contact == one


def test_a_saved_filter_and_a_file_hold_the_same_complaints(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    by = UserFactory()
    lamp, other = ComplaintFactory(assignee=by, status="assigned"), ComplaintFactory(summary="Rude courier")
    for one in (lamp, other):
        similar.index(one)
    for query in ({"search": "parcels"}, {"mine": "true"}, {"status": ["assigned", "closed"]}, {"contact": str(lamp.contact_id)}):
        assert list(saved_filters.chosen("complaints", query=query, by=by, now=NOW)) == [lamp], query
    with pytest.raises(contact_filters.FilterInvalid):
        saved_filters.chosen("complaints", query={"status": "x", "nothing": "1"}, by=by, now=NOW)
    nothing = jobs.order(entity="complaints", form="csv", query={"search": "zeppelin"}, by=by, now=NOW)
    export = jobs.order(entity="complaints", form="csv", query={"search": "parcels"}, by=by, now=NOW)
    while jobs.run_owed(now=timezone.now()):
        pass
    assert Export.objects.get(pk=nothing.pk).status == "done"
    export = Export.objects.get(pk=export.pk)
    text = default_storage.open(export.file.name).read().decode("utf-8-sig")
    assert lamp.number in text and other.number not in text
    assert set(complaint_columns.columns()) <= set(complaint_columns.read([lamp.pk])[0])


def test_whoever_is_erased_is_in_no_complaint_any_more(settings, tmp_path, django_capture_on_commit_callbacks):
    settings.MEDIA_ROOT = tmp_path
    contact = ContactFactory(surname="Вышневолоцкая", phones=[NUMBER])
    said = "Вышневолоцкая, 8 916 123-45-67"
    open_one = ComplaintFactory(contact=contact, e164=NUMBER, summary=said, description=said, remedy_sought=said)
    similar.index(open_one)
    WatcherFactory(complaint=open_one)
    messages.write(open_one.pk, text=said, via="call", by=UserFactory(), now=NOW)
    ComplaintTransferFactory(complaint=open_one, reason=said)
    attachments.add(open_one.pk, file=ContentFile(b"a letter", name=f"{said}.txt"), by=UserFactory(), now=NOW)
    record(open_one, "decide", by=None, now=NOW, before={"summary": said, "status": "x"}, reason=said)
    told = json.dumps(erasure.holders["complaints"].personal_data(contact.pk), default=str, ensure_ascii=False)
    assert told.count("Вышневолоцкая") >= 5 and NUMBER in told
    with pytest.raises(erasure.ErasureVetoed) as refused:
        erasure.erase(contact.pk, reason="Asked", by=None, now=NOW)
    assert refused.value.facts["reasons"] == [f"Complaint {open_one.number} is open."]
    nobodys = ComplaintFactory(contact=None, e164=NUMBER, status="withdrawn", ended_at=NOW)
    mailing.owe(to=UserFactory(email="lead@example.com"), subject=said, text=said, about=nobodys.pk, now=NOW)
    IdempotencyRecord.objects.create(
        by=UserFactory(), key="k", fingerprint="f", body=json.dumps({"complaint": str(open_one.pk), "text": said})
    )
    Complaint.objects.filter(pk=open_one.pk).update(status="closed", decision="upheld", decided_at=NOW, ended_at=NOW)
    asked = SatisfactionFactory(complaint=open_one, expires_at=NOW + timedelta(days=3000))
    assert set(complaint_columns.of_person(contact.pk)) == {open_one.pk, nobodys.pk}
    with django_capture_on_commit_callbacks(execute=True):
        counts = erasure.erase(contact.pk, reason="Asked", by=None, now=NOW).counts
    assert counts["complaints"] == 2
    asked.refresh_from_db()
    assert asked.state == "expired", "nobody answers any more"
    assert said not in str([*Letter.objects.values("subject", "text"), *IdempotencyRecord.objects.values_list("body")])
    attachments.delete_files()
    assert not [one for one in tmp_path.rglob("*") if one.is_file()]
    kept = json.dumps([*rows_of(open_one.pk)], default=str, ensure_ascii=False)
    assert not [trace for trace in ("ышневолоцк", "9161234567", "916 123", "вышн") if trace in kept]
    assert Contact.objects.get(pk=contact.pk).anonymised_at


def rows_of(complaint_id):
    """Every row of every table that points at the complaint, and its trail."""
    from config.platform.models import AuditEvent, FeedMessage

    yield from Complaint.objects.filter(pk=complaint_id).values()
    ids = [complaint_id]
    for relation in Complaint._meta.related_objects:
        if relation.related_model is not Complaint:
            rows = list(relation.related_model._base_manager.filter(**{relation.field.name: complaint_id}).values())
            ids += [row["id"] for row in rows]
            yield from rows
    assert Attachment.objects.get(complaint=complaint_id).pk in ids
    yield from AuditEvent.objects.filter(subject_id__in=ids).values("changes", "facts", "reason")
    yield from FeedMessage.objects.filter(about=complaint_id).values("data")
