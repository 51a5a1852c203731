"""The words of complaints: to find one by them, and to show whoever solves one how the like of it were solved.

A complaint is indexed by the dictionaries of its language and of the languages that articles are in, and as folded whole words, just as
articles are (``crm.knowledge_words``): so any inflection finds, and a language without a dictionary finds too.

Solutions are ranked by how much of the text they share (more words, rarer places), a half more for the same product and a quarter more for
the same topic or one beneath it, less with age (half after two years), and by what the customer said of the outcome.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from complaints.models import Complaint
from config.platform import statements
from config.platform.models import User
from config.platform.numbers import meant
from crm import knowledge_search, topic_tree
from crm.knowledge_search import QuestionTooShort, as_asked
from crm.knowledge_words import SIMPLE, bare, dictionaries_in_use, dictionary, lowered, words_of
from crm.models import ArticleVersion

MOST = 5
LOOKED_AT = FEW = 2000
NOBODYS = UUID(int=0)  # an empty list of ids would have no SQL, which exports need
WEIGHED = 50
WORDS = 16
LANGUAGES = 4

INDEX = """
UPDATE complaints_complaint SET words = (
    SELECT setweight(string_agg(to_tsvector(name::regconfig, head)::text, ' ')::tsvector, 'A')
        || setweight(string_agg(to_tsvector(name::regconfig, rest)::text, ' ')::tsvector, 'C')
    FROM unnest(%(names)s::text[], %(heads)s::text[], %(rests)s::text[]) AS given (name, head, rest))
WHERE id = %(id)s
"""


def index(complaint: Complaint) -> None:
    """Write the words of a complaint that was just saved, in the transaction that wrote its text."""
    names = [*_dictionaries(complaint.language), SIMPLE]
    rest = f"{complaint.description}\n{complaint.remedy_sought}"
    folds = [lowered] * (len(names) - 1) + [bare]
    values: dict[str, Any] = {
        "id": complaint.pk,
        "names": names,
        "heads": [fold(complaint.summary) for fold in folds],
        "rests": [fold(rest) for fold in folds],
    }
    with connection.cursor() as cursor:
        cursor.execute(INDEX, values)


def matching(rows: QuerySet[Complaint], text: str, *, now: datetime) -> QuerySet[Complaint]:
    """Those with this number, or in which every word stands; the last one may be half typed, ``or`` and ``-without`` are understood.

    Raises:
        QuestionTooShort
    """
    text = text.strip()[:300]
    if numbers := meant("C", text, now=now):
        return rows.filter(number__in=numbers)
    if not any(len(word) > 1 for word in bare(text).split()):
        raise QuestionTooShort("Give at least two letters to search for.")
    sql, values = as_asked(text, _dictionaries(""))
    statement = f"SELECT id FROM complaints_complaint WHERE words @@ {sql}"  # noqa: S608 (placeholders only)
    found = statements.rows(f"{statement} LIMIT {FEW}", values)
    if len(found) < FEW:  # by the index of words; left to the planner, a rare word would be looked for in the order of the list, row by row
        return rows.filter(pk__in=[row[0] for row in found] or [NOBODYS])
    return rows.filter(pk__in=RawSQL(statement, values))  # noqa: S611 (placeholders only)


# --- suggested solutions
@dataclass(frozen=True)
class About:
    """What a solution is looked for: a text, and what it concerns, as far as it is known."""

    text: str
    language: str = ""
    topic: UUID | None = None
    product: UUID | None = None
    itself: UUID | None = None


@dataclass
class Suggested:
    """Solutions of similar complaints, and articles; each list best first, each entry with why."""

    complaints: list[dict[str, Any]] = field(default_factory=list)
    articles: list[dict[str, Any]] = field(default_factory=list)


ASKED = """
SELECT word, string_agg('(' || q::text || ')', ' | ') FROM unnest(%(words)s::text[]) WITH ORDINALITY AS given (word, place)
CROSS JOIN unnest(%(names)s::text[]) AS name CROSS JOIN LATERAL plainto_tsquery(name::regconfig, word) AS q
GROUP BY word, place HAVING bool_and(q::text <> '') ORDER BY place
"""
SOLVED = """
WITH hits AS MATERIALIZED (
    SELECT c.* FROM complaints_complaint c WHERE c.words @@ %(any)s::tsquery AND c.status IN ('resolved', 'closed') AND {visible}
    ORDER BY c.id DESC LIMIT {looked_at}
), told AS (
    SELECT h.*, h.product_id IS NOT NULL AND h.product_id = %(product)s::uuid AS same_product,
        h.topic_id IS NOT NULL AND h.topic_id = ANY(%(topics)s::uuid[]) AS same_topic FROM hits h
), weighed AS MATERIALIZED (
    SELECT t.*, ts_rank(t.words, %(any)s::tsquery, 1)
        * (1 + CASE WHEN t.same_product THEN 0.5 ELSE 0 END + CASE WHEN t.same_topic THEN 0.25 ELSE 0 END)
        * (0.5 + 0.5 * power(0.5::float8, greatest(0, extract(epoch FROM %(now)s - t.resolved_at)::float8 / 86400) / 730))
        * CASE WHEN t.is_satisfied THEN 1.25 WHEN NOT t.is_satisfied THEN 0.6 ELSE 1 END AS weight
    FROM told t ORDER BY weight DESC, t.id DESC LIMIT {weighed}
), ranked AS (
    SELECT w.*, ARRAY(SELECT word FROM unnest(%(asked)s::text[], %(queries)s::text[]) AS a (word, query) WHERE w.words @@ query::tsquery) AS shared
    FROM weighed w
)
SELECT r.id, r.number, r.summary, r.decision, r.decision_text, r.redress, r.redress_amount, r.currency, r.corrective_action,
    k.code AS root_cause, r.resolved_at, r.is_satisfied, r.same_product, r.same_topic, r.shared,
    r.weight * cardinality(r.shared) / cardinality(%(asked)s::text[]) AS score
