"""Base classes of the admin's pages. What somebody may do there follows from the role; every write is remembered."""

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.options import ShowFacets
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, models
from django.forms import BaseModelFormSet, ModelForm, ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.admin import ModelAdmin

from config.platform.admin_base.paging import BoundedChangeList, BoundedPaginator
from config.platform.errors import Refusal
from config.platform.history import difference, entry, record, record_many, snapshot
from config.platform.models import LEADERS, AuditEvent, Role, User

NOBODY: frozenset[str] = frozenset()
ADMINS: frozenset[str] = frozenset({Role.ADMIN})
LEADING: frozenset[str] = frozenset(LEADERS)


def who(request: HttpRequest) -> User:
    """Whoever is signed in; every page of the admin has somebody."""
    return cast(User, request.user)


class RoleAdmin(ModelAdmin):
    """A page for a table. The class says which roles may see, add, change and delete."""

    may_view: frozenset[str] = LEADING
    may_add: frozenset[str] = LEADING
    may_change: frozenset[str] = LEADING
    may_delete: frozenset[str] = ADMINS

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0
    list_filter_submit = True
    compressed_fields = True
    warn_unsaved_form = True
    history_shown = 50

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request, self.may_view)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may(request, self.may_view)

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may(request, self.may_add)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may(request, self.may_change)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may(request, self.may_delete)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[BoundedChangeList]:
        return BoundedChangeList

    @staticmethod
    def _may(request: HttpRequest, roles: frozenset[str]) -> bool:
        user = request.user
        return user.is_authenticated and user.is_active and user.role in roles

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Ask the page's own ``found`` when it has one: searches go by an index, or not at all."""
        found = getattr(self, "found", None)
        text = search_term.replace("\0", "").strip()
        if found is None or not text:
            return super().get_search_results(request, queryset, text)
        try:
            return found(request, queryset, text), False
        except Refusal as refusal:
            messages.warning(request, refusal.detail)
            return queryset.none(), False

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Who did what to this row, with the values before and after."""
        row = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        events = AuditEvent.objects.none()
        if isinstance(row.pk, UUID | int):
            subject = row.pk if isinstance(row.pk, UUID) else UUID(int=row.pk)
            events = AuditEvent.objects.filter(subject_id=subject, subject_type=self.opts.model_name).select_related("by")
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {row}",
            "events": [(event, _lines(event)) for event in events.order_by("-id")[: self.history_shown]],
            "shown": self.history_shown,
            "object": row,
            "original": row,
            "opts": self.opts,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/audit_history.html", context)

    # Django's own log is not written: the audit trail says more, and says it once.
    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> None:
        return

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> None:
        return

    def log_deletions(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        return


class ReadOnlyAdmin(RoleAdmin):
    """A table that nobody writes by hand."""

    may_add = may_change = may_delete = NOBODY
    actions = None


class AuditedAdmin(RoleAdmin):
    """A table that people keep by hand. Each save is one audit event with what was before and what is after.

    A rule that says no (a ``Refusal``) shows the form again with its reason; nothing is written then.
    """

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refusal as refusal:
            request.refused = refusal.detail  # type: ignore[attr-defined]
        except IntegrityError:
            request.refused = "Somebody wrote the same at this moment. Look again."  # type: ignore[attr-defined]
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj: models.Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        refused = getattr(request, "refused", "")
        if not refused:
            return form

        class Refused(form):  # type: ignore[valid-type,misc]
            def clean(self) -> Any:
                super().clean()
                raise ValidationError(refused)

        return Refused

    def save_model(self, request: HttpRequest, obj: models.Model, form: ModelForm, change: bool) -> None:
        form.before = {}  # type: ignore[attr-defined]
        form.had = {}  # type: ignore[attr-defined]
        if change:
            held = self.model._default_manager.select_for_update(of=("self",)).get(pk=obj.pk)
            form.before = snapshot(held)  # type: ignore[attr-defined]
            form.had = _many(held, form)  # type: ignore[attr-defined]
            if hasattr(obj, "version"):
                obj.version = held.version + 1
        obj.save()

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: list[BaseModelFormSet], change: bool) -> None:
        super().save_related(request, form, formsets, change)
        row = form.instance
        facts = difference(form.had, _many(row, form))  # type: ignore[attr-defined]
        before = form.before  # type: ignore[attr-defined]
        if not change or facts or difference(before, snapshot(row)):
            record(row, "alter" if change else "add", by=who(request), now=timezone.now(), before=before, **facts)

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        gone = entry(obj, "remove", by=who(request), now=timezone.now())
        gone.changes = {name: [value, None] for name, value in snapshot(obj).items() if value not in ("", None, [], {})}
        obj.delete()
        record_many([gone])

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_model(request, row)


def _many(row: models.Model, form: ModelForm) -> dict[str, list[str]]:
    """The many-to-many columns that the form shows, as sorted ids."""
    return {
        field.name: sorted(str(pk) for pk in getattr(row, field.name).values_list("pk", flat=True))
        for field in row._meta.many_to_many
        if field.name in form.fields
    }


def _lines(event: AuditEvent) -> list[tuple[str, str, str]]:
    """What changed, for people: the column, before, after. Empty to empty is left out; facts have no before."""
    changed = [(name, _said(before), _said(after)) for name, (before, after) in sorted(event.changes.items()) if before or after]
    return changed + [(name, "", _said(value)) for name, value in sorted(event.facts.items()) if value]


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {item}" for key, item in value.items()) or "–"
    return "–" if value in (None, "") else str(value)
