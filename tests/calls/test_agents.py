"""P12: an agent's state does not drift from reality. What they say and what their phone does stand side by side; contradictions show."""

import itertools
import random
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from calls import agent_watch, agents, by_hand, intake, observing, presence, receipts, silence, wrap_up
from calls.models import AgentPresence, AgentStateInterval, Call, PauseCode
from calls.models.agents import State
from config.platform import people
from config.platform.models import AuditEvent, FeedMessage, Role
from tests.calls.scenarios import BEGIN, begun, event, leg
from tests.factories.agents import AgentPresenceFactory, AgentStateIntervalFactory, PauseCodeFactory
from tests.factories.calls import AgentExtensionFactory, DispositionFactory, QueueFactory
from tests.factories.crm import TeamFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
CALL = [begun(), leg("ringing", 5), leg("answered", 9), leg("held", 20), leg("resumed", 30), leg("ended", 69), event("call.ended", 70)]


def after(seconds):
    return BEGIN + timedelta(seconds=seconds)


@pytest.fixture
def anna():
    return UserFactory(role=Role.AGENT, surname="Иванова", name="Анна")


@pytest.fixture
def system(anna):
    return AgentExtensionFactory(user=anna, extension="201").phone_system


@pytest.fixture
def lead(anna):
    lead = UserFactory(role=Role.SUPERVISOR)
    TeamFactory(lead=lead, members=[anna])
    return lead


def tell(system, *bodies, now):
    for body in bodies:
        assert receipts.one(system, body, now=now)["status"] in ("accepted", "duplicate")


def of(user):
    return AgentPresence.objects.get(agent=user)


def track(user, name="observed"):
    """(state, seconds after ten, until) of every interval, the oldest first."""
    rows = AgentStateInterval.objects.filter(agent=user, track=name).order_by("started_at", "id")
    seconds = lambda at: at and (at - BEGIN).total_seconds()  # noqa: E731
    return [(row.state, seconds(row.started_at), seconds(row.ended_at)) for row in rows]


def messages(user, kind):
    return list(FeedMessage.objects.filter(recipient=user, kind=kind).order_by("id").values_list("data", flat=True))


# --- observed: what the phone does


def test_the_phone_shows_what_the_call_does_as_it_goes_on(anna, system):
    agents.sign_in(by=anna, now=after(0))
    shown = []
    for body, second in zip(CALL, (0, 5, 9, 20, 30, 69, 70), strict=True):
        tell(system, body, now=after(second + 1))
        shown.append((of(anna).state, of(anna).conflict))
    assert [state for state, _ in shown] == ["available", "ringing", "talking", "hold", "talking", "wrap_up", "wrap_up"]
    assert {conflict for _, conflict in shown} == {""}
    call = Call.objects.get()
    wrap_up.wrap_up(call.pk, disposition=DispositionFactory(), by=anna, now=after(100))
    assert (of(anna).state, of(anna).is_free, of(anna).since) == ("available", True, after(100))
    assert track(anna) == [
        ("ringing", 5, 9), ("talking", 9, 20), ("hold", 20, 30), ("talking", 30, 69), ("wrap_up", 69, 100),
    ]  # fmt: skip
    assert track(anna, "declared") == [("available", 0, None)]


def test_any_order_of_events_comes_to_the_same_present(anna, system):
    """Every order of the events of a call that goes on, and of one that is over; late ones and doubles do not move the present."""
    going_on, over = [begun(), leg("ringing", 5), leg("answered", 9), leg("held", 20)], CALL
    chance = random.Random(12)
    orders = [*itertools.permutations(going_on), *(chance.sample(over, len(over)) for _ in range(40))]
    for number, order in enumerate(orders):
        named = [{**body, "call_id": f"c{number}"} for body in order]
        tell(system, *named, named[0], now=after(80))
        row, is_over = of(anna), len(order) == len(over)
        assert row.observed == ("wrap_up" if is_over else "hold"), [body["type"] for body in order]
        if not is_over:
            tell(system, {**event("call.ended", 75), "call_id": f"c{number}"}, now=after(80))
        Call.objects.update(wrap_up_state="done")
        observing.look_again([anna.pk], at=after(80), now=after(80))
        assert of(anna).observed == ""
    rows = AgentStateInterval.objects.filter(agent=anna, track="observed").order_by("started_at", "ended_at")
    assert all(one.ended_at <= two.started_at for one, two in itertools.pairwise(rows))


