"""The audio of people's calls: told to them, and taken away when they are erased. The files themselves: see recording_upkeep."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from calls.models import Recording, RecordingAccess
from config.platform import forgetting
from config.platform.queue import later

#: What audit events of recordings may go on telling: it tells of nobody.
TELLING = frozenset(
    {
        "state", "content_type", "size", "duration_s", "channels", "sha256", "retain_until", "legal_hold", "call_id", "recorded_at", "attempts",
        "available_at", "run_after", "has_source", "problem", "held_by_id", "held_at", "storage_name",
    }
)  # fmt: skip


def of_calls(call_ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """What is kept of the recordings of each call; who has one, asks for its audio by its id."""
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in Recording.objects.filter(call__in=call_ids).order_by("recorded_at", "id"):
        found.setdefault(row.call_id, []).append(
            {
                "id": row.pk,
                "recorded_at": row.recorded_at,
                "state": row.state,
                "duration_s": row.duration_s,
                "content_type": row.content_type,
                "size": row.size,
                "sha256": row.sha256,
                "retain_until": row.retain_until,
            }
        )
    return found


def erase(call_ids: Sequence[UUID]) -> int:
    """Delete the audio of these calls, and where it came from; answers how many. What is held was vetoed (a dry run goes on all the same)."""
    kept = Recording.objects.filter(call__in=call_ids, state__in=Recording.KEPT, legal_hold=False)
    ids = list(kept.select_for_update().values_list("pk", flat=True))
    # the rows first, in this transaction; the files are owed by the rows: an erasure that is taken back keeps them
    Recording.objects.filter(pk__in=ids).update(state=Recording.State.DELETED, run_after=None, has_source=False)
    everything = Recording.objects.filter(call__in=call_ids)
    for row in everything:
        row.source_url = row.problem_detail = ""
        row.masked = [span | {"reason": ""} for span in row.masked]
        row.version += 1
    Recording.objects.bulk_update(everything, ["source_url", "problem_detail", "masked", "version"], batch_size=500)
    RecordingAccess.objects.filter(recording__in=everything).exclude(purpose="").update(purpose=forgetting.FORGOTTEN)
    forgetting.forget_changes([row.pk for row in everything], telling=TELLING)
    if ids:
        later("calls.expire_recordings")
    return len(ids)
