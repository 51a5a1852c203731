"""Tokens: shown once, kept as a hash, closed at once; who may sign in, and whose tokens one sees."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from config.platform import tokens
from config.platform.models import ApiToken, User
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db


def test_a_token_is_shown_once_and_kept_as_a_hash(client_of):
    user = UserFactory(role="agent", username="anna")
    user.set_password("correct horse battery")
    user.save()
    answer = APIClient().post("/api/v1/tokens/", {"username": "anna", "password": "correct horse battery"})
    secret = answer.json()["token"]
    assert answer.status_code == 201
    kept = ApiToken.objects.get(pk=answer.json()["id"])
    assert bytes(kept.digest) == tokens.digest_of(secret) and secret not in str(kept.__dict__)
    client = APIClient(headers={"Authorization": f"Bearer {secret}"})
    assert "token" not in client.get(f"/api/v1/tokens/{kept.pk}/").json()
    assert kept.expires_at and kept.expires_at > timezone.now()


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


def test_the_use_of_a_token_is_noted_once_a_minute(client_of):
    client = client_of("agent")
    client.get("/api/v1/me/")
    first = ApiToken.objects.get().last_used_at
    client.get("/api/v1/me/")
    assert first and ApiToken.objects.get().last_used_at == first


def test_other_peoples_tokens_are_not_found(client_of):
    client_of("agent")
    theirs = ApiToken.objects.get()
    other = client_of("agent")
    assert other.get(f"/api/v1/tokens/{theirs.pk}/").status_code == 404
    assert other.post(f"/api/v1/tokens/{theirs.pk}/revoke/").status_code == 404
    assert client_of("admin").get(f"/api/v1/tokens/{theirs.pk}/").status_code == 200


def test_an_integration_does_not_sign_in_and_names_its_scopes(client_of):
    machine = UserFactory(role="integration", username="pbx")
    machine.set_password("correct horse battery")
    machine.save()
    login = APIClient().post("/api/v1/tokens/", {"username": "pbx", "password": "correct horse battery"})
    assert login.status_code == 401
    admin = client_of("admin")
    assert admin.post("/api/v1/tokens/issue/", {"user": machine.pk, "name": "x"}).json()["code"] == "scopes_needed"
    made = admin.post("/api/v1/tokens/issue/", {"user": machine.pk, "name": "x", "scopes": ["events:write"]})
    assert made.status_code == 201
