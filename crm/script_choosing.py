"""Which script fits a conversation: a fixed ranking, so the same call always gets the same script."""

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings

from crm.models import Script, ScriptVersion, Topic
from crm.scripts import language_fit

PURPOSES = {"inbound": ("inbound",), "outbound": ("outbound", "survey")}
FARTHEST = 50  # steps up the tree of topics; deeper trees do not exist


def best(*, direction: str, queue: str = "", topics: Sequence[UUID] = (), language: str = "") -> ScriptVersion | None:
    """The published version to use, or None when no script is for this.

    A script is out when its purpose is of the other direction, when it is for other queues, or when it is for topics and this
    conversation is about none of them (or about what stands below them). Of those left, the first by: the language (the same tag,
    the same language, the house's own, any other; when the contact's is not known, the house's own first), how near its topic is (the
    very topic, the one above it …, a script for any topic), whether it is for this very queue, the purpose (a plain outbound
    script before a survey), and its code.
    """
    purposes = PURPOSES.get(direction, ())
    found = ScriptVersion.objects.in_use().filter(script__purpose__in=purposes)
    versions = list(found.select_related("script").prefetch_related("script__topics", "steps"))
    distance = _distances(topics)
    ranked = []
    for version in versions:
        script = version.script
        near = _nearness(script, distance)
        if near is None or (script.queues and queue not in script.queues):
            continue
        spoken = language_fit(script.language, language) * 2 if language else 0
        spoken = spoken or (language_fit(script.language, settings.LANGUAGE_CODE) and 1)
        ranked.append(((-spoken, near, 0 if script.queues else 1, purposes.index(script.purpose), script.code), version))
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else None


def _nearness(script: Script, distance: dict[UUID, int]) -> int | None:
    """0: for the very topic; FARTHEST + 1: for any; None: for others."""
    own = [topic.pk for topic in script.topics.all()]
    if not own:
        return FARTHEST + 1
    return min((distance[topic] for topic in own if topic in distance), default=None)


def _distances(topics: Sequence[UUID]) -> dict[UUID, int]:
    """How far above the nearest of these topics each topic stands."""
    if not topics:
        return {}
    above = dict(Topic.objects.values_list("pk", "parent_id"))
    found: dict[UUID, int] = {}
    for topic in topics:
        here: UUID | None = topic
        for far in range(FARTHEST):
            if here is None or found.get(here, FARTHEST) <= far:
                break
            found[here] = far
            here = above.get(here)
    return found
