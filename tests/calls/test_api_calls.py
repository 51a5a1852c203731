"""/calls/ over HTTP: written up, identified, and made by hand (P3, P19)."""

from datetime import UTC, datetime, timedelta

import pytest

from calls.models import Call, PhoneSystem
from config.platform.models import AuditEvent
from tests.calls.scenarios import CALLER, SCENARIOS, begun
from tests.factories.calls import AgentExtensionFactory, CallFactory, DispositionFactory, PhoneSystemFactory
from tests.factories.crm import ContactFactory, TopicFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/calls/"
EVENTS = "/api/v1/calls/events/"
OTHER = "+74957654321"


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content


def done(answer, status=200):
    assert answer.status_code == status, answer.content
    return answer.json()


@pytest.fixture
def bridge(client_of):
    PhoneSystemFactory(slug="pbx")
    return client_of("integration", scopes=["events:write"])


# Wrap-up


def test_a_talk_waits_to_be_written_up_and_is_then_done(bridge, client_of):
    agent = client_of("agent")
    AgentExtensionFactory(extension="201", user=agent.user, phone_system=PhoneSystem.objects.get())
    for body in SCENARIOS["answered"][0]:
        call = done(bridge.post(EVENTS, body))["call"]
    assert (call["wrap_up_state"], call["agent"]) == ("pending", str(agent.user.pk))
    assert [row["id"] for row in done(agent.get(URL, {"wrap_up_state": "pending"}))["results"]] == [call["id"]]
    advised, topic = DispositionFactory(code="advised"), TopicFactory(code="delivery-late")
    body = {"disposition": "advised", "topics": ["delivery-late"], "note": " It comes tomorrow. "}
    shown = done(agent.post(f"{URL}{call['id']}/wrap-up/", body))
    assert (shown["wrap_up_state"], shown["disposition"], shown["topics"], shown["note"]) == (
        "done",
        advised.code,
        [topic.code],
        "It comes tomorrow.",
    )
    assert shown["wrapped_up_by"] == str(agent.user.pk)
    again = done(agent.post(f"{URL}{call['id']}/wrap-up/", {"disposition": "advised"}))
    assert (again["topics"], again["note"]) == ([], "")
    late = done(bridge.post(EVENTS, {"type": "recording.available", "call_id": "c1", "recording": {"id": "r"}}))["call"]
    assert (late["wrap_up_state"], late["recordings"]) == ("done", 1)
    kept = AuditEvent.objects.filter(subject_id=call["id"], verb="wrap_up").order_by("id").last()
    assert (kept.changes["note"], kept.facts["topics_before"]) == (["It comes tomorrow.", ""], ["delivery-late"])


def test_whose_call_it_is_decides_who_writes_it_up(client_of):
    DispositionFactory(code="advised")
    call = CallFactory()
    url = f"{URL}{call.pk}/wrap-up/"
    refused(client_of("agent").post(url, {"disposition": "advised"}), 403, "not_your_call")
    done(client_of("agent", user=call.agent).post(url, {"disposition": "advised"}))
    done(client_of("supervisor").post(url, {"disposition": "advised"}))
    done(client_of("agent").post(f"{URL}{CallFactory(missed=True).pk}/wrap-up/", {"disposition": "advised"}))


def test_what_a_wrap_up_needs(client_of):
    client = client_of("supervisor")
    DispositionFactory(code="complained", needs_note=True)
    DispositionFactory(code="old", is_active=False)
    TopicFactory(code="gone", is_active=False)
    url = f"{URL}{CallFactory().pk}/wrap-up/"
    refused(client.post(f"{URL}{CallFactory(open=True).pk}/wrap-up/", {"disposition": "complained", "note": "x"}), 409, "call_not_over")
    refused(client.post(url, {"disposition": "complained", "note": "  "}), 400, "note_needed")
    for body in ({}, {"disposition": "old"}, {"disposition": "nothing"}, {"disposition": "complained", "note": "x", "topics": ["gone"]}):
        refused(client.post(url, body), 400, "invalid")
    refused(client.post(url, {"disposition": "complained", "note": "x"}, HTTP_IF_MATCH='"77"'), 412, "version_conflict")
    assert Call.objects.filter(wrap_up_state="done").count() == 0


# P3: whose call it was


