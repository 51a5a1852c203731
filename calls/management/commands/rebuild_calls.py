"""``manage.py rebuild_calls --system SLUG [--since 2026-11-01]``: compute calls anew from what the phone system told."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from calls import rebuilding
from calls.models import PhoneSystem


class Command(BaseCommand):
    help = "Read the events of a phone system anew and compute its calls from them. What people wrote stays. Safe at any time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--system", required=True, help="slug of the phone system")
        parser.add_argument(
            "--since", default="", help="only calls that began then or later: a date, or a moment with its offset (ISO 8601)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        system = PhoneSystem.objects.filter(slug=options["system"]).first()
        if system is None:
            known = ", ".join(PhoneSystem.objects.order_by("slug").values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no phone system {options['system']}. Known: {known}.")
        since = None
        if options["since"]:
            try:
                since = datetime.fromisoformat(options["since"])
            except ValueError:
                raise CommandError("--since is a date or a moment, for instance 2026-11-01 or 2026-11-01T08:00+03:00.") from None
            since = since if since.tzinfo else since.replace(tzinfo=UTC)
        done = 0
        for done in rebuilding.rebuild(system, since=since, now=timezone.now()):
            self.stdout.write(f"{done} calls")
        self.stdout.write(f"Done: {done} calls of {system.slug}.")
