"""Make the database ready for ``up``: migrate, load the demo data, make demo tokens. Prints one JSON object a line.

``{"doing": …}`` tells what goes on, ``{"done": {"tokens": …, "login": …}}`` ends it. One process for all of it, because each start
of Django costs a second.
"""

import io
import json
import os
import sys
from typing import Any, TextIO

DEMO_TOKENS = "demo"  # the name that `manage.py demo_tokens` gives them
SOMEBODYS = """The database of DATABASE_URL has users and was not made by the demo, so `make up` keeps its hands off it: the demo mode would add
an administrator with a password on the screen. Give SECRET_KEY (and ALLOWED_HOSTS) to serve it strictly, or DEMO=1 if a demo is meant."""


def tell(**words: Any) -> None:
    """Print one line for ``up`` to read."""
    print(json.dumps(words), file=sys.__stdout__, flush=True)


class Counted(io.TextIOBase):
    """What ``migrate`` prints, passed on, each migration done told with its number."""

    def __init__(self, onward: TextIO, total: int) -> None:
        self.onward, self.total, self.done = onward, total, 0

    def write(self, text: str) -> int:
        if text.strip().endswith("OK"):
            self.done += 1
            tell(doing="migrating", done=self.done, total=self.total)
        return self.onward.write(text)

    def flush(self) -> None:
        self.onward.flush()


def main() -> int:
    """Do it. Returns the exit code; what went wrong stands on stderr."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    sys.stdout = sys.stderr  # what commands print goes to the log

    import django
    from django.core.management import call_command

    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    if os.environ.get("DEMO_IMPLIED") and os.environ.get("DATABASE_URL") and _is_somebodys():
        print(SOMEBODYS, file=sys.stderr)
        return 1
    executor = MigrationExecutor(connection)
    total = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if total:
        tell(doing="migrating", done=0, total=total)
        call_command("migrate", interactive=False, verbosity=1, no_color=True, stdout=Counted(sys.stderr, total))
    if not settings.DEMO:
        tell(doing="collecting static files")
        call_command("collectstatic", interactive=False, verbosity=0)
        tell(done={"tokens": {}, "login": {}})
        return 0
    tell(doing="demo data")
    call_command("load_demo")
    said = io.StringIO()
    call_command("demo_tokens", stdout=said)
    tokens = json.loads(said.getvalue())
    tell(done={"login": tokens.pop("admin_password", {}), "tokens": tokens})
    return 0


def _is_somebodys() -> bool:
    """Whether the database has users, but none that the demo made tokens for."""
    from django.contrib.auth import get_user_model
    from django.db import ProgrammingError, transaction

    from config.platform.models import ApiToken

    try:
        with transaction.atomic():
            return get_user_model().objects.exists() and not ApiToken.objects.filter(name=DEMO_TOKENS).exists()
    except ProgrammingError:  # no such table: nothing is there yet
        return False


if __name__ == "__main__":
    raise SystemExit(main())
