"""Any written form of a phone number, read: the one normaliser of API, import, admin and phone-system events. Pure.

libphonenumber (the ``phonenumbers`` package) knows the numbering plans. What people and phone systems write around a number
is ours to know: trunk prefixes used as if they were country codes, extensions in several languages, look-alike letters,
digits of other scripts, invisible characters, ``tel:`` and ``sip:`` addresses.

Two to six digits without a plus are an internal extension or a short code: nobody's number, ``is_internal``.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType
from phonenumbers.timezone import time_zones_for_number

from config.platform.errors import Refusal

LONGEST = 200
INTERNAL_LENGTHS = range(2, 7)


class NumberInvalid(Refusal):
    """The phone number cannot be read. Write it with its country and area codes, for instance +7 495 123-45-67."""

    code = "phone_number_invalid"
    status = 400


@dataclass(frozen=True, slots=True)
class ParsedNumber:
    """A number that was read. ``e164`` is empty for an internal extension; ``region`` is ISO 3166-1 alpha-2."""

    raw: str
    e164: str
    extension: str
    region: str
    display: str
    line_type: str
    is_internal: bool = False


WITHHELD = frozenset(
    [
        "anonymous",
        "unknown",
        "unavailable",
        "restricted",
        "private",
        "withheld",
        "blocked",
        "hidden",
        "asserted",
        "noid",
        "none",
        "null",
        "скрыт",
        "скрытый",
        "аноним",
        "анонимный",
        "неизвестен",
        "неизвестный",
        "неизвестно",
        "анонимно",
    ]
)
LABELS = re.compile(
    r"^(?:(?:тел(?:ефон)?|моб(?:ильный)?|сот(?:овый)?|раб(?:очий)?|дом(?:ашний)?|факс|т|ph(?:one)?|tel(?:efon|efono|ephone)?|mob(?:ile)?|"
    r"cell(?:ulare)?|fax|handy|hp|office|home|work|номер|number|num|no|№|whatsapp|viber|telegram)\b[\s.:№#-]*)+",
    re.IGNORECASE,
)
EXTENSION = re.compile(
    r"(?:\s*;\s*ext\s*=\s*|[\s,;(]*(?:доб(?:авочный)?|внутр(?:енний)?|вн|ext(?:ension|n)?|durchwahl|dw|int(?:erno)?|local|loc|x)\s*[.:№#]*\s*|"
    r"\s*#\s*|\s*[,;]+\s*(?=\d{1,6}\)?$))(\d{1,8})\s*\)?\s*$",
    re.IGNORECASE,
)
LOOK_ALIKE = str.maketrans({"O": "0", "o": "0", "О": "0", "о": "0", "З": "3", "з": "3", "l": "1", "I": "1", "|": "1", "і": "1", "І": "1", "Б": "6", "B": "8", "В": "8", "S": "5"})  # fmt: skip
SEPARATORS = re.compile(r"[\s().\-/\[\]_*~'\"“”«»:·•]+")
EITHER_OR = re.compile(r"\s+(?:или|и|or|and|oder|und|o|y|at)\s+", re.IGNORECASE)


def parse(raw: str, *, region: str) -> ParsedNumber:
    """Read a number as it was written; ``region`` is where a number without a country code belongs.

    Raises:
        NumberInvalid: whatever the text is, nothing else is raised.
    """
    if not isinstance(raw, str) or len(raw) > LONGEST:
        raise NumberInvalid("A phone number is a text of at most 200 characters.")
    text = _cleaned(raw)
    text, extension = _without_extension(text)
    digits = _digits(text)
    if not text:
        raise NumberInvalid("There is no phone number here.")
    if digits is None:
        raise NumberInvalid(f"'{_quoted(raw)}' holds something that is not part of a phone number.")
    if not digits.startswith("+") and len(digits) in INTERNAL_LENGTHS and not extension:
        return ParsedNumber(raw=raw, e164="", extension=digits, region="", display=digits, line_type="unknown", is_internal=True)
    number = _read(_international(text, digits, region), region)
    if number is None:
        raise NumberInvalid(
            f"'{_quoted(raw)}' is not a phone number of {region}, nor of the country it names: give country and area codes."
        )
    return ParsedNumber(
        raw=raw,
        e164=phonenumbers.format_number(number, PhoneNumberFormat.E164),
        extension=extension or number.extension or "",
        region=phonenumbers.region_code_for_number(number) or "",
        display=phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
        line_type=_line_type(number),
    )


def several(raw: str, *, region: str) -> list[ParsedNumber]:
    """The numbers of one cell, each once: separated by ``;`` ``,`` ``/`` line breaks or words like "или", "and".

    A slash or comma separates only whole numbers, so "030/123456" stays one; "123-45-67/68" keeps its first.

    Raises:
        NumberInvalid: one of them cannot be read.
    """
    if not isinstance(raw, str) or len(raw) > LONGEST * 5:
        raise NumberInvalid("A cell of phone numbers is a text of at most 1,000 characters.")
    parts: list[str] = []
    for piece in re.split(r"[\n\r\t|]+|;(?!\s*ext\s*=)", EITHER_OR.sub("\n", raw)):
        parts += _rejoined(re.split(r"(?<=\d)\s*[,/]+\s*(?=[+(\d])", piece))
    found: dict[tuple[str, str], ParsedNumber] = {}
    for part in parts:
        if part.strip():
            number = parse(part.strip(), region=region)
            found.setdefault((number.e164, number.extension), number)
    return list(found.values())


def _rejoined(parts: list[str]) -> list[str]:
    """Put an area code back before its number ("030", "123456"), and drop a short rest after a whole one ("123-45-67", "68")."""
    joined: list[str] = []
    for part in parts:
        count = len(re.sub(r"\D", "", part))
        if joined and 0 < len(re.sub(r"\D", "", joined[-1])) < 6 and count >= 4 and not part.lstrip().startswith("+"):
            joined[-1] = f"{joined[-1]} {part}"
        elif joined and 0 < count < 5 and len(re.sub(r"\D", "", joined[-1])) >= 7:
            continue
        else:
            joined.append(part)
    return joined


def is_withheld(raw: str) -> bool:
    """Whether the caller's number is not told: empty, or a word that phone systems put in its place."""
    word = re.sub(r"[^\w]", "", raw.split("@")[0].removeprefix("sip:").strip().lower())
    return not word or word in WITHHELD


