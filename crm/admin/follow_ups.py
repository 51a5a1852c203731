"""Tasks: what was promised, to whom, until when."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from config.platform.admin_base import AuditedAdmin, badge, confirmed, who
from config.platform.admin_base.pages import NOBODY
from crm import follow_ups, searching
from crm.models import Task

TONES = {"open": "info", "done": "good", "cancelled": "plain"}


@admin.register(Task)
class TaskAdmin(AuditedAdmin):
    """Written through crm.follow_ups."""

    may_delete = NOBODY
    list_display = ["title", "contact", "assignee", "team", "due", "state"]
    list_select_related = ["contact", "assignee", "team"]
    list_filter = ["status"]
    search_fields = ["title"]
    search_help_text = "By the contact: name, phone, e-mail"
    ordering = ["-id"]
    sortable_by: list[str] = []
    actions = ["complete"]
    actions_detail = ["finish", "cancel", "reopen"]
    autocomplete_fields = ["contact", "assignee", "team"]
    fields = ["title", ("contact", "due_at"), ("assignee", "team"), "text", ("status", "result"), ("by", "ended_by", "ended_at")]
    readonly_fields = ["status", "result", "by", "ended_by", "ended_at"]

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        return queryset.filter(contact__in=searching.find(text))

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: bool) -> None:
        """Written in ``save_related``, through the rules."""

    def save_related(self, request: HttpRequest, form: Any, formsets: list[Any], change: bool) -> None:
        by: dict[str, Any] = {"by": who(request), "now": timezone.now()}
        if not change:
            form.instance.pk = follow_ups.add(**form.cleaned_data, **by).pk
        elif form.changed_data:
            follow_ups.alter(form.instance.pk, **{name: form.cleaned_data[name] for name in form.changed_data}, **by)

    def _may_move(self, request: HttpRequest, object_id: str, verb: str) -> bool:
        task = self.get_object(request, object_id)
        return task is not None and self.has_change_permission(request) and verb in task.open_moves()

    def has_finish_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may_move(request, object_id, "complete")

    def has_cancel_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may_move(request, object_id, "cancel")

    def has_reopen_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may_move(request, object_id, "reopen")

    def _ask(self, request: HttpRequest, object_id: str, word: str, question: str, ask: str, act: Callable[..., Any]) -> HttpResponse:
        task = self.get_object(request, object_id)
        return confirmed(
            self, request, task, title=f"{word}: {task}", question=question, button=word, done="Done.", ask=ask,
            act=lambda said: act(task.pk, said, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @action(description="Done", icon="check", permissions=["finish"])
    def finish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(pk: Any, said: str, **by: Any) -> None:
            follow_ups.complete(pk, result=said, **by)

        return self._ask(request, object_id, "Done", "It was done.", "What came of it", act)

    @action(description="Cancel", icon="block", permissions=["cancel"])
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(pk: Any, said: str, **by: Any) -> None:
            follow_ups.cancel(pk, reason=said, **by)

        return self._ask(request, object_id, "Call it off", "It need not be done any more.", "Why", act)

    @action(description="Reopen", icon="replay", permissions=["reopen"])
    def reopen(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(pk: Any, said: str, **by: Any) -> None:
            follow_ups.reopen(pk, reason=said, **by)

        return self._ask(request, object_id, "Reopen", "It is to be done after all.", "Why", act)

    @admin.action(description="Mark as done")
    def complete(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        for task in queryset.filter(status=Task.Status.OPEN):
            follow_ups.complete(task.pk, by=who(request), now=timezone.now())

    @admin.display(description="due")
    def due(self, task: Task) -> SafeString | str:
        if task.due_at is None:
            return "–"
        said = timezone.localtime(task.due_at).strftime("%Y-%m-%d %H:%M")
        return badge(said, "bad") if task.status == Task.Status.OPEN and task.due_at < timezone.now() else said

    @admin.display(description="state")
    def state(self, task: Task) -> SafeString:
        return badge(task.get_status_display(), TONES[task.status])
