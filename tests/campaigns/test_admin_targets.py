"""A supervisor finds on a page why somebody is called, or is not, and takes people out of campaigns and out of hands."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Attempt, AudienceSource, Campaign, RetryRule, Target
from config.platform.models import AuditEvent, FeedMessage
from tests.factories.campaigns import AttemptFactory, CampaignFactory, RetryRuleFactory, TargetFactory
from tests.factories.crm import ContactPhoneFactory
from tests.factories.exports import SavedFilterFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db


def test_the_page_names_every_rule_that_stands_against_a_call_and_writes_nothing():
    target = TargetFactory(campaign__status="paused")
    ContactPhoneFactory(contact=target.contact)
    client = Client()
    client.force_login(UserFactory(role="supervisor"), backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("admin:campaigns_target_explain", args=[target.pk]))
    told = page.content.decode()
    assert page.status_code == 200 and "campaign_not_running" in told and "never by itself" in told
    version = target.version
    target.refresh_from_db()
    assert target.version == version
    agent = Client()
    agent.force_login(UserFactory(role="agent"), backend="django.contrib.auth.backends.ModelBackend")
    assert agent.get(reverse("admin:campaigns_target_explain", args=[target.pk])).status_code == 302


def signed_in(role="supervisor"):
    client = Client()
    client.force_login(UserFactory(role=role), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_whoever_leads_takes_somebody_out_of_a_campaign_and_brings_them_back():
    target, client = TargetFactory(contact=ContactPhoneFactory().contact), signed_in()
    page, out, back = (reverse(f"admin:campaigns_target_{name}", args=[target.pk]) for name in ("change", "take_out", "bring_back"))
    shown = client.get(page).content.decode()
    assert out in shown and back not in shown
    assert client.post(out, {"said": ""}).status_code == 302 and Target.objects.get().state == "pending", "and why"
    client.post(out, {"said": "They moved abroad."})
    assert (Target.objects.get().state, Target.objects.get().reason) == ("suppressed", "excluded")
    assert AuditEvent.objects.get(verb="exclude").reason == "They moved abroad."
    shown = client.get(page).content.decode()
    assert back in shown and out not in shown
    client.post(back, {})
    assert (Target.objects.get().state, Target.objects.get().is_ready) == ("pending", True)


def test_whoever_leads_takes_a_contact_out_of_the_hands_that_have_it():
    attempt, client = AttemptFactory(leased_at=timezone.now()), signed_in()
    assert (
        reverse("admin:campaigns_target_take_out", args=[attempt.target_id])
        not in client.get(reverse("admin:campaigns_target_change", args=[attempt.target_id])).content.decode()
    ), "somebody has them in hand"
    page, take = (reverse(f"admin:campaigns_attempt_{name}", args=[attempt.pk]) for name in ("change", "take_back"))
    assert take in client.get(page).content.decode()
    agent = signed_in("agent")
    agent.post(take, {"said": "Mine."})
    assert Attempt.objects.get().state == "leased"
    client.post(take, {"said": "Their shift is over."})
    assert (Attempt.objects.get().closing, Attempt.objects.get().reason) == ("taken", "Their shift is over.")
    assert FeedMessage.objects.get(kind="campaign.contact_lost").recipient == attempt.agent
    assert take not in client.get(page).content.decode()


def filled(answer):
    """What the forms of a page would send as they stand."""
    data = {}
    formsets = [one.formset for one in answer.context["inline_admin_formsets"]]
    for form in [answer.context["adminform"].form, *(part for one in formsets for part in (one.management_form, *one.initial_forms))]:
        data |= {field.html_name: "" if field.value() is None else field.value() for field in form}
    return {name: value for name, value in data.items() if value is not False and not isinstance(value, dict)}


def test_rules_of_trying_again_are_written_on_the_page_of_their_campaign_so_that_whoever_was_used_up_is_looked_at_again():
    rule, client = RetryRuleFactory(delay_s=600), signed_in()
    address = reverse("admin:campaigns_retryrule_change", args=[rule.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"delay_s": 5}).status_code == 403, "not past the campaign"
    page = reverse("admin:campaigns_campaign_change", args=[rule.campaign_id])
    data = filled(client.get(page))
    assert data["retry_rules-0-delay_s"] == 600
    assert client.post(page, data | {"retry_rules-0-delay_s": "1200"}).status_code == 302
    campaign = Campaign.objects.get()
    assert RetryRule.objects.get().delay_s == 1200 and campaign.limits_grew_at is not None
    assert AuditEvent.objects.filter(verb="alter", subject_id=campaign.pk).count() == 1
    Campaign.objects.update(status="archived", ended_at=timezone.now(), limits_grew_at=None)
    client.post(page, data | {"retry_rules-0-delay_s": "5"})
    assert RetryRule.objects.get().delay_s == 1200, "one that was put away stays as it was"


def test_a_source_takes_its_query_from_a_saved_filter():
    client, campaign = signed_in(), CampaignFactory(status="draft")
    kept = SavedFilterFactory(is_shared=True, entity="contacts", query={"lifecycle": "client"})
    page = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    source = {"mode": "include", "kind": "filter", "priority": "0", "saved_filter": str(kept.pk), "query": ""}
    data = filled(client.get(page)) | {"sources-TOTAL_FORMS": "1"} | {f"sources-0-{name}": value for name, value in source.items()}
    answer = client.post(page, data)
    assert answer.status_code == 302, answer.context["errors"]
    made = AudienceSource.objects.get()
    assert (made.saved_filter, made.query) == (kept, {"lifecycle": "client"})


def test_the_page_of_a_campaign_that_could_not_begin_says_why():
    at = timezone.now() + timedelta(minutes=5)
    campaign = CampaignFactory(status="scheduled", starts_at=at, start_problem="Publish the script first.", start_again_at=at)
    client = signed_in()
    shown = client.get(reverse("admin:campaigns_campaign_change", args=[campaign.pk])).content.decode()
    assert "It could not begin at its time" in shown and "Publish the script first." in shown
    assert "Could not start" in client.get(reverse("admin:campaigns_campaign_changelist")).content.decode()
