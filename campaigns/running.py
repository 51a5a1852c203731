"""A campaign's life: planned, started, paused, resumed, brought to its end. What begins or ends by itself does so here too."""

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef, Q

from calls.effects_on_callback import KIND as CALLBACK
from calls.models import Callback, DispositionEffect
from campaigns import dry_runs, gates, handout, preparing
from campaigns.models import Attempt, Campaign, Collected, Conversion, SurveyResponse, Target, targets
from config.platform import feed, outbox
from config.platform.errors import Refusal
from config.platform.history import record, snapshot
from config.platform.models import User
from config.platform.moves import transition
from crm import duty

logger = logging.getLogger(__name__)
Status = Campaign.Status
ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
EXAMPLE: dict[str, Any] = {"campaign": ID, "number": "K-2026-000012", "name": "Autumn offers", "status": "paused", "reason": ""}
NEWS = {
    "campaign.started": ("A campaign began, or goes on after a pause.", {"status": "running"}),
    "campaign.paused": ("A campaign hands nobody out for now.", {"status": "paused", "reason": "The stock is sold out"}),
    "campaign.ended": ("A campaign was completed or cancelled.", {"status": "completed"}),
    "campaign.delayed": (
        "A campaign that was to begin by itself could not: `reason` says why. It is tried again every few minutes.",
        {"status": "scheduled", "reason": "There is nobody in the campaign: build its audience first."},
    ),
}
#: A start that failed is tried again after this.
START_AGAIN = timedelta(minutes=5)


class DryRunNeeded(Refusal):
    """Start needs a dry run of the campaign as it is now (`POST /campaigns/{id}/dry-run/`), or `force` with a `reason`."""

    code = "dry_run_needed"
    advice = "Run `POST /campaigns/{id}/dry-run/`, look at its figures, then start. Any change after it needs a new one."


class NobodyToCall(Refusal):
    """There is nobody in the campaign who waits to be called: build its audience first."""

    code = "campaign_without_targets"
    advice = "Build its audience (`POST /campaigns/{id}/audience/`), look in `left-out` if nobody is in it, then start."


class SurveyNotPublished(Refusal):
    """The survey of the campaign has no published version."""

    code = "survey_not_published"
    advice = "Publish a version of the survey (`POST /survey-versions/{id}/publish/`), then repeat this."


class ScriptNotPublished(Refusal):
    """The script of the campaign has no published version."""

    code = "script_not_published"
    advice = "Publish a version of the script (`POST /script-versions/{id}/publish/`), then repeat this."


class NotBeforeItBegins(Refusal):
    """Give `starts_at` in the time to come."""

    code = "starts_in_the_past"
    status = 400
    advice = "Send a `starts_at` in the future, or start now with `POST /campaigns/{id}/start/`."


class TemplateNeverRuns(Refusal):
    """It is a template: copy it, and start the copy."""

    code = "template_never_runs"
    advice = "Copy it (`POST /campaigns/{id}/copy/`) and start the copy."


def declare() -> None:
    """Say what the live feed and the news for other systems tell of campaigns."""
    feed.declare("campaign.changed", "A campaign in which you work was started, paused, resumed or ended.", EXAMPLE)
    tells, is_then = NEWS["campaign.delayed"]
    feed.declare("campaign.delayed", tells, EXAMPLE | is_then)
    for name, (tells, is_then) in NEWS.items():
        outbox.declare(name, tells, EXAMPLE | is_then)


def schedule(campaign_id: UUID, *, starts_at: datetime, if_version: int | None = None, by: User, now: datetime) -> Campaign:
    """Let it begin by itself at ``starts_at``, if it is ready then.

    Raises:
        NotBeforeItBegins, TemplateNeverRuns, TransitionNotAllowed, VersionConflict
    """
    if starts_at <= now:
        raise NotBeforeItBegins("This time has passed.")
    with transition(Campaign, campaign_id, "schedule", by=by, now=now, if_version=if_version) as campaign:
        _refuse_template(campaign)
        campaign.starts_at = starts_at
        _forget_problem(campaign)
    return campaign


