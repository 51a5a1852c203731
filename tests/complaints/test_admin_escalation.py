"""Escalation in the admin: a ladder is written as people write it, is remembered, and shown as a picture; a step is taken on."""

import pytest
from django.test import Client
from django.urls import reverse

from complaints.models import EscalationPolicy
from config.platform.models import AuditEvent
from tests.factories.complaints import EscalationPolicyFactory, EscalationStepFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def supervisor() -> Client:
    client = Client()
    client.user = UserFactory(role="supervisor")
    client.force_login(client.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def form(policy, **changes):
    level = policy.levels.first()
    given = {
        "name": policy.name, "is_active": "on", "quiet_from": "21:00", "quiet_until": "08:00", "levels-TOTAL_FORMS": 2, "levels-INITIAL_FORMS": 1,
        "levels-MIN_NUM_FORMS": 0, "levels-MAX_NUM_FORMS": 1000,
    }  # fmt: skip
    for index, (pk, number, when) in enumerate(((level.pk, 1, "2 h before"), ("", 2, "1 h 30 min after"))):
        fields = {"id": pk, "policy": policy.pk, "number": number, "offset_s": when, "counted": "business", "target": "leads", "notifies": "on", "repeat_times": 0}  # fmt: skip
        given |= {f"levels-{index}-{name}": value for name, value in fields.items()}
    return given | changes


def test_a_ladder_is_written_in_words_and_remembered_with_its_levels(supervisor):
    policy = EscalationPolicyFactory(levels=1)
    url = reverse("admin:complaints_escalationpolicy_change", args=[policy.pk])
    answer = supervisor.post(url, form(policy))
    assert answer.status_code == 302, answer.context["errors"]
    policy = EscalationPolicy.objects.get()
    assert (policy.version, policy.quiet_from, policy.quiet_until) == (2, 21 * 60, 8 * 60)
    assert list(policy.levels.values_list("number", "offset_s")) == [(1, -7200), (2, 5400)]
    event = AuditEvent.objects.get(subject_id=policy.pk, verb="alter")
    had, has = event.facts["levels"]
    assert (len(had), has[1]) == (1, "2: 1 h 30 min of business time after the due time, the head and the team leads: notify")
    assert "Levels along a line of time" in supervisor.get(url).content.decode()
    wrong = supervisor.post(url, form(policy, **{"levels-TOTAL_FORMS": 1, "levels-0-offset_s": "soon"}))
    assert "Write it as 2 h before" in wrong.content.decode()


def test_a_supervisor_takes_an_escalation_on(supervisor):
    step = EscalationStepFactory()
    supervisor.post(reverse("admin:complaints_escalationstep_take_on", args=[step.pk]))
    step.refresh_from_db()
    assert step.acknowledged_by == supervisor.user
