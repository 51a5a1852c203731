"""The rules of campaigns against calling: what each says, and from when on it says otherwise."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import leasing
from campaigns.models import Campaign, Target
from crm import calling
from crm.models import Contact
from tests.factories.campaigns import AttemptFactory, CampaignFactory, CampaignHoursFactory, TargetFactory
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 9, tzinfo=UTC)  # a Monday, noon in Moscow
HOUR = timedelta(hours=1)
MOSCOW, KAMCHATKA = "+74951230000", "+74152210000"


def target(e164: str = MOSCOW, contact: Contact | None = None, **more) -> Target:
    return TargetFactory(contact=contact or ContactFactory(phones=[e164]), **more)


def said(one: Target, rule: str, at: datetime = NOON, agent=None) -> tuple[str, str, datetime | None]:
    """The verdict, the code and the next time of one rule."""
    row = Target.objects.select_related("campaign").get(pk=one.pk)
    (verdict,) = leasing.verdicts([row], agent=agent, at=at, now=NOON)
    (finding,) = [found for found in verdict.findings if found.rule == rule]
    return finding.verdict, finding.code, finding.next_at


def tried(one: Target, *ago: timedelta, **more) -> None:
    e164 = one.contact.contact_phones.get().phone.e164
    for span in ago:
        AttemptFactory(target=one, state="closed", closing="result", e164=e164, leased_at=NOON - span, **{"counted": "contact", **more})
    Target.objects.filter(pk=one.pk).update(attempts_total=one.attempts.filter(counted="contact").count())


def test_the_campaign_runs_and_the_time_is_its_own():
    for more, at, code, again in (
        ({}, NOON, "campaign_runs", NOON),
        ({"status": "paused"}, NOON, "campaign_not_running", None),
        ({"starts_at": NOON + HOUR}, NOON, "campaign_not_begun", NOON + HOUR),
        ({"ends_at": NOON}, NOON, "campaign_ended", None),
        ({"ends_at": NOON + HOUR}, NOON, "campaign_runs", NOON),
    ):
        assert said(target(contact=ContactFactory(phones=True), campaign=CampaignFactory(**more)), "campaign_runs", at)[1:] == (code, again)


def test_a_target_waits_in_three_states_only_and_not_before_its_time():
    for state, code in (
        ("pending", "target_waits"), ("retry_wait", "target_waits"), ("callback_wait", "target_waits"), ("leased", "target_in_hand"),
        ("wrap", "target_in_hand"), ("done", "target_done"), ("exhausted", "target_exhausted"), ("suppressed", "target_suppressed"),
    ):  # fmt: skip
        one = target(contact=ContactFactory(phones=True), state=state, next_attempt_at=NOON + HOUR, is_ready=False)
        assert said(one, "campaign_target")[1] == code
        assert said(one, "campaign_pause")[2] == NOON + HOUR and said(one, "campaign_pause", NOON + HOUR)[0] == "allowed"


def test_whoever_asks_works_in_it_and_what_is_kept_for_one_is_anybodys_after_a_day():
    mine, other, stranger = (UserFactory(role="agent") for _ in range(3))
    campaign = CampaignFactory(agents=[mine, other])
    kept = target(campaign=campaign, state="retry_wait", is_ready=True, only_agent=mine, next_attempt_at=NOON - HOUR)
    for agent, code in ((mine, "for_you"), (None, "for_you"), (other, "kept_for_another"), (stranger, "not_your_campaign")):
        assert said(kept, "campaign_agent", agent=agent)[1] == code
    assert said(kept, "campaign_agent", agent=other)[2] == NOON - HOUR + timedelta(days=1)
    assert said(kept, "campaign_agent", NOON + timedelta(days=1), agent=other)[0] == "allowed"


@pytest.mark.parametrize(
    "e164, zone, at, again",
    [
        (MOSCOW, "", NOON, NOON),
        (KAMCHATKA, "", NOON, datetime(2026, 11, 23, 21, tzinfo=UTC)),  # nine in the evening there; it opens at nine on Tuesday
        (MOSCOW, "Asia/Kamchatka", NOON, datetime(2026, 11, 24, 6, tzinfo=UTC)),  # said, and the number: both must be open
        # New York, clocks go back on Sunday 2026-11-01: nine on Friday is 13:00 UTC, nine on Monday is 14:00 UTC
        ("+12125550000", "", datetime(2026, 10, 30, 12, tzinfo=UTC), datetime(2026, 10, 30, 13, tzinfo=UTC)),
        ("+12125550000", "", datetime(2026, 11, 2, 13, tzinfo=UTC), datetime(2026, 11, 2, 14, tzinfo=UTC)),
    ],
)
def test_hours_are_those_of_the_customers_clocks(e164, zone, at, again):
    campaign = CampaignFactory()
    for weekday in range(5):
        CampaignHoursFactory(campaign=campaign, weekday=weekday, opens=9 * 60, closes=20 * 60)
    said_so = {"time_zone": zone, "time_zone_source": Contact.TimeZoneSource.EXPLICIT} if zone else {}
    one = target(campaign=campaign, contact=ContactFactory(phones=[e164], **said_so))
    verdict, _, next_at = said(one, "campaign_hours", at)
    assert (verdict, next_at) == ("allowed" if again == at else "refused", again)


def test_holidays_are_kept_where_the_campaign_keeps_them():
    unity_day = datetime(2026, 11, 4, 9, tzinfo=UTC)
    for keeps, verdict in ((True, "refused"), (False, "allowed")):
        one = target(contact=ContactFactory(phones=True if keeps else ["+74951239999"]), campaign=CampaignFactory(keeps_holidays=keeps))
        if keeps:
            one = target("+74951238888", campaign=one.campaign)
        assert said(one, "campaign_hours", unity_day)[0] == verdict


def test_limits_by_attempts_that_count():
    day = timedelta(days=1)
    for number, (more, ago, rule, code, again) in enumerate(
        [
            ({"max_attempts": 2}, (5 * HOUR, 40 * HOUR), "campaign_attempts", "attempts_used_up", None),
            ({"max_attempts": 3}, (5 * HOUR, 40 * HOUR), "campaign_attempts", "attempts_left", NOON),
            ({"max_per_day": 1}, (5 * HOUR,), "campaign_daily_limit", "tried_enough_today", datetime(2026, 11, 23, 21, tzinfo=UTC)),
            ({"max_per_day": 1}, (13 * HOUR,), "campaign_daily_limit", "within_daily_limit", NOON),
            (
                {"rolling_most": 2, "rolling_s": 86400},
                (5 * HOUR, 20 * HOUR),
                "campaign_rolling_limit",
                "tried_enough_of_late",
                NOON - 20 * HOUR + day,
            ),
            ({"rolling_most": 2, "rolling_s": 86400}, (5 * HOUR, 24 * HOUR), "campaign_rolling_limit", "within_rolling_limit", NOON),
            ({"min_gap_s": 7200}, (HOUR,), "campaign_gap", "tried_a_moment_ago", NOON + HOUR),
            ({"min_gap_s": 7200}, (2 * HOUR,), "campaign_gap", "gap_kept", NOON),
            ({"max_per_number": 1}, (50 * HOUR,), "campaign_number_limit", "number_used_up", None),
        ]
    ):
        one = target(f"+7495124{number:04}", campaign=CampaignFactory(**more))
        tried(one, *ago)
        tried(one, timedelta(minutes=1), counted="technical")  # the line failed: no attempt with them
        assert said(one, rule)[1:] == (code, again), (more, ago)
    failing = target("+74951250000", campaign=CampaignFactory(max_technical=2), attempts_technical=2)
    assert said(failing, "campaign_failures")[1:] == ("line_fails", None)


def test_a_number_that_somebody_has_in_hand_is_nobody_elses_in_any_campaign_or_by_hand():
    holder = UserFactory(role="agent")
    held = AttemptFactory(e164=MOSCOW, agent=holder, leased_at=NOON)
    assert said(target(MOSCOW), "number_in_hand")[1:] == ("number_in_hand", held.lease_until)

    def by_hand(agent):
        found = calling.may_call(e164=MOSCOW, purpose="service", at=NOON, agent=agent, is_manual=True, now=NOON).findings
        return next(one.verdict for one in found if one.rule == "number_in_hand")

    assert (by_hand(UserFactory(role="agent")), by_hand(holder)) == ("refused", "allowed")


def test_whoever_was_hung_up_on_is_left_alone_for_the_time_of_the_campaign():
    one = target(campaign=CampaignFactory(drop_lockout_s=7200))
    AttemptFactory(e164=MOSCOW, state="closed", closing="result", is_drop=True, leased_at=NOON - HOUR, answered_at=NOON - HOUR)
    assert said(one, "drop_lockout")[1:] == ("dropped_lately", NOON + HOUR)
    assert said(one, "drop_lockout", NOON + HOUR)[0] == "allowed"


def test_many_are_asked_about_with_as_many_statements_as_one():
    campaign = CampaignFactory(max_per_day=1, max_per_number=2)
    ids = [target(f"+7495126{number:04}", campaign=campaign).pk for number in range(20)]

    def cost(some) -> int:
        rows = list(Target.objects.filter(pk__in=some))
        held = Campaign.objects.prefetch_related("hours").get(pk=campaign.pk)
        for row in rows:
            row.campaign = held
        with CaptureQueriesContext(connection) as asked:
            leasing.verdicts(rows, agent=None, now=NOON)
        return len(asked)

    cost(ids)
    assert cost(ids) == cost(ids[:1])
