"""Nobody posts in a phone system's name: each way to prove oneself, the ways to fail first; then rotation, networks, and what is kept."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from django.test import Client
from django.utils import timezone

from calls.models import Call, CallEvent, PhoneSystem, RefusedDelivery
from calls.phone_systems import genuine
from calls.phone_systems.deliveries import Delivery, DeliveryUnreadable
from tests.calls.phone_systems import proving
from tests.factories.calls import PhoneSystemFactory

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
URL, SECRET, ACCOUNT = "https://calls.example/api/v1/calls/ingest/pbx/", "a secret that is long enough for all", "acc"
JSON = Delivery(b'{"call":"1","token":"?"}', "application/json")
FORM = Delivery(b"event=NOTIFY_START&caller_id=1&called_did=2&call_start=3&json=%7B%7D", "application/x-www-form-urlencoded")
OF = {"mango_sha256": FORM, "zadarma_sha1": FORM, "twilio_sha1": FORM}


def checked(mode: str, delivery: Delivery, *, secrets=(SECRET,), account=ACCOUNT, url=URL, now=NOW) -> bool:
    return genuine.is_genuine(mode, delivery, secrets=list(secrets), account=account, url=url, now=now)


def signed(mode: str, delivery: Delivery | None = None, **changed) -> Delivery:
    said = {"secret": SECRET, "account": ACCOUNT, "url": URL, "now": NOW} | changed
    made = genuine.sign(mode, delivery or OF.get(mode, JSON), **said)
    assert made is not None
    return made


def tampered(delivery: Delivery) -> Delivery:
    return Delivery(**{**vars(delivery), "body": delivery.body.replace(b"1", b"7")})


@pytest.mark.parametrize("mode", sorted(genuine.SIGNS))
def test_what_is_not_proven_is_refused_and_what_is_proven_is_taken(mode):
    good = signed(mode)
    assert not checked(mode, OF.get(mode, JSON)), "unsigned"
    assert not checked(mode, signed(mode, secret="another secret that is long enough"))
    assert not checked(mode, good, secrets=["another secret that is long enough"])
    assert not checked(mode, good, secrets=[""]) and not checked(mode, good, secrets=[])
    assert not checked("no_such_mode", good)
    for junk in ("", "x", "\x00", "é" * 500, "Bearer", "Basic ====", "t=1,v1=" + "0" * 64):
        names = ("authorization", "signature", "x-signature", "x-twilio-signature", "webhook-signature", "webhook-timestamp")
        assert not checked(mode, Delivery(JSON.body, JSON.content_type, dict.fromkeys(names, junk)))
    if mode not in ("body_token", "basic"):
        assert not checked(mode, tampered(good)), "the body was changed on the way"
    if mode in ("hmac_t_v1", "standard_webhooks", "jwt_hs256"):
        assert not checked(mode, good, now=NOW + timedelta(minutes=6)) and not checked(mode, good, now=NOW - timedelta(minutes=6))
    if mode == "twilio_sha1":
        assert not checked(mode, good, url="https://elsewhere.example/")
    if mode in ("basic", "mango_sha256", "jwt_hs256"):
        assert not checked(mode, good, account="somebody else")
    assert checked(mode, good)
    assert checked(mode, good, secrets=["the new one that is long enough too", SECRET]), "during a rotation"


def test_telnyx_signs_with_a_key_of_its_own():
    key, public = genuine.ed25519_pair()
    stamp = str(int(NOW.timestamp()))

    def sent(stamp=stamp, body=JSON.body):
        made = base64.b64encode(key.sign(stamp.encode() + b"|" + JSON.body)).decode()
        return Delivery(body, "application/json", {"telnyx-timestamp": stamp, "telnyx-signature-ed25519": made})

    assert not checked("ed25519", JSON, secrets=[public])
    assert not checked("ed25519", sent(body=b"{}"), secrets=[public])
    assert not checked("ed25519", sent(), secrets=[genuine.ed25519_pair()[1]])
    assert not checked("ed25519", sent(), secrets=["no key"])
    assert not checked("ed25519", sent(stamp=str(int(stamp) - 400)), secrets=[public])
    assert checked("ed25519", sent(), secrets=[public])


def test_signatures_that_others_published_are_understood():
    """Worked examples from the senders' own documentation, made with their algorithms and nothing of ours."""
    twilio = Delivery(b"CallSid=CA1&From=%2B14158675309", "application/x-www-form-urlencoded", {"x-twilio-signature": ""})
    text = URL + "CallSidCA1From+14158675309"
    wanted = base64.b64encode(__import__("hmac").new(SECRET.encode(), text.encode(), "sha1").digest()).decode()
    assert checked("twilio_sha1", Delivery(**{**vars(twilio), "headers": {"x-twilio-signature": wanted}}))
    token = jwt.encode({"iat": NOW.timestamp(), "payload_hash": hashlib.sha256(JSON.body).hexdigest(), "api_key": ACCOUNT}, SECRET, "HS256")
    assert checked("jwt_hs256", Delivery(JSON.body, JSON.content_type, {"authorization": f"Bearer {token}"}))
    nothing = jwt.encode({"iat": NOW.timestamp(), "payload_hash": "0" * 64, "api_key": ACCOUNT}, SECRET, "HS256")
    assert not checked("jwt_hs256", Delivery(JSON.body, JSON.content_type, {"authorization": f"Bearer {nothing}"}))
    unsigned = jwt.encode({"iat": NOW.timestamp(), "api_key": ACCOUNT}, None, "none")
    assert not checked("jwt_hs256", Delivery(JSON.body, JSON.content_type, {"authorization": f"Bearer {unsigned}"}))


