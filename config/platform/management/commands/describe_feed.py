"""Write the kinds of the live feed into its page."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from config.platform import feed

PAGE = Path(__file__).resolve().parents[4] / "docs" / "live-feed.md"
BEGIN, END = "<!-- kinds: written by `make schema` -->", "<!-- end of kinds -->"


def table() -> str:
    """Every kind as a line of Markdown."""
    lines = [f"| `{name}` | {kind.tells} |" for name, kind in sorted(feed.kinds.items()) if not name.startswith("test.")]
    return "\n".join(["| Kind | What it tells |", "|---|---|", *lines])


def with_table(page: str) -> str:
    """The page with the table of today."""
    head, _, rest = page.partition(BEGIN)
    return f"{head}{BEGIN}\n\n{table()}\n\n{END}{rest.partition(END)[2]}"


class Command(BaseCommand):
    """docs/live-feed.md tells every kind of message; a test compares."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