def test_a_new_contact_gets_the_number_and_the_earlier_calls_of_it(bridge, client_of):
    first = done(bridge.post(EVENTS, begun()))["call"]["id"]
    second = done(bridge.post(EVENTS, {**begun(), "call_id": "c2"}))["call"]["id"]
    other = done(bridge.post(EVENTS, {**begun(), "call_id": "c3", "from": OTHER}))["call"]["id"]
    client = client_of("agent")
    shown = done(client.post(f"{URL}{second}/identify/", {"new_contact": {"surname": "Фёдорова", "name": "Алёна"}}))
    assert (shown["contact_name"], shown["match_quality"]) == ("Фёдорова Алёна", "identified")
    earlier = done(client.get(f"{URL}{first}/"))
    assert (earlier["contact"], earlier["match_quality"]) == (shown["contact"], "exact")
    assert done(client.get(f"{URL}{other}/"))["contact"] is None
    (match,) = done(client.get("/api/v1/lookup/", {"phone": CALLER}))["matches"]
    assert match["contact"]["id"] == shown["contact"]
    kinds = [one["kind"] for one in done(client.get(f"/api/v1/contacts/{shown['contact']}/timeline/"))["results"]]
    assert kinds.count("call") == 2


def test_a_contact_we_have_gets_the_number_behind_its_own(bridge, client_of):
    contact = ContactFactory(phones=[OTHER])
    call = done(bridge.post(EVENTS, begun()))["call"]["id"]
    done(client_of("agent").post(f"{URL}{call}/identify/", {"contact": str(contact.pk)}))
    phones = [(link.phone.e164, link.is_primary) for link in contact.contact_phones.all()]
    assert phones == [(OTHER, True), (CALLER, False)]


def test_earlier_calls_of_a_shared_number_stay_nobody_s(bridge, client_of):
    one, _ = ContactFactory(phones=[CALLER]), ContactFactory(phones=[CALLER])
    earlier = done(bridge.post(EVENTS, begun()))["call"]["id"]
    call = done(bridge.post(EVENTS, {**begun(), "call_id": "c2"}))["call"]["id"]
    client = client_of("agent")
    done(client.post(f"{URL}{call}/identify/", {"contact": str(one.pk)}))
    assert done(client.get(f"{URL}{earlier}/"))["contact"] is None
    assert done(client.get(f"{URL}{call}/"))["contact"] == str(one.pk)


def test_a_number_given_to_a_contact_brings_its_calls(bridge, client_of):
    call = done(bridge.post(EVENTS, begun()))["call"]["id"]
    client = client_of("agent")
    contact = ContactFactory()
    done(client.patch(f"/api/v1/contacts/{contact.pk}/", {"phones": [{"number": CALLER}]}))
    assert done(client.get(f"{URL}{call}/"))["contact"] == str(contact.pk)
    another = done(
        client.post("/api/v1/contacts/", {"surname": "I", "phones": [{"number": CALLER}], "force": True, "reason": "Family."}), 201
    )
    assert done(client.get(f"{URL}{call}/"))["contact"] == str(contact.pk) != another["id"]


def test_who_was_named_stays_when_more_events_come(bridge, client_of):
    contact, named = ContactFactory(phones=[CALLER]), ContactFactory()
    call = done(bridge.post(EVENTS, begun()))["call"]
    assert call["contact"] == str(contact.pk)
    done(client_of("agent").post(f"{URL}{call['id']}/identify/", {"contact": str(named.pk)}))
    assert done(bridge.post(EVENTS, SCENARIOS["answered"][0][-1]))["call"]["contact"] == str(named.pk)


