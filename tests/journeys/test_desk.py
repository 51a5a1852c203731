"""The reference operator's screen in a real browser on a whole `make up`: a shift by keyboard alone.

PICTURES=folder keeps pictures: docs/images/desk.png (order), desk-ringing.png and desk-dark.png (campaign-dark) are made so.
"""

import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.test import Client

from tests.faults.running import REPOSITORY, Running, eventually
from tests.stream.test_pages import CHROMIUM, FLAGS

DESK = REPOSITORY / "docs" / "examples" / "agent-desk"
NODE = Path(sys.executable).parent / "node"
AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
WEEK = [
    {"weekday": day, "opens": "00:00", "closes": "24:00"}
    for day in ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
]
NEEDS_NODE = pytest.mark.skipif(not AXE.exists() or not NODE.exists(), reason="the tools of JavaScript are not installed: make node")


def test_the_desk_is_served_in_the_demo_and_nowhere_else(settings):
    client = Client()
    settings.DEMO = False
    assert [client.get(path).status_code for path in ("/desk/", "/desk/desk.js")] == [404, 404]
    settings.DEMO, settings.STREAM_URL = True, "https://stream.example.com/api/v1/stream/"
    page = client.get("/desk/")
    assert page.status_code == 200 and b'src="desk.js"' in b"".join(page.streaming_content)
    policy = page["Content-Security-Policy"]
    assert "connect-src 'self' https://stream.example.com;" in policy and "unsafe" not in policy and "*" not in policy
    assert b"".join(client.get("/desk/desk.js").streaming_content)
    assert client.get("/desk/src/state.ts")["Content-Type"].startswith("text/plain")
    for path in ("nothing.js", "../live-feed/index.html", "../../../manage.py", "%2e%2e/%2e%2e/%2e%2e/manage.py"):
        assert client.get(f"/desk/{path}").status_code == 404, path
    assert Client(enforce_csrf_checks=True).post("/desk/").status_code == 405


