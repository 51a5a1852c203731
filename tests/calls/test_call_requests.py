"""Click-to-call: the gate is asked, one at a time, and the call that comes of it knows what was asked."""

from datetime import timedelta

import pytest
from django.utils import timezone

from calls import call_requests, commands, intake
from calls.models import Call, CallRequest, PhoneCommand
from config.platform.models import AuditEvent, FeedMessage
from tests.factories.call_requests import SECRET, CallRequestFactory, PhoneCommandFactory
from tests.factories.calls import AgentExtensionFactory, CallFactory, CallKeyFactory, PhoneSystemFactory
from tests.factories.consent import SuppressionFactory
from tests.factories.crm import ContactPhoneFactory

pytestmark = pytest.mark.django_db
NUMBER = "+74950000001"


@pytest.fixture
def seat():
    return AgentExtensionFactory(phone_system__takes_commands="poll", extension="201")


@pytest.fixture
def agent(client_of, seat):
    return client_of("agent", user=seat.user)


def ask(client, **body):
    return client.post("/api/v1/call-requests/", {"phone": NUMBER, **body}, format="json")


def asked(client, **body) -> CallRequest:
    answer = ask(client, **body)
    assert answer.status_code == 201, answer.content
    return CallRequest.objects.get(pk=answer.json()["id"])


def happens(seat, kind="call.initiated", key="c1", *, at=None, **more):
    at = at or timezone.now()
    event = {
        "type": kind,
        "call_id": key,
        "occurred_at": at.isoformat(),
        "direction": "outbound",
        "from": "201",
        "to": NUMBER,
        "agent": "201",
    }
    receipt = intake.receive(seat.phone_system, event | more, now=timezone.now())
    return Call.objects.get(pk=receipt.call_id)


def steps(request: CallRequest) -> list[str]:
    told = FeedMessage.objects.filter(recipient=request.agent_id, kind="call_request.updated", about=request.pk).order_by("id")
    return [message.data["state"] for message in told]


# --- asking
def test_a_click_is_kept_with_what_the_gate_said_and_waits_for_the_phone_system(agent, seat):
    link = ContactPhoneFactory()
    answer = agent.post("/api/v1/call-requests/", {"contact": str(link.contact.pk)}, format="json").json()
    assert (answer["state"], answer["number"], answer["extension"], answer["agent"]) == (
        "requested", link.phone.e164, "201", str(seat.user.pk),
    )  # fmt: skip
    assert answer["verdict"]["allowed"] and answer["verdict"]["reasons"] == [] and answer["phone_system"] == seat.phone_system.slug
    assert PhoneCommand.objects.get().pk == CallRequest.objects.get().pk
    assert steps(CallRequest.objects.get()) == ["requested"]


@pytest.mark.parametrize("key", [None, "k1"])
def test_a_number_that_may_not_be_called_is_refused_with_reasons_and_from_when_and_that_it_was_asked_is_kept(agent, seat, key):
    until = timezone.now() + timedelta(days=3)
    SuppressionFactory(e164=NUMBER, contact=None, expires_at=until)
    headers = {"Idempotency-Key": key} if key else {}
    answer = agent.post("/api/v1/call-requests/", {"phone": NUMBER}, format="json", headers=headers)
    said = answer.json()
    assert (answer.status_code, said["code"]) == (409, "may_not_call")
    assert said["reasons"] and said["next_at"] is not None
    request = CallRequest.objects.get()
    assert (request.status, str(request.pk), request.verdict["allowed"]) == ("refused", said["call_request"], False)
    assert request.problem and not PhoneCommand.objects.exists()
    assert AuditEvent.objects.filter(subject_id=request.pk, verb="refuse", by=seat.user).exists()
    assert ask(agent).status_code == 409 and CallRequest.objects.count() == 2, "decided afresh"


def test_a_missed_caller_may_be_called_back_though_they_want_no_service_calls_but_only_if_they_did_call(agent):
    SuppressionFactory(e164=NUMBER, contact=None, purpose="service", expires_at=None)
    assert ask(agent, reason="return_call").json()["code"] == "may_not_call", "saying so is not enough"
    CallFactory(missed=True, from_raw=NUMBER, started_at=timezone.now() - timedelta(hours=1))
    assert ask(agent).json()["code"] == "may_not_call"
    verdict = asked(agent, reason="return_call").verdict
    assert verdict["allowed"] and [one["code"] for one in verdict["warnings"]] == ["suppressed"], "and the screen is told"


