"""Find contacts by what the operator hears: a name in any order and spelling, a piece of a company's name, digits of a phone.

Names are compared folded (crm.names): case, accents, ё/е, hyphens and look-alike letters do not matter. A word of the
question matches anywhere in a name if it has three letters or more, else at the beginning of a word ("Федорова А.").
When that finds too little, each word is replaced by the most similar words that exist in the base (pg_trgm similarity),
so a typing mistake costs a look into the small table of words and not a walk through all contacts.
"""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from config.platform.errors import Refusal
from crm.models import NameWord
from crm.names import search_words
from crm.phone_numbers import NumberInvalid, parse, reversed_digits

MOST = 200
LOOKED_AT = 2000
ENOUGH = 3
SIMILAR_WORDS = 6


class SearchTooShort(Refusal):
    """Give at least two letters of a name, three digits of a phone, or a whole e-mail address."""

    code = "search_too_short"
    status = 400
    advice = "Search when at least two letters, three digits of a phone, or a whole e-mail address are typed."


def find(text: str, *, limit: int = MOST) -> list[UUID]:
    """The ids of the contacts that fit best, best first; at most ``limit``.

    Raises:
        SearchTooShort: the text would match nearly everybody.
    """
    text = text.strip()[:200]
    if "@" in text:
        return _by_email(text.lower(), limit)
    letters = re.search(r"[^\W\d_]", text)
    digits = re.sub(r"\D", "", text)
    if digits and not letters:
        return _by_digits(text, digits, limit)
    words = search_words(text)[:8]
    if not any(len(word) > 1 for word in words):
        raise SearchTooShort("Give at least two letters of a name, three digits of a phone, or an e-mail address.")
    found = _by_words([[word] for word in words], words, limit)
    if len(found) < ENOUGH:
        known = set(found)
        found += [contact_id for contact_id in _by_words(_alternatives(words), words, limit) if contact_id not in known]
    return found[:limit]


def _by_email(email: str, limit: int) -> list[UUID]:
    sql = "SELECT DISTINCT contact_id FROM crm_contactemail WHERE email = %s LIMIT %s"
    return _ids(sql, [email, limit])


def _by_digits(text: str, digits: str, limit: int) -> list[UUID]:
    """By the whole number when it is one, and by its last digits."""
    if len(digits) < 3:
        raise SearchTooShort("Give at least three digits of the phone.")
    found: list[UUID] = []
    try:
        e164 = parse(text, region=settings.DEFAULT_PHONE_REGION).e164
        if e164:
            found = _ids(
                "SELECT DISTINCT l.contact_id FROM crm_phonenumber p JOIN crm_contactphone l ON l.phone_id = p.id "
                "WHERE p.e164 = %s LIMIT %s",
                [e164, limit],
            )
    except NumberInvalid:
        pass
    if found:
        return found
    return _ids(
        "SELECT contact_id FROM (SELECT l.contact_id, p.e164 FROM crm_phonenumber p JOIN crm_contactphone l ON l.phone_id = p.id "
        "WHERE p.reversed LIKE %s LIMIT %s) hits GROUP BY contact_id ORDER BY min(length(e164)), contact_id",
        [reversed_digits(digits) + "%", limit],
    )


def _by_words(alternatives: Sequence[Sequence[str]], asked: Sequence[str], limit: int) -> list[UUID]:
    """Contacts whose key holds one alternative of every word; whole words and short names first."""
    if not all(alternatives):
        return []
    where, values = [], []
    for words in alternatives:
        where.append("(" + " OR ".join(["search_key LIKE %s"] * len(words)) + ")")
        values += [_pattern(word) for word in words]
    whole = " + ".join(["(search_key LIKE %s)::int"] * sum(len(words) for words in alternatives))
    begins = " + ".join(["(search_key LIKE %s)::int"] * sum(len(words) for words in alternatives))
    every = [word for words in alternatives for word in words]
    sql = f"""
        SELECT id FROM (SELECT id, search_key FROM crm_contact WHERE merged_into_id IS NULL AND {" AND ".join(where)} LIMIT {LOOKED_AT}) hits
        ORDER BY {whole} DESC, {begins} DESC, similarity(search_key, %s) DESC, id LIMIT %s
    """  # noqa: S608 (only counts and constants are formatted in)
    ranks = [f"% {word} %" for word in every] + [f"% {word}%" for word in every]
    return _ids(sql, [*values, *ranks, " ".join(asked), limit])


def _pattern(word: str) -> str:
    """A word of three letters is found anywhere; a shorter one, an initial, at the beginning of a word."""
    return f"%{word}%" if len(word) > 2 else f"% {word}%"


def _alternatives(words: Sequence[str]) -> list[list[str]]:
    """For each word the words of the base that look like it, the word itself first."""
    found = []
    for word in words:
        similar: list[str] = []
        if len(word) > 2:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT word FROM crm_nameword WHERE word %% %s ORDER BY similarity(word, %s) DESC, word LIMIT %s",
                    [word, word, SIMILAR_WORDS],
                )
                similar = [row[0] for row in cursor.fetchall()]
        found.append([word, *(other for other in similar if other != word)])
    return found


def _ids(sql: str, values: list[Any]) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] if isinstance(row[0], UUID) else UUID(str(row[0])) for row in cursor.fetchall()]


def key_of(*names: str) -> str:
    """The search key of a contact with these names: folded words with a space before and behind each."""
    words = [word for name in names for word in search_words(name)]
    return f" {' '.join(words)} " if words else ""


def remember_words(words: Sequence[str]) -> None:
    """Keep words of names, so that mistyped ones find them. In order, so that two writers do not wait for each other in a ring."""
    NameWord.objects.bulk_create([NameWord(word=word[:100]) for word in sorted(set(words))], ignore_conflicts=True)
