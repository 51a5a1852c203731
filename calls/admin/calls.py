import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action
from unfold.decorators import display as shown_as
from unfold.widgets import UnfoldAdminTextareaWidget

from calls import disposition_lock, identifying, wrap_up
from calls.admin.dispositions import RevisionInline
from calls.models import Call, CallEvent, CallKey, CallLeg, Disposition, PhoneSystem
from config.platform.admin_base import AuditedAdmin, ReadOnlyAdmin, badge, confirmed, span, who
from config.platform.admin_base.pages import NOBODY
from config.platform.admin_base.ranges import RangeDateTimeFilter
from config.platform.errors import Refusal
from crm import searching
from crm.phone_numbers import display, parse

OUTCOME_TONES = {"answered": "good", "abandoned": "bad", "missed": "bad", "overflow": "bad", "failed": "bad", "": "info"}
WRAP_UPS = {
    "pending": ("to do", "warn"),
    "done": ("done", "good"),
    "skipped": ("passed over", "plain"),
    "auto_closed": ("took too long", "bad"),
}
ARROWS = {"inbound": "call_received", "outbound": "call_made", "internal": "sync_alt"}


class NowFilter(admin.SimpleListFilter):
    """What needs somebody: each choice has its own partial index."""

    title = "needs somebody"
    parameter_name = "now"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return [("open", "Going on now"), ("write_up", "To be written up")]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        if self.value() == "open":
            return queryset.exclude(state=Call.State.ENDED)
        return queryset.filter(wrap_up_state=Call.WrapUp.PENDING) if self.value() == "write_up" else queryset


class OutcomeFilter(admin.SimpleListFilter):
    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return list(Call.Outcome.choices)

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset.filter(outcome=self.value()) if self.value() else queryset


