"""Recipes of what customers say of their complaints, and of reports of complaints."""

from django.utils import timezone

from tests.contract.recipes.asked import RECIPES, Asked, recipe
from tests.factories.calls import CallFactory
from tests.factories.complaints import ClockFactory, ComplaintFactory, RootCauseFactory, SatisfactionFactory
from tests.factories.crm import ContactFactory


@recipe("satisfaction_list", "satisfaction_retrieve")
def a_question() -> Asked:
    return Asked(SatisfactionFactory())


@recipe("complaints_satisfaction", "complaints_satisfaction_decline")
def of_a_complaint() -> Asked:
    return Asked(SatisfactionFactory().complaint)


@recipe("complaints_satisfaction_answer")
def an_answer() -> Asked:
    said = {"score": 4, "is_solved": True, "comment": "It took long.", "call": str(CallFactory().pk)}
    return Asked(SatisfactionFactory().complaint, said)


@recipe("complaints_satisfaction_link")
def a_link() -> Asked:
    return Asked(SatisfactionFactory().complaint, {"by_email": False})


def figures(query: dict[str, str]) -> Asked:
    """A little of everything that reports count."""
    now, contact = timezone.now(), ContactFactory()
    for _ in range(3):
        complaint = ComplaintFactory(closed=True, received_at=now, contact=contact, root_cause=RootCauseFactory())
        ClockFactory(complaint=complaint, state="met", stopped_at=now, spent_s=60)
        SatisfactionFactory(complaint=complaint, state="answered", answered_at=now, score=5, is_solved=True)
    ComplaintFactory(received_at=now)
    return Asked(query=query)


for name, query in {
    "open": {},
    "promises": {"by": "department", "interval": "1d"},
    "times": {},
    "outcomes": {"by": "topic"},
    "root_causes": {},
    "redress": {},
    "repeated": {"at_least": "2"},
    "satisfaction": {"by": "agent"},
}.items():
    RECIPES[f"reports_complaints_{name}"] = lambda query=query: figures(query)
