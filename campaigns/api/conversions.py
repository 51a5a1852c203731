"""/conversions/, promises of an attempt, and contacts collected in a campaign, over HTTP."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework.response import Response

from campaigns import collecting, conversions
from campaigns.api.conversion_bodies import CollectBody, CollectedSerializer, ConversionPromiseBody, ConversionSerializer, TakeBackBody
from campaigns.collecting import NotCollecting
from campaigns.conversions import AlreadyPromised, AlreadyTakenBack, NothingWasSaid, NotYourConversion, PromiseEmpty, WhyNeeded
from campaigns.models import Attempt, Campaign, Collected, Conversion
from config.api import preconditions
from config.api.filters import FilterSet
from config.api.pages import SUBLIST_PARAMETERS
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, ReadViewSet, operation
from config.platform.models import LEADERS, PEOPLE, Role, Scope
from config.platform.moves import VersionConflict
from crm.api.contact_ids import ContactFilter
from crm.contacts import DuplicateFound, EmployerInCircle, NothingKnown, ReasonNeeded
from crm.custom_fields import CustomFieldInvalid
from crm.phone_numbers import NumberInvalid

READ = allow(*PEOPLE, scope=Scope.CAMPAIGNS_READ)
WORK = allow(Role.AGENT, *LEADERS, scope=Scope.CAMPAIGNS_WORK)


class ConversionFilter(FilterSet):
    campaign = filters.UUIDFilter(field_name="campaign_id")
    kind = filters.ChoiceFilter(choices=Conversion.Kind.choices)
    attempt = filters.UUIDFilter(field_name="attempt_id")
    contact = ContactFilter(field_name="contact_id")
    agent = filters.UUIDFilter(field_name="agent_id")
    order = filters.UUIDFilter(field_name="order_id")
    counts = filters.BooleanFilter(field_name="reversed_at", lookup_expr="isnull", help_text="true: those that were not taken back.")
    at_after = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    at_before = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = Conversion
        fields = ["kind"]


class ConversionViewSet(ReadViewSet):
    """What attempts brought."""

    resource = "conversions"
    queryset = Conversion.objects.all()
    serializer_class = ConversionSerializer
    filterset_class = ConversionFilter
    permits = {"list": READ, "retrieve": READ, "take_back": WORK}

    @operation(answer=ConversionSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """What attempts brought

        Clients, orders and promises, each credited to one attempt, its operator and its campaign. An operator sees their own. An order that
        is called off is taken back by itself; a correction of how the call came out takes nothing back.
        """
        return super().list(request)

    @operation(answer=ConversionSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One client, order or promise

        With the attempt that brought it.
        """
        return super().retrieve(request, pk)

    @operation(body=TakeBackBody, answer=ConversionSerializer, refusals=[NotYourConversion, AlreadyTakenBack, WhyNeeded, VersionConflict])
    def take_back(self, request, pk) -> Response:
        """Take it back

        Nothing came of it, and why: it counts no longer. Operators withdraw promises of their own; a supervisor anything.
        """
        row = conversions.take_back(self.get_object().pk, **self.read(TakeBackBody), if_version=self.if_version, **self.by)
        return self.respond(row)


class PromiseViewSet(ApiViewSet):
    """What somebody promised in an attempt."""

    resource = "attempts"
    queryset = Attempt.objects.all()
    serializer_class = ConversionSerializer
    permits = {"promise": WORK}

    @operation(
        body=ConversionPromiseBody, answer=ConversionSerializer, status=201, refusals=[PromiseEmpty, AlreadyPromised, NothingWasSaid]
    )
    def promise(self, request, pk) -> Response:
        """Write down what they promised

        To pay, to come, to send something: an amount, a day, a note. It is a conversion of the campaign. The same again changes nothing;
        another one needs the first taken back.
        """
        row = conversions.promise(self.get_object().pk, **self.read(ConversionPromiseBody), **self.by)
        shown = ConversionSerializer(row).data
        return Response(shown, status=201, headers={"ETag": preconditions.etag(row.version)})


class CampaignCollectedViewSet(ApiViewSet):
    """Contacts that were collected in a campaign."""

    resource = "campaigns"
    queryset = Campaign.objects.all()
    serializer_class = CollectedSerializer
    permits = {"collected": READ, "collect": WORK}
    parameters = {"collected": SUBLIST_PARAMETERS}

    @operation(answer=CollectedSerializer(many=True), method="get")
    def collected(self, request, pk) -> Response:
        """Contacts collected in a campaign

        The newest first; `is_new` says whether the base did not know them before.
        """
        rows: Any = Collected.objects.filter(campaign=self.get_object()).order_by("-id")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(CollectedSerializer(page, many=True).data)

    @operation(
        body=CollectBody,
        answer=CollectedSerializer,
        status=201,
        refusals=[NotCollecting, DuplicateFound, ReasonNeeded, NothingKnown, NumberInvalid, CustomFieldInvalid, EmployerInCircle],
    )
    def collect(self, request, pk) -> Response:
        """Bring a contact into the base

        In a campaign that builds it. Whoever has one of the numbers already is found, not added again (`is_new: false`); whoever may be the
        same is 409 `duplicate_contact` with `candidates`: name one of them as `contact`, or send `force` with a `reason`. The same again
        changes nothing.
        """
        row = collecting.collect(self.get_object().pk, **self.read(CollectBody), **self.by)
        return Response(CollectedSerializer(row).data, status=201, headers={"ETag": preconditions.etag(row.version)})
