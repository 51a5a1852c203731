"""``manage.py demo_tokens``: new tokens of the demo's people, one per role, as JSON. The earlier ones end."""

import json
import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from calls.demo import house
from config.platform import people, tokens
from config.platform.models import ApiToken, Scope

NAME = "demo"
INTEGRATION_SCOPES = tuple(Scope)  # it is there to try everything with


class Command(BaseCommand):
    help = "Print new demo tokens as JSON, one per role, and a new password for the admin. Works in the demo mode only."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Demo tokens are made in the demo mode only (DEMO=1).")
        now = timezone.now()
        users = {role: house.hire(username, by=None, now=now) for role, username in house.ONE_PER_ROLE.items()}
        for token in ApiToken.objects.alive(now).filter(user__in=users.values(), name=NAME):
            tokens.revoke(token.pk, by=None, now=now)
        password = secrets.token_urlsafe(9)
        people.alter(users["admin"].pk, password=password, by=users["admin"], now=now)
        said: dict[str, Any] = {}
        for role, user in users.items():
            scopes = INTEGRATION_SCOPES if role == "integration" else ()
            _, said[role] = tokens.issue(user, name=NAME, scopes=scopes, by=None, now=now)
        said["admin_password"] = {"username": users["admin"].username, "password": password}
        self.stdout.write(json.dumps(said))
