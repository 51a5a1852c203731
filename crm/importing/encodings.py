"""In which encoding a text file is, and what parts its columns. Files rarely say so, and a wrong guess turns names into rubbish. Pure."""

import codecs
import csv
import io
import re
from typing import BinaryIO

from config.platform.errors import Refusal

CHUNK = 256 * 1024
SAMPLE = 192 * 1024
DELIMITERS = (";", "\t", ",", "|")
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
# In the order of preference when two look equally well.
OLD_ENCODINGS = ("cp1251", "cp1252", "koi8-r", "cp866", "cp1250")
#: what a person may name; "utf-8" drops a mark by itself when it is read
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", *OLD_ENCODINGS)
BY_FREQUENCY = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"
_WEIGHT = {letter: 1.0 - 1.6 * index / len(BY_FREQUENCY) for index, letter in enumerate(BY_FREQUENCY)}
_COMMON_SIGNS = frozenset("«»№–—“”„’‘…°§€£\u00a0•¿¡ºª")


class FileUnreadable(Refusal):
    """The file is not one we can read; ``reason`` says why, in one word for machines, the detail what to do."""

    code = "file_unreadable"
    status = 400
    advice = "Save the file as CSV in UTF-8 or as XLSX and send it again. `reason` tells programs what stood in the way."


def unreadable(reason: str, detail: str) -> FileUnreadable:
    """A refusal with its reason."""
    return FileUnreadable(detail, reason=reason)


def encoding_of(file: BinaryIO) -> str:
    """The encoding of a text file: by its mark, else UTF-8 if it is, else the old one in which its words look like words.

    The whole file is looked at, in pieces: the first letter beyond ASCII may stand in the last line.

    Raises:
        FileUnreadable: there are NUL bytes in it.
    """
    file.seek(0)
    head = file.read(CHUNK)
    for mark, name in MARKS:
        if head.startswith(mark):
            return name
    if head.count(0) > len(head) // 5:
        wide = _wide(head)
        if wide:
            return wide
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, sample, size, chunk = True, [], 0, head
    while chunk:
        if b"\0" in chunk:
            raise unreadable("not_text", "There are NUL bytes in the file, so it is not text: save it as CSV in UTF-8.")
        if not chunk.isascii():
            if size < SAMPLE:
                lines = b"\n".join(line for line in chunk.splitlines() if not line.isascii())[:SAMPLE]
                sample.append(lines)
                size += len(lines)
            is_utf8 = is_utf8 and _goes_on(decoder, chunk)
        elif is_utf8:
            is_utf8 = _goes_on(decoder, chunk)
        chunk = file.read(CHUNK)
    if is_utf8 and _goes_on(decoder, b"", final=True):
        return "utf-8"
    return _likeliest(b"\n".join(sample))


def _goes_on(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _wide(head: bytes) -> str:
    """UTF-16 without its mark: every other byte of plain text is NUL."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if even + odd and max(even, odd) > 20 * min(even, odd):
        return "utf-16-le" if odd > even else "utf-16-be"
    return ""


def _likeliest(sample: bytes) -> str:
    text = sample.decode("utf-8", errors="replace")
    if sum(ord(char) > 127 for char in text) > 10 * text.count("\ufffd"):
        return "utf-8"  # with a few broken letters
    return max(OLD_ENCODINGS, key=lambda name: _likeness(sample, name))


def _likeness(sample: bytes, encoding: str) -> float:
    """How much the letters beyond ASCII look like names: one alphabet in a word, capitals first, letters as frequent as usual."""
    text = sample.decode(encoding, errors="replace")
    high = sum(ord(char) > 127 for char in text)
    score = 0.0
    for word in re.findall(r"[^\W\d_]+", text):
        score += _word_score(word)
    for char in text:
        if ord(char) > 127 and not char.isalpha() and char not in _COMMON_SIGNS:
            score -= 4 if char == "\ufffd" else 2
    return score / high if high else 0.0


def _word_score(word: str) -> float:
    foreign = [char for char in word if ord(char) > 127]
    if not foreign:
        return 0.0
    cyrillic = sum("\u0400" <= char <= "\u04ff" for char in word)
    if cyrillic:
        if cyrillic != len(word):
            return -2.0 * len(foreign)
        score = sum(_WEIGHT.get(char, 0.0) for char in word.lower())
    else:
        # Western names have one or two letters beyond ASCII among others.
        score = 0.9 * len(foreign) if len(foreign) * 2 <= len(word) and len(word) > 1 else -0.8 * len(foreign)
    if word[1:].islower() or len(word) == 1 or word.isupper():
        return score
    return score - 1.5 * len(foreign)


def delimiter_of(text: str) -> str:
    """What cuts the first rows into the most columns, in every row as many."""
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        widths = []
        try:
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
                if any(row):
                    widths.append(len(row))
                if len(widths) >= 100:
                    break
        except csv.Error:
            continue
        if len(widths) > 2:
            widths.pop()  # the last row may be cut
        common = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        if common < 2:
            continue
        score = widths.count(common) / len(widths) * (1 + min(common, 50) / 100) + (0.2 if widths[0] == common else 0)
        if score > best_score:
            best, best_score = delimiter, score
    return best
