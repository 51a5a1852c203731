"""What the OpenAPI document says beyond what drf-spectacular sees by itself."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from config.api.failures import described
from config.api.meanings import MEANINGS
from config.api.permissions import Permit
from config.api.viewsets import ApiViewSet, ReadViewSet
from config.platform.models import Scope

METHOD_ACTIONS = {"get": "retrieve", "post": "create", "patch": "partial_update", "delete": "destroy"}
COMPARED = {"gte": "this or later", "gt": "later than this", "lte": "this or earlier", "lt": "earlier than this"}
SCHEMAS = "#/components/schemas/"


def permit_of(view: Any) -> Permit | None:
    """Who may call the action that the view stands at."""
    return getattr(view, "permits", {}).get(getattr(view, "action", ""))


def resource_of(view: Any, path: str) -> str:
    """The name of the resource that operation ids begin with: the view's ``resource``, or the first part of its address."""
    return getattr(view, "resource", None) or path.removeprefix("/api/v1/").split("/")[0].replace("-", "_")


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "config.api.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        about = (
            "A token from `POST /api/v1/tokens/` or from an administrator. A token may be limited to scopes; an integration's always is. Each "
            "operation names the scope that it needs; one without a name is for people whose token has no limits.\n\n"
        )
        scopes = {str(value): str(label) for value, label in Scope.choices}
        return {"type": "http", "scheme": "bearer", "description": about + described(scopes.items()), "x-scopes": scopes}

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, list[str]]:
        permit = permit_of(auto_schema.view)
        return {self.name: [permit.scope] if permit and permit.scope else []}


class AdminSessionScheme(OpenApiAuthenticationExtension):
    target_class = "config.api.authentication.AdminSessionAuthentication"
    name = "adminSession"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "Whoever is signed in to the admin."}


class TicketScheme(OpenApiAuthenticationExtension):
    target_class = "config.api.stream.admitting.TicketAuthentication"
    name = "ticket"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "apiKey", "in": "query", "name": "ticket", "description": "A ticket from `POST /api/v1/stream/ticket/`, good once."}


class Schema(AutoSchema):
    """Stable operation ids, tags by resource, and who may call it in every description."""

    def get_operation_id(self) -> str:
        """``contacts_list``, ``calls_wrap_up``: the resource and the action; it never depends on what else exists."""
        action = getattr(self.view, "action", None) or METHOD_ACTIONS[self.method.lower()]
        return f"{self.resource()}_{action}"

    def resource(self) -> str:
        """The name of the resource."""
        return resource_of(self.view, self.path)

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "tag", None) or self.resource().replace("_", " ")]

    def get_description(self) -> str:
        text = super().get_description() or ""
        permit = permit_of(self.view)
        if permit is None or permit.everyone:
            return f"{text}\n\n*Open to everybody.*"
        roles = ", ".join(sorted(permit.roles)) or "nobody"
        scope = f"; an integration needs the scope `{permit.scope}`" if permit.scope else ""
        return f"{text}\n\n*Roles: {roles}{scope}.*"

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Also who may call it, for programs; and in ``x-told`` what `config.api.failures` must know of the view."""
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        view, permit = self.view, permit_of(self.view)
        handler = getattr(view, getattr(view, "action", None) or self.method.lower(), None)
        operation.setdefault("security", [])
        if permit is not None and not permit.everyone:
            operation["x-roles"] = sorted(permit.roles)
        operation["x-told"] = {
            "refusals": [getattr(kind, "code", None) or kind.default_code for kind in getattr(handler, "refusals", ())],
            "is_guarded": bool(operation["security"]),
            "is_strict": getattr(type(view), "refuse_unknown_parameters", None) is ApiViewSet.refuse_unknown_parameters,
            "negotiates": getattr(view, "action", "") not in getattr(view, "ignores_accept", ()),
            "has_version": getattr(view, "action", "") == "retrieve" and isinstance(view, ReadViewSet),
        }
        return operation

    def _get_parameters(self) -> list[dict[str, Any]]:
        """No parameter without a word about it: a filter is described by what it compares."""
        parameters = super()._get_parameters()
        for one in parameters:
            if not one.get("description"):
                one["description"] = self._about_id() if one["in"] == "path" else self._about_filter(one)
        return parameters

    def _about_id(self) -> str:
        return f"Which of the {self.resource().replace('_', ' ')}."

    def _about_filter(self, one: dict[str, Any]) -> str:
        name = one["name"]
        known = getattr(getattr(self.view, "filterset_class", None), "base_filters", {})
        filter_ = known.get(name)
        column = getattr(filter_, "field_name", None) or name
        lookup = getattr(filter_, "lookup_expr", "exact")
        if lookup in COMPARED:
            return f"Only those whose `{column}` is {COMPARED[lookup]}."
        if one["schema"].get("type") == "boolean":
            return f"Only those with this `{name}`: true or false."
        if one["schema"].get("format") == "uuid":
            return f"Only those of this `{name}`, by its id."
        return f"Only those with this `{name}`."

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> dict[str, Any]:
        schema = super()._map_serializer_field(field, direction, bypass_extensions)
        if schema.get("oneOf", [None])[0] == {}:  # any JSON, null among it
            del schema["oneOf"]
        if isinstance(field, serializers.URLField | serializers.EmailField) and _may_be_blank(field):
            schema.pop("format", None)  # an empty string is neither
        return schema

    def _insert_field_validators(self, field: Any, schema: dict[str, Any]) -> None:
        super()._insert_field_validators(field, schema)
        forms = schema.get("oneOf", [{}])
        if "default" in forms[0]:  # an empty string is the default of the field, not of the form that forbids it
            schema["default"] = forms[0].pop("default")


def _may_be_blank(field: Any) -> bool:
    """Whether an answer may hold an empty string; of fields that are written, drf-spectacular says so itself."""
    if not field.read_only:
        return False
    model = getattr(getattr(field.parent, "Meta", None), "model", None)
    names = {column.name: column for column in model._meta.get_fields()} if model else {}
    return bool(getattr(names.get(field.source), "blank", False))


def name_every_choice(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Say of every word of a set of choices what it means, to readers and to programs."""
    for name, schema in result["components"]["schemas"].items():
        if "enum" not in schema or schema["enum"] == [""]:
            continue
        meanings = MEANINGS.get(name) or words_told(schema.get("description", ""))
        meanings = {str(word): meanings[word] for word in schema["enum"] if word in meanings}
        schema["description"] = described(meanings.items())
        schema["x-enumDescriptions"] = meanings
    return result


def words_told(description: str) -> dict[str, str]:
    """The words and labels that drf-spectacular wrote: lines of the form ``* `word` - label``."""
    lines = [line.removeprefix("* `").partition("` - ") for line in description.split("\n") if line.startswith("* `")]
    return {word: label for word, _, label in lines}