def unschedule(campaign_id: UUID, *, if_version: int | None = None, by: User, now: datetime) -> Campaign:
    """It does not begin by itself any more.

    Raises:
        TransitionNotAllowed, VersionConflict
    """
    with transition(Campaign, campaign_id, "unschedule", by=by, now=now, if_version=if_version) as campaign:
        campaign.starts_at = None
        _forget_problem(campaign)
    return campaign


def start(
    campaign_id: UUID, *, force: bool = False, reason: str = "", if_version: int | None = None, by: User | None, now: datetime
) -> Campaign:
    """Begin to hand out.

    Raises:
        DryRunNeeded: and it is not forced, with a reason.
        NobodyToCall, SurveyNotPublished, ScriptNotPublished, TemplateNeverRuns, TransitionNotAllowed, VersionConflict
    """
    with transaction.atomic():
        gates.shut_campaign(campaign_id)
        with transition(Campaign, campaign_id, "start", by=by, now=now, reason=reason, if_version=if_version) as campaign:
            _refuse_unready(campaign)
            if not (force and reason.strip()) and campaign.kind != Campaign.Kind.COLLECTION and not dry_runs.is_fresh(campaign, now=now):
                raise DryRunNeeded("Make a dry run first, or give `force` with a `reason`.")
            campaign.forced_reason = reason.strip() if force else ""
            campaign.started_at = now
            if campaign.starts_at and campaign.starts_at > now:
                campaign.starts_at = now
            campaign.status = Status.RUNNING
            _forget_problem(campaign)
            _tell(campaign, "campaign.started", reason, by, now)
    return campaign


def pause(campaign_id: UUID, *, reason: str = "", if_version: int | None = None, by: User | None, now: datetime) -> Campaign:
    """Hand nobody out from now on; what is in hands and on the line goes on.

    Raises:
        TransitionNotAllowed, VersionConflict
    """
    return _move(campaign_id, "pause", Status.PAUSED, "campaign.paused", reason, if_version, by, now)


def resume(campaign_id: UUID, *, if_version: int | None = None, by: User | None, now: datetime) -> Campaign:
    """Hand out again.

    Raises:
        TransitionNotAllowed, VersionConflict
    """
    return _move(campaign_id, "resume", Status.RUNNING, "campaign.started", "", if_version, by, now)


def complete(campaign_id: UUID, *, reason: str = "", if_version: int | None = None, by: User | None, now: datetime) -> Campaign:
    """Bring it to its end; contacts in hand that are not being called go back.

    Raises:
        TransitionNotAllowed, VersionConflict
    """
    return _end(campaign_id, "complete", reason or "A person ended it.", if_version, by, now)


def cancel(campaign_id: UUID, *, reason: str, if_version: int | None = None, by: User | None, now: datetime) -> Campaign:
    """Break it off, and why; contacts in hand that are not being called go back.

    Raises:
        TransitionNotAllowed, VersionConflict
    """
    return _end(campaign_id, "cancel", reason, if_version, by, now)


def archive(campaign_id: UUID, *, if_version: int | None = None, by: User, now: datetime) -> Campaign:
    """Put it away; its results stay.

    Raises:
        TransitionNotAllowed, VersionConflict
    """
    with transition(Campaign, campaign_id, "archive", by=by, now=now, if_version=if_version) as campaign:
        pass
    return campaign


def _move(
    campaign_id: UUID, verb: str, to: str, news: str, reason: str, if_version: int | None, by: User | None, now: datetime
) -> Campaign:
    with transaction.atomic():
        gates.shut_campaign(campaign_id)
        with transition(Campaign, campaign_id, verb, by=by, now=now, reason=reason, if_version=if_version) as campaign:
            campaign.status = to
            _tell(campaign, news, reason, by, now)
    return campaign


