"""docs/complaints.md tells the truth: its requests are asked in their order, its picture is of moves that there are."""

import json
import re
from pathlib import Path

import pytest

from complaints import priorities
from complaints.models import Complaint
from complaints.models.complaints import Impact, Severity
from tests.complaints.test_handling import leads
from tests.factories.complaints import RootCauseFactory, SLAPolicyFactory
from tests.factories.crm import ContactPhoneFactory, DepartmentFactory, PhoneNumberFactory, TopicFactory

pytestmark = pytest.mark.django_db
PAGE = (Path(__file__).parents[2] / "docs" / "complaints.md").read_text(encoding="utf-8")


def test_its_requests_do_what_it_says(client_of):
    SLAPolicyFactory()
    ContactPhoneFactory(phone=PhoneNumberFactory(e164="+74951234567"))
    RootCauseFactory(code="packing")
    TopicFactory(code="delivery-damaged", department=DepartmentFactory())
    client, first, statuses = client_of("supervisor"), "", []
    for path, body in re.findall(r"^`POST (/complaints/\S*)`\n\n```json\n(.*?)```", PAGE, re.M | re.S):
        answer = client.post(f"/api/v1{path.replace('{id}', first)}", json.loads(body), format="json")
        assert answer.status_code in (200, 201), f"{path}: {answer.content!r}"
        first = first or answer.json()["id"]
        statuses.append(answer.json()["status"])
    assert statuses == [
        "acknowledged", "resolved", "assigned", "in_progress", "waiting_customer", "in_progress", "decided", "decided", "resolved", "closed",
        "reopened", "rejected",
    ]  # fmt: skip


def test_its_picture_shows_moves_that_there_are():
    drawn = set(re.findall(r"^    (\w+) --> (\w+)", PAGE, re.M))
    legal = {
        (str(status), str(to))
        for verb, move in Complaint.MOVES.items()
        for status in move.start
        for to in {move.to or leads(verb, status), leads(verb, status)} | set(move.either if verb == "join_to" else ())
    }
    assert len(drawn) > 15 and drawn <= legal


def test_its_table_of_priorities_is_the_one_that_is_used():
    for severity in Severity:
        (row,) = re.findall(rf"^\| {severity}[^|]*\|(.*)\|$", PAGE, re.M)
        assert [cell.strip() for cell in row.split("|")] == [priorities.usual(severity, impact) for impact in Impact]
