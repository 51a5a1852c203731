"""/agents/ over HTTP: where everybody is, what they say of themselves, what others say of them."""

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from calls import agent_watch, agents, breaks, hard_calls
from calls.api import agent_bodies as bodies
from calls.models import AgentPresence, AgentStateInterval, Queue
from calls.models.agents import State
from config.api.filters import FilterSet
from config.api.pages import SUBLIST_PARAMETERS
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, operation
from config.platform.models import LEADERS, PEOPLE, Role, Scope
from config.platform.moves import VersionConflict

READ = allow(*PEOPLE, scope=Scope.CALLS_READ)
MINE = allow(*PEOPLE)
LEAD = allow(*LEADERS)


class AgentFilter(FilterSet):
    state = filters.ChoiceFilter(choices=State.choices, method="of_state", help_text="As it is shown.")
    team = filters.UUIDFilter(method="of_team")
    queue = filters.CharFilter(method="of_queue", max_length=100, help_text="Slug: who serves it.")
    is_active = filters.BooleanFilter(field_name="agent__is_active", help_text="Who works here; those who left are listed too.")

    class Meta:
        model = AgentPresence
        fields = ["state"]

    def of_state(self, rows: Any, name: str, value: str) -> Any:
        return rows.in_state(value)

    def of_team(self, rows: Any, name: str, value: UUID) -> Any:
        return rows.filter(agent__teams=value)

    def of_queue(self, rows: Any, name: str, value: str) -> Any:
        served = Queue.objects.filter(slug=value, teams__is_active=True).values("teams")
        return rows.filter(agent__in=AgentPresence.objects.filter(agent__teams__in=served).values("agent"))


