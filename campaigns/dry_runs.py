"""What would happen if a campaign were started: everybody in it is asked about at the gate, nobody is called, and the reasons are counted."""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone

from campaigns import leasing
from campaigns.live_figures import first_key
from campaigns.models import Campaign, DryRun, Target
from config.platform import jobs, queue
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import User
from config.platform.moves import transition
from crm import calling
from crm.calling import Verdict
from crm.models import CallingLimit, CallingWindow, Channel, Suppression

Status = DryRun.Status
OWED = (Status.WAITING, Status.RUNNING)
FRESH_FOR = timedelta(hours=24)
BATCH = 500
SAMPLES = 5
TASK = "campaigns.run_dry_runs"
#: What a fingerprint does not hang on: how it goes, not what it is.
PASSING = (
    "version",
    "updated_at",
    "status",
    "started_at",
    "ended_at",
    "ended_because",
    "forced_reason",
    "starts_at",
    "survey_version",
    "limits_grew_at",
    "freshened_at",
    "start_problem",
    "start_again_at",
)
#: So many do-not-call entries are counted at most.
MOST_STOPS = 10_000


class DryRunGoesOn(Refusal):
    """A dry run of this campaign goes on; `dry_run` is its id."""

    code = "dry_run_goes_on"
    advice = "Wait for the dry run whose id is in `dry_run`: `GET /campaigns/{id}/dry-run/` tells when it is done."


def begin(campaign_id: UUID, *, by: User | None, now: datetime) -> DryRun:
    """Ask for a dry run of a campaign as it is now; workers do it.

    Raises:
        DryRunGoesOn
    """
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign_id)
        if going := DryRun.objects.filter(campaign=campaign, status__in=OWED).first():
            raise DryRunGoesOn("A dry run of this campaign goes on.", dry_run=str(going.pk))
        total = Target.objects.filter(campaign=campaign).count()
        run = DryRun.objects.create(campaign=campaign, fingerprint=fingerprint(campaign), asked_at=now, total=total, by=by)
        record(run, "begin", by=by, now=now, before={})
    queue.later(TASK)
    return run


def is_going_on(campaign: Campaign) -> bool:
    """Whether one is being made."""
    return DryRun.objects.filter(campaign=campaign, status__in=OWED).exists()


def latest(campaign: Campaign) -> DryRun | None:
    """The last one, whatever became of it."""
    return DryRun.objects.filter(campaign=campaign).order_by("-id").first()


def is_fresh(campaign: Campaign, *, now: datetime) -> bool:
    """Whether the last one was of the campaign and the audience as they are, and not long ago."""
    run = DryRun.objects.filter(campaign=campaign, status=Status.DONE).order_by("-id").first()
    return (
        run is not None and run.finished_at is not None and run.finished_at > now - FRESH_FOR and run.fingerprint == fingerprint(campaign)
    )


def fingerprint(campaign: Campaign) -> str:
    """A digest of all on which a dry run hangs: settings, hours, rules, people, audience, and the windows and limits of the house.

    Not the do-not-call entries: they change all day, and ``stops_since`` tells how many came.
    """
    fields = {field.attname: getattr(campaign, field.attname) for field in Campaign._meta.concrete_fields if field.name not in PASSING}
    told = {
        "fields": fields,
        "hours": list(campaign.hours.order_by("weekday", "opens").values_list("weekday", "opens", "closes")),
        "rules": list(campaign.retry_rules.order_by("id").values_list("id", "version")),
        "agents": sorted(campaign.agents.values_list("pk", flat=True)),
        "teams": sorted(campaign.teams.values_list("pk", flat=True)),
        "audience": campaign.audience_runs.order_by("-id").values_list("pk", flat=True).first(),
        "windows": list(
            CallingWindow.objects.filter(is_active=True, purpose__in=["", campaign.purpose]).order_by("id").values_list("id", "version")
        ),
        "limits": list(CallingLimit.objects.for_purpose(campaign.purpose).values_list("id", "version")),
        "targets": Target.objects.filter(campaign=campaign).count(),
    }
    return hashlib.sha256(json.dumps(told, cls=DjangoJSONEncoder, sort_keys=True).encode()).hexdigest()


def stops_since(run: DryRun) -> int:
    """How many do-not-call entries for the purpose of its campaign were written since it was asked for; ``MOST_STOPS`` at most."""
    written = Suppression.objects.filter(pk__gte=first_key(run.asked_at), purpose__in=["", run.campaign.purpose])
    return written.filter(channel__in=["", Channel.CALL])[:MOST_STOPS].count()


def run_owed(*, now: datetime, seconds: float = jobs.TURN_S) -> bool:
    """Go on with those that are owed; answers whether something is left. Safe in any number of workers."""
    return jobs.run_owed(DryRun.objects.filter(status__in=OWED).order_by("id"), _work, now=now, seconds=seconds)


def _work(run_id: UUID, until: float) -> bool:
    try:
        while True:
            if not _step(run_id):
                return False
            if time.monotonic() > until:
                return True
    except Exception as error:
        if jobs.set_aside(DryRun, run_id, error, owed_in=OWED):
            return False
        raise


def _step(run_id: UUID) -> bool:
    """One batch, in a transaction of its own with the place that it has come to; answers whether more is left."""
    with transaction.atomic():
        run = DryRun.objects.select_for_update().get(pk=run_id)
        if run.status not in OWED:
            return False
        if run.status == Status.WAITING:
            with transition(DryRun, run_id, "begin", by=None, now=timezone.now()):
                pass
            return True
        campaign = Campaign.objects.prefetch_related("hours").get(pk=run.campaign_id)
        rows = Target.objects.filter(campaign=campaign).order_by("id")
        targets = list((rows.filter(pk__gt=run.seen_to) if run.seen_to else rows)[:BATCH])
        if not targets:
            with transition(DryRun, run_id, "finish", by=None, now=timezone.now()) as done:
                done.finished_at = timezone.now()
            return False
        for target in targets:
            target.campaign = campaign
        _count(run, leasing.verdicts(targets, agent=None, at=run.asked_at, as_if_running=True, now=run.asked_at))
        run.seen, run.seen_to = run.seen + len(targets), targets[-1].pk
        run.save()
    return True


def _count(run: DryRun, verdicts: Sequence[Verdict]) -> None:
    reasons, first = Counter(run.reasons), Counter(run.first_at)
    sampled: Counter[str] = Counter(one["code"] for one in run.samples)
    for verdict in verdicts:
        if verdict.allowed:
            run.callable_now += 1
        elif verdict.next_at:
            run.callable_later += 1
            first[verdict.next_at.strftime("%Y-%m-%dT%H:00:00Z")] += 1
        else:
            run.never += 1
        for one in verdict.reasons:
            reasons[one.code] += 1
            if sampled[one.code] < SAMPLES:
                sampled[one.code] += 1
                run.samples.append(_sample(verdict, one))
    run.reasons, run.first_at = dict(reasons), dict(sorted(first.items())[:200])


def _sample(verdict: Verdict, one: calling.Finding) -> dict[str, Any]:
    target = verdict.subject.context["target"]
    shown = calling.shown(one)
    return {"target": str(target.pk), "contact": str(target.contact_id), **{name: shown[name] for name in ("code", "detail", "next_at")}}
