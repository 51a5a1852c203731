"""How each operation may fail, in the OpenAPI document: every status with its codes, as a schema that a program can check."""

from collections.abc import Iterable
from typing import Any

from config.api import problems
from config.api.explaining import explained
from config.api.idempotency import KeyInUse, KeyReused, KeyUnusable
from config.api.preconditions import PreconditionUnreadable
from config.platform.moves import VersionConflict

METHODS = ("get", "post", "put", "patch", "delete")
PROBLEM = "#/components/schemas/Problem"
RULE = "#/components/schemas/TableRule"
REQUEST_ID = "0199a1b2c3d4e5f60718293a4b5c6d7e"
FAULT = {"pointer": "/name", "code": "required", "detail": "This field is required."}
#: Headers that the answers with these statuses carry.
WAITS = {"429": ("Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"), "503": ("Retry-After",)}
#: Codes that many operations have: where an operation has codes of its own, these are not explained again beside them.
USUAL = {*problems.STANDARD, KeyUnusable.code, KeyInUse.code, KeyReused.code, PreconditionUnreadable.code, VersionConflict.code}
FOUND = {
    "get": "What was asked for.",
    "post": "Done; this is what came of it.",
    "patch": "Changed; this is how it is now.",
    "delete": "Done.",
}


def add_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Say of every operation which codes it may answer, under which status, with an example of each."""
    known, rules = problems.catalogue(), dict(sorted(problems.table_meanings().items()))
    components = result.setdefault("components", {})
    components["schemas"] |= {"Problem": SCHEMA, "TableRule": _rules(rules)}
    components["headers"] = HEADERS
    examples = components.setdefault("examples", {})
    for path, item in result["paths"].items():
        # in one order always: the router keeps them in a set, and the document in the repository is compared with this one
        result["paths"][path] = item = {name: item[name] for name in sorted(item, key=lambda name: (*METHODS, name).index(name))}
        for method, operation in item.items():
            if method not in METHODS:
                continue
            told = operation.pop("x-told")
            answers = operation["responses"]
            for status, answer in answers.items():
                if status[0] == "2":
                    answer["description"] = answer.get("description") or FOUND[method]
                    _show_bytes(answer)
            codes = _codes(method, path, "requestBody" in operation, told)
            if told["has_version"]:
                _say_version(operation)
            _add_headers(operation, has_key="idempotency_key_reused" in codes, has_version=VersionConflict.code in codes)
            for code in codes:
                examples.setdefault(name_of(code), {"$ref": code})
            by_status: dict[str, list[str]] = {}
            for code in sorted(codes):
                by_status.setdefault(str(known[code][0]), []).append(code)
            for status, those in by_status.items():
                answers[status] = answer_of(status, those, known, with_rules=status == "409" and method != "get")
            operation["responses"] = dict(sorted(answers.items()))
    advice = {code: one.remedy for code, one in explained().items()}
    components["examples"] = {"Bytes": BYTES} | {
        name: {"description": advice[one["$ref"]]} | _example(one["$ref"], known) for name, one in sorted(examples.items())
    }
    return result


def _show_bytes(answer: dict[str, Any]) -> None:
    """A file has the same example everywhere: what it holds is its own affair."""
    for medium in answer.get("content", {}).values():
        if medium.get("schema", {}).get("format") == "binary":
            medium.setdefault("examples", {"Bytes": {"$ref": "#/components/examples/Bytes"}})


def name_of(code: str) -> str:
    """The name of the example of a code."""
    return "Problem" + "".join(part.capitalize() for part in code.split("_"))


def _codes(method: str, path: str, has_body: bool, told: dict[str, Any]) -> set[str]:
    """What the operation declares itself, and what every operation of its kind may answer."""
    codes = {*told["refusals"], "invalid", "bad_request", "throttled", "unavailable"}
    if told["is_strict"]:
        codes.add("unknown_parameter")
    if told["negotiates"]:
        codes.add("not_acceptable")
    if told["is_guarded"]:
        codes |= {"not_authenticated", "authentication_failed", "permission_denied"}
    if "{" in path:
        codes.add("not_found")
    if has_body:
        codes |= {"parse_error", "payload_too_large", "unsupported_media_type"}
    if method != "get":
        codes |= {"busy", "conflict"}
    if method == "delete":
        codes.add("still_in_use")
    if method == "post" and told["is_guarded"]:
        codes |= {KeyUnusable.code, KeyInUse.code, KeyReused.code}
    if method == "patch" or VersionConflict.code in codes:
        codes |= {VersionConflict.code, PreconditionUnreadable.code}
    return codes


def answer_of(status: str, codes: list[str], known: dict[str, tuple[int, str]], *, with_rules: bool) -> dict[str, Any]:
    """One answer: what its codes mean, which they are, and an example of each.

    The codes stand beside the reference to ``Problem``: who checks answers sees them, who generates classes gets one class.
    """
    own = [code for code in codes if code not in USUAL] or codes
    lines = [f"`{code}`: {known[code][1]}" for code in own]
    which: dict[str, Any] = {"const": codes[0]} if len(codes) == 1 else {"enum": codes}
    if len(own) < len(codes):
        lines.append(f"As everywhere: {', '.join(f'`{code}`' for code in codes if code in USUAL)}.")
    if with_rules:
        lines.append("Any other `code`: a rule of a table, see the schema `TableRule`.")
        which = {"anyOf": [which, {"$ref": RULE}]}
    answer: dict[str, Any] = {
        "description": lines[0].partition(": ")[2] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines),
    }
    if status in WAITS:
        answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in WAITS[status]}
    answer["content"] = {
        problems.MEDIA_TYPE: {
            "schema": {"$ref": PROBLEM, "properties": {"code": which}},
            "examples": {code: {"$ref": f"#/components/examples/{name_of(code)}"} for code in own},
        }
    }
    return answer


def codes_of(answer: dict[str, Any]) -> set[str]:
    """The codes that an answer of the document lets through, but for the rules of tables."""
    schema = answer.get("content", {}).get(problems.MEDIA_TYPE, {}).get("schema", {})
    which = schema.get("properties", {}).get("code", {})
    if "anyOf" in which:
        which = which["anyOf"][0]
    return {which["const"]} if "const" in which else set(which.get("enum", ()))


def _example(code: str, known: dict[str, tuple[int, str]]) -> dict[str, Any]:
    status, meaning = known[code]
    value = {
        "type": f"/api/v1/problems/{code}/",
        "title": problems.title_of(code),
        "status": status,
        "detail": meaning,
        "code": code,
        "request_id": REQUEST_ID,
    }
    return {"value": value | ({"errors": [FAULT]} if code == "invalid" else {})}


def _say_version(operation: dict[str, Any]) -> None:
    """One row is read: its version goes along, and who has it already is told so."""
    operation["responses"]["200"]["headers"] = {"ETag": {"$ref": "#/components/headers/ETag"}}
    operation["responses"]["304"] = {
        "description": "You have it as it is: `If-None-Match` names its version.",
        "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
    }
    operation.setdefault("parameters", []).append(_header("If-None-Match", "The ETag you have: 304 without a body when nothing changed."))


def _add_headers(operation: dict[str, Any], *, has_key: bool, has_version: bool) -> None:
    extra = []
    if has_key:
        extra.append(
            _header("Idempotency-Key", "1 to 200 visible ASCII characters. The same key again: the same answer, and no second effect.")
        )
    if has_version:
        extra.append(_header("If-Match", "The ETag you read: a change you have not seen is then refused with 412."))
    known = {parameter.get("name") for parameter in operation.get("parameters", [])}
    if added := [one for one in extra if one["name"] not in known]:
        operation["parameters"] = operation.get("parameters", []) + added


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "schema": {"type": "string"}, "description": description}


def _rules(rules: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "string",
        "enum": list(rules),
        "description": "Rules that the tables themselves keep; each answers 409 with its name as `code`.\n\n" + described(rules.items()),
        "x-enumDescriptions": rules,
    }


def described(words: Iterable[tuple[str, str]]) -> str:
    """A list of words and what they mean, as text."""
    return "\n".join(f"* `{word}` - {meaning}" for word, meaning in words)


BYTES = {"summary": "The file itself", "description": "Its bytes, as they are; the text here stands for them.", "value": "…"}
HEADERS: dict[str, Any] = {
    "ETag": {"description": "The version, for `If-Match` and `If-None-Match`.", "schema": {"type": "string"}, "example": '"3"'},
    "Retry-After": {"description": "Seconds to wait before the same is sent again.", "schema": {"type": "integer"}, "example": 2},
    "RateLimit-Limit": {"description": "How many requests a minute you may send.", "schema": {"type": "integer"}, "example": 600},
    "RateLimit-Remaining": {"description": "How many are left in this minute.", "schema": {"type": "integer"}, "example": 0},
    "RateLimit-Reset": {"description": "Seconds until the next minute begins.", "schema": {"type": "integer"}, "example": 17},
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": (
        "RFC 9457. Some codes carry further members, named in their description. Later versions may add codes: go by the status where you "
        "do not know one."
    ),
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "Where the code is explained."},
        "title": {"type": "string", "description": "The code as words."},
        "status": {"type": "integer", "description": "The status of the answer."},
        "detail": {"type": "string", "description": "What is wrong and what to do."},
        "code": {"type": "string", "description": "Stable; switch on this. Each operation lists its codes under each status."},
        "request_id": {"type": "string", "description": "Name it when you ask for help."},
        "errors": {
            "type": "array",
            "description": "Of an invalid request: each fault.",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the body, or `/` and the name of a parameter."},
                    "code": {"type": "string", "description": "What kind of fault."},
                    "detail": {"type": "string", "description": "What is wrong."},
                },
            },
        },
    },
    "example": {
        "type": "/api/v1/problems/version_conflict/",
        "title": "Version conflict",
        "status": 412,
        "detail": "You saw version 3; it is 4 now. Read it again, then change it.",
        "code": "version_conflict",
        "request_id": REQUEST_ID,
    },
}
