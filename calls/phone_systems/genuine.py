"""Whether a delivery comes from the phone system it names: one check for each way in which phone systems prove it.

Every check works on the bytes as they came, compares in constant time, and is asked with each secret that is valid now: during
the overlap of a rotation there are two. ``sign`` makes what a phone system would send, for the test of the set-up.

Sources: Stripe-like ``t=,v1=`` (ours, DIDWW); https://www.standardwebhooks.com; Twilio "Validating Signatures"; Telnyx "Webhook
signing"; Vonage "Signed webhooks"; Mango Office "VPBX API"; Zadarma "Notifications about calls".
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from calls.phone_systems import signatures
from calls.phone_systems.deliveries import Delivery, DeliveryUnreadable

TOLERANCE_S = 300
#: Which fields Zadarma signs, one after the other, for each event.
ZADARMA = {
    "NOTIFY_START": ("caller_id", "called_did", "call_start"),
    "NOTIFY_INTERNAL": ("caller_id", "called_did", "call_start"),
    "NOTIFY_ANSWER": ("caller_id", "destination", "call_start"),
    "NOTIFY_END": ("caller_id", "called_did", "call_start"),
    "NOTIFY_OUT_START": ("internal", "destination", "call_start"),
    "NOTIFY_OUT_END": ("internal", "destination", "call_start"),
    "NOTIFY_RECORD": ("pbx_call_id", "call_id_with_rec"),
    "NOTIFY_IVR": ("caller_id", "called_did", "call_start"),
}


@dataclass(frozen=True)
class Proof:
    """What a check is made with. ``account`` is the public half (a key's name, a user name), ``url`` the address as the sender sees it."""

    secret: str
    account: str
    url: str
    now: datetime


Check = Callable[[Delivery, Proof], bool]
Sign = Callable[[Delivery, Proof], Delivery]


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _is_fresh(stamp: str, now: datetime) -> bool:
    return bool(re.fullmatch(r"\d{1,12}", stamp, re.ASCII)) and abs(now.timestamp() - int(stamp)) <= TOLERANCE_S


def _with(delivery: Delivery, **headers: str) -> Delivery:
    named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return Delivery(**{**vars(delivery), "headers": {**delivery.headers, **named}})


# --- t=…,v1=…


def _hmac_t_v1(delivery: Delivery, proof: Proof) -> bool:
    return signatures.is_genuine(delivery.header("X-Signature"), delivery.body, secret=proof.secret, now=proof.now)


def _sign_hmac_t_v1(delivery: Delivery, proof: Proof) -> Delivery:
    return _with(delivery, x_signature=signatures.sign(delivery.body, secret=proof.secret, at=proof.now))


# --- Standard Webhooks


def _standard(identity: str, stamp: str, body: bytes, secret: str) -> str:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True) if secret.startswith("whsec_") else secret.encode()
    except ValueError:
        key = secret.encode()
    made = hmac.new(key, f"{identity}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(made).decode()


def _standard_webhooks(delivery: Delivery, proof: Proof) -> bool:
    stamp, identity = delivery.header("webhook-timestamp"), delivery.header("webhook-id")
    wanted = _standard(identity, stamp, delivery.body, proof.secret)
    given = delivery.header("webhook-signature").split()[:10]
    return any(_same(one, wanted) for one in given) and bool(identity) and _is_fresh(stamp, proof.now)


def _sign_standard_webhooks(delivery: Delivery, proof: Proof) -> Delivery:
    stamp, identity = str(int(proof.now.timestamp())), "msg_test"
    made = _standard(identity, stamp, delivery.body, proof.secret)
    return _with(delivery, webhook_id=identity, webhook_timestamp=stamp, webhook_signature=made)


# --- Twilio


def _twilio(delivery: Delivery, proof: Proof) -> str:
    """Base64 of HMAC-SHA1 over the address and, of a form, every name and value, sorted by name."""
    pairs = sorted(set(delivery.pairs())) if delivery.is_form else []
    text = proof.url + "".join(name + value for name, value in pairs)
    return base64.b64encode(hmac.new(proof.secret.encode(), text.encode("utf-8", "replace"), hashlib.sha1).digest()).decode()


def _twilio_sha1(delivery: Delivery, proof: Proof) -> bool:
    if not _same(delivery.header("X-Twilio-Signature"), _twilio(delivery, proof)):
        return False
    if delivery.is_form or not delivery.body:
        return True
    wanted = dict(delivery.query_pairs()).get("bodySHA256", "")
    return _same(wanted.lower(), hashlib.sha256(delivery.body).hexdigest())


def _sign_twilio_sha1(delivery: Delivery, proof: Proof) -> Delivery:
    return _with(delivery, x_twilio_signature=_twilio(delivery, proof))


# --- Telnyx


def _ed25519(delivery: Delivery, proof: Proof) -> bool:
    stamp = delivery.header("telnyx-timestamp")
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(proof.secret, validate=True))
        key.verify(base64.b64decode(delivery.header("telnyx-signature-ed25519"), validate=True), stamp.encode() + b"|" + delivery.body)
    except (ValueError, InvalidSignature):
        return False
    return _is_fresh(stamp, proof.now)


