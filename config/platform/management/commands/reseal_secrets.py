"""``manage.py reseal_secrets``: seal every secret with the SECRET_KEY of now."""

from typing import Any

from django.core.management.base import BaseCommand

from config.platform import resealing


class Command(BaseCommand):
    help = "Seal anew what was sealed with a key of SECRET_KEY_FALLBACKS, so that it can be taken out. Run again, it finds nothing to do."

    def handle(self, *args: Any, **options: Any) -> None:
        done = resealing.reseal_all()
        for one in done:
            self.stdout.write(f"{one.column}: {one.anew} sealed anew, {one.already} already, {one.unreadable} unreadable")
        lost = sum(one.unreadable for one in done)
        self.stdout.write(f"{sum(one.anew for one in done)} sealed anew.")
        if lost:
            self.stderr.write(f"{lost} can be read with no key of SECRET_KEY and SECRET_KEY_FALLBACKS: set them anew.")
