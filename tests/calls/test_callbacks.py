"""Callbacks: promised by the customer's own clocks, kept by one, and settled by whoever speaks with them."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from calls import callback_times, callback_turns, callbacks, intake, joining
from calls.models import Call, Callback
from config.platform.models import AuditEvent, FeedMessage
from crm import contacts, erasure, merging, suppression
from tests.calls.scenarios import BEGIN, begun, event, leg
from tests.factories.callbacks import CallbackFactory
from tests.factories.calling import CallingWindowFactory
from tests.factories.calls import AgentExtensionFactory, CallFactory, PhoneSystemFactory, QueueFactory
from tests.factories.consent import ConsentFactory
from tests.factories.crm import ContactFactory, ContactPhoneFactory, PhoneNumberFactory, TeamFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/callbacks/"
KAMCHATKA, MOSCOW = "+74152212345", "+74951234567"
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def promised(now: datetime = NOW, *, phone: str = MOSCOW, **more) -> Callback:
    when = {} if more.keys() & {"at", "local_time"} else {"at": now + timedelta(hours=2)}
    return callbacks.schedule(**{"phone": phone, "by": None, "now": now} | when | more)


def fed(user=None, kind: str = "callback.due") -> list[str]:
    rows = FeedMessage.objects.filter(kind=kind, **({"recipient": user} if user else {}))
    return [str(row.about) for row in rows.order_by("id")]


def tended(at: datetime) -> None:
    callback_turns.tend(now=at)


# --- the time
@pytest.mark.parametrize(
    ("wall", "zone", "instant", "kind"),
    [
        ("2026-12-01T18:00", "Europe/Moscow", "2026-12-01T15:00", "exact"),
        ("2026-12-01T18:00", "Asia/Kamchatka", "2026-12-01T06:00", "exact"),
        ("2026-12-01T18:00", "Asia/Kathmandu", "2026-12-01T12:15", "exact"),
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:30", "skipped"),  # half past three there
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30", "repeated"),  # the first of the two
        ("2027-03-14T02:30", "America/New_York", "2027-03-14T07:30", "skipped"),
        ("2026-11-01T01:30", "America/New_York", "2026-11-01T05:30", "repeated"),
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:45", "skipped"),
    ],
)
def test_a_wall_time_means_one_instant_by_a_clear_rule(wall, zone, instant, kind):
    said = datetime.fromisoformat(wall)
    assert callback_times.by_wall(said, zone).at == datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert callback_times.kind(said, zone) == kind


def test_an_instant_in_a_repeated_hour_comes_back_as_itself():
    for hour in (0, 1):
        at = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
        meant = callback_times.by_instant(at, "Europe/Berlin")
        assert (meant.wall, callback_times.instant(meant.wall, meant.time_zone, meant.fold)) == (datetime(2026, 10, 25, 2, 30), at)


def test_what_they_said_is_kept_and_their_own_zone_is_taken(client_of):
    agent = client_of("agent")
    tomorrow = datetime.now(ZoneInfo("Asia/Kamchatka")).date() + timedelta(days=1)
    contact = ContactFactory(phones=[KAMCHATKA])
    made = agent.post(URL, {"contact": str(contact.pk), "local_time": f"{tomorrow}T10:00"})
    assert made.status_code == 201, made.content
    shown = made.json()
    assert (shown["time_zone"], shown["local_time"], shown["local_time_is"]) == ("Asia/Kamchatka", f"{tomorrow}T10:00:00", "exact")
    assert datetime.fromisoformat(shown["at"]) == datetime.combine(
        tomorrow, datetime.min.time().replace(hour=10), ZoneInfo("Asia/Kamchatka")
    )
    assert (shown["phone"], shown["recipient"], shown["open_moves"]) == (KAMCHATKA, "anyone", ["cancel", "reassign", "reschedule", "take"])


def test_new_rules_of_a_zone_move_the_instant_and_not_the_promise():
    row = promised(local_time=datetime(2026, 12, 1, 18, 0), time_zone="Europe/Berlin")
    other = promised(phone=KAMCHATKA)
    wrong = row.at + timedelta(hours=1)  # as reckoned by the rules of then
    Callback.objects.filter(pk=row.pk).update(at=wrong, step_at=wrong)
    assert callback_turns.reckon_anew(now=NOW) == 1
    row.refresh_from_db()
    assert (row.at, row.step_at, row.wall) == (wrong - timedelta(hours=1), row.at, datetime(2026, 12, 1, 18, 0))
    assert AuditEvent.objects.filter(subject_id=row.pk, verb="reckon").count() == 1
    assert callback_turns.reckon_anew(now=NOW) == 0 and Callback.objects.get(pk=other.pk).version == other.version


@pytest.mark.parametrize(
    "body",
    [
        {"phone": MOSCOW},
        {"phone": MOSCOW, "at": "2020-01-01T10:00:00Z"},
        {"phone": MOSCOW, "at": "2100-01-01T10:00:00Z"},
        {"phone": MOSCOW, "at": "9999-12-31T23:59:59-12:00"},
        {"phone": MOSCOW, "local_time": "2189-01-01T10:00"},
        {"phone": MOSCOW, "local_time": "2026-13-01T10:00"},
        {"phone": MOSCOW, "local_time": "2026-12-01T10:00:00+03:00"},
        {"phone": MOSCOW, "local_time": "2026-12-01T10:00", "time_zone": "Moon/Crater"},
        {"at": "2026-12-01T10:00:00Z"},
    ],
)
def test_a_promise_without_a_sensible_time_or_anybody_is_refused(client_of, body):
    assert client_of("agent").post(URL, body).status_code == 400
    assert not Callback.objects.exists()


# --- one promise at a time, and what the gate says
def test_asking_again_is_told_which_one_is_there(client_of):
    contact = ContactFactory(phones=[MOSCOW])
    first = promised(contact=contact, phone="")
    with pytest.raises(callbacks.AlreadyScheduled) as refused:
        promised(phone=MOSCOW)
    assert refused.value.facts["callback"] == str(first.pk)
    callbacks.cancel(first.pk, reason="Changed her mind.", by=None, now=NOW)
    assert promised(phone=MOSCOW).contact_id == contact.pk


def test_a_time_at_which_they_may_not_be_called_is_refused_with_the_next_good_one(client_of):
    CallingWindowFactory(is_active=True)
    soon = (datetime.now(UTC) + timedelta(days=1)).date()
    body = {"phone": MOSCOW, "local_time": f"{soon}T21:30", "time_zone": "Europe/Moscow"}
    answer = client_of("agent").post(URL, body)
    assert (answer.status_code, answer.json()["code"], answer.json()["reasons"][0]["code"]) == (409, "may_not_call", "outside_window")
    assert datetime.fromisoformat(answer.json()["next_at"]).astimezone(ZoneInfo("Europe/Moscow")).isoformat() == f"{soon + timedelta(days=1)}T09:00:00+03:00"  # fmt: skip
    assert client_of("agent").post(URL, body | {"force": True, "reason": "She insists."}).status_code == 403
    assert client_of("supervisor").post(URL, body | {"force": True}).status_code == 403, "why is to be said"
    made = client_of("supervisor").post(URL, body | {"force": True, "reason": "She insists."})
    assert (made.status_code, made.json()["forced_reason"]) == (201, "She insists.")


@pytest.mark.parametrize("stop", ["suppression", "consent"])
def test_whoever_said_no_is_not_called_back_by_force_either(client_of, stop):
    contact = ContactFactory(phones=[MOSCOW])
    if stop == "suppression":
        suppression.add(contact=contact, source="customer", by=None, now=NOW - timedelta(days=30))
    else:
        ConsentFactory(contact=contact, purpose="service", status="withdrawn", valid_from=NOW - timedelta(days=30))
    at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    answer = client_of("supervisor").post(URL, {"contact": str(contact.pk), "at": at, "force": True, "reason": "Please."})
    assert (answer.status_code, answer.json()["code"], answer.json()["next_at"]) == (409, "may_not_call", None)


def test_one_operator_has_only_so_many(settings):
    settings.CALLBACKS_PER_AGENT = 2
    anna = UserFactory()
    for n in range(2):
        promised(phone=f"+7495123456{n}", agent=anna)
    with pytest.raises(callbacks.TooManyCallbacks):
        promised(phone="+74951234569", agent=anna)
    assert promised(phone="+74951234569").recipient == "anyone"


# --- becoming due, passed on, missed
def test_nobody_took_it_so_it_goes_to_the_team_then_to_anyone_and_is_missed_but_still_owed():
    anna, boris, zoe = UserFactory(role="agent"), UserFactory(role="agent"), UserFactory(role="agent")
    lead = UserFactory(role="supervisor")
    TeamFactory(members=[anna, boris], lead=lead)
    row = promised(agent=anna, flexibility_s=600, grace_s=900, reassign_after_s=1800)
    due = row.at - timedelta(seconds=600)

    def stands():
        row.refresh_from_db()
        return row.status, row.recipient, row.passed_on

    tended(due - timedelta(seconds=1))
    assert stands() == ("scheduled", "agent", 0) and not FeedMessage.objects.exists()
    tended(due)
    assert stands() == ("due", "agent", 0) and (fed(anna), fed(boris)) == ([str(row.pk)], [])
    overdue = row.at + timedelta(seconds=600 + 900)
    tended(overdue - timedelta(seconds=1))
    assert stands() == ("due", "agent", 0)
    tended(overdue)
    assert stands() == ("due", "team", 1) and (len(fed(anna)), len(fed(boris)), fed(zoe)) == (2, 1, [])
    tended(overdue + timedelta(seconds=1800))
    assert stands() == ("due", "anyone", 2) and len(fed(zoe)) == 1
    tended(overdue + timedelta(seconds=3600))
    assert stands() == ("missed", "anyone", 2) and row.missed_at == overdue + timedelta(seconds=3600)
    assert fed(lead, "callback.missed") == [str(row.pk)]
    verbs = list(AuditEvent.objects.filter(subject_id=row.pk).order_by("id").values_list("verb", flat=True))
    assert verbs == ["schedule", "become_due", "pass_on", "pass_on", "miss"]
    taken = callbacks.next_for(by=zoe, now=overdue + timedelta(hours=2))
    assert taken is not None and taken.pk == row.pk, "late is better than never"
    again = callbacks.next_for(by=zoe, now=overdue + timedelta(hours=2, minutes=1))
    assert again is not None and again.pk == row.pk, "what is in hand comes again: an answer may be lost"
    assert callbacks.next_for(by=anna, now=overdue + timedelta(hours=2)) is None


def test_a_personal_one_that_is_not_to_be_passed_on_is_missed():
    anna = UserFactory(role="agent")
    row = promised(agent=anna, reassign_after_s=None, grace_s=60)
    tended(row.at), tended(row.at + timedelta(seconds=60))
    row.refresh_from_db()
    assert (row.status, row.recipient) == ("missed", "agent")
    moved = callbacks.reschedule(row.pk, at=row.at + timedelta(days=1), by=anna, now=row.at + timedelta(hours=1))
    assert (moved.status, moved.at) == ("scheduled", row.at + timedelta(days=1))


def test_a_house_that_slept_gives_everybody_their_time_all_the_same():
    row = promised(agent=UserFactory(role="agent"), grace_s=900)
    late = row.at + timedelta(days=3)
    for _ in range(3):
        tended(late)
    row.refresh_from_db()
    assert (row.status, row.recipient, row.step_at) == ("due", "agent", late + timedelta(seconds=900))


def test_those_of_a_queue_are_told_of_what_is_anyones():
    served, other = UserFactory(role="agent"), UserFactory(role="agent")
    QueueFactory(slug="support").teams.add(TeamFactory(members=[served]))
    row = promised(queue="support")
    tended(row.at)
    assert (len(fed(served)), fed(other)) == (1, [])


def test_a_row_that_cannot_be_worked_on_stops_no_other(monkeypatch):
    bad, good = promised(), promised(phone=KAMCHATKA)
    real = callback_turns._become_due
    monkeypatch.setattr(callback_turns, "_become_due", lambda row, now: 1 / 0 if row.pk == bad.pk else real(row, now))
    tended(bad.at)
    bad.refresh_from_db(), good.refresh_from_db()
    assert (bad.status, good.status, bad.step_at) == ("scheduled", "due", bad.at + callback_turns.SET_ASIDE)


# --- in hand
def test_next_gives_only_what_is_theirs_the_earliest_first(client_of):
    agent = client_of("agent")
    team = TeamFactory(members=[agent.user])
    CallbackFactory(due=True, recipient="agent", agent=UserFactory()), CallbackFactory(due=True, recipient="team", team=TeamFactory())
    CallbackFactory()  # not due
    now = datetime.now(UTC)
    mine = CallbackFactory(due=True, recipient="agent", agent=agent.user, at=now - timedelta(minutes=5))
    ours = CallbackFactory(due=True, recipient="team", team=team, at=now - timedelta(minutes=9))
    anyones = CallbackFactory(due=True, at=now - timedelta(minutes=7))
    for row in (ours, anyones, mine):
        for _ in range(2):  # what is in hand comes again
            assert agent.post(f"{URL}next/").json()["id"] == str(row.pk)
        assert [one["id"] for one in agent.get(URL, {"mine": "true", "state": "taken"}).json()["results"]] == [str(row.pk)]
        assert agent.post(f"{URL}{row.pk}/complete/", {"result": "Spoken with."}).status_code == 200
    assert agent.post(f"{URL}next/").status_code == 204


def test_next_passes_over_whom_may_not_be_called_now(client_of):
    agent, now = client_of("agent"), datetime.now(UTC)
    busy = CallbackFactory(due=True, at=now - timedelta(minutes=9))
    CallFactory(open=True, customer_e164=busy.e164)
    free = CallbackFactory(due=True, at=now - timedelta(minutes=5))
    assert agent.post(f"{URL}next/").json()["id"] == str(free.pk)
    assert agent.post(f"{URL}{free.pk}/complete/").status_code == 200
    assert agent.post(f"{URL}next/").status_code == 204
    refused = agent.post(f"{URL}{busy.pk}/take/")
    assert (refused.status_code, refused.json()["reasons"][0]["code"]) == (409, "open_call")


def test_suppressed_after_it_was_taken_the_dial_is_refused(client_of):
    """P10, G16: the gate is asked again when somebody takes it."""
    row = CallbackFactory(due=True)
    Callback.objects.filter(pk=row.pk).update(forced_reason="She insists.")
    suppression.Suppression.objects.create(e164=row.e164, source="customer", starts_at=NOW - timedelta(days=9))  # as one who was not told
    answer = client_of("agent").post(f"{URL}{row.pk}/take/")
    assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (409, "suppressed")


def test_what_is_in_hand_is_in_one_hand_until_the_lease_is_over(client_of, settings):
    anna, boris = client_of("agent"), client_of("agent")
    row = CallbackFactory(due=True)
    taken = anna.post(f"{URL}{row.pk}/take/").json()
    assert (taken["state"], taken["taken_by"]) == ("taken", str(anna.user.pk))
    assert boris.post(f"{URL}{row.pk}/take/").status_code == 409
    for verb, body in (("complete", {}), ("release", {}), ("cancel", {"reason": "x"}), ("reschedule", {"at": (row.at + timedelta(days=1)).isoformat()})):  # fmt: skip
        assert boris.post(f"{URL}{row.pk}/{verb}/", body).json()["code"] == "not_your_callback", verb
    until = datetime.fromisoformat(taken["lease_until"])
    tended(until - timedelta(seconds=1))
    assert Callback.objects.get(pk=row.pk).status == "taken"
    call = CallFactory(open=True, direction="outbound", customer_e164=row.e164)
    tended(until)
    assert Callback.objects.get(pk=row.pk).status == "taken", "she talks with them at this moment"
    Call.objects.filter(pk=call.pk).update(state="ended", ended_at=until)
    tended(until + settings.CALLBACK_LEASE)
    assert Callback.objects.get(pk=row.pk).status == "due" and fed(anna.user, "callback.given_back") == [str(row.pk)]
    assert boris.post(f"{URL}{row.pk}/take/").status_code == 200


def test_it_is_given_to_others_by_whoever_has_it_or_leads(client_of):
    anna, boris, lead = client_of("agent"), client_of("agent"), client_of("supervisor")
    row = CallbackFactory(due=True, recipient="agent", agent=anna.user)
    assert boris.post(f"{URL}{row.pk}/reassign/", {"agent": str(boris.user.pk)}).status_code == 403
    assert anna.post(f"{URL}{row.pk}/reassign/", {"agent": str(boris.user.pk)}).json()["agent"] == str(boris.user.pk)
    assert fed(boris.user) == [str(row.pk)]
    assert lead.post(f"{URL}{row.pk}/reassign/", {}).json()["recipient"] == "anyone"
    assert lead.post(f"{URL}{row.pk}/reassign/", {"recipient": "team"}).status_code == 400


# --- settled by a call
@pytest.fixture
def system():
    system = PhoneSystemFactory()
    AgentExtensionFactory(phone_system=system, extension="201")
    return system


ANSWERED = [leg("ringing", 5), leg("answered", 9), leg("ended", 69), event("call.ended", 70, hangup_by="caller")]


def told(system, events) -> Call:
    for one in events:
        receipt = intake.receive(system, one, now=BEGIN + timedelta(minutes=5))
    return Call.objects.get(pk=receipt.call_id)


@pytest.mark.parametrize(("direction", "status"), [("inbound", "fulfilled_by_inbound"), ("outbound", "done")])
@pytest.mark.parametrize("is_known", [True, False])
def test_an_answered_call_settles_it_once_however_often_it_is_told(system, direction, status, is_known):
    contact = ContactFactory(phones=[MOSCOW]) if is_known else None
    row = promised(BEGIN - timedelta(hours=1), at=BEGIN + timedelta(hours=3))
    assert row.contact_id == (contact.pk if contact else None)
    call = told(system, [begun(direction), *ANSWERED])
    row.refresh_from_db()
    assert (row.status, row.call, row.ended_by) == (status, call, call.agent) and row.ended_at == BEGIN + timedelta(minutes=5)
    events = AuditEvent.objects.filter(subject_id=row.pk).count()
    with transaction.atomic():
        intake.refold(call, system=system, now=BEGIN + timedelta(hours=1))
    told(system, [event("call.updated", 71, event_id="late")])
    assert AuditEvent.objects.filter(subject_id=row.pk).count() == events
    again = promised(BEGIN + timedelta(hours=1), at=BEGIN + timedelta(hours=3))
    with transaction.atomic():
        intake.refold(call, system=system, now=BEGIN + timedelta(hours=2))
    again.refresh_from_db()
    assert again.status == "scheduled", "the call was before the promise"


def test_events_that_come_late_and_in_no_order_settle_it_too(system):
    row = promised(BEGIN - timedelta(hours=1), at=BEGIN + timedelta(hours=1), grace_s=0, reassign_after_s=None)
    tended(row.at), tended(row.at)
    assert Callback.objects.get(pk=row.pk).status == "missed"
    for one in reversed([begun(), *ANSWERED]):
        intake.receive(system, one, now=BEGIN + timedelta(hours=8))
    assert Callback.objects.get(pk=row.pk).status == "fulfilled_by_inbound"


def test_nobody_answered_so_it_is_still_owed(system):
    row = promised(BEGIN - timedelta(hours=1), at=BEGIN + timedelta(hours=3))
    told(system, [begun("outbound"), leg("ringing", 5), leg("ended", 30), event("call.ended", 31, cause=19)])
    assert Callback.objects.get(pk=row.pk).status == "scheduled"


def test_the_call_on_which_it_was_asked_for_does_not_settle_it(system):
    contact = ContactFactory(phones=[MOSCOW])
    call = told(system, [begun(), leg("ringing", 5), leg("answered", 9)])
    row = promised(BEGIN + timedelta(seconds=30), contact=contact, at=BEGIN + timedelta(hours=3), origin={"kind": "call", "id": call.pk})
    told(system, ANSWERED[2:])
    assert Callback.objects.get(pk=row.pk).status == "scheduled"


def test_a_number_that_several_share_settles_nothing_until_somebody_says_who_it_was(system, client_of):
    ours, other = ContactFactory(), ContactFactory()
    phone = PhoneNumberFactory(e164=MOSCOW)
    ContactPhoneFactory(contact=ours, phone=phone), ContactPhoneFactory(contact=other, phone=phone)
    row = promised(BEGIN - timedelta(hours=1), contact=ours, at=BEGIN + timedelta(hours=3))
    call = told(system, [begun(), *ANSWERED])
    assert Callback.objects.get(pk=row.pk).status == "scheduled"
    client_of("supervisor").post(f"/api/v1/calls/{call.pk}/identify/", {"contact": str(ours.pk)})
    assert Callback.objects.get(pk=row.pk).status == "fulfilled_by_inbound"


def test_what_came_of_it_is_written_after_the_call_settled_it_and_once(client_of):
    agent, row = client_of("agent"), CallbackFactory(done=True)
    assert agent.post(f"{URL}{row.pk}/complete/", {"result": "Sent anew."}).json()["result"] == "Sent anew."
    again = agent.post(f"{URL}{row.pk}/complete/", {"result": "Another."})
    assert (again.status_code, again.json()["code"]) == (409, "invalid_transition")


def test_by_hand_it_works_too(client_of):
    agent, row = client_of("agent"), CallbackFactory(due=True)
    agent.post(f"{URL}{row.pk}/take/")
    call = agent.post("/api/v1/calls/", {"direction": "outbound", "phone": row.e164}).json()
    agent.post(f"/api/v1/calls/{call['id']}/finish/", {"outcome": "answered"})
    shown = agent.get(f"{URL}{row.pk}/").json()
    assert (shown["state"], shown["call"], shown["taken_by"]) == ("done", call["id"], None)


# --- the rest of the house
def test_a_suppression_calls_off_what_may_not_be_kept_and_leaves_the_rest(client_of):
    contact = ContactFactory(phones=[MOSCOW])
    now = datetime.now(UTC)
    row = promised(now, contact=contact, phone="", at=now + timedelta(days=5))
    more = {"source": "customer", "by": None, "now": now}
    suppression.add(phone=MOSCOW, purpose="marketing", **more)
    suppression.add(phone=MOSCOW, expires_at=now + timedelta(days=2), **more)
    assert Callback.objects.get(pk=row.pk).status == "scheduled", "another purpose, and one that is over by then"
    suppression.add(contact=contact, **more)
    row.refresh_from_db()
    assert (row.status, row.result) == ("cancelled", "They may not be called any more.")


def test_it_shows_when_they_call_and_in_the_timeline(client_of):
    agent, contact = client_of("agent"), ContactFactory(phones=[MOSCOW])
    now = datetime.now(UTC)
    row = promised(now, contact=contact, phone="", note="About the invoice")
    nobodys = promised(now, phone=KAMCHATKA)
    row.refresh_from_db()
    found = agent.get("/api/v1/lookup/", {"phone": MOSCOW}).json()["open"]["callbacks"]
    assert [(one["id"], one["note"], one["local_time"]) for one in found] == [(str(row.pk), "About the invoice", row.wall.isoformat())]
    assert [one["id"] for one in agent.get("/api/v1/lookup/", {"phone": KAMCHATKA}).json()["open"]["callbacks"]] == [str(nobodys.pk)]
    lines = agent.get(f"/api/v1/contacts/{contact.pk}/timeline/").json()["results"]
    assert [one["data"]["note"] for one in lines if one["kind"] == "callback"] == ["About the invoice"]


def test_a_promise_to_a_number_becomes_the_contacts_who_gets_it():
    row = promised(phone=KAMCHATKA)
    made = contacts.add(kind="person", surname="Diaz", phones=[{"number": KAMCHATKA}], by=None, now=NOW)
    row.refresh_from_db()
    assert row.contact_id == made.pk


def test_of_two_who_prove_to_be_one_the_earlier_promise_stays_and_both_come_back():
    survivor, loser = ContactFactory(phones=[MOSCOW]), ContactFactory(phones=[KAMCHATKA])
    later = promised(contact=survivor, phone="", at=NOW + timedelta(hours=5))
    earlier = promised(contact=loser, phone="", at=NOW + timedelta(hours=2))
    done = merging.merge(survivor.pk, loser.pk, by=None, now=NOW)
    later.refresh_from_db(), earlier.refresh_from_db()
    assert (later.status, earlier.status, earlier.contact_id) == ("cancelled", "scheduled", survivor.pk)
    merging.undo(done.pk, by=None, now=NOW)
    later.refresh_from_db(), earlier.refresh_from_db()
    assert (later.status, later.contact_id) == ("scheduled", survivor.pk)
    assert (earlier.status, earlier.contact_id) == ("scheduled", loser.pk)


def test_an_erased_person_is_owed_nothing_and_named_nowhere():
    contact = ContactFactory(surname="Вышневолоцкая", phones=[MOSCOW])
    row = promised(contact=contact, phone="", note="Вышневолоцкая: after six", force=False)
    over = CallbackFactory(done=True, contact=contact, e164=MOSCOW, result="Spoke with Вышневолоцкая")
    assert {one["note"] for one in erasure.holders["callbacks"](contact.pk)} == {row.note, over.note}
    erasure.erase(contact.pk, reason="Asked.", by=None, now=NOW)
    row.refresh_from_db(), over.refresh_from_db()
    assert (row.status, row.note, row.e164, over.result) == ("cancelled", "(erased)", "", "(erased)")
    said = json.dumps([[one.changes, one.facts] for one in AuditEvent.objects.filter(subject_id__in=[row.pk, over.pk])], ensure_ascii=False)
    assert "Вышневолоцкая" not in said and MOSCOW not in said


def test_two_calls_that_prove_to_be_one_keep_what_they_settled():
    call, other = CallFactory(), CallFactory()
    row = CallbackFactory(done=True, call=other)
    with transaction.atomic():
        joining.join(call, other, now=NOW)
    row.refresh_from_db()
    assert row.call_id == call.pk
