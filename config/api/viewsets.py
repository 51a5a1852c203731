"""The base of every viewset, and the decorator of every verb."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, ClassVar, Literal, Protocol, cast
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_serializer
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.utils.urls import replace_query_param
from rest_framework.viewsets import GenericViewSet

from config.api import preconditions
from config.api.authentication import REALM
from config.api.idempotency import once
from config.api.pages import PAGE_PARAMETERS
from config.api.permissions import Permit
from config.api.rendering import Negotiation
from config.platform.errors import Refusal
from config.platform.models import ApiToken, User

PLAIN = {"list", "retrieve", "create", "partial_update", "destroy"}


class Visible(Protocol):
    """A queryset that can narrow itself to what somebody may see."""

    def visible_to(self, user: Any) -> Any: ...


class ByAccept(Negotiation):
    """The Accept header alone decides: ``?format=`` is an unknown parameter like any other."""

    settings = cast(Any, SimpleNamespace(URL_FORMAT_OVERRIDE=None))

    def select_renderer(self, request, renderers, format_suffix=None):
        """What nearly everybody accepts needs no weighing."""
        first = renderers[0]
        if request.META.get("HTTP_ACCEPT", "*/*") in ("*/*", first.media_type):
            return first, first.media_type
        return super().select_renderer(request, renderers, format_suffix)


class ApiViewSet(GenericViewSet):
    """Translates HTTP to one call of a capability and back. No rule lives in a subclass.

    A subclass gives ``queryset`` (with its joins and prefetches; ``visible_to`` narrows it), ``serializer_class`` and
    ``permits``; a list also ``filterset_class`` and ``ordering_fields``. ``parameters`` names the query parameters of
    actions that are not lists: any other parameter is 400.
    """

    permits: ClassVar[Mapping[str, Permit]] = {}
    parameters: ClassVar[Mapping[str, frozenset[str]]] = {}
    ordering_fields: ClassVar[Sequence[str]] = ()
    ordering: ClassVar[str] = "-id"
    filterset_class: ClassVar[Any] = None
    #: ``show`` reads the rows of the list itself, by their ids: its page is then dicts with ``id`` instead of objects.
    shows_by_id: ClassVar[bool] = False
    #: Actions that answer whatever ``Accept`` says: whoever wants a file asks for its own type, which no renderer makes.
    ignores_accept: ClassVar[frozenset[str]] = frozenset()
    content_negotiation_class = ByAccept

    def dispatch(self, request, *args, **kwargs):
        handler = getattr(self, "post", None)
        if handler is not None:
            self.post = functools.partial(self._once, handler)
        return super().dispatch(request, *args, **kwargs)

    def _once(self, handler: Callable[..., Response], request: Request, *args: Any, **kwargs: Any) -> Response:
        if request.user is None:  # signing in, or an event that its own signature vouches for: neither has an owner for a key
            return handler(request, *args, **kwargs)
        return once(request, lambda: handler(request, *args, **kwargs))

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.refuse_unknown_parameters(request)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        return super().perform_content_negotiation(request, force or getattr(self, "action", "") in self.ignores_accept)

    def refuse_unknown_parameters(self, request: Request) -> None:
        """A misspelt parameter must not return everything, so it is 400 and the known ones are named."""
        given = request.query_params
        if not given:
            return
        known = self.known_parameters()
        unknown = sorted(name for name in given if name not in known)
        if unknown:
            hint = f"Unknown parameter. Known here: {', '.join(sorted(known)) or 'none'}."
            raise ValidationError({name[:80]: [hint] for name in unknown[:20]}, code="unknown_parameter")

    def known_parameters(self) -> frozenset[str]:
        """The query parameters of the present action."""
        own = self.parameters.get(self.action or "", frozenset())
        if self.action != "list":
            return own
        return own | PAGE_PARAMETERS | frozenset(self.filterset_class.base_filters if self.filterset_class else ())

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        limit = getattr(request, "rate_limit", None)
        if limit:
            response.headers["RateLimit-Limit"], response.headers["RateLimit-Remaining"], response.headers["RateLimit-Reset"] = map(
                str, limit
            )
        return response

    def get_authenticate_header(self, request: Request) -> str:
        """What a 401 asks for, also where nobody need be known (signing in)."""
        return REALM

    # --- what a verb needs
    @property
    def user(self) -> User:
        """Who asks. Only for actions that are not open to everybody."""
        return cast(User, self.request.user)

    @property
    def token(self) -> ApiToken | None:
        """The token that was used, or None for somebody signed in to the admin."""
        return self.request.auth if isinstance(self.request.auth, ApiToken) else None

    @property
    def by(self) -> dict[str, Any]:
        """The two last arguments of every capability: who and when."""
        return {"by": self.request.user, "now": timezone.now()}

    @property
    def if_version(self) -> int | None:
        """The version that If-Match names."""
        return preconditions.if_version(self.request)

    def all_rows(self) -> Any:
        """All rows with what the serializer shows, whoever asks. Override it to annotate."""
        return super().get_queryset()

    def get_queryset(self):
        """What the caller may see. A table whose queryset has no ``visible_to`` is common to all who may read it."""
        rows = self.all_rows()
        return cast(Visible, rows).visible_to(self.request.user) if hasattr(rows, "visible_to") else rows

    def read(self, serializer_class: type[BaseSerializer], *, partial: bool = False) -> dict[str, Any]:
        """The body, checked and converted, as keyword arguments for a capability."""
        serializer = serializer_class(data=self.request.data, partial=partial, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def show(self, page: Sequence[Any]) -> Any:
        """A page as the API shows it. A hot list overrides this and ``get_queryset`` to show rows instead of objects."""
        return self.get_serializer(page, many=True).data

    def respond(self, row: Any, status: int = 200, *, location: bool = False) -> Response:
        """The row as the API shows it. Read back whole, for whoever changed it may not see it any more."""
        fresh = self.all_rows().get(pk=row.pk)
        headers = {"ETag": preconditions.etag(fresh.version)}
        if location:
            headers["Location"] = self.request.build_absolute_uri(f"{self.request.path.rstrip('/')}/{row.pk}/")
        return Response(self.get_serializer(fresh).data, status=status, headers=headers)

    def respond_list(self, queryset: Any) -> Response:
        """One keyset page of ``queryset``."""
        page = self.paginate_queryset(self.filter_queryset(queryset))
        return self.get_paginated_response(self.show(page or []))

    def respond_ranked(self, ids: Sequence[UUID]) -> Response:
        """A page of a search: the filters hold, but the order is that of fitting, so the cursor is the last id shown."""
        size, last = self.paginator._page_size(self.request), self.request.query_params.get("cursor")
        allowed = set(self.filter_queryset(self.get_queryset()).filter(pk__in=ids).order_by().values_list("pk", flat=True))
        ids = [one for one in ids if one in allowed]
        start = 0
        if last is not None:
            positions = {str(one): index for index, one in enumerate(ids)}
            if last not in positions:
                raise ValidationError({"cursor": ["This cursor does not belong to this search: begin at the first page."]})
            start = positions[last] + 1
        page = ids[start : start + size]
        has_more = len(ids) > start + size
        link = replace_query_param(self.request.build_absolute_uri(), "cursor", str(page[-1])) if has_more else None
        return Response({"results": self.show_ids(page), "next": link, "previous": None})

    def show_ids(self, ids: Sequence[UUID]) -> Any:
        """The rows with these ids, in this order, as the API shows them."""
        found = self.all_rows().in_bulk(list(ids))
        return self.get_serializer([found[one] for one in ids if one in found], many=True).data

    def respond_one(self, row: Any) -> Response:
        """The row with its ETag, or 304 when the caller has it."""
        headers = {"ETag": preconditions.etag(row.version)}
        if preconditions.not_modified(self.request, row.version):
            return Response(status=304, headers=headers)
        return Response(self.get_serializer(row).data, headers=headers)


class ReadViewSet(ApiViewSet):
    """A viewset whose list and detail come for free."""

    def list(self, request: Request) -> Response:
        return self.respond_list(self.get_queryset())

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.respond_one(self.get_object())


def operation(
    *,
    body: Any = None,
    answer: Any = None,
    status: int = 200,
    refusals: Sequence[type[Refusal | APIException]] = (),
    detail: bool = True,
    method: Literal["get", "post", "patch", "delete"] = "post",
    path: str | None = None,
    name: str = "",
    **schema: Any,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The route, the schema and the documented refusals of an action, from one line and its docstring.

    ``create``, ``partial_update`` and the like have their routes already; any other name becomes a sub-resource in
    kebab-case. The docstring's first line is the summary, the rest the description.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        doc = inspect.getdoc(function) or ""
        summary, _, description = doc.partition("\n")
        done = {status: answer if answer is not None else OpenApiResponse(description="Done; no body.")}
        answers: dict[Any, Any] = dict(answer) if isinstance(answer, dict) else done
        if function.__name__ not in PLAIN:
            url = path if path is not None else function.__name__.replace("_", "-")
            function = action(detail=detail, methods=[method], url_path=url)(function)
        if body is not None:
            schema["request"] = body
        elif method != "get":
            schema.setdefault("request", None)
        function.refusals = tuple(refusals)  # type: ignore[attr-defined]  # read by config.api.schema
        return extend_schema(summary=summary.rstrip("."), description=description.strip() or summary, responses=answers, **schema)(function)

    return decorate


def example(
    value: Any, *, name: str = "Example", request: bool = True, response: bool = True, media_type: str = "application/json"
) -> Callable[[type[Serializer]], type[Serializer]]:
    """Show ``value`` in the schema wherever the serializer is used."""
    codes = ["200", "201", "202"]
    words: dict[str, Any] = {"request_only": not response, "response_only": not request, "status_codes": codes, "media_type": media_type}
    return extend_schema_serializer(examples=[OpenApiExample(name, value=value, **words)])


def text_example(value: str, media_type: str) -> list[OpenApiExample]:
    """Show a file of text as what it is, for an operation that answers with one."""
    return [OpenApiExample("Example", value=value, media_type=media_type, response_only=True, status_codes=["200"])]