def test_what_is_told_hours_late_does_not_move_the_present(anna, system):
    agents.sign_in(by=anna, now=after(7200))
    tell(system, *CALL[:3], now=after(7300))
    assert (of(anna).state, track(anna)) == ("available", [])
    tell(system, *CALL[3:], now=after(7300))
    assert (of(anna).state, track(anna)) == ("available", [])


def test_a_call_seen_to_begin_ends_on_the_screen_though_its_end_is_told_late(anna, system):
    tell(system, *CALL[:3], now=after(10))
    assert of(anna).observed == "talking"
    tell(system, *CALL[3:], now=after(3600))
    assert (of(anna).observed, track(anna)[-1]) == ("", ("talking", 30, 69))


def test_two_calls_at_once_show_the_one_that_is_talked_in(anna, system):
    other = {"call_id": "c2"}
    tell(system, *CALL[:4], {**begun(), **other}, {**leg("ringing", 25), **other}, now=after(26))
    assert of(anna).observed == "hold"
    tell(system, {**leg("answered", 27), **other}, now=after(27))
    assert (of(anna).observed, of(anna).call.external_id) == ("talking", "c2")
    tell(system, {**event("call.ended", 40), **other}, now=after(41))
    assert (of(anna).observed, of(anna).call.external_id) == ("hold", "c1")


def test_whoever_passed_the_call_on_is_free_when_another_answers(anna, system):
    boris = AgentExtensionFactory(phone_system=system, extension="202").user
    agents.sign_in(by=anna, now=after(0))
    agents.sign_in(by=boris, now=after(0))
    tell(system, *CALL[:3], now=after(10))
    passed = event("call.transferred", 30, transfer={"kind": "blind", "from_leg": "leg-201", "to": {"extension": "202"}})
    tell(system, passed, leg("ended", 31), leg("ringing", 32, "202"), now=after(33))
    tell(system, leg("answered", 40, "202"), now=after(41))
    assert (of(anna).state, of(boris).state) == ("available", "talking")


def test_a_call_that_fell_silent_frees_its_operator(anna, system):
    system.stale_after_s = 3600
    system.save()
    tell(system, *CALL[:3], now=after(10))
    assert silence.close_silent(now=after(9000)) == 1
    assert of(anna).observed == ""


def test_a_call_by_hand_makes_its_author_busy(anna):
    call = by_hand.begin(direction="outbound", phone="+74951234567", by=anna, now=after(0))
    assert (of(anna).observed, of(anna).call_id) == ("talking", call.pk)
    by_hand.finish(call.pk, outcome="answered", by=anna, now=after(60))
    assert of(anna).observed == "wrap_up"


def test_writing_up_ends_when_its_time_is_over_and_not_before(anna, system):
    QueueFactory(slug="support", wrap_up_limit_s=120)
    tell(system, begun(), event("call.queued", 1, queue="support"), *CALL[1:], now=after(71))
    assert (of(anna).observed, of(anna).observed_until) == ("wrap_up", after(190))
    assert agent_watch.end_wrap_ups(now=after(189)) == 0
    assert agent_watch.end_wrap_ups(now=after(500)) == 1  # a late sweep: the instant is right all the same
    assert (of(anna).observed, track(anna)[-1]) == ("", ("wrap_up", 69, 190))


# --- call while paused, and the other contradictions


def test_a_call_while_paused_is_shown_not_hidden(anna, system, lead):
    agents.sign_in(by=anna, now=after(-60))
    agents.pause(PauseCodeFactory(code="lunch"), by=anna, now=after(-30))
    tell(system, *CALL[:3], now=after(10))
    row = of(anna)
    assert (row.state, row.declared, row.observed, row.conflict) == ("talking", "paused", "talking", "on_call_while_paused")
    assert messages(lead, "agent.state")[-1]["conflict"] == "on_call_while_paused"
    tell(system, *CALL[3:], now=after(71))
    assert (of(anna).state, of(anna).conflict) == ("paused", "")
    assert track(anna, "declared") == [("available", -60, -30), ("paused", -30, None)]


def test_a_call_of_somebody_who_is_offline_is_shown(anna, system):
    tell(system, *CALL[:3], now=after(10))
    assert (of(anna).state, of(anna).conflict) == ("talking", "on_call_while_offline")


