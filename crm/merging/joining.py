"""Make one contact of two. The loser stays as a row that leads to the survivor, so its id goes on answering."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from config.platform.errors import Refusal
from config.platform.history import record, snapshot
from config.platform.models import User
from config.platform.moves import check_version
from config.platform.queue import later
from crm import duplicate_pairs
from crm.contacts import EmployerInCircle, numbers_gained
from crm.merging import fields, lists, relations
from crm.merging.others import joined
from crm.models import Contact, MergeRecord, MovedRows
from crm.old_ids import refuse_merged


class MergeWithItself(Refusal):
    """A contact cannot be merged with itself: give two."""

    code = "merge_with_itself"
    status = 400
    advice = "Send the id of another contact."


class NotOfThePair(Refusal):
    """`survivor` is neither of the two contacts of this pair."""

    code = "not_of_the_pair"
    status = 400
    advice = "Send as `survivor` one of the two contacts of the pair."


@dataclass(frozen=True)
class Prospect:
    """What a merge would do, before anybody decides it."""

    differences: list[fields.Difference]
    moves: dict[str, int]


def preview(survivor_id: UUID, loser_id: UUID, *, choices: Mapping[str, str] | None = None) -> Prospect:
    """The fields in which the two differ, whose value would stay, and how many rows of each relation would move. Writes nothing.

    Raises:
        MergeWithItself, ContactMerged, FieldChoiceInvalid
    """
    survivor, loser = _both(survivor_id, loser_id)
    moves = lists.counts(survivor_id, loser_id) | relations.counts(loser_id)
    return Prospect(fields.differences(survivor, loser, choices or {}), dict(sorted(moves.items())))


@transaction.atomic
def merge(
    survivor_id: UUID,
    loser_id: UUID,
    *,
    choices: Mapping[str, str] | None = None,
    reason: str = "",
    if_version: int | None = None,
    pair_version: int | None = None,
    by: User | None,
    now: datetime,
) -> MergeRecord:
    """Make one contact of two: the loser's rows in every app become the survivor's, and the loser leads to the survivor.

    ``choices`` says by field whose value stays, ``survivor`` or ``loser`` (``both`` for tags). ``if_version`` is the version
    of the survivor that was seen, ``pair_version`` that of the pair.

    Raises:
        MergeWithItself, ContactMerged, FieldChoiceInvalid, KindsDiffer, VersionConflict
        EmployerInCircle: one of the two employs the other.
    """
    survivor, loser = _both(survivor_id, loser_id, hold=True)
    check_version(survivor, if_version)
    before = {"survivor": _image(survivor), "loser": _image(loser)}
    had = snapshot(survivor), snapshot(loser)
    remembered = {name: tell(survivor.pk, loser.pk, by, now) for name, tell in joined}
    found = fields.differences(survivor, loser, choices or {})
    fields.settle(survivor, loser, found)
    _refuse_circle(survivor, loser)
    loser.merged_into = survivor
    write_both(survivor, loser)
    moved = {relation.label: ids for relation in relations.moved() if (ids := relations.move(relation, loser.pk, survivor.pk))}
    counts = lists.join(survivor.pk, loser.pk) | {label: len(ids) for label, ids in moved.items()}
    made = MergeRecord(
        survivor=survivor,
        loser=loser,
        choices={one.field: one.choice for one in found},
        reason=reason,
        before=before,
        after={"survivor": _image(survivor), "loser": _image(loser)},
        remembered=remembered,
        counts=counts,
        by=by,
        merged_at=now,
    )
    made.save(force_insert=True)
    MovedRows.objects.bulk_create(MovedRows(merge=made, relation=label, ids=ids) for label, ids in moved.items())
    duplicate_pairs.close(survivor.pk, loser.pk, if_version=pair_version, by=by, now=now)
    record(survivor, "merge", by=by, now=now, before=had[0], reason=reason, merged=loser.pk, merge=made.pk, moved=counts)
    record(loser, "merge_into", by=by, now=now, before=had[1], reason=reason, survivor=survivor.pk, merge=made.pk)
    record(made, "merge", by=by, now=now, before={}, reason=reason)
    e164s = survivor.contact_phones.values_list("phone__e164", flat=True)
    for _, tell_numbers in numbers_gained:
        tell_numbers([(survivor.pk, e164) for e164 in sorted(set(e164s))])
    later("crm.settle_merges")
    return made


def merge_pair(
    pair_id: UUID,
    *,
    survivor_id: UUID,
    choices: Mapping[str, str] | None = None,
    reason: str = "",
    if_version: int | None = None,
    by: User | None,
    now: datetime,
) -> MergeRecord:
    """Merge the two of a pair that was found.

    Raises:
        NotOfThePair, TransitionNotAllowed, VersionConflict: and what ``merge`` raises.
    """
    pair = duplicate_pairs.open_for_merging(pair_id, if_version=if_version)
    loser_id = other_of_pair(pair_id, survivor_id)
    return merge(survivor_id, loser_id, choices=choices, reason=reason, pair_version=pair.version, by=by, now=now)


def other_of_pair(pair_id: UUID, survivor_id: UUID) -> UUID:
    """The one of a pair that would be merged into the other.

    Raises:
        NotOfThePair
    """
    both = duplicate_pairs.both_of(pair_id)
    if survivor_id not in both:
        raise NotOfThePair("`survivor` is one of the two contacts of the pair.")
    return both[0] if survivor_id == both[1] else both[1]


def _both(survivor_id: UUID, loser_id: UUID, *, hold: bool = False) -> tuple[Contact, Contact]:
    """The two, neither of them merged away; held in order of their ids, so that nobody waits in a ring.

    They are held against change, not against being pointed at: a call that comes in meanwhile must not wait. What it writes to
    the old id is moved by ``crm.merging.strays``.
    """
    if survivor_id == loser_id:
        raise MergeWithItself("Give two contacts: this is one.")
    rows = Contact.objects.filter(pk__in=[survivor_id, loser_id]).order_by("pk")
    found = {row.pk: row for row in (rows.select_for_update(no_key=True) if hold else rows)}
    for contact_id in (survivor_id, loser_id):
        if contact_id not in found:
            raise Contact.DoesNotExist
        refuse_merged(found[contact_id])
    return found[survivor_id], found[loser_id]


def _image(contact: Contact) -> dict[str, Any]:
    return {"fields": fields.image(contact), "lists": lists.images(contact.pk)}


def write_both(survivor: Contact, loser: Contact) -> None:
    """Save the two with their next versions. They may have swapped an external id, which is one in the base at any moment."""
    Contact.objects.filter(pk__in=[survivor.pk, loser.pk]).update(external_id="")
    for contact in (survivor, loser):
        contact.version += 1
        contact.save()


def _refuse_circle(survivor: Contact, loser: Contact) -> None:
    """Nobody employs the one that the two become and is employed by it."""
    seen, above = {survivor.pk, loser.pk}, survivor.employer_id
    while above is not None:
        if above in seen:
            raise EmployerInCircle("One of the two employs the other, directly or through others: change `employer` first.")
        seen.add(above)
        above = Contact.objects.values_list("employer_id", flat=True).get(pk=above)
