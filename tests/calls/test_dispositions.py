"""A wrong disposition is put right: a correction takes back exactly what the earlier write-up did, and nothing that people did since."""

import json
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from calls import callbacks, wrap_up
from calls import erasure as calls_erasure
from calls.models import Call, Callback, CallDisposition, DispositionEffect
from crm import consent, permission, phone_book, suppression
from crm.models import PhoneNumber, Suppression
from tests.factories.calls import CallFactory, DispositionFactory
from tests.factories.crm import ContactFactory, TopicFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/calls/"
MOSCOW = ZoneInfo("Europe/Moscow")


def done(answer, status=200):
    assert answer.status_code == status, answer.content
    return answer.json()


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    return answer.json()


@pytest.fixture
def ways():
    spoke = {"contact_made": True, "right_party": True}
    return {
        "refused": DispositionFactory(
            code="refused", **spoke, refused=True, final=True, suppress_scope="purpose", suppress_purpose="marketing",
            consent_status="refused", consent_purpose="marketing",
        ),
        "later": DispositionFactory(code="later", **spoke, callback=True),
        "sold": DispositionFactory(code="sold", **spoke, success=True),
        "dead": DispositionFactory(code="dead", number_invalid=True),
        "never": DispositionFactory(code="never", contact_made=True, suppress_scope="all"),
        "month": DispositionFactory(code="month", **spoke, suppress_scope="purpose", suppress_purpose="marketing", suppress_days=30),
    }  # fmt: skip


@pytest.fixture
def talk():
    """A call with somebody we know, that ended a minute ago."""
    return a_call()


def a_call(contact=None, **more) -> Call:
    contact = contact or ContactFactory(phones=["+74951234567"])
    number = contact.contact_phones.get().phone.e164
    began = timezone.now() - timedelta(minutes=3)
    return CallFactory(contact=contact, from_raw=number, started_at=began, **more)


def write(call, way, by=None, now=None, **more):
    return wrap_up.wrap_up(call.pk, disposition=way, by=by or call.agent, now=now or timezone.now(), **more)


def may_be_called(call, purpose="marketing") -> bool:
    asked = suppression.Asked(call.customer_e164, call.contact_id)
    return permission.check([asked], purpose=purpose, channel="call", at=timezone.now())[0].allowed


def suppressed(call, purpose="marketing"):
    return suppression.why(e164=call.customer_e164, contact_id=call.contact_id, purpose=purpose, channel="call", at=timezone.now())


def effects(call) -> dict[tuple[int, str], str]:
    rows = DispositionEffect.objects.filter(revision__call=call)
    return {(row.revision.number, row.kind): row.state for row in rows.select_related("revision")}


def validity(call) -> str:
    return PhoneNumber.objects.get(e164=call.customer_e164).validity


def report(client):
    today = timezone.now().date()
    query = {"since": str(today - timedelta(days=2)), "until": str(today + timedelta(days=1)), "time_zone": "UTC"}
    return done(client.get("/api/v1/reports/dispositions/", query))


def noon(days=1) -> datetime:
    """Noon in Moscow: nobody is called at night."""
    day = timezone.now().astimezone(MOSCOW).date() + timedelta(days=days)
    return datetime.combine(day, time(12), MOSCOW)


def at_noon(**more):
    return {"local_time": noon().strftime("%Y-%m-%dT12:00"), "note": "At noon.", **more}


# --- P11
def test_refused_and_do_not_call_corrected_to_callback_lifts_the_suppression_promises_the_callback_and_counts_as_a_fresh_run(
    client_of, ways, talk
):
    agent, boss = client_of("agent", user=talk.agent), client_of("supervisor")
    url = f"{URL}{talk.pk}/"
    done(agent.post(f"{url}wrap-up/", {"disposition": "refused", "note": "Has no garden."}))
    assert suppressed(talk) and consent.standing(contact_id=talk.contact_id, purpose="marketing", channel="call", at=timezone.now()).denies
    done(agent.post(f"{url}wrap-up/", {"disposition": "later", "note": "Call at noon.", "callback": at_noon()}))
    assert not suppressed(talk)
    assert consent.standing(contact_id=talk.contact_id, purpose="marketing", channel="call", at=timezone.now()).state == "expired"
    promise = Callback.objects.get(origin_id=talk.pk)
    assert (promise.status, promise.contact_id, promise.at, promise.note) == ("scheduled", talk.contact_id, noon(), "At noon.")
    assert effects(talk) == {(1, "suppress"): "reversed", (1, "consent"): "reversed", (2, "callback"): "applied"}

    fresh = a_call(ContactFactory(phones=["+74951234568"]), agent=talk.agent)
    corrected = report(boss)
    write(fresh, ways["later"], note="Call at noon.", callback={"at": noon()})
    both = report(boss)
    (line,) = both["results"]
    assert (line["disposition"], line["calls"], line["contact_made"], line["right_party"], line["refused"]) == ("later", 2, 2, 2, 0)
    without = ("wrap_s", "corrected")
    once = {name: value for name, value in corrected["results"][0].items() if name not in without}
    assert {name: value * 2 if isinstance(value, int | float) else value for name, value in once.items()} == {
        name: value for name, value in line.items() if name not in without
    }
    assert (corrected["total"]["corrected"], both["total"]["corrected"]) == (1, 1)


