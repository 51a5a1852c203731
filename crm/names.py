"""Names of people and companies: how they are shown, searched for, and taken apart when they stand in one column. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from crm.given_names import (
    COMPANY_WORDS,
    GIVEN_NAMES,
    INNER_PARTICLES,
    LEGAL_ENDINGS,
    LEGAL_FORMS,
    NOT_FIRST,
    PARTICLES,
    SHORT_PATRONYMICS,
    SOLE_TRADERS,
    SON_OF,
    SUFFIXES,
    TITLES,
)

Kind = Literal["person", "company"]
Certainty = Literal["sure", "likely", "guess"]

LONGEST = 1000  # what stands behind is no name

# Folding

# Letters that look alike become one letter, always and everywhere, the Cyrillic one: a piece of a word must fold as it does within
# the word, so the alphabet of a word cannot decide. Latin letters come to look odd ("Tom" is kept as "том"); nobody sees a key.
_LOOK_ALIKE = dict(zip("abcehkmoptxy", "авсенкмортху", strict=True)) | {
    "і": "i", "ӏ": "l", "ј": "j", "ѕ": "s", "ԁ": "d", "һ": "н", "ԛ": "q", "ԝ": "w", "ү": "у", "ұ": "у",
    "α": "а", "β": "в", "ε": "е", "η": "н", "ι": "i", "κ": "к", "μ": "м", "ν": "n", "ο": "о", "ρ": "р", "τ": "т", "υ": "у", "χ": "х",
    "ø": "о", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "æ": "ае", "œ": "ое", "þ": "тн", "ħ": "н",
    "қ": "к", "ғ": "г", "ң": "н", "ө": "о", "ә": "а",
}  # fmt: skip
_APOSTROPHES = frozenset("'’‘‛`´ʼʻʹʾʿ′＇ˈ")


class _Folding(dict[int, str]):
    """What becomes of each character after case folding and decomposition; worked out once for each."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        category = unicodedata.category(char)
        if char in _LOOK_ALIKE:
            folded_char = _LOOK_ALIKE[char]
        elif char.isascii() and char.isalnum():
            folded_char = char
        elif char in _APOSTROPHES or category in ("Mn", "Me", "Cf", "Lm", "Sk"):
            folded_char = ""
        elif char.isdecimal():
            folded_char = str(unicodedata.decimal(char))
        else:
            folded_char = char if category[0] in "LNM" else " "
        self[code] = folded_char
        return folded_char


_FOLDING = _Folding()


