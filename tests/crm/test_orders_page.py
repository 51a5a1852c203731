"""docs/orders.md says what things come to: each example is asked and compared."""

import json
import re
from pathlib import Path

import pytest

from crm.models import Order
from tests.factories.crm import ContactFactory
from tests.factories.orders import promotion

pytestmark = pytest.mark.django_db
PAGE = (Path(__file__).parents[2] / "docs" / "orders.md").read_text(encoding="utf-8")
BLOCKS = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]
EXAMPLES = list(zip(BLOCKS[::2], BLOCKS[1::2], strict=True))
PROMOTIONS = re.findall(r"^\| ([A-Z]+) \| (percent|amount) \| (\d+) \| (yes|no) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("asked", "said"), EXAMPLES, ids=[f"example {n}" for n in range(1, len(EXAMPLES) + 1)])
def test_an_example_comes_to_what_the_page_says(asked, said, client_of):
    for code, discount, value, is_stackable in PROMOTIONS:
        promotion(discount, value, code=code, is_stackable=is_stackable == "yes")
    answer = client_of("agent").post("/api/v1/orders/quote/", {"contact": str(ContactFactory().pk), **asked})
    assert answer.status_code == 200, answer.content
    got = answer.json()
    for name, value in said.items():
        if name == "lines":
            assert [{key: line[key] for key in wanted} for line, wanted in zip(got["lines"], value, strict=True)] == value
        elif name == "discounts":
            assert sorted(line["discount"] for line in got["lines"]) == sorted(value)
        elif name == "promotions":
            told = {one["code"]: one["amount"] if one["is_applied"] else one["reasons"][0]["code"] for one in got["promotions"]}
            assert told == value
        else:
            assert got[name] == value, name


def test_the_page_has_examples():
    assert len(EXAMPLES) >= 6 and len(PROMOTIONS) == 3


def test_the_page_draws_the_moves_that_there_are():
    drawn = {tuple(pair) for pair in re.findall(r"^    (\w+) --> (\w+)$", PAGE, re.MULTILINE)}
    assert drawn == {(start, move.to) for move in Order.MOVES.values() for start in move.start if move.to} - {("completed", "completed")}
