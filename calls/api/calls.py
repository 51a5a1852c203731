"""/calls/ over HTTP: read, write up, say who it was, and calls by hand."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from calls import by_hand, call_rows, callbacks, disposition_lock, effects_on_callback, identifying, revisions, script_runs, wrap_up
from calls.api.call_bodies import BeginBody, CallSerializer, FinishBody, IdentifyBody
from calls.api.call_ids import OldIdsAnswer
from calls.api.event_bodies import EventSerializer
from calls.api.script_bodies import CallScriptSerializer, ScriptRunSerializer, StartBody
from calls.api.write_up_bodies import RevisionSerializer, SkipBody, WrapUpBody
from calls.call_filters import CallFilter
from calls.models import Call, CallEvent, ScriptRun
from calls.wrap_up import NotYourCall
from config.api import preconditions
from config.api.pages import SUBLIST_PARAMETERS
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, operation
from config.platform.models import LEADERS, PEOPLE, Role, Scope
from config.platform.moves import VersionConflict
from crm import contacts
from crm.api.contact_ids import ContactFilter
from crm.calling import MayNotCall
from crm.custom_fields import CustomFieldInvalid
from crm.phone_book import NumberIsInternal
from crm.phone_numbers import NumberInvalid
from crm.script_rendering import render, shown

READ = allow(*PEOPLE, scope=Scope.CALLS_READ)
WRITE = allow(Role.AGENT, *LEADERS, scope=Scope.CALLS_WRITE)


class CallListFilter(CallFilter):
    contact = ContactFilter(field_name="contact_id")


class CallViewSet(OldIdsAnswer, ReadViewSet):
    """Calls."""

    resource = "calls"
    queryset = Call.objects.all()
    serializer_class = CallSerializer
    shows_by_id = True
    filterset_class = CallListFilter
    ordering_fields = ("started_at",)
    ordering = "-started_at"
    parameters = {"events": SUBLIST_PARAMETERS, "dispositions": SUBLIST_PARAMETERS, "script": frozenset({"topic"})}
    permits = {
        "list": READ,
        "retrieve": READ,
        "events": allow(*LEADERS, scope=Scope.CALLS_READ),
        "create": WRITE,
        "finish": WRITE,
        "wrap_up": WRITE,
        "skip_wrap_up": WRITE,
        "dispositions": READ,
        "lock": allow(*LEADERS, scope=Scope.CALLS_WRITE),
        "unlock": allow(*LEADERS, scope=Scope.CALLS_WRITE),
        "identify": WRITE,
        "script": READ,
        "script_runs": WRITE,
    }

    def show(self, page) -> Any:
        return call_rows.show([row["id"] for row in page])

    def shown(self, call_id: UUID, status: int = 200, *, location: bool = False) -> Response:
        """One call as it is now, with its ETag."""
        row = call_rows.show([call_id])[0]
        headers = {"ETag": preconditions.etag(row["version"])}
        if location:
            headers["Location"] = self.request.build_absolute_uri(f"/api/v1/calls/{call_id}/")
        return Response(row, status=status, headers=headers)

    def held(self, pk: str) -> dict[str, Any]:
        """The call that a verb is about, and what every verb gets besides its body."""
        return {"call_id": self.get_object().pk, "if_version": self.if_version, **self.by}

    def get_queryset(self):
        queryset = super().get_queryset()
        return queryset.only("pk", "started_at", "version")

    @operation(answer=CallSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Calls

        Latest first. `open=true` gives those that go on now, `wrap_up_state=pending` those that wait to be written up.
        """
        return super().list(request)

    @operation(answer=CallSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One call

        With its legs, transfers and stays in queues.
        """
        call = self.get_object()
        if preconditions.not_modified(request, call.version):
            return Response(status=304, headers={"ETag": preconditions.etag(call.version)})
        return self.shown(call.pk)

    @operation(answer=EventSerializer(many=True), method="get", filters=False)
    def events(self, request, pk) -> Response:
        """The events of a call

        What the phone system told, in the order of its own clock: the call is computed from these and nothing else.
        """
        found = CallEvent.objects.filter(call=self.get_object().pk).select_related("phone_system")
        self.ordering, self.ordering_fields = "occurred_at", ("occurred_at",)
        return self.get_paginated_response(EventSerializer(self.paginate_queryset(found), many=True).data)

    @operation(body=BeginBody, answer=CallSerializer, status=201, refusals=[NumberInvalid, NumberIsInternal, by_hand.TimesDisagree])
    def create(self, request) -> Response:
        """Begin a call by hand

        For a line that no phone system tells of: a mobile on the desk, a visitor. The number is looked up as for any call.
        """
        return self.shown(by_hand.begin(**self.read(BeginBody), **self.by).pk, 201, location=True)

    @operation(
        body=FinishBody,
        answer=CallSerializer,
        refusals=[VersionConflict, by_hand.NotByHand, by_hand.CallOver, by_hand.TimesDisagree],
    )
    def finish(self, request, pk) -> Response:
        """End a call by hand

        A call of a phone system ends by its events and not here.
        """
        return self.shown(by_hand.finish(**self.held(pk), **self.read(FinishBody)).pk)

    @operation(body=SkipBody, answer=CallSerializer, refusals=[VersionConflict, wrap_up.NotYourCall, wrap_up.NothingToWriteUp])
    def skip_wrap_up(self, request, pk) -> Response:
        """Pass over the write-up

        When there is nothing to write about a call that waits for it. It may still be written up later.
        """
        return self.shown(wrap_up.skip(**self.held(pk), **self.read(SkipBody)).pk)

    @operation(
        body=WrapUpBody,
        answer=CallSerializer,
        refusals=[
            VersionConflict, wrap_up.NotYourCall, wrap_up.CallNotOver, wrap_up.NoteNeeded, wrap_up.TopicNeeded, wrap_up.TalkTooShort,
            effects_on_callback.CallbackNeeded, wrap_up.NotForThisCall, wrap_up.DispositionNotInCampaign,
            disposition_lock.DispositionLocked, callbacks.WhomToCall, callbacks.WhenToCall, callbacks.TooManyCallbacks, MayNotCall,
        ],
    )  # fmt: skip
    def wrap_up(self, request, pk) -> Response:
        """Write up a call

        How it came out, what it was about, what was learned. Doing it again corrects it: what the earlier write-up did (a
        suppression, a consent, …) is taken back where the new one does not ask for it, and what the new one asks for is done. The
        same again changes nothing. `GET …/dispositions/` tells all of it. An operator writes up their own calls and those nobody
        had, until they are locked; a supervisor any.
        """
        return self.shown(wrap_up.wrap_up(**self.held(pk), **self.read(WrapUpBody)).pk)

    @operation(answer=RevisionSerializer(many=True), method="get", filters=False)
    def dispositions(self, request, pk) -> Response:
        """The write-ups of a call

        Every one as it was written, the last first, which counts; with what each did, and what became of that.
        """
        self.ordering, self.ordering_fields = "-number", ("number",)
        page = self.paginate_queryset(revisions.of_call(self.get_object().pk))
        return self.get_paginated_response(RevisionSerializer(page, many=True).data)

    @operation(answer=CallSerializer, refusals=[VersionConflict])
    def lock(self, request, pk) -> Response:
        """Lock the disposition of a call

        How it came out is settled: from now on only supervisors correct it.
        """
        return self.shown(disposition_lock.lock(**self.held(pk)).pk)

    @operation(answer=CallSerializer, refusals=[VersionConflict])
    def unlock(self, request, pk) -> Response:
        """Unlock the disposition of a call

        Its operator may correct it again, for as many hours as an operator may after writing it up.
        """
        return self.shown(disposition_lock.unlock(**self.held(pk)).pk)

    @operation(
        body=IdentifyBody,
        answer=CallSerializer,
        refusals=[
            VersionConflict, identifying.NothingToIdentify, contacts.DuplicateFound, contacts.ReasonNeeded,
            contacts.NothingKnown, NumberInvalid, NumberIsInternal, CustomFieldInvalid,
        ],
    )  # fmt: skip
    def identify(self, request, pk) -> Response:
        """Say who it was

        Links the call to a contact we have, or to a new one. The number becomes theirs, and earlier calls of that number that
        were nobody's become theirs too.
        """
        return self.shown(identifying.identify(**self.held(pk), **self.read(IdentifyBody)).pk)

    @operation(
        answer=CallScriptSerializer,
        method="get",
        parameters=[OpenApiParameter("topic", str, description="Code: what the call is about, while it is not written up yet.")],
    )
    def script(self, request, pk) -> Response:
        """The script for a call

        The published script that fits best, rendered for this call and its contact. Out are those for the other direction, for
        other queues, and for topics that the call is not about. Of the rest the first by: the contact's language, how near its
        topic is, whether it is for this queue, its purpose, its code: the same call always gets the same script.
        """
        call = self.whole(pk)
        topics = script_runs.topics_of(request.query_params.get("topic", "").replace("\0", ""))
        version = script_runs.choose(call, topics=topics)
        run = ScriptRun.objects.filter(call=call, agent=self.user, finished_at=None).first()
        script = shown(version, render(version, script_runs.about(call, **self.by))) if version else None
        return Response({"script": script, "run": str(run.pk) if run else None})

    @operation(
        body=StartBody,
        answer={200: ScriptRunSerializer, 201: ScriptRunSerializer},
        refusals=[NotYourCall, script_runs.NoScriptForCall, script_runs.ScriptVersionNotInUse],
    )
    def script_runs(self, request, pk) -> Response:
        """Begin a script in a call

        With `script_version`, or with the script that fits best. Begun again while it goes on, it is the same run (200); another
        script ends it as `switched`.
        """
        version = self.read(StartBody).get("script_version")
        run, is_new = script_runs.start(self.get_object().pk, version=version, **self.by)
        fresh = ScriptRun.objects.for_api().get(pk=run.pk)
        headers = {"ETag": preconditions.etag(fresh.version)}
        if is_new:
            headers["Location"] = request.build_absolute_uri(f"/api/v1/script-runs/{run.pk}/")
        return Response(ScriptRunSerializer(fresh).data, status=201 if is_new else 200, headers=headers)

    def whole(self, pk: str) -> Call:
        """The call with its contact, for who looks at more than its id."""
        return Call.objects.select_related("contact").get(pk=self.get_object().pk)
