"""Every type of news is told once by what really happens, in the shape that its example shows."""

from datetime import timedelta

import pytest
from django.utils import timezone

from calls import callback_turns, intake
from calls.models import Callback
from campaigns import running
from complaints import clocks, escalation
from config.platform import outbox
from config.platform.models import OutboxEvent
from crm import consent
from tests.calls.recorded_world import TONE, fetch, folder, pbx, system, told
from tests.contract.operations import operations
from tests.contract.recipes import RECIPES
from tests.contract.test_every_operation import ask
from tests.factories.callbacks import CallbackFactory
from tests.factories.calls import PhoneSystemFactory
from tests.factories.campaigns import CampaignFactory
from tests.factories.complaints import ComplaintFactory, EscalationLevelFactory, EscalationPolicyFactory, SLAPolicyFactory
from tests.factories.crm import ContactFactory, ContactPhoneFactory
from tests.factories.platform import UserFactory
from tests.news_shapes import faults

pytestmark = pytest.mark.django_db
FIXTURES = (folder, pbx, system)
BY_ID = {one.id: one for one in operations()}
#: Types that one operation of the API tells.
OPERATIONS = {
    "call.changed": "calls_identify",
    "call.ended": "calls_finish",
    "call.written_up": "calls_wrap_up",
    "callback.changed": "callbacks_take",
    "callback.promised": "callbacks_create",
    "callback.settled": "callbacks_complete",
    "campaign.ended": "campaigns_cancel",
    "campaign.paused": "campaigns_pause",
    "campaign.started": "campaigns_start",
    "complaint.acknowledged": "complaints_acknowledge",
    "complaint.assigned": "complaints_assign",
    "complaint.changed": "complaints_write",
    "complaint.closed": "complaints_close",
    "complaint.decided": "complaints_decide",
    "complaint.received": "complaints_create",
    "complaint.rejected": "complaints_reject",
    "complaint.reopened": "complaints_reopen",
    "complaint.resolved": "complaints_resolve",
    "complaint.withdrawn": "complaints_withdraw",
    "consent.granted": "consents_create",
    "contact.added": "contacts_create",
    "contact.assigned": "contacts_assign",
    "contact.changed": "contacts_partial_update",
    "contact.erased": "contacts_erase",
    "contact.merged": "contacts_merge",
    "contact.moved": "contacts_move",
    "contact.parted": "merges_undo",
    "contact.removed": "contacts_destroy",
    "order.cancelled": "orders_cancel",
    "order.changed": "orders_amend",
    "order.completed": "orders_complete",
    "order.created": "orders_create",
    "order.placed": "orders_place",
    "order.returned": "orders_take_back",
    "recording.deleted": "recordings_destroy",
    "return_call.changed": "return_calls_take",
    "return_call.closed": "return_calls_complete",
    "return_call.opened": "return_calls_create",
    "satisfaction.answered": "complaints_satisfaction_answer",
    "suppression.added": "suppressions_create",
    "suppression.lifted": "suppressions_lift",
}
SAID = {"purpose": "survey", "channel": "call", "obtained_via": "call", "by": None}


def missed() -> None:
    ContactPhoneFactory(phone__e164="+74951234567")
    pbx = PhoneSystemFactory(own_lines=["+78001234567"])
    began = timezone.now() - timedelta(minutes=5)
    waits = {"queue": "support", "direction": "inbound", "from": "+74951234567", "to": "+78001234567"}
    for kind, s, more in (
        ("call.queued", 0, waits),
        ("call.left_queue", 40, {"reason": "abandon"}),
        ("call.ended", 40, {"hangup_by": "caller"}),
    ):
        event = {"type": kind, "call_id": "c", "occurred_at": (began + timedelta(seconds=s)).isoformat(), **more}
        for _ in range(2):  # told twice: a double
            intake.receive(pbx, event, now=timezone.now())


