"""What bytes of audio are: their kind by how they begin, and where in a WAV file which second lies. Pure."""

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HEAD = 64 * 1024
PCM, ALAW, MULAW, EXTENSIBLE = 1, 6, 7, 0xFFFE
#: what a telephone's silence is in each way of writing it
SILENT = {ALAW: 0xD5, MULAW: 0xFF}
EXTENSIONS = {
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "audio/mp4": "m4a",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/webm": "webm",
}


def kind_of(head: bytes) -> str:
    """The media type of a file that begins so; empty for what is not audio that we know. What the sender calls it counts for nothing."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "audio/wav"
    if head[:4] == b"OggS":
        return "audio/ogg"
    if head[:4] == b"fLaC":
        return "audio/flac"
    if head[:5] == b"#!AMR":
        return "audio/amr"
    if head[4:8] == b"ftyp":
        return "audio/mp4"
    if head[:4] == b"\x1a\x45\xdf\xa3" and b"webm" in head[:64]:
        return "audio/webm"
    if head[:3] == b"ID3":
        return "audio/mpeg"
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        layer = head[1] >> 1 & 3
        if layer == 0:
            return "audio/aac" if head[1] & 0xF0 == 0xF0 else ""
        is_frame = head[1] >> 3 & 3 != 1 and head[2] >> 4 != 15 and head[2] >> 2 & 3 != 3
        return "audio/mpeg" if is_frame else ""
    return ""


@dataclass(frozen=True, slots=True)
class Wav:
    """Where the samples of a WAV file are: ``data`` is the byte at which they begin, ``end`` the first byte after them."""

    coding: int
    channels: int
    rate: int
    frame: int
    bits: int
    data: int
    end: int

    @property
    def duration_s(self) -> float:
        return (self.end - self.data) / self.frame / self.rate

    @property
    def silence(self) -> int:
        """The byte that is silent; samples of eight bits are counted from the middle."""
        return SILENT.get(self.coding, 0x80 if self.bits == 8 else 0)

    def bytes_of(self, from_s: float, until_s: float) -> tuple[int, int]:
        """The whole frames in which these seconds lie, as offsets in the file; never outside of the samples."""
        begin = self.data + max(0, math.floor(min(from_s, 1e7) * self.rate)) * self.frame
        end = self.data + max(0, math.ceil(min(until_s, 1e7) * self.rate)) * self.frame
        return min(begin, self.end), min(end, self.end)


def wav_of(head: bytes, size: int) -> Wav | None:
    """What the first bytes of a WAV file of ``size`` bytes say; None when its samples cannot be silenced one by one."""
    if kind_of(head) != "audio/wav":
        return None
    place, found = 12, None
    while place + 8 <= len(head):
        name, length = head[place : place + 4], int.from_bytes(head[place + 4 : place + 8], "little")
        if name == b"fmt " and place + 24 <= len(head):
            coding, channels, rate, _, frame, bits = struct.unpack_from("<HHIIHH", head, place + 8)
            if coding == EXTENSIBLE and length >= 40 and place + 34 <= len(head):
                coding = int.from_bytes(head[place + 32 : place + 34], "little")
            found = coding, channels, rate, frame, bits
        if name == b"data":
            if found is None or found[0] not in (PCM, ALAW, MULAW) or not (found[1] and found[2] and found[4]):
                return None
            coding, channels, rate, frame, bits = found
            if frame != channels * ((bits + 7) // 8):
                return None
            # a writer that was cut off, or writes as it goes, leaves 0 or the largest number there is
            end = min(place + 8 + length, size) if length else size
            return Wav(coding, channels, rate, frame, bits, place + 8, end)
        place += 8 + length + length % 2
    return None


def silenced(piece: bytes, offset: int, spans: Iterable[tuple[int, int]], silence: int) -> bytes:
    """The piece of a file that begins at byte ``offset``, with the bytes of ``spans`` silent."""
    end, changed = offset + len(piece), None
    for begin, until in spans:
        first, last = max(begin, offset), min(until, end)
        if first < last:
            changed = changed if changed is not None else bytearray(piece)
            changed[first - offset : last - offset] = bytes([silence]) * (last - first)
    return piece if changed is None else bytes(changed)


def spans_of(wav: Wav, masked: Sequence[tuple[float, float]]) -> list[tuple[int, int]]:
    """The bytes of these seconds."""
    return [wav.bytes_of(from_s, until_s) for from_s, until_s in masked]
