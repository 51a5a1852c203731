"""What an operator must know of the contact in hand, at one glance: who, on which number, what to say, what was before, what to offer."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from calls.models import CallLeg, Disposition
from campaigns.models import Attempt, Campaign
from config.platform.models import LEADERS, User
from crm import contact_rows, offers, script_rendering, scripts, timeline
from crm.models import Promotion
from crm.script_placeholders import About

#: So much of what was before is shown.
ATTEMPTS, HAPPENINGS = 5, 5
WHY = {"in_hand": "You have them in hand already.", "promised": "They were promised a call.", "next": "They are the next."}


def readable_by(user: User) -> QuerySet[Attempt]:
    """Attempts whose briefing this person may read: who has them, who took them, at whose desk their call rings or goes on; whoever leads, any."""
    if user.role in LEADERS:
        return Attempt.objects.all()
    at_their_desk = CallLeg.objects.filter(call=OuterRef("call"), agent=user, state__in=["ringing", "answered"])
    return Attempt.objects.filter(Q(agent=user) | Q(leased_by=user) | Q(call__agent=user) | Exists(at_their_desk))


def of(attempts: Sequence[Attempt], *, why: str = "next", user: User, now: datetime) -> list[dict[str, Any]]:
    """What is shown with each attempt. ``briefing`` for one; a dialler gets what machines need."""
    contacts = {row["id"]: row for row in contact_rows.show([one.contact_id for one in attempts])}
    return [_short(one, contacts[one.contact_id], why) for one in attempts if one.contact_id in contacts]


def whole(attempt: Attempt, *, why: str = "next", user: User, now: datetime) -> dict[str, Any]:
    """All of it, for the operator who is about to call, or to whom the call is connected. A fixed number of statements."""
    (told,) = of([attempt], why=why, user=user, now=now)
    campaign = attempt.campaign
    told |= {
        "campaign": of_campaign(campaign),
        "script": _script(attempt, user, now),
        "survey_version": campaign.survey_version_id,
        "promotion": _promotion(attempt, now),
        "dispositions": _dispositions(attempt),
        "attempts": _before(attempt),
        "history": _history(attempt, user),
        "promise": _promise(attempt),
    }
    return told


def asked(attempt: Attempt, *, user: User, now: datetime) -> dict[str, Any]:
    """The whole of it for whoever asks about an attempt; the token is for those alone in whose hands it is."""
    told = whole(attempt, user=user, now=now)
    if user.pk not in (attempt.agent_id, attempt.leased_by_id):
        told["token"] = None
    return told | {"state": attempt.state}


def of_campaign(campaign: Campaign) -> dict[str, Any]:
    """What whoever calls must know of the campaign."""
    return {"id": campaign.pk, "number": campaign.number, "name": campaign.name, "kind": campaign.kind, "about": campaign.about}


def _short(attempt: Attempt, contact: Mapping[str, Any], why: str) -> dict[str, Any]:
    numbers = [phone["number"] for phone in contact["phones"]]
    return {
        "attempt": attempt.pk,
        "target": attempt.target_id,
        "token": attempt.lease_token,
        "fence": attempt.fence,
        "number_of_attempt": attempt.number,
        "phone": attempt.e164,
        "phones": [attempt.e164, *(one for one in numbers if one != attempt.e164)],
        "contact": contact,
        "leased_at": attempt.leased_at,
        "lease_until": attempt.lease_until,
        "heartbeat_every_s": max(5, attempt.campaign.lease_s // 3),
        "line": attempt.campaign.line,
        "why": why,
        "because": WHY[why],
    }


def _script(attempt: Attempt, user: User, now: datetime) -> dict[str, Any] | None:
    """The script of the campaign in the contact's language, ready to be spoken."""
    script = attempt.campaign.script
    if script is None:
        return None
    spoken = scripts.in_language(script, attempt.contact.language)
    version = spoken.versions.filter(status="published").select_related("script").prefetch_related("steps").first()
    if version is None:
        return None
    about = About("", user, now, {"contact": attempt.contact_id})
    return script_rendering.shown(version, script_rendering.render(version, about))


def _promotion(attempt: Attempt, now: datetime) -> dict[str, Any] | None:
    """What the campaign tells of, and why it is not for this contact, if it is not."""
    promotion: Promotion | None = attempt.campaign.promotion
    if promotion is None:
        return None
    reasons = offers.refusals([promotion], attempt.contact, now=now)[promotion.pk]
    said = [{"code": one.code, "detail": one.detail} for one in reasons]
    return {
        "id": promotion.pk,
        "code": promotion.code,
        "title": promotion.title,
        "what_to_say": promotion.what_to_say,
        "ends_at": promotion.ends_at,
        "refused_because": said,
    }


def _dispositions(attempt: Attempt) -> list[dict[str, Any]]:
    """How the call may come out."""
    chosen = attempt.campaign.dispositions.filter(is_active=True)
    rows = list(chosen) or list(Disposition.objects.of_direction("outbound").filter(is_active=True))
    names = ("code", "name", "group", "contact_made", "right_party", "success", "refused", "callback", "needs_note", "needs_topic")
    return [{name: getattr(row, name) for name in names} for row in sorted(rows, key=lambda one: (one.order, one.code))]


def _before(attempt: Attempt) -> list[dict[str, Any]]:
    rows = Attempt.objects.filter(target=attempt.target_id, number__lt=attempt.number).select_related("disposition").order_by("-number")
    return [
        {
            "number": one.number, "phone": one.e164, "at": one.leased_at, "closing": one.closing, "outcome": one.outcome,
            "disposition": one.disposition.code if one.disposition else None, "agent": one.agent_id,
        }
        for one in rows[:ATTEMPTS]
    ]  # fmt: skip


def _history(attempt: Attempt, user: User) -> list[dict[str, Any]]:
    page = timeline.of(attempt.contact_id, before=None, limit=HAPPENINGS)
    return [{"at": one.at, "kind": one.kind, "id": one.id, "data": one.data, "by": one.by} for one in timeline.visible_to(user, page)]


def _promise(attempt: Attempt) -> dict[str, Any] | None:
    row = attempt.callback
    if row is None:
        return None
    return {
        "callback": row.pk,
        "at": row.at,
        "local_time": row.wall.isoformat(timespec="minutes"),
        "time_zone": row.time_zone,
        "note": row.note,
    }
