"""Names of people and companies: how they are compared, shown and taken apart. Pure."""

import re
import unicodedata
from dataclasses import dataclass

# Letters that look alike in Cyrillic and Latin (and the Ukrainian і) become one: an operator cannot see which was typed.
# The mapping is total, so both sides of a comparison are folded alike whatever script they are in.
LOOK_ALIKE = str.maketrans("авекмнорстухіјѕԁһԛԝ", "abekmhopctyxijsdhqw")
APOSTROPHES = str.maketrans("", "", "'’‘ʼ`´ʹ′\"«»“”„")


def folded(text: str) -> str:
    """The text for comparison: lower case, ё as е, no accents, one space for anything between words, look-alike letters one.

    Apostrophes vanish (О'Коннор = ОКоннор), hyphens part words (Анна-Мария = анна мария).
    """
    text = unicodedata.normalize("NFKD", text.translate(APOSTROPHES)).casefold()
    text = "".join(character for character in text if not unicodedata.combining(character)).replace("ё", "е")
    return " ".join(re.sub(r"[\W_]+", " ", text).translate(LOOK_ALIKE).split())


def search_words(text: str) -> list[str]:
    """The folded words of a text, each once, in their order; none longer than a hundred letters."""
    return list(dict.fromkeys(word[:100] for word in folded(text).split()))


def short_name(surname: str, name: str, patronymic: str) -> str:
    """«Иванов И. И.», as a journal writes it."""
    initials = " ".join(f"{part.strip()[0].upper()}." for part in (name, patronymic) if part.strip())
    return " ".join(filter(None, [surname.strip(), initials]))


@dataclass(frozen=True, slots=True)
class FullName:
    """A name taken apart. ``is_certain`` is false when the order of its words had to be guessed."""

    kind: str = "person"
    surname: str = ""
    name: str = ""
    patronymic: str = ""
    company_name: str = ""
    is_certain: bool = True


LEGAL_FORM = re.compile(
    r"(?:^|[\s\"«,(])(?:ооо|оао|зао|пао|ао|нко|ано|гуп|муп|фгуп|гбу|мбу|тоо|тсж|снт|чп|кфх|общество|компания|фирма|завод|банк|"
    r"ltd|llc|inc|corp|corporation|company|co|gmbh|ag|kg|ohg|ug|se|s\.?a|s\.?r\.?l|s\.?l|s\.?p\.?a|b\.?v|n\.?v|oy|ab|a/s|plc|llp|lp|pte|pty|"
    r"bank|group|holding|foundation|university|hotel)\.?(?=$|[\s\"»,.)])",
    re.IGNORECASE,
)
TRADER = re.compile(r"^(?:ип|индивидуальный предприниматель|пбоюл)\s+", re.IGNORECASE)
PATRONYMIC = re.compile(
    r"(?:ович|евич|ич|овна|евна|ична|инична|оглы|кызы|улы|уулу|ұлы|қызы|ovich|evich|ovna|evna|ogly|oglu|kyzy|kizi)$",
    re.IGNORECASE,
)
SURNAME_LIKE = re.compile(r"(?:ов|ова|ев|ева|ёв|ёва|ин|ина|ын|ына|ский|ская|цкий|цкая|енко|ко|чук|юк|ян|дзе|швили|их|ых)$", re.IGNORECASE)
PARTICLES = frozenset(
    [
        "van",
        "von",
        "de",
        "der",
        "den",
        "del",
        "della",
        "di",
        "da",
        "dos",
        "das",
        "du",
        "la",
        "le",
        "ter",
        "ten",
        "zu",
        "zum",
        "zur",
        "bin",
        "ibn",
        "al",
        "el",
        "st",
        "san",
        "dela",
        "mac",
        "mc",
        "фон",
        "ван",
        "де",
    ]
)


def split_full_name(text: str) -> FullName:
    """One column taken apart into surname, name and patronymic, or recognised as a company.

    Russian order is surname first; a patronymic's ending tells where it stands ("Иван Иванович Иванов"). With a comma the
    surname comes first ("Dela Cruz, Juan"). Otherwise a name in Latin letters is read name first, with its particles in the
    surname ("Ludwig van Beethoven"). A sole trader ("ИП Иванов И. И.") is a person.
    """
    text = " ".join(text.split())[:300]
    if not text:
        return FullName(is_certain=False)
    trader = TRADER.match(text)
    if trader:
        text = text[trader.end() :]
    elif LEGAL_FORM.search(text) or re.search(r"[\"«»“”]", text) or (re.search(r"\d", text) and not re.search(r"\bI{1,3}$", text)):
        return FullName(kind="company", company_name=text[:200])
    if "," in text:
        surname, _, rest = text.partition(",")
        return _of_parts(surname.strip(), rest.split(), certain=True)
    words = re.sub(r"\.(?=\S)", ". ", text).split()
    if len(words) == 1:
        return FullName(surname=words[0][:100], is_certain=False)
    return _cyrillic(words) if re.search(r"[а-яё]", text, re.IGNORECASE) else _latin(words)


def _of_parts(surname: str, given: list[str], *, certain: bool) -> FullName:
    if len(given) > 1 and (PATRONYMIC.search(given[-1]) or (len(given) == 2 and all(_is_initial(word) for word in given))):
        return FullName(surname=surname[:100], name=" ".join(given[:-1])[:100], patronymic=given[-1][:100], is_certain=certain)
    return FullName(surname=surname[:100], name=" ".join(given)[:100], is_certain=certain)


def _cyrillic(words: list[str]) -> FullName:
    patronymics = [index for index, word in enumerate(words) if index and PATRONYMIC.search(word)]
    if len(words) == 4 and words[-1].lower() in ("оглы", "кызы", "улы", "уулу", "ұлы", "қызы"):
        return FullName(surname=words[0][:100], name=words[1][:100], patronymic=" ".join(words[2:])[:100])
    if len(words) == 3 and patronymics == [1]:
        return FullName(surname=words[2][:100], name=words[0][:100], patronymic=words[1][:100])
    if len(words) == 2 and patronymics == [1] and not SURNAME_LIKE.search(words[0]):
        return FullName(name=words[0][:100], patronymic=words[1][:100], is_certain=False)
    if _is_initial(words[0]) and not _is_initial(words[-1]):
        return _of_parts(words[-1], words[:-1], certain=True)
    if len(words) == 2 and SURNAME_LIKE.search(words[1]) and not SURNAME_LIKE.search(words[0]):
        return FullName(surname=words[1][:100], name=words[0][:100], is_certain=False)
    start = 2 if words[0].lower() in PARTICLES and len(words) > 2 else 1
    return _of_parts(" ".join(words[:start]), words[start:], certain=len(words) > 2)


def _latin(words: list[str]) -> FullName:
    if len(words) == 3 and PATRONYMIC.search(words[2]) and not PATRONYMIC.search(words[1]):
        return FullName(surname=words[0][:100], name=words[1][:100], patronymic=words[2][:100])
    if len(words) == 3 and PATRONYMIC.search(words[1]):
        return FullName(surname=words[2][:100], name=words[0][:100], patronymic=words[1][:100])
    first = next((index for index, word in enumerate(words) if index and word.lower() in PARTICLES), len(words) - 1)
    surname = words[first:] or words[-1:]
    return FullName(surname=" ".join(surname)[:100], name=" ".join(words[:first])[:100], is_certain=False)


def _is_initial(word: str) -> bool:
    return len(word.rstrip(".")) == 1
