"""``manage.py load_demo``: a small call centre to try things on."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from calls.demo import loading


class Command(BaseCommand):
    help = "Fill an empty database with a believable call centre: people, contacts, yesterday's and today's calls."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="Also when something is there already.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["force"] and not loading.is_empty():
            self.stdout.write("Something is in the database already: no demo data loaded (--force to load it all the same).")
            return
        loading.load(now=timezone.now(), say=lambda text: self.stdout.write(f"  {text}"))
