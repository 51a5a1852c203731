"""A contact that nobody gives back: a supervisor takes it, its lease runs out; and whoever had it in hand is told."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns import excluding, handout, outcomes, taking_back
from campaigns.models import Attempt, Target
from config.platform.models import AuditEvent, FeedMessage
from tests.factories.calls import CallFactory, DispositionFactory
from tests.factories.campaigns import AttemptFactory, CampaignFactory, TargetFactory
from tests.factories.crm import ContactPhoneFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db


def taken_by(agent, **more):
    target = TargetFactory(campaign=CampaignFactory(agents=[agent]), contact=ContactPhoneFactory().contact, **more)
    return handout.next_for(target.campaign_id, agent=agent, now=timezone.now()).attempt


def told(user):
    rows = FeedMessage.objects.filter(recipient=user, kind="campaign.contact_lost").order_by("id")
    return [(row.data["attempt"], row.data["why"]) for row in rows]


def test_a_supervisor_takes_a_contact_back_and_the_holder_is_told_and_refused(client_of):
    agent, lead = client_of("agent"), client_of("supervisor")
    attempt = taken_by(agent.user)
    url = f"/api/v1/attempts/{attempt.pk}/"
    assert agent.post(f"{url}take-back/", {"reason": "x"}, format="json").status_code == 403
    assert lead.post(f"{url}take-back/", {}, format="json").status_code == 400, "and why"
    answer = lead.post(f"{url}take-back/", {"reason": "Their shift is over."}, format="json")
    assert (answer.status_code, answer.json()["closing"], answer.json()["reason"]) == (200, "taken", "Their shift is over.")
    assert told(agent.user) == [(str(attempt.pk), "taken")]
    refused = agent.post(f"{url}heartbeat/", {"token": str(attempt.lease_token)}, format="json")
    assert (refused.status_code, refused.json()["code"], refused.json()["closing"]) == (409, "lease_lost", "taken")
    target = Target.objects.get(pk=attempt.target_id)
    assert (target.state, target.is_ready) == ("pending", True)
    event = AuditEvent.objects.get(verb="take_back", subject_id=attempt.pk)
    assert (event.by, event.reason) == (lead.user, "Their shift is over.")
    assert excluding.exclude(target.pk, reason="Moved.", by=lead.user, now=timezone.now()).state == "suppressed"
    again = lead.post(f"{url}take-back/", {"reason": "Once more"}, format="json")
    assert (again.status_code, again.json()["code"], again.json()["closing"]) == (409, "attempt_over", "taken")


def test_what_the_old_holder_reports_is_late_when_somebody_else_has_them(client_of):
    agent, other = client_of("agent"), UserFactory(role="agent")
    attempt = taken_by(agent.user)
    attempt.campaign.agents.add(other)
    lead, now = UserFactory(role="supervisor"), timezone.now()
    taking_back.take_back(attempt.pk, reason="Away.", by=lead, now=now)
    second = handout.next_for(attempt.campaign_id, agent=other, now=now).attempt
    assert second.target_id == attempt.target_id and second.fence > attempt.fence
    said = agent.post(f"/api/v1/attempts/{attempt.pk}/report/", {"token": str(attempt.lease_token), "outcome": "busy"}, format="json")
    assert (said.status_code, said.json()["is_late"]) == (200, True)
    assert Target.objects.get(pk=attempt.target_id).state == "leased", "the second has them"


def test_whoever_is_talked_with_is_not_taken_and_a_write_up_that_nobody_writes_is():
    agent, lead, now = UserFactory(role="agent"), UserFactory(role="supervisor"), timezone.now()
    attempt = taken_by(agent)
    call = CallFactory(open=True, direction="outbound", agent=agent, customer_e164=attempt.e164, contact=attempt.contact)
    with pytest.raises(taking_back.ContactOnTheLine):
        taking_back.take_back(attempt.pk, reason="Now.", by=lead, now=now)
    Attempt.objects.filter(pk=attempt.pk).update(call=call, state="wrap")
    with pytest.raises(taking_back.ContactOnTheLine):
        taking_back.take_back(attempt.pk, reason="Now.", by=lead, now=now)
    call.state, call.outcome, call.answered_at, call.ended_at, call.wrap_up_state = "ended", "answered", now, now, "pending"
    call.save()
    closed = taking_back.take_back(attempt.pk, reason="They went home.", by=lead, now=now)
    closed.refresh_from_db()
    assert (closed.state, closed.closing, closed.counted) == ("closed", "result", "contact"), "it counts as the line told it"
    assert told(agent) == [(str(attempt.pk), "taken")]
    call.disposition, call.wrap_up_state = DispositionFactory(direction="outbound", success=True), "done"
    call.save()
    outcomes.become(closed, call, now=now)
    assert Target.objects.get(pk=attempt.target_id).is_success, "and may still be written up"


def test_whoever_was_silent_too_long_is_told_that_they_lost_the_contact():
    now = timezone.now()
    agent, dialler = UserFactory(role="agent"), UserFactory(role="integration")
    silent = taken_by(agent)
    batch = AttemptFactory(agent=None, leased_by=dialler, is_batch=True, leased_at=now)
    talking = AttemptFactory(leased_at=now)
    CallFactory(open=True, direction="outbound", customer_e164=talking.e164)
    handout.expire(now=now + timedelta(hours=1))
    handout.expire(now=now + timedelta(hours=1))
    assert told(agent) == [(str(silent.pk), "expired")]
    assert told(dialler) == [(str(batch.pk), "expired")]
    assert told(talking.agent) == [], "its end is waited for"