def test_what_identifying_refuses(bridge, client_of):
    ContactFactory(surname="Иванова", name="Анна", patronymic="Петровна")
    url = f"{URL}{done(bridge.post(EVENTS, begun()))['call']['id']}/identify/"
    client = client_of("agent")
    refused(client.post(url, {}), 400, "nothing_to_identify")
    refused(client.post(url, {"contact": str(ContactFactory().pk), "new_contact": {"surname": "I"}}), 400, "nothing_to_identify")
    anna = {"surname": "Иванова", "name": "Анна", "patronymic": "Петровна"}
    refused(client.post(url, {"new_contact": anna}), 409, "duplicate_contact")
    refused(client.post(url, {"contact": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"}), 400, "invalid")
    refused(client.post(url, {"new_contact": {"surname": "I"}}, HTTP_IF_MATCH='"9"'), 412, "version_conflict")


# P19: no phone system at all


def test_a_call_by_hand_goes_the_whole_way(client_of):
    contact = ContactFactory(phones=[CALLER])
    DispositionFactory(code="advised")
    client = client_of("agent")
    begin = datetime.now(UTC) - timedelta(minutes=10)
    answer = client.post(URL, {"direction": "inbound", "phone": "8 (495) 123-45-67", "started_at": begin.isoformat()})
    call = done(answer, 201)
    assert answer.headers["Location"].endswith(f"{URL}{call['id']}/")
    assert (call["source"], call["state"], call["contact"], call["phone_system"]) == ("manual", "in_progress", str(contact.pk), None)
    assert [row["id"] for row in done(client.get(URL, {"open": "true"}))["results"]] == [call["id"]]
    ended = done(client.post(f"{URL}{call['id']}/finish/", {"outcome": "answered", "ended_at": (begin + timedelta(minutes=2)).isoformat()}))
    assert (ended["state"], ended["outcome"], ended["talk_s"], ended["wrap_up_state"]) == ("ended", "answered", 120.0, "pending")
    assert done(client.post(f"{URL}{call['id']}/wrap-up/", {"disposition": "advised"}))["wrap_up_state"] == "done"
    refused(client.post(f"{URL}{call['id']}/finish/", {}), 409, "call_over")


def test_an_outbound_call_by_hand_that_nobody_took(client_of):
    client = client_of("agent")
    call = done(client.post(URL, {"direction": "outbound", "phone": OTHER}), 201)
    assert (call["to"]["e164"], call["from"]["e164"], call["customer_e164"], call["contact"]) == (OTHER, None, OTHER, None)
    ended = done(client.post(f"{URL}{call['id']}/finish/", {"outcome": "no_answer"}))
    assert (ended["outcome"], ended["talk_s"], ended["answered_at"]) == ("no_answer", 0.0, None)


def test_a_visitor_has_no_number(client_of):
    contact = ContactFactory()
    call = done(client_of("agent").post(URL, {"direction": "inbound", "contact": str(contact.pk)}), 201)
    assert (call["contact"], call["match_quality"], call["customer_e164"]) == (str(contact.pk), "identified", "")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid"),
        ({"direction": "internal"}, "invalid"),
        ({"direction": "inbound", "phone": "hello"}, "phone_number_invalid"),
        ({"direction": "inbound", "phone": "201"}, "phone_number_internal"),
        ({"direction": "inbound", "started_at": "2999-01-01T00:00:00Z"}, "times_disagree"),
    ],
)
def test_what_cannot_be_a_call_by_hand(body, code, client_of):
    refused(client_of("agent").post(URL, body), 400, code)


def test_a_call_ends_after_it_began_and_not_tomorrow(client_of):
    client = client_of("agent")
    url = f"{URL}{done(client.post(URL, {'direction': 'inbound'}), 201)['id']}/finish/"
    for wrong in ("2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"):
        refused(client.post(url, {"ended_at": wrong}), 400, "times_disagree")


def test_a_phone_system_s_call_is_ended_by_its_events_only(client_of):
    refused(client_of("supervisor").post(f"{URL}{CallFactory(open=True).pk}/finish/", {}), 409, "not_by_hand")


def test_filters_choose(client_of):
    topic, disposition = TopicFactory(code="invoice"), DispositionFactory(code="helped")
    chosen = CallFactory(
        direction="outbound",
        outcome="busy",
        queue="vip",
        disposition=disposition,
        contact=ContactFactory(),
        started_at=datetime(2026, 1, 5, tzinfo=UTC),
    )
    chosen.topics.add(topic)
    CallFactory()
    client = client_of("agent")
    for name, value in {
        "direction": "outbound", "outcome": "busy", "queue": "vip", "disposition": "helped", "topic": "invoice", "contact": chosen.contact_id,
        "agent": chosen.agent_id, "number": chosen.customer_e164, "phone_system": chosen.phone_system.slug, "started_before": "2026-02-01T00:00:00Z",
    }.items():  # fmt: skip
        assert [row["id"] for row in done(client.get(URL, {name: value}))["results"]] == [str(chosen.pk)], name
