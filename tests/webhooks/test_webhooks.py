"""P16: news pushed to other systems: at least once, always with the same id, signed as the published library expects, and nobody delays another."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from datetime import datetime, timedelta
from http.server import ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from itertools import pairwise
from pathlib import Path
from threading import Thread

import orjson
import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from jsonschema import Draft202012Validator, ValidationError
from standardwebhooks import WebhookVerificationError

from config.api.webhook_catalogue import component
from config.platform import outbox
from config.platform.models import AuditEvent, FeedMessage, Letter, OutboxEvent, WebhookDelivery, WebhookEndpoint
from config.platform.webhooks import keeping, relaying, sending, settling, signing
from tests.conftest import NOON
from tests.contract.operations import document
from tests.factories.platform import OutboxEventFactory, UserFactory, WebhookDeliveryFactory, WebhookEndpointFactory
from tests.webhooks.receiver import Receiver, checked, receiving

pytestmark = pytest.mark.django_db
EMPTY_INLINE = {f"deliveries-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL")}
NOTE = outbox.NewsType("test.noted", "Only in tests.", {"n": 1})


@pytest.fixture(autouse=True)
def declared(monkeypatch, settings):
    monkeypatch.setitem(outbox.types, NOTE.name, NOTE)
    settings.OUTGOING_ALLOWED_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture
def receiver():
    with receiving() as one:
        yield one


def endpoint(receiver: Receiver, **more) -> WebhookEndpoint:
    return WebhookEndpointFactory(url=receiver.url, **more)


def told(many: int = 1, **more) -> list[str]:
    return [str(OutboxEventFactory(**more).pk) for _ in range(many)]


def send(at: datetime = NOON) -> int:
    return sending.send_due(lambda: at, linger_s=0)


def test_what_is_posted_is_what_the_published_library_verifies_on_a_connection_that_is_kept(receiver):
    row = endpoint(receiver, types=["complaint.*"])
    first = OutboxEventFactory(data={"level": 2, "name": "Алёна", "huge": 2**70})
    told(type="satisfaction.answered")
    ids = [str(first.pk), *told(30)]
    assert send() == 31 and sorted(receiver.ids) == sorted(ids), "its family, each once"
    assert send() == 0 and len(receiver.came) == 31
    headers, body, _ = next(one for one in receiver.came if one[0]["webhook-id"] == ids[0])
    news = checked(row.secret, headers, body)
    assert news == {
        "id": ids[0],
        "type": "complaint.escalated",
        "occurred_at": "2026-11-23T12:00:00Z",
        "object_kind": "complaint",
        "object_id": str(first.subject_id),
        "object_version": 2,
        "contact": None,
        "data": {"level": 2, "name": "Алёна", "huge": 2**70},
        "previous": None,
    }
    with pytest.raises(WebhookVerificationError):
        checked(signing.new_secret(), headers, body)
    with pytest.raises(WebhookVerificationError):
        checked(row.secret, headers, body.replace(b"2", b"3"))
    assert headers["content-type"] == "application/json" and receiver.connections <= sending.LANES + 1
    assert set(WebhookDelivery.objects.values_list("state", "tries", "last_status")) == {("delivered", 1, 200)}


def test_a_receiver_that_is_down_for_six_hours_gets_everything_with_the_same_ids_soon_after(receiver):
    row = endpoint(receiver)
    receiver.say = lambda headers: (503, {})
    now, wanted = NOON, []
    while now < NOON + timedelta(hours=6):
        wanted += told(1, occurred_at=now)
        send(now)
        now += timedelta(minutes=7)
    refused = set(receiver.ids)
    bodies = {headers["webhook-id"]: body for headers, body, _ in receiver.came}
    assert WebhookEndpoint.objects.get().failures > 20 and len(refused) > 1
    receiver.say = lambda headers: (200, {})
    receiver.came.clear()
    for _ in range(3):
        now += timedelta(minutes=6)
        send(now)
    assert sorted(receiver.ids) == sorted(wanted), "each taken once, within minutes of its return"
    assert {one["id"] for one in receiver.verified(row.secret)} == set(wanted)
    assert all(bodies[headers["webhook-id"]] == body for headers, body, _ in receiver.came if headers["webhook-id"] in bodies)
    row.refresh_from_db()
    assert (row.failures, row.failing_since, row.is_active) == (0, None, True)


def test_one_that_is_refused_is_tried_after_growing_pauses_for_three_days_while_the_others_go_on(receiver):
    boss = UserFactory(role="admin", email="boss@example.com")
    endpoint(receiver, name="Helpdesk")
    (bad,) = told()
    receiver.say = lambda headers: (500 if headers["webhook-id"] == bad else 200, {})
    now, tried = NOON, []
    while WebhookDelivery.objects.filter(event_id=bad).exclude(state="owed").count() == 0:
        told(1, occurred_at=now)
        send(now)
        tried.append(now - NOON)
        now = WebhookDelivery.objects.values_list("due_at", flat=True).get(event_id=bad)
    pauses = [(later - before).total_seconds() for before, later in pairwise(tried)]
    for found, said in zip(pauses, [*settling.PAUSES_S, *[36_000] * 9], strict=False):
        assert 0.8 * said <= found <= 1.2 * said
    assert timedelta(days=2.9) < tried[-1] + timedelta(hours=12) and tried[-1] < timedelta(days=3.6)
    row = WebhookDelivery.objects.get(event_id=bad)
    assert (row.state, row.tries, row.last_status) == ("given_up", len(tried), 500)
    assert (
        Letter.objects.get().subject == "Webhook refuses news: Helpdesk"
        and FeedMessage.objects.get(kind="webhook.given_up").recipient == boss
    )
    assert len(row.attempts) == len(tried) and row.attempts[-1]["error"] == "It answers 500."
    assert WebhookDelivery.objects.filter(state="delivered").count() == len(tried)


@pytest.mark.django_db(transaction=True)
def test_a_slow_receiver_delays_nobody(receiver, monkeypatch):
    """Also when the turn is over: while it is waited for, news of this very moment goes to the others."""
    monkeypatch.setattr(sending, "TURN_S", 1.0)
    at = []

    def say(headers):
        time.sleep(1.5)
        if not at:
            at.append(time.monotonic())
            told(5)
            connection.close()
        time.sleep(1.5)
        return 200, {}

    with receiving() as slow:
        slow.say = say
        endpoint(slow), endpoint(receiver)
        told(40)
        began = time.monotonic()
        sending.send_due(lambda: NOON, linger_s=0)
        came = [moment for _, _, moment in receiver.came]
        assert len(came) == 45 and max(came[:40]) - began < 1 and max(came[40:]) - at[0] < 0.5
        assert len(slow.came) == 1, "one lane for one that is slow"
    assert not WebhookDelivery.objects.filter(state="owed", endpoint__url=receiver.url).exists()


@pytest.mark.django_db(transaction=True)
def test_news_of_one_thing_comes_in_its_order_while_all_goes_well(receiver, monkeypatch):
    """Also what is told of it while earlier news of it is still under way in a lane, and what a lane had no time for."""
    monkeypatch.setattr(sending, "LANE_S", 0.6)
    endpoint(receiver)
    one, others = OutboxEventFactory(), [OutboxEventFactory() for _ in range(3)]
    assert send() == 4  # from now on it is known to be quick
    wanted = [str(one.pk)]

    def say(headers):
        if len(wanted) < 120 and headers["webhook-id"] in wanted[-30:]:
            wanted.extend(told(1, subject_id=one.subject_id))
            told(1, subject_id=others[len(wanted) % 3].subject_id)
            connection.close()
        time.sleep(0.02)
        return 200, {}

    receiver.say = say
    wanted.extend(told(40, subject_id=one.subject_id))
    assert send() > 120
    assert [id_ for id_ in receiver.ids if id_ in wanted] == wanted
    assert len(receiver.ids) == len(set(receiver.ids)), "and nothing twice"


def test_redirects_and_refusals_fail_gone_disables_at_once_and_retry_after_is_kept(receiver):
    admin = UserFactory(role="admin", email="boss@example.com")
    row = endpoint(receiver)
    told(3)
    receiver.say = lambda headers: (302, {"location": receiver.url + "/other"})
    send()
    delivery = WebhookDelivery.objects.filter(tries=1).first()
    assert (delivery.state, delivery.last_status, delivery.last_error) == ("owed", 302, sending.REDIRECTS)
    assert {headers["host"] for headers, _, _ in receiver.came}, "never followed"

    receiver.came.clear()
    receiver.say = lambda headers: (429, {"retry-after": "7200"})
    send(NOON + timedelta(minutes=10))
    row.refresh_from_db()
    assert len(receiver.came) == 1 and row.paused_until >= NOON + timedelta(minutes=129)
    send(NOON + timedelta(minutes=100))
    assert len(receiver.came) == 1, "nothing at all until then"

    receiver.say = lambda headers: (410, {})
    send(NOON + timedelta(hours=3))
    row.refresh_from_db()
    assert (row.is_active, row.disabled_reason, row.disabled_at) == (False, "gone", NOON + timedelta(hours=3))
    assert Letter.objects.get().recipient == admin and FeedMessage.objects.get().kind == "webhook.disabled"
    assert AuditEvent.objects.filter(subject_id=row.pk, verb="disable").count() == 1
    told(1)
    assert send(NOON + timedelta(days=1)) == 0 and WebhookDelivery.objects.count() == 3

    receiver.say = lambda headers: (200, {})
    keeping.enable(row.pk, by=admin, now=NOON + timedelta(days=1))
    assert send(NOON + timedelta(days=1)) == 4, "nothing was lost while it was off"


def test_days_of_failure_switch_it_off_with_notice(receiver, settings):
    UserFactory(role="admin", email="boss@example.com")
    endpoint(receiver)
    receiver.say = lambda headers: (500, {})
    told(2)
    for hour in range(0, 24 * settings.WEBHOOK_DISABLED_AFTER_DAYS + 12, 12):
        send(NOON + timedelta(hours=hour))
    row = WebhookEndpoint.objects.get()
    assert (row.is_active, row.disabled_reason) == (False, "failing")
    assert "posted once it is switched on" in Letter.objects.get().text


def test_one_that_is_away_for_longer_than_a_piece_is_tried_loses_nothing(receiver):
    row = endpoint(receiver)
    receiver.say = lambda headers: (503, {})
    ids = told(3)
    for hour in range(0, 24 * 4, 2):
        send(NOON + timedelta(hours=hour))
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"owed"} and min(row.tries for row in row.deliveries.all()) > 7
    receiver.say = lambda headers: (200, {})
    receiver.came.clear()
    send(NOON + timedelta(days=4, hours=10))
    assert sorted(receiver.ids) == sorted(ids) and not Letter.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_late_commit_is_relayed_and_nothing_twice_whatever_dies(receiver):
    row, _ = keeping.add(name="Desk", url=receiver.url, by=None, now=NOON)
    with transaction.atomic():
        outbox.tell("test.noted", row, {"n": 1}, now=NOON)
    slow = connection.copy()
    slow.set_autocommit(False)
    try:
        with slow.cursor() as cursor:
            cursor.execute(
                "INSERT INTO platform_outboxevent (id, type, subject_kind, subject_id, subject_version, occurred_at, data) VALUES"
                " ('00000000-0000-7000-8000-000000000001', 'test.noted', 'note', gen_random_uuid(), 0, now(), '{}'::jsonb)"
            )
        outbox.tell("test.noted", row, {"n": 3}, now=NOON)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            relaying.relay(NOON)
            raise ZeroDivisionError  # a relay that dies leaves nothing
        wait_for(lambda: (relaying.relay(NOON), WebhookDelivery.objects.count())[1] == 1)
        slow.commit()
    finally:
        slow.close()
    wait_for(lambda: (relaying.relay(NOON), WebhookDelivery.objects.count())[1] == 3)
    WebhookEndpoint.objects.update(place_transaction=0, place_id="00000000-0000-0000-0000-000000000000")
    relaying.relay(NOON)
    assert WebhookDelivery.objects.count() == 3, "looked through twice, owed once"
    WebhookEndpoint.objects.update(place_transaction=2**60)  # of another cluster: put back from a dump
    OutboxEvent.objects.update(transaction=2**60)
    relaying.take_in_restored()
    outbox.forget(NOON)
    outbox.tell("test.noted", row, {"n": 4}, now=NOON)
    wait_for(lambda: (relaying.relay(NOON), WebhookDelivery.objects.count())[1] == 4)


def wait_for(true) -> None:
    """Another database of the server may have an older writer at this moment: a test there that lives through a week is one transaction."""
    for _ in range(2400):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come")


KILLED = """
import django, os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
from django.conf import settings
from django.db import connection
settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = os.environ["TEST_DATABASE"]
from config.platform.webhooks import sending
sending.send_due(linger_s=0)
"""


@pytest.mark.django_db(transaction=True)
def test_a_sender_that_is_killed_between_the_post_and_its_mark_posts_again_with_the_same_id(receiver):
    row = endpoint(receiver)
    (wanted,) = told()
    receiver.say = lambda headers: (time.sleep(5 if len(receiver.came) == 1 else 0), (200, {}))[1]
    environment = os.environ | {"TEST_DATABASE": connection.settings_dict["NAME"], "OUTGOING_ALLOWED_NETWORKS": "127.0.0.0/8"}
    sender = subprocess.Popen([sys.executable, "-c", KILLED], env=environment, cwd=os.getcwd())
    wait_for(lambda: receiver.came)
    assert sending.send_due(linger_s=0) == 0, "while it lives nobody else sends"
    sender.send_signal(signal.SIGKILL)
    sender.wait()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.tries, delivery.last_error) == ("owed", 1, settling.NEVER_CAME_BACK)
    wait_for(lambda: sending.send_due(lambda: timezone.now() + settling.LEASE, linger_s=0))
    assert receiver.ids == [wanted, wanted] and receiver.came[0][1] == receiver.came[1][1]
    assert [one["id"] for one in receiver.verified(row.secret)] == [wanted, wanted]


def test_what_was_given_up_or_happened_within_a_time_is_posted_again_with_the_same_ids(receiver, client_of):
    admin, row = client_of("admin"), endpoint(receiver)
    days = [NOON + timedelta(days=n) for n in range(4)]
    made = [
        WebhookDeliveryFactory(
            endpoint=row, event=OutboxEventFactory(occurred_at=day), occurred_at=day, settled_at=NOON, tries=9, state=state
        )
        for day, state in zip(days, ("given_up", "delivered", "delivered", "given_up"), strict=True)
    ]
    relaying.relay(NOON)  # the place moves past them
    address = f"/api/v1/webhook-endpoints/{row.pk}/replay/"
    assert admin.post(address).json() == {"deliveries": 2}
    send(timezone.now())
    assert sorted(receiver.ids) == [str(made[0].event_id), str(made[3].event_id)]
    receiver.came.clear()
    both = {"states": ["given_up", "delivered"], "since": days[1].isoformat(), "until": days[3].isoformat()}
    assert admin.post(address, both).json() == {"deliveries": 2}
    send(timezone.now())
    assert sorted(receiver.ids) == sorted(str(one.event_id) for one in made[1:3])
    receiver.came.clear()
    again = admin.post(f"/api/v1/webhook-deliveries/{made[0].pk}/replay/").json()
    assert (again["state"], again["tries"], again["webhook_id"]) == ("owed", 0, str(made[0].event_id))
    send(timezone.now())
    assert receiver.ids == [str(made[0].event_id)] and receiver.verified(row.secret)
    shown = admin.get("/api/v1/webhook-deliveries/", {"endpoint": row.pk, "state": "delivered,owed", "since": days[2].isoformat()}).json()
    assert [one["id"] for one in shown["results"]] == [str(made[3].pk), str(made[2].pk)]
    admin.post(f"/api/v1/webhook-endpoints/{row.pk}/disable/")
    assert admin.post(address).json()["code"] == "webhook_disabled"


def test_a_secret_is_shown_once_and_changed_with_both_holding_for_a_while(receiver, client_of):
    admin = client_of("admin")
    made = admin.post("/api/v1/webhook-endpoints/", {"name": "Desk", "url": receiver.url, "types": ["test.noted"]})
    old, pk = made.json()["secret"], made.json()["id"]
    changed = admin.post(f"/api/v1/webhook-endpoints/{pk}/rotate-secret/", {"overlap_hours": 24})
    new = changed.json()["secret"]
    assert new != old and "secret" not in admin.get(f"/api/v1/webhook-endpoints/{pk}/").json()
    now = timezone.now()
    assert admin.post(f"/api/v1/webhook-endpoints/{pk}/test/").status_code == 201
    send(now + timedelta(minutes=1))
    send(now + timedelta(minutes=1))
    headers, body, _ = receiver.came[0]
    assert checked(old, headers, body) == checked(new, headers, body) and checked(new, headers, body)["type"] == "webhook.test"
    admin.post(f"/api/v1/webhook-endpoints/{pk}/test/")
    send(now + timedelta(hours=25))
    headers, body, _ = receiver.came[1]
    assert checked(new, headers, body)
    with pytest.raises(WebhookVerificationError):
        checked(old, headers, body)
    whole = str([*AuditEvent.objects.values_list("changes", "facts")])
    assert old[6:] not in whole and new[6:] not in whole
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret || previous_secret FROM platform_webhookendpoint")
        assert new[6:] not in cursor.fetchone()[0], "sealed"


def test_where_and_what_may_be_posted_is_judged_when_it_is_written_and_when_it_is_posted(receiver, client_of, settings):
    admin, row = client_of("admin"), endpoint(receiver)
    for wrong, code in (
        ({"url": "http://10.0.0.1/x"}, "address_forbidden"),
        ({"url": "https://169.254.169.254/latest"}, "address_forbidden"),
        ({"url": "ftp://93.184.216.34/"}, "url_forbidden"),
        ({"url": "http://93.184.216.34/"}, "https_needed"),
        ({"types": ["complaint.flew_away"]}, "webhook_type_unknown"),
        ({"types": ["Complaint.%"]}, "invalid"),
    ):
        for answer in (
            admin.patch(f"/api/v1/webhook-endpoints/{row.pk}/", wrong),
            admin.post("/api/v1/webhook-endpoints/", {"name": "x", "url": receiver.url} | wrong),
        ):
            assert (answer.status_code, answer.json()["code"].replace("validation_failed", "invalid")) == (400, code), answer.content
    told()
    settings.OUTGOING_ALLOWED_NETWORKS = []
    send()
    assert receiver.came == [] and "OUTGOING_ALLOWED_NETWORKS" in WebhookDelivery.objects.get().last_error


def test_writers_wake_the_sender_once_a_second_and_only_for_somebody(monkeypatch, django_capture_on_commit_callbacks):
    woken = []
    monkeypatch.setattr(outbox, "later", woken.append)
    for many, expected in ((0, 0), (1, 1)):
        monkeypatch.setattr(outbox, "_hinted", 0.0)
        WebhookEndpointFactory.create_batch(many)
        with django_capture_on_commit_callbacks(execute=True):
            for _ in range(5):
                outbox.tell("test.noted", outbox.Subject("note", OutboxEventFactory().pk), {}, now=NOON)
        assert len(woken) == expected


def test_a_removed_or_skipped_webhook_leaves_nothing_and_old_tests_are_forgotten(receiver):
    row = endpoint(receiver)
    told(2)
    relaying.relay(NOON)
    keeping.disable(row.pk, by=None, now=NOON)
    told(1)
    keeping.enable(row.pk, skip_missed=True, by=None, now=NOON)
    assert send() == 0 and WebhookDelivery.objects.filter(last_error=keeping.SKIPPED).count() == 2
    WebhookDeliveryFactory(endpoint=row, event=None, type=signing.TEST, state="delivered", settled_at=NOON)
    assert keeping.forget(NOON) == 0 and keeping.forget(NOON + timedelta(days=1)) == 1
    OutboxEvent.objects.all().delete()
    assert not WebhookDelivery.objects.exists()


def test_the_example_of_the_docs_takes_what_is_genuine_once(settings):
    """docs/examples/webhook_receiver.py as a process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    row = WebhookEndpointFactory(url=f"http://127.0.0.1:{port}/")
    script = Path(__file__).parents[2] / "docs" / "examples" / "webhook_receiver.py"
    environment = {"PATH": os.environ["PATH"], "WEBHOOK_SECRET": row.secret}
    process = subprocess.Popen([sys.executable, script, str(port)], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        wait_for(lambda: is_open(port))
        subject = OutboxEventFactory(subject_version=3)
        OutboxEventFactory(subject_id=subject.subject_id, subject_version=2, type="complaint.old")
        assert sending.send_due(linger_s=0) == 2
        WebhookDelivery.objects.update(state="owed", settled_at=None, due_at=NOON)
        assert sending.send_due(linger_s=0) == 2, "doubles are taken too, and not dealt with"
        keeping.rotate_secret(row.pk, overlap_hours=0, by=None, now=timezone.now())
        WebhookDelivery.objects.update(state="owed", settled_at=None, due_at=NOON)
        assert sending.send_due(linger_s=0) == 0 and WebhookDelivery.objects.filter(last_status=401).exists()
    finally:
        process.kill()
        said = process.communicate()[0]
    assert said.splitlines() == [f'complaint.escalated complaint {subject.subject_id} {{"level": 2}}']


def test_what_the_example_of_the_docs_could_not_deal_with_comes_again(monkeypatch, capsys):
    row = WebhookEndpointFactory()
    monkeypatch.setenv("WEBHOOK_SECRET", row.secret)
    spec = spec_from_file_location("webhook_receiver", Path(__file__).parents[2] / "docs" / "examples" / "webhook_receiver.py")
    example = module_from_spec(spec)
    spec.loader.exec_module(example)
    taken: list[str] = []

    def take(news):
        taken.append(news["id"])
        if len(taken) == 1:
            raise OSError("The database is away.")

    monkeypatch.setattr(example, "take", take)
    server = ThreadingHTTPServer(("127.0.0.1", 0), example.Receiver)
    Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    try:
        WebhookEndpoint.objects.update(url=f"http://127.0.0.1:{server.server_address[1]}/")
        (only,) = told()
        assert sending.send_due(linger_s=0) == 0 and WebhookDelivery.objects.get().last_status == 503
        WebhookDelivery.objects.update(due_at=NOON)
        assert sending.send_due(linger_s=0) == 1 and taken == [only, only]
    finally:
        server.shutdown()
        server.server_close()
    assert "was not taken" in capsys.readouterr().err


def is_open(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def test_the_document_shows_every_type_whole_as_it_is_posted():
    told = {name.replace("-", "_"): one for name, one in document()["webhooks"].items()}
    assert told.keys() - {NOTE.name} == outbox.types.keys() - {NOTE.name} | {signing.TEST}
    schemas = document()["components"]["schemas"]

    def judged(name: str) -> Draft202012Validator:
        shape = told[name]["post"]["requestBody"]["content"]["application/json"]["schema"]
        return Draft202012Validator(shape | {"components": {"schemas": schemas}})

    for name, one in told.items():
        example = one["post"]["requestBody"]["content"]["application/json"]["example"]
        judged(name).validate(example)
        shape, members = schemas[component(name)]["properties"], schemas[f"{component(name)}Data"]["properties"]
        assert example["type"] == name and example.keys() == shape.keys()
        assert example["data"].keys() == members.keys() and all("type" in one for one in members.values())
    level = outbox.types["complaint.escalated"].example
    for data, previous in ((level, None), (level, {"assignee": None}), ({}, None)):  # the last was emptied by an erasure
        made = orjson.loads(signing.body(WebhookDeliveryFactory(), OutboxEventFactory(data=data, previous=previous)))
        judged("complaint.escalated").validate(made)
    with pytest.raises(ValidationError):
        judged("complaint.escalated").validate(made | {"data": {"level": 2}})


def test_the_admin_makes_one_with_its_secret_shown_once_tries_it_and_posts_again(receiver):
    boss = Client()
    boss.force_login(UserFactory(role="admin"), backend="django.contrib.auth.backends.ModelBackend")
    form = {"name": "Desk", "url": receiver.url, "types": "complaint.*", "description": ""}
    wrong = boss.post(reverse("admin:platform_webhookendpoint_add"), form | {"url": "http://10.0.0.1/", "types": "complaint.lost"})
    assert wrong.status_code == 200 and not WebhookEndpoint.objects.exists()
    assert "OUTGOING_ALLOWED_NETWORKS" in wrong.content.decode() and "No such news: complaint.lost" in wrong.content.decode()
    made = boss.post(reverse("admin:platform_webhookendpoint_add"), form)
    row = WebhookEndpoint.objects.get()
    assert row.secret in made.content.decode() and "no-store" in made["Cache-Control"]
    page = reverse("admin:platform_webhookendpoint_change", args=[row.pk])
    assert row.secret not in boss.get(page).content.decode()
    assert boss.post(page, form | {"name": "Helpdesk", **EMPTY_INLINE}).status_code == 302
    for verb in ("test", "replay", "disable", "enable"):
        address = reverse(f"admin:platform_webhookendpoint_{verb}", args=[row.pk])
        assert boss.get(address).status_code == 200 and boss.post(address).status_code == 302, verb
    changed = boss.post(reverse("admin:platform_webhookendpoint_rotate", args=[row.pk]))
    old, row = row.secret, WebhookEndpoint.objects.get()
    assert (row.name, row.previous_secret, row.is_active) == ("Helpdesk", old, True) and row.secret in changed.content.decode()
    send(timezone.now())
    shown = boss.get(page).content.decode()
    assert "webhook.test" in shown and "delivered" in shown.lower()
    delivery = WebhookDelivery.objects.get()
    assert boss.post(reverse("admin:platform_webhookdelivery_post_again", args=[delivery.pk])).status_code == 302
    assert WebhookDelivery.objects.get().state == "owed"
    verbs = set(AuditEvent.objects.filter(subject_id__in=[row.pk, delivery.pk]).values_list("verb", flat=True))
    assert verbs == {"add", "alter", "test", "replay", "disable", "enable", "rotate_secret"}
