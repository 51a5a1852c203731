"""Diallers report while the phone system tells of the same calls: each attempt has one call, whoever is quicker."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction

from calls import intake
from calls.models import Call
from campaigns import handout, reporting
from campaigns.models import Attempt
from tests.calls.scenarios import BEGIN, CALLER, begun, event
from tests.concurrency.test_events import at_once
from tests.factories.calls import AgentExtensionFactory, PhoneSystemFactory
from tests.factories.campaigns import CampaignFactory, TargetFactory
from tests.factories.crm import ContactFactory
from tests.factories.dispositions import DispositionFactory
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


def test_who_writes_up_a_call_by_hand_while_it_becomes_that_of_the_line_sends_it_again(client_of):
    seat = AgentExtensionFactory(extension="201")
    campaign = CampaignFactory(agents=[seat.user])
    TargetFactory(campaign=campaign, contact=ContactFactory(phones=[CALLER]))
    attempt = handout.next_for(campaign.pk, agent=seat.user, now=BEGIN - timedelta(seconds=30)).attempt
    written = reporting.report(attempt.pk, attempt.lease_token, outcome="no_answer", by=seat.user, now=NOW).call_id
    agent, way = client_of(user=seat.user), DispositionFactory(direction="outbound")

    def write_up():
        try:
            return agent.post(f"/api/v1/calls/{written}/wrap-up/", {"disposition": way.code}, format="json")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Call.objects.select_for_update().get(pk=written)
            answer = pool.submit(write_up)
            until(somebody_waits_for_a_row)
            for one in (begun("outbound", agent={"extension": "201"}), event("call.ended", 20, cause=17)):
                intake.receive(seat.phone_system, one, now=NOW)
        first = answer.result(30)
    assert (first.status_code, first.json()["code"], first["Retry-After"]) == (409, "busy", "1")
    assert "part of another" in first.json()["detail"]
    again = write_up()
    assert again.status_code == 200 and again.json()["id"] == str(Call.objects.get().pk) != str(written)


def somebody_waits_for_a_row():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')")
        return cursor.fetchone()[0] > 0


def until(holds, within_s=20):
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "nobody waits"
        time.sleep(0.02)
