"""Signatures of phone systems over the raw bytes of a request."""

import hashlib
import hmac
import re
from datetime import datetime

TOLERANCE_S = 300
HEADER = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


def sign(body: bytes, *, secret: str, at: datetime) -> str:
    """The value of ``X-Signature``: ``t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">``."""
    stamp = str(int(at.timestamp()))
    return f"t={stamp},v1={_digest(stamp, body, secret)}"


def is_genuine(header: str, body: bytes, *, secret: str, now: datetime) -> bool:
    """Whether the header was made with the secret, over this body, within five minutes of ``now``."""
    match = HEADER.fullmatch(header.replace(" ", ""))
    if not match or not secret:
        return False
    is_fresh = abs(now.timestamp() - int(match[1])) <= TOLERANCE_S
    return hmac.compare_digest(_digest(match[1], body, secret), match[2]) and is_fresh


def _digest(stamp: str, body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
