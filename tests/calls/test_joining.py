"""Two calls that prove to be one: nothing that hung on either is lost, and both ids answer."""

from datetime import timedelta

import pytest
from django.utils import timezone

from calls import intake, joining, wrap_up
from calls.models import ArticleUse, Call, CallAlias, CallDisposition, CallLeg, Disposition, DispositionEffect, ScriptRun
from crm.models import Suppression
from tests.factories.calls import DispositionFactory, PhoneSystemFactory
from tests.factories.complaints import ComplaintFactory, ComplaintMessageFactory, SatisfactionFactory
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
    assert {model for model in relations if model._meta.app_label == "calls"} == {*joining.MOVED, CallLeg, Call.topics.through}
    assert [field.name for field in Call._meta.many_to_many] == ["topics"]


def test_what_complaints_hang_on_a_call_moves_with_it(system):
    first, second = two(system)
    told = ComplaintFactory(communicated_call=second)
    said, answer = ComplaintMessageFactory(call=second), SatisfactionFactory(call=second)
    left = link(system)
    for row, name in ((told, "communicated_call"), (said, "call"), (answer, "call")):
        row.refresh_from_db()
        assert getattr(row, name) == left == first


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


def written(call: Call, way: Disposition, note: str, minutes: int = 0) -> None:
    now = timezone.now() + timedelta(minutes=minutes)
    Call.objects.filter(pk=call.pk).update(state="ended", ended_at=timezone.now())
    wrap_up.wrap_up(call.pk, disposition=way, note=note, by=UserFactory(role="supervisor"), now=now)


def test_write_ups_of_both_are_kept_one_counts_and_what_the_other_did_is_taken_back(system):
    first, second = two(system)
    sold, never = DispositionFactory(), DispositionFactory(suppress_scope="all")
    (
        written(second, never, "Never again.", minutes=-5),
        written(second, never, "Never, ever.", minutes=-4),
        written(first, sold, "Bought two."),
    )
    assert Suppression.objects.get().lifted_at is None
    left = link(system)
    assert (left.disposition, left.note) == (sold, "Bought two.\nNever, ever.")
    kept = list(CallDisposition.objects.filter(call=left).order_by("number"))
    assert [(one.number, one.note) for one in kept] == [
        (1, "Never again."), (2, "Never, ever."), (3, "Bought two."), (4, "Bought two.\nNever, ever."),
    ]  # fmt: skip
    assert kept[3].supersedes == kept[2] and kept[2].supersedes is None and kept[1].supersedes == kept[0]
    assert Suppression.objects.get().lifted_at is not None
    assert list(DispositionEffect.objects.values_list("state", "ended_by")) == [("reversed", kept[3].pk)]
    written(left, never, "After all.")
    assert CallDisposition.objects.filter(call=left).count() == 5 and Suppression.objects.filter(lifted_at=None).count() == 1


def test_what_both_write_ups_did_stands(system):
    first, second = two(system)
    never = DispositionFactory(suppress_scope="all")
    written(first, never, "No."), written(second, never, "No!")
    left = link(system)
    assert Suppression.objects.get().lifted_at is None
    assert sorted(DispositionEffect.objects.filter(revision__call=left).values_list("state", flat=True)) == ["applied", "kept"]
    written(left, DispositionFactory(), "Yes.")
    assert Suppression.objects.get().lifted_at is not None


def test_the_only_write_up_of_two_goes_on_with_what_it_did(system):
    first, second = two(system)
    written(second, DispositionFactory(suppress_scope="all"), "No.")
    left = link(system)
    assert left.pk == first.pk and (left.wrap_up_state, left.note) == ("done", "No.") and left.wrap_s is not None
    assert DispositionEffect.objects.get().state == "applied" and CallDisposition.objects.get().call == left
