"""The README and the pages of docs/ tell the truth: what they show is run on a running system, what they list is compared with the code."""

import importlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings

from calls import events
from calls.phone_systems import native
from config.platform.registry import Registry
from tests.faults.running import REPOSITORY, Running

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
PAGES = [Path("README.md"), Path("CHANGELOG.md"), Path("SECURITY.md"), *(Path("docs") / f"{name}.md" for name in (
    "architecture", "clients", "integrators", "frontend", "operations", "dialling", "first-hour"))]  # fmt: skip
DONE = "\x01"
PATIENCE_S = 60


class Shell:
    """One bash that is given line after line, as a reader's terminal is."""

    def __init__(self, environment: dict[str, str]) -> None:
        words = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "encoding": "utf-8"}
        self.process = subprocess.Popen(["bash", "-o", "pipefail"], env=environment, cwd=REPOSITORY, start_new_session=True, **words)

    def run(self, line: str) -> tuple[int, str]:
        """The exit code of the line, and what it printed."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{line}\nprintf '{DONE}%s\\n' $?\n")
        self.process.stdin.flush()
        patience = threading.Timer(PATIENCE_S, self.end)
        patience.start()
        said = ""
        for heard in self.process.stdout:
            before, mark, code = heard.partition(DONE)
            said += before
            if mark:
                patience.cancel()
                return int(code), said
        raise AssertionError(f"bash ended, or took more than {PATIENCE_S} s: {line}\n{said}")

    def end(self) -> None:
        """End bash and what it started."""
        with suppress(ProcessLookupError):  # it may have ended by itself
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def shell(running: Running) -> Iterator[Shell]:
    """A terminal of somebody who has `make up` running, and knows what an administrator gave them."""
    tokens = running.told()["tokens"]
    login = running.told()["admin_login"]
    known = {"URL": running.told()["url"], "ADMIN": tokens["admin"], "NAME": login["username"], "PASSWORD": login["password"]}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    shell = Shell(
        running.environment | known | {"PATH": path, "TMPDIR": str(running.folder), "PYTHONUTF8": "1", "NO_PROXY": "*", "no_proxy": "*"}
    )
    try:
        yield shell
    finally:
        shell.end()


def blocks(page: Path) -> list[tuple[str, str]]:
    """The fenced blocks of a page: language and text."""
    return BLOCK.findall((REPOSITORY / page).read_text(encoding="utf-8"))


def commands(block: str) -> list[str]:
    """The commands of a block, one a line; a line that ends in a backslash goes on in the next."""
    return [line for line in re.sub(r"\\\n\s*", " ", block).splitlines() if line and not line.startswith("#")]


def agrees(shown: str, said: str) -> bool:
    """Whether a page shows what was said. ``…`` on a page stands for anything."""
    return re.fullmatch(".*?".join(map(re.escape, shown.strip().split("…"))), said.strip(), re.DOTALL) is not None


def follow(page: Path, shell: Shell) -> int:
    """Do what the page says from its first line to its last. Answers how many lines were run."""
    said, lines = "", 0
    for language, text in blocks(page):
        if language == "text":
            assert agrees(text, said), f"{page} shows:\n{text}\nbut it was:\n{said}"
        elif language == "python":
            code, said = shell.run(f"python3 -c {shlex.quote(text)}")
            assert code == 0, f"{page}: {text}\n{said}"
            lines += 1
        elif language == "bash":
            said = ""
            for line in commands(text):
                code, heard = shell.run(line)
                assert code == 0, f"{page}: `{line}` ended with {code}:\n{heard}"
                said += heard
                lines += 1
    return lines


TOOLS = ("bash", "curl", "openssl")


@pytest.mark.slow
@pytest.mark.fault
@pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason=f"readers of these pages have {', '.join(TOOLS)}")
@pytest.mark.parametrize("page", ["README.md", "docs/integrators.md", "docs/frontend.md", "docs/dialling.md", "docs/first-hour.md"])
def test_every_line_of_the_page_does_what_the_page_says(page: str, shell: Shell) -> None:
    assert follow(Path(page), shell) > 5


@pytest.mark.skipif(not shutil.which("bash"), reason="readers of these pages have bash")
def test_a_page_that_lies_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a command that fails, an output that differs, a line that never ends."""
    monkeypatch.setattr(f"{__name__}.PATIENCE_S", 1)
    for text in (
        "```bash\nfalse | cat\n```\n",
        "```bash\necho 1\n```\n```text\n2\n```\n",
        "```python\nraise SystemExit(3)\n```\n",
        "```bash\nsleep 60\n```\n",
    ):
        page = tmp_path / "page.md"
        page.write_text(text)
        shell = Shell(dict(os.environ))
        with pytest.raises(AssertionError):
            follow(page, shell)
        shell.end()


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = [to for to in LINK.findall((REPOSITORY / page).read_text()) if not (REPOSITORY / page.parent / to).exists()]
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_json_on_a_page_is_json(page: Path) -> None:
    for language, text in blocks(page):
        if language == "json":
            json.loads(text)


