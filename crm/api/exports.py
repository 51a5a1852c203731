"""/exports/ over HTTP: order a file, watch it, fetch it."""

from collections.abc import Iterator
from typing import IO

from django.http import StreamingHttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.drainage import get_override
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.response import Response

from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, example, operation, text_example
from config.platform.models import LEADERS, Role
from config.platform.moves import TransitionNotAllowed, VersionConflict
from crm.contact_filters import FilterInvalid
from crm.exporting import jobs, progress
from crm.exporting.pieces import MEDIA_TYPES
from crm.models import Export
from crm.saved_filters import ListUnknown
from crm.searching import SearchTooShort

ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
MAY = allow(*LEADERS, Role.BACK_OFFICE)
ORDER = {
    "entity": "contacts",
    "format": "csv",
    "query": {"lifecycle": ["lead", "client"], "not_tag": "vip"},
    "columns": ["surname", "name", "phones"],
}


class ExportProgressSerializer(serializers.Serializer):
    done = serializers.IntegerField(help_text="Rows that are written.")
    total = serializers.IntegerField(allow_null=True, help_text="Null until it is decided who is in it.")
    rate_per_s = serializers.FloatField(allow_null=True)
    seconds_left = serializers.FloatField(allow_null=True)


class ExportCountsSerializer(serializers.Serializer):
    rows = serializers.IntegerField(help_text="Rows in the file.")
    left_out = serializers.IntegerField(help_text="Rows that were removed while the file was written.")


@example(
    {
        "id": ID,
        "state": "done",
        **ORDER,
        "saved_filter": None,
        "progress": {"done": 1200, "total": 1200, "rate_per_s": 9800.5, "seconds_left": None},
        "counts": {"rows": 1200, "left_out": 0},
        "problem": "",
        "size": 96000,
        "errors_url": None,
        "result_url": f"https://switchboard.example/api/v1/exports/{ID}/file/",
        "by": ID,
        "created_at": "2026-11-23T07:00:00Z",
        "started_at": "2026-11-23T07:00:01Z",
        "finished_at": "2026-11-23T07:00:02Z",
        "expires_at": "2026-11-30T07:00:02Z",
        "open_moves": [],
        "version": 3,
    },
    request=False,
)
class ExportSerializer(serializers.ModelSerializer):
    """An export as people watch it."""

    state = serializers.ChoiceField(source="status", choices=Export.Status.choices)
    query = serializers.DictField()
    columns = serializers.ListField(child=serializers.CharField())
    progress = serializers.SerializerMethodField()
    counts = serializers.SerializerMethodField()
    errors_url = serializers.SerializerMethodField(help_text="Always null: an export has no faulty rows.")
    result_url = serializers.SerializerMethodField(help_text="The file; null while there is none.")
    open_moves = serializers.SerializerMethodField(help_text="What you may do with it now: cancel.")

    class Meta:
        model = Export
        fields = [
            "id", "state", "entity", "format", "query", "saved_filter", "columns", "progress", "counts", "problem", "size",
            "errors_url", "result_url", "by", "created_at", "started_at", "finished_at", "expires_at", "open_moves", "version",
        ]  # fmt: skip
        read_only_fields = fields

    def get_progress(self, row: Export) -> ExportProgressSerializer:
        return progress.of(row)  # type: ignore[return-value]

    def get_counts(self, row: Export) -> ExportCountsSerializer:
        return {"rows": row.done - row.left_out, "left_out": row.left_out}  # type: ignore[return-value]

    def get_errors_url(self, row: Export) -> str | None:
        return None

    def get_result_url(self, row: Export) -> str | None:
        if row.status != Export.Status.DONE:
            return None
        return self.context["request"].build_absolute_uri(f"/api/v1/exports/{row.pk}/file/")

    def get_open_moves(self, row: Export) -> list[str]:
        return [verb for verb in row.open_moves() if verb == "cancel"]


@example(ORDER)
class ExportBody(serializers.Serializer):
    entity = serializers.CharField(max_length=30, help_text="The list whose rows you want: contacts, calls.")
    format = serializers.ChoiceField(choices=jobs.PUBLIC_FORMATS)
    query = serializers.DictField(required=False, help_text="Filters, as the list takes them; none for all rows.")
    saved_filter = serializers.UUIDField(required=False, allow_null=True, help_text="Rows must fit it too.")
    columns = serializers.ListField(
        child=serializers.CharField(max_length=60),
        required=False,
        max_length=200,
        help_text="In this order; the usual ones when none is named. Custom fields are `cf_<key>`.",
    )


