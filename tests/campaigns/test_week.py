"""A week of two campaigns, lived through by a clock of its own: not one call outside its rules, by the count of ``tests.campaigns.week``.

It holds the day on which Europe's clocks go back and that of America's, people in eleven time zones, some of whom two sources place
in two, holidays, shared numbers, promises, dropped calls, lines that fail, and people who say no while they are in somebody's hands.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

import pytest

from campaigns import clock_keys, handout, outcomes, reporting, settling
from campaigns.models import Attempt, Campaign, CampaignHours, Target
from config.platform.errors import Refusal
from crm import calling_whom, suppression
from crm.calling_whom import Whom
from crm.models import Contact, PhoneNumber
from tests.campaigns.week import Made, Person, Rules, World, broken, is_open
from tests.factories.calling import CallingLimitFactory, CallingWindowFactory
from tests.factories.campaigns import CampaignFactory, RetryRuleFactory, TargetFactory
from tests.factories.crm import ContactFactory, ContactPhoneFactory, PhoneNumberFactory
from tests.factories.dispositions import DispositionFactory
from tests.factories.platform import UserFactory

BEGIN = datetime(2026, 10, 25, tzinfo=UTC)
HOUR = 3600
#: What is said of somebody, how their numbers begin, and every zone in which the hours must then be open.
PLACES = [
    ("America/New_York", "+1212555", ("America/New_York",)),
    ("America/Chicago", "+1312555", ("America/Chicago",)),
    ("America/Sao_Paulo", "+551191234", ("America/Sao_Paulo",)),
    ("Europe/Lisbon", "+35191200", ("Europe/Lisbon",)),
    ("Europe/Berlin", "+4930123", ("Europe/Berlin",)),
    ("Europe/Moscow", "+7916123", ("Europe/Moscow",)),
    ("Asia/Yekaterinburg", "+7916124", ("Asia/Yekaterinburg",)),
    ("Asia/Kathmandu", "+977984123", ("Asia/Kathmandu",)),
    ("Asia/Manila", "+63917123", ("Asia/Manila",)),
    ("Australia/Lord_Howe", "+6141234", ("Australia/Lord_Howe",)),
    ("Asia/Kamchatka", "+7916125", ("Asia/Kamchatka",)),
    ("Europe/Berlin", "+1212556", ("Europe/Berlin", "America/New_York")),  # two sources disagree: both must be open
]
ALL_SAINTS = {"+35191200": frozenset({date(2026, 11, 1)}), "+63917123": frozenset({date(2026, 11, 1)})}
LEFT_OUT = date(2026, 10, 28)
WEEKDAY, WEEKEND = [(9 * 60, 13 * 60), (14 * 60, 20 * 60)], [(10 * 60, 18 * 60)]
HOURS = {day: WEEKDAY if day < 5 else WEEKEND for day in range(7)}
RULES = Rules(
    hours=HOURS,
    retries={"busy": 1800, "no_answer": 3 * HOUR, "failed": 600, "machine": 4 * HOUR, "talked": 5 * HOUR},
    most=4, most_a_day=2, most_a_number=3, rolling_most=3, rolling=timedelta(hours=40), gap=timedelta(hours=2),
    most_technical=2, technical=frozenset({"failed"}), lockout=timedelta(hours=72),
)  # fmt: skip
NUMBER_A_DAY = 3
CHANCES = {
    "busy": 20,
    "no_answer": 25,
    "machine": 8,
    "failed": 8,
    "bought": 10,
    "refused": 8,
    "promised": 9,
    "talked": 10,
    "dropped": 2,
    "vanished": 3,
}


@dataclass
class InHand:
    """A contact that somebody has, and when they will say how it came out."""

    attempt: Attempt
    made: Made
    until: datetime


class Week:
    """The world of the test, and what happened in it."""

    def __init__(self, people: int, agents: int, seed: int) -> None:
        self.random, self.lines = Random(seed), max(2, people // 40)
        self.agents = [UserFactory(role="agent") for _ in range(agents)]
        self.dialler = UserFactory(role="integration")
        self.campaigns = [self.campaign("North", 60), self.campaign("South", 40)]
        self.people: dict[str, Person] = {}
        self.calls: list[Made] = []
        self.in_hand: list[InHand] = []
        self.gone: dict[str, UUID] = {}
        self.ways = {
            name: DispositionFactory(code=name, direction="outbound", **flags)
            for name, flags in {
                "bought": {"contact_made": True, "right_party": True, "success": True, "final": True},
                "refused": {"contact_made": True, "right_party": True, "refused": True, "final": True},
                "promised": {"contact_made": True, "callback": True},
                "talked": {"contact_made": True},
            }.items()
        }
        for campaign in self.campaigns:
            RetryRuleFactory(campaign=campaign, outcome="", disposition=self.ways["talked"], delay_s=5 * HOUR)
        CallingLimitFactory(name="A number a day", subject="number", window="calendar_day", most=NUMBER_A_DAY, manual_calls="yes")
        window = CallingWindowFactory(purpose="service", is_active=True, hours={day: [(8 * 60, 21 * 60)] for day in range(7)})
        window.restricted.create(since=LEFT_OUT, until=LEFT_OUT, name="Nobody is called")
        for number in range(people):
            self.person(number)

    def campaign(self, name: str, priority: int) -> Campaign:
        campaign = CampaignFactory(
            name=name, priority=priority, agents=self.agents, keeps_holidays=True, max_attempts=RULES.most, max_per_day=RULES.most_a_day,
            max_per_number=RULES.most_a_number, rolling_most=RULES.rolling_most, rolling_s=40 * HOUR, min_gap_s=2 * HOUR,
            max_technical=RULES.most_technical, started_at=BEGIN, lease_s=HOUR,
        )  # fmt: skip
        for weekday, intervals in HOURS.items():
            for opens, closes in intervals:
                CampaignHours.objects.create(campaign=campaign, weekday=weekday, opens=opens, closes=closes)
        for outcome, more in {
            "busy": {"delay_s": 1800, "growth": "multiplied", "factor": 2, "most_s": 4 * HOUR},
            "no_answer": {"delay_s": 3 * HOUR, "next_number": "rotate", "varies_time_of_day": True},
            "failed": {"delay_s": 600},
            "machine": {"delay_s": 4 * HOUR, "agent": "same"},
        }.items():
            RetryRuleFactory(campaign=campaign, outcome=outcome, **more)
        return campaign

    def person(self, number: int) -> None:
        """Every ninth has a second number, every fifth is in both campaigns, every seventh shares a number with the one before."""
        zone, prefix, zones = PLACES[number % len(PLACES)]
        contact = ContactFactory(time_zone=zone, time_zone_source=Contact.TimeZoneSource.EXPLICIT)
        phone = PhoneNumberFactory(e164=f"{prefix}{number:04}")
        ContactPhoneFactory(contact=contact, phone=phone)
        if number % 9 == 0:
            other = PhoneNumberFactory(e164=f"{prefix}{9999 - number:04}")
            ContactPhoneFactory(contact=contact, phone=other, is_primary=False, order=1)
        (subject,) = calling_whom.found([Whom(contact_id=contact.pk)])
        assert set(subject.clocks.zones) == set(zones), "the table of this test says where they are"
        self.people[str(contact.pk)] = Person(zones, ALL_SAINTS.get(prefix, frozenset()) | {LEFT_OUT})
        for campaign in self.campaigns if number % 5 == 0 else self.campaigns[number % 2 :][:1]:
            TargetFactory(campaign=campaign, contact=contact, clocks=clock_keys.key_of(subject.clocks))
        if number % 7 == 0 and number > len(PLACES):
            self.share(contact, prefix, number - len(PLACES))

    def share(self, contact: Contact, prefix: str, number: int) -> None:
        """They also have the number of somebody in the same place."""
        if phone := PhoneNumber.objects.filter(e164=f"{prefix}{number:04}").first():
            ContactPhoneFactory(contact=contact, phone=phone, is_primary=False, order=2)

    def live(self, days: int, step: timedelta) -> None:
        now, end = BEGIN, BEGIN + timedelta(days=days)
        while now < end:
            self.hear(now)
            self.some_say_no(now)
            self.take(now)
            handout.expire(now=now, limit=100)
            outcomes.tend(now=now)
            now += step
        self.hear(end + timedelta(hours=1))

    def take(self, now: datetime) -> None:
        busy = {one.made.agent for one in self.in_hand} | self.who_is_gone()
        for agent in self.agents:
            if str(agent.pk) in busy:
                continue
            given = handout.next_of_all(agent, now=now)
            if given.attempt is None:
                break
            self.taken(given.attempt, str(agent.pk), now)
        for campaign in self.campaigns:
            for attempt in handout.lease_batch(campaign.pk, by=self.dialler, most=self.lines, now=now):
                self.taken(attempt, "", now)

    def who_is_gone(self) -> set[str]:
        """Operators who vanished with a contact in hand: they do not ask again before it is taken back from them."""
        held = set(Attempt.objects.open().filter(pk__in=self.gone.values()).values_list("pk", flat=True))
        self.gone = {agent: attempt_id for agent, attempt_id in self.gone.items() if attempt_id in held}
        return set(self.gone)

    def taken(self, attempt: Attempt, agent: str, now: datetime) -> None:
        (result,) = self.random.choices(list(CHANCES), CHANCES.values())
        dialled = now + timedelta(minutes=self.random.choice([0, 0, 1, 5, 20]))
        until = dialled + timedelta(minutes=self.random.randint(1, 25))
        made = Made(str(attempt.campaign_id), str(attempt.contact_id), attempt.e164, agent, now, dialled, until, result)
        self.in_hand.append(InHand(attempt, made, until))

    def hear(self, now: datetime) -> None:
        """They say how it came out; a revoked one was never called, one that vanished is never heard of."""
        for one in [one for one in self.in_hand if one.until <= now]:
            self.in_hand.remove(one)
            one.attempt.refresh_from_db()
            if one.made.agent and one.made.result == "vanished":
                self.gone[one.made.agent] = one.attempt.pk
            if one.attempt.closing != Attempt.Closing.REVOKED and one.made.result != "vanished":
                self.calls.append(self.report(one, now))

    def report(self, one: InHand, now: datetime) -> Made:
        agent = next((user for user in self.agents if str(user.pk) == one.made.agent), None)
        speaker, result = agent or self.random.choice(self.agents), one.made.result
        said = {"attempt_id": one.attempt.pk, "token": one.attempt.lease_token, "started_at": one.made.dialled_at, "ended_at": one.until}
        if result == "dropped" and agent is None:
            reporting.report(**said, outcome="answered", by=self.dialler, now=now)
            return replace(one.made, dropped=True)
        if result == "promised" and (at := self.a_good_time(one, now)):
            try:
                reporting.report(
                    **said, disposition=self.ways["promised"], callback={"at": at}, agent=speaker, by=agent or self.dialler, now=now
                )
                return replace(one.made, promise=at)
            except Refusal:  # they have a promise already, or may not be called then
                result = "talked"
        if result in ("promised", "dropped"):
            result = "talked"
        if result in self.ways:
            reporting.report(**said, disposition=self.ways[result], agent=speaker, by=agent or self.dialler, now=now)
        else:
            reporting.report(**said, outcome=result, by=agent or self.dialler, now=now)
        return replace(one.made, result=result)

    def a_good_time(self, one: InHand, now: datetime) -> datetime | None:
        """An hour that they would choose: when they are called gladly."""
        for _ in range(20):
            at = (now + timedelta(hours=self.random.randint(1, 30))).replace(minute=self.random.choice([0, 15, 30, 45]))
            if is_open(self.people[one.made.person], RULES, at):
                return at
        return None

    def some_say_no(self, now: datetime) -> None:
        if self.random.random() < 0.02:
            contact_id = self.random.choice(list(self.people))
            if not self.people[contact_id].stopped_at:
                suppression.add(contact=Contact.objects.get(pk=contact_id), purpose="service", source="customer", by=None, now=now)
                self.people[contact_id] = replace(self.people[contact_id], stopped_at=now)


def lived(people: int, agents: int, minutes: int, seed: int) -> Week:
    """Eight days, in steps of so many minutes."""
    week = Week(people, agents, seed)
    week.live(8, timedelta(minutes=minutes))
    return week


def all_is_well(week: Week) -> None:
    world = World(week.people, {str(campaign.pk): RULES for campaign in week.campaigns}, NUMBER_A_DAY)
    found = broken(week.calls, world)
    assert not found, "\n".join(found[:10]) + f"\n{len(found)} rules broken in {len(week.calls)} calls"
    assert not broken_control(week, world), "a check that finds nothing in a world of night calls checks nothing"
    for target in Target.objects.filter(attempts__isnull=True).select_related("contact"):
        is_left_out = target.state == "suppressed" or week.people[str(target.contact_id)].stopped_at
        assert is_left_out, f"{target.contact} was forgotten:\n" + "\n".join(course_of(target))
    for target in Target.objects.select_related("campaign"):
        if not target.attempts.open().exists() and target.state != "suppressed":
            again = settling.reckoned(target)
            assert (target.attempts_total, target.is_success) == (again.attempts_total, again.is_success), "told as counted anew"


def course_of(target: Target) -> list[str]:
    """Where a target stands, and who had its numbers in hand all the while: what explains that it was passed over."""
    numbers = list(target.contact.contact_phones.values_list("phone__e164", flat=True))
    stands = (
        f"{target.state}, ready: {target.is_ready}, next {target.next_attempt_at}, checked {target.checked_at}, {target.clocks} {numbers}"
    )
    return [stands] + [
        f"{one.leased_at} to {one.closed_at} {one.e164} {one.state} {one.closing} {one.outcome} drop: {one.is_drop} {one.campaign}"
        for one in Attempt.objects.filter(e164__in=numbers).order_by("leased_at")
    ]


def broken_control(week: Week, world: World) -> list[str]:
    """The same calls twelve hours later break rules: which of these kinds the check does not find."""
    by = timedelta(hours=12)
    later = [replace(one, leased_at=one.leased_at + by, dialled_at=one.dialled_at + by, ended_at=one.ended_at + by) for one in week.calls]
    twice = [*week.calls, *(replace(one, leased_at=one.leased_at + timedelta(minutes=1)) for one in week.calls[:20])]
    looked = {"outside their hours": later, "one number in two hands": twice, "within the gap": twice, "one person in two hands": twice}
    return [rule for rule, calls in looked.items() if not any(rule in one for one in broken(calls, world))]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)  # else the week is one transaction, for which all news of the server waits
def test_no_call_of_a_week_is_outside_its_rules():
    week = lived(people=60, agents=3, minutes=60, seed=7)
    all_is_well(week)
    assert set(Counter(zone for one in week.calls for zone in week.people[one.person].zones)) >= {zones[0] for _, _, zones in PLACES}


@pytest.mark.long
@pytest.mark.django_db(transaction=True)  # else the week is one transaction, for which all news of the server waits
def test_no_call_of_a_week_of_five_thousand_is_outside_its_rules():
    all_is_well(lived(people=5000, agents=12, minutes=10, seed=11))
