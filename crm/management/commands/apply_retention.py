"""``manage.py apply_retention [--dry-run]``: do now what the nightly sweep would do, or only tell it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from crm import retention


class Command(BaseCommand):
    help = "Erase and empty what the settings RETENTION_…_DAYS say is kept no longer. Each person is one transaction and one audit event."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only tell how much is due.")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        for one in retention.report(now=now):
            more = " and more" if one["due_is_more"] else ""
            said = "off" if one["days"] is None else f"{one['due']}{more} due after {one['days']} days"
            self.stdout.write(f"{one['rule']}: {said}")
        if options["dry_run"]:
            return
        is_left, done = True, dict.fromkeys((rule.name for rule in retention.RULES), 0)
        while is_left:
            is_left, more_done = retention.apply(now=now)
            for name, count in more_done.items():
                done[name] += count
        removed = retention.sweep_files(now=now)
        self.stdout.write("Done: " + ", ".join(f"{name} {count}" for name, count in done.items()) + f"; {removed} files that no row names.")