def test_every_write_up_is_shown_as_it_was_written_with_what_it_did_and_what_was_undone(client_of, ways, talk):
    agent = client_of("agent", user=talk.agent)
    TopicFactory(code="new-order")
    done(agent.post(f"{URL}{talk.pk}/wrap-up/", {"disposition": "refused", "note": "Has no garden.", "topics": ["new-order"]}))
    done(agent.post(f"{URL}{talk.pk}/wrap-up/", {"disposition": "sold", "note": "Has a garden."}))
    second, first = done(client_of("back_office").get(f"{URL}{talk.pk}/dispositions/"))["results"]
    assert (first["number"], first["disposition"], first["note"], first["topics"]) == (1, "refused", "Has no garden.", ["new-order"])
    assert (second["number"], second["disposition"], second["supersedes"], second["by"]) == (2, "sold", 1, str(talk.agent.pk))
    assert (first["counts"], second["counts"]) == (False, True)
    did = {effect["kind"]: effect for effect in first["effects"]}
    assert (did["suppress"]["state"], did["suppress"]["ended_by"]) == ("reversed", 2)
    entry = Suppression.objects.get(pk=did["suppress"]["subject"]["id"])
    assert (entry.source, entry.origin, entry.lifted_by) == ("disposition", {"kind": "call", "id": str(talk.pk)}, talk.agent)
    assert second["effects"] == []


def test_the_same_again_is_no_correction(client_of, ways, talk):
    agent = client_of("agent", user=talk.agent)
    body = {"disposition": "refused", "note": " Has no garden. "}
    first = agent.post(f"{URL}{talk.pk}/wrap-up/", body)
    again = agent.post(f"{URL}{talk.pk}/wrap-up/", body)
    assert first.json() == again.json() and first.headers["ETag"] == again.headers["ETag"]
    assert CallDisposition.objects.count() == 1 and Suppression.objects.count() == 1


def test_a_corrected_note_carries_the_effects_over_untouched(ways, talk):
    write(talk, ways["refused"], note="Has no garden.")
    before = list(Suppression.objects.values())
    write(talk, ways["refused"], note="Has no garden, and no balcony.", by=UserFactory(role="supervisor"))
    assert list(Suppression.objects.values()) == before
    assert effects(talk) == {(1, "suppress"): "applied", (1, "consent"): "applied"}
    talk.refresh_from_db()
    assert talk.note == "Has no garden, and no balcony." and CallDisposition.objects.count() == 2


def test_one_disposition_given_for_another_of_the_same_effect_changes_nothing_for_the_customer(ways, talk):
    """The entry of the first goes on: the customer is not callable for a moment in between."""
    also = DispositionFactory(contact_made=True, right_party=True, suppress_scope="purpose", suppress_purpose="marketing")
    write(talk, ways["refused"])
    entry = Suppression.objects.get()
    write(talk, also)
    assert Suppression.objects.get() == entry and entry.lifted_at is None
    assert effects(talk) == {(1, "suppress"): "applied", (1, "consent"): "reversed"}


