"""Articles: written, reviewed and published in the admin by the same rules as everywhere."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.postgres.forms import SimpleArrayField
from django.contrib.postgres.search import SearchQuery
from django.db import models
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSplitDateTimeWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from config.platform.admin_base import AuditedAdmin, ReadOnlyAdmin, badge, confirmed, who
from config.platform.admin_base.pages import LEADING, NOBODY
from crm import knowledge, knowledge_search
from crm.knowledge_words import bare
from crm.models import Article, ArticleTally, ArticleVersion, ArticleWord
from crm.plain_text import plain_text

TONES = {"draft": "plain", "in_review": "warn", "published": "good", "archived": "bad"}
OF_THE_ARTICLE = ["slug", "audience", "language", "topics", "owner", "review_at"]


class ArticleForm(forms.ModelForm):
    """The article and the text of its draft, or of what a draft would begin from."""

    title = forms.CharField(max_length=200, widget=UnfoldAdminTextInputWidget)
    short_answer = forms.CharField(
        max_length=600, required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}), help_text="Read aloud as it stands."
    )
    body = forms.CharField(
        max_length=50_000,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 14}),
        help_text="Markdown; HTML in it is only text.",
    )
    keywords = SimpleArrayField(
        forms.CharField(max_length=50), required=False, max_length=50, widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "courier, waiting"}),
        help_text="Words that callers say and the text does not.",
    )  # fmt: skip
    valid_from = forms.SplitDateTimeField(required=False, widget=UnfoldAdminSplitDateTimeWidget)
    valid_until = forms.SplitDateTimeField(required=False, widget=UnfoldAdminSplitDateTimeWidget)
    change_note = forms.CharField(max_length=300, required=False, widget=UnfoldAdminTextInputWidget)
    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    translation_of = forms.CharField(
        max_length=100, required=False, widget=UnfoldAdminTextInputWidget,
        help_text="Slug of the article that says the same in another language. Only for a new article.",
    )  # fmt: skip

    class Meta:
        model = Article
        fields = OF_THE_ARTICLE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            return
        self.initial["seen_version"] = self.instance.version
        alive = sorted(self.instance.versions.alive(), key=lambda version: version.number)
        version = alive[-1] if alive else self.instance.versions.order_by("-number").first()
        for name in knowledge.TEXT:
            is_new = name == "change_note" and version.status != ArticleVersion.Status.DRAFT
            self.initial[name] = "" if is_new else getattr(version, name)
            if name in self.fields and version.status == ArticleVersion.Status.IN_REVIEW:
                self.fields[name].disabled = True

    def clean_translation_of(self) -> Article | None:
        slug = self.cleaned_data["translation_of"].replace("\0", "").strip()
        if not slug or not self.instance._state.adding:
            return None
        found = Article.objects.filter(slug=slug).order_by("pk").first()
        if found is None:
            raise forms.ValidationError("There is no article with this slug.")
        return found

    def clean_short_answer(self) -> str:
        return self.cleaned_data["short_answer"].replace("\r\n", "\n")

    def clean_body(self) -> str:
        return self.cleaned_data["body"].replace("\r\n", "\n")

    @property
    def changed(self) -> list[str]:
        """What differs from what was shown; browsers end lines in another way than we do, which is no change."""
        return [name for name in self.changed_data if name == "topics" or self.cleaned_data.get(name) != self.initial.get(name)]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        begins, ends = given.get("valid_from"), given.get("valid_until")
        if begins and ends and ends <= begins:
            self.add_error("valid_until", "It ends before it begins.")
        return given


class VersionInline(TabularInline):
    """All that was ever said."""

    model = ArticleVersion
    verbose_name_plural = "Versions"
    fields = readonly_fields = ["number", "status", "title", "change_note", "author", "reviewer", "published_at"]
    ordering = ["-number"]
    extra = max_num = 0
    can_delete = False
    hide_title = True
    show_change_link = True
    tab = True

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related("author", "reviewer")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return [("due", "Review is due"), *ArticleVersion.Status.choices]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        state = self.value()
        if state == "due":
            return queryset.filter(review_at__lte=timezone.now(), is_archived=False)
        if state == ArticleVersion.Status.ARCHIVED:
            return queryset.filter(is_archived=True)
        return queryset.filter(pk__in=ArticleVersion.objects.filter(status=state).values("article")) if state else queryset


@admin.register(Article)
class ArticleAdmin(AuditedAdmin):
    """What operators read to callers."""

    may_delete = NOBODY
    actions = None
    form = ArticleForm
    list_display = ["title", "slug", "language", "audience", "state", "owner", "review_at"]
    list_select_related = ["owner"]
    list_filter = [StateFilter, "audience", ("owner", AutocompleteSelectFilter)]
    search_fields = ["slug"]
    search_help_text = "By what callers ask, in any form and spelling, or by the beginning of the slug"
    ordering = ["-id"]
    sortable_by: list[str] = []
    autocomplete_fields = ["topics", "owner"]
    inlines = [VersionInline]
    actions_detail = ["submit", "send_back", "publish", "archive"]
    change_form_outer_after_template = "admin/article_preview.html"
    fieldsets = [
        (None, {"fields": ["title", "short_answer", "body", "keywords", ("valid_from", "valid_until"), "change_note"]}),
        (
            "Where it belongs",
            {"fields": [("slug", "language", "audience"), "topics", ("owner", "review_at"), "translation_of", "seen_version"]},
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Article]:
        alive = models.Prefetch("versions", queryset=ArticleVersion.objects.alive().order_by("number"), to_attr="alive_versions")
        return super().get_queryset(request).prefetch_related(alive)

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        """Published ones as operators find them, and those that are still being written by their words."""
        words = SearchQuery(bare(text[:300]), config="simple", search_type="websearch")
        drafts = list(ArticleVersion.objects.alive().filter(search=words).values_list("article", flat=True)[:100])
        ids = [*knowledge_search.find(text, now=timezone.now()).articles, *drafts]
        return queryset.filter(Q(pk__in=ids) | Q(slug__startswith=text.lower()))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        article = self.get_object(request, object_id)
        shown = [(version, plain_text(version.body)) for version in article.alive_versions] if article else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "previews": shown})

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        """Written in ``save_related``, when the topics are known."""

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: list[Any], change: bool) -> None:
        given, by, now = form.cleaned_data, who(request), timezone.now()
        if not change:
            fields = {name: given[name] for name in (*OF_THE_ARTICLE, *knowledge.TEXT)}
            form.instance.pk = knowledge.write(
                **fields | {"topics": list(given["topics"]), "translation_of": given["translation_of"]}, by=by, now=now
            ).pk
            return
        fields = {name: given[name] for name in form.changed if name in (*OF_THE_ARTICLE, *knowledge.TEXT)}  # type: ignore[attr-defined]
        if "topics" in fields:
            fields["topics"] = list(fields["topics"])
        if fields:
            knowledge.revise(form.instance.pk, if_version=given["seen_version"], by=by, now=now, **fields)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> list[Any]:
        return []

    def _open(self, request: HttpRequest, object_id: str, verb: str) -> bool:
        article = self.get_object(request, object_id)
        return (
            article is not None and self.has_change_permission(request) and any(verb in one.open_moves() for one in article.alive_versions)
        )

    def has_submit_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._open(request, object_id, "submit")

    def has_send_back_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._open(request, object_id, "send_back")

    def has_publish_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._open(request, object_id, "publish")

    def has_archive_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._open(request, object_id, "archive")

    def _ask(self, request: HttpRequest, object_id: str, verb: Any, *, question: str, button: str, done: str) -> HttpResponse:
        article = self.get_object(request, object_id)
        return confirmed(
            self, request, article, title=f"{button}: {article}", question=question, button=button, done=done,
            act=lambda: verb(article.pk, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @action(description="Submit", icon="outgoing_mail", permissions=["submit"])
    def submit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = "The draft goes to whoever reviews it; it cannot be changed until it is sent back."
        return self._ask(request, object_id, knowledge.submit, question=question, button="Submit", done="It waits for its review.")

    @action(description="Send back", icon="undo", permissions=["send_back"])
    def send_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = "It becomes a draft again, to be changed."
        return self._ask(request, object_id, knowledge.send_back, question=question, button="Send back", done="It is a draft again.")

    @action(description="Publish", icon="publish", permissions=["publish"])
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = (
            "Operators read it to callers from now on; what they read until now goes to the archive. It cannot be changed afterwards."
        )
        return self._ask(request, object_id, knowledge.publish, question=question, button="Publish", done="It is published.")

    @action(description="Archive", icon="archive", permissions=["archive"])
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        question = "Nobody reads it to callers any more. Publishing a new version brings it back."
        return self._ask(request, object_id, knowledge.archive, question=question, button="Archive", done="It is in the archive.")

    @admin.display(description="title")
    def title(self, article: Article) -> str:
        return article.alive_versions[0].title if article.alive_versions else article.slug

    @admin.display(description="state")
    def state(self, article: Article) -> SafeString:
        if not article.alive_versions:
            return badge("Archived", TONES["archived"])
        last = article.alive_versions[-1]
        text = last.get_status_display() if len(article.alive_versions) == 1 else f"Published, {last.get_status_display().lower()}"
        return badge(text, TONES[last.status])


@admin.register(ArticleVersion)
class ArticleVersionAdmin(ReadOnlyAdmin):
    """What articles said and say. Come here from an article."""

    list_display = ["article", "number", "title", "status_badge", "author", "reviewer", "published_at"]
    list_select_related = ["article", "author", "reviewer"]
    ordering = ["-id"]
    sortable_by: list[str] = []
    fields = [
        ("article", "number", "status"), "title", "short_answer", "body", "keywords", ("valid_from", "valid_until", "published_at"),
        ("author", "reviewer"), "change_note",
    ]  # fmt: skip
    actions_detail = ["revert"]

    def has_revert_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self._may(request, LEADING)

    @action(description="Say this again", icon="history", permissions=["revert"])
    def revert(self, request: HttpRequest, object_id: str) -> HttpResponse:
        version = self.get_object(request, object_id)
        return confirmed(
            self, request, version, title=f"Say version {version.number} again", button="Make it the draft", done="It is the draft now.",
            question="The draft of the article will say what this version says; somebody reviews and publishes it.",
            act=lambda: knowledge.revert_to(version.article_id, number=version.number, by=who(request), now=timezone.now()),
        )  # fmt: skip

    @admin.display(description="state")
    def status_badge(self, version: ArticleVersion) -> SafeString:
        return badge(version.get_status_display(), TONES[version.status])


@admin.register(ArticleTally)
class ArticleTallyAdmin(ReadOnlyAdmin):
    """How often articles were read, and whether they helped."""

    list_display = ["article", "used", "helpful", "unhelpful"]
    list_select_related = ["article"]
    ordering = ["-used", "article"]
    sortable_by: list[str] = []


@admin.register(ArticleWord)
class ArticleWordAdmin(ReadOnlyAdmin):
    """Words of articles, as the search knows them."""

    list_display = ["word"]
    search_fields = ["word"]
    search_help_text = "By the beginning of the word"
    ordering = ["word"]

    def found(self, request: HttpRequest, queryset: models.QuerySet[Any], text: str) -> models.QuerySet[Any]:
        return queryset.filter(word__startswith=bare(text))
