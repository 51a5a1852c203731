"""A letter that is owed arrives: whatever the mail server says, however often somebody is killed, and nobody holds up the others."""

import os
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from django.conf import settings as configured
from django.core.mail import BadHeaderError
from django.db import connections, transaction
from django.db.utils import IntegrityError
from django.urls import reverse
from uuid_utils.compat import uuid7

from config.platform import mailing
from config.platform.models import AuditEvent, Letter
from tests.config.mail_server import mail_server
from tests.conftest import NOON
from tests.factories.platform import LetterFactory, UserFactory
from tests.stream.serving import database_url

pytestmark = pytest.mark.django_db
SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def server(settings):
    with mail_server() as running:
        settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", running.port
        settings.EMAIL_TIMEOUT, settings.DEFAULT_FROM_EMAIL = 5, "Switchboard <crm@company.example>"
        yield running


def owe(to="boss@company.example", **more) -> Letter | None:
    return mailing.owe(**{"to": to, "subject": "A complaint waits", "text": "Please look.", "now": NOON} | more)


def test_a_letter_comes_as_it_was_written_and_once(server):
    letter = owe(subject="Жалоба № 7: «ждёт»", text="Здравствуйте.\n.\nEnd", html="<p>Здравствуйте")
    assert mailing.send_due(NOON) == 1 and mailing.send_due(NOON + timedelta(days=1)) == 0
    (message,) = server.taken
    assert (message["Subject"], message["To"], message["From"]) == ("Жалоба № 7: «ждёт»", letter.to, "Switchboard <crm@company.example>")
    assert message["Message-ID"] == f"<{letter.pk}@company.example>" and message["Auto-Submitted"] == "auto-generated"
    assert message.get_body(["plain"]).get_content().split() == ["Здравствуйте.", ".", "End"]
    assert "<p>Здравствуйте" in message.get_body(["html"]).get_content()
    letter.refresh_from_db()
    assert (letter.sent_at, letter.tries, letter.last_error) == (NOON, 1, "")


def test_what_is_owed_goes_and_comes_with_its_transaction_and_the_same_news_is_owed_once():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        owe(key="step 1")
        raise ZeroDivisionError
    assert not Letter.objects.exists()
    assert owe(key="step 1") is not None
    assert owe(key="step 1", to="other@company.example") is None
    assert owe() and owe(), "without a key each is another"
    assert Letter.objects.count() == 3


def test_nobody_is_written_to_who_cannot_be_reached():
    for user in (UserFactory(email=""), UserFactory(email="a@b.example", is_active=False), UserFactory(email="not an address")):
        assert owe(to=user) is None
    assert owe(to=UserFactory(email="a@b.example")).to == "a@b.example"
    for to in ("", "nobody", "a@b.example, c@d.example", "Anna <a@b.example>", "a" * 250 + "@b.example"):
        with pytest.raises(ValueError, match="no e-mail address"):
            owe(to=to)


@pytest.mark.parametrize("bad", [{"subject": "x\nBcc: all@company.example"}, {"subject": "x\r"}, {"to": "a@b.example\nBcc: all@b.example"}])
def test_nothing_can_be_slipped_into_the_head_of_a_letter(bad):
    with pytest.raises(BadHeaderError):
        owe(**bad)
    assert not Letter.objects.exists()


