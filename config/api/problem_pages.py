"""The catalogue of errors as pages of the documentation: docs/errors/, one a code: the API document in, texts out."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import CASCADE, Model
from drf_spectacular.generators import EndpointEnumerator

from config.api.explaining import HOMES, Explained, explained
from config.api.failures import METHODS, codes_of
from config.api.problems import table_rules
from config.api.schema import resource_of
from config.platform.models import User

NOTE = "<!-- written by `make schema` from the catalogue in config/api/problems.py -->"
#: Who answers with a code that no operation names, since any request may meet it.
MET_BY = {
    "invalid": "Every operation that takes a body or query parameters.",
    "parse_error": "Every operation that takes a body.",
    "bad_request": "Any address: the request was refused before an operation was chosen.",
    "unknown_parameter": "Every operation.",
    "not_authenticated": "Every operation that is not open to everybody.",
    "authentication_failed": "Every operation that is not open to everybody, and `POST /api/v1/tokens/`.",
    "permission_denied": "Every operation that is not open to everybody.",
    "not_found": "Every operation with an id in its address, and every address that is none.",
    "method_not_allowed": "Every address, for a method that it does not have.",
    "not_acceptable": "Every operation, when `Accept` excludes what it answers.",
    "conflict": "Every operation that writes.",
    "busy": "Every operation that writes, and the addresses that wait for a lock.",
    "still_in_use": "Operations that delete.",
    "payload_too_large": "Every operation that takes a body.",
    "unsupported_media_type": "Every operation that takes a body.",
    "throttled": "Every operation.",
    "internal_error": "Any address.",
    "unavailable": "Every operation.",
}
#: A longer list tells a reader nothing.
MOST_NAMED = 60
GROUPS = {
    "standard": ("Of any request", "Codes that do not depend on what the operation does."),
    "rule": ("Of the rules of the business", "A rule said no, and nothing was changed. Each operation names those that it may answer."),
    "table": ("Of the rules of the tables", "PostgreSQL holds these rules, whoever writes. The status is 409."),
    "guard": (
        "Last guards",
        "Rules of the tables that requests are kept from breaking before they are written. Whoever meets one has met an error of ours, "
        "or was overtaken by another request. The status is 409.",
    ),
}
EXAMPLE_ID = "0199a1b2c3d4e5f60718293a4b5c6d7e"


def pages(document: Mapping[str, Any]) -> dict[str, str]:
    """Every page by the name of its file: ``index.md`` and one for each code."""
    known, answered, written = explained(), operations_by_code(document), operations_by_table(document)
    made = {f"{code}.md": _page(one, answered.get(code) or written.get(one.table, [])) for code, one in known.items()}
    return {"index.md": _index(known.values()), **made}


def operations_by_code(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """The operations that may answer with a code, as ``METHOD address`` with the id of the operation."""
    found: dict[str, list[str]] = defaultdict(list)
    for path, item in sorted(document["paths"].items()):
        for method in METHODS:
            operation = item.get(method)
            if operation is None:
                continue
            answers = [_referred(answer, document) for answer in operation["responses"].values()]
            for code in sorted({code for answer in answers for code in codes_of(answer)}):
                found[code].append(f"- `{method.upper()} {path}` (`{operation['operationId']}`)")
    return found


def operations_by_table(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """The operations that write rows of a table: those of its own views, or of the views of what its rows belong to."""
    names = {
        operation["operationId"]: f"- `{method.upper()} {path}` (`{operation['operationId']}`)"
        for path, item in sorted(document["paths"].items())
        for method, operation in item.items()
        if method in METHODS
    }
    views: dict[type[Model], list[str]] = defaultdict(list)
    for path, _, method, callback in EndpointEnumerator().get_api_endpoints():
        rows = getattr(callback.cls, "queryset", None)
        if method != "GET" and rows is not None:
            views[rows.model].append(f"{resource_of(callback.cls, path)}_{callback.actions[method.lower()]}")
    return {
        model._meta.db_table: [line for name, line in names.items() if name in views[owner]]
        for model in {model for model, _ in table_rules()}
        if (owner := _owner(model, views)) is not None
    }


def _owner(model: type[Model], views: Mapping[type[Model], Any]) -> type[Model] | None:
    """The model itself when operations write it, else the nearest one that its rows belong to."""
    seen: set[type[Model]] = set()
    waiting = [model]
    while waiting:
        one = waiting.pop(0)
        if one in views:
            return one
        seen.add(one)
        keys = [field for field in one._meta.fields if field.remote_field and field.related_model not in (None, User)]
        keys.sort(key=lambda field: (field.null, field.remote_field.on_delete is not CASCADE))
        waiting += [field.related_model for field in keys if field.related_model not in seen]
    return None


def _referred(answer: dict[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """The answer itself, when many operations share it."""
    return document["components"]["responses"][answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer


def _page(one: Explained, operations: list[str]) -> str:
    example = {
        "type": f"/api/v1/problems/{one.code}/",
        "title": one.title,
        "status": one.status,
        "detail": one.meaning.replace("`", ""),
        "code": one.code,
        "request_id": EXAMPLE_ID,
    }
    if one.code in ("invalid", "unknown_parameter"):
        example["errors"] = [
            {"pointer": "/emails/0/email", "code": "invalid", "detail": "Enter a valid email address."}
            if one.code == "invalid"
            else {"pointer": "/colour", "code": "unknown_parameter", "detail": "Unknown parameter. Known here: cursor, page_size."}
        ]
    return "\n".join(
        [
            f"# {one.title}",
            "",
            NOTE,
            "",
            f"Code `{one.code}`, status {one.status}. [All codes](index.md)",
            "",
            "## What it means",
            "",
            one.meaning,
            "",
            "## What to do",
            "",
            one.remedy,
            "",
            "## Who answers with it",
            "",
            *_who(one, operations),
            "",
            "## Example",
            "",
            "```json",
            json.dumps(example, ensure_ascii=False, indent=2),
            "```",
            "",
        ]
    )


def _who(one: Explained, operations: list[str]) -> list[str]:
    if one.kind == "standard":
        return [MET_BY[one.code]]
    if len(operations) > MOST_NAMED and not one.table:
        return [f"{len(operations)} operations; each names it in the [API reference](../api.md)."]
    if one.table and operations:
        return [f"Operations that write the table `{one.table}`, or what its rows belong to:", "", *operations]
    if one.table:
        return [f"Work of the server itself: no operation writes the table `{one.table}` directly."]
    if operations:
        return operations
    return [
        "No operation names it in the API document: it belongs to a rule that several share, to a page outside of it, "
        "or to work done later, whose row then says it in `problem`."
    ]


def _index(known: Iterable[Explained]) -> str:
    every = list(known)
    lines = [
        "# Error codes",
        "",
        NOTE,
        "",
        "Every error is an `application/problem+json` document (RFC 9457). Its `code` is stable: switch on it, and show `detail` to people. "
        "Its `type` leads to the page of the code on the server itself, as JSON for programs and as HTML in a browser; "
        "the pages here say the same, and which operations answer with it.",
        "",
        f"There are {len(every)} codes. The search of this site finds each by its name.",
    ]
    for kind, (title, text) in GROUPS.items():
        mine = [one for one in every if one.kind == kind]
        lines += ["", f"## {title}", "", text]
        for home, name in HOMES.items():
            here = [one for one in mine if one.home == home]
            if not here:
                continue
            lines += ["", f"### {name}", ""] if kind != "standard" else [""]
            lines += ["| Code | Status | Meaning |", "|---|---|---|"]
            lines += [f"| [`{one.code}`]({one.code}.md) | {one.status} | {_cell(one.meaning)} |" for one in here]
    return "\n".join([*lines, ""])


def _cell(text: str) -> str:
    """The text as it may stand in a table."""
    return text.replace("|", "\\|")
