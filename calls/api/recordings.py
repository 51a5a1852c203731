"""/recordings/ over HTTP: what there is, and its audio, through us only."""

from django.http import HttpResponseBase, StreamingHttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.response import Response

from calls import joining, playing, recordings
from calls.audio import EXTENSIONS
from calls.models import Recording, RecordingAccess
from config.api import problems
from config.api.filters import FilterSet
from config.api.pages import SUBLIST_PARAMETERS
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, example, operation
from config.platform.models import LEADERS, Role
from config.platform.moves import TransitionNotAllowed, VersionConflict

ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
LISTEN = allow(Role.AGENT, *LEADERS)
LEAD = allow(*LEADERS)
MASK = {"from_s": 62.0, "until_s": 80.5, "reason": "The card number."}
SHOWN = {
    "id": ID,
    "state": "available",
    "call": "0199a1b2-5555-7000-8000-293a4b5c6d7e",
    "ref": "rec-20261123-0715",
    "leg": "a",
    "recorded_at": "2026-11-23T07:19:31Z",
    "content_type": "audio/wav",
    "size": 4160044,
    "duration_s": 260.0,
    "channels": 1,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "has_source": False,
    "available_at": "2026-11-23T07:19:40Z",
    "retain_until": "2027-05-22T07:15:00Z",
    "legal_hold": False,
    "hold_reason": "",
    "held_by": None,
    "held_at": None,
    "masked": [{**MASK, "by": ID, "at": "2026-11-23T07:30:00Z"}],
    "attempts": 1,
    "run_after": None,
    "problem": "",
    "problem_detail": "",
    "audio_url": f"https://switchboard.example/api/v1/recordings/{ID}/audio/",
    "open_moves": ["delete", "hold", "mask", "release"],
    "version": 3,
}


class MaskedSpanSerializer(serializers.Serializer):
    from_s = serializers.FloatField(help_text="Seconds from the beginning of the recording.")
    until_s = serializers.FloatField()
    reason = serializers.CharField(allow_blank=True)
    by = serializers.UUIDField()
    at = serializers.DateTimeField()


@example(SHOWN, request=False)
class RecordingSerializer(serializers.ModelSerializer):
    """Where it came from is never shown."""

    masked = MaskedSpanSerializer(many=True)
    audio_url = serializers.SerializerMethodField(help_text="Asked with your token; null while the audio is not here.")
    open_moves = serializers.SerializerMethodField(help_text="What its state allows.")

    class Meta:
        model = Recording
        fields = [
            "id", "state", "call", "ref", "leg", "recorded_at", "content_type", "size", "duration_s", "channels", "sha256", "has_source",
            "available_at", "retain_until", "legal_hold", "hold_reason", "held_by", "held_at", "masked", "attempts", "run_after", "problem",
            "problem_detail", "audio_url", "open_moves", "version",
        ]  # fmt: skip
        read_only_fields = fields

    def get_audio_url(self, row: Recording) -> str | None:
        if row.state != Recording.State.AVAILABLE:
            return None
        return self.context["request"].build_absolute_uri(f"/api/v1/recordings/{row.pk}/audio/")

    def get_open_moves(self, row: Recording) -> list[str]:
        return [verb for verb in row.open_moves() if verb in ("delete", "fetch", "hold", "mask", "release")]


class SpanBody(serializers.Serializer):
    from_s = serializers.FloatField(min_value=0, max_value=1e7, help_text="Seconds from the beginning of the recording.")
    until_s = serializers.FloatField(min_value=0, max_value=1e7)


@example({"intervals": [{"from_s": 62.0, "until_s": 80.5}], "reason": "The card number."})
class MaskBody(serializers.Serializer):
    intervals = SpanBody(many=True, allow_empty=False, max_length=recordings.MOST_MASKED)
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


@example({"reason": "The customer goes to court: case 40-123."})
class RecordingReasonBody(serializers.Serializer):
    reason = serializers.CharField(max_length=500)


