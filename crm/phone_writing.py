"""How people and machines write phone numbers: from any text to digits, an extension, and how sure we may be.

Nothing here knows which numbers exist; ``crm.phone_numbers`` does. Pure.
"""

import re
import unicodedata
from dataclasses import dataclass

from config.platform.errors import Refusal

LONGEST = 200


class NumberInvalid(Refusal):
    """This does not read as a phone number. The fact ``reason`` says why, in one word for machines.

    The text never repeats the number: refusals reach logs, and a number is personal data.
    """

    code = "phone_number_invalid"
    status = 400
    advice = (
        "Ask for the number again and send it with its country code, for instance +7 495 123-45-67. `reason` tells programs what is wrong."
    )


@dataclass(frozen=True, slots=True)
class Written:
    """A number taken out of its text: ``digits`` without the plus.

    ``is_international``: the writer named the country (a plus). ``is_certain`` is False where something had to be cut off,
    so that only a number that exists may come of it. ``is_plain``: only spaces, dashes, dots and brackets stood between the digits.
    """

    digits: str
    extension: str = ""
    is_international: bool = False
    is_certain: bool = True
    is_plain: bool = True
    #: The writer put a plus before the trunk prefix of Russia and Kazakhstan: "+8 (495) …".
    is_plus_eight: bool = False


WITHHELD = frozenset({
    "anonymous", "unknown", "restricted", "private", "unavailable", "withheld", "blocked", "hidden", "none", "null", "nil", "undefined",
    "n/a", "na", "asserted-withheld", "id-withheld", "number-withheld", "caller-withheld", "no caller id", "caller id blocked",
    "private number", "unknown number", "hidden number", "withheld number", "blocked number", "number withheld",
    "private caller", "unknown caller", "anonymous caller",
    "скрыт", "скрытый", "скрыто", "неизвестен", "неизвестный", "неизвестно", "аноним", "анонимный", "анонимно", "приватный", "нет",
    "скрытый номер", "номер скрыт", "неизвестный номер", "номер не определен", "номер не определён", "не определен", "не определён",
    "unbekannt", "anonym", "unterdrückt", "unbekannte nummer", "unterdrückte nummer",
    "desconocido", "privado", "oculto", "anónimo", "número oculto", "número privado", "inconnu", "masqué",
})  # fmt: skip
# What some phone systems send instead: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE typed on a keypad.
KEYPAD_WORDS = frozenset({"266696687", "7378742833", "2562533", "8656696", "86282452253"})

_PARAMETER = re.compile(r";\s*([a-z][a-z0-9-]*)(?:=([^;]*))?", re.IGNORECASE)
_SCHEME = re.compile(r"\s*(sips?|tel|callto|phone)\s*:\s*(?://)?", re.IGNORECASE)
_IN_ANGLES = re.compile(r"<\s*([^<>]*)\s*>\s*(;.*)?$")
_SIP_USER = re.compile(r"\s*[+\d][\d\s().\-]*$")
_SCIENTIFIC = re.compile(r"[+']?\s*(\d)[.,](\d+)\s*[eEеЕ]\s*\+?\s*(\d{1,2})$")
_WHOLE_FLOAT = re.compile(r"(\+?\d{7,})[.,]0+$")
_LIKE_DIGITS = str.maketrans({"O": "0", "o": "0", "О": "0", "о": "0", "З": "3", "з": "3", "l": "1", "I": "1", "|": "1", "І": "1", "і": "1"})
# A word of digits and look-alikes that begins and ends where no other letter stands, and has at least one digit.
_LOOKS_LIKE_DIGITS = re.compile(r"(?<![^\W\d_])(?=[OoОоЗзlI|Іі]*\d)(?=\d*[OoОоЗзlI|Іі])[\dOoОоЗзlI|Іі]+(?![^\W\d_])")
_EXTENSION_WORDS = (
    "extension|extensión|extn|ext|добавочный|добавочн|доб|внутренний|внутр|внут|вн|местный|местн|д|durchwahl|nebenstelle|apparat|app|nst|dw"
    "|anexo|interno|int|ramal|local|loc|poste|xt|x|х|p|w"
)
_EXTENSION = re.compile(
    rf"(?:[\s,;(\[.\-]*(?<![^\W\d_])(?:{_EXTENSION_WORDS})(?![^\W\d_])[\s.:№#=\-]*|\s*\(?#\s*|\s*(?:,\s*)+|\s*;\s*)(\d{{1,8}})$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^[^\d+(]*\d{1,2}\s*[:)]\s*(?=[\d+(])")
