"""Pairs of contacts that may be one: found in the background among those that changed, decided by people.

The pairs follow from the contacts, so finding them writes no audit events; what people decide does. A number, an address, a
name or the value of a custom field that more than ``CROWD`` contacts share says nothing about who is who: five hundred colleagues behind one switchboard
are no pairs by that number, but those of them that share something rarer are.
"""

import logging
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from config.platform import statements
from config.platform.holding import held
from config.platform.models import User
from config.platform.moves import TransitionNotAllowed, check_version, transition
from crm import duplicates
from crm.models import CustomField, DuplicateCandidate, DuplicateWatch

logger = logging.getLogger(__name__)
CROWD = 20
BATCH = 500
TURN_S = 45.0
SKEW = timedelta(seconds=10)  # how far the clocks of our servers may be apart
WATCH = UUID("0199a1b2-0000-7000-8000-6475706c6963")
THE_ONE = 1
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

#: Contacts that changed after a place, in order of change. What is not committed yet began before it will be seen, so nobody
#: looks past the beginning of the eldest transaction that runs now.
CHANGED = """
SELECT updated_at, id FROM crm_contact
WHERE (updated_at, id) > (%s, %s) AND updated_at < least(%s, (
    SELECT min(xact_start) FROM pg_stat_activity
        WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid())) - %s
ORDER BY updated_at, id LIMIT %s
"""
ALIKE = f"""
WITH batch AS (SELECT id, kind, search_key, custom_fields FROM crm_contact WHERE id = ANY(%s) AND merged_into_id IS NULL)
SELECT batch.id, o.ids FROM batch JOIN crm_contactphone l ON l.contact_id = batch.id CROSS JOIN LATERAL (
    SELECT array_agg(contact_id) AS ids FROM (SELECT contact_id FROM crm_contactphone x WHERE x.phone_id = l.phone_id LIMIT {CROWD + 1}) x) o
WHERE cardinality(o.ids) BETWEEN 2 AND {CROWD}
UNION ALL
SELECT batch.id, o.ids FROM batch JOIN crm_contactemail m ON m.contact_id = batch.id CROSS JOIN LATERAL (
    SELECT array_agg(contact_id) AS ids FROM (SELECT contact_id FROM crm_contactemail x WHERE x.email = m.email LIMIT {CROWD + 1}) x) o
WHERE cardinality(o.ids) BETWEEN 2 AND {CROWD}
UNION ALL
SELECT batch.id, o.ids FROM batch CROSS JOIN LATERAL (
    SELECT array_agg(id) AS ids FROM (
        SELECT id FROM crm_contact x
        WHERE x.search_key = batch.search_key AND x.search_key <> '' AND x.kind = batch.kind AND x.merged_into_id IS NULL LIMIT {CROWD + 1}) x) o
WHERE cardinality(o.ids) BETWEEN 2 AND {CROWD}
UNION ALL
SELECT batch.id, o.ids FROM batch JOIN unnest(%s::text[]) AS k(name) ON batch.custom_fields ->> k.name <> '' CROSS JOIN LATERAL (
    SELECT array_agg(id) AS ids FROM (
        SELECT id FROM crm_contact x
        WHERE x.custom_fields @> jsonb_build_object(k.name, batch.custom_fields -> k.name) AND x.merged_into_id IS NULL LIMIT {CROWD + 1}) x) o
WHERE cardinality(o.ids) BETWEEN 2 AND {CROWD}
"""  # noqa: S608 (only a number is formatted in)


def look(*, now: datetime, seconds: float = TURN_S) -> bool:
    """Compare the contacts that changed since the last look, for about ``seconds``; answers whether some are left.

    Each batch is one transaction with the place that was reached: a killed worker repeats a batch at most, which changes
    nothing. One worker at a time.
    """
    until = time.monotonic() + seconds
    with held(WATCH) as is_mine:
        if not is_mine:
            return False
        while _look_at_some(now=now):
            if time.monotonic() > until:
                return True
    return False


def dismiss(pair_id: UUID, *, reason: str = "", if_version: int | None = None, by: User | None, now: datetime) -> DuplicateCandidate:
    """Say that the two are two. They come back only when the data of one of them changed.

    Raises:
        TransitionNotAllowed: it is decided already.
        VersionConflict
    """
    with transition(DuplicateCandidate, pair_id, "dismiss", reason=reason, if_version=if_version, by=by, now=now) as pair:
        pair.decided_by, pair.decided_at, pair.reason = by, now, reason
    return pair


def open_for_merging(pair_id: UUID, *, if_version: int | None = None) -> DuplicateCandidate:
    """The pair, when it may be merged.

    Raises:
        TransitionNotAllowed, VersionConflict
    """
    pair = DuplicateCandidate.objects.get(pk=pair_id)
    check_version(pair, if_version)
    if "merge" not in pair.open_moves():
        raise TransitionNotAllowed(f"A pair that is {pair.status} cannot be merged.", current=pair.status, allowed=pair.open_moves())
    return pair


