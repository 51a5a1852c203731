"""The page of an error code: HTML for people, JSON for programs, the same words in docs/errors/."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.api import problem_pages
from config.api.explaining import ADVICE, explained
from config.api.management.commands.describe_problems import FOLDER
from config.api.problems import STANDARD, catalogue
from config.api.resources.problems import marked
from config.platform.moves import VersionConflict
from tests.contract.operations import document

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/problems/version_conflict/"
OPERATION = re.compile(r"(GET|POST|PATCH|DELETE) (/[\w/{}-]+/)")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


def asked(client, accept: str | None, address: str = ADDRESS):
    return client.get(address, headers={} if accept is None else {"Accept": accept})


@pytest.mark.parametrize("accept", [BROWSER, "text/html", "text/*", "application/json;q=0.1, text/html"])
def test_a_browser_is_shown_a_page(anyone, accept):
    answer = asked(anyone, accept)
    page = answer.content.decode()
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "Version conflict" in page and "<code>version_conflict</code>" in page and "412" in page
    assert explained()["version_conflict"].meaning in page
    assert "<script" not in page and "style=" not in page and "http" not in page.replace("HTTP", "")
    assert "default-src 'none'" in answer["Content-Security-Policy"] and answer["X-Content-Type-Options"] == "nosniff"
    assert "Accept" in answer["Vary"]


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/json, text/plain, */*", "text/html, application/json", "text/html;q=0.2, application/json;q=0.3"])  # fmt: skip
def test_a_program_gets_json(anyone, accept):
    answer = asked(anyone, accept)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    meaning, advice = catalogue()["version_conflict"][1], VersionConflict.advice
    assert answer.json() == {"code": "version_conflict", "status": 412, "meaning": meaning, "advice": advice}
    assert "Accept" in answer["Vary"]


def test_an_unknown_code_is_404_in_either_form(anyone):
    page, data = asked(anyone, BROWSER, "/api/v1/problems/nothing/"), asked(anyone, None, "/api/v1/problems/nothing/")
    assert (page.status_code, page["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "<code>nothing</code>" in page.content.decode()
    assert (data.status_code, data["Content-Type"], data.json()["code"]) == (404, "application/problem+json", "not_found")
    assert "Accept" in page["Vary"] and "Accept" in data["Vary"]


@pytest.mark.parametrize("accept", ["", ",;,/;q=nan", "text/html;q=nan", "text/html;q=x", "a" * 20_000, "text/html; a*=none''%41", "text/html;q=0", "\udcff", "application/xml"])  # fmt: skip
@pytest.mark.parametrize("address", [ADDRESS, "/api/v1/problems/", "/api/v1/problems/nothing/"])
def test_an_odd_header_is_answered(anyone, accept, address):
    assert asked(anyone, accept, address).status_code in (200, 404, 406)


def test_other_errors_stay_problems_also_in_a_browser(anyone):
    for answer in (anyone.get(f"{ADDRESS}?a=1", headers={"Accept": BROWSER}), anyone.post(ADDRESS, {}, headers={"Accept": BROWSER})):
        assert answer.status_code in (400, 403) and answer["Content-Type"] == "application/problem+json"


def test_the_limit_holds_for_pages(anyone, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "anonymous": 1}
    told = [asked(anyone, BROWSER) for _ in range(3)]
    assert told[0]["RateLimit-Limit"] == "1" and told[-1].status_code == 429
    assert told[-1]["Content-Type"] == "application/problem+json"


def test_every_code_has_its_page_in_a_browser(anyone):
    page = asked(anyone, BROWSER, "/api/v1/problems/").content.decode()
    assert set(re.findall(r'href="/api/v1/problems/(\w+)/"', page)) == set(catalogue())


def test_words_between_backticks_are_code_and_the_rest_is_escaped():
    assert marked("Give `a<b` or ``c`` & d") == "Give <code>a&lt;b</code> or <code>c</code> &amp; d"
    assert marked("plain <b>") == "plain &lt;b&gt;"


def test_every_code_says_what_to_do():
    known = explained()
    assert set(known) == set(catalogue())
    assert set(STANDARD) == set(ADVICE) == set(problem_pages.MET_BY)
    assert [one.code for one in known.values() if len(one.remedy) < 10 or len(one.meaning) < 10] == []


def test_a_rule_of_a_table_names_the_operations_that_write_it_and_what_it_looks_at():
    told = problem_pages.pages(document())
    assert "`POST /api/v1/orders/{id}/cancel/`" in told["order_that_is_cancelled_says_why.md"]
    assert "`POST /api/v1/script-versions/`" in told["one_step_per_key.md"], "a step is a part of a version"
    assert "`script_version` and `key`" in told["one_step_per_key.md"]
    assert [name for name, text in told.items() if "does not name each rule" in text] == []


def test_advice_names_operations_that_there_are():
    paths = document()["paths"]
    named = [(one.code, *found) for one in explained().values() for found in OPERATION.findall(one.remedy)]
    assert len(named) > 60
    assert [one for one in named if one[1].lower() not in paths.get(f"/api/v1{one[2].removeprefix('/api/v1')}", {})] == []


def test_no_two_codes_of_the_business_share_a_page_of_advice():
    """Advice that fits every code is none."""
    remedies = [one.remedy for one in explained().values() if one.kind == "rule"]
    assert len(set(remedies)) > 0.95 * len(remedies)


def test_the_documentation_has_a_page_for_each_code_as_it_is_today():
    made = problem_pages.pages(document())
    kept = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert set(kept) == set(made), "a code is new or gone: run `make schema`"
    assert [name for name, text in made.items() if kept[name] != text] == [], "an error is told otherwise by now: run `make schema`"


ROOT = Path(__file__).parents[2]
ASKED = """
import django
django.setup()
from config.api.problems import catalogue
print(*catalogue())
"""


def codes_in_sources():
    """What classes say of themselves with ``code = "…"``, and where."""
    for name in ("config", "crm", "calls", "complaints", "campaigns"):
        for path in (ROOT / name).rglob("*.py"):
            for kind in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                for line in kind.body if isinstance(kind, ast.ClassDef) else ():
                    if (
                        isinstance(line, ast.Assign)
                        and [getattr(one, "id", "") for one in line.targets] == ["code"]
                        and isinstance(line.value, ast.Constant)
                    ):
                        yield line.value.value, f"{path.relative_to(ROOT)}:{line.lineno}"


def test_a_process_that_has_done_nothing_yet_knows_every_code():
    """The catalogue asks the classes that are loaded: what a process did before must not change it."""
    told = subprocess.run([sys.executable, "-c", ASKED], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True).stdout.split()
    written = dict(codes_in_sources())
    assert len(written) > 200
    assert {code: where for code, where in written.items() if code not in told} == {}
