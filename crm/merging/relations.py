"""Whatever points at contacts, in every app: found in the models, so that a new table is moved without anybody thinking of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import connection, models
from django.db.models import Exists, OuterRef, Q
from django.db.models.lookups import IsNull

from config.platform.models import Row
from config.platform.registry import Registry
from crm.models import Contact

#: Relations that merging leaves alone, by their labels (`app.model.field`): why. Whoever adds one cares for its rows by ``joined``.
left_alone: Registry[Callable[[], str]] = Registry("relations to contacts that merging leaves alone")

#: What merging itself cares for in another way than by moving rows.
OWN = {
    "crm.contact.merged_into": "It is what a merge writes.",
    "crm.contactphone.contact": "Lists of a contact are joined value by value.",
    "crm.contactemail.contact": "Lists of a contact are joined value by value.",
    "crm.contactaddress.contact": "Lists of a contact are joined value by value.",
    "crm.mergerecord.survivor": "It tells what was.",
    "crm.mergerecord.loser": "It tells what was.",
    "crm.duplicatecandidate.first": "It tells which two were compared.",
    "crm.duplicatecandidate.second": "It tells which two were compared.",
}


@dataclass(frozen=True)
class Relation:
    """A column of a table that holds the id of a contact."""

    model: type[models.Model]
    field: "models.Field[Any, Any]"

    @property
    def label(self) -> str:
        return f"{self.model._meta.label_lower}.{self.field.name}"

    @property
    def keeps_a_version(self) -> bool:
        return issubclass(self.model, Row)

    @property
    def has_uuids(self) -> bool:
        return isinstance(self.model._meta.pk, models.UUIDField)


@cache
def every() -> tuple[Relation, ...]:
    """All columns of all tables that point at contacts, those of many-to-many tables among them, in order of their labels."""
    found = [
        Relation(model, field)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
        for field in model._meta.local_concrete_fields
        if field.is_relation and field.related_model and field.related_model._meta.concrete_model is Contact
    ]
    return tuple(sorted(found, key=lambda one: one.label))


def moved() -> list[Relation]:
    """Those whose rows go from the loser to the survivor."""
    return [one for one in every() if one.label not in OWN and one.label not in left_alone]


def hindrance(relation: Relation) -> str:
    """Why the rows of this relation cannot be moved by a plain rule; empty when they can. For the test of the house."""
    name = relation.field.name
    for constraint in relation.model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and constraint.expressions:
            return f"{constraint.name} is unique by an expression"
        if isinstance(constraint, ExclusionConstraint) and any(name in str(part) for part, _ in constraint.expressions):
            return f"{constraint.name} excludes"
    return "" if isinstance(relation.model._meta.pk, models.UUIDField | models.IntegerField) else "its key is neither a UUID nor a number"


def counts(contact_id: UUID) -> dict[str, int]:
    """How many rows of each relation point at a contact; those without any are left out. One query for each relation."""
    found = {one.label: one.model._base_manager.filter(**{one.field.attname: contact_id}).count() for one in moved()}
    return {label: count for label, count in found.items() if count}


def staying(relation: Relation, loser: UUID, survivor: UUID) -> list[Any]:
    """The keys of rows that cannot follow, because the survivor has the like and the table allows one. They stay where they are."""
    rows = relation.model._base_manager.filter(**{relation.field.attname: loser})
    clash = Q(pk__in=[])
    for others, condition, nulls_are_distinct in _uniques(relation):
        twins = relation.model._base_manager.filter(condition, **{relation.field.attname: survivor})
        for other in others:
            alike = Q(**{other: OuterRef(other)})
            if not nulls_are_distinct:
                alike |= Q(**{f"{other}__isnull": True}) & Q(IsNull(OuterRef(other), True))
            twins = twins.filter(alike)
        clash |= condition & Q(Exists(twins))
    return list(rows.filter(clash).values_list("pk", flat=True))


def move(relation: Relation, loser: UUID, survivor: UUID) -> list[UUID]:
    """Let the loser's rows point at the survivor, in one statement; answers their keys, whole numbers as UUIDs."""
    table, column, key = _names(relation)
    sql = f"UPDATE {table} SET {column} = %s{_touched(relation)} WHERE {column} = %s"  # noqa: S608 (names of models)
    values: list[Any] = [survivor, loser]
    if _uniques(relation) and (stay := staying(relation, loser, survivor)):
        sql += f" AND NOT {key} = ANY(%s)"
        values.append(stay)
    return [_uuid(row[0]) for row in _run(f"{sql} RETURNING {key}", values)]


def move_back(relation: Relation, ids: Sequence[UUID], loser: UUID, survivor: UUID) -> tuple[int, list[UUID], list[UUID]]:
    """Let those of the rows that still point at the survivor point at the loser again.

    Answers how many, the keys of those that are gone, and of those that point at somebody else by now.
    """
    table, column, key = _names(relation)
    keys = [_key(relation, one) for one in ids]
    cast = "uuid[]" if relation.has_uuids else "bigint[]"
    sql = f"UPDATE {table} SET {column} = %s{_touched(relation)} WHERE {key} = ANY(%s::{cast}) AND {column} = %s RETURNING {key}"  # noqa: S608
    back = {_uuid(row[0]) for row in _run(sql, [loser, keys, survivor])}
    rest = [one for one in ids if one not in back]
    there: set[UUID] = set()
    if rest:
        select = f"SELECT {key} FROM {table} WHERE {key} = ANY(%s::{cast})"  # noqa: S608
        rows = _run(select, [[_key(relation, one) for one in rest]])
        there = {_uuid(row[0]) for row in rows}
    return len(back), [one for one in rest if one not in there], [one for one in rest if one in there]


def by_label(label: str) -> Relation | None:
    """The relation of this label; None for one whose table is no more."""
    return next((one for one in every() if one.label == label), None)


def _uniques(relation: Relation) -> list[tuple[list[str], Q, bool]]:
    """Where the table allows one row: the other columns, the condition, and whether empty ones differ from one another."""
    name, options = relation.field.name, relation.model._meta
    found: list[tuple[list[str], Q, bool]] = [([], Q(), True)] if relation.field.unique else []
    for together in options.unique_together:
        if name in together:
            found.append(([one for one in together if one != name], Q(), True))
    for constraint in options.constraints:
        if isinstance(constraint, models.UniqueConstraint) and name in constraint.fields:
            others = [one for one in constraint.fields if one != name]
            found.append((others, constraint.condition or Q(), constraint.nulls_distinct is not False))
    return found


def _names(relation: Relation) -> tuple[str, str, str]:
    quote, pk = connection.ops.quote_name, relation.model._meta.pk
    return quote(relation.model._meta.db_table), quote(relation.field.column or ""), quote((pk.column if pk else None) or "id")


def _touched(relation: Relation) -> str:
    return ", version = version + 1, updated_at = clock_timestamp()" if relation.keeps_a_version else ""


def _run(sql: str, values: Iterable[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(values))
        return cursor.fetchall()


def _uuid(key: Any) -> UUID:
    return key if isinstance(key, UUID) else UUID(int=int(key))


def _key(relation: Relation, kept: UUID) -> Any:
    return kept if relation.has_uuids else kept.int
