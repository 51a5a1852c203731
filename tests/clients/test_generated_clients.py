"""Clients of two languages, generated from docs/openapi.yaml with the commands of docs/clients.md: whole, sound, and at work."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest
import yaml

from tests.faults.running import REPOSITORY, Running
from tests.journeys import test_tour
from tests.journeys.test_tour import Shell, agrees, blocks, commands

pytestmark = [pytest.mark.slow, pytest.mark.fault]
PAGE = Path("docs/clients.md")
METHODS = ("get", "post", "put", "patch", "delete")
#: What may be anything: the values of fields of every type, and what a phone system wants kept.
ANYTHING = {
    ("conflict", "before"), ("conflict", "value"), ("difference", "loser"), ("difference", "survivor"), ("event", "raw"),
    ("event_body_request", "raw"), ("events_body_request", "raw"),
}  # fmt: skip
ASKS_THE_SERVER = re.compile(r"^(timeout \d+ )?(node|python) ")


class Workshop:
    """An empty folder with the tools that docs/clients.md names, and a server that comes up while clients are made."""

    def __init__(self, folder: Path, running: Running, up: Future[None]) -> None:
        self.folder, self.running, self.up = folder, running, up
        (folder / "node_modules").symlink_to(REPOSITORY / "node_modules")
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self.environment = running.environment | {"PATH": path, "SWITCHBOARD": str(REPOSITORY), "PYTHONUTF8": "1", "NO_PROXY": "*"}
        self.shell = Shell(self.environment | {"no_proxy": "*"})
        self.shell.run(f"cd '{folder}'")

    def wait_for_the_server(self) -> None:
        """What an administrator tells the reader: where it is, a name and a password, two tokens."""
        self.up.result()
        told = self.running.told()
        login, tokens = told["admin_login"], told["tokens"]
        known = {"URL": told["url"], "NAME": login["username"], "PASSWORD": login["password"]}
        for name, value in (known | {"AGENT": tokens["agent"], "PHONE_SYSTEM": tokens["integration"]}).items():
            self.shell.run(f"export {name}='{value}'")

    def follow(self, heading: str) -> str:
        """Do what a section of the page says. Answers what its last commands printed."""
        said, lines = "", 0
        for language, text in section(heading):
            if language == "text":
                assert agrees(text, said), f"{PAGE} shows:\n{text}\nbut it was:\n{said}"
            elif language == "bash":
                said = ""
                for line in commands(text):
                    if ASKS_THE_SERVER.match(line):
                        self.wait_for_the_server()
                    code, heard = self.shell.run(line)
                    assert code == 0, f"{PAGE}: `{line}` ended with {code}:\n{heard}"
                    said, lines = (heard if ASKS_THE_SERVER.match(line) else said + heard), lines + 1
        assert lines, f"nothing to do under {heading}"
        return said


def section(heading: str) -> list[tuple[str, str]]:
    """The fenced blocks under a heading of the page."""
    text = (REPOSITORY / PAGE).read_text(encoding="utf-8")
    return test_tour.BLOCK.findall(text.split(f"\n## {heading}\n")[1].split("\n## ")[0])


@cache
def document() -> dict:
    """That of the repository; another test compares it with the code. Read once: it is large."""
    return yaml.load((REPOSITORY / "docs/openapi.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def operations() -> dict[str, dict]:
    """By their ids."""
    return by_id(document()["paths"])


def by_id(paths: dict[str, dict]) -> dict[str, dict]:
    return {what["operationId"]: what for item in paths.values() for method, what in item.items() if method in METHODS}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    assert (REPOSITORY / "node_modules").is_dir(), "run `make node` first"
    running, patience = Running(), test_tour.PATIENCE_S
    test_tour.PATIENCE_S = 300  # a generator has more to do than a line of curl, and the machine other things
    workshop = None
    with ThreadPoolExecutor(1) as threads:
        try:
            workshop = Workshop(tmp_path_factory.mktemp("clients"), running, threads.submit(running.up, 300))
            yield workshop
        finally:
            test_tour.PATIENCE_S = patience
            if workshop is not None:
                workshop.shell.end()
            running.end()


@pytest.fixture(scope="module")
def python(workshop: Workshop) -> str:
    """The Python client, made and type-checked; what its program printed."""
    return workshop.follow("Python")


@pytest.fixture(scope="module")
def typescript(workshop: Workshop) -> str:
    """The TypeScript client, made and type-checked; what its program printed."""
    return workshop.follow("TypeScript")


@pytest.fixture(scope="module")
def package(workshop: Workshop, python: str) -> Path:
    return workshop.folder / "switchboard_client"


def test_both_programs_do_the_main_job_and_say_the_same(python: str, typescript: str) -> None:
    assert len(python.splitlines()) > 10
    assert python == typescript


def test_the_feed_is_followed_with_the_generated_types(workshop: Workshop, typescript: str) -> None:
    assert "ringing" in workshop.follow("The live feed")


def test_the_python_client_has_every_operation(package: Path) -> None:
    made = {module.stem for module in (package / "api").rglob("*.py")} - {"__init__"}
    assert made == set(operations())


def test_the_types_have_every_operation(workshop: Workshop, typescript: str) -> None:
    written = (workshop.folder / "switchboard.d.ts").read_text(encoding="utf-8").split("\nexport interface operations {\n")[1]
    assert set(re.findall(r"^    (\w+): \{$", written.split("\n}")[0], re.MULTILINE)) == {*operations(), *by_id(document()["webhooks"])}


def test_no_answer_is_of_any_type(package: Path) -> None:
    """`Any` stands for an answer without a body, and for one that the generator could not read."""
    loose = []
    for name, what in operations().items():
        (module,) = (package / "api").rglob(f"{name}.py")
        answer = re.search(r"\) -> Response\[(.+?)\]:", module.read_text(encoding="utf-8"), re.DOTALL)
        has_bare = any("content" not in told for told in what["responses"].values())
        if answer is None or (not has_bare and re.search(r"\bAny\b", answer[1])):
            loose.append(name)
    assert loose == []


def test_no_field_is_of_any_type_but_those_that_are(package: Path) -> None:
    loose = set()
    for module in (package / "models").glob("*.py"):
        # What a map without fixed names holds is left out: it is called additional_properties, and every model has it.
        for name in re.findall(r"^    (?!additional_properties)(\w+): .*\bAny\b", module.read_text(encoding="utf-8"), re.MULTILINE):
            loose.add((module.stem, name))
    assert loose == ANYTHING


def test_no_model_loses_a_field(package: Path) -> None:
    modules = {module.stem.replace("_", ""): module.read_text(encoding="utf-8") for module in (package / "models").glob("*.py")}
    lost, seen = [], 0
    for name, schema in document()["components"]["schemas"].items():
        for field in schema.get("properties", {}):
            seen += 1
            if f'"{field}"' not in modules.get(name.lower(), ""):
                lost.append(f"{name}.{field}")
    assert seen > 3000
    assert lost == []


def test_what_the_generator_cannot_read_is_noticed(workshop: Workshop) -> None:
    """The control: `--fail-on-warning` fails for an answer of a type that no setting names."""
    answer = {"200": {"description": "", "content": {"audio/x-unheard": {"schema": {"type": "string", "format": "binary"}}}}}
    paths = {"/x/": {"get": {"operationId": "x_get", "responses": answer}}}
    odd = workshop.folder / "odd.json"
    odd.write_text(json.dumps({"openapi": "3.1.0", "info": {"title": "Odd", "version": "1"}, "paths": paths}))
    command = ["openapi-python-client", "generate", "--path", odd, "--meta", "none", "--output-path", "odd", "--fail-on-warning"]
    words = {"cwd": workshop.folder, "env": workshop.environment, "capture_output": True, "text": True}
    made = subprocess.run(command, check=False, **words)
    assert made.returncode != 0
    assert "audio/x-unheard" in made.stdout + made.stderr


def test_a_program_that_does_not_fit_is_noticed(workshop: Workshop, python: str, typescript: str) -> None:
    """The control of both type checkers: a field that there is not."""
    (workshop.folder / "wrong.py").write_text(
        "from switchboard_client.models import Call\n\n\ndef f(call: Call) -> str:\n    return call.stat\n"
    )
    code, said = workshop.shell.run("mypy --config-file mypy.ini wrong.py")
    assert code == 1, said
    assert '"Call" has no attribute "stat"' in said
    (workshop.folder / "wrong.ts").write_text(
        'import type { components } from "./switchboard";\nexport const f = (call: components["schemas"]["Call"]) => call.stat;\n'
    )
    code, said = workshop.shell.run(
        "npx tsc --strict --noEmit --skipLibCheck --target es2022 --module esnext --moduleResolution bundler wrong.ts"
    )
    assert code != 0, said
    assert "'stat' does not exist" in said


def test_the_page_names_the_versions_that_are_tried() -> None:
    told = "\n".join(text for language, text in blocks(PAGE) if language == "sh")
    package = json.loads((REPOSITORY / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    lock = dict(re.findall(r"^([\w.-]+)==(\S+)", (REPOSITORY / "requirements-dev.lock").read_text(encoding="utf-8"), re.MULTILINE))
    javascript, python = dict(re.findall(r"([\w-]+)@(\S+)", told)), dict(re.findall(r"([\w-]+)==(\S+)", told))
    assert len(javascript) == len(python) == 4
    assert javascript == {name: package[name] for name in javascript}
    assert python == {name: lock[name] for name in python}
