"""What customers allowed, refused and withdrew: said once, kept for ever; the latest statement counts until it expires."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from config.platform import origins, outbox
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import User
from crm import phone_book
from crm.models import Channel, Consent, Contact, Purpose
from crm.models.consent import ERASED
from crm.number_keys import key_of, keys_of
from crm.suppression import Asked, Stop, tell
from crm.timeline import Happening, Position, older

GRANTED, REFUSED, WITHDRAWN, EXPIRED, NONE = "granted", "refused", "withdrawn", "expired", "none"


class SubjectMissing(Refusal):
    """Name a `contact`, a `phone`, or both: who says so?"""

    code = "subject_missing"
    status = 400
    advice = "Send a `contact`, a `phone`, or both."


@dataclass(frozen=True)
class Standing:
    """How it stands with one purpose by one channel: ``state`` is granted, refused, withdrawn, expired or none; ``statement`` says so."""

    state: str
    statement: Consent | None = None

    @property
    def denies(self) -> bool:
        """Whether somebody said no; an expired or missing consent is not a no."""
        return self.state in (REFUSED, WITHDRAWN)


def give(**said: Any) -> Consent:
    """Write down that a customer allowed something; the arguments are those of ``say``."""
    return say(status=Consent.Status.GRANTED, **said)


def refuse(**said: Any) -> Consent:
    """Write down that a customer was asked and said no; the arguments are those of ``say``."""
    return say(status=Consent.Status.REFUSED, **said)


def withdraw(**said: Any) -> Consent:
    """Write down that a customer takes a consent back; the arguments are those of ``say``. Whoever has the number in hand is told."""
    return say(status=Consent.Status.WITHDRAWN, **said)


@transaction.atomic
def say(
    *,
    status: str,
    purpose: str,
    channel: str,
    obtained_via: str,
    contact: Contact | None = None,
    phone: str = "",
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    origin: Mapping[str, Any] | None = None,
    by: User | None,
    now: datetime,
    **words: str,
) -> Consent:
    """Write down one statement of a contact, a number, or a contact on a number; ``words`` are ``evidence`` and ``text_version``.

    Raises:
        SubjectMissing, NumberInvalid, NumberIsInternal, OriginUnknown
    """
    if not contact and not phone:
        raise SubjectMissing("Name `contact`, `phone`, or both.")
    e164 = phone_book.read([{"number": phone}])[0].e164 if phone else ""
    row = Consent(
        contact=contact, e164=e164, purpose=purpose, channel=channel, status=status, obtained_via=obtained_via,
        valid_from=valid_from or now, valid_to=valid_to, by=by, **words, **origins.columns(origin),
    )  # fmt: skip
    put(row, by=by, now=now)
    return row


def put(row: Consent, *, by: User | None, now: datetime) -> None:
    """Write a statement down; a no is told to those who may have the number in hand."""
    row.save(force_insert=True)
    record(row, "say", by=by, now=now, before={})
    if row.status != Consent.Status.GRANTED:
        tell([Stop("consent", row.pk, row.contact_id, row.e164, row.purpose, row.channel)])


def standing_of(statement: Consent | None, at: datetime) -> Standing:
    """What a statement, the latest one, means at that time. Pure."""
    if statement is None:
        return Standing(NONE)
    is_over = statement.valid_to is not None and statement.valid_to <= at
    return Standing(EXPIRED if is_over else statement.status, statement)


def standing(*, contact_id: UUID | None = None, e164: str = "", purpose: str, channel: str, at: datetime) -> Standing:
    """How it stands with a contact, a number, or a contact on a number: by the latest statement that names either."""
    about = Q(contact=contact_id) if contact_id else Q(pk__in=[])
    if e164:
        about |= Q(e164=e164) | Q(number_hash__in=keys_of(e164))
    said = Consent.objects.filter(about, purpose=purpose, channel=channel, valid_from__lte=at)
    return standing_of(said.latest_first().first(), at)


MANY = """
WITH asked AS (SELECT * FROM unnest(%(i)s::int[], %(e164)s::text[], %(contact)s::uuid[]) AS a(i, e164, contact)),
hashed AS (SELECT * FROM unnest(%(hi)s::int[], %(hash)s::text[]) AS h(i, number_hash)),
hits AS (
    SELECT a.i, c.id FROM asked a JOIN crm_consent c
        ON c.e164 = a.e164 AND c.e164 <> '' AND c.purpose = %(purpose)s AND c.channel = %(channel)s AND c.valid_from <= %(at)s
    UNION SELECT h.i, c.id FROM hashed h JOIN crm_consent c
        ON c.number_hash = h.number_hash AND c.number_hash <> '' AND c.purpose = %(purpose)s AND c.channel = %(channel)s AND c.valid_from <= %(at)s
    UNION SELECT a.i, c.id FROM asked a JOIN crm_consent c
        ON c.contact_id = a.contact AND c.purpose = %(purpose)s AND c.channel = %(channel)s AND c.valid_from <= %(at)s
)
SELECT DISTINCT ON (hits.i) hits.i, c.id FROM hits JOIN crm_consent c ON c.id = hits.id ORDER BY hits.i, c.valid_from DESC, c.id DESC
"""


def standing_of_many(asked: Sequence[Asked], *, purpose: str, channel: str, at: datetime) -> list[Standing]:
    """``standing`` for many at once, in their order; two statements."""
    hashed = [(i, key) for i, one in enumerate(asked) if one.e164 for key in keys_of(one.e164)]
    values: dict[str, Any] = {
        "i": list(range(len(asked))), "e164": [one.e164 for one in asked],
        "contact": [str(one.contact_id) if one.contact_id else None for one in asked],
        "hi": [i for i, _ in hashed], "hash": [key for _, key in hashed], "purpose": purpose, "channel": channel, "at": at,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(MANY, values)
        latest = dict(cursor.fetchall())
    rows = Consent.objects.in_bulk(latest.values())
    return [standing_of(rows.get(latest.get(i)), at) for i in range(len(asked))]


TO_COME = """
WITH asked AS (SELECT * FROM unnest(%(i)s::int[], %(e164)s::text[], %(contact)s::uuid[]) AS a(i, e164, contact))
SELECT a.i, c.id FROM asked a JOIN crm_consent c
    ON c.e164 = a.e164 AND c.e164 <> '' AND c.purpose = %(purpose)s AND c.channel = %(channel)s AND c.valid_from > %(at)s
