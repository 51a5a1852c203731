"""Secrets that we must be able to use again (an HMAC key): sealed in the database with a key derived from SECRET_KEY."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


def _box() -> MultiFernet:
    return MultiFernet([_box_of(key) for key in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]])


def _box_of(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"sealed:" + key.encode()).digest()))


def seal(text: str) -> str:
    """The text, encrypted (Fernet: AES-128-CBC with HMAC-SHA256)."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text again; empty when SECRET_KEY was changed without keeping the old one in SECRET_KEY_FALLBACKS."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        return ""


def is_of_now(sealed: str) -> bool:
    """Whether it was sealed with the SECRET_KEY of now, and not with one of before."""
    try:
        _box_of(settings.SECRET_KEY).decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


class SealedField(models.TextField):
    """A text column whose content is readable with SECRET_KEY only."""

    def get_prep_value(self, value: str | None) -> str | None:
        return value if not value else seal(value)

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        return value if not value else unseal(value)
