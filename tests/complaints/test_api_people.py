"""Messages, files and suggestions over HTTP, as a frontend asks for them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from complaints import similar
from complaints.models import Attachment
from tests.factories.complaints import ComplaintFactory, ComplaintMessageFactory

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)


def url(complaint, part):
    return f"/api/v1/complaints/{complaint.pk}/{part}/"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def test_a_file_goes_in_with_its_message_and_comes_out_to_be_saved_and_not_run(client_of):
    agent, complaint = client_of("agent"), ComplaintFactory()
    said = agent.post(url(complaint, "messages"), {"text": "See the photo.", "side": "customer", "via": "email"}).json()
    file = SimpleUploadedFile("../лампа.html", PNG, "text/html")
    made = agent.post(url(complaint, "attachments"), {"file": file, "message": said["id"]}, format="multipart")
    assert made.status_code == 201, made.content
    row = made.json()
    assert (row["content_type"], row["name"], row["scan"]) == ("image/png", "лампа.html.png", "unscanned")
    assert agent.get(made["Location"]).json() == row
    assert agent.get(url(complaint, "messages")).json()["results"][0]["attachments"] == [row["id"]]
    taken = agent.get(row["content_url"], headers={"Accept": "image/*"})
    assert b"".join(taken.streaming_content) == PNG
    assert taken["Content-Disposition"].startswith("attachment; filename*=utf-8''") and taken["X-Content-Type-Options"] == "nosniff"
    assert taken["Content-Security-Policy"].startswith("sandbox") and taken["Content-Type"] == "image/png"
    for content, message, status, code in (
        (b"<html>", None, 415, "attachment_type_refused"), (b"", None, 413, "attachment_size"),
        (PNG, str(ComplaintMessageFactory().pk), 400, "validation_failed"),
    ):  # fmt: skip
        body = {"file": SimpleUploadedFile("x.png", content), **({"message": message} if message else {})}
        refused = agent.post(url(complaint, "attachments"), body, format="multipart")
        assert refused.status_code == status, refused.content
        assert refused.json()["code"] == code or status == 400
    assert agent.delete(f"/api/v1/attachments/{row['id']}/").status_code == 204
    assert agent.get(row["content_url"]).json()["code"] == "attachment_gone"
    assert agent.get(url(complaint, "attachments")).json()["results"] == []


def test_the_back_office_reaches_nothing_of_a_complaint_that_it_does_not_see(client_of):
    back, hidden, own = client_of("back_office"), ComplaintFactory(), ComplaintFactory()
    own.department.members.add(back.user)
    row = Attachment.objects.create(complaint=hidden, name="x.png", content_type="image/png", size=1, sha256="0", scan="clean")
    for address in (url(hidden, "messages"), url(hidden, "suggestions"), f"/api/v1/attachments/{row.pk}/", f"/api/v1/attachments/{row.pk}/content/"):  # fmt: skip
        assert back.get(address).status_code == 404, address
    assert back.post(url(hidden, "messages"), {"text": "x"}).status_code == 404
    assert back.post(url(own, "join-to"), {"first": hidden.number}).status_code == 400
    assert back.post(url(own, "link"), {"other": str(hidden.pk)}).status_code == 400


def test_suggestions_come_while_the_customer_still_speaks(client_of):
    solved = ComplaintFactory(closed=True, summary="The lamp came broken")
    similar.index(solved)
    answer = client_of("agent").get("/api/v1/complaints/suggestions/", {"text": "My lamp is broken", "language": "en"}).json()
    assert [(one["number"], one["why"][0]["reason"]) for one in answer["complaints"]] == [(solved.number, "words")]
    assert client_of("agent").get("/api/v1/complaints/suggestions/", {"text": "?"}).json()["code"] == "question_too_short"


def test_the_list_is_searched_by_words_in_any_form_and_by_the_number(client_of):
    lamp, other = (
        ComplaintFactory(summary="Broken lamps"),
        ComplaintFactory(summary="Rude courier", description="", remedy_sought="", number="C-2026-004711"),
    )
    for one in (lamp, other):
        similar.index(one)
    agent = client_of("agent")
    for text, wanted in (("lamp", lamp), ("cour", other), ("4711", other)):
        found = agent.get("/api/v1/complaints/", {"search": text, "is_open": "true"}).json()["results"]
        assert [one["id"] for one in found] == [str(wanted.pk)], text
    assert agent.get("/api/v1/complaints/", {"search": "?"}).json()["code"] == "question_too_short"


def test_a_link_shows_the_other_one_however_the_address_writes_the_id(client_of):
    agent, one, other = client_of("agent"), ComplaintFactory(), ComplaintFactory()
    made = agent.post(f"/api/v1/complaints/{one.pk.hex}/link/", {"other": other.number}).json()
    assert made["complaint"] == str(other.pk)
    for this, that in ((one, other), (other, one)):
        shown = agent.get(f"/api/v1/complaints/{str(this.pk).upper()}/links/").json()["results"]
        assert [row["number"] for row in shown] == [that.number]
