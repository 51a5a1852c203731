"""An audience as it is built: the contacts that the sources name, in the order of their ids, a batch at a time, each a target or left out with a reason.

A batch and the place that it has come to are one transaction, and a contact has one row in a campaign, so a worker may die anywhere
and several may work at once.
"""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from uuid_utils.compat import uuid7

from campaigns import clock_keys, leasing
from campaigns.models import AudienceRun, AudienceSource, Campaign, ContactListMember, LeftOut, Target
from config.platform import copying, jobs, queue, statements
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import User
from config.platform.moves import transition
from crm import calling, calling_whom, contact_filters
from crm.calling import Verdict
from crm.calling_whom import Subject, Whom
from crm.models import Contact, ImportRow, Suppression
from crm.number_keys import keys_of

Status, Kind = AudienceRun.Status, AudienceRun.Kind
OWED = (Status.WAITING, Status.RUNNING)
BATCH = 2000
ASKED_AT_ONCE = 500
TASK = "campaigns.run_audiences"
EXCLUDED = "excluded"
#: Of the gate's rules those that stand against a contact for ever; hours, limits and what is on the line pass.
OF_IMPORT = (ImportRow.Verdict.CREATE, ImportRow.Verdict.UPDATE, ImportRow.Verdict.DUPLICATE)
LASTING = frozenset({"number", "suppression", "consent"})

#: Of whom something is written that might forbid to call them. About all others the gate has nothing to say for ever.
WRITTEN_ABOUT = """
SELECT c.id FROM unnest(%(contacts)s::uuid[]) AS c(id) WHERE
    EXISTS (SELECT 1 FROM crm_suppression s WHERE s.contact_id = c.id)
    OR EXISTS (SELECT 1 FROM crm_consent s WHERE s.contact_id = c.id)
    OR NOT EXISTS (SELECT 1 FROM crm_contactphone l WHERE l.contact_id = c.id)
    OR EXISTS (SELECT 1 FROM crm_contactphone l JOIN crm_phonenumber p ON p.id = l.phone_id WHERE l.contact_id = c.id AND (
        p.validity IN ('invalid', 'changed')
        OR EXISTS (SELECT 1 FROM crm_suppression s WHERE s.e164 = p.e164)
        OR EXISTS (SELECT 1 FROM crm_consent s WHERE s.e164 = p.e164)))
"""


class AudienceGoesOn(Refusal):
    """The audience of this campaign is being built; `run` is the id of the run."""

    code = "audience_goes_on"
    advice = "Wait until the run whose id is in `run` is done, then ask again. `GET /campaigns/{id}/audience/` tells how far it is."


class AudienceNeedsSources(Refusal):
    """The campaign has no source that includes anybody: add a filter, a list or an import."""

    code = "audience_needs_sources"
    advice = "Add a source that includes somebody to `sources` of the campaign (a filter, a list or an import), then build."


class CampaignOver(Refusal):
    """The campaign is over, or a template."""

    code = "campaign_over"
    advice = "Copy it (`POST /campaigns/{id}/copy/`) and work in the copy: nothing changes here any more."


def build(campaign_id: UUID, *, by: User | None, now: datetime) -> AudienceRun:
    """Ask for the audience of a campaign; workers build it. Once there is one, it adds those who fit by now and are in it nowhere yet.

    Raises:
        AudienceGoesOn, AudienceNeedsSources, CampaignOver
    """
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign_id)
        if campaign.status in Campaign.OVER or campaign.is_template:
            raise CampaignOver("Nobody is added to a campaign that is over, or a template.")
        if going := campaign.audience_runs.filter(status__in=OWED).first():
            raise AudienceGoesOn("The audience of this campaign is being built.", run=str(going.pk))
        sources = [_frozen(one) for one in campaign.sources.all()]
        if not any(one["mode"] == AudienceSource.Mode.INCLUDE for one in sources):
            raise AudienceNeedsSources("Add a source first: a filter, a list or an import.")
        is_first = not campaign.audience_runs.filter(status=Status.DONE).exists()
        kind = Kind.BUILD if is_first else Kind.NEWCOMERS
        run = AudienceRun.objects.create(campaign=campaign, kind=kind, asked_at=now, sources=sources, by=by)
        record(run, "build", by=by, now=now, before={})
    queue.later(TASK)
    return run


def cancel(run_id: UUID, *, by: User, now: datetime) -> AudienceRun:
    """Stop it; whom it has brought in stays in.

    Raises:
        TransitionNotAllowed
    """
    with transition(AudienceRun, run_id, "cancel", by=by, now=now) as run:
        run.finished_at = now
    return run


