"""Which column is what: by the words of the header in Russian, English, German, Spanish and Tagalog, else by the look of the cells. Pure."""

import re
from collections.abc import Callable, Sequence

from crm.given_names import GIVEN_NAMES
from crm.names import is_patronymic, split_full_name
from crm.phone_numbers import NumberInvalid, parse

Mapping = dict[str, int | list[int]]

# The first that fits decides, so the particular stand before the general.
_HEADERS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        (
            "",
            r"^(?:№|#|n|no|nr|num|line|row|строка|п п|n п п|no п п|№ п п)$|\b(?:type|тип|typ|tipo|label|вид)\b|\bfax|\bфакс|\bип?нн\b|\bкпп\b|\bогрн",
        ),
        (
            "",
            r"user ?name|логин|login|file ?name|имя файла|\bdate\b|\bдата\b|\bfecha\b|\bdatum\b|birth|рожд|web|website|сайт|\burl\b|\bip\b",
        ),
        (
            "external_id",
            r"^(?:id|ид|uid|uuid|guid|код|code)$|\b(?:external|внешн\w*)\b|\b(?:id|код|номер|№) (?:клиента|контакта|абонента|договора)",
        ),
        (
            "external_id",
            r"\b(?:customer|client|account|record|crm) (?:id|no|nr|num|number|code|key)\b|\bcontact (?:id|key|code)\b|kunden ?(?:nummer|nr)|лицев\w+ счет",
        ),
        ("external_id", r"\bid (?:client\w*|customer\w*|contact\w*|cliente)|n[uú]mero de cliente"),
        ("email", r"\be ?mail|\bмейл|\bимейл|correo|\bmail\b|(?:эл|электр\w*) (?:почта|адрес)|^почта$"),
        (
            "phone",
            r"\bтел\b|телефон|\bмоб\w*|сотов\w*|phone|\bmobile|\bcell\b|\bcellular|\btel\b|telefon|tel[eé]fono|\bhandy|celular|\bm[oó]vil",
        ),
        (
            "phone",
            r"whatsapp|viber|telepono|selpon|contact (?:no|number|num)\b|контактн\w+ номер|^(?:номер|number|numero|n[uú]mero|rufnummer|nummer)$",
        ),
        ("full_name", r"\bф ?и ?о\b|фамилия.*имя|имя.*фамилия|полное имя|full ?name|vor und nachname|name vorname|nachname vorname"),
        (
            "full_name",
            r"nombre completo|nombre y apellido|apellidos? y nombre|apellidos? nombre|buong pangalan|display name|vollst\w+ name",
        ),
        ("patronymic", r"отчество|patronymic|middle|второе имя|segundo nombre|по батькові|gitnang|zwe?ischenname|zweiter vorname"),
        ("employer", r"место работы|работодател|где работает|\bemployer|arbeitgeber|empleador|pinagtatrabahuhan|works? (?:at|for)"),
        (
            "company_name",
            r"компани|организаци|предприяти|\bфирма|контрагент|юр\w* лицо|\bcompany|\borgani[sz]ation|\bbusiness|^firm$|\bfirmen|\bfirma\b",
        ),
        ("company_name", r"unternehmen|\bempresa|compañ|raz[oó]n social|kumpanya|^наименование|^название"),
        ("full_name", r"имя (?:клиента|контакта|абонента)|контактное лицо|^контакт$|^клиент$|^абонент$|ansprechpartner|^kunde$|^cliente$"),
        ("full_name", r"^(?:contact|customer|client|person|kontakt|contacto|kliyente|lead|subscriber)(?: (?:name|person))?$"),
        ("surname", r"фамили|прізвище|surname|last ?name|family ?name|nachname|familienname|apellido|apelyido|secondname"),
        ("time_zone", r"часов\w+ пояс|time ?zone|zeitzone|zona horaria|^tz$"),
        ("language", r"\bязык|\blanguage|^lang$|sprache|idioma|\bwika"),
        ("name", r"\bимя\b|ім я|first ?name|given ?name|forename|vorname|\bnombres?\b|pangalan|^name$|^имена$"),
        ("tags", r"\bтеги?\b|\bметк|\btags?\b|\blabels\b|schlagw|etiquet|\bгрупп|\bgroups?\b|категори|categor|kategorie|сегмент|segment"),
        ("address", r"\bадрес|\baddress|adresse|anschrift|direcci[oó]n|domicilio|tirahan|место жительства"),
        (
            "notes",
            r"замет|примечани|комментари|\bnotes?\b|\bcomments?\b|remark|bemerkung|notiz|kommentar|\bnotas?\b|observaci|comentario|\btala\b",
        ),
        ("notes", r"^(?:описание|description|дополнительно|info|beschreibung)$"),
    )
)
_SEVERAL = ("phone", "email")
_DATE = re.compile(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}")


def meaning(title: str) -> str:
    """The field that a header names, or empty."""
    words = re.sub(r"[^\w№#]+|_", " ", title.strip("\ufeff \"'").casefold().replace("ё", "е")).strip()
    if not words or len(words) > 60:
        return ""
    return next((name for name, pattern in _HEADERS if pattern.search(words)), "")