def test_a_callback_that_a_correction_leaves_out_stays_promised(client_of, ways, talk):
    agent, url = client_of("agent", user=talk.agent), f"{URL}{talk.pk}/wrap-up/"
    refused(agent.post(url, {"disposition": "later"}), 400, "callback_needed")
    refused(agent.post(url, {"disposition": "later", "callback": {}}), 400, "when_to_call")
    refused(agent.post(url, {"disposition": "later", "callback": {"at": "2020-01-01T00:00:00Z"}}), 400, "when_to_call")
    silence, _ = suppression.add(contact=talk.contact, purpose="service", source="customer", by=None, now=timezone.now())
    refused(agent.post(url, {"disposition": "later", "callback": at_noon()}), 409, "may_not_call")
    suppression.lift(silence.pk, reason="She changed her mind.", by=None, now=timezone.now())
    refused(agent.post(url, {"disposition": "later", "callback": {"at": "9999-12-31T23:59:59-12:00"}}), 400, "invalid")
    assert CallDisposition.objects.count() == 0, "a write-up whose promise cannot be made is not written"
    done(agent.post(url, {"disposition": "later", "callback": at_noon()}))
    done(agent.post(url, {"disposition": "later", "callback": at_noon()}))
    done(agent.post(url, {"disposition": "later", "note": "Ask for Anna."}))
    row = Callback.objects.get()
    assert (row.status, row.at) == ("scheduled", noon()) and CallDisposition.objects.count() == 2
    done(agent.post(url, {"disposition": "later", "callback": at_noon(note="Ask for Anna.")}))
    assert sorted(Callback.objects.values_list("status", "note")) == [("cancelled", "At noon."), ("scheduled", "Ask for Anna.")]
    done(agent.post(url, {"disposition": "sold"}))
    assert set(Callback.objects.values_list("status", flat=True)) == {"cancelled"}


def test_a_callback_promised_while_the_call_went_on_suffices_and_stays(client_of, ways, talk):
    agent = client_of("agent", user=talk.agent)
    origin = {"kind": "call", "id": str(talk.pk)}
    done(agent.post("/api/v1/callbacks/", at_noon(contact=str(talk.contact_id), origin=origin)), 201)
    done(agent.post(f"{URL}{talk.pk}/wrap-up/", {"disposition": "later"}))
    assert effects(talk) == {(1, "callback"): "applied"}
    done(agent.post(f"{URL}{talk.pk}/wrap-up/", {"disposition": "sold"}))
    assert Callback.objects.get().status == "scheduled" and effects(talk)[1, "callback"] == "kept"


def test_who_has_a_callback_already_gets_no_second_one(ways, talk):
    callbacks.schedule(contact=talk.contact, at=noon(2), by=None, now=timezone.now())
    write(talk, ways["later"], callback={"at": noon()})
    assert Callback.objects.get().at == noon()


# --- what people did since stays
def test_a_suppression_that_was_lifted_by_hand_is_left_alone(ways, talk):
    write(talk, ways["refused"])
    suppression.lift(Suppression.objects.get().pk, reason="She called again.", by=UserFactory(), now=timezone.now())
    lifted = Suppression.objects.values().get()
    write(talk, ways["sold"])
    assert Suppression.objects.values().get() == lifted
    kept = DispositionEffect.objects.get(kind="suppress")
    assert (kept.state, kept.reason) == ("kept", "It was lifted meanwhile.")


def test_what_the_customer_asked_for_otherwise_stands_when_the_disposition_goes(ways, talk):
    write(talk, ways["refused"])
    suppression.add(contact=talk.contact, purpose="marketing", source="customer", reason="By letter.", by=None, now=timezone.now())
    write(talk, ways["sold"])
    assert [reason.source for reason in suppressed(talk)] == ["customer"]


def test_an_entry_that_was_there_before_the_call_is_not_lifted_by_its_correction(ways, talk):
    suppression.add(contact=talk.contact, purpose="marketing", source="disposition", by=None, now=timezone.now())
    write(talk, ways["refused"])
    write(talk, ways["sold"])
    assert len(suppressed(talk)) == 1
    assert DispositionEffect.objects.get(kind="suppress").reason == "It was there before the call."


def test_a_number_that_was_tried_since_keeps_what_is_known_of_it(ways, talk):
    phone_book.mark(talk.customer_e164, validity="reachable", by=None, now=timezone.now())
    write(talk, ways["dead"])
    assert validity(talk) == "invalid"
    write(talk, ways["sold"])
    assert validity(talk) == "reachable", "what was known before comes back"
    write(talk, ways["dead"])
    phone_book.mark(talk.customer_e164, validity="invalid", by=None, now=timezone.now())
    write(talk, ways["sold"])
    assert validity(talk) == "invalid", "somebody said so besides"
    states = DispositionEffect.objects.filter(kind="number_invalid").order_by("id").values_list("state", "reason")
    assert list(states) == [("reversed", ""), ("kept", "What is known of the number was changed since.")]


