"""One row of a file made into what a contact needs. Pure.

Nothing is dropped in silence: what is left out or cut is told as a problem, and the row is kept as long as anything of it can be
used. A row with a phone only is a lead; a row with a name only is kept too. Text is data, whatever it begins with: see ``reading``.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache, lru_cache
from typing import Any
from zoneinfo import available_timezones

from crm.names import split_full_name
from crm.phone_numbers import NumberInvalid, ParsedNumber, is_withheld, parse, pieces

EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>.\"]+(?:\.[^@\s,;<>.\"]+)+")
UNUSABLE = "nothing_usable"
_SIGNS = re.compile(r"\s*[,;\n|]\s*|\s+/\s+")
WHOLE_AT_LEAST, WHOLE_AT_MOST = 10, 13
PHONES_AT_MOST = 20
LONGEST = {
    "surname": 100,
    "name": 100,
    "patronymic": 100,
    "company_name": 200,
    "employer": 200,
    "address": 500,
    "notes": 9_999,
    "external_id": 100,
}
_NOTHING = frozenset(
    {"-", "--", "—", "–", "n/a", "na", "null", "none", "нет", "нет данных", "не указано", "не указан", "#n/a", "#н/д", "?", "."}
)
# Russians count from Moscow: "МСК+2" is Yekaterinburg.
_FROM_MOSCOW = (
    "Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk", "Asia/Krasnoyarsk", "Asia/Irkutsk",
    "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Magadan", "Asia/Kamchatka",
)  # fmt: skip
_LANGUAGES = {
    "русский": "ru", "russian": "ru", "russisch": "ru", "ruso": "ru", "рус": "ru", "английский": "en", "english": "en", "englisch": "en",
    "inglés": "en", "ingles": "en", "eng": "en", "немецкий": "de", "german": "de", "deutsch": "de", "alemán": "de", "испанский": "es",
    "spanish": "es", "spanisch": "es", "español": "es", "казахский": "kk", "kazakh": "kk", "украинский": "uk", "ukrainian": "uk",
    "тагальский": "tl", "tagalog": "tl", "filipino": "fil", "французский": "fr", "french": "fr", "français": "fr", "китайский": "zh",
    "chinese": "zh", "узбекский": "uz", "uzbek": "uz", "татарский": "tt", "белорусский": "be", "армянский": "hy", "грузинский": "ka",
}  # fmt: skip


@dataclass
class Candidate:
    """What a row says, in the form of our columns. ``problems`` are ``{field, code, detail}``."""

    kind: str = "person"
    surname: str = ""
    name: str = ""
    patronymic: str = ""
    company_name: str = ""
    employer: str = ""
    phones: list[dict[str, str]] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    address: str = ""
    language: str = ""
    time_zone: str = ""
    tags: list[str] = field(default_factory=list)
    notes: str = ""
    external_id: str = ""
    problems: list[dict[str, str]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """For the import's row: what holds something, without the problems, which have a column of their own."""
        return {name: value for name in _KEPT if (value := getattr(self, name))}


_KEPT = tuple(one.name for one in fields(Candidate) if one.name != "problems")


class Reader:
    """Reads rows of one file: which columns mean what is worked out once."""

    def __init__(self, mapping: Mapping[str, Any], *, region: str) -> None:
        self.region = region
        at = {name: list(value) if isinstance(value, list | tuple) else [value] for name, value in mapping.items() if value is not None}
        self.texts = [(name, most, at[name]) for name, most in LONGEST.items() if name in at]
        self.full_name, self.tags = at.get("full_name", []), at.get("tags", [])
        self.phones, self.emails = at.get("phone", []), at.get("email", [])
        self.time_zone, self.language = at.get("time_zone", []), at.get("language", [])

    def candidate(self, cells: Sequence[str]) -> Candidate:
        """Read one row. A bad phone or e-mail is told and left out; the row is unusable only when nothing is left to find it by."""
        found = Candidate()
        for name, most, at in self.texts:
            text = _cell(cells, at, keep_lines=name == "notes")
            if text:
                if len(text) > most:
                    found.problems.append(_problem(name, "too_long", f"This is longer than {most} characters; it is cut."))
                setattr(found, name, text[:most])
        _name(found, _cell(cells, self.full_name))
        for index in self.phones:
            if index < len(cells):
                _phones(found, cells[index].strip(), self.region)
        for index in self.emails:
            if index < len(cells):
                _emails(found, cells[index].strip())
        tags = _cell(cells, self.tags)
        if tags:
            found.tags = sorted({tag.strip()[:50] for tag in re.split(r"[,;|]", tags) if tag.strip()})[:50]
        _zone(found, _cell(cells, self.time_zone))
        _language(found, _cell(cells, self.language))
        if any("\ufffd" in cell for cell in cells):
            found.problems.append(_problem("", "garbled", "Some letters of this row could not be read: save the file in UTF-8."))
        if not any((found.surname, found.name, found.patronymic, found.company_name, found.phones, found.emails)):
            found.problems.append(_problem("", UNUSABLE, "There is no name, no phone and no e-mail that could be used."))
        return found


def candidate(cells: Sequence[str], mapping: Mapping[str, Any], *, region: str) -> Candidate:
    """Read a single row; see ``Reader``."""
    return Reader(mapping, region=region).candidate(cells)


def is_invalid(problems: Sequence[dict[str, str]]) -> bool:
    """Whether nothing of the row can be used."""
    return any(problem["code"] == UNUSABLE for problem in problems)


