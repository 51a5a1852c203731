"""/contacts/ over HTTP: what comes in, what goes out, who may."""

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from config.api import preconditions
from config.api.pages import LARGEST, PAGE_PARAMETERS, PAGE_SIZE
from config.api.permissions import allow
from config.api.problems import told
from config.api.viewsets import ReadViewSet, operation
from config.platform.models import LEADERS, PEOPLE, Role, Scope
from config.platform.moves import TransitionNotAllowed, VersionConflict
from config.platform.origins import OriginUnknown
from crm import contact_filters, contact_rows, contacts, custom_fields, merging, old_ids, saved_filters, searching, timeline
from crm.api.contact_bodies import (
    BulkBody,
    BulkSerializer,
    ContactBody,
    ContactChangeBody,
    ContactSerializer,
    NoteBody,
    TimelineSerializer,
)
from crm.api.merging import DECIDE, REFUSED, MergeBody, MergedSerializer, merged
from crm.api.personal_data import PersonalDataActions
from crm.lifecycle import StageReasonNeeded
from crm.models import Contact
from crm.old_ids import ContactMerged
from crm.phone_book import NumberIsInternal
from crm.phone_numbers import NumberInvalid

WRONG_STAGE = [TransitionNotAllowed, StageReasonNeeded]
WRONG_BODY = [NumberInvalid, NumberIsInternal, custom_fields.CustomFieldInvalid, contacts.NothingKnown]


SHAPES: dict[str, Any] = {
    "string": {"type": "string"},
    "uuid": {"type": "string"},
    "date-time": {"type": "string", "format": "date-time"},
    "integer": {"type": "integer", "minimum": 0},
    "boolean": {"type": "boolean"},
}


def filter_parameters() -> list[OpenApiParameter]:
    """The grammar of ``crm.contact_filters`` as parameters of the document."""
    described = []
    for name, one in contact_filters.known_filters().items():
        shape = SHAPES[one.shape] if one.shape == "boolean" or not one.choices else {"type": "string", "enum": list(one.choices)}
        about = f"Not these. {one.about}" if name.startswith("not_") else one.about
        if one.takes_one:
            described.append(OpenApiParameter(name, shape, description=about))
        else:
            several = {"type": "array", "items": shape}
            described.append(OpenApiParameter(name, several, description=f"{about} Several with commas.", style="form", explode=False))
    return described