def display(e164: str) -> str:
    """An E.164 number for people to read; the number itself when it is none."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(e164), PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return e164


def reversed_digits(text: str) -> str:
    """Its digits from the last to the first: what is indexed for a search by last digits."""
    return re.sub(r"[^0-9]", "", text)[::-1]


@lru_cache(maxsize=50_000)
def time_zones(e164: str) -> tuple[str, ...]:
    """The IANA zones in which this number may be; empty when nobody can tell."""
    try:
        zones = time_zones_for_number(phonenumbers.parse(e164))
    except phonenumbers.NumberParseException:
        return ()
    return tuple(zone for zone in zones if zone != "Etc/Unknown")


def _quoted(raw: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in raw[:40])


def _cleaned(raw: str) -> str:
    """Without invisible characters, in plain digits and dashes, without ``tel:`` and words like "моб."."""
    plain = []
    for character in raw:
        kind = unicodedata.category(character)
        if kind == "Nd":
            plain.append(str(unicodedata.decimal(character)))
        elif kind == "Pd" or character == "−":
            plain.append("-")
        elif kind in ("Zs", "Zl", "Zp") or character in "\t\r\n":
            plain.append(" ")
        elif kind not in ("Cf", "Mn"):
            plain.append(character)
    text = unicodedata.normalize("NFKC", "".join(plain)).strip().strip("'\"`")
    scheme = re.match(r"(?:tel|sips?|callto|phone):(?://)?", text, re.IGNORECASE)
    if scheme:
        text = unquote(text[scheme.end() :]) if "%" in text else text[scheme.end() :]
    text = text.split("@")[0] if "@" in text else text
    text = re.sub(r";(?!\s*ext\s*=)[a-z-]+(?:=[^;]*)?", "", text, flags=re.IGNORECASE)
    return LABELS.sub("", text).strip()


def _without_extension(text: str) -> tuple[str, str]:
    match = EXTENSION.search(text)
    if match and len(re.sub(r"\D", "", text[: match.start()])) >= 5:
        return text[: match.start()].strip(), match[1]
    return text, ""


def _digits(text: str) -> str | None:
    """The digits with a leading plus if there is one; None when other things are left."""
    bare = SEPARATORS.sub("", text).rstrip(",;")
    if re.search(r"\d", bare) and not bare.replace("+", "").isdigit() and sum(map(str.isdigit, bare)) >= 5:
        bare = bare.translate(LOOK_ALIKE)
    plus = "+" if bare.startswith("+") else ""
    inner = bare.lstrip("+")
    if inner.startswith("8+7"):
        plus, inner = "+", inner[2:]
    return plus + inner if inner.isascii() and inner.isdigit() else None


def _international(text: str, digits: str, region: str) -> str:
    """The digits as libphonenumber wants them, with the habits of writing put right."""
    if digits.startswith("00"):
        return "+" + digits[2:]
    if region in ("RU", "KZ"):
        if re.match(r"\+\s*8[\s(\-]+\d{3}\D", text) and len(digits) == 12:  # +8 (495) …: the trunk 8 with a plus before it
            return "+7" + digits[2:]
        if len(digits) == 11 and digits[0] == "8" and digits[1] in "345679":
            return "+7" + digits[1:]
    if digits.startswith("+78") and len(digits) == 13:  # +7 (8495) …: both prefixes at once
        return "+7" + digits[3:]
    return digits


def _read(digits: str, region: str) -> phonenumbers.PhoneNumber | None:
    for candidate in (digits, "+" + digits) if not digits.startswith("+") and len(digits) > 10 else (digits,):
        try:
            number = phonenumbers.parse(candidate, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return number
        # New ranges are in use before the plan's tables know them: a number with its country code need only be possible.
        if candidate == digits and digits.startswith("+") and phonenumbers.is_possible_number(number) and len(digits) >= 9:
            return number
    return None


def _line_type(number: phonenumbers.PhoneNumber) -> str:
    kind = phonenumbers.number_type(number)
    return {PhoneNumberType.MOBILE: "mobile", PhoneNumberType.FIXED_LINE: "fixed", PhoneNumberType.VOIP: "voip"}.get(
        kind, "unknown"
    )
