"""The hand-out over HTTP: what an operator's screen is answered when somebody can be called, and when nobody can."""

import pytest
from django.utils import timezone

from calls.models import CallRequest
from campaigns.models import Attempt
from crm import suppression
from crm.models import Contact
from tests.factories.calling import CallingWindowFactory
from tests.factories.calls import AgentExtensionFactory
from tests.factories.campaigns import CampaignFactory, TargetFactory
from tests.factories.crm import ContactPhoneFactory

pytestmark = pytest.mark.django_db


def test_a_contact_is_taken_called_and_written_up_and_who_asks_twice_has_the_same(client_of):
    agent = client_of("agent")
    target = TargetFactory(campaign=CampaignFactory(agents=[agent.user]), contact=ContactPhoneFactory().contact)
    url = f"/api/v1/campaigns/{target.campaign_id}/next/"
    first, again = agent.post(url).json()["in_hand"], agent.post(url).json()["in_hand"]
    assert (first["attempt"], again["attempt"], again["why"]) == (again["attempt"], first["attempt"], "in_hand")
    assert first["contact"]["id"] == str(target.contact_id) and first["phones"][0] == first["phone"]
    said = agent.post(f"/api/v1/attempts/{first['attempt']}/report/", {"token": first["token"], "outcome": "busy"}, format="json")
    assert (said.status_code, said.json()["closing"]) == (200, "result")
    none = agent.post(url).json()
    assert none["in_hand"] is None and none["next_at"] > timezone.now().isoformat()
    why = client_of("supervisor").get(f"/api/v1/targets/{target.pk}/explain/").json()
    assert not why["allowed"] and {one["code"] for one in why["rules"] if one["verdict"] == "refused"} == {
        "retry_later",
        "tried_a_moment_ago",
    }


def test_who_does_not_work_in_a_campaign_and_one_that_does_not_run_are_told_apart(client_of):
    agent = client_of("agent")
    mine, others = CampaignFactory(status="paused", agents=[agent.user]), CampaignFactory()
    asked = [agent.post(f"/api/v1/campaigns/{one.pk}/next/") for one in (mine, others)]
    assert [(one.status_code, one.json()["code"]) for one in asked] == [(409, "campaign_not_running"), (403, "not_your_campaign")]
    assert asked[0].json()["campaign_status"] == "paused"
    token = {"token": "0199a1b2-9999-4000-8000-293a4b5c6d7e"}
    batch = f"/api/v1/campaigns/{mine.pk}/lease-batch/"
    assert agent.post(batch, {"most": 5}, format="json").status_code == 403, "an operator has one in hand at a time"
    assert client_of("supervisor").post(batch, {"most": 5}, format="json").status_code == 409
    assert agent.post(f"/api/v1/attempts/{mine.pk}/heartbeat/", token, format="json").status_code == 404


def test_nobody_is_collected_in_a_campaign_that_does_not_run(client_of):
    paused = CampaignFactory(kind="collection", status="paused")
    answer = client_of("supervisor").post(
        f"/api/v1/campaigns/{paused.pk}/collected/", {"phones": [{"number": "+74951234567"}]}, format="json"
    )
    assert (answer.status_code, answer.json()["campaign_status"]) == (409, "paused")


def test_whoever_may_not_be_called_any_more_is_not_dialled_and_leaves_the_hands(client_of):
    """P10: a no while they are in hand takes them back at once; and what the gate refuses at the dial is told with its reasons."""
    seat = AgentExtensionFactory(phone_system__takes_commands="poll")
    agent, campaign = client_of("agent", user=seat.user), CampaignFactory(agents=[seat.user])
    for _ in range(2):
        TargetFactory(campaign=campaign, contact=ContactPhoneFactory().contact)
    url = f"/api/v1/campaigns/{campaign.pk}/next/"

    first = agent.post(url).json()["in_hand"]
    suppression.add(
        contact=Contact.objects.get(pk=first["contact"]["id"]), purpose="service", source="customer", by=None, now=timezone.now()
    )
    refused = agent.post(f"/api/v1/attempts/{first['attempt']}/dial/", {"token": first["token"]}, format="json")
    assert (refused.status_code, refused.json()["code"], refused.json()["closing"]) == (409, "lease_lost", "revoked")

    second = agent.post(url).json()["in_hand"]
    assert second["attempt"] != first["attempt"]
    CallingWindowFactory(purpose="service", is_active=True, hours={(timezone.now().weekday() + 3) % 7: [(0, 60)]})
    refused = agent.post(f"/api/v1/attempts/{second['attempt']}/dial/", {"token": second["token"]}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "may_not_call")
    assert "outside_window" in {one["code"] for one in refused.json()["reasons"]}
    assert Attempt.objects.get(pk=second["attempt"]).closing == "revoked"
    assert CallRequest.objects.get().status == "refused"
