"""Keyset pages: every row once in every order, whatever comes and goes meanwhile; no cursor is believed; page 1,000 costs as page 1."""

import base64
import json
import random
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.models import Contact
from tests.contract.operations import document, operations
from tests.contract.recipes import RECIPES
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactFactory, TopicFactory

pytestmark = pytest.mark.django_db


def walk(client, url: str, *, meanwhile=lambda: None) -> list[str]:
    """The ids of all pages, following ``next``."""
    seen: list[str] = []
    while url:
        page = client.get(url).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
        meanwhile()
        assert len(seen) < 1000, "it goes round in circles"
    return seen


def orderings() -> list[tuple[str, str]]:
    """Every list of the document with every ordering it offers."""
    found = []
    for operation in operations():
        said = document()["paths"][operation.path][operation.method.lower()].get("parameters", [])
        offered = next((one["schema"]["enum"] for one in said if one["name"] == "ordering"), [])
        found += [(operation.id, ordering) for ordering in offered]
    return found


@pytest.mark.parametrize(("name", "ordering"), orderings())
def test_every_ordering_of_every_list_shows_each_row_once(client_of, name, ordering):
    operation = next(one for one in operations() if one.id == name)
    client = client_of("admin")
    RECIPES[name](), RECIPES[name]()
    whole = walk(client, f"{operation.path}?page_size=200&ordering={ordering}")
    assert len(whole) >= 2 and len(set(whole)) == len(whole)
    assert walk(client, f"{operation.path}?page_size=1&ordering={ordering}") == whole
    reverse = ordering[1:] if ordering.startswith("-") else f"-{ordering}"
    assert walk(client, f"{operation.path}?page_size=3&ordering={reverse}") == whole[::-1]


def test_rows_with_one_and_the_same_value_are_not_lost_between_pages(client_of):
    for _ in range(12):
        ContactFactory(surname="Иванов")
    same = timezone.now()
    Contact.objects.update(created_at=same, updated_at=same)
    for ordering in ("surname", "-created_at", "updated_at"):
        seen = walk(client_of("agent"), f"/api/v1/contacts/?page_size=5&ordering={ordering}")
        assert len(seen) == len(set(seen)) == 12, ordering


def test_what_comes_and_goes_between_pages_hides_and_doubles_nothing(client_of):
    """Rows are added and removed at random after each page, also the very row that the cursor names."""
    chance = random.Random(7)
    stay = [TopicFactory(code=f"stay-{n:03}") for n in range(40)]
    gone = [TopicFactory(code=f"stay-{n:03}-gone") for n in range(40)]

    def meanwhile() -> None:
        for _ in range(3):
            if gone:
                gone.pop(chance.randrange(len(gone))).delete()
        TopicFactory(code=f"stay-{chance.randrange(40):03}-new-{chance.random()}")

    seen = walk(client_of("agent"), "/api/v1/topics/?page_size=7&ordering=code", meanwhile=meanwhile)
    assert len(seen) == len(set(seen)), "no row twice"
    assert {str(row.pk) for row in stay} <= set(seen), "no row lost"


def test_the_row_that_a_cursor_names_may_be_gone(client_of):
    rows = [TopicFactory(code=f"c{n}") for n in range(4)]
    client = client_of("agent")
    first = client.get("/api/v1/topics/?page_size=2&ordering=code").json()
    rows[1].delete()
    assert [row["code"] for row in client.get(first["next"]).json()["results"]] == ["c2", "c3"]


def test_back_and_forth_is_the_same_page(client_of):
    for _ in range(9):
        TopicFactory()
    client = client_of("agent")
    first = client.get("/api/v1/topics/?page_size=3").json()
    second = client.get(first["next"]).json()
    assert client.get(second["previous"]).json()["results"] == first["results"]
    assert first["previous"] is None and second["next"]


def forged(*parts) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


NOBODY = "01a20946-f086-75fe-98a6-2db5d4a697fd"
CURSORS = [
    "", "x", "é", "=", "====", "AAAA", "null", "%00", "n", "x" * 5000, base64.b64encode(b"\xff\xfe").decode(),
    forged(), forged("n"), forged("n", "-id"), forged("q", "-id", NOBODY), forged("n", "id", NOBODY), forged("n", "-id", "not-an-id"),
    forged("n", "-id", None), forged("n", "-id", 5), forged("n", "-id", [NOBODY]), forged("n", "-id", {"a": 1}), forged("n", "-id", NOBODY, NOBODY),
    forged("n", "-password", NOBODY), forged("n", "-id", "' OR 1=1 --"), forged("n", "-id", "\0"), forged("n", "-id", True),
    base64.urlsafe_b64encode(b"[" * 5000 + b"]" * 5000).decode(), base64.urlsafe_b64encode(b'{"n": 1}').decode(), forged(["n"], "-id", NOBODY),
]  # fmt: skip
DATED = [
    forged("n", "-started_at", value, NOBODY)
    for value in (
        "yesterday",
        "",
        "9999-99-99",
        "2026-11-23",
        "99999-01-01T00:00:00Z",
        "-1",
        "0001-01-01T00:00:00+14:00",
        "2026-11-23T00:00:00\0Z",
    )
]