def _cell(cells: Sequence[str], at: Sequence[int], *, keep_lines: bool = False) -> str:
    """The first cell of a field that holds something; a dash or "n/a" is nothing."""
    for index in at:
        if index < len(cells):
            text = cells[index].strip() if keep_lines else " ".join(cells[index].split())
            if text and text.casefold() not in _NOTHING:
                return text
    return ""


def _name(found: Candidate, full_name: str) -> None:
    """Names from one column, when they do not stand in their own. A company beside a person is the employer."""
    trading_name = ""
    if full_name and not (found.surname or found.name):
        parts = split_full_name(full_name[:300])
        found.surname, found.name, found.patronymic = parts.surname[:100], parts.name[:100], (parts.patronymic or found.patronymic)[:100]
        if parts.kind == "person":
            trading_name = parts.company_name[:200]
        else:
            found.company_name = found.company_name or parts.company_name[:200]
    is_person = bool(found.surname or found.name or found.patronymic)
    if found.company_name and is_person:
        found.employer, found.company_name = found.employer or found.company_name, ""
    found.company_name = found.company_name or trading_name
    found.kind = "company" if found.company_name and not is_person else "person"


def _phones(found: Candidate, text: str, region: str) -> None:
    """Every number of a cell; those that cannot be read are told one by one."""
    if not text or text.casefold() in _NOTHING or is_withheld(text):
        return
    known = {(phone["e164"], phone["extension"]) for phone in found.phones}
    for number in _numbers(text, region):
        if isinstance(number, NumberInvalid):
            code = "phone_number_rounded" if number.facts.get("reason") == "scientific" else number.code
            found.problems.append(_problem("phone", code, number.detail))
        elif number.is_internal:
            found.problems.append(_problem("phone", "phone_number_internal", "This is an internal extension; it is left out."))
        elif (number.e164, number.extension) not in known and len(found.phones) < PHONES_AT_MOST:
            known.add((number.e164, number.extension))
            found.phones.append(_phone(number))


@lru_cache(20_000)
def _numbers(text: str, region: str) -> list[ParsedNumber | NumberInvalid]:
    """The numbers of a cell, and a refusal in the place of each that is none. Most cells hold one, so that is tried first."""
    parts = _SIGNS.split(text)
    if len(parts) > 1 and all(WHOLE_AT_LEAST <= sum(map(str.isdigit, part)) <= WHOLE_AT_MOST for part in parts):
        each = [_number(part, region) for part in parts]
        if all(isinstance(one, ParsedNumber) and not one.is_internal for one in each):
            return each  # plainly several; ``pieces`` finds the same by trying
    whole = _number(text, region)
    if isinstance(whole, ParsedNumber) and not whole.is_internal:
        return [whole]
    try:
        return [_number(one, region) for one in pieces(text, region=region)]
    except NumberInvalid as refusal:
        return [refusal]


def _number(text: str, region: str) -> ParsedNumber | NumberInvalid:
    try:
        return parse(text, region=region)
    except NumberInvalid as refusal:
        return refusal


def _phone(number: ParsedNumber) -> dict[str, str]:
    return {
        "e164": number.e164,
        "raw": number.raw[:200],
        "extension": number.extension[:20],
        "line_type": number.line_type,
        "region": number.region,
    }


def _emails(found: Candidate, text: str) -> None:
    if text.casefold() in _NOTHING:
        return
    bracketed = re.findall(r"<([^<>]*@[^<>]*)>", text)
    for one in bracketed or filter(None, re.split(r"[,;\s]+", text)):
        email = one.strip("<>'\"().").lower().removeprefix("mailto:")
        if len(email) <= 254 and EMAIL.fullmatch(email) and ".." not in email:
            if email not in found.emails:
                found.emails.append(email)
        else:
            found.problems.append(_problem("email", "email_invalid", "This is not an e-mail address; it is left out."))


@cache
def _zones() -> dict[str, str]:
    """IANA names by themselves in lower case."""
    return {zone.lower(): zone for zone in available_timezones()}


def _zone(found: Candidate, text: str) -> None:
    if not text:
        return
    from_moscow = re.fullmatch(r"(?:мск|msk|москва|moscow)\s*(?:([+-−])\s*(\d{1,2}))?", text, re.IGNORECASE)
    if from_moscow:
        hours = int(from_moscow[2] or 0) * (1 if from_moscow[1] in (None, "+") else -1)
        if -1 <= hours <= 9:
            found.time_zone = _FROM_MOSCOW[hours + 1]
            return
    found.time_zone = _zones().get(text.lower().replace(" ", "_"), "")
    if not found.time_zone:
        found.problems.append(_problem("time_zone", "unknown_time_zone", "This is not an IANA time zone; it is left out."))


def _language(found: Candidate, text: str) -> None:
    if not text:
        return
    code = _LANGUAGES.get(text.casefold(), text.replace("_", "-"))
    if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z]{2,4}|-\d{3})?", code):
        language, _, place = code.partition("-")
        found.language = "-".join(filter(None, [language.lower(), place.upper() if len(place) < 4 else place.title()]))
    else:
        found.problems.append(
            _problem("language", "unknown_language", "Write the language as a code, for instance ru or en-PH; it is left out.")
        )


def _problem(name: str, code: str, detail: str) -> dict[str, str]:
    return {"field": name, "code": code, "detail": detail}
