"""P20: the operator's health, computed from recorded shifts. The same shift gives the same instants, to the second."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from calls import agents, breaks, hard_calls, observing, wellbeing, wrap_up
from calls.models import AgentPresence, Call, HardCall
from calls.wellbeing import Due, Rules
from config.platform.models import FeedMessage, Role
from tests.factories.agents import AgentPresenceFactory, AgentStateIntervalFactory, HardCallFactory, PauseCodeFactory
from tests.factories.calls import CallFactory, CallLegFactory, DispositionFactory, QueueFactory
from tests.factories.crm import TeamFactory, TopicFactory
from tests.factories.platform import UserFactory

RULES = Rules(desk_s=7200, talk_s=3000, window_s=3600, rest_s=300)
DAY = datetime(2026, 11, 23, tzinfo=UTC)


def clock(text):
    hours, minutes, *seconds = (int(part) for part in text.split(":"))
    return DAY + timedelta(hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0)


def spans(*texts):
    return [tuple(clock(end) for end in text.split("-")) for text in texts]


#: A shift as it was recorded: pauses away from the desk are the gaps.
SHIFT = spans("9:00-10:30", "10:33-11:20", "11:25-12:30", "13:00-16:10")


def test_breaks_of_a_recorded_shift_fall_due_at_these_instants():
    quiet = wellbeing.dues(SHIFT, [], RULES, until=clock("18:00"))
    assert quiet == [
        Due(clock("11:03"), "desk", rested_at=clock("11:25")),  # the three minutes at half past ten are no rest, and no work either
        Due(clock("15:00"), "desk", rested_at=clock("16:15")),
    ]
    # the second morning: one long call after another
    talk = spans("11:26-11:50", "11:52-12:15", "12:16-12:30")
    assert wellbeing.dues(SHIFT, talk, RULES, until=clock("18:00")) == [quiet[0], Due(clock("12:19"), "talk", clock("12:35")), quiet[1]]
    assert wellbeing.dues(SHIFT, talk, RULES, until=clock("11:03")) == [Due(clock("11:03"), "desk", None)]
    assert wellbeing.dues(SHIFT, talk, RULES, until=clock("11:02:59")) == []


def test_talk_of_more_than_an_hour_ago_does_not_count():
    talk = spans("9:00-9:40", "10:20-10:40", "10:41-11:10")
    # at 10:20 the window holds 20 minutes of the first call; they leave it as fast as new ones come
    assert wellbeing.dues(spans("9:00-11:10"), talk, Rules(0, 3000, 3600, 300), until=clock("12:00")) == []
    longer = spans("9:00-9:40", "10:20-11:30")
    assert wellbeing.dues([], longer, Rules(0, 3000, 3600, 3600), until=clock("12:00")) == [Due(clock("11:10"), "talk", None)]


def test_a_call_taken_while_paused_is_no_rest():
    lunch = spans("9:00-10:00", "10:10-11:30")
    assert wellbeing.dues(lunch, [], RULES, until=clock("12:00")) == []
    assert wellbeing.dues(lunch, spans("10:01-10:09"), RULES, until=clock("11:30")) == [Due(clock("11:02"), "desk", None)]


def test_due_instants_equal_those_of_a_second_by_second_recount():
    """A hundred shifts by chance, against the rules applied to every second of the day, one by one."""
    chance = random.Random(2026)
    rules = Rules(desk_s=900, talk_s=300, window_s=400, rest_s=60)
    for _ in range(100):
        at, desk, talk = 0, [], []
        while at < 4000:
            end = at + chance.randint(20, 700)
            desk.append((at, end))
            begin = at + chance.randint(0, 20)
            while begin < end:
                stop = min(end, begin + chance.randint(5, 250))
                talk.append((begin, stop))
                begin = stop + chance.choice((0, 3, 40, 90))
            at = end + chance.choice((5, 30, 59, 60, 61, 300))
        timed = [[(DAY + timedelta(seconds=a), DAY + timedelta(seconds=b)) for a, b in given] for given in (desk, talk)]
        found = [((due.at - DAY).total_seconds(), due.reason) for due in wellbeing.dues(*timed, rules, until=DAY + timedelta(seconds=at))]
        assert found == by_seconds(desk, talk, rules, at)


def by_seconds(desk, talk, rules, until):
    works = {second for begin, end in [*desk, *talk] for second in range(begin, end)}
    talks = {second for begin, end in talk for second in range(begin, end)}
    found, worked, rested, since, is_due = [], 0, rules.rest_s, 0, False
    for second in range(until):
        if second not in works:
            rested += 1
            continue
        if rested >= rules.rest_s:
            worked, since, is_due = 0, second, False
        rested, worked = 0, worked + 1
        spoken = sum(1 for one in range(max(since, second + 1 - rules.window_s), second + 1) if one in talks)
        reasons = [name for name, is_it in (("desk", worked >= rules.desk_s), ("talk", spoken >= rules.talk_s)) if is_it]
        if reasons and not is_due:
            found.append((second + 1, reasons[0]))
            is_due = True
    return found


def test_nothing_can_fall_due_before_the_sweep_looks_again():
    chance = random.Random(7)
    for _ in range(200):
        moment = clock("9:00") + timedelta(seconds=chance.randint(0, 30_000))
        shift = wellbeing.standing(SHIFT, spans("11:26-11:50", "11:52-12:15", "12:16-12:30"), RULES, now=moment)
        if shift.due is None and shift.not_before:
            busiest = [(moment, moment + timedelta(hours=3))]
            worst = wellbeing.dues([*[(a, min(b, moment)) for a, b in SHIFT if a < moment], *busiest],
                                   [*[(a, min(b, moment)) for a, b in spans("11:26-11:50", "11:52-12:15", "12:16-12:30") if a < moment], *busiest],
                                   RULES, until=moment + timedelta(hours=3))  # fmt: skip
            assert [due for due in worst if moment < due.at < shift.not_before] == []


def test_the_reason_is_said_in_words():
    assert wellbeing.why("desk", RULES) == "You have been at the desk for 2 h without a break of 5 min: your back needs one."
    assert wellbeing.why("talk", RULES) == "You have talked for 50 min within 1 h: your voice and your head need a break."
    assert wellbeing.prompt(clock("11:03")) == wellbeing.prompt(clock("11:03")) in wellbeing.STRETCH


# --- from the tables to the screen


@pytest.fixture
def anna(db, settings):
    settings.BREAKS = {"desk_s": 7200, "talk_s": 3000, "window_s": 3600, "rest_s": 300}
    settings.BREAK_REPEATED_S = 900
    return UserFactory(role=Role.AGENT)


def record_shift(anna):
    """The shift above as rows: available, two pauses of which one is training at the desk, and calls in the late morning."""
    tea, training = PauseCodeFactory(kind="break"), PauseCodeFactory(kind="training")
    for state, code, begin, end in (
        ("available", None, "9:00", "10:00"), ("paused", training, "10:00", "10:30"), ("paused", tea, "10:30", "10:33"),
        ("available", None, "10:33", "11:20"), ("paused", tea, "11:20", "11:25"), ("available", None, "11:25", None),
    ):  # fmt: skip
        AgentStateIntervalFactory(agent=anna, state=state, pause_code=code, started_at=clock(begin), ended_at=clock(end) if end else None)
    for begin, end in spans("11:26-11:50", "11:52-12:15", "12:16-12:30"):
        call = CallFactory(agent=anna, started_at=begin, answered_at=begin, ended_at=end, wrap_up_state="done")
        CallLegFactory(call=call)
    AgentPresenceFactory(agent=anna, available=True, declared_since=clock("11:25"))


def messages(user, kind):
    return list(FeedMessage.objects.filter(recipient=user, kind=kind).order_by("id").values_list("at", "data"))


def test_a_sweep_tells_each_break_once_when_it_is_due_then_politely_again(anna):
    record_shift(anna)
    AgentPresence.objects.update(check_break_at=None)
    for minutes in range(12 * 60, 12 * 60 + 60):  # every minute from noon, as if nothing had been looked at before
        breaks.tell_due(now=DAY + timedelta(minutes=minutes))
        breaks.tell_due(now=DAY + timedelta(minutes=minutes))
    told = messages(anna, "break.due")
    assert [at for at, _ in told] == [clock("12:19"), clock("12:34"), clock("12:49")]
    assert told[0][1]["reason"] == "talk"
    assert told[0][1]["text"].startswith("You have talked for 50 min")
    assert AgentPresence.objects.get(agent=anna).break_due_at == clock("12:19")


def test_a_rest_long_enough_takes_the_break_off_and_a_short_one_does_not(anna):
    record_shift(anna)
    breaks.tell_due(now=clock("12:31"))
    agents.pause(PauseCodeFactory(kind="break"), by=anna, now=clock("12:32"))
    breaks.tell_due(now=clock("12:34"))
    row = AgentPresence.objects.get(agent=anna)
    assert (row.break_due_at, len(messages(anna, "break.due"))) == (clock("12:19"), 1), "nobody is told to rest while they do"
    agents.available(by=anna, now=clock("12:36"))
    breaks.tell_due(now=clock("12:50"))
    assert AgentPresence.objects.get(agent=anna).break_due_at == clock("12:19")
    agents.pause(PauseCodeFactory(kind="health"), by=anna, now=clock("12:51"))
    agents.available(by=anna, now=clock("12:57"))
    breaks.tell_due(now=clock("12:58"))
    assert AgentPresence.objects.get(agent=anna).break_due_at is None


def test_nobody_is_looked_at_before_a_break_can_be_due(anna, django_assert_num_queries):
    agents.sign_in(by=anna, now=clock("9:00"))
    breaks.tell_due(now=clock("9:01"))
    assert AgentPresence.objects.get(agent=anna).check_break_at == clock("9:51"), "50 minutes of talk cannot be reached sooner"
    with django_assert_num_queries(3):  # savepoint, one look, release
        breaks.tell_due(now=clock("9:50"))


# --- after a hard call


@pytest.fixture
def hard_topic(db):
    return TopicFactory(is_hard=True, code="complaint")


def had_call(anna, begin="12:00", **facts):
    begun = clock(begin)
    return CallFactory(agent=anna, started_at=begun, answered_at=begun, ended_at=begun + timedelta(minutes=5), **facts)


def test_a_micro_pause_is_offered_after_a_hard_call_and_taken(anna, hard_topic, settings):
    settings.MICRO_PAUSE_S, settings.MICRO_PAUSE_OFFERED_S = 120, 900
    agents.sign_in(by=anna, now=clock("9:00"))
    easy, hard = had_call(anna, "11:50"), had_call(anna, "12:00")
    wrap_up.wrap_up(easy.pk, disposition=DispositionFactory(), topics=[TopicFactory()], by=anna, now=clock("11:56"))
    assert hard_calls.offer_to(anna.pk, now=clock("11:57")) is None
    wrap_up.wrap_up(hard.pk, disposition=DispositionFactory(), topics=[hard_topic], by=anna, now=clock("12:06"))
    wrap_up.wrap_up(hard.pk, disposition=DispositionFactory(), topics=[hard_topic], by=anna, now=clock("12:07"))
    ((at, told),) = messages(anna, "micro_pause.offered")
    assert (at, told["call"], told["seconds"], told["reasons"]) == (clock("12:06"), str(hard.pk), 120, ["topic:complaint"])
    row = hard_calls.micro_pause(take=True, by=anna, now=clock("12:08"))
    assert (row.state, row.pause_code.kind, row.pause_limit_at) == ("paused", "health", clock("12:10"))
    with pytest.raises(hard_calls.NothingOffered):
        hard_calls.micro_pause(take=True, by=anna, now=clock("12:09"))
    assert HardCall.objects.get().answer == "taken"


def test_declining_is_fine_and_an_offer_passes_by_itself(anna, hard_topic):
    agents.sign_in(by=anna, now=clock("9:00"))
    for begin in ("12:00", "13:00"):
        wrap_up.wrap_up(
            had_call(anna, begin).pk,
            disposition=DispositionFactory(),
            topics=[hard_topic],
            by=anna,
            now=clock(begin) + timedelta(minutes=6),
        )
        if begin == "12:00":
            assert hard_calls.micro_pause(take=False, by=anna, now=clock("12:07")).state == "available"
    assert hard_calls.offer_to(anna.pk, now=clock("13:20")) is not None
    assert hard_calls.offer_to(anna.pk, now=clock("13:22")) is None
    with pytest.raises(hard_calls.NothingOffered):
        hard_calls.micro_pause(take=True, by=anna, now=clock("13:22"))


def test_a_micro_pause_taken_when_the_next_call_rings_waits_for_its_end(anna, hard_topic):
    agents.sign_in(by=anna, now=clock("9:00"))
    wrap_up.wrap_up(had_call(anna).pk, disposition=DispositionFactory(), topics=[hard_topic], by=anna, now=clock("12:06"))
    call = had_call(anna, "12:07", open=True)
    CallLegFactory(call=call, state="answered", ended_at=None)
    observing.look_again([anna.pk], at=clock("12:07"), now=clock("12:07"))
    assert hard_calls.micro_pause(take=True, by=anna, now=clock("12:08")).pending_pause.code == "micro-pause"
    Call.objects.filter(pk=call.pk).update(state="ended", ended_at=clock("12:12"))
    observing.look_again([anna.pk], at=clock("12:12"), now=clock("12:12"))
    row = AgentPresence.objects.get(agent=anna)
    assert (row.state, row.pause_limit_at) == ("paused", clock("12:14"))


def test_abuse_is_said_by_whoever_had_the_call_and_can_be_taken_back(anna):
    agents.sign_in(by=anna, now=clock("9:00"))
    call = had_call(anna)
    with pytest.raises(wrap_up.NotYourCall):
        hard_calls.mark(call.pk, is_hard=True, by=UserFactory(role=Role.AGENT), now=clock("12:06"))
    hard_calls.mark(call.pk, is_hard=True, by=anna, now=clock("12:06"))
    wrap_up.wrap_up(call.pk, disposition=DispositionFactory(), by=anna, now=clock("12:07"))
    assert HardCall.objects.get().reasons == ["abuse"]
    hard_calls.mark(call.pk, is_hard=False, by=anna, now=clock("12:08"))
    assert not HardCall.objects.exists()


def test_a_disposition_that_tires_makes_the_call_hard(anna):
    call = had_call(anna)
    wrap_up.wrap_up(call.pk, disposition=DispositionFactory(code="abusive", is_hard=True), topics=[], by=anna, now=clock("12:06"))
    assert HardCall.objects.get().reasons == ["disposition:abusive"]


def test_a_write_up_put_right_takes_the_hard_call_back(anna, hard_topic):
    call = had_call(anna)
    wrap_up.wrap_up(call.pk, disposition=DispositionFactory(), topics=[hard_topic], by=anna, now=clock("12:06"))
    assert HardCall.objects.get().at == clock("12:05")
    wrap_up.wrap_up(call.pk, disposition=DispositionFactory(), topics=[], by=anna, now=clock("12:09"))
    assert not HardCall.objects.exists()


def test_hard_calls_are_reported_as_a_share_of_each_one_s_calls(anna):
    boris = UserFactory(role=Role.AGENT)
    calls = [had_call(anna, f"{hour}:00") for hour in range(9, 13)] + [had_call(boris, "9:30"), had_call(boris, "10:30")]
    had_call(boris, "11:30", missed=True)
    for call in (calls[0], calls[3]):
        HardCallFactory(call=call)
    rows = hard_calls.shares(after=DAY, before=DAY + timedelta(days=1))
    assert [(row["agent"], row["calls"], row["hard"], row["share"]) for row in rows] == [(anna.pk, 4, 2, 0.5), (boris.pk, 2, 0, 0.0)]
    assert (rows[0]["first_at"], rows[0]["last_at"]) == (clock("9:05"), clock("12:05"))


def test_the_next_hard_call_goes_to_whoever_had_fewest_then_waits_longest(anna):
    team, queue = TeamFactory(), QueueFactory()
    queue.teams.add(team)
    people = {name: UserFactory(role=Role.AGENT) for name in ("tired", "fresh", "fresher", "paused", "busy")}
    team.members.set(people.values())
    for name, since in (("tired", "8:00"), ("fresh", "11:00"), ("fresher", "10:00"), ("busy", "9:00")):
        AgentPresenceFactory(agent=people[name], available=True, declared_since=clock(since))
    AgentPresence.objects.filter(agent=people["busy"]).update(observed="talking", observed_since=clock("11:30"))
    AgentPresenceFactory(agent=people["paused"], declared="paused", pause_code=PauseCodeFactory())
    HardCallFactory(call=had_call(people["tired"], "9:00"))
    HardCallFactory(call=CallFactory(agent=people["fresh"]), at=DAY - timedelta(days=3))
    found = hard_calls.fair_order(queue, now=clock("12:00"))
    assert [row["agent"] for row in found] == [people["fresher"].pk, people["fresh"].pk, people["tired"].pk]
    assert [row["hard"] for row in found] == [0, 0, 1]
