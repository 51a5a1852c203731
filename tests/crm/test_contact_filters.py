"""The grammar of filters: one meaning in the list, in saved filters and in exports; what cannot be read is named."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm import contact_filters
from crm.contact_filters import FilterInvalid, matches, select
from crm.models import Contact
from crm.searching import SearchTooShort
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactEmailFactory, ContactFactory, CustomFieldFactory, PhoneNumberFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def two():
    """Somebody of whom much is known, and somebody of whom nothing is."""
    for key, kind, choices in [("age", "number", []), ("born", "date", []), ("card", "text", []), ("level", "choice", ["gold", "silver"])]:
        CustomFieldFactory(key=key, type=kind, choices=choices)
    known = ContactFactory(
        surname="Фёдорова", name="Зоя", patronymic="", lifecycle="client", language="ru", source="fair", external_id="7", tags=["vip", "a,b", "old"],
        time_zone="Europe/Moscow", owner=UserFactory(), employer=ContactFactory(company=True), phones=["+74950000001"],
        custom_fields={"age": 41, "born": "1985-02-28", "card": "7-7", "level": "gold"},
    )  # fmt: skip
    ContactEmailFactory(contact=known)
    CallFactory(contact=known, started_at=NOW - timedelta(days=3))
    other = ContactFactory(surname="Santos", name="Liza", patronymic="", lifecycle="lead", language="en", custom_fields={})
    Contact.objects.exclude(pk__in=[known.pk, other.pk]).update(kind="company")
    Contact.objects.filter(pk=known.pk).update(created_at=NOW - timedelta(days=10), updated_at=NOW - timedelta(days=10))
    Contact.objects.filter(pk=other.pk).update(created_at=NOW - timedelta(days=1), updated_at=NOW - timedelta(days=1))
    return known, other


CHOOSE_THE_KNOWN = [
    {"lifecycle": "client"}, {"lifecycle": "client,dormant"}, {"lifecycle": ["client", "dormant"]}, {"not_lifecycle": "lead"},
    {"language": "ru"}, {"not_language": ["en", "de"]}, {"source": "fair", "external_id": "7"},
    {"tag": "vip"}, {"tag": "vip,none"}, {"tag": "a\\,b"}, {"tag": ["a,b"]}, {"all_tags": "vip,old"}, {"time_zone": "Europe/Moscow"},
    {"region": "ru"}, {"region": "RU,PH"}, {"has_phone": True}, {"has_phone": "true"}, {"has_email": "true"}, {"has_owner": "true"},
    {"created_over_days": 5}, {"created_before": "2026-11-20"}, {"updated_over_days": "5"}, {"updated_before": "2026-11-20T00:00:00+03:00"},
    {"cf_age": 41}, {"cf_age": "40,41"}, {"min_cf_age": 41}, {"max_cf_age": "41"}, {"min_cf_age": 40, "max_cf_age": 41.5},
    {"min_cf_born": "1985-02-28"}, {"max_cf_born": "1985-02-28"}, {"cf_level": "gold,silver"}, {"cf_card": "7-7"},
    {"search": "федорова"}, {"called": "true"}, {"called_within_days": 3},
]  # fmt: skip
CHOOSE_THE_OTHER = [
    {"lifecycle": "lead"}, {"not_lifecycle": ["client", "dormant"]}, {"language": "en"}, {"not_tag": "vip"}, {"not_region": "RU"},
    {"has_phone": False}, {"has_email": "false"}, {"has_owner": "false"}, {"created_within_days": 5}, {"updated_within_days": 5},
    {"created_after": "2026-11-20T00:00:00Z"}, {"not_cf_level": "gold"}, {"not_cf_age": "41"}, {"called": False}, {"search": "santos"},
    {"not_all_tags": "vip,old"},
]  # fmt: skip


@pytest.mark.parametrize("query", CHOOSE_THE_KNOWN, ids=str)
def test_a_filter_chooses_the_one_it_means(two, query):
    assert list(select({"kind": "person", **query}, now=NOW)) == [two[0]]
    assert matches(two[0].pk, query, now=NOW) and not matches(two[1].pk, query, now=NOW)


@pytest.mark.parametrize("query", CHOOSE_THE_OTHER, ids=str)
def test_a_filter_turned_round_chooses_the_rest(two, query):
    assert list(select({"kind": "person", **query}, now=NOW)) == [two[1]]
    assert matches(two[1].pk, query, now=NOW) and not matches(two[0].pk, query, now=NOW)


def test_filters_by_ids(two):
    known, other = two
    assert set(select({"id": [str(known.pk), str(other.pk)]})) == {known, other}
    assert set(select({"not_id": str(known.pk), "kind": "person"})) == {other}
    assert set(select({"owner": str(known.owner_id), "employer": f"{known.employer_id},{uuid4()}"})) == {known}
    assert not select({"not_owner": str(known.owner_id)}).filter(pk=known.pk).exists()
    assert select({"not_owner": str(known.owner_id)}).filter(pk=other.pk).exists(), "who has no owner is not owned by that one"


def test_a_contact_with_two_numbers_is_chosen_once():
    contact = ContactFactory(phones=["+74950000001", "+74950000002"])
    PhoneNumberFactory(e164="+74950000003")
    assert list(select({"region": "RU"})) == [contact]


@pytest.mark.parametrize(
    ("query", "pointer", "says"),
    [
        ({"nmae": "I"}, "/nmae", "no filter 'nmae'"), ({"cf_gone": "1"}, "/cf_gone", "take `cf_gone` out"), ({"kind": "robot"}, "/kind", "person, company"),
        ({"kind": []}, "/kind", "Give a value"), ({"kind": ""}, "/kind", "Give a value"), ({"kind": {"a": 1}}, "/kind", "Give a text"), ({"kind": None}, "/kind", "Give a text"),
        ({"owner": "me"}, "/owner", "Give ids"), ({"has_phone": "perhaps"}, "/has_phone", "true, false"), ({"has_phone": ["true", "false"]}, "/has_phone", "one value"),
        ({"created_after": "soon"}, "/created_after", "Give a time"), ({"created_after": "9999-12-31T23:59:59-14:00"}, "/created_after", "range"),
        ({"created_within_days": "99999"}, "/created_within_days", "36500"), ({"created_within_days": -1}, "/created_within_days", "days"),
        ({"not_has_phone": "true"}, "/not_has_phone", "no filter"), ({"tag": "\0"}, "/tag", "character"), ({"tag": ["x"] * 201}, "/tag", "200"), ({"tag": "x" * 2001}, "/tag", "too long"),
        ({"min_cf_card": "1"}, "/min_cf_card", "one number or one date"), ({"min_cf_age": "1,2"}, "/min_cf_age", "one number"), ({"cf_age": "much"}, "/cf_age", "number"),
        ({"search": ["a", "b"]}, "/search", "one value"), ({"cf_age": 10**400}, "/cf_age", "number"), ({"a/b~": 1}, "/a~1b~0", "no filter"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_what_cannot_be_read_is_named(two, query, pointer, says):
    with pytest.raises(FilterInvalid) as refused:
        select(query)
    (error,) = refused.value.facts["errors"]
    assert error["pointer"] == pointer and says in error["detail"]


def test_every_wrong_part_is_named_at_once():
    with pytest.raises(FilterInvalid) as refused:
        select({"kind": "robot", "nmae": "I", "lifecycle": "lead"})
    assert {error["pointer"] for error in refused.value.facts["errors"]} == {"/kind", "/nmae"}


@pytest.mark.parametrize("query", [None, [], "x", {str(number): 1 for number in range(51)}], ids=lambda query: str(query)[:20])
def test_a_query_is_an_object_of_fifty_parts_at_most(query):
    with pytest.raises(FilterInvalid):
        select(query)


def as_text(value):
    """A value of a query as an address has it."""
    if isinstance(value, list):
        return ",".join(one.replace(",", "\\,") for one in value)
    return str(value).lower() if isinstance(value, bool) else value


def test_the_list_chooses_what_the_grammar_chooses(two, client_of):
    """One meaning: whatever `select` takes as text, the list takes, and shows the same contacts."""
    client = client_of("agent")
    for query in [*CHOOSE_THE_KNOWN, *CHOOSE_THE_OTHER]:
        if any("days" in name for name in query):
            continue  # those count from the present moment
        text = {name: as_text(value) for name, value in query.items()}
        answer = client.get("/api/v1/contacts/", text)
        assert answer.status_code == 200, answer.content
        assert {row["id"] for row in answer.json()["results"]} == {str(pk) for pk in select(query).values_list("pk", flat=True)}, query


def test_a_name_given_twice_means_either(two, client_of):
    answer = client_of("agent").get("/api/v1/contacts/?lifecycle=lead&lifecycle=client&kind=person")
    assert len(answer.json()["results"]) == 2


ANY = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=6)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from([*contact_filters.FILTERS, "not_tag", "cf_age", "min_cf_age", "x", ""]), ANY, max_size=4))
def test_any_query_is_answered_or_refused(query):
    with suppress(FilterInvalid, SearchTooShort):  # what PostgreSQL would refuse, the grammar refuses before
        list(select(query)[:1])
