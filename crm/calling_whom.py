"""Whom a call is about: the number and the contact put together, with what else rules must know of them. One statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from config.platform import statements
from crm import calling_zones
from crm.calling_zones import Clocks
from crm.old_ids import who_is_left
from crm.suppression import Asked


@dataclass(frozen=True)
class Whom:
    """Whom we want to call: a number, a contact (on its primary number), or a contact on a number. ``context`` is for rules of higher apps."""

    e164: str = ""
    contact_id: UUID | None = None
    context: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Subject:
    """The same, found out: a number alone has the one contact that has it, a contact alone its primary number.

    ``owners`` are all who have the number, ``time_zones`` what was said of theirs, ``countries`` those of their addresses.
    """

    e164: str
    contact_id: UUID | None
    validity: str = ""
    owners: tuple[UUID, ...] = ()
    time_zones: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    context: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def asked(self) -> Asked:
        """As suppressions and consents are asked for."""
        return Asked(self.e164, self.contact_id)

    @cached_property
    def clocks(self) -> Clocks:
        """Where its clocks are."""
        return calling_zones.clocks(explicit=self.time_zones, countries=self.countries, e164=self.e164)


FIND = """
WITH asked AS (SELECT * FROM unnest(%(i)s::int[], %(e164)s::text[], %(contact)s::uuid[]) AS a(i, e164, contact)),
numbered AS (
    SELECT a.i, a.contact, CASE WHEN a.e164 <> '' THEN a.e164 ELSE coalesce((
        SELECT p.e164 FROM crm_contactphone l JOIN crm_phonenumber p ON p.id = l.phone_id
        WHERE l.contact_id = a.contact ORDER BY l.is_primary DESC, l."order", l.id LIMIT 1), '') END AS e164
    FROM asked a),
found AS (
    SELECT n.i, n.e164, p.validity, CASE WHEN n.contact IS NOT NULL THEN ARRAY[n.contact] ELSE coalesce((
        SELECT array_agg(DISTINCT l.contact_id) FROM crm_contactphone l WHERE l.phone_id = p.id), '{}') END AS owners
    FROM numbered n LEFT JOIN crm_phonenumber p ON p.e164 = n.e164)
SELECT f.i, f.e164, coalesce(f.validity, ''), f.owners,
    ARRAY(SELECT c.time_zone FROM crm_contact c WHERE c.id = ANY(f.owners) AND c.time_zone_source = 'explicit' AND c.time_zone <> ''
        ORDER BY c.id),
    ARRAY(SELECT d.country FROM crm_contactaddress d WHERE d.contact_id = ANY(f.owners) AND d.country <> '' ORDER BY d.id)
FROM found f
"""


def found(whom: Sequence[Whom]) -> list[Subject]:
    """The subjects of these, in their order. The id of a contact that was merged means the one that is left. Two statements."""
    left = who_is_left({one.contact_id for one in whom if one.contact_id})
    contacts = [left.get(one.contact_id, one.contact_id) if one.contact_id else None for one in whom]
    values = {"i": list(range(len(whom))), "e164": [one.e164 for one in whom], "contact": contacts}
    subjects: dict[int, Subject] = {}
    for i, e164, validity, owners, zones, countries in statements.rows(FIND, values):
        contact_id = contacts[i] or (owners[0] if len(owners) == 1 else None)
        subjects[i] = Subject(e164, contact_id, validity, tuple(owners), tuple(zones), tuple(countries), whom[i].context)
    return [subjects[i] for i in range(len(whom))]
