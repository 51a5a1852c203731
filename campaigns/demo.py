"""Campaigns of the demo: one that runs since yesterday, a draft that is ready to start, a template, and one that is over."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from calls.demo.house import ZONE, House
from campaigns import audiences, contact_lists, dry_runs, handout, preparing, reporting, running
from campaigns.models import Attempt, Campaign, Target
from campaigns.surveys import demo as surveys
from config.platform.errors import Refusal
from config.platform.models import User
from crm.models import Contact, Team

SEED = 10003
MOST = 40
#: How calls come out: an outcome or a disposition, and how often.
ENDS = (
    ("no_answer", "", 5), ("busy", "", 3), ("answered", "not-interested", 3), ("answered", "helped", 4), ("answered", "call-again", 3),
    ("no_answer", "machine", 1), ("failed", "", 1),
)  # fmt: skip
HOURS = [{"weekday": day, "opens": 9 * 60, "closes": 20 * 60} for day in range(7)]
AGAIN: list[dict[str, Any]] = [
    {"outcome": "busy", "delay_s": 900, "max_attempts": 3},
    {"outcome": "no_answer", "delay_s": 7200, "growth": "multiplied", "most_s": 86400, "next_number": "rotate", "varies_time_of_day": True},
]


def load(made: House, *, now: datetime, say: Callable[[str], object]) -> None:
    """Make the campaigns and work in them, each through the doors that everybody uses. They are worked in at an hour when calls are allowed."""
    random, boss = Random(SEED), made.staff["sergei"]
    noon = (now.astimezone(ZoneInfo(ZONE)) - timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    listed = [one.pk for one in Contact.objects.living().filter(kind="person").order_by("id")[: MOST * 2]]
    members: dict[str, list[Any]] = {"all": listed[:MOST], "few": listed[MOST : MOST + 8], "ready": listed[MOST + 8 :]}
    template = preparing.create(
        name="A call to our clients", kind="service", purpose="service", is_template=True, by=boss, now=noon - timedelta(days=30),
        about="Copy this one: hours, rules and people are set.",
        lists={"hours": HOURS, "retry_rules": AGAIN, "teams": list(Team.objects.order_by("name"))},
    )  # fmt: skip
    promo = _campaign(template, "Winter catalogue", members["all"], boss, noon - timedelta(hours=2), kind="promo", priority=70)
    running.start(promo.pk, force=True, reason="Agreed with the head of sales.", by=boss, now=noon - timedelta(hours=1))
    agents = [made.staff[name] for name in ("anna", "pavel", "jonas", "dina")]
    _work(promo, made, agents, random, noon, times=24)
    over = _campaign(template, "News of the delivery", members["few"], boss, noon - timedelta(days=9), kind="inform", priority=40)
    running.start(over.pk, force=True, reason="Urgent.", by=boss, now=noon - timedelta(days=8))
    _work(over, made, agents, random, noon - timedelta(days=7, hours=1), times=4)
    running.complete(over.pk, reason="Everybody was told.", by=boss, now=noon - timedelta(days=6))
    version = surveys.load(by=boss, now=noon - timedelta(days=20))
    asked = list(Contact.objects.filter(pk__in=members["all"]).order_by("id")[:30])
    surveys.respond(version, asked, agents, random, at=noon - timedelta(days=2, hours=2))
    draft = _campaign(
        template,
        "Spring survey of clients",
        members["ready"],
        boss,
        noon,
        kind="survey",
        purpose="survey",
        survey=version.survey,
        priority=50,
    )
    dry_runs.begin(draft.pk, by=boss, now=noon)
    dry_runs.run_owed(now=now)
    targets, attempts = Target.objects.filter(campaign=promo).count(), Attempt.objects.filter(campaign=promo).count()
    say(f"{Campaign.objects.count()} campaigns, {targets} contacts and {attempts} attempts in the one that runs")


def _campaign(template: Campaign, name: str, members: list[Any], boss: User, at: datetime, **fields: Any) -> Campaign:
    """A copy of the template with an audience of its own."""
    row = contact_lists.add(name=f"For: {name}", by=boss, now=at)
    contact_lists.add_members(row.pk, contacts=members, by=boss, now=at)
    campaign = preparing.copy(template.pk, name=name, by=boss, now=at)
    campaign = preparing.alter(
        campaign.pk, lists={"sources": [{"mode": "include", "kind": "list", "contact_list": row}]}, by=boss, now=at, **fields
    )
    audiences.build(campaign.pk, by=boss, now=at)
    while audiences.run_owed(now=at):
        pass
    return campaign


def _work(campaign: Campaign, made: House, agents: list[User], random: Random, at: datetime, *, times: int) -> None:
    """Operators take contacts in turn, and say how it came out."""
    for number in range(times):
        agent, now = agents[number % len(agents)], at + timedelta(minutes=3 * number)
        attempt = handout.next_for(campaign.pk, agent=agent, now=now).attempt
        if attempt is None:
            continue
        outcome, code, _ = random.choices(ENDS, weights=[many for *_, many in ENDS])[0]
        ended = now + timedelta(seconds=random.randint(20, 150))
        try:
            reporting.report(
                attempt.pk, attempt.lease_token, outcome=outcome, disposition=made.dispositions[code] if code else None,
                started_at=now + timedelta(seconds=5), ended_at=ended, by=agent, now=ended + timedelta(seconds=10),
            )  # fmt: skip
        except Refusal:
            handout.release(attempt.pk, attempt.lease_token, reason="It could not be written up.", now=ended)
