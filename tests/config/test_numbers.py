"""Numbers that people say: they grow, are never given twice, and begin anew with the year."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from config.platform.numbers import meant, next_number

LATE = datetime(2031, 12, 31, 23, 30, tzinfo=UTC)


@pytest.mark.django_db
def test_each_kind_and_year_counts_from_one():
    assert [next_number("X", now=LATE) for _ in range(3)] == ["X-2031-000001", "X-2031-000002", "X-2031-000003"]
    assert next_number("Y", now=LATE) == "Y-2031-000001"
    assert next_number("X", now=LATE.replace(year=2032)) == "X-2032-000001"
    assert next_number("X", now=LATE) == "X-2031-000004"


@pytest.mark.django_db
def test_the_year_is_that_of_the_house(settings):
    settings.TIME_ZONE = "Asia/Manila"
    assert next_number("X", now=LATE).startswith("X-2032-")


@pytest.mark.django_db
def test_a_number_of_a_transaction_that_fails_is_not_given_again():
    next_number("X", now=LATE)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        next_number("X", now=LATE)
        raise ZeroDivisionError
    assert next_number("X", now=LATE) == "X-2031-000003"


@pytest.mark.parametrize("letter", ["", "x", "XY", "Ж", "X; DROP TABLE crm_order", "1"])
def test_a_kind_is_one_capital_letter(letter):
    with pytest.raises(ValueError, match="capital letter"):
        next_number(letter, now=LATE)


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        ("O-2026-000123", ["O-2026-000123"]),
        ("o 2026 123", ["O-2026-000123"]),
        ("2026/123", ["O-2026-000123"]),
        ("O-2026-1234567", ["O-2026-1234567"]),
        ("C-2026-123", []),
        ("Fedorova", []),
        ("", []),
        ("0123 456", []),
    ],
)
def test_what_is_said_is_understood(said, numbers):
    assert meant("O", said, now=LATE) == numbers


def test_without_a_year_it_may_be_of_any_of_the_last_ones():
    assert meant("O", "123", now=LATE)[:2] == ["O-2031-000123", "O-2030-000123"]
    assert len(meant("O", "123", now=LATE)) == 11