def run_owed(*, now: datetime, seconds: float = jobs.TURN_S) -> bool:
    """Go on with those that are owed; answers whether something is left. Safe in any number of workers."""
    return jobs.run_owed(AudienceRun.objects.filter(status__in=OWED).order_by("id"), _work, now=now, seconds=seconds)


def _frozen(source: AudienceSource) -> dict[str, Any]:
    return {
        "mode": source.mode, "kind": source.kind, "query": source.query, "priority": source.priority,
        "contact_list": str(source.contact_list_id or ""), "imported": str(source.imported_id or ""),
    }  # fmt: skip


def _work(run_id: UUID, until: float) -> bool:
    try:
        while True:
            if not _step(run_id):
                return False
            if time.monotonic() > until:
                return True
    except Exception as error:
        if jobs.set_aside(AudienceRun, run_id, error, owed_in=OWED):
            return False
        raise


def _step(run_id: UUID) -> bool:
    """One batch; answers whether more is left."""
    began = time.monotonic()
    with transaction.atomic():
        run = AudienceRun.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=run_id)
        if run.status not in OWED:
            return False
        if run.status == Status.WAITING:
            _begin(run)
            return True
        ids = list(
            _named(run).filter(**({"pk__gt": run.seen_to} if run.seen_to else {})).order_by("pk").values_list("pk", flat=True)[:BATCH]
        )
        if not ids:
            with transition(AudienceRun, run_id, "finish", by=None, now=timezone.now()) as done:
                done.finished_at = timezone.now()
            return False
        _take_in(run, ids)
        run.seen, run.seen_to = run.seen + len(ids), ids[-1]
        run.rate = round(len(ids) / max(time.monotonic() - began, 1e-3), 1)
        run.save()
    return True


def _begin(run: AudienceRun) -> None:
    total = _named(run).count()
    with transition(AudienceRun, run.pk, "begin", by=None, now=timezone.now()) as begun:
        begun.started_at, begun.total = timezone.now(), total


# --- whom the sources name
def _named(run: AudienceRun) -> QuerySet[Contact]:
    """Whoever is in one of the including sources, without those who are erased or merged into others."""
    wanted = Q(pk=None)
    for source in run.sources:
        if source["mode"] == AudienceSource.Mode.INCLUDE:
            wanted |= _within(source, run.asked_at)
    return Contact.objects.living().filter(wanted, anonymised_at=None)


def _within(source: Mapping[str, Any], at: datetime) -> Q:
    """The contacts of a source, as a condition."""
    if source["kind"] == AudienceSource.Kind.FILTER:
        return contact_filters.condition(source["query"], now=at)
    if source["kind"] == AudienceSource.Kind.LIST:
        return Q(pk__in=ContactListMember.objects.filter(contact_list=source["contact_list"]).values("contact"))
    return Q(pk__in=ImportRow.objects.filter(batch=source["imported"], object_id__isnull=False, verdict__in=OF_IMPORT).values("object_id"))


def _of_source(source: Mapping[str, Any], ids: Sequence[UUID], at: datetime) -> set[UUID]:
    return set(Contact.objects.filter(_within(source, at), pk__in=ids).values_list("pk", flat=True))


def _take_in(run: AudienceRun, ids: Sequence[UUID]) -> None:
    excluded: set[UUID] = set()
    priorities: dict[UUID, int] = {}
    for source in run.sources:
        if source["mode"] == AudienceSource.Mode.EXCLUDE:
            excluded |= _of_source(source, ids, run.asked_at)
        elif source["priority"]:
            for one in _of_source(source, ids, run.asked_at):
                priorities[one] = max(priorities.get(one, source["priority"]), source["priority"])
    there = set(Target.objects.filter(campaign=run.campaign, contact__in=ids).values_list("contact_id", flat=True))
    wanted = [one for one in ids if one not in excluded and one not in there]
    subjects = calling_whom.found([Whom(contact_id=one) for one in wanted])
    out = {one: (EXCLUDED, "A source leaves them out.") for one in ids if one in excluded and one not in there}
    out |= _left_out(run.campaign, wanted, subjects, run.asked_at)
    keys = {one: clock_keys.key_of(subject.clocks) for one, subject in zip(wanted, subjects, strict=True)}
    run.added += _write_targets(run, [(one, keys[one], priorities.get(one, 0)) for one in wanted if one not in out])
    reasons = _write_left_out(run, out)
    run.left_out += sum(reasons.values())
    run.reasons = dict(Counter(run.reasons) + reasons)


