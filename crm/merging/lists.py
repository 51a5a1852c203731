"""Phones, e-mails and addresses: joined value by value when two contacts become one, and given back when they part.

They are no rows that somebody points at: every edit of a contact writes its lists anew. So they are told apart by what they
say, and what both contacts had is kept once.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models

from crm.models import ContactAddress, ContactEmail, ContactPhone, PhoneNumber

Image = list[dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """A list that a contact has: its table, and the columns that make two entries the same."""

    name: str
    model: type[models.Model]
    same: tuple[str, ...]

    def rows(self, contact_id: UUID) -> list[Any]:
        return list(self.model._base_manager.filter(contact_id=contact_id).order_by("id"))

    def key(self, row: Any) -> tuple[str, ...]:
        """What an entry says; of a row or of its image."""
        read = row.get if isinstance(row, dict) else lambda name: getattr(row, name)
        return tuple(str(read(name)) for name in self.same)

    @property
    def has_primary(self) -> bool:
        return any(field.name == "is_primary" for field in self.model._meta.concrete_fields)


KINDS = (
    Kind("phones", ContactPhone, ("phone_id", "extension")),
    Kind("emails", ContactEmail, ("email",)),
    Kind("addresses", ContactAddress, ("label", "text", "street", "city", "region", "postal_code", "country")),
)


def images(contact_id: UUID) -> dict[str, Image]:
    """All lists of a contact as JSON."""
    return {kind.name: [_image(row) for row in kind.rows(contact_id)] for kind in KINDS}


def counts(survivor: UUID, loser: UUID) -> dict[str, int]:
    """How many entries of each list the survivor would gain; none are left out."""
    found = {}
    for kind in KINDS:
        mine = {kind.key(row) for row in kind.rows(survivor)}
        found[f"{kind.model._meta.label_lower}.contact"] = sum(kind.key(row) not in mine for row in kind.rows(loser))
    return {label: count for label, count in found.items() if count}


def join(survivor: UUID, loser: UUID) -> dict[str, int]:
    """Give the survivor what the loser has and it has not; the survivor's primary one stays the primary one. Answers how many moved."""
    moved = {}
    for kind in KINDS:
        mine, theirs = kind.rows(survivor), kind.rows(loser)
        known = {kind.key(row) for row in mine}
        has_primary = any(getattr(row, "is_primary", False) for row in mine)
        last = max((getattr(row, "order", 0) for row in mine), default=-1)
        theirs.sort(key=lambda row: getattr(row, "order", 0))
        gained = 0
        for row in theirs:
            if kind.key(row) in known:
                row.delete()
                continue
            if kind.has_primary:
                row.is_primary = row.is_primary and not has_primary
            if hasattr(row, "order"):
                row.order = last + 1 + gained
            row.contact_id, row.version = survivor, row.version + 1
            row.save()
            gained += 1
        if gained:
            moved[f"{kind.model._meta.label_lower}.contact"] = gained
    return moved


def part(
    survivor: UUID, loser: UUID, *, mine: dict[str, Image], theirs: dict[str, Image], joined: dict[str, Image]
) -> list[dict[str, Any]]:
    """Give the loser its entries back. ``mine`` and ``theirs`` are the lists before the merge, ``joined`` those right after it.

    What was taken from the survivor since is not given back to anybody: somebody knew better. It is told.
    """
    conflicts: list[dict[str, Any]] = []
    for kind in KINDS:
        now = kind.rows(survivor)
        by_id, by_key = {str(row.pk): row for row in now}, {kind.key(row): row for row in now}
        own = {kind.key(one) for one in mine[kind.name]}
        missing = 0
        for image in theirs[kind.name]:
            row = by_id.pop(image["id"], None) or by_key.get(kind.key(image))
            if row is None:
                missing += 1
                conflicts.append({"kind": "removed_since", "what": kind.name, "value": _said(kind, image)})
            elif kind.key(image) in own:
                _write_anew(kind, image, loser)
            else:
                by_key.pop(kind.key(row), None)
                by_id.pop(str(row.pk), None)
                _give_back(row, image, loser)
        if [_plain(kind, row) for row in now] != [_plain(kind, row) for row in joined[kind.name]]:
            _see_to_a_primary(kind, survivor)
        if missing:
            _see_to_a_primary(kind, loser)
    return conflicts


def _give_back(row: Any, image: dict[str, Any], loser: UUID) -> None:
    """Let the loser have this row again, as it had it."""
    for name in ("is_primary", "order"):
        if name in image:
            setattr(row, name, image[name])
    row.contact_id, row.version = loser, row.version + 1
    row.save()


def _write_anew(kind: Kind, image: dict[str, Any], loser: UUID) -> None:
    """Both had it, so it was kept once: the loser's own is written again from its image."""
    values = {field.attname: field.to_python(image[field.attname]) for field in kind.model._meta.concrete_fields}
    if kind.model._base_manager.filter(pk=values["id"]).exists():
        del values["id"]
    row = kind.model(**values | {"contact_id": loser})
    row.save(force_insert=True)
    kind.model._base_manager.filter(pk=row.pk).update(created_at=values["created_at"])


def _see_to_a_primary(kind: Kind, contact_id: UUID) -> None:
    """In a list that lost some of its entries, the first is the primary one if none is."""
    rows = kind.rows(contact_id) if kind.has_primary else []
    if rows and not any(row.is_primary for row in rows):
        kind.model._base_manager.filter(pk=rows[0].pk).update(is_primary=True)


def _image(row: models.Model) -> dict[str, Any]:
    return {
        field.attname: field.value_to_string(row) if _is_text(field) else getattr(row, field.attname) for field in row._meta.concrete_fields
    }


def _is_text(field: Any) -> bool:
    """Whether a column is written as text in an image: ids and times. Flags, numbers and words are JSON already."""
    return isinstance(field, models.UUIDField | models.DateTimeField | models.ForeignKey)


def _plain(kind: Kind, row: Any) -> tuple[str, ...]:
    """What somebody may have changed of an entry."""
    read = row.get if isinstance(row, dict) else lambda name: getattr(row, name, None)
    return (str(read("id")), *kind.key(row), str(read("is_primary")), str(read("label")))


def _said(kind: Kind, image: dict[str, Any]) -> str:
    """An entry in words."""
    said = [image[name] for name in kind.same]
    if kind.name == "phones":
        said[0] = str(PhoneNumber.objects.get(pk=image["phone_id"]))
    return " ".join(filter(None, said))