FROM ranked r LEFT JOIN complaints_rootcause k ON k.id = r.root_cause_id
WHERE cardinality(r.shared) >= LEAST(2, cardinality(%(asked)s::text[])) OR r.same_product OR r.same_topic
ORDER BY score DESC, r.id DESC LIMIT {most}
"""


def suggest(about: About, *, by: User, now: datetime) -> Suggested:
    """How the like of it were solved, of what ``by`` may see, and the articles that speak of it.

    Raises:
        QuestionTooShort: no word of the text carries anything.
    """
    words = words_of(about.text)[:WORDS]
    if not words:
        raise QuestionTooShort("Say in some words what it is about.")
    asked = statements.rows(ASKED, {"words": words, "names": [*_dictionaries(about.language), SIMPLE]})
    if not asked:
        return Suggested()
    carrying = [word for word, _ in asked]
    return Suggested(_solved(about, asked, by, now), _articles(about, carrying, now))


def about(complaint: Complaint) -> About:
    """What a complaint is about."""
    text = f"{complaint.summary}\n{complaint.description}"
    return About(text, complaint.language, complaint.topic_id, complaint.product_id, complaint.pk)


def _solved(about: About, asked: Sequence[tuple[str, str]], by: User, now: datetime) -> list[dict[str, Any]]:
    seen, parameters = _visible(by, about.itself)
    statement = SOLVED.format(visible=seen, looked_at=LOOKED_AT, weighed=WEIGHED, most=MOST)
    values = {
        "any": " | ".join(f"({query})" for _, query in asked),
        "asked": [word for word, _ in asked],
        "queries": [query for _, query in asked],
        "product": about.product,
        "topics": list(topic_tree.below([about.topic])) if about.topic else [],
        "now": now,
        **parameters,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        names = [column.name for column in cursor.description]
        return [_shown(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def _visible(by: User, itself: UUID | None) -> tuple[str, Mapping[str, Any]]:
    """``visible_to`` of the model as a condition of the statement."""
    rows = Complaint.objects.all() if itself is None else Complaint.objects.exclude(pk=itself)
    narrowed = rows.visible_to(by)
    if narrowed is rows and itself is None:
        return "true", {}
    sql, values = narrowed.order_by().values("pk").query.sql_with_params()
    names = [f"v{number}" for number in range(len(values))]
    return f"c.id IN ({sql % tuple(f'%({name})s' for name in names)})", dict(zip(names, values, strict=True))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    shared = row.pop("shared")
    why = [{"reason": "words", "words": shared}] if shared else []
    why += [{"reason": name, "words": []} for name in ("same_product", "same_topic") if row.pop(name)]
    why += [{"reason": "satisfied" if row["is_satisfied"] else "not_satisfied", "words": []}] if row["is_satisfied"] is not None else []
    return row | {"complaint": row.pop("id"), "score": round(float(row["score"]), 4), "why": why}


def _articles(about: About, words: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    """Those that hold any of the words; of the topic first, then whatever else fits."""
    text = " or ".join(words)
    found: dict[UUID, dict[str, Any]] = {}
    for topics in ([[about.topic]] if about.topic else []) + [None]:
        hits = knowledge_search.find(text, language=about.language, topics=topics, now=now, limit=MOST)
        for one in hits.articles:
            why = [{"reason": "words", "words": []}] + ([{"reason": "same_topic", "words": []}] if topics else [])
            found.setdefault(one, {"article": one, "version": hits.versions[one], "score": hits.scores[one], "why": why})
    best = list(found.values())[:MOST]
    versions = ArticleVersion.objects.select_related("article").in_bulk([one["version"] for one in best])
    return [one | _said(versions[one["version"]]) for one in best]


def _said(version: ArticleVersion) -> dict[str, Any]:
    return {
        "slug": version.article.slug,
        "language": version.article.language,
        "title": version.title,
        "short_answer": version.short_answer,
    }


def _dictionaries(language: str) -> list[str]:
    """Those by which a text in this language is read, ours among them."""
    return sorted({*dictionaries_in_use()[:LANGUAGES], dictionary(settings.LANGUAGE_CODE), dictionary(language)} - {SIMPLE})