def test_every_name_read_from_the_environment_is_on_the_page_for_operations() -> None:
    page = (REPOSITORY / "docs/operations.md").read_text()
    tables = set(re.findall(r"`([A-Z][A-Z_]+)`", "\n".join(line for line in page.splitlines() if line.startswith("| `"))))
    read = set(re.findall(r"\benv(?:\.\w+)?\(\s*\"(\w+)\"", (REPOSITORY / "config/settings.py").read_text()))
    assert len(read) > 25
    assert read - tables == set(), "read by settings.py, not told"
    code = "\n".join(path.read_text() for path in (REPOSITORY / "config").rglob("*.py")) + (REPOSITORY / "Makefile").read_text()
    assert {name for name in tables if name not in code and not name.endswith("_WORKERS")} == set(), "told, but nothing reads it"


def test_every_registry_and_who_is_in_it_is_on_the_page_of_the_architecture() -> None:
    table = {}
    for line in (REPOSITORY / "docs/architecture.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 3:
            table[cells[0].strip("`")] = set(re.findall(r"`(\w+)`", cells[2]))
    for app in apps.get_app_configs():  # a registry is known once its module is read
        if app.name in ("config.platform", "crm", "calls", "complaints", "campaigns"):
            for path in Path(app.path).glob("*.py"):
                importlib.import_module(f"{app.name}.{path.stem}" if path.stem != "__init__" else app.name)
    real: dict[str, Any] = {}
    for name, module in list(sys.modules.items()):
        for word, value in (
            list(vars(module).items()) if name.split(".")[0] in ("config", "crm", "calls", "complaints", "campaigns") else []
        ):
            if isinstance(value, Registry) and value in Registry.all and _is_home(name, word):
                real[f"{name}.{word}"] = {entry for entry, _ in value}
    assert len(real) == len(Registry.all)
    assert {name: entries for name, entries in table.items() if name in real} == real


def _is_home(module: str, word: str) -> bool:
    """Whether the name is made there, and not only imported."""
    path = REPOSITORY / Path(*module.split("."))
    source = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
    return re.search(rf"^{word}\b[^=\n]*=\s*Registry\(", source.read_text(), re.MULTILINE) is not None


def test_every_field_and_type_of_an_event_is_on_the_page_for_integrators() -> None:
    page = (REPOSITORY / "docs/integrators.md").read_text()
    told = set(re.findall(r"`([\w.]+)`", page))
    assert native.KNOWN - told == set()
    assert set(events.TYPES) - told == set()


def test_every_task_of_the_beat_is_on_the_page_for_operations() -> None:
    page = (REPOSITORY / "docs/operations.md").read_text()
    assert [entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values() if f"`{entry['task']}`" not in page] == []
