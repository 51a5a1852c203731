"""Two calls that prove to be one: nothing that hung on either is lost, and both ids answer."""

import pytest
from django.utils import timezone

from calls import intake, joining
from calls.models import ArticleUse, Call, CallAlias, CallLeg, Disposition, ScriptRun
from tests.factories.calls import DispositionFactory, PhoneSystemFactory
from tests.factories.crm import TopicFactory
from tests.factories.knowledge import published, used
from tests.factories.platform import UserFactory
from tests.factories.scripts import ScriptRunFactory

pytestmark = pytest.mark.django_db
BEGUN = {"type": "call.initiated", "direction": "inbound", "from": "84950000001"}
LINK = {"type": "call.updated", "call_id": "a", "linked_ids": ["b"]}


@pytest.fixture
def system():
    return PhoneSystemFactory()


def two(system) -> tuple[Call, Call]:
    made = [intake.receive(system, {**BEGUN, "call_id": key}, now=timezone.now()).call_id for key in ("a", "b")]
    return Call.objects.get(pk=made[0]), Call.objects.get(pk=made[1])


def link(system) -> Call:
    return Call.objects.get(pk=intake.receive(system, LINK, now=timezone.now()).call_id)


def test_all_that_hangs_on_a_call_is_known_here():
    """A relation that is added later must be moved too, or joining would fail for ever."""
    relations = {field.related_model for field in Call._meta.get_fields(include_hidden=True) if field.one_to_many or field.one_to_one}
    assert relations == {*joining.MOVED, CallLeg, Call.topics.through}
    assert [field.name for field in Call._meta.many_to_many] == ["topics"]


def test_answers_and_scripts_of_both_are_kept_and_both_ids_answer(system, client_of):
    first, second = two(system)
    article, agent = published(), UserFactory()
    used(article=article, call=first), used(article=article, call=second), used(call=second)
    ScriptRunFactory(call=first, agent=agent), ScriptRunFactory(call=second, agent=agent)
    left = link(system)
    assert left.pk == first.pk and not Call.objects.filter(pk=second.pk).exists()
    assert ArticleUse.objects.filter(call=left).count() == 2 and ArticleUse.objects.filter(call=None).count() == 1
    assert sorted(ScriptRun.objects.filter(call=left).values_list("outcome", flat=True)) == ["", "switched"]
    client = client_of("admin")
    for old in (first, second):
        assert client.get(f"/api/v1/calls/{old.pk}/").json()["id"] == str(left.pk)
        assert client.get(f"/api/v1/calls/{old.pk}/answers/").status_code == 200
    assert client.get("/api/v1/calls/0199a1b2-0000-7000-8000-293a4b5c6d7e/").status_code == 404
    assert client.get("/api/v1/calls/nonsense/").status_code == 404


def test_three_calls_become_one_and_every_id_answers(system):
    first, second = two(system)
    third = Call.objects.get(pk=intake.receive(system, {**BEGUN, "call_id": "c"}, now=timezone.now()).call_id)
    intake.receive(system, {"type": "call.updated", "call_id": "b", "linked_ids": ["c"]}, now=timezone.now())
    left = link(system)
    assert {alias.old_id for alias in CallAlias.objects.filter(call=left)} == {second.pk, third.pk}
    assert joining.stays(third.pk) == first.pk == left.pk


def test_what_was_written_on_both_is_kept(system):
    first, second = two(system)
    ways: list[Disposition] = [DispositionFactory(), DispositionFactory()]
    topics = [TopicFactory(), TopicFactory()]
    for call, way, topic, note in zip((first, second), ways, topics, ("Wants a price.", "Asked for Anna."), strict=True):
        Call.objects.filter(pk=call.pk).update(wrap_up_state="done", disposition=way, note=note, wrapped_up_at=timezone.now())
        call.topics.add(topic)
    left = link(system)
    assert (left.disposition, left.note) == (ways[0], "Wants a price.\nAsked for Anna.")
    assert set(left.topics.all()) == set(topics)
