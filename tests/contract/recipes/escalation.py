"""Recipes of escalation."""

from datetime import timedelta

from tests.contract.recipes.asked import Asked, catalogue, recipe
from tests.factories.complaints import EscalationPolicyFactory, EscalationStepFactory
from tests.factories.crm import DepartmentFactory, TeamFactory


def level(**fields) -> dict:
    return {"offset_s": 0, "target": "leads", **fields}


def ladder() -> dict:
    levels = [level(offset_s=-3600, emails=True), level(target="team", team=str(TeamFactory().pk), repeat_every_s=3600, repeat_times=2)]
    levels.append(level(offset_s=7200, target="head", transfers_to=str(DepartmentFactory().pk), raises_priority=True))
    return {"name": "Claims", "quiet_from": "21:00", "quiet_until": "08:00", "levels": levels}


catalogue(
    "escalation_policies", lambda: EscalationPolicyFactory(levels=2), ladder, {"quiet_from": None, "quiet_until": None, "levels": [level()]}
)


@recipe("escalation_policies_preview")
def preview() -> Asked:
    return Asked(EscalationPolicyFactory(levels=3), {"target_s": 144000, "metric": "resolve", "department": str(DepartmentFactory().pk)})


@recipe("escalations_list", "escalations_retrieve", "escalations_acknowledge")
def a_step() -> Asked:
    step = EscalationStepFactory()
    step.planned_at, step.did = step.fired_at - timedelta(seconds=6), ["notified"]
    step.save()
    return Asked(step)
