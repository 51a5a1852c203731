"""P10, what was allowed: the latest statement counts, nothing is changed or lost, a no is told at once."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import ProgrammingError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.platform.models import AuditEvent
from crm import consent, suppression
from crm.models import Consent
from crm.suppression import Asked
from tests.conftest import NOON
from tests.factories.calls import CallFactory
from tests.factories.consent import ConsentFactory
from tests.factories.crm import ContactFactory, ContactPhoneFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
MARKETING = {"purpose": "marketing", "channel": "call"}
DAY = timedelta(days=1)


def state(contact, at=NOON, **about):
    return consent.standing(contact_id=contact.pk, at=at, **(MARKETING | about)).state


def said(contact, status, at, **fields):
    fields = MARKETING | {"obtained_via": "web_form", "valid_from": at} | fields
    return consent.say(contact=contact, status=status, by=None, now=at, **fields)


def test_a_consent_counts_until_it_is_withdrawn_and_again_when_it_is_given_again():
    contact, user = ContactFactory(), UserFactory()
    assert state(contact) == "none"
    about = {**MARKETING, "contact": contact, "obtained_via": "paper", "by": user}
    consent.give(**about, now=NOON - 3 * DAY)
    consent.withdraw(**about, now=NOON - 2 * DAY)
    assert state(contact) == "withdrawn"
    consent.give(**about, now=NOON - DAY)
    assert state(contact) == "granted"
    assert state(contact, at=NOON - 2 * DAY) == "withdrawn"
    assert [row.status for row in consent.history(contact_id=contact.pk)] == ["granted", "withdrawn", "granted"]


def test_an_expired_consent_is_no_consent_and_no_refusal():
    contact = ContactFactory()
    said(contact, "granted", NOON - DAY, valid_to=NOON)
    assert state(contact, at=NOON - timedelta(seconds=1)) == "granted"
    found = consent.standing(contact_id=contact.pk, **MARKETING, at=NOON)
    assert (found.state, found.denies) == ("expired", False)


def test_a_statement_of_the_past_that_is_written_down_later_does_not_overrule_a_newer_one():
    contact = ContactFactory()
    said(contact, "withdrawn", NOON - DAY)
    said(contact, "granted", NOON - 9 * DAY)
    assert state(contact) == "withdrawn"


def test_each_purpose_and_each_channel_stands_for_itself():
    contact = ContactFactory()
    said(contact, "refused", NOON - DAY)
    said(contact, "granted", NOON - DAY, purpose="service")
    found = {key: one.state for key, one in consent.current(contact.pk, at=NOON).items() if one.state != "none"}
    assert found == {("marketing", "call"): "refused", ("service", "call"): "granted"}


def test_a_number_may_say_no_before_anybody_knows_whose_it_is():
    consent.withdraw(phone="8 (495) 123-45-67", **MARKETING, obtained_via="sms", by=None, now=NOON)
    assert consent.standing(e164="+74951234567", **MARKETING, at=NOON).state == "withdrawn"
    contact = ContactPhoneFactory(phone__e164="+74951234567").contact
    assert consent.standing(e164="+74951234567", contact_id=contact.pk, **MARKETING, at=NOON).state == "withdrawn"


def test_the_proof_says_who_wrote_it_down_when_and_on_which_call(client_of):
    agent, call, contact = client_of("agent"), CallFactory(), ContactFactory()
    body = {
        "contact": str(contact.pk),
        **MARKETING,
        "status": "withdrawn",
        "obtained_via": "call",
        "origin": {"kind": "call", "id": str(call.pk)},
    }
    made = agent.post("/api/v1/consents/", body, format="json").json()
    event = AuditEvent.objects.get(subject_id=made["id"])
    assert (event.by, event.verb, event.changes["origin_id"][1]) == (agent.user, "say", str(call.pk))
    assert agent.get(f"/api/v1/consents/{made['id']}/").json()["origin"] == body["origin"]
    (line,) = [one for one in agent.get(f"/api/v1/contacts/{contact.pk}/timeline/").json()["results"] if one["kind"] == "consent"]
    assert (line["data"]["status"], line["data"]["origin"]) == ("withdrawn", body["origin"])


def test_whoever_may_be_calling_is_told_of_a_no_and_not_of_a_yes(monkeypatch):
    heard = []
    monkeypatch.setitem(suppression.told._entries, "test", heard.extend)
    contact = ContactFactory()
    said(contact, "granted", NOON)
    assert heard == []
    no = said(contact, "withdrawn", NOON)
    assert [(stop.kind, stop.id, stop.contact_id, stop.purpose, stop.channel) for stop in heard] == [
        ("consent", no.pk, contact.pk, "marketing", "call")
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"status": "granted"}, {"valid_to": None}, {"purpose": "service"}, {"evidence": "something else"}, {"contact": None},
        {"number_hash": ""}, {"e164": "+74950000001"}, {"by": None},
    ],
)  # fmt: skip
def test_what_was_said_is_never_changed(change):
    row = ConsentFactory(status="refused", e164="+74951234567", valid_to=NOON + 999 * DAY, valid_from=NOON)
    Consent.objects.filter(pk=row.pk).update(e164="", number_hash="f" * 64, evidence="(erased)", contact=ContactFactory())
    with pytest.raises(ProgrammingError, match="consent"), transaction.atomic():
        Consent.objects.filter(pk=row.pk).update(**change)


def test_what_was_said_is_never_deleted():
    row = ConsentFactory()
    with pytest.raises(ProgrammingError, match="never deleted"), transaction.atomic():
        Consent.objects.filter(pk=row.pk)._raw_delete(using="default")
    assert Consent.objects.filter(pk=row.pk).exists()


STATEMENTS = st.lists(
    st.tuples(
        st.sampled_from(["granted", "refused", "withdrawn"]),
        st.integers(-9, 3),
        st.none() | st.integers(0, 8),
        st.sampled_from(["contact", "number", "both", "other"]),
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STATEMENTS)
def test_the_current_state_is_the_latest_statement_that_names_the_contact_or_the_number(statements):
    """Against a plain reading of the rule in Python; the form for many says the same."""
    with transaction.atomic():
        contact, other = ContactFactory(), ContactFactory()
        rows = []
        for status, begins, lasts, whose in statements:
            start = NOON + begins * DAY
            row = ConsentFactory(
                contact={"contact": contact, "both": contact, "other": other}.get(whose),
                e164="+74951234567" if whose in ("number", "both") else "",
                status=status, valid_from=start, valid_to=None if lasts is None else start + lasts * DAY,
            )  # fmt: skip
            rows.append((start, row, whose))
        counting = [one for one in rows if one[0] <= NOON and one[2] != "other"]
        expected = "none"
        if counting:
            last = max(counting, key=lambda one: (one[0], one[1].pk))[1]
            expected = "expired" if last.valid_to and last.valid_to <= NOON else last.status
        found = consent.standing(contact_id=contact.pk, e164="+74951234567", **MARKETING, at=NOON)
        assert found.state == expected
        asked = [Asked("+74951234567", contact.pk), Asked(contact_id=contact.pk), Asked("+74951234567"), Asked(contact_id=other.pk)]
        many = consent.standing_of_many(asked, **MARKETING, at=NOON)
        one_by_one = [consent.standing(contact_id=one.contact_id, e164=one.e164, **MARKETING, at=NOON) for one in asked]
        assert many == one_by_one
        assert consent.current(contact.pk, at=NOON)["marketing", "call"].state == one_by_one[1].state
        transaction.set_rollback(True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mine=STATEMENTS, theirs=STATEMENTS)
def test_after_a_merge_nobody_is_freer_than_before_and_after_its_undoing_the_survivor_is_as_before(mine, theirs):
    with transaction.atomic():
        survivor, loser = ContactFactory(), ContactFactory()
        for contact, statements in ((survivor, mine), (loser, theirs)):
            for status, begins, lasts, _ in statements:
                said(contact, status, NOON + begins * DAY, valid_to=None if lasts is None else NOON + (begins + lasts) * DAY)
        before = {contact: consent.standing(contact_id=contact.pk, **MARKETING, at=NOON) for contact in (survivor, loser)}
        moved = list(Consent.objects.filter(contact=loser).values_list("pk", flat=True))
        remembered = consent.join(survivor.pk, loser.pk, None, NOON)
        Consent.objects.filter(contact=loser).update(contact=survivor)
        after = state(survivor)
        if any(one.denies for one in before.values()):
            assert after in ("refused", "withdrawn")
        elif "granted" not in {one.state for one in before.values()}:
            assert after != "granted"
        Consent.objects.filter(pk__in=moved).update(contact=loser)
        consent.part(survivor.pk, loser.pk, remembered, None, NOON)
        assert {contact: state(contact) for contact in (survivor, loser)} == {contact: one.state for contact, one in before.items()}
        transaction.set_rollback(True)


def test_the_undoing_of_a_merge_leaves_what_was_said_since():
    survivor, loser = ContactFactory(), ContactFactory()
    said(survivor, "granted", NOON - DAY)
    said(loser, "withdrawn", NOON - 2 * DAY)
    remembered = consent.join(survivor.pk, loser.pk, None, NOON)
    assert (state(survivor), len(remembered["appended"])) == ("withdrawn", 1)
    said(survivor, "refused", NOON + DAY)
    consent.part(survivor.pk, loser.pk, remembered, None, NOON + 2 * DAY)
    assert state(survivor, at=NOON + 2 * DAY) == "refused"


def test_after_an_erasure_the_words_are_gone_and_the_no_stays_with_the_number():
    link = ContactPhoneFactory()
    said(link.contact, "withdrawn", NOON, evidence="She shouted.")
    said(link.contact, "refused", NOON, purpose="survey", phone=link.phone.e164, evidence="On the phone.")
    assert {one["evidence"] for one in consent.personal_data(link.contact.pk)} == {"She shouted.", "On the phone."}
    assert consent.pseudonymise(link.contact.pk) == 3
    assert not Consent.objects.filter(e164=link.phone.e164).exists()
    assert set(Consent.objects.values_list("evidence", flat=True)) == {"(erased)"}
    e164 = link.phone.e164
    link.delete()
    assert consent.standing(e164=e164, **MARKETING, at=NOON).state == "withdrawn"
    assert consent.standing(e164=e164, purpose="survey", channel="call", at=NOON).state == "refused"


# --- over HTTP
URL = "/api/v1/consents/"


def test_only_the_statements_that_count_are_listed_when_asked(client_of):
    contact, agent = ContactFactory(), client_of("agent")
    old, new = said(contact, "granted", NOON - 2 * DAY), said(contact, "withdrawn", NOON - DAY)
    other = ConsentFactory(contact=None, e164="+74951234567")
    ids = lambda **query: {UUID(one["id"]) for one in agent.get(URL, query).json()["results"]}  # noqa: E731
    assert ids(current="true") == {new.pk, other.pk}
    assert ids(current="false") == {old.pk}
    assert ids(phone="8 495 123-45-67") == {other.pk}
    assert ids(contact=str(contact.pk), status="granted") == {old.pk}


def test_a_statement_of_nobody_is_refused(client_of):
    answer = client_of("agent").post(URL, {**MARKETING, "status": "granted", "obtained_via": "call"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "subject_missing")


def test_there_is_no_way_to_change_or_delete_a_statement(client_of):
    row, admin = ConsentFactory(), client_of("admin")
    assert [getattr(admin, verb)(f"{URL}{row.pk}/", {}).status_code for verb in ("patch", "put", "delete")] == [405, 405, 405]


def test_how_it_stands_with_a_contact_is_one_table(client_of):
    link = ContactPhoneFactory()
    said(link.contact, "granted", NOON - DAY)
    entry, _ = suppression.add(phone=link.phone.e164, purpose="marketing", source="customer", by=None, now=NOON - DAY)
    rows = client_of("agent").get(f"/api/v1/contacts/{link.contact.pk}/consents/").json()["results"]
    table = {(row["purpose"], row["channel"]): row for row in rows}
    assert len(table) == 15
    assert (table["marketing", "call"]["state"], table["marketing", "call"]["suppressions"]) == ("granted", [str(entry.pk)])
    assert (table["service", "call"]["state"], table["service", "call"]["suppressions"]) == ("none", [])