@example(
    {
        "contact": {"id": ID, "surname": "Фёдорова"},
        "notes": [{"at": "2026-11-23T07:00:00Z", "text": "Prefers calls after six.", "by": None}],
    }
)
class PersonalDataSerializer(serializers.Serializer):
    """A file of `POST /contacts/{id}/personal-data/`: the contact, and a list for everything else that keeps something about it."""

    contact = serializers.DictField()
    notes = serializers.ListField(child=serializers.DictField())


FILES = {"xlsx": OpenApiTypes.BINARY, "json": PersonalDataSerializer}


class ExportFilter(FilterSet):
    state = filters.ChoiceFilter(field_name="status", choices=Export.Status.choices)
    entity = filters.CharFilter()

    class Meta:
        model = Export
        fields = ["state"]


class ExportViewSet(ReadViewSet):
    """Files of contacts and calls."""

    resource = "exports"
    queryset = Export.objects.all()
    serializer_class = ExportSerializer
    filterset_class = ExportFilter
    permits = {"list": MAY, "retrieve": MAY, "create": MAY, "cancel": MAY, "file": MAY}
    ignores_accept = frozenset({"file"})

    @operation(answer=ExportSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Exports

        Newest first. Everybody sees their own, administrators all.
        """
        return super().list(request)

    @operation(answer=ExportSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One export

        With its progress: ask again every second or two while the state is `queued` or `running`.
        """
        return self.respond_one(self.get_object())

    @operation(
        body=ExportBody,
        answer=ExportSerializer,
        status=202,
        refusals=[ListUnknown, FilterInvalid, SearchTooShort, jobs.ColumnUnknown],
    )
    def create(self, request) -> Response:
        """Export rows to a file

        The rows that the list shows with the same filters. Who is in the file is decided at one moment; what a row says is of
        the moment when its part is written, and rows removed in between are left out. Texts that a spreadsheet would take for
        a formula get an apostrophe in front. The file is deleted after some days (`expires_at`).
        """
        body = self.read(ExportBody)
        return self.respond(jobs.order(form=body.pop("format"), **body, **self.by), 202, location=True)

    @operation(answer=ExportSerializer, refusals=[TransitionNotAllowed, VersionConflict])
    def cancel(self, request, pk) -> Response:
        """Stop an export

        What was written is deleted.
        """
        return self.respond(jobs.cancel(self.get_object().pk, if_version=self.if_version, **self.by))

    @operation(
        answer={(200, kind.partition(";")[0]): FILES.get(form, OpenApiTypes.STR) for form, kind in MEDIA_TYPES.items()},
        method="get",
        filters=False,
        examples=[
            *text_example("id,display_name,phone\n0199a1b2-c3d4-75f6-8718-293a4b5c6d7e,Смирнова Анна,+74951234567\n", "text/csv"),
            *text_example('{"id": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e", "display_name": "Смирнова Анна"}\n', "application/x-ndjson"),
            *get_override(PersonalDataSerializer, "examples", []),  # examples here put those of the form aside
        ],
        refusals=[jobs.ExportNotReady, jobs.ExportExpired],
    )
    def file(self, request, pk) -> StreamingHttpResponse:
        """The file

        Only for whoever ordered it and for administrators. Every download is in the audit trail.
        """
        export, file = jobs.opened(self.get_object().pk, **self.by)
        return attachment(export, file)


def attachment(export: Export, file: IO[bytes]) -> StreamingHttpResponse:
    """The file as a browser saves it."""
    response = StreamingHttpResponse(blocks(file), content_type=MEDIA_TYPES[export.format])
    response.headers["Content-Disposition"] = f'attachment; filename="{export.entity}-{export.created_at:%Y-%m-%d}.{export.format}"'
    response.headers["Content-Length"] = str(export.size)
    response.headers["Cache-Control"] = "no-store"
    return response


def blocks(file: IO[bytes]) -> Iterator[bytes]:
    """Some of the file at a time."""
    with file:
        while block := file.read(1 << 18):
            yield block
