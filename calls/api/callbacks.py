"""/callbacks/ over HTTP."""

from django.db.models import Q
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse
from rest_framework.response import Response

from calls import callbacks
from calls.api.callback_bodies import (
    CallbackBody,
    CallbackCancelBody,
    CallbackCompleteBody,
    CallbackReassignBody,
    CallbackReleaseBody,
    CallbackRescheduleBody,
    CallbackSerializer,
)
from calls.callback_gate import ForceNotAllowed
from calls.callbacks import AlreadyScheduled, NotYourCallback, TooManyCallbacks, WhenToCall, WhomToCall
from calls.models import Callback
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, operation
from config.platform.models import PEOPLE, Scope
from config.platform.moves import TransitionNotAllowed, VersionConflict
from config.platform.origins import OriginUnknown
from crm.api.consent import said_number
from crm.api.contact_ids import ContactFilter
from crm.calling import MayNotCall
from crm.phone_book import NumberIsInternal
from crm.phone_numbers import NumberInvalid

READ = allow(*PEOPLE, scope=Scope.CALLS_READ)
WRITE = allow(*PEOPLE, scope=Scope.CALLS_WRITE)
MOVED = [NotYourCallback, TransitionNotAllowed, VersionConflict]
NOTHING = OpenApiResponse(description="Nothing is due for you that may be called now.")


class CallbackFilter(FilterSet):
    state = filters.ChoiceFilter(field_name="status", choices=Callback.Status.choices)
    recipient = filters.ChoiceFilter(choices=Callback.Recipient.choices)
    agent = filters.UUIDFilter(field_name="agent_id")
    team = filters.UUIDFilter(field_name="team_id")
    taken_by = filters.UUIDFilter(field_name="taken_by_id")
    contact = ContactFilter(field_name="contact_id")
    phone = filters.CharFilter(method="of_number", help_text="As people write it.")
    queue = filters.CharFilter()
    mine = filters.BooleanFilter(method="for_me", help_text="`true`: those that you may take, yours, your teams', anyone's; and in hand.")
    at_before = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")
    at_after = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")

    class Meta:
        model = Callback
        fields = ["state"]

    def of_number(self, queryset, name, value):
        return queryset.filter(e164=said_number(value))

    def for_me(self, queryset, name, value):
        own = Q(pk__in=Callback.objects.for_whom(self.request.user).values("pk")) | Q(taken_by=self.request.user)
        return queryset.filter(own) if value else queryset.exclude(own)


class CallbackViewSet(ReadViewSet):
    """Callbacks."""

    resource = "callbacks"
    queryset = Callback.objects.all()
    serializer_class = CallbackSerializer
    filterset_class = CallbackFilter
    ordering_fields = ("at",)
    permits = {
        "list": READ, "retrieve": READ, "create": WRITE, "next": WRITE, "take": WRITE, "release": WRITE, "complete": WRITE,
        "reschedule": WRITE, "reassign": WRITE, "cancel": WRITE,
    }  # fmt: skip

    @operation(answer=CallbackSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Callbacks

        What customers were promised, and when. Yours for today: `?mine=true&state=due&ordering=at`.
        """
        return super().list(request)

    @operation(answer=CallbackSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One callback

        With what became of it.
        """
        return super().retrieve(request, pk)

    @operation(
        body=CallbackBody,
        answer=CallbackSerializer,
        status=201,
        refusals=[
            WhomToCall, WhenToCall, AlreadyScheduled, TooManyCallbacks, MayNotCall, ForceNotAllowed, NumberInvalid, NumberIsInternal, OriginUnknown,
        ],
    )  # fmt: skip
    def create(self, request) -> Response:
        """Schedule a callback

        At an instant (`at`) or at a wall time of the customer (`local_time`, with `time_zone` or in the customer's own). The gate is asked
        about that time: what stands against it is refused with 409 `may_not_call`, with `reasons` and `next_at`. One is open for a contact
        at a time; a second one is 409 `callback_already_scheduled` and names the first.
        """
        return self.respond(callbacks.schedule(**self.read(CallbackBody), **self.by), 201, location=True)

    @operation(answer={200: CallbackSerializer, 204: NOTHING}, detail=False)
    def next(self, request) -> Response:
        """Take the next one that is due

        Yours, your teams' or anyone's, the earliest first; it is in your hands until `lease_until`. Whoever asks again gets the same, as
        long as it may be called. However many ask at once, nobody gets another's. 204: there is none that may be called now.
        """
        row = callbacks.next_for(**self.by)
        return self.respond(row) if row is not None else Response(status=204)

    @operation(answer=CallbackSerializer, refusals=[MayNotCall, *MOVED])
    def take(self, request, pk) -> Response:
        """Take a callback in hand

        To call now, also before its time. The gate is asked. It is given back when `lease_until` has passed and nobody talks with them.
        """
        return self.respond(callbacks.take(self.get_object().pk, if_version=self.if_version, **self.by))

    @operation(body=CallbackReleaseBody, answer=CallbackSerializer, refusals=MOVED)
    def release(self, request, pk) -> Response:
        """Give a callback back

        Without having called: whoever comes first takes it.
        """
        return self.respond(
            callbacks.release(self.get_object().pk, **self.read(CallbackReleaseBody), if_version=self.if_version, **self.by)
        )

    @operation(body=CallbackCompleteBody, answer=CallbackSerializer, refusals=MOVED)
    def complete(self, request, pk) -> Response:
        """Say that they were called back

        And what came of it. An answered call settles a callback by itself; then this only writes down the result.
        """
        return self.respond(
            callbacks.complete(self.get_object().pk, **self.read(CallbackCompleteBody), if_version=self.if_version, **self.by)
        )

    @operation(body=CallbackRescheduleBody, answer=CallbackSerializer, refusals=[WhenToCall, MayNotCall, ForceNotAllowed, *MOVED])
    def reschedule(self, request, pk) -> Response:
        """Promise another time

        It stays the same callback, and the gate is asked again. A wall time without a zone is in the zone that the callback has.
        """
        return self.respond(
            callbacks.reschedule(self.get_object().pk, **self.read(CallbackRescheduleBody), if_version=self.if_version, **self.by)
        )

    @operation(body=CallbackReassignBody, answer=CallbackSerializer, refusals=[TooManyCallbacks, *MOVED])
    def reassign(self, request, pk) -> Response:
        """Give a callback to somebody else

        To an operator, a team, or, with neither named, to anyone. Yours or your team's; a supervisor gives any.
        """
        return self.respond(
            callbacks.reassign(self.get_object().pk, **self.read(CallbackReassignBody), if_version=self.if_version, **self.by)
        )

    @operation(body=CallbackCancelBody, answer=CallbackSerializer, refusals=MOVED)
    def cancel(self, request, pk) -> Response:
        """Call a callback off

        And why.
        """
        return self.respond(callbacks.cancel(self.get_object().pk, **self.read(CallbackCancelBody), if_version=self.if_version, **self.by))
