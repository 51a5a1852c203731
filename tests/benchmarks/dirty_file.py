"""A believable bad file of contacts, of any size: what a company has gathered in ten years, in one column of names and one of phones."""

import csv
from collections.abc import Iterator
from pathlib import Path
from random import Random

HEADER = ["№", "ФИО / Организация", "Телефоны", "E-mail", "Город, адрес", "Метки", "Комментарий"]
SURNAMES = [
    "Иванов",
    "Петров",
    "Смирнов",
    "Кузнецов",
    "Соколов",
    "Попов",
    "Лебедев",
    "Козлов",
    "Новиков",
    "Морозов",
    "Волков",
    "Соловьёв",
    "Васильев",
    "Зайцев",
    "Павлов",
    "Семёнов",
    "Голубев",
    "Виноградов",
    "Богданов",
    "Воробьёв",
    "Фёдоров",
    "Михайлов",
    "Беляев",
    "Тарасов",
    "Белов",
    "Комаров",
    "Орлов",
    "Киселёв",
    "Макаров",
    "Андреев",
    "Ковалёв",
    "Ильин",
]
ROOTS = [
    "Брон",
    "Гор",
    "Дуб",
    "Ел",
    "Жар",
    "Зим",
    "Ив",
    "Кор",
    "Лом",
    "Мат",
    "Нест",
    "Осин",
    "Пан",
    "Рог",
    "Сав",
    "Тим",
    "Уш",
    "Фил",
    "Хар",
    "Цвет",
    "Чум",
    "Шад",
    "Щег",
    "Юр",
    "Яр",
]
ENDINGS = ["ев", "ин", "ов", "енко", "ский", "ских", "ук", "ян", "адзе"]
MEN = [
    "Александр",
    "Дмитрий",
    "Сергей",
    "Алексей",
    "Артём",
    "Пётр",
    "Николай",
    "Григорий",
    "Тимур",
    "Фёдор",
    "Иван",
    "Михаил",
    "Андрей",
    "Юрий",
    "Олег",
    "Роман",
]
PATRONYMICS = [
    "Александрович",
    "Дмитриевич",
    "Сергеевич",
    "Алексеевич",
    "Петрович",
    "Николаевич",
    "Иванович",
    "Михайлович",
    "Андреевич",
    "Олегович",
]
ABROAD = (
    "Maria Santos",
    "Juan P. dela Cruz",
    "Müller, Hans",
    "José Ortega y Gasset",
    "Anne-Marie O'Connor",
    "DUPONT Jean",
    "Nguyễn Văn An",
)
COMPANIES = ("ООО «{}»", "ИП {} С.П.", "АО {}", "{} GmbH", "Стоматология «{}»", "{} Trading Corp.")
CODES = (
    "495",
    "499",
    "812",
    "343",
    "383",
    "846",
    "861",
    "903",
    "905",
    "909",
    "916",
    "921",
    "926",
    "950",
    "960",
    "962",
    "981",
    "985",
    "999",
)
SCRIBBLES = ("перезвонить после 18", "=cmd|'/C calc'!A1", "просил не звонить утром", "@mention", "постоянный клиент", "+")


def rows(count: int, *, seed: int = 7) -> Iterator[list[str]]:
    """As many rows below the header: one in twelve repeats an earlier one, some share phones, some have none, some are rubbish."""
    chance = Random(seed)
    kept: list[list[str]] = []
    for index in range(count):
        roll = chance.random()
        if roll < 0.05 and kept:
            row = chance.choice(kept)  # word for word
        elif roll < 0.08 and kept:
            earlier = chance.choice(kept)  # the same person, with an address more
            row = [str(index), earlier[1], earlier[2], f"more{index}@example.org", *earlier[4:]]
        else:
            row = [str(index), _who(chance), _phones(chance, index), _mail(chance, index), _where(chance), _tags(chance), _note(chance)]
        if len(kept) < 1000:
            kept.append(row)
        elif chance.random() < 0.02:
            kept[chance.randrange(1000)] = row
        yield row


def write(path: Path, count: int, *, encoding: str = "cp1251", delimiter: str = ";") -> None:
    """The file, as an old program writes it."""
    with path.open("w", encoding=encoding, errors="replace", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(HEADER)
        writer.writerows(rows(count))


def _who(chance: Random) -> str:
    roll = chance.random()
    if roll < 0.12:
        return ""
    if roll < 0.20:
        return chance.choice(COMPANIES).format(chance.choice(ROOTS) + chance.choice(ROOTS).lower())
    if roll < 0.26:
        return chance.choice(ABROAD)
    surname = (
        chance.choice(SURNAMES) if chance.random() < 0.4 else chance.choice(ROOTS) + chance.choice(ROOTS).lower() + chance.choice(ENDINGS)
    )
    name, patronymic = chance.choice(MEN), chance.choice(PATRONYMICS)
    form = chance.random()
    if form < 0.6:
        return f"{surname} {name} {patronymic}"
    if form < 0.8:
        return f"{surname} {name[0]}.{patronymic[0]}."
    return f"{name} {surname}" if form < 0.9 else f"  {surname.upper()}   {name} "


def _phones(chance: Random, index: int) -> str:
    roll = chance.random()
    if roll < 0.02:
        return chance.choice(("нет", "-", "уточнить", "12-34", "8 (495) 12"))
    if roll < 0.05:
        return ""
    text = _phone(chance)
    if roll < 0.13:
        text += chance.choice((", ", "; ", " / ", "\n")) + _phone(chance)
    if 0.13 <= roll < 0.15:
        text += " доб. 12"
    return text


def _phone(chance: Random) -> str:
    code, rest = chance.choice(CODES), f"{chance.randrange(2_000_000, 9_999_999):07}"
    form = chance.randrange(9)
    if form == 0:
        return f"8 ({code}) {rest[:3]}-{rest[3:5]}-{rest[5:]}"
    if form == 1:
        return f"+7{code}{rest}"
    if form == 2:
        return f"8{code}{rest}"
    if form == 3:
        return f"{code}{rest}"
    if form == 4:
        return f"+7 {code} {rest[:3]} {rest[3:]}"
    if form == 5:
        return f"7{code}{rest}"
    if form == 6:
        return f"+7({code}){rest[:3]}-{rest[3:]}"
    if form == 7:
        return f"+63 917 {rest[:3]} {rest[3:]}"
    return f"8-{code}-{rest[:3]}-{rest[3:5]}-{rest[5:]}"


def _mail(chance: Random, index: int) -> str:
    roll = chance.random()
    if roll < 0.6:
        return ""
    first = f"client{index}@{chance.choice(('mail.ru', 'yandex.ru', 'gmail.com', 'example.com'))}"
    if roll < 0.65:
        return f"{first}; office{index}@example.com"
    return "нет почты" if roll < 0.66 else first.upper() if roll < 0.7 else first


def _where(chance: Random) -> str:
    return f"г. Москва, ул. {chance.choice(SURNAMES)}а, д. {chance.randrange(1, 200)}" if chance.random() < 0.3 else ""


def _tags(chance: Random) -> str:
    return chance.choice(("", "", "", "vip", "vip, дилер", "выставка-2019"))


def _note(chance: Random) -> str:
    return chance.choice(SCRIBBLES) if chance.random() < 0.1 else ""
