"""Recipes of scripts and of their runs."""

from config.platform.models import Role
from crm.models import ScriptVersion
from tests.contract.recipes.asked import Asked, catalogue, recipe
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactFactory, DepartmentFactory, TopicFactory
from tests.factories.platform import UserFactory
from tests.factories.scripts import STEPS, ScriptFactory, ScriptRunFactory, ScriptRunStepFactory, ScriptVersionFactory

catalogue(
    "scripts",
    lambda: ScriptFactory(topics=[TopicFactory()], queues=["support"], department=DepartmentFactory()),
    lambda: {
        "code": "late",
        "name": "Where is my parcel",
        "purpose": "inbound",
        "language": "en",
        "translation_key": "late",
        "topics": [TopicFactory().code],
        "queues": ["support"],
    },
    {"is_active": False, "topics": []},
)


@recipe("scripts_render")
def for_a_call() -> Asked:
    version = ScriptVersionFactory()
    return Asked(version.script, query={"call": str(CallFactory(contact=ContactFactory()).pk), "language": "en-PH"})


@recipe("script_versions_list", "script_versions_retrieve", "script_versions_check", "script_versions_publish", "script_versions_destroy")
def a_draft() -> Asked:
    return Asked(ScriptVersionFactory(draft=True))


@recipe("script_versions_create")
def new_draft() -> Asked:
    published = ScriptVersionFactory()
    return Asked(body={"script": str(published.script_id), "copy_of": str(published.pk), "comment": "Shorter."})


@recipe("script_versions_partial_update")
def write() -> Asked:
    return Asked(ScriptVersionFactory(draft=True), {"comment": "Shorter.", "steps": STEPS[:1]})


@recipe("script_versions_retire")
def in_use() -> Asked:
    return Asked(ScriptVersionFactory())


@recipe("calls_script")
def what_to_say() -> Asked:
    ScriptVersionFactory()
    return Asked(CallFactory(contact=ContactFactory()), query={"topic": TopicFactory().code})


@recipe("calls_script_runs")
def begin() -> Asked:
    return Asked(CallFactory(contact=ContactFactory()), {"script_version": str(ScriptVersionFactory().pk)})


@recipe("script_runs_list", "script_runs_retrieve", "script_runs_finish")
def a_run() -> Asked:
    run = ScriptRunFactory()
    ScriptRunStepFactory(run=run, sequence=1)
    return Asked(run, {})


@recipe("script_runs_steps")
def go_on() -> Asked:
    return Asked(ScriptRunFactory(agent=UserFactory(role=Role.AGENT)), {"sequence": 1, "step": "ready", "answer": "yes"})


@recipe("script_adherence_retrieve")
def how_close() -> Asked:
    run = ScriptRunFactory()
    run.finished_at = run.started_at
    run.save()
    assert run.script_version.status == ScriptVersion.Status.PUBLISHED
    return Asked(query={"group_by": "agent,script,interval", "after": "2026-11-20T00:00:00Z", "before": "2026-11-25T00:00:00Z"})
