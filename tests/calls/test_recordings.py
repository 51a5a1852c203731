"""Recordings as rows: told twice is once, joined is one, who is erased is heard no more, what is held stays."""

import re
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from calls import intake, recording_upkeep, recordings
from calls.models import Call, CallEvent, Recording, RecordingAccess
from crm import erasure
from tests.calls.recorded_world import MASKED, TONE, fetch, folder, heard, masked, pbx, system, told
from tests.calls.scenarios import begun, event
from tests.conftest import NOON
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory
from tests.factories.recordings import available

pytestmark = pytest.mark.django_db
FIXTURES = (folder, pbx, system)


# --- telling again
def test_telling_again_and_folding_again_change_nothing(system, pbx):
    row = told(system, {"id": "r1", "url": f"{pbx.base}/1.wav"})
    for at in (60, 61, 62):
        told(system, {"id": "r1", "url": f"{pbx.base}/1.wav"}, at=at)
    call = Call.objects.get(pk=row.call_id)
    with transaction.atomic():
        intake.refold(Call.objects.select_for_update().get(pk=call.pk), system=system, now=timezone.now())
    assert list(Recording.objects.values_list("pk", "version")) == [(row.pk, 1)]


def test_later_news_fills_what_was_missing(system, pbx):
    pbx.files["/1.wav"] = TONE
    row = told(system, {"id": "r1"})
    assert not row.has_source
    fetch()
    assert pbx.asked == []
    told(system, {"id": "r1", "url": f"{pbx.base}/1.wav", "duration_s": 2}, at=61)
    fetch()
    row.refresh_from_db()
    assert row.state == "available" and Recording.objects.count() == 1


def test_a_fresh_link_revives_a_recording_that_was_given_up(system, pbx):
    row = told(system, {"id": "r1", "url": "http://10.0.0.1/1.wav"})
    fetch()
    row.refresh_from_db()
    assert (row.state, row.problem) == ("failed", "address_forbidden")
    pbx.files["/2.wav"] = TONE
    told(system, {"id": "r1", "url": f"{pbx.base}/2.wav"}, at=61)
    fetch()
    row.refresh_from_db()
    assert (row.state, row.attempts, row.problem) == ("available", 1, "")


def test_a_name_is_looked_for_where_the_recordings_of_the_system_lie(system, pbx):
    system.recordings_at = f"{pbx.base}/monitor/{{id}}"
    system.save()
    pbx.files["/monitor/2026/in%20one.wav"] = TONE
    row = told(system, {"id": "2026/in one.wav"})
    fetch()
    row.refresh_from_db()
    assert row.state == "available"
    assert not told(system, {"id": "../../etc/passwd"}, call="c2").has_source


def test_calls_that_are_joined_bring_their_recordings_and_the_same_one_is_one(system, client_of):
    first, second = (told(system, {"id": "same"}, call=name) for name in ("a", "b"))
    other = told(system, {"id": "only-b"}, call="b", at=70)
    Recording.objects.filter(pk=second.pk).update(
        state="available", storage_name="x", legal_hold=True, hold_reason="Court.", masked=[MASKED]
    )
    RecordingAccess.objects.create(recording=first, by=UserFactory(), at=NOON, first_byte=0, last_byte=1)
    left = intake.receive(system, {"type": "call.updated", "call_id": "a", "linked_ids": ["b"]}, now=timezone.now()).call_id
    kept = {row.ref: row for row in Recording.objects.filter(call=left)}
    assert set(kept) == {"same", "only-b"} and Recording.objects.count() == 2
    assert kept["same"].pk == second.pk and kept["same"].legal_hold and kept["only-b"].pk == other.pk
    assert RecordingAccess.objects.get().recording_id == second.pk
    gone = second.call_id if second.call_id != left else first.call_id
    assert len(client_of("admin").get(f"/api/v1/recordings/?call={gone}").json()["results"]) == 2


# --- retention and holds
def test_what_is_past_its_time_goes_and_what_is_held_stays(client_of, folder):
    admin = client_of("admin")
    past = timezone.now() - timedelta(seconds=1)
    old, held, young = available(retain_until=past), available(retain_until=past), available(retain_until=past + timedelta(days=1))
    recordings.hold(held.pk, reason="Court.", by=admin.user, now=NOON)
    assert recording_upkeep.expire(now=timezone.now()) == 1 and recording_upkeep.delete_files() == 1
    assert [one.state for one in Recording.objects.order_by("id")] == ["expired", "available", "available"]
    assert (
        default_storage.exists(old.storage_name),
        default_storage.exists(held.storage_name),
        default_storage.exists(young.storage_name),
    ) == (False, True, True)
    assert heard(admin, old)[0].json()["code"] == "recording_gone"
    assert admin.delete(f"/api/v1/recordings/{held.pk}/?reason=x").json()["code"] == "recording_held"
    recordings.release(held.pk, reason="Settled.", by=admin.user, now=NOON)
    assert recording_upkeep.expire(now=timezone.now()) == 1 and recording_upkeep.delete_files() == 1
    assert not default_storage.exists(held.storage_name)


