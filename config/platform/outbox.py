"""News for other systems, written in the transaction that causes it: pulled by ``/outbox-events/``, and to be pushed by the same ids.

What is told is a contract with programs of others: each type is declared once with what it tells and an example, and the page
docs/events.md is made from that. Nothing is lost and nothing is told of a change that was taken back; it may be read twice.
"""

import json
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.db.models import Q, QuerySet
from uuid_utils.compat import uuid7

from config.platform.copying import copy_in
from config.platform.errors import Refusal
from config.platform.models import OutboxEvent, WebhookEndpoint
from config.platform.models.outbox import NextTransaction
from config.platform.queue import later

MANY = 2000
HINTS_EVERY_S = 1.0
ENCODER = DjangoJSONEncoder()
_hinted = 0.0


class NewsForgotten(Refusal):
    """There is no news of this id, or none any more: what came after it is not known. Begin with the oldest."""

    code = "news_forgotten"
    status = 410
    advice = "Read your own state anew from the lists, then follow `GET /outbox-events/` from its beginning."


@dataclass(frozen=True)
class NewsType:
    """A type of news: what it tells, and an example of its ``data``, every member of it.

    ``may_be_null`` names those that are not always known, ``optional`` those that are not always there. ``shape`` has a value for each member,
    by which its JSON type is known.
    """

    name: str
    tells: str
    example: Mapping[str, Any]
    may_be_null: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    shape: Mapping[str, Any] = field(default_factory=dict)

    @property
    def members(self) -> dict[str, Any]:
        """A value of each member, none of them null."""
        return {name: self.shape[name] if value is None else value for name, value in self.example.items()}


@dataclass(frozen=True, slots=True)
class Subject:
    """What the news is of, where the row itself is not at hand."""

    kind: str
    id: UUID
    version: int = 0


@dataclass(frozen=True, slots=True)
class News:
    """One piece of news among many, see ``tell_many``; what each part is, ``tell`` says."""

    type: str
    subject: models.Model | Subject
    data: Mapping[str, Any]
    contact: UUID | None = None
    previous: Mapping[str, Any] | None = None


#: Every type there is, by its name. An app declares its own in ``AppConfig.ready``; the documentation is made from these.
types: dict[str, NewsType] = {}