def both_of(pair_id: UUID) -> tuple[UUID, UUID]:
    """The ids of the two."""
    pair = DuplicateCandidate.objects.only("first_id", "second_id").get(pk=pair_id)
    return pair.first_id, pair.second_id


def close(survivor: UUID, loser: UUID, *, if_version: int | None, by: User | None, now: datetime) -> None:
    """The two became one: their pair is decided, and what was open about the loser is looked at anew as the survivor's.

    Raises:
        VersionConflict
    """
    pair = _pair(survivor, loser)
    if pair is not None and "merge" in pair.open_moves():
        with transition(DuplicateCandidate, pair.pk, "merge", if_version=if_version, by=by, now=now) as row:
            row.decided_by, row.decided_at = by, now
    forget(loser)


def forget(contact_id: UUID) -> None:
    """Drop the open pairs of a contact that was merged away."""
    DuplicateCandidate.objects.filter(Q(first=contact_id) | Q(second=contact_id), status="open").delete()


def part(survivor: UUID, loser: UUID, *, by: User | None, now: datetime) -> None:
    """Their merge was undone: they are known to be two, until one of them changes."""
    pair = _pair(survivor, loser)
    if pair is None or "part" not in pair.open_moves():
        return
    known = duplicates.compared([survivor, loser])
    with transition(DuplicateCandidate, pair.pk, "part", by=by, now=now) as row:
        row.decided_by, row.decided_at, row.reason = by, now, "Their merge was undone."
        row.fingerprint = known[survivor].fingerprint(known[loser])


def _pair(one: UUID, other: UUID) -> DuplicateCandidate | None:
    return DuplicateCandidate.objects.filter(first=min(one, other), second=max(one, other)).first()


@transaction.atomic
def _look_at_some(*, now: datetime) -> bool:
    """Compare one batch and remember the place; False when there is nothing left to look at."""
    watch, _ = DuplicateWatch.objects.get_or_create(pk=THE_ONE, defaults={"changed_at": LONG_AGO, "contact_id": UUID(int=0)})
    if watch.identifying != (identifying := CustomField.objects.identifying()):
        watch.identifying, watch.changed_at = identifying, LONG_AGO  # an administrator changed what says who somebody is
    changed = statements.rows(CHANGED, [watch.changed_at, watch.contact_id, now, SKEW, BATCH])
    if changed:
        _compare({row[1] for row in changed}, now=now)
        watch.changed_at, watch.contact_id = changed[-1]
    watch.looked_at = now
    watch.save()
    return len(changed) == BATCH


def _compare(ids: set[UUID], *, now: datetime) -> None:
    """Find the pairs of these contacts: new ones are written, changed ones corrected, those that are none any more dropped."""
    alike: set[tuple[UUID, UUID]] = set()
    for contact_id, others in statements.rows(ALIKE, [list(ids), CustomField.objects.identifying()]):
        alike |= {(min(contact_id, other), max(contact_id, other)) for other in others if other != contact_id}
    known = duplicates.compared({contact_id for pair in alike for contact_id in pair} | ids)
    found: dict[tuple[UUID, UUID], dict[str, Any]] = {}
    for first, second in alike:
        if first in known and second in known:
            candidate = known[first].against(known[second])
            if candidate.score >= duplicates.LIKELY:
                fingerprint = known[first].fingerprint(known[second])
                found[first, second] = {"score": candidate.score, "reasons": sorted(candidate.reasons), "fingerprint": fingerprint}
    _write(ids, found, now=now)


def _write(ids: Iterable[UUID], found: dict[tuple[UUID, UUID], dict[str, Any]], *, now: datetime) -> None:
    there = DuplicateCandidate.objects.filter(Q(first__in=ids) | Q(second__in=ids))
    gone, changed = [], []
    for pair in there:
        told = found.pop((pair.first_id, pair.second_id), None)
        if told is None:
            gone += [pair.pk] if pair.status == "open" else []
        elif told["fingerprint"] != pair.fingerprint:
            if pair.status == "dismissed":
                _reopen(pair.pk, told, now=now)
            else:
                changed.append(DuplicateCandidate(pk=pair.pk, **told))
    DuplicateCandidate.objects.filter(pk__in=gone, status="open").delete()
    DuplicateCandidate.objects.bulk_update(changed, ["score", "reasons", "fingerprint"])
    DuplicateCandidate.objects.bulk_create(
        [DuplicateCandidate(first_id=first, second_id=second, **told) for (first, second), told in sorted(found.items())],
        ignore_conflicts=True,
    )


def _reopen(pair_id: UUID, told: dict[str, Any], *, now: datetime) -> None:
    """Somebody said that they are two, but of other data than those of today."""
    with transition(DuplicateCandidate, pair_id, "reopen", by=None, now=now, reason="The data of one of them changed.") as pair:
        for name, value in told.items():
            setattr(pair, name, value)