def test_a_letter_that_the_server_dislikes_does_not_hold_the_others(server):
    """Each of the first four fails in its own way; the last one comes, in the same run."""
    wanted = {name: owe(to=f"{name}@company.example", now=NOON - timedelta(minutes=9 - n)) for n, name in enumerate(["unknown", "busy", "drops", "spam", "good"])}  # fmt: skip
    Letter.objects.create(
        to="broken", subject="a\nb", owed_at=NOON, due_at=NOON - timedelta(hours=1)
    )  # as no rule of ours lets it be written
    last = [""]

    def says(verb, line):
        last[0] = line if verb == "RCPT" else last[0]
        if verb == "RCPT" and "unknown" in line:
            return "550 no such mailbox"
        if verb == "RCPT" and "busy" in line:
            return "450 come again later"
        if verb == "DATA" and "drops" in last[0]:
            return "hang up"
        return "554 looks like spam" if verb == "DATA" and "spam" in last[0] else None

    server.says = says
    assert mailing.send_due(NOON) == 1
    assert [message["To"] for message in server.taken] == ["good@company.example"]
    for letter in wanted.values():
        letter.refresh_from_db()
    given_up = {name for name, letter in wanted.items() if letter.given_up_at}
    assert given_up == {"unknown", "spam"}, "refused for good"
    assert wanted["unknown"].last_error == "SMTPRecipientsRefused: 550 no such mailbox"
    assert Letter.objects.get(to="broken").given_up_at == NOON
    for name in ("busy", "drops"):
        assert timedelta(seconds=45) <= wanted[name].due_at - NOON <= timedelta(seconds=75), name
    server.says = lambda verb, line: None
    assert mailing.send_due(NOON + timedelta(seconds=40)) == 0, "before its pause is over"
    assert mailing.send_due(NOON + timedelta(minutes=2)) == 2


def test_pauses_grow_and_end_in_giving_up_after_three_days_until_somebody_sends_it_again(server):
    server.says = lambda verb, line: "451 not now" if verb == "RCPT" else None
    letter, now, pauses = owe(), NOON, []
    while letter.given_up_at is None:
        mailing.send_due(now)
        letter.refresh_from_db()
        pauses.append((letter.due_at - now).total_seconds())
        now = letter.due_at
    assert 45 <= pauses[0] <= 75 and 90 <= pauses[1] <= 150 and all(pause <= 7.5 * 3600 for pause in pauses)
    assert timedelta(days=3) <= letter.given_up_at - NOON < timedelta(days=3, hours=8) and len(pauses) < 30
    assert mailing.owed() == {("waiting",): 0.0, ("given_up",): 1.0}
    server.says = lambda verb, line: None
    assert mailing.send_due(now + timedelta(days=9)) == 0
    by = UserFactory(role="admin")
    mailing.send_again(letter.pk, by=by, now=now)
    assert mailing.send_due(now) == 1 and AuditEvent.objects.get(subject_id=letter.pk).verb == "send_again"
    with pytest.raises(mailing.LetterNotGivenUp):
        mailing.send_again(letter.pk, by=by, now=now)


def test_while_the_server_is_away_one_letter_asks_and_the_others_wait_untried(server, settings):
    letters = [owe(), owe(), owe()]
    server.shutdown(), server.server_close()
    assert mailing.send_due(NOON) == 0
    assert sorted(Letter.objects.values_list("tries", flat=True)) == [0, 0, 1]
    assert "refused" in Letter.objects.get(tries=1).last_error.casefold()
    with mail_server() as back:
        settings.EMAIL_PORT = back.port
        assert mailing.send_due(NOON + timedelta(minutes=2)) == len(letters)
        assert back.connections == 1, "one for a batch"


def test_what_we_sign_in_with_does_not_get_into_the_reasons(server, settings, caplog):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "crm", "canary-password"
    server.says = lambda verb, line: {
        "EHLO": "250-mail.example\r\n250 AUTH PLAIN",
        "AUTH": f"535 {line} \x00 canary-password is wrong",
    }.get(verb)  # fmt: skip
    letter = owe()
    mailing.send_due(NOON)
    letter.refresh_from_db()
    assert "535" in letter.last_error and letter.given_up_at is None
    for secret in ("canary", "Y2FuYXJ5", "AGNybQBjYW5hcnktcGFzc3dvcmQ"):
        assert secret not in letter.last_error + caplog.text


def test_somebody_who_left_is_not_told_of_customers_any_more(server):
    user = UserFactory(email="gone@company.example")
    letter = owe(to=user)
    user.is_active = False
    user.save()
    assert mailing.send_due(NOON) == 0 and server.taken == []
    letter.refresh_from_db()
    assert letter.given_up_at == NOON


