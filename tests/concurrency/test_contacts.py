"""The same contact added by two at once, over real connections."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from crm.models import Contact, PhoneNumber

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/contacts/"


def at_once(client, bodies):
    """Post all bodies at the same moment, each over a connection of its own; the answers in order."""
    start = Barrier(len(bodies))

    def run(body):
        try:
            start.wait(10)
            return client.post(URL, body)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(run, bodies))


@pytest.mark.parametrize("turn", range(3))
@pytest.mark.parametrize(
    "bodies",
    [
        [{"surname": "Ivanova", "phones": [{"number": "+74951234567"}]}, {"surname": "Petrova", "phones": [{"number": "8 495 123-45-67"}]}],
        [{"surname": "Ivanova", "emails": [{"email": "a@example.com"}]}, {"surname": "Petrova", "emails": [{"email": "A@example.com"}]}],
        [
            {"phones": [{"number": "+74951234567"}, {"number": "+79161234567"}]},
            {"phones": [{"number": "+79161234567"}, {"number": "+74951234567"}]},
        ],
    ],
    ids=["phone", "e-mail", "two phones crosswise"],
)
def test_one_is_added_and_the_other_learns_of_it(bodies, turn, client_of):
    answers = at_once(client_of("supervisor"), bodies)
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    lost = next(answer for answer in answers if answer.status_code == 409).json()
    won = next(answer for answer in answers if answer.status_code == 201).json()
    assert lost["code"] == "duplicate_contact"
    assert [one["contact"] for one in lost["candidates"]] == [won["id"]]
    assert Contact.objects.count() == 1


def test_a_number_that_eight_share_at_once_is_one_row(client_of):
    bodies = [{"surname": f"S{n}", "phones": [{"number": "+74951234567"}], "force": True, "reason": "A family."} for n in range(8)]
    assert [answer.status_code for answer in at_once(client_of("supervisor"), bodies)] == [201] * 8
    assert (Contact.objects.count(), PhoneNumber.objects.count()) == (8, 1)
