"""Complaints in the admin: changed and moved on through the same doors as everywhere."""

import pytest
from django.urls import reverse

from complaints.models import Complaint
from config.platform.models import AuditEvent, Role
from tests.complaints.statuses import RULING
from tests.config.test_admin_pages import address, client_for
from tests.factories.complaints import ClockFactory, ComplaintFactory, SLAPolicyFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db


def page_of(name: str, complaint: Complaint) -> str:
    return reverse(f"admin:complaints_complaint_{name}", args=[complaint.pk])


def test_each_step_is_a_button_with_a_question_and_a_second_press_is_refused():
    supervisor, complaint = client_for(Role.SUPERVISOR), ComplaintFactory(acknowledged_at=None)
    for name, said, to in (
        ("acknowledge", {}, "acknowledged"), ("start", {}, "in_progress"), ("wait_for_third_party", {"said": "The carrier."}, "waiting_third_party"),
        ("carry_on", {}, "in_progress"), ("decide", RULING, "decided"), ("communicate", {"via": "letter"}, "decided"),
        ("resolve", {}, "resolved"), ("close", {}, "closed"), ("reopen", {"said": "It flickers."}, "reopened"),
        ("solve", RULING | {"communicated_via": ""}, "resolved"),
    ):  # fmt: skip
        was = Complaint.objects.get(pk=complaint.pk).status
        assert "<form" in supervisor.get(page_of(name, complaint)).content.decode()
        assert Complaint.objects.get(pk=complaint.pk).status == was, "looking at the question moves nothing"
        assert supervisor.post(page_of(name, complaint), said).status_code == 302, name
        assert Complaint.objects.get(pk=complaint.pk).status == to
    assert supervisor.post(page_of("solve", complaint), RULING).status_code == 403
    assert AuditEvent.objects.filter(subject_id=complaint.pk, by__role=Role.SUPERVISOR).count() == 10


def test_what_is_changed_on_the_page_goes_through_the_doors():
    SLAPolicyFactory(position=1, priorities=["urgent"])
    supervisor, complaint, person = client_for(Role.SUPERVISOR), ClockFactory().complaint, UserFactory()
    page = supervisor.get(address(Complaint, "change", complaint.pk)).content.decode()
    assert complaint.clocks.get().get_metric_display() in page
    form = {
        name: getattr(complaint, name) or ""
        for name in ("kind", "impact", "priority", "summary", "description", "remedy_sought", "currency")
    }
    form |= {"severity": "critical", "priority": "urgent", "assignee": str(person.pk), "topic": str(complaint.topic_id), "product": ""}
    form |= {"amount_claimed": "", "root_cause": "", "corrective_action": ""}
    inlines = ("messages", "clocks", "transfers", "escalations", "attachments")
    form |= {f"{part}-{what}_FORMS": 0 for part in inlines for what in ("TOTAL", "INITIAL")}
    answer = supervisor.post(address(Complaint, "change", complaint.pk), form)
    assert answer.status_code == 302, answer.context["errors"]
    complaint.refresh_from_db()
    assert (complaint.severity, complaint.assignee, complaint.status) == ("critical", person, "assigned")
    assert sorted(AuditEvent.objects.filter(subject_id=complaint.pk).values_list("verb", flat=True)) == ["alter", "assign"]
    refused = supervisor.post(address(Complaint, "change", complaint.pk), form | {"assignee": ""})
    assert "Give it to somebody" in refused.content.decode()
    refused = supervisor.post(address(Complaint, "change", complaint.pk), form | {"amount_claimed": "5"})
    assert "An amount needs its currency." in refused.content.decode()


def test_a_ruling_that_the_doors_refuse_is_told_on_its_form():
    supervisor, complaint = client_for(Role.SUPERVISOR), ComplaintFactory(in_progress=True, amount_claimed="1.00", currency="EUR")
    page = supervisor.post(page_of("decide", complaint), RULING | {"currency": "USD"}).content.decode()
    assert "Its amounts are in EUR" in page
    page = supervisor.post(page_of("decide", complaint), RULING | {"redress": "apology"}).content.decode()
    assert "An amount needs its currency" in page
    assert Complaint.objects.get(pk=complaint.pk).status == "in_progress"


def test_a_trial_at_the_end_of_days_is_told_on_its_form():
    SLAPolicyFactory()
    page = client_for(Role.SUPERVISOR).get(reverse("admin:complaints_slapolicy_try_out"), {"at": "9999-12-31T23:59"})
    assert "between 1991 and 2099" in page.content.decode()