KILLED = """
import django; django.setup()
from django.utils import timezone
from config.platform import mailing
mailing.send_due(timezone.now())
"""


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_between_sending_and_noting_it_sends_the_same_letter_again(server):
    """It is killed once the server has the letter and has not said yes yet."""
    letter = owe()
    children: list[subprocess.Popen] = []
    told = threading.Event()
    server.on_message = lambda message: (children[0].kill(), children[0].wait(10), told.set())
    words = {"DATABASE_URL": database_url(), "EMAIL_URL": f"smtp://127.0.0.1:{server.port}", "DEFAULT_FROM_EMAIL": "crm@company.example", "DJANGO_SETTINGS_MODULE": "config.settings"}  # fmt: skip
    children.append(subprocess.Popen([sys.executable, "-c", KILLED], env=os.environ | words, cwd=configured.BASE_DIR))
    assert told.wait(30)
    letter.refresh_from_db()
    assert (letter.tries, letter.sent_at, letter.last_error) == (1, None, mailing.NEVER_CAME_BACK)
    server.on_message = lambda message: None
    now, until = letter.due_at, time.monotonic() + 20
    while not mailing.send_due(now) and time.monotonic() < until:  # PostgreSQL has yet to notice that the other one is gone
        now += timedelta(hours=1)
    assert {message["Message-ID"] for message in server.taken} == {f"<{letter.pk}@company.example>"} and len(server.taken) == 2


@pytest.mark.django_db(transaction=True)
def test_several_at_once_send_each_letter_once(server):
    letters = {str(owe(to=f"n{n}@company.example").pk) for n in range(40)}
    sent: list[int] = []

    def work(now):
        try:
            sent.append(mailing.send_due(now))
        finally:
            connections.close_all()

    # the later ones believe that pauses are over, as when a letter takes longer to send than its pause
    threads = [threading.Thread(target=work, args=[NOON + timedelta(hours=n)]) for n in range(4)]
    [thread.start() for thread in threads], [thread.join(60) for thread in threads]
    assert sum(sent) == 40 and sorted(message["Message-ID"][1:37] for message in server.taken) == sorted(letters)


def test_old_letters_are_forgotten_and_what_is_owed_never_is(settings):
    settings.LETTERS_KEPT_DAYS = 30
    old = NOON - timedelta(days=31)
    owed = LetterFactory(owed_at=old, due_at=old)
    new = LetterFactory(sent_at=NOON - timedelta(days=29))
    LetterFactory(sent_at=old), LetterFactory(given_up_at=old)
    assert mailing.forget(NOON) == 2 and mailing.forget(NOON) == 0
    assert set(Letter.objects.all()) == {owed, new}


@pytest.mark.parametrize("wrong", [{"sent_at": NOON, "given_up_at": NOON}, {"to": ""}, {"key": ""}], ids=str)
def test_a_row_that_makes_no_sense_is_refused_by_the_database(wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        LetterFactory(**wrong)


def test_an_administrator_sends_a_letter_again_and_nobody_else_reads_letters(client):
    letter = LetterFactory(given_up_at=NOON, last_error="550", about=uuid7())
    address = reverse("admin:platform_letter_send_again", args=[letter.pk])
    client.force_login(UserFactory(role="supervisor"))
    assert client.get("/admin/platform/letter/").status_code == 403
    assert client.post(address).status_code == 403
    client.force_login(UserFactory(role="admin"))
    assert b"Send again" in client.get(f"/admin/platform/letter/{letter.pk}/change/").content
    assert client.post(address).status_code == 302
    letter.refresh_from_db()
    assert letter.given_up_at is None and letter.tries == 0


def test_a_letter_to_one_of_us_that_spoke_of_an_erased_person_is_not_sent_again():
    person = uuid7()
    letter = LetterFactory(given_up_at=NOON, contact=person, recipient=UserFactory())
    mailing.forget_contacts([person], now=NOON)
    with pytest.raises(mailing.LetterNotGivenUp):
        mailing.send_again(letter.pk, by=UserFactory(role="admin"), now=NOON)
