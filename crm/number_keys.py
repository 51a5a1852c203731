"""What stays of a number after an erasure: a keyed hash, by which it is known again and from which nobody reads it."""

from django.conf import settings
from django.utils.crypto import salted_hmac

SALT = "crm.suppressed_number"


def key_of(e164: str) -> str:
    """The hash under the present key: 64 hexadecimal digits."""
    return _key(e164, settings.SECRET_KEY)


def keys_of(e164: str) -> list[str]:
    """The hashes under the present key and under those that were in use before, while the settings still name them."""
    return [_key(e164, secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def _key(e164: str, secret: str) -> str:
    return salted_hmac(SALT, e164, secret=secret, algorithm="sha256").hexdigest()
