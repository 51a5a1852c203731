from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action

from config.platform.admin_base import ReadOnlyAdmin, RoleAdmin, badge, confirmed, who
from config.platform.admin_base.pages import LEADING
from config.platform.errors import Refusal
from crm import contact_rows, duplicate_pairs, merging, searching
from crm.admin import comparing
from crm.models import Contact, DuplicateCandidate, DuplicateWatch, MergeRecord, MovedRows

TONES = {"open": "warn", "merged": "good", "dismissed": "plain", "undone": "plain"}
FOUND = 20


def merge_with(site: RoleAdmin, request: HttpRequest, contact: Contact) -> HttpResponse:
    """Look for the other one, then compare the two."""
    other = comparing.other(request.GET.get("with", ""))
    back = reverse("admin:crm_contact_change", args=[contact.pk])
    if other is not None and other != contact:
        return comparing.page(site, request, contact, other, extra={"back": back})
    text = request.GET.get("q", "").replace("\0", "").strip()
    found: list[UUID] = []
    try:
        found = [one for one in searching.find(text, limit=FOUND) if one != contact.pk] if text else []
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
    context = {
        **site.admin_site.each_context(request),
        "title": f"Merge {contact} with …",
        "opts": site.opts,
        "original": contact,
        "text": text,
        "found": contact_rows.show(found),
        "back": back,
    }
    return TemplateResponse(request, "admin/merge_with.html", context)


@admin.register(DuplicateCandidate)
class DuplicateCandidateAdmin(ReadOnlyAdmin):
    """Pairs that may be one: look at both side by side, then make them one or say that they are two."""

    list_display = ["pair", "likely", "reasons_shown", "state_badge", "decided_by", "created_at"]
    list_select_related = ["first", "second", "decided_by"]
    list_filter = ["status"]
    ordering = ["-score", "-id"]
    sortable_by: list[str] = []
    fields = [("first", "second"), ("score", "reasons_shown", "state_badge"), ("decided_by", "decided_at", "reason")]
    readonly_fields = ["reasons_shown", "state_badge"]
    actions_detail = ["compare", "dismiss"]

    def has_compare_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_open(request, object_id, "merge")

    def has_dismiss_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._is_open(request, object_id, "dismiss")

    def _is_open(self, request: HttpRequest, object_id: str, verb: str) -> bool:
        pair = self.get_object(request, object_id)
        return pair is not None and self._may(request, LEADING) and verb in pair.open_moves()

    @action(description="Compare and merge", icon="merge", permissions=["compare"])
    def compare(self, request: HttpRequest, object_id: str) -> HttpResponse:
        pair = self.get_object(request, object_id)
        if pair.first.merged_into_id or pair.second.merged_into_id:
            messages.info(request, "One of the two was merged already.")
            return HttpResponseRedirect(reverse("admin:crm_duplicatecandidate_changelist"))

        def act(survivor: UUID, loser: UUID, **said: Any) -> None:
            merging.merge_pair(pair.pk, survivor_id=survivor, **said)

        extra = {
            "why": f"They share: {_words(pair.reasons)}.",
            "dismiss": reverse("admin:crm_duplicatecandidate_dismiss", args=[pair.pk]) if "dismiss" in pair.open_moves() else "",
            "back": reverse("admin:crm_duplicatecandidate_changelist"),
        }
        return comparing.page(self, request, pair.first, pair.second, act=act, extra=extra)

    @action(description="They are two", icon="call_split", permissions=["dismiss"])
    def dismiss(self, request: HttpRequest, object_id: str) -> HttpResponse:
        pair = self.get_object(request, object_id)
        return confirmed(
            self,
            request,
            pair,
            title=str(pair),
            question="These are two different contacts. The pair comes back only when the data of one of them changes.",
            button="They are two",
            act=lambda: duplicate_pairs.dismiss(pair.pk, by=who(request), now=timezone.now()),
            done="They stay two.",
        )

    @admin.display(description="contacts")
    def pair(self, pair: DuplicateCandidate) -> str:
        return str(pair)

    @admin.display(description="likely", ordering="score")
    def likely(self, pair: DuplicateCandidate) -> str:
        return f"{pair.score:.0%}"

    @admin.display(description="they share")
    def reasons_shown(self, pair: DuplicateCandidate) -> str:
        return _words(pair.reasons)

    @admin.display(description="state")
    def state_badge(self, pair: DuplicateCandidate) -> SafeString:
        return badge(pair.get_status_display(), TONES[pair.status])