def _end(campaign_id: UUID, verb: str, reason: str, if_version: int | None, by: User | None, now: datetime) -> Campaign:
    with transaction.atomic():
        gates.shut_campaign(campaign_id)
        with transition(Campaign, campaign_id, verb, by=by, now=now, reason=reason, if_version=if_version) as campaign:
            campaign.ended_at, campaign.ended_because = now, reason[:300]
            _forget_problem(campaign)
            campaign.status = Status.COMPLETED if verb == "complete" else Status.CANCELLED
            _tell(campaign, "campaign.ended", reason, by, now)
        rows = Attempt.objects.filter(campaign=campaign, state=Attempt.State.LEASED).order_by("target_id")
        held = list(rows.select_for_update(of=("self",)))
        for attempt in held:
            attempt.reason = "The campaign was ended."
            handout.close(attempt, Attempt.Closing.STOPPED, now=now)
        handout.tell_lost(held, Attempt.Closing.STOPPED, now=now)
    return campaign


def _refuse_template(campaign: Campaign) -> None:
    if campaign.is_template:
        raise TemplateNeverRuns("It is a template: copy it.")


def _refuse_unready(campaign: Campaign) -> None:
    """What a campaign needs to begin; pins the version of its survey."""
    _refuse_template(campaign)
    if campaign.kind != Campaign.Kind.COLLECTION and not Target.objects.filter(campaign=campaign, state__in=targets.WAITING).exists():
        raise NobodyToCall("There is nobody in the campaign: build its audience first.")
    if campaign.script is not None and not campaign.script.versions.filter(status="published").exists():
        raise ScriptNotPublished("Publish the script first.")
    if campaign.survey is not None:
        campaign.survey_version = campaign.survey.versions.filter(status="published").first()
        if campaign.survey_version is None:
            raise SurveyNotPublished("Publish the survey first.")


def _forget_problem(campaign: Campaign) -> None:
    campaign.start_problem, campaign.start_again_at = "", None


def _told_of(campaign: Campaign, reason: str) -> dict[str, Any]:
    return {"campaign": str(campaign.pk), "number": campaign.number, "name": campaign.name, "status": campaign.status, "reason": reason}


def _tell(campaign: Campaign, news: str, reason: str, by: User | None, now: datetime) -> None:
    data = _told_of(campaign, reason)
    leaders = duty.leaders_of(campaign.department) if campaign.department else []
    people = {*preparing.people_of(campaign), *leaders} - ({by.pk} if by else set())
    feed.tell(people, "campaign.changed", data, about=campaign.pk, now=now)
    outbox.tell(news, campaign, data, now=now)


# --- by themselves
def tend(*, now: datetime) -> int:
    """Begin what is to begin by now, end what is over; answers how many did. Safe in any number of workers, and twice."""
    due = Campaign.objects.filter(status=Status.SCHEDULED, starts_at__lte=now)
    begin = due.filter(Q(start_again_at=None) | Q(start_again_at__lte=now)).order_by("starts_at", "id")
    done = sum(_by_itself(campaign, _begin, now) for campaign in begin[:50])
    for campaign in Campaign.objects.filter(status__in=Campaign.LIVE).order_by("id"):
        if why := _is_over(campaign, now):
            done += _by_itself(campaign, lambda one, at, why=why: complete(one.pk, reason=why, by=None, now=at), now)
    return done


def _begin(campaign: Campaign, now: datetime) -> None:
    """A campaign that waits for its start begins with a dry run, if none is fresh: nobody is there to force it.

    What stands in its way is told to those who lead it, and it is tried again after ``START_AGAIN``.
    """
    if campaign.audience_runs.filter(status__in=["waiting", "running"]).exists():
        return  # who is in it is known in a moment
    try:
        _refuse_unready(campaign)
    except Refusal as refusal:
        _put_off(campaign.pk, refusal.detail, now)
        return
    if campaign.kind == Campaign.Kind.COLLECTION or dry_runs.is_fresh(campaign, now=now):
        start(campaign.pk, by=None, now=now)
    elif (
        (run := dry_runs.latest(campaign))
        and run.status == "failed"
        and run.asked_at >= (campaign.start_again_at or campaign.starts_at or now)
    ):
        _put_off(campaign.pk, f"The dry run failed: {run.problem}", now)  # one of an earlier try, or a person's, says nothing of now
    elif not dry_runs.is_going_on(campaign):
        dry_runs.begin(campaign.pk, by=None, now=now)


