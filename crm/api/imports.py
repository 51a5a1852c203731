"""/imports/ over HTTP: a file in, verdicts out, progress while it runs."""

from typing import Any
from uuid import UUID

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
from config.api.viewsets import ReadViewSet, example, operation, text_example
from config.platform.models import PEOPLE, Scope
from config.platform.moves import TransitionNotAllowed, VersionConflict
from crm.importing import jobs, looking, progress
from crm.importing.encodings import ENCODINGS, FileUnreadable
from crm.models import Import, ImportRow

ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
READ = allow(*PEOPLE, scope=Scope.CONTACTS_READ)
WRITE = allow(*PEOPLE, scope=Scope.CONTACTS_WRITE)
VERBS = ("correct", "start", "pause", "resume", "cancel", "undo")
ROW: dict[str, Any] = {
    "line": 7,
    "verdict": "invalid",
    "cells": ["Иванов", "12-34"],
    "problems": [{"field": "phone", "code": "phone_number_invalid", "detail": "This does not read as a phone number."}],
    "contact": None,
    "duplicate_of_line": None,
    "is_applied": False,
    "kept_because": [],
}


class ProgressSerializer(serializers.Serializer):
    done = serializers.IntegerField(help_text="Rows that have their verdict; once it runs, rows that are in; then rows taken back.")
    total = serializers.IntegerField(allow_null=True, help_text="Null until the file has been read to its end.")
    rate_per_s = serializers.FloatField(allow_null=True, help_text="Of late; null while nothing goes on.")
    seconds_left = serializers.FloatField(allow_null=True)


class CountsSerializer(serializers.Serializer):
    create = serializers.IntegerField()
    update = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    invalid = serializers.IntegerField()
    skipped = serializers.IntegerField()


class ColumnSerializer(serializers.Serializer):
    """A column as it was found, and what it was taken for."""

    index = serializers.IntegerField()
    title = serializers.CharField(allow_blank=True)
    field = serializers.CharField(allow_blank=True, help_text="Empty: it is left out.")
    guessed_by = serializers.ChoiceField(
        ["header", "cells", "you"], allow_blank=True, help_text="What told: its title, the look of its cells, or somebody's word."
    )
    samples = serializers.ListField(child=serializers.CharField())


class DialectSerializer(serializers.Serializer):
    """How the file is read."""

    kind = serializers.ChoiceField(["csv", "xlsx"], allow_blank=True)
    encoding = serializers.CharField(allow_blank=True)
    delimiter = serializers.CharField(allow_blank=True)
    has_header = serializers.BooleanField()
    sheet = serializers.CharField(allow_blank=True)


@example(
    {
        "id": ID,
        "state": "ready",
        "filename": "clients.csv",
        "dry_run": True,
        "region": "RU",
        "source": "fair",
        "only_new": False,
        "dialect": {"kind": "csv", "encoding": "cp1251", "delimiter": ";", "has_header": True, "sheet": ""},
        "columns": ["ФИО", "Телефон"],
        "mapping": {"full_name": 0, "phone": [1]},
        "preview": [
            {"index": 0, "title": "ФИО", "field": "full_name", "guessed_by": "header", "samples": ["Иванов Иван Иванович"]},
            {"index": 1, "title": "Телефон", "field": "phone", "guessed_by": "header", "samples": ["8 (495) 123-45-67"]},
        ],
        "progress": {"done": 1200, "total": 1200, "rate_per_s": None, "seconds_left": None},
        "counts": {"create": 1100, "update": 40, "duplicate": 50, "invalid": 10, "skipped": 0},
        "kept": 0,
        "problem": "",
        "rows_url": f"https://switchboard.example/api/v1/imports/{ID}/rows/",
        "errors_url": f"https://switchboard.example/api/v1/imports/{ID}/errors/",
        "conflicts_url": None,
        "result_url": None,
        "by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
        "created_at": "2026-11-23T07:00:00Z",
        "started_at": None,
        "finished_at": None,
        "undone_at": None,
        "open_moves": ["cancel", "correct", "start"],
        "version": 2,
    },
    request=False,
)
class ImportSerializer(serializers.ModelSerializer):
    """An import as people watch it."""

    state = serializers.ChoiceField(source="status", choices=Import.Status.choices)
    dry_run = serializers.BooleanField(source="is_dry_run", help_text="It waits for `start` when the verdicts are there.")
    dialect = serializers.SerializerMethodField()
    columns = serializers.ListField(child=serializers.CharField(allow_blank=True))
    preview = ColumnSerializer(many=True, help_text="Each column with some of its cells, what it was taken for and why.")
    kept = serializers.IntegerField(help_text="Rows that an undo could not take back whole: see `conflicts_url`.")
    mapping = serializers.DictField(help_text="Which column was taken for what, by its index.")
    progress = serializers.SerializerMethodField()
    counts = serializers.SerializerMethodField(help_text="Rows by verdict.")
    rows_url = serializers.SerializerMethodField()
    errors_url = serializers.SerializerMethodField(help_text="The rows that cannot be used, as CSV; null when there are none.")
    conflicts_url = serializers.SerializerMethodField(help_text="The rows that an undo kept, and why; null when there are none.")
    result_url = serializers.SerializerMethodField(help_text="The rows with the contacts they became; null before it is done.")
    open_moves = serializers.SerializerMethodField(help_text="What you may do with it now: correct, start, pause, resume, cancel, undo.")

    class Meta:
        model = Import
        fields = [
            "id", "state", "filename", "dry_run", "region", "source", "only_new", "dialect", "columns", "mapping", "preview", "progress",
            "counts", "kept", "problem", "rows_url", "errors_url", "conflicts_url", "result_url", "by", "created_at", "started_at",
            "finished_at", "undone_at", "open_moves", "version",
        ]  # fmt: skip
        read_only_fields = fields

    def link(self, row: Import, part: str) -> str:
        return self.context["request"].build_absolute_uri(f"/api/v1/imports/{row.pk}/{part}/")

    def get_dialect(self, row: Import) -> DialectSerializer:
        found = row.dialect
        told = {name: found.get(name, "") for name in ("kind", "encoding", "delimiter", "sheet")}
        return told | {"has_header": bool(found.get("header"))}  # type: ignore[return-value]

    def get_progress(self, row: Import) -> ProgressSerializer:
        return progress.of(row)  # type: ignore[return-value]

    def get_counts(self, row: Import) -> CountsSerializer:
        return progress.counts(row)  # type: ignore[return-value]

    def get_open_moves(self, row: Import) -> list[str]:
        return [verb for verb in row.open_moves() if verb in VERBS]

    def get_rows_url(self, row: Import) -> str:
        return self.link(row, "rows")

    def get_errors_url(self, row: Import) -> str | None:
        return self.link(row, "errors") if row.invalid else None

    def get_conflicts_url(self, row: Import) -> str | None:
        return self.link(row, "conflicts") if row.kept else None

    def get_result_url(self, row: Import) -> str | None:
        return self.link(row, "rows") if row.status == Import.Status.DONE else None