class ContactViewSet(PersonalDataActions, ReadViewSet):
    """People and companies."""

    resource = "contacts"
    queryset = Contact.objects.all()
    serializer_class = ContactSerializer
    shows_by_id = True
    ordering_fields = ("created_at", "updated_at", "surname")
    parameters = {"timeline": frozenset({"cursor", "page_size", "kinds"})}
    permits = {
        "list": allow(*PEOPLE, scope=Scope.CONTACTS_READ),
        "retrieve": allow(*PEOPLE, scope=Scope.CONTACTS_READ),
        "timeline": allow(*PEOPLE, scope=Scope.CONTACTS_READ),
        "create": allow(*PEOPLE, scope=Scope.CONTACTS_WRITE),
        "bulk": allow(*PEOPLE, scope=Scope.CONTACTS_WRITE),
        "partial_update": allow(*PEOPLE, scope=Scope.CONTACTS_WRITE),
        "notes": allow(*PEOPLE, scope=Scope.CONTACTS_WRITE),
        "merge": DECIDE,
        "destroy": allow(*LEADERS),
        "personal_data": allow(*LEADERS, Role.BACK_OFFICE),
        "erase": allow(*LEADERS),
    }

    def known_parameters(self) -> frozenset[str]:
        known = super().known_parameters()
        return known | {"saved_filter"} | contact_filters.known_names(self.request.query_params) if self.action == "list" else known

    def asked_for(self) -> dict[str, str]:
        """The filters of the request; a name that is given twice means any of its values."""
        given = self.request.query_params
        return {name: ",".join(given.getlist(name)) for name in given if name not in PAGE_PARAMETERS | {"search", "saved_filter"}}

    def get_queryset(self):
        """Lists and searches know only those that are left; by an old id one may still ask."""
        rows = super().get_queryset()
        return rows.living() if self.action == "list" else rows

    def filter_queryset(self, queryset):
        if self.action != "list":
            return queryset
        if saved_filter := self.request.query_params.get("saved_filter"):
            saved = saved_filters.query_of(saved_filter, entity="contacts", by=self.user)
            queryset = queryset.filter(contact_filters.condition(saved))
        query = self.asked_for()
        return queryset.filter(contact_filters.condition(query)) if query else queryset

    def show(self, page) -> Any:
        return contact_rows.show([row["id"] for row in page])

    def show_ids(self, ids: Sequence[UUID]) -> Any:
        return contact_rows.show(ids)

    def shown(self, contact_id: UUID, status: int = 200, *, location: bool = False, merged_from: UUID | None = None) -> Response:
        """One contact as it is now, with its ETag."""
        row = contact_rows.show([contact_id])[0]
        headers = {"ETag": preconditions.etag(row["version"])}
        if merged_from:
            row["merged_from"] = merged_from
            headers["Content-Location"] = self.request.build_absolute_uri(f"/api/v1/contacts/{contact_id}/")
        if location:
            headers["Location"] = self.request.build_absolute_uri(f"/api/v1/contacts/{contact_id}/")
        return Response(row, status=status, headers=headers)

    @operation(
        answer=ContactSerializer(many=True),
        method="get",
        refusals=[searching.SearchTooShort, contact_filters.FilterInvalid],
        parameters=[*filter_parameters(), OpenApiParameter("saved_filter", OpenApiTypes.UUID, description="Contacts must fit it too.")],
    )
    def list(self, request) -> Response:
        """Contacts

        Newest first; with `search` the best fitting first, and `ordering` and `count` do not apply.

        Several values with commas between them (or the name several times) mean any of them; a comma inside a value is
        written `\\,`. `not_` in front of a filter that takes several turns it round. Custom fields filter as
        `cf_<key>=<value>` and `not_cf_<key>`; numbers and dates also as `min_cf_<key>` and `max_cf_<key>`, both inclusive.
        Saved filters and exports use the same names.
        """
        text = request.query_params.get("search", "").strip()
        return self.respond_ranked(searching.find(text)) if text else super().list(request)

    @operation(answer=ContactSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One contact

        With its phones, e-mails, addresses and custom fields. `ETag` is what `If-Match` wants back. The id of a contact that was
        merged into another goes on answering, with the other: `merged_from` is then the id you asked with, and
        `Content-Location` the address of the one that is left.
        """
        contact = self.get_object()
        if contact.merged_into_id:
            return self.shown(old_ids.survivor_of(contact), merged_from=contact.pk)
        if preconditions.not_modified(request, contact.version):
            return Response(status=304, headers={"ETag": preconditions.etag(contact.version)})
        return self.shown(contact.pk)

    @operation(
        body=ContactBody,
        answer=ContactSerializer,
        status=201,
        refusals=[contacts.DuplicateFound, contacts.ReasonNeeded, *WRONG_BODY],
    )
    def create(self, request) -> Response:
        """Add a contact

        A person or a company; a lead may be a phone number and nothing else. When somebody in the base is likely to be the
        same, the answer is 409 with `candidates`, their scores (0 to 1) and the reasons: use one of them, or send
        `force: true` with a `reason`.
        """
        return self.shown(contacts.add(**self.read(ContactBody), **self.by).pk, 201, location=True)

    @operation(body=BulkBody, answer=BulkSerializer, detail=False)
    def bulk(self, request) -> Response:
        """Add many contacts

        Up to 500, each with a verdict of its own: one that is refused does not stop the others. `problem` is the answer that
        a single request would have got. For whole bases use imports.
        """
        body = self.read(BulkBody)
        results = [self.one_of_many(index, item) for index, item in enumerate(body["contacts"])]
        shown = {row["id"]: row for row in contact_rows.show([result["contact"] for result in results if result["contact"]])}
        return Response({"results": [result | {"contact": shown.get(result["contact"])} for result in results]})

    def one_of_many(self, index: int, item: Any) -> dict[str, Any]:
        """The verdict of one item of a bulk request."""
        try:
            body = ContactBody(data=item, context=self.get_serializer_context())
            body.is_valid(raise_exception=True)
            contact = contacts.add(**body.validated_data, **self.by)
        except Exception as error:
            problem = told(error)
            verdict = "duplicate" if problem["code"] == contacts.DuplicateFound.code else "invalid"
            return {"index": index, "verdict": verdict, "contact": None, "problem": problem}
        return {"index": index, "verdict": "created", "contact": contact.pk, "problem": None}

    @operation(
        body=ContactChangeBody,
        answer=ContactSerializer,
        refusals=[VersionConflict, ContactMerged, contacts.ContactErased, contacts.EmployerInCircle, *WRONG_STAGE, *WRONG_BODY],
    )
    def partial_update(self, request, pk) -> Response:
        """Change a contact

        Only what you send is changed. A list (phones, e-mails, addresses, tags) replaces the whole list; a custom field set to
        null is emptied, those you leave out stay. Another `lifecycle` is a move, as
        `POST /contacts/{id}/move/` makes it. A contact that was merged into another is not changed (409 `contact_merged`
        with the id of the `survivor`): you saw another one than would be changed.
        """
        contact = self.get_object()
        return self.shown(
            contacts.alter(contact.pk, **self.read(ContactChangeBody, partial=True), if_version=self.if_version, **self.by).pk
        )

    @operation(status=204, refusals=[VersionConflict, ContactMerged])
    def destroy(self, request, pk) -> Response:
        """Remove a contact

        Only one with whom nothing happened yet: a contact with calls stays (409 `still_in_use`).
        """
        contacts.remove(self.get_object().pk, if_version=self.if_version, **self.by)
        return Response(status=204)

    @operation(body=MergeBody, answer=MergedSerializer, refusals=REFUSED)
    def merge(self, request, pk) -> Response:
        """Merge another contact into this one

        Everything that points at the `loser`, in every part of the system, becomes this contact's; its id goes on answering with
        this contact. With `dry_run` you are told what differs and what would move, and nothing is done. It can be undone:
        `POST /merges/{id}/undo/`.
        """
        body, survivor = self.read(MergeBody), self.get_object().pk
        loser = body["loser"].pk
        return merged(self, survivor, loser, body, lambda **said: merging.merge(survivor, loser, if_version=self.if_version, **said))

    @operation(body=NoteBody, answer=NoteBody, status=201, refusals=[OriginUnknown, ContactMerged, contacts.ContactErased])
    def notes(self, request, pk) -> Response:
        """Write a note

        It appears in the contact's timeline.
        """
        note = contacts.write_note(self.get_object().pk, **self.read(NoteBody), **self.by)
        return Response(NoteBody(note).data, status=201)

    @operation(
        answer=TimelineSerializer,
        method="get",
        filters=False,
        refusals=[timeline.KindUnknown],
        parameters=[
            OpenApiParameter("cursor", OpenApiTypes.STR, description="Where to go on; taken from `next`."),
            OpenApiParameter(
                "kinds",
                {"type": "array", "items": {"type": "string", "enum": [name for name, _ in timeline.sources]}},
                description="Only these, with commas between them; all when it is left out.",
                style="form",
                explode=False,
            ),
            OpenApiParameter("page_size", OpenApiTypes.INT, description=f"{PAGE_SIZE} unless you say otherwise, {LARGEST} at most."),
        ],
    )
    def timeline(self, request, pk) -> Response:
        """What happened with a contact

        Calls, notes, changes and whatever else is known, in one list, newest first, under one cursor; of all that were merged into it as
        well. What you may not see is left out, so that a page may be shorter.
        """
        contact_id = old_ids.survivor_of(self.get_object())
        size = self.paginator._page_size(request)
        asked = request.query_params.get("kinds")
        kinds = {kind.strip() for kind in asked.split(",")} if asked is not None else None
        found = timeline.of(contact_id, before=position_of(request.query_params.get("cursor")), limit=size + 1, kinds=kinds)
        page, has_more = found[:size], len(found) > size
        results = [happening(request, one) for one in timeline.visible_to(self.user, page)]
        link = replace_query_param(request.build_absolute_uri(), "cursor", cursor_of(page[-1])) if has_more else None
        return Response({"results": results, "next": link, "previous": None})


def happening(request: Any, one: timeline.Happening) -> dict[str, Any]:
    """One line of a timeline, with the address of what it tells of."""
    url = request.build_absolute_uri(f"/api/v1/{one.resource}/{one.id}/") if one.resource else None
    return {"at": one.at, "kind": one.kind, "id": one.id, "by": one.by, "url": url, "data": one.data}


def cursor_of(one: timeline.Happening) -> str:
    """Where a page of a timeline ended."""
    return base64.urlsafe_b64encode(json.dumps([one.at.isoformat(), str(one.id)]).encode()).decode().rstrip("=")


def position_of(cursor: str | None) -> tuple[datetime, str] | None:
    """What ``cursor_of`` wrote.

    Raises:
        ValidationError: it is none of ours.
    """
    if cursor is None:
        return None
    try:
        at, row_id = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
        moment = parse_datetime(at)
        if moment is None or timezone.is_naive(moment):
            raise ValueError
        return moment, str(UUID(row_id))
    except (ValueError, TypeError, AttributeError, UnicodeError, RecursionError):
        raise ValidationError({"cursor": ["This cursor is not one of ours: begin at the first page."]}) from None
