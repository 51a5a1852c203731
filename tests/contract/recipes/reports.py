"""Recipes of reports, the wallboard and alarms."""

from calls import rollups
from tests.contract.recipes.asked import Asked, recipe
from tests.factories.alarms import AlarmFactory
from tests.factories.calls import CallFactory, QueueFactory


@recipe("reports_calls")
def calls_by_interval() -> Asked:
    call = CallFactory(queue=QueueFactory().slug)
    rollups.sweep()
    return Asked(query={"since": "2026-11-23", "until": "2026-11-24", "group_by": "queue", "queue": call.queue})


@recipe("wallboard_retrieve")
def how_the_queues_stand() -> Asked:
    return Asked(CallFactory(queue=QueueFactory().slug, open=True))


@recipe("alarms_list", "alarms_retrieve", "alarms_acknowledge")
def an_alarm() -> Asked:
    return Asked(AlarmFactory())