class AgentViewSet(ReadViewSet):
    """Agents and their states."""

    resource = "agents"
    queryset = AgentPresence.objects.for_api()
    serializer_class = bodies.AgentSerializer
    filterset_class = AgentFilter
    parameters = {"states": SUBLIST_PARAMETERS | frozenset(bodies.StatesQuery().fields)}
    permits = {
        "list": READ, "retrieve": READ, "states": READ, "me": MINE, "sign_in": MINE, "available": MINE, "pause": MINE, "sign_out": MINE,
        "heartbeat": MINE, "micro_pause": MINE, "force": LEAD, "answer_pause": LEAD,
        "phone_states": allow(Role.ADMIN, scope=Scope.EVENTS_WRITE),
    }  # fmt: skip

    def mine(self, *, session: UUID | None = None) -> Response:
        """The agent who asks, as they see themselves."""
        fresh = self.all_rows().filter(pk=self.user.pk).first() or AgentPresence(id=self.user.pk, agent=self.user)
        context = {**self.get_serializer_context(), "now": timezone.now(), "session": session}
        return Response(bodies.MeAsAgentSerializer(fresh, context=context).data)

    @operation(answer=bodies.AgentSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Agents

        Everybody sees who is free, to pass a caller on. What is private (pauses, contradictions, breaks) is null but for yourself and
        for those who lead. Who is free for a queue: `?queue=support&state=available`.
        """
        return super().list(request)

    @operation(answer=bodies.AgentSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One agent

        The id is that of the user.
        """
        return super().retrieve(request, pk)

    @operation(answer=bodies.MeAsAgentSerializer, method="get", detail=False)
    def me(self, request) -> Response:
        """Yourself as an agent

        With the break that is due and the micro-pause that is offered.
        """
        return self.mine()

    @operation(body=bodies.SignInBody, answer=bodies.MeAsAgentSerializer, detail=False, path="me/sign-in")
    def sign_in(self, request) -> Response:
        """Sign in

        Who was offline is available now. Keep `session` for the heartbeats. Another screen of yours is told by the live feed
        (`agent.signed_in_elsewhere`) that it counts no more; your state goes on here.
        """
        return self.mine(session=agents.sign_in(**self.read(bodies.SignInBody), **self.by).session)

    @operation(answer=bodies.MeAsAgentSerializer, detail=False, path="me/available", refusals=[agents.NotSignedIn])
    def available(self, request) -> Response:
        """Take calls

        A pause ends; one that waits for the end of a call, or for a lead's yes, is taken back.
        """
        agents.available(**self.by)
        return self.mine()

    @operation(body=bodies.PauseBody, answer=bodies.MeAsAgentSerializer, detail=False, path="me/pause", refusals=[agents.NotSignedIn])
    def pause(self, request) -> Response:
        """Take a pause

        During a call, and until it is written up, the pause waits: `pending_pause`. A code that requires a yes is asked for first:
        `asked_pause`. A pause that lasts longer than its code allows is told, never ended by force.
        """
        agents.pause(**self.read(bodies.PauseBody), **self.by)
        return self.mine()

    @operation(answer=bodies.MeAsAgentSerializer, detail=False, path="me/sign-out")
    def sign_out(self, request) -> Response:
        """Sign out

        Doing it again changes nothing. Who forgets it is `lagged` a minute after the last heartbeat, and offline later.
        """
        agents.sign_out(**self.by)
        return self.mine()

    @operation(
        body=bodies.HeartbeatBody,
        answer=bodies.BeatSerializer,
        detail=False,
        path="me/heartbeat",
        refusals=[agents.NotSignedIn, agents.SignedInElsewhere],
    )
    def heartbeat(self, request) -> Response:
        """Say that this screen is alive

        Every 20 seconds or so. The answer says how you stand, so a screen without the live feed misses nothing.
        """
        session = self.read(bodies.HeartbeatBody)["session"]
        return Response(bodies.BeatSerializer(_beat(agent_watch.heartbeat(session=session, **self.by))).data)

    @operation(
        body=bodies.MicroPauseBody,
        answer=bodies.MeAsAgentSerializer,
        detail=False,
        path="me/micro-pause",
        refusals=[hard_calls.NothingOffered],
    )
    def micro_pause(self, request) -> Response:
        """Take the micro-pause that is offered, or decline it

        It is offered after a hard call, for some minutes. Declining is fine, and so is not answering.
        """
        hard_calls.micro_pause(**self.read(bodies.MicroPauseBody), **self.by)
        return self.mine()

    @operation(
        body=bodies.ForceBody,
        answer=bodies.AgentSerializer,
        refusals=[VersionConflict, agents.NotSignedIn, agents.PauseCodeNeeded],
    )
    def force(self, request, pk) -> Response:
        """Set an agent's state

        The agent is told who did it and why, and it stays in the audit trail. Nobody who is offline can be signed in by others.
        """
        row = self.get_object()
        return self.respond(agents.force(row.agent, **self.read(bodies.ForceBody), if_version=self.if_version, **self.by))

    @operation(body=bodies.AnswerPauseBody, answer=bodies.AgentSerializer, refusals=[VersionConflict, agents.NothingAsked])
    def answer_pause(self, request, pk) -> Response:
        """Agree to a pause that was asked for, or decline it

        A yes begins it, after the call if there is one. The agent is told.
        """
        row = self.get_object()
        return self.respond(agents.answer_asked(row.agent, **self.read(bodies.AnswerPauseBody), if_version=self.if_version, **self.by))

    @operation(body=bodies.PhoneStateBody, answer=bodies.AgentSerializer, detail=False, path="phone-states")
    def phone_states(self, request) -> Response:
        """Tell what a phone is set to

        For phone systems that let people pause or log off at the phone. It is kept beside what the agent says: a contradiction is shown.
        What is told of an earlier time than is known already changes nothing.
        """
        given = self.read(bodies.PhoneStateBody)
        at = given.pop("at") or timezone.now()
        return self.respond(agents.phone_says(**given, at=at, **self.by))

    @operation(
        answer=bodies.AgentStateIntervalSerializer(many=True),
        method="get",
        filters=False,
        parameters=[
            OpenApiParameter("after", str, description="What ended after this time, or goes on."),
            OpenApiParameter("before", str, description="What began before this time."),
            OpenApiParameter("track", str, enum=AgentStateInterval.Track.values, description="One of the two tracks only."),
        ],
    )
    def states(self, request, pk) -> Response:
        """An agent's states, one after another

        The latest first: `declared`, what they said, and `observed`, what the phone did. For the agent and for those who lead.
        """
        given = bodies.StatesQuery(
            data={name: value for name, value in request.query_params.items() if name in bodies.StatesQuery().fields}
        )
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        rows = AgentStateInterval.objects.visible_to(self.user).filter(agent=self.get_object().agent_id).select_related("pause_code")
        if "track" in asked:
            rows = rows.filter(track=asked["track"])
        if "before" in asked:
            rows = rows.filter(started_at__lt=asked["before"])
        if "after" in asked:
            rows = rows.filter(Q(ended_at=None) | Q(ended_at__gt=asked["after"]))
        self.ordering, self.ordering_fields = "-started_at", ("started_at",)
        return self.get_paginated_response(bodies.AgentStateIntervalSerializer(self.paginate_queryset(rows), many=True).data)


def _beat(row: AgentPresence) -> dict[str, Any]:
    names = ("pause_code", "pending_pause", "asked_pause")
    return {
        "state": row.state,
        "since": row.since,
        "conflict": row.conflict,
        "pause_limit_at": row.pause_limit_at,
        "break_due": breaks.shown(row),
        "micro_pause": hard_calls.offer_to(row.agent_id, now=timezone.now()),
        "heard_at": row.last_heartbeat_at,
        **{name: code.code if (code := getattr(row, name)) else None for name in names},
    }
