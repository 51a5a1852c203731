"""/contacts/ over HTTP: what comes in, what goes out, who may."""

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from config.api import preconditions
from config.api.filters import FilterSet
from config.api.pages import LARGEST, PAGE_SIZE
from config.api.permissions import allow
from config.api.problems import problem_of
from config.api.viewsets import ReadViewSet, operation
from config.platform.models import LEADERS, PEOPLE, Scope
from config.platform.moves import TransitionNotAllowed, VersionConflict
from config.platform.origins import OriginUnknown
from crm import contact_rows, contacts, custom_fields, searching, timeline
from crm.api.contact_bodies import (
    BulkBody,
    BulkSerializer,
    ContactBody,
    ContactChangeBody,
    ContactSerializer,
    NoteBody,
    TimelineSerializer,
)
from crm.lifecycle import StageReasonNeeded
from crm.models import Contact, CustomField
from crm.phone_book import NumberIsInternal
from crm.phone_numbers import NumberInvalid

WRONG_STAGE = [TransitionNotAllowed, StageReasonNeeded]
WRONG_BODY = [NumberInvalid, NumberIsInternal, custom_fields.CustomFieldInvalid, contacts.NothingKnown]


class ContactFilter(FilterSet):
    kind = filters.ChoiceFilter(choices=Contact.Kind.choices)
    lifecycle = filters.ChoiceFilter(choices=Contact.Lifecycle.choices)
    owner = filters.UUIDFilter(field_name="owner_id", help_text="Id of a user.")
    employer = filters.UUIDFilter(field_name="employer_id", help_text="Id of a company.")
    tag = filters.CharFilter(field_name="tags", lookup_expr="contains", method="tagged", help_text="Has this tag.")
    language = filters.CharFilter()
    external_id = filters.CharFilter(help_text="Together with `source`.")
    source = filters.CharFilter()
    updated_after = filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")
    updated_before = filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="lt")
    created_after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Contact
        fields = ["kind", "lifecycle"]

    def tagged(self, queryset, name, value):
        return queryset.filter(tags__contains=[value])