@example(
    {
        "id": ID,
        "by": ID,
        "at": "2026-11-23T08:00:00Z",
        "ip": "203.0.113.7",
        "request_id": "0199a1b2c3d475f68718293a4b5c6d7e",
        "first_byte": 0,
        "last_byte": 4160043,
        "purpose": "Complaint 17",
        "unmasked": False,
    },
    request=False,
)
class RecordingAccessSerializer(serializers.ModelSerializer):
    class Meta:
        model = RecordingAccess
        fields = ["id", "by", "at", "ip", "request_id", "first_byte", "last_byte", "purpose", "unmasked"]
        read_only_fields = fields


class RecordingFilter(FilterSet):
    call = filters.UUIDFilter(method="of_call", help_text="Of this call; the id of one that was joined to another finds the other.")
    state = filters.ChoiceFilter(choices=Recording.State.choices)
    legal_hold = filters.BooleanFilter()
    recorded_after = filters.IsoDateTimeFilter(field_name="recorded_at", lookup_expr="gte")
    recorded_before = filters.IsoDateTimeFilter(field_name="recorded_at", lookup_expr="lt")

    class Meta:
        model = Recording
        fields = ["state", "legal_hold"]

    def of_call(self, queryset, name, value):
        return queryset.filter(call=joining.stays(value) or value)


