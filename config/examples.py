"""The example pages of docs/examples, served beside the API in the demo: to look at, and nothing of it in production."""

import mimetypes
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "examples"
SOURCES = dict.fromkeys((".ts", ".tsx"), "text/plain; charset=utf-8")  # to be read; elsewhere a .ts is a film
TRUSTED = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src {servers}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


@csrf_exempt  # whoever posts here learns that it is not for posting
@require_safe
def page(request: HttpRequest, path: str) -> FileResponse:
    """A file of the folder; ``…/`` is its ``index.html``. It may ask any server: the address is typed in."""
    return _answer(FOLDER, path, servers="*")


@csrf_exempt
@require_safe
def desk(request: HttpRequest, path: str = "") -> FileResponse:
    """The operator's screen. It asks its own server only, and that of the live feed."""
    stream = urlsplit(settings.STREAM_URL)
    servers = f"'self' {stream.scheme}://{stream.netloc}" if stream.netloc else "'self'"
    return _answer(FOLDER / "agent-desk", path, servers=servers)


def _answer(folder: Path, path: str, *, servers: str) -> FileResponse:
    if not settings.DEMO:
        raise Http404
    try:
        file = (folder / path / "index.html" if path.endswith("/") or not path else folder / path).resolve()
        is_there = file.is_relative_to(folder) and file.is_file()
    except (ValueError, OSError) as error:  # a NUL in it, or longer than any name
        raise Http404 from error
    if not is_there:
        raise Http404
    kind = SOURCES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    headers = {"Content-Security-Policy": TRUSTED.format(servers=servers), "Cache-Control": "no-cache"}
    return FileResponse(file.open("rb"), content_type=kind, headers=headers)
