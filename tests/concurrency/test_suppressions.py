"""The same suppression added by several at once, over real connections: one entry, and everybody is answered with it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from crm.models import Suppression

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("turn", range(3))
def test_several_who_say_it_at_once_get_one_entry(client_of, turn):
    client, start = client_of("agent"), Barrier(5)

    def run(number):
        try:
            start.wait(10)
            return client.post("/api/v1/suppressions/", {"phone": number, "purpose": "marketing"}, format="json")
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(run, ["+74951234567", "8 495 123-45-67"] * 2 + ["84951234567"]))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    assert {answer.json()["id"] for answer in answers} == {str(Suppression.objects.get().pk)}