def folded(text: str) -> str:
    """The text as searches compare it: no case, accents, ё, look-alikes or punctuation; words with one space between.

    Hyphens and other signs part words, apostrophes do not: "Анна-Мария" is "анна мария", "О'Коннор" is "оконнор".
    Letters that look alike in Cyrillic, Latin and Greek are one letter, so "Cop" typed in either alphabet is one key.
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text.replace("№", " ")).casefold())
    return " ".join(plain.translate(_FOLDING).split())


def search_words(text: str) -> list[str]:
    """The different words of a query or a name, folded, in their order."""
    return list(dict.fromkeys(folded(text).split()))


# Showing


def display_name(kind: str = "person", surname: str = "", name: str = "", patronymic: str = "", company_name: str = "") -> str:
    """What to call a contact on a screen: the company, or surname, name and patronymic; empty for a nameless lead."""
    person = " ".join(filter(None, [surname, name, patronymic]))
    return (company_name or person) if kind == "company" else (person or company_name)


def initials(*names: str) -> str:
    """First letters with dots: "И. И."; "А.-М." for Анна-Мария."""
    return " ".join("-".join(f"{part[0].upper()}." for part in re.split(r"[-‑]", one) if part) for one in names if one.strip("-‑ "))


def short_name(surname: str = "", name: str = "", patronymic: str = "") -> str:
    """ "Иванов И. И."; without a surname the name and patronymic in full, as people are addressed."""
    return f"{surname} {initials(name, patronymic)}".strip() if surname else " ".join(filter(None, [name, patronymic]))


def address_form(surname: str = "", name: str = "", patronymic: str = "") -> str:
    """How to speak to somebody without knowing whether it is a man or a woman, so never "Mr" or "уважаемая".

    Name and patronymic where there is one ("Алёна Игоревна"), else name and surname ("Maria Santos"), else the name. A surname
    alone is no way to speak to anybody in any language we know: then nothing.
    """
    if name and patronymic and is_patronymic(patronymic):
        return f"{name} {patronymic}"
    return " ".join(filter(None, [name, surname])) if name else ""


# Taking apart


@dataclass(frozen=True, slots=True)
class FullName:
    """The parts of a name that stood in one column. ``certainty``: ``sure`` by form, ``likely`` by custom, else a ``guess``."""

    kind: Kind = "person"
    surname: str = ""
    name: str = ""
    patronymic: str = ""
    company_name: str = ""
    certainty: Certainty = "guess"


_PATRONYMIC = re.compile(
    r".{2,}(?:ович|евич|йович|ьич|овна|евна|ична|инична|івна|ївна|овіч|евіч|авіч|аўна|еўна|оглы|оглу|кызы|гызы|улы|ұлы|қызы"
    r"|ovich|evich|ovych|ovna|evna|ichna|ivna|ovitch|evitch|oglu|ogly|oğlu|kyzy|qizi|gizi)$"
)
_FEMALE_PATRONYMIC = re.compile(r"(?:вна|ична|ўна|vna|ichna)$")
_SURNAME = re.compile(
    r".{2,}(?:ов|ова|ев|ева|ин|ина|ын|ына|ский|ская|цкий|цкая|ской|цкой|енко|ко|ук|юк|як|чук|ян|янц|дзе|швили|ых|их|ец|ич|ава|ия|ой|ых|баев|баева"
    r"|ov|ova|ev|eva|eff|off|sky|skiy|skaya|skii|enko|chuk|yan|dze|shvili)$"
)
_INITIAL = re.compile(r"[^\W\d_]\.(?:\s*-?\s*[^\W\d_]\.)*$|[A-ZА-ЯЁ]$")
_GLUED_INITIALS = re.compile(r"(?<![^\W\d_])([^\W\d_])\.(?=[^\W\d_])")
_QUOTED = re.compile(r"[«“„\"][^«»“”„\"]+[»”“\"]")
_CYRILLIC = re.compile(r"[а-яёіїєґўәғқңөұүһ]", re.IGNORECASE)
_TRADER = re.compile(rf"(?:^|[\s,(])(?:{'|'.join(SOLE_TRADERS)})(?=$|[\s,.:)«\"])[\s,.:)]*", re.IGNORECASE)


def split_full_name(text: str) -> FullName:
    """Take a name from one column apart.

    A company keeps its legal form. One who trades alone ("ИП Иванов И.И.") is a person, and the whole text is kept as the
    company name; with a brand and no name ("ИП «Ромашка»") it is a company. Titles are dropped, Jr. and III stay with the surname,
    a middle initial stands for the patronymic. Two words in Cyrillic are surname and name unless their forms say otherwise, in
    Latin letters name and surname.
    """
    text = _tidy(text[:LONGEST])
    if not text:
        return FullName()
    trader = _TRADER.search(text)
    if trader:
        return _trader(text, _tidy(text[: trader.start()] + " " + text[trader.end() :]))
    if _is_company(text):
        return FullName("company", company_name=text, certainty="sure" if _has_legal_form(text) or _QUOTED.fullmatch(text) else "likely")
    return _person(text)


def _tidy(text: str) -> str:
    if text.isprintable():  # nothing invisible, and no space but the plain one
        return (re.sub(r" +", " ", text) if "  " in text else text).strip(" ,;")
    visible = "".join(
        char if not unicodedata.category(char).startswith("Z") else " " for char in text if unicodedata.category(char) not in ("Cf", "Cs")
    )
    return re.sub(r"\s+", " ", re.sub(r"[\x00-\x1f\x7f]", " ", visible)).strip(" ,;")


def _trader(text: str, rest: str) -> FullName:
    if not rest or _QUOTED.search(rest) or _is_company(rest):
        return FullName("company", company_name=text, certainty="likely")
    person = _person(rest)
    return FullName("person", person.surname, person.name, person.patronymic, text, person.certainty)


def _plain_words(text: str) -> list[str]:
    """Words in lower case, abbreviations closed up: "S.p.A." is "spa"."""
    closed = re.sub(r"(?<=\b[^\W\d_])\.\s?(?=[^\W\d_]\b)|(?<=\b[^\W\d_])\.(?=\W|$)|/(?=[Ss]\b)", "", text)
    return re.findall(r"[^\W_]+(?:-[^\W_]+)*", closed.lower().replace("ё", "е"))


def _has_legal_form(text: str) -> bool:
    words = _plain_words(text)
    if len(words) > 1 and any(word in LEGAL_FORMS for word in words):
        return True
    last = re.sub(r"[^A-Z]", "", text.rpartition(" ")[2])
    return len(words) > 1 and (
        last in LEGAL_ENDINGS or bool(re.search(r"&\s*Co\b|\bCo\.?(?:,|$)|\sи\s+[Кк][оО°]\b|\bz\s?o\.?\s?o\b", text))
    )


def _is_company(text: str) -> bool:
    if _has_legal_form(text) or "&" in text or _QUOTED.fullmatch(text):
        return True
    if any(word in COMPANY_WORDS for word in _plain_words(text)):
        return True
    quoted = _QUOTED.search(text)
    if not quoted:
        return False
    around = (text[: quoted.start()] + " " + text[quoted.end() :]).split()
    return len(around) < 2 or not any(_is_given(word) or is_patronymic(word) for word in around)


def _key(word: str) -> str:
    return word.lower().replace("ё", "е").strip(".,()\"'«»")


def _is_given(word: str) -> bool:
    return _key(word).split("-")[0] in GIVEN_NAMES


def is_patronymic(word: str) -> bool:
    """Whether a word has the form of a patronymic; some surnames (Абрамович) have it too."""
    key = _key(word)
    return key in SHORT_PATRONYMICS or bool(_PATRONYMIC.fullmatch(key))


def _is_surname(word: str) -> bool:
    return bool(_SURNAME.fullmatch(_key(word).split("-")[-1]))


def _is_initial(word: str) -> bool:
    return bool(_INITIAL.match(word))


def _person(text: str) -> FullName:
    maiden = re.search(r"\s*\(([^()]*)\)\s*", text)
    if maiden:
        text = _tidy(text[: maiden.start()] + " " + text[maiden.end() :])
    words = [word for word in _GLUED_INITIALS.sub(r"\1. ", text).split() if _key(word) not in TITLES]
    suffix = ""
    while len(words) > 2 and _key(words[-1]) in SUFFIXES:
        suffix = f"{words.pop()} {suffix}".strip()
    words[-1:] = [words[-1].rstrip(",")] if words else []
    person = _by_comma(words) or _by_order(words)
    surname = " ".join(filter(None, [person.surname, suffix, f"({maiden[1].strip()})" if maiden and maiden[1].strip() else ""]))
    return FullName("person", surname, person.name, person.patronymic, "", person.certainty)


def _by_comma(words: list[str]) -> FullName | None:
    """ "Dela Cruz, Juan P.": the surname stands before the comma."""
    at = next((index for index, word in enumerate(words) if word.endswith(",")), None)
    if at is None or at == len(words) - 1:
        return None
    surname = " ".join(words[: at + 1]).rstrip(",")
    name, patronymic = _given_part([word.strip(",") for word in words[at + 1 :]])
    return FullName("person", surname, name, patronymic, certainty="sure")


def _given_part(words: list[str]) -> tuple[str, str]:
    """Name and patronymic, the surname being known."""
    if len(words) > 2 and _key(words[-1]) in SON_OF:
        return " ".join(words[:-2]), " ".join(words[-2:])
    if len(words) > 1 and (is_patronymic(words[-1]) or _is_initial(words[-1])):
        return _split_initials(words) if all(map(_is_initial, words)) else (" ".join(words[:-1]), words[-1])
    return " ".join(words), ""


def _split_initials(words: list[str]) -> tuple[str, str]:
    return words[0], " ".join(words[1:])


def _by_order(words: list[str]) -> FullName:
    if not words:
        return FullName()
    if len(words) == 1:
        is_surname = _is_surname(words[0]) and not _is_given(words[0])
        return FullName("person", words[0] if is_surname else "", "" if is_surname else words[0])
    by_patronymic = _around_patronymic(words)
    if by_patronymic:
        return by_patronymic
    by_initials = _around_initials(words)
    if by_initials:
        return by_initials
    by_capitals = _by_capitals(words)
    if by_capitals:
        return by_capitals
    is_cyrillic = bool(_CYRILLIC.search(" ".join(words)))
    by_particles = _around_particles(words)
    if by_particles:
        return by_particles
    return _cyrillic(words) if is_cyrillic else _latin(words)


def _around_patronymic(words: list[str]) -> FullName | None:
    son_of = next((index for index, word in enumerate(words) if index > 1 and _key(word) in SON_OF), None)
    if son_of is not None:
        words = [*words[: son_of - 1], f"{words[son_of - 1]} {words[son_of]}", *words[son_of + 1 :]]
        at = son_of - 1
    else:
        found = [index for index, word in enumerate(words) if index and is_patronymic(word)]
        if not found:
            return None
        at = found[0]
    if len(words) == 2:  # "Анна Петровна", or "Роман Абрамович"
        if not _is_given(words[0]) and not _FEMALE_PATRONYMIC.search(_key(words[1])):
            return None
        return FullName("person", "", words[0], words[1], certainty="likely" if _FEMALE_PATRONYMIC.search(_key(words[1])) else "guess")
    before, after = words[:at], words[at + 1 :]
    if not after:
        return FullName("person", " ".join(before[:-1]), before[-1], words[at], certainty="sure")
    if len(before) == 1:
        return FullName("person", " ".join(after), before[0], words[at], certainty="sure")
    if _is_given(before[0]) and not _is_given(before[-1]) and not _is_surname(before[0]):
        return FullName("person", " ".join(after), " ".join(before), words[at])
    return FullName("person", " ".join([*before[:-1], *after]), before[-1], words[at])


def _around_initials(words: list[str]) -> FullName | None:
    """ "Иванов И. И.", "И. И. Иванов", "Juan P. dela Cruz"."""
    marks = [_is_initial(word) for word in words]
    if not any(marks) or all(marks):
        return None
    first, last = marks.index(True), len(marks) - 1 - marks[::-1].index(True)
    if not all(marks[first : last + 1]):
        return None
    between = words[first : last + 1]
    if last == len(words) - 1:  # at the end
        name, patronymic = _split_initials(between)
        if len(between) == 1 and len(words) > 2 and _is_given(words[-2]):  # "Иванов Иван И."
            return FullName("person", " ".join(words[:-2]), words[-2], words[-1], certainty="likely")
        return FullName("person", " ".join(words[:first]), name, patronymic, certainty="sure")
    if first == 0:
        name, patronymic = _split_initials(between)
        return FullName("person", " ".join(words[last + 1 :]), name, patronymic, certainty="sure")
    return FullName("person", " ".join(words[last + 1 :]), " ".join(words[:first]), " ".join(between), certainty="likely")


def _by_capitals(words: list[str]) -> FullName | None:
    """ "DUPONT Jean Pierre": the surname in capitals, the rest not."""
    shouted = [word.isupper() and len(word) > 2 for word in words]
    count = sum(shouted)
    if not 0 < count < len(words):
        return None
    for part, rest in ((words[:count], words[count:]), (words[-count:], words[:-count])):
        if all(word.isupper() for word in part):
            return FullName("person", " ".join(part), " ".join(rest), certainty="likely")
    return None


def _around_particles(words: list[str]) -> FullName | None:
    """ "Juan dela Cruz", "van der Berg", "Dela Cruz Juan"."""
    particle = [_key(word) in PARTICLES for word in words]
    if particle[0] and _key(words[0]) not in NOT_FIRST and not _is_given(words[0]):
        end = next((index for index, is_one in enumerate(particle) if not is_one), len(words) - 1) + 1
        while end + 1 < len(words) and _key(words[end]) in ("y", "e"):
            end += 2
        return FullName("person", " ".join(words[:end]), " ".join(words[end:]), certainty="guess" if words[end:] else "likely")
    at = next((index for index, is_one in enumerate(particle) if is_one and 0 < index < len(words) - 1), None)
    if at is None:
        return None
    if _key(words[at]) in INNER_PARTICLES and _key(words[at]) in ("y", "e"):  # "José Ortega y Gasset"
        at -= 1
    return FullName("person", " ".join(words[at:]), " ".join(words[:at]), certainty="likely") if at else None


def _cyrillic(words: list[str]) -> FullName:
    if len(words) > 2:
        if _is_given(words[0]) and not _is_given(words[1]):
            return FullName("person", " ".join(words[1:]), words[0])
        return FullName("person", words[0], words[1], " ".join(words[2:]))
    first, second = words
    if _is_given(first) != _is_given(second):
        surname, name = (second, first) if _is_given(first) else (first, second)
        return FullName("person", surname, name, certainty="likely")
    if _is_surname(second) and not _is_surname(first):
        return FullName("person", second, first, certainty="likely")
    return FullName("person", first, second, certainty="likely" if _is_surname(first) and not _is_surname(second) else "guess")


def _latin(words: list[str]) -> FullName:
    if len(words) == 2 and _is_surname(words[0]) and not _is_surname(words[1]):
        return FullName("person", words[0], words[1])
    surnames = 2 if len(words) > 3 else 1
    return FullName("person", " ".join(words[-surnames:]), " ".join(words[:-surnames]), certainty="likely" if len(words) == 2 else "guess")
