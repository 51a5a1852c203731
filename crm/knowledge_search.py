"""Find articles by what a caller asks: words in any form, language and spelling, the last one perhaps half typed.

Three attempts, each only when the one before found nothing:

1. ``words``: every word of the question, by the dictionary of every language that articles are in, and as it stands; the last word
   may be the beginning of one. ``"a phrase"``, ``or`` and ``-without`` are understood.
2. ``keyboard``: the same with the text as the other keyboard layout would have written it ("djpdhfn" is "возврат").
3. ``similar``: each word replaced by the most similar words that articles hold (pg_trgm), so that a typing mistake costs a look into
   the table of words and not a walk through all articles.

The order is: how well the text fits (title, keywords, short answer, body, in this order of weight), times freshness (from 1 on the
day of publication down to 1/2 over the years), times helpfulness (1/2 to 3/2; 1 while nobody has judged), times use (it grows with
the logarithm), and articles in another language than the one asked for count 0.6. Equal ones go by id, so the order is always the same.

Title, keywords and short answer (the head) are asked first, by a small column of their own. When twenty articles or more hold the words
there, the long texts are not looked through; else the best of both are taken, of texts the three thousand oldest at most.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from config.platform.errors import Refusal
from config.platform.models import User
from config.platform.registry import Registry
from crm import topic_tree
from crm.knowledge_words import SIMPLE, bare, dictionaries_in_use, dictionary, lowered, other_keyboard

MOST = 200
ENOUGH = 20
LOOKED_AT = 3000
WORDS = 12
SIMILAR_WORDS = 5
LIKELY = 0.5  # words that share half of their trigrams are taken for forms of one another
_BEGIN, _END = "\x02", "\x03"

#: Told when nothing was found at all: ``(text, language, by, now)``.
nothing_found: Registry[Callable[[str, str, User | None, datetime], None]] = Registry("told when a search of articles finds nothing")


class QuestionTooShort(Refusal):
    """Give at least two letters to search for."""

    code = "question_too_short"
    status = 400
    advice = "Search when at least two letters are typed."


@dataclass
class Found:
    """The articles that fit, best first, and by which attempt. ``query`` is the tsquery that found them, for the snippets."""

    articles: list[UUID] = field(default_factory=list)
    versions: dict[UUID, UUID] = field(default_factory=dict)
    scores: dict[UUID, float] = field(default_factory=dict)
    how: str = ""
    query: tuple[str, list[str]] = ("", [])


#: Multiplied with how well the text fits; ``v`` is the version, ``t`` the tally. In float8: numeric powers cost more than the search itself.
STANDING = """
    (0.5::float8 + 0.5::float8 * power(0.5::float8, greatest(0, %(today)s::date - (v.published_at AT TIME ZONE 'UTC')::date) / 730::float8))
    * (0.5::float8 + (t.helpful + 2::float8) / (t.helpful + t.unhelpful + 4::float8))
    * (1::float8 + ln(1::float8 + t.used) / 10::float8)
"""
VALID = """
    v.status = 'published' AND (v.valid_from IS NULL OR v.valid_from <= %(now)s) AND (v.valid_until IS NULL OR v.valid_until > %(now)s)
