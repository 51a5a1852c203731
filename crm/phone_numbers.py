"""Phone numbers in any written form, read to one key. The only normaliser: API, import, admin and phone systems use it.

What counts as a number:

- With a country code ("+7…", "00…") every number of a possible length is taken: a new range must ring before libraries know it.
- Without one, the number is completed by the rules of ``region``, and only a number that exists may come of it. When the region
  knows none, other countries' prefixes for calls abroad (00, 011, 810, 0011, 010) and a forgotten plus (11 digits or more) are tried.
- "+8 (495)…" with something after the 8 is the slip of Russia and Kazakhstan for 8; "+84951234567" stays Vietnamese.
- Two to six digits are an extension of our own house, or a service number such as 112: ``is_internal``, nobody's contact.
  Countries whose whole numbers are that short (Andorra, the Faroes…) read them as numbers.
- Two numbers in one text are refused by ``parse``; ``several`` takes them apart. Words after a number are dropped.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat, PhoneNumberType, ValidationResult
from phonenumbers.phonenumberutil import _number_type_helper
from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

from crm.phone_writing import LONGEST, NumberInvalid, Written, is_withheld, read

__all__ = ["NumberInvalid", "ParsedNumber", "display", "is_withheld", "parse", "pieces", "reversed_digits", "several", "time_zones"]

MOST_IN_A_CELL = 20
LONGEST_CELL = 1000
LONGEST_E164 = 16  # the plus and fifteen digits (ITU-T E.164)

_LINE_TYPES = {PhoneNumberType.MOBILE: "mobile", PhoneNumberType.FIXED_LINE: "fixed", PhoneNumberType.VOIP: "voip"}
_PREFIXES_ABROAD = ("00", "011", "810", "0011", "010")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ParsedNumber:
    """A number as it was written, and what it means. ``e164`` is empty for an internal extension, which stands in ``extension``."""

    raw: str
    e164: str
    extension: str
    region: str
    line_type: str
    is_internal: bool = False

    @property
    def display(self) -> str:
        """For people: "+7 495 123-45-67", or the extension."""
        return display(self.e164) if self.e164 else self.extension


def parse(raw: str, *, region: str) -> ParsedNumber:
    """Read one number. ``region`` (ISO 3166-1 alpha-2, may be empty) completes a number written without its country.

    Raises:
        NumberInvalid: for whatever cannot be read, and nothing else for any text at all.
    """
    if _E164.fullmatch(raw):
        number = _built(raw[1:])
        if number is not None:
            region_of, line_type = _placed(number)
            if line_type != PhoneNumberType.UNKNOWN:  # it exists
                return ParsedNumber(raw, raw, "", region_of or "", _LINE_TYPES.get(line_type, "unknown"))
    return _read_carefully(raw, region)


def several(raw: str, *, region: str) -> list[ParsedNumber]:
    """Read a cell that may hold several numbers, in order, each once. Empty text gives none.

    Raises:
        NumberInvalid: one of them cannot be read. Whoever wants the good ones all the same walks through ``pieces``.
    """
    try:
        one = parse(raw, region=region)
        if not one.is_internal:
            return [one]
    except NumberInvalid:
        pass
    numbers = [parse(piece, region=region) for piece in pieces(raw, region=region)]
    return list({(number.e164, number.extension): number for number in numbers}.values())


def pieces(raw: str, *, region: str) -> list[str]:
    """Take a cell apart into the texts of single numbers, without breaking extensions ("…, 123") or "030/123456".

    Raises:
        NumberInvalid: the cell is far too long or holds more than twenty numbers.
    """
    if len(raw) > LONGEST_CELL:
        raise NumberInvalid(f"This is too long for phone numbers: at most {LONGEST_CELL} characters.", reason="too_long")
    found = _apart(raw.strip(), region, 0)
    if len(found) > MOST_IN_A_CELL:
        raise NumberInvalid(f"At most {MOST_IN_A_CELL} numbers fit in one cell.", reason="several")
    return found


def display(e164: str) -> str:
    """A number for people, in its international form; what is not E.164 comes back as it is."""
    number = _number(e164)
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL) if number is not None else e164


def reversed_digits(e164: str) -> str:
    """The digits from the last to the first: an index on them finds numbers by their last digits."""
    return re.sub(r"[^0-9]", "", e164)[::-1]


@lru_cache(20_000)
def time_zones(e164: str) -> tuple[str, ...]:
    """IANA zones where the number may ring; empty when it does not tell."""
    number = _number(e164)
    if number is None:
        return ()
    line_type = _placed(number)[1]
    if line_type == PhoneNumberType.UNKNOWN:
        return ()
    is_of_a_place = phonenumbers.is_number_type_geographical(line_type, number.country_code or 0)
    return _zones_by_prefix(e164[1 : 1 + TIMEZONE_LONGEST_PREFIX] if is_of_a_place else str(number.country_code))


# One number


def _read_carefully(raw: str, region: str) -> ParsedNumber:
    region = _known_region(region)
    written = read(raw)
    if written.is_international and not written.digits.startswith("0"):
        number = _with_country(written, region)
    elif written.is_international and written.digits.startswith("00"):
        number = _international(written.digits[2:])
    else:
        if len(written.digits) <= 6 and not (written.is_international or written.extension or _is_whole(written.digits, region)):
            return _internal(raw, written.digits)
        number = _without_country(written, region)
    if not written.is_certain and not _exists(number):
        raise NumberInvalid("There are words inside this number: write the digits only.", reason="not_a_number")
    return _parsed(raw, number, written.extension)


def _parsed(raw: str, number: phonenumbers.PhoneNumber, extension: str) -> ParsedNumber:
    region, line_type = _placed(number)
    region = region or phonenumbers.region_code_for_country_code(number.country_code or 0)
    e164 = f"+{number.country_code}{phonenumbers.national_significant_number(number)}"
    if len(e164) > LONGEST_E164:  # some plans (Germany's) allow more digits than any network carries
        raise NumberInvalid("There are too many digits for a phone number.", reason="too_many_digits", region=region)
    return ParsedNumber(raw, e164, extension, region, _LINE_TYPES.get(line_type, "unknown"))


def _internal(raw: str, digits: str) -> ParsedNumber:
    if len(digits) < 2:
        raise NumberInvalid("This is too short for a phone number.", reason="too_short")
    return ParsedNumber(raw, "", digits, "", "unknown", is_internal=True)


def _with_country(written: Written, region: str) -> phonenumbers.PhoneNumber:
    digits = written.digits
    if written.is_plus_eight and len(digits) == 11 and _country_code(region) == 7:
        number = _existing("7" + digits[1:])
        if number is not None:
            return number
    if digits.startswith("77") and len(digits) == 12:  # "+7 7 916…": the country twice
        number = _existing(digits[1:])
        if number is not None:
            return number
    return _international(digits)


def _without_country(written: Written, region: str) -> phonenumbers.PhoneNumber:
    digits = written.digits
    if _country_code(region) == 7 and (len(digits) == 10 or (len(digits) == 11 and digits[0] in "78")):
        number = _existing("7" + digits[-10:])
        if number is not None:
            return number
    number = _attempt(digits, region) if region else None
    if number is not None and _exists(number):
        return number
    for prefix in _PREFIXES_ABROAD:
        if digits.startswith(prefix):
            abroad = _attempt("+" + digits[len(prefix) :].lstrip("0"), None)
            if abroad is not None and _is_taken(abroad, any_possible=prefix == "00" and not digits.startswith("000")):
                return abroad
    if len(digits) >= 11 and digits[0] != "0" and written.is_plain:
        abroad = _existing(digits)
        if abroad is not None:
            return abroad
    if not region:
        raise NumberInvalid("Write the number with + and its country code: nothing says which country it belongs to.", reason="no_region")
    raise _refusal(number, region)


def _international(digits: str) -> phonenumbers.PhoneNumber:
    number = _existing(digits) or _attempt("+" + digits, None)
    if number is None:
        raise NumberInvalid("No country has a code like this: check the digits after the plus.", reason="unknown_country")
    if not _is_taken(number, any_possible=True):
        raise _refusal(number, phonenumbers.region_code_for_country_code(number.country_code or 0))
    return number


def _is_taken(number: phonenumbers.PhoneNumber, *, any_possible: bool) -> bool:
    """A number that exists; or, if that is enough, one of the right length that is no filler and reads the same when written out."""
    if _exists(number):
        return True
    if not any_possible or phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return False
    national = phonenumbers.national_significant_number(number)
    if len(set(national)) == 1 or (number.country_code == 7 and len(national) != 10):  # the plan of +7 knows a rare long number
        return False
    written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    again = _attempt(written, None)
    shown = _attempt(phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL), None)
    return again == number and shown == number and len(written) <= LONGEST_E164


def _refusal(number: phonenumbers.PhoneNumber | None, region: str) -> NumberInvalid:
    verdict = phonenumbers.is_possible_number_with_reason(number) if number is not None else ValidationResult.INVALID_LENGTH
    if verdict in (ValidationResult.TOO_SHORT, ValidationResult.IS_POSSIBLE_LOCAL_ONLY):
        return NumberInvalid("Digits are missing: write the number with its area code.", reason="too_short", region=region)
    if verdict == ValidationResult.TOO_LONG or (
        number is not None and number.country_code == 7 and (number.national_number or 0) >= 10**10
    ):
        return NumberInvalid("There are too many digits for one number of this country.", reason="too_many_digits", region=region)
    return NumberInvalid(
        "No such number exists in this country: check the digits, or write it with + and its country code.",
        reason="not_assigned",
        region=region,
    )


def _attempt(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    return number if number.extension is None else None


def _existing(digits: str) -> phonenumbers.PhoneNumber | None:
    """The number with these digits after the plus, if it exists."""
    number = _built(digits)
    return number if number is not None and _exists(number) else None


def _exists(number: phonenumbers.PhoneNumber) -> bool:
    return _placed(number)[1] != PhoneNumberType.UNKNOWN


def _placed(number: phonenumbers.PhoneNumber) -> tuple[str | None, int]:
    """The region that a number belongs to and its type, which is UNKNOWN for one that does not exist."""
    return _place_of(number.country_code or 0, phonenumbers.national_significant_number(number))


@lru_cache(20_000)
def _place_of(code: int, national: str) -> tuple[str | None, int]:
    """As ``region_code_for_number`` and ``number_type``, in one walk through the plans of the countries that share the code.

    The library walks once for each question, and one number is asked about some five times. The tests hold both ways equal.
    """
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code, ())
    for region in regions:
        plan = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
        if plan is None:
            continue
        line_type = None
        if len(regions) > 1:
            if plan.leading_digits is not None:
                if not re.match(plan.leading_digits, national):
                    continue
            else:
                line_type = _number_type_helper(national, plan)
                if line_type == PhoneNumberType.UNKNOWN:
                    continue
        return region, _number_type_helper(national, plan) if line_type is None else line_type
    return None, PhoneNumberType.UNKNOWN


@lru_cache(20_000)
def _zones_by_prefix(digits: str) -> tuple[str, ...]:
    for length in range(len(digits), 0, -1):
        zones = TIMEZONE_DATA.get(digits[:length])
        if zones is not None:
            return tuple(zone for zone in zones if zone != "Etc/Unknown")
    return ()


def _built(digits: str) -> phonenumbers.PhoneNumber | None:
    """Country code and the rest put together without asking the library to read them, which costs three times as much.

    None, so left to the careful way, is what could begin with a trunk prefix or a zero. The tests hold both ways equal.
    """
    for length in (1, 2, 3):
        trunk = _trunk_prefix(int(digits[:length] or 0))
        if trunk is not None:
            national = digits[length:]
            if not national or national[0] == "0" or trunk.match(national):
                return None
            return phonenumbers.PhoneNumber(country_code=int(digits[:length]), national_number=int(national))
    return None


@cache
def _trunk_prefix(code: int) -> re.Pattern[str] | None:
    """What numbers of a country may begin with at home; None if no country has this code."""
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, phonenumbers.region_code_for_country_code(code))
    return re.compile(metadata.national_prefix_for_parsing or "(?!)") if metadata is not None else None


def _number(e164: str) -> phonenumbers.PhoneNumber | None:
    if not re.fullmatch(r"\+[1-9][0-9]{3,17}", e164, re.ASCII):
        return None
    return _existing(e164[1:]) or _attempt(e164, None)


# Countries


def _known_region(region: str) -> str:
    region = region.strip().upper()
    return region if region in phonenumbers.SUPPORTED_REGIONS else ""


@cache
def _country_code(region: str) -> int:
    return phonenumbers.country_code_for_region(region) if region else 0


@cache
def _has_short_numbers(region: str) -> bool:
    """Whole numbers of this country have six digits or fewer, so they cannot be told from extensions by length."""
    example = phonenumbers.example_number(region) if region else None
    return example is not None and len(phonenumbers.national_significant_number(example)) <= 6


def _is_whole(digits: str, region: str) -> bool:
    if not _has_short_numbers(region):
        return False
    number = _attempt(digits, region)
    return number is not None and _exists(number)


# Several numbers in one cell

_STRONG = re.compile(r"[\n\r|]+|;(?!\s*[a-z-]+=)|\s+(?:или|либо|and|or|und|oder|y|o|и|at)\s+|\s+/\s+|&", re.IGNORECASE)
_WEAK = (re.compile(r","), re.compile(r"/"), re.compile(r"\s+(?=\+)|(?<=\d)(?=\+)"), re.compile(r"\s+"))


def _apart(text: str, region: str, depth: int) -> list[str]:
    """One number if the text reads as one; else its parts by the strongest separator that makes sense of them."""
    if not text.strip(" ,;/|"):
        return []
    if _is_number(text, region):
        return [text]
    parts = [part.strip() for part in _STRONG.split(text) if part and part.strip()]
    if len(parts) > 1 and depth < 2:
        return [piece for part in _joined(parts, region) for piece in _apart(part, region, depth + 1)]
    if len(text) > LONGEST * 2:
        return [text]
    for separator in _WEAK:
        parts = separator.split(text)
        if 1 < len(parts) <= MOST_IN_A_CELL * 5:
            grouped = _grouped(parts, "," if separator is _WEAK[0] else "/" if separator is _WEAK[1] else " ", region)
            if grouped:
                return grouped
    rest = [part.strip() for part in re.split(r"[,;/]", text) if part.strip()]  # keep what is good: "…45-67/68"
    return rest if len(rest) > 1 and any(_is_number(part, region) for part in rest) else [text]


def _joined(parts: list[str], region: str) -> list[str]:
    """Give back to its number a short piece that a semicolon cut off: "…;123" is an extension."""
    joined: list[str] = []
    for part in parts:
        if joined and re.fullmatch(r"\d{1,5}", part) and _is_number(f"{joined[-1]};{part}", region):
            joined[-1] = f"{joined[-1]};{part}"
        else:
            joined.append(part)
    return joined


def _grouped(parts: list[str], glue: str, region: str) -> list[str]:
    """Join neighbours into as many whole numbers as possible; nothing unless every part finds its place."""
    groups: list[str] = []
    start = 0
    while start < len(parts):
        for end in range(start + 1, min(start + 8, len(parts)) + 1):
            group = glue.join(parts[start:end]).strip()
            if _is_number(group, region):
                groups.append(group)
                start = end
                break
        else:
            return []
    return groups


def _is_number(text: str, region: str) -> bool:
    try:
        return not parse(text, region=region).is_internal
    except NumberInvalid:
        return False
