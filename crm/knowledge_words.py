"""The words of articles as the search compares them: which dictionary a language has, how words are folded, the search column.

Every version is indexed twice over in one column: stemmed by the dictionary of its language ("возврата" is "возврат"), and as
folded whole words, which every language shares. So a question in any language, and the beginning of a word, find what they should.
"""

import re
import unicodedata
from functools import cache
from typing import Any

from django.db import connection

from crm.models import ArticleVersion, ArticleWord
from crm.plain_text import plain_text

LONGEST = 50_000  # characters of a body that are indexed; a search column holds one megabyte at most
LEAST = 3
SIMPLE = "simple"
#: Primary language subtags (ISO 639) and the dictionary that PostgreSQL calls by another name. A language without one is not stemmed.
DICTIONARIES = {
    "ar": "arabic", "hy": "armenian", "eu": "basque", "ca": "catalan", "da": "danish", "nl": "dutch", "en": "english", "et": "estonian",
    "fi": "finnish", "fr": "french", "de": "german", "el": "greek", "hi": "hindi", "hu": "hungarian", "id": "indonesian", "ga": "irish",
    "it": "italian", "lt": "lithuanian", "ne": "nepali", "nb": "norwegian", "nn": "norwegian", "no": "norwegian", "pl": "polish",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "es": "spanish", "sv": "swedish", "ta": "tamil",
    "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
_KEYS = dict(zip("qwertyuiop[]asdfghjkl;'zxcvbnm,.`", "йцукенгшщзхъфывапролджэячсмитьбюё", strict=True))
_KEYS_BACK = {cyrillic: latin for latin, cyrillic in _KEYS.items()}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@cache
def _installed() -> frozenset[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT cfgname FROM pg_ts_config WHERE cfgnamespace = 'pg_catalog'::regnamespace")
        return frozenset(row[0] for row in cursor.fetchall())


def dictionary(language: str) -> str:
    """The text search configuration for a BCP 47 tag: that of its primary language if this server has it, else ``simple``."""
    name = DICTIONARIES.get(language.split("-")[0].lower(), SIMPLE)
    return name if name in _installed() else SIMPLE


def dictionaries_in_use() -> list[str]:
    """The configurations of the languages that articles are in, without ``simple``. Steps through the index from language to language."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE tags AS (SELECT min(language) AS tag FROM crm_article UNION ALL "
            "SELECT (SELECT min(language) FROM crm_article WHERE language > tag) FROM tags WHERE tag IS NOT NULL) "
            "SELECT tag FROM tags WHERE tag IS NOT NULL"
        )
        return sorted({dictionary(row[0]) for row in cursor.fetchall()} - {SIMPLE})


def lowered(text: str) -> str:
    """For the dictionaries: one case, ё as е, one form of each letter; accents stay, for stemmers of some languages look at them."""
    return unicodedata.normalize("NFKC", _CONTROL.sub(" ", text)).lower().replace("ё", "е")[:LONGEST]


def bare(text: str) -> str:
    """For whole words: also without accents, so that "resume" finds "résumé"."""
    decomposed = unicodedata.normalize("NFKD", lowered(text).casefold())
    return "".join(char for char in decomposed if unicodedata.category(char) != "Mn")[:LONGEST]


def words_of(text: str) -> list[str]:
    """The different bare words of a text that carry something: three characters or more, not only digits."""
    found = re.findall(r"[^\W_]+", bare(text))
    return list(dict.fromkeys(word[:60] for word in found if len(word) >= LEAST and not word.isdigit()))


def other_keyboard(text: str) -> str:
    """The text as if the other of the two layouts of a Russian keyboard had been on: "ghbdtn" is "привет"; empty if it mixes both."""
    text = text.lower()
    letters = [char for char in text if char.isalpha()]
    if letters and all(char in _KEYS for char in letters):
        return "".join(_KEYS.get(char, char) for char in text)
    if letters and all(char in _KEYS_BACK for char in letters):
        return "".join(_KEYS_BACK.get(char, char) for char in text)
    return ""


INDEX = """
WITH made AS (
    SELECT setweight(to_tsvector(%(dictionary)s::regconfig, %(title)s) || to_tsvector('simple', %(bare_title)s), 'A') ||
           setweight(to_tsvector(%(dictionary)s::regconfig, %(keywords)s) || to_tsvector('simple', %(bare_keywords)s), 'B') ||
           setweight(to_tsvector(%(dictionary)s::regconfig, %(answer)s) || to_tsvector('simple', %(bare_answer)s), 'C') AS head,
           setweight(to_tsvector(%(dictionary)s::regconfig, %(body)s) || to_tsvector('simple', %(bare_body)s), 'D') AS body
)
UPDATE crm_articleversion SET head = made.head, search = made.head || made.body FROM made WHERE id = %(id)s
"""


def index(version: ArticleVersion, language: str) -> None:
    """Write the search columns of a version, in the transaction that wrote its text."""
    parts = {
        "title": version.title,
        "keywords": " , ".join(version.keywords),
        "answer": version.short_answer,
        "body": plain_text(version.body),
    }
    values: dict[str, Any] = {"id": version.pk, "dictionary": dictionary(language)}
    for name, text in parts.items():
        values |= {name: lowered(text), f"bare_{name}": bare(text)}
    with connection.cursor() as cursor:
        cursor.execute(INDEX, values)


def remember(version: ArticleVersion) -> None:
    """Keep the words of a version that is published, so that mistyped ones find them. In order, so that two writers do not wait in a ring."""
    text = " ".join([version.title, *version.keywords, version.short_answer, plain_text(version.body)])
    ArticleWord.objects.bulk_create([ArticleWord(word=word) for word in sorted(words_of(text))], ignore_conflicts=True, batch_size=2000)
