"""Log lines as JSON, with the request they belong to, and without people's data or secrets."""

import logging
import traceback

from pythonjsonlogger.json import JsonFormatter

from config.platform.context import asked


class AddRequest(logging.Filter):
    """Put the request id on every line written while a request is served, and take the request itself off Django's own lines.

    Those would show the path with its query, where names and phones are looked for.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        request = record.__dict__.pop("request", None)
        known = getattr(record, "request_id", None) or asked.get().request_id
        record.request_id = known or getattr(request, "request_id", None)
        if request is not None and record.name.startswith("django."):
            match = getattr(request, "resolver_match", None)
            record.msg, record.args, record.route = "request failed", (), match.route if match else "unknown"
        return True


class JsonLines(JsonFormatter):
    """One JSON object a line.

    An exception is told by its class and its stack only: its message may quote a row (PostgreSQL's "Key (e164)=(…)").
    """

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s", rename_fields={"asctime": "at", "levelname": "level"}
        )

    def formatException(self, ei) -> str:
        kind, _, trace = ei
        frames = traceback.extract_tb(trace)
        return "\n".join([*(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames), getattr(kind, "__name__", str(kind))])
