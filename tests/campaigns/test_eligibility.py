"""Each rule of campaigns against calling, on a table: what it says at which instant, and from when on it says yes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from calls.models import Callback
from campaigns import clock_keys
from campaigns.models import Attempt, Campaign, CampaignHours, Target
from crm import calling, calling_whom
from crm.calling_whom import Whom
from tests.factories.callbacks import CallbackFactory
from tests.factories.calling import CallingLimitFactory
from tests.factories.calls import CallFactory
from tests.factories.campaigns import AttemptFactory, CampaignFactory, TargetFactory
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
#: A Monday.
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MOSCOW, MANILA, BERLIN, NEW_YORK = "+74951234567", "+639171234567", "+4930123456", "+12125550123"
DAY, HOUR = 86400, 3600


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def target_on(number, *, zone="", hours=None, agents=(), state="pending", target=None, **of_campaign):
    campaign = CampaignFactory(**({"min_gap_s": 0} | of_campaign), agents=agents)
    for weekday, opens, closes in hours or []:
        CampaignHours.objects.create(campaign=campaign, weekday=weekday, opens=opens, closes=closes)
    contact = ContactFactory(phones=[number], time_zone=zone, time_zone_source="explicit" if zone else "")
    (subject,) = calling_whom.found([Whom(contact_id=contact.pk)])
    return TargetFactory(campaign=campaign, contact=contact, state=state, clocks=clock_keys.key_of(subject.clocks), **(target or {}))


def tried(target, at, number, *, state="closed", **more):
    closing = {"closing": "result", "counted": "contact", "outcome": "no_answer"} if state == "closed" else {}
    return AttemptFactory(target=target, e164=number, leased_at=at, state=state, **(closing | more))


def said(target, number, at, *, agent=None, **context):
    """The codes of what stands against it, and when it passes."""
    target = Target.objects.get(pk=target.pk)
    target.campaign = Campaign.objects.prefetch_related("hours").get(pk=target.campaign_id)
    verdict = calling.may_call(
        e164=number, contact_id=target.contact_id, purpose="service", at=at, agent=agent, context={"target": target} | context, now=at
    )
    return {one.code for one in verdict.reasons}, verdict.next_at


EVERY_DAY = [(day, 9 * 60, 18 * 60) for day in range(7)]
WITH_LUNCH = [(day, *part) for day in range(7) for part in ((9 * 60, 12 * 60), (13 * 60, 18 * 60))]
# where the number is, what was said of the zone, the campaign, the instant; what stands against it, from when on it does not
HOURS = {
    "open": (MOSCOW, "", {"hours": EVERY_DAY}, "2026-11-23T09:00", None, None),
    "the last minute": (MOSCOW, "", {"hours": EVERY_DAY}, "2026-11-23T14:59", None, None),
    "closed by the minute": (MOSCOW, "", {"hours": EVERY_DAY}, "2026-11-23T15:00", "outside_campaign_hours", "2026-11-24T06:00"),
    "at lunch": (MOSCOW, "", {"hours": WITH_LUNCH}, "2026-11-23T09:30", "outside_campaign_hours", "2026-11-23T10:00"),
    "a day without hours": (MOSCOW, "", {"hours": EVERY_DAY[:5]}, "2026-11-28T09:00", "outside_campaign_hours", "2026-11-30T06:00"),
    "two zones, open in one": (NEW_YORK, "Europe/Berlin", {"hours": EVERY_DAY}, "2026-11-23T09:00", "outside_campaign_hours", "2026-11-23T14:00"),
    "two zones, open in both": (NEW_YORK, "Europe/Berlin", {"hours": EVERY_DAY}, "2026-11-23T14:00", None, None),
    "Berlin, before its clocks go back": (BERLIN, "", {"hours": EVERY_DAY}, "2026-10-24T06:59", "outside_campaign_hours", "2026-10-24T07:00"),
    "Berlin, after its clocks went back": (BERLIN, "", {"hours": EVERY_DAY}, "2026-10-25T07:30", "outside_campaign_hours", "2026-10-25T08:00"),
    "Berlin, on the day they go on": (BERLIN, "", {"hours": EVERY_DAY}, "2026-03-29T06:59", "outside_campaign_hours", "2026-03-29T07:00"),
    "Berlin, in the hour that does not exist": (BERLIN, "", {"hours": [(6, 120, 150)]}, "2026-03-29T01:00", "outside_campaign_hours", "2026-04-05T00:00"),
    "New York, still in summer": (NEW_YORK, "", {"hours": EVERY_DAY}, "2026-10-31T13:00", None, None),
    "New York, in winter": (NEW_YORK, "", {"hours": EVERY_DAY}, "2026-11-01T13:00", "outside_campaign_hours", "2026-11-01T14:00"),
    "New York, spring": (NEW_YORK, "", {"hours": EVERY_DAY}, "2026-03-08T13:00", None, None),
    "a holiday of theirs": (MANILA, "", {"hours": EVERY_DAY, "keeps_holidays": True}, "2026-12-25T03:00", "outside_campaign_hours", None),
    "a holiday that does not matter": (MANILA, "", {"hours": EVERY_DAY}, "2026-12-25T03:00", None, None),
    "a holiday of others": (MOSCOW, "", {"hours": EVERY_DAY, "keeps_holidays": True}, "2026-12-25T09:00", None, None),
    "before it begins": (MOSCOW, "", {"starts_at": utc("2026-11-24T00:00")}, "2026-11-23T09:00", "campaign_not_begun", "2026-11-24T00:00"),
    "after its end": (MOSCOW, "", {"ends_at": NOW}, "2026-11-23T09:00", "campaign_ended", None),
    "paused": (MOSCOW, "", {"status": "paused"}, "2026-11-23T09:00", "campaign_not_running", None),
}  # fmt: skip


@pytest.mark.parametrize("name", HOURS)
def test_hours_and_dates(name):
    number, zone, campaign, at, code, next_at = HOURS[name]
    codes, passes = said(target_on(number, zone=zone, **campaign), number, utc(at))
    assert codes == ({code} if code else set())
    assert (next_at is None and (code is None or passes is None or "holiday" in name)) or passes == utc(next_at)
    if name == "a holiday of theirs":
        assert passes.date() > date(2026, 12, 25)


ZONES = [
    ("Europe/Kaliningrad", 2), ("Europe/Moscow", 3), ("Europe/Samara", 4), ("Asia/Yekaterinburg", 5), ("Asia/Omsk", 6), ("Asia/Krasnoyarsk", 7),
    ("Asia/Irkutsk", 8), ("Asia/Yakutsk", 9), ("Asia/Vladivostok", 10), ("Asia/Magadan", 11), ("Asia/Kamchatka", 12),
]  # fmt: skip


def test_from_kaliningrad_to_kamchatka_the_campaign_opens_at_nine_by_their_clocks():
    """Each for an hour after the one in the west of it; a number that says nothing of the place leaves the word to what was said."""
    for place, (zone, ahead) in enumerate(ZONES):
        number = f"+7916{place:07}"
        target = target_on(number, zone=zone, hours=EVERY_DAY)
        opens = utc("2026-11-23T09:00") - timedelta(hours=ahead)
        assert said(target, number, opens - timedelta(minutes=1)) == ({"outside_campaign_hours"}, opens), zone
        assert said(target, number, opens)[0] == said(target, number, opens + timedelta(hours=9, minutes=-1))[0] == set(), zone
        assert said(target, number, opens + timedelta(hours=9)) == ({"outside_campaign_hours"}, opens + timedelta(days=1)), zone


def ago(**back):
    return NOW - timedelta(**back)


# the campaign, when they were tried (on the number asked about, unless another is named), the code, and when it passes; NOW is noon in Moscow
LIMITS = {
    "a day: enough today": ({"max_per_day": 1}, [ago(hours=8)], "tried_enough_today", "2026-11-23T21:00"),
    "a day: yesterday by their clocks": ({"max_per_day": 1}, [ago(hours=13)], None, None),
    "rolling: enough of late": ({"rolling_most": 2, "rolling_s": 2 * DAY}, [ago(hours=1), ago(hours=40)], "tried_enough_of_late", "2026-11-23T17:00"),
    "rolling: one is old enough": ({"rolling_most": 2, "rolling_s": 2 * DAY}, [ago(hours=1), ago(hours=48)], None, None),
    "gap: a moment ago": ({"min_gap_s": HOUR}, [ago(minutes=20)], "tried_a_moment_ago", "2026-11-23T09:40"),
    "gap: just over": ({"min_gap_s": HOUR}, [ago(minutes=60)], None, None),
    "number: enough on it": ({"max_per_number": 1}, [ago(days=9)], "number_used_up", None),
    "number: others do not matter": ({"max_per_number": 1}, [(ago(days=9), "+74957654321")], None, None),
}  # fmt: skip


@pytest.mark.parametrize("name", LIMITS)
def test_how_often(name):
    campaign, attempts, code, next_at = LIMITS[name]
    target = target_on(MOSCOW, **campaign)
    for one in attempts:
        tried(target, *(one if isinstance(one, tuple) else (one, MOSCOW)))
    tried(target, NOW, MOSCOW, counted="none")
    tried(target, NOW, MOSCOW, counted="technical")
    assert said(target, MOSCOW, NOW) == ({code} if code else set(), utc(next_at) if next_at else None if code else NOW)


def test_limits_count_from_the_call_and_the_gap_from_its_end_whenever_they_were_taken_in_hand():
    limits = {"min_gap_s": HOUR, "max_per_day": 1}
    rang = ago(minutes=70)
    call = CallFactory(direction="outbound", started_at=rang, ended_at=ago(minutes=10), state="ended")
    spoken = tried(target_on(MOSCOW, min_gap_s=HOUR), ago(hours=2), MOSCOW, dialled_at=rang, call=call).target
    assert said(spoken, MOSCOW, NOW) == ({"tried_a_moment_ago"}, NOW + timedelta(minutes=50))
    late = tried(target_on("+74950000001", min_gap_s=HOUR), ago(hours=2), "+74950000001", dialled_at=ago(minutes=10)).target
    assert said(late, "+74950000001", NOW) == ({"tried_a_moment_ago"}, NOW + timedelta(minutes=50)), "of a call whose end nobody told"
    midnight = utc("2026-11-22T21:00")  # in Moscow
    target = target_on("+74950000002", **limits)
    tried(target, midnight - timedelta(minutes=20), "+74950000002", dialled_at=midnight + timedelta(minutes=20))
    assert said(target, "+74950000002", NOW)[0] == {"tried_enough_today"}
    of_late = target_on("+74950000003", rolling_most=1, rolling_s=HOUR)
    tried(of_late, ago(hours=2), "+74950000003", dialled_at=ago(minutes=50))
    assert said(of_late, "+74950000003", NOW) == ({"tried_enough_of_late"}, NOW + timedelta(minutes=10))


def test_a_promise_is_kept_beyond_the_campaigns_own_gap_day_and_rolling_limits_but_no_other():
    promise = CallbackFactory(at=NOW, status="due")
    limits = {"min_gap_s": HOUR, "max_per_day": 1, "rolling_most": 1, "rolling_s": DAY}
    target = target_on(MOSCOW, state="callback_wait", target={"next_attempt_at": NOW, "callback": promise, "is_ready": False}, **limits)
    tried(target, ago(minutes=20), MOSCOW)
    assert said(target, MOSCOW, NOW)[0] == set()
    limit = CallingLimitFactory(most=1)
    CallFactory(direction="outbound", customer_e164=MOSCOW, started_at=ago(minutes=20), ended_at=ago(minutes=19), state="ended")
    assert said(target, MOSCOW, NOW)[0] == {"limit_reached"}, "that of the house holds"
    limit.delete()
    Target.objects.filter(pk=target.pk).update(state="leased", callback=None)
    keeps = tried(target, NOW, MOSCOW, state="leased", callback=promise)
    assert said(target, MOSCOW, NOW, attempt=keeps.pk)[0] == set(), "from within the attempt that keeps it"
    over = {"state": "closed", "closing": "result", "closed_at": NOW, "counted": "contact", "outcome": "busy"}
    Attempt.objects.filter(pk=keeps.pk).update(**over)
    Target.objects.filter(pk=target.pk).update(state="callback_wait", callback=promise)
    assert said(target, MOSCOW, NOW)[0] == {"tried_a_moment_ago", "tried_enough_today", "tried_enough_of_late"}, "it was tried at its time"
    Callback.objects.filter(pk=promise.pk).update(at=NOW + timedelta(minutes=20))
    Target.objects.filter(pk=target.pk).update(next_attempt_at=NOW + timedelta(minutes=20))
    assert said(target, MOSCOW, NOW) == ({"promised_for_later"}, NOW + timedelta(minutes=20)), "they asked for another time"


def test_a_day_ends_by_each_clock_of_theirs():
    target = target_on(NEW_YORK, zone="Europe/Berlin", max_per_day=1)
    tried(target, utc("2026-11-23T22:30"), NEW_YORK)  # half past eleven in Berlin, half past five in New York
    assert said(target, NEW_YORK, utc("2026-11-23T23:30")) == ({"tried_enough_today"}, utc("2026-11-24T05:00"))


def test_counts_of_the_whole_campaign_and_what_was_promised():
    used = {"attempts_total": 5, "is_ready": False}
    assert said(target_on(MOSCOW, target=used), MOSCOW, NOW) == ({"attempts_used_up"}, None)
    promised = target_on("+74951234568", state="callback_wait", target=used | {"next_attempt_at": NOW})
    assert said(promised, "+74951234568", NOW)[0] == set(), "what was promised is kept all the same"
    assert said(promised, "+74951234568", ago(hours=1)) == ({"promised_for_later"}, NOW)
    assert said(target_on("+74951234569", target={"attempts_technical": 3}), "+74951234569", NOW) == ({"line_fails"}, None)


def test_a_number_in_hand_is_nobody_elses_by_whatever_campaign_and_by_hand():
    held = tried(target_on("+74950000001", state="leased"), NOW, MOSCOW, state="leased")
    other = target_on(MOSCOW)
    assert said(other, MOSCOW, NOW) == ({"number_in_hand"}, NOW + timedelta(minutes=1))
    somebody = UserFactory(role="agent")
    ask = {"e164": MOSCOW, "purpose": "service", "is_manual": True, "now": NOW}
    assert [one.code for one in calling.may_call(agent=somebody, **ask).reasons] == ["number_in_hand"]
    assert calling.may_call(agent=held.agent, **ask).allowed, "whoever has them in hand may dial"
    assert said(held.target, MOSCOW, NOW, attempt=held.pk)[0] == set(), "from within the attempt"
    assert "target_in_hand" in said(held.target, MOSCOW, NOW)[0]


def test_a_person_in_hand_on_one_number_is_nobody_elses_on_another():
    other = target_on(MOSCOW)
    held = tried(TargetFactory(contact=other.contact, state="leased"), NOW, "+74950000001", state="leased")
    assert said(other, MOSCOW, NOW) == ({"contact_in_hand"}, NOW + timedelta(minutes=1))
    assert said(target_on("+74950000001"), "+74950000001", NOW)[0] == {"number_in_hand"}, "the number is another person's too"
    ask = {"e164": MOSCOW, "purpose": "service", "is_manual": True, "now": NOW}
    assert [one.code for one in calling.may_call(agent=UserFactory(role="agent"), **ask).reasons] == ["contact_in_hand"]
    assert calling.may_call(agent=held.agent, **ask).allowed, "whoever has them in hand may dial whichever number"
    with pytest.raises(IntegrityError, match="one_open_attempt_per_contact"), transaction.atomic():
        tried(other, NOW, MOSCOW, state="leased")
    Attempt.objects.filter(pk=held.pk).update(state="closed", closing="released", closed_at=NOW)
    assert said(other, MOSCOW, NOW)[0] == set()


def test_whoever_was_hung_up_on_is_left_alone_and_by_hand_it_is_a_warning():
    tried(target_on("+74950000001"), ago(hours=2), MOSCOW, is_drop=True, answered_at=ago(hours=2))
    target = target_on(MOSCOW, drop_lockout_s=3 * HOUR)
    assert said(target, MOSCOW, NOW) == ({"dropped_lately"}, NOW + timedelta(hours=1))
    call = CallFactory(direction="outbound", started_at=ago(hours=2), answered_at=ago(hours=2), ended_at=ago(hours=1), state="ended")
    tried(target_on("+74950000002"), ago(hours=2), MOSCOW, is_drop=True, answered_at=ago(hours=2), call=call)
    assert said(target, MOSCOW, NOW)[1] == NOW + timedelta(hours=2), "from when the call was over"
    by_hand = calling.may_call(e164=MOSCOW, purpose="service", is_manual=True, now=NOW)
    assert by_hand.allowed and [one.code for one in by_hand.warnings] == ["dropped_lately"]


def test_kept_for_whoever_knows_them_and_only_for_a_while():
    mine, other, stranger = (UserFactory(role="agent") for _ in range(3))
    for state, kept in (("retry_wait", timedelta(days=1)), ("callback_wait", timedelta(minutes=30))):
        number = f"+7495000000{len(state) % 10}"
        target = target_on(
            number, agents=[mine, other], state=state, target={"only_agent": mine, "next_attempt_at": NOW, "is_ready": False}
        )
        assert said(target, number, NOW, agent=mine)[0] == set()
        assert said(target, number, NOW, agent=other) == ({"kept_for_another"}, NOW + kept)
        assert said(target, number, NOW + kept, agent=other)[0] == set()
        assert said(target, number, NOW, agent=stranger) == ({"not_your_campaign"}, None)
        assert said(target, number, NOW)[0] == set(), "asked for anybody"


@pytest.mark.parametrize("state", ["done", "exhausted", "suppressed"])
def test_who_is_over_is_not_called(state):
    assert said(target_on(MOSCOW, state=state), MOSCOW, NOW) == ({f"target_{state}"}, None)