def declare(
    name: str,
    tells: str,
    example: Mapping[str, Any],
    *,
    may_be_null: Iterable[str] = (),
    optional: Iterable[str] = (),
    shape: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Add a type of news, named ``subject.what_happened``. What is told has the members of ``example``, with values of the same JSON types.

    Raises:
        ValueError: the name is taken.
    """
    if name in types:
        raise ValueError(f"The outbox has a type '{name}' already.")
    types[name] = NewsType(name, tells, example, frozenset(may_be_null), frozenset(optional), shape)


def tell(
    type_: str,
    subject: models.Model | Subject,
    data: Mapping[str, Any],
    *,
    contact: UUID | None = None,
    previous: Mapping[str, Any] | None = None,
    now: datetime,
) -> OutboxEvent:
    """Tell other systems of ``subject``: a row as it is after the change, or its kind and id.

    ``data`` is what they need at once, as JSON values; the rest they ask for by ids. ``contact`` is the id of the contact that it speaks
    of, if any: name nobody in ``data`` without it, unless whoever erases finds the subject (``forget_subjects``). ``previous`` is what members of
    ``data`` were before; of a row that ``moves`` holds it is known by itself.

    Raises:
        KeyError: nobody declared ``type_``.
    """
    types[type_]
    if previous is None and isinstance(subject, models.Model):
        previous = before(subject, getattr(subject, "was", {}), data)
    subject = _subject(subject)
    transaction.on_commit(_wake_sender, robust=True)
    return OutboxEvent.objects.create(
        type=type_,
        subject_kind=subject.kind,
        subject_id=subject.id,
        subject_version=subject.version,
        occurred_at=now,
        data=data,
        previous=previous,
        contact=contact,
    )


def tell_many(news: Iterable[News], *, now: datetime) -> None:
    """As ``tell``, for hundreds at a time, by one COPY.

    Raises:
        KeyError: nobody declared one of the types.
    """
    rows = []
    for one in news:
        types[one.type]
        subject = _subject(one.subject)
        previous = None if one.previous is None else _quickly(one.previous)
        rows.append([uuid7(), one.type, subject.kind, subject.id, subject.version, _quickly(one.data), previous, one.contact])
    columns = ["id", "type", "subject_kind", "subject_id", "subject_version", "data", "previous", "contact"]
    if not rows:
        return
    copy_in(OutboxEvent._meta.db_table, columns, rows, same={"occurred_at": now})
    transaction.on_commit(_wake_sender, robust=True)


def before(
    row: models.Model, was: Mapping[str, Any], data: Mapping[str, Any], *, named: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any] | None:
    """Of the members of ``data`` that are columns of ``row`` what they were, if it was something else; None when nothing was.

    ``was`` are the columns of before, as ``history.snapshot`` has them; ``named`` tells the column of a member that is called otherwise.
    """
    found = {}
    for member, value in data.items():
        column = next((one for one in (named.get(member, member), f"{member}_id") if one in was), None)
        if column is None:
            continue
        old = row._meta.get_field(column).to_python(was[column])  # type: ignore[union-attr]
        if _json(old) != _json(value):
            found[member] = old
    return found or None


def _quickly(value: Any) -> str:
    """As the column's encoder writes it, for very many."""
    try:
        return orjson.dumps(value, default=ENCODER.default, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()
    except TypeError:  # a number larger than 64 bits
        return _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, sort_keys=True)


def _wake_sender() -> None:
    """Once in a second at most, and only when somebody is to be told: a sender stays for what comes in the next moment."""
    global _hinted
    if time.monotonic() - _hinted < HINTS_EVERY_S:
        return
    _hinted = time.monotonic()
    if WebhookEndpoint.objects.filter(is_active=True).exists():
        later("platform.send_webhooks")


def _subject(subject: models.Model | Subject) -> Subject:
    if isinstance(subject, Subject):
        return subject
    return Subject(subject._meta.model_name or "", subject.pk, getattr(subject, "version", 0))


def since(events: QuerySet[OutboxEvent], event_id: UUID) -> QuerySet[OutboxEvent]:
    """Of ``events`` those that come after the one with this id.

    Raises:
        NewsForgotten
    """
    place = OutboxEvent.objects.settled().filter(pk=event_id).values_list("transaction", flat=True).first()
    if place is None:
        raise NewsForgotten("There is no news of this id, or none any more: begin with the oldest.")
    return events.filter(Q(transaction__gt=place) | Q(id__gt=event_id), transaction__gte=place)


def about(contact_ids: Collection[UUID]) -> QuerySet[OutboxEvent]:
    """What was told of these contacts."""
    return OutboxEvent.objects.filter(contact__in=contact_ids)


def forget_contacts(contact_ids: Collection[UUID]) -> int:
    """Empty what was told of these contacts: that, when and of what something was told stays; answers how many."""
    return _empty(about(contact_ids))


def forget_subjects(subject_ids: Collection[UUID]) -> int:
    """Empty what was told of these rows (a call with a number that was nobody's then), as ``forget_contacts``."""
    return _empty(OutboxEvent.objects.filter(subject_id__in=subject_ids)) if subject_ids else 0


def _empty(news: QuerySet[OutboxEvent]) -> int:
    return news.exclude(data={}, previous__isnull=True).update(data={}, previous=None)


def forget(now: datetime) -> int:
    """Delete what is kept no longer, some thousand at a time; answers how many. Twice at once: each row goes once."""
    _take_in_restored()
    too_old = OutboxEvent.objects.filter(occurred_at__lt=now - timedelta(days=settings.OUTBOX_KEPT_DAYS)).order_by("occurred_at")
    gone = 0
    while some := list(too_old.values_list("pk", flat=True)[:MANY]):
        gone += OutboxEvent.objects.filter(pk__in=some).delete()[1][OutboxEvent._meta.label]
    return gone


def _take_in_restored() -> None:
    """Transactions of a database that was put back from a dump are not numbered as ours: what they told comes before all that is told now."""
    OutboxEvent.objects.filter(transaction__gte=NextTransaction()).update(transaction=0)