def joined() -> None:
    pbx, began = PhoneSystemFactory(own_lines=["+78001234567"]), timezone.now() - timedelta(minutes=5)
    for key in ("a", "b"):
        for kind in ("call.initiated", "call.ended"):
            said = {"direction": "inbound", "from": "+74951234567", "to": "+78001234567"}
            intake.receive(pbx, {"type": kind, "call_id": key, "occurred_at": began.isoformat(), **said}, now=timezone.now())
    for _ in range(2):
        intake.receive(pbx, {"type": "call.updated", "call_id": "a", "linked_ids": ["b"]}, now=timezone.now())


def overdue() -> None:
    policy = EscalationPolicyFactory()
    EscalationLevelFactory(policy=policy, number=1, counted="wall", target="leads", offset_s=0, tells_systems=True)
    SLAPolicyFactory(escalation=policy, acknowledge_s=None, assign_s=None, first_response_s=None, inform_every_s=None)
    now = timezone.now()
    complaint = ComplaintFactory(received_at=now, assignee=UserFactory())
    clocks.begin(complaint, now=now)
    complaint.save()
    escalation.tend(now=now + timedelta(days=60))


def due() -> Callback:
    row = CallbackFactory(at=timezone.now() - timedelta(minutes=1))
    callback_turns.tend(now=timezone.now())
    return row


def unkept() -> None:
    Callback.objects.filter(pk=due().pk).update(reassign_after_s=None)
    OutboxEvent.objects.all().delete()
    callback_turns.tend(now=timezone.now() + timedelta(hours=2))


def delayed() -> None:
    at = timezone.now() + timedelta(hours=1)
    campaign = CampaignFactory(status="draft")
    running.schedule(campaign.pk, starts_at=at, by=UserFactory(), now=timezone.now())
    for seconds in (0, 15):  # nobody is in it, whoever looks
        running.tend(now=at + timedelta(seconds=seconds))


#: Types that people or time tell otherwise.
HAPPENINGS = {
    "call.joined": joined,
    "call.missed": missed,
    "campaign.delayed": delayed,
    "callback.due": due,
    "callback.missed": unkept,
    "complaint.breached": overdue,
    "complaint.escalated": overdue,
    "consent.refused": lambda: consent.refuse(contact=ContactFactory(), now=timezone.now(), **SAID),
    "consent.withdrawn": lambda: consent.withdraw(contact=ContactFactory(), now=timezone.now(), **SAID),
}
WITH_FILES = {"recording.available"}


def test_every_type_that_is_declared_is_tried_here():
    tried = [*OPERATIONS, *HAPPENINGS, *WITH_FILES]
    assert sorted(tried) == sorted(name for name in outbox.types if not name.startswith("test."))


def test_every_example_is_of_its_own_shape():
    for name, one in outbox.types.items():
        assert list(faults(name, one.example)) == []


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_an_operation_tells_it_once(client_of, settings, tmp_path, name):
    settings.MEDIA_ROOT = tmp_path
    operation = BY_ID[OPERATIONS[name]]
    asked = RECIPES[operation.id]()
    OutboxEvent.objects.all().delete()
    answer = ask(client_of("admin"), operation, asked)
    assert 200 <= answer.status_code < 300, answer.content
    as_declared(name)


@pytest.mark.parametrize("name", sorted(HAPPENINGS))
def test_what_happens_otherwise_tells_it_once(name):
    HAPPENINGS[name]()
    as_declared(name)


def as_declared(name: str) -> OutboxEvent:
    (event,) = OutboxEvent.objects.filter(type=name)
    assert list(faults(name, event.data)) == []
    assert event.subject_kind == name.partition(".")[0]
    assert event.data.get(event.subject_kind) == str(event.subject_id)
    if name.partition(".")[0] != "campaign":
        assert str(event.contact or "") == (event.data.get("contact", str(event.contact or "")) or "")
    return event


def test_a_recording_is_told_when_its_audio_is_here(system, pbx):
    pbx.files["/1.wav"] = TONE
    told(system, {"id": "r1", "url": f"{pbx.base}/1.wav"})
    assert not OutboxEvent.objects.filter(type__startswith="recording.").exists()
    fetch()
    assert as_declared("recording.available").data["size"] == len(TONE)
