"""P22: one chain from the hand-out to what came of it, each link made over HTTP and found again from the contact and from the reports."""

import pytest

from tests.contract.recipes.orders import body as an_order
from tests.contract.recipes.surveys import in_use
from tests.factories.campaigns import CampaignFactory, TargetFactory
from tests.factories.crm import ContactPhoneFactory
from tests.factories.dispositions import DispositionFactory

pytestmark = pytest.mark.django_db


def test_a_call_an_order_a_complaint_and_a_survey_are_told_as_one_chain(client_of):
    agent, boss, version = client_of("agent"), client_of("supervisor"), in_use()
    sold = DispositionFactory(code="sold-it", direction="outbound", contact_made=True, right_party=True, success=True, final=True)
    campaign = CampaignFactory(agents=[agent.user], kind="sales", survey=version.survey, survey_version=version)
    contact = TargetFactory(campaign=campaign, contact=ContactPhoneFactory().contact).contact

    def done(url, said):
        answer = agent.post(f"/api/v1/{url}/", said, format="json")
        assert answer.status_code in (200, 201), answer.content
        return answer.json()

    held = done(f"campaigns/{campaign.pk}/next", {})["in_hand"]
    origin = {"kind": "attempt", "id": held["attempt"]}
    survey = done("survey-responses", {"attempt": held["attempt"]})
    order = done("orders", an_order() | {"contact": str(contact.pk), "origin": origin, "place": True})
    complaint = done("complaints", {"contact": str(contact.pk), "summary": "The last parcel was late", "channel": "call", "origin": origin})
    attempt = done(f"attempts/{held['attempt']}/report", {"token": held["token"], "disposition": sold.code})

    assert attempt["call"] and survey["attempt"] == held["attempt"]
    (brought,) = [one for one in boss.get("/api/v1/conversions/", {"attempt": held["attempt"]}).json()["results"] if one["kind"] == "order"]
    assert (brought["order"], brought["agent"], brought["campaign"]) == (order["id"], str(agent.user.pk), str(campaign.pk))
    told = boss.get(f"/api/v1/contacts/{contact.pk}/timeline/").json()["results"]
    assert {one["id"] for one in told} >= {held["attempt"], order["id"], complaint["id"], survey["id"], attempt["call"]}
    figures = boss.get(f"/api/v1/campaigns/{campaign.pk}/results/").json()
    assert (figures["funnel"]["successes"], figures["funnel"]["targets"]) == (1, 1)
    origins = boss.get("/api/v1/reports/origins/").json()
    assert str(campaign.number) in str(origins) or str(campaign.pk) in str(origins)
