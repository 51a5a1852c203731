"""What a file is, by its bytes: images, PDF, office, text, audio and video, e-mails. What it is called, or said to be, counts for nothing.

What a browser might run (HTML, SVG, scripts), programs, archives, and office files with macros are none of these.
"""

import lzma
import re
import zipfile
import zlib
from email.parser import BytesHeaderParser
from pathlib import PurePosixPath
from typing import IO

import filetype

HEAD = 8192
OOXML = "application/vnd.openxmlformats-officedocument"
ODF = "application/vnd.oasis.opendocument."
#: Type by bytes, and the endings of names that fit it; the first is given to a name that has none of them.
ALLOWED: dict[str, tuple[str, ...]] = {
    "image/jpeg": ("jpg", "jpeg", "jfif"), "image/png": ("png",), "image/gif": ("gif",), "image/webp": ("webp",), "image/bmp": ("bmp",),
    "image/tiff": ("tif", "tiff"), "image/heic": ("heic", "heif"), "image/avif": ("avif",),
    "application/pdf": ("pdf",), "application/rtf": ("rtf", "doc"),
    f"{OOXML}.wordprocessingml.document": ("docx",), f"{OOXML}.spreadsheetml.sheet": ("xlsx",),
    f"{OOXML}.presentationml.presentation": ("pptx",),
    "application/vnd.oasis.opendocument.text": ("odt",), "application/vnd.oasis.opendocument.spreadsheet": ("ods",),
    "application/vnd.oasis.opendocument.presentation": ("odp",),
    "application/msword": ("doc",), "application/vnd.ms-excel": ("xls",), "application/vnd.ms-powerpoint": ("ppt",),
    "application/vnd.ms-outlook": ("msg",),
    "audio/mpeg": ("mp3",), "audio/mp4": ("m4a", "mp4"), "audio/ogg": ("ogg", "oga", "opus"), "audio/x-wav": ("wav",), "audio/amr": ("amr",),
    "audio/aac": ("aac",), "audio/x-flac": ("flac",),
    "video/mp4": ("mp4", "m4v"), "video/3gpp": ("3gp",), "video/quicktime": ("mov",), "video/webm": ("webm",),
    "text/plain": ("txt", "csv", "log", "md"), "message/rfc822": ("eml",),
}  # fmt: skip
#: Old office files are a small file system; a stream of this name says of which kind.
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OLE = {
    "__properties_version1.0": "application/vnd.ms-outlook",  # first: what came with an e-mail may hold any of the others
    "WordDocument": "application/msword", "Workbook": "application/vnd.ms-excel", "PowerPoint Document": "application/vnd.ms-powerpoint",
}  # fmt: skip
#: Told by two or three letters with which a text may begin as well ("BMW called"): their heads are never without a control byte.
SHORT = frozenset({"image/bmp", "image/gif", "audio/mpeg"})
NOT_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
RUNS = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*(?:<[!?a-z]|#!|@echo|%!ps)", re.IGNORECASE)
ODD = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff<>:\"|?*]")


def kind_of(file: IO[bytes]) -> str:
    """The media type of an open file that may be kept; empty for one that may not."""
    file.seek(0)
    head = file.read(HEAD)
    guessed = filetype.guess(head)
    found = guessed.mime if guessed is not None else ""
    if head.startswith(b"PK\x03\x04"):
        found = _zipped(file)
    elif head.startswith(OLE_MAGIC):
        found = _old_office(file)
    elif not found or (found in SHORT and not NOT_TEXT.search(head)):
        found = _text(file, head)
    file.seek(0)
    return found if found in ALLOWED else ""


def clean_name(name: str, content_type: str) -> str:
    """A name that does no harm wherever it is written, with an ending that says what the file is."""
    last = ODD.sub("", re.split(r"[/\\]", name)[-1]).strip(" .")
    stem, ending = PurePosixPath(last).stem, PurePosixPath(last).suffix.lstrip(".").lower()
    fitting = ALLOWED[content_type]
    if ending not in fitting:
        stem, ending = last, fitting[0]
    return f"{stem[:190] or 'file'}.{ending}"


def _zipped(file: IO[bytes]) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            kind = _said_to_be(archive) if names[:1] == ["mimetype"] else ""
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError, KeyError, EOFError, zlib.error, lzma.LZMAError):
        return ""
    if any(name.lower().endswith("vbaproject.bin") or name.startswith("Basic/") for name in names):
        return ""
    if kind:  # what else an archive says that it is, it is not
        return kind if kind.startswith(ODF) else ""
    if "[Content_Types].xml" not in names:
        return ""
    parts = {name.split("/")[0] for name in names}
    kinds = {"word": "wordprocessingml.document", "xl": "spreadsheetml.sheet", "ppt": "presentationml.presentation"}
    return next((f"{OOXML}.{kind}" for part, kind in kinds.items() if part in parts), "")


def _said_to_be(archive: zipfile.ZipFile) -> str:
    """What an archive says that it is: its beginning alone is unpacked, the whole may be a thousand times as long as the file."""
    with archive.open("mimetype") as said:
        return said.read(100).decode("ascii", "replace").strip()


def _old_office(file: IO[bytes]) -> str:
    file.seek(0)
    whole = file.read()
    if "_VBA_PROJECT".encode("utf-16-le") in whole:
        return ""
    return next((kind for name, kind in OLE.items() if name.encode("utf-16-le") in whole), "")


def _text(file: IO[bytes], head: bytes) -> str:
    file.seek(0)
    is_wide = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    if is_wide:
        try:
            head = head[: len(head) // 2 * 2].decode("utf-16").encode()
        except UnicodeDecodeError:
            return ""
    while not is_wide and (piece := file.read(1 << 20)):
        if NOT_TEXT.search(piece):
            return ""
    if RUNS.match(head):
        return ""
    told = BytesHeaderParser().parsebytes(head)
    is_mail = told["From"] and (told["Date"] or told["Message-ID"] or told["Received"])
    return "message/rfc822" if is_mail else "text/plain"
