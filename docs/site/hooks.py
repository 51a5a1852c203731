"""What the documentation site needs beside its pages: run by MkDocs (mkdocs.yml), which finds the functions by their names.

Scripts that pages need come out of installed packages, so that nothing is fetched when a page is read and nothing foreign lies in
the repository. Two pages of the repository's root become pages of the site, and links to them are led there.
"""

import posixpath
import re
from importlib.metadata import files as files_of
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
#: pages of the repository's root, and what they are called on the site
OUTSIDE = {"CHANGELOG.md": "changes.md", "SECURITY.md": "security-policy.md"}
LINK_OUTSIDE = re.compile(rf"\]\((?:\.\./)+({'|'.join(map(re.escape, OUTSIDE))})")
MERMAID = "site/mermaid.js"
REFERENCE = "reference/index.html"
BUTTON = "<!-- on the site: the reference itself -->"
#: what a browser fetches by itself from another server; a canonical address is only named
FETCHED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//[^"' >]+"""
    r"""|<link\b(?![^>]*\brel=["']?(?:canonical|prev|next))[^>]*\bhref=["']?(?:https?:)?//[^"' >]+"""
    r"""|url\(["']?(?:https?:)?//[^)]+"""
)
DIAGRAM = 'class="mermaid"'
REDOC = "drf_spectacular_sidecar/static/drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js"
#: the one thing that Redoc fetches from elsewhere: the picture beside its maker's name
REDOC_PICTURE = "https://cdn.redoc.ly/redoc/logo-mini.svg"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what does not lie in docs/."""
    for name, page in OUTSIDE.items():
        files.append(File.generated(config, page, content=_led((ROOT / name).read_text(encoding="utf-8"))))
    script = _packaged("drf-spectacular-sidecar", REDOC).read_text(encoding="utf-8")
    if script.count(REDOC_PICTURE) != 1:
        raise RuntimeError("Redoc has changed: look at what it fetches, then mend docs/site/hooks.py.")
    files.append(File.generated(config, "reference/redoc.js", content=script.replace(REDOC_PICTURE, "data:,")))
    for uri, source in {
        REFERENCE: HERE / "reference.html",
        MERMAID: _packaged("mermaidx", "mermaidx/assets/mermaid.js"),
        "site/icon.svg": ROOT / "config/platform/static/switchboard/icon.svg",
    }.items():
        files.append(File.generated(config, uri, abs_src_path=str(source)))
    return files


def on_page_markdown(markdown: str, page: Page, **kwargs: Any) -> str:
    """Lead links out of docs/ to where the page is on the site."""
    folder = posixpath.dirname(page.file.src_uri)
    markdown = LINK_OUTSIDE.sub(lambda link: f"]({posixpath.relpath(OUTSIDE[link[1]], folder or '.')}", markdown)
    return markdown.replace(BUTTON, f"[Open the reference]({REFERENCE}){{ .md-button .md-button--primary }}")


def on_post_page(output: str, page: Page, **kwargs: Any) -> str:
    """Pages with a diagram get the script that draws it; Material would fetch it elsewhere when there is none."""
    if DIAGRAM not in output:
        return output
    tag = f'<script src="{get_relative_url(MERMAID, page.url)}"></script>'
    return output.replace("</head>", f"{tag}</head>", 1)


def on_post_build(config: MkDocsConfig, **kwargs: Any) -> None:
    """Refuse a site that would fetch something from elsewhere."""
    for path in Path(config.site_dir).rglob("*"):
        if path.suffix in (".html", ".css") and (found := FETCHED.search(path.read_text(encoding="utf-8"))):
            raise RuntimeError(f"{path.relative_to(config.site_dir)} fetches {found[0]}: the site must be readable without a network.")


def _led(text: str) -> str:
    """A page of the root, with its links as from docs/."""
    return text.replace("](docs/", "](")


def _packaged(package: str, path: str) -> Path:
    """A file of an installed package, found without importing it."""
    for each in files_of(package) or []:
        if each.as_posix() == path:
            return Path(str(each.locate()))
    raise RuntimeError(f"{package} has no {path} any more: look where it lies now, then mend docs/site/hooks.py.")
