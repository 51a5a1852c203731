"""What was written to the old id while the merge was being committed: a call that came in at that moment, for instance.

Nobody waits for a merge, so a transaction that had looked the contact up before may still write the old id. Such rows are
moved as soon as they are seen, and remembered, so that an undo gives them back. A few minutes after the merge nobody who had
looked before is left, and the merge is settled.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from config.platform.history import record
from crm import duplicate_pairs
from crm.merging import lists, relations
from crm.models import MergeRecord, MovedRows

SETTLED_AFTER = timedelta(minutes=5)  # longer than any transaction may last: config.settings


def settle(*, now: datetime, most: int = 200) -> int:
    """Look after the merges that are not settled; answers how many rows had strayed. Safe in any number of workers."""
    ids = MergeRecord.objects.filter(settled_at=None).order_by("id").values_list("pk", flat=True)[:most]
    return sum(_look_after(merge_id, now=now) for merge_id in list(ids))


@transaction.atomic
def _look_after(merge_id: UUID, *, now: datetime) -> int:
    merge = MergeRecord.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=merge_id, status="merged").first()
    return _fetch(merge, now=now) if merge is not None else 0


def _fetch(merge: MergeRecord, *, now: datetime) -> int:
    """Move what points at the loser; and on, when the survivor was itself merged since."""
    strayed = {
        relation.label: ids for relation in relations.moved() if (ids := relations.move(relation, merge.loser_id, merge.survivor_id))
    }
    MovedRows.objects.bulk_create(MovedRows(merge=merge, relation=label, ids=ids) for label, ids in strayed.items())
    found = {label: len(ids) for label, ids in strayed.items()} | _lists(merge)
    if merge.merged_at < now - SETTLED_AFTER:
        merge.settled_at = now
    if found:
        for label, count in found.items():
            merge.counts[label] = merge.counts.get(label, 0) + count
        merge.version += 1
        record(merge, "gather", by=None, now=now, moved=found)
    duplicate_pairs.forget(merge.loser_id)
    merge.save()
    above = MergeRecord.objects.select_for_update(of=("self",)).filter(loser=merge.survivor_id, status="merged").first() if found else None
    if above is not None:
        _fetch(above, now=now)
    return sum(found.values())


def _lists(merge: MergeRecord) -> dict[str, int]:
    """Phones and the like that were written to the old id: the images grow by them."""
    strayed = lists.images(merge.loser_id)
    if not any(strayed.values()):
        return {}
    moved = lists.join(merge.survivor_id, merge.loser_id)
    for name, image in strayed.items():
        merge.before["loser"]["lists"][name] += image
    merge.after["survivor"] = {"fields": merge.after["survivor"]["fields"], "lists": lists.images(merge.survivor_id)}
    return moved
