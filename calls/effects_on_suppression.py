"""Effect ``suppress``: they are not to be contacted any more. Several calls may ask it for one customer; the entry lasts while one does."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from calls import effects
from calls.effect_subjects import NOBODY, named, whom
from calls.models import Call, Disposition, DispositionEffect
from config.platform.models import User
from crm import suppression
from crm.models import Suppression

KIND = "suppress"
SOURCE = "disposition"
EVER = ""


def wants(call: Call, disposition: Disposition, given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Until when, counted from the call, so that it does not matter when it is written up."""
    if disposition.suppress_scope == Disposition.SuppressScope.NONE:
        return None
    from_ = call.ended_at or call.started_at
    until = (from_ + timedelta(days=disposition.suppress_days)).isoformat() if disposition.suppress_days else EVER
    return {"on": whom(call, disposition), "purpose": disposition.suppress_purpose, "until": until}


def apply(call: Call, asked: Mapping[str, Any], by: User | None, now: datetime) -> effects.Done | str:
    """A suppression with the source `disposition` and the call as its origin; the one that is there already when it lasts as long."""
    if not asked["on"]:
        return NOBODY
    until = datetime.fromisoformat(asked["until"]) if asked["until"] else None
    if until is not None and until <= now:
        return "It would be over already."
    subject: dict[str, Any] = named(call, asked["on"])
    had = _standing(subject, asked["purpose"])
    entry, is_new = suppression.add(
        **subject, purpose=asked["purpose"], source=SOURCE, expires_at=until, reason="How a call came out.",
        origin={"kind": "call", "id": call.pk}, by=by, now=now,
    )  # fmt: skip
    was_theirs = False
    if had is not None:
        others = DispositionEffect.objects.filter(kind=KIND, subject_id=had.pk, state="applied")
        was_theirs = not others.exists() or any(effect.details.get("was_there") for effect in others)
        if is_new:
            others.update(subject_id=entry.pk)
    return effects.Done("suppression", entry.pk, {"was_there": True} if was_theirs else {})


def reverse(effect: DispositionEffect, by: User | None, now: datetime) -> str:
    """Lift it, or shorten it to what other calls ask for; what somebody did with it since stays as it is."""
    entry = Suppression.objects.select_for_update(of=("self",)).get(pk=effects.subject_of(effect))
    if entry.lifted_at:
        return "It was lifted meanwhile."
    if entry.expires_at and entry.expires_at <= now:
        return "It had ended by itself."
    others = effects.of_others(effect)
    if effect.details.get("was_there"):
        return "It was there before the call."
    untils = [one.parameters["until"] for one in others]
    if not others:
        suppression.lift(entry.pk, reason="The disposition of the call was corrected.", by=by, now=now)
        return ""
    until = None if EVER in untils else max(map(datetime.fromisoformat, untils))
    if until == entry.expires_at or entry.number_hash:
        return "Another call asks for it too."
    suppression.lift(entry.pk, reason="The disposition of one of the calls was corrected.", by=by, now=now)
    if until is not None and until <= now:
        return ""
    shorter, _ = suppression.add(
        contact=entry.contact, phone=entry.e164, purpose=entry.purpose, source=SOURCE, expires_at=until, reason="How a call came out.",
        origin={"kind": "call", "id": others[0].revision.call_id}, by=by, now=now,
    )  # fmt: skip
    DispositionEffect.objects.filter(pk__in=[one.pk for one in others]).update(subject_id=shorter.pk)
    return ""


def _standing(subject: Mapping[str, Any], purpose: str) -> Suppression | None:
    on = Q(contact=subject["contact"]) if "contact" in subject else Q(e164=subject["phone"])
    return Suppression.objects.filter(on, purpose=purpose, channel="", source=SOURCE, list_code="", lifted_at=None).first()


def joined(survivor: UUID, loser: UUID, by: User | None, now: datetime) -> dict[str, Any]:
    """Registered with ``crm.merging.joined``, behind the suppressions: what stood on an entry that gave way stands on the one that stays."""
    given_way = Suppression.objects.filter(contact__in=[survivor, loser], source=SOURCE, lifted_at=now)
    for entry in given_way:
        _move(entry, Suppression.objects.filter(contact=survivor))
    return {}


def parted(survivor: UUID, loser: UUID, remembered: Mapping[str, Any], by: User | None, now: datetime) -> None:
    """Registered with ``crm.merging.parted``: each has an entry of its own again, and their calls' effects stand on it."""
    for entry in Suppression.objects.filter(contact__in=[survivor, loser], source=SOURCE):
        for contact in (survivor, loser):
            _move(entry, Suppression.objects.filter(contact=contact).exclude(pk=entry.pk), revision__call__contact=contact)


def _move(entry: Suppression, to: QuerySet[Suppression], **of: Any) -> None:
    """Let the effects on one entry stand on the like among others, when there is one in force."""
    same = {name: getattr(entry, name) for name in ("purpose", "channel", "source", "list_code")}
    stays = to.filter(lifted_at=None, **same).first()
    if stays is not None:
        DispositionEffect.objects.filter(kind=KIND, subject_id=entry.pk, state="applied", **of).update(subject_id=stays.pk)


SUPPRESS = effects.Kind(wants, apply, reverse)