class RecordingViewSet(ReadViewSet):
    """Recordings of calls."""

    resource = "recordings"
    queryset = Recording.objects.all()
    serializer_class = RecordingSerializer
    filterset_class = RecordingFilter
    ordering_fields = ("recorded_at",)
    parameters = {"destroy": frozenset({"reason"}), "audio": frozenset({"purpose", "unmasked"}), "accesses": SUBLIST_PARAMETERS}
    permits = {
        "list": LISTEN, "retrieve": LISTEN, "audio": LISTEN, "mask": LISTEN, "accesses": LEAD, "hold": LEAD, "release": LEAD,
        "fetch": LEAD, "destroy": allow(Role.ADMIN),
    }  # fmt: skip
    ignores_accept = frozenset({"audio"})

    def get_queryset(self):
        """An operator masks what was said in a call of their own, whether or not they may listen to it."""
        rows = super().get_queryset()
        if self.action == "mask" and self.user.role == Role.AGENT:
            return self.all_rows().of_agent(self.user)
        return rows

    @operation(answer=RecordingSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Recordings

        Newest first. Leaders see all; an operator those of their own calls, where the company allows it.
        """
        return super().list(request)

    @operation(answer=RecordingSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One recording

        `announced` and `fetching`: its audio is on its way, `problem` says what stood against the last try. `failed`: it is not tried
        any more. `expired` and `deleted`: the audio is gone, the row stays.
        """
        return super().retrieve(request, pk)

    @operation(
        answer={(code, kind): OpenApiTypes.BINARY for code in (200, 206) for kind in EXTENSIONS},
        method="get",
        filters=False,
        parameters=[
            OpenApiParameter("purpose", str, description="What you listen for; it is kept with the access. Needed with `unmasked`."),
            OpenApiParameter("unmasked", bool, description="Administrators only: hear masked seconds too."),
            OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="One range of bytes: `bytes=0-65535`."),
        ],
        refusals=[
            playing.RecordingNotHere,
            playing.RecordingGone,
            playing.MaskedFormat,
            playing.UnmaskedForAdmins,
            playing.RangeUnsatisfiable,
        ],
    )
    def audio(self, request, pk) -> HttpResponseBase:
        """Listen

        The bytes come from here, never from a link, and every request, each range of a player too, is written down: see `accesses`.
        Masked seconds are silent (WAV); in another format a masked recording is refused.
        """
        unmasked = request.query_params.get("unmasked", "false")
        if unmasked not in ("true", "false"):
            raise serializers.ValidationError({"unmasked": ["unmasked is true or false."]})
        try:
            played = playing.play(
                self.get_object(),
                wanted=request.headers.get("Range", ""),
                if_range=request.headers.get("If-Range", ""),
                purpose=request.query_params.get("purpose", "").replace("\0", ""),
                unmasked=unmasked == "true",
                **self.by,
            )
        except playing.RangeUnsatisfiable as refusal:
            headers = {"Content-Range": f"bytes */{refusal.facts['size']}"}
            return problems.problem_page(refusal.status, refusal.code, refusal.detail, headers=headers)
        return _streamed(played, str(pk))

    @operation(body=MaskBody, answer=RecordingSerializer, refusals=[
        recordings.NotYourCall, recordings.MaskInvalid, TransitionNotAllowed, VersionConflict,
    ])  # fmt: skip
    def mask(self, request, pk) -> Response:
        """Mask seconds

        Nobody hears them any more: a card number that was read aloud. They come to those masked before, and nothing unmasks.
        """
        return self.respond(recordings.mask(self.get_object().pk, **self.read(MaskBody), if_version=self.if_version, **self.by))

    @operation(body=RecordingReasonBody, answer=RecordingSerializer, refusals=[TransitionNotAllowed, VersionConflict])
    def hold(self, request, pk) -> Response:
        """Lay a legal hold on it

        It is kept whatever retention and deletion say, and its person cannot be erased, until it is released.
        """
        return self.respond(recordings.hold(self.get_object().pk, **self.read(RecordingReasonBody), if_version=self.if_version, **self.by))

    @operation(body=RecordingReasonBody, answer=RecordingSerializer, refusals=[TransitionNotAllowed, VersionConflict])
    def release(self, request, pk) -> Response:
        """Lift the legal hold

        One whose time is over is deleted soon after.
        """
        row = recordings.release(self.get_object().pk, **self.read(RecordingReasonBody), if_version=self.if_version, **self.by)
        return self.respond(row)

    @operation(answer=RecordingSerializer, refusals=[recordings.NothingToFetch, TransitionNotAllowed, VersionConflict])
    def fetch(self, request, pk) -> Response:
        """Fetch it again

        At once, as if it had never been tried: after the phone system's server or the settings were mended.
        """
        return self.respond(recordings.fetch(self.get_object().pk, if_version=self.if_version, **self.by))

    @operation(
        status=204,
        parameters=[OpenApiParameter("reason", str, required=True, description="Why; it is kept in the audit trail.")],
        refusals=[recordings.RecordingHeld, TransitionNotAllowed, VersionConflict],
    )
    def destroy(self, request, pk) -> Response:
        """Delete the audio

        For good. The row stays, with who listened to it.
        """
        row = self.get_object()
        reason = request.query_params.get("reason", "").replace("\0", "").strip()
        if not 0 < len(reason) <= 500:
            raise serializers.ValidationError({"reason": ["Say why, in 500 characters at most."]}, code="required")
        recordings.delete(row.pk, reason=reason, if_version=self.if_version, **self.by)
        return Response(status=204)

    @operation(answer=RecordingAccessSerializer(many=True), method="get", filters=False)
    def accesses(self, request, pk) -> Response:
        """Who listened

        A row for each request that was given bytes, newest first.
        """
        found = RecordingAccess.objects.filter(recording=self.get_object())
        self.ordering, self.ordering_fields = "-id", ()
        return self.get_paginated_response(RecordingAccessSerializer(self.paginate_queryset(found), many=True).data)


def _streamed(played: playing.Played, name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(played.pieces, status=206 if played.is_part else 200, content_type=played.content_type)
    response.headers["Content-Length"] = str(played.length)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = played.etag
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Disposition"] = f'inline; filename="{name}.{EXTENSIONS.get(played.content_type, "audio")}"'
    if played.is_part:
        response.headers["Content-Range"] = f"bytes {played.first}-{played.last}/{played.size}"
    return response