# --- over HTTP
EVENT = b'{"type": "call.initiated", "call_id": "1", "from": "84950000001"}'


@pytest.fixture
def system(db):
    return PhoneSystemFactory(slug="pbx", auth_mode="hmac_t_v1", secret=SECRET)


def sent(secret=SECRET, body=EVENT, now=None) -> Delivery:
    return signed("hmac_t_v1", Delivery(body, "application/json"), secret=secret, now=now or timezone.now())


def test_a_refusal_changes_nothing_but_a_count_and_a_short_list(system):
    refused = [
        sent(secret="another secret that is long enough"),
        Delivery(EVENT, "application/json"),
        Delivery(b"token=abc&x=\x00", "text/plain"),
    ]
    for answer in proving.post(Client(), system, refused):
        assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")
    system.refresh_from_db()
    assert (system.refused, Call.objects.count(), CallEvent.objects.count()) == (3, 0, 0)
    kept = RefusedDelivery.objects.get()  # one a second
    assert "another secret" in kept.reason and kept.body == EVENT.decode() and "x-signature" in kept.headers
    assert SECRET not in str(vars(kept))
    (answer,) = proving.post(Client(), system, [sent()])
    assert (answer.status_code, answer.json()["status"], answer.json()["call"]["state"]) == (200, "accepted", "initiated")


def test_nobody_learns_which_addresses_there_are(system):
    unknown = PhoneSystem(slug="unknown")
    here, there = (proving.post(Client(), one, [Delivery(EVENT, "application/json")])[0] for one in (system, unknown))
    assert (here.status_code, here.json()["detail"]) == (there.status_code, there.json()["detail"])
    assert proving.post(Client(), PhoneSystem(slug="x" * 300), [sent()])[0].status_code == 401


def test_during_a_rotation_both_secrets_count_and_afterwards_one(system, client_of):
    admin, new = client_of("admin"), "the new secret that is long enough"
    url = f"/api/v1/phone-systems/{system.pk}/rotate-secret/"
    shown = admin.post(url, {"secret": new, "overlap_s": 3600}).json()
    assert shown["secret"] == new and shown["old_secret_until"]
    assert [one.status_code for one in proving.post(Client(), system, [sent(), sent(secret=new)])] == [200, 200]
    assert SECRET not in str(admin.get(f"/api/v1/phone-systems/{system.pk}/").json()) and new not in str(
        admin.get("/api/v1/audit-events/").json()
    )
    PhoneSystem.objects.update(old_secret_until=timezone.now() - timedelta(seconds=1))
    assert [one.status_code for one in proving.post(Client(), system, [sent(), sent(secret=new)])] == [401, 200]
    made = admin.post(url, {"overlap_s": 0}).json()
    assert len(made["secret"]) >= 24 and made["old_secret_until"] is None
    assert [one.status_code for one in proving.post(Client(), system, [sent(secret=new), sent(secret=made["secret"])])] == [401, 200]