@example({"file": "contacts.csv", "dry_run": False, "source": "fair"}, response=False, media_type="multipart/form-data")
class UploadBody(serializers.Serializer):
    file = serializers.FileField(
        max_length=255, allow_empty_file=True, help_text="CSV (comma, semicolon, tab; UTF-8 with or without mark, cp1251) or XLSX."
    )
    dry_run = serializers.BooleanField(default=True, help_text="Stop after the verdicts and wait for `start`.")
    region = CountryField(
        required=False, default="", allow_blank=True, help_text="Where numbers without a country belong; by default a setting."
    )
    source = serializers.CharField(max_length=50, required=False, default="", allow_blank=True, help_text="Written on every new contact.")
    only_new = serializers.BooleanField(default=False, help_text="Add nothing to contacts that we have: such rows are skipped.")


@example({"mapping": {"full_name": 1, "phone": [2, 3]}, "has_header": True, "region": "PH"}, response=False)
class CorrectionBody(serializers.Serializer):
    """How the file is to be read after all. What is left out stays as it is."""

    mapping = serializers.DictField(
        required=False,
        help_text=f"The whole mapping, field by field: a column by its index, or several. Fields: {', '.join(looking.FIELDS)}.",
    )
    encoding = serializers.ChoiceField(ENCODINGS, required=False)
    delimiter = serializers.ChoiceField([(";", "semicolon"), (",", "comma"), ("\t", "tab"), ("|", "bar")], required=False)
    has_header = serializers.BooleanField(required=False, help_text="Whether a row names the columns.")
    sheet = serializers.CharField(max_length=100, required=False, help_text="Of a spreadsheet with several.")
    region = CountryField(required=False)
    source = serializers.CharField(max_length=50, required=False, allow_blank=True)
    only_new = serializers.BooleanField(required=False)


