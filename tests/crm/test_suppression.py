"""P10, do not call: who, for what, until when, why; nothing is deleted, and service calls go on when marketing is not wanted."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.platform.models import AuditEvent
from crm import permission, suppression
from crm.models import Suppression
from crm.suppression import Asked
from tests.conftest import NOON
from tests.factories.calls import CallFactory
from tests.factories.consent import ConsentFactory, SuppressionFactory
from tests.factories.crm import ContactFactory, ContactPhoneFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NUMBER = "+74951234567"
MARKETING = {"purpose": "marketing", "channel": "call"}
SERVICE = {"purpose": "service", "channel": "call"}
URL = "/api/v1/suppressions/"


def add(**fields):
    return suppression.add(**{"source": "customer", "by": None, "now": NOON, **fields})


def why(at=NOON, **about):
    return [reason.id for reason in suppression.why(at=at, **(MARKETING | about))]


def test_a_number_is_suppressed_before_any_contact_exists_and_after_contacts_have_changed(client_of):
    entry, _ = add(phone="8 (495) 123-45-67", purpose="marketing")
    assert why(e164=NUMBER) == [entry.pk]
    agent = client_of("agent")
    made = agent.post("/api/v1/contacts/", {"surname": "Li", "phones": [{"number": NUMBER}]}, format="json").json()
    assert why(e164=NUMBER, contact_id=made["id"]) == [entry.pk]
    agent.patch(f"/api/v1/contacts/{made['id']}/", {"phones": [{"number": "+74957654321"}]}, format="json")
    assert (why(e164=NUMBER), why(e164="+74957654321", contact_id=made["id"])) == ([entry.pk], [])


def test_service_calls_are_allowed_while_marketing_is_refused():
    add(phone=NUMBER, purpose="marketing")
    verdicts = [permission.check([Asked(NUMBER)], **about, at=NOON)[0].allowed for about in (MARKETING, SERVICE)]
    assert verdicts == [False, True]


def test_do_not_call_at_all_stands_against_every_purpose():
    entry, _ = add(phone=NUMBER)
    assert entry.scope == "all"
    assert why(e164=NUMBER, **SERVICE) == [entry.pk]


def test_when_it_expires_they_may_be_called_again():
    add(phone=NUMBER, expires_at=NOON + DAY)
    (verdict,) = permission.check([Asked(NUMBER)], **MARKETING, at=NOON)
    assert (verdict.allowed, verdict.next_at) == (False, NOON + DAY)
    (later,) = permission.check([Asked(NUMBER)], **MARKETING, at=NOON + DAY)
    assert (later.allowed, later.suppressions, later.next_at) == (True, [], NOON + DAY)


def test_the_next_time_is_after_all_that_follow_one_another():
    add(phone=NUMBER, expires_at=NOON + DAY)
    add(phone=NUMBER, purpose="marketing", starts_at=NOON + DAY, expires_at=NOON + 3 * DAY)
    add(phone=NUMBER, source="staff", starts_at=NOON + 4 * DAY)
    (verdict,) = permission.check([Asked(NUMBER)], **MARKETING, at=NOON)
    assert (len(verdict.suppressions), verdict.next_at) == (1, NOON + 3 * DAY)
    assert permission.check([Asked(NUMBER)], **MARKETING, at=NOON + 5 * DAY)[0].next_at is None


def test_a_withdrawn_consent_refuses_whoever_has_the_number():
    link = ContactPhoneFactory()
    ConsentFactory(contact=link.contact, status="withdrawn", valid_from=NOON - DAY)
    by_number, by_contact, other = permission.check(
        [Asked(link.phone.e164), Asked(contact_id=link.contact.pk), Asked("+74950009999")], **MARKETING, at=NOON
    )
    assert (by_number.allowed, by_contact.allowed, other.allowed) == (False, False, True)
    assert by_number.next_at is None


def test_the_audit_shows_who_when_and_which_call(client_of):
    agent, call = client_of("agent"), CallFactory()
    body = {"phone": NUMBER, "purpose": "marketing", "reason": "She asked.", "origin": {"kind": "call", "id": str(call.pk)}}
    made = agent.post(URL, body, format="json").json()
    boss = client_of("supervisor")
    lifted = boss.post(f"{URL}{made['id']}/lift/", {"reason": "She wants to hear again."}, format="json").json()
    assert (made["by"], made["origin"], lifted["lifted_by"], lifted["lift_reason"]) == (
        str(agent.user.pk), body["origin"], str(boss.user.pk), "She wants to hear again.",
    )  # fmt: skip
    events = list(AuditEvent.objects.filter(subject_id=made["id"]).order_by("id").values_list("verb", "by", "reason"))
    assert events == [("add", agent.user.pk, ""), ("lift", boss.user.pk, "She wants to hear again.")]
    assert boss.post(f"{URL}{made['id']}/lift/", {"reason": "Again"}, format="json").json()["code"] == "already_lifted"


def test_the_same_said_twice_is_one_entry(client_of):
    agent = client_of("agent")
    first, again = (agent.post(URL, {"phone": NUMBER}, format="json") for _ in range(2))
    assert (first.status_code, again.status_code, first.json()["id"]) == (201, 200, again.json()["id"])


def test_a_longer_one_takes_the_place_of_a_shorter_and_never_the_other_way_round():
    short, _ = add(phone=NUMBER, expires_at=NOON + DAY)
    long, is_new = add(phone=NUMBER, now=NOON + timedelta(hours=1))
    assert is_new and long.starts_at == NOON and long.expires_at is None
    short.refresh_from_db()
    assert short.lift_reason == "A longer one takes its place."
    assert add(phone=NUMBER, expires_at=NOON + 2 * DAY, now=NOON + timedelta(hours=2)) == (long, False)


def test_one_that_is_over_does_not_hinder_a_new_one():
    add(phone=NUMBER, expires_at=NOON + DAY)
    new, is_new = add(phone=NUMBER, expires_at=NOON + 9 * DAY, now=NOON + 3 * DAY)
    assert is_new and new.starts_at == NOON + 3 * DAY
    assert why(e164=NUMBER, at=NOON + 2 * DAY) == []


def test_what_is_lifted_leaves_what_others_asked_for():
    mine, _ = add(phone=NUMBER, purpose="marketing")
    court, _ = add(phone=NUMBER, purpose="marketing", source="court")
    suppression.lift(mine.pk, reason="x", by=None, now=NOON)
    assert why(e164=NUMBER) == [court.pk]


def test_whoever_may_be_calling_is_told(monkeypatch):
    heard = []
    monkeypatch.setitem(suppression.told._entries, "test", heard.extend)
    entry, _ = add(phone=NUMBER, purpose="marketing")
    add(phone=NUMBER, purpose="marketing")
    assert [(stop.id, stop.e164, stop.purpose, stop.channel) for stop in heard] == [(entry.pk, NUMBER, "marketing", "")]


@pytest.mark.parametrize(
    "change",
    [{"purpose": "survey"}, {"expires_at": NOON}, {"source": "staff"}, {"e164": "+74957654321"}, {"reason": "Another"}, {"lifted_at": None},
     {"lift_reason": "Another"}, {"lifted_by": None}, {"list_code": "x"}],
)  # fmt: skip
def test_an_entry_is_never_changed_nor_its_lifting(change):
    entry = SuppressionFactory(starts_at=NOON, expires_at=NOON + DAY, purpose="marketing")
    suppression.lift(entry.pk, reason="Why", by=UserFactory(), now=NOON)
    with pytest.raises(ProgrammingError, match="suppression"), transaction.atomic():
        Suppression.objects.filter(pk=entry.pk).update(**change)


def test_an_entry_is_never_deleted():
    entry = SuppressionFactory()
    with pytest.raises(ProgrammingError, match="never deleted"), transaction.atomic():
        Suppression.objects.filter(pk=entry.pk)._raw_delete(using="default")


ENTRIES = st.lists(
    st.tuples(
        st.sampled_from(["", "marketing", "service"]),
        st.sampled_from(["", "call", "sms"]),
        st.integers(-5, 5),
        st.none() | st.integers(1, 6),
        st.none() | st.integers(-4, 4),
        st.sampled_from(["number", "contact", "other number", "erased"]),
        st.sampled_from(["customer", "court", "staff", "list"]),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ENTRIES)
def test_asked_for_one_or_for_many_the_reasons_are_the_same_and_the_right_ones(entries):
    with transaction.atomic():
        contact = ContactPhoneFactory(phone__e164=NUMBER).contact
        expected = set()
        for i, (purpose, channel, begins, lasts, lifted, on, source) in enumerate(entries):
            start = NOON + begins * DAY
            end = None if lasts is None else start + lasts * DAY
            gone = None if lifted is None else NOON + lifted * DAY
            subject = {
                "number": {"e164": NUMBER}, "contact": {"e164": "", "contact": contact}, "other number": {"e164": "+74957654321"},
                "erased": {"e164": "", "number_hash": suppression.key_of(NUMBER)},
            }[on]  # fmt: skip
            row = SuppressionFactory(
                purpose=purpose, channel=channel, source=source, list_code=f"l{i}", starts_at=start, expires_at=end, lifted_at=gone,
                lift_reason="x" if gone else "", **subject,
            )  # fmt: skip
            in_force = start <= NOON and (end is None or end > NOON) and (gone is None or gone > NOON)
            if in_force and purpose in ("", "marketing") and channel in ("", "call") and on != "other number":
                expected.add(row.pk)
        asked = [Asked(NUMBER), Asked(NUMBER, contact.pk), Asked(contact_id=contact.pk), Asked("+74957654321"), Asked(NUMBER)]
        many = suppression.why_many(asked, **MARKETING, at=NOON)
        assert many == [suppression.why(e164=one.e164, contact_id=one.contact_id, **MARKETING, at=NOON) for one in asked]
        assert {reason.id for reason in many[0]} == {reason.id for reason in many[1]} == expected
        for one in asked:
            reasons = suppression.unended(e164=one.e164, contact_id=one.contact_id, **MARKETING, at=NOON)
            free = suppression.free_at(reasons, NOON)
            if free is not None:
                assert suppression.started([r for r in reasons if r.expires_at is None or r.expires_at > free], free) == []
        transaction.set_rollback(True)


def test_many_are_asked_for_in_one_statement(django_assert_num_queries):
    asked = [Asked(f"+7495000{n:04d}") for n in range(300)]
    with django_assert_num_queries(1):
        suppression.why_many(asked, **MARKETING, at=NOON)


def test_a_merge_keeps_the_longer_of_two_and_its_undoing_gives_each_its_own():
    survivor, loser = ContactFactory(), ContactFactory()
    add(contact=survivor, expires_at=NOON + DAY)
    add(contact=loser)
    remembered = suppression.join(survivor.pk, loser.pk, None, NOON)
    moved = list(Suppression.objects.filter(contact=loser).values_list("pk", flat=True))
    Suppression.objects.filter(contact=loser).update(contact=survivor)
    assert why(contact_id=survivor.pk, at=NOON + 9 * DAY) != []
    Suppression.objects.filter(pk__in=moved).update(contact=loser)
    suppression.part(survivor.pk, loser.pk, remembered, None, NOON)
    assert (len(why(contact_id=survivor.pk)), why(contact_id=survivor.pk, at=NOON + DAY)) == (1, [])
    assert len(why(contact_id=loser.pk, at=NOON + 9 * DAY)) == 1


def test_what_was_lifted_after_a_merge_stays_lifted_when_it_is_undone():
    survivor, loser = ContactFactory(), ContactFactory()
    mine, _ = add(contact=survivor)
    add(contact=loser)
    remembered = suppression.join(survivor.pk, loser.pk, None, NOON)
    suppression.lift(mine.pk, reason="Asked for.", by=None, now=NOON + DAY)
    suppression.part(survivor.pk, loser.pk, remembered, None, NOON + 2 * DAY)
    assert why(contact_id=survivor.pk, at=NOON + 3 * DAY) == why(contact_id=loser.pk, at=NOON + 3 * DAY) == []


def test_after_an_erasure_the_number_stays_suppressed_though_nobody_can_read_it(settings):
    link = ContactPhoneFactory()
    e164 = link.phone.e164
    add(contact=link.contact, reason="Personal words")
    add(phone=e164, purpose="marketing", evidence="More words")
    assert len(suppression.personal_data(link.contact.pk)) == 2
    assert suppression.pseudonymise(link.contact.pk) == 3
    link.delete()
    assert not Suppression.objects.filter(e164=e164).exists()
    assert set(Suppression.objects.values_list("reason", "evidence")) <= {("", ""), ("(erased)", ""), ("", "(erased)")}
    again = ContactFactory(phones=[e164])
    assert len(why(e164=e164, contact_id=again.pk)) == 2
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another-key-" * 5
    assert len(why(e164=e164)) == 2  # the key was changed, and the old one is still named


def test_a_number_that_somebody_else_has_too_is_not_erased():
    link = ContactPhoneFactory()
    ContactPhoneFactory(phone=link.phone)
    entry, _ = add(phone=link.phone.e164)
    suppression.pseudonymise(link.contact.pk)
    entry.refresh_from_db()
    assert entry.e164 == link.phone.e164


# --- over HTTP
def test_many_are_added_each_with_its_verdict(client_of):
    add(phone=NUMBER)
    body = {"suppressions": [{"phone": NUMBER}, {"phone": "+63 917 123 4567"}, {"phone": "nobody"}, None, {}]}
    results = client_of("agent").post(f"{URL}bulk/", body, format="json").json()["results"]
    assert [one["verdict"] for one in results] == ["already", "added", "invalid", "invalid", "invalid"]
    assert results[4]["problem"]["code"] == "subject_unclear"


def test_who_may_not_be_called_and_why_is_asked_for_many_at_once(client_of):
    entry, _ = add(phone=NUMBER, purpose="marketing", reason="She asked.")
    body = {"purpose": "marketing", "whom": [{"phone": "8 (495) 123-45-67"}, {"phone": "+63 917 123 4567"}]}
    refused, free = client_of("agent").post(f"{URL}check/", body, format="json").json()["results"]
    assert (refused["allowed"], [(one["id"], one["reason"]) for one in refused["reasons"]]) == (False, [(str(entry.pk), "She asked.")])
    assert (free["allowed"], free["reasons"], free["consent"]) == (True, [], "none")


def test_an_agent_may_suppress_and_may_not_lift(client_of):
    entry, _ = add(phone=NUMBER)
    assert client_of("agent").post(f"{URL}{entry.pk}/lift/", {"reason": "x"}, format="json").status_code == 403


def test_lists_narrow_to_what_is_in_force(client_of):
    entry, _ = add(phone=NUMBER)
    gone, _ = add(phone="+74957654321")
    suppression.lift(gone.pk, reason="x", by=None, now=NOON)
    agent = client_of("agent")
    ids = lambda **query: [one["id"] for one in agent.get(URL, query).json()["results"]]  # noqa: E731
    assert ids(active="true") == [str(entry.pk)]
    assert ids(active="false") == [str(gone.pk)]
    assert ids(phone=NUMBER, source="customer") == [str(entry.pk)]
