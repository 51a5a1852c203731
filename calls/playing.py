"""Playing a recording: bytes through us, never a link; each request is written down; masked seconds are silent in whatever range.

Seconds can be silenced where samples stand by themselves (WAV of PCM, A-law and µ-law): their bytes are replaced on the way out and
the size stays. Another format cannot be cut on the way, so a masked one is not played at all, but to an administrator who says why.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from django.core.files.storage import default_storage
from django.db import transaction

from calls import audio
from calls.models import Recording, RecordingAccess
from config.platform.context import asked
from config.platform.errors import Refusal
from config.platform.models import Role, User

BLOCK = 1 << 18
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class RecordingNotHere(Refusal):
    """Its audio is not here: look at the `state` and the `problem`."""

    code = "recording_not_here"
    advice = (
        "Read the recording: while it is `announced` or `fetching` wait. "
        "When it failed, `problem` says why, and `POST /recordings/{id}/fetch/` tries again."
    )


class RecordingGone(Refusal):
    """Its audio was deleted: its time was over, or somebody deleted it."""

    code = "recording_gone"
    status = 410
    advice = "Do not ask again: the audio cannot be had any more. What is known of the recording stays readable."


class MaskedFormat(Refusal):
    """Some of its seconds are masked and its format cannot be silenced in parts, so it is not played."""

    code = "masked_format"
    advice = (
        "Have the phone system record WAV, which can be silenced in parts. "
        "Until then only an administrator hears it, with `unmasked` and a `purpose`."
    )


class UnmaskedForAdmins(Refusal):
    """Only an administrator hears masked seconds, and says in `purpose` why."""

    code = "unmasked_for_admins"
    status = 403
    advice = "Play it without `unmasked`: masked seconds are silent. If they must be heard, ask an administrator."


class RangeUnsatisfiable(Refusal):
    """The range begins after the end of the audio."""

    code = "range_unsatisfiable"
    status = 416
    advice = (
        "Ask for a range within the file: `Content-Range` of the answer tells its length. Start anew if the file was another one before."
    )


@dataclass(frozen=True)
class Played:
    """What is sent: bytes ``first`` to ``last`` of ``size``. Iterate over ``pieces`` once."""

    content_type: str
    size: int
    first: int
    last: int
    is_part: bool
    etag: str
    pieces: Iterator[bytes]

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def play(
    recording: Recording, *, wanted: str = "", if_range: str = "", purpose: str = "", unmasked: bool = False, by: User, now: datetime
) -> Played:
    """The audio, or the range of it that the header ``wanted`` names (RFC 9110), for somebody who is written down with it.

    Raises:
        RecordingNotHere, RecordingGone, MaskedFormat, UnmaskedForAdmins, RangeUnsatisfiable
    """
    if unmasked and not (by.role == Role.ADMIN and purpose.strip()):
        raise UnmaskedForAdmins("Masked seconds are heard by administrators only, who say why in `purpose`.")
    file, row = _opened(recording)
    try:
        size = file.seek(0, 2)
        spans, silence = _spans(row, file, size, unmasked=unmasked)
        etag = f'"{row.sha256[:32]}-{row.version if not unmasked else 0}"'
        first, last, is_part = range_of(wanted if if_range in ("", etag) else "", size)
        with transaction.atomic():
            about = asked.get()
            RecordingAccess.objects.create(
                recording=row, by=by, at=now, ip=about.ip, request_id=about.request_id, first_byte=first, last_byte=last, purpose=purpose[:200],
                unmasked=unmasked and bool(row.masked),
            )  # fmt: skip
    except BaseException:
        file.close()
        raise
    return Played(row.content_type, size, first, last, is_part, etag, _pieces(file, first, last, spans, silence))


def range_of(wanted: str, size: int) -> tuple[int, int, bool]:
    """First and last byte, and whether it is a part. A header that is not one range of bytes counts for nothing, as RFC 9110 has it.

    Raises:
        RangeUnsatisfiable
    """
    found = RANGE.fullmatch(wanted.strip().lower())
    if found is None or found.groups() == ("", ""):
        return 0, size - 1, False
    begin, end = found.groups()
    if not begin:
        first, last = max(0, size - int(end)), size - 1
    else:
        first, last = int(begin), min(int(end), size - 1) if end else size - 1
        if end and int(end) < first:
            return 0, size - 1, False
    if first >= size or (not begin and not int(end)):
        raise RangeUnsatisfiable(f"There are {size} bytes.", size=size)
    return first, last, True


def _opened(recording: Recording) -> tuple[IO[bytes], Recording]:
    """The row as it is now, with its file: what was masked a moment ago is masked."""
    row = Recording.objects.get(pk=recording.pk)
    if row.state in (Recording.State.EXPIRED, Recording.State.DELETED):
        raise RecordingGone("The audio was deleted.")
    if row.state != Recording.State.AVAILABLE:
        raise RecordingNotHere(f"The audio is not here: the recording is {row.state}.", state=row.state, problem=row.problem)
    try:
        file: Any = default_storage.open(row.storage_name)
    except FileNotFoundError:
        raise RecordingGone("The file is gone.") from None
    return file, row


def _spans(row: Recording, file: IO[bytes], size: int, *, unmasked: bool) -> tuple[list[tuple[int, int]], int]:
    """The bytes to be silent, and what silent is."""
    if not row.masked or unmasked:
        return [], 0
    file.seek(0)
    wav = audio.wav_of(file.read(audio.HEAD), size)
    if wav is None:
        raise MaskedFormat(f"Some of its seconds are masked, and {row.content_type} cannot be silenced in parts.")
    return audio.spans_of(wav, [(span["from_s"], span["until_s"]) for span in row.masked]), wav.silence


def _pieces(file: IO[bytes], first: int, last: int, spans: list[tuple[int, int]], silence: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        while first <= last and (piece := file.read(min(BLOCK, last - first + 1))):
            yield audio.silenced(piece, first, spans, silence)
            first += len(piece)