_INNER_LABEL = re.compile(
    r"(?<![^\W\d_])(?:тел|телефон|моб|мобильный|сот|сотовый|код|раб|дом|факс|tel|mob|phone|cell|fax|code|no)(?![^\W\d_])[.:\s]*",
    re.IGNORECASE,
)
_LETTER = re.compile(r"[^\W\d_]")
_PLAIN = re.compile(r"\+?[\d\s\-.()\[\]]+$")
_SEPARATED = re.compile(r"\+?[\d\s\-.()\[\]/\\_~'\"]+$")
_SIMPLE = re.compile(r"\+?\(?[0-9][0-9 ()-]*[0-9]", re.ASCII)
_PLUS_EIGHT = re.compile(r"\+\s*\(?8[\s(\-.)]+\d")


def is_withheld(raw: str) -> bool:
    """The caller hid the number, or the phone system does not know it: nobody to look up. Empty text counts."""
    angles = _IN_ANGLES.search(raw[:LONGEST].strip())
    text = _SCHEME.sub("", angles[1] if angles else raw[:LONGEST]).partition("@")[0].casefold().strip(" \t\r\n\"'<>()[]-_.+*?;")
    if not text or text in WITHHELD or text in KEYPAD_WORDS:
        return True
    return len(text) > 2 and text.strip("0") == ""


def read(raw: str) -> Written:
    """Take the number out of its text.

    Raises:
        NumberInvalid: there is none, or more than one.
    """
    if _SIMPLE.fullmatch(raw) and len(raw) <= 30 and not _NUMBERED.match(raw):
        digits = re.sub(r"[^0-9]", "", raw)
        if digits.strip("0") and digits not in KEYPAD_WORDS:
            return Written(digits, "", raw[0] == "+", is_plus_eight=bool(_PLUS_EIGHT.match(raw)))
    return _read_any(raw)


def _read_any(raw: str) -> Written:
    """As ``read``, for any text; ``read`` has a short cut for most, and the tests hold both equal."""
    if len(raw) > LONGEST:
        raise NumberInvalid(f"This is too long for a phone number: write one number, in at most {LONGEST} characters.", reason="too_long")
    if is_withheld(raw):
        raise NumberInvalid("No number is given here: write it with its country code, for instance +7 495 123-45-67.", reason="empty")
    text, extension, context = _without_wrapping(_plain(raw))
    text = _as_digits(text)
    if not extension:
        text, extension = _without_extension(text)
    text = _NUMBERED.sub("", text, count=1)
    text = re.sub(r"^[^\d+(*#]+", "", _INNER_LABEL.sub(" ", text))
    text = _after_last_plus(text)
    is_certain = True
    letter = _LETTER.search(text)
    if letter:
        text, is_certain = _without_comment(text, letter.start()), False
    text = text.strip(" -.,;:/\\'\"")
    if context.startswith("+") and not text.startswith("+"):
        text = context + text
    if not _SEPARATED.match(text):
        raise NumberInvalid("This does not read as a phone number: write digits, with + and the country code first.", reason="not_a_number")
    return Written(
        digits=re.sub(r"\D", "", text),
        extension=extension,
        is_international=text.startswith("+"),
        is_certain=is_certain,
        is_plain=bool(_PLAIN.match(text)),
        is_plus_eight=bool(_PLUS_EIGHT.match(text)),
    )


