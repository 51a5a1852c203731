"""E-mails that are owed: a row in the transaction that causes it, sent by a sweep until the mail server takes it.

A mail server cannot be part of our transaction, so a letter comes at least once. When it comes twice, it has the same Message-ID both times.
"""

import base64
import logging
import random
import smtplib
import time
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import BadHeaderError, EmailMultiAlternatives, get_connection
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Case, EmailField, F, Q, QuerySet, Value, When

from config.platform import statements
from config.platform.errors import Refusal
from config.platform.forgetting import FORGOTTEN
from config.platform.holding import held
from config.platform.models import Letter, User
from config.platform.models.letters import OWED
from config.platform.moves import change
from config.platform.queue import later

logger = logging.getLogger(__name__)
LONGEST_SUBJECT = 200
LONGEST_ERROR = 500
TURN_S = 45.0
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
TRIED_FOR = timedelta(days=3)
NOT_FINAL = frozenset({530, 534, 535, 538})  # we must sign in, or sign in better: a setting is wrong, and the letter is not
NEVER_CAME_BACK = "It was being sent when the worker ended."
MANY = 2000


class LetterNotGivenUp(Refusal):
    """Only a letter that was given up, and whose person was not erased, is tried again."""

    code = "letter_not_given_up"
    advice = "Leave it: it was sent, is still tried, or has nobody to go to."


class Away(Exception):
    """The mail server is not there, or does not let us in: no letter can go now."""


class Unwanted(Exception):
    """Nobody waits for this letter any more."""


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
    """Owe a letter to an address or a user; None when nothing new is owed.

    That is when a letter with this ``key`` is or was owed already, or when the user is switched off or has no usable address. Name nobody
    without their ``contact`` (an id), or an erasure will not find it; and nobody in the ``key`` at all.

    Raises:
        BadHeaderError: a line break in ``subject`` or in the address.
        ValueError: ``to`` is no address.
    """
    recipient = to if isinstance(to, User) else None
    address = to.email if isinstance(to, User) else to
    if "\n" in subject or "\r" in subject:
        raise BadHeaderError("A subject is one line.")
    if recipient is not None and not (recipient.is_active and _is_address(recipient.email)):
        return None
    if "\n" in address or "\r" in address:
        raise BadHeaderError("An address is one line.")
    if not _is_address(address):
        raise ValueError("This is no e-mail address.")
    shown = subject if len(subject) <= LONGEST_SUBJECT else subject[: LONGEST_SUBJECT - 1] + "…"
    letter = Letter(
        to=address, recipient=recipient, subject=shown, text=text, html=html, key=key or None, about=about, contact=contact, owed_at=now, due_at=now
    )  # fmt: skip
    if not statements.insert_new(letter, unique="key"):
        return None
    letter._state.adding = False
    later("platform.send_letters")
    return letter


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254


# --- sending
def send_due(now: datetime, limit: int = 1000) -> int:
    """Send what is due, the longest waiting first; answers how many the mail server took.

    Safe in any number of workers: each letter is in one worker's hands, and a dead worker's hands open by themselves. A letter that
    cannot be sent waits, longer each time; the others go on. When the server itself is away, all wait for the next sweep.
    """
    until, sent, server = time.monotonic() + TURN_S, 0, _Server()
    try:
        for _ in range(limit):
            letter_id = _take(now) if time.monotonic() < until else None
            if letter_id is None:
                break
            with held(letter_id) as is_mine:
                letter = Letter.objects.owed().filter(pk=letter_id).select_related("recipient").first() if is_mine else None
                if letter is None:
                    continue
                error = _bring(letter, server)
                if error is None:
                    _mark_sent(letter, now)
                    sent += 1
                else:
                    _failed(letter, error, now)
            if isinstance(error, Away):
                break
    finally:
        server.leave()
    return sent


def _take(now: datetime) -> UUID | None:
    """The next letter, its try counted before anything can go wrong, and not due again while it is being sent."""
    with transaction.atomic():
        letter = Letter.objects.due(now).select_for_update(skip_locked=True).only("pk", "tries").first()
        if letter is None:
            return None
        tries = letter.tries + 1
        Letter.objects.filter(pk=letter.pk).update(tries=tries, due_at=now + _pause(tries), last_error=NEVER_CAME_BACK)
        return letter.pk


def _pause(tries: int) -> timedelta:
    """A minute, then twice as long each time; spread, so that letters that failed together do not come together again."""
    return min(FIRST_PAUSE * 2 ** min(tries - 1, 20), LONGEST_PAUSE) * random.uniform(0.75, 1.25)


def _bring(letter: Letter, server: "_Server") -> Exception | None:
    """Hand the letter to the mail server; answers what stood in the way."""
    try:
        if letter.recipient and not letter.recipient.is_active:
            raise Unwanted("This user is switched off.")
        server.take(letter)
    except Exception as error:  # whatever a mail server, or a letter, makes happen: the others must go on
        return error
    return None


class _Server:
    """One connection for a batch of letters, made when it is needed, and made anew after anything that went wrong."""

    def __init__(self) -> None:
        self.connection: Any = None

    def take(self, letter: Letter) -> None:
        """Raises whatever stands in the way; ``Away`` when there is no connection."""
        if self.connection is None:
            connection = get_connection()
            try:
                connection.open()
            except Exception as error:
                raise Away(_told(error)) from None
            self.connection = connection
        message = _message(letter, self.connection)
        try:
            self.connection.send_messages([message])
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            with suppress(OSError, smtplib.SMTPException):
                connection.close()


