"""The placeholders that this app knows: the contact, the one who speaks, and the time of day."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from config.platform.viewer import zone_of
from crm import names
from crm.models import Contact, CustomField
from crm.script_placeholders import About, Kind, Namespace, SubjectUnknown

CONTACT: dict[str, Kind] = {
    "name": "text",
    "surname": "text",
    "patronymic": "text",
    "full_name": "text",
    "short_name": "text",
    "address_form": "text",
    "company_name": "text",
    "email": "text",
    "city": "text",
    "tags": "list",
    "kind": "code",
    "lifecycle": "code",
    "language": "code",
}
AGENT: dict[str, Kind] = {"name": "text", "surname": "text", "patronymic": "text", "full_name": "text", "short_name": "text"}
NOW: dict[str, Kind] = {"greeting": "text", "date": "date", "time": "time", "weekday": "text", "hour": "number"}
CUSTOM: dict[str, Kind] = {
    "text": "text",
    "number": "number",
    "bool": "yes_no",
    "date": "date",
    "datetime": "datetime",
    "choice": "text",
    "multi": "list",
    "phone": "text",
}
#: What one wishes from 5, from 12 and from 18 o'clock, and at night.
GREETINGS = {
    "de": ("Guten Morgen", "Guten Tag", "Guten Abend", "Guten Abend"),
    "en": ("Good morning", "Good afternoon", "Good evening", "Good evening"),
    "es": ("Buenos días", "Buenas tardes", "Buenas noches", "Buenas noches"),
    "fil": ("Magandang umaga", "Magandang hapon", "Magandang gabi", "Magandang gabi"),
    "fr": ("Bonjour", "Bonjour", "Bonsoir", "Bonsoir"),
    "kk": ("Қайырлы таң", "Қайырлы күн", "Қайырлы кеш", "Қайырлы кеш"),
    "ru": ("Доброе утро", "Добрый день", "Добрый вечер", "Доброй ночи"),
    "tl": ("Magandang umaga", "Magandang hapon", "Magandang gabi", "Magandang gabi"),
    "uk": ("Доброго ранку", "Добрий день", "Добрий вечір", "Доброї ночі"),
}


def of_contact() -> Namespace:
    """`contact`: who is spoken with, with the company's own fields as `contact.custom.KEY`."""
    return Namespace(names=_contact_names, read=_contact, parameter="contact")


def of_agent() -> Namespace:
    """`agent`: who speaks."""
    return Namespace(names=lambda: AGENT, read=_agent)


def of_now() -> Namespace:
    """`now`: the time of day where the contact lives; where that is not known, where the operator does."""
    return Namespace(names=lambda: NOW, read=_now)


def greeting(language: str, hour: int) -> str | None:
    """What one wishes at this hour; None in a language that we have no greeting for."""
    wishes = GREETINGS.get(language.partition("-")[0].lower())
    return wishes and wishes[0 if 5 <= hour < 12 else 1 if 12 <= hour < 18 else 2 if 18 <= hour < 23 else 3]


def _contact_names() -> Mapping[str, Kind]:
    fields = CustomField.objects.of("contact").values_list("key", "type")
    return CONTACT | {f"custom.{key}": CUSTOM[kind] for key, kind in fields}


def _contact(about: About) -> Mapping[str, Any]:
    contact_id = about.ids.get("contact")
    if contact_id is None:
        return {}
    row = Contact.objects.prefetch_related("emails", "addresses").filter(pk=contact_id).first()
    if row is None:
        raise SubjectUnknown("There is no contact with this id.")
    parts = {"surname": row.surname, "name": row.name, "patronymic": row.patronymic}
    emails = sorted(row.emails.all(), key=lambda mail: not mail.is_primary)
    return {
        **parts,
        "full_name": " ".join(filter(None, parts.values())),
        "short_name": names.short_name(**parts),
        "address_form": names.address_form(**parts),
        "company_name": row.company_name,
        "email": emails[0].email if emails else None,
        "city": next((place.city for place in row.addresses.all() if place.city), None),
        "tags": row.tags,
        "kind": row.kind,
        "lifecycle": row.lifecycle,
        "language": row.language,
        **_custom(row.custom_fields),
    }


def _custom(values: Mapping[str, Any]) -> dict[str, Any]:
    kinds = dict(CustomField.objects.of("contact").values_list("key", "type"))
    return {f"custom.{key}": _read(kinds[key], value) for key, value in values.items() if key in kinds}


def _read(kind: str, value: Any) -> Any:
    """A day or a time as such; what cannot be read is not known."""
    try:
        if kind == CustomField.Type.DATE:
            return date.fromisoformat(value)
        return datetime.fromisoformat(value) if kind == CustomField.Type.DATETIME else value
    except (TypeError, ValueError):
        return None


def _agent(about: About) -> Mapping[str, Any]:
    if about.by is None:
        return {}
    parts = {"surname": about.by.surname, "name": about.by.name, "patronymic": about.by.patronymic}
    return {**parts, "full_name": " ".join(filter(None, parts.values())), "short_name": names.short_name(**parts)}


def _now(about: About) -> Mapping[str, Any]:
    here = about.now.astimezone(zone_of(zone_for(about)))
    return {"greeting": greeting(about.language, here.hour), "date": here.date(), "time": here, "weekday": here, "hour": here.hour}


def zone_for(about: About) -> str:
    """The IANA name of the zone that times are told in: the contact's, else the operator's, else UTC."""
    contact_id = about.ids.get("contact")
    zone = Contact.objects.filter(pk=contact_id).values_list("time_zone", flat=True).first() if contact_id else ""
    return zone or (about.by.time_zone if about.by else "") or "UTC"