@transaction.atomic
def _put_off(campaign_id: UUID, why: str, now: datetime) -> None:
    """Write down why it could not begin, and tell it once: not at every try."""
    campaign = Campaign.objects.select_for_update(of=("self",), no_key=True).get(pk=campaign_id)
    if campaign.status != Status.SCHEDULED or (campaign.start_again_at and campaign.start_again_at > now):
        return  # somebody was quicker
    before, is_known = snapshot(campaign), campaign.start_problem == why[:300]
    campaign.start_problem, campaign.start_again_at = why[:300], now + START_AGAIN
    if is_known:
        campaign.save(update_fields=["start_again_at", "updated_at"])
        return
    campaign.version += 1
    campaign.save()
    record(campaign, "start_failed", by=None, now=now, reason=why, before=before)
    leaders = duty.leaders_of(campaign.department) if campaign.department or not campaign.by_id else []
    data = _told_of(campaign, why)
    feed.tell({campaign.by_id, *leaders}, "campaign.delayed", data, about=campaign.pk, now=now)
    outbox.tell("campaign.delayed", campaign, data, now=now)


def _by_itself(campaign: Campaign, act: Any, now: datetime) -> bool:
    try:
        act(campaign, now)
    except OperationalError:  # somebody held it for long, or a deadlock: the others are looked at, and it again
        logger.exception("campaign_not_moved")
        return False
    except Refusal as refusal:  # somebody was quicker, or it is not ready: it is looked at again
        logger.info("campaign_not_moved", extra={"campaign": str(campaign.pk), "code": refusal.code})
        return False
    return True


def _is_over(campaign: Campaign, now: datetime) -> str:
    """Why a campaign is over; empty when it is not."""
    if campaign.ends_at and campaign.ends_at <= now:
        return "Its time was over."
    if campaign.goal != Campaign.Goal.NONE and reached(campaign) >= (campaign.goal_count or 0):
        return "Its goal was reached."
    if campaign.kind == Campaign.Kind.COLLECTION or campaign.status != Status.RUNNING:
        return ""
    if campaign.audience_runs.filter(status__in=["waiting", "running"]).exists():
        return ""
    if campaign.limits_grew_at:
        return ""  # whoever was used up is asked about again first
    open_states = (*targets.WAITING, *targets.OPEN)
    if Target.objects.filter(campaign=campaign, state__in=open_states).exists() or _owes_a_call(campaign):
        return ""
    return "Everybody was called, or may not be."


def _owes_a_call(campaign: Campaign) -> bool:
    """Whether a promise made in a call of the campaign is open: also to whoever was tried often enough. Who may not be called waits for none."""
    tried = Attempt.objects.filter(campaign=campaign).exclude(target__state=Target.State.SUPPRESSED)
    of_its_call = tried.filter(call=OuterRef("origin_id"))
    promised = DispositionEffect.objects.filter(kind=CALLBACK, state=DispositionEffect.State.APPLIED, subject_id=OuterRef("pk"))
    of_a_write_up = promised.filter(revision__call__in=tried.values("call"))
    keeping = tried.filter(callback=OuterRef("pk"))
    of_itself = tried.filter(pk=OuterRef("origin_id"))
    origin = (Q(origin_kind="call") & Exists(of_its_call)) | (Q(origin_kind="attempt") & Exists(of_itself))
    return Callback.objects.open().filter(origin | Exists(of_a_write_up) | Exists(keeping)).exists()


def reached(campaign: Campaign) -> int:
    """How much of its goal a campaign has reached."""
    match campaign.goal:
        case Campaign.Goal.SUCCESSES:
            return Target.objects.filter(campaign=campaign, is_success=True).count()
        case Campaign.Goal.CONVERSIONS:
            return Conversion.objects.standing().filter(campaign=campaign).count()
        case Campaign.Goal.ANSWERS:
            return SurveyResponse.objects.filter(campaign=campaign, state="complete").count()
        case Campaign.Goal.COLLECTED:
            return Collected.objects.filter(campaign=campaign).count()
    return 0