class _Told(TabularInline):
    """Lines that only the phone system writes."""

    extra = max_num = 0
    can_delete = False
    hide_title = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LegInline(_Told):
    model = CallLeg
    verbose_name_plural = "Legs"
    fields = ["party", "agent", "extension", "number_raw", "state", "ring_at", "answered_at", "ended_at", "held", "end_reason"]
    readonly_fields = ["held"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related("agent")

    @admin.display(description="held")
    def held(self, leg: CallLeg) -> str:
        return span(leg.hold_s) if leg.hold_s else "–"


class EventInline(_Told):
    model = CallEvent
    verbose_name_plural = "Events"
    fields = ["occurred_at", "type", "received_at", "state"]
    ordering = ["occurred_at"]
    tab = True


class CallForm(forms.ModelForm):
    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Call
        fields = ["contact", "disposition", "topics", "note"]
        widgets = {"note": UnfoldAdminTextareaWidget(attrs={"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen_version"] = self.instance.version
        if "disposition" in self.fields:
            self.fields["disposition"].queryset = Disposition.objects.filter(  # type: ignore[attr-defined]
                Q(is_active=True) | Q(pk=self.instance.disposition_id)
            ).order_by("order", "name")


@admin.register(Call)
class CallAdmin(AuditedAdmin):
    """What happened on the line. Facts come from the phone system; people say who it was and write it up."""

    may_add = may_delete = NOBODY
    actions = None
    form = CallForm
    list_display = ["started_at", "direction_shown", "with_whom", "agent", "queue", "outcome_badge", "waited", "talked", "wrap_up_badge"]
    list_select_related = ["contact", "agent"]
    list_filter = [
        NowFilter,
        "direction",
        OutcomeFilter,
        ("started_at", RangeDateTimeFilter),
        ("agent", AutocompleteSelectFilter),
        "phone_system",
    ]
    search_fields = ["customer_e164"]
    search_help_text = "By phone number, by the contact's name, or by the phone system's id of the call"
    ordering = ["-started_at", "-id"]
    sortable_by: list[str] = []
    autocomplete_fields = ["contact", "topics"]
    inlines = [RevisionInline, LegInline, EventInline]
    actions_detail = ["lock", "unlock", "skip"]
    facts = [
        "direction_shown", "outcome_badge", "phone_system", "external_id", "from_shown", "to_shown", "line", "queue", "queue_position", "agent",
        "answered_by_name", "started_at", "answered_at", "ended_at", "waited", "rang", "talked", "held", "hangup_by", "cause_shown",
        "match_quality", "wrap_up_badge", "wrapped_up_by", "wrapped_up_at", "wrapped_up_in", "disposition_locked_at", "transfers", "recorded", "linked_ids", "flags", "is_partial",
        "is_stale_closed", "last_event_at",
    ]  # fmt: skip
    readonly_fields = facts
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("direction_shown", "outcome_badge", "wrap_up_badge"),
                    ("from_shown", "to_shown", "agent"),
                    ("started_at", "answered_at", "ended_at"),
                    ("waited", "talked", "held"),
                ]
            },
        ),
        ("Who it was", {"fields": [("contact", "match_quality")]}),
        (
            "Write-up",
            {
                "fields": [
                    "disposition",
                    "topics",
                    "note",
                    ("wrapped_up_by", "wrapped_up_at"),
                    ("wrapped_up_in", "disposition_locked_at"),
                    "seen_version",
                ]
            },
        ),
        (
            "As the phone system tells it",
            {
                "fields": [
                    ("phone_system", "external_id", "line"),
                    ("queue", "queue_position", "answered_by_name"),
                    ("rang", "hangup_by", "cause_shown"),
                    "transfers",
                    "recorded",
                    ("linked_ids", "flags"),
                    ("is_partial", "is_stale_closed", "last_event_at"),
                ],
                "classes": ["collapse"],
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related("contact", "agent", "phone_system", "wrapped_up_by")

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        """By number, then by the system's own id, then by the contact; each by an index."""
        try:
            e164 = parse(text, region="RU").e164
        except Refusal:
            e164 = ""
        if e164:
            return queryset.filter(customer_e164=e164)
        keys = CallKey.objects.filter(key=text[:200], phone_system__in=PhoneSystem.objects.values("pk")).values_list("call", flat=True)
        ids = list(keys[:50])
        if ids or not re.search(r"[^\W\d_]{2}", text):
            return queryset.filter(pk__in=ids)
        return queryset.filter(contact__in=searching.find(text, limit=100))

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        """Written in ``save_related``, when the topics are known."""

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list[Any], change: bool) -> None:
        by, now, given = who(request), timezone.now(), form.cleaned_data
        seen = given["seen_version"]
        if "contact" in form.changed_data and given["contact"]:
            seen = identifying.identify(form.instance.pk, contact=given["contact"], if_version=seen, by=by, now=now).version
        if {"disposition", "topics", "note"} & set(form.changed_data) and given["disposition"]:
            wrap_up.wrap_up(
                form.instance.pk, disposition=given["disposition"], topics=list(given["topics"]), note=given["note"], if_version=seen,
                by=by, now=now,
            )  # fmt: skip

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> list[Any]:
        return []

    # --- settled, or not
    def _written(self, request: HttpRequest, object_id: str) -> Call | None:
        call = self.get_object(request, object_id)
        return call if call is not None and self.has_change_permission(request) else None

    def has_lock_permission(self, request: HttpRequest, object_id: str) -> bool:
        call = self._written(request, object_id)
        return call is not None and call.disposition_id is not None and call.disposition_locked_at is None

    def has_unlock_permission(self, request: HttpRequest, object_id: str) -> bool:
        call = self._written(request, object_id)
        return call is not None and call.disposition_locked_at is not None

    def has_skip_permission(self, request: HttpRequest, object_id: str) -> bool:
        call = self._written(request, object_id)
        return call is not None and call.wrap_up_state in (Call.WrapUp.PENDING, Call.WrapUp.AUTO_CLOSED)

    @action(description="Lock the disposition", icon="lock", permissions=["lock"])
    def lock(self, request: HttpRequest, object_id: str) -> HttpResponse:
        call = self.get_object(request, object_id)
        return confirmed(
            self, request, call, title=f"Lock: {call}", button="Lock", done="Only supervisors correct it now.",
            question="How the call came out is settled: its operator cannot correct it any more.",
            act=lambda: disposition_lock.lock(call.pk, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @action(description="Unlock the disposition", icon="lock_open", permissions=["unlock"])
    def unlock(self, request: HttpRequest, object_id: str) -> HttpResponse:
        call = self.get_object(request, object_id)
        return confirmed(
            self, request, call, title=f"Unlock: {call}", button="Unlock", done="Its operator may correct it again.",
            question="The operator may correct again how the call came out.",
            act=lambda: disposition_lock.unlock(call.pk, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @action(description="Pass over the write-up", icon="skip_next", permissions=["skip"])
    def skip(self, request: HttpRequest, object_id: str) -> HttpResponse:
        call = self.get_object(request, object_id)
        return confirmed(
            self, request, call, title=f"Pass over: {call}", button="Pass over", done="Passed over.", ask="Why",
            question="Nothing will be written about this call. It may still be written up later.",
            act=lambda said: wrap_up.skip(call.pk, reason=said, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @admin.display(description="written up within")
    def wrapped_up_in(self, call: Call) -> str:
        return span(call.wrap_s)

    @shown_as(description="direction")
    def direction_shown(self, call: Call) -> SafeString:
        return format_html(
            '<span class="sb-direction"><span class="material-symbols-outlined">{}</span>{}</span>',
            ARROWS[call.direction],
            call.get_direction_display(),
        )

    @admin.display(description="with")
    def with_whom(self, call: Call) -> SafeString | str:
        number = display(call.customer_e164) if call.customer_e164 else call.from_raw
        if call.contact and call.contact.search_key:
            return format_html('<span>{}<br><span class="sb-quiet">{}</span></span>', call.contact, number)
        return number or "–"

    @admin.display(description="outcome")
    def outcome_badge(self, call: Call) -> SafeString:
        return badge(call.get_outcome_display() if call.outcome else call.get_state_display(), OUTCOME_TONES.get(call.outcome, "warn"))

    @admin.display(description="write-up")
    def wrap_up_badge(self, call: Call) -> SafeString | str:
        if call.wrap_up_state == Call.WrapUp.NONE:
            return "–"
        return badge(*WRAP_UPS[call.wrap_up_state])

    @admin.display(description="recordings")
    def recorded(self, call: Call) -> SafeString | str:
        if not call.recordings:
            return "–"
        page = f"{reverse('admin:calls_recording_changelist')}?q={call.pk}"  # what was told of them holds their addresses
        return format_html('<a href="{}">{}</a>', page, len(call.recordings))

    @admin.display(description="waited")
    def waited(self, call: Call) -> str:
        return span(call.wait_s)

    @admin.display(description="rang")
    def rang(self, call: Call) -> str:
        return span(call.ring_s)

    @admin.display(description="talked")
    def talked(self, call: Call) -> str:
        return span(call.talk_s)

    @admin.display(description="on hold")
    def held(self, call: Call) -> str:
        return span(call.hold_s)

    @admin.display(description="from")
    def from_shown(self, call: Call) -> str:
        return " ".join(filter(None, [display(call.from_e164) if call.from_e164 else call.from_raw, call.from_name])) or "–"

    @admin.display(description="to")
    def to_shown(self, call: Call) -> str:
        return " ".join(filter(None, [display(call.to_e164) if call.to_e164 else call.to_raw, call.to_name])) or "–"

    @admin.display(description="cause")
    def cause_shown(self, call: Call) -> str:
        return " ".join(str(part) for part in (call.cause, call.cause_text) if part not in (None, "")) or "–"


@admin.register(CallLeg)
class CallLegAdmin(ReadOnlyAdmin):
    list_display = ["call", "party", "agent", "extension", "state", "answered_at", "ended_at"]
    list_select_related = ["call", "agent"]
    list_filter = [("agent", AutocompleteSelectFilter)]
    ordering = ["-id"]
    sortable_by: list[str] = []


@admin.register(CallKey)
class CallKeyAdmin(ReadOnlyAdmin):
    """Ids under which phone systems speak of calls."""

    list_display = ["key", "phone_system", "call"]
    list_select_related = ["phone_system", "call"]
    search_fields = ["key"]
    search_help_text = "By the whole id"
    ordering = ["-id"]
    sortable_by: list[str] = []

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        return queryset.filter(key=text[:200], phone_system__in=PhoneSystem.objects.values("pk"))


def uuid_of(text: str) -> UUID | None:
    """The text as an id, when it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None
