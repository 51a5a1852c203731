"""One grammar to choose contacts: for the list, for saved filters, for exports and for whoever else needs a set of them.

A query is ``{name: value}``. A value is a text, a number, true or false, or a list of them; several values, in a list or with
commas between them, mean any of these (a comma inside a value is written ``\\,``; items of a list are taken as they are).
``not_`` in front of a name that takes several values turns it round. All parts must be true together.

Custom fields are ``cf_<key>`` and ``not_cf_<key>``, for numbers and dates also ``min_cf_<key>`` and ``max_cf_<key>`` (both inclusive).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from config.platform.errors import Refusal
from config.platform.registry import Registry
from crm import custom_fields, searching
from crm.models import Contact, ContactEmail, ContactPhone, CustomField
from crm.phone_numbers import NumberInvalid

MOST_PARTS = 50
MOST_VALUES = 200
LONGEST = 2000
RANGES = ("min_", "max_")
WITH_RANGES = (CustomField.Type.NUMBER, CustomField.Type.DATE)


class FilterInvalid(Refusal):
    """A filter is unknown or cannot be read; `errors` names each wrong part and what to do."""

    code = "filter_invalid"
    status = 400
    advice = "Mend what `errors` points at: names, operators and values of filters are those of the list's own parameters."


@dataclass(frozen=True)
class Filter:
    """One name of the grammar. ``condition`` takes the values and the present moment, and raises ValueError with a sentence."""

    condition: Callable[[Sequence[str], datetime], Q]
    about: str
    shape: str = "string"
    choices: tuple[str, ...] = ()
    takes_one: bool = False

    def __call__(self, values: Sequence[str], now: datetime) -> Q:
        if self.takes_one and len(values) != 1:
            raise ValueError("Give one value.")
        wrong = [value for value in values if self.choices and value not in self.choices]
        if wrong:
            raise ValueError(f"'{wrong[0][:40]}' is none of: {', '.join(self.choices)}.")
        return self.condition(values, now)


#: Filters that higher apps add: what they know of a contact. Each must be served by an index.
more: Registry[Filter] = Registry("filters of contacts that higher apps add")


def select(query: Mapping[str, Any], *, now: datetime | None = None) -> QuerySet[Contact]:
    """The contacts (without those merged into others) that fit all parts of ``query``; relative dates count from ``now``.

    Raises:
        FilterInvalid: with an error for each part that is unknown or cannot be read.
        SearchTooShort
    """
    return Contact.objects.living().filter(condition(query, now=now))


def matches(contact_id: UUID, query: Mapping[str, Any], *, now: datetime | None = None) -> bool:
    """Whether this contact fits ``query``.

    Raises:
        FilterInvalid, SearchTooShort: as ``select``.
    """
    return select(query, now=now).filter(pk=contact_id).exists()


def fitting(contact_id: UUID, queries: Sequence[Mapping[str, Any]], *, now: datetime | None = None) -> list[bool]:
    """Whether the contact fits each of ``queries``; one that cannot be read any more, fits nobody. At most two statements for all.

    Queries with ``search`` cost one more each.
    """
    fields = {field.key: field for field in CustomField.objects.of("contact")} if any(any(map(is_custom, one)) for one in queries) else {}
    asked: dict[str, Any] = {}
    for index, query in enumerate(queries):
        try:
            asked[f"fits_{index}"] = Case(When(condition(query, now=now, fields=fields), then=True), default=False)
        except Refusal:
            asked[f"fits_{index}"] = Value(False)
    row = Contact.objects.filter(pk=contact_id).order_by().values(**asked).first() if asked else {}
    return [bool((row or {}).get(f"fits_{index}")) for index in range(len(queries))]


def condition(query: Mapping[str, Any], *, now: datetime | None = None, fields: Mapping[str, CustomField] | None = None) -> Q:
    """What ``select`` asks of each contact, for those who join several queries; ``fields`` are the custom fields, if they are known.

    Raises:
        FilterInvalid, SearchTooShort: as ``select``.
    """
    if not isinstance(query, Mapping):
        raise FilterInvalid("A filter is an object: names and their values.", errors=[])
    if len(query) > MOST_PARTS:
        raise FilterInvalid(f"A filter has {MOST_PARTS} parts at most.", errors=[])
    now = now or timezone.now()
    known = known_filters()
    if fields is None:
        fields = {field.key: field for field in CustomField.objects.of("contact")} if any(map(is_custom, query)) else {}
    found, errors = Q(), []
    for name, given in query.items():
        try:
            found &= _part(str(name), given, known, fields, now)
        except (ValueError, OverflowError, NumberInvalid) as error:
            errors.append(_error(str(name), "unknown_filter" if isinstance(error, UnknownName) else "invalid", str(error)))
    if errors:
        raise FilterInvalid(errors[0]["detail"] if len(errors) == 1 else "Some parts of the filter cannot be used.", errors=errors)
    return found


def is_custom(name: Any) -> bool:
    """Whether a name speaks of a custom field."""
    return str(name).startswith(("cf_", "not_cf_", "min_cf_", "max_cf_"))


def known_filters() -> dict[str, Filter]:
    """Every name but those of custom fields, with ``not_`` where it may stand."""
    plain = {**FILTERS, **dict(more)}
    turned = {f"not_{name}": one for name, one in plain.items() if not one.takes_one}
    return plain | turned


def known_names(given: Mapping[str, Any] | Sequence[str] = ()) -> frozenset[str]:
    """Every name that ``select`` takes; those of custom fields only when ``given`` has some, for they cost a query."""
    names = set(known_filters())
    if any(map(is_custom, given)):
        for field in CustomField.objects.of("contact"):
            names |= custom_names(field)
    return frozenset(names)


def custom_names(field: CustomField) -> set[str]:
    """The names under which a custom field filters."""
    prefixes = ("", "not_", *(RANGES if field.type in WITH_RANGES else ()))
    return {f"{prefix}cf_{field.key}" for prefix in prefixes}


class UnknownName(ValueError):
    """There is no such filter."""


def _part(name: str, given: Any, known: Mapping[str, Filter], fields: Mapping[str, CustomField], now: datetime) -> Q:
    if is_custom(name):
        return _custom(name, given, fields)
    if name not in known:
        raise UnknownName(f"There is no filter '{name[:40]}'. Known: {', '.join(sorted(known))}, and cf_<key> for custom fields.")
    one = known[name]
    found = one(texts(given, splits=not one.takes_one), now)
    return ~found if name.startswith("not_") else found


def texts(given: Any, *, splits: bool = True) -> list[str]:
    """The values of one part as texts.

    Raises:
        ValueError: there is none, they are too many or too long, or of a type that no filter knows.
    """
    if isinstance(given, str) and splits:
        values = [re.sub(r"\\([\\,])", r"\1", piece).strip() for piece in re.split(r"(?<!\\),", given[: LONGEST * 10])]
        values = [value for value in values if value]
    else:
        values = [_text(value) for value in (given if isinstance(given, list) else [given])]
    if not values or values == [""]:
        raise ValueError("Give a value, or leave the filter out.")
    if len(values) > MOST_VALUES:
        raise ValueError(f"Give {MOST_VALUES} values at most.")
    if any(len(value) > LONGEST or "\0" in value for value in values):
        raise ValueError("A value is too long, or has a character that no text has.")
    return values


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)[: LONGEST + 1].strip()
    raise ValueError("Give a text, a number, true or false, or a list of them.")


def _error(name: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": "/" + name[:80].replace("~", "~0").replace("/", "~1"), "code": code, "detail": detail}


def _custom(name: str, given: Any, fields: Mapping[str, CustomField]) -> Q:
    prefix, _, key = name.partition("cf_")
    field = fields.get(key)
    if field is None:
        raise UnknownName(f"There is no custom field '{key[:40]}', or it was retired: take `{name[:50]}` out of the filter.")
    values = [custom_fields.from_query(field, text) for text in texts(given)]
    if prefix in RANGES:
        if field.type not in WITH_RANGES or len(values) != 1:
            raise ValueError("`min_` and `max_` take one number or one date, for custom fields of these types.")
        return Q(**{f"custom_fields__{key}__{'gte' if prefix == 'min_' else 'lte'}": values[0]})
    found = Q()
    for value in values:
        found |= Q(custom_fields__contains={key: value})
    return ~found if prefix == "not_" else found


# --- conditions
def _any_of(column: str) -> Callable[[Sequence[str], datetime], Q]:
    return lambda values, now: Q(**{f"{column}__in": list(values)})


def _ids(column: str) -> Callable[[Sequence[str], datetime], Q]:
    def chosen(values: Sequence[str], now: datetime) -> Q:
        try:
            return Q(**{f"{column}__in": [UUID(value) for value in values]})
        except ValueError:
            raise ValueError("Give ids, for instance 0199a1b2-c3d4-75f6-8718-293a4b5c6d7e.") from None

    return chosen


def _upper(column: str) -> Callable[[Sequence[str], datetime], Q]:
    return lambda values, now: Q(**{f"{column}__in": [value.upper() for value in values]})


def _flag(is_so: Q) -> Callable[[Sequence[str], datetime], Q]:
    return lambda values, now: is_so if values[0] == "true" else ~is_so


def _region(values: Sequence[str], now: datetime) -> Q:
    """EXISTS, since its opposite is a join too; NOT IN over a large table is a walk for each row."""
    wanted = [value.upper() for value in values]
    return Q(Exists(ContactPhone.objects.filter(contact=OuterRef("pk"), phone__region__in=wanted)))


def _moment(lookup: str) -> Callable[[Sequence[str], datetime], Q]:
    return lambda values, now: Q(**{lookup: instant(values[0])})


def _days(lookup: str) -> Callable[[Sequence[str], datetime], Q]:
    return lambda values, now: Q(**{lookup: days_ago(values[0], now)})


def instant(text: str) -> datetime:
    """A time with its offset; without one, and for a bare date (its first moment), UTC.

    Raises:
        ValueError: it is no time.
    """
    try:
        found = parse_datetime(text)
        if found is None and (day := parse_date(text)):
            found = datetime(day.year, day.month, day.day, tzinfo=UTC)
    except ValueError:
        found = None
    if found is None:
        raise ValueError("Give a time, for instance 2026-11-23T10:00:00+03:00, or a date.")
    try:
        return found.replace(tzinfo=UTC) if timezone.is_naive(found) else found.astimezone(UTC)
    except OverflowError:
        raise ValueError("This time is out of range.") from None


def days_ago(text: str, now: datetime) -> datetime:
    """The moment that many whole days before ``now``.

    Raises:
        ValueError: it is no number of days from 0 to 36,500.
    """
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > 36_500:
        raise ValueError("Give a whole number of days from 0 to 36500.")
    return now - timedelta(days=int(text))


def _search(values: Sequence[str], now: datetime) -> Q:
    return Q(pk__in=searching.find(values[0]))


HAS_PHONE = Exists(ContactPhone.objects.filter(contact=OuterRef("pk")))
HAS_EMAIL = Exists(ContactEmail.objects.filter(contact=OuterRef("pk")))
YES_NO = ("true", "false")
SLOW = "Looks at every row: combine it with others on a large base."

FILTERS: dict[str, Filter] = {
    "id": Filter(_ids("pk"), "Ids of contacts.", "uuid"),
    "kind": Filter(_any_of("kind"), "Person or company.", choices=tuple(Contact.Kind.values)),
    "lifecycle": Filter(_any_of("lifecycle"), "How far the contact is.", choices=tuple(Contact.Lifecycle.values)),
    "owner": Filter(_ids("owner_id"), "Ids of users.", "uuid"),
    "employer": Filter(_ids("employer_id"), "Ids of companies.", "uuid"),
    "tag": Filter(lambda values, now: Q(tags__overlap=list(values)), "Has one of these tags."),
    "all_tags": Filter(lambda values, now: Q(tags__contains=list(values)), "Has all of these tags."),
    "language": Filter(_any_of("language"), "BCP 47, as it is kept."),
    "time_zone": Filter(_any_of("time_zone"), "IANA names."),
    "region": Filter(_region, "ISO 3166-1 alpha-2 of one of its phone numbers."),
    "source": Filter(_any_of("source"), "Where the contact came from."),
    "external_id": Filter(_any_of("external_id"), "The ids at the source; together with `source`."),
    "has_phone": Filter(_flag(Q(HAS_PHONE)), f"Has a phone number. {SLOW}", "boolean", YES_NO, takes_one=True),
    "has_email": Filter(_flag(Q(HAS_EMAIL)), f"Has an e-mail address. {SLOW}", "boolean", YES_NO, takes_one=True),
    "has_owner": Filter(_flag(~Q(owner=None)), f"Somebody owns it. {SLOW}", "boolean", YES_NO, takes_one=True),
    "created_after": Filter(_moment("created_at__gte"), "At this time or later.", "date-time", takes_one=True),
    "created_before": Filter(_moment("created_at__lt"), "Before this time.", "date-time", takes_one=True),
    "updated_after": Filter(_moment("updated_at__gte"), "At this time or later.", "date-time", takes_one=True),
    "updated_before": Filter(_moment("updated_at__lt"), "Before this time.", "date-time", takes_one=True),
    "created_within_days": Filter(_days("created_at__gte"), "In the last so many days.", "integer", takes_one=True),
    "created_over_days": Filter(_days("created_at__lt"), "Longer ago than so many days.", "integer", takes_one=True),
    "updated_within_days": Filter(_days("updated_at__gte"), "In the last so many days.", "integer", takes_one=True),
    "updated_over_days": Filter(_days("updated_at__lt"), "Longer ago than so many days.", "integer", takes_one=True),
    "search": Filter(
        _search,
        "A name in any order and spelling, a piece of a company's name, the last digits of a phone, or an e-mail: "
        f"the best {searching.MOST} at most.",
        takes_one=True,
    ),
}
