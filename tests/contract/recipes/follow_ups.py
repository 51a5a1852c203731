"""Recipes of tasks."""

from tests.contract.recipes.asked import Asked, recipe
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactFactory, TeamFactory
from tests.factories.follow_ups import TaskFactory
from tests.factories.platform import UserFactory


@recipe("tasks_list", "tasks_retrieve")
def a_task() -> Asked:
    return Asked(TaskFactory())


@recipe("tasks_create")
def new_task() -> Asked:
    return Asked(
        body={
            "title": "Call back",
            "contact": str(ContactFactory().pk),
            "team": str(TeamFactory().pk),
            "due_at": "2026-12-01T12:00:00+03:00",
            "origin": {"kind": "call", "id": str(CallFactory().pk)},
        }
    )


@recipe("tasks_partial_update")
def change_task() -> Asked:
    return Asked(TaskFactory(), {"assignee": str(UserFactory().pk), "due_at": None})


@recipe("tasks_complete")
def complete_task() -> Asked:
    return Asked(TaskFactory(), {"result": "She has paid."})


@recipe("tasks_cancel")
def cancel_task() -> Asked:
    return Asked(TaskFactory(), {"reason": "She called herself."})


@recipe("tasks_reopen")
def reopen_task() -> Asked:
    return Asked(TaskFactory(done=True), {"reason": "The payment bounced."})
