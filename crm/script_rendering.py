"""A script made ready to be spoken: placeholders filled, money and dates in its language, rules decided where they can be."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_time
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal

from config.platform.viewer import zone_of
from crm import script_conditions as conditions
from crm import script_placeholders as placeholders
from crm.models import ScriptStep, ScriptVersion
from crm.script_placeholders import About, Money
from crm.script_subjects import zone_for

LONGEST_VALUE = 500


@dataclass(frozen=True)
class Spoken:
    """How values are told: in a language, at a place."""

    locale: Locale
    zone: ZoneInfo


def locale_of(language: str) -> Locale:
    """The locale of a BCP 47 tag; of its language alone where the whole is not known, else English."""
    for tag in (language, language.partition("-")[0]):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError, TypeError):
            continue
    return Locale("en")


def render(version: ScriptVersion, about: About) -> dict[str, Any]:
    """All steps of a version as they are to be said, and what of them is not known: frontends walk by themselves.

    Each rule tells whether it ``holds``: true, false, or null while it hangs on an answer. A fixed number of queries.

    Raises:
        SubjectUnknown: one of the ids names nothing.
    """
    steps = list(version.steps.all())
    about = About(about.language or version.script.language, about.by, about.now, placeholders.followed(about.ids))
    values = placeholders.values(about, words_of(steps) | set(about.ids))
    spoken = Spoken(locale_of(about.language), zone_of(zone_for(about)))
    facts = {**{name: plain(value) for name, value in values.items()}, **open_answers(steps)}
    missing: list[dict[str, str]] = []
    shown = []
    for step in steps:
        said, absent = fill(step.text, values, spoken)
        missing += [{"step": step.key, "placeholder": name} for name in absent]
        rules = [{**rule, "holds": conditions.holds(rule["when"], facts | {"answer": conditions.OPEN})} for rule in step.next]
        shown.append({**{name: getattr(step, name) for name in SHOWN}, "text": said, "next": rules})
    return {"language": about.language, "steps": shown, "missing": missing}


SHOWN = ("key", "kind", "text", "must_say", "choices", "field", "next", "outcome")


def open_answers(steps: Sequence[ScriptStep]) -> dict[str, Any]:
    """The answers of all steps, none of them given yet."""
    return {f"answers.{step.key}": conditions.OPEN for step in steps if step.kind in (ScriptStep.Kind.ASK, ScriptStep.Kind.FIELD)}


def words_of(steps: Sequence[ScriptStep]) -> set[str]:
    """The families of placeholders that texts and conditions of these steps name."""
    named: set[str] = set()
    for step in steps:
        named |= {piece.name for piece in placeholders.pieces(step.text) if piece.name}
        named |= asked_by(step.next)
    return {name.partition(".")[0] for name in named}


def asked_by(rules: Sequence[Mapping[str, Any]]) -> set[str]:
    """The fields that the conditions of these rules ask about."""
    return {name for rule in rules if rule["when"] is not None for name in conditions.fields(rule["when"])}


def facts_for(version: ScriptVersion, about: About) -> dict[str, Any]:
    """The plain values of the fields that the version's rules ask about, as JSON: what a run of it is decided by.

    Raises:
        SubjectUnknown
    """
    asked = {name for step in version.steps.all() for name in asked_by(step.next)}
    about = About(about.language or version.script.language, about.by, about.now, placeholders.followed(about.ids))
    found = placeholders.values(about, {name.partition(".")[0] for name in asked})
    return {name: plain(value) for name, value in found.items() if name in asked}


def fill(text: str, values: Mapping[str, Any], spoken: Spoken) -> tuple[str, list[str]]:
    """The text with its placeholders filled, and the names of those of which nothing is known and no other word is given.

    Where nothing is known and there is no other word, nothing is said, and the comma and blanks before it go too: "Good morning,
    {contact.address_form}!" becomes "Good morning!". A value is put in as it is: braces in it are braces.
    """
    said, absent = "", []
    for piece in placeholders.pieces(text):
        said += piece.literal
        if piece.name is None:
            continue
        told = tell(piece.name, values.get(piece.name), spoken) or piece.otherwise.strip()
        if told:
            said += told
        else:
            said = said.rstrip(" ,\t")
            absent.append(piece.name)
    return said.lstrip(" ,"), absent


def tell(name: str, value: Any, spoken: Spoken) -> str:
    """One value as people say it; empty when nothing is known."""
    if value is None or value == "" or value == []:
        return ""
    locale, zone = spoken.locale, spoken.zone
    if isinstance(value, Money):
        return format_currency(Decimal(value.amount), value.currency, locale=locale)
    if isinstance(value, datetime):
        local = value.astimezone(zone)
        if name == "now.weekday":
            return format_date(local, "EEEE", locale=locale)
        return format_time(local, "short", locale=locale) if name.endswith(".time") else format_datetime(local, "medium", locale=locale)
    if isinstance(value, date):
        return format_date(value, "long", locale=locale)
    if isinstance(value, bool):
        return ""
    if isinstance(value, int | float | Decimal):
        with localcontext(prec=LONGEST_VALUE):  # by itself babel fails at 25 digits
            return format_decimal(value, locale=locale)
    if isinstance(value, list | tuple):
        return _one_line(format_list([_one_line(str(one)) for one in value], locale=locale))
    return _one_line(str(value))


def plain(value: Any) -> Any:
    """The value as JSON, for conditions: money as its amount, days and times in ISO 8601."""
    if isinstance(value, Money):
        return str(value.amount)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()[:LONGEST_VALUE]


def shown(version: ScriptVersion, rendered: Mapping[str, Any]) -> dict[str, Any]:
    """What ``render`` made, with the names of the script and its version."""
    script = version.script
    return {
        "script": str(script.pk),
        "code": script.code,
        "name": script.name,
        "script_version": str(version.pk),
        "number": version.number,
        **rendered,
    }
