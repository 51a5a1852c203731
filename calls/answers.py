"""Ready answers: what to read to this caller, best first, one key each; and that it was read, and whether it helped.

How they are ranked. An article gets points for

- its topics: 4 for a topic of the call (or one asked for), 3 for one of the caller's open matters, 2 for one of their last calls, the most
  that any of them gives; a topic one step above or below in the tree gives half, two steps a quarter;
- the queue: up to 1, by how often it was read in this queue in the last 30 days, compared with the one read most often there;
- 0.1 for being among those read most of all, so that there is always something to read.

The points are multiplied by its standing (crm.knowledge_search: freshness by whole days, helpfulness, use) and by 0.95 in another region's
variety of the caller's language, 0.4 in another language. Translations count as one article: what one earns counts for all, and only the
one in the caller's language is offered. Equal ones go by id. So the same facts on the same day always give the same keys. Of very many articles with points the 600 with most
points, then most read, are looked at.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from calls.models import ArticleUse, Call
from config.platform.errors import Refusal
from config.platform.history import record
from config.platform.models import Role, User
from config.platform.moves import change
from config.platform.registry import Registry
from crm import knowledge, topic_tree
from crm.knowledge_search import STANDING, VALID
from crm.models import Article, ArticleVersion, Contact, Topic

KEYS = 9
QUEUE_LOOKS_BACK = timedelta(days=30)
CALLS_LOOK_BACK = timedelta(days=90)
LAST_CALLS = 5
LOOKED_AT = 600
OF_THE_CALL, OF_OPEN_MATTERS, OF_LAST_CALLS = 4.0, 3.0, 2.0

#: ``contact id -> ids of topics`` of what is open for a caller. Every app adds what it knows.
matters: Registry[Callable[[UUID], Iterable[UUID]]] = Registry("topics of a caller's open matters")


class ArticleNotReadable(Refusal):
    """The article has no version that may be read to callers today."""

    code = "article_not_readable"
    advice = "Publish a version of the article that is valid today, or name another article."


@dataclass(frozen=True)
class Situation:
    """What is known of the caller and the question when an answer is needed."""

    topics: tuple[UUID, ...] = ()
    contact: UUID | None = None
    queue: str = ""
    language: str = ""


def situation_of(call: Call, *, topic: Topic | None = None, language: str = "") -> Situation:
    """That of a call; a topic or a language that the operator has just chosen goes before what is written."""
    topics = (topic.pk,) if topic else tuple(call.topics.order_by("pk").values_list("pk", flat=True))
    return Situation(topics, call.contact_id, call.queue, language)


RANKED = f"""
WITH weights AS (SELECT * FROM unnest(%(topics)s::uuid[], %(weights)s::float8[]) AS given (topic_id, weight)),
in_queue AS (
    SELECT article_id, count(*)::float8 / max(count(*)) OVER () AS share FROM calls_articleuse
    WHERE queue = %(queue)s AND queue <> '' AND at >= %(since)s AND at <= %(now)s GROUP BY article_id ORDER BY share DESC, article_id LIMIT 50
),
points AS (
    SELECT l.article_id, max(w.weight) AS by_topic, 0.0 AS by_queue, 0.0 AS at_all
        FROM crm_article_topics l JOIN weights w ON w.topic_id = l.topic_id GROUP BY l.article_id
    UNION ALL SELECT article_id, 0, share, 0 FROM in_queue
    UNION ALL SELECT * FROM (SELECT article_id, 0, 0, 0.1 FROM crm_articletally ORDER BY used DESC, article_id LIMIT 50) most
),
picked AS (
    SELECT a."group", max(by_topic) AS by_topic, max(by_queue) AS by_queue, max(at_all) AS at_all
    FROM points p JOIN crm_article a ON a.id = p.article_id JOIN crm_articletally t ON t.article_id = a.id WHERE NOT a.is_archived
    GROUP BY a.id, a."group", t.used ORDER BY max(by_topic) + max(by_queue) + max(at_all) DESC, t.used DESC, a.id LIMIT {LOOKED_AT}
),
groups AS (
    SELECT "group", max(by_topic) AS by_topic, max(by_queue) AS by_queue, max(at_all) AS at_all FROM picked GROUP BY "group"
),
scored AS (
    SELECT a.id, a."group", v.id AS version_id, g.by_topic, g.by_queue, t.used, t.helpful, t.unhelpful,
        CASE WHEN %(language)s IN ('', a.language) THEN 1.0 WHEN split_part(a.language, '-', 1) = %(primary)s THEN 0.95 ELSE 0.4 END AS fit,
        (g.by_topic + g.by_queue + g.at_all) * {STANDING} AS points
    FROM groups g JOIN crm_article a ON a."group" = g."group" JOIN crm_articletally t ON t.article_id = a.id
    JOIN crm_articleversion v ON v.article_id = a.id
    WHERE {VALID} AND (%(audience)s = '' OR a.audience = %(audience)s)
),
one_of_each AS (SELECT DISTINCT ON ("group") * FROM scored ORDER BY "group", fit DESC, points DESC, id)
SELECT id, version_id, round((points * fit)::numeric, 4)::float8 AS score, by_topic, by_queue, fit, used, helpful, unhelpful
FROM one_of_each ORDER BY score DESC, id LIMIT %(limit)s
"""  # noqa: S608 (constants of crm.knowledge_search are formatted in)


def ready(situation: Situation, *, by: User, now: datetime, limit: int = KEYS) -> dict[str, Any]:
    """``{"language", "topics", "results"}``: the answers to offer, best first, each with its key and why it is there.

    A fixed number of statements. Integrations are offered what is meant for customers.
    """
    language = situation.language or _language_of(situation.contact)
    weights = _weights(situation, now)
    values: dict[str, Any] = {
        "topics": list(weights),
        "weights": list(weights.values()),
        "queue": situation.queue,
        "since": now - QUEUE_LOOKS_BACK,
        "now": now,
        "today": now.date(),
        "language": language,
        "primary": language.split("-")[0],
        "audience": Article.Audience.CUSTOMER if by.role == Role.INTEGRATION else "",
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(RANKED, values)
        rows = cursor.fetchall()
    versions = ArticleVersion.objects.select_related("article").in_bulk([row[1] for row in rows])
    codes = dict(Topic.objects.filter(pk__in=situation.topics).values_list("pk", "code"))
    results = [_shown(key, versions[UUID(str(row[1]))], row, bool(language)) for key, row in enumerate(rows, 1)]
    return {"language": language, "topics": sorted(codes.values()), "results": results}


def _shown(key: int, version: ArticleVersion, row: Sequence[Any], has_language: bool) -> dict[str, Any]:
    _, _, score, by_topic, by_queue, fit, used, helpful, unhelpful = row
    why = [name for name, is_so in (("topic", by_topic), ("queue", by_queue), ("language", has_language and fit > 0.9)) if is_so]
    return {
        "key": key,
        "article": version.article.pk,
        "slug": version.article.slug,
        "number": version.number,
        "language": version.article.language,
        "audience": version.article.audience,
        "title": version.title,
        "short_answer": version.short_answer,
        "score": score,
        "why": why or ["used"],
        "uses": {"count": used, "helpful": helpful, "unhelpful": unhelpful},
    }


def _weights(situation: Situation, now: datetime) -> dict[UUID, float]:
    """What each topic is worth, with those above and below it."""
    sources: list[tuple[float, set[UUID]]] = [(OF_THE_CALL, set(situation.topics))]
    if situation.contact:
        sources.append((OF_OPEN_MATTERS, {topic for _, tell in matters for topic in tell(situation.contact)}))
        sources.append((OF_LAST_CALLS, set(_last_topics(situation.contact, now))))
    weights: dict[UUID, float] = {}
    for weight, topics in sources:
        for topic, steps in [*topic_tree.below(topics).items(), *topic_tree.above(topics).items()]:
            weights[topic] = max(weights.get(topic, 0.0), weight * 0.5**steps)
    return weights


def _last_topics(contact: UUID, now: datetime) -> list[UUID]:
    last = Call.objects.filter(contact=contact, started_at__gte=now - CALLS_LOOK_BACK, started_at__lte=now)
    calls = list(last.order_by("-started_at", "-id").values_list("pk", flat=True)[:LAST_CALLS])
    return list(Call.topics.through.objects.filter(call__in=calls).values_list("topic", flat=True))


def _language_of(contact: UUID | None) -> str:
    return (Contact.objects.filter(pk=contact).values_list("language", flat=True).first() or "") if contact else ""


@transaction.atomic
def use(
    article_id: UUID,
    *,
    call_id: UUID | None = None,
    helpful: bool | None = None,
    key: int | None = None,
    topic: Topic | None = None,
    by: User,
    now: datetime,
) -> tuple[ArticleUse, bool]:
    """Note that an article was read to a caller; answers the use and whether it is a new one.

    On a call each version counts once: telling it again changes at most whether it helped. Queue and topic are kept as they are now.

    Raises:
        ArticleNotReadable: no published version, or not valid today, or not for this caller.
    """
    call = Call.objects.select_for_update(of=("self",), no_key=True).get(pk=call_id) if call_id else None
    version = ArticleVersion.objects.valid(now).filter(article__in=Article.objects.visible_to(by), article=article_id).first()
    if version is None:
        raise ArticleNotReadable("There is no such article, or none of its versions may be read to callers today.")
    known = ArticleUse.objects.filter(call=call, article_version=version).first() if call else None
    if known is not None:
        return (known if helpful is None else judge(known.pk, helpful=helpful, by=by, now=now)), False
    if topic is None and call is not None:
        shared = Topic.objects.filter(calls=call).order_by("code")
        topic = shared.filter(articles=article_id).first() or shared.first()
    made = ArticleUse(
        call=call, article_id=article_id, article_version=version, agent=by, at=now, helpful=helpful, key=key, topic=topic,
        queue=call.queue if call else "",
    )  # fmt: skip
    made.save(force_insert=True)
    knowledge.count_use(article_id, used=1, helpful=int(helpful is True), unhelpful=int(helpful is False))
    record(made, "use", by=by, now=now, before={}, call=call_id)
    return made, True


@transaction.atomic
def judge(use_id: UUID, *, helpful: bool | None, if_version: int | None = None, by: User | None, now: datetime) -> ArticleUse:
    """Say whether an answer helped; None takes it back.

    Raises:
        VersionConflict
    """
    with change(ArticleUse, use_id, "judge", by=by, now=now, if_version=if_version) as made:
        was, made.helpful = made.helpful, helpful
        knowledge.count_use(
            made.article_id,
            helpful=int(helpful is True) - int(was is True),
            unhelpful=int(helpful is False) - int(was is False),
        )
    return made
