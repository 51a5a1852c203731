"""A supervisor finds on a page why somebody is called, or is not."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.campaigns import TargetFactory
from tests.factories.crm import ContactPhoneFactory
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
