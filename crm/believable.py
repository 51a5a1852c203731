"""People and companies that could exist and do not: for the demo and for factories. The same seed gives the same people.

Their phone numbers look right and reach nobody: ranges kept for films and books where a country has them (Ofcom, BNetzA,
555-01XX in North America, ARCEP), else local numbers that begin with 0 or 555, which those plans do not give out.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random


@dataclass(frozen=True, slots=True)
class Land:
    """A country's names, its towns with their numbers, and how its people write."""

    code: str
    language: str
    men: tuple[str, ...]
    women: tuple[str, ...]
    surnames: tuple[tuple[str, str], ...]
    companies: tuple[str, ...]
    towns: tuple[tuple[str, str, str, str], ...]  # town, time zone, street, number with # for digits
    mobile: str = ""
    patronymics: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """Somebody who is not in the base yet, in the words of crm.contacts.add."""

    kind: str
    surname: str = ""
    name: str = ""
    patronymic: str = ""
    company_name: str = ""
    language: str = ""
    time_zone: str = ""
    phones: list[dict[str, object]] = field(default_factory=list)
    emails: list[dict[str, object]] = field(default_factory=list)
    addresses: list[dict[str, object]] = field(default_factory=list)


def _same(*surnames: str) -> tuple[tuple[str, str], ...]:
    return tuple((surname, surname) for surname in surnames)