def test_available_while_the_phone_is_set_to_busy_or_paused_is_shown(anna, system):
    agents.sign_in(by=anna, now=after(0))
    agents.phone_says(anna, state="paused", at=after(5), by=anna, now=after(6))
    assert (of(anna).state, of(anna).conflict) == ("paused", "available_while_phone_paused")
    agents.phone_says(anna, state="available", at=after(3), by=anna, now=after(7))
    assert of(anna).conflict == "available_while_phone_paused", "what happened earlier came later"
    tell(system, *CALL[:3], now=after(10))
    assert (of(anna).state, of(anna).conflict) == ("talking", "")
    tell(system, *CALL[3:], now=after(71))
    Call.objects.update(wrap_up_state="done")
    agents.phone_says(anna, state="reserved", at=after(75), by=anna, now=after(75))
    assert (of(anna).state, of(anna).conflict, of(anna).is_free) == ("reserved", "available_while_phone_busy", False)
    agents.phone_says(anna, state="available", at=after(80), by=anna, now=after(80))
    assert (of(anna).state, of(anna).conflict) == ("available", "")


# --- declared: pauses


def test_a_pause_asked_for_during_a_call_begins_when_it_is_over_and_written_up(anna, system):
    agents.sign_in(by=anna, now=after(0))
    tell(system, *CALL[:3], now=after(10))
    agents.pause(PauseCodeFactory(code="tea", time_limit_s=300), by=anna, now=after(15))
    assert (of(anna).state, of(anna).declared, of(anna).pending_pause.code) == ("talking", "available", "tea")
    tell(system, *CALL[3:], now=after(71))
    assert (of(anna).state, of(anna).pending_pause.code) == ("wrap_up", "tea")
    wrap_up.wrap_up(Call.objects.get().pk, disposition=DispositionFactory(), by=anna, now=after(95))
    row = of(anna)
    assert (row.state, row.pause_code.code, row.pending_pause, row.pause_limit_at) == ("paused", "tea", None, after(395))
    assert track(anna, "declared") == [("available", 0, 95), ("paused", 95, None)]


def test_a_pending_pause_can_be_taken_back_and_can_be_taken_at_once(anna, system):
    agents.sign_in(by=anna, now=after(0))
    tell(system, *CALL[:3], now=after(10))
    code = PauseCodeFactory()
    agents.pause(code, by=anna, now=after(15))
    agents.available(by=anna, now=after(16))
    assert of(anna).pending_pause is None
    agents.pause(code, at_once=True, by=anna, now=after(17))
    assert (of(anna).declared, of(anna).conflict) == ("paused", "on_call_while_paused")


def test_a_pause_that_requires_a_yes_waits_for_a_lead(anna, lead):
    agents.sign_in(by=anna, now=after(0))
    code = PauseCodeFactory(code="training", requires_approval=True)
    agents.pause(code, by=anna, now=after(10))
    assert (of(anna).state, of(anna).asked_pause, of(anna).asked_at) == ("available", code, after(10))
    assert [one["pause_code"] for one in messages(lead, "agent.pause_asked")] == ["training"]
    agents.answer_asked(anna, agree=False, reason="Seven people wait.", by=lead, now=after(20))
    assert (of(anna).state, of(anna).asked_pause) == ("available", None)
    with pytest.raises(agents.NothingAsked):
        agents.answer_asked(anna, agree=True, by=lead, now=after(21))
    agents.pause(code, by=anna, now=after(30))
    agents.answer_asked(anna, agree=True, by=lead, now=after(40))
    assert (of(anna).state, of(anna).pause_code) == ("paused", code)
    assert [(one["agreed"], one["reason"]) for one in messages(anna, "agent.pause_answered")] == [(False, "Seven people wait."), (True, "")]


def test_a_pause_over_its_limit_is_told_once_and_forces_nothing(anna, lead):
    agents.sign_in(by=anna, now=after(0))
    agents.pause(PauseCodeFactory(time_limit_s=600), by=anna, now=after(10))
    assert agent_watch.tell_pauses_over(now=after(609)) == 0
    assert [agent_watch.tell_pauses_over(now=after(n)) for n in (611, 700, 5000)] == [1, 0, 0]
    assert len(messages(anna, "agent.pause_over")) == len(messages(lead, "agent.pause_over")) == 1
    assert of(anna).state == "paused"


# --- lost logout, double login


def test_a_lost_logout_lags_then_goes_offline_at_the_right_instants(anna, settings, lead):
    settings.AGENT_LAGGED_AFTER_S, settings.AGENT_OFFLINE_AFTER_S = 60, 1800
    AgentPresenceFactory(agent=anna, available=True, last_heartbeat_at=after(100))
    AgentStateIntervalFactory(agent=anna, started_at=after(0), open=True)
    # the sweep was away for long: both steps are found at once, each at its own instant
    assert agent_watch.miss() == 2
    assert track(anna, "declared") == [("available", 0, 160), ("lagged", 160, 1960), ("offline", 1960, None)]
    assert (of(anna).state, of(anna).session) == ("offline", None)
    assert [one["state"] for one in messages(lead, "agent.state")] == ["lagged", "offline"]
    assert agent_watch.miss() == 0


