"""/wallboard/ over HTTP."""

import hashlib
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.response import Response

from calls import wallboard
from calls.models import Alarm
from calls.models.agents import State
from config.api.fields import TimeZoneField
from config.api.permissions import allow
from config.api.preconditions import TAG
from config.api.viewsets import ApiViewSet, example, operation
from config.platform.models import PEOPLE, Scope


class NowSerializer(serializers.Serializer):
    waiting = serializers.IntegerField(help_text="Callers in the queue, or whose call rings.")
    longest_wait_s = serializers.IntegerField(allow_null=True, help_text="How long the first of them has waited; null: nobody waits.")
    served = serializers.IntegerField(help_text="Calls in which somebody talks.")


class CountedSerializer(serializers.Serializer):
    """As in the report of calls."""

    offered = serializers.IntegerField()
    answered = serializers.IntegerField()
    abandoned = serializers.IntegerField()
    short_abandons = serializers.IntegerField()
    service_level = serializers.FloatField(allow_null=True, help_text="0 to 1.")
    abandon_share = serializers.FloatField(allow_null=True, help_text="0 to 1.")
    asa_s = serializers.FloatField(allow_null=True)
    longest_wait_s = serializers.FloatField(allow_null=True)


class WriteUpsSerializer(serializers.Serializer):
    pending = serializers.IntegerField(help_text="Calls of the last 24 hours that are not written up.")


class OpenAlarmSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    queue = serializers.CharField(required=False, help_text="In `total`: whose it is.")
    kind = serializers.ChoiceField(choices=Alarm.Kind.choices)
    value = serializers.FloatField(help_text="The worst since it was raised.")
    limit = serializers.IntegerField()
    raised_at = serializers.DateTimeField()
    is_acknowledged = serializers.BooleanField()


class OpenAlarmsSerializer(serializers.Serializer):
    open = OpenAlarmSerializer(many=True)


class OwedSerializer(serializers.Serializer):
    open = serializers.IntegerField(help_text="Callers whom we owe a call.")
    overdue = serializers.IntegerField(help_text="Of them, those who should have been called by now.")


class AgentsSerializer(serializers.Serializer):
    """How many agents do what: by the phone where it is busy, else by what they say. Of a queue: those whose teams serve it."""

    contradict = serializers.IntegerField(help_text="Of how many the phone and their word contradict each other.")

    def get_fields(self) -> dict[str, serializers.Field]:
        return {str(state): serializers.IntegerField() for state in State} | super().get_fields()


class TilesSerializer(serializers.Serializer):
    """Other parts may add tiles of their own."""

    now = NowSerializer()
    today = CountedSerializer(help_text="Calls of this day, as `time_zone` counts it.")
    half_hour = CountedSerializer(help_text="Calls that began in the last 30 minutes.")
    agents = AgentsSerializer()
    write_ups = WriteUpsSerializer()
    return_calls = OwedSerializer()
    alarms = OpenAlarmsSerializer()

    def get_fields(self) -> dict[str, serializers.Field]:
        known = super().get_fields()
        return known | {name: serializers.DictField(child=serializers.FloatField()) for name, _ in wallboard.tiles if name not in known}


class QueueTilesSerializer(TilesSerializer):
    queue = serializers.CharField(help_text="Slug.")
    name = serializers.CharField()


COUNTED = {
    "offered": 360, "answered": 331, "abandoned": 18, "short_abandons": 6, "service_level": 0.8281, "abandon_share": 0.05, "asa_s": 11.4,
    "longest_wait_s": 188.2,
}  # fmt: skip
TILES: dict[str, dict[str, Any]] = {
    "now": {"waiting": 3, "longest_wait_s": 41, "served": 12},
    "today": COUNTED,
    "half_hour": COUNTED | {"offered": 22, "answered": 20, "abandoned": 2, "short_abandons": 0},
    "agents": {
        "offline": 8, "available": 2, "reserved": 0, "ringing": 1, "talking": 11, "hold": 1, "wrap_up": 3, "paused": 4, "lagged": 0,
        "contradict": 1,
    },
    "write_ups": {"pending": 5},
    "return_calls": {"open": 7, "overdue": 1},
    "alarms": {"open": []},
    # Tiles of other parts. They know nothing of queues: a queue shows zeros.
    "campaigns": {"running": 2, "in_hand": 5, "written_up_today": 140, "successes_today": 31},
    "complaints": {"open": 41, "breached": 5, "due_within_hour": 3},
}  # fmt: skip


@example(
    {
        "as_of": "2026-11-23T15:00:00+03:00",
        "time_zone": "Europe/Moscow",
        "total": TILES,
        "queues": [
            {
                "queue": "support",
                "name": "Support",
                **TILES,
                **{name: dict.fromkeys(TILES[name], 0) for name in ("campaigns", "complaints")},
            }
        ],
    },
    request=False,
)
class WallboardSerializer(serializers.Serializer):
    as_of = serializers.DateTimeField(help_text="When it was worked out: a second or two ago.")
    time_zone = serializers.CharField(help_text="Whose day `today` is.")
    total = TilesSerializer(help_text="All queues together, and calls without a queue; with `?queue=`, that queue.")
    queues = QueueTilesSerializer(many=True)


class WallboardViewSet(ApiViewSet):
    """The wallboard."""

    resource = "wallboard"
    parameters = {"retrieve": frozenset({"queue", "time_zone"})}
    permits = {"retrieve": allow(*PEOPLE, scope=Scope.CALLS_READ)}

    @operation(
        answer=WallboardSerializer,
        method="get",
        detail=False,
        parameters=[
            OpenApiParameter("queue", str, description="Only this queue; its slug."),
            OpenApiParameter("time_zone", str, description="IANA name: whose day today is; else your own."),
        ],
    )
    def retrieve(self, request) -> Response:
        """The wallboard

        How every queue stands now: who waits and how long, who is served, the day and the last half hour, agents by what they do, alarms.
        It is worked out once for all who look, at most every second or two: ask every two seconds with `If-None-Match`, and you get 304
        while nothing has changed.
        """
        query = WallboardQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        zone = ZoneInfo(query.validated_data.get("time_zone") or self.user.time_zone)
        board = wallboard.look(zone, queue=query.validated_data.get("queue"))
        tag = hashlib.blake2b(orjson.dumps({**board, "as_of": ""}), digest_size=8).hexdigest()
        headers = {"ETag": f'W/"{tag}"', "Cache-Control": "private, no-cache"}
        seen = request.headers.get("If-None-Match", "")
        if seen.strip() == "*" or tag in (known for _, known in TAG.findall(seen)):
            return Response(status=304, headers=headers)
        return Response(board, headers=headers)


class WallboardQuery(serializers.Serializer):
    queue = serializers.CharField(max_length=100, required=False)
    time_zone = TimeZoneField(required=False)