def test_a_network_is_asked_besides_the_secret_and_never_instead(system):
    PhoneSystem.objects.update(allowed_networks=["203.0.113.0/24"])
    assert proving.post(Client(), system, [sent()])[0].status_code == 401
    assert proving.post(Client(REMOTE_ADDR="203.0.113.7"), system, [sent()])[0].status_code == 200
    assert proving.post(Client(REMOTE_ADDR="203.0.113.7"), system, [Delivery(EVENT, "application/json")])[0].status_code == 401


def test_a_token_may_post_here_too(db, client_of):
    system = PhoneSystemFactory(slug="pbx")
    url = "/api/v1/calls/ingest/pbx/"
    assert client_of("admin").post(url, EVENT.decode(), content_type="application/json").status_code == 200
    assert client_of("agent").post(url, EVENT.decode(), content_type="application/json").status_code == 403
    assert proving.post(Client(), system, [sent()])[0].status_code == 401


# --- whatever the body is
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/json"), (b"\xff\xfe\x00", "application/json"), (b'{"a":', "application/json"), (b"[" * 5000, "application/json"),
        (b'{"type":"call.initiated","call_id":"\\u0000"}', "application/json"), (b'{"type":"\\ud800","call_id":1}', "application/json"),
        (b'{"type":"call.ended","call_id":' + b"9" * 400 + b"}", "application/json"), (b"NaN", "application/json"), (b"null", "application/json"),
        (b'[1,"a",{}]', "application/json"), (b'{"events":[1,null,{"type":"x"}]}', "application/json"), (b'{"events":"no"}', "application/json"),
        (b"a=1&" * 2000, "application/x-www-form-urlencoded"), (b"%00=%ff", "application/x-www-form-urlencoded"),
        (b"<xml/>", "text/xml"), (b"a" * 100_000, "text/plain"), (b'{"type":"call.initiated","call_id":"1","occurred_at":"10000-01-01"}', ""),
    ],
)  # fmt: skip
def test_any_body_gets_an_answer(system, body, kind):
    (answer,) = proving.post(Client(), system, [signed("hmac_t_v1", Delivery(body, kind), now=timezone.now())])
    assert answer.status_code in (200, 400), answer.content
    if answer.status_code == 400:
        assert answer.json()["code"] == "delivery_unreadable" and not CallEvent.objects.exists()
    else:
        assert CallEvent.objects.exists(), "what was answered 200 is kept"


def test_deep_and_wide_bodies_are_told_apart():
    with pytest.raises(DeliveryUnreadable):
        Delivery(b"[" * 60 + b"]" * 60, "application/json").value()
    assert Delivery(b'{"a": 1e999, "b": NaN, "c": "\\u0000\\ud800", "d": 99999999999999999999}', "application/json").value() == {
        "a": None, "b": None, "c": "\ufffd?", "d": "99999999999999999999",
    }  # fmt: skip


# --- the trial
@pytest.mark.parametrize("mode", ["hmac_t_v1", "standard_webhooks", "basic", "body_token", "token"])
def test_a_trial_goes_all_the_way_and_keeps_nothing(db, client_of, mode):
    system = PhoneSystemFactory(auth_mode=mode, secret="" if mode == "token" else SECRET, account="user")
    told = client_of("admin").post(f"/api/v1/phone-systems/{system.pk}/test/").json()
    assert told["problem"] == "" and told["answer"]["status"] == "accepted", told
    assert told["is_genuine"] is (None if mode == "token" else True)
    assert told["events"][0]["type"] == "call.initiated"
    assert SECRET not in str(told["sent"]["headers"])
    assert not Call.objects.exists() and not CallEvent.objects.exists()