def test_a_number_that_a_colleague_is_being_put_through_to_is_not_called_twice(agent, seat, client_of):
    colleague = AgentExtensionFactory(phone_system=seat.phone_system)
    first = asked(client_of("agent", user=colleague.user))
    said = ask(agent).json()
    assert said["code"] == "may_not_call" and said["next_at"] is not None
    assert [(one["code"], one["facts"]["call_request"]) for one in said["reasons"]] == [("call_asked_for", str(first.pk))]
    call = happens(colleague, agent=colleague.extension, call_request_id=str(first.pk), **{"from": colleague.extension})
    assert [one["code"] for one in ask(agent).json()["reasons"]] == ["open_call"] and call.state != "ended"


def test_the_same_click_sent_twice_is_one(agent):
    answers = [
        agent.post("/api/v1/call-requests/", {"phone": NUMBER}, format="json", headers={"Idempotency-Key": "k"}).json()["id"]
        for _ in range(2)
    ]
    assert answers[0] == answers[1] and CallRequest.objects.count() == 1


def test_a_second_click_is_refused_and_says_which_call_is_waited_for(agent, client_of):
    first = asked(agent)
    answer = ask(agent, phone="+74950000002")
    assert (answer.status_code, answer.json()["code"], answer.json()["call_request"]) == (409, "call_request_open", str(first.pk))
    assert agent.post(f"/api/v1/call-requests/{first.pk}/cancel/").json()["state"] == "cancelled"
    assert ask(agent, phone="+74950000002").status_code == 201


def test_one_whose_time_is_over_does_not_stand_in_the_way_before_the_sweep_comes(agent):
    first = asked(agent)
    CallRequest.objects.update(expires_at=timezone.now())
    PhoneCommand.objects.update(expires_at=timezone.now())
    assert ask(agent).status_code == 201
    first.refresh_from_db()
    assert first.status == "expired" and "in time" in first.problem


def test_where_somebody_sits_must_be_clear(agent, seat, client_of):
    other = AgentExtensionFactory(user=seat.user, phone_system__takes_commands="poll", extension="301")
    answer = ask(agent)
    assert (answer.status_code, answer.json()["code"]) == (409, "extension_needed")
    assert {one["extension"] for one in answer.json()["extensions"]} == {"201", "301"}
    assert asked(agent, phone_system=other.phone_system.slug).extension == "301"
    stranger = AgentExtensionFactory(phone_system=seat.phone_system, extension="202")
    assert ask(agent, extension="202").json()["code"] == "extension_needed", "another's phone is not mine to ring"
    boss = client_of("supervisor")
    assert asked(boss, extension="202", phone="+74950000005").agent == stranger.user
    assert ask(boss).json()["code"] == "extension_needed"
    mute = AgentExtensionFactory(phone_system=PhoneSystemFactory())
    assert ask(client_of("agent", user=mute.user)).json()["code"] == "phone_system_cannot_dial"


def test_what_cannot_be_dialled_is_refused(agent, seat):
    seat.phone_system.own_lines = ["+74951112233"]
    seat.phone_system.save()
    for body, code in (
        ({"phone": "201"}, "phone_number_internal"),
        ({"phone": "abc"}, "phone_number_invalid"),
        ({"phone": ""}, "invalid"),
        ({"line": "+74950000009"}, "not_our_line"),
        ({"origin": {"kind": "call", "id": str(seat.pk)}}, "origin_unknown"),
        ({"phone_system": "nowhere"}, "invalid"),
        ({"purpose": "recording"}, "invalid"),
    ):
        assert ask(agent, **body).json()["code"] == code, body
    assert agent.post("/api/v1/call-requests/", {}, format="json").json()["code"] == "nobody_to_call"
    assert not CallRequest.objects.exists()
    assert asked(agent, line="+74951112233").line == "+74951112233"


def test_an_operator_sees_their_own_and_a_supervisor_all(agent, client_of):
    mine, theirs = asked(agent), CallRequestFactory()
    assert [row["id"] for row in agent.get("/api/v1/call-requests/").json()["results"]] == [str(mine.pk)]
    assert agent.get(f"/api/v1/call-requests/{theirs.pk}/").status_code == 404
    assert agent.post(f"/api/v1/call-requests/{theirs.pk}/cancel/").status_code == 404
    boss = client_of("supervisor")
    assert {row["id"] for row in boss.get("/api/v1/call-requests/?state=requested").json()["results"]} == {str(mine.pk), str(theirs.pk)}


