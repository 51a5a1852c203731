"""/imports/ over HTTP: a file in, verdicts out, progress while it runs."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from django.http import StreamingHttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from config.api.fields import CountryField
from config.api.filters import FilterSet
from config.api.pages import SUBLIST_PARAMETERS
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, example, operation
from config.platform.models import PEOPLE, Scope
from config.platform.moves import TransitionNotAllowed, VersionConflict
from crm.importing import jobs, progress
from crm.models import Import, ImportRow

ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
READ = allow(*PEOPLE, scope=Scope.CONTACTS_READ)
WRITE = allow(*PEOPLE, scope=Scope.CONTACTS_WRITE)
ROW: dict[str, Any] = {
    "line": 7,
    "verdict": "invalid",
    "cells": ["Иванов", "12-34"],
    "problems": [{"field": "phone", "code": "phone_number_invalid", "detail": "This does not read as a phone number."}],
    "contact": None,
    "duplicate_of_line": None,
    "applied_at": None,
}


class ProgressSerializer(serializers.Serializer):
    done = serializers.IntegerField(help_text="Rows that have their verdict, or, once it runs, rows that are in.")
    total = serializers.IntegerField(allow_null=True, help_text="Null until the file has been read to its end.")
    rate_per_s = serializers.FloatField(allow_null=True)
    seconds_left = serializers.FloatField(allow_null=True)


class CountsSerializer(serializers.Serializer):
    create = serializers.IntegerField()
    update = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    invalid = serializers.IntegerField()


@example(
    {
        "id": ID,
        "state": "ready",
        "filename": "clients.csv",
        "dry_run": True,
        "region": "RU",
        "source": "fair",
        "columns": ["ФИО", "Телефон"],
        "mapping": {"full_name": 0, "phone": [1]},
        "progress": {"done": 1200, "total": 1200, "rate_per_s": None, "seconds_left": None},
        "counts": {"create": 1100, "update": 40, "duplicate": 50, "invalid": 10},
        "problem": "",
        "rows_url": f"https://switchboard.example/api/v1/imports/{ID}/rows/",
        "errors_url": f"https://switchboard.example/api/v1/imports/{ID}/errors/",
        "result_url": None,
        "by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
        "created_at": "2026-11-23T07:00:00Z",
        "started_at": None,
        "finished_at": None,
        "open_moves": ["cancel", "start"],
        "version": 2,
    },
    request=False,
)
class ImportSerializer(serializers.ModelSerializer):
    """An import as people watch it."""

    state = serializers.ChoiceField(source="status", choices=Import.Status.choices)
    dry_run = serializers.BooleanField(source="is_dry_run", help_text="It waits for `start` when the verdicts are there.")
    columns = serializers.ListField(child=serializers.CharField())
    mapping = serializers.DictField(help_text="Which column was taken for what, by its index.")
    progress = serializers.SerializerMethodField()
    counts = serializers.SerializerMethodField(help_text="Rows by verdict.")
    rows_url = serializers.SerializerMethodField()
    errors_url = serializers.SerializerMethodField(help_text="The rows that cannot be used, as CSV; null when there are none.")
    result_url = serializers.SerializerMethodField(help_text="The contacts of this import's source; null before it is done.")
    open_moves = serializers.SerializerMethodField(help_text="What you may do with it now: start, cancel.")

    class Meta:
        model = Import
        fields = [
            "id", "state", "filename", "dry_run", "region", "source", "columns", "mapping", "progress", "counts", "problem",
            "rows_url", "errors_url", "result_url", "by", "created_at", "started_at", "finished_at", "open_moves", "version",
        ]  # fmt: skip
        read_only_fields = fields

    def link(self, row: Import, part: str) -> str:
        return self.context["request"].build_absolute_uri(f"/api/v1/imports/{row.pk}/{part}/")

    def counts_of(self, row: Import) -> dict[str, int]:
        return self.context["counts"].get(row.pk, progress.NOTHING)

    def get_progress(self, row: Import) -> ProgressSerializer:
        return progress.of(row, self.counts_of(row))  # type: ignore[return-value]

    def get_counts(self, row: Import) -> CountsSerializer:
        return self.counts_of(row)  # type: ignore[return-value]

    def get_open_moves(self, row: Import) -> list[str]:
        return [verb for verb in row.open_moves() if verb in ("start", "cancel")]

    def get_rows_url(self, row: Import) -> str:
        return self.link(row, "rows")

    def get_errors_url(self, row: Import) -> str | None:
        return self.link(row, "errors") if self.counts_of(row)["invalid"] else None

    def get_result_url(self, row: Import) -> str | None:
        return self.link(row, "rows") if row.status == Import.Status.DONE else None


class UploadBody(serializers.Serializer):
    file = serializers.FileField(
        max_length=255, allow_empty_file=True, help_text="CSV (comma, semicolon, tab; UTF-8 with or without mark, cp1251) or XLSX."
    )
    dry_run = serializers.BooleanField(default=True, help_text="Stop after the verdicts and wait for `start`.")
    region = CountryField(
        required=False, default="", allow_blank=True, help_text="Where numbers without a country belong; by default a setting."
    )
    source = serializers.CharField(max_length=50, required=False, default="", allow_blank=True, help_text="Written on every new contact.")


@example(ROW, request=False)
class ImportRowSerializer(serializers.ModelSerializer):
    cells = serializers.ListField(child=serializers.CharField(allow_blank=True), help_text="As in the file.")
    problems = serializers.ListField(child=serializers.DictField())

    class Meta:
        model = ImportRow
        fields = ["line", "verdict", "cells", "problems", "contact", "duplicate_of_line", "applied_at"]
        read_only_fields = fields


class ImportFilter(FilterSet):
    state = filters.ChoiceFilter(field_name="status", choices=Import.Status.choices)

    class Meta:
        model = Import
        fields = ["state"]


class ImportViewSet(ReadViewSet):
    """Imports of contacts."""

    resource = "imports"
    queryset = Import.objects.all()
    serializer_class = ImportSerializer
    filterset_class = ImportFilter
    parameters = {"rows": SUBLIST_PARAMETERS | {"verdict"}}
    permits = {
        "list": READ,
        "retrieve": READ,
        "rows": READ,
        "errors": READ,
        "create": WRITE,
        "start": WRITE,
        "cancel": WRITE,
    }

    def get_parsers(self) -> list[Any]:
        is_upload = self.request is not None and self.request.method == "POST" and "create" in getattr(self, "action_map", {}).values()
        return [MultiPartParser()] if is_upload else super().get_parsers()

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        shown = args[0] if args else []
        batches = shown if isinstance(shown, list) else [shown]
        kwargs["context"] = {**self.get_serializer_context(), "counts": progress.counts(batches)}
        return self.serializer_class(*args, **kwargs)

    @operation(answer=ImportSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Imports

        Newest first. An operator sees their own.
        """
        return super().list(request)

    @operation(answer=ImportSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One import

        With its progress: ask again every second or two while the state is `uploaded` or `running`.
        """
        return self.respond_one(self.get_object())

    @operation(body={"multipart/form-data": UploadBody}, answer=ImportSerializer, status=202, refusals=[jobs.FileTooLarge, jobs.FileEmpty])
    def create(self, request) -> Response:
        """Import contacts from a file

        The columns are recognised by their headers, or by what is in them. Every row gets a verdict: `create`, `update` (adds
        to a contact we have, never overwrites), `duplicate` (nothing new), `invalid` and why. With `dry_run` (the default) it
        then waits for `start`. The same file twice changes nothing.
        """
        body = self.read(UploadBody)
        file = body["file"]
        batch = jobs.upload(
            file, filename=file.name or "", region=body["region"], source=body["source"], is_dry_run=body["dry_run"], **self.by
        )
        return self.respond(batch, 202, location=True)

    @operation(answer=ImportSerializer, refusals=[TransitionNotAllowed, VersionConflict])
    def start(self, request, pk) -> Response:
        """Bring the rows in

        As the verdicts say. It goes on in the background.
        """
        return self.respond(jobs.start(self.get_object().pk, if_version=self.if_version, **self.by))

    @operation(answer=ImportSerializer, refusals=[TransitionNotAllowed, VersionConflict])
    def cancel(self, request, pk) -> Response:
        """Stop an import

        What is in the base stays there, nothing more comes in.
        """
        return self.respond(jobs.cancel(self.get_object().pk, if_version=self.if_version, **self.by))

    @operation(
        answer=ImportRowSerializer(many=True),
        method="get",
        filters=False,
        parameters=[OpenApiParameter("verdict", str, enum=ImportRow.Verdict.values, description="Only rows with this verdict.")],
    )
    def rows(self, request, pk) -> Response:
        """The rows and their verdicts

        In the order of the file; `?verdict=invalid` gives the bad ones.
        """
        found = ImportRow.objects.filter(batch=self.get_object())
        verdict = request.query_params.get("verdict")
        if verdict is not None:
            if verdict not in ImportRow.Verdict.values:
                raise serializers.ValidationError({"verdict": [f"verdict is one of {', '.join(ImportRow.Verdict.values)}."]})
            found = found.filter(verdict=verdict)
        self.ordering = "id"
        page = self.paginate_queryset(found)
        return self.get_paginated_response(ImportRowSerializer(page, many=True).data)

    @operation(answer={(200, "text/csv"): OpenApiTypes.STR}, method="get", filters=False)
    def errors(self, request, pk) -> StreamingHttpResponse:
        """The rows that cannot be used

        A CSV file to mend and upload again: the line, what is wrong, and the cells as they were. Cells that a spreadsheet
        would take for a formula get an apostrophe in front.
        """
        batch = self.get_object()
        response = StreamingHttpResponse(error_lines(batch), content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="errors-{batch.pk}.csv"'
        return response


def error_lines(batch: Import) -> Iterator[str]:
    """The error file, line by line, with the mark by which spreadsheets know UTF-8."""
    yield "\ufeff" + _csv_line(["line", "problem", *batch.columns])
    rows = ImportRow.objects.filter(batch=batch, verdict=ImportRow.Verdict.INVALID).order_by("line")
    for row in rows.iterator(chunk_size=1000):
        yield _csv_line([str(row.line), "; ".join(problem["detail"] for problem in row.problems), *map(progress.harmless, row.cells)])


def _csv_line(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
