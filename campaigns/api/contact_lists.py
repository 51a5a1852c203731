"""/contact-lists/ over HTTP: contacts put together to be called, or to be left out."""

from typing import Any, ClassVar

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response

from campaigns import contact_lists
from campaigns.contact_lists import TooManyMembers
from campaigns.models import ContactList, ContactListMember
from config.api.filters import FilterSet
from config.api.pages import SUBLIST_PARAMETERS
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, ReadViewSet, example, operation
from config.platform import upkeep
from config.platform.models import LEADERS, PEOPLE, Scope
from config.platform.moves import VersionConflict
from crm.contact_filters import FilterInvalid
from crm.searching import SearchTooShort

READ = allow(*PEOPLE, scope=Scope.CAMPAIGNS_READ)
SHAPE = allow(*LEADERS, scope=Scope.CAMPAIGNS_WRITE)
PERSON = "0199a1b2-0000-7000-8000-293a4b5c6d7e"
CONTACT = "0199a1b2-2222-7000-8000-293a4b5c6d7e"
LIST: dict[str, Any] = {
    "id": "0199a1b2-9999-7000-8000-293a4b5c6d7e",
    "name": "Guests of the autumn fair",
    "about": "Left their cards at our stand.",
    "by": PERSON,
    "created_at": "2026-11-30T09:00:00Z",
    "version": 1,
}


@example(LIST, request=False)
class ContactListSerializer(serializers.ModelSerializer):
    class Meta:
        model = ContactList
        fields = list(LIST)
        read_only_fields = fields


@example({"name": LIST["name"], "about": LIST["about"]})
class ContactListBody(serializers.ModelSerializer):
    about = serializers.CharField(max_length=2000, required=False, allow_blank=True)

    class Meta:
        model = ContactList
        fields = ["name", "about"]


@example({"name": LIST["name"], "about": LIST["about"], "query": {"lifecycle": "client"}})
class NewContactListBody(ContactListBody):
    query = serializers.DictField(required=False, help_text="Names and values as `GET /contacts/` takes them: whoever fits now is on it.")

    class Meta(ContactListBody.Meta):
        fields = ["name", "about", "query"]


@example({"contact": CONTACT, "added_at": "2026-11-30T09:00:00Z", "by": PERSON}, request=False)
class ContactListMemberSerializer(serializers.ModelSerializer):
    class Meta:
        model = ContactListMember
        fields = ["contact", "added_at", "by"]
        read_only_fields = fields


@example({"contacts": [CONTACT], "phones": ["+74951234567"]})
class MembersBody(serializers.Serializer):
    """At most 10,000 in all."""

    contacts = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=contact_lists.MOST)
    phones = serializers.ListField(
        child=serializers.RegexField(r"^\+[0-9]{5,18}\Z"), required=False, max_length=contact_lists.MOST, help_text="E.164."
    )


@example({"added": 180, "already": 12, "unknown": 3}, request=False)
class AddedSerializer(serializers.Serializer):
    added = serializers.IntegerField()
    already = serializers.IntegerField(help_text="They were on it before.")
    unknown = serializers.IntegerField(help_text="Ids and numbers that nobody has.")


@example({"removed": 12, "not_on_it": 0, "unknown": 3}, request=False)
class RemovedSerializer(serializers.Serializer):
    removed = serializers.IntegerField()
    not_on_it = serializers.IntegerField()
    unknown = serializers.IntegerField(help_text="Ids and numbers that nobody has.")


class ContactListFilter(FilterSet):
    name = filters.CharFilter(lookup_expr="icontains", help_text="A part of the name.")

    class Meta:
        model = ContactList
        fields = ["name"]


class ContactListViewSet(ReadViewSet):
    """Lists of contacts."""

    resource = "contact_lists"
    queryset = ContactList.objects.all()
    serializer_class = ContactListSerializer
    filterset_class = ContactListFilter
    ordering_fields = ("name",)
    permits = {"list": READ, "retrieve": READ, "create": SHAPE, "partial_update": SHAPE, "destroy": SHAPE}

    @operation(answer=ContactListSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Lists of contacts

        Campaigns call who is on one, or leave them out.
        """
        return super().list(request)

    @operation(answer=ContactListSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One list of contacts

        Who is on it: `GET /contact-lists/{id}/members/`.
        """
        return super().retrieve(request, pk)

    @operation(body=NewContactListBody, answer=ContactListSerializer, status=201, refusals=[FilterInvalid, SearchTooShort])
    def create(self, request) -> Response:
        """Make a list of contacts

        Empty, or with `query` of whoever fits now: who fits later is not added by itself.
        """
        return self.respond(contact_lists.add(**self.read(NewContactListBody), **self.by), 201, location=True)

    @operation(body=ContactListBody(partial=True), answer=ContactListSerializer, refusals=[VersionConflict])
    def partial_update(self, request, pk) -> Response:
        """Change a list of contacts

        Its name and what it is about.
        """
        row = self.get_object()
        body = ContactListBody(row, data=request.data, partial=True, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return self.respond(upkeep.alter(ContactList, row.pk, **body.validated_data, if_version=self.if_version, **self.by))

    @operation(status=204, refusals=[VersionConflict])
    def destroy(self, request, pk) -> Response:
        """Remove a list of contacts

        The contacts stay. Only while no campaign names it (409 `still_in_use` otherwise).
        """
        upkeep.remove(ContactList, self.get_object().pk, if_version=self.if_version, **self.by)
        return Response(status=204)


class ContactListMembersViewSet(ApiViewSet):
    """Who is on a list."""

    resource = "contact_lists"
    queryset = ContactList.objects.all()
    serializer_class = ContactListMemberSerializer
    permits: ClassVar = {"members": READ, "add_members": SHAPE, "remove_members": SHAPE}
    parameters = {"members": SUBLIST_PARAMETERS}

    @operation(answer=ContactListMemberSerializer(many=True), method="get")
    def members(self, request, pk) -> Response:
        """Who is on a list

        The newest first.
        """
        page = self.paginate_queryset(ContactListMember.objects.filter(contact_list=self.get_object()).order_by("-id"))
        return self.get_paginated_response(ContactListMemberSerializer(page, many=True).data)

    @operation(body=MembersBody, answer=AddedSerializer, refusals=[TooManyMembers])
    def add_members(self, request, pk) -> Response:
        """Put contacts on a list

        By their ids or by numbers, up to 10,000 at a time. Whoever is on it already stays on it once; what nobody has is counted as
        `unknown` and refuses nothing. Audiences that are built already do not change: build them again.
        """
        said = contact_lists.add_members(self.get_object().pk, **self.read(MembersBody), **self.by)
        return Response(AddedSerializer(said).data)

    @operation(body=MembersBody, answer=RemovedSerializer, refusals=[TooManyMembers])
    def remove_members(self, request, pk) -> Response:
        """Take contacts off a list

        By their ids or by numbers, up to 10,000 at a time. Targets of campaigns that were made of it stay.
        """
        said = contact_lists.remove_members(self.get_object().pk, **self.read(MembersBody), **self.by)
        return Response(RemovedSerializer(said).data)