LANDS: dict[str, Land] = {
    "RU": Land(
        "RU",
        "ru",
        men=("Александр", "Дмитрий", "Сергей", "Алексей", "Артём", "Пётр", "Николай", "Григорий", "Тимур", "Фёдор"),
        women=("Анна", "Мария", "Елена", "Ольга", "Алёна", "Наталья", "Софья", "Ирина", "Дарья", "Зоя"),
        surnames=(
            ("Фёдоров", "Фёдорова"), ("Смирнов", "Смирнова"), ("Кузнецов", "Кузнецова"), ("Соловьёв", "Соловьёва"),
            ("Белкин", "Белкина"), ("Вяземский", "Вяземская"), ("Громов", "Громова"), ("Ершов", "Ершова"), ("Журавлёв", "Журавлёва"),
            ("Зимин", "Зимина"), ("Королёв", "Королёва"), ("Лебедев", "Лебедева"), ("Никитин", "Никитина"), ("Рощин", "Рощина"),
            ("Ткаченко", "Ткаченко"), ("Черных", "Черных"), ("Щербаков", "Щербакова"), ("Юдин", "Юдина"),
        ),
        companies=("ООО «Северный ветер»", "АО «Точная механика»", "ООО «Добрый пекарь»", "Клиника «Парацельс-М»", "ООО «Логистика 24»"),
        towns=(
            ("Москва", "Europe/Moscow", "ул. Лесная", "8 (495) 000-##-##"),
            ("Санкт-Петербург", "Europe/Moscow", "наб. реки Мойки", "8 (812) 000-##-##"),
            ("Екатеринбург", "Asia/Yekaterinburg", "ул. Малышева", "+7 343 000-##-##"),
            ("Новосибирск", "Asia/Novosibirsk", "Красный проспект", "+7 (383) 000-##-##"),
        ),
        mobile="8 971 000-##-##",
        patronymics=(
            ("Александрович", "Александровна"), ("Сергеевич", "Сергеевна"), ("Петрович", "Петровна"), ("Ильич", "Ильинична"),
            ("Юрьевич", "Юрьевна"), ("Николаевич", "Николаевна"), ("Фёдорович", "Фёдоровна"), ("Тимурович", "Тимуровна"),
        ),
    ),
    "KZ": Land(
        "KZ",
        "kk",
        men=("Нұрлан", "Ерлан", "Арман", "Дәулет", "Бауыржан", "Тимур"),
        women=("Айгүл", "Динара", "Мадина", "Әсел", "Гүлнар", "Жанар"),
        surnames=(("Ахметов", "Ахметова"), ("Нұрғалиев", "Нұрғалиева"), ("Сейітов", "Сейітова"), ("Омаров", "Омарова"), ("Қасымов", "Қасымова")),
        companies=("ТОО «Алатау Строй»", "ТОО «Дала Агро»"),
        towns=(
            ("Астана", "Asia/Almaty", "Мәңгілік Ел даңғылы", "+7 7172 00-0#-##"),
            ("Атырау", "Asia/Aqtobe", "Сәтпаев көшесі", "+7 7122 00-0#-##"),
        ),
        patronymics=(("Серікұлы", "Серікқызы"), ("Болатұлы", "Болатқызы"), ("Маратович", "Маратовна")),
    ),
    "PH": Land(
        "PH",
        "en-PH",
        men=("Juan", "Jose Mari", "Rodel", "Angelo", "Renato", "Crisanto"),
        women=("Maria Luz", "Jocelyn", "Analyn", "Rowena", "Marites", "Imelda"),
        surnames=_same("Dela Cruz", "Santos", "Reyes", "Bautista", "Macaraeg", "Villanueva", "Dimaculangan"),
        companies=("Bayanihan Freight Inc.", "Sampaguita Foods Corp."),
        towns=(
            ("Makati", "Asia/Manila", "Ayala Avenue", "+63 (2) 8555-0###"),
            ("Cebu City", "Asia/Manila", "Osmeña Boulevard", "+63 32 555 0###"),
        ),
    ),
    "DE": Land(
        "DE",
        "de",
        men=("Jürgen", "Matthias", "Björn", "Karl-Heinz", "Emre", "Lukas"),
        women=("Sabine", "Anna-Lena", "Käthe", "Ute", "Ayşe", "Franziska"),
        surnames=_same("Müller", "Weiß", "von der Heide", "Schröder", "Öztürk", "Krüger", "Jäger", "Lindqvist"),
        companies=("Brückner & Söhne GmbH", "Nordlicht Windkraft AG"),
        towns=(
            ("Berlin", "Europe/Berlin", "Kastanienallee", "+49 30 23125 ###"),
            ("Hamburg", "Europe/Berlin", "Große Elbstraße", "+49 40 66969 ###"),
            ("Frankfurt am Main", "Europe/Berlin", "Zeil", "+49 (0)69 90009-###"),
        ),
        mobile="+49 171 39200##",
    ),
    "ES": Land(
        "ES",
        "es",
        men=("José Luis", "Íñigo", "Álvaro", "Óscar", "Martín"),
        women=("María José", "Begoña", "Nuria", "Inés", "Lucía"),
        surnames=_same("García Ibáñez", "Núñez", "Peña Ruiz", "Etxeberria", "Castaño", "Muñoz de la Torre"),
        companies=("Almazara del Sur S.L.", "Viajes Ñandú S.A."),
        towns=(("Madrid", "Europe/Madrid", "Calle de Alcalá", "+34 910 000 ###"), ("Barcelona", "Europe/Madrid", "Carrer de Mallorca", "+34 930 000 ###")),
    ),
    "GB": Land(
        "GB",
        "en-GB",
        men=("Oliver", "Rhys", "Angus", "Imran", "Nigel"),
        women=("Siobhán", "Harriet", "Priya", "Gwendolyn", "Zoë"),
        surnames=_same("O'Connor", "Smythe-Jones", "MacLeod", "Patel", "Ashcroft", "Featherstonehaugh"),
        companies=("Thistle & Wool Ltd", "Harbour Lane Dental LLP"),
        towns=(
            ("London", "Europe/London", "Baker Street", "+44 20 7946 0###"),
            ("Leeds", "Europe/London", "The Headrow", "0044 113 496 0###"),
        ),
    ),
    "US": Land(
        "US",
        "en-US",
        men=("Marcus", "Tyler", "DeShawn", "Walter", "Hiroshi"),
        women=("Ashley", "Guadalupe", "Naomi", "Charlene", "Mei"),
        surnames=_same("Johnson", "Nguyen", "Kowalski", "Hernandez", "Begay", "Washington"),
        companies=("Prairie Home Insurance Co", "Bluebonnet Robotics Inc"),
        towns=(
            ("New York", "America/New_York", "West 57th Street", "+1 (212) 555-01##"),
            ("Chicago", "America/Chicago", "Wacker Drive", "+1 312.555.01##"),
        ),
    ),
    "FR": Land(
        "FR",
        "fr",
        men=("Étienne", "François", "Jean-Baptiste"),
        women=("Hélène", "Chloé", "Noëlle"),
        surnames=_same("Lefèvre", "d'Artagnan", "Bréchard", "N'Diaye"),
        companies=("Boulangerie Lafontaine S.A.R.L.",),
        towns=(("Paris", "Europe/Paris", "rue de Rivoli", "+33 1 99 00 ## ##"),),
    ),
}  # fmt: skip
SHARES = {"RU": 40, "KZ": 10, "PH": 12, "DE": 12, "ES": 9, "GB": 7, "US": 7, "FR": 3}