def _message(letter: Letter, connection: Any) -> EmailMultiAlternatives:
    headers = {"Message-ID": message_id(letter.pk), "Auto-Submitted": "auto-generated"}
    message = EmailMultiAlternatives(letter.subject, letter.text, None, [letter.to], headers=headers, connection=connection)
    if letter.html:
        message.attach_alternative(letter.html, "text/html")
    return message


def message_id(letter_id: UUID) -> str:
    """The same at every try, so that a reader's programs know a letter that comes twice."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<{letter_id}@{domain if domain.isascii() and domain else 'localhost'}>"


def _mark_sent(letter: Letter, now: datetime) -> None:
    Letter.objects.owed().filter(pk=letter.pk).update(sent_at=now, last_error="")


def _failed(letter: Letter, error: Exception, now: datetime) -> None:
    """It is due again when its pause is over, unless it was refused for good or tried for long enough."""
    is_over = _is_final(error) or now - letter.owed_at >= TRIED_FOR
    owed = Letter.objects.owed().filter(pk=letter.pk)
    owed.update(last_error=_told(error), given_up_at=now if is_over else None)
    facts = {"letter": str(letter.pk), "error": type(error).__name__, "tries": letter.tries}
    logger.log(logging.ERROR if is_over else logging.WARNING, "letter_given_up" if is_over else "letter_not_sent", extra=facts)


def _is_final(error: Exception) -> bool:
    """Whether the same letter would be refused for ever: a wrong address, a text that the server does not take, nothing that can be written."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(500 <= code <= 599 and code not in NOT_FINAL for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPDataError):
        return 500 <= error.smtp_code <= 599 and error.smtp_code not in NOT_FINAL
    return isinstance(error, Unwanted | ValueError) and not isinstance(error, OSError)


def _told(error: Exception) -> str:
    """What stood in the way, for an administrator: one line, without what we sign in with."""
    told: Any = error
    if isinstance(error, smtplib.SMTPRecipientsRefused) and error.recipients:
        told = " ".join(map(_word, next(iter(error.recipients.values()))))
    elif isinstance(error, smtplib.SMTPResponseException):
        told = f"{error.smtp_code} {_word(error.smtp_error)}"
    text = f"{told}" if isinstance(error, Away) else f"{type(error).__name__}: {told}"
    for secret in _secrets():
        text = text.replace(secret, "…")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:LONGEST_ERROR]


def _word(part: Any) -> str:
    return part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part)


def _secrets() -> list[str]:
    """What we sign in with, as it is and as it goes over the wire."""
    user, password = settings.EMAIL_HOST_USER or "", settings.EMAIL_HOST_PASSWORD or ""
    said = [password, f"\0{user}\0{password}"] if password else []
    return [word for one in said for word in (one, base64.b64encode(one.encode()).decode())]


# --- upkeep
def send_again(letter_id: UUID, *, by: User | None, now: datetime) -> Letter:
    """Try a letter again that was given up, for as long as a new one.

    Raises:
        LetterNotGivenUp
    """
    with change(Letter, letter_id, "send_again", by=by, now=now) as letter:
        if letter.given_up_at is None or not letter.to or letter.subject == FORGOTTEN:
            raise LetterNotGivenUp("Only a letter that was given up, and whose person was not erased, is tried again.")
        letter.given_up_at, letter.owed_at, letter.due_at, letter.tries = None, now, now, 0
        later("platform.send_letters")
    return letter


def owed() -> dict[tuple[str, ...], float]:
    """Letters that wait to be sent, and those of the last weeks that were given up"""
    given_up = Letter.objects.filter(given_up_at__isnull=False, last_error__gt="")
    return {("waiting",): float(Letter.objects.owed().count()), ("given_up",): float(given_up.count())}


def of_contacts(contact_ids: Collection[UUID], addresses: Collection[str] = ()) -> QuerySet[Letter]:
    """Letters that speak of these contacts, and those to these addresses that speak of nobody and went to no user."""
    return Letter.objects.filter(Q(contact__in=contact_ids) | Q(contact=None, recipient=None, to__in=addresses))


def forget_contacts(contact_ids: Collection[UUID], addresses: Collection[str] = (), *, now: datetime) -> int:
    """Take people out of the letters that speak of them or went to them; answers how many. What is not sent yet never is.

    That a letter was owed and what became of it stays, and to whom if that is one of our users.
    """
    return _forget(of_contacts(contact_ids, addresses), now)


def forget_matters(ids: Collection[UUID], *, now: datetime) -> int:
    """Take people out of the letters that tell of these matters (``about``), whoever they name; answers how many."""
    return _forget(Letter.objects.filter(about__in=ids), now)


def _forget(letters: QuerySet[Letter], now: datetime) -> int:
    return letters.update(
        subject=FORGOTTEN,
        text="",
        html="",
        last_error="",
        to=Case(When(recipient=None, then=Value("")), default=F("to"), output_field=EmailField()),
        given_up_at=Case(When(OWED, then=Value(now)), default=F("given_up_at")),
    )


def forget(now: datetime) -> int:
    """Delete what was sent or given up long ago, some thousand at a time; answers how many. Twice at once: each row goes once."""
    before = now - timedelta(days=settings.LETTERS_KEPT_DAYS)
    gone = 0
    for over in ("sent_at", "given_up_at"):
        too_old = Letter.objects.filter(**{f"{over}__lt": before}).order_by(over)
        while some := list(too_old.values_list("pk", flat=True)[:MANY]):
            gone += Letter.objects.filter(pk__in=some).delete()[0]
    return gone