@admin.register(MergeRecord)
class MergeRecordAdmin(ReadOnlyAdmin):
    """Contacts that were merged. Undo takes one back; what could not be put back is listed."""

    list_display = ["merged_at", "loser", "survivor", "state_badge", "by", "reason"]
    list_select_related = ["survivor", "loser", "by"]
    list_filter = ["status"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [
        ("loser", "survivor", "state_badge"), ("merged_at", "by", "reason"), "chosen", "moved_shown", ("undone_at", "undone_by"), "kept",
    ]  # fmt: skip
    readonly_fields = ["state_badge", "chosen", "moved_shown", "kept"]
    actions_detail = ["undo"]

    def has_undo_permission(self, request: HttpRequest, object_id: str) -> bool:
        merge = self.get_object(request, object_id)
        return merge is not None and self._may(request, LEADING) and "undo" in merge.open_moves()

    @action(description="Undo", icon="undo", permissions=["undo"])
    def undo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        merge = self.get_object(request, object_id)
        return confirmed(
            self,
            request,
            merge,
            title=f"Undo {merge}",
            question=f"{merge.loser} becomes a contact of its own again, with everything that came from it. "
            f"What happened since stays with {merge.survivor}.",
            button="Undo the merge",
            act=lambda: merging.undo(merge.pk, by=who(request), now=timezone.now()),
            done="They are two again.",
        )

    @admin.display(description="state")
    def state_badge(self, merge: MergeRecord) -> SafeString:
        return badge(merge.get_status_display(), TONES[merge.status])

    @admin.display(description="whose value was taken")
    def chosen(self, merge: MergeRecord) -> str:
        return ", ".join(f"{_word(name)}: {choice}" for name, choice in merge.choices.items()) or "–"

    @admin.display(description="what moved")
    def moved_shown(self, merge: MergeRecord) -> str:
        return ", ".join(f"{label.split('.')[1]}: {count}" for label, count in merge.counts.items()) or "–"

    @admin.display(description="kept as it was at the undo")
    def kept(self, merge: MergeRecord) -> str:
        if not merge.conflicts:
            return "–"
        lines = format_html_join("", "<li>{}</li>", [(_conflict(one),) for one in merge.conflicts])
        return format_html("<ul>{}</ul>", lines)


@admin.register(MovedRows)
class MovedRowsAdmin(ReadOnlyAdmin):
    """Which rows a merge moved."""

    list_display = ["merge", "relation"]
    list_select_related = ["merge__survivor", "merge__loser"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = ["merge", "relation"]


@admin.register(DuplicateWatch)
class DuplicateWatchAdmin(ReadOnlyAdmin):
    """How far the background has looked for duplicates."""

    list_display = ["__str__", "looked_at"]
    fields = ["changed_at", "contact_id", "looked_at", "identifying"]


def _word(name: str) -> str:
    return name.rpartition(".")[2].replace("_", " ")


def _words(reasons: list[str]) -> str:
    return ", ".join(_word(reason) for reason in reasons)


def _conflict(one: dict[str, Any]) -> str:
    """One line of the report of an undo."""
    match one["kind"]:
        case "edited_since":
            return f"{_word(one['what'])} was changed since, and stays “{one['value']}”; before the merge it was “{one['before']}”."
        case "removed_since":
            return f"{one['value']} ({one['what']}) was removed since, and is not given back."
        case "deleted_since" | "moved_since":
            return f"{one['what'].split('.')[1]}: {one['count']} {'deleted' if one['kind'] == 'deleted_since' else 'given to another contact'} since."
    return f"{_word(one['what'])}: {_word(one['kind'])}."