@pytest.mark.slow
@NEEDS_NODE
def test_the_page_is_what_its_sources_give(tmp_path):
    """Types from the API's document, a strict check of types, the same file to the byte."""
    built = tmp_path / "desk.js"
    told = subprocess.run(["make", "desk", f"OUT={built}"], cwd=REPOSITORY, capture_output=True, text=True, timeout=180, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    assert built.read_bytes() == (DESK / "desk.js").read_bytes(), "run `make desk` and commit docs/examples/agent-desk/desk.js"


class Office:
    """What happens around the operator: the exchange, the administrator, the callers."""

    def __init__(self, running: Running) -> None:
        self.running, self.told = running, running.told()

    def ask(self, method: str, path: str, body: Any = None, role: str = "admin") -> Any:
        headers = {"Authorization": f"Bearer {self.told['tokens'][role]}", "Content-Type": "application/json"}
        if method == "POST":
            headers["Idempotency-Key"] = str(uuid.uuid4())
        data = None if body is None else json.dumps(body).encode()
        try:
            with urlopen(Request(f"{self.told['url']}/api/v1{path}", data, headers, method=method), timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except HTTPError as refused:
            raise AssertionError(f"{method} {path}: {refused.read().decode()}") from refused

    def event(self, type: str, call: str, **more: Any) -> Any:
        if type.startswith("leg."):
            more = {"leg_id": f"{call}-leg", "agent": "201", **more}
        body = {"type": type, "call_id": call, "direction": "inbound", "queue": "support", **more}
        return self.ask("POST", "/calls/events/?phone_system=demo-pbx", body, "integration")

    def rings(self, call: str, number: str) -> None:
        self.event("call.initiated", call, **{"from": number, "to": "+78000000100"})
        self.event("leg.ringing", call)

    def clear_the_desk(self, person: str) -> None:
        """The demo's operator talks, and has calls to write up: they are ended and passed over."""
        for call in self.ask("GET", f"/calls/?agent={person}&open=true")["results"]:
            self.event("call.ended", call["external_id"], direction=call["direction"])
        for call in self.ask("GET", f"/calls/?agent={person}&wrap_up_state=pending")["results"]:
            self.ask("POST", f"/calls/{call['id']}/skip-wrap-up/", {"reason": "For the test."})

    def campaign(self, person: str) -> str:
        """Three contacts to be called at any hour, with a survey."""
        self.ask("POST", "/calling-windows/", {"name": "Any hour", "purpose": "survey", "week": WEEK})
        for name, number in {"Ewa": "+493023319001", "Luz": "+493023319002", "Ana": "+493023319003"}.items():
            who = {"kind": "person", "surname": "Kowalski", "name": name, "phones": [{"number": number}], "tags": ["to-ask"]}
            self.ask("POST", "/contacts/", who)
        survey = self.ask("GET", "/surveys/")["results"][0]["id"]
        body = {"name": "How was the delivery?", "kind": "survey", "purpose": "survey", "priority": 100, "hours": WEEK, "agents": [person]}
        source = {"mode": "include", "kind": "filter", "query": {"tag": "to-ask"}}
        made = self.ask("POST", "/campaigns/", body | {"survey": survey, "about": "Ask how the courier was.", "sources": [source]})
        address = f"/campaigns/{made['id']}"
        self.ask("POST", f"{address}/audience/", {})
        eventually(lambda: self.ask("GET", f"{address}/audience/")["runs"][0]["status"] == "done", within_s=20, what="the audience")
        self.ask("POST", f"{address}/start/", {"force": True, "reason": "For the test."})
        return address

    def orders(self, person: str) -> int:
        """How many orders somebody has placed."""
        return int(self.ask("GET", f"/orders/?placed_by={person}&count=true&page_size=1")["count"])

    def shared(self, number: str, *names: str) -> None:
        for surname, name in zip(names[::2], names[1::2], strict=True):
            who = {"kind": "person", "surname": surname, "name": name, "phones": [{"number": number}]}
            self.ask("POST", "/contacts/", who | {"force": True, "reason": "They share it."})

    def dialled(self) -> dict[str, Any]:
        """The exchange takes the command that the click gave."""
        address = "/phone-systems/demo-pbx/commands/"
        waiting = eventually(lambda: self.ask("GET", address, role="integration")["results"], within_s=60, what="a command to dial")
        command = waiting[0]
        self.ask("POST", f"/phone-commands/{command['id']}/accept/", {}, "integration")
        return command["dial"]


class Seen:
    """The browser, and all that may not happen in it."""

    def __init__(self, page: Any, told: dict[str, Any]) -> None:
        self.page, self.faults = page, []
        ours = (told["url"], told["stream_url"].removesuffix("/api/v1/stream/"), "data:")
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: None if request.url.startswith(ours) else self.faults.append(f"asks {request.url}"))
        self.pictures = Path(os.environ["PICTURES"]) if os.environ.get("PICTURES") else None

    def look(self, name: str) -> None:
        """Keep a picture if pictures are wanted; anyway nothing stands out of the page, and axe finds nothing."""
        if self.pictures:
            self.page.screenshot(path=self.pictures / f"desk-{name}.png")
        width = self.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert width[0] <= width[1], f"{name}: the page is wider than its window"
        # The page's policy forbids to add a script to it, so it is handed over as an expression.
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        rules = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}"
        found = self.page.evaluate(f"axe.run(document, {rules})")["violations"]
        assert not found, [(name, one["id"], [(node["html"][:160], node["failureSummary"]) for node in one["nodes"]]) for one in found]