def test_a_heartbeat_after_a_silence_goes_on_where_it_was(anna):
    session = agents.sign_in(by=anna, now=timezone.now() - timedelta(hours=1)).session
    agents.pause(PauseCodeFactory(code="lunch", time_limit_s=1800), by=anna, now=timezone.now() - timedelta(minutes=30))
    limit = of(anna).pause_limit_at
    AgentPresence.objects.update(last_heartbeat_at=timezone.now() - timedelta(minutes=5))
    assert agent_watch.miss() == 1
    assert of(anna).state == "lagged"
    agent_watch.heartbeat(session=session, by=anna, now=timezone.now())
    row = of(anna)
    assert (row.state, row.pause_code.code, row.pause_limit_at) == ("paused", "lunch", limit)
    assert [state for state, _, _ in track(anna, "declared")] == ["available", "paused", "lagged", "paused"]
    assert agent_watch.miss() == 0


def test_a_wrong_clock_of_a_host_makes_nobody_silent(anna, monkeypatch):
    """G5: heartbeats are written and missed by the clock of the database alone."""
    session = agents.sign_in(by=anna, now=timezone.now()).session
    for hours in (1, -1):
        wrong = timezone.now() + timedelta(hours=hours)
        with monkeypatch.context() as patched:
            patched.setattr(timezone, "now", lambda wrong=wrong: wrong)
            agent_watch.heartbeat(session=session, by=anna, now=wrong)
            assert agent_watch.miss() == 0
    assert of(anna).state == "available"


def test_of_two_sign_ins_the_newest_counts_and_the_other_screen_is_told(anna):
    first = agents.sign_in(device="desk 12", by=anna, now=after(0)).session
    agents.pause(PauseCodeFactory(), by=anna, now=after(10))
    second = agents.sign_in(device="laptop", by=anna, now=after(20)).session
    assert messages(anna, "agent.signed_in_elsewhere") == [{"session": str(first), "device": "laptop"}]
    assert (of(anna).state, of(anna).device) == ("paused", "laptop"), "one agent, one state: the pause goes on"
    agent_watch.heartbeat(session=second, by=anna, now=after(30))
    with pytest.raises(agents.SignedInElsewhere):
        agent_watch.heartbeat(session=first, by=anna, now=after(30))
    agents.sign_out(by=anna, now=after(40))
    for session in (first, second):
        with pytest.raises(agents.NotSignedIn):
            agent_watch.heartbeat(session=session, by=anna, now=after(50))


def test_a_heartbeat_is_one_statement(anna, django_assert_num_queries):
    session = agents.sign_in(by=anna, now=timezone.now()).session
    with django_assert_num_queries(1):
        agent_watch.heartbeat(session=session, by=anna, now=timezone.now())


def test_whoever_is_switched_off_is_offline(anna):
    agents.sign_in(by=anna, now=timezone.now())
    people.alter(anna.pk, is_active=False, by=UserFactory(role=Role.ADMIN), now=timezone.now())
    assert agent_watch.miss() == 1
    assert of(anna).state == "offline"


def test_everybody_who_takes_calls_is_shown_before_their_first_day(anna):
    UserFactory(role=Role.SUPERVISOR)
    UserFactory(role=Role.AGENT, is_active=False)
    assert [agent_watch.welcome(), agent_watch.welcome()] == [1, 0]
    assert of(anna).state == "offline"


# --- a supervisor's word


def test_a_supervisor_s_force_is_told_and_kept(anna, lead):
    agents.sign_in(by=anna, now=after(0))
    agents.force(anna, state="paused", pause_code=PauseCodeFactory(code="coaching"), reason="Come to my desk.", by=lead, now=after(60))
    interval = AgentStateInterval.objects.get(agent=anna, track="declared", ended_at=None)
    assert (interval.source, interval.by, interval.note) == ("supervisor", lead, "Come to my desk.")
    told = messages(anna, "agent.state")[-1]
    assert (told["state"], told["by"], told["reason"]) == ("paused", str(lead), "Come to my desk.")
    kept = AuditEvent.objects.get(verb="force")
    assert (kept.subject_id, kept.by, kept.reason) == (anna.pk, lead, "Come to my desk.")
    agents.force(anna, state="offline", reason="Went home.", by=lead, now=after(90))
    with pytest.raises(agents.NotSignedIn):
        agents.force(anna, state="available", reason="Wake up.", by=lead, now=after(99))
    with pytest.raises(agents.PauseCodeNeeded):
        agents.force(anna, state="paused", reason="x", by=lead, now=after(99))


