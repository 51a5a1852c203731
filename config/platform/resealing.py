"""Seal anew what was sealed with a SECRET_KEY of before, so that the old key can be taken out of SECRET_KEY_FALLBACKS."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import TextField, Value
from django.db.models.functions import Cast

from config.platform import sealed
from config.platform.sealed import SealedField

MANY = 500


@dataclass
class Resealed:
    """What became of a column: sealed anew, sealed with the key of now already, and readable with no key that we have."""

    column: str
    anew: int = 0
    already: int = 0
    unreadable: int = 0


def reseal_all() -> list[Resealed]:
    """Every sealed column of every model. Safe while everything runs, and twice: a row that somebody writes meanwhile is left as they wrote it."""
    return [
        _reseal(model, field)
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, SealedField) and not model._meta.proxy
    ]


def _reseal(model: type[models.Model], field: SealedField) -> Resealed:
    done = Resealed(f"{model._meta.label}.{field.name}")
    rows = model._base_manager.annotate(as_it_is=Cast(field.attname, TextField())).exclude(as_it_is="").exclude(as_it_is=None)
    for pk, was in _walk(rows):
        if sealed.is_of_now(was):
            done.already += 1
            continue
        text = sealed.unseal(was)
        if not text:
            done.unreadable += 1
            continue
        # no model object is saved: nothing happened with the row, so it has no new version
        done.anew += rows.filter(pk=pk, as_it_is=was).update(**{field.attname: Value(sealed.seal(text), TextField())})
    return done


def _walk(rows: "models.QuerySet[models.Model]") -> Iterator[tuple[UUID, str]]:
    """All of them, some hundred at a time: there may be many, and the table is not held."""
    some = list(rows.order_by("pk").values_list("pk", "as_it_is")[:MANY])
    while some:
        yield from some
        some = list(rows.order_by("pk").filter(pk__gt=some[-1][0]).values_list("pk", "as_it_is")[:MANY])
