"""Do not contact: who may not be contacted, for what, by which channel, until when, who wants it. Entries end; they are never deleted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from config.platform import origins, outbox
from config.platform.errors import Refusal
from config.platform.history import record, snapshot
from config.platform.models import User
from config.platform.moves import check_version
from config.platform.registry import Registry
from crm import phone_book
from crm.models import Contact, ContactPhone, Suppression
from crm.models.consent import ERASED
from crm.number_keys import key_of, keys_of


@dataclass(frozen=True)
class Stop:
    """Somebody may not be contacted any more: by a new suppression, or because a consent was refused or withdrawn. Empty means any."""

    kind: str
    id: UUID
    contact_id: UUID | None
    e164: str
    purpose: str
    channel: str


#: Told, in the same transaction, of new suppressions, refusals and withdrawals: whoever holds such a number in hand must let go.
told: Registry[Callable[[Sequence[Stop]], None]] = Registry("told when somebody may not be contacted any more")


class SubjectUnclear(Refusal):
    """Name either a `phone` or a `contact`: whom may we not contact?"""

    code = "subject_unclear"
    status = 400
    advice = "Send exactly one: a `phone` to silence a number, or a `contact` to silence a person on every number."


class AlreadyLifted(Refusal):
    """The suppression was lifted before; `lifted_at` says when."""

    code = "already_lifted"
    advice = "Nothing is left to do: `lifted_at` says when it was lifted."


@dataclass(frozen=True)
class Reason:
    """A suppression in force, as an answer to "why not?". ``on`` is what it hangs on: the number, or the contact."""

    id: UUID
    on: str
    scope: str
    purpose: str
    channel: str
    source: str
    list_code: str
    reason: str
    starts_at: datetime
    expires_at: datetime | None
    origin_kind: str
    origin_id: UUID | None
    by: UUID | None

    @property
    def code(self) -> str:
        return "suppressed"

    @classmethod
    def of(cls, entry: Suppression) -> "Reason":
        return cls(
            entry.pk, "contact" if entry.contact_id else "number", entry.scope, entry.purpose, entry.channel, entry.source, entry.list_code,
            entry.reason, entry.starts_at, entry.expires_at, entry.origin_kind, entry.origin_id, entry.by_id,
        )  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """Whom we want to contact: a number, a contact, or a contact on a number."""

    e164: str = ""
    contact_id: UUID | None = None


@transaction.atomic
def add(
    *,
    contact: Contact | None = None,
    phone: str = "",
    purpose: str = "",
    channel: str = "",
    source: str,
    starts_at: datetime | None = None,
    expires_at: datetime | None = None,
    origin: Mapping[str, Any] | None = None,
    by: User | None,
    now: datetime,
    **words: str,
) -> tuple[Suppression, bool]:
    """Say that a number or a contact may not be contacted; ``words`` are ``evidence`` and ``reason``. Answers the entry, and whether it is new.

    What the same source said before for the same purpose and channel is kept when it lasts as long; else it gives way to an entry
    that lasts as long as both. Two who say it at once get the same entry.

    Raises:
        SubjectUnclear, NumberInvalid, NumberIsInternal, OriginUnknown
    """
    if bool(contact) == bool(phone):
        raise SubjectUnclear("Name either `phone` or `contact`.")
    e164 = phone_book.read([{"number": phone}])[0].e164 if phone else ""
    _pass_one_by_one(f"{contact.pk if contact else e164}")
    entry = Suppression(
        contact=contact, e164=e164, purpose=purpose, channel=channel, source=source, starts_at=starts_at or now, expires_at=expires_at,
        by=by, **words, **origins.columns(origin),
    )  # fmt: skip
    had = Suppression.objects.filter(contact=contact, e164=e164, number_hash="", purpose=purpose, channel=channel, source=source)
    standing = had.filter(list_code="", lifted_at=None).select_for_update().first()
    if standing is not None:
        if standing.expires_at and standing.expires_at <= now:
            end(standing, reason="It was over.", by=by, now=now)
        elif _covers(standing, entry) or (starts_at is None and _written_meanwhile(standing, entry)):
            return standing, False
        else:
            end(standing, reason="A longer one takes its place.", by=by, now=now)
            _last_as_long_as(entry, standing)
    put(entry, by=by, now=now)
    return entry, True


def put(entry: Suppression, *, by: User | None, now: datetime) -> None:
    """Write a new entry down, and tell those who may hold the number in hand."""
    entry.save(force_insert=True)
    record(entry, "add", by=by, now=now, before={})
    tell([Stop("suppression", entry.pk, entry.contact_id, entry.e164, entry.purpose, entry.channel)])


def tell(stops: Sequence[Stop]) -> None:
    """Tell all who registered."""
    for _, listener in told if stops else []:
        listener(stops)


def lift(suppression_id: UUID, *, reason: str, if_version: int | None = None, by: User | None, now: datetime) -> Suppression:
    """Say that somebody may be contacted again, and why. The entry stays, with who lifted it.

    Raises:
        AlreadyLifted, VersionConflict
    """
    with transaction.atomic():
        entry = Suppression.objects.select_for_update(of=("self",)).get(pk=suppression_id)
        check_version(entry, if_version)
        if entry.lifted_at:
            raise AlreadyLifted("It was lifted before.", lifted_at=entry.lifted_at.isoformat())
        end(entry, reason=reason, by=by, now=now)
    return entry


def end(entry: Suppression, *, reason: str, by: User | None, now: datetime) -> None:
    """Lift an entry that the caller holds."""
    before = snapshot(entry)
    entry.lifted_at, entry.lifted_by, entry.lift_reason = now, by, reason
    entry.version += 1
    entry.save(update_fields=["lifted_at", "lifted_by", "lift_reason", "version", "updated_at"])
    record(entry, "lift", by=by, now=now, reason=reason, before=before)


def why(*, e164: str = "", contact_id: UUID | None = None, purpose: str, channel: str, at: datetime) -> list[Reason]:
    """Why somebody may not be contacted then; nothing when they may. A number alone is asked for whoever has it."""
    return started(unended(e164=e164, contact_id=contact_id, purpose=purpose, channel=channel, at=at), at)


def unended(*, e164: str, contact_id: UUID | None, purpose: str, channel: str, at: datetime) -> list[Reason]:
    """The suppressions in force at that time and those to come, oldest first."""
    contacts = [contact_id] if contact_id else []
    if e164 and not contacts:
        contacts = list(ContactPhone.objects.filter(phone__e164=e164).values_list("contact_id", flat=True))
    on = Q(contact__in=contacts)
    if e164:
        on |= Q(e164=e164) | Q(number_hash__in=keys_of(e164))
    rows = Suppression.objects.unended(at).touching(purpose, channel).filter(on).order_by("id")
    return [Reason.of(row) for row in rows]


def started(reasons: Sequence[Reason], at: datetime) -> list[Reason]:
    """Those of them in force then."""
    return [reason for reason in reasons if reason.starts_at <= at]


def free_at(reasons: Sequence[Reason], at: datetime) -> datetime | None:
    """The first moment from ``at`` on in which none of them is in force; None when that never comes. Pure."""
    moment = at
    for reason in sorted(reasons, key=lambda one: one.starts_at):
        if reason.starts_at > moment:
            break
        if reason.expires_at is None:
            return None
        moment = max(moment, reason.expires_at)
    return moment


MANY = """
WITH asked AS (SELECT * FROM unnest(%(i)s::int[], %(e164)s::text[], %(contact)s::uuid[]) AS a(i, e164, contact)),
hashed AS (SELECT * FROM unnest(%(hi)s::int[], %(hash)s::text[]) AS h(i, number_hash)),
hits AS (
    SELECT a.i, s.id FROM asked a JOIN crm_suppression s ON s.e164 = a.e164 AND s.e164 <> ''
    UNION SELECT h.i, s.id FROM hashed h JOIN crm_suppression s ON s.number_hash = h.number_hash AND s.number_hash <> ''
    UNION SELECT a.i, s.id FROM asked a JOIN crm_suppression s ON s.contact_id = a.contact
    UNION SELECT a.i, s.id FROM asked a JOIN crm_phonenumber p ON p.e164 = a.e164 JOIN crm_contactphone l ON l.phone_id = p.id
        JOIN crm_suppression s ON s.contact_id = l.contact_id WHERE a.contact IS NULL
)
SELECT hits.i, s.id, s.contact_id, s.purpose, s.channel, s.source, s.list_code, s.reason, s.starts_at, s.expires_at, s.origin_kind,
    s.origin_id, s.by_id
