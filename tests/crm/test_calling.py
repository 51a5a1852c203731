"""The door: whoever may not be called is refused with every reason and the first time at which nothing stands against it any more."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import eligibility
from crm import calling, suppression
from crm.calling import REFUSED, WARNED, Finding
from crm.calling_whom import Whom
from crm.models import CallingWindow, Contact
from tests.factories.calling import CallingLimitFactory, CallingWindowFactory, RestrictedPeriodFactory
from tests.factories.calls import CallFactory
from tests.factories.consent import ConsentFactory, SuppressionFactory
from tests.factories.crm import ContactAddressFactory, ContactFactory, ContactPhoneFactory, PhoneNumberFactory

pytestmark = pytest.mark.django_db
KAMCHATKA, MOSCOW, MOBILE = "+74152212345", "+74951234567", "+79161234567"
#: A Monday, noon in Moscow, nine in the evening in Kamchatka.
NOON = datetime(2026, 11, 23, 9, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def ask(e164: str = MOSCOW, at: datetime = NOON, purpose: str = "marketing", **more):
    return calling.may_call(e164=e164, purpose=purpose, at=at, **{"now": at, **more})


def codes(verdict) -> list[str]:
    return [one.code for one in verdict.reasons]


def test_nothing_stands_against_a_call_at_noon():
    verdict = ask()
    assert (verdict.allowed, verdict.next_at, verdict.reasons) == (True, NOON, [])
    assert {one.rule for one in verdict.findings} == {name for name, _ in calling.rules}
    ours = {"consent", "limits", "number", "open_call", "open_request", "suppression", "window"}
    assert {name for name, _ in calling.rules} == ours | set(eligibility.RULES)


def test_without_any_policy_what_can_wait_is_not_done_at_night_and_service_has_no_hours():
    late = utc("2026-11-23T21:00")  # midnight in Moscow
    assert codes(ask(at=late)) == ["outside_window"] and ask(at=late).next_at == utc("2026-11-24T06:00")
    assert codes(ask(at=late, purpose="survey")) == ["outside_window"]
    assert ask(at=late, purpose="service").allowed


def test_all_reasons_are_told_and_next_at_is_when_the_last_of_them_is_over():
    entry = SuppressionFactory(e164=KAMCHATKA, starts_at=NOON - timedelta(days=1), expires_at=utc("2026-11-25T10:00"), purpose="marketing")
    verdict = ask(KAMCHATKA)
    assert sorted(codes(verdict)) == ["outside_window", "suppressed"]
    # at its end it is ten in the evening there: the window must be asked again
    assert verdict.next_at == utc("2026-11-25T21:00")
    (stop,) = [one for one in verdict.reasons if one.code == "suppressed"]
    assert stop.facts["suppression"] == str(entry.pk) and stop.next_at == entry.expires_at
    assert ask(KAMCHATKA, at=verdict.next_at, now=NOON).allowed
    assert not ask(KAMCHATKA, at=verdict.next_at - timedelta(seconds=1), now=NOON).allowed


def test_a_suppression_to_come_is_passed_over_too():
    SuppressionFactory(e164=MOSCOW, starts_at=NOON - timedelta(days=1), expires_at=NOON + timedelta(hours=1))
    SuppressionFactory(e164=MOSCOW, source="regulator", starts_at=NOON + timedelta(minutes=30), expires_at=NOON + timedelta(hours=3))
    assert ask().next_at == NOON + timedelta(hours=3)


def test_what_never_ends_has_no_next_time():
    SuppressionFactory(e164=MOSCOW, starts_at=NOON)
    verdict = ask()
    assert (verdict.allowed, verdict.next_at) == (False, None)


@pytest.mark.parametrize("status", ["refused", "withdrawn"])
def test_a_no_counts_until_something_else_is_said(status):
    contact = ContactFactory(phones=[MOSCOW])
    ConsentFactory(contact=contact, status=status, valid_from=NOON - timedelta(days=1))
    assert codes(ask()) == [f"consent_{status}"] and ask().next_at is None
    assert ask(purpose="service").allowed, "a no to marketing is no no to service"
    ConsentFactory(contact=contact, status="granted", valid_from=NOON + timedelta(days=2))
    assert ask().next_at == NOON + timedelta(days=2), "a yes that counts from then on"


def test_where_a_consent_is_needed_none_is_a_no(settings):
    settings.CALLING_NEEDS_CONSENT = ["marketing"]
    contact = ContactFactory(phones=[MOSCOW])
    assert codes(ask()) == ["consent_missing"] and ask(purpose="survey").allowed
    ConsentFactory(contact=contact, valid_from=NOON - timedelta(days=2), valid_to=NOON + timedelta(hours=1))
    assert ask().allowed and codes(ask(at=NOON + timedelta(hours=2))) == ["consent_expired"]


@pytest.mark.parametrize(("validity", "code"), [("invalid", "number_invalid"), ("changed", "number_changed"), ("unreachable", None)])
def test_a_number_that_is_none_or_not_theirs_any_more_is_not_called(validity, code):
    PhoneNumberFactory(e164=MOSCOW, validity=validity)
    assert codes(ask()) == ([code] if code else [])


def test_a_contact_is_called_on_its_primary_number_and_one_without_a_number_is_not():
    contact = ContactFactory(phones=[KAMCHATKA, MOSCOW])
    verdict = calling.may_call(contact_id=contact.pk, purpose="marketing", now=NOON)
    assert verdict.subject.e164 == KAMCHATKA and codes(verdict) == ["outside_window"]
    assert codes(calling.may_call(contact_id=ContactFactory().pk, purpose="service", now=NOON)) == ["no_number"]
    assert ask(KAMCHATKA).subject.contact_id == contact.pk, "a number of one contact means that contact"


def test_the_customers_own_clocks_count_and_where_sources_disagree_all_of_them():
    kamchatka = ContactFactory(phones=[MOBILE], time_zone="Asia/Kamchatka", time_zone_source="explicit")
    assert ask(MOBILE).next_at == utc("2026-11-23T21:00")
    Contact.objects.filter(pk=kamchatka.pk).update(time_zone_source="number")
    assert ask(MOBILE).allowed, "what once was guessed from a number tells nothing"
    ContactAddressFactory(contact=kamchatka, country="US", city="New York")
    assert ask(MOBILE).allowed, "a country with many zones tells too little"
    settled = ContactFactory(phones=["+74951234568"], time_zone="Asia/Kamchatka", time_zone_source="explicit")
    verdict = ask("+74951234568")
    (finding,) = verdict.reasons
    assert finding.facts["zones"] == ["Asia/Kamchatka", "Europe/Moscow"] and finding.facts["zones_from"] == ["explicit", "number"]
    assert verdict.next_at == utc("2026-11-24T06:00"), "when both have morning"
    assert settled.pk == verdict.subject.contact_id


@pytest.mark.parametrize(
    ("unknown_zone", "default_zone", "code", "next_at"),
    [
        ("default_zone", "Asia/Kamchatka", "outside_window", "2026-11-23T21:00"),
        ("default_zone", "", None, None),
        ("country_zones", "", "outside_window", None),
        ("refuse", "", "zone_unknown", None),
    ],
)
def test_what_to_do_when_nothing_tells_the_zone_is_the_windows_to_say(unknown_zone, default_zone, code, next_at):
    """Nine to six: in all zones of Russia together never, for they lie ten hours apart."""
    CallingWindowFactory(is_active=True, unknown_zone=unknown_zone, default_zone=default_zone)
    verdict = ask(MOBILE)
    assert codes(verdict) == ([code] if code else [])
    assert verdict.next_at == (utc(next_at) if next_at else None if code else NOON)


def test_a_window_of_the_purpose_stands_before_the_one_for_all():
    CallingWindowFactory(is_active=True, purpose="", hours={0: [(0, 60)]})
    CallingWindowFactory(is_active=True, purpose="service")
    assert ask(purpose="service").allowed and codes(ask()) == ["outside_window"]
    CallingWindow.objects.filter(purpose="service").update(is_active=False)
    assert codes(ask(purpose="service")) == ["outside_window"]


def test_holidays_of_the_customers_country_and_dates_left_out_are_named():
    window = CallingWindowFactory(is_active=True, keeps_holidays=True)
    eve = utc("2026-12-31T16:00")  # seven in the evening in Moscow
    assert ask(at=eve).next_at == utc("2027-01-09T06:00"), "from the first to the eighth is New Year"
    (finding,) = ask(at=utc("2027-01-07T09:00")).reasons
    assert finding.code == "public_holiday" and "2027-01-07" in finding.detail
    assert ask("+493012345678", at=utc("2027-01-07T09:00")).allowed, "Germany works"
    RestrictedPeriodFactory(window=window, since="2027-01-09", until="2027-01-11", name="Stock-taking")
    assert ask(at=eve).next_at == utc("2027-01-12T06:00")
    assert [(one.code, "Stock-taking" in one.detail) for one in ask(at=utc("2027-01-10T09:00")).reasons] == [("restricted_period", True)]


def test_whoever_called_us_may_be_called_back_unless_they_may_not_be_called_at_all():
    contact, late = ContactFactory(phones=[KAMCHATKA]), NOON
    CallingWindowFactory(is_active=True)
    CallingLimitFactory(most=1, min_gap_s=7200)
    CallFactory(direction="outbound", customer_e164=KAMCHATKA, started_at=late - timedelta(hours=1))
    ConsentFactory(contact=contact, status="refused", valid_from=late - timedelta(days=1))
    SuppressionFactory(e164=KAMCHATKA, purpose="marketing", starts_at=late - timedelta(days=1))
    assert len(codes(ask(KAMCHATKA))) == 5
    back = ask(KAMCHATKA, is_return=True)
    assert back.allowed and {one.code for one in back.warnings} == {"suppressed", "consent_refused", "outside_window", "limit_reached", "called_a_moment_ago"}  # fmt: skip
    CallingWindow.objects.update(holds_for_returns=True)
    assert codes(ask(KAMCHATKA, is_return=True)) == ["outside_window"]
    CallingWindow.objects.update(holds_for_returns=False)
    SuppressionFactory(e164=KAMCHATKA, source="court", starts_at=late - timedelta(days=1))
    assert codes(ask(KAMCHATKA, is_return=True)) == ["suppressed"]


def test_a_rule_of_another_app_has_its_say_and_its_context(monkeypatch):
    def rule(question):
        return [
            lambda at, one=one: [Finding(REFUSED, "not_this_campaign", "No.", at + timedelta(hours=1)) if one.context.get("campaign") == 7 else Finding(WARNED, "hm", "Hm.")]
            for one in question.subjects
        ]  # fmt: skip

    monkeypatch.setitem(calling.rules._entries, "campaign", rule)
    verdict = ask(context={"campaign": 7})
    assert codes(verdict) == ["not_this_campaign"] and verdict.next_at is None, "it always says an hour later: no time is named for ever"
    assert ask().allowed and [one.code for one in ask().warnings] == ["hm"]


def world(random: Random) -> list[str]:
    """Numbers of which all sorts of things are known."""
    numbers = []
    for n in range(40):
        place = random.choice(["+7495", "+74152", "+74012", "+7916", "+4930", "+1212555", "+639171"])
        e164 = f"{place}{random.randrange(2 * 10**6, 3 * 10**6)}"[: 13 if place == "+639171" else 12]
        numbers.append(e164)
        if random.random() < 0.7:
            zone = random.choice(["", "", "Asia/Kamchatka", "Europe/Berlin"])
            contact = ContactFactory(time_zone=zone, time_zone_source="explicit" if zone else "unknown")
            phone = PhoneNumberFactory(e164=e164, validity=random.choice(["unknown", "reachable", "reachable", "invalid", "changed"]))
            ContactPhoneFactory(contact=contact, phone=phone)
            if random.random() < 0.3:
                ConsentFactory(
                    contact=contact, status=random.choice(["granted", "refused"]), valid_from=NOON - timedelta(days=random.randrange(-3, 9)),
                    valid_to=random.choice([None, NOON + timedelta(days=random.randrange(10, 20))]),
                )  # fmt: skip
        if random.random() < 0.3:
            begins = NOON + timedelta(days=random.randrange(-5, 5))
            SuppressionFactory(e164=e164, purpose=random.choice(["", "marketing"]), starts_at=begins, expires_at=begins + timedelta(days=3))
        for _ in range(random.randrange(6) if n % 2 else 0):
            CallFactory(direction="outbound", customer_e164=e164, started_at=NOON - timedelta(minutes=random.randrange(6000)))
    return numbers


@pytest.mark.parametrize("seed", range(4))
def test_next_at_is_the_first_time_that_the_gate_itself_lets_pass(seed, client_of):
    """P21: what is explained is what happens, now and at the time that was named, and not before."""
    random = Random(seed)
    CallingWindowFactory(is_active=True, purpose="marketing", keeps_holidays=True, start_grace_s=600, unknown_zone="default_zone")
    CallingLimitFactory(most=2), CallingLimitFactory(most=3, window="rolling", window_s=90_000, min_gap_s=1800, purpose="marketing")
    numbers = world(random)
    moment = NOON + timedelta(minutes=random.randrange(1440))
    verdicts = calling.may_call_many([Whom(e164) for e164 in numbers], purpose="marketing", at=moment, now=NOON)
    answer = client_of("agent").post(
        "/api/v1/calling/check/",
        {"purpose": "marketing", "at": moment.isoformat(), "is_manual": False, "whom": [{"phone": e164} for e164 in numbers]},
    )
    assert answer.status_code == 200, answer.content
    for e164, verdict, explained in zip(numbers, verdicts, answer.json()["results"], strict=True):
        assert explained["allowed"] == verdict.allowed == calling.may_call(e164=e164, purpose="marketing", at=moment, now=NOON).allowed
        assert [one["code"] for one in explained["reasons"]] == codes(verdict)
        assert verdict.allowed == (not verdict.reasons) == (verdict.next_at == moment)
        if verdict.next_at and not verdict.allowed:

            def then(at, e164=e164):
                return calling.may_call(e164=e164, purpose="marketing", at=at, now=NOON).allowed

            assert then(verdict.next_at)
            assert not then(verdict.next_at - timedelta(seconds=1))
            assert not any(then(moment + (verdict.next_at - moment) * k / 8) for k in range(1, 8))


def test_five_hundred_cost_what_one_costs(client_of):
    CallingWindowFactory(is_active=True), CallingLimitFactory(), CallingLimitFactory(subject="contact", manual_calls="no")
    numbers = [ContactPhoneFactory(contact=ContactFactory()).phone.e164 for _ in range(60)]

    def cost(count: int) -> int:
        with CaptureQueriesContext(connection) as asked:
            calling.may_call_many([Whom(e164) for e164 in numbers[:count]], purpose="marketing", now=NOON)
        return len(asked)

    assert cost(1) == cost(60) <= 14


def test_a_number_suppressed_between_two_questions_is_refused_by_the_second(client_of):
    """P10, G16: the gate is asked when somebody dials, not when a list is made."""
    agent, whom = client_of("agent"), {"purpose": "marketing", "at": NOON.isoformat(), "whom": [{"phone": MOSCOW}]}
    assert agent.post("/api/v1/calling/check/", whom).json()["results"][0]["allowed"]
    call = CallFactory(customer_e164=MOSCOW)
    origin = {"kind": "call", "id": str(call.pk)}
    entry, _ = suppression.add(phone=MOSCOW, purpose="marketing", source="customer", origin=origin, starts_at=NOON - timedelta(days=1), by=agent.user, now=NOON)  # fmt: skip
    found = agent.post("/api/v1/calling/check/", whom).json()["results"][0]
    assert not found["allowed"] and found["reasons"][0]["facts"]["suppression"] == str(entry.pk)
    entry.refresh_from_db()
    assert (entry.by, entry.origin) == (agent.user, origin), "who wrote it down, and on which call"
    service = agent.post("/api/v1/calling/check/", whom | {"purpose": "service"}).json()["results"][0]
    assert service["allowed"], "a service call is another matter"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"purpose": "marketing", "whom": []}, "/whom"),
        ({"purpose": "marketing", "whom": [{}]}, "/whom/0/phone"),
        ({"purpose": "marketing", "whom": [{"phone": "12"}]}, "/whom/0/phone"),
        ({"purpose": "gossip", "whom": [{"phone": MOSCOW}]}, "/purpose"),
        ({"purpose": "marketing", "at": "9999-12-31T00:00:00Z", "whom": [{"phone": MOSCOW}]}, "/at"),
    ],
)
def test_a_question_that_makes_no_sense_is_told_where(client_of, body, pointer):
    answer = client_of("agent").post("/api/v1/calling/check/", body)
    assert answer.status_code == 400 and answer.json()["errors"][0]["pointer"].startswith(pointer)


def test_a_purpose_has_one_active_window(client_of):
    boss, body = client_of("supervisor"), {"purpose": "survey", "week": [{"weekday": "monday", "opens": "09:00", "closes": "18:00"}]}
    assert boss.post("/api/v1/calling-windows/", body | {"name": "A"}).status_code == 201
    again = boss.post("/api/v1/calling-windows/", body | {"name": "B"})
    assert again.status_code in (400, 409) and "active window" in str(again.json())
    assert boss.post("/api/v1/calling-windows/", body | {"name": "B", "is_active": False}).status_code == 201


@pytest.mark.parametrize(
    "limit", [{"most": None, "min_gap_s": 0}, {"window": "rolling", "most": 1}, {"window_s": 60, "most": 1}, {"most": 0}]
)
def test_a_limit_that_limits_nothing_is_refused(client_of, limit):
    answer = client_of("supervisor").post("/api/v1/calling-limits/", {"name": "L", **limit})
    assert answer.status_code in (400, 409), answer.content