def _plain(raw: str) -> str:
    """The same text in ASCII digits, one kind of dash and of space, and without invisible characters."""
    if raw.isascii() and raw.isprintable():
        return raw.strip()
    kept = []
    for char in unicodedata.normalize("NFKC", raw):
        category = unicodedata.category(char)
        if category[0] == "Z" or char in "\t\n\r\v\f\x85":
            kept.append(" ")
        elif category in ("Cc", "Cs"):
            raise NumberInvalid("There are control characters in this number: write it again by hand.", reason="control_characters")
        elif char.isascii():
            kept.append(char)
        elif char.isdecimal():
            kept.append(str(unicodedata.decimal(char)))
        elif category == "Pd" or char in "−⁃˗ー":
            kept.append("-")
        elif category not in ("Cf", "Mn", "Me"):
            kept.append(char)
    return "".join(kept).strip()


def _without_wrapping(text: str) -> tuple[str, str, str]:
    """Out of a URI, angle brackets and parameters: the number, its extension and its phone context."""
    angles = _IN_ANGLES.search(text)
    if angles:
        text = angles[1]
    scheme = _SCHEME.match(text)
    if scheme:
        text = text[scheme.end() :]
    if "%" in text:
        text = re.sub("%2b", "+", text, flags=re.IGNORECASE).replace("%20", " ").replace("%23", "#")
    parameters: dict[str, str] = {}
    if ";" in text:
        parameters = {name.lower(): (value or "").strip() for name, value in _PARAMETER.findall(text)}
        text = _PARAMETER.sub("", text) if "@" not in text else text
    if "@" in text or (scheme and scheme[1].lower().startswith("sip")):
        text = text.partition("@")[0].partition(";")[0]
        if not _SIP_USER.match(text):
            raise NumberInvalid("This is an address and not a phone number.", reason="not_a_number")
    extension = re.sub(r"\D", "", parameters.get("ext", ""))[:8]
    return text, extension, parameters.get("phone-context", "")


def _as_digits(text: str) -> str:
    """Undo what spreadsheets and slips of the hand do to digits."""
    scientific = _SCIENTIFIC.match(text)
    if scientific:
        if len(scientific[2]) != int(scientific[3]):
            raise NumberInvalid(
                "A spreadsheet has rounded this number (it looks like 7.9161E+10): set the column to text and enter it again.",
                reason="scientific",
            )
        text = scientific[1] + scientific[2]
    text = _WHOLE_FLOAT.sub(r"\1", text)
    if _LETTER.search(text) or "|" in text:
        text = _LOOKS_LIKE_DIGITS.sub(lambda word: word[0].translate(_LIKE_DIGITS), text)
    return re.sub(r"[^\d]+$", "", text) if not _is_vanity(text) else _keypad(text)


def _is_vanity(text: str) -> bool:
    """An American toll-free number spelled in letters: 1-800-FLOWERS."""
    return bool(re.match(r"\+?\s*1?[\s\-.(]*8(?:00|33|44|55|66|77|88)[\s\-.)]*(?=[A-Z\d\-. ]*[A-Z]{3})(?:[\s\-.]*[A-Z\d]){7}$", text))


def _keypad(text: str) -> str:
    return text.translate(str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999"))


def _without_extension(text: str) -> tuple[str, str]:
    """Cut off an extension at the end, when at least a number's worth of digits stands before it."""
    found = _EXTENSION.search(text)
    if not found or sum(char.isdigit() for char in text[: found.start()]) < 5:
        return text, ""
    return re.sub(r"[^\d]+$", "", text[: found.start()]), found[1]


def _after_last_plus(text: str) -> str:
    """The plus decides where the number begins: "8+7 916…", "+7 +7 916…", "9, +7 916…" are all +7 916…

    Raises:
        NumberInvalid: what stands before the plus is itself a number.
    """
    last = text.rfind("+")
    if last <= 0:
        return text
    if sum(char.isdigit() for char in text[:last]) > 3:
        raise NumberInvalid("There is more than one number here: write each by itself.", reason="several")
    return text[last:]


def _without_comment(text: str, start: int) -> str:
    """Drop words after the number ("… Анна, после 18"); refuse when they hide another number."""
    if sum(char.isdigit() for char in text[start:]) > 4:
        raise NumberInvalid("There is more than one number here, or words inside it: write each by itself.", reason="several")
    return text[:start]
