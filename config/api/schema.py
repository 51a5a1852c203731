"""What the OpenAPI document says beyond what drf-spectacular sees by itself."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

METHOD_ACTIONS = {"get": "retrieve", "post": "create", "patch": "partial_update", "delete": "destroy"}
METHODS = ("get", "post", "put", "patch", "delete")


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "config.api.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token from `POST /api/v1/tokens/` or from an administrator.",
        }


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
        """The name of the resource: the viewset's ``resource``, or the first part of its address."""
        return getattr(self.view, "resource", None) or self.path.removeprefix("/api/v1/").split("/")[0].replace("-", "_")

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "tag", None) or self.resource().replace("_", " ")]

    def get_description(self) -> str:
        text = super().get_description() or ""
        permit = getattr(self.view, "permits", {}).get(getattr(self.view, "action", ""))
        if permit is None or permit.everyone:
            return f"{text}\n\n*Open to everybody.*"
        roles = ", ".join(sorted(permit.roles)) or "nobody"
        scope = f"; an integration needs the scope `{permit.scope}`" if permit.scope else ""
        return f"{text}\n\n*Roles: {roles}{scope}.*"


def add_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Say of every operation which problems it may answer; each is the same document."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    for path, item in result["paths"].items():
        # in one order always: the router keeps them in a set, and the document in the repository is compared with this one
        result["paths"][path] = item = {name: item[name] for name in sorted(item, key=lambda name: (*METHODS, name).index(name))}
        for method, operation in item.items():
            if method not in METHODS:
                continue
            answers = operation["responses"]
            is_public = operation.get("security") == [{}]
            expected = {
                "400": "The request is not valid.",
                "429": "Too many requests.",
                "503": "The database is away for a moment.",
            }
            if not is_public:
                expected |= {"401": "No token, or not a valid one.", "403": "Your role or scopes do not allow it."}
            if "{" in path:
                expected["404"] = "No such thing, or you may not see it."
            if method == "patch":
                expected["412"] = "`version_conflict`: somebody changed it after you read it."
            if "requestBody" in operation:
                expected |= {
                    "409": "What is there already, or a rule of the table, does not allow it: `code` names which.",
                    "413": "The body is too large.",
                    "415": "The body is of another media type.",
                }
            for status, description in expected.items():
                answers.setdefault(status, {"description": description})
            for status, answer in answers.items():
                if status[0] in "45":
                    answer["content"] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
            operation["responses"] = dict(sorted(answers.items()))
            _add_headers(method, operation)
    return result


def _add_headers(method: str, operation: dict[str, Any]) -> None:
    extra = []
    if method == "post":
        extra.append(
            (
                "Idempotency-Key",
                "1 to 200 visible ASCII characters. The same key again gives the same answer, and no second effect.",
            )
        )
    if "412" in operation["responses"]:
        extra.append(("If-Match", "The ETag you read: a change you have not seen is then refused with 412."))
    parameters = operation.setdefault("parameters", [])
    known = {parameter.get("name") for parameter in parameters}
    for name, description in extra:
        if name not in known:
            parameters.append({"name": name, "in": "header", "required": False, "schema": {"type": "string"}, "description": description})
    if not parameters:
        del operation["parameters"]


PROBLEM = {
    "type": "object",
    "description": "RFC 9457. Some codes carry further members, named in their description.",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "Where the code is explained."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong and what to do."},
        "code": {"type": "string", "description": "Stable; switch on this."},
        "request_id": {"type": "string", "description": "Name it when you ask for help."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {"pointer": {"type": "string"}, "code": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
    "example": {
        "type": "/api/v1/problems/version_conflict/",
        "title": "Version conflict",
        "status": 412,
        "detail": "You saw version 3; it is 4 now. Read it again, then change it.",
        "code": "version_conflict",
        "request_id": "0199a1b2c3d4e5f60718293a4b5c6d7e",
    },
}
