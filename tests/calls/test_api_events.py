"""POST /calls/events/ as phone systems use it: what comes back, who may, what is never refused."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from rest_framework.test import APIClient

from calls import folding, intake
from calls.models import AgentExtension, Call, CallEvent
from calls.phone_systems.signatures import sign
from config.platform.models import Role
from tests.calls.scenarios import BEGIN, CALLER, LINE, SCENARIOS, begun, event, leg
from tests.factories.calls import AgentExtensionFactory, CallFactory, PhoneSystemFactory
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/calls/events/"
SECRET = "a secret of thirty-two characters"


@pytest.fixture
def system(db):
    return PhoneSystemFactory(slug="pbx", own_lines=[LINE])


@pytest.fixture
def bridge(client_of, system):
    """What an exchange posts with."""
    return client_of("integration", scopes=["events:write"])


def verdicts(answer):
    assert answer.status_code == 200, answer.content
    return [result["status"] for result in answer.json()["results"]]


# The answer


def test_the_least_that_works_is_a_type_and_an_id(bridge):
    answer = bridge.post(URL, {"type": "call.initiated", "call_id": "42", "from": "8 (495) 123-45-67"})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["duplicate"], body["matches"]) == ("accepted", False, [])
    assert body["call"]["from"] == {"raw": "8 (495) 123-45-67", "e164": CALLER, "name": ""}
    assert datetime.now(UTC) - datetime.fromisoformat(body["call"]["started_at"]) < timedelta(minutes=1)


def test_the_answer_pops_the_screen_of_whoever_it_rings_at(bridge, system, settings):
    settings.SCREEN_POP_URL = "https://crm.example/pop?call={call}&contact={contact}"
    agent = AgentExtensionFactory(phone_system=system, extension="201").user
    contact = ContactFactory(phones=[CALLER])
    bridge.post(URL, begun())
    body = bridge.post(URL, leg("ringing", 4)).json()
    assert body["matches"][0] | {"contact": body["matches"][0]["contact"]["id"]} == {
        "contact": str(contact.pk),
        "quality": "exact",
        "score": 1.0,
    }
    call = body["call"]
    assert (call["contact"], call["state"]) == (str(contact.pk), "ringing")
    assert body["screen_pop"] == {
        "agent": str(agent.pk),
        "contact": str(contact.pk),
        "url": f"https://crm.example/pop?call={call['id']}&contact={contact.pk}",
        "transfer": None,
    }


def test_the_answer_says_what_else_is_open_for_the_caller(bridge, system):
    waiting = CallFactory(phone_system=system, from_raw=CALLER)
    CallFactory(phone_system=system, from_raw=CALLER, wrap_up_state="done")
    CallFactory(phone_system=system, wrap_up_state="pending")
    body = bridge.post(URL, begun()).json()
    assert [one["id"] for one in body["open"]["calls"]] == [str(waiting.pk)]


def test_who_was_named_by_a_person_comes_first_of_those_who_share_the_number(bridge, client_of):
    ContactFactory(phones=[CALLER])
    said = ContactFactory(phones=[CALLER])
    call = bridge.post(URL, begun()).json()["call"]["id"]
    assert client_of("agent").post(f"/api/v1/calls/{call}/identify/", {"contact": str(said.pk)}).status_code == 200
    body = bridge.post(URL, leg("ringing", 4)).json()
    assert (body["matches"][0]["contact"]["id"], body["matches"][0]["score"]) == (str(said.pk), 1.0)
    assert body["screen_pop"]["contact"] == str(said.pk)
    assert len(body["matches"]) == 2


def test_a_double_gets_the_same_answer(bridge):
    first, second = bridge.post(URL, begun()).json(), bridge.post(URL, begun()).json()
    assert (second["status"], second["duplicate"]) == ("duplicate", True)
    assert {name: second[name] for name in ("event", "call", "matches", "open", "screen_pop")} == {
        name: first[name] for name in ("event", "call", "matches", "open", "screen_pop")
    }


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_comes_out_over_http(name, bridge):
    bodies, expected = SCENARIOS[name]
    for body in reversed(bodies):
        answer = bridge.post(URL, body)
        assert answer.status_code == 200
    call = answer.json()["call"]
    for field, value in expected.items():
        if field in call and field not in ("legs", "transfers", "flags"):  # told in another form; tests/calls/test_folding.py has them
            assert same(call[field], value), field


def same(found, expected):
    """Times are told in UTC with a Z."""
    if isinstance(found, str) and isinstance(expected, str) and expected.startswith("2026-"):
        return datetime.fromisoformat(found) == datetime.fromisoformat(expected)
    return found == expected


# Nothing that was stored is refused


def test_a_type_we_do_not_know_is_kept_and_passed_over(bridge, client_of):
    bridge.post(URL, begun())
    before = bridge.post(URL, begun()).json()["call"]
    answer = bridge.post(URL, event("call.sentiment", 5, mood="glad"))
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted")
    after = answer.json()["call"]
    ours = {"version", "updated_at"}
    assert {name: value for name, value in after.items() if name not in ours} == {
        name: value for name, value in before.items() if name not in ours
    }
    kept = client_of("supervisor").get(URL, {"state": "ignored"}).json()["results"]
    assert [one["raw"]["mood"] for one in kept] == ["glad"]


def test_the_same_id_with_another_body_is_set_aside_and_answered_2xx(bridge, client_of):
    call = bridge.post(URL, {**begun(), "event_id": "e1"}).json()["call"]
    answer = bridge.post(URL, {**event("call.ended", 50), "event_id": "e1"})
    assert (answer.status_code, answer.json()["status"]) == (200, "quarantined")
    assert answer.json()["call"] == call
    kept = client_of("supervisor").get(URL, {"state": "quarantined"}).json()["results"]
    assert [one["raw"]["type"] for one in kept] == ["call.ended"]


@pytest.mark.parametrize(
    "body",
    [
        event("leg.answered", -86400 * 300),
        {**begun(), "occurred_at": "yesterday", "from": {"number": ["?"]}, "agent": 7, "cause": "busy", "duration_s": -4},
        {**begun(), "direction": "sideways", "linked_ids": "c2", "transfer": "305", "recording": 5, "queue_position": 10**12},
        {**begun(), "from": "call me maybe", "to": "\u202e+7\u200b495", "raw": {"deep": [[[[]]]]}},
        event("call.transferred", 9, transfer={"kind": "teleport", "to": None}),
        {"type": "x" * 60, "call_id": 42},
    ],
)
def test_an_event_that_makes_no_sense_is_stored_all_the_same(body, bridge):
    answer = bridge.post(URL, body)
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted")
    assert CallEvent.objects.get().raw == body


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"call_id": "1"}, "/type"),
        ({"type": "call.ended"}, "/call_id"),
        ({"type": "call.ended", "call_id": "x" * 201}, "/call_id"),
        ({"type": "call.ended", "call_id": True}, "/call_id"),
        ({"type": 5, "call_id": "1"}, "/type"),
        ([], ""),
        ("call.ended", ""),
        (None, ""),
    ],
)
def test_an_event_that_cannot_be_told_apart_is_refused_with_the_place(body, pointer, bridge):
    answer = bridge.post(URL, json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "event_unreadable")
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert not CallEvent.objects.exists()


# Batches


def test_each_event_of_a_batch_has_its_own_verdict(bridge):
    bridge.post(URL, {**begun(), "event_id": "e1"})
    packet = [
        {**begun(), "event_id": "e1"},
        {**leg("answered", 9), "event_id": "e1"},
        5,
        {"type": "call.ended"},
        event("call.ended", 70),
        event("call.ended", 70),
    ]
    answer = bridge.post(URL, {"events": packet})
    assert verdicts(answer) == ["duplicate", "quarantined", "rejected", "rejected", "accepted", "duplicate"]
    results = answer.json()["results"]
    assert [one["index"] for one in results] == list(range(6))
    assert results[3]["problem"]["code"] == "event_unreadable"
    assert {results[0]["call"], results[4]["call"], results[5]["call"]} == {str(Call.objects.get().pk)}
    assert Call.objects.get().state == "ended"


def test_five_hundred_events_are_taken_and_one_more_is_413(bridge):
    packet = [event("call.heartbeat", second, call_id="long") for second in range(500)]
    assert verdicts(bridge.post(URL, {"events": packet})) == ["accepted"] * 500
    answer = bridge.post(URL, {"events": [*packet, event("call.ended", 501, call_id="long")]})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_events")
    assert Call.objects.get().state != "ended"


@pytest.mark.parametrize("events", [None, {}, "all", 5])
def test_a_batch_is_a_list(events, bridge):
    assert bridge.post(URL, {"events": events}).status_code == 400


def test_an_empty_batch_is_no_fault(bridge):
    assert verdicts(bridge.post(URL, {"events": []})) == []


# Troubles of ours


def test_a_bug_in_folding_costs_the_sender_nothing(bridge, monkeypatch):
    whole = SCENARIOS["answered"][0]
    with monkeypatch.context() as patch:
        patch.setattr(folding, "fold", lambda *args, **kwargs: 1 / 0)
        answers = [bridge.post(URL, body) for body in whole[:3]]
        assert [(one.status_code, one.json()["status"], one.json()["call"]) for one in answers] == [(200, "accepted", None)] * 3
        assert verdicts(bridge.post(URL, {"events": whole[3:]})) == ["accepted"] * 3
    assert intake.fold_waiting(now=datetime.now(UTC)) == 6
    answer = bridge.post(URL, whole[0]).json()
    assert (answer["status"], answer["call"]["talk_s"], answer["call"]["outcome"]) == ("duplicate", 60, "answered")


@pytest.mark.django_db(transaction=True)
def test_somebody_who_holds_the_call_delays_the_answer_by_seconds_and_no_more(bridge):
    call = bridge.post(URL, begun()).json()["call"]["id"]
    held, done = threading.Event(), threading.Event()

    def hold():
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM calls_call WHERE id = %s FOR UPDATE", [call])
            held.set()
            done.wait(20)
            cursor.execute("ROLLBACK")
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert held.wait(10)
        begin = time.monotonic()
        answer = bridge.post(URL, event("call.ended", 70))
        took_s = time.monotonic() - begin
    finally:
        done.set()
        holder.join()
    assert (answer.status_code, answer.json()["status"], answer.json()["call"]) == (200, "accepted", None)
    assert took_s < 5
    assert intake.fold_waiting(now=datetime.now(UTC)) == 1
    assert Call.objects.get().state == "ended"


# Who may


def signed(body, *, slug="pbx", secret=SECRET, older_s=0, sent=None):
    data = json.dumps(body).encode()
    header = sign(data, secret=secret, at=datetime.now(UTC) - timedelta(seconds=older_s))
    return APIClient().post(f"{URL}?phone_system={slug}", sent or data, content_type="application/json", HTTP_X_SIGNATURE=header)


@pytest.fixture
def signing(db):
    PhoneSystemFactory(slug="other", signing=True, secret="another secret of the same length!")
    PhoneSystemFactory(slug="plain")
    PhoneSystemFactory(slug="asleep", signing=True, is_active=False)
    return PhoneSystemFactory(slug="pbx", signing=True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "not the secret of this exchange!"},
        {"secret": ""},
        {"older_s": 310},
        {"older_s": -310},
        {"sent": json.dumps(begun() | {"call_id": "c2"}).encode()},
        {"slug": "other"},
        {"slug": "plain"},
        {"slug": "asleep"},
        {"slug": "nobody"},
        {"slug": ""},
    ],
    ids=str,
)
def test_a_signature_that_does_not_fit_is_refused(wrong, signing):
    answer = signed(begun(), **wrong)
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")
    assert not CallEvent.objects.exists()


@pytest.mark.parametrize("header", ["", "v1=00", "t=1,v1=", "t=x,v1=" + "0" * 64, "t=99999999999999,v1=" + "0" * 64, "t=1,v1=" + "ё" * 64])
def test_a_header_that_is_no_signature_is_refused(header, signing):
    answer = APIClient().post(f"{URL}?phone_system=pbx", begun(), HTTP_X_SIGNATURE=header)
    assert answer.status_code == 401


def test_a_good_signature_needs_no_token(signing):
    answer = signed(begun())
    assert (answer.status_code, answer.json()["call"]["phone_system"]) == (200, "pbx")


def test_a_signed_request_that_is_sent_again_is_a_double(signing):
    data = json.dumps(begun()).encode()
    header = sign(data, secret=SECRET, at=datetime.now(UTC))
    answers = [
        APIClient().post(f"{URL}?phone_system=pbx", data, content_type="application/json", HTTP_X_SIGNATURE=header) for _ in range(2)
    ]
    assert [answer.json()["status"] for answer in answers] == ["accepted", "duplicate"]


def test_a_signature_opens_nothing_but_the_posting_of_events(signing):
    header = sign(b"", secret=SECRET, at=datetime.now(UTC))
    client = APIClient()
    assert client.get(f"{URL}?phone_system=pbx", HTTP_X_SIGNATURE=header).status_code in (401, 403)
    assert client.get("/api/v1/contacts/", HTTP_X_SIGNATURE=header).status_code == 401


def test_without_token_and_signature_nothing_is_taken(anyone, system):
    assert anyone.post(URL, begun()).status_code == 401
    assert not CallEvent.objects.exists()


@pytest.mark.parametrize("scope", ["contacts:read", "contacts:write", "calls:read", "calls:write", "lookup:read"])
def test_a_token_of_another_scope_may_not_post(scope, client_of, system):
    assert client_of("integration", scopes=[scope]).post(URL, begun()).status_code == 403


@pytest.mark.parametrize("role", ["agent", "supervisor", "back_office"])
def test_people_do_not_post_events(role, client_of, system):
    assert client_of(role).post(URL, begun()).status_code == 403


@pytest.mark.parametrize("address", ["contacts/", "calls/", "calls/events/", "lookup/?phone=1", "phone-systems/", "users/", "me/"])
def test_who_may_post_events_may_read_nothing(address, bridge):
    answer = bridge.get(f"/api/v1/{address}")
    assert answer.status_code == 403 or address == "me/"


# Which system


def test_the_only_system_need_not_be_named(bridge):
    PhoneSystemFactory(slug="asleep", is_active=False)
    assert bridge.post(URL, begun()).json()["call"]["phone_system"] == "pbx"


def test_one_of_several_is_named_in_the_query_a_header_or_the_body(bridge):
    PhoneSystemFactory(slug="second")
    answer = bridge.post(URL, begun())
    assert (answer.status_code, answer.json()["code"]) == (400, "phone_system_needed")
    answers = [
        bridge.post(f"{URL}?phone_system=second", {**begun(), "call_id": "1"}),
        bridge.post(URL, {**begun(), "call_id": "2"}, HTTP_X_PHONE_SYSTEM="second"),
        bridge.post(URL, {**begun(), "call_id": "3", "phone_system": "second"}),
    ]
    assert [answer.json()["call"]["phone_system"] for answer in answers] == ["second"] * 3


@pytest.mark.parametrize("slug", ["nobody", "asleep", "x" * 5000, "a\0b"])
def test_an_unknown_system_is_said_so(slug, bridge):
    PhoneSystemFactory(slug="asleep", is_active=False)
    answer = bridge.post(URL, {**begun(), "phone_system": slug})
    assert answer.status_code == 400


# Reading them


def test_the_events_of_a_call_are_listed_by_the_clock_of_the_sender(bridge, client_of):
    for body in reversed(SCENARIOS["answered"][0]):
        call = bridge.post(URL, body).json()["call"]["id"]
    events = client_of("supervisor").get(f"/api/v1/calls/{call}/events/").json()
    kinds = [one["type"] for one in (events["results"] if isinstance(events, dict) else events)]
    assert kinds == [body["type"] for body in SCENARIOS["answered"][0]]


def test_a_call_is_found_by_any_id_under_which_it_was_told(bridge, client_of):
    bridge.post(URL, begun())
    call = bridge.post(URL, {**event("call.ended", 70), "call_id": "c2", "linked_ids": ["c1"]}).json()["call"]["id"]
    client = client_of("agent")
    for key in ("c1", "c2"):
        assert [one["id"] for one in client.get("/api/v1/calls/", {"external_id": key}).json()["results"]] == [call]
    assert client.get("/api/v1/calls/", {"external_id": "c3"}).json()["results"] == []


def test_an_extension_that_was_given_up_is_nobody_s(bridge, system):
    AgentExtension.objects.create(user=UserFactory(role=Role.AGENT), phone_system=system, extension="201", is_active=False)
    bridge.post(URL, begun())
    assert bridge.post(URL, leg("ringing", 4)).json()["screen_pop"]["agent"] is None


def test_when_a_system_was_last_heard_of_is_noted(bridge, system):
    bridge.post(URL, begun())
    system.refresh_from_db()
    assert datetime.now(UTC) - system.last_event_at < timedelta(minutes=1)
    assert system.last_event_at > BEGIN