@example(ROW, request=False)
class ImportRowSerializer(serializers.ModelSerializer):
    cells = serializers.ListField(child=serializers.CharField(allow_blank=True), help_text="As in the file.")
    problems = serializers.ListField(child=serializers.DictField())
    contact = serializers.SerializerMethodField(help_text="The contact that the row means, or became.")
    is_applied = serializers.SerializerMethodField(help_text="Whether the row is in.")
    kept_because = serializers.SerializerMethodField(
        help_text="Why an undo kept it: `changed_since`, `has_calls` and the like, `employer_kept`, `nothing_would_be_left`."
    )

    class Meta:
        model = ImportRow
        fields = ["line", "verdict", "cells", "problems", "contact", "duplicate_of_line", "is_applied", "kept_because"]
        read_only_fields = fields

    def get_contact(self, row: ImportRow) -> UUID | None:
        return progress.contact_of(row, self.context["batch"])

    def get_is_applied(self, row: ImportRow) -> bool:
        return progress.is_applied(row, self.context["batch"])

    def get_kept_because(self, row: ImportRow) -> list[str]:
        return row.kept_because or []


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
    parameters = {"rows": SUBLIST_PARAMETERS | {"verdict"}, "conflicts": SUBLIST_PARAMETERS}
    permits = dict.fromkeys(("list", "retrieve", "rows", "errors", "conflicts"), READ) | dict.fromkeys(
        ("create", "partial_update", "start", "pause", "resume", "cancel", "undo"), WRITE
    )
    ignores_accept = frozenset({"errors"})

    def get_parsers(self) -> list[Any]:
        is_upload = self.request is not None and self.request.method == "POST" and "create" in getattr(self, "action_map", {}).values()
        return [MultiPartParser()] if is_upload else super().get_parsers()

    @operation(answer=ImportSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Imports

        Newest first. An operator sees their own.
        """
        return super().list(request)

    @operation(answer=ImportSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One import

        With its progress: ask again every second or two while the state is `uploaded`, `analysed`, `running` or `undoing`. Progress
        does not change the ETag, so until then the answer is never 304.
        """
        batch = self.get_object()
        return self.respond(batch) if batch.status in progress.MOVING else self.respond_one(batch)

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
            file,
            filename=file.name or "",
            region=body["region"],
            source=body["source"],
            is_dry_run=body["dry_run"],
            only_new=body["only_new"],
            **self.by,
        )
        return self.respond(batch, 202, location=True)

    @operation(
        body=CorrectionBody,
        answer=ImportSerializer,
        refusals=[TransitionNotAllowed, VersionConflict, looking.MappingInvalid, FileUnreadable],
    )
    def partial_update(self, request, pk) -> Response:
        """Correct how the file is read

        What the columns mean, the encoding, the delimiter, whether a row names the columns. Possible until the import is started;
        every row is judged anew.
        """
        body = self.read(CorrectionBody, partial=True)
        how = {name: body.pop(name) for name in looking.HOW if name in body}
        return self.respond(jobs.correct(self.get_object().pk, how=how, if_version=self.if_version, **body, **self.by))

    @operation(answer=ImportSerializer, refusals=[TransitionNotAllowed, VersionConflict])
    def start(self, request, pk) -> Response:
        """Bring the rows in

        As the verdicts say. It goes on in the background.
        """
        return self.respond(jobs.start(self.get_object().pk, if_version=self.if_version, **self.by))

    @operation(answer=ImportSerializer, refusals=[TransitionNotAllowed, VersionConflict])
    def pause(self, request, pk) -> Response:
        """Pause an import

        The rows that are in stay; `resume` goes on behind them.
        """
        return self.respond(jobs.pause(self.get_object().pk, if_version=self.if_version, **self.by))

    @operation(answer=ImportSerializer, refusals=[TransitionNotAllowed, VersionConflict])
    def resume(self, request, pk) -> Response:
        """Go on with a paused import"""
        return self.respond(jobs.resume(self.get_object().pk, if_version=self.if_version, **self.by))

    @operation(answer=ImportSerializer, status=202, refusals=[TransitionNotAllowed, VersionConflict])
    def undo(self, request, pk) -> Response:
        """Take an import back

        In the background, from the last row to the first. Contacts that it made go, and what it added to others; what anybody has
        touched since is kept, and told row by row at `conflicts_url`.
        """
        return self.respond(jobs.undo(self.get_object().pk, if_version=self.if_version, **self.by), 202)

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
        batch = self.get_object()
        found = ImportRow.objects.filter(batch=batch, line__lte=batch.analysed)
        verdict = request.query_params.get("verdict")
        if verdict is not None:
            if verdict not in ImportRow.Verdict.values:
                raise serializers.ValidationError({"verdict": [f"verdict is one of {', '.join(ImportRow.Verdict.values)}."]})
            found = found.filter(verdict=verdict)
        return self._rows(batch, found)

    @operation(answer=ImportRowSerializer(many=True), method="get", filters=False)
    def conflicts(self, request, pk) -> Response:
        """The rows that an undo kept

        Each with the reasons in `kept_because`: somebody has changed the contact since, or something points at it.
        """
        batch = self.get_object()
        return self._rows(batch, ImportRow.objects.filter(batch=batch, kept_because__isnull=False))

    def _rows(self, batch: Import, found: Any) -> Response:
        self.ordering, self.ordering_fields = "line", ("line",)
        page = self.paginate_queryset(found)
        return self.get_paginated_response(ImportRowSerializer(page, many=True, context={"batch": batch}).data)

    @operation(
        answer={(200, "text/csv"): OpenApiTypes.STR},
        method="get",
        filters=False,
        examples=text_example("line,problem,ФИО,Телефон\n7,This is no telephone number.,Фёдорова Алёна,12\n", "text/csv"),
    )
    def errors(self, request, pk) -> StreamingHttpResponse:
        """The rows that cannot be used

        A CSV file to mend and upload again: the line, what is wrong, and the cells as they were. Cells that a spreadsheet
        would take for a formula get an apostrophe in front.
        """
        batch = self.get_object()
        response = StreamingHttpResponse(progress.error_lines(batch), content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="errors-{batch.pk}.csv"'
        return response
