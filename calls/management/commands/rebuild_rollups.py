"""``manage.py rebuild_rollups [--since 2026-11-01] [--check]``: count anew what reports read, or compare it with a recount."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Max, Min

from calls import rollups
from calls.models import Call, RollupMark

STRETCH = timedelta(days=7)


class Command(BaseCommand):
    help = "Count the rollups of calls anew. With --check: compare them with a recount of the calls, and change nothing. Safe at any time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", default="", help="only what began then or later: a date, or a moment with its offset (ISO 8601)")
        parser.add_argument("--check", action="store_true", help="only compare; exit code 1 when something differs")

    def handle(self, *args: Any, **options: Any) -> None:
        since = self._since(options["since"])
        if options["check"]:
            self._check(since)
            return
        rollups.forget(since)
        done = 0
        while many := rollups.sweep(limit=20 * rollups.AT_ONCE):
            done += many
            self.stdout.write(f"{done} hours, {RollupMark.objects.count()} marks left")
        self.stdout.write(f"Done: {done} hours.")

    def _since(self, given: str) -> datetime | None:
        if not given:
            return None
        try:
            since = datetime.fromisoformat(given)
        except ValueError:
            raise CommandError("--since is a date or a moment, for instance 2026-11-01 or 2026-11-01T08:00+03:00.") from None
        return since if since.tzinfo else since.replace(tzinfo=UTC)

    def _check(self, since: datetime | None) -> None:
        span = Call.objects.aggregate(first=Min("started_at"), last=Max("started_at"))
        if span["first"] is None:
            self.stdout.write("There are no calls.")
            return
        begin = max(since or span["first"], span["first"])
        begin = begin.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        found = []
        while begin <= span["last"]:
            found += rollups.differences(begin, begin + STRETCH)
            begin += STRETCH
        for one in found:
            self.stdout.write(f"differs: {one}")
        if found:
            raise CommandError(f"{len(found)} rollups differ from a recount.", returncode=1)
        self.stdout.write("Every rollup equals a recount of the calls.")
