"""From lead to client: a contact goes from stage to stage, and each step says when, by whom, why, on which call, and where it came from."""

from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db import transaction

from config.platform import origins
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import User
from config.platform.moves import transition
from config.platform.registry import Registry
from crm.models import Contact, LifecycleChange
from crm.models.consent import ERASED
from crm.old_ids import refuse_merged
from crm.timeline import Happening, Position, older

Stage = Contact.Lifecycle
VERBS = {move.to: verb for verb, move in Contact.MOVES.items()}
NEEDS_A_REASON = (Stage.DISQUALIFIED, Stage.LEAD)

#: Told, in the same transaction, of each step of a contact. For whoever is credited with it.
stepped: Registry[Callable[[LifecycleChange], None]] = Registry("told when a contact comes to another stage")


class StageReasonNeeded(Refusal):
    """To disqualify or to reactivate a contact needs a `reason`."""

    code = "stage_reason_needed"
    status = 400
    advice = "Send `reason` with the move."


def qualify(contact_id: UUID, **said: Any) -> Contact:
    """There is interest, and it fits; the arguments are those of ``move``."""
    return move(contact_id, Stage.QUALIFIED, **said)


def convert(contact_id: UUID, **said: Any) -> Contact:
    """They bought; ``origin`` is the call that brought it about. The arguments are those of ``move``."""
    return move(contact_id, Stage.CLIENT, **said)


def lapse(contact_id: UUID, **said: Any) -> Contact:
    """A client of whom nothing is heard any more; the arguments are those of ``move``."""
    return move(contact_id, Stage.DORMANT, **said)


def disqualify(contact_id: UUID, **said: Any) -> Contact:
    """Nothing will come of it, and why; the arguments are those of ``move``."""
    return move(contact_id, Stage.DISQUALIFIED, **said)


def reactivate(contact_id: UUID, **said: Any) -> Contact:
    """Begin again as a lead, and why; the arguments are those of ``move``."""
    return move(contact_id, Stage.LEAD, **said)


@transaction.atomic
def move(
    contact_id: UUID,
    to: str,
    *,
    reason: str = "",
    origin: Mapping[str, Any] | None = None,
    if_version: int | None = None,
    by: User | None,
    now: datetime,
) -> Contact:
    """Move a contact to the stage ``to``. A lead that becomes a client passes ``qualified`` on the way: two steps at one time.

    Raises:
        TransitionNotAllowed: the stage cannot be reached from where it is.
        StageReasonNeeded, OriginUnknown, VersionConflict, ContactMerged
    """
    if to in NEEDS_A_REASON and not reason.strip():
        raise StageReasonNeeded("Say in `reason` why.")
    came_from = origins.columns(origin)
    refuse_merged(Contact.objects.select_for_update().get(pk=contact_id))
    with transition(Contact, contact_id, VERBS[to], by=by, now=now, reason=reason, if_version=if_version, **_fact(origin)) as contact:
        path = [contact.lifecycle, to]
        if to == Stage.CLIENT and contact.lifecycle == Stage.LEAD:
            path.insert(1, Stage.QUALIFIED)
        since = _since(contact)
        for start, end in pairwise(path):
            step = LifecycleChange(
                contact=contact, from_stage=start, to_stage=end, since=min(since, now), at=now, by=by, reason=reason.strip(),
                owner_id=contact.owner_id, source=contact.source, **came_from,
            )  # fmt: skip
            step.save(force_insert=True)
            record(step, "step", by=by, now=now, before={})
            for _, tell in stepped:
                tell(step)
            since = now
    return contact


def _fact(origin: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"origin": dict(origin)} if origin else {}


def _since(contact: Contact) -> datetime:
    """When the contact came into its stage: at its last step, or when it was added."""
    last = LifecycleChange.objects.filter(contact=contact).order_by("-at", "-id").values_list("at", flat=True).first()
    return last or contact.created_at


def history(contact_id: UUID) -> list[LifecycleChange]:
    """All steps of a contact, the last first."""
    return list(LifecycleChange.objects.filter(contact=contact_id).select_related("by", "owner").order_by("-at", "-id"))


def happenings(contact_id: UUID, before: Position, limit: int) -> list[Happening]:
    """Registered with ``crm.timeline.sources``."""
    rows = LifecycleChange.objects.filter(older("at", before), contact=contact_id).select_related("by").order_by("-at", "-id")[:limit]
    return [
        Happening(
            row.at,
            "lifecycle",
            row.pk,
            {
                "from": row.from_stage,
                "to": row.to_stage,
                "reason": row.reason,
                "origin": row.origin,
                "source": row.source,
                "by": str(row.by) if row.by else None,
            },
            by=str(row.by) if row.by else None,
        )
        for row in rows
    ]


def personal_data(contact_id: UUID) -> list[dict[str, Any]]:
    """What the steps say about a contact."""
    names = ("from_stage", "to_stage", "at", "reason", "source")
    return [{name: getattr(row, name) for name in names} for row in LifecycleChange.objects.filter(contact=contact_id).order_by("id")]


def pseudonymise(contact_id: UUID) -> int:
    """Take the words out of a contact's steps; that there were steps stays. Answers how many."""
    return LifecycleChange.objects.filter(contact=contact_id).exclude(reason="").update(reason=ERASED)