FROM hits JOIN crm_suppression s ON s.id = hits.id
WHERE (s.lifted_at IS NULL OR s.lifted_at > %(at)s) AND (s.expires_at IS NULL OR s.expires_at > %(at)s)
    AND s.purpose IN ('', %(purpose)s) AND s.channel IN ('', %(channel)s)
ORDER BY hits.i, s.id
"""


def unended_of_many(asked: Sequence[Asked], *, purpose: str, channel: str, at: datetime) -> list[list[Reason]]:
    """``unended`` for many at once, in their order; one statement."""
    hashed = [(i, key) for i, one in enumerate(asked) if one.e164 for key in keys_of(one.e164)]
    values: dict[str, Any] = {
        "i": list(range(len(asked))), "e164": [one.e164 for one in asked],
        "contact": [str(one.contact_id) if one.contact_id else None for one in asked],
        "hi": [i for i, _ in hashed], "hash": [key for _, key in hashed], "purpose": purpose, "channel": channel, "at": at,
    }  # fmt: skip
    found: list[list[Reason]] = [[] for _ in asked]
    with connection.cursor() as cursor:
        cursor.execute(MANY, values)
        for i, row_id, contact_id, its_purpose, its_channel, *rest in cursor.fetchall():
            scope = "_and_".join(name for name, value in (("purpose", its_purpose), ("channel", its_channel)) if value) or "all"
            found[i].append(Reason(row_id, "contact" if contact_id else "number", scope, its_purpose, its_channel, *rest))
    return found


def why_many(asked: Sequence[Asked], *, purpose: str, channel: str, at: datetime) -> list[list[Reason]]:
    """``why`` for many at once, in their order; one statement."""
    return [started(reasons, at) for reasons in unended_of_many(asked, purpose=purpose, channel=channel, at=at)]


def join(survivor_id: UUID, loser_id: UUID, by: User | None, now: datetime) -> dict[str, Any]:
    """Before a merge moves the loser's entries: where both have the same one, let one stay that lasts as long as both.

    Answers what ``part`` needs.
    """
    steps = []
    for theirs in Suppression.objects.select_for_update().filter(contact=loser_id, lifted_at=None).order_by("id"):
        same = {name: getattr(theirs, name) for name in ("purpose", "channel", "source", "list_code")}
        mine = Suppression.objects.select_for_update().filter(contact=survivor_id, lifted_at=None, **same).first()
        if mine is None:
            continue
        end(theirs, reason="Merged with the same entry of the other contact.", by=by, now=now)
        stays = mine
        if not _covers(mine, theirs):
            end(mine, reason="Merged with a longer entry of the other contact.", by=by, now=now)
            stays = _copy(mine, survivor_id)
            _last_as_long_as(stays, theirs)
            put(stays, by=by, now=now)
        steps.append({"theirs": str(theirs.pk), "mine": str(mine.pk), "stays": str(stays.pk)})
    return {"joined": steps}


def part(survivor_id: UUID, loser_id: UUID, remembered: Mapping[str, Any], by: User | None, now: datetime) -> None:
    """Undo ``join``: each has its own entry again, unless somebody lifted the joint one since."""
    for step in remembered["joined"]:
        stays = Suppression.objects.select_for_update().get(pk=step["stays"])
        if stays.lifted_at:
            continue
        if step["stays"] != step["mine"]:
            end(stays, reason="The contacts were parted.", by=by, now=now)
            put(_copy(Suppression.objects.get(pk=step["mine"]), survivor_id), by=by, now=now)
        theirs = _copy(Suppression.objects.get(pk=step["theirs"]), loser_id)
        same = {name: getattr(theirs, name) for name in ("purpose", "channel", "source", "list_code")}
        if not Suppression.objects.filter(contact=loser_id, lifted_at=None, **same).exists():
            put(theirs, by=by, now=now)


def personal_data(contact_id: UUID) -> list[dict[str, Any]]:
    """What suppressions say about a contact and the numbers that are its alone."""
    names = (
        "e164",
        "purpose",
        "channel",
        "source",
        "list_code",
        "evidence",
        "reason",
        "starts_at",
        "expires_at",
        "lifted_at",
        "lift_reason",
    )
    rows = Suppression.objects.filter(Q(contact=contact_id) | Q(e164__in=phone_book.own_numbers(contact_id))).order_by("id")
    return list(rows.values(*names, "created_at"))


@transaction.atomic
def pseudonymise(contact_id: UUID) -> int:
    """Take words and numbers out of a contact's entries; its numbers stay suppressed, known again by their hashes.

    It must run before the numbers are taken away from the contact. Answers how many entries were changed or written.
    """
    now, changed = timezone.now(), 0
    own = phone_book.own_numbers(contact_id)
    of_contact_itself = Suppression.objects.select_for_update().filter(contact=contact_id)
    for entry in of_contact_itself.filter(lifted_at=None):
        for e164 in own:
            kept = _copy(entry, None)
            kept.number_hash, kept.evidence, kept.reason = key_of(e164), "", ""
            if not _same_of_hash(kept).exists():
                put(kept, by=None, now=now)
                changed += 1
    entries = list(Suppression.objects.select_for_update().filter(Q(contact=contact_id) | Q(e164__in=own)))
    for entry in entries:
        words = {name: ERASED for name in ("evidence", "reason", "lift_reason") if getattr(entry, name)}
        if entry.e164:
            entry.number_hash = key_of(entry.e164)
            if not entry.lifted_at and _same_of_hash(entry).exists():
                end(entry, reason=ERASED, by=None, now=now)
            words |= {"e164": "", "number_hash": entry.number_hash}
        changed += Suppression.objects.filter(pk=entry.pk).update(**words, updated_at=now)
    outbox.forget_subjects([entry.pk for entry in entries])
    return changed


def _same_of_hash(entry: Suppression) -> Any:
    same = {name: getattr(entry, name) for name in ("number_hash", "purpose", "channel", "source", "list_code")}
    return Suppression.objects.filter(lifted_at=None, **same).exclude(pk=entry.pk)


def _copy(entry: Suppression, contact_id: UUID | None) -> Suppression:
    """The same entry once more, for another contact or a number."""
    names = (
        "purpose", "channel", "source", "list_code", "evidence", "reason", "starts_at", "expires_at", "by_id", "upload_id", "origin_kind",
        "origin_id",
    )  # fmt: skip
    return Suppression(contact_id=contact_id, **{name: getattr(entry, name) for name in names})


def _covers(standing: Suppression, entry: Suppression) -> bool:
    return standing.starts_at <= entry.starts_at and _ends_no_sooner(standing, entry)


def _written_meanwhile(standing: Suppression, entry: Suppression) -> bool:
    """Somebody said the same while we waited for our turn: from now on, their now being a little later than ours."""
    return standing.starts_at <= standing.created_at and _ends_no_sooner(standing, entry)


def _ends_no_sooner(standing: Suppression, entry: Suppression) -> bool:
    return standing.expires_at is None or (entry.expires_at is not None and entry.expires_at <= standing.expires_at)


def _last_as_long_as(entry: Suppression, other: Suppression) -> None:
    entry.starts_at = min(entry.starts_at, other.starts_at)
    entry.expires_at = max(entry.expires_at, other.expires_at) if entry.expires_at and other.expires_at else None


def _pass_one_by_one(subject: str) -> None:
    """There may be no row yet to lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"suppression {subject}"])
