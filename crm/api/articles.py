"""/articles/ over HTTP: what operators read, and what editors write."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import Http404
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from config.api.filters import FilterSet
from config.api.pages import SUBLIST_PARAMETERS
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, operation
from config.platform.models import PEOPLE, Role, Scope
from config.platform.moves import TransitionNotAllowed, VersionConflict
from crm import knowledge, knowledge_search, topic_tree
from crm.api.article_bodies import (
    ArticleBody,
    ArticleSerializer,
    ReasonBody,
    RevertBody,
    VersionSerializer,
    WholeArticleSerializer,
)
from crm.models import Article, ArticleVersion, Topic
from crm.models.articles import EDITORS
from crm.plain_text import plain_text

READ = allow(*PEOPLE, scope=Scope.KNOWLEDGE_READ)
WRITE = allow(*EDITORS)


class ArticleFilter(FilterSet):
    topic = filters.CharFilter(method="about", help_text="Code; with the topics below it.")
    audience = filters.ChoiceFilter(choices=Article.Audience.choices)
    language = filters.CharFilter(method="spoken", help_text="BCP 47: `en` is any English, `en-PH` only that.")
    status = filters.ChoiceFilter(
        choices=ArticleVersion.Status.choices, method="at_status", help_text="Has a version of this status; `archived`: as a whole."
    )
    review_due = filters.BooleanFilter(method="due", help_text="true: `review_at` has come.")
    owner = filters.UUIDFilter(field_name="owner_id", help_text="Id of a user.")
    group = filters.UUIDFilter(help_text="The translations of one another.")
    slug = filters.CharFilter()

    class Meta:
        model = Article
        fields = ["audience", "slug"]

    def about(self, queryset, name, value):
        topics = topic_tree.below(Topic.objects.filter(code=value).values_list("pk", flat=True))
        return queryset.filter(pk__in=Article.topics.through.objects.filter(topic__in=list(topics)).values("article"))

    def spoken(self, queryset, name, value):
        return queryset.filter(Q(language=value) | Q(language__startswith=f"{value}-"))

    def at_status(self, queryset, name, value):
        if value == ArticleVersion.Status.ARCHIVED:
            return queryset.filter(is_archived=True)
        return queryset.filter(pk__in=ArticleVersion.objects.filter(status=value).values("article"))

    def due(self, queryset, name, value):
        now = timezone.now()
        return queryset.filter(review_at__lte=now, is_archived=False) if value else queryset.exclude(review_at__lte=now)


class ArticleViewSet(ReadViewSet):
    """Articles: what operators read to callers."""

    resource = "articles"
    lookup_value_regex = "[0-9A-Fa-f-]{36}"
    queryset = Article.objects.for_api()
    serializer_class = WholeArticleSerializer
    filterset_class = ArticleFilter
    ordering_fields = ("slug", "updated_at")
    parameters = {"list": frozenset({"search"}), "retrieve": frozenset({"version"}), "versions": SUBLIST_PARAMETERS}
    permits = {
        "list": READ,
        "retrieve": READ,
        "versions": WRITE,
        "create": WRITE,
        "partial_update": WRITE,
        "submit": WRITE,
        "send_back": WRITE,
        "publish": WRITE,
        "archive": WRITE,
        "revert_to": WRITE,
    }

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "sees_drafts": self.request.user and self.user.role in EDITORS}

    def show(self, page) -> Any:
        return ArticleSerializer(page, many=True, context=self.get_serializer_context()).data

    @operation(
        answer=ArticleSerializer(many=True),
        method="get",
        refusals=[knowledge_search.QuestionTooShort],
        parameters=[
            OpenApiParameter(
                "search",
                str,
                description="What the caller asks, in any form and spelling, the last word perhaps half typed. Published and valid "
                f"articles, best first, the best {knowledge_search.MOST} at most; `ordering` and `count` do not apply.",
            )
        ],
    )
    def list(self, request) -> Response:
        """Articles

        Operators get what is published and valid today, integrations of that what is meant for customers; editors (supervisors, back
        office, administrators) all. Newest first; with `search` the best fitting. A search that finds nothing is kept as a question
        that waits for an answer.
        """
        text = request.query_params.get("search", "").strip()
        return self.ranked(text) if text else super().list(request)

    def ranked(self, text: str) -> Response:
        """A page of a search: in the order of fitting, so the cursor is the last id shown."""
        size, last = self.paginator._page_size(self.request), self.request.query_params.get("cursor")
        allowed_rows = self.filter_queryset(self.get_queryset())  # first: it looks whether the parameters can be read
        found = knowledge_search.ask(text, **self.narrowed(), **self.by)
        allowed = set(allowed_rows.filter(pk__in=found.articles).values_list("pk", flat=True))
        ids = [one for one in found.articles if one in allowed]
        positions = {str(one): index for index, one in enumerate(ids)}
        if last is not None and last not in positions:
            raise ValidationError({"cursor": ["This cursor does not belong to this search: begin at the first page."]})
        start = positions[last] + 1 if last is not None else 0
        page = ids[start : start + size]
        url = self.request.build_absolute_uri()
        next_page = replace_query_param(url, "cursor", str(page[-1])) if page and len(ids) > start + size else None
        return Response({"results": self.found(found, page), "next": next_page, "previous": None})

    def narrowed(self) -> dict[str, Any]:
        """The filters that the search itself takes, so that the best two hundred are of those that may be shown."""
        given, now_for_customers = self.request.query_params, self.user.role == Role.INTEGRATION
        topic = given.get("topic")
        return {
            "language": given.get("language", "")[:12],
            "only_language": given.get("language", "")[:12],
            "audience": Article.Audience.CUSTOMER if now_for_customers else given.get("audience", ""),
            "topics": list(Topic.objects.filter(code=topic).values_list("pk", flat=True)) if topic else None,
        }

    def found(self, found: knowledge_search.Found, page: Sequence[UUID]) -> Any:
        """The articles of a page with the words that were found in them."""
        rows = Article.objects.for_api().in_bulk(page)
        texts = {}
        for article in (rows[one] for one in page if one in rows):
            for version in article.alive_versions:
                if version.pk == found.versions[article.pk]:
                    texts[article.pk] = (article.language, f"{version.title}. {version.short_answer} {plain_text(version.body)}")
        context = self.get_serializer_context() | {"snippets": knowledge_search.snippets(found, texts)}
        return ArticleSerializer([rows[one] for one in page if one in rows], many=True, context=context).data

    @operation(
        answer=WholeArticleSerializer,
        method="get",
        parameters=[OpenApiParameter("version", int, description="The number of a version; operators see the published one only.")],
    )
    def retrieve(self, request, pk) -> Response:
        """One article

        With the text of its published version; editors see the draft where none is published, and any version by `version`.
        """
        article = self.get_object()
        asked = request.query_params.get("version")
        if asked is None:
            return self.respond_one(article)
        if not (asked.isascii() and asked.isdigit() and len(asked) < 8):
            raise ValidationError({"version": ["version is the number of a version."]})
        version = article.versions.select_related("author", "reviewer").filter(number=int(asked)).first()
        if version is None or (self.user.role not in EDITORS and version.status != ArticleVersion.Status.PUBLISHED):
            raise Http404
        context = self.get_serializer_context() | {"version": version}
        return Response(WholeArticleSerializer(article, context=context).data)

    @operation(answer=VersionSerializer(many=True), method="get", filters=False)
    def versions(self, request, pk) -> Response:
        """The versions of an article

        Newest first, without their bodies: `GET /articles/{id}/?version=` has the whole text.
        """
        found = self.get_object().versions.select_related("author", "reviewer")
        return self.get_paginated_response(VersionSerializer(self.paginate_queryset(found), many=True).data)

    @operation(body=ArticleBody, answer=WholeArticleSerializer, status=201)
    def create(self, request) -> Response:
        """Write an article

        Its first version is a draft: nobody reads it to a caller before it was submitted and published.
        """
        return self.respond(knowledge.write(**self.read(ArticleBody), **self.by), 201, location=True)

    @operation(body=ArticleBody(partial=True), answer=WholeArticleSerializer, refusals=[VersionConflict, knowledge.VersionInReview])
    def partial_update(self, request, pk) -> Response:
        """Change an article

        Only what you send is changed. What it says (title, short answer, body, keywords, validity) changes in its draft: one is begun
        from the published version if there is none, and callers hear the published one until the draft is published.
        """
        return self.done(knowledge.revise, **self.read(ArticleBody, partial=True))

    @operation(answer=WholeArticleSerializer, refusals=[VersionConflict, TransitionNotAllowed, knowledge.NoOpenVersion])
    def submit(self, request, pk) -> Response:
        """Hand the draft to a reviewer"""
        return self.done(knowledge.submit)

    @operation(body=ReasonBody, answer=WholeArticleSerializer, refusals=[VersionConflict, TransitionNotAllowed, knowledge.NoOpenVersion])
    def send_back(self, request, pk) -> Response:
        """Send a version back to its author"""
        return self.done(knowledge.send_back, **self.read(ReasonBody))

    @operation(
        answer=WholeArticleSerializer,
        refusals=[
            VersionConflict, TransitionNotAllowed, knowledge.NoOpenVersion, knowledge.ReviewedByItsAuthor, knowledge.NotFitToPublish,
        ],
    )  # fmt: skip
    def publish(self, request, pk) -> Response:
        """Publish what is in review

        What was published until now goes to the archive in the same moment: there is one published version at a time, and it never
        changes.
        """
        return self.done(knowledge.publish)

    @operation(body=ReasonBody, answer=WholeArticleSerializer, refusals=[VersionConflict])
    def archive(self, request, pk) -> Response:
        """Take an article off the shelf

        What is published and what is being written go to the archive. Publishing a new version brings the article back.
        """
        return self.done(knowledge.archive, **self.read(ReasonBody))

    @operation(
        body=RevertBody, answer=WholeArticleSerializer, refusals=[VersionConflict, knowledge.NoSuchVersion, knowledge.VersionInReview]
    )
    def revert_to(self, request, pk) -> Response:
        """Go back to what an earlier version said

        Makes the draft say it; submit and publish it like any draft.
        """
        return self.done(knowledge.revert_to, **self.read(RevertBody))

    def done(self, verb: Any, **fields: Any) -> Response:
        """The article after one of its verbs."""
        return self.respond(verb(self.get_object().pk, **fields, if_version=self.if_version, **self.by))
