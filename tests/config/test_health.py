"""What probes, scrapers and browsers see: health, figures, the docs without the internet, headers that keep browsers safe."""

import pytest

pytestmark = pytest.mark.django_db


def test_health_pages(anyone, client_of):
    assert anyone.get("/healthz").status_code == 200
    ready = anyone.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["database"], ready.json()["checks"]["migrations"]) == (200, "ok", "ok")
    assert anyone.get("/metrics").status_code == 401
    assert client_of("agent").get("/metrics").status_code == 403
    page = client_of("integration", scopes=["metrics:read"]).get("/metrics")
    assert page.status_code == 200 and b"switchboard_http_requests_total" in page.content


def test_answers_carry_safe_headers(client_of):
    answer = client_of("agent").get("/api/v1/me/")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_the_docs_work_without_the_internet(anyone):
    page = anyone.get("/api/v1/docs/").content.decode()
    assert "swagger-ui" in page and "https://cdn" not in page
    reader = anyone.get("/api/v1/redoc/")
    assert reader.status_code == 200 and b"//fonts." not in reader.content, "no other host is told who reads"
    assert anyone.get("/api/v1/schema/?format=json").json()["openapi"].startswith("3.1")
