"""What is owed to the world outside: e-mails, and news for other systems."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from config.platform import mailing, outbox
from config.platform.admin_base import ReadOnlyAdmin, badge, confirmed, who
from config.platform.admin_base.pages import ADMINS
from config.platform.errors import Refusal
from config.platform.models import Letter, OutboxEvent
from config.platform.models.letters import OWED

STATES = {"owed": OWED, "sent": models.Q(sent_at__isnull=False), "given_up": models.Q(given_up_at__isnull=False)}


class NotAnId(Refusal):
    """News is searched by the id of what it tells of."""

    code = "not_an_id"
    status = 400
    advice = "Copy the id out of the address or the answer of the row, and search for it whole."


class LetterStateFilter(admin.SimpleListFilter):
    """By what became of it."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return [("owed", "Owed"), ("sent", "Sent"), ("given_up", "Given up")]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        state = STATES.get(self.value() or "")
        return queryset.filter(state) if state else queryset


@admin.register(Letter)
class LetterAdmin(ReadOnlyAdmin):
    """E-mails: what is owed, what was sent, what was given up and why. One that was given up can be sent again."""

    may_view = ADMINS
    list_display = ["owed_at", "to", "subject", "state", "tries", "last_error"]
    list_filter = [LetterStateFilter]
    search_fields = ["to"]
    search_help_text = "By the whole address"
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [
        "to", "recipient", "subject", "text", "html", "state", "owed_at", "due_at", "sent_at", "given_up_at", "tries", "last_error",
        "about", "contact", "key",
    ]  # fmt: skip
    actions_detail = ["send_again"]

    def found(self, request: HttpRequest, queryset: models.QuerySet[Letter], text: str) -> models.QuerySet[Letter]:
        return queryset.filter(to=text)

    def has_send_again_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self.has_view_permission(request) and (
            object_id is None or Letter.objects.filter(pk=object_id, given_up_at__isnull=False).exclude(to="").exists()
        )

    @action(description="Send again", icon="forward_to_inbox", permissions=["send_again"])
    def send_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then try it as a new one."""
        letter = self.get_object(request, object_id)
        if letter is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return confirmed(
            self,
            request,
            letter,
            title="Send again",
            question=f"The e-mail to {letter.to} is tried again for three days.",
            button="Send again",
            act=lambda: mailing.send_again(letter.pk, by=who(request), now=timezone.now()),
            done="It will be sent in a moment.",
        )

    @admin.display(description="state")
    def state(self, letter: Letter) -> SafeString:
        if letter.sent_at:
            return badge("sent", "good")
        return badge("given up", "bad") if letter.given_up_at else badge("owed", "warn" if letter.tries else "info")


class NewsTypeFilter(admin.SimpleListFilter):
    """By type. The types are those that the program declares."""

    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return [(name, name) for name in sorted(outbox.types)]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset.filter(type=self.value()) if self.value() else queryset


@admin.register(OutboxEvent)
class OutboxEventAdmin(ReadOnlyAdmin):
    """What other systems were told of late."""

    may_view = ADMINS
    list_display = ["occurred_at", "type", "subject_kind", "subject_id", "subject_version"]
    list_filter = [NewsTypeFilter]
    search_fields = ["subject_id"]
    search_help_text = "By the id of what it tells of"
    ordering = ["-id"]
    sortable_by: list[str] = []

    def found(self, request: HttpRequest, queryset: models.QuerySet[OutboxEvent], text: str) -> models.QuerySet[OutboxEvent]:
        try:
            return queryset.filter(subject_id=UUID(text))
        except ValueError:
            raise NotAnId("Give the id of what it tells of, for instance 0199a1b2-0000-7000-8000-293a4b5c6d7e.") from None
