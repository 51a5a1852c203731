"""Write the catalogue of errors into docs/errors/, a page for each code."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from drf_spectacular.generators import SchemaGenerator

from config.api import problem_pages

FOLDER = Path(__file__).resolve().parents[4] / "docs" / "errors"


class Command(BaseCommand):
    """docs/errors/ tells every code; a test compares."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        made = problem_pages.pages(SchemaGenerator().get_schema(request=None, public=True))
        FOLDER.mkdir(exist_ok=True)
        for old in FOLDER.glob("*.md"):
            if old.name not in made:  # a code that no answer carries any more
                old.unlink()
        for name, text in made.items():
            (FOLDER / name).write_text(text, encoding="utf-8")
