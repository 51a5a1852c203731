"""Recipes of what is said about complaints, their files, links and watchers."""

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from complaints import attachments, linking, similar
from tests.contract.recipes.asked import Asked, recipe
from tests.factories.calls import CallFactory
from tests.factories.complaints import ComplaintFactory, ComplaintMessageFactory, WatcherFactory
from tests.factories.knowledge import published
from tests.factories.platform import UserFactory

PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)


def attached():
    return attachments.add(ComplaintFactory().pk, file=ContentFile(PNG, name="lamp.png"), by=UserFactory(), now=timezone.now())


@recipe("complaints_messages")
def messages() -> Asked:
    return Asked(ComplaintMessageFactory().complaint)


@recipe("complaints_write")
def write() -> Asked:
    return Asked(ComplaintFactory(), {"text": "It comes on Thursday.", "call": str(CallFactory().pk)})


@recipe("complaints_attachments")
def files() -> Asked:
    return Asked(attached().complaint)


@recipe("complaints_attach")
def attach() -> Asked:
    complaint = ComplaintFactory()
    file = SimpleUploadedFile("lamp.png", PNG, "image/png")
    return Asked(complaint, {"file": file, "message": str(ComplaintMessageFactory(complaint=complaint).pk)}, kind="multipart")


@recipe("attachments_retrieve", "attachments_content", "attachments_destroy")
def one_file() -> Asked:
    return Asked(attached())


@recipe("complaints_watchers")
def watchers() -> Asked:
    return Asked(WatcherFactory().complaint)


@recipe("complaints_unwatch")
def unwatch() -> Asked:
    watcher = WatcherFactory()
    return Asked(watcher.complaint, {"user": str(watcher.user_id)})


@recipe("complaints_watch")
def watch() -> Asked:
    return Asked(ComplaintFactory(), {"user": str(UserFactory().pk)})


@recipe("complaints_link")
def link() -> Asked:
    return Asked(ComplaintFactory(), {"other": ComplaintFactory().number, "note": "Same box"})


def linked():
    one, other = ComplaintFactory(), ComplaintFactory()
    linking.link(one.pk, other=other, by=None, now=timezone.now())
    one.refresh_from_db()
    return one, other


@recipe("complaints_links")
def links() -> Asked:
    return Asked(linked()[0])


@recipe("complaints_unlink")
def unlink() -> Asked:
    one, other = linked()
    return Asked(one, {"other": str(other.pk)})


@recipe("complaints_join_to")
def join_to() -> Asked:
    return Asked(ComplaintFactory(), {"first": ComplaintFactory().number, "reason": "Told twice."})


@recipe("complaints_suggestions")
def suggestions() -> Asked:
    published(title="Broken parcels")
    similar.index(ComplaintFactory(closed=True, summary="The parcel came broken"))
    return Asked(ComplaintFactory())


@recipe("complaints_suggest")
def suggest() -> Asked:
    asked = suggestions()
    return Asked(query={"text": "My parcel is broken", "topic": asked.row.topic.code, "language": "en"})
