"""Undo a merge: every row goes back to where it was; what came after the merge stays with the survivor and is told."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from config.platform.errors import Refusal
from config.platform.history import record, snapshot
from config.platform.models import User
from config.platform.moves import transition
from crm import duplicate_pairs
from crm.merging import fields, lists, relations
from crm.merging.joining import write_both
from crm.merging.others import parted
from crm.models import Contact, MergeRecord
from crm.old_ids import who_is_left

NAMED = 100
GONE = object()


class UndoBlocked(Refusal):
    """A later merge stands on this one. Undo `merge` first, then this one."""

    code = "undo_blocked"
    advice = "Undo the merge whose id is in `merge` first (`POST /merges/{id}/undo/`), then this one."


class MergeForgotten(Refusal):
    """Somebody of the two was erased since, so what they were before is not known any more."""

    code = "merge_forgotten"
    advice = "It cannot be undone. If two people were mixed, add the other one as a new contact."


def undo(merge_id: UUID, *, reason: str = "", if_version: int | None = None, by: User | None, now: datetime) -> MergeRecord:
    """Take a merge back. ``conflicts`` of the record tells what could not be put back as it was, and why.

    Rows that the merge moved go back unless they are gone or somebody gave them to another contact since. Fields that the
    merge changed go back unless somebody edited them since. What came after the merge stays with the survivor.

    Raises:
        TransitionNotAllowed: it is undone already.
        UndoBlocked: a later merge of the survivor comes first.
        MergeForgotten
        VersionConflict
    """
    with transition(MergeRecord, merge_id, "undo", by=by, now=now, reason=reason, if_version=if_version) as merge:
        rows = Contact.objects.select_for_update(no_key=True).filter(pk__in=[merge.survivor_id, merge.loser_id]).order_by("pk")
        held = {row.pk: row for row in rows}
        survivor, loser = held[merge.survivor_id], held[merge.loser_id]
        _refuse_unless_latest(merge)
        if not merge.before:
            raise MergeForgotten("Somebody was erased since: what they were before is not known any more.")
        had = snapshot(survivor), snapshot(loser)
        Contact.objects.filter(pk=loser.pk).update(merged_into=None)  # from here on its id means itself again
        conflicts = _put_fields_back(survivor, merge.before["survivor"]["fields"], merge.after["survivor"]["fields"])
        for name in fields.TOGETHER["external_id"]:  # the only columns of the loser that a merge writes
            fields.put_back(loser, name, merge.before["loser"]["fields"][name])
        loser.merged_into = None
        conflicts += _keep_external_ids_one(survivor, loser)
        write_both(survivor, loser)
        conflicts += lists.part(
            survivor.pk,
            loser.pk,
            mine=merge.before["survivor"]["lists"],
            theirs=merge.before["loser"]["lists"],
            joined=merge.after["survivor"]["lists"],
        )
        conflicts += _move_back(merge)
        for name, tell in parted:
            if name in merge.remembered:
                tell(survivor.pk, loser.pk, merge.remembered[name], by, now)
        duplicate_pairs.part(survivor.pk, loser.pk, by=by, now=now)
        merge.conflicts, merge.undone_by, merge.undone_at, merge.settled_at = conflicts, by, now, now
        record(survivor, "undo_merge", by=by, now=now, before=had[0], reason=reason, parted=loser.pk, merge=merge.pk)
        record(loser, "undo_merge", by=by, now=now, before=had[1], reason=reason, survivor=survivor.pk, merge=merge.pk)
    return merge


def blocking(merge: MergeRecord) -> MergeRecord | None:
    """The merge that has to be undone before this one: that of the survivor into another, else its latest."""
    later = MergeRecord.objects.filter(Q(loser=merge.survivor_id) | Q(survivor=merge.survivor_id, pk__gt=merge.pk), status="merged")
    found = sorted(later.only("pk", "loser_id"), key=lambda one: (one.loser_id == merge.survivor_id, one.pk))
    return found[-1] if found else None


def _refuse_unless_latest(merge: MergeRecord) -> None:
    first = blocking(merge)
    if first is not None:
        raise UndoBlocked("A later merge of the same contact comes first: undo `merge`, then this one.", merge=str(first.pk))


def _put_fields_back(survivor: Contact, before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """Undo what the merge wrote into the survivor's columns; what somebody edited since is kept and told."""
    conflicts = []
    for name, now in sorted(fields.image(survivor).items(), key=lambda one: one[0] == "kind"):
        was, became = _today(name, before.get(name)), _today(name, after.get(name))
        if name == "custom_fields":
            values, told = _custom_fields_back(was or {}, became or {}, now)
            survivor.custom_fields = values
            conflicts += told
        elif now != became:
            conflicts.append({"kind": "edited_since", "what": name, "value": now, "before": was})
        elif was is GONE or (name == "kind" and was == Contact.Kind.COMPANY and not survivor.company_name):
            conflicts.append({"kind": "gone_since", "what": name, "value": now, "before": before.get(name)})
        elif was != became:
            fields.put_back(survivor, name, was)
    fields.renew_search_key(survivor)
    return conflicts


def _today(name: str, value: Any) -> Any:
    """What a remembered value means now: the person or company of that id may be merged into another, or be no more."""
    field = next((one for one in Contact._meta.concrete_fields if one.attname == name), None)
    if value is None or field is None or field.related_model is None:
        return value
    if field.related_model is Contact:
        left = who_is_left([UUID(value)])
        return str(left[UUID(value)]) if left else GONE
    return value if field.related_model._base_manager.filter(pk=value).exists() else GONE


def _custom_fields_back(was: dict[str, Any], became: dict[str, Any], now: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    values, told = dict(now), []
    for key in sorted({*was, *became, *now}):
        if now.get(key) != became.get(key):
            told.append({"kind": "edited_since", "what": fields.CUSTOM + key, "value": now.get(key), "before": was.get(key)})
        elif key in was:
            values[key] = was[key]
        else:
            values.pop(key, None)
    return values, told


def _keep_external_ids_one(survivor: Contact, loser: Contact) -> list[dict[str, Any]]:
    """An external id that somebody else has by now is not taken from them."""
    conflicts = []
    for contact, other in ((survivor, None), (loser, survivor)):
        if not contact.external_id:
            continue
        same = {"source": contact.source, "external_id": contact.external_id}
        others = Contact.objects.exclude(pk__in=[survivor.pk, loser.pk])
        if others.filter(**same).exists() or (other is not None and (other.source, other.external_id) == tuple(same.values())):
            conflicts.append({"kind": "taken_since", "what": "external_id", "value": contact.external_id, "contact": str(contact.pk)})
            contact.external_id = ""
    return conflicts


def _move_back(merge: MergeRecord) -> list[dict[str, Any]]:
    conflicts: list[dict[str, Any]] = []
    for rows in merge.moved.order_by("-id"):
        relation = relations.by_label(rows.relation)
        if relation is None:
            conflicts.append({"kind": "table_gone", "what": rows.relation, "count": len(rows.ids)})
            continue
        _, gone, elsewhere = relations.move_back(relation, rows.ids, merge.loser_id, merge.survivor_id)
        for kind, ids in (("deleted_since", gone), ("moved_since", elsewhere)):
            if ids:
                conflicts.append({"kind": kind, "what": rows.relation, "count": len(ids), "ids": _shown(ids)})
    return conflicts


def _shown(ids: Sequence[UUID]) -> list[str]:
    """Keys as their tables have them: a whole number was kept as a UUID."""
    return [str(one.int) if one.int < 2**63 else str(one) for one in ids[:NAMED]]
