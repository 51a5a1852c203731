"""/stream/ and /feed/: what one person must see on their screen now."""

from datetime import timedelta
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.response import Response

from config.api.authentication import BearerAuthentication
from config.api.permissions import allow
from config.api.stream import admitting, tickets, wire
from config.api.throttling import PerCaller, PerOpening
from config.api.viewsets import ApiViewSet, example, operation
from config.platform import feed, feed_reading
from config.platform.models import PEOPLE, ApiToken, User

MOST = 200  # messages in one answer
STEPS = 20  # answers' worth in one step of a stream that is not held
PLACE = "AcKQ2Q4CoIAEAAA"


def last_event_id(request: Any) -> str | None:
    """Where the client was: the header of a client that reads again, or the parameter of one that cannot send any."""
    return request.headers.get("Last-Event-ID") or request.query_params.get("last_event_id")


def address(request: Any) -> str:
    """Where streams are held for this client."""
    return settings.STREAM_URL or request.build_absolute_uri("/api/v1/stream/")


@example({"ticket": "swt_Qx3vPz…", "url": "https://crm.example.com/api/v1/stream/", "expires_at": "2026-11-23T07:00:30Z"}, request=False)
class TicketSerializer(serializers.Serializer):
    ticket = serializers.CharField(help_text="Put it into the query: `?ticket=…`. It opens one stream.")
    url = serializers.CharField(help_text="Where the stream is held.")
    expires_at = serializers.DateTimeField()


class StreamViewSet(ApiViewSet):
    """The live feed."""

    resource = "stream"
    tag = "live feed"
    queryset = User.objects.none()
    permits = {"retrieve": allow(*PEOPLE), "ticket": allow(*PEOPLE)}
    parameters = {"retrieve": frozenset({"last_event_id", "ticket"})}

    def is_opening(self) -> bool:
        return "retrieve" in getattr(self, "action_map", {}).values()

    def get_authenticators(self) -> list[Any]:
        usual = super().get_authenticators()
        return [BearerAuthentication(), admitting.TicketAuthentication(), *usual[1:]] if self.is_opening() else usual

    def get_renderers(self) -> list[Any]:
        return [wire.EventStream()] if self.is_opening() else super().get_renderers()

    def get_throttles(self) -> list[Any]:
        return [PerOpening()] if self.action == "retrieve" else [PerCaller()]

    @operation(
        answer={(200, wire.MEDIA_TYPE): OpenApiResponse(OpenApiTypes.STR, description="Events, as they happen.")},
        method="get",
        refusals=[admitting.StreamsFull, tickets.TicketsAway],
        parameters=[
            OpenApiParameter("last_event_id", str, description="The `id` of the last event you have; the header `Last-Event-ID` does the same."),
            OpenApiParameter("ticket", str, description="A ticket from `POST /api/v1/stream/ticket/`, instead of a token."),
        ],
    )  # fmt: skip
    def retrieve(self, request) -> HttpResponse:
        """The live feed

        Server-Sent Events for one person: calls that ring at their desk with who is calling, what becomes of these calls, what is owed to
        customers, announcements. Nobody gets what is another's. It begins with `hello`, which carries all that a screen shows at first. After
        a break send the last `id` as `Last-Event-ID` and it goes on there: nothing is lost and nothing comes twice. Where too much time went
        by, `reset` comes instead, with the screen as it is now.

        Streams are held by a process of its own. A web process without it answers with what has come since and ends; a client that
        comes back after `retry` milliseconds gets the same events, a little later. docs/live-feed.md has the whole story, and a page to try.
        """
        now = timezone.now()
        opening = request.META.get(admitting.HOLD)
        if opening is not None and opening.is_full:
            raise admitting.StreamsFull("No more streams can be held here just now.")
        admitted = admitting.admit(self.user, self.token, last_event_id(request), now)
        body = b""
        if opening is None:
            body = wire.retry(wire.STEP_RETRY_MS) + (admitted.first or self._since(admitted.place))
        else:
            opening.admitted = admitted
        return HttpResponse(body, content_type=wire.MEDIA_TYPE, headers=wire.HEADERS)

    def _since(self, place: feed_reading.Place) -> bytes:
        """All that came since, up to a bound; the rest is asked for next time."""
        told = b""
        for _ in range(STEPS):
            (found,) = feed_reading.read([(self.user.pk, place)], most=MOST, now=timezone.now())
            told, place = told + wire.told(found.messages), found.place
            if not found.has_more:
                break
        return told + wire.passed(place)

    @operation(answer=TicketSerializer, status=201, detail=False, refusals=[tickets.TicketsAway])
    def ticket(self, request) -> Response:
        """A ticket for the live feed

        For a browser's `EventSource`, which cannot send a token: the ticket goes into the query, opens one stream, and is worth nothing after
        half a minute, so it may stand in a log. Reading with `fetch` and `Authorization` needs none.
        """
        token: ApiToken | None = self.token
        ticket = tickets.issue(str(self.user.pk), str(token.pk) if token else None)
        expires_at = timezone.now() + timedelta(seconds=tickets.LIFETIME_S)
        return Response(TicketSerializer({"ticket": ticket, "url": address(request), "expires_at": expires_at}).data, status=201)