class ContactViewSet(ReadViewSet):
    """People and companies."""

    resource = "contacts"
    queryset = Contact.objects.all()
    serializer_class = ContactSerializer
    shows_by_id = True
    filterset_class = ContactFilter
    ordering_fields = ("created_at", "updated_at", "surname")
    parameters = {"list": frozenset({"search"}), "timeline": frozenset({"cursor", "page_size"})}
    permits = {
        "list": allow(*PEOPLE, scope=Scope.CONTACTS_READ),
        "retrieve": allow(*PEOPLE, scope=Scope.CONTACTS_READ),
        "timeline": allow(*PEOPLE, scope=Scope.CONTACTS_READ),
        "create": allow(*PEOPLE, scope=Scope.CONTACTS_WRITE),
        "bulk": allow(*PEOPLE, scope=Scope.CONTACTS_WRITE),
        "partial_update": allow(*PEOPLE, scope=Scope.CONTACTS_WRITE),
        "notes": allow(*PEOPLE, scope=Scope.CONTACTS_WRITE),
        "destroy": allow(*LEADERS),
    }

    def known_parameters(self) -> frozenset[str]:
        known = super().known_parameters()
        if self.action == "list" and any(name.startswith("cf_") for name in self.request.query_params):
            known |= {f"cf_{field.key}" for field in self.custom()}
        return known

    def custom(self) -> list[CustomField]:
        """The definitions, read once a request."""
        if not hasattr(self, "_custom"):
            self._custom = list(CustomField.objects.of("contact"))
        return self._custom

    def filter_queryset(self, queryset):
        queryset = super().filter_queryset(queryset)
        given = self.request.query_params
        for field in self.custom() if any(name.startswith("cf_") for name in given) else []:
            text = given.get(f"cf_{field.key}")
            if text is not None:
                try:
                    queryset = queryset.filter(custom_fields__contains={field.key: custom_fields.from_query(field, text[:2000])})
                except (ValueError, NumberInvalid) as error:
                    raise ValidationError({f"cf_{field.key}": [str(error)]}) from None
        return queryset

    def show(self, page) -> Any:
        return contact_rows.show([row["id"] for row in page])

    def shown(self, contact_id: UUID, status: int = 200, *, location: bool = False) -> Response:
        """One contact as it is now, with its ETag."""
        row = contact_rows.show([contact_id])[0]
        headers = {"ETag": preconditions.etag(row["version"])}
        if location:
            headers["Location"] = self.request.build_absolute_uri(f"/api/v1/contacts/{contact_id}/")
        return Response(row, status=status, headers=headers)

    @operation(
        answer=ContactSerializer(many=True),
        method="get",
        refusals=[searching.SearchTooShort],
        parameters=[
            OpenApiParameter(
                "search",
                str,
                description="A name in any order and spelling, a piece of a company's name, the last digits of a phone, or an e-mail. "
                f"Best first, the best {searching.MOST} at most; `ordering` and `count` do not apply.",
            )
        ],
    )
    def list(self, request) -> Response:
        """Contacts

        Newest first. Custom fields filter as `cf_<key>=<value>`. With `search`, the best fitting first.
        """
        text = request.query_params.get("search", "").strip()
        return self.ranked(searching.find(text)) if text else super().list(request)

    def ranked(self, ids: Sequence[UUID]) -> Response:
        """A page of a search: in the order of fitting, so the cursor is the last id shown."""
        pager = self.paginator
        size, last = pager._page_size(self.request), self.request.query_params.get("cursor")
        allowed = set(self.filter_queryset(self.get_queryset()).filter(pk__in=ids).values_list("pk", flat=True))
        ids = [contact_id for contact_id in ids if contact_id in allowed]
        start = 0
        if last is not None:
            positions = {str(contact_id): index for index, contact_id in enumerate(ids)}
            if last not in positions:
                raise ValidationError({"cursor": ["This cursor does not belong to this search: begin at the first page."]})
            start = positions[last] + 1
        page = ids[start : start + size]
        has_more = len(ids) > start + size
        url = self.request.build_absolute_uri()
        return Response(
            {
                "results": contact_rows.show(page),
                "next": replace_query_param(url, "cursor", str(page[-1])) if page and has_more else None,
                "previous": None,
            }
        )

    @operation(answer=ContactSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One contact

        With its phones, e-mails, addresses and custom fields. `ETag` is what `If-Match` wants back.
        """
        contact = self.get_object()
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
            problem, _ = problem_of(error)
            if problem is None or problem["status"] >= 500:
                raise
            verdict = "duplicate" if problem["code"] == contacts.DuplicateFound.code else "invalid"
            return {"index": index, "verdict": verdict, "contact": None, "problem": problem}
        return {"index": index, "verdict": "created", "contact": contact.pk, "problem": None}

    @operation(
        body=ContactChangeBody, answer=ContactSerializer, refusals=[VersionConflict, contacts.EmployerInCircle, *WRONG_STAGE, *WRONG_BODY]
    )
    def partial_update(self, request, pk) -> Response:
        """Change a contact

        Only what you send is changed. A list (phones, e-mails, addresses, tags) replaces the whole list; a custom field set to
        null is emptied, those you leave out stay. Another `lifecycle` is a move, as `POST /contacts/{id}/move/` makes it.
        """
        contact = self.get_object()
        return self.shown(
            contacts.alter(contact.pk, **self.read(ContactChangeBody, partial=True), if_version=self.if_version, **self.by).pk
        )

    @operation(status=204, refusals=[VersionConflict])
    def destroy(self, request, pk) -> Response:
        """Remove a contact

        Only one with whom nothing happened yet: a contact with calls stays (409 `still_in_use`).
        """
        contacts.remove(self.get_object().pk, if_version=self.if_version, **self.by)
        return Response(status=204)

    @operation(body=NoteBody, answer=NoteBody, status=201, refusals=[OriginUnknown])
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
        parameters=[
            OpenApiParameter("cursor", OpenApiTypes.STR, description="Where to go on; taken from `next`."),
            OpenApiParameter("page_size", OpenApiTypes.INT, description=f"{PAGE_SIZE} unless you say otherwise, {LARGEST} at most."),
        ],
    )
    def timeline(self, request, pk) -> Response:
        """What happened with a contact

        Calls, notes and changes in one list, newest first.
        """
        contact = self.get_object()
        size = self.paginator._page_size(request)
        found = timeline.of(contact.pk, before=position_of(request.query_params.get("cursor")), limit=size + 1)
        page, has_more = found[:size], len(found) > size
        results = [{"at": one.at, "kind": one.kind, "id": one.id, "data": one.data} for one in page]
        link = replace_query_param(request.build_absolute_uri(), "cursor", cursor_of(page[-1])) if has_more else None
        return Response({"results": results, "next": link, "previous": None})


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
