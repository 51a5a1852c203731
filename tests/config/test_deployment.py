"""The settings as an operator gives them: refused when unsafe, clean when right, plain about what is missing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.platform.models import AuditEvent

ROOT = Path(__file__).parents[2]
GOOD_KEY = "tK3v-9Qm2xLr8ZpWn5_sYd7HcAeBgUfJoRiT4wXq1zPl6bVkN0"
SAFE = {
    "SECRET_KEY": GOOD_KEY,
    "ALLOWED_HOSTS": "switchboard.example",
    "DATABASE_URL": "postgres://switchboard:canary-password@db.example:5432/switchboard",
    "BROKER_URL": "redis://:canary-password@broker.example:6379/0",
}


def manage(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command in a clean environment: what is not given here is not set."""
    plain = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *command], env=plain | environment, cwd=ROOT, capture_output=True, text=True, timeout=60
    )


def test_production_settings_pass_the_check_of_deployment():
    done = manage("check", "--deploy", "--fail-level", "WARNING", **SAFE)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    "key", ["", "short", "x" * 60, "abababab" * 8, "django-insecure-abc"], ids=["none", "short", "one letter", "two letters", "default"]
)
def test_a_missing_or_weak_key_refuses_to_start(key, tmp_path):
    given = SAFE | {"SECRET_KEY": key, "DATA_DIR": str(tmp_path)}
    done = manage("check", **given)
    assert done.returncode != 0
    assert "SECRET_KEY is missing or weak" in done.stderr
    assert "secrets.token_urlsafe" in done.stderr, "it says how to make a good one"
    assert "canary-password" not in done.stderr + done.stdout


@pytest.mark.parametrize("url", ["sqlite:///db.sqlite3", "mysql://a@b/c", "nonsense"])
def test_no_other_database_is_taken(url):
    done = manage("check", **SAFE | {"DATABASE_URL": url})
    assert done.returncode != 0
    assert "DATABASE_URL" in done.stderr or "postgres" in done.stderr.lower()


SHOW = """
import json, django
django.setup()
from django.conf import settings
print(json.dumps({name: str(getattr(settings, name)) for name in json.loads(input())}))
"""


def settings_with(*names: str, **environment: str) -> dict[str, str]:
    plain = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(
        [sys.executable, "-c", SHOW], input=json.dumps(names), env=plain | environment, cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_unset_means_strict():
    found = settings_with(
        "DEBUG", "DEMO", "HTTPS", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "CORS_ALLOW_ALL_ORIGINS", "CORS_ALLOWED_ORIGINS", **SAFE
    )  # fmt: skip
    assert found == {
        "DEBUG": "False",
        "DEMO": "False",
        "HTTPS": "True",
        "SECURE_SSL_REDIRECT": "True",
        "SESSION_COOKIE_SECURE": "True",
        "CSRF_COOKIE_SECURE": "True",
        "CORS_ALLOW_ALL_ORIGINS": "False",
        "CORS_ALLOWED_ORIGINS": "[]",
    }


def test_without_allowed_hosts_only_this_machine_is_served():
    found = settings_with("ALLOWED_HOSTS", **{name: value for name, value in SAFE.items() if name != "ALLOWED_HOSTS"})
    assert "*" not in found["ALLOWED_HOSTS"] and "localhost" in found["ALLOWED_HOSTS"]


def test_nothing_switches_debug_on():
    assert settings_with("DEBUG", **SAFE, DEBUG="1", DJANGO_DEBUG="1")["DEBUG"] == "False"
    assert settings_with("DEBUG", **SAFE, DEMO="1")["DEBUG"] == "False"


@pytest.mark.django_db
def test_plain_http_is_sent_to_https_but_for_the_probes(anyone, settings):
    settings.SECURE_SSL_REDIRECT = True
    moved = anyone.get("/api/v1/docs/")
    assert (moved.status_code, moved["Location"]) == (301, "https://testserver/api/v1/docs/")
    for probe in ("/healthz", "/readyz"):
        assert anyone.get(probe).status_code == 200, probe


@pytest.mark.django_db
def test_over_https_a_browser_is_told_to_stay_there(anyone, settings):
    settings.SECURE_HSTS_SECONDS = 31_536_000
    assert "max-age=31536000" in anyone.get("/api/v1/problems/", secure=True)["Strict-Transport-Security"]


@pytest.mark.django_db
def test_behind_a_proxy_the_callers_address_is_the_one_that_the_proxy_saw(client_of, settings):
    def ip_of(forwarded: str) -> str | None:
        client_of("admin").post(
            "/api/v1/topics/", {"code": forwarded[-6:].replace(".", "-"), "name": "N"}, headers={"X-Forwarded-For": forwarded}
        )
        return AuditEvent.objects.order_by("-id").values_list("ip", flat=True)[0]

    assert ip_of("203.0.113.1") == "127.0.0.1", "nobody said that there is a proxy: the header is anybody's word"
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 1}
    assert ip_of("198.51.100.66, 203.0.113.2") == "203.0.113.2", "what stands before it, the caller wrote"


PREFLIGHT = {
    "Origin": "https://desk.example",
    "Access-Control-Request-Method": "PATCH",
    "Access-Control-Request-Headers": "authorization,if-match,idempotency-key",
}


@pytest.mark.django_db
def test_a_frontend_of_an_allowed_origin_may_ask_everything(anyone, client_of, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://desk.example"]
    answer = anyone.options("/api/v1/contacts/", headers=PREFLIGHT)
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == "https://desk.example"
    assert "PATCH" in answer["Access-Control-Allow-Methods"]
    assert {"authorization", "if-match", "idempotency-key"} <= set(answer["Access-Control-Allow-Headers"].split(", "))
    real = client_of("agent").get("/api/v1/me/", headers={"Origin": "https://desk.example"})
    assert {"ETag", "Location", "X-Request-ID", "Retry-After"} <= set(real["Access-Control-Expose-Headers"].split(", "))


@pytest.mark.django_db
def test_another_origin_is_not_let_in(anyone, client_of, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://desk.example"]
    foreign = PREFLIGHT | {"Origin": "https://desk.example.evil.example"}
    assert "Access-Control-Allow-Origin" not in anyone.options("/api/v1/contacts/", headers=foreign)
    for path in ("/api/v1/me/", "/api/v1/nothing/"):
        assert "Access-Control-Allow-Origin" not in client_of("agent").get(path, headers={"Origin": foreign["Origin"]})
    assert "Access-Control-Allow-Credentials" not in anyone.options("/api/v1/contacts/", headers=PREFLIGHT), "tokens need no cookies"
    assert "Access-Control-Allow-Origin" not in anyone.get("/admin/login/", headers={"Origin": "https://desk.example"}), (
        "the admin is no API"
    )
