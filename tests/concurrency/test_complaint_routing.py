"""Complaints that come at the same moment, over real connections."""

import pytest
from django.db import transaction
from django.utils import timezone

from complaints import routing, transfers
from complaints.models import Complaint
from tests.concurrency.test_orders import at_once
from tests.factories.complaints import ComplaintFactory, RoutingRuleFactory
from tests.factories.crm import DepartmentFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def receive(number: int) -> None:
    """As whoever receives a complaint does it: routed and saved in one transaction."""
    with transaction.atomic():
        complaint = Complaint(number=f"C-2026-8{number:05d}", summary="Broken", received_at=timezone.now())
        routing.route(complaint, now=timezone.now())
        complaint.save(force_insert=True)


@pytest.mark.parametrize("choice", ["round_robin", "least_busy"])
def test_complaints_that_come_at_once_go_to_as_many_people(choice):
    department = DepartmentFactory()
    department.members.set(UserFactory.create_batch(4, role="back_office"))
    RoutingRuleFactory(department=department, choice=choice)
    at_once(*(lambda number=number: receive(number) for number in range(8)))
    given = list(Complaint.objects.values_list("assignee", flat=True))
    assert len(given) == 8 and all(given.count(one) == 2 for one in set(given)) and len(set(given)) == 4


def test_of_those_who_accept_the_same_complaint_one_has_it():
    department, people = DepartmentFactory(), UserFactory.create_batch(3, role="back_office")
    department.members.set(people)
    complaint, now = ComplaintFactory(), timezone.now()
    transfers.transfer(complaint.pk, department=department, reason="It is about a bill.", by=UserFactory(), now=now)

    def accept(person) -> str:
        try:
            transfers.accept(complaint.pk, by=person, now=now)
        except transfers.NoTransferWaits:
            return "late"
        return "has it"

    assert sorted(at_once(*(lambda one=one: accept(one) for one in people))) == ["has it", "late", "late"]
