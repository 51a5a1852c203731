"""/webhook-endpoints/ and /webhook-deliveries/: whom news is pushed to, and what became of it."""

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response

from config.api.filters import FilterSet, ListFilter
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, example, operation
from config.platform import outgoing, upkeep
from config.platform.models import Role, WebhookDelivery, WebhookEndpoint
from config.platform.models.webhooks import is_pattern
from config.platform.moves import VersionConflict
from config.platform.webhooks import keeping

ENDPOINT = {
    "id": "0199a1b2-8888-7000-8000-293a4b5c6d7e",
    "version": 1,
    "name": "Helpdesk",
    "description": "Keeps the helpdesk's tickets in step.",
    "url": "https://helpdesk.example.com/hooks/switchboard",
    "types": ["complaint.*", "satisfaction.answered"],
    "is_active": True,
    "disabled_at": None,
    "disabled_reason": "",
    "last_delivered_at": "2026-11-23T07:00:00Z",
    "failing_since": None,
    "failures": 0,
    "paused_until": None,
    "previous_secret_until": None,
    "created_by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "created_at": "2026-11-20T07:00:00Z",
    "updated_at": "2026-11-20T07:00:00Z",
}
DELIVERY = {
    "id": "0199a1b2-9999-7000-8000-293a4b5c6d7e",
    "endpoint": ENDPOINT["id"],
    "event": "0199a1b2-6666-7000-8000-293a4b5c6d7e",
    "webhook_id": "0199a1b2-6666-7000-8000-293a4b5c6d7e",
    "type": "complaint.escalated",
    "occurred_at": "2026-11-23T07:00:00Z",
    "state": "owed",
    "owed_at": "2026-11-23T07:00:01Z",
    "due_at": "2026-11-23T07:05:07Z",
    "settled_at": None,
    "tries": 2,
    "last_status": 503,
    "last_took_ms": 41,
    "last_error": "It answers 503.",
}
ATTEMPT = {"at": "2026-11-23T07:00:07Z", "status": 503, "took_ms": 41, "error": "It answers 503."}
REFUSED = [outgoing.UrlForbidden, outgoing.AddressForbidden, outgoing.NameUnknown, outgoing.HttpsNeeded, keeping.WebhookTypeUnknown]


@example(ENDPOINT)
class WebhookEndpointSerializer(serializers.ModelSerializer):
    """An endpoint as it is shown: never its secret."""

    disabled_reason = serializers.ChoiceField(
        choices=WebhookEndpoint.Reason.choices, allow_blank=True, read_only=True, help_text="Why it is off; empty while it is on."
    )

    class Meta:
        model = WebhookEndpoint
        fields = list(ENDPOINT)
        read_only_fields = fields


