"""Writing calls up: what a disposition asks for, which calls wait for it and how long, until when it may be corrected."""

from datetime import timedelta

import pytest
from django.utils import timezone

from calls import intake, wrap_up_limits
from calls.models import Call, CallDisposition
from config.platform.models import AuditEvent
from tests.factories.calls import AgentExtensionFactory, CallFactory, DispositionFactory, QueueFactory
from tests.factories.crm import TopicFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/calls/"


def done(answer, status=200):
    assert answer.status_code == status, answer.content
    return answer.json()


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    return answer.json()


@pytest.fixture
def call():
    return CallFactory(started_at=timezone.now() - timedelta(minutes=5))


@pytest.fixture
def agent(client_of, call):
    return client_of("agent", user=call.agent)


@pytest.fixture
def boss(client_of):
    return client_of("supervisor")


# --- what a disposition asks for
@pytest.mark.parametrize(
    ("asks", "code"),
    [
        ({"needs_note": True}, "note_needed"),
        ({"needs_topic": True}, "topic_needed"),
        ({"min_talk_s": 121}, "talk_too_short"),
        ({"direction": "outbound"}, "disposition_not_for_call"),
        ({"callback": True}, "callback_needed"),
    ],
)
def test_what_a_disposition_asks_for_is_asked(agent, call, asks, code):
    DispositionFactory(code="x", **asks)
    refused(agent.post(f"{URL}{call.pk}/wrap-up/", {"disposition": "x"}), 400, code)
    call.refresh_from_db()
    assert (call.wrap_up_state, CallDisposition.objects.count()) == ("pending", 0)


def test_what_is_given_suffices(agent, call):
    DispositionFactory(code="x", needs_note=True, needs_topic=True, min_talk_s=120, direction="inbound")
    TopicFactory(code="late")
    done(agent.post(f"{URL}{call.pk}/wrap-up/", {"disposition": "x", "note": "Tomorrow.", "topics": ["late"]}))


# --- how long it took
def test_the_time_from_the_end_to_the_first_write_up_is_kept(agent, call, boss):
    DispositionFactory(code="x")
    shown = done(agent.post(f"{URL}{call.pk}/wrap-up/", {"disposition": "x"}))
    took = (timezone.now() - call.ended_at).total_seconds()
    assert took - 5 < shown["wrap_s"] <= took
    Call.objects.filter(pk=call.pk).update(ended_at=call.ended_at - timedelta(hours=1))
    assert done(boss.post(f"{URL}{call.pk}/wrap-up/", {"disposition": "x", "note": "More."}))["wrap_s"] == shown["wrap_s"]


def test_a_write_up_that_takes_longer_than_the_queue_allows_is_closed_and_may_still_come(agent, call):
    QueueFactory(slug="support", wrap_up_limit_s=60)
    DispositionFactory(code="x")
    calm, none = CallFactory(started_at=call.started_at, queue="free"), CallFactory(started_at=call.started_at)
    Call.objects.filter(pk=call.pk).update(queue="support")
    assert wrap_up_limits.close_overdue(now=call.ended_at + timedelta(seconds=59)) == 0
    assert wrap_up_limits.close_overdue(now=call.ended_at + timedelta(seconds=61)) == 1
    assert wrap_up_limits.close_overdue(now=call.ended_at + timedelta(seconds=62)) == 0
    call.refresh_from_db(), calm.refresh_from_db(), none.refresh_from_db()
    assert [one.wrap_up_state for one in (call, calm, none)] == ["auto_closed", "pending", "pending"]
    assert AuditEvent.objects.filter(subject_id=call.pk, verb="close_wrap_up").count() == 1
    shown = done(agent.post(f"{URL}{call.pk}/wrap-up/", {"disposition": "x"}))
    assert (shown["wrap_up_state"], shown["wrap_s"]) == ("done", 60)


# --- passed over
def test_a_write_up_is_passed_over_with_a_reason_by_whose_call_it_was(agent, call, client_of, boss):
    url = f"{URL}{call.pk}/skip-wrap-up/"
    refused(client_of("agent").post(url, {"reason": "Not mine."}), 403, "not_your_call")
    refused(agent.post(url, {}), 400, "invalid")
    refused(agent.post(url, {"reason": "x"}, HTTP_IF_MATCH='"77"'), 412, "version_conflict")
    shown = done(agent.post(url, {"reason": "The line broke."}))
    assert shown["wrap_up_state"] == "skipped" and shown["wrap_s"] > 0
    assert AuditEvent.objects.get(subject_id=call.pk, verb="skip_wrap_up").reason == "The line broke."
    assert refused(boss.post(url, {"reason": "Again."}), 409, "nothing_to_write_up")["current"] == "skipped"
    DispositionFactory(code="x")
    assert done(agent.post(f"{URL}{call.pk}/wrap-up/", {"disposition": "x"}))["wrap_up_state"] == "done"


