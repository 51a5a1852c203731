"""/scripts/ and /script-versions/ over HTTP: write, check, publish, and render for a conversation."""

from typing import Any
from uuid import UUID

from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from config.api.catalogue import CatalogueViewSet, catalogue
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, operation
from config.platform.models import LEADERS, PEOPLE, Role, Scope
from config.platform.moves import TransitionNotAllowed, VersionConflict
from crm import script_placeholders, scripts
from crm.api.script_bodies import (
    CheckSerializer,
    DraftBody,
    RenderedScriptSerializer,
    ScriptBody,
    ScriptSerializer,
    ScriptVersionSerializer,
    WriteBody,
)
from crm.models import Script, ScriptVersion
from crm.script_placeholders import About, SubjectUnknown
from crm.script_rendering import render, shown

READ = allow(*PEOPLE, scope=Scope.KNOWLEDGE_READ)
WRITE = allow(*LEADERS, scope=Scope.KNOWLEDGE_WRITE)
REMOVE = allow(Role.ADMIN, scope=Scope.KNOWLEDGE_WRITE)


def ids_of(query: Any) -> dict[str, UUID]:
    """What a script is to be rendered for, from the query.

    Raises:
        ValidationError: an id is none.
    """
    ids = {}
    for name in script_placeholders.parameters():
        if given := query.get(name, ""):
            try:
                ids[name] = UUID(given)
            except ValueError:
                raise ValidationError({name: ["This is not an id."]}, code="invalid") from None
    return ids


class ScriptFilter(FilterSet):
    code = filters.CharFilter()
    purpose = filters.ChoiceFilter(choices=Script.Purpose.choices)
    language = filters.CharFilter(lookup_expr="iexact")
    translation_key = filters.CharFilter()
    topic = filters.CharFilter(field_name="topics__code", help_text="Code.")
    is_active = filters.BooleanFilter()

    class Meta:
        model = Script
        fields = ["code", "purpose"]


@catalogue(
    one="script",
    many="scripts",
    about="What operators say in a kind of call. The text is in its versions; operators see what is published.",
)
class ScriptViewSet(CatalogueViewSet):
    """Scripts."""

    resource = "scripts"
    queryset = Script.objects.for_api()
    serializer_class = ScriptSerializer
    body_class = ScriptBody
    filterset_class = ScriptFilter
    ordering_fields = ("code", "name")
    permits = {"list": READ, "retrieve": READ, "create": WRITE, "partial_update": WRITE, "destroy": REMOVE, "render": READ}

    def known_parameters(self) -> frozenset[str]:
        if self.action == "render":
            return frozenset({"language", *script_placeholders.parameters()})
        return super().known_parameters()

    @operation(
        answer=RenderedScriptSerializer,
        method="get",
        refusals=[scripts.ScriptNotPublished, SubjectUnknown],
        parameters=[
            OpenApiParameter("language", str, description="BCP 47: a translation of the script into it is taken when there is one."),
            *(OpenApiParameter(name, UUID, description="For whom or what: its id.") for name in script_placeholders.parameters()),
        ],
    )
    def render(self, request, pk) -> Response:
        """Render a script

        All steps of the published version with their placeholders filled for this contact, call and order, in the script's
        language, and what of them is not known. Frontends walk by themselves: the first rule of a step whose `holds` is true leads
        on; null hangs on an answer.
        """
        ids = ids_of(request.query_params)
        script = scripts.in_language(self.get_object(), request.query_params.get("language", ""))
        version = scripts.published(script)
        return Response(shown(version, render(version, About("", self.user, self.by["now"], ids))))


class ScriptVersionFilter(FilterSet):
    script = filters.UUIDFilter(field_name="script_id")
    status = filters.ChoiceFilter(choices=ScriptVersion.Status.choices)

    class Meta:
        model = ScriptVersion
        fields = ["script", "status"]


class ScriptVersionViewSet(ReadViewSet):
    """Versions of scripts."""

    resource = "script_versions"
    queryset = ScriptVersion.objects.for_api()
    serializer_class = ScriptVersionSerializer
    filterset_class = ScriptVersionFilter
    permits = {
        "list": READ,
        "retrieve": READ,
        "create": WRITE,
        "partial_update": WRITE,
        "destroy": WRITE,
        "check": WRITE,
        "publish": WRITE,
        "retire": WRITE,
    }

    def held(self, pk: str) -> dict[str, Any]:
        """The version that a verb is about, and what every verb gets besides its body."""
        return {"version_id": self.get_object().pk, "if_version": self.if_version, **self.by}

    @operation(answer=ScriptVersionSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Versions of scripts

        Newest first. `script` narrows them to one script.
        """
        return super().list(request)

    @operation(answer=ScriptVersionSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One version of a script

        With its steps as they were written.
        """
        return super().retrieve(request, pk)

    @operation(body=DraftBody, answer=ScriptVersionSerializer, status=201, refusals=[scripts.DraftExists])
    def create(self, request) -> Response:
        """Begin a draft

        Empty, or with the steps of another version. A script has one draft at a time.
        """
        body = self.read(DraftBody)
        script, source = body.pop("script"), body.pop("copy_of", None)
        return self.respond(scripts.draft(script.pk, source=source, **body, **self.by), 201, location=True)

    @operation(body=WriteBody, answer=ScriptVersionSerializer, refusals=[VersionConflict, TransitionNotAllowed, scripts.StepKeysRepeat])
    def partial_update(self, request, pk) -> Response:
        """Write a draft

        `steps` replaces the whole list. A draft may be unfinished: what is wrong with it is told by `check`.
        """
        return self.respond(scripts.write(**self.held(pk), **self.read(WriteBody)))

    @operation(status=204, refusals=[VersionConflict, scripts.NotADraft])
    def destroy(self, request, pk) -> Response:
        """Throw a draft away"""
        scripts.discard(**self.held(pk))
        return Response(status=204)

    @operation(answer=CheckSerializer, method="get")
    def check(self, request, pk) -> Response:
        """Check a version

        What keeps it from being published: unknown placeholders and fields, rules that lead nowhere, steps that cannot be reached,
        dead ends, cycles, questions without a way for each choice.
        """
        found = [problem.shown() for problem in scripts.check(self.get_object())]
        return Response({"is_publishable": not found, "problems": found})

    @operation(answer=ScriptVersionSerializer, refusals=[VersionConflict, TransitionNotAllowed, scripts.ScriptHasProblems])
    def publish(self, request, pk) -> Response:
        """Publish a draft

        From now on it is what operators see; the version before is retired. A published version never changes.
        """
        return self.respond(scripts.publish(**self.held(pk)))

    @operation(answer=ScriptVersionSerializer, refusals=[VersionConflict, TransitionNotAllowed])
    def retire(self, request, pk) -> Response:
        """Retire a published version

        The script then has none in use.
        """
        return self.respond(scripts.retire(**self.held(pk)))
