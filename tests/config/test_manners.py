"""The HTTP manners: done once, never over an unseen change, pages by key, limits told, secrets kept."""

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import redis
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from config.api import throttling
from config.platform import tokens
from config.platform.models import ApiToken, AuditEvent, IdempotencyRecord, User
from config.platform.queue import later
from crm.models import Contact, Department, Topic
from tests.factories.platform import UserFactory

db = pytest.mark.django_db
TOPIC = {"code": "delivery", "name": "Delivery"}


def post_topic(client, body=TOPIC, **headers):
    return client.post("/api/v1/topics/", body, format="json", headers=headers)


# --- Idempotency-Key
@db
def test_the_same_key_is_done_once_and_answered_alike(client_of):
    client = client_of("admin")
    first, again = (post_topic(client, **{"Idempotency-Key": "k1"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first["ETag"] == again["ETag"] and first["Location"] == again["Location"]
    assert again["Idempotency-Replayed"] == "true" and Topic.objects.count() == 1


@db
def test_a_key_belongs_to_one_request_of_one_caller(client_of):
    client = client_of("admin")
    post_topic(client, **{"Idempotency-Key": "k1"})
    other = post_topic(client, {"code": "x", "name": "X"}, **{"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert post_topic(client_of("admin"), {"code": "y", "name": "Y"}, **{"Idempotency-Key": "k1"}).status_code == 201


@db
@pytest.mark.parametrize("key", ["", "k" * 201, "ключ", "a\tb", "a b"])
def test_an_unusable_key_is_refused(client_of, key):
    answer = post_topic(client_of("admin"), **{"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_unusable")
    assert not Topic.objects.exists()


@db
def test_a_refusal_is_not_kept(client_of):
    client = client_of("admin")
    assert post_topic(client, {"code": "x"}, **{"Idempotency-Key": "k1"}).status_code == 400
    assert not IdempotencyRecord.objects.exists()
    assert post_topic(client, **{"Idempotency-Key": "k1"}).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_sixteen_twins_make_one_and_get_one_answer(client_of, settings):
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, 0)
    header, gate = client_of("admin")._credentials["HTTP_AUTHORIZATION"], threading.Barrier(16)

    def post(key: str):
        try:
            gate.wait()
            answer = Client().post(
                "/api/v1/topics/",
                json.dumps({"code": key, "name": key}),
                content_type="application/json",
                headers={"Authorization": header, "Idempotency-Key": key},
            )
            return key, answer.status_code, answer.content
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        answers = [answer for _ in range(3) for answer in pool.map(post, [f"key{n % 4}" for n in range(16)])]
    assert Topic.objects.count() == 4
    assert len(set(answers)) == 4 and {status for _, status, _ in answers} == {201}


# --- ETag, If-Match
@db
def test_a_change_that_was_not_seen_is_not_overwritten(client_of):
    client = client_of("admin")
    made = post_topic(client)
    address = made["Location"]
    assert client.patch(address, {"name": "A"}, format="json", headers={"If-Match": made["ETag"]}).status_code == 200
    late = client.patch(address, {"name": "B"}, format="json", headers={"If-Match": made["ETag"]})
    assert (late.status_code, late.json()["code"], late.json()["current"]) == (412, "version_conflict", 2)
    assert Topic.objects.get().name == "A"


@db
@pytest.mark.parametrize(
    ("header", "status"), [("*", 200), ('"1"', 200), ('W/"1"', 412), ('"x"', 412), ("1", 400), ("", 400), ('"1", "2"', 400)]
)
def test_every_form_of_if_match_has_its_meaning(client_of, header, status):
    client = client_of("admin")
    address = post_topic(client)["Location"]
    assert client.patch(address, {"name": "A"}, format="json", headers={"If-Match": header}).status_code == status


@db
def test_who_has_it_already_is_told_so(client_of):
    client = client_of("admin")
    made = post_topic(client)
    same = client.get(made["Location"], headers={"If-None-Match": made["ETag"]})
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", made["ETag"])


@pytest.mark.django_db(transaction=True)
def test_of_sixteen_changes_at_once_one_wins(client_of, settings):
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, 0)
    client = client_of("admin")
    address, header = post_topic(client)["Location"], client._credentials["HTTP_AUTHORIZATION"]
    gate = threading.Barrier(16)

    def patch(n: int) -> int:
        try:
            gate.wait()
            body = json.dumps({"name": f"N{n}"})
            headers = {"Authorization": header, "If-Match": '"1"'}
            return Client().patch(address, body, content_type="application/json", headers=headers).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        statuses = sorted(pool.map(patch, range(16)))
    assert statuses == [200] + [412] * 15


# --- pages
@db
@pytest.mark.parametrize("ordering", ["id", "-id", "surname", "-surname", "created_at", "-updated_at"])
def test_pages_show_every_row_once_in_both_directions(client_of, ordering):
    for n in range(23):
        Contact.objects.create(surname=f"S{n % 3}")
    client, seen, back = client_of("agent"), [], []
    url = f"/api/v1/contacts/?page_size=5&ordering={ordering}"
    last = None
    while url:
        last = client.get(url).json()
        seen += [row["id"] for row in last["results"]]
        url = last["next"]
    column = ordering.lstrip("-")
    expected = (
        Contact.objects.order_by(ordering, "-id" if ordering.startswith("-") else "id")
        if column != "id"
        else Contact.objects.order_by(ordering)
    )
    assert seen == [str(row.pk) for row in expected]
    url = last["previous"]
    while url:
        page = client.get(url).json()
        back = [row["id"] for row in page["results"]] + back
        url = page["previous"]
    assert back == seen[: len(back)] and len(back) == 20


@db
def test_rows_that_come_and_go_do_not_shift_a_page(client_of):
    rows = [Contact.objects.create(surname=f"S{n}") for n in range(6)]
    client = client_of("agent")
    first = client.get("/api/v1/contacts/?page_size=2").json()
    rows[5].delete()
    Contact.objects.create(surname="new")
    second = client.get(first["next"]).json()
    assert [row["surname"] for row in second["results"]] == ["S3", "S2"]


@db
def test_a_count_is_given_only_when_asked(client_of):
    Contact.objects.create(surname="S")
    client = client_of("agent")
    assert "count" not in client.get("/api/v1/contacts/").json()
    assert client.get("/api/v1/contacts/?count=true").json()["count"] == 1


# --- tokens and sign-in
@db
def test_a_token_is_shown_once_and_kept_as_a_hash(client_of):
    user = UserFactory(role="agent", username="anna")
    user.set_password("correct horse battery")
    user.save()
    answer = APIClient().post("/api/v1/tokens/", {"username": "anna", "password": "correct horse battery"}, format="json")
    secret = answer.json()["token"]
    assert answer.status_code == 201
    kept = ApiToken.objects.get(pk=answer.json()["id"])
    assert bytes(kept.digest) == tokens.digest_of(secret) and secret not in str(kept.__dict__)
    client = APIClient(headers={"Authorization": f"Bearer {secret}"})
    assert "token" not in client.get(f"/api/v1/tokens/{kept.pk}/").json()
    assert kept.expires_at and kept.expires_at > timezone.now()


@db
def test_a_revoked_an_expired_and_a_switched_off_token_open_nothing(client_of):
    client = client_of("agent")
    token = ApiToken.objects.get()
    assert client.get("/api/v1/me/").status_code == 200
    client.post(f"/api/v1/tokens/{token.pk}/revoke/")
    assert client.get("/api/v1/me/").json()["code"] == "authentication_failed"
    ApiToken.objects.update(revoked_at=None, expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get("/api/v1/me/").status_code == 401
    ApiToken.objects.update(expires_at=None)
    User.objects.update(is_active=False)
    assert client.get("/api/v1/me/").status_code == 401


@db
def test_the_use_of_a_token_is_noted_once_a_minute(client_of):
    client = client_of("agent")
    client.get("/api/v1/me/")
    first = ApiToken.objects.get().last_used_at
    client.get("/api/v1/me/")
    assert first and ApiToken.objects.get().last_used_at == first


@db
def test_other_peoples_tokens_are_not_found(client_of):
    client_of("agent")
    theirs = ApiToken.objects.get()
    other = client_of("agent")
    assert other.get(f"/api/v1/tokens/{theirs.pk}/").status_code == 404
    assert other.post(f"/api/v1/tokens/{theirs.pk}/revoke/").status_code == 404
    assert client_of("admin").get(f"/api/v1/tokens/{theirs.pk}/").status_code == 200


@db
def test_an_integration_does_not_sign_in_and_names_its_scopes(client_of):
    machine = UserFactory(role="integration", username="pbx")
    machine.set_password("correct horse battery")
    machine.save()
    login = APIClient().post("/api/v1/tokens/", {"username": "pbx", "password": "correct horse battery"}, format="json")
    assert login.status_code == 401
    admin = client_of("admin")
    assert admin.post("/api/v1/tokens/issue/", {"user": machine.pk, "name": "x"}, format="json").json()["code"] == "scopes_needed"
    made = admin.post("/api/v1/tokens/issue/", {"user": machine.pk, "name": "x", "scopes": ["events:write"]}, format="json")
    assert made.status_code == 201


@db
def test_repeated_failures_lock_the_name_for_that_address(client_of):
    user = UserFactory(username="anna", role="agent")
    user.set_password("correct horse battery")
    user.save()
    client = APIClient(REMOTE_ADDR="192.0.2.7")
    for _ in range(5):
        last = client.post("/api/v1/tokens/", {"username": "anna", "password": "wrong"}, format="json")
    right = client.post("/api/v1/tokens/", {"username": "anna", "password": "correct horse battery"}, format="json")
    assert (last.status_code in (401, 429), right.status_code, right.json()["code"]) == (True, 429, "locked_out")
    assert int(right["Retry-After"]) > 0
    elsewhere = APIClient(REMOTE_ADDR="192.0.2.8").post(
        "/api/v1/tokens/", {"username": "anna", "password": "correct horse battery"}, format="json"
    )
    assert elsewhere.status_code == 201


# --- limits
@db
def test_a_limit_is_told_and_held(client_of, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"caller": 3}
    client = client_of("agent")
    answers = [client.get("/api/v1/me/") for _ in range(5)]
    assert [answer.status_code for answer in answers][-1] == 429
    assert answers[0]["RateLimit-Limit"] == "3"
    refused = answers[-1]
    assert refused.json()["code"] == "throttled" and 1 <= int(refused["Retry-After"]) <= 60


@db
def test_without_the_store_requests_pass(client_of, monkeypatch):
    monkeypatch.setattr(throttling, "_client", redis.Redis(port=1, socket_connect_timeout=0.2))
    monkeypatch.setattr(throttling, "_asleep_until", 0.0)
    assert client_of("agent").get("/api/v1/me/").status_code == 200


# --- audit
@db
def test_every_change_is_remembered_with_before_and_after(client_of):
    client = client_of("admin")
    address = post_topic(client, **{"X-Request-ID": "desk-7-000001"})["Location"]
    client.patch(address, {"name": "Late delivery"}, format="json")
    client.delete(address)
    added, changed, removed = AuditEvent.objects.filter(subject_type="topic").order_by("id")
    assert (added.verb, added.by, added.request_id, added.ip) == ("add", client.user, "desk-7-000001", "127.0.0.1")
    assert changed.changes == {"name": ["Delivery", "Late delivery"]}
    assert removed.verb == "remove" and removed.changes["name"] == ["Late delivery", None]


@db
def test_what_was_done_cannot_be_undone_in_the_books(client_of):
    post_topic(client_of("admin"))
    for change in (lambda: AuditEvent.objects.update(verb="x"), lambda: AuditEvent.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


@db
def test_secrets_do_not_enter_the_books(client_of):
    body = {"slug": "pbx", "name": "PBX", "auth_mode": "hmac_t_v1", "secret": "a-very-secret-canary"}
    client = client_of("admin")
    made = client.post("/api/v1/phone-systems/", body, format="json")
    client.post("/api/v1/users/", {"username": "x", "role": "agent", "password": "canary battery staple"}, format="json")
    assert made.status_code == 201 and "secret" not in made.json()
    for event in AuditEvent.objects.all():
        assert "canary" not in json.dumps([event.changes, event.facts])
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM calls_phonesystem")
        assert "canary" not in cursor.fetchone()[0]


# --- ids, logs, problems
@db
def test_a_request_is_known_by_its_id_in_answer_problem_and_log(client_of, caplog):
    caplog.set_level(logging.INFO)
    answer = client_of("agent").get("/api/v1/contacts/nobody/", headers={"X-Request-ID": "desk-7-000001"})
    assert answer["X-Request-ID"] == answer.json()["request_id"] == "desk-7-000001"
    assert client_of("agent").get("/api/v1/me/", headers={"X-Request-ID": "bad id\n"})["X-Request-ID"] != "bad id"
    assert any(record.getMessage() == "request" and record.status == 404 for record in caplog.records)


@db
def test_logs_hold_no_names_phones_or_tokens(client_of, caplog):
    caplog.set_level(logging.DEBUG)
    client = client_of("agent")
    client.post("/api/v1/contacts/", {"surname": "Canaryev", "phones": [{"number": "+74951234567"}]}, format="json")
    client.get("/api/v1/contacts/", {"search": "Canaryev"})
    client.get("/api/v1/lookup/", {"phone": "+74951234567"})
    from config.logging import JsonLines

    written = "\n".join(JsonLines().format(record) for record in caplog.records if not record.name.startswith("django.db"))
    assert "request" in written
    for canary in ("Canaryev", "4951234567", client._credentials["HTTP_AUTHORIZATION"][7:]):
        assert canary not in written


@db
def test_the_database_being_away_is_503_and_says_when_to_come_back(client_of, monkeypatch):
    from django.db import OperationalError

    client = client_of("agent")

    def away(*args, **kwargs):
        raise OperationalError("connection refused")

    monkeypatch.setattr(tokens, "check", away)
    answer = client.get("/api/v1/me/")
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "unavailable", "2")


@db
def test_a_bug_is_a_problem_without_its_insides(client_of, monkeypatch, settings):
    client = client_of("agent")
    client.raise_request_exception = False
    monkeypatch.setattr("crm.lookup.who_is", lambda *a, **k: 1 / 0)
    answer = client.get("/api/v1/lookup/?phone=1")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "division" not in answer.content.decode()


@db
def test_a_broken_rule_of_the_table_names_itself(client_of):
    client = client_of("admin")
    for _ in range(2):
        answer = client.post("/api/v1/departments/", {"name": "Repairs"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "one_department_name_per_parent")
    assert Department.objects.count() == 1


@db
def test_every_code_of_the_catalogue_has_its_page(anyone):
    catalogue = anyone.get("/api/v1/problems/").json()
    assert {"version_conflict", "duplicate_contact", "throttled", "event_unreadable"} <= {one["code"] for one in catalogue}
    for one in catalogue:
        assert anyone.get(f"/api/v1/problems/{one['code']}/").json() == one
        assert len(one["meaning"]) > 10, one


# --- health, headers, the queue
@db
def test_health_pages(anyone, client_of):
    assert anyone.get("/healthz").status_code == 200
    ready = anyone.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["database"], ready.json()["checks"]["migrations"]) == (200, "ok", "ok")
    assert anyone.get("/metrics").status_code == 401
    assert client_of("agent").get("/metrics").status_code == 403
    page = client_of("integration", scopes=["metrics:read"]).get("/metrics")
    assert page.status_code == 200 and b"switchboard_http_requests_total" in page.content


@db
def test_answers_carry_safe_headers(client_of):
    answer = client_of("agent").get("/api/v1/me/")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in answer["Content-Security-Policy"]


@db
def test_other_origins_are_let_in_by_setting_only(client_of, settings):
    client, headers = client_of("agent"), {"Origin": "https://desk.example"}
    assert "Access-Control-Allow-Origin" not in client.get("/api/v1/me/", headers=headers)
    settings.CORS_ALLOWED_ORIGINS = ["https://desk.example"]
    assert client.get("/api/v1/me/", headers=headers)["Access-Control-Allow-Origin"] == "https://desk.example"


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_costs_the_caller_little(monkeypatch):
    from time import monotonic

    from celery import current_app

    def away(*args, **kwargs):
        raise ConnectionError("no broker")

    monkeypatch.setattr(current_app, "send_task", away)
    began = monotonic()
    with transaction.atomic():
        later("crm.run_imports")
    assert monotonic() - began < 1


@db
def test_the_docs_work_without_the_internet(anyone):
    page = anyone.get("/api/v1/docs/").content.decode()
    assert "swagger-ui" in page and "https://cdn" not in page
    assert anyone.get("/api/v1/redoc/").status_code == 200
    assert anyone.get("/api/v1/schema/?format=json").json()["openapi"].startswith("3.1")
