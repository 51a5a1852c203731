"""From lead to client: every step with its time, reason and call; the funnel is counted from the steps."""

import statistics
from datetime import timedelta

import pytest
from django.db import ProgrammingError, transaction
from hypothesis import given
from hypothesis import strategies as st

from config.platform.models import AuditEvent
from config.platform.moves import TransitionNotAllowed
from crm import funnel, lifecycle, ownership
from crm.models import Contact, LifecycleChange
from tests.conftest import NOON
from tests.factories.calls import CallFactory
from tests.factories.consent import LifecycleChangeFactory
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
STAGES = ["lead", "qualified", "client", "dormant", "disqualified"]
MAY = {
    ("lead", "qualified"), ("lead", "client"), ("lead", "disqualified"), ("qualified", "client"), ("qualified", "disqualified"), ("qualified", "lead"),
    ("client", "dormant"), ("client", "lead"), ("dormant", "lead"), ("disqualified", "lead"),
}  # fmt: skip


@pytest.mark.parametrize("start", STAGES)
@pytest.mark.parametrize("to", STAGES)
def test_every_move_is_allowed_or_refused_as_the_table_says(client_of, start, to):
    contact, agent = ContactFactory(lifecycle=start), client_of("agent")
    answer = agent.post(f"/api/v1/contacts/{contact.pk}/move/", {"to": to, "reason": "why"}, format="json")
    contact.refresh_from_db()
    if (start, to) in MAY:
        assert (answer.status_code, answer.json()["lifecycle"], contact.lifecycle) == (200, to, to)
        assert answer["ETag"] == f'"{contact.version}"'
    else:
        assert (answer.status_code, answer.json()["code"], contact.lifecycle) == (409, "invalid_transition", start)
        assert {to for from_, to in MAY if from_ == start} == {str(Contact.MOVES[verb].to) for verb in answer.json()["allowed"]}
        assert not LifecycleChange.objects.exists()


def test_a_step_remembers_who_why_which_call_whose_and_where_from(client_of):
    owner, call, agent = UserFactory(), CallFactory(), client_of("agent")
    contact = ContactFactory(lifecycle="qualified", owner=owner, source="fair")
    origin = {"kind": "call", "id": str(call.pk)}
    agent.post(f"/api/v1/contacts/{contact.pk}/move/", {"to": "client", "reason": "Bought.", "origin": origin}, format="json")
    (step,) = agent.get(f"/api/v1/contacts/{contact.pk}/lifecycle/").json()["results"]
    assert (step["by"], step["reason"], step["origin"], step["owner"], step["source"]) == (
        str(agent.user.pk), "Bought.", origin, str(owner.pk), "fair",
    )  # fmt: skip
    event = AuditEvent.objects.get(subject_id=contact.pk, verb="convert")
    assert (event.status_before, event.status_after, event.reason) == ("qualified", "client", "Bought.")
    (line,) = [one for one in agent.get(f"/api/v1/contacts/{contact.pk}/timeline/").json()["results"] if one["kind"] == "lifecycle"]
    assert (line["data"]["from"], line["data"]["to"]) == ("qualified", "client")


def test_a_lead_that_buys_at_once_has_passed_every_stage():
    contact = ContactFactory(lifecycle="lead")
    lifecycle.convert(contact.pk, by=None, now=contact.created_at + DAY)
    first, second = LifecycleChange.objects.order_by("id")
    assert [(one.from_stage, one.to_stage) for one in (first, second)] == [("lead", "qualified"), ("qualified", "client")]
    assert (first.since, second.since) == (contact.created_at, first.at)


@pytest.mark.parametrize(("start", "to"), [("lead", "disqualified"), ("dormant", "lead")])
def test_to_give_up_or_to_begin_again_needs_a_reason(client_of, start, to):
    contact = ContactFactory(lifecycle=start)
    answer = client_of("agent").post(f"/api/v1/contacts/{contact.pk}/move/", {"to": to, "reason": " "}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "stage_reason_needed")


def test_a_patch_of_the_stage_is_the_same_move(client_of):
    contact, agent = ContactFactory(lifecycle="client"), client_of("agent")
    url = f"/api/v1/contacts/{contact.pk}/"
    assert agent.patch(url, {"lifecycle": "qualified"}, format="json").json()["code"] == "invalid_transition"
    assert agent.patch(url, {"lifecycle": "lead"}, format="json").json()["code"] == "stage_reason_needed"
    body = {"lifecycle": "lead", "lifecycle_reason": "New need.", "tags": ["again"]}
    changed = agent.patch(url, body, format="json").json()
    assert (changed["lifecycle"], changed["tags"]) == ("lead", ["again"])
    assert LifecycleChange.objects.get(contact=contact).reason == "New need."
    assert agent.patch(url, {"lifecycle": "lead", "surname": "Ли"}, format="json").status_code == 200
    assert LifecycleChange.objects.count() == 1


def test_a_step_is_never_changed_or_deleted():
    step = LifecycleChangeFactory()
    for change in ({"to_stage": "client"}, {"at": NOON}, {"reason": "Another"}):
        with pytest.raises(ProgrammingError), transaction.atomic():
            LifecycleChange.objects.filter(pk=step.pk).update(**change)
    with pytest.raises(ProgrammingError), transaction.atomic():
        LifecycleChange.objects.filter(pk=step.pk)._raw_delete(using="default")
    LifecycleChange.objects.filter(pk=step.pk).update(contact=ContactFactory())
    assert lifecycle.pseudonymise(step.contact_id) == 0