@example(ENDPOINT | {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
class NewWebhookEndpointSerializer(WebhookEndpointSerializer):
    secret = serializers.CharField(help_text="The secret to check signatures with. It is shown now and never again.")

    class Meta(WebhookEndpointSerializer.Meta):
        fields = [*WebhookEndpointSerializer.Meta.fields, "secret"]
        read_only_fields = fields


@example({name: ENDPOINT[name] for name in ("name", "description", "url", "types")})
class WebhookEndpointBody(serializers.ModelSerializer):
    types = serializers.ListField(
        child=serializers.CharField(max_length=60, validators=[is_pattern]),
        required=False,
        max_length=100,
        help_text="Types as `complaint.closed`, families as `complaint.*`; none: all. They are told in docs/events.md.",
    )

    class Meta:
        model = WebhookEndpoint
        fields = ["name", "description", "url", "types"]


@example({"overlap_hours": 24})
class RotateWebhookSecretBody(serializers.Serializer):
    overlap_hours = serializers.IntegerField(
        min_value=0,
        max_value=keeping.LONGEST_OVERLAP_HOURS,
        default=24,
        help_text="For so long everything is signed with the old secret too; 0: it ends at once.",
    )


@example({"skip_missed": False})
class EnableWebhookBody(serializers.Serializer):
    skip_missed = serializers.BooleanField(default=False, help_text="Only what happens from now on; what waits is given up.")


@example(DELIVERY)
class WebhookDeliverySerializer(serializers.ModelSerializer):
    webhook_id = serializers.CharField(read_only=True, help_text="The header `webhook-id`: the same at every try.")

    class Meta:
        model = WebhookDelivery
        fields = list(DELIVERY)
        read_only_fields = fields


@example(ATTEMPT)
class WebhookAttemptSerializer(serializers.Serializer):
    at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True, help_text="What was answered; null when nothing was.")
    took_ms = serializers.IntegerField()
    error = serializers.CharField(allow_blank=True, help_text="Empty when it was taken.")


@example(DELIVERY | {"attempts": [ATTEMPT]})
class WholeWebhookDeliverySerializer(WebhookDeliverySerializer):
    attempts = WebhookAttemptSerializer(many=True, read_only=True, help_text="The last 20 tries, the newest last.")

    class Meta(WebhookDeliverySerializer.Meta):
        fields = [*WebhookDeliverySerializer.Meta.fields, "attempts"]
        read_only_fields = fields


@example({"states": ["given_up"], "since": "2026-11-23T00:00:00Z", "until": "2026-11-24T00:00:00Z"})
class ReplayWebhookBody(serializers.Serializer):
    states = serializers.ListField(
        child=serializers.ChoiceField(choices=[("given_up", "Given up"), ("delivered", "Delivered")]),
        default=["given_up"],
        min_length=1,
        max_length=2,
        help_text="Which: those that were given up, those that were delivered, or both.",
    )
    types = serializers.ListField(
        child=serializers.CharField(max_length=60), default=[], max_length=100, help_text="Of these types; none: of all."
    )
    since = serializers.DateTimeField(default=None, allow_null=True, help_text="What happened then or later.")
    until = serializers.DateTimeField(default=None, allow_null=True, help_text="What happened before.")


@example({"deliveries": 41}, request=False)
class WebhookReplayedSerializer(serializers.Serializer):
    deliveries = serializers.IntegerField(help_text="How many are owed anew.")


class WebhookEndpointViewSet(ReadViewSet):
    """Whom news is pushed to."""

    resource = "webhook_endpoints"
    tag = "webhooks"
    queryset = WebhookEndpoint.objects.all()
    serializer_class = WebhookEndpointSerializer
    permits = dict.fromkeys(
        ("list", "retrieve", "create", "partial_update", "destroy", "rotate_secret", "test", "enable", "disable", "replay"),
        allow(Role.ADMIN),
    )

    @operation(answer=WebhookEndpointSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Webhooks

        The addresses of other systems to which news is posted, and how each is.
        """
        return super().list(request)

    @operation(answer=WebhookEndpointSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One webhook"""
        return super().retrieve(request, pk)

    @operation(body=WebhookEndpointBody, answer=NewWebhookEndpointSerializer, status=201, refusals=REFUSED)
    def create(self, request) -> Response:
        """Add a webhook

        What happens from now on is posted to it, signed by Standard Webhooks. The answer holds the secret: it is shown once. The news that
        there is, with an example of each, is under `webhooks` in this document and in docs/events.md.
        """
        row, secret = keeping.add(**self.read(WebhookEndpointBody), **self.by)
        return self.shown_once(self.respond(row, 201, location=True), secret)

    @operation(body=WebhookEndpointBody(partial=True), answer=WebhookEndpointSerializer, refusals=[VersionConflict, *REFUSED])
    def partial_update(self, request, pk) -> Response:
        """Change a webhook

        Only what you send is changed. Other `types` hold for what was not looked through yet.
        """
        body = self.read(WebhookEndpointBody, partial=True)
        return self.respond(keeping.alter(self.get_object().pk, if_version=self.if_version, **body, **self.by))

    @operation(status=204, refusals=[VersionConflict])
    def destroy(self, request, pk) -> Response:
        """Remove a webhook

        With all that is owed to it. Switch it off instead if it is to come back.
        """
        upkeep.remove(WebhookEndpoint, self.get_object().pk, if_version=self.if_version, **self.by)
        return Response(status=204)

    @operation(body=RotateWebhookSecretBody, answer=NewWebhookEndpointSerializer, refusals=[VersionConflict])
    def rotate_secret(self, request, pk) -> Response:
        """Change its secret

        The new one is in the answer and shown once. While the old one holds, `webhook-signature` has two signatures, so nothing is refused
        whichever of the two the other system knows.
        """
        row, secret = keeping.rotate_secret(
            self.get_object().pk, if_version=self.if_version, **self.read(RotateWebhookSecretBody), **self.by
        )
        return self.shown_once(self.respond(row), secret)

    @operation(answer=WholeWebhookDeliverySerializer, status=201, refusals=[keeping.WebhookDisabled])
    def test(self, request, pk) -> Response:
        """Post a test to it

        Of the type `webhook.test`, whatever types it wants. Look at the delivery a moment later.
        """
        return Response(WholeWebhookDeliverySerializer(keeping.test(self.get_object().pk, **self.by)).data, status=201)

    @operation(body=EnableWebhookBody, answer=WebhookEndpointSerializer, refusals=[VersionConflict])
    def enable(self, request, pk) -> Response:
        """Switch it on

        Also after it switched itself off. Everything since is posted, as long as news is kept, unless you skip it. A second time changes nothing.
        """
        return self.respond(keeping.enable(self.get_object().pk, if_version=self.if_version, **self.read(EnableWebhookBody), **self.by))

    @operation(answer=WebhookEndpointSerializer, refusals=[VersionConflict])
    def disable(self, request, pk) -> Response:
        """Switch it off

        Nothing is lost meanwhile, see `enable`. A second time changes nothing.
        """
        return self.respond(keeping.disable(self.get_object().pk, if_version=self.if_version, **self.by))

    @operation(body=ReplayWebhookBody, answer=WebhookReplayedSerializer, refusals=[keeping.WebhookDisabled])
    def replay(self, request, pk) -> Response:
        """Post again what was given up, or what happened within a time

        Each with the same `webhook-id` as before, so that a receiver knows what it has already.
        """
        return Response({"deliveries": keeping.replay_many(self.get_object().pk, **self.read(ReplayWebhookBody), **self.by)})

    def shown_once(self, response: Response, secret: str) -> Response:
        """The only answer that holds the secret itself."""
        response.data = {**response.data, "secret": secret}
        return response


class WebhookDeliveryFilter(FilterSet):
    endpoint = filters.UUIDFilter(field_name="endpoint_id", help_text="Of this webhook.")
    state = ListFilter(field_name="state", help_text="`owed`, `delivered`, `given_up`, or several with commas.")
    type = ListFilter(field_name="type", help_text="One type or several, with commas.")
    event = filters.UUIDFilter(field_name="event_id", help_text="Of this piece of news.")
    since = filters.IsoDateTimeFilter(field_name="occurred_at", lookup_expr="gte", help_text="Of what happened then or later.")
    until = filters.IsoDateTimeFilter(field_name="occurred_at", lookup_expr="lt", help_text="Of what happened before.")

    class Meta:
        model = WebhookDelivery
        fields = ["endpoint", "state", "type", "event", "since", "until"]


class WebhookDeliveryViewSet(ReadViewSet):
    """What became of each piece of news for each webhook."""

    resource = "webhook_deliveries"
    tag = "webhooks"
    queryset = WebhookDelivery.objects.defer("attempts")
    serializer_class = WebhookDeliverySerializer
    filterset_class = WebhookDeliveryFilter
    permits = dict.fromkeys(("list", "retrieve", "replay"), allow(Role.ADMIN))

    def all_rows(self):
        return super().all_rows() if self.action == "list" else WebhookDelivery.objects.all()

    def get_serializer_class(self):
        return WebhookDeliverySerializer if self.action == "list" else WholeWebhookDeliverySerializer

    @operation(answer=WebhookDeliverySerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Deliveries to webhooks

        The newest first, with the last answer of each; `?endpoint=` for one webhook. Kept as long as the news itself.
        """
        return super().list(request)

    @operation(answer=WholeWebhookDeliverySerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One delivery, with its tries"""
        return super().retrieve(request, pk)

    @operation(answer=WholeWebhookDeliverySerializer, refusals=[VersionConflict, keeping.WebhookDisabled])
    def replay(self, request, pk) -> Response:
        """Post it again

        Whatever became of it, with the same `webhook-id`, and for as long as a new one.
        """
        return self.respond(keeping.replay(self.get_object().pk, if_version=self.if_version, **self.by))
