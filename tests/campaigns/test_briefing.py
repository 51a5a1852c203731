"""What an operator must know of a contact, also when a dialler took it: who may ask for it, from when on, and at which price."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Target
from config.platform.models import FeedMessage
from tests.factories.calls import AgentExtensionFactory, PhoneSystemFactory
from tests.factories.campaigns import AttemptFactory, CampaignFactory, TargetFactory
from tests.factories.crm import ContactPhoneFactory, NoteFactory
from tests.factories.offers import PromotionFactory
from tests.factories.scripts import ScriptVersionFactory

pytestmark = pytest.mark.django_db


def test_the_operator_to_whom_a_dialler_connects_is_briefed_from_the_ringing_on_and_nobody_else(client_of):
    system = PhoneSystemFactory(slug="dialler")
    seat = AgentExtensionFactory(phone_system=system)
    operator, other = client_of("agent", user=seat.user), client_of("agent")
    dialler = client_of("integration", scopes=["campaigns:work", "campaigns:read", "events:write"])
    campaign = CampaignFactory(agents=[operator.user, other.user], about="Tell of the new tariff.", promotion=PromotionFactory())
    TargetFactory(campaign=campaign, contact=ContactPhoneFactory().contact)
    batch = dialler.post(f"/api/v1/campaigns/{campaign.pk}/lease-batch/", {"most": 5}, format="json").json()
    assert (batch["campaign"]["about"], batch["waiting"]["leased"]) == ("Tell of the new tariff.", 1), "fewer than asked"
    lease = batch["results"][0]
    url = f"/api/v1/attempts/{lease['attempt']}/briefing/"

    def asked(*clients):
        return [one.get(url).status_code for one in clients]

    def event(kind, **more):
        body = {"type": kind, "event_id": kind, "call_id": "c-1", "direction": "outbound", "to": lease["phone"], **more}
        answer = dialler.post("/api/v1/calls/events/?phone_system=dialler", body, format="json")
        assert answer.status_code == 200, answer.content
        return answer.json()

    assert asked(operator, other, dialler, client_of("supervisor"), client_of("back_office")) == [404, 404, 200, 200, 403]
    event("call.initiated", attempt_id=lease["attempt"])
    call = event("leg.ringing", leg_id="l-1", agent=seat.extension)["call"]["id"]
    assert asked(operator, other) == [200, 404]
    pop = FeedMessage.objects.get(recipient=operator.user, kind="call.ringing").data["open"]["campaigns"]
    assert [(one["attempt"], one["call"]) for one in pop] == [(lease["attempt"], call)], "the screen pop names it"
    told = operator.get(url).json()
    assert (told["token"], told["promotion"]["code"], told["contact"]["id"]) == (
        lease["token"],
        campaign.promotion.code,
        lease["contact"]["id"],
    )
    assert {"script", "survey_version", "history", "attempts", "dispositions", "phones", "promise"} <= told.keys()
    assert client_of("supervisor").get(url).json()["token"] is None, "whoever leads looks on"
    event("leg.answered", leg_id="l-1", agent=seat.extension)
    event("call.ended", outcome="answered")
    assert asked(operator, other) == [200, 404], "to write it up too"


def test_a_batch_that_is_less_than_asked_says_when_to_ask_again(client_of):
    dialler = client_of("integration", scopes=["campaigns:work"])
    campaign, later = CampaignFactory(), timezone.now() + timedelta(hours=2)
    TargetFactory(campaign=campaign, contact=ContactPhoneFactory().contact)
    TargetFactory(campaign=campaign, state="retry_wait", is_ready=False, next_attempt_at=later)
    url = f"/api/v1/campaigns/{campaign.pk}/lease-batch/"
    full = dialler.post(url, {"most": 1}, format="json").json()
    assert (len(full["results"]), full["waiting"], full["next_at"]) == (1, {}, None)
    none = dialler.post(url, {"most": 1}, format="json").json()
    assert (none["results"], none["waiting"]["retry_wait"], none["next_at"][:16]) == ([], 1, later.isoformat()[:16])


def test_a_briefing_costs_the_same_however_much_was_before(client_of):
    lead = client_of("supervisor")
    campaign = CampaignFactory(script=ScriptVersionFactory().script, promotion=PromotionFactory())
    costs = []
    for many in (1, 6):
        target = TargetFactory(campaign=campaign, contact=ContactPhoneFactory().contact)
        for _ in range(many):
            AttemptFactory(target=target, state="closed", closing="result", outcome="busy", counted="contact")
            NoteFactory(contact=target.contact)
        Target.objects.filter(pk=target.pk).update(state="leased", is_ready=False)
        attempt = AttemptFactory(target=target)
        lead.get("/api/v1/me/")
        with CaptureQueriesContext(connection) as asked:
            told = lead.get(f"/api/v1/attempts/{attempt.pk}/briefing/").json()
        assert told["script"]["steps"] and len(told["attempts"]) == min(many, 5)
        costs.append(len(asked))
    assert costs[0] == costs[1], costs
