"""Every error answer, as RFC 9457 problem+json."""

import json
import logging
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as ModelInvalid
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.db.models import BaseConstraint, Model, ProtectedError, RestrictedError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.module_loading import autodiscover_modules
from rest_framework.exceptions import APIException, ErrorDetail, NotFound, Throttled, ValidationError
from rest_framework.exceptions import PermissionDenied as Forbidden
from rest_framework.response import Response
from rest_framework.views import set_rollback

from config.platform.context import asked
from config.platform.errors import Refusal

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
RETRY_S = 2

# Codes that no Refusal class carries. The catalogue at /api/v1/problems/ joins both.
STANDARD: dict[str, tuple[int, str]] = {
    "invalid": (400, "The request is not valid; `errors` points at each fault."),
    "parse_error": (400, "The body could not be read."),
    "bad_request": (400, "The request could not be understood."),
    "unknown_parameter": (400, "A query parameter is not known here; a typo must not return everything."),
    "not_authenticated": (401, "Send a token: `Authorization: Bearer …`."),
    "authentication_failed": (401, "The token or the password is not valid."),
    "permission_denied": (403, "Your role or your token's scopes do not allow this."),
    "not_found": (404, "There is no such thing, or you may not see it."),
    "method_not_allowed": (405, "This address does not answer to that method."),
    "not_acceptable": (406, "The answer is JSON; ask for application/json."),
    "conflict": (409, "It would break a rule of the data."),
    "busy": (409, "Somebody is changing the same thing now; try again in a moment."),
    "still_in_use": (409, "Other records point at it, so it stays."),
    "payload_too_large": (413, "The body is too large."),
    "unsupported_media_type": (415, "The body must be application/json, or multipart/form-data for a file."),
    "throttled": (429, "Too many requests; `Retry-After` says how many seconds to wait."),
    "internal_error": (500, "Our fault; it is in our log under the request id."),
    "unavailable": (503, "The database is away for a moment; `Retry-After` says when to try again."),
}


