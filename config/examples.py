"""The example pages of docs/examples, served beside the API in the demo: to look at, and nothing of it in production."""

import mimetypes
from pathlib import Path

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "examples"
TRUSTED = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src *; frame-ancestors 'none'"


def page(request: HttpRequest, path: str) -> FileResponse:
    """A file of the folder; ``…/`` is its ``index.html``."""
    file = (FOLDER / path / "index.html" if path.endswith("/") or not path else FOLDER / path).resolve()
    if not settings.DEMO or not file.is_relative_to(FOLDER) or not file.is_file():
        raise Http404
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return FileResponse(file.open("rb"), content_type=kind, headers={"Content-Security-Policy": TRUSTED, "Cache-Control": "no-cache"})
