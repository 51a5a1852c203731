"""/contacts/{id}/personal-data/ and /contacts/{id}/erase/ over HTTP."""

from dataclasses import asdict
from typing import Any

from rest_framework import serializers
from rest_framework.response import Response

from config.api.viewsets import ApiViewSet, example, operation
from config.platform.moves import VersionConflict
from crm import erasure, personal_data
from crm.api.exports import ExportSerializer

CONTACT = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"


@example({"reason": "Asked by letter of 23 November.", "confirm": "Фёдорова Алёна Игоревна"})
class EraseBody(serializers.Serializer):
    reason = serializers.CharField(max_length=500, help_text="Why; kept in the audit trail, so name nobody in it.")
    confirm = serializers.CharField(
        max_length=400,
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        help_text="The contact's `display_name`. Not needed in a dry run.",
    )
    dry_run = serializers.BooleanField(default=False, help_text="Tell what would be done, and do nothing.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs["dry_run"] and "confirm" not in attrs:
            raise serializers.ValidationError({"confirm": "Give the contact's display name: an erasure cannot be undone."}, code="required")
        return attrs


@example(
    {
        "contact": CONTACT,
        "anonymised_at": "2026-11-23T07:00:00Z",
        "dry_run": False,
        "counts": {"calls": 12, "changes": 5, "notes": 2, "imports": 1, "exports": 0, "export_files": 1, "answers": 1, "emails": 1, "addresses": 0, "phones": 2},
        "reasons": [],
    },
    request=False,
)  # fmt: skip
class ErasedSerializer(serializers.Serializer):
    contact = serializers.UUIDField()
    anonymised_at = serializers.DateTimeField(allow_null=True)
    dry_run = serializers.BooleanField()
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Rows by what kept them; empty when it was erased before.")
    reasons = serializers.ListField(child=serializers.CharField(), help_text="In a dry run: why it would be refused.")


class PersonalDataActions(ApiViewSet):
    """What a person may ask of whoever keeps data about them."""

    @operation(answer=ExportSerializer, status=202)
    def personal_data(self, request, pk) -> Response:
        """Export everything about a contact

        A job like other exports: its file, for whoever ordered it, is one JSON document with the contact, calls, notes,
        imported rows, changes and whatever else is kept about the person.
        """
        export = personal_data.order(self.get_object().pk, **self.by)
        shown = ExportSerializer(export, context=self.get_serializer_context()).data
        return Response(shown, status=202, headers={"Location": request.build_absolute_uri(f"/api/v1/exports/{export.pk}/")})

    @operation(
        body=EraseBody,
        answer=ErasedSerializer,
        refusals=[erasure.ErasureVetoed, erasure.ConfirmationWrong, VersionConflict],
    )
    def erase(self, request, pk) -> Response:
        """Erase a person

        Names, numbers, e-mails, addresses, tags, custom fields, texts of notes and calls, rows of imports and what the audit
        trail says of them are replaced or removed, and files of exports that hold the person are deleted. What happened, when
        and how often stays, so reports count as before. Numbers that others share stay theirs. It cannot be undone; try
        `dry_run` first. Erasing again changes nothing.
        """
        body = self.read(EraseBody)
        is_dry_run = body.pop("dry_run")
        confirm = None if is_dry_run else body["confirm"]
        found = erasure.erase(
            self.get_object().pk, reason=body["reason"], confirm=confirm, is_dry_run=is_dry_run, if_version=self.if_version, **self.by
        )
        told = asdict(found)
        return Response({"contact": told.pop("contact_id"), "dry_run": told.pop("is_dry_run"), **told})