def test_a_consent_that_was_given_since_counts(ways, talk):
    write(talk, ways["refused"])
    consent.give(
        contact=talk.contact,
        purpose="marketing",
        channel="call",
        obtained_via="web_form",
        by=None,
        now=timezone.now() + timedelta(seconds=1),
    )
    later = timezone.now() + timedelta(seconds=5)
    write(talk, ways["sold"], now=later)
    assert consent.standing(contact_id=talk.contact_id, purpose="marketing", channel="call", at=later).state == "granted"
    assert DispositionEffect.objects.get(kind="consent").state == "kept"


def test_a_consent_that_stood_before_stands_again(ways, talk):
    before = timezone.now() - timedelta(days=1)
    consent.give(contact=talk.contact, purpose="marketing", channel="call", obtained_via="paper", by=None, now=before)
    write(talk, ways["refused"])
    assert not may_be_called(talk)
    write(talk, ways["sold"])
    assert may_be_called(talk)


@pytest.mark.parametrize("since", ["another time", "in hand", "called off"])
def test_a_promise_that_somebody_did_something_with_is_left_alone(ways, talk, since):
    write(talk, ways["later"], callback={"at": noon()})
    row, by = Callback.objects.get(), {"by": UserFactory(role="supervisor"), "now": timezone.now()}
    if since == "another time":
        callbacks.reschedule(row.pk, at=noon(2), **by)
    elif since == "in hand":
        Callback.objects.filter(pk=row.pk).update(status="taken", taken_by=by["by"], lease_until=noon())
    else:
        callbacks.cancel(row.pk, reason="Wrote a letter.", **by)
    before = Callback.objects.values().get()
    write(talk, ways["sold"])
    assert Callback.objects.values().get() == before and effects(talk)[1, "callback"] == "kept"


# --- two calls that ask for the same
def test_a_suppression_lasts_while_one_of_two_calls_asks_for_it(ways, talk):
    other = a_call(talk.contact)
    write(talk, ways["refused"]), write(other, ways["refused"])
    write(talk, ways["sold"])
    assert len(suppressed(talk)) == 1
    assert effects(talk)[1, "suppress"] == "kept"
    write(other, ways["sold"])
    assert not suppressed(talk)


@pytest.mark.parametrize("longer_first", [True, False])
def test_when_the_longer_of_two_is_corrected_the_shorter_still_holds(ways, talk, longer_first):
    other = a_call(talk.contact)
    for call, way in ((talk, "refused"), (other, "month")) if longer_first else ((other, "month"), (talk, "refused")):
        write(call, ways[way])
    assert [reason.expires_at for reason in suppressed(talk)] == [None]
    write(talk, ways["sold"])
    assert [reason.expires_at for reason in suppressed(talk)] == [other.ended_at + timedelta(days=30)]
    write(other, ways["sold"])
    assert not suppressed(talk)


def test_a_number_is_invalid_while_one_of_two_calls_says_so(ways, talk):
    other = a_call(talk.contact)
    write(talk, ways["dead"]), write(other, ways["dead"])
    write(talk, ways["sold"])
    assert validity(talk) == "invalid"
    write(other, ways["sold"])
    assert validity(talk) == "unknown"


def test_of_two_refusals_the_one_left_counts(ways, talk):
    def state():
        return consent.standing(contact_id=talk.contact_id, purpose="marketing", channel="call", at=timezone.now()).state

    other = a_call(talk.contact)
    write(talk, ways["refused"]), write(other, ways["refused"])
    write(other, ways["sold"])
    assert state() == "refused"
    write(talk, ways["sold"])
    assert state() == "expired"


# --- whom it is about
def test_whoever_answers_for_another_is_not_that_other(ways, talk):
    """Without the right party the number is meant, not the contact: a stranger at it, or a household."""
    write(talk, ways["never"])
    entry = Suppression.objects.get()
    assert (entry.contact_id, entry.e164, entry.purpose) == (None, talk.customer_e164, "")


def test_a_caller_whom_nobody_knows_and_who_hides_the_number_leaves_a_word_why_nothing_was_done(ways):
    hidden = CallFactory(from_raw="anonymous", from_e164="", customer_e164="", contact=None)
    write(hidden, ways["refused"]), write(hidden, ways["dead"], by=UserFactory(role="supervisor"))
    assert set(effects(hidden).values()) == {"not_applied"}
    assert all(DispositionEffect.objects.values_list("reason", flat=True))
    assert Suppression.objects.count() == 0


def test_the_time_of_a_suppression_counts_from_the_call_not_from_the_writing(ways):
    old = CallFactory(contact=ContactFactory(), started_at=timezone.now() - timedelta(days=31))
    write(old, ways["month"])
    assert Suppression.objects.count() == 0
    assert DispositionEffect.objects.get().reason == "It would be over already."