def test_a_late_event_does_not_ask_again_for_what_was_passed_over(client_of):
    at = AgentExtensionFactory(extension="201")
    begun = {"call_id": "c1", "direction": "inbound", "from": "84951234567", "occurred_at": "2026-11-20T10:00:00Z"}
    for event in (
        {**begun, "type": "call.initiated"},
        {"type": "leg.answered", "call_id": "c1", "agent": "201", "occurred_at": "2026-11-20T10:00:09Z"},
        {"type": "call.ended", "call_id": "c1", "occurred_at": "2026-11-20T10:02:00Z"},
    ):
        call_id = intake.receive(at.phone_system, event, now=timezone.now()).call_id
    assert Call.objects.get(pk=call_id).wrap_up_state == "pending"
    done(client_of("agent", user=at.user).post(f"{URL}{call_id}/skip-wrap-up/", {"reason": "Nothing."}))
    late = {"type": "recording.available", "call_id": "c1", "recording": {"id": "1"}, "occurred_at": "2026-11-20T10:03:00Z"}
    intake.receive(at.phone_system, late, now=timezone.now())
    assert Call.objects.get(pk=call_id).wrap_up_state == "skipped"


# --- calls out that reached nobody
@pytest.mark.parametrize(("asked", "state"), [(True, "pending"), (False, "none")])
@pytest.mark.parametrize("cause", [17, 19, 1, 34])
def test_a_call_out_that_reached_nobody_waits_to_be_written_up_too(settings, client_of, asked, state, cause):
    settings.WRAP_UP_FAILED_OUTBOUND = asked
    at = AgentExtensionFactory(extension="201")
    begun = {"type": "call.initiated", "direction": "outbound", "to": "84951234567", "agent": "201", "call_id": "c1"}
    intake.receive(at.phone_system, {**begun, "occurred_at": "2026-11-20T10:00:00Z"}, now=timezone.now())
    ended = {"type": "call.ended", "call_id": "c1", "cause": cause, "occurred_at": "2026-11-20T10:00:30Z"}
    call = Call.objects.get(pk=intake.receive(at.phone_system, ended, now=timezone.now()).call_id)
    assert call.agent == at.user and call.outcome not in ("", "answered")
    assert call.wrap_up_state == state
    if asked:
        DispositionFactory(code="nobody", direction="outbound")
        done(client_of("agent", user=at.user).post(f"{URL}{call.pk}/wrap-up/", {"disposition": "nobody"}))


def test_a_call_out_that_no_operator_made_waits_for_nobody():
    at = AgentExtensionFactory(extension="201")
    begun = {"type": "call.initiated", "direction": "outbound", "to": "84951234567", "call_id": "c1", "occurred_at": "2026-11-20T10:00:00Z"}
    intake.receive(at.phone_system, begun, now=timezone.now())
    ended = {"type": "call.ended", "call_id": "c1", "cause": 17, "occurred_at": "2026-11-20T10:00:30Z"}
    assert Call.objects.get(pk=intake.receive(at.phone_system, ended, now=timezone.now()).call_id).wrap_up_state == "none"


# --- the lock
@pytest.fixture
def written(agent, call):
    DispositionFactory(code="x"), DispositionFactory(code="y")
    done(agent.post(f"{URL}{call.pk}/wrap-up/", {"disposition": "x"}))
    return call


def test_what_a_supervisor_locked_only_supervisors_correct(agent, boss, written, client_of):
    url = f"{URL}{written.pk}/"
    refused(agent.post(f"{url}lock/"), 403, "permission_denied")
    refused(boss.post(f"{url}lock/", HTTP_IF_MATCH='"77"'), 412, "version_conflict")
    locked = done(boss.post(f"{url}lock/"))
    assert done(boss.post(f"{url}lock/"))["disposition_locked_at"] == locked["disposition_locked_at"] is not None
    assert refused(agent.post(f"{url}wrap-up/", {"disposition": "y"}), 403, "disposition_locked")["locked_at"]
    assert done(client_of("admin").post(f"{url}wrap-up/", {"disposition": "y"}))["disposition"] == "y"
    assert done(boss.post(f"{url}unlock/"))["disposition_locked_at"] is None
    assert done(agent.post(f"{url}wrap-up/", {"disposition": "x"}))["disposition"] == "x"


def test_time_locks_too_and_a_supervisor_opens_it_again(settings, agent, boss, written):
    settings.WRAP_UP_OPEN_HOURS = 24
    url = f"{URL}{written.pk}/"
    done(agent.post(f"{url}wrap-up/", {"disposition": "y"}))
    CallDisposition.objects.filter(call=written, number=1).update(at=timezone.now() - timedelta(hours=25))
    refused(agent.post(f"{url}wrap-up/", {"disposition": "x"}), 403, "disposition_locked")
    done(boss.post(f"{url}unlock/"))
    done(agent.post(f"{url}wrap-up/", {"disposition": "x"}))
    Call.objects.filter(pk=written.pk).update(disposition_unlocked_at=timezone.now() - timedelta(hours=25))
    refused(agent.post(f"{url}wrap-up/", {"disposition": "y"}), 403, "disposition_locked")
    settings.WRAP_UP_OPEN_HOURS = 0
    done(agent.post(f"{url}wrap-up/", {"disposition": "y"}))


def test_a_first_write_up_never_comes_too_late(settings, agent, boss, call):
    settings.WRAP_UP_OPEN_HOURS = 1
    DispositionFactory(code="x")
    Call.objects.filter(pk=call.pk).update(ended_at=timezone.now() - timedelta(days=3))
    done(boss.post(f"{URL}{call.pk}/lock/"))
    done(agent.post(f"{URL}{call.pk}/wrap-up/", {"disposition": "x"}))