def test_leads_hear_of_their_own_people_only_and_only_of_changes(anna, lead, system):
    stranger = UserFactory(role=Role.SUPERVISOR)
    TeamFactory(lead=stranger, members=[UserFactory(role=Role.AGENT)])
    agents.sign_in(by=anna, now=after(0))
    for _ in range(3):
        agents.available(by=anna, now=after(1))
    tell(system, CALL[0], *CALL[1:3], *CALL[1:3], now=after(10))
    assert [one["state"] for one in messages(lead, "agent.state")] == ["available", "ringing", "talking"]
    assert messages(stranger, "agent.state") == []


def test_the_filter_by_state_is_the_rule_of_the_state():
    """Every combination of word, silence and phone: found under the state that is shown, and under no other."""
    code = PauseCodeFactory()
    for word, silent, phone in itertools.product(("offline", "available", "paused"), (False, True), ("", *State.values)):
        if (word == "offline" and silent) or phone in ("available", "lagged"):
            continue
        AgentPresenceFactory(
            declared=word, pause_code=code if word == "paused" else None, lagged_at=BEGIN if silent else None, observed=phone
        )
    rows = list(AgentPresence.objects.all())
    assert len(rows) == 40
    for state in State.values:
        assert {row.pk for row in rows if row.state == state} == {row.pk for row in AgentPresence.objects.in_state(state)}, state


# --- what a row may never be


def test_the_table_refuses_two_open_states_and_two_that_overlap(anna):
    AgentStateIntervalFactory(agent=anna, started_at=after(0), open=True)
    AgentStateIntervalFactory(agent=anna, started_at=after(0), open=True, track="observed", state="talking")
    for facts in ({"open": True}, {"ended_at": after(700)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            AgentStateIntervalFactory(agent=anna, started_at=after(600), **facts)
    with pytest.raises(IntegrityError), transaction.atomic():
        AgentStateIntervalFactory(agent=anna, started_at=after(-10), ended_at=after(-20))
    with pytest.raises(IntegrityError), transaction.atomic():
        AgentStateIntervalFactory(agent=anna, track="declared", state="talking", started_at=after(-20), ended_at=after(-10))


def test_states_adjoin_whatever_the_clocks_say(anna):
    """Changes told with clocks that run forth and back: each state begins where the one before ended."""
    chance = random.Random(3)
    agents.sign_in(by=anna, now=after(0))
    codes = [PauseCodeFactory(), PauseCodeFactory()]
    for _ in range(40):
        moment = after(chance.randint(-100, 100))
        chance.choice((
            lambda now: agents.available(by=anna, now=now), lambda now: agents.pause(codes[0], by=anna, now=now),
            lambda now: agents.pause(codes[1], by=anna, now=now), lambda now: agents.sign_in(by=anna, now=now),
            lambda now: agents.sign_out(by=anna, now=now) and agents.sign_in(by=anna, now=now),
        ))(moment)  # fmt: skip
    rows = list(AgentStateInterval.objects.filter(agent=anna, track="declared").order_by("started_at", "id"))
    assert all(one.ended_at == two.started_at for one, two in itertools.pairwise(rows))
    assert [row.ended_at for row in rows].count(None) == 1
    row = of(anna)
    assert (row.declared, row.declared_since) == (rows[-1].state, rows[-1].started_at)


def test_the_present_is_what_the_open_intervals_say(anna, system):
    agents.sign_in(by=anna, now=after(0))
    for second, body in enumerate(CALL, 1):
        tell(system, body, now=after(71 + second))
        presence.hold([anna.pk])
        row = of(anna)
        open_ones = dict(AgentStateInterval.objects.filter(agent=anna, ended_at=None).values_list("track", "state"))
        assert (open_ones["declared"], open_ones.get("observed", "")) == (row.word, row.observed)


def test_events_kept_back_in_a_batch_free_nobody_wrongly(anna, system):
    intake.store(system, CALL[:3], now=after(10))
    intake.fold_waiting(now=after(10))
    assert of(anna).observed == "talking"


def test_pause_codes_know_which_pauses_are_rests():
    assert set(PauseCode.RESTS) == {"break", "meal", "health"}
