"""The page for frontend teams tells what is told; the example works in a real browser."""

import json
import os
import shutil
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from calls import announcements
from config.api.stream import describing
from config.platform import feed
from config.platform.management.commands.describe_feed import PAGE, with_table
from tests.contract.operations import document
from tests.factories.calls import AgentExtensionFactory, PhoneSystemFactory
from tests.factories.crm import ContactPhoneFactory
from tests.factories.platform import UserFactory
from tests.stream.serving import NOTE, REPOSITORY, database_url, free_port

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip


def test_the_page_lists_every_kind_that_is_told():
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_table(page), "a kind is new: run `make schema`"


def test_the_document_shows_an_example_of_every_kind():
    content = document()["paths"]["/api/v1/stream/"]["get"]["responses"]["200"]["content"]["text/event-stream"]
    assert set(content["examples"]) - {NOTE.name} == set(feed.kinds) - {NOTE.name}
    for name, example in content["examples"].items():
        data = next(line.removeprefix("data: ") for line in example["value"].splitlines() if line.startswith("data: "))
        assert json.loads(data)["kind"] == name
    assert all(f"`{kind}`" in document()["components"]["schemas"]["StreamEvent"]["description"] for kind in describing.OWN)


def test_examples_are_served_in_the_demo_and_nowhere_else(settings):
    client = Client()
    settings.DEMO = False
    assert client.get("/examples/live-feed/").status_code == 404
    settings.DEMO = True
    page = client.get("/examples/live-feed/")
    assert page.status_code == 200 and page["Content-Type"] == "text/html"
    assert b"".join(client.get("/examples/live-feed/live-feed.js").streaming_content)
    b"".join(page.streaming_content)
    for path in ("%00", "x" * 5000, "../../manage.py", "%2e%2e/%2e%2e/manage.py", "live-feed", "live-feed/nothing.js", "/etc/passwd"):
        assert client.get(f"/examples/{path}").status_code == 404


@pytest.fixture
def web(transactional_db, tmp_path):
    """The web server as in the demo; the page comes from it, the stream from another port."""
    from config.embedded import web as commands

    port = free_port()
    words = {"DATABASE_URL": database_url(), "DEMO": "1", "WEB_WORKERS": "1", "DJANGO_SETTINGS_MODULE": "config.settings", "HTTPS": "0"}
    with (tmp_path / "web.log").open("wb") as log:
        yield (
            port,
            lambda stream_url: subprocess.Popen(
                commands.web_command(words, "127.0.0.1", port),
                cwd=REPOSITORY,
                env=os.environ | words | {"STREAM_URL": stream_url},
                stdout=log,
                stderr=log,
            ),
        )


@pytest.mark.fault
@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine (Debian's package: chromium)")
def test_the_example_works_in_a_browser(web, serve, client_of):
    """An operator signs in, a call pops up, is answered, held and ends; an announcement comes; the server is killed and all goes on."""
    from playwright.sync_api import expect, sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright keeps a loop in this thread, and the rows are made in it as well
    port, start = web
    page_url = f"http://127.0.0.1:{port}"
    stream = serve(CORS_ALLOWED_ORIGINS=page_url)
    server = start(stream.url)
    anna = UserFactory(role="agent", surname="Иванова", name="Анна", patronymic="")
    system = PhoneSystemFactory(slug="pbx")
    AgentExtensionFactory(phone_system=system, extension="201", user=anna)
    phone = ContactPhoneFactory(contact__surname="Петрова", contact__name="Мария", contact__patronymic="").phone
    machine = client_of("integration", scopes=["events:write"])
    began = timezone.now()

    def event(n: int, type: str, call: str = "c", **more) -> None:
        at = (began + timedelta(milliseconds=n)).isoformat()
        body = {"type": type, "call_id": call, "occurred_at": at, "direction": "inbound", "from": phone.e164, "queue": "support", **more}
        assert machine.post("/api/v1/calls/events/", body, format="json").status_code == 200

    leg = {"leg_id": "l", "agent": "201"}
    pictures = Path(os.environ.get("PICTURES", "")) if os.environ.get("PICTURES") else None
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page(viewport={"width": 1100, "height": 760})
            faults: list[str] = []
            page.on("pageerror", lambda error: faults.append(str(error)))
            until = time.monotonic() + 40
            while True:
                try:
                    page.goto(f"{page_url}/examples/live-feed/")
                    break
                except Exception:
                    assert time.monotonic() < until and server.poll() is None
                    time.sleep(0.3)
            page.get_by_label("or a token").fill(client_of(user=anna).token)
            page.get_by_role("button", name="Open the feed").click()
            expect(page.locator("#connection")).to_have_text("Live", timeout=20_000)
            expect(page.locator("#sign-in")).to_be_hidden()
            expect(page.locator("#name")).to_have_text("Иванова Анна")
            event(1, "call.initiated", to="+78001234567")
            event(2, "leg.ringing", **leg)
            expect(page.locator("#ringing")).to_contain_text("Петрова Мария", timeout=10_000)
            expect(page.locator("#spoken")).to_have_text("A call from Петрова Мария")
            lead = UserFactory(role="supervisor", surname="Орлов", name="Сергей", patronymic="")
            announcements.announce(
                text="The warehouse is closed <b>today</b>.", until=timezone.now() + timedelta(hours=2), by=lead, now=timezone.now()
            )
            expect(page.locator("#announcements")).to_contain_text("The warehouse is closed <b>today</b>.", timeout=10_000)
            if pictures:
                page.screenshot(path=pictures / "live-feed.png")
            event(3, "leg.answered", **leg)
            expect(page.locator("#talking")).to_contain_text("Петрова Мария", timeout=10_000)
            expect(page.locator("#ringing")).to_contain_text("Nothing rings.")
            for pid in stream.pids():  # the server of streams dies; another takes its place, and the screen goes on
                os.kill(pid, 9)
            event(4, "leg.held", **leg)
            expect(page.locator("#talking")).to_contain_text("On hold", timeout=30_000)
            event(5, "leg.resumed", **leg)
            event(6, "call.ended", hangup_by="caller")
            expect(page.locator("#to-write-up")).to_contain_text(phone.e164, timeout=20_000)
            expect(page.locator("#talking")).to_contain_text("No call goes on.")
            kinds = page.locator("#log li").all_text_contents()
            assert [sum(word in line for line in kinds) for word in ("Call ringing", "Call ended", "Hello")] == [1, 1, 1]
            nameless = page.evaluate(
                "[...document.querySelectorAll('input,button')].filter(one => !(one.labels?.length || one.textContent.trim())).length"
            )
            assert nameless == 0 and faults == []
            page.emulate_media(color_scheme="dark")
            if pictures:
                page.screenshot(path=pictures / "live-feed-dark.png")
            browser.close()
            connections.close_all()  # those that belong to the loop
    finally:
        server.terminate()
        server.wait(30)
        os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")
