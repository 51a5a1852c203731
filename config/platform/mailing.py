"""E-mails that are owed: a row in the transaction that causes it, sent by a sweep until the mail server takes it.

A mail server cannot be part of our transaction, so a letter comes at least once. When it comes twice it has the same Message-ID both times.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from config.platform.models import Letter, User


def owe(
    *,
    to: str | User,
    subject: str,
    text: str,
    html: str = "",
    key: str = "",
    about: UUID | None = None,
    contact: UUID | None = None,
    now: datetime,
) -> Letter | None:
    """Owe a letter to an address or a user; None when there is nothing new to send.

    That is when a letter of the same ``key`` is owed or was, or when the user is switched off or has no usable address. ``contact`` is
    the id of the contact that it speaks of, if any: name nobody without it, or an erasure will not find it.

    Raises:
        BadHeaderError: ``subject`` or an address in ``to`` has a line break.
        ValueError: ``to`` is no address.
    """
    raise NotImplementedError


def send_due(now: datetime, limit: int = 200) -> int:
    """Send what is due, the longest waiting first; answers how many the mail server took. Twice at once: each letter goes out once."""
    raise NotImplementedError


def send_again(letter_id: UUID, *, by: User | None, now: datetime) -> Letter:
    """Try a letter again that was given up."""
    raise NotImplementedError


def owed() -> dict[tuple[str, ...], float]:
    """Letters that are not sent yet; registered with ``config.api.metrics.gauges``."""
    return {("letters",): float(Letter.objects.owed().count())}


def of_contacts(contact_ids: Collection[UUID]) -> QuerySet[Letter]:
    """Letters that speak of these contacts."""
    return Letter.objects.filter(contact__in=contact_ids)


def forget_contacts(contact_ids: Collection[UUID], *, now: datetime) -> int:
    """Take these contacts out of the letters that speak of them; what is not sent yet is not sent any more. Answers how many."""
    raise NotImplementedError


def forget(now: datetime) -> int:
    """Delete what was sent or given up long ago, some thousand at a time; answers how many."""
    raise NotImplementedError
