"""/complaints/{id}/attachments/ and /attachments/ over HTTP: files in, and out again through us alone."""

from typing import Any

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from complaints import attachments as keeping
from complaints.file_types import ALLOWED
from complaints.models import Attachment, Complaint, ComplaintMessage
from config.api import preconditions
from config.api.pages import SUBLIST_PARAMETERS
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, example, operation
from config.platform.models import PEOPLE, Scope
from config.platform.moves import VersionConflict

READ = allow(*PEOPLE, scope=Scope.COMPLAINTS_READ)
WRITE = allow(*PEOPLE, scope=Scope.COMPLAINTS_WRITE)
ID = "0199a1b2-7777-7000-8000-293a4b5c6d7e"


@example(
    {
        "id": ID,
        "complaint": "0199a1b2-8888-7000-8000-293a4b5c6d7e",
        "message": None,
        "name": "lamp.jpg",
        "content_type": "image/jpeg",
        "size": 184_233,
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "scan": "clean",
        "scan_said": "",
        "content_url": f"https://switchboard.example/api/v1/attachments/{ID}/content/",
        "by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
        "created_at": "2026-11-30T10:00:00Z",
        "deleted_at": None,
        "version": 2,
    },
    request=False,
)
class AttachmentSerializer(serializers.ModelSerializer):
    content_url = serializers.SerializerMethodField(
        help_text="Where its bytes are, for who may see the complaint; null when it is deleted."
    )

    class Meta:
        model = Attachment
        fields = [
            "id", "complaint", "message", "name", "content_type", "size", "sha256", "scan", "scan_said", "content_url", "by", "created_at",
            "deleted_at", "version",
        ]  # fmt: skip
        read_only_fields = fields

    def get_content_url(self, row: Attachment) -> str | None:
        if row.deleted_at is not None:
            return None
        return self.context["request"].build_absolute_uri(f"/api/v1/attachments/{row.pk}/content/")


@example({"file": "photograph.jpg"}, response=False, media_type="multipart/form-data")
class AttachmentUploadBody(serializers.Serializer):
    file = serializers.FileField(
        max_length=255,
        allow_empty_file=True,
        help_text="Image, PDF, office file without macros, text, sound, film, or an e-mail (.eml, .msg).",
    )
    message = serializers.PrimaryKeyRelatedField(
        queryset=ComplaintMessage.objects.all(), required=False, allow_null=True, help_text="The message that it came with."
    )

    def validate_message(self, message: ComplaintMessage | None) -> ComplaintMessage | None:
        if message is not None and message.complaint_id != self.context["complaint"].pk:
            raise serializers.ValidationError("This message is of another complaint.")
        return message


class ComplaintAttachmentViewSet(ApiViewSet):
    """Attachments of a complaint."""

    resource = "complaints"
    tag = "attachments"
    queryset = Complaint.objects.all()
    serializer_class = AttachmentSerializer
    parameters = {"attachments": SUBLIST_PARAMETERS}
    permits = {"attachments": READ, "attach": WRITE}

    def get_parsers(self) -> list[Any]:
        is_upload = self.request is not None and self.request.method == "POST"
        return [MultiPartParser()] if is_upload else super().get_parsers()

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "complaint": getattr(self, "complaint", None)}

    @operation(answer=AttachmentSerializer(many=True), method="get", filters=False)
    def attachments(self, request, pk) -> Response:
        """The files of a complaint

        The newest first. Files that were deleted are left out.
        """
        found = Attachment.objects.filter(complaint=self.get_object().pk, deleted_at=None)
        return self.get_paginated_response(self.show(self.paginate_queryset(found) or []))

    @operation(
        body={"multipart/form-data": AttachmentUploadBody},
        answer=AttachmentSerializer,
        status=201,
        refusals=[keeping.AttachmentTooLarge, keeping.AttachmentTypeRefused, keeping.TooManyAttachments, VersionConflict],
    )
    def attach(self, request, pk) -> Response:
        """Attach a file

        Its type is what its bytes are, whatever it is called; web pages, SVG, programs, archives and office files with macros are refused.
        Where a scanner is set up, `scan` is `pending` until it was looked through, and so long nobody is given it.
        """
        self.complaint = self.get_object()
        row = keeping.add(self.complaint.pk, **self.read(AttachmentUploadBody), if_version=self.if_version, **self.by)
        headers = {"ETag": preconditions.etag(row.version), "Location": request.build_absolute_uri(f"/api/v1/attachments/{row.pk}/")}
        return Response(self.get_serializer(row).data, status=201, headers=headers)


class AttachmentViewSet(ApiViewSet):
    """Attachments."""

    resource = "attachments"
    queryset = Attachment.objects.all()
    serializer_class = AttachmentSerializer
    parameters = {"destroy": frozenset({"reason"})}
    permits = {"retrieve": READ, "content": READ, "destroy": WRITE}
    ignores_accept = frozenset({"content"})

    @operation(answer=AttachmentSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One attachment

        What it is, and what the scanner said of it.
        """
        return self.respond_one(self.get_object())

    @operation(
        answer={(200, kind): OpenApiTypes.BINARY for kind in ALLOWED},
        method="get",
        refusals=[keeping.AttachmentGone, keeping.AttachmentHarmful, keeping.AttachmentNotScanned],
    )
    def content(self, request, pk) -> HttpResponseBase:
        """The bytes of an attachment

        They come from here, never by a link, and who took them is written down. A browser saves them and never shows them in our name.
        """
        return _sent(keeping.open_for(self.get_object(), **self.by))

    @operation(
        status=204,
        parameters=[OpenApiParameter("reason", str, description="Why; it is kept in the audit trail.")],
        refusals=[keeping.AttachmentGone, keeping.NotYourAttachment, VersionConflict],
    )
    def destroy(self, request, pk) -> Response:
        """Delete the file

        For good; that there was one stays. Whoever sent it, whoever handles the complaint, and supervisors may.
        """
        row, reason = self.get_object(), request.query_params.get("reason", "").replace("\0", "").strip()
        if len(reason) > 500:
            raise serializers.ValidationError({"reason": ["500 characters at most."]})
        keeping.remove(row.pk, reason=reason, if_version=self.if_version, **self.by)
        return Response(status=204)


def _sent(opened: keeping.Opened) -> StreamingHttpResponse:
    response = StreamingHttpResponse(opened.pieces, content_type=opened.content_type)
    response.headers["Content-Length"] = str(opened.size)
    response.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=opened.name) or "attachment"
    response.headers["ETag"] = f'"{opened.sha256[:32]}"'
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    return response
