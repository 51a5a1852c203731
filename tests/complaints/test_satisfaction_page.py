"""The page of a link: it tells nothing to strangers, loses nothing that was written, and works with a keyboard on a small telephone."""

import os
import re
import shutil
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from complaints import satisfaction
from complaints.models import Satisfaction
from complaints.satisfaction_words import WORDS, language_of
from tests.factories.complaints import SatisfactionFactory

pytestmark = pytest.mark.django_db
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]


def link(**complaint) -> str:
    fields = {f"complaint__{name}": value for name, value in complaint.items()}
    _, token = satisfaction.make_link(SatisfactionFactory(**fields).pk, by=None, now=timezone.now())
    return f"/s/{token}/"


def test_every_language_says_everything():
    for language, said in WORDS.items():
        assert said.keys() == WORDS["en"].keys(), language
        for name, text in said.items():
            assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", WORDS["en"][name])), (language, name)
    assert [language_of("ru-RU"), language_of("tl"), language_of("xx", "de-AT"), language_of("")] == ["ru", "fil", "de", "en"]


def test_it_asks_in_the_language_of_the_complaint_and_tells_but_its_number():
    url = link(language="ru", summary="The parcel of Mrs Secret")
    page = Client().get(url, headers={"accept-language": "de"})
    text = page.content.decode()
    number = Satisfaction.objects.get().complaint.number
    assert '<html lang="ru">' in text and number in text and "Secret" not in text and "<script" not in text
    assert (
        Client()
        .get(link(language="xx"), headers={"accept-language": "de-AT"})
        .content.decode()
        .startswith('<!doctype html>\n<html lang="de">')
    )


def test_looking_uses_no_link_up_and_the_second_answer_does_not_count():
    url, client = link(), Client(enforce_csrf_checks=True)
    assert [client.get(url).status_code, client.head(url).status_code] == [200, 200]
    wrong = client.post(url, {"score": "9", "is_solved": "no", "comment": "Mind <b>this</b>"})
    text = wrong.content.decode()
    assert wrong.status_code == 422 and "autofocus" in text and 'href="#score"' in text
    assert "Mind &lt;b&gt;this&lt;/b&gt;" in text and re.search(r'value="no" checked', text), "what was written is not lost"
    assert (
        client.post(url, {"score": "2", "comment": "x" * 2001}).status_code
        == client.post(url, {"score": "2", "a": "x" * 70_000}).status_code
        == 422
    )
    assert client.post(url, {"score": "2", "is_solved": "no", "comment": "Dark\r\nagain\0"}).status_code == 200
    assert client.post(url, {"score": "5"}).status_code == client.get(url).status_code == 410
    row = Satisfaction.objects.get()
    assert (row.score, row.is_solved, row.comment) == (2, False, "Dark\nagain")


def test_a_stranger_gets_a_kind_page_and_nothing_is_kept_or_shared_of_any():
    expired = link()
    Satisfaction.objects.update(expires_at=timezone.now(), asked_at=timezone.now())
    pages = {"/s/nothing/": 404, f"/s/{'я' * 200}/": 404, expired: 410, link(): 200}
    for url, status in pages.items():
        for page in (Client().get(url), Client().post(url, {"score": "5"} if status != 200 else {})):
            assert page.status_code == (422 if status == 200 and page.request["REQUEST_METHOD"] == "POST" else status)
            assert page["Cache-Control"] == "no-store" and page["Referrer-Policy"] == "no-referrer" and not page.cookies
            assert "noindex" in page["X-Robots-Tag"] and "default-src 'none'" in page["Content-Security-Policy"]
    assert Client().put(expired).status_code == 405


def test_whoever_tries_links_is_slowed_down(settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"anonymous": 3}
    client = Client(REMOTE_ADDR="192.0.2.77")
    answers = [client.get(f"/s/guess{n}/") for n in range(5)]
    assert answers[-1].status_code == 429 and answers[-1]["Retry-After"] and "text/html" in answers[-1]["Content-Type"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine (Debian's package: chromium)")
def test_it_works_by_keyboard_on_a_small_telephone(live_server):
    from playwright.sync_api import expect, sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright keeps a loop in this thread, and the rows are read in it as well
    pictures = Path(os.environ["PICTURES"]) if os.environ.get("PICTURES") else None
    url = live_server.url + link(number="C-2026-000123")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page(viewport={"width": 320, "height": 640}, device_scale_factor=2)
            page.goto(url)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
            small = page.evaluate(
                "[...document.querySelectorAll('fieldset label,button')].filter(one => one.getBoundingClientRect().height < 44).length"
            )
            nameless = page.evaluate("[...document.querySelectorAll('input,textarea')].filter(one => !one.labels.length).length")
            assert (small, nameless) == (0, 0)
            page.get_by_role("button", name="Send").focus()
            page.keyboard.press("Enter")
            expect(page.get_by_role("alert")).to_be_focused()
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")  # the summary leads to what is wrong
            expect(page.get_by_label("1 Not at all")).to_be_focused()
            page.keyboard.press("Space")
            expect(page.get_by_label("1 Not at all")).to_be_checked()
            for _ in range(3):
                page.keyboard.press("ArrowDown")
            expect(page.get_by_label("4 Mostly")).to_be_checked()
            page.keyboard.press("Tab")
            page.keyboard.press("Space")
            page.keyboard.press("Tab")
            page.keyboard.type("The lamp came within two days.")
            if pictures:
                page.screenshot(path=pictures / "satisfaction-fault.png", full_page=True)
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
            expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
            page.goto(url)
            expect(page.get_by_role("heading", name="You have answered already")).to_be_visible()
            if pictures:
                page.set_viewport_size({"width": 390, "height": 700})
                for n, (language, colours) in enumerate((("en", "light"), ("ru", "dark"))):
                    page.emulate_media(color_scheme=colours)
                    page.goto(live_server.url + link(number=f"C-2026-00014{n}", language=language))
                    page.locator("label").nth(3).click()
                    page.screenshot(path=pictures / f"satisfaction-{language}.png", full_page=True)
            browser.close()
        row = Satisfaction.objects.get(complaint__number="C-2026-000123")
        assert (row.score, row.is_solved, row.comment) == (4, True, "The lamp came within two days.")
    finally:
        os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")