class MessageSerializer(serializers.Serializer):
    id = serializers.IntegerField(help_text="Its number. A screen that has it already passes it over.")
    kind = serializers.CharField(help_text="What it tells; docs/live-feed.md lists the kinds.")
    at = serializers.DateTimeField()
    about = serializers.UUIDField(allow_null=True, help_text="The call, the callback … that it tells of.")
    contact = serializers.UUIDField(allow_null=True)
    data = serializers.DictField()


@example(
    {
        "messages": [
            {
                "id": 4711,
                "kind": "call.ended",
                "at": "2026-11-23T07:00:00Z",
                "about": "0199a1b2-5555-7000-8000-293a4b5c6d7e",
                "contact": None,
                "data": {"call": "0199a1b2-5555-7000-8000-293a4b5c6d7e", "outcome": "answered", "wrap_up": "pending"},
            }
        ],
        "cursor": PLACE,
        "has_more": False,
        "is_reset": False,
        "screen": None,
        "stream_url": "https://crm.example.com/api/v1/stream/",
    },
    request=False,
)
class FeedSerializer(serializers.Serializer):
    messages = MessageSerializer(many=True)
    cursor = serializers.CharField(help_text="Send it as `after` next time. It is the same as an `id` of the stream.")
    has_more = serializers.BooleanField(help_text="More wait: ask again at once.")
    is_reset = serializers.BooleanField(help_text="`after` was too old: draw the screen anew from `screen`.")
    screen = serializers.DictField(allow_null=True, help_text="All that a screen shows at first; only without `after`, or with `is_reset`.")
    stream_url = serializers.CharField(help_text="Where streams are held.")


class FeedViewSet(ApiViewSet):
    """The live feed for those who cannot hold a connection."""

    resource = "feed"
    tag = "live feed"
    queryset = User.objects.none()
    serializer_class = FeedSerializer
    permits = {"retrieve": allow(*PEOPLE)}
    parameters = {"retrieve": frozenset({"after"})}

    @operation(
        answer=FeedSerializer,
        method="get",
        parameters=[OpenApiParameter("after", str, description="The `cursor` of the answer before; without it you get the screen.")],
    )
    def retrieve(self, request) -> Response:
        """The live feed, step by step

        The same messages as `GET /api/v1/stream/`, for clients that cannot hold a connection: ask every few seconds with the `cursor` of the
        answer before. 200 messages at most in one answer.
        """
        now = timezone.now()
        place, is_new, is_lost = admitting.place_of(request.query_params.get("after"), now)
        found = feed_reading.Read([], place, False)
        if not is_new:
            (found,) = feed_reading.read([(self.user.pk, place)], most=MOST, now=now)
        return Response(
            {
                "messages": [orjson.loads(one.as_json()) for one in found.messages],
                "cursor": feed_reading.encode(found.place),
                "has_more": found.has_more,
                "is_reset": is_lost,
                "screen": feed.screen(self.user, now) if is_new else None,
                "stream_url": address(request),
            }
        )
