"""Write the types of news for other systems into their page."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.core.serializers.json import DjangoJSONEncoder

from config.platform import outbox

PAGE = Path(__file__).resolve().parents[4] / "docs" / "events.md"
BEGIN, END = "<!-- types: written by `make schema` -->", "<!-- end of types -->"


def chapter() -> str:
    """Every type with what it tells and an example of its data."""
    told = [one for name, one in sorted(outbox.types.items()) if not name.startswith("test.")]
    return "\n\n".join(_section(one) for one in told) or "None yet."


def _section(one: outbox.NewsType) -> str:
    example = json.dumps(one.example, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
    return f"### `{one.name}`\n\n{one.tells}\n\n```json\n{example}\n```"


def with_chapter(page: str) -> str:
    """The page with the types of today."""
    head, _, rest = page.partition(BEGIN)
    return f"{head}{BEGIN}\n\n{chapter()}\n\n{END}{rest.partition(END)[2]}"


class Command(BaseCommand):
    """docs/events.md tells every type of news; a test compares."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        PAGE.write_text(with_chapter(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