def handle(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an exception into a problem, or None for a real bug (Django answers 500 by ``server_error`` and logs it)."""
    problem, headers = problem_of(exc)
    if problem is None:
        return None
    set_rollback()
    return Response(problem, status=problem["status"], headers=headers, content_type=MEDIA_TYPE)


def problem_of(exc: Exception) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """The problem document and headers of an exception; None for one that we did not foresee."""
    if isinstance(exc, Http404):
        exc = NotFound()
    elif isinstance(exc, PermissionDenied):
        exc = Forbidden()
    elif isinstance(exc, ModelInvalid):
        exc = ValidationError(getattr(exc, "message_dict", None) or exc.messages)
    if isinstance(exc, Refusal):
        wait = {"Retry-After": str(exc.retry_after_s)} if exc.retry_after_s else {}
        return made(exc.status, exc.code, exc.detail, **exc.facts), wait
    if isinstance(exc, ValidationError):
        errors = list(pointers(exc.detail))
        codes = {error["code"] for error in errors}
        code = "unknown_parameter" if codes == {"unknown_parameter"} else "invalid"
        return made(400, code, errors[0]["detail"] if len(errors) == 1 else STANDARD[code][1], errors=errors), {}
    if isinstance(exc, APIException):
        return _of_rest_framework(exc)
    return _of_database(exc)


def told(exc: Exception) -> dict[str, Any]:
    """The problem that one item of a bulk request gets, while the others go on. To be called while ``exc`` is handled.

    Raises:
        Exception: ``exc`` itself, when it is a fault of ours and no verdict on the item.
    """
    problem, _ = problem_of(exc)
    if problem is None or problem["status"] >= 500:
        raise exc
    return problem


def _of_rest_framework(exc: APIException) -> tuple[dict[str, Any], dict[str, str]]:
    headers = {}
    if getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = exc.auth_header  # type: ignore[attr-defined]
    if isinstance(exc, Throttled) and (wait := getattr(exc, "wait", None)) is not None:
        headers["Retry-After"] = str(max(1, int(wait + 0.999)))
    codes = exc.get_codes()
    return made(exc.status_code, codes if isinstance(codes, str) else exc.default_code, str(exc.detail)), headers


def _of_database(exc: Exception) -> tuple[dict[str, Any] | None, dict[str, str]]:
    state = getattr(exc.__cause__, "pgcode", None) or ""
    if isinstance(exc, ProtectedError | RestrictedError):  # these are IntegrityErrors, so they come first
        return made(409, "still_in_use", STANDARD["still_in_use"][1]), {}
    if isinstance(exc, IntegrityError):
        rule = constraint_of(exc)
        if rule:
            return made(409, rule.violation_error_code or rule.name, str(rule.get_violation_error_message())), {}
        return made(409, "conflict", STANDARD["conflict"][1]), {}
    if isinstance(exc, OperationalError) and state in {"55P03", "40P01", "40001"}:  # lock timeout, deadlock, serialisation
        return made(409, "busy", STANDARD["busy"][1]), {"Retry-After": "1"}
    if isinstance(exc, OperationalError | InterfaceError):
        logger.error("database_unavailable", extra={"error": type(exc.__cause__ or exc).__name__, "pgcode": state})
        return made(503, "unavailable", STANDARD["unavailable"][1]), {"Retry-After": str(RETRY_S)}
    if isinstance(exc, DataError | OverflowError | UnicodeError):
        return made(400, "invalid", "A value is out of the range that can be kept."), {}
    if isinstance(exc, RequestDataTooBig):
        return made(413, "payload_too_large", STANDARD["payload_too_large"][1]), {}
    if isinstance(exc, SuspiciousOperation | BadRequest):
        return made(400, "bad_request", STANDARD["bad_request"][1]), {}
    return None, {}


def made(status: int, code: str, detail: str, **facts: Any) -> dict[str, Any]:
    """A problem document. The standard members are written last: no fact can hide them."""
    return {
        **facts,
        "type": f"/api/v1/problems/{code}/",
        "title": title_of(code),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": asked.get().request_id,
    }


def catalogue() -> dict[str, tuple[int, str]]:
    """Every code that an answer may carry: its status and what it means."""
    known = dict(STANDARD)
    for kind in refusals():
        known[kind.code] = (kind.status, " ".join((kind.__doc__ or "").split()))
    known |= {code: (409, meaning) for code, meaning in table_meanings().items()}
    return dict(sorted(known.items()))


def table_meanings() -> dict[str, str]:
    """Codes of the rules that the tables themselves keep, and what they mean."""
    return {rule.violation_error_code or rule.name: str(rule.get_violation_error_message()) for _, rule in table_rules()}


def refusals() -> Iterator[type[Refusal]]:
    """Every way in which a rule of ours says no, also those that only workers come upon: a row says them afterwards."""
    _load_all()
    waiting = Refusal.__subclasses__()
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        yield kind


@cache
def _load_all() -> None:
    """What no request has needed yet is not loaded, and a class that is not loaded cannot be found."""
    import_module(settings.ROOT_URLCONF)
    autodiscover_modules("tasks")


def table_rules() -> Iterator[tuple[type[Model], BaseConstraint]]:
    """Every constraint of our tables; the database holds it, whoever writes."""
    for model in apps.get_models():
        if model.__module__.split(".")[0] in {"config", "crm", "calls", "complaints", "campaigns"}:
            for rule in model._meta.constraints:
                yield model, rule


def title_of(code: str) -> str:
    """The title of a problem: its code, to be read."""
    return code.replace("_", " ").capitalize()


def constraint_of(exc: IntegrityError) -> BaseConstraint | None:
    """The constraint that PostgreSQL names: its own message is the answer, so a rule of the table is written once."""
    name = getattr(getattr(exc.__cause__, "diag", None), "constraint_name", None)
    return next((rule for model in apps.get_models() for rule in model._meta.constraints if rule.name == name), None)


def pointers(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Flatten DRF's nested error detail into ``{pointer, code, detail}`` items (pointer: RFC 6901)."""
    if isinstance(detail, ErrorDetail | str):
        yield {"pointer": path or "/", "code": getattr(detail, "code", None) or "invalid", "detail": str(detail)}
    elif isinstance(detail, dict):
        for key, value in detail.items():
            step = str(key).replace("~", "~0").replace("/", "~1")
            yield from pointers(value, path if key == "non_field_errors" else f"{path}/{step}")
    elif isinstance(detail, list):
        nested = any(isinstance(item, dict | list) for item in detail)
        for index, item in enumerate(detail):
            if not nested or item:
                yield from pointers(item, f"{path}/{index}" if nested else path)


def problem_page(status: int, code: str, detail: str, *, headers: dict[str, str] | None = None) -> HttpResponse:
    """A problem outside of any API view: unknown address, unreadable request, a bug."""
    body = json.dumps(made(status, code, detail)).encode()
    return HttpResponse(body, status=status, content_type=MEDIA_TYPE, headers=headers)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 for an address that no view answers; says so when only the last slash is missing."""
    detail = STANDARD["not_found"][1]
    if not request.path.endswith("/"):
        try:
            resolve(request.path + "/")
            detail = f"There is nothing here, but there is with a slash at the end: {request.path[:200]}/"
        except Resolver404:
            pass
    return problem_page(404, "not_found", detail)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 for what Django itself could not read."""
    return problem_page(400, "bad_request", STANDARD["bad_request"][1])


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 outside of the API's own views."""
    return problem_page(403, "permission_denied", STANDARD["permission_denied"][1])


def server_error(request: HttpRequest) -> HttpResponse:
    """500 for a bug, or 503 when the database is away and a page, not an API view, noticed."""
    import sys

    exc = sys.exc_info()[1]
    if isinstance(exc, OperationalError | InterfaceError):
        return problem_page(503, "unavailable", STANDARD["unavailable"][1], headers={"Retry-After": str(RETRY_S)})
    return problem_page(500, "internal_error", STANDARD["internal_error"][1])
