"""/tasks/ over HTTP."""

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response

from config.api.fields import OriginField
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, example, operation
from config.platform.models import PEOPLE, Scope, User
from config.platform.moves import TransitionNotAllowed, VersionConflict
from config.platform.origins import OriginUnknown
from crm import follow_ups
from crm.api.contact_ids import ContactField, ContactFilter
from crm.models import Task, Team

READ = allow(*PEOPLE, scope=Scope.CONTACTS_READ)
WRITE = allow(*PEOPLE, scope=Scope.CONTACTS_WRITE)
TASK = {
    "title": "Call back about the invoice",
    "text": "She is at home after six.",
    "contact": "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "assignee": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "team": None,
    "due_at": "2026-11-24T15:00:00Z",
    "origin": {"kind": "call", "id": "0199a1b2-5555-7000-8000-293a4b5c6d7e"},
}
SHOWN = {
    "id": "0199a1b2-7777-7000-8000-293a4b5c6d7e",
    "state": "open",
    **TASK,
    "result": "",
    "by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
    "ended_at": None,
    "ended_by": None,
    "created_at": "2026-11-23T09:00:00Z",
    "updated_at": "2026-11-23T09:00:00Z",
    "open_moves": ["cancel", "complete"],
    "version": 1,
}


@example(SHOWN, request=False)
class TaskSerializer(serializers.ModelSerializer):
    state = serializers.ChoiceField(source="status", choices=Task.Status.choices)
    origin = OriginField(allow_null=True)
    open_moves = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Task
        fields = [
            "id", "state", "title", "text", "contact", "assignee", "team", "due_at", "origin", "result", "by", "ended_at", "ended_by",
            "created_at", "updated_at", "open_moves", "version",
        ]  # fmt: skip
        read_only_fields = fields


@example({"due_at": "2026-11-25T15:00:00Z", "assignee": "0199a1b2-0000-7000-8000-293a4b5c6d7e"})
class TaskChangeBody(serializers.Serializer):
    title = serializers.CharField(max_length=200)
    text = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    contact = ContactField(required=False, allow_null=True)
    assignee = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True),
        required=False,
        allow_null=True,
        help_text="Whose it is; yours when neither a person nor a team is named.",
    )
    team = serializers.PrimaryKeyRelatedField(queryset=Team.objects.filter(is_active=True), required=False, allow_null=True)
    due_at = serializers.DateTimeField(required=False, allow_null=True)


@example(TASK)
class TaskBody(TaskChangeBody):
    origin = OriginField(required=False, allow_null=True)


@example({"result": "She has paid."})
class ResultBody(serializers.Serializer):
    result = serializers.CharField(max_length=10_000, required=False, allow_blank=True, default="")


@example({"reason": "She called us herself."})
class TaskReasonBody(serializers.Serializer):
    reason = serializers.CharField(max_length=500)


class TaskFilter(FilterSet):
    state = filters.ChoiceFilter(field_name="status", choices=Task.Status.choices)
    assignee = filters.UUIDFilter(field_name="assignee_id")
    team = filters.UUIDFilter(field_name="team_id")
    contact = ContactFilter(field_name="contact_id")
    due_before = filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="lt", help_text="Open or not; combine with `state=open`.")
    due_after = filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="gte")

    class Meta:
        model = Task
        fields = ["state"]


class TaskViewSet(ReadViewSet):
    """Tasks."""

    resource = "tasks"
    queryset = Task.objects.all()
    serializer_class = TaskSerializer
    filterset_class = TaskFilter
    ordering_fields = ("due_at",)
    permits = {
        "list": READ, "retrieve": READ, "create": WRITE, "partial_update": WRITE, "complete": WRITE, "cancel": WRITE, "reopen": WRITE,
    }  # fmt: skip

    @operation(answer=TaskSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Tasks

        What was promised to customers. Your own for today: `?assignee=<you>&state=open&ordering=due_at`.
        """
        return super().list(request)

    @operation(answer=TaskSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One task

        With what came of it.
        """
        return super().retrieve(request, pk)

    @operation(body=TaskBody, answer=TaskSerializer, status=201, refusals=[OriginUnknown])
    def create(self, request) -> Response:
        """Add a task

        It shows in the contact's timeline, and under `open.tasks` when the contact calls.
        """
        return self.respond(follow_ups.add(**self.read(TaskBody), **self.by), 201, location=True)

    @operation(body=TaskChangeBody(partial=True), answer=TaskSerializer, refusals=[VersionConflict])
    def partial_update(self, request, pk) -> Response:
        """Change a task

        Only what you send is changed.
        """
        task = self.get_object()
        return self.respond(follow_ups.alter(task.pk, **self.read(TaskChangeBody, partial=True), if_version=self.if_version, **self.by))

    @operation(body=ResultBody, answer=TaskSerializer, refusals=[TransitionNotAllowed, VersionConflict])
    def complete(self, request, pk) -> Response:
        """Say that a task is done

        And what came of it.
        """
        return self.respond(follow_ups.complete(self.get_object().pk, **self.read(ResultBody), if_version=self.if_version, **self.by))

    @operation(body=TaskReasonBody, answer=TaskSerializer, refusals=[TransitionNotAllowed, VersionConflict])
    def cancel(self, request, pk) -> Response:
        """Say that a task will not be done

        And why.
        """
        return self.respond(follow_ups.cancel(self.get_object().pk, **self.read(TaskReasonBody), if_version=self.if_version, **self.by))

    @operation(body=TaskReasonBody, answer=TaskSerializer, refusals=[TransitionNotAllowed, VersionConflict])
    def reopen(self, request, pk) -> Response:
        """Open a task again

        When it turns out not to be done.
        """
        return self.respond(follow_ups.reopen(self.get_object().pk, **self.read(TaskReasonBody), if_version=self.if_version, **self.by))
