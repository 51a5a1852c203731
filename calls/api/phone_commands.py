"""What phone systems are to do, for what speaks for them: /phone-systems/{id}/commands/ and /phone-commands/."""

from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework import serializers
from rest_framework.response import Response

from calls import commands
from calls.models import PhoneCommand, PhoneSystem
from calls.phone_systems.reading import LONGEST_KEY, key_of
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, example, operation
from config.platform.models import Role, Scope
from config.platform.moves import TransitionNotAllowed, VersionConflict

TAKE = allow(Role.ADMIN, scope=Scope.CALLS_DIAL)
ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
WAITING: dict[str, Any] = {
    "id": ID,
    "kind": "dial",
    "phone_system": "demo-pbx",
    "asked_at": "2026-11-23T07:15:00+00:00",
    "expires_at": "2026-11-23T07:16:00+00:00",
    "dial": {
        "call_request_id": ID,
        "extension": "201",
        "agent": {"id": "0199a1b2-0000-7000-8000-293a4b5c6d7e", "name": "Иванова Анна Петровна"},
        "number": "+74951234567",
        "display_name": "Фёдорова Алёна Сергеевна",
        "line": "",
    },
}


class DialSerializer(serializers.Serializer):
    call_request_id = serializers.UUIDField(help_text="Send it with every event of the call.")
    extension = serializers.CharField(help_text="Ring this phone first.")
    agent = serializers.DictField(help_text="Who sits there: `id`, `name`.")
    number = serializers.CharField(help_text="Then call this number (E.164).")
    display_name = serializers.CharField(allow_blank=True, help_text="Who that is, for the display of the phone that rings first.")
    line = serializers.CharField(allow_blank=True, help_text="The number of ours to show (E.164); empty: choose yourself.")


class WaitingSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=PhoneCommand.Kind.choices, help_text="What it is about stands under this name.")
    phone_system = serializers.CharField(help_text="Slug.")
    asked_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="After this do not begin it any more.")
    dial = DialSerializer(required=False)
    transfer = serializers.DictField(
        required=False,
        help_text="`transfer_id`, `kind` (blind, attended, conference), `call_id` and `linked_ids`, `from` (`extension`, `leg_id`), "
        "`to` (`extension`, `queue` or `number`).",
    )


@example({"results": [WAITING]}, request=False)
class WaitingListSerializer(serializers.Serializer):
    results = WaitingSerializer(many=True, help_text="The eldest first, 50 at most.")


@example({"id": ID, "kind": "dial", "state": "accepted", "expires_at": "2026-11-23T07:16:00Z", "problem": "", "version": 2}, request=False)
class PhoneCommandSerializer(serializers.ModelSerializer):
    state = serializers.ChoiceField(source="status", choices=PhoneCommand.Status.choices)

    class Meta:
        model = PhoneCommand
        fields = ["id", "kind", "state", "expires_at", "problem", "version"]
        read_only_fields = fields


@example({"call_id": "swb-0199a1b2-c3d4-75f6-8718-293a4b5c6d7e-1763882100.0"})
class AcceptBody(serializers.Serializer):
    call_id = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_KEY,
        help_text="The `call_id` that the events of the call will carry, if known.",
    )

    def validate_call_id(self, value: str) -> str:
        """As ids of calls are read in events."""
        if value and not key_of(value):
            raise serializers.ValidationError("An id of a call is 1 to 200 printable characters.")
        return key_of(value) if value else ""


@example({"reason": "The phone 201 is not reachable."})
class RefuseBody(serializers.Serializer):
    reason = serializers.CharField(max_length=500, help_text="Shown to the operator.")


class PhoneCommandViewSet(ApiViewSet):
    """Commands to phone systems."""

    resource = "phone_commands"
    queryset = PhoneCommand.objects.all()
    serializer_class = PhoneCommandSerializer
    permits = {"waiting": TAKE, "accept": TAKE, "refuse": TAKE}
    pagination_class = None

    @operation(answer=WaitingListSerializer, method="get", filters=False)
    def waiting(self, request, pk) -> Response:
        """What waits for a phone system

        For whatever speaks for a phone system with `takes_commands` `poll` (`id` is its id or its slug): ask every second, take each
        with `POST /phone-commands/{id}/accept/` and carry it out when that says 200. Reading changes nothing.
        """
        return Response({"results": commands.waiting(_system(pk), now=self.by["now"])})

    @operation(body=AcceptBody, answer=PhoneCommandSerializer, refusals=[VersionConflict, TransitionNotAllowed, commands.CommandOver])
    def accept(self, request, pk) -> Response:
        """Take a command

        Only one may: whoever gets 200 carries it out, anybody else (409) does not. Send an `Idempotency-Key`, so that you may ask again
        when the answer is lost on its way. With `call_id` the call is known by its events even if they do not carry `call_request_id`.
        """
        return self.respond(commands.accept(self.get_object().pk, **self.read(AcceptBody), if_version=self.if_version, **self.by))

    @operation(body=RefuseBody, answer=PhoneCommandSerializer, refusals=[VersionConflict, TransitionNotAllowed])
    def refuse(self, request, pk) -> Response:
        """Refuse a command

        Instead of taking it, or when it could not be done after it was taken. The operator is shown the reason.
        """
        return self.respond(commands.refuse(self.get_object().pk, **self.read(RefuseBody), if_version=self.if_version, **self.by))


def _system(said: str) -> PhoneSystem:
    """The active phone system with this id or slug."""
    try:
        named: dict[str, Any] = {"pk": UUID(said)}
    except ValueError:
        named = {"slug": said[:50].replace("\0", "")}
    system = PhoneSystem.objects.filter(is_active=True, **named).first()
    if system is None:
        raise Http404
    return system
