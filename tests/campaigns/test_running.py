"""A campaign's life, and its audience: what it needs to begin, what ends it, and who is in it and who is not, and why."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from calls import callbacks
from calls.models import Callback
from campaigns import audiences, dry_runs, handout, preparing, reporting, running
from campaigns.models import Attempt, Campaign, DryRun, LeftOut, Target
from config.platform.models import AuditEvent, FeedMessage, OutboxEvent
from crm import calling_policies
from crm.models import CallingLimit, CallingWindow
from tests.concurrency.test_orders import at_once
from tests.factories.calling import CallingLimitFactory, CallingWindowFactory
from tests.factories.campaigns import AudienceSourceFactory, CampaignFactory, ContactListFactory, ContactListMemberFactory, TargetFactory
from tests.factories.consent import ConsentFactory, SuppressionFactory
from tests.factories.crm import ContactFactory, DepartmentFactory
from tests.factories.dispositions import DispositionFactory
from tests.factories.platform import UserFactory
from tests.factories.scripts import ScriptVersionFactory

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def lead(db):
    return UserFactory(role="supervisor")


def prepared(**fields):
    campaign = CampaignFactory(**({"status": "draft"} | fields))
    TargetFactory(campaign=campaign, contact=ContactFactory(phones=True))
    return campaign


def dry(campaign, lead, at=None):
    dry_runs.begin(campaign.pk, by=lead, now=at or timezone.now())
    while dry_runs.run_owed(now=timezone.now()):
        pass


@pytest.mark.django_db
def test_it_begins_after_a_dry_run_of_what_it_is_now_or_by_force_with_a_reason(lead):
    campaign, now = prepared(), timezone.now()
    for force, reason in ((False, ""), (True, " "), (False, "Hurry")):
        with pytest.raises(running.DryRunNeeded):
            running.start(campaign.pk, force=force, reason=reason, by=lead, now=now)
    dry(campaign, lead)
    assert dry_runs.is_fresh(campaign, now=timezone.now())
    assert not dry_runs.is_fresh(campaign, now=timezone.now() + timedelta(hours=25)), "yesterday's says nothing"
    preparing.alter(campaign.pk, max_attempts=9, by=lead, now=now)
    with pytest.raises(running.DryRunNeeded):
        running.start(campaign.pk, by=lead, now=now)
    dry(campaign, lead)
    TargetFactory(campaign=campaign)
    with pytest.raises(running.DryRunNeeded):
        running.start(campaign.pk, by=lead, now=now)
    dry(campaign, lead)
    assert running.start(campaign.pk, by=lead, now=timezone.now()).status == "running"
    assert running.start(prepared().pk, force=True, reason="Hurry", by=lead, now=now).forced_reason == "Hurry"
    with pytest.raises(running.NobodyToCall):
        running.start(CampaignFactory(status="draft").pk, force=True, reason="Hurry", by=lead, now=now)
    with pytest.raises(running.TemplateNeverRuns):
        running.start(prepared(is_template=True).pk, force=True, reason="Hurry", by=lead, now=now)


@pytest.mark.django_db
def test_it_begins_by_itself_with_a_dry_run_of_its_own(lead):
    now = timezone.now()
    campaign = prepared()
    running.schedule(campaign.pk, starts_at=now + timedelta(hours=1), by=lead, now=now)
    running.tend(now=now)
    assert Campaign.objects.get(pk=campaign.pk).status == "scheduled"
    running.tend(now=now + timedelta(hours=1))
    while dry_runs.run_owed(now=now + timedelta(hours=1)):
        pass
    running.tend(now=now + timedelta(hours=1))
    running.tend(now=now + timedelta(hours=1))
    assert Campaign.objects.get(pk=campaign.pk).status == "running"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "because"),
    [
        ({"ends_at": NOW}, "Its time was over."),
        ({"goal": "successes", "goal_count": 1}, "Its goal was reached."),
        ({}, "Everybody was called, or may not be."),
    ],
)
def test_it_ends_by_itself_and_what_is_in_hand_goes_back(fields, because, lead):
    agent = UserFactory(role="agent")
    campaign = CampaignFactory(agents=[agent], **fields)
    if fields:
        TargetFactory(campaign=campaign, contact=ContactFactory(phones=True))
        attempt = handout.next_for(campaign.pk, agent=agent, now=NOW - timedelta(minutes=1)).attempt
    running.tend(now=NOW - timedelta(seconds=1)) if fields else None
    assert not fields or Campaign.objects.get(pk=campaign.pk).status == "running"
    TargetFactory(campaign=campaign, state="done", is_success=True)
    running.tend(now=NOW)
    running.tend(now=NOW)
    campaign.refresh_from_db()
    assert (campaign.status, campaign.ended_because) == ("completed", because)
    if fields:
        assert Attempt.objects.get(pk=attempt.pk).closing == "stopped"
        lost = FeedMessage.objects.get(recipient=agent, kind="campaign.contact_lost")
        assert (lost.data["attempt"], lost.data["why"]) == (str(attempt.pk), "stopped")


@pytest.mark.django_db
def test_it_is_not_over_while_a_promise_is_open_to_whoever_was_tried_often_enough():
    agent = UserFactory(role="agent")
    campaign = CampaignFactory(agents=[agent], max_attempts=2)
    target = TargetFactory(campaign=campaign, contact=ContactFactory(phones=True))
    later = DispositionFactory(direction="outbound", contact_made=True, callback=True)
    for at, said in (
        (NOW, {"disposition": later, "callback": {"at": NOW + timedelta(hours=3)}}),
        (NOW + timedelta(hours=3), {"outcome": "busy"}),
    ):
        held = handout.next_for(campaign.pk, agent=agent, now=at).attempt
        reporting.report(held.pk, held.lease_token, **said, by=agent, now=at + timedelta(minutes=1))
    target.refresh_from_db()
    assert target.state == "exhausted" and Callback.objects.open().count() == 1
    running.tend(now=NOW + timedelta(hours=4))
    assert Campaign.objects.get(pk=campaign.pk).status == "running"
    callbacks.cancel(Callback.objects.get().pk, reason="They wrote instead.", by=None, now=NOW + timedelta(hours=5))
    running.tend(now=NOW + timedelta(hours=5))
    assert Campaign.objects.get(pk=campaign.pk).status == "completed"


def on(campaign, *contacts, mode="include", **more):
    which = ContactListFactory()
    for one in contacts:
        ContactListMemberFactory(contact_list=which, contact=one)
    return AudienceSourceFactory(campaign=campaign, mode=mode, kind="list", query={}, contact_list=which, **more)


def built(campaign, at=NOW):
    audiences.build(campaign.pk, by=None, now=at)
    while audiences.run_owed(now=at):
        pass
    return campaign.audience_runs.order_by("-id").first()


def crowd():
    free, late, stopped, refused, numberless, out = (ContactFactory(phones=True) for _ in range(6))
    numberless.contact_phones.all().delete()
    SuppressionFactory(e164="", contact=stopped, starts_at=NOW - timedelta(days=1))
    ConsentFactory(contact=refused, purpose="service", status="refused", valid_from=NOW - timedelta(days=1))
    SuppressionFactory(e164="", contact=late, starts_at=NOW - timedelta(days=1), expires_at=NOW + timedelta(hours=1))
    return free, late, stopped, refused, numberless, out


@pytest.mark.django_db
def test_everybody_whom_the_sources_name_is_in_or_left_out_with_a_reason_and_newcomers_come_in_later():
    campaign, people = CampaignFactory(status="draft"), crowd()
    free, late, stopped, refused, numberless, out = people
    on(campaign, *people)
    on(campaign, free, priority=7)
    on(campaign, out, mode="exclude")
    run = built(campaign)
    assert dict(Target.objects.values_list("contact", "priority")) == {free.pk: 7, late.pk: 0}
    reasons = dict(LeftOut.objects.values_list("contact", "reason"))
    assert set(reasons) == {stopped.pk, refused.pk, numberless.pk, out.pk} and reasons[out.pk] == "excluded"
    assert (run.added, run.left_out, run.total, sum(run.reasons.values())) == (2, 4, 6, 4)
    on(campaign, new := ContactFactory(phones=True))
    again = built(campaign)
    assert (again.kind, again.added) == ("newcomers", 1) and Target.objects.filter(contact=new).exists()
    assert Target.objects.count() == 3


@pytest.mark.django_db
def test_the_fast_path_leaves_out_whom_the_gate_would(monkeypatch):
    people = crowd()
    answers = []
    for always in (False, True):
        campaign = CampaignFactory(status="draft")
        on(campaign, *people)
        if always:
            monkeypatch.setattr(audiences, "_left_out", lambda campaign, ids, subjects, at: audiences.judged(campaign, list(ids), at=at))
        built(campaign)
        answers.append(dict(LeftOut.objects.filter(campaign=campaign).values_list("contact", "reason")))
    assert answers[0] == answers[1] and len(answers[0]) == 3


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_and_one_that_fails_midway_leave_no_gap_and_no_double(monkeypatch):
    monkeypatch.setattr(audiences, "BATCH", 5)
    campaign = CampaignFactory(status="draft")
    on(campaign, *(ContactFactory(phones=True) for _ in range(40)))
    run = audiences.build(campaign.pk, by=None, now=NOW)
    audiences._step(run.pk)
    audiences._step(run.pk)
    whole, dies = audiences._write_left_out, [True]

    def dying(*args):
        if dies:
            dies.clear()
            raise SystemExit
        return whole(*args)

    monkeypatch.setattr(audiences, "_write_left_out", dying)
    with pytest.raises(SystemExit):
        audiences._step(run.pk)
    at_once(*[lambda: audiences.run_owed(now=NOW)] * 3)
    while audiences.run_owed(now=NOW):
        pass
    run.refresh_from_db()
    assert (run.status, run.added, run.seen, run.total) == ("done", 40, 40, 40)
    assert Target.objects.values("contact").distinct().count() == Target.objects.count() == 40


def not_started():
    rows = FeedMessage.objects.filter(kind="campaign.delayed").order_by("id")
    return [(row.recipient_id, row.data["reason"]) for row in rows]


@pytest.mark.django_db
def test_a_start_at_its_time_that_fails_is_told_once_to_whoever_leads_it_and_tried_again_with_a_pause(lead, client_of):
    now, operator = timezone.now(), UserFactory(role="agent")
    campaign = CampaignFactory(status="draft", by=lead, agents=[operator], department=DepartmentFactory(head=lead))
    running.schedule(campaign.pk, starts_at=now + timedelta(hours=1), by=lead, now=now)
    at = now + timedelta(hours=1)
    for seconds in (0, 15, 30, 301, 316):
        running.tend(now=at + timedelta(seconds=seconds))
    campaign.refresh_from_db()
    nobody = "There is nobody in the campaign: build its audience first."
    assert (campaign.status, campaign.start_problem) == ("scheduled", nobody)
    assert campaign.start_again_at == at + timedelta(seconds=301) + running.START_AGAIN
    assert not_started() == [(lead.pk, nobody)], "not at every try, and not to operators"
    assert OutboxEvent.objects.filter(type="campaign.delayed").count() == 1
    assert AuditEvent.objects.filter(verb="start_failed", subject_id=campaign.pk).count() == 1
    assert not campaign.dry_runs.exists(), "nothing to make one of"
    assert client_of("supervisor").get(f"/api/v1/campaigns/{campaign.pk}/").json()["start_problem"] == nobody
    TargetFactory(campaign=campaign, contact=ContactFactory(phones=True))
    running.tend(now=at + timedelta(seconds=400))
    assert not campaign.dry_runs.exists(), "it rests"
    at = campaign.start_again_at
    running.tend(now=at)
    while dry_runs.run_owed(now=timezone.now()):
        pass
    DryRun.objects.update(finished_at=at)
    running.tend(now=at + timedelta(seconds=15))
    campaign.refresh_from_db()
    assert (campaign.status, campaign.start_problem, campaign.start_again_at) == ("running", "", None)


@pytest.mark.django_db
def test_a_dry_run_that_fails_is_told_and_not_begun_anew_at_every_look(lead):
    now = timezone.now()
    campaign = prepared(by=lead)
    running.schedule(campaign.pk, starts_at=now + timedelta(hours=1), by=lead, now=now)
    at = now + timedelta(hours=1)
    for seconds in (0, 15, 30, 45, 200):
        running.tend(now=at + timedelta(seconds=seconds))
        DryRun.objects.update(status="failed", problem="It failed 5 times.")
    assert campaign.dry_runs.count() == 1
    assert not_started() == [(lead.pk, "The dry run failed: It failed 5 times.")]
    for seconds in (316, 331, 346):
        running.tend(now=at + timedelta(seconds=seconds))
        DryRun.objects.update(status="failed", problem="It failed 5 times.")
    assert campaign.dry_runs.count() == 2
    assert len(not_started()) == 1, "they know already"
    running.unschedule(campaign.pk, by=lead, now=at)
    campaign.refresh_from_db()
    assert (campaign.status, campaign.start_problem) == ("draft", "")


@pytest.mark.django_db
def test_a_script_that_was_never_published_holds_the_start_up_and_is_named(lead):
    now = timezone.now()
    campaign = prepared(by=lead, script=ScriptVersionFactory(draft=True).script)
    running.schedule(campaign.pk, starts_at=now + timedelta(hours=1), by=lead, now=now)
    running.tend(now=now + timedelta(hours=1))
    assert not_started() == [(lead.pk, "Publish the script first.")]
    running.cancel(campaign.pk, reason="Never mind.", by=lead, now=now)


@pytest.mark.django_db
def test_a_dry_run_is_out_of_date_when_the_house_changes_its_hours_or_limits(lead, client_of):
    campaign, now = prepared(), timezone.now()
    changes = [
        lambda: CallingWindowFactory(purpose="service", is_active=True),
        lambda: calling_policies.alter(CallingWindow.objects.get().pk, week=[], by=lead, now=now),
        lambda: CallingLimitFactory(purpose="service"),
        lambda: CallingLimit.objects.update(version=F("version") + 1),
    ]
    for change in changes:
        dry(campaign, lead)
        assert dry_runs.is_fresh(campaign, now=timezone.now())
        change()
        assert not dry_runs.is_fresh(campaign, now=timezone.now())
    dry(campaign, lead)
    CallingWindowFactory(purpose="marketing", is_active=True)
    SuppressionFactory(purpose="marketing")
    SuppressionFactory(purpose="service", channel="email")
    SuppressionFactory(purpose="service")
    SuppressionFactory(purpose="")
    told = client_of("supervisor").get(f"/api/v1/campaigns/{campaign.pk}/dry-run/").json()
    assert (told["is_fresh"], told["stops_since"]) == (True, 2), "of another purpose, or by another channel: nothing to it"