@pytest.mark.fault
@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine (Debian's package: chromium)")
@NEEDS_NODE
def test_a_shift_by_keyboard_alone(running):
    from playwright.sync_api import expect, sync_playwright

    office = Office(running)
    anna = office.ask("GET", "/me/", role="agent")["id"]
    office.clear_the_desk(anna)
    campaign = office.campaign(anna)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1360, "height": 900})
        expect.set_options(timeout=15_000)
        seen = Seen(page, office.told)
        press, type, who = page.keyboard.press, page.keyboard.type, page.locator("#who")

        page.goto(f"{office.told['url']}/desk/")
        seen.look("sign-in")
        press("Tab"), press("Tab")
        type(office.told["tokens"]["agent"])
        press("Enter")
        expect(page.locator("#line")).to_have_text("Live")
        expect(who).to_have_text("Nothing rings")
        # She sits since the morning, and is told so by a sweep: within 20 s when the machine is quick.
        expect(page.locator("#break-due")).to_contain_text("your back needs one", timeout=90_000)
        seen.look("quiet")

        # A break, and back.
        press("b")
        press("1")
        expect(page.locator(".state")).to_have_text("Paused: Tea")
        expect(page.locator("#break-due")).to_have_count(0)
        press("a")
        expect(page.locator(".state")).to_have_text("Available")

        # A call pops up: who it is, what is open for them. The eyes are led there.
        office.rings("one", "8 (495) 123-45-67")
        expect(who).to_have_text("Фёдорова Алёна Сергеевна")
        expect(who).to_be_focused()
        expect(page.locator("#alert")).to_have_text("A call from Фёдорова Алёна Сергеевна")
        expect(page.get_by_label("About them")).to_contain_text("Warranty refused without a look")
        seen.look("ringing")
        office.event("leg.answered", "one")
        expect(page.locator(".head")).to_contain_text("On the line")
        press("n")
        expect(page.get_by_label("Script", exact=True)).to_contain_text("step 2")

        # A ready answer by its key, and one that is looked for.
        press("1")
        expect(page.locator("article .speak")).not_to_be_empty()
        press("l")
        type("возврата")
        expect(page.locator(".answers")).to_contain_text("деньги за возврат")
        press("Escape")
        expect(page.get_by_label("Script", exact=True)).to_contain_text("step 2")
        seen.look("call")

        # An order: two letters more than nothing, Enter, how many, and it is placed.
        placed = office.orders(anna)
        press("o")
        type("чайник")
        expect(page.locator(".found")).to_contain_text("Чайник дорожный")
        press("Enter")
        expect(page.locator(".total")).to_contain_text("2190.00 RUB")
        page.get_by_label("Чайник дорожный, 1 л", exact=True).focus()
        press("ArrowUp")
        expect(page.locator(".total")).to_contain_text("4380.00 RUB")
        # Enter in the field that looks for products takes one or does nothing; a look at the script takes nothing away.
        page.get_by_label("Product").focus()
        press("Enter")
        type("no such thing")
        press("Enter")
        page.get_by_label("Product").fill("")
        press("Alt+s")
        expect(page.get_by_label("Script", exact=True)).to_contain_text("step 2")
        press("Alt+o")
        expect(page.locator(".total")).to_contain_text("4380.00 RUB")
        assert office.orders(anna) == placed, "nothing is ordered by looking for products"
        seen.look("order")
        press("Control+Enter")
        expect(page.locator("#status")).to_contain_text("is placed: 4380.00 RUB")
        assert office.orders(anna) == placed + 1

        # A complaint; while it is being typed a second call rings, and nothing is taken from under the fingers.
        press("c")
        type("The kettle of last week leaks")
        office.rings("two", "+63 917 555 0188")
        expect(page.locator(".others")).to_contain_text("+63 917 555 0188")
        expect(who).to_have_text("Фёдорова Алёна Сергеевна")
        expect(page.get_by_label("In a line")).to_be_focused()
        press("Alt+v")
        page.get_by_label("What they were told").focus()
        type("A new one is sent today.")
        seen.look("complaint")
        press("Control+Enter")
        expect(page.locator("#status")).to_contain_text("Solved at once.")
        office.event("call.ended", "two", hangup_by="caller")
        expect(page.locator(".others")).to_have_count(0)

        # The server of streams dies; another takes its place, and the end of the call is told all the same.
        running.kill9(running.pid("stream"))
        office.event("call.ended", "one", hangup_by="caller")
        expect(page.locator("legend").first).to_have_text("Settled", timeout=45_000)
        expect(page.get_by_label("Note")).to_have_value(
            re.compile(r"Order O-\S+ is placed: 4380.00 RUB.\nComplaint C-\S+: The kettle of last week leaks. Solved at once.")
        )
        expect(page.locator("#line")).to_have_text("Live", timeout=30_000)
        seen.faults = [fault for fault in seen.faults if "net::ERR_" not in fault]  # the browser's own word about the break
        press("2")  # an order was taken, which asks for a topic
        expect(page.get_by_label("What it was about")).to_be_focused()
        type("New order")
        seen.look("write-up")
        press("Control+Enter")
        expect(who).to_have_text("Nothing rings")
        written = office.ask("GET", f"/calls/?agent={anna}&disposition=order-taken&page_size=1")["results"][0]
        assert (written["wrap_up_state"], written["topics"], written["contact_name"]) == ("done", ["new-order"], "Фёдорова Алёна Сергеевна")

        # Nobody knows the number: added with it, and the call is theirs. The name of the field that is wrong is marked.
        office.rings("three", "+63 917 555 0189")
        expect(who).to_have_text("+63 917 555 0189")
        office.event("leg.answered", "three")
        press("f")
        type("Dela Cruz")
        press("Tab")
        type("Andrea")
        press("Tab")
        type("andrea@@example")
        press("Escape")
        page.evaluate("document.querySelector('form[aria-label=\"New contact\"]').noValidate = true")
        page.get_by_label("E-mail").focus()
        press("Enter")
        expect(page.get_by_label("E-mail")).to_have_attribute("aria-invalid", "true")
        seen.look("unknown")
        seen.faults = [fault for fault in seen.faults if "400" not in fault]  # the browser's own word about the refusal
        page.get_by_label("E-mail").fill("andrea@example.com")
        press("Enter")
        expect(who).to_have_text("Dela Cruz Andrea")
        office.event("call.ended", "three", hangup_by="agent")
        expect(page.locator("legend").first).to_be_visible()
        press("1")
        expect(page.get_by_role("button", name="Save")).to_be_focused()
        press("Enter")
        expect(who).to_have_text("Nothing rings")

        # She calls from another number: what is alike is shown, and is her.
        office.rings("six", "+63 917 555 0199")
        expect(page.get_by_label("New contact")).to_be_visible()
        office.event("leg.answered", "six")
        press("f")
        type("Dela Cruz")
        press("Tab")
        type("Andrea")
        press("Tab")
        type("andrea@example.com")
        # Another call is looked at meanwhile: what was typed waits.
        office.rings("seven", "+63 917 555 0198")
        expect(page.locator(".others")).to_contain_text("+63 917 555 0198")
        press("Alt+g")
        expect(who).to_have_text("+63 917 555 0198")
        office.event("call.ended", "seven", hangup_by="caller")
        expect(who).to_have_text("+63 917 555 0199")
        expect(page.get_by_label("E-mail")).to_have_value("andrea@example.com")
        page.get_by_label("E-mail").focus()
        press("Enter")
        alike = page.get_by_role("button", name=re.compile("^It is Dela Cruz Andrea"))
        expect(alike).to_be_visible()
        seen.look("alike")
        seen.faults = [fault for fault in seen.faults if "409" not in fault]
        alike.focus()
        press("Enter")
        expect(who).to_have_text("Dela Cruz Andrea")
        # What was typed of somebody new is not written over her.
        press("e")
        expect(page.get_by_label("Surname")).to_have_value("Dela Cruz")
        type(" II")
        office.rings("nine", "+63 917 555 0197")
        press("Alt+g")
        expect(who).to_have_text("+63 917 555 0197")
        expect(page.get_by_label("Surname")).to_have_value("")
        office.event("call.ended", "nine", hangup_by="caller")
        expect(who).to_have_text("Dela Cruz Andrea")
        expect(page.get_by_label("Surname")).to_have_value("Dela Cruz II")
        page.get_by_label("Surname").fill("Dela Cruz")
        page.get_by_label("Surname").focus()
        press("Enter")
        expect(page.get_by_label("Correct the contact")).to_have_count(0)
        office.event("call.ended", "six", hangup_by="agent")
        expect(page.locator("legend").first).to_be_visible()
        press("1"), press("Enter")
        expect(who).to_have_text("Nothing rings")

        # Two have one number: the operator says who it is by a key.
        office.shared("+4930233190022", "Weber", "Klara", "Weber", "Jonas")
        office.rings("five", "+4930233190022")
        expect(page.get_by_label("Who is it?")).to_contain_text("Weber Klara")
        office.event("leg.answered", "five")
        press("Shift+2")
        expect(who).to_have_text(re.compile("^Weber (Klara|Jonas)$"))

        # The contact is corrected, and so it is by somebody else in the same minute: nothing is overwritten unseen.
        press("e")
        type("-Lang")
        chosen = office.ask("GET", "/calls/?external_id=five")["results"][0]["contact"]
        office.ask("PATCH", f"/contacts/{chosen}/", {"surname": "Wéber"})
        press("Enter")
        expect(who).to_have_text(re.compile("^Wéber "))
        seen.faults = [fault for fault in seen.faults if "412" not in fault]
        press("Enter")
        expect(who).to_have_text(re.compile("^Weber-Lang "))
        office.event("call.ended", "five", hangup_by="agent")
        expect(page.locator("legend").first).to_be_visible()
        press("1"), press("Enter")
        expect(who).to_have_text("Nothing rings")

        # Somebody is owed a call: taken, called by hand, and what came of it is written down.
        office.ask("POST", "/return-calls/", {"phone": "+49 30 7654388", "note": "Wants the price list."})
        press("r")
        expect(page.get_by_label("Why they are called")).to_be_visible()
        seen.look("owed")
        press("i")
        type("The price list is sent.")
        press("Control+Enter")
        expect(who).to_have_text("Nothing rings")
        owed = office.ask("GET", "/return-calls/?state=done&ordering=-due_at")["results"]
        assert "The price list is sent." in [one["result"] for one in owed]

        # Called, and nobody answers: it is written up, and the call is owed still. A reload in the middle takes nothing away.
        why = page.get_by_label("Why they are called")
        press("r")
        expect(why).to_be_visible()
        (mine,) = office.ask("GET", f"/return-calls/?assignee={anna}&state=in_progress")["results"]
        words = why.locator("p").first.text_content()
        page.reload()
        expect(page.locator("#line")).to_have_text("Live")
        expect(who).to_have_text("Nothing rings")
        press("r")
        expect(why.locator("p").first).to_have_text(words)
        # Dialled by hand at the phone: at any hour of this test, which may be night there.
        office.event("call.initiated", "eight", direction="outbound", agent="201", to=mine["number"]["e164"])
        office.event("leg.answered", "eight", direction="outbound")
        office.event("call.ended", "eight", direction="outbound", hangup_by="system", cause=19)
        expect(page.locator("legend").first).to_be_visible()
        press("1"), press("Control+Enter")
        expect(who).to_have_text("Nothing rings")
        eventually(lambda: office.ask("GET", f"/return-calls/{mine['id']}/")["state"] == "open", within_s=20, what="it is owed still")

        # Whoever was signed out sits down again by a key.
        office.ask("POST", f"/agents/{anna}/force/", {"state": "offline", "reason": "For the test."})
        expect(page.locator(".state")).to_have_text("Offline")
        press("a")
        expect(page.locator(".state")).to_have_text("Available")

        # A dialler connects one: why they are called, and what is asked, is there when it rings.
        taken = office.ask("POST", f"{campaign}/lease-batch/", {"most": 1}, "integration")["results"][0]
        out = {"direction": "outbound", "attempt_id": taken["attempt"], "to": taken["phone"]}
        office.event("call.initiated", "ten", **out)
        office.event("call.answered", "ten", direction="outbound")
        office.event("leg.ringing", "ten", direction="outbound")
        expect(why).to_contain_text("How was the delivery? · attempt 1")
        expect(why).to_contain_text("Ask how the courier was.")
        expect(who).to_have_text(re.compile("^Kowalski "))
        office.event("leg.answered", "ten", direction="outbound")
        expect(page.locator(".head")).to_contain_text("On the line")
        press("y")
        press("n")
        expect(page.get_by_label("Survey", exact=True)).to_contain_text("from 0 to 10")
        press("Shift+1")
        expect(page.get_by_label("Survey", exact=True)).not_to_contain_text("from 0 to 10")
        seen.look("dialled")
        office.event("call.ended", "ten", direction="outbound", hangup_by="caller")
        expect(page.locator("legend").first).to_be_visible()
        press("1"), press("Control+Enter")
        expect(who).to_have_text("Nothing rings")
        attempt = office.ask("GET", f"/attempts/{taken['attempt']}/")
        assert (attempt["agent"], attempt["closing"]) == (anna, "result")

        # The next contact of a campaign: called by the exchange, asked, reported.
        press("n")
        expect(who).to_have_text(re.compile("^Kowalski "))
        first = who.text_content()
        press("x")
        expect(who).to_have_text("Nothing rings")
        released = office.ask("GET", f"/attempts/?agent={anna}&page_size=1")["results"][0]
        assert released["closing"] == "released"
        press("n")
        expect(who).to_have_text(re.compile("^Kowalski "))
        assert who.text_content() != first, "who was given back is not the next"
        press("d")
        dial = office.dialled()
        assert (dial["extension"], dial["number"][:-1]) == ("201", "+49302331900")
        out = {"direction": "outbound", "call_request_id": dial["call_request_id"], "to": dial["number"]}
        office.event("call.initiated", "four", **out)
        office.event("leg.answered", "four", direction="outbound")
        office.event("call.answered", "four", direction="outbound")
        expect(page.locator(".head")).to_contain_text("On the line")
        press("n")
        expect(page.get_by_label("Survey", exact=True)).to_contain_text("from 0 to 10")
        press("Shift+Minus")  # ten, on the key after that of nought
        expect(page.get_by_label("Survey", exact=True)).not_to_contain_text("from 0 to 10")
        asked = office.ask("GET", f"/survey-responses/?agent={anna}&page_size=1")["results"][0]
        assert [one["value"] for one in office.ask("GET", f"/survey-responses/{asked['id']}/")["answers"]] == [10]
        seen.look("campaign")
        page.emulate_media(color_scheme="dark")
        seen.look("campaign-dark")
        office.event("call.ended", "four", direction="outbound", hangup_by="caller")
        expect(page.locator("legend").first).to_be_visible()
        page.set_viewport_size({"width": 360, "height": 780})
        seen.look("write-up-narrow")
        press("1")
        press("Control+Enter")
        expect(who).to_have_text("Nothing rings")
        attempt = office.ask("GET", f"/attempts/?agent={anna}&page_size=1")["results"][0]
        assert (attempt["closing"], attempt["disposition"], attempt["outcome"]) == ("result", "helped", "answered")

        # The keys are told, and may be had with Alt only; a reload asks for nothing.
        press("Shift+Slash")
        expect(page.get_by_role("dialog")).to_contain_text("Next contact of a campaign")
        seen.look("keys-narrow")
        page.get_by_label("Only with Alt").focus()
        press("Space")
        press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        press("b")
        expect(page.get_by_role("dialog")).to_have_count(0)
        press("Alt+b")
        expect(page.get_by_role("dialog")).to_be_visible()
        press("Escape")
        page.reload()
        expect(page.locator("#line")).to_have_text("Live")
        press("Alt+q")
        expect(page.get_by_role("heading")).to_have_text("Good day")
        # The server knows, and who signed out is told of nothing any more.
        assert next(one for one in office.ask("GET", "/agents/")["results"] if one["id"] == anna)["state"] == "offline"
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        office.rings("eight", "8 (495) 123-45-67")
        page.wait_for_timeout(1500)
        assert asked == [] and page.title() == "Desk", "nobody sits here: nothing is asked, nothing rings"
        assert seen.faults == []
        browser.close()
