"""Whatever comes in, an answer goes out: a problem that says what to do, never a 5xx, never a page of HTML."""

import json

import pytest

from tests.contract.operations import operations

pytestmark = pytest.mark.django_db
HUGE = "x" * 300_000
BODIES = [
    b"",
    b"null",
    b"[]",
    b"5",
    b'"text"',
    b"{",
    b"{}",
    b'{"a": 1, "a": 2}',
    b'{"a": NaN}',
    b'{"a": 1e999}',
    b'{"surname": "\\u0000"}',
    b'{"surname": "\\ud800"}',
    b'{"surname": "\xff\xfe"}',
    "{}".encode("utf-16"),
    ('{"a":' * 3000 + "1" + "}" * 3000).encode(),
    json.dumps({"a": 2**70}).encode(),
    json.dumps([{}] * 3000).encode(),
    json.dumps(dict.fromkeys(("surname", "name", "type", "call_id", "code", "text", "note", "username", "password"), HUGE)).encode(),
    json.dumps(
        {name: {"a": ["b"]} for name in ("surname", "phones", "contacts", "type", "call_id", "topics", "members", "scopes")}
    ).encode(),
    json.dumps(dict.fromkeys(("occurred_at", "started_at", "ended_at", "expires_at"), "9999-12-31T23:59:59-14:00")).encode(),
    json.dumps(
        {"type": "cdr", "call_id": "x", "occurred_at": "99999-01-01T00:00:00Z", "duration_s": 1e300, "agent": [1], "from": {"number": {}}}
    ).encode(),
    json.dumps({"phones": [{"number": "٠" * 199}], "tags": [None, 5], "custom_fields": {"x" * 500: {}}, "kind": ["person"]}).encode(),
    json.dumps(
        {"contact": "not-an-id", "user": 5, "parent": [], "disposition": {}, "name": "\u202e", "slug": "../..", "key": "A b"}
    ).encode(),
]
QUERIES = [
    {"page_size": "0"}, {"page_size": "-1"}, {"page_size": "9" * 500}, {"page_size": "ten"}, {"cursor": "x"}, {"cursor": "é"},
    {"cursor": "WyJuIiwiLWlkIiwiYSJd"}, {"cursor": "bnVsbA"}, {"ordering": "password"}, {"count": "maybe"}, {"search": "\x00"}, {"search": "a"},
    {"search": "%" * 200}, {"phone": "\x00"}, {"phone": "9" * 5000}, {"phone": "1", "region": "ZZ"}, {"owner": "me"}, {"started_after": "0000-00-00"},
    {"started_after": "9999-12-31T23:59:59-14:00"}, {"updated_after": "99999-01-01"}, {"cf_x": "1"}, {"state": "'"}, {"number": "😀"},
    {"verdict": "'"}, {"tag": "\x00"}, {"external_id": "x" * 5000}, {"is_active": "perhaps"}, {"unknown": "1"},
]  # fmt: skip
IDS = ["0", "not-an-id", "%00", "..%2f..", "01a20946-f086-75fe-98a6-2db5d4a697fd", "x" * 2000, "é"]


@pytest.fixture
def admin(client_of, settings):
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, 0)
    return client_of("admin")


def is_an_answer(answer, asked) -> None:
    assert answer.status_code < 500, f"{asked}: {answer.status_code} {answer.content[:300]}"
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json", asked
        problem = json.loads(answer.content)
        assert {"type", "title", "status", "detail", "code", "request_id"} <= set(problem), asked
        assert problem["status"] == answer.status_code and problem["detail"] and problem["request_id"] == answer["X-Request-ID"], asked


@pytest.mark.parametrize("operation", [one for one in operations() if one.has_body], ids=str)
def test_any_body_gets_an_answer(admin, operation):
    call = getattr(admin, operation.method.lower())
    for body in BODIES:
        is_an_answer(call(operation.address(), body, content_type="application/json"), (operation.id, body[:80]))
    for kind in (
        "text/plain",
        "application/xml",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
    ):
        is_an_answer(call(operation.address(), b"\x00\xff{}", content_type=kind), (operation.id, kind))
    for headers in (
        {"Idempotency-Key": ""},
        {"Idempotency-Key": "k" * 300},
        {"Idempotency-Key": "ключ"},
        {"If-Match": "junk"},
        {"If-Match": '"1", "2"'},
    ):
        is_an_answer(call(operation.address(), b"{}", content_type="application/json", headers=headers), (operation.id, headers))


@pytest.mark.parametrize("operation", [one for one in operations() if one.method == "GET"], ids=str)
def test_any_query_gets_an_answer(admin, operation):
    for query in QUERIES:
        is_an_answer(admin.get(operation.address(), query), (operation.id, query))


@pytest.mark.parametrize("operation", [one for one in operations() if "{" in one.path], ids=str)
def test_any_id_gets_an_answer(admin, operation):
    for name in IDS:
        answer = getattr(admin, operation.method.lower())(operation.address(id=name, code=name))
        is_an_answer(answer, (operation.id, name[:50]))
        assert answer.status_code in (404, 400, 405, 415, 406) or operation.id == "problems_retrieve", (
            operation.id,
            name[:50],
            answer.status_code,
        )


def test_an_unknown_address_gets_an_answer(admin):
    for path in (
        "/api/v1/nothing/",
        "/api/v1/contacts",
        "/api/v1/%00/",
        "/api/v2/",
        "/x" * 2000,
        "/api/v1/contacts//",
        "/api/v1/calls/events/x/",
    ):
        answer = admin.get(path)
        assert answer.status_code == 404, path
        is_an_answer(answer, path)


def test_a_body_that_is_too_large_is_refused_unread(admin, settings):
    answer = admin.post(
        "/api/v1/contacts/", b'{"surname": "' + b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE + b'"}', content_type="application/json"
    )
    assert answer.status_code == 413
    is_an_answer(answer, "large")
