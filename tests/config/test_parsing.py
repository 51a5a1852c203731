"""What may stand in a JSON body, and what is refused at the door."""

import pytest
from rest_framework.exceptions import ParseError

from config.api.parsing import DEPTH, ITEMS, LARGEST, read
from config.platform.models import AuditEvent
from crm.models import Contact


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b"  [1, 2.5, null, true]\r\n", [1, 2.5, None, True]),
        (b'"text"', "text"),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),  # the mark that Windows programs put in front
        ('{"имя": "Алёна 🙂"}'.encode(), {"имя": "Алёна 🙂"}),
        (b'"\\ud83d\\ude42"', "🙂"),  # a whole pair
        (str(LARGEST).encode(), LARGEST),
        (str(-LARGEST).encode(), -LARGEST),
        (b"1e308", 1e308),
        (nested(DEPTH), None),
        (b"[" + b"0," * (ITEMS - 1) + b"0]", [0] * ITEMS),
        (b'{"a": {"a": 1}}', {"a": {"a": 1}}),  # the same name on another level is no double
    ],
)
def test_it_is_read(body, value):
    assert value is None or read(body) == value
    read(body)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"{", "line 1, column 2"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a": 1,}', "not JSON"),
        (b'{"a": 1} {"b": 2}', "not JSON"),
        (b"// words", "not JSON"),
        (b'{"a": 1, "b": 2, "a": 3}', '"a"'),
        (b'[{"x": {"b": 1, "b": 1}}]', '"b"'),
        (b'{"a": NaN}', "NaN"),
        (b"-Infinity", "-Infinity"),
        (b"1e999", "too large"),
        (b"-1e999", "too large"),
        (str(LARGEST + 1).encode(), "2^53"),
        (b"9" * 5000, "2^53"),
        (b'"\\u0000"', "NUL"),
        (b'{"\\u0000": 1}', "NUL"),
        (b'"\\ud800"', "surrogate"),
        (b'"\\ude42\\ud83d"', "surrogate"),
        (b'{"\\udfff": 1}', "surrogate"),
        (b'"\xff"', "UTF-8"),
        ("{}".encode("utf-16"), "UTF-8"),
        ("й".encode("cp1251"), "UTF-8"),
        (b'"\xed\xa0\x80"', "UTF-8"),  # a surrogate written as if it were a letter
        (b'"line\nbreak"', "not JSON"),
        (nested(DEPTH + 2), "nested"),
        (nested(5_000), "nested"),
        (nested(200_000), "nested"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "nested"),
        (b"[" + b"0," * ITEMS + b"0]", "values"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_it_is_refused_with_a_sentence_that_helps(body, says):
    with pytest.raises(ParseError) as refused:
        read(body)
    assert says in str(refused.value.detail)
    assert len(str(refused.value.detail)) < 200


@pytest.mark.django_db
def test_a_refused_body_leaves_no_trace(client_of):
    client = client_of("admin")
    done = AuditEvent.objects.count()
    answer = client.post("/api/v1/contacts/", b'{"surname": "A", "surname": "B"}', content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")
    assert not Contact.objects.exists() and AuditEvent.objects.count() == done


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ("Application/JSON", 201),
        ("text/plain", 415),
        ("application/xml", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/merge-patch+json", 415),
        ("junk", 415),
    ],
)
def test_a_body_is_json_or_is_not_taken(client_of, kind, status):
    answer = client_of("admin").post("/api/v1/topics/", b'{"code": "a", "name": "A"}', content_type=kind)
    assert answer.status_code == status
    if status == 415:
        assert answer.json()["code"] == "unsupported_media_type"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "pointer"),
    [(b"[]", "/"), (b"null", "/"), (b"5", "/"), (b'"text"', "/"), (b'{"code": []}', "/code"), (b'{"code": "a", "members": 5}', "/name")],
)
def test_the_fault_is_pointed_at(client_of, body, pointer):
    answer = client_of("admin").post("/api/v1/topics/", body, content_type="application/json")
    assert answer.status_code == 400
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}


@pytest.mark.django_db
def test_faults_below_are_pointed_at_by_their_place(client_of):
    body = {"surname": "A", "phones": [{"number": "+74951234567"}, {"label": "nonsense"}], "emails": [{"email": "no"}]}
    answer = client_of("admin").post("/api/v1/contacts/", body)
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/phones/1/number", "/phones/1/label", "/emails/0/email"}