"""


def ask(text: str, *, language: str = "", by: User | None, now: datetime, limit: int = MOST, **narrowed: Any) -> Found:
    """``find``, and tell those who keep account of it when nothing was found; only where the search was not narrowed.

    Raises:
        QuestionTooShort
    """
    found = find(text, language=language, now=now, limit=limit, **narrowed)
    if not found.articles and not any(narrowed.values()):
        for _, tell in nothing_found:
            tell(text, language, by, now)
    return found


def find(
    text: str,
    *,
    language: str = "",
    only_language: str = "",
    audience: str = "",
    topics: Sequence[UUID] | None = None,
    now: datetime,
    limit: int = MOST,
) -> Found:
    """The published, valid articles that fit; at most ``limit``. ``topics`` are taken with all that stands below them.

    Raises:
        QuestionTooShort
    """
    text = text.strip()[:300]
    if not any(len(word) > 1 for word in re.findall(r"[^\W_]+", text)):
        raise QuestionTooShort("Give at least two letters to search for.")
    known = dictionaries_in_use()
    narrowed = {
        "language": language,
        "primary": language.split("-")[0],
        "only_language": only_language,
        "audience": audience,
        "topics": None if topics is None else list(topic_tree.below(topics)),
        "now": now,
        "limit": limit,
    }
    for how, query in (("words", as_asked(text, known)), ("keyboard", as_asked(other_keyboard(text), known))):
        if query[0] and (rows := _rows(query, narrowed)):
            return _found(rows, how, query)
    if re.search(r'"|(?:^|\s)-\w', text):  # whoever asks so exactly wants nothing similar
        return Found()
    for again in filter(None, (text, other_keyboard(text))):
        query = _similar(again, known, dictionary(language) if language else SIMPLE)
        if query[0] and (rows := _rows(query, narrowed)):
            return _found(rows, "similar", query)
    return Found()


def snippets(found: Found, version_texts: Mapping[UUID, tuple[str, str]]) -> dict[UUID, list[dict[str, Any]]]:
    """Where the words stand: ``{version: [{"text", "is_match"}]}``, for ``{version: (language, plain text)}``.

    In pieces and not in HTML: whoever shows them escapes the text and marks what matches, and nothing can be slipped in.
    """
    if not version_texts or not found.query[0]:
        return {}
    sql, values = found.query
    ids = list(version_texts)
    names = [dictionary(version_texts[one][0]) for one in ids]
    texts = [re.sub(f"[{_BEGIN}{_END}]", "", version_texts[one][1])[:20_000] for one in ids]
    options = f'StartSel={_BEGIN}, StopSel={_END}, MaxWords=30, MinWords=12, MaxFragments=2, FragmentDelimiter=" … "'
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT ts_headline(name::regconfig, body, {sql}, %s) "  # noqa: S608 (the query is made of placeholders)
            "FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS given (name, body, place) ORDER BY place",
            [*values, options, names, texts],
        )
        marked = [row[0] or "" for row in cursor.fetchall()]
    return {one: _pieces(text) for one, text in zip(ids, marked, strict=True)}


def _pieces(marked: str) -> list[dict[str, Any]]:
    pieces = []
    for part in re.split(f"({_BEGIN}[^{_END}]*{_END})", marked):
        if text := part.strip(_BEGIN + _END):
            pieces.append({"text": text, "is_match": part.startswith(_BEGIN)})
    return pieces


def _found(rows: list[tuple[UUID, UUID, float]], how: str, query: tuple[str, list[str]]) -> Found:
    return Found([row[0] for row in rows], {row[0]: row[1] for row in rows}, {row[0]: round(row[2], 4) for row in rows}, how, query)


def _rows(query: tuple[str, list[str]], narrowed: dict[str, Any]) -> list[tuple[UUID, UUID, float]]:
    """Those that say it in their head; with too few of them, also those that say it in their text."""
    rows = _by_column("head", query, narrowed)
    if len(rows) >= min(ENOUGH, narrowed["limit"]):
        return rows
    known = {row[0] for row in rows}
    rows += [row for row in _by_column("search", query, narrowed) if row[0] not in known]
    return sorted(rows, key=lambda row: (-row[2], row[0]))[: narrowed["limit"]]


def _by_column(column: str, query: tuple[str, list[str]], narrowed: dict[str, Any]) -> list[tuple[UUID, UUID, float]]:
    sql, given = query
    names = [f"q{number}" for number in range(len(given))]
    values = narrowed | dict(zip(names, given, strict=True)) | {"today": narrowed["now"].date()}
    tsquery = sql % tuple(f"%({name})s" for name in names)
    where = [VALID, f"v.{column} @@ ({tsquery})"]
    if narrowed["audience"]:
        where.append("a.audience = %(audience)s")
    if narrowed["only_language"]:
        where.append("(a.language = %(only_language)s OR a.language LIKE %(only_language)s || '-%%')")
    if narrowed["topics"] is not None:
        where.append("EXISTS (SELECT FROM crm_article_topics l WHERE l.article_id = a.id AND l.topic_id = ANY(%(topics)s::uuid[]))")
    fewer = f"ORDER BY v.id LIMIT {LOOKED_AT}" if column == "search" else ""
    statement = f"""
        WITH hits AS MATERIALIZED (
            SELECT v.id, v.{column} AS words, v.published_at, a.id AS article_id, a.language
            FROM crm_articleversion v JOIN crm_article a ON a.id = v.article_id WHERE {" AND ".join(where)} {fewer}
        )
        SELECT v.article_id, v.id, ts_rank(v.words, {tsquery}, 1) * {STANDING}
            * CASE WHEN %(language)s IN ('', v.language) THEN 1.0 WHEN split_part(v.language, '-', 1) = %(primary)s THEN 0.95
              ELSE 0.6 END AS score
        FROM hits v JOIN crm_articletally t ON t.article_id = v.article_id ORDER BY score DESC, v.article_id LIMIT %(limit)s
    """  # noqa: S608 (only placeholders and constants are formatted in)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [(UUID(str(row[0])), UUID(str(row[1])), float(row[2])) for row in cursor.fetchall()]


def as_asked(text: str, known: Sequence[str]) -> tuple[str, list[str]]:
    """The question by every dictionary and as it stands, with its last word perhaps half typed; as SQL with ``%s`` and its values."""
    if not text:
        return "", []
    parts: list[str] = []
    values: list[str] = []
    head, last = _half_typed(text)
    for name, fold in [*((name, lowered) for name in known), (SIMPLE, bare)]:
        if last:
            parts.append(
                "(websearch_to_tsquery(%s::regconfig, %s) && (websearch_to_tsquery(%s::regconfig, %s) || to_tsquery('simple', %s)))"
            )
            values += [name, fold(head), name, fold(last), f"'{bare(last)}':*"]
        else:
            parts.append("websearch_to_tsquery(%s::regconfig, %s)")
            values += [name, fold(text)]
    return "(" + " || ".join(parts) + ")", values


def _half_typed(text: str) -> tuple[str, str]:
    """What stands before the last word, and the last word, when it may be the beginning of one; else the text and nothing."""
    words = text.split()
    if '"' in text or not re.fullmatch(r"[^\W_]{3,60}", words[-1]) or (len(words) > 1 and words[-2].lower() in ("or", "-")):
        return text, ""
    return " ".join(words[:-1]), words[-1]


NEAR = """
SELECT asked.word, near.word, near.likeness FROM unnest(%s::text[]) AS asked (word)
CROSS JOIN LATERAL (
    SELECT word, similarity(word, asked.word) AS likeness FROM crm_articleword
    WHERE word %% asked.word OR (word LIKE left(asked.word, 3) || '%%' AND length(word) BETWEEN length(asked.word) - 2 AND length(asked.word) + 2)
    ORDER BY word <> asked.word, likeness DESC, word LIMIT 60
) near WHERE length(to_tsvector(%s::regconfig, asked.word)) > 0
"""


def _similar(text: str, known: Sequence[str], own: str) -> tuple[str, list[str]]:
    """The question with each word replaced by those of the base that look like it; a word that is known stays alone."""
    asked = [word[:60] for word in dict.fromkeys(re.findall(r"[^\W_]+", bare(text))) if len(word) > 1][:WORDS]
    near: dict[str, list[tuple[int, float, str]]] = {word: [] for word in asked}
    with connection.cursor() as cursor:
        cursor.execute(NEAR, [asked, own])
        for word, other, likeness in cursor.fetchall():
            near[word].append((slips(word, other), -likeness, other))
    parts: list[str] = []
    values: list[str] = []
    for word, others in near.items():
        allowed = 1 if len(word) < 5 else 2
        close = [other for count, unlikeness, other in sorted(others) if count <= allowed or -unlikeness >= LIKELY]
        forms = [(name, form) for form in ([word] if word in close else [word, *close[:SIMILAR_WORDS]]) for name in [*known, SIMPLE]]
        parts.append("(" + " || ".join(["plainto_tsquery(%s::regconfig, %s)"] * len(forms)) + ")")
        values += [part for form in forms for part in form]
    return ("(" + " && ".join(parts) + ")", values) if parts else ("", [])


def slips(typed: str, meant: str) -> int:
    """How many slips of the finger lie between two words: a letter more, less, another, or two swapped (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(meant) + 1))
    for row, letter in enumerate(typed, 1):
        line = [row]
        for column, other in enumerate(meant, 1):
            best = min(last[column] + 1, line[-1] + 1, last[column - 1] + (letter != other))
            if row > 1 and column > 1 and letter == meant[column - 2] and typed[row - 2] == other:
                best = min(best, before[column - 2] + 1)
            line.append(best)
        before, last = last, line
    return last[-1]