# --- Vonage


def _jwt_hs256(delivery: Delivery, proof: Proof) -> bool:
    scheme, _, token = delivery.header("Authorization").partition(" ")
    if scheme.lower() != "bearer":
        return False
    try:
        said: dict[str, Any] = jwt.decode(
            token.strip(), proof.secret, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False}
        )
    except jwt.PyJWTError:
        return False
    issued = said.get("iat")
    if isinstance(issued, bool) or not isinstance(issued, int | float) or abs(proof.now.timestamp() - issued) > TOLERANCE_S:
        return False
    if proof.account and not _same(str(said.get("api_key", "")), proof.account):
        return False
    digest = said.get("payload_hash")
    if not delivery.body:
        return digest is None
    return isinstance(digest, str) and _same(digest.lower(), hashlib.sha256(delivery.body).hexdigest())


def _sign_jwt_hs256(delivery: Delivery, proof: Proof) -> Delivery:
    said = {"iat": int(proof.now.timestamp()), "api_key": proof.account, "payload_hash": hashlib.sha256(delivery.body).hexdigest()}
    return _with(delivery, authorization=f"Bearer {jwt.encode(said, proof.secret, algorithm='HS256')}")


# --- Mango Office


def _mango_sha256(delivery: Delivery, proof: Proof) -> bool:
    """``sign`` is SHA-256 of key, the ``json`` field just as it came, and salt."""
    said = dict(delivery.pairs())
    wanted = hashlib.sha256((proof.account + said.get("json", "") + proof.secret).encode("utf-8", "replace")).hexdigest()
    return _same(said.get("vpbx_api_key", ""), proof.account) and _same(said.get("sign", "").lower(), wanted)


def _sign_mango_sha256(delivery: Delivery, proof: Proof) -> Delivery:
    text = dict(delivery.pairs()).get("json", "")
    made = hashlib.sha256((proof.account + text + proof.secret).encode()).hexdigest()
    body = urlencode({"vpbx_api_key": proof.account, "sign": made, "json": text}).encode()
    return Delivery(**{**vars(delivery), "body": body})


# --- Zadarma


def _zadarma(delivery: Delivery, proof: Proof) -> str:
    said = dict(delivery.pairs())
    text = "".join(said.get(name, "") for name in ZADARMA.get(said.get("event", ""), ()))
    made = hmac.new(proof.secret.encode(), text.encode("utf-8", "replace"), hashlib.sha1).hexdigest()
    return base64.b64encode(made.encode()).decode()


def _zadarma_sha1(delivery: Delivery, proof: Proof) -> bool:
    return dict(delivery.pairs()).get("event", "") in ZADARMA and _same(delivery.header("Signature"), _zadarma(delivery, proof))


