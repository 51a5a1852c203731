"""An event is read whatever its sender wrote: only a missing type or call_id makes it unreadable."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.events import Event
from calls.phone_systems import native
from config.platform.errors import Refusal

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LEAST = {"type": "leg.answered", "call_id": "1732345.17"}
FULL = {
    "event_id": "01J9", "type": "leg.answered", "occurred_at": "2026-11-23T10:15:03.120+03:00", "sequence": 4, "call_id": "1732345.17",
    "linked_ids": ["1732345.15"], "leg_id": "1732345.18", "call_request_id": None, "direction": "inbound", "from": "8 (495) 123-45-67",
    "to": "+78001234567", "line": "main", "queue": "support", "queue_position": 2, "agent": {"extension": "201"}, "cause": 16,
    "cause_text": "NORMAL_CLEARING", "hangup_by": "caller", "duration_s": None, "talk_s": None,
    "recording": {"url": "https://pbx.example/1", "duration_s": 61}, "transfer": {"kind": "blind", "to": {"extension": "305"}}, "raw": {},
}  # fmt: skip


def read(zone: str = "Europe/Moscow", **fields) -> Event:
    return native.parse({**LEAST, **fields}, received_at=NOW, naive_time_zone=zone)


def test_the_example_of_the_documentation_is_read_whole():
    event = native.parse(FULL, received_at=NOW, naive_time_zone="UTC")
    assert event.dedupe_key == "id:01J9"
    assert event.occurred_at == datetime(2026, 11, 23, 7, 15, 3, 120000, tzinfo=UTC)
    assert (event.time_source, event.flags, event.sequence) == ("sender", (), 4)
    assert (event.call_key, event.linked_keys, event.leg_key) == ("1732345.17", ("1732345.15",), "1732345.18")
    assert (event.direction, event.from_raw, event.to_raw, event.line) == ("inbound", "8 (495) 123-45-67", "+78001234567", "main")
    assert (event.queue, event.queue_position, event.agent_extension) == ("support", 2, "201")
    assert (event.cause, event.cause_text, event.hangup_by) == (16, "NORMAL_CLEARING", "caller")
    assert event.recording == {"url": "https://pbx.example/1", "duration_s": 61}
    assert event.transfer == {"kind": "blind", "to": {"extension": "305"}}
    assert event.extra is None


def test_two_fields_are_enough():
    event = read()
    assert (event.occurred_at, event.time_source, event.flags) == (NOW, "received", ())


@pytest.mark.parametrize("body", [None, [], "leg.answered", 5, {}, {"type": "leg.answered"}, {"call_id": "1"}])
def test_without_type_or_call_id_nothing_can_be_read(body):
    with pytest.raises(native.EventUnreadable):
        native.parse(body, received_at=NOW)


@pytest.mark.parametrize("call_id", [None, "", "   ", "x" * 201, True, 1.5, [], {}, "a\0b", "a\ud800b", 10**300])
def test_a_call_id_that_cannot_be_kept_is_refused_by_name(call_id):
    with pytest.raises(native.EventUnreadable) as refused:
        read(call_id=call_id)
    assert isinstance(refused.value, Refusal)
    assert (refused.value.code, refused.value.status) == ("event_unreadable", 400)
    assert [error["pointer"] for error in refused.value.facts["errors"]] == ["/call_id"]


@pytest.mark.parametrize("kind", [None, "", "  ", 5, [], "x" * 61, "leg\0answered"])
def test_a_type_that_cannot_be_kept_is_refused_by_name(kind):
    with pytest.raises(native.EventUnreadable) as refused:
        read(type=kind)
    assert [error["pointer"] for error in refused.value.facts["errors"]] == ["/type"]


@pytest.mark.parametrize(("call_id", "key"), [(17, "17"), (" 17 ", "17"), ("x" * 200, "x" * 200), ("звонок 1", "звонок 1")])
def test_a_call_id_is_a_text_or_a_whole_number(call_id, key):
    assert read(call_id=call_id).call_key == key


def test_a_type_that_we_do_not_know_is_still_an_event():
    assert not read(type="agent.smiled").is_known
    assert read(type="voicemail.left").is_known


@pytest.mark.parametrize(
    ("written", "zone", "hour_utc", "flags"),
    [
        ("2026-11-23T10:15:00+03:00", "UTC", "07:15", ()),
        ("2026-11-23T07:15:00Z", "Europe/Moscow", "07:15", ()),
        ("2026-11-23t07:15:00z", "Europe/Moscow", "07:15", ()),
        ("2026-11-23 10:15:00", "Europe/Moscow", "07:15", ("naive_time",)),
        ("20261123T101500", "Europe/Moscow", "07:15", ("naive_time",)),
        ("2026-10-25T02:30:00", "Europe/Berlin", "00:30", ("ambiguous_local_time", "naive_time")),
        ("2026-03-29T02:30:00", "Europe/Berlin", "01:30", ("naive_time", "nonexistent_local_time")),
        ("2026-11-23T07:15:00", "Mars/Olympus", "07:15", ("naive_time", "unknown_time_zone")),
        ("2026-11-23T07:14:60Z", "UTC", "07:14", ()),
    ],
)
def test_a_time_is_placed_in_its_zone(written, zone, hour_utc, flags):
    event = read(zone, occurred_at=written)
    assert (f"{event.occurred_at:%H:%M}", event.occurred_at.tzinfo, event.flags, event.time_source) == (hour_utc, UTC, flags, "sender")


@pytest.mark.parametrize(
    "written",
    ["yesterday", "10000-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1970-01-01T00:00:00Z", "2026-11-23",
     "2026-13-01T00:00:00Z", 1763896503, True, [], {}, "\0", "2026-11-23T10:15:00\ud800", "9" * 1_000_000],
)  # fmt: skip
def test_a_time_that_cannot_be_read_costs_the_time_only(written):
    event = read(occurred_at=written)
    assert (event.occurred_at, event.time_source) == (NOW, "received")
    assert event.flags in (("dropped_occurred_at",), ("dropped_occurred_at", "naive_time"))


def test_a_time_in_the_future_is_clamped_and_a_clock_that_is_a_little_fast_is_not():
    ahead = read(occurred_at=(NOW + timedelta(minutes=6)).isoformat())
    assert (ahead.occurred_at, ahead.time_source, ahead.flags) == (NOW, "received", ("future_time",))
    fast = read(occurred_at=(NOW + timedelta(minutes=4)).isoformat())
    assert (fast.occurred_at, fast.flags) == (NOW + timedelta(minutes=4), ())


@pytest.mark.parametrize(
    ("field", "value", "read_as"),
    [
        ("from", {"number": "8 495", "name": "Анна"}, ("8 495", "Анна")),
        ("from", {"raw": "8 495"}, ("8 495", "")),
        ("from", 74951234567, ("74951234567", "")),
        ("from", 74951234567.0, ("74951234567", "")),
        ("from", "8\xa0495", ("8 495", "")),
        ("from", None, ("", "")),
    ],
)
def test_an_end_of_the_line_is_a_number_or_an_object(field, value, read_as):
    event = read(**{field: value})
    assert (event.from_raw, event.from_name, event.flags) == (*read_as, ())


@pytest.mark.parametrize(
    ("agent", "read_as"),
    [
        ("201", ("201", "", "")),
        (201, ("201", "", "")),
        ({"extension": "201", "name": "Анна", "email": "a@b.example"}, ("201", "a@b.example", "Анна")),
        ({"email": "a@b.example"}, ("a@b.example", "a@b.example", "")),
        ({"id": 7}, ("7", "", "")),
        ({"name": "Анна"}, ("", "", "Анна")),
    ],
)
def test_an_operator_is_known_by_what_the_sender_has(agent, read_as):
    event = read(agent=agent)
    assert (event.agent_extension, event.agent_email, event.agent_name) == read_as


@pytest.mark.parametrize(
    ("transfer", "read_as"),
    [
        ({"kind": "WARM", "to": "305"}, {"kind": "attended", "to": {"extension": "305"}}),
        ("+74951234567", {"to": {"number": "+74951234567"}}),
        (
            {"kind": "conference", "to": {"queue": "sales"}, "result": "failed"},
            {"kind": "conference", "to": {"queue": "sales"}, "result": "failed"},
        ),
        ({}, {"to": {}}),
    ],
)
def test_a_transfer_goes_to_an_operator_a_queue_or_a_number(transfer, read_as):
    assert read(type="call.transferred", transfer=transfer).transfer == read_as


@pytest.mark.parametrize(
    ("field", "value", "attribute", "left"),
    [
        ("cause", "sixteen", "cause", None), ("cause", 500, "cause", None), ("cause", -1, "cause", None), ("cause", True, "cause", None),
        ("cause", 10**400, "cause", None), ("sequence", 2**80, "sequence", None), ("sequence", "²", "sequence", None),
        ("duration_s", -5, "duration_s", None), ("duration_s", 1e300, "duration_s", None), ("duration_s", float("nan"), "duration_s", None),
        ("talk_s", float("inf"), "talk_s", None), ("talk_s", [], "talk_s", None), ("talk_s", "1:30", "talk_s", None),
        ("queue_position", {}, "queue_position", None), ("direction", "sideways", "direction", ""), ("direction", 5, "direction", ""),
        ("hangup_by", "ghost", "hangup_by", ""), ("party", "pooper", "party", ""), ("leg_id", "x" * 201, "leg_key", ""),
        ("leg_id", {}, "leg_key", ""), ("linked_ids", {}, "linked_keys", ()), ("linked_ids", [None, [], "x" * 999], "linked_keys", ()),
        ("from", [], "from_raw", ""), ("from", True, "from_raw", ""), ("from", {"number": {}}, "from_raw", ""), ("agent", [], "agent_extension", ""),
        ("recording", 5, "recording", None), ("recording", {}, "recording", None), ("event_id", [], "event_id", ""),
        ("event_id", "x" * 201, "event_id", ""), ("ended_at", "2126-01-01T00:00:00Z", "ended_at", None), ("queue", [], "queue", ""),
    ],
)  # fmt: skip
def test_nonsense_costs_its_field_and_leaves_a_flag(field, value, attribute, left):
    event = read(**{field: value})
    assert (getattr(event, attribute), event.flags) == (left, (f"dropped_{field}",))


@pytest.mark.parametrize(
    ("field", "attribute", "longest"),
    [("from", "from_raw", 200), ("to", "to_raw", 200), ("line", "line", 100), ("queue", "queue", 100), ("agent", "agent_extension", 100),
     ("cause_text", "cause_text", 200), ("reason", "reason", 60)],
)  # fmt: skip
def test_what_is_too_long_is_cut(field, attribute, longest):
    event = read(**{field: "x" * 1_000_000})
    assert (getattr(event, attribute), event.flags) == ("x" * longest, (f"cut_{field}",))


def test_what_a_database_cannot_keep_is_taken_out():
    event = read(cause_text="a\0b\ud800c", to={"number": "1\0", "name": "\udfff"})
    assert (event.cause_text, event.to_raw, event.to_name) == ("a b c", "1", "")
    assert event.flags == ("cut_cause_text", "cut_to")


def test_unknown_fields_are_kept_as_far_as_they_can_be():
    event = read(colour="red", raw={"a": 1}, deep={"x": [1, None]}, bad="\0", lone="\ud800", huge="x" * 1_000_000, number=10**40)
    assert (event.extra, event.flags) == ({"colour": "red", "deep": {"x": [1, None]}}, ("cut_extra",))


def test_the_same_body_is_the_same_event_whatever_the_order_of_its_fields_and_its_raw():
    one = native.parse({"type": "leg.held", "call_id": "1", "leg_id": "2", "raw": 1}, received_at=NOW)
    other = native.parse({"leg_id": "2", "call_id": "1", "type": "leg.held", "raw": 2}, received_at=NOW + timedelta(seconds=9))
    assert (one.dedupe_key, one.content_hash) == (other.dedupe_key, other.content_hash)


@pytest.mark.parametrize(
    "change", [{"type": "leg.resumed"}, {"leg_id": "3"}, {"occurred_at": "2026-11-23T10:00:00Z"}, {"sequence": 2}, {"talk_s": 5}]
)
def test_another_content_is_another_event_unless_it_has_the_same_id(change):
    assert read(**change).dedupe_key != read().dedupe_key
    same, other = read(event_id="7"), read(event_id="7", **change)
    assert same.dedupe_key == other.dedupe_key == "id:7"
    assert same.content_hash != other.content_hash


@pytest.mark.parametrize(
    ("fields", "told_end"),
    [
        ({"occurred_at": "2026-11-23T11:59:59Z", "duration_s": 70}, "2026-11-23T11:59:59+00:00"),
        ({"duration_s": 70}, NOW.isoformat()),
        ({"occurred_at": "2026-11-23T11:00:00Z", "duration_s": 70}, None),
    ],
)
def test_a_record_that_would_end_after_its_own_news_carries_the_time_of_the_end(fields, told_end):
    ended_at = read(type="cdr", **fields).ended_at
    assert (ended_at.isoformat() if ended_at else None) == told_end


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(fields=st.dictionaries(st.sampled_from(sorted(native.KNOWN - {"type", "call_id"})) | st.text(max_size=8), junk, max_size=12))
def test_no_field_loses_the_event_and_what_is_stored_comes_back(fields):
    event = native.parse({**fields, **LEAST}, received_at=NOW, naive_time_zone="Europe/Moscow")
    written = json.dumps(event.to_json(), allow_nan=False, ensure_ascii=False)
    assert "\\u0000" not in written
    written.encode()  # lone surrogates cannot be encoded
    assert Event.from_json(json.loads(written)) == event
