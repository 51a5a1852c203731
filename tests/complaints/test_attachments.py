"""Files are what their bytes are, are handed out through us alone, and what does harm to nobody."""

import io
import socket
import struct
import threading
import tracemalloc
import zipfile
from datetime import timedelta

import openpyxl
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from complaints import attachment_scanning, attachments
from complaints.file_types import clean_name, kind_of
from complaints.models import Attachment
from config.platform.models import AuditEvent, FeedMessage
from tests.factories.complaints import ComplaintFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)
EVIL = b"X5O!P%@AP-EICAR"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def zipped(*names, mimetype=""):
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, "x")
    return kept.getvalue()


def torn(method):
    """The beginning of what it holds cannot be unpacked."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", method) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text" * 10)
    content = bytearray(kept.getvalue())
    content[38:52] = b"\xff" * 14
    return bytes(content)


def sheet():
    kept = io.BytesIO()
    openpyxl.Workbook().save(kept)
    return kept.getvalue()


def ole(*streams):
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + b"".join(one.encode("utf-16-le") for one in streams)


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
KINDS = [
    (PNG, "image/png"), (b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(40), "image/jpeg"), (b"%PDF-1.7\n1 0 obj", "application/pdf"),
    (sheet(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (zipped("[Content_Types].xml", "word/document.xml"), WORD),
    (zipped("content.xml", mimetype="application/vnd.oasis.opendocument.text"), "application/vnd.oasis.opendocument.text"),
    (ole("WordDocument"), "application/msword"), (ole("__properties_version1.0"), "application/vnd.ms-outlook"),
    (b"ID3\3\0" + bytes(40), "audio/mpeg"), ("Добрый день".encode(), "text/plain"), ("Добрый день".encode("cp1251"), "text/plain"),
    ("Добрый день".encode("utf-16"), "text/plain"), (b"From: a@example.com\r\nDate: today\r\nSubject: x\r\n\r\n<b>Hi</b>", "message/rfc822"),
    # what may not be kept
    (zipped("a.txt"), ""), (zipped("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), ""),
    (ole("WordDocument", "_VBA_PROJECT"), ""), (b"PK\x03\x04 torn", ""), (b"MZ\x90\0" + bytes(100), ""), (b"\x7fELF" + bytes(100), ""),
    (b"  <!DOCTYPE html><script>alert(1)</script>", ""), (b"<svg xmlns='x'><script/></svg>", ""), (b"\xef\xbb\xbf<?xml version='1.0'?>", ""),
    (b"BMW called, GIF attached", "text/plain"), (b"GIF89a, they wrote", "text/plain"), (b"GIF89a\x01\0\x01\0" + bytes(40), "image/gif"),
    (ole("WordDocument", "__properties_version1.0"), "application/vnd.ms-outlook"),
    (zipped("setup.exe", mimetype="text/plain"), ""), (zipped("setup.exe", mimetype="image/png"), ""), (torn(zipfile.ZIP_DEFLATED), ""),
    (torn(zipfile.ZIP_LZMA), ""), (b"#!/bin/sh\nrm", ""), ("<script>".encode("utf-16"), ""), (b"text" + b"\0" * 9, ""), (b"a" * 9000 + b"\0", ""),
]  # fmt: skip


def test_a_file_is_what_its_bytes_are():
    assert [(kind_of(io.BytesIO(content)), content[:20]) for content, _ in KINDS] == [(kind, content[:20]) for content, kind in KINDS]


def test_of_an_archive_no_more_is_unpacked_than_tells_what_it_is():
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", " " * 2**26)
    kept.seek(0)
    tracemalloc.start()
    try:
        assert kind_of(kept) == ""
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


def test_a_name_does_no_harm_and_ends_as_the_file_is():
    for given, kind, made in (
        ("../../etc/passwd", "text/plain", "passwd.txt"), ("C:\\Temp\\bill.PDF", "application/pdf", "bill.pdf"),
        ("bill.pdf.exe", "application/pdf", "bill.pdf.exe.pdf"), ("photo\u202egpj.exe", "image/png", "photogpj.exe.png"),
        ("", "image/png", "file.png"), ("...", "image/png", "file.png"), ('a"b\r\nSet-Cookie: x.png', "image/png", "abSet-Cookie x.png"),
        ("лампа.jpeg", "image/jpeg", "лампа.jpeg"),
    ):  # fmt: skip
        assert clean_name(given, kind) == made
    assert len(clean_name("x" * 500 + ".png", "image/png")) <= 200


def kept(complaint=None, content=PNG, name="lamp.png", by=None, **more) -> Attachment:
    complaint = complaint or ComplaintFactory()
    return attachments.add(complaint.pk, file=ContentFile(content, name=name), by=by or UserFactory(), now=timezone.now(), **more)


def files(folder):
    return [one for one in folder.rglob("*") if one.is_file()]


def test_limits_hold_and_what_is_refused_leaves_no_file(settings, folder):
    settings.ATTACHMENT_MAX_BYTES, settings.ATTACHMENTS_PER_COMPLAINT = 100, 1
    complaint = ComplaintFactory()
    for content, refusal in ((b"", attachments.AttachmentTooLarge), (PNG * 3, attachments.AttachmentTooLarge), (b"<html>", attachments.AttachmentTypeRefused)):  # fmt: skip
        with pytest.raises(refusal):
            kept(complaint, content)
    first = kept(complaint)
    with pytest.raises(attachments.TooManyAttachments):
        kept(complaint)
    assert len(files(folder)) == 1 and first.name not in first.storage_name
    attachments.remove(first.pk, by=first.by, now=timezone.now())
    kept(complaint)


def test_it_is_handed_out_and_written_down_until_it_is_deleted(folder):
    row, reader = kept(), UserFactory()
    opened = attachments.open_for(row, by=reader, now=timezone.now())
    assert b"".join(opened.pieces) == PNG
    assert AuditEvent.objects.get(subject_id=row.pk, verb="download").by == reader
    with pytest.raises(attachments.NotYourAttachment):
        attachments.remove(kept(ComplaintFactory(assigned=True)).pk, by=UserFactory(role="agent"), now=timezone.now())
    attachments.remove(row.pk, reason="A mistake", by=row.by, now=timezone.now())
    with pytest.raises(attachments.AttachmentGone):
        attachments.open_for(row, by=reader, now=timezone.now())
    before = len(files(folder))
    assert attachments.delete_files() == 1 and attachments.delete_files() == 0
    assert len(files(folder)) == before - 1


def test_files_that_no_row_names_go_after_a_day(folder):
    row = kept()
    stray = default_storage.save("attachments/2026/11/stray", ContentFile(b"x"))
    assert attachments.sweep_strays(now=timezone.now()) == 0, "its request may still go on"
    assert attachments.sweep_strays(now=timezone.now() + timedelta(days=2)) == 1
    assert default_storage.exists(row.storage_name) and not default_storage.exists(stray)


class Daemon(threading.Thread):
    """As a ClamAV daemon answers INSTREAM."""

    def __init__(self, answers=None):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.answers = answers
        self.got = []

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                assert stream.read(10) == b"zINSTREAM\0"
                content = b""
                while length := struct.unpack("!L", stream.read(4))[0]:
                    content += stream.read(length)
                self.got.append(content)
                usual = b"stream: Eicar FOUND\0" if EVIL in content else b"stream: OK\0"
                connection.sendall(self.answers.pop(0) if self.answers else usual)


@pytest.fixture
def clamav(settings):
    daemon = Daemon()
    daemon.start()
    settings.CLAMAV_ADDRESS = daemon.address
    yield daemon
    daemon.socket.close()


def scan(**later):
    attachment_scanning.scan_owed(now=timezone.now() + timedelta(**later))


def test_a_file_is_handed_out_once_it_is_found_clean_and_never_when_it_does_harm(clamav):
    clean, sender = kept(), UserFactory()
    harmful = kept(content=b"Look: " + EVIL, name="x.txt", by=sender)
    with pytest.raises(attachments.AttachmentNotScanned):
        attachments.open_for(clean, by=sender, now=timezone.now())
    scan()
    scan()
    clean.refresh_from_db(), harmful.refresh_from_db()
    assert (clean.scan, harmful.scan, harmful.scan_said) == ("clean", "infected", "Eicar")
    assert sorted(clamav.got) == sorted([PNG, b"Look: " + EVIL]), "each was looked at once"
    attachments.open_for(clean, by=sender, now=timezone.now())
    with pytest.raises(attachments.AttachmentHarmful):
        attachments.open_for(harmful, by=sender, now=timezone.now())
    assert FeedMessage.objects.filter(recipient=sender, kind="complaint.attachment_infected").count() == 1


def test_a_scanner_that_is_away_or_stutters_is_asked_again_later(clamav, settings):
    clamav.answers = [b"INSTREAM size limit exceeded. ERROR\0", b""]
    row = kept()
    settings.CLAMAV_ADDRESS = "127.0.0.1:1"
    scan()
    settings.CLAMAV_ADDRESS = clamav.address
    for minutes in (10, 20):
        row.refresh_from_db()
        assert row.scan == "pending" and row.scan_due_at > timezone.now() and row.scan_said.startswith("ClamAV")
        scan(minutes=minutes)
    scan(minutes=60)
    row.refresh_from_db()
    assert (row.scan, row.scan_tries, row.scan_said) == ("clean", 4, "")


def test_without_a_scanner_a_file_says_that_nobody_looked():
    assert kept().scan == "unscanned"
