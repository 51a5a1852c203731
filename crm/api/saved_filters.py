"""/saved-filters/ over HTTP."""

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response

from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, example, operation
from config.platform.models import PEOPLE, Scope
from config.platform.moves import VersionConflict
from crm import saved_filters
from crm.contact_filters import FilterInvalid
from crm.models import SavedFilter
from crm.searching import SearchTooShort

READ = allow(*PEOPLE, scope=Scope.CONTACTS_READ)
WRITE = allow(*PEOPLE, scope=Scope.CONTACTS_WRITE)
ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
KEPT = {
    "entity": "contacts",
    "name": "Clients in Manila",
    "query": {"lifecycle": "client", "time_zone": ["Asia/Manila"]},
    "is_shared": True,
}
QUERY = 'Names and values as the list takes them: `{"lifecycle": ["lead", "client"], "not_tag": "vip"}`.'


@example({"id": ID, **KEPT, "owner": ID, "created_at": "2026-11-23T07:00:00Z", "version": 1})
class SavedFilterSerializer(serializers.ModelSerializer):
    query = serializers.DictField(help_text=QUERY)

    class Meta:
        model = SavedFilter
        fields = ["id", "entity", "name", "query", "is_shared", "owner", "created_at", "version"]
        read_only_fields = fields


@example(KEPT)
class SavedFilterBody(serializers.Serializer):
    entity = serializers.CharField(max_length=30, help_text="The list it is for: contacts, calls.")
    name = serializers.CharField(max_length=100)
    query = serializers.DictField(help_text=QUERY)
    is_shared = serializers.BooleanField(default=False, help_text="Everybody sees it.")


@example({"name": "Clients of the islands", "query": {"lifecycle": "client", "region": "PH"}})
class SavedFilterChangeBody(serializers.Serializer):
    name = serializers.CharField(max_length=100, required=False)
    query = serializers.DictField(required=False, help_text=QUERY)
    is_shared = serializers.BooleanField(required=False)


class SavedFilterFilter(FilterSet):
    entity = filters.CharFilter()
    is_shared = filters.BooleanFilter()

    class Meta:
        model = SavedFilter
        fields = ["entity"]


class SavedFilterViewSet(ReadViewSet):
    """Filters that people keep."""

    resource = "saved_filters"
    queryset = SavedFilter.objects.all()
    serializer_class = SavedFilterSerializer
    filterset_class = SavedFilterFilter
    permits = {"list": READ, "retrieve": READ, "create": WRITE, "partial_update": WRITE, "destroy": WRITE}

    @operation(answer=SavedFilterSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Saved filters

        One's own and those that are shared.
        """
        return super().list(request)

    @operation(answer=SavedFilterSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One saved filter

        Use it as `GET /contacts/?saved_filter=<id>`, or in an export.
        """
        return self.respond_one(self.get_object())

    @operation(
        body=SavedFilterBody,
        answer=SavedFilterSerializer,
        status=201,
        refusals=[saved_filters.ListUnknown, FilterInvalid, SearchTooShort],
    )
    def create(self, request) -> Response:
        """Save a filter

        The query is checked as the list would check it. Relative dates count from the moment of each use.
        """
        return self.respond(saved_filters.save(**self.read(SavedFilterBody), **self.by), 201, location=True)

    @operation(
        body=SavedFilterChangeBody(partial=True),
        answer=SavedFilterSerializer,
        refusals=[VersionConflict, saved_filters.NotYourFilter, FilterInvalid, SearchTooShort],
    )
    def partial_update(self, request, pk) -> Response:
        """Change a saved filter

        Only what you send is changed. One's own, or any as a supervisor or administrator.
        """
        row = self.get_object()
        return self.respond(
            saved_filters.alter(row.pk, **self.read(SavedFilterChangeBody, partial=True), if_version=self.if_version, **self.by)
        )

    @operation(status=204, refusals=[VersionConflict, saved_filters.NotYourFilter])
    def destroy(self, request, pk) -> Response:
        """Remove a saved filter

        One's own, or any as a supervisor or administrator. Exports that were ordered with it keep what it said.
        """
        saved_filters.remove(self.get_object().pk, if_version=self.if_version, **self.by)
        return Response(status=204)
