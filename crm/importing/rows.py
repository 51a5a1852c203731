"""One row of a file made into what a contact needs. Pure."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from zoneinfo import available_timezones

from crm.names import split_full_name
from crm.phone_numbers import NumberInvalid, several

EMAIL = re.compile(r"[^@\s,;<>]{1,64}@[^@\s,;<>.]+(?:\.[^@\s,;<>.]+)+")
UNUSABLE = "nothing_usable"
ZONES = available_timezones()


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
        """For the import's row: without the problems, which have a column of their own."""
        return {name: value for name, value in asdict(self).items() if name != "problems"}


def candidate(cells: Sequence[str], mapping: dict[str, Any], *, region: str) -> Candidate:
    """Read one row. A bad phone or e-mail is told and left out; the row is unusable only when nothing is left to find it by."""

    def cell(name: str) -> str:
        index = mapping.get(name)
        return " ".join(cells[index].split()) if isinstance(index, int) and index < len(cells) else ""

    found = Candidate(
        surname=cell("surname")[:100],
        name=cell("name")[:100],
        patronymic=cell("patronymic")[:100],
        company_name=cell("company_name")[:200],
        employer=cell("employer")[:200],
        address=cell("address")[:500],
        notes=cell("notes")[:10_000],
        external_id=cell("external_id")[:100],
        tags=sorted({tag.strip()[:50] for tag in re.split(r"[,;|]", cell("tags")) if tag.strip()})[:50],
    )
    _name(found, cell("full_name"))
    if found.company_name and (found.surname or found.name):
        found.employer, found.company_name = found.employer or found.company_name, ""
    found.kind = "company" if found.company_name else "person"
    _reachable(found, cells, mapping, cell("email"), region)
    zone, language = cell("time_zone"), cell("language")
    if zone in ZONES:
        found.time_zone = zone
    elif zone:
        found.problems.append(_problem("time_zone", "unknown_time_zone", "This is not an IANA time zone; it is left out."))
    if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z]{2,4})?", language):
        found.language = language
    if not any((found.surname, found.name, found.patronymic, found.company_name, found.phones, found.emails)):
        found.problems.append(_problem("", UNUSABLE, "There is no name, no phone and no e-mail that could be used."))
    return found


def is_invalid(problems: Sequence[dict[str, str]]) -> bool:
    """Whether nothing of the row can be used."""
    return any(problem["code"] == UNUSABLE for problem in problems)


def _name(found: Candidate, full_name: str) -> None:
    if not full_name or found.surname or found.name:
        return
    parts = split_full_name(full_name)
    found.surname, found.name, found.patronymic = parts.surname, parts.name, parts.patronymic
    found.company_name = found.company_name or parts.company_name


def _reachable(found: Candidate, cells: Sequence[str], mapping: dict[str, Any], emails: str, region: str) -> None:
    for index in mapping.get("phone", []):
        text = cells[index].strip() if index < len(cells) else ""
        if not text:
            continue
        if re.fullmatch(r"\d[.,]\d+[eE]\+?\d+", text):
            found.problems.append(
                _problem("phone", "phone_number_rounded", "A spreadsheet has rounded this number: format the column as text.")
            )
            continue
        try:
            numbers = several(text, region=region)
        except NumberInvalid as refusal:
            found.problems.append(_problem("phone", refusal.code, refusal.detail))
            continue
        known = {phone["e164"] for phone in found.phones}
        for number in numbers:
            if number.is_internal:
                found.problems.append(_problem("phone", "phone_number_internal", "This is an internal extension; it is left out."))
            elif number.e164 not in known:
                found.phones.append(
                    {
                        "e164": number.e164,
                        "raw": number.raw[:200],
                        "extension": number.extension[:20],
                        "line_type": number.line_type,
                        "region": number.region,
                    }
                )
                known.add(number.e164)
    for text in filter(None, re.split(r"[,;\s]+", emails)):
        email = text.strip("<>").lower()
        if len(email) <= 254 and EMAIL.fullmatch(email):
            if email not in found.emails:
                found.emails.append(email)
        else:
            found.problems.append(_problem("email", "email_invalid", "This is not an e-mail address; it is left out."))


def _problem(name: str, code: str, detail: str) -> dict[str, str]:
    return {"field": name, "code": code, "detail": detail}