def test_the_secret_that_signs_commands_is_never_shown_nor_remembered(client_of):
    admin, system = client_of("admin"), PhoneSystemFactory()
    address = f"/api/v1/phone-systems/{system.pk}/"
    assert admin.patch(address, {"takes_commands": "post", "dial_url": "https://pbx.example/"}, format="json").status_code == 409
    for bad in ("short", "whsec_!", "whsec_c2hvcnQ=", "bWFkZSBvZiB0aGlydHktdHdvIHJhbmRvbSBieXRlcw=="):
        assert admin.patch(address, {"dial_secret": bad}, format="json").status_code == 400
    body = {"takes_commands": "post", "dial_url": "https://pbx.example/", "dial_secret": SECRET}
    answer = admin.patch(address, body, format="json")
    assert answer.status_code == 200 and SECRET not in answer.content.decode()
    system.refresh_from_db()
    assert system.dial_secret == SECRET
    event = AuditEvent.objects.filter(subject_id=system.pk).latest("id")
    assert event.changes["dial_secret"] == ["", "set"]
    admin.post(f"{address}rotate-secret/", {}, format="json")
    admin.post(f"{address}rotate-secret/", {}, format="json")
    assert AuditEvent.objects.filter(subject_id=system.pk).latest("id").changes.get("old_secret", ["", "set"])[1] == "set"


# --- taken by a phone system that asks
def test_what_waits_is_given_once_and_only_one_may_take_it(agent, seat, client_of):
    request = asked(agent, contact=str(ContactPhoneFactory().contact.pk))
    bridge, slug = client_of("integration", scopes=["calls:dial"]), seat.phone_system.slug
    (waiting,) = bridge.get(f"/api/v1/phone-systems/{slug}/commands/").json()["results"]
    assert bridge.get(f"/api/v1/phone-systems/{seat.phone_system.pk}/commands/").json()["results"] == [waiting]
    assert (waiting["kind"], waiting["id"]) == ("dial", str(request.pk))
    assert waiting["dial"]["call_request_id"] == str(request.pk)
    assert (waiting["dial"]["extension"], waiting["dial"]["number"]) == ("201", NUMBER)
    take = f"/api/v1/phone-commands/{request.pk}/accept/"
    twice = [bridge.post(take, {}, format="json", headers={"Idempotency-Key": "mine"}).status_code for _ in range(2)]
    assert twice == [200, 200], "whoever lost the answer may ask for it again"
    assert bridge.post(take, {}, format="json", headers={"Idempotency-Key": "another"}).json()["code"] == "invalid_transition"
    assert bridge.get(f"/api/v1/phone-systems/{slug}/commands/").json()["results"] == []
    assert bridge.get("/api/v1/phone-systems/nowhere/commands/").status_code == 404
    assert steps(request) == ["requested", "accepted"]
    assert bridge.post(f"/api/v1/phone-commands/{request.pk}/refuse/", {"reason": "201 is away"}, format="json").status_code == 200
    request.refresh_from_db()
    assert (request.status, request.problem) == ("refused", "201 is away")


def test_a_click_that_was_called_off_or_is_over_is_not_carried_out(agent, seat, client_of):
    bridge = client_of("integration", scopes=["calls:dial"])
    request = asked(agent)
    agent.post(f"/api/v1/call-requests/{request.pk}/cancel/")
    assert bridge.get(f"/api/v1/phone-systems/{seat.phone_system.slug}/commands/").json()["results"] == []
    assert bridge.post(f"/api/v1/phone-commands/{request.pk}/accept/", {}, format="json").json()["code"] == "invalid_transition"
    late = PhoneCommandFactory(request__expires_at=timezone.now())
    assert bridge.get(f"/api/v1/phone-systems/{late.phone_system.slug}/commands/").json()["results"] == []
    assert bridge.post(f"/api/v1/phone-commands/{late.pk}/accept/", {}, format="json").json()["code"] == "command_over"


# --- the call that comes of it
def test_an_event_that_carries_the_request_links_it_and_the_call_is_with_whom_was_asked_for(agent, seat):
    contact = ContactPhoneFactory().contact
    request = asked(agent, contact=str(contact.pk), phone=NUMBER)
    # The exchange tells of it in its own way: as an internal call of its own, and the id only with a later event.
    call = happens(seat, **{"from": "900", "to": "201", "direction": "internal", "agent": ""})
    assert CallRequest.objects.get().status == "requested"
    call = happens(seat, "call.updated", call_request_id=str(request.pk))
    request.refresh_from_db()
    assert (request.status, request.call_id, call.contact_id, call.match_quality) == ("linked", call.pk, contact.pk, "identified")
    shown = agent.get(f"/api/v1/calls/{call.pk}/").json()
    assert shown["call_request"] == {"id": str(request.pk), "reason": "manual", "purpose": "service", "origin": None}


def test_an_event_without_it_links_by_who_calls_whom_when(agent, seat):
    request = asked(agent)
    before = happens(seat, key="before", at=timezone.now() - timedelta(minutes=1))
    elsewhere = happens(seat, key="elsewhere", to="+74950000002")
    AgentExtensionFactory(phone_system=seat.phone_system, extension="202")
    anothers = happens(seat, key="anothers", agent="202", **{"from": "202"})
    inbound = happens(seat, key="inbound", direction="inbound", **{"from": NUMBER, "to": "201"})
    assert CallRequest.objects.get().status == "requested"
    mine = happens(seat, key="mine")
    request.refresh_from_db()
    assert request.call_id == mine.pk and mine.pk not in {before.pk, elsewhere.pk, anothers.pk, inbound.pk}
    assert steps(request) == ["requested", "linked"]
    happens(seat, key="the next")
    assert CallRequest.objects.get().call_id == mine.pk, "one request is one call"


