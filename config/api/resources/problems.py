"""/problems/: every error code and what to do about it."""

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.response import Response

from config.api.permissions import ANYBODY
from config.api.problems import catalogue
from config.api.viewsets import ApiViewSet, example, operation


@example(
    {
        "code": "version_conflict",
        "status": 412,
        "meaning": "Somebody changed the row after you read it. Read it again, then change it.",
    }
)
class ProblemKindSerializer(serializers.Serializer):
    code = serializers.CharField()
    status = serializers.IntegerField()
    meaning = serializers.CharField()


class ProblemViewSet(ApiViewSet):
    """Error codes."""

    resource = "problems"
    serializer_class = ProblemKindSerializer
    pagination_class = None
    authentication_classes = ()
    lookup_field = "code"
    lookup_value_regex = "[a-z0-9_]+"
    permits = {"list": ANYBODY, "retrieve": ANYBODY}

    def known_parameters(self) -> frozenset[str]:
        return frozenset()

    @operation(answer=ProblemKindSerializer(many=True), method="get", auth=[], filters=False)
    def list(self, request) -> Response:
        """Error codes

        Every `code` that an answer may carry.
        """
        return Response([shown(code, status, meaning) for code, (status, meaning) in catalogue().items()])

    @operation(answer=ProblemKindSerializer, method="get", auth=[], parameters=[OpenApiParameter("code", str, OpenApiParameter.PATH)])
    def retrieve(self, request, code) -> Response:
        """One error code

        Where the `type` of a problem leads.
        """
        known = catalogue()
        if code not in known:
            raise Http404
        return Response(shown(code, *known[code]))


def shown(code: str, status: int, meaning: str) -> dict[str, object]:
    """One line of the catalogue."""
    return {"code": code, "status": status, "meaning": meaning}
