"""Fixed statements for hot paths: the text is made once from the model, so that no request pays for making it again.

The ORM composes its SQL anew for every query, which costs more processor time than the database needs for a look-up by key.
Here the columns still come from the models; only the composing is done once.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, Generic, TypeVar

import orjson
from django.db import connection, models

M = TypeVar("M", bound=models.Model)
Values = list[Callable[[Any, bool], Any]]
AS_IT_STANDS = frozenset(
    {
        models.UUIDField,
        models.CharField,
        models.SlugField,
        models.TextField,
        models.BooleanField,
        models.FloatField,
        models.DateTimeField,
        models.ForeignKey,
    }
)


class Columns(Generic[M]):
    """The columns of a model under an alias, and how to make rows of it from what they give."""

    def __init__(self, model: type[M], alias: str, *, without: Sequence[str] = ()) -> None:
        fields = [field for field in model._meta.concrete_fields if field.attname not in without]
        self.model = model
        self.names = [field.attname for field in fields]
        self.sql = ", ".join(f'{alias}."{field.column}"' for field in fields)
        self.json = [index for index, field in enumerate(fields) if isinstance(field, models.JSONField)]

    def make(self, values: Sequence[Any]) -> M:
        """The object of one row; a column left out is read when it is asked for."""
        given = list(values)
        for index in self.json:
            if isinstance(given[index], str | bytes):
                given[index] = orjson.loads(given[index])
        return self.model.from_db("default", self.names, given)

    def __len__(self) -> int:
        return len(self.names)


def rows(sql: str, values: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """What a statement gives; an empty list for one that gives nothing."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def count(sql: str, values: Sequence[Any] | Mapping[str, Any]) -> int:
    """How many rows a statement wrote."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.rowcount


def insert(row: models.Model) -> None:
    """Insert a row that is new."""
    values, sql = _insert(type(row))
    with connection.cursor() as cursor:
        cursor.execute(sql, [value(row, True) for value in values])
    row._state.adding = False


def insert_new(row: models.Model, *, unique: str) -> bool:
    """Insert unless a row with the same ``unique`` columns is there; answers whether it was inserted."""
    values, sql = _insert(type(row), unique)
    with connection.cursor() as cursor:
        cursor.execute(sql, [value(row, True) for value in values])
        return cursor.rowcount == 1


def update(row: models.Model) -> None:
    """Write every column of a row that exists."""
    values, sql = _update(type(row))
    with connection.cursor() as cursor:
        cursor.execute(sql, [*(value(row, False) for value in values), row.pk])


def upsert(found: Sequence[models.Model], *, unique: str) -> None:
    """Insert rows, or write over those that have the same ``unique`` columns; their id and age stay."""
    if found:
        values, head, tail = _upsert(type(found[0]), unique)
        marks = f"({', '.join(['%s'] * len(values))})"
        with connection.cursor() as cursor:
            cursor.execute(head + ", ".join([marks] * len(found)) + tail, [value(row, True) for row in found for value in values])


def _value(field: Any) -> Callable[[Any, bool], Any]:
    """What is written of a field: what stands in the object where the driver takes it like that, else what the field makes of it."""
    if type(field) in AS_IT_STANDS and not (getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)):
        get = attrgetter(field.attname)
        return lambda row, adding: get(row)
    return lambda row, adding: field.get_db_prep_save(field.pre_save(row, adding), connection)


@lru_cache
def _insert(model: type[models.Model], unique: str = "") -> tuple[Values, str]:
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    columns, marks = ", ".join(f'"{field.column}"' for field in fields), ", ".join(["%s"] * len(fields))
    sql = f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({marks})'  # noqa: S608 (names of models)
    return [_value(field) for field in fields], sql + (f" ON CONFLICT ({unique}) DO NOTHING" if unique else "")


@lru_cache
def _update(model: type[models.Model]) -> tuple[Values, str]:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key and field.name != "created_at"]
    columns = ", ".join(f'"{field.column}" = %s' for field in fields)
    return [_value(field) for field in fields], f'UPDATE "{model._meta.db_table}" SET {columns} WHERE id = %s'  # noqa: S608 (names of models)


@lru_cache
def _upsert(model: type[models.Model], unique: str) -> tuple[Values, str, str]:
    fields = list(model._meta.concrete_fields)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    kept = {"id", "created_at", *unique.replace(" ", "").split(",")}
    written = ", ".join(f'"{field.column}" = EXCLUDED."{field.column}"' for field in fields if field.column not in kept)
    return (
        [_value(field) for field in fields],
        f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ',  # noqa: S608 (names of models)
        f" ON CONFLICT ({unique}) DO UPDATE SET {written}",
    )