@pytest.mark.parametrize("order", ["event first", "answer first"])
def test_the_id_that_the_phone_system_gives_the_call_links_in_either_order(agent, seat, order):
    contact = ContactPhoneFactory().contact
    request = asked(agent, contact=str(contact.pk), phone=NUMBER)
    odd = {"direction": "inbound", "from": "unknown", "to": "201", "agent": ""}  # nothing that would match by itself
    if order == "event first":
        happens(seat, key="x-1", **odd)
    commands.accept(request.pk, call_id="x-1", by=None, now=timezone.now())
    if order == "answer first":
        assert CallRequest.objects.get().status == "accepted"
        happens(seat, key="x-1", **odd)
    request.refresh_from_db()
    assert (request.status, request.call.external_id, request.call.contact_id) == ("linked", "x-1", contact.pk)


def test_a_person_who_said_who_it_is_is_believed(seat):
    request = CallRequestFactory(seat=seat, number=NUMBER)
    call = happens(seat, to="+74950000003")
    other = ContactPhoneFactory().contact
    Call.objects.filter(pk=call.pk).update(contact=other, match_quality="identified")
    call = happens(seat, "call.updated", call_request_id=str(request.pk))
    assert call.contact_id == other.pk and CallRequest.objects.get(pk=request.pk).call_id == call.pk


@pytest.mark.parametrize("way", ["by its id", "by who calls whom"])
def test_what_comes_after_it_expired_links_all_the_same(agent, seat, way):
    request = asked(agent)
    began = timezone.now()
    CallRequest.objects.update(expires_at=began)
    PhoneCommand.objects.update(expires_at=began)
    commands.expire_due(now=timezone.now())
    assert CallRequest.objects.get().status == "expired"
    call = happens(seat, at=began, **({"call_request_id": str(request.pk), "to": "+74950000009"} if way == "by its id" else {}))
    request.refresh_from_db()
    assert (request.status, request.call_id, request.problem) == ("linked", call.pk, "")
    assert steps(request) == ["requested", "expired", "linked"]


def test_what_was_called_off_or_refused_by_the_gate_takes_no_call_that_somebody_dials_by_hand(agent, seat):
    first = asked(agent)
    agent.post(f"/api/v1/call-requests/{first.pk}/cancel/")
    refused = CallRequestFactory(seat=seat, number=NUMBER, status="refused", ended_at=timezone.now(), verdict={"allowed": False})
    happens(seat)
    happens(seat, key="c2", call_request_id=str(refused.pk))
    assert set(CallRequest.objects.values_list("status", "call")) == {("cancelled", None), ("refused", None)}
    call = happens(seat, key="c3", call_request_id=str(first.pk))
    assert CallRequest.objects.get(pk=first.pk).call_id == call.pk, "but by its id: it did happen"


def test_an_id_that_is_none_of_ours_links_nothing(agent, seat):
    request = asked(agent, phone="+74950000002")
    other = PhoneSystemFactory()
    intake.receive(other, {"type": "call.initiated", "call_id": "o", "call_request_id": str(request.pk)}, now=timezone.now())
    for said in ("x", "0" * 32, "x" * 90, str(seat.pk)):
        happens(seat, key=f"k{said!r}", call_request_id=said)
    assert CallRequest.objects.get().status == "requested"


def test_the_sweep_ends_what_was_taken_and_became_nothing(seat):
    taken = PhoneCommandFactory(request__seat=seat)
    now = timezone.now()
    commands.accept(taken.pk, by=None, now=now)
    assert call_requests.expire_due(now=now) == 0
    later = now + timedelta(seconds=61)
    assert call_requests.expire_due(now=later) == 1 and call_requests.expire_due(now=later) == 0
    request = CallRequest.objects.get()
    assert (request.status, request.problem) == ("expired", "The phone system took it, but told of no call.")
    assert steps(request) == ["accepted", "expired"]


def test_two_calls_that_become_one_keep_both_requests(seat):
    first, second = (CallRequestFactory(linked=True, call=CallFactory(phone_system=seat.phone_system)) for _ in range(2))
    for request, key in ((first, "a"), (second, "b")):
        CallKeyFactory(call=request.call, phone_system=seat.phone_system, key=key)
    call = happens(seat, "call.updated", key="a", linked_ids=["b"])
    assert set(CallRequest.objects.values_list("call", flat=True)) == {call.pk}
