"""Whose value stays, field by field. What nobody chose: the survivor's, or the loser's where the survivor has none."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from config.platform.errors import Refusal
from config.platform.history import snapshot
from crm.models import Contact
from crm.searching import key_of, remember_words

SURVIVOR, LOSER, BOTH = "survivor", "loser", "both"
CUSTOM = "custom_fields."
NOT_CHOSEN = frozenset({"id", "created_at", "updated_at", "version", "search_key", "merged_into", "anonymised_at", "custom_fields"})
#: Columns that mean something only together, under the name of the choice.
TOGETHER = {"time_zone": ("time_zone", "time_zone_source"), "external_id": ("external_id", "source")}
FURTHER_THAN_A_LEAD = frozenset({"qualified", "client", "dormant"})


class FieldChoiceInvalid(Refusal):
    """`fields` names a field that contacts do not have, or says something else than whose value stays."""

    code = "field_choice_invalid"
    status = 400
    advice = "Send in `fields` names that `detail` lists, each with `survivor` or `loser` (for lists also `both`)."


class KindsDiffer(Refusal):
    """One is a person and the other a company. If they are one all the same, choose in `fields` what they are: `kind`."""

    code = "kinds_differ"
    advice = "Decide what they are and send `kind` in `fields` with `survivor` or `loser`. If they are two after all, dismiss the pair."


@dataclass(frozen=True)
class Difference:
    """A field that is not the same on both. ``choice`` is whose value stays; empty when somebody has to say it."""

    field: str
    survivor: Any
    loser: Any
    choice: str

    def shown(self) -> dict[str, Any]:
        return {"field": self.field, "survivor": self.survivor, "loser": self.loser, "choice": self.choice}


@cache
def choosable() -> dict[str, tuple[str, ...]]:
    """The columns behind each name that can be chosen, custom fields not counted."""
    hidden = {column for columns in TOGETHER.values() for column in columns} - TOGETHER.keys()
    names = [field.name for field in Contact._meta.concrete_fields if field.name not in NOT_CHOSEN | hidden]
    return {name: TOGETHER.get(name, (name,)) for name in names}


def differences(survivor: Contact, loser: Contact, choices: Mapping[str, str]) -> list[Difference]:
    """The fields in which the two differ, and whose value stays by these choices.

    Raises:
        FieldChoiceInvalid
    """
    _check(survivor, loser, choices)
    mine, theirs = snapshot(survivor), snapshot(loser)
    found = []
    for name, columns in choosable().items():
        attname = Contact._meta.get_field(columns[0]).attname  # type: ignore[union-attr]
        if any(getattr(survivor, _att(column)) != getattr(loser, _att(column)) for column in columns):
            choice = choices.get(name) or _by_itself(name, survivor, loser)
            found.append(Difference(name, mine[attname], theirs[attname], choice))
    for key in sorted({*survivor.custom_fields, *loser.custom_fields}):
        one, other = survivor.custom_fields.get(key), loser.custom_fields.get(key)
        if one != other:
            choice = choices.get(CUSTOM + key) or (LOSER if one in (None, "", []) else SURVIVOR)
            found.append(Difference(CUSTOM + key, one, other, choice))
    return found


def settle(survivor: Contact, loser: Contact, found: list[Difference]) -> None:
    """Give the survivor what was chosen. An external id is one in the base, so the two swap theirs: both go on leading here.

    Raises:
        KindsDiffer: and nobody chose.
    """
    custom = dict(survivor.custom_fields)
    for one in found:
        if not one.choice:
            raise KindsDiffer("One is a person, the other a company: say which they are, as `kind` in `fields`.")
        if one.field.startswith(CUSTOM):
            if one.choice == LOSER:
                key = one.field.removeprefix(CUSTOM)
                custom.pop(key, None)
                if key in loser.custom_fields:
                    custom[key] = loser.custom_fields[key]
        elif one.choice == BOTH:
            setattr(survivor, one.field, sorted({*getattr(survivor, one.field), *getattr(loser, one.field)}))
        elif one.choice == LOSER:
            for column in map(_att, choosable()[one.field]):
                mine, theirs = getattr(survivor, column), getattr(loser, column)
                setattr(survivor, column, theirs)
                if one.field == "external_id":
                    setattr(loser, column, mine)
    survivor.custom_fields = custom
    renew_search_key(survivor)


def renew_search_key(contact: Contact) -> None:
    """What follows from the names: the key that searches compare, and its words."""
    contact.search_key = key_of(contact.surname, contact.name, contact.patronymic, contact.company_name)
    remember_words(contact.search_key.split())


def image(contact: Contact) -> dict[str, Any]:
    """The own columns of a contact as JSON, to be compared and put back later."""
    hidden = {"id", "created_at", "updated_at", "version", "search_key", "merged_into_id"}
    return {name: value for name, value in snapshot(contact).items() if name not in hidden}


def put_back(contact: Contact, name: str, value: Any) -> None:
    """Set one column from its image."""
    field: models.Field[Any, Any] = next(one for one in Contact._meta.concrete_fields if one.attname == name)
    setattr(contact, name, value if isinstance(field, ArrayField | models.JSONField) else field.to_python(value))


def _by_itself(name: str, survivor: Contact, loser: Contact) -> str:
    """Whose value stays when nobody chose; a person and a company have to be chosen between."""
    mine, theirs = getattr(survivor, _att(name)), getattr(loser, _att(name))
    if name == "kind":
        return ""
    if isinstance(Contact._meta.get_field(name), ArrayField):
        return BOTH
    if name == "lifecycle":
        return LOSER if mine == Contact.Lifecycle.LEAD and theirs in FURTHER_THAN_A_LEAD else SURVIVOR
    if name == "time_zone" and theirs and loser.time_zone_source == Contact.TimeZoneSource.EXPLICIT:
        return SURVIVOR if survivor.time_zone_source == Contact.TimeZoneSource.EXPLICIT else LOSER
    if name == "external_id" and not mine and survivor.source:
        return SURVIVOR  # the source is the survivor's own; the loser's id still leads to it
    return LOSER if mine in (None, "", [], {}) else SURVIVOR


def _check(survivor: Contact, loser: Contact, choices: Mapping[str, str]) -> None:
    keys = {CUSTOM + key for key in (*survivor.custom_fields, *loser.custom_fields)}
    for name, choice in choices.items():
        if name not in choosable() and name not in keys:
            known = ", ".join([*sorted(choosable()), *sorted(keys)])
            raise FieldChoiceInvalid(f"There is no field '{name[:60]}' to choose. There are: {known}.")
        is_list = name in choosable() and isinstance(Contact._meta.get_field(name), ArrayField)
        if choice not in ((SURVIVOR, LOSER, BOTH) if is_list else (SURVIVOR, LOSER)):
            raise FieldChoiceInvalid(f"'{name[:60]}' is 'survivor' or 'loser'{', or both' if is_list else ''}.")


@cache
def _att(name: str) -> str:
    return str(Contact._meta.get_field(name).attname)  # type: ignore[union-attr]
