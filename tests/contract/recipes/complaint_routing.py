"""Recipes of routing, promises, and the transfers of complaints."""

from tests.contract.recipes.asked import RECIPES, Asked, catalogue, recipe
from tests.factories.complaints import ComplaintFactory, ComplaintTransferFactory, RoutingRuleFactory, SLAPolicyFactory
from tests.factories.crm import ContactFactory, DepartmentFactory, TopicFactory
from tests.factories.offers import CategoryFactory, ProductFactory
from tests.factories.platform import UserFactory


def a_rule():
    return RoutingRuleFactory(
        kinds=["claim"], languages=["en"], topics=[TopicFactory()], products=[ProductFactory()], categories=[CategoryFactory()]
    )


catalogue(
    "routing_rules",
    RoutingRuleFactory,
    lambda: {
        "name": "Claims about bills",
        "position": 10,
        "kinds": ["claim"],
        "languages": ["en"],
        "topics": [str(TopicFactory().pk)],
        "department": str(DepartmentFactory().pk),
        "choice": "direct",
        "person": str(UserFactory().pk),
    },
    {"position": 3},
)
catalogue(
    "sla_policies",
    SLAPolicyFactory,
    lambda: {"name": "Claims", "kinds": ["claim"], "resolve_s": 144_000, "counted": "always"},
    {"acknowledge_s": 1800},
)


def would_be() -> dict:
    return {"kind": "claim", "severity": "high", "contact": str(ContactFactory().pk), "at": "2026-11-20T16:30:00Z"}


@recipe("routing_rules_try_out")
def trial() -> Asked:
    department = DepartmentFactory()
    department.members.add(UserFactory(role="back_office"))
    RoutingRuleFactory(department=department, choice="round_robin")
    RoutingRuleFactory(kinds=["question"])
    return Asked(body=would_be())


@recipe("sla_policies_try_out")
def promises() -> Asked:
    SLAPolicyFactory()
    return Asked(body=would_be())


@recipe("complaints_transfer")
def transfer() -> Asked:
    return Asked(ComplaintFactory(), {"department": str(DepartmentFactory().pk), "reason": "It is about a bill."})


@recipe("complaints_accept")
def accept() -> Asked:
    return Asked(ComplaintTransferFactory().complaint)


@recipe("complaints_give_back")
def give_back() -> Asked:
    return Asked(ComplaintTransferFactory().complaint, {"reason": "Claims decide it."})


@recipe("complaints_transfers")
def transfers_of_one() -> Asked:
    return Asked(ComplaintTransferFactory().complaint)


RECIPES["complaint_transfers_list"] = RECIPES["complaint_transfers_retrieve"] = lambda: Asked(ComplaintTransferFactory())