def test_the_table_itself_refuses_to_lose_what_is_held():
    row = available(legal_hold=True, hold_reason="Court.")
    for wrong in ({"state": "expired"}, {"state": "deleted"}, {"hold_reason": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Recording.objects.filter(pk=row.pk).update(**wrong)


def test_a_file_that_is_gone_already_is_as_good_as_deleted(client_of):
    row = available(retain_until=timezone.now())
    default_storage.delete(row.storage_name)
    assert heard(client_of("admin"), row)[0].status_code == 410
    recording_upkeep.expire(now=timezone.now())
    assert recording_upkeep.delete_files() == 1 and recording_upkeep.delete_files() == 0


def test_a_storage_that_is_away_leaves_the_deletion_owed(client_of, monkeypatch):
    row, admin = available(), client_of("admin")
    assert admin.delete(f"/api/v1/recordings/{row.pk}/?reason=Asked").status_code == 204
    assert admin.delete(f"/api/v1/recordings/{available().pk}/").status_code == 400, "a reason must be given"

    class Away:
        def delete(self, name):
            raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(recording_upkeep, "default_storage", Away())
        assert recording_upkeep.delete_files() == 0 and recording_upkeep.owed()[("to_delete",)] == 1
    assert recording_upkeep.delete_files() == 1 and not default_storage.exists(row.storage_name)


def test_the_time_it_is_kept_is_counted_from_the_call(system, settings):
    settings.RECORDING_RETENTION_DAYS = 30
    row = told(system, {"id": "r1"})
    assert row.retain_until == row.call.started_at + timedelta(days=30)
    settings.RECORDING_RETENTION_DAYS = 0
    assert told(system, {"id": "r2"}, call="c2").retain_until is None


def test_what_is_past_its_time_is_not_fetched_any_more(system, pbx):
    row = told(system, {"id": "r1", "url": f"{pbx.base}/1.wav"})
    Recording.objects.filter(pk=row.pk).update(retain_until=timezone.now() - timedelta(days=1))
    fetch()
    assert pbx.asked == []


# --- erasure
def test_who_is_erased_is_heard_no_more(client_of):
    contact = ContactFactory(phones=["+74951234567"])
    named, by_number = available(call=CallFactory(contact=contact)), available(call=CallFactory(contact=None, customer_e164="+74951234567"))
    stranger = available(call=CallFactory(contact=ContactFactory()))
    masked(named, (0, 1))
    client_of("supervisor").get(f"/api/v1/recordings/{named.pk}/audio/", {"purpose": "Complaint of Fedorova"})
    told_to_them = next(holder for name, holder in erasure.holders if name == "calls").personal_data(contact.pk)
    assert {one["id"] for row in told_to_them for one in row["audio"]} == {named.pk, by_number.pk}
    recordings.hold(named.pk, reason="Court.", by=UserFactory(role="admin"), now=NOON)
    with pytest.raises(erasure.ErasureVetoed) as refused:
        erasure.erase(contact.pk, reason="Asked.", by=None, now=NOON)
    assert refused.value.facts["reasons"] == ["A recording is on legal hold: Court."]
    assert erasure.erase(contact.pk, reason="Asked.", is_dry_run=True, by=None, now=NOON).reasons
    recordings.release(named.pk, reason="Settled.", by=UserFactory(role="admin"), now=NOON)
    erasure.erase(contact.pk, reason="Asked.", is_dry_run=True, by=None, now=NOON)
    assert Recording.objects.get(pk=named.pk).state == "available", "a dry run deletes nothing"
    erasure.erase(contact.pk, reason="Asked.", by=None, now=NOON)
    recording_upkeep.delete_files()
    assert [default_storage.exists(one.storage_name) for one in (named, by_number, stranger)] == [False, False, True]
    assert heard(client_of("admin"), named)[0].status_code == 410
    assert [one.purpose for one in RecordingAccess.objects.all()] == ["[erased]"], "that somebody listened stays, the words go"


def test_what_is_told_after_an_erasure_is_not_fetched(system, pbx):
    pbx.files["/1.wav"] = TONE
    contact = ContactFactory(phones=["+74951234567"])
    intake.receive(system, begun(), now=timezone.now())
    intake.receive(system, event("call.ended", 90), now=timezone.now())
    assert CallEvent.objects.filter(call__contact=contact).exists()
    erasure.erase(contact.pk, reason="Asked.", by=None, now=NOON)
    intake.receive(system, event("recording.available", 95, recording={"id": "r1", "url": f"{pbx.base}/1.wav"}), now=timezone.now())
    fetch()
    row = Recording.objects.get()
    assert (row.state, row.source_url, pbx.asked) == ("deleted", "", [])


# --- what it costs
def test_a_call_without_recordings_costs_nothing_more(system):
    intake.receive(system, begun(), now=timezone.now())
    with CaptureQueriesContext(connection) as asked:
        intake.receive(system, event("call.ended", 60), now=timezone.now())
    assert not [one for one in asked.captured_queries if re.search("calls_recording", one["sql"])]
