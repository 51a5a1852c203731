"""What stands above and below topics. There are some hundred of them, so the whole tree is read at once."""

from collections.abc import Iterable
from uuid import UUID

from crm.models import Topic


def below(topic_ids: Iterable[UUID]) -> dict[UUID, int]:
    """The topics and all that stand below them, each with how many steps below the nearest of them; one query, none for none."""
    children: dict[UUID | None, list[UUID]] = {}
    starts = set(topic_ids)
    for topic, parent in _links() if starts else []:
        children.setdefault(parent, []).append(topic)
    return _walk(starts, children)


def above(topic_ids: Iterable[UUID]) -> dict[UUID, int]:
    """The topics and all that stand above them, each with how many steps above the nearest of them; one query, none for none."""
    starts = set(topic_ids)
    parents = {topic: [parent] for topic, parent in (_links() if starts else []) if parent}
    return _walk(starts, parents)


def _links() -> list[tuple[UUID, UUID | None]]:
    return list(Topic.objects.values_list("id", "parent_id"))


def _walk(starts: set[UUID], following: dict[UUID | None, list[UUID]] | dict[UUID, list[UUID]]) -> dict[UUID, int]:
    steps = dict.fromkeys(starts, 0)
    layer, distance = starts, 0
    while layer:
        distance += 1
        layer = {other for topic in layer for other in following.get(topic, []) if other not in steps}
        steps |= dict.fromkeys(layer, distance)
    return steps
