"""What the OpenAPI document would say hundreds of times, it says once, under ``components``."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from config.api.failures import METHODS, codes_of

#: Query parameters of the pages themselves; filters stay where they are read.
EVERYWHERE = {"cursor", "page_size", "count"}
WORDS = {
    "304": "NotModified",
    "400": "BadRequest",
    "401": "Unauthorized",
    "403": "Forbidden",
    "404": "NotFound",
    "406": "NotAcceptable",
    "409": "Conflict",
    "410": "Gone",
    "412": "PreconditionFailed",
    "413": "ContentTooLarge",
    "415": "UnsupportedMediaType",
    "416": "RangeNotSatisfiable",
    "422": "UnprocessableContent",
    "429": "TooManyRequests",
    "502": "BadGateway",
    "503": "ServiceUnavailable",
}
#: Codes that come in one bundle have one word in the name of an answer.
BUNDLES = (
    ("", {"invalid", "bad_request", "unknown_parameter"}),
    ("", {"not_authenticated", "authentication_failed"}),
    ("", {"permission_denied"}),
    ("", {"not_found"}),
    ("", {"not_acceptable"}),
    ("", {"busy", "conflict"}),
    ("", {"version_conflict"}),
    ("", {"payload_too_large"}),
    ("", {"unsupported_media_type"}),
    ("", {"idempotency_key_reused"}),
    ("", {"throttled"}),
    ("", {"unavailable"}),
    ("Body", {"parse_error"}),
    ("Keyed", {"idempotency_key_unusable"}),
    ("Keyed", {"idempotency_key_in_use"}),
    ("Versioned", {"precondition_unreadable"}),
    ("InUse", {"still_in_use"}),
)
WORTH = 200  # an example shorter than this is read more easily where it is


def share(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Move answers, parameters and examples that stand in more than one place to ``components``."""
    everything = [operation for item in result["paths"].values() for method, operation in item.items() if method in METHODS]
    components = result["components"]
    components["parameters"] = _moved("parameters", list(_parameters(everything)))
    components["responses"] = _moved("responses", list(_answers(everything)))
    components["examples"] |= _moved("examples", list(_examples(everything)))
    for name, part in components.items():
        if name != "schemas":
            components[name] = dict(sorted(part.items()))
    return result


Place = tuple[str, dict[str, Any] | list[Any], Any]  # a name for what stands there, and where that is


def _moved(kind: str, places: list[Place]) -> dict[str, Any]:
    """Replace what stands in several places by references, and return what they refer to."""
    seen = Counter(_text(holder[key]) for _, holder, key in places)
    moved: dict[str, Any] = {}
    for name, holder, key in places:
        text = _text(holder[key])
        if seen[text] > 1 and _text(moved.setdefault(name, holder[key])) == text:  # a name that is taken stays with the first
            holder[key] = {"$ref": f"#/components/{kind}/{name}"}
    return moved


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _camel(text: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", text))


def _parameters(everything: list[dict[str, Any]]) -> Iterator[Place]:
    for operation in everything:
        parameters = operation.get("parameters", [])
        for index, one in enumerate(parameters):
            if one["in"] == "path":
                about = re.sub(r"^(A UUID string identifying this|Which of the) ", "", one["description"]).rstrip(".")
                yield _camel(f"{about} {one['name']}"), parameters, index
            elif one["in"] == "header" or one["name"] in EVERYWHERE:
                yield _camel(one["name"]), parameters, index


def _answers(everything: list[dict[str, Any]]) -> Iterator[Place]:
    for operation in everything:
        for status, answer in operation["responses"].items():
            if status in WORDS:
                codes = codes_of(answer)
                yield WORDS[status] + _told(codes), operation["responses"], status


def _told(codes: set[str]) -> str:
    """The codes of an answer as a part of its name: those that every operation of a kind has are one word or none."""
    words = []
    for word, bundle in BUNDLES:
        if bundle & codes:
            words.append(word)
            codes = codes - bundle
    return "".join(words) + "".join(_camel(code) for code in sorted(codes))


def _examples(everything: list[dict[str, Any]]) -> Iterator[Place]:
    for operation in everything:
        bodies = [operation.get("requestBody", {}), *(answer for status, answer in operation["responses"].items() if status[0] == "2")]
        for body in bodies:
            for medium in body.get("content", {}).values():
                shown = medium.get("schema", {}).get("$ref", "").rpartition("/")[2]
                for name, one in medium.get("examples", {}).items():
                    if shown and len(_text(one)) > WORTH:
                        yield shown + _camel(name), medium["examples"], name
