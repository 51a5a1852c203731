"""Where something came from: a soft reference (kind and id) to a row that may live in a higher app."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from config.platform.errors import Refusal
from config.platform.registry import Registry

#: Whether there is a row of this kind with this id. The name in the registry is the kind.
kinds: Registry[Callable[[UUID], bool]] = Registry("kinds of origins")


class OriginUnknown(Refusal):
    """The origin names a kind that we do not know, or a row that is not there."""

    code = "origin_unknown"
    status = 400
    advice = "Send a kind that `detail` lists and the id of a row that exists, or leave `origin` out."


def columns(origin: Mapping[str, Any] | None) -> dict[str, Any]:
    """``{"kind", "id"}`` of a request as the columns of an ``Originated`` row; None is no origin.

    Raises:
        OriginUnknown
    """
    if not origin:
        return {"origin_kind": "", "origin_id": None}
    kind, row_id = origin["kind"], origin["id"]
    if kind not in kinds:
        known = ", ".join(name for name, _ in kinds)
        raise OriginUnknown(f"An origin is one of: {known}.")
    if not kinds[kind](row_id):
        raise OriginUnknown(f"There is no {kind} with this id.")
    return {"origin_kind": kind, "origin_id": row_id}