@pytest.mark.parametrize("cursor", CURSORS, ids=lambda text: repr(text[:30]))
def test_a_cursor_that_is_none_of_ours_is_refused(client_of, cursor):
    answer = client_of("admin").get("/api/v1/users/", {"cursor": cursor, "ordering": "-id"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/cursor")


@pytest.mark.parametrize("cursor", DATED)
def test_a_cursor_with_an_impossible_time_is_refused_or_harmless(client_of, cursor):
    CallFactory()
    answer = client_of("admin").get("/api/v1/calls/", {"cursor": cursor})
    assert answer.status_code in (200, 400), answer.content
    if answer.status_code == 400:
        assert answer.json()["errors"][0]["pointer"] == "/cursor"


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "null",
        forged("2026-11-23T00:00:00Z"),
        forged("2026-11-23", NOBODY),
        forged("2026-11-23T00:00:00", NOBODY),
        forged("2026-11-23T00:00:00Z", "x"),
        forged(None, None),
        "é",
    ],
)
def test_a_forged_place_in_a_timeline_is_refused(client_of, cursor):
    answer = client_of("agent").get(f"/api/v1/contacts/{ContactFactory().pk}/timeline/", {"cursor": cursor})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/cursor")


def test_a_timeline_is_walked_once_through(client_of):
    contact = ContactFactory()
    for _ in range(7):
        CallFactory(contact=contact)
    seen = walk(client_of("agent"), f"/api/v1/contacts/{contact.pk}/timeline/?page_size=2")
    assert len(seen) == len(set(seen)) >= 7


@pytest.mark.parametrize("size", ["0", "201", "-1", "1.5", "ten", "", " 5", "٣", "9" * 50, "1e2", "0x5"])
def test_a_page_size_is_a_number_from_1_to_200(client_of, size):
    answer = client_of("agent").get("/api/v1/contacts/", {"page_size": size})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/page_size")


def test_filters_and_order_go_along_with_the_cursor(client_of):
    for n in range(6):
        ContactFactory(surname=f"S{n}", lifecycle="lead" if n % 2 else "client")
    page = client_of("agent").get("/api/v1/contacts/?page_size=2&ordering=surname&lifecycle=lead&count=true").json()
    asked = parse_qs(urlsplit(page["next"]).query)
    assert page["count"] == 3
    assert (asked["ordering"], asked["lifecycle"], asked["page_size"]) == (["surname"], ["lead"], ["2"])
    assert "count" not in asked, "it is counted once"


@pytest.fixture
def many_calls():
    """Enough that the planner has a choice."""
    first = CallFactory()
    now = timezone.now()
    with connection.cursor() as cursor:
        columns = [field.column for field in first._meta.concrete_fields]
        kept = ", ".join(f'"{name}"' for name in columns if name not in ("id", "started_at", "external_id"))
        cursor.execute(
            f"INSERT INTO calls_call (id, started_at, external_id, {kept}) "
            f"SELECT gen_random_uuid(), %s - n * interval '1 minute', 'n' || n, {kept} FROM calls_call, generate_series(1, 20000) n",
            [now],
        )
        cursor.execute("ANALYZE calls_call")
    return now


def nodes(node: dict) -> list[dict]:
    """A plan, flat."""
    return [node, *(below for child in node.get("Plans", []) for below in nodes(child))]


def test_page_400_costs_what_page_1_costs(client_of, many_calls):
    client = client_of("agent")
    far = forged("n", "-started_at", (many_calls - timedelta(minutes=19_950)).isoformat(), NOBODY)
    shapes = []
    for query in ({}, {"cursor": far}):
        with CaptureQueriesContext(connection) as asked:
            answer = client.get("/api/v1/calls/", query)
        assert len(answer.json()["results"]) == 50
        (sql,) = [one["sql"] for one in asked.captured_queries if 'FROM "calls_call"' in one["sql"] and "LIMIT 51" in one["sql"]]
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, FORMAT JSON) {sql}")
            (found,) = cursor.fetchone()
        shapes.append(list(nodes(found[0]["Plan"])))
    for shape in shapes:
        assert not any(node["Node Type"] == "Seq Scan" for node in shape), shape
        assert all(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) <= 60 for node in shape), shape
    assert {node.get("Index Name") for node in shapes[0]} == {node.get("Index Name") for node in shapes[1]}


@pytest.mark.parametrize("ordering", ["id", "-id", "surname", "-surname", "created_at", "-updated_at"])
def test_pages_show_every_row_once_in_both_directions(client_of, ordering):
    for n in range(23):
        Contact.objects.create(surname=f"S{n % 3}")
    client, seen, back = client_of("agent"), [], []
    url = f"/api/v1/contacts/?page_size=5&ordering={ordering}"
    last = None
    while url:
        last = client.get(url).json()
        seen += [row["id"] for row in last["results"]]
        url = last["next"]
    column = ordering.lstrip("-")
    expected = (
        Contact.objects.order_by(ordering, "-id" if ordering.startswith("-") else "id")
        if column != "id"
        else Contact.objects.order_by(ordering)
    )
    assert seen == [str(row.pk) for row in expected]
    url = last["previous"]
    while url:
        page = client.get(url).json()
        back = [row["id"] for row in page["results"]] + back
        url = page["previous"]
    assert back == seen[: len(back)] and len(back) == 20


def test_a_count_is_given_only_when_asked(client_of):
    Contact.objects.create(surname="S")
    client = client_of("agent")
    assert "count" not in client.get("/api/v1/contacts/").json()
    assert client.get("/api/v1/contacts/?count=true").json()["count"] == 1
