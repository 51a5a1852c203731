"""What rooms read with: keys by which repetitions are known, ids that may be numbers, times since 1970."""

import pytest

from calls.phone_systems.reading import LONGEST_KEY, natural_key, of_epoch, text_of


def test_a_natural_key_is_readable_and_long_parts_still_make_different_keys():
    assert natural_key("call.ended", "812", "1") == "call.ended/812/1"
    long = "x" * 300
    keys = {natural_key(long, "1"), natural_key(long, "2"), natural_key(long + "y", "1")}
    assert len(keys) == 3 and all(len(key) <= LONGEST_KEY for key in keys)
    assert natural_key(long, "1") == natural_key(long, "1")


@pytest.mark.parametrize(
    ("value", "per_second", "moment"),
    [
        (1_399_906_976, 1, "2014-05-12T15:02:56+00:00"),
        ("1399906976", 1, "2014-05-12T15:02:56+00:00"),
        ("1399906976.123456", 1, "2014-05-12T15:02:56.123456+00:00"),
        ("1399906976123456", 1_000_000, "2014-05-12T15:02:56.123456+00:00"),
        (1_399_906_976_123, 1_000, "2014-05-12T15:02:56.123000+00:00"),
        ("0", 1, ""),
        (0, 1, ""),
        ("", 1, ""),
        (None, 1, ""),
        (True, 1, ""),
        (-5, 1, ""),
        ("1e9", 1, ""),
        ("١٣٩٩٩٠٦٩٧٦", 1, ""),
        (float("nan"), 1, ""),
        (float("inf"), 1, ""),
        (10**17, 1, ""),
        (10**400, 1, ""),
        pytest.param(10**5000, 1, "", id="a number without end"),
        ([1], 1, ""),
    ],
)
def test_a_time_since_1970(value, per_second, moment):
    assert of_epoch(value, per_second=per_second) == moment


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), ("", ""), (7, "7"), (0, "0"), (True, ""), (1.5, ""), (None, ""), (10**250, ""), ([], "")]
)
def test_an_id_is_a_text_or_a_whole_number(value, text):
    assert text_of(value) == text
