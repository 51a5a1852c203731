"""Recipes of callbacks."""

from datetime import timedelta

from django.utils import timezone

from tests.contract.recipes.asked import Asked, recipe
from tests.factories.callbacks import CallbackFactory
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactFactory, TeamFactory
from tests.factories.platform import UserFactory


def soon() -> str:
    return (timezone.now() + timedelta(days=2)).strftime("%Y-%m-%dT15:00")


@recipe("callbacks_list", "callbacks_retrieve")
def a_callback() -> Asked:
    return Asked(CallbackFactory())


@recipe("callbacks_create")
def new_callback() -> Asked:
    return Asked(
        body={
            "contact": str(ContactFactory(phones=True).pk),
            "local_time": soon(),
            "time_zone": "Asia/Kamchatka",
            "agent": str(UserFactory().pk),
            "team": str(TeamFactory().pk),
            "note": "After six.",
            "origin": {"kind": "call", "id": str(CallFactory().pk)},
        }
    )


@recipe("callbacks_next")
def the_next() -> Asked:
    CallbackFactory(due=True)
    return Asked()


@recipe("callbacks_take")
def take() -> Asked:
    return Asked(CallbackFactory(due=True))


@recipe("callbacks_release")
def release() -> Asked:
    return Asked(CallbackFactory(taken=True), {"reason": "The line is bad."})


@recipe("callbacks_complete")
def complete() -> Asked:
    return Asked(CallbackFactory(taken=True), {"result": "Sent anew."})


@recipe("callbacks_reschedule")
def reschedule() -> Asked:
    return Asked(CallbackFactory(), {"local_time": soon()})


@recipe("callbacks_reassign")
def reassign() -> Asked:
    return Asked(CallbackFactory(), {"agent": str(UserFactory().pk)})


@recipe("callbacks_cancel")
def cancel() -> Asked:
    return Asked(CallbackFactory(), {"reason": "She wrote that it is settled."})
