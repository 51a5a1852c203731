"""G13: nobody overwrites what they have not seen, and nobody is sent what they have."""

import pytest

from crm.models import Topic

pytestmark = pytest.mark.django_db
TOPIC = {"code": "delivery", "name": "Delivery"}


def test_a_change_that_was_not_seen_is_not_overwritten(client_of):
    client = client_of("admin")
    made = client.post("/api/v1/topics/", TOPIC)
    address = made["Location"]
    assert client.patch(address, {"name": "A"}, headers={"If-Match": made["ETag"]}).status_code == 200
    late = client.patch(address, {"name": "B"}, headers={"If-Match": made["ETag"]})
    assert (late.status_code, late.json()["code"], late.json()["current"]) == (412, "version_conflict", 2)
    assert Topic.objects.get().name == "A"


@pytest.mark.parametrize(
    ("header", "status"), [("*", 200), ('"1"', 200), ('W/"1"', 412), ('"x"', 412), ("1", 400), ("", 400), ('"1", "2"', 400)]
)
def test_every_form_of_if_match_has_its_meaning(client_of, header, status):
    client = client_of("admin")
    address = client.post("/api/v1/topics/", TOPIC)["Location"]
    assert client.patch(address, {"name": "A"}, headers={"If-Match": header}).status_code == status


def test_who_has_it_already_is_told_so(client_of):
    client = client_of("admin")
    made = client.post("/api/v1/topics/", TOPIC)
    same = client.get(made["Location"], headers={"If-None-Match": made["ETag"]})
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", made["ETag"])