def test_many_are_handed_over_each_with_its_verdict(client_of):
    boss, owner = client_of("supervisor"), UserFactory()
    mine, free = ContactFactory(owner=owner), ContactFactory()
    ids = [str(free.pk), str(mine.pk), "01a20946-f086-75fe-98a6-2db5d4a697fd"]
    results = boss.post("/api/v1/contacts/assign/", {"contacts": ids, "owner": str(owner.pk)}, format="json").json()["results"]
    assert [one["verdict"] for one in results] == ["assigned", "unchanged", "not_found"]
    event = AuditEvent.objects.get(subject_id=free.pk, verb="assign")
    assert (event.by, event.changes["owner_id"]) == (boss.user, [None, str(owner.pk)])
    free.refresh_from_db()
    assert (free.owner, free.version) == (owner, 2)


def test_handing_over_costs_the_same_for_one_and_for_many(django_assert_max_num_queries):
    ids = [ContactFactory().pk for _ in range(20)]
    with django_assert_max_num_queries(7):
        ownership.assign(ids, owner=UserFactory(), by=None, now=NOON)


def moved(contact, *steps, **fields):
    """Steps as (to, day after NOON); the contact came in at NOON - 100 days."""
    at, stage = NOON - 100 * DAY, "lead"
    for to, day in steps:
        LifecycleChangeFactory(
            contact=contact, from_stage=stage, to_stage=to, since=at, at=NOON + day * DAY, source=contact.source, owner=contact.owner,
            reason="why", **fields,
        )  # fmt: skip
        at, stage = NOON + day * DAY, to
    Contact.objects.filter(pk=contact.pk).update(lifecycle=stage)


def test_the_funnel_counts_who_went_on_how_fast_and_whom_to_thank():
    anna, call = UserFactory(), CallFactory()
    credit = {"origin_kind": "call", "origin_id": call.pk}
    moved(ContactFactory(source="fair", owner=anna), ("qualified", -20), ("client", -10), **credit)
    moved(ContactFactory(source="fair"), ("qualified", -30), ("disqualified", -5))
    moved(ContactFactory(source="web"), ("disqualified", -40))
    ContactFactory(lifecycle="lead", source="web")
    board = funnel.board(now=NOON, newest=5)
    stages = {one["stage"]: one for one in board["stages"]}
    assert {name: one["count"] for name, one in stages.items()} == {"lead": 1, "qualified": 0, "client": 1, "dormant": 0, "disqualified": 2}
    assert (stages["lead"]["left"], stages["lead"]["went_on"], stages["lead"]["rate"], stages["lead"]["median_days"]) == (3, 2, 0.6667, 70)
    assert (stages["qualified"]["rate"], stages["qualified"]["median_days"]) == (0.5, 17.5)
    assert (board["conversions"], board["conversions_by_source"]) == (1, [{"name": "fair", "count": 1}])
    assert board["conversions_by_origin"] == [{"name": "call", "count": 1}]
    assert [len(stages[name]["newest"]) for name in STAGES] == [1, 0, 1, 0, 2]
    assert funnel.board(now=NOON, owner=anna.pk)["conversions"] == 1
    assert funnel.board(now=NOON, source="web")["stages"][0]["count"] == 1
    assert funnel.board(now=NOON, since=NOON - 7 * DAY)["conversions"] == 0


@given(st.lists(st.integers(0, 40), max_size=30))
def test_the_median_of_counted_stays_is_the_median_of_the_stays(days):
    counted = [(float(day), days.count(day)) for day in set(days)]
    assert funnel._median(counted) == (statistics.median(days) if days else None)


def test_the_funnel_is_asked_in_a_fixed_number_of_statements(client_of, django_assert_num_queries):
    agent = client_of("agent")
    agent.get("/api/v1/me/")
    for _ in range(12):
        moved(ContactFactory(source="fair", phones=True), ("qualified", -2))
    with django_assert_num_queries(1 + 4 + 1):  # the token; here, steps, credit, newest; the contacts
        body = agent.get("/api/v1/funnel/", {"since": "2026-01-01T00:00:00Z", "until": "2026-12-01T00:00:00Z"}).json()
    qualified = body["stages"][1]
    assert (qualified["count"], len(qualified["newest"])) == (12, 10)
    assert len(agent.get(qualified["contacts_url"]).json()["results"]) == 12


@pytest.mark.parametrize("query", [{"since": "2026-12-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, {"owner": "me"}, {"newest": "9999"}])
def test_a_question_that_makes_no_sense_is_refused(client_of, query):
    assert client_of("agent").get("/api/v1/funnel/", query).status_code == 400


def test_two_moves_at_once_leave_one_that_was_decided_on_what_it_saw():
    contact = ContactFactory(lifecycle="lead")
    lifecycle.disqualify(contact.pk, reason="No money.", by=None, now=NOON)
    with pytest.raises(TransitionNotAllowed):
        lifecycle.qualify(contact.pk, by=None, now=NOON)
