"""/problems/: every error code and what to do about it. Programs get JSON, whoever opens the address in a browser a page."""

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import get_template
from django.utils.cache import patch_vary_headers
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.response import Response

from config.api.explaining import Explained, explained
from config.api.permissions import ANYBODY
from config.api.viewsets import ApiViewSet, ByAccept, example, operation

PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
OF_THE_BODY = {"content-type", "content-length"}
#: what is answered as a page; every other answer stays a problem, also to a browser
SHOWN = {200, 404}


def prefers_page(request: HttpRequest) -> bool:
    """Whether HTML is wanted more than JSON. Who takes either, or whose header cannot be read, is a program."""
    try:
        page, data = request.accepted_type("text/html"), request.accepted_type("application/json")
    except (ValueError, LookupError):  # too long, or a parameter in an encoding that does not exist
        return False
    return page is not None and (data is None or page.quality > data.quality)


class PageOrJson(ByAccept):
    """Whoever prefers a page is answered as JSON first; ``ProblemViewSet.finalize_response`` makes a page of it."""

    def select_renderer(self, request, renderers, format_suffix=None):
        """JSON for whoever will get a page: HTML alone must not be 406 here."""
        if prefers_page(request._request):
            return renderers[0], renderers[0].media_type
        return super().select_renderer(request, renderers, format_suffix)


@example(
    {
        "code": "version_conflict",
        "status": 412,
        "meaning": "Somebody changed the row after you read it. Read it again, then change it.",
        "advice": "Read the row again, look at what changed, and repeat your change with the new `ETag` in `If-Match`.",
    }
)
class ProblemKindSerializer(serializers.Serializer):
    code = serializers.CharField(help_text="Stable: a program may switch on it.")
    status = serializers.IntegerField(help_text="The HTTP status of answers with this code.")
    meaning = serializers.CharField(help_text="What it says about the request. Words between backticks are names of the API.")
    advice = serializers.CharField(help_text="What to do now, in a sentence or two.")


class ProblemViewSet(ApiViewSet):
    """Error codes."""

    resource = "problems"
    serializer_class = ProblemKindSerializer
    pagination_class = None
    authentication_classes = ()
    content_negotiation_class = PageOrJson
    lookup_field = "code"
    lookup_value_regex = "[a-z0-9_]+"
    permits = {"list": ANYBODY, "retrieve": ANYBODY}

    def known_parameters(self) -> frozenset[str]:
        return frozenset()

    def finalize_response(self, request, response, *args, **kwargs):
        """The same as a page, for whoever prefers one."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if response.status_code in SHOWN and request.method in ("GET", "HEAD") and prefers_page(request._request):
            response = as_page(response, kwargs.get("code"))
        patch_vary_headers(response, ["Accept"])
        return response

    @operation(answer=ProblemKindSerializer(many=True), method="get", auth=[], filters=False)
    def list(self, request) -> Response:
        """Error codes

        Every `code` that an answer may carry, what it means, and what to do about it.
        """
        return Response([shown(one) for one in explained().values()])

    @operation(answer=ProblemKindSerializer, method="get", auth=[], parameters=[OpenApiParameter("code", str, OpenApiParameter.PATH)])
    def retrieve(self, request, code) -> Response:
        """One error code

        Where the `type` of a problem leads.
        """
        known = explained()
        if code not in known:
            raise Http404
        return Response(shown(known[code]))


def shown(one: Explained) -> dict[str, object]:
    """One line of the catalogue."""
    return {"code": one.code, "status": one.status, "meaning": one.meaning, "advice": one.remedy}


def as_page(response: HttpResponse, code: str | None) -> HttpResponse:
    """The catalogue, one code of it, or that there is none of this name, as HTML."""
    known = explained()
    context: dict[str, Any] = {"code": code, "one": known.get(code or "")}
    if code is None:  # those that are seldom met come last
        context["all"] = [(one, marked(one.meaning)) for one in sorted(known.values(), key=lambda one: (one.kind == "guard", one.code))]
    if one := context["one"]:
        context |= {"meaning": marked(one.meaning), "remedy": marked(one.remedy)}
    kept = {name: value for name, value in response.items() if name.lower() not in OF_THE_BODY}
    page = get_template("problem.html").render(context)
    return HttpResponse(page, status=response.status_code, headers={**kept, **PAGE_HEADERS})


def marked(text: str) -> SafeString:
    """The text, escaped, with what stands between backticks as code."""
    parts = re.split(r"`+([^`]+)`+", text)
    return format_html_join(
        "", "{}{}", ((word, _code(parts[at + 1]) if at + 1 < len(parts) else "") for at, word in enumerate(parts) if at % 2 == 0)
    )


def _code(text: str) -> SafeString:
    return format_html_join("", "<code>{}</code>", [(text,)])