UNION SELECT a.i, c.id FROM asked a JOIN crm_consent c
    ON c.contact_id = a.contact AND c.purpose = %(purpose)s AND c.channel = %(channel)s AND c.valid_from > %(at)s
"""


def to_come_of_many(asked: Sequence[Asked], *, purpose: str, channel: str, at: datetime) -> list[list[Consent]]:
    """The statements that begin to count after ``at``, for each in their order; a statement, and a second one when there are any."""
    values: dict[str, Any] = {
        "i": list(range(len(asked))), "e164": [one.e164 for one in asked],
        "contact": [str(one.contact_id) if one.contact_id else None for one in asked],
        "purpose": purpose, "channel": channel, "at": at,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(TO_COME, values)
        hits = cursor.fetchall()
    rows = Consent.objects.in_bulk({row_id for _, row_id in hits}) if hits else {}
    found: list[list[Consent]] = [[] for _ in asked]
    for i, row_id in hits:
        found[i].append(rows[row_id])
    return found


def current(contact_id: UUID, *, at: datetime) -> dict[tuple[str, str], Standing]:
    """How it stands with a contact: every purpose by every channel; one statement."""
    said = Consent.objects.filter(contact=contact_id, valid_from__lte=at).select_related("by")
    latest = said.order_by("purpose", "channel", "-valid_from", "-id").distinct("purpose", "channel")
    found = {(row.purpose, row.channel): row for row in latest}
    return {(purpose, channel): standing_of(found.get((purpose, channel)), at) for purpose in Purpose.values for channel in Channel.values}


def history(*, contact_id: UUID | None = None, e164: str = "", purpose: str = "", channel: str = "") -> list[Consent]:
    """The proof: all that was said by a contact or for a number, the latest first, with who wrote it down and on which call."""
    about = Q(contact=contact_id) if contact_id else Q(pk__in=[])
    if e164:
        about |= Q(e164=e164) | Q(number_hash__in=keys_of(e164))
    narrowed = {name: value for name, value in (("purpose", purpose), ("channel", channel)) if value}
    return list(Consent.objects.filter(about, **narrowed).select_related("by").latest_first())


def happenings(contact_id: UUID, before: Position, limit: int) -> list[Happening]:
    """Registered with ``crm.timeline.sources``."""
    rows = (
        Consent.objects.filter(older("created_at", before), contact=contact_id).select_related("by").order_by("-created_at", "-id")[:limit]
    )
    return [
        Happening(
            row.created_at,
            "consent",
            row.pk,
            {
                "purpose": row.purpose,
                "channel": row.channel,
                "status": row.status,
                "obtained_via": row.obtained_via,
                "valid_from": row.valid_from,
                "valid_to": row.valid_to,
                "origin": row.origin,
                "by": str(row.by) if row.by else None,
            },
            by=str(row.by) if row.by else None,
            resource="consents",
        )
        for row in rows
    ]


def join(survivor_id: UUID, loser_id: UUID, by: User | None, now: datetime) -> dict[str, Any]:
    """Before a merge moves the loser's statements: let the stricter of both count afterwards. Answers what ``part`` needs.

    Where the later statement is the looser one, the stricter is said again. A no is stricter than a yes, and of two that both say
    yes (or both no) the one that ends sooner (or later). What is expired or was never said is no statement.
    """
    appended = []
    ours, theirs = current(survivor_id, at=now), current(loser_id, at=now)
    for key, mine in ours.items():
        both = [one.statement for one in (mine, theirs[key]) if one.statement and one.state != EXPIRED]
        said = [one.statement for one in (mine, theirs[key]) if one.statement]
        if not both:
            continue
        will_count = max(said, key=lambda row: (row.valid_from, row.pk))
        strictest = max(both, key=_strictness)
        if will_count in both and _strictness(will_count) >= _strictness(strictest):
            continue
        if will_count not in both and strictest.status == GRANTED:
            continue  # an expired consent that is later than a standing one: not granted, which is stricter
        again = _said_again(strictest, contact_id=survivor_id, by=by, now=now)
        before = mine.statement
        appended.append({"id": str(again.pk), "survivor_had": str(before.pk) if before else None})
    return {"appended": appended}


def part(survivor_id: UUID, loser_id: UUID, remembered: Mapping[str, Any], by: User | None, now: datetime) -> None:
    """Undo ``join``: what counted for the survivor before the merge counts again, unless something newer was said since."""
    for one in remembered["appended"]:
        again, before = Consent.objects.get(pk=one["id"]), Consent.objects.filter(pk=one["survivor_had"]).first()
        said = Consent.objects.filter(contact=survivor_id, purpose=again.purpose, channel=again.channel, valid_from__lte=now)
        if before is not None and said.latest_first().first() == again and _strictness(before) != _strictness(again):
            _said_again(before, contact_id=survivor_id, by=by, now=now)


def _strictness(row: Consent) -> tuple[bool, float]:
    """More is stricter."""
    ends = row.valid_to.timestamp() if row.valid_to else float("inf")
    return (True, ends) if row.status != GRANTED else (False, -ends)


def _said_again(row: Consent, *, contact_id: UUID, by: User | None, now: datetime) -> Consent:
    again = Consent(
        contact_id=contact_id, purpose=row.purpose, channel=row.channel, status=row.status, obtained_via=Consent.ObtainedVia.MERGE,
        evidence=f"As in {row.pk}.", text_version=row.text_version, valid_from=now, valid_to=max(row.valid_to, now) if row.valid_to else None,
        by=by, origin_kind=row.origin_kind, origin_id=row.origin_id,
    )  # fmt: skip
    put(again, by=by, now=now)
    return again


def personal_data(contact_id: UUID) -> list[dict[str, Any]]:
    """What consents say about a contact."""
    return [
        {
            "purpose": row.purpose,
            "channel": row.channel,
            "status": row.status,
            "phone": row.e164,
            "obtained_via": row.obtained_via,
            "evidence": row.evidence,
            "text_version": row.text_version,
            "valid_from": row.valid_from,
            "valid_to": row.valid_to,
            "created_at": row.created_at,
        }
        for row in Consent.objects.filter(contact=contact_id).order_by("id")
    ]


@transaction.atomic
def pseudonymise(contact_id: UUID) -> int:
    """Take words and numbers out of a contact's statements; that it said so stays, and a number is known again by its hash.

    A no that names no number is kept for the numbers that are this contact's alone, so it must run before they are taken away.
    Answers how many statements were changed or written.
    """
    now, changed = timezone.now(), 0
    own = phone_book.own_numbers(contact_id)
    for one in current(contact_id, at=now).values():
        if one.denies and one.statement and not one.statement.e164:
            for e164 in own:
                kept = Consent(
                    number_hash=key_of(e164), purpose=one.statement.purpose, channel=one.statement.channel, status=one.state,
                    obtained_via=one.statement.obtained_via, evidence=ERASED, valid_from=one.statement.valid_from, valid_to=one.statement.valid_to,
                )  # fmt: skip
                put(kept, by=None, now=now)
                changed += 1
    rows = list(Consent.objects.select_for_update().filter(Q(contact=contact_id) | Q(contact=None, e164__in=own)))
    outbox.forget_subjects([row.pk for row in rows])
    for row in rows:
        fields: dict[str, Any] = {"evidence": ERASED if row.evidence else "", "updated_at": now}
        if row.e164:
            fields |= {"e164": "", "number_hash": key_of(row.e164)}
        changed += Consent.objects.filter(pk=row.pk).update(**fields)
    return changed
