"""Diallers report while the phone system tells of the same calls: each attempt has one call, whoever is quicker."""

from datetime import timedelta

import pytest

from calls import intake
from calls.models import Call
from campaigns import handout, reporting
from campaigns.models import Attempt
from tests.calls.scenarios import BEGIN, begun, event
from tests.concurrency.test_events import at_once
from tests.factories.calls import PhoneSystemFactory
from tests.factories.campaigns import CampaignFactory, TargetFactory
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 16
NOW = BEGIN + timedelta(minutes=2)


@pytest.mark.parametrize("has_id", [True, False], ids=["events carry the attempt", "events carry the number"])
def test_report_and_call_at_once_are_one_call(has_id):
    dialler, system = UserFactory(role="integration"), PhoneSystemFactory()
    campaign = CampaignFactory(agents=[dialler])
    for number in range(PEOPLE):
        TargetFactory(campaign=campaign, contact=ContactFactory(phones=[f"+749512300{number:02}"]))
    batch = handout.lease_batch(campaign.pk, by=dialler, most=PEOPLE, now=BEGIN - timedelta(seconds=30))
    assert len(batch) == PEOPLE

    def reports(attempt):
        return lambda: reporting.report(attempt.pk, attempt.lease_token, outcome="machine", by=dialler, now=NOW)

    def tells(attempt):
        named = {"call_id": str(attempt.pk), "to": attempt.e164} | ({"attempt_id": str(attempt.pk)} if has_id else {})

        def tell():
            for one in (begun("outbound"), event("call.ended", 20, cause=17)):
                intake.receive(system, one | named, now=NOW)

        return tell

    # neighbours are in the hands of different threads: both of an attempt, and each of them twice, at once
    at_once(lambda work: work(), [made(attempt) for attempt in batch for made in (reports, tells, tells, reports)])
    while intake.fold_waiting(now=NOW):
        pass
    assert Call.objects.count() == PEOPLE and set(Call.objects.values_list("source", "outcome")) == {("event", "busy")}
    assert set(Attempt.objects.values_list("outcome", "closing", "call__wrap_up_state")) == {("machine", "result", "skipped")}
    assert all(attempt.call.customer_e164 == attempt.e164 for attempt in Attempt.objects.select_related("call"))
