"""/suppression-uploads/ over HTTP: whole do-not-call lists as files."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from django.http import StreamingHttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from config.api.fields import CountryField
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, example, operation, text_example
from config.platform.models import PEOPLE, Role, Scope
from config.platform.moves import TransitionNotAllowed, VersionConflict
from crm import suppression_lists
from crm.api.suppression import ANY_CHANNEL, ANY_PURPOSE
from crm.importing.jobs import FileEmpty, FileTooLarge
from crm.importing.progress import harmless
from crm.models import Source, SuppressionUpload, SuppressionUploadRow
from crm.models.suppression import LIST_CODE

ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
READ = allow(*PEOPLE, scope=Scope.CONTACTS_READ)
WRITE = allow(Role.SUPERVISOR, Role.BACK_OFFICE, Role.ADMIN, scope=Scope.CONTACTS_WRITE)


class UploadProgressSerializer(serializers.Serializer):
    done = serializers.IntegerField(help_text="Rows of the file that are in.")
    total = serializers.IntegerField(allow_null=True, help_text="Null until the file has been read to its end.")
    rate_per_s = serializers.FloatField(allow_null=True)
    seconds_left = serializers.FloatField(allow_null=True)


class UploadCountsSerializer(serializers.Serializer):
    added = serializers.IntegerField(help_text="Numbers that were not suppressed by this list before.")
    already = serializers.IntegerField(help_text="Numbers that were.")
    duplicate = serializers.IntegerField(help_text="Numbers that the file holds more than once.")
    invalid = serializers.IntegerField(help_text="Lines that cannot be used.")
    lifted = serializers.IntegerField(help_text="Entries lifted because the file does not hold them any more.")


@example(
    {
        "id": ID,
        "state": "done",
        "list": "national",
        "mode": "replace",
        "source": "regulator",
        "purpose": "marketing",
        "channel": "call",
        "reason": "",
        "expires_at": None,
        "filename": "national-2026-11.csv",
        "region": "RU",
        "progress": {"done": 250000, "total": 250000, "rate_per_s": 9000.0, "seconds_left": None},
        "counts": {"added": 1200, "already": 248700, "duplicate": 90, "invalid": 10, "lifted": 800},
        "problem": "",
        "errors_url": f"https://switchboard.example/api/v1/suppression-uploads/{ID}/errors/",
        "result_url": "https://switchboard.example/api/v1/suppressions/?list=national",
        "by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
        "created_at": "2026-11-23T07:00:00Z",
        "started_at": "2026-11-23T07:00:01Z",
        "finished_at": "2026-11-23T07:00:29Z",
        "open_moves": [],
        "version": 3,
    },
    request=False,
)
class SuppressionUploadSerializer(serializers.ModelSerializer):
    """A do-not-call list on its way in, as people watch it."""

    state = serializers.ChoiceField(source="status", choices=SuppressionUpload.Status.choices)
    list = serializers.CharField(source="list_code")
    purpose = serializers.CharField(allow_blank=True, help_text="Empty: for whatever purpose.")
    channel = serializers.CharField(allow_blank=True, help_text="Empty: by whatever channel.")
    progress = serializers.SerializerMethodField()
    counts = UploadCountsSerializer(source="*")
    errors_url = serializers.SerializerMethodField()
    result_url = serializers.SerializerMethodField(help_text="The entries of the list.")
    open_moves = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = SuppressionUpload
        fields = [
            "id", "state", "list", "mode", "source", "purpose", "channel", "reason", "expires_at", "filename", "region", "progress", "counts",
            "problem", "errors_url", "result_url", "by", "created_at", "started_at", "finished_at", "open_moves", "version",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(UploadProgressSerializer)
    def get_progress(self, row: SuppressionUpload) -> dict[str, Any]:
        return suppression_lists.progress(row)

    def get_errors_url(self, row: SuppressionUpload) -> str | None:
        return self.context["request"].build_absolute_uri(f"/api/v1/suppression-uploads/{row.pk}/errors/") if row.invalid else None

    def get_result_url(self, row: SuppressionUpload) -> str:
        return self.context["request"].build_absolute_uri(f"/api/v1/suppressions/?list={row.list_code}")


@example({"file": "numbers.csv", "list": "regulator-ru", "mode": "add"}, response=False, media_type="multipart/form-data")
class ListUploadBody(serializers.Serializer):
    file = serializers.FileField(
        max_length=500, allow_empty_file=True, help_text="CSV or XLSX with a column of numbers; others are left alone."
    )
    list = serializers.RegexField(LIST_CODE.regex, source="list_code", help_text="The short name of the list, the same each time it comes.")
    mode = serializers.ChoiceField(choices=SuppressionUpload.Mode.choices, default="add")
    source = serializers.ChoiceField(choices=Source.choices, default=Source.REGULATOR)
    purpose = serializers.ChoiceField(choices=ANY_PURPOSE, required=False, default="", help_text="Left out: for whatever purpose.")
    channel = serializers.ChoiceField(choices=ANY_CHANNEL, required=False, default="", help_text="Left out: by whatever channel.")
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    region = CountryField(required=False, default="", allow_blank=True, help_text="Where numbers without a country belong.")


class SuppressionUploadFilter(FilterSet):
    state = filters.ChoiceFilter(field_name="status", choices=SuppressionUpload.Status.choices)
    list = filters.CharFilter(field_name="list_code")

    class Meta:
        model = SuppressionUpload
        fields = ["mode"]


class SuppressionUploadViewSet(ReadViewSet):
    """Do-not-call lists as files."""

    resource = "suppression_uploads"
    queryset = SuppressionUpload.objects.all()
    serializer_class = SuppressionUploadSerializer
    filterset_class = SuppressionUploadFilter
    permits = {"list": READ, "retrieve": READ, "errors": READ, "create": WRITE, "cancel": WRITE}
    ignores_accept = frozenset({"errors"})

    def get_parsers(self) -> list[Any]:
        is_upload = self.request is not None and self.request.method == "POST" and "create" in getattr(self, "action_map", {}).values()
        return [MultiPartParser()] if is_upload else super().get_parsers()

    @operation(answer=SuppressionUploadSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Uploads of do-not-call lists

        Newest first.
        """
        return super().list(request)

    @operation(answer=SuppressionUploadSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One upload

        With its progress: ask again every second or two while the state is `uploaded` or `running`.
        """
        return self.respond_one(self.get_object())

    @operation(
        body={"multipart/form-data": ListUploadBody}, answer=SuppressionUploadSerializer, status=202, refusals=[FileTooLarge, FileEmpty]
    )
    def create(self, request) -> Response:
        """Bring in a do-not-call list

        Hundreds of thousands of numbers in one file; the column with the numbers is recognised. The same list twice changes nothing.
        With `mode=replace` the file is the whole list: entries of this list, for the same source, purpose and channel, that it does
        not hold any more are lifted. What others asked for (the customer, a court) is not touched.
        """
        body = self.read(ListUploadBody)
        file = body.pop("file")
        return self.respond(suppression_lists.upload(file, filename=file.name or "", **body, **self.by), 202, location=True)

    @operation(answer=SuppressionUploadSerializer, refusals=[TransitionNotAllowed, VersionConflict])
    def cancel(self, request, pk) -> Response:
        """Stop an upload

        Numbers that are in stay suppressed, nothing more comes in, nothing is lifted.
        """
        return self.respond(suppression_lists.cancel(self.get_object().pk, if_version=self.if_version, **self.by))

    @operation(
        answer={(200, "text/csv"): OpenApiTypes.STR},
        method="get",
        filters=False,
        examples=text_example("line,problem,number\n7,This is no telephone number.,12\n", "text/csv"),
    )
    def errors(self, request, pk) -> StreamingHttpResponse:
        """The lines that cannot be used

        A CSV file: the line, what is wrong, and what stood there. Cells that a spreadsheet would take for a formula get an
        apostrophe in front.
        """
        batch = self.get_object()
        response = StreamingHttpResponse(_error_lines(batch), content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="errors-{batch.pk}.csv"'
        return response


def _error_lines(batch: SuppressionUpload) -> Iterator[str]:
    yield "\ufeff" + _csv_line(["line", "problem", "number"])
    for row in SuppressionUploadRow.objects.filter(upload=batch).exclude(problem="").order_by("line", "id").iterator(chunk_size=1000):
        yield _csv_line([str(row.line), row.problem, harmless(row.raw)])


def _csv_line(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
