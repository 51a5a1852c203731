"""What is done to every request before and after its view: its id, its size, its log line, its metrics."""

import logging
import re
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from uuid_utils.compat import uuid7

from config.api import metrics
from config.api.callers import client_ip
from config.api.problems import problem_page
from config.platform.context import Asked, asked

logger = logging.getLogger("switchboard.access")
GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestMiddleware:
    """Give each request an id, refuse what is too large unread, and write one log line without personal data."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if GIVEN_ID.fullmatch(given) else uuid7().hex
        request.request_id = request_id  # type: ignore[attr-defined]  # for Django's own log line, written when all is over
        kept = asked.set(Asked(request_id, client_ip(request)))
        began = time.perf_counter()
        try:
            response = self._too_large(request) or self.get_response(request)
            self._finish(request, response, request_id, time.perf_counter() - began)
            return response
        finally:
            asked.reset(kept)

    def _too_large(self, request: HttpRequest) -> HttpResponse | None:
        length = request.META.get("CONTENT_LENGTH") or "0"
        is_file = (request.META.get("CONTENT_TYPE") or "").startswith("multipart/form-data")
        limit = settings.IMPORT_MAX_BYTES + 1024 * 1024 if is_file else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if length.isascii() and length.isdigit() and int(length[:18]) <= limit:
            return None
        return problem_page(413, "payload_too_large", f"The body may have {limit:,} bytes at most: send less at a time.")

    def _finish(self, request: HttpRequest, response: HttpResponse, request_id: str, took_s: float) -> None:
        response.headers["X-Request-ID"] = request_id
        if request.path.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "no-store")
            response.headers.setdefault("X-Content-Type-Options", "nosniff")
            if not response.headers.get("Content-Type", "").startswith("text/html"):
                response.headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        match = request.resolver_match
        route = match.route if match else "unknown"
        metrics.request_done(request.method or "", route, response.status_code, took_s)
        user = getattr(request, "served_user_id", None)
        logger.info(
            "request",
            extra={
                "method": request.method,
                "route": route,
                "status": response.status_code,
                "ms": round(took_s * 1000, 1),
                "user": user,
            },
        )
