"""The people and machines that act here: who is made, who is left, what they lose."""

import pytest

from config.platform.models import ApiToken, Role, User

pytestmark = pytest.mark.django_db


def test_a_superuser_is_an_administrator_everywhere():
    user = User.objects.create_superuser("root", password="correct horse battery")
    assert (user.role, user.is_staff, user.is_superuser) == (Role.ADMIN, True, True)


def test_the_last_administrator_stays(client_of):
    client = client_of("admin")
    address = f"/api/v1/users/{client.user.pk}/"
    for body in ({"role": "agent"}, {"is_active": False}):
        answer = client.patch(address, body, format="json")
        assert (answer.status_code, answer.json()["code"]) == (409, "last_administrator")
    client_of("admin")
    assert client.patch(address, {"role": "agent"}, format="json").status_code == 200


def test_a_weak_password_is_refused_in_words(client_of):
    client = client_of("admin")
    for password in ("short", "password123", "1234567890"):
        answer = client.post("/api/v1/users/", {"username": "anna", "role": "agent", "password": password}, format="json")
        if answer.status_code == 201:
            pytest.fail(password)
        assert answer.json()["code"] == "password_too_weak" and len(answer.json()["detail"]) > 20
    assert not User.objects.filter(username="anna").exists()


def test_whoever_is_switched_off_loses_every_token(client_of):
    admin, agent = client_of("admin"), client_of("agent")
    assert admin.patch(f"/api/v1/users/{agent.user.pk}/", {"is_active": False}, format="json").status_code == 200
    assert agent.get("/api/v1/me/").status_code == 401
    assert ApiToken.objects.get(user=agent.user).revoked_at is not None
