"""The house stays as described: names that say something, files that can be read at one sitting, keys that point down."""

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from config.celery import app
from config.platform.registry import Registry

ROOT = Path(__file__).parents[2]
APPS = ("config", "crm", "calls", "complaints", "campaigns")
FILES = [path for name in APPS for path in (ROOT / name).rglob("*.py") if "migrations" not in path.parts]
DRAWERS = {
    "utils",
    "helpers",
    "services",
    "selectors",
    "managers",
    "common",
    "misc",
    "base",
    "core",
    "signals",
    "constants",
    "types",
    "mixins",
    "handlers",
}
NAMED_BY_DJANGO = {"config/platform/database/base.py"}
RANK = {"platform": 0, "crm": 1, "calls": 2, "complaints": 3, "campaigns": 3}


def test_a_file_has_a_name_and_an_end():
    nameless = sorted({str(path.relative_to(ROOT)) for path in FILES if path.stem in DRAWERS} - NAMED_BY_DJANGO)
    endless = [str(path.relative_to(ROOT)) for path in FILES if sum(1 for _ in path.open(encoding="utf-8")) > 400]
    assert nameless == [], "named after nothing: name it after what it does"
    assert endless == [], "longer than one sitting: two rooms"


def test_no_table_points_at_a_higher_app():
    """A foreign key named by a string is an import that no import linter sees."""
    upward = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if (field.many_to_one or field.one_to_one or field.many_to_many) and field.concrete and field.related_model
        if (own := model._meta.app_label) in RANK and (other := field.related_model._meta.app_label) in RANK
        if RANK[other] > RANK[own] or (RANK[other] == RANK[own] and other != own)
    ]
    assert upward == []


def asked_for() -> set[str]:
    """The task names that ``later("…")`` mentions: strings that no type checker follows."""
    return {
        call.args[0].value
        for path in FILES
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "later" and isinstance(call.args[0], ast.Constant)
    }


def test_every_task_that_is_asked_for_exists():
    app.loader.import_default_modules()
    assert asked_for() and asked_for() <= set(app.tasks)


def test_every_entry_of_the_schedule_names_a_task_and_its_queue():
    app.loader.import_default_modules()
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        assert entry["task"] in app.tasks, name
    routed = settings.CELERY_TASK_ROUTES
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        assert entry.get("options", {}).get("queue", "fast") == routed.get(entry["task"], {}).get("queue", "fast"), name


def test_the_registries_are_those_that_the_architecture_page_lists():
    page = ROOT / "docs" / "architecture.md"
    text = page.read_text(encoding="utf-8")
    missing = [registry.purpose for registry in Registry.all if registry.purpose not in text]
    assert missing == []


@pytest.mark.parametrize("name", [path.name for path in (ROOT / "docs").glob("*.md")])
def test_a_page_speaks_of_nothing_that_is_not_there(name):
    """Links inside the repository lead somewhere."""
    import re

    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    dead = [link for link in re.findall(r"\]\((?!https?:|#|/)([^)#]+)", text) if not (ROOT / "docs" / link).exists()]
    assert dead == []
