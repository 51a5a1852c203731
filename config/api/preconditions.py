"""ETag out, If-Match in: nobody overwrites what they have not seen (RFC 9110, section 13)."""

import re

from rest_framework.request import Request

from config.platform.errors import Refusal
from config.platform.moves import VersionConflict

TAG = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')


class PreconditionUnreadable(Refusal):
    """If-Match must be `*` or a list of quoted tags, as the ETag header of an answer gave them."""

    code = "precondition_unreadable"
    status = 400
    advice = "Send the `ETag` of the last answer in `If-Match` as it is, with its quotes, or `*`."


def etag(version: int) -> str:
    """The tag of a row's version."""
    return f'"{version}"'


def if_version(request: Request) -> int | None:
    """The version that the caller has seen, for the door; None when anything goes.

    Raises:
        PreconditionUnreadable: the header is not well formed.
        VersionConflict: no tag in it can match any version (weak tags never do).
    """
    given = request.headers.get("If-Match")
    if given is None or given.strip() == "*":
        return None
    tags = _tags(given)
    versions = [int(tag) for weak, tag in tags if not weak and tag.isascii() and tag.isdigit() and len(tag) < 10]
    if len(versions) > 1:
        raise PreconditionUnreadable("Give one tag in If-Match: the one you read last.")
    if not versions:
        raise VersionConflict("The tag in If-Match is not one of ours. Read the object again and use its ETag.")
    return versions[0]


def not_modified(request: Request, version: int) -> bool:
    """Whether the caller has this version already (If-None-Match, weak comparison)."""
    given = request.headers.get("If-None-Match")
    if not given:
        return False
    if given.strip() == "*":
        return True
    return any(tag == str(version) for _, tag in TAG.findall(given))


def _tags(header: str) -> list[tuple[str, str]]:
    parts = [part.strip() for part in header.split(",")]
    matches = [TAG.fullmatch(part) for part in parts]
    if not all(matches):
        raise PreconditionUnreadable('If-Match must hold a quoted tag, for instance If-Match: "3".')
    return [(match[1], match[2]) for match in matches if match]