def _sign_zadarma_sha1(delivery: Delivery, proof: Proof) -> Delivery:
    return _with(delivery, signature=_zadarma(delivery, proof))


# --- a word in the body, or a user name and password


def _body_token(delivery: Delivery, proof: Proof) -> bool:
    said = delivery.value()
    token = said.get("token") if isinstance(said, dict) else None
    if token is None:
        token = dict(delivery.query_pairs()).get("token")
    return isinstance(token, str) and _same(token, proof.secret)


def _sign_body_token(delivery: Delivery, proof: Proof) -> Delivery:
    said = delivery.value()
    if not isinstance(said, dict):
        return delivery
    said["token"] = proof.secret
    body = urlencode(said).encode() if delivery.is_form else json.dumps(said).encode()
    return Delivery(**{**vars(delivery), "body": body})


def _basic(delivery: Delivery, proof: Proof) -> bool:
    scheme, _, given = delivery.header("Authorization").partition(" ")
    try:
        text = base64.b64decode(given.strip(), validate=True).decode("utf-8", "replace")
    except ValueError:
        return False
    return scheme.lower() == "basic" and _same(text, f"{proof.account}:{proof.secret}")


def _sign_basic(delivery: Delivery, proof: Proof) -> Delivery:
    made = base64.b64encode(f"{proof.account}:{proof.secret}".encode()).decode()
    return _with(delivery, authorization=f"Basic {made}")


CHECKS: Mapping[str, Check] = {
    "hmac_t_v1": _hmac_t_v1,
    "standard_webhooks": _standard_webhooks,
    "twilio_sha1": _twilio_sha1,
    "ed25519": _ed25519,
    "jwt_hs256": _jwt_hs256,
    "mango_sha256": _mango_sha256,
    "zadarma_sha1": _zadarma_sha1,
    "body_token": _body_token,
    "basic": _basic,
}
#: Telnyx signs with a key that only Telnyx has, so nobody else can make its signature.
SIGNS: Mapping[str, Sign] = {
    "hmac_t_v1": _sign_hmac_t_v1,
    "standard_webhooks": _sign_standard_webhooks,
    "twilio_sha1": _sign_twilio_sha1,
    "jwt_hs256": _sign_jwt_hs256,
    "mango_sha256": _sign_mango_sha256,
    "zadarma_sha1": _sign_zadarma_sha1,
    "body_token": _sign_body_token,
    "basic": _sign_basic,
}


def is_genuine(mode: str, delivery: Delivery, *, secrets: list[str], account: str, url: str, now: datetime) -> bool:
    """Whether the delivery proves, in this way and with one of these secrets, who sent it. Any bytes get an answer."""
    check = CHECKS.get(mode)
    if check is None:
        return False
    try:
        found = [check(delivery, Proof(secret, account, url, now)) for secret in secrets if secret]
    except DeliveryUnreadable:
        return False
    return any(found)


def sign(mode: str, delivery: Delivery, *, secret: str, account: str, url: str, now: datetime) -> Delivery | None:
    """The delivery as the phone system would send it; None when nobody but the phone system can sign so."""
    maker = SIGNS.get(mode)
    return maker(delivery, Proof(secret, account, url, now)) if maker else None


def sign_ed25519(delivery: Delivery, *, key: Ed25519PrivateKey, now: datetime) -> Delivery:
    """The delivery as Telnyx would send it, were this its key."""
    stamp = str(int(now.timestamp()))
    made = base64.b64encode(key.sign(stamp.encode() + b"|" + delivery.body)).decode()
    return _with(delivery, telnyx_timestamp=stamp, telnyx_signature_ed25519=made)


def ed25519_pair() -> tuple[Ed25519PrivateKey, str]:
    """A key to sign with and its public half as Telnyx shows it."""
    key = Ed25519PrivateKey.generate()
    return key, base64.b64encode(key.public_key().public_bytes_raw()).decode()
