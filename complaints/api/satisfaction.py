"""/satisfaction/, and what customers say of one complaint."""

from django.conf import settings
from django.utils import timezone
from django_filters import rest_framework as filters
from rest_framework.response import Response

from complaints import satisfaction
from complaints.api.satisfaction_bodies import SatisfactionBody, SatisfactionLinkBody, SatisfactionLinkSerializer, SatisfactionSerializer
from complaints.models import Complaint, Satisfaction
from complaints.satisfaction import NobodyToWriteTo, SatisfactionNotOwed
from config.api import preconditions
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, ReadViewSet, operation
from config.platform.models import PEOPLE, Scope
from config.platform.moves import TransitionNotAllowed, VersionConflict
from crm import topic_tree

READ = allow(*PEOPLE, scope=Scope.COMPLAINTS_READ)
WRITE = allow(*PEOPLE, scope=Scope.COMPLAINTS_WRITE)
MOVED = [SatisfactionNotOwed, TransitionNotAllowed, VersionConflict]


class SatisfactionFilter(FilterSet):
    complaint = filters.UUIDFilter(field_name="complaint_id")
    state = filters.ChoiceFilter(choices=Satisfaction.State.choices)
    open = filters.BooleanFilter(method="may_be_answered", help_text="true: those that may still be answered.")
    department = filters.UUIDFilter(field_name="department_id", help_text="Where the complaint was closed.")
    topic = filters.UUIDFilter(method="on_topic", help_text="And those beneath it.")
    agent = filters.UUIDFilter(field_name="agent_id", help_text="Who had the complaint when it was closed.")
    is_solved = filters.BooleanFilter()
    answered_after = filters.IsoDateTimeFilter(method="answered_since")
    answered_before = filters.IsoDateTimeFilter(method="answered_until")

    class Meta:
        model = Satisfaction
        fields = ["state"]

    def may_be_answered(self, queryset, name, value):
        now = timezone.now()
        return queryset.open(now) if value else queryset.exclude(pk__in=Satisfaction.objects.open(now).values("pk"))

    # the state is named for the index, which has the answered ones alone
    def answered_since(self, queryset, name, value):
        return queryset.filter(state=Satisfaction.State.ANSWERED, answered_at__gte=value)

    def answered_until(self, queryset, name, value):
        return queryset.filter(state=Satisfaction.State.ANSWERED, answered_at__lt=value)

    def on_topic(self, queryset, name, value):
        return queryset.filter(topic__in=topic_tree.below([value]))


class SatisfactionViewSet(ReadViewSet):
    """What customers say of how their complaints were solved."""

    resource = "satisfaction"
    queryset = Satisfaction.objects.all()
    serializer_class = SatisfactionSerializer
    filterset_class = SatisfactionFilter
    permits = {"list": READ, "retrieve": READ}

    @operation(answer=SatisfactionSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """What customers say

        One for each closing of a complaint: asked on a call or by a link, answered, declined, or without an answer. The department, topic
        and person are those of the closing. Whom to ask on the phone: `?open=true`.
        """
        return super().list(request)

    @operation(answer=SatisfactionSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One answer

        Or one question that waits for it.
        """
        return super().retrieve(request, pk)


class ComplaintSatisfactionViewSet(ApiViewSet):
    """The question about one complaint."""

    resource = "complaints"
    queryset = Complaint.objects.all()
    serializer_class = SatisfactionSerializer
    permits = {"satisfaction": READ, "satisfaction_answer": WRITE, "satisfaction_decline": WRITE, "satisfaction_link": WRITE}

    def respond(self, row: Satisfaction, status: int = 200, *, location: bool = False) -> Response:
        """The question, not the complaint, with its ETag."""
        return Response(SatisfactionSerializer(row).data, status=status, headers={"ETag": preconditions.etag(row.version)})

    @operation(answer=SatisfactionSerializer, method="get", refusals=[SatisfactionNotOwed])
    def satisfaction(self, request, pk) -> Response:
        """What the customer says of the outcome

        Of the last closing; earlier ones are in `/satisfaction/?complaint=`. 409 `satisfaction_not_owed`: it was never closed.
        """
        return self.respond(satisfaction.current(self.get_object()))

    @operation(body=SatisfactionBody, answer=SatisfactionSerializer, refusals=MOVED)
    def satisfaction_answer(self, request, pk) -> Response:
        """Write down what the customer says

        On a call, usually a follow-up call. It counts once for each closing, be it told here or on the page of a link: whichever comes first.
        When they say that it is not solved, or give one of the two lowest scores, whoever had the complaint and those who lead its
        department are told.
        """
        asked = satisfaction.current(self.get_object())
        return self.respond(satisfaction.answer(asked.pk, **self.read(SatisfactionBody), if_version=self.if_version, **self.by))

    @operation(answer=SatisfactionSerializer, refusals=MOVED)
    def satisfaction_decline(self, request, pk) -> Response:
        """They would not say

        They were asked on a call: nobody asks them again about this closing, and a link that they have is good no more.
        """
        asked = satisfaction.current(self.get_object())
        return self.respond(satisfaction.decline(asked.pk, if_version=self.if_version, **self.by))

    @operation(
        body=SatisfactionLinkBody, answer=SatisfactionLinkSerializer, refusals=[SatisfactionNotOwed, NobodyToWriteTo, TransitionNotAllowed]
    )
    def satisfaction_link(self, request, pk) -> Response:
        """Make a link for the customer

        To a plain page on which they answer, in the language of the complaint, once, until `expires_at`. The link is told in this answer
        alone (send it by whatever you have: a text message, a chat), or with `by_email` we write it to the contact and nobody sees it.
        A new link replaces the one before.
        """
        asked = satisfaction.current(self.get_object())
        origin = settings.PUBLIC_URL or request.build_absolute_uri("/")
        if self.read(SatisfactionLinkBody)["by_email"]:
            row, url = satisfaction.send_link(asked.pk, origin=origin, **self.by), None
        else:
            row, token = satisfaction.make_link(asked.pk, **self.by)
            url = satisfaction.address_of(token, origin=origin)
        shown = {"satisfaction": row.pk, "url": url, "asked_via": row.asked_via, "expires_at": row.expires_at}
        return Response(SatisfactionLinkSerializer(shown).data)
