"""A run of a script is what was passed, however often and in whatever order it was told; adherence follows from it alone."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls import script_facts, script_report, script_runs
from calls.models import ScriptRun
from calls.script_adherence import Passing, share, tally
from calls.wrap_up import NotYourCall
from config.platform.models import AuditEvent, Role
from crm import scripts
from crm.models import ScriptStep
from crm.script_fields import AnswerInvalid
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactEmailFactory, ContactFactory, CustomFieldFactory
from tests.factories.platform import UserFactory
from tests.factories.scripts import STEPS, ScriptRunFactory, ScriptVersionFactory, ask, end, say

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CLIENT = {"contact.lifecycle": "client"}


def judged(*passings, steps=STEPS, facts=CLIENT):
    made = [SimpleNamespace(**{**scripts.EMPTY, **step}) for step in steps]
    return tally(made, [Passing(*one) if isinstance(one, tuple) else Passing(one) for one in passings], facts)


#: what was passed: moves, due, passed, in order, complete, next step
TABLE = [
    ([], [], [], [], True, False, "hello"),
    (["hello"], ["start"], ["hello"], ["hello"], True, False, "ready"),
    (["hello", "ready"], ["start", "next"], ["hello", "ready"], ["hello", "ready"], True, False, None),
    (["hello", ("ready", "no"), "bye"], ["start", "next", "next"], ["hello", "ready", "bye"], ["hello", "ready", "bye"], True, True, None),
    (
        ["hello", ("ready", "yes"), ("email", "a@b.c"), "thanks", "bye"],
        ["start", "next", "next", "next", "next"],
        ["hello", "ready", "thanks", "bye"],
        ["hello", "ready", "thanks", "bye"],
        True, True, None,
    ),
    # left out on the way: a jump, and one that was due is not passed
    (
        ["hello", ("ready", "yes"), ("email", "a@b.c"), "bye"],
        ["start", "next", "next", "off_script"],
        ["hello", "ready", "thanks", "bye"],
        ["hello", "ready", "bye"],
        True, True, None,
    ),
    # begun in the middle: the start was due
    ([("ready", "no"), "bye"], ["off_script", "next"], ["hello", "ready", "bye"], ["ready", "bye"], True, True, None),
    # said late
    (
        [("ready", "no"), "hello", "bye"],
        ["off_script", "off_script", "off_script"],
        ["hello", "ready", "bye"],
        ["hello", "ready", "bye"],
        False, True, None,
    ),
    # back to a question, and another answer: what the first led to is not due any more
    (
        ["hello", ("ready", "yes"), "email", ("ready", "no"), "bye"],
        ["start", "next", "next", "back", "next"],
        ["hello", "ready", "bye"],
        ["hello", "ready", "bye"],
        True, True, None,
    ),
    # broken off: measured by the part it came to
    (["hello", ("ready", "yes")], ["start", "next"], ["hello", "ready"], ["hello", "ready"], True, False, "email"),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=lambda row: " ".join(map(str, row[0])) or "nothing")
def test_the_tally_of_a_run(row):
    passings, moves, due, passed, in_order, complete, next_step = row
    found = judged(*passings)
    assert list(found.moves) == moves
    assert list(found.due) == due
    assert list(found.passed) == passed
    assert (found.is_in_order, found.is_complete, found.next_step) == (in_order, complete, next_step)
    assert found.adherence == share(len(passed), len(due))


def test_a_jump_to_another_branch_is_measured_there_too():
    steps = [ask("q", x="a", y="b"), say("a", "bye"), say("b", "c"), say("c", "d", must_say=True), say("d", "bye"), end()]
    found = judged(("q", "x"), "b", "d", steps=steps)
    assert list(found.moves) == ["next" if move == "next" else move for move in ("start", "off_script", "off_script")]
    assert (found.due, found.passed, found.adherence) == (("c",), (), 0.0)


def test_an_answer_to_a_field_is_what_later_rules_ask_about():
    field = {"key": "f", "kind": "field", "text": "?", "field": "surname", "next": [{"when": None, "goto": "b"}]}
    branch = {
        "key": "b",
        "kind": "branch",
        "next": [{"when": {"field": "contact.surname", "known": True}, "goto": "x"}, {"when": None, "goto": "bye"}],
    }
    steps = [field, branch, say("x", "bye"), end()]
    assert judged(("f", "Li"), "b", steps=steps, facts={"contact.surname": ""}).next_step == "x"
    assert judged("f", "b", steps=steps, facts={"contact.surname": ""}).next_step == "bye"


def test_a_branch_is_passed_over():
    """It says nothing: whoever goes on to what follows it has not jumped."""
    decide = {
        "key": "d",
        "kind": "branch",
        "must_say": True,
        "next": [{"when": {"field": "contact.lifecycle", "is": "client"}, "goto": "x"}, {"when": None, "goto": "e"}],
    }
    again = {"key": "e", "kind": "branch", "next": [{"when": None, "goto": "bye"}]}
    steps = [ask("q", yes="d", no="bye"), decide, again, say("x", "bye", must_say=True), end()]
    assert judged(("q", "yes"), steps=steps).next_step == "x"
    assert judged(("q", "yes"), steps=steps, facts={}).next_step == "bye"
    found = judged(("q", "yes"), "x", "bye", steps=steps)
    assert (found.off_script, found.due, found.passed) == (0, ("x",), ("x",))
    assert judged(("q", "yes"), "bye", steps=steps).off_script == 1
    assert judged(("q", "yes"), "d", "x", "bye", steps=steps).off_script == 0


def test_nothing_to_say_has_no_adherence():
    assert judged("a", "bye", steps=[say("a", "bye"), end()]).adherence is None


KEYS = st.lists(st.tuples(st.sampled_from([step["key"] for step in STEPS]), st.sampled_from([None, "yes", "no"])), max_size=8)


@given(KEYS, st.sampled_from([CLIENT, {}, {"contact.lifecycle": "lead"}]))
def test_any_run_has_a_tally_within_its_bounds(passings, facts):
    found = judged(*passings, facts=facts)
    assert set(found.passed) <= set(found.due)
    assert len(found.moves) == len(passings)
    assert found.adherence is None or 0 <= found.adherence <= 1
    assert not passings or "hello" in found.due


# --- recorded
pytestmark = pytest.mark.django_db


@pytest.fixture
def anna():
    return UserFactory(role=Role.AGENT)


@pytest.fixture
def call(anna):
    return CallFactory(agent=anna, contact=ContactFactory(lifecycle="client"), open=True)


@pytest.fixture
def run(call, anna):
    return script_runs.start(call.pk, version=ScriptVersionFactory(), by=anna, now=NOON)[0]


def passed(run, sequence, step, answer=None, **more):
    return script_runs.pass_step(run.pk, sequence=sequence, step=step, answer=answer, **{"by": run.agent, "now": NOON, **more})


def recorded(run):
    run = ScriptRun.objects.for_api().get(pk=run.pk)
    rows = [(one.sequence, one.step.key, one.answer, one.move) for one in run.steps.all()]
    return rows, run.due, run.passed, run.off_script, run.is_in_order, run.is_complete


WAY = [(1, "hello", None), (2, "ready", "yes"), (3, "email", "a@example.com"), (4, "bye", None)]


def test_every_order_of_arrival_gives_the_same_run(call, anna):
    version = ScriptVersionFactory()
    found = []
    for order in permutations(WAY):
        with transaction.atomic():
            run, _ = script_runs.start(call.pk, version=version, by=anna, now=NOON)
            for sequence, step, answer in order:
                passed(run, sequence, step, answer)
            found.append(recorded(run))
            transaction.set_rollback(True)
    assert all(one == found[0] for one in found)
    assert found[0][1:] == (4, 3, 1, True, True)  # "thanks" was left out


@given(st.permutations(WAY), st.lists(st.sampled_from(WAY), max_size=4))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_retry_never_doubles_a_step(call, anna, order, again):
    with transaction.atomic():
        run, _ = script_runs.start(call.pk, version=ScriptVersionFactory(), by=anna, now=NOON)
        for sequence, step, answer in [*order, *again, *order]:
            passed(run, sequence, step, answer)
        assert recorded(run)[0] == [(1, "hello", None, "start"), (2, "ready", "yes", "next"), (3, "email", "a@example.com", "next"), (4, "bye", None, "off_script")]  # fmt: skip
        transaction.set_rollback(True)


def test_a_retry_writes_nothing_not_even_a_version(run):
    passed(run, 1, "hello")
    events = AuditEvent.objects.count()
    version = passed(run, 1, "hello").version
    assert (AuditEvent.objects.count(), version) == (events, 2)


def test_one_sequence_is_not_two_steps(run):
    passed(run, 1, "hello")
    with pytest.raises(script_runs.SequenceTaken) as refused:
        passed(run, 1, "bye")
    assert refused.value.facts == {"step": "hello", "answer": None}


def test_a_jump_is_noted_and_never_refused(run):
    passed(run, 1, "bye")
    assert recorded(run)[0] == [(1, "bye", None, "off_script")]


def test_an_answer_must_fit_its_step(run):
    for step, answer in (("ready", "maybe"), ("ready", 5), ("ready", ["yes"]), ("hello", "yes"), ("email", "nonsense"), ("email", 5)):
        with pytest.raises(AnswerInvalid):
            passed(run, 1, step, answer)
    with pytest.raises(script_runs.ScriptStepUnknown):
        passed(run, 1, "nowhere")
    assert recorded(run)[0] == []


def test_a_field_is_written_to_the_contact_and_keeps_what_is_there(run):
    ContactEmailFactory(contact=run.call.contact, email="old@example.com", is_primary=True)
    passed(run, 3, "email", "New@Example.com")
    contact = run.call.contact
    assert [(mail.email, mail.is_primary) for mail in contact.emails.order_by("email")] == [
        ("new@example.com", False),
        ("old@example.com", True),
    ]
    event = AuditEvent.objects.get(subject_id=contact.pk, verb="alter")
    assert (event.by, event.facts["emails_after"]) == (run.agent, ["old@example.com", "new@example.com"])
    assert run.steps.get().is_written


def test_an_earlier_answer_that_comes_late_does_not_overwrite_a_later_one(call, anna):
    CustomFieldFactory(key="card")
    steps = [{"key": "f", "kind": "field", "text": "?", "field": "custom.card", "next": [{"when": None, "goto": "bye"}]}, end()]
    run, _ = script_runs.start(call.pk, version=ScriptVersionFactory(steps=steps), by=anna, now=NOON)
    passed(run, 2, "f", "second")
    passed(run, 1, "f", "first")
    call.contact.refresh_from_db()
    assert call.contact.custom_fields == {"card": "second"}


def test_an_answer_the_contact_cannot_take_stays_in_the_run(run):
    CustomFieldFactory(key="card", is_required=True)
    passed(run, 3, "email", "a@example.com")
    assert run.steps.get().answer == "a@example.com"
    nobody = ScriptRunFactory(call=CallFactory(contact=None))
    passed(nobody, 3, "email", "a@example.com")
    assert not nobody.steps.get().is_written


def test_begun_again_it_is_the_same_run_and_another_script_ends_it(call, anna, run):
    again, is_new = script_runs.start(call.pk, version=run.script_version, by=anna, now=NOON)
    assert (again.pk, is_new) == (run.pk, False)
    other, is_new = script_runs.start(call.pk, version=ScriptVersionFactory(), by=anna, now=NOON + timedelta(minutes=1))
    run.refresh_from_db()
    assert is_new and run.outcome == "switched" and run.finished_at and other.pk != run.pk


def test_it_ends_as_the_end_says_or_as_broken_off(run, call):
    passed(run, 1, "hello")
    passed(run, 2, "bye")
    assert script_runs.finish(run.pk, by=run.agent, now=NOON).outcome == "helped"
    assert script_runs.finish(run.pk, by=run.agent, now=NOON + timedelta(hours=1)).finished_at == NOON
    with pytest.raises(script_runs.ScriptRunOver):
        script_runs.finish(run.pk, outcome="other", by=run.agent, now=NOON)
    with pytest.raises(script_runs.ScriptRunOver):
        passed(run, 3, "hello")
    broken = ScriptRunFactory()
    assert script_runs.finish(broken.pk, by=broken.agent, now=NOON).outcome == "broken_off"


def test_who_may_go_through_it(run, call):
    stranger, boss = UserFactory(role=Role.AGENT), UserFactory(role=Role.SUPERVISOR)
    with pytest.raises(script_runs.NotYourScriptRun):
        passed(run, 1, "hello", by=stranger)
    with pytest.raises(NotYourCall):
        script_runs.start(call.pk, version=run.script_version, by=stranger, now=NOON)
    passed(run, 1, "hello", by=boss)
    assert script_runs.start(call.pk, version=run.script_version, by=boss, now=NOON)[0].pk == run.pk


def test_a_draft_is_not_gone_through(call, anna):
    with pytest.raises(script_runs.ScriptVersionNotInUse):
        script_runs.start(call.pk, version=ScriptVersionFactory(draft=True), by=anna, now=NOON)
    with pytest.raises(script_runs.NoScriptForCall):
        script_runs.start(call.pk, by=anna, now=NOON)


def test_a_wrong_clock_costs_nobody_the_step(run):
    passed(run, 1, "hello", at=NOON + timedelta(days=900))
    passed(run, 2, "bye", at=NOON - timedelta(days=900))
    assert set(run.steps.values_list("at", flat=True)) == {NOON}


# --- what was published stays
def test_a_published_version_and_its_steps_never_change():
    version = ScriptVersionFactory()
    statements = [
        ("UPDATE crm_scriptstep SET text = 'x' WHERE script_version_id = %s", [version.pk]),
        ("DELETE FROM crm_scriptstep WHERE script_version_id = %s", [version.pk]),
        ("UPDATE crm_scriptversion SET status = 'draft' WHERE id = %s", [version.pk]),
        ("UPDATE crm_scriptversion SET number = 77 WHERE id = %s", [version.pk]),
        ("DELETE FROM crm_scriptversion WHERE id = %s", [version.pk]),
    ]
    for statement, values in statements:
        with pytest.raises(IntegrityError, match="never change"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
    with pytest.raises(IntegrityError), transaction.atomic():
        ScriptStep.objects.create(script_version=version, position=9, key="more", kind="end")


def test_publishing_retires_the_version_before():
    first = ScriptVersionFactory()
    second = scripts.draft(first.script_id, source=first, by=None, now=NOON)
    scripts.publish(second.pk, by=None, now=NOON)
    first.refresh_from_db()
    assert (first.status, first.retired_at) == ("retired", NOON)
    assert [step.key for step in second.steps.all()] == [step["key"] for step in STEPS]


# --- the report
def test_the_report_is_a_recount_of_the_runs():
    version, agents = ScriptVersionFactory(), [UserFactory(role=Role.AGENT) for _ in range(2)]
    for number in range(12):
        run = ScriptRunFactory(script_version=version, agent=agents[number % 2], started_at=NOON + timedelta(hours=number * 5))
        for sequence, step, answer in WAY[: number % 5]:
            passed(run, sequence, step, answer, now=run.started_at)
        if number != 7:
            script_runs.finish(run.pk, by=run.agent, now=run.started_at + timedelta(seconds=60 + number))
    zone = ZoneInfo("Asia/Vladivostok")
    rows = script_report.adherence(
        after=NOON, before=NOON + timedelta(days=9), group_by=["agent", "script", "interval"], interval="day", zone=zone
    )
    recount: dict = {}
    for run in ScriptRun.objects.for_api().exclude(finished_at=None):
        found = script_runs.judge(run)
        day = run.started_at.astimezone(zone).replace(hour=0, minute=0, second=0)
        row = recount.setdefault((run.agent_id, day), [0, 0, 0, 0, 0, 0])
        for place, value in enumerate([1, found.is_complete, found.is_in_order, len(found.due), len(found.passed), found.off_script]):
            row[place] += value
    told = {
        (row["agent"], row["interval_start"]): [row[name] for name in ("runs", "complete", "in_order", "due", "passed", "off_script")]
        for row in rows
    }
    assert told == recount
    assert all(row["adherence"] == share(row["passed"], row["due"]) for row in rows)
    (whole,) = script_report.adherence(after=NOON, before=NOON + timedelta(days=9), group_by=["script"], zone=zone)
    assert (whole["runs"], whole["script"], whole["agent"]) == (11, version.script_id, None)


def test_a_run_stands_in_the_life_of_its_contact(run):
    passed(run, 1, "hello")
    (one,) = script_facts.of_contact(run.call.contact_id, None, 10)
    assert (one.kind, one.id, one.data["adherence"]) == ("script_run", run.pk, 1.0)
    assert script_facts.of_contact(run.call.contact_id, one.key, 10) == []