def header_at(first: Sequence[Sequence[str]]) -> int | None:
    """Which of the first rows names the columns, if one does; titles of one cell may stand above it."""
    for index, cells in enumerate(first[:10]):
        filled = [cell for cell in cells if cell]
        looks_like_data = any(_is_phone(cell) or "@" in cell for cell in filled)
        if (
            not looks_like_data
            and any(meaning(cell) for cell in filled)
            and (len(filled) > 1 or index + 1 == len(first) or _is_narrow(first))
        ):
            return index
        if looks_like_data or len(filled) > 1:
            return index if not looks_like_data and _stands_above(cells, first[index + 1 :]) else None
    return None


def _is_narrow(rows: Sequence[Sequence[str]]) -> bool:
    return max(map(len, rows), default=0) == 1


def _stands_above(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Unknown words above columns of phones or addresses are a header too."""
    for index, cell in enumerate(cells):
        column = [row[index] for row in below if index < len(row) and row[index]]
        if cell and len(column) > 1 and _look(column) in _SEVERAL:
            return True
    return False


def guess_mapping(header: list[str], sample: list[list[str]]) -> Mapping:
    """Which column is what: ``{field: index}``; phones are a list of indexes, e-mails one if there are several columns.

    Fields: surname, name, patronymic, full_name, company_name, employer, phone, email, address, time_zone, language, tags, notes,
    external_id. What the header does not tell, the cells do.
    """
    found: dict[str, list[int]] = {}
    for index, title in enumerate(header):
        name = meaning(title)
        if name and (name in _SEVERAL or name not in found):
            found.setdefault(name, []).append(index)
    if "name" in found and not {"surname", "patronymic", "full_name"} & found.keys():
        found["full_name"] = found.pop("name")
    taken = {index for indexes in found.values() for index in indexes}
    width = max(map(len, sample), default=0)
    columns = {index: [row[index] for row in sample if index < len(row) and row[index]] for index in range(width) if index not in taken}
    named = set(found)
    for index, column in columns.items():
        is_said_otherwise = index < len(header) and bool(meaning(header[index]) or _is_left_out(header[index]))
        name = _look(column) if column and not is_said_otherwise else ""
        if name and name not in named:
            found.setdefault(name, []).append(index)
            taken.add(index)
    if not named & {"surname", "name", "full_name", "company_name"}:
        _names_by_look(
            {index: column for index, column in columns.items() if column and index not in taken and not _is_told(header, index)}, found
        )
    return {name: indexes if name == "phone" or len(indexes) > 1 else indexes[0] for name, indexes in found.items()}


def _is_told(header: Sequence[str], index: int) -> bool:
    return index < len(header) and bool(header[index]) and _is_left_out(header[index])


def _is_left_out(title: str) -> bool:
    words = re.sub(r"[^\w№#]+|_", " ", title.casefold()).strip()
    return any(pattern.search(words) for name, pattern in _HEADERS if not name)


def _share(column: Sequence[str], is_one: Callable[[str], object]) -> float:
    return sum(1 for cell in column if is_one(cell)) / len(column)


def _look(column: Sequence[str]) -> str:
    """Whether most cells of a column are e-mail addresses or phones."""
    if _share(column, lambda cell: "@" in cell and "." in cell) >= 0.6:
        return "email"
    return "phone" if _share(column, _is_phone) >= 0.6 else ""


def _is_phone(cell: str) -> bool:
    digits = sum(char.isdigit() for char in cell)
    if not 7 <= digits <= 60 or _DATE.search(cell) or len(re.findall(r"[^\W\d_]", cell)) > 15:
        return False
    if re.fullmatch(r"\s*\(?[0+]?[\d\s()./\-]+", cell) and digits <= 15:
        return digits >= 10 or bool(re.search(r"[()\-\s]", cell)) or cell.startswith("0")
    try:
        return not parse(cell.split(";")[0].split(",")[0], region="").is_internal
    except NumberInvalid:
        return bool(re.search(r"\d[\d\s()\-]{8,}\d", cell))


def _names_by_look(columns: dict[int, list[str]], found: dict[str, list[int]]) -> None:
    """Columns of one-word names beside each other, or one of whole names or companies."""
    texts = {index: column for index, column in columns.items() if _share(column, lambda cell: re.search(r"[^\W\d_]{2,}", cell)) >= 0.6}
    words = {index: column for index, column in texts.items() if _share(column, lambda cell: " " not in cell) >= 0.7}
    patronymic = next((i for i, c in words.items() if _share(c, lambda cell: is_patronymic(cell)) >= 0.6), None)
    name = next((i for i, c in words.items() if i != patronymic and _share(c, lambda cell: cell.casefold() in GIVEN_NAMES) >= 0.5), None)
    if patronymic is not None:
        found["patronymic"] = [patronymic]
    if name is not None:
        found["name"] = [name]
        beside = [index for index in (name - 1, name + 1) if index in words and index != patronymic]
        if beside:
            found["surname"] = beside[:1]
        elif patronymic is None:
            found["full_name"] = found.pop("name")
    rest = [index for index in texts if index not in {i for indexes in found.values() for i in indexes}]
    for index in rest:
        if "company_name" not in found and _share(texts[index], lambda cell: split_full_name(cell).kind == "company") >= 0.5:
            found["company_name" if "full_name" in found or "name" in found or len(rest) > 1 else "full_name"] = [index]
        elif not {"full_name", "name"} & found.keys() and _share(texts[index], lambda cell: len(cell) < 80) >= 0.9:
            found["full_name"] = [index]
