"""Every operation of the live OpenAPI document, and how to ask for it."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

NOBODYS = "01a20946-f086-75fe-98a6-2db5d4a697fd"


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    id: str
    method: str
    path: str
    has_body: bool

    def address(self, **ids: str) -> str:
        """The path with its ids filled in; an id that is not given is nobody's."""
        address = self.path
        for name in ("id", "pk", "code", "slug"):
            address = address.replace("{" + name + "}", ids.get(name, "not_found" if name == "code" else NOBODYS))
        return address

    def __str__(self) -> str:
        return self.id


@cache
def written() -> dict[str, Any]:
    """The OpenAPI document, as the code generates it."""
    return SchemaGenerator().get_schema(request=None, public=True)


@cache
def document() -> dict[str, Any]:
    """The same, with what operations share (answers, parameters, headers, examples) put where it is referred to; schemas stay references."""
    return _resolved(written(), written()["components"])


def _resolved(part: Any, components: dict[str, Any]) -> Any:
    if isinstance(part, list):
        return [_resolved(one, components) for one in part]
    if not isinstance(part, dict):
        return part
    _, _, kind, name = part["$ref"].split("/") if isinstance(part.get("$ref"), str) else ("", "", "schemas", "")
    if kind != "schemas":
        return _resolved(components[kind][name], components)
    return {key: _resolved(value, components) for key, value in part.items()}


@cache
def operations() -> tuple[Operation, ...]:
    """All operations, sorted by their ids."""
    found = [
        Operation(what["operationId"], method.upper(), path, "requestBody" in what)
        for path, item in document()["paths"].items()
        for method, what in item.items()
        if method in ("get", "post", "patch", "put", "delete")
    ]
    return tuple(sorted(found, key=lambda operation: operation.id))