def people(random: Random, numbers: "Numbers | None" = None) -> Iterator[Draft]:
    """Persons, some two thousand; no name and no number comes twice. ``numbers`` may be shared with ``companies``."""
    seen: set[str] = set()
    numbers = numbers or Numbers(random)
    while True:
        land = LANDS[random.choices(list(SHARES), weights=list(SHARES.values()))[0]]
        woman = random.random() < 0.5
        surname = random.choice(land.surnames)[woman]
        name = random.choice(land.women if woman else land.men)
        patronymic = random.choice(land.patronymics)[woman] if land.patronymics else ""
        if f"{surname} {name}" in seen:
            continue
        seen.add(f"{surname} {name}")
        town, zone, street, template = random.choice(land.towns)
        phones: list[dict[str, object]] = [{"number": numbers.of(template), "label": "home", "is_primary": True}]
        if land.mobile and random.random() < 0.4:
            phones.append({"number": numbers.of(land.mobile), "label": "mobile"})
        emails: list[dict[str, object]] = []
        if random.random() < 0.6:
            emails = [{"email": f"{_latin(name)}.{_latin(surname)}@example.{random.choice(('com', 'org', 'net'))}"}]
        address: dict[str, object] = {
            "city": town, "street": f"{street} {random.randint(1, 120)}", "country": land.code, "postal_code": "", "label": "home",
        }  # fmt: skip
        yield Draft(
            "person", surname, name, patronymic, "", land.language, zone, phones, emails, [address] if random.random() < 0.5 else []
        )


def companies(random: Random, numbers: "Numbers | None" = None) -> Iterator[Draft]:
    """Every company once, with its switchboard number."""
    numbers = numbers or Numbers(random)
    for land in LANDS.values():
        for company in land.companies:
            town, zone, street, template = random.choice(land.towns)
            yield Draft(
                "company",
                company_name=company,
                language=land.language,
                time_zone=zone,
                phones=[{"number": numbers.of(template), "label": "work", "is_primary": True}],
                emails=[{"email": f"office@{_latin(company)}.example"}],
                addresses=[{"city": town, "street": f"{street} {random.randint(1, 60)}", "country": land.code, "label": "office"}],
            )


class Numbers:
    """Gives numbers out of a template with # for digits, none twice."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.given: set[str] = set()

    def of(self, template: str) -> str:
        for _ in range(10_000):
            number = "".join(self.random.choice("0123456789") if sign == "#" else sign for sign in template)
            if number not in self.given:
                self.given.add(number)
                return number
        raise LookupError(f"No number is left in {template}.")


CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяәғқңөұүһі",
        ["a", "b", "v", "g", "d", "e", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f", "kh", "ts", "ch", "sh",
         "shch", "", "y", "", "e", "yu", "ya", "a", "g", "q", "n", "o", "u", "u", "h", "i"],
        strict=True,
    )
)  # fmt: skip


def _latin(text: str) -> str:
    """The words in plain Latin letters, joined by hyphens, for an address."""
    spelled = "".join(CYRILLIC.get(letter, letter) for letter in text.lower().replace(".", ""))
    bare = unicodedata.normalize("NFKD", spelled.replace("ß", "ss").replace("ı", "i").replace("'", ""))
    letters = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return "-".join(re.findall(r"[a-z0-9]+", letters))