def _left_out(campaign: Campaign, ids: Sequence[UUID], subjects: Sequence[Subject], at: datetime) -> dict[UUID, tuple[str, str]]:
    """Who can never be called for this campaign by what stands now, and why. Of whom nothing is written the gate is not asked."""
    asked = list(ids)
    if campaign.purpose not in settings.CALLING_NEEDS_CONSENT:
        written = {row[0] for row in statements.rows(WRITTEN_ABOUT, {"contacts": asked})} | _erased_numbers(subjects, ids)
        asked = [one for one in asked if one in written]
    found: dict[UUID, tuple[str, str]] = {}
    for begin in range(0, len(asked), ASKED_AT_ONCE):
        found |= judged(campaign, asked[begin : begin + ASKED_AT_ONCE], at=at)
    return found


def _erased_numbers(subjects: Sequence[Subject], ids: Sequence[UUID]) -> set[UUID]:
    """Contacts with the number of somebody who was erased and is not to be called: only a hash of it is left."""
    if not Suppression.objects.exclude(number_hash="").exists():
        return set()
    hashes = {key: one for one, subject in zip(ids, subjects, strict=True) if subject.e164 for key in keys_of(subject.e164)}
    return {hashes[key] for key in Suppression.objects.filter(number_hash__in=hashes).values_list("number_hash", flat=True)}


def judged(campaign: Campaign, contacts: Sequence[UUID], *, at: datetime) -> dict[UUID, tuple[str, str]]:
    """Those of whom the gate says that none of their numbers can be called while the campaign lasts: a code, and a sentence."""
    numbers = leasing.numbers_of(contacts)
    pairs = [(one, e164) for one in contacts for e164 in numbers.get(one) or [""]]
    whom = [Whom(e164, one) for one, e164 in pairs]
    reasons: dict[UUID, tuple[str, str]] = {}
    free: set[UUID] = set()
    for (one, _), verdict in zip(pairs, calling.may_call_many(whom, purpose=campaign.purpose, at=at, now=at), strict=True):
        if why := lasting(campaign, verdict):
            reasons.setdefault(one, why)
        else:
            free.add(one)
    return {one: why for one, why in reasons.items() if one not in free}


def lasting(campaign: Campaign, verdict: Verdict) -> tuple[str, str] | None:
    """The reason that stands against a contact until the campaign is over, if there is one."""
    for one in verdict.reasons:
        if one.rule in LASTING and (one.next_at is None or (campaign.ends_at and one.next_at >= campaign.ends_at)):
            return one.code, one.detail[:300]
    return None


def _write_targets(run: AudienceRun, rows: Iterable[tuple[UUID, str, int]]) -> int:
    """Write the targets that are not there yet; answers how many were not. Two statements for a batch."""
    now = timezone.now()
    given = list(rows)
    columns = ["id", "created_at", "updated_at", "version", "campaign_id", "contact_id", "run_id", "clocks", "priority"]
    same = {
        "state": "pending", "is_ready": True, "next_e164": "", "attempts_total": 0, "attempts_technical": 0, "fence": 0,
        "is_reached": False, "is_right_party": False, "is_success": False, "outcome": "", "reason": "",
    }  # fmt: skip
    copying.copy_in(
        "campaigns_target",
        columns,
        [(uuid7(), now, now, 1, run.campaign_id, one, run.pk, key, priority) for one, key, priority in given],
        same=same,
    )
    LeftOut.objects.filter(campaign=run.campaign, contact__in=[one for one, _, _ in given]).delete()
    return len(given)


def _write_left_out(run: AudienceRun, out: Mapping[UUID, tuple[str, str]]) -> Counter[str]:
    rows = [
        LeftOut(campaign_id=run.campaign_id, contact_id=one, run=run, reason=code, detail=detail) for one, (code, detail) in out.items()
    ]
    LeftOut.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["campaign", "contact"], update_fields=["run", "reason", "detail"], batch_size=1000
    )
    return Counter(row.reason for row in rows)


def summary(campaign: Campaign) -> dict[str, Any]:
    """How many are in, and left out for which reason."""
    rows = LeftOut.objects.filter(campaign=campaign).values("reason").annotate(n=Count("pk")).order_by("reason")
    return {"targets": Target.objects.filter(campaign=campaign).count(), "left_out": {row["reason"]: row["n"] for row in rows}}
