"""Recipes of queues."""

from tests.contract.recipes.asked import catalogue
from tests.factories.calls import QueueFactory
from tests.factories.crm import DepartmentFactory, TeamFactory

catalogue(
    "queues",
    QueueFactory,
    lambda: {"slug": "support", "name": "Support", "department": str(DepartmentFactory().pk), "teams": [str(TeamFactory().pk)]},
    {"return_within_s": 1800, "alarm_service_level": 70},
)
