"""The documentation site: its hooks lead links home, it fetches nothing, and every diagram can be drawn. `make docs` builds it."""

import importlib.util
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "errors")
DIAGRAM = re.compile(r"^```mermaid\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def hooks():
    spec = importlib.util.spec_from_file_location("site_hooks", ROOT / "docs" / "site" / "hooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("page", "written", "led"),
    [
        ("upgrade.md", "[a](../CHANGELOG.md)", "[a](changes.md)"),
        ("admin/README.md", "[a](../../SECURITY.md#x)", "[a](../security-policy.md#x)"),
        ("upgrade.md", "[a](operations.md) ../CHANGELOG.md", "[a](operations.md) ../CHANGELOG.md"),
    ],
)
def test_links_out_of_the_folder_are_led_to_their_pages(hooks, page, written, led):
    assert hooks.on_page_markdown(written, SimpleNamespace(file=SimpleNamespace(src_uri=page))) == led


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example/a.js">',
        "<script async src=//cdn.example/a.js>",
        '<link rel="stylesheet" href="https://fonts.example/css">',
        '<img alt="" src="https://a.example/b.png">',
        "@import url(https://fonts.example/x.css)",
    ],
)
def test_what_is_fetched_from_elsewhere_is_noticed(hooks, text):
    assert hooks.FETCHED.search(text)


@pytest.mark.parametrize(
    "text",
    [
        '<a href="https://example.org">',
        '<script src="../a.js">',
        "url(data:image/svg+xml;x)",
        "<link href='a.css'>",
        '<link rel="canonical" href="https://docs.example/">',
    ],
)
def test_links_that_somebody_follows_are_not(hooks, text):
    assert hooks.FETCHED.search(text) is None


def test_the_scripts_of_the_site_are_where_they_are_taken_from(hooks):
    assert hooks._packaged("mermaidx", "mermaidx/assets/mermaid.js").exists()
    assert hooks._packaged("drf-spectacular-sidecar", hooks.REDOC).read_text(encoding="utf-8").count(hooks.REDOC_PICTURE) == 1
    with pytest.raises(RuntimeError, match=r"docs/site/hooks\.py"):
        hooks._packaged("mermaidx", "mermaidx/assets/gone.js")


def test_a_button_leads_to_the_reference(hooks):
    page = ROOT / "docs" / "api.md"
    made = hooks.on_page_markdown(page.read_text(encoding="utf-8"), SimpleNamespace(file=SimpleNamespace(src_uri="api.md")))
    assert f"]({hooks.REFERENCE})" in made and hooks.BUTTON not in made


def torn(text: str) -> list[str]:
    """Lines of tables that no table holds, or with more or fewer cells than its head."""
    outside = re.sub(r"^(```+).*?^\1", lambda block: "\n" * block[0].count("\n"), text, flags=re.MULTILINE | re.DOTALL)
    lines: list[str] = outside.split("\n")
    found: list[str] = []
    head = 0
    for before, line, after in zip(["", *lines], lines, [*lines[1:], ""], strict=False):
        if not line.startswith("|"):
            continue
        bars = len(re.findall(r"(?<!\\)\|", line))
        if not before.startswith("|"):
            head = bars if re.fullmatch(r"\|[\s:|-]+\|", after) else 0
        if bars != head:
            found.append(line)
    return found


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md", ROOT / "SECURITY.md"], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_line_of_a_table_is_in_its_table(page):
    """A blank line cuts a table in two, and readers see bars."""
    assert torn(page.read_text(encoding="utf-8")) == []


def test_a_torn_table_is_noticed():
    assert torn("| a | b |\n|---|---|\n| 1 | 2 |\n\n| 3 | 4 |\n") == ["| 3 | 4 |"]
    assert torn("| a | b |\n|---|---|\n| 1 | 2 | 3 |\n") == ["| 1 | 2 | 3 |"]
    assert torn("```\n| 3 | 4 |\n```\n| a |\n|---|\n| 1 \\| 2 |\n") == []


@pytest.mark.slow
def test_every_diagram_can_be_drawn():
    """A mistake in one is seen by readers only: neither MkDocs nor Markdown looks into it."""
    from mermaidx import Diagram

    drawn = [(page.name, text) for page in PAGES for text in DIAGRAM.findall(page.read_text(encoding="utf-8"))]
    faults = []
    for name, text in drawn:
        try:
            assert "<svg" in Diagram(text).svg()
        except Exception as error:
            faults.append(f"{name}: {text.splitlines()[0]}: {str(error)[:200]}")
    assert faults == [] and len(drawn) > 10