# --- erasure and personal data
def test_the_words_of_every_revision_are_told_to_the_person_and_go_with_them(ways, talk):
    write(talk, ways["later"], note="Asks for Klavdia.", callback={"at": noon(), "note": "Klavdia is at home."})
    write(talk, ways["sold"], note="Klavdia bought two.")
    told = json.dumps(calls_erasure.personal_data(talk.contact_id), default=str)
    assert told.count("Asks for Klavdia.") == 1 and "Klavdia is at home." in told and "Klavdia bought two." in told
    calls_erasure.pseudonymise(talk.contact_id)
    left = json.dumps([*CallDisposition.objects.values(), *DispositionEffect.objects.values()], default=str)
    assert "Klavdia" not in left
    assert [(one.number, one.disposition.code) for one in CallDisposition.objects.order_by("number")] == [(1, "later"), (2, "sold")]


# --- the catalogue
@pytest.mark.parametrize(
    "wrong",
    [
        {"right_party": True},
        {"contact_made": True, "success": True, "refused": True},
        {"suppress_scope": "purpose"},
        {"suppress_scope": "all", "suppress_purpose": "marketing"},
        {"suppress_days": 5},
        {"suppress_scope": "all", "suppress_days": 40_000},
        {"consent_status": "refused"},
        {"consent_purpose": "marketing"},
        {"callback": True, "suppress_scope": "all"},
        {"min_talk_s": 10**9},
    ],
)
def test_a_disposition_that_contradicts_itself_is_refused(client_of, wrong):
    answer = client_of("supervisor").post("/api/v1/dispositions/", {"code": "x", "name": "X", **wrong})
    assert answer.status_code in (400, 409), answer.content
    assert answer.json()["code"].removeprefix("disposition_") != "", answer.content


def test_dispositions_are_offered_by_the_direction_of_the_call(client_of):
    for direction in ("any", "inbound", "outbound"):
        DispositionFactory(code=direction, direction=direction)
    listed = done(client_of("agent").get("/api/v1/dispositions/", {"direction": "inbound"}))["results"]
    assert {row["code"] for row in listed} == {"any", "inbound"}


def test_a_disposition_that_a_corrected_write_up_had_cannot_be_removed(client_of, ways, talk):
    write(talk, ways["refused"]), write(talk, ways["sold"])
    refused(client_of("admin").delete(f"/api/v1/dispositions/{ways['refused'].pk}/"), 409, "still_in_use")
    done(client_of("supervisor").patch(f"/api/v1/dispositions/{ways['refused'].pk}/", {"is_active": False}))


# --- the report
def test_the_report_narrows_by_queue_and_agent_and_costs_one_statement(client_of, ways, django_assert_num_queries):
    first, second = a_call(queue="sales"), a_call(ContactFactory(phones=["+74951234569"]), queue="support")
    write(first, ways["sold"]), write(second, ways["refused"])
    boss = client_of("supervisor")
    boss.get("/api/v1/me/")
    today = str(timezone.now().date())
    query = {"since": str(timezone.now().date() - timedelta(days=1)), "until": today, "time_zone": "UTC"}
    with django_assert_num_queries(2):  # the token; the report
        found = done(boss.get("/api/v1/reports/dispositions/", query))
    assert found["total"]["calls"] == 2 and found["total"]["success"] == 1 and found["total"]["refused"] == 1
    for narrow in ({"queue": "sales"}, {"agent": str(first.agent_id)}):
        assert [line["disposition"] for line in done(boss.get("/api/v1/reports/dispositions/", query | narrow))["results"]] == ["sold"]
    none = done(boss.get("/api/v1/reports/dispositions/", query | {"queue": "nothing"}))
    assert none["results"] == [] and none["total"]["calls"] == 0
    refused(boss.get("/api/v1/reports/dispositions/", query | {"agent": "me"}), 400, "invalid")
    refused(boss.get("/api/v1/reports/dispositions/", {"since": "2026-11-02", "until": "2026-11-01"}), 400, "interval_unusable")
    refused(boss.get("/api/v1/reports/dispositions/", {"by": "queue"}), 400, "unknown_parameter")


def test_nothing_of_a_revision_waits_for_the_commit(ways, talk):
    """The numbering is checked at commit, so that two calls can be numbered anew: here it is right all the time."""
    write(talk, ways["refused"]), write(talk, ways["sold"])
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert list(CallDisposition.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
