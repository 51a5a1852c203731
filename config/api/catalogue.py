"""The base of viewsets whose rows an administrator keeps: list, read, add, change, remove, with nothing else to it."""

from typing import Any, ClassVar, cast

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer

from config.api.viewsets import ReadViewSet, operation
from config.platform import upkeep
from config.platform.moves import VersionConflict


class CatalogueViewSet(ReadViewSet):
    """A subclass gives ``serializer_class``, ``body_class`` and ``permits``, and is decorated with ``catalogue``."""

    body_class: ClassVar[type[ModelSerializer]]

    @property
    def model(self) -> Any:
        return cast(Any, type(self)).queryset.model

    def create(self, request: Request) -> Response:
        return self.respond(upkeep.add(self.model, **self.read(self.body_class), **self.by), 201, location=True)

    def partial_update(self, request: Request, pk: str) -> Response:
        row = self.get_object()
        body = self.body_class(row, data=request.data, partial=True, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return self.respond(upkeep.alter(self.model, row.pk, **body.validated_data, if_version=self.if_version, **self.by))

    def destroy(self, request: Request, pk: str) -> Response:
        upkeep.remove(self.model, self.get_object().pk, if_version=self.if_version, **self.by)
        return Response(status=204)


def catalogue(*, one: str, many: str, about: str) -> Any:
    """Describe the five operations of a catalogue in the schema: ``one`` and ``many`` name its rows, ``about`` says what they are for."""

    def decorate(view: type[CatalogueViewSet]) -> type[CatalogueViewSet]:
        shown, body = view.serializer_class, view.body_class
        described = {
            "list": operation(answer=shown(many=True), method="get"),
            "retrieve": operation(answer=shown, method="get"),
            "create": operation(body=body, answer=shown, status=201),
            "partial_update": operation(body=body(partial=True), answer=shown, refusals=[VersionConflict]),
            "destroy": operation(status=204, refusals=[VersionConflict]),
        }
        docs = {
            "list": f"{many.capitalize()}\n\n{about}",
            "retrieve": f"One {one}\n\n{about}",
            "create": f"Add a {one}\n\n{about}",
            "partial_update": f"Change a {one}\n\nOnly what you send is changed. {about}",
            "destroy": f"Remove a {one}\n\nOnly while nothing points at it (409 `still_in_use` otherwise): switch it off instead.",
        }
        for name, describe in described.items():
            if name in view.permits:
                setattr(view, name, describe(_copy(getattr(view, name), docs[name])))
            elif name in ("create", "partial_update", "destroy"):
                setattr(view, name, None)
        return view

    return decorate


def _copy(method: Any, doc: str) -> Any:
    """The same method with a docstring of its own, so that one viewset's description does not become another's."""

    def own(self, request, *args, **kwargs):
        return method(self, request, *args, **kwargs)

    own.__name__, own.__doc__ = method.__name__, doc
    return own
