"""Names are found however they are typed, and taken apart as people mean them (P15)."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.names import FullName, display_name, folded, initials, search_words, short_name, split_full_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Алёна Фёдорова", "алена федорова"),
        ("АЛЁНА  ФЁДОРОВА", "Алена Федорова"),
        ("Алёна", "Але\u0308на"),
        ("Андрей", "Андреи\u0306"),
        ("Анна-Мария", "анна мария"),
        ("Анна‑Мария", "анна—мария"),
        ("О'Коннор", "О’Коннор"),
        ("О'Коннор", "оконнор"),
        ("O'Connor", "OʼConnor"),
        ("Иванов И.И.", "иванов и и"),
        ("ООО «Рога и копыта»", 'ооо "рога и копыта"'),
        ("Иванов", "Ивaнoв"),
        ("Сорока", "Copoka"),
        ("Петров", "Пeтpoв"),
        ("ВЕРА", "BEPA"),
        ("Нина Тихонова", "Hинa Tихoнoвa"),
        ("Ｉｖａｎｏｖ", "ivanov"),
        ("Müller", "muller"),
        ("Straße", "STRASSE"),
        ("Łódź", "lodz"),
        ("Čapek", "capek"),
        ("Núñez", "nunez"),
        ("Søren", "soren"),
        ("İstanbul", "istanbul"),
        ("Ива\u00adнов", "Иванов"),
        ("Ива\u200bнов", "Иванов"),
        ("Магазин №5", "магазин 5"),
        ("  Иванов\u00a0Иван\t", "иванов иван"),
        ("Κωνσταντίνος", "κωνσταντινος"),
        ("ΑΝΝΑ", "ANNA"),
        ("شركة ٢٤", "شركة 24"),
    ],
)
def test_names_that_people_take_for_one_have_one_key(one, other):
    assert folded(one) == folded(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [("Иванов", "Иванова"), ("Павлов", "Павлович"), ("ООО Рога", "ЗАО Рога"), ("Ann", "Anna"), ("Иван", "Иво"), ("7", "8")],
)
def test_different_names_have_different_keys(one, other):
    assert folded(one) != folded(other)


@pytest.mark.parametrize("piece", ["ов", "ом", "tom", "om", "mo", "сор", "коп", "нико", "art"])
@pytest.mark.parametrize("name", ["Томов", "Tomov", "Сорокопуд", "Moom Tomart", "Никонов"])
def test_a_piece_of_a_name_folds_as_it_does_inside_the_name(piece, name):
    if piece in name.lower():
        assert folded(piece) in folded(name)


def test_words_of_a_query_come_once_and_in_order():
    assert search_words("Федорова  Алёна, ФЁДОРОВА") == ["федорова", "алена"]
    assert search_words(" - ") == []


@given(st.text(max_size=80))
@settings(max_examples=800, deadline=None)
def test_folding_a_key_changes_nothing_and_case_never_matters(text):
    key = folded(text)

    assert folded(key) == key
    assert folded(text.swapcase().swapcase()) == folded(text.swapcase())
    assert "  " not in key and key == key.strip()
    key.encode()


def test_a_person_is_shown_by_surname_name_and_patronymic():
    assert display_name("person", "Иванов", "Иван", "Иванович") == "Иванов Иван Иванович"
    assert display_name("person", "", "Иван", "") == "Иван"
    assert display_name("company", "Иванов", "", "", "ООО «Рога и копыта»") == "ООО «Рога и копыта»"
    assert display_name("person", "", "", "", "ООО «Рога и копыта»") == "ООО «Рога и копыта»"
    assert display_name("person") == ""


def test_a_short_name_has_the_surname_whole():
    assert short_name("Иванов", "Иван", "Иванович") == "Иванов И. И."
    assert short_name("Салтыков-Щедрин", "михаил", "") == "Салтыков-Щедрин М."
    assert short_name("Иванова", "Анна-Мария", "Юрьевна") == "Иванова А.-М. Ю."
    assert short_name("Иванов") == "Иванов"
    assert short_name("", "Анна", "Юрьевна") == "Анна Юрьевна"
    assert initials("Иван", "Иванович") == "И. И."
    assert initials("", "-") == ""


def P(surname="", name="", patronymic=""):
    return (surname, name, patronymic)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Иванов Иван Иванович", P("Иванов", "Иван", "Иванович")),
        ("Иван Иванович Иванов", P("Иванов", "Иван", "Иванович")),
        ("ИВАНОВ ИВАН ИВАНОВИЧ", P("ИВАНОВ", "ИВАН", "ИВАНОВИЧ")),
        ("иванов иван иванович", P("иванов", "иван", "иванович")),
        ("Фёдорова Алёна Игоревна", P("Фёдорова", "Алёна", "Игоревна")),
        ("Кузьмин Лев Ильич", P("Кузьмин", "Лев", "Ильич")),
        ("Ольга Никитична Ларина", P("Ларина", "Ольга", "Никитична")),
        ("Рабинович Лев Абрамович", P("Рабинович", "Лев", "Абрамович")),
        ("Лев Абрамович Рабинович", P("Рабинович", "Лев", "Абрамович")),
        ("Салтыков-Щедрин Михаил Евграфович", P("Салтыков-Щедрин", "Михаил", "Евграфович")),
        ("Петрова Анна-Мария Сергеевна", P("Петрова", "Анна-Мария", "Сергеевна")),
        ("Иванова Петрова Анна Сергеевна", P("Иванова Петрова", "Анна", "Сергеевна")),
        ("Иванова Анна Петровна (Сидорова)", P("Иванова (Сидорова)", "Анна", "Петровна")),
        ("Мамедов Али Гасан оглы", P("Мамедов", "Али", "Гасан оглы")),
        ("Алиева Лейла Рашид кызы", P("Алиева", "Лейла", "Рашид кызы")),
        ("Лейла Рашид кызы Алиева", P("Алиева", "Лейла", "Рашид кызы")),
        ("Ahmadov Ali Hasan oglu", P("Ahmadov", "Ali", "Hasan oglu")),
        ("Ахметов Ерлан Серикулы", P("Ахметов", "Ерлан", "Серикулы")),
        ("Шевченко Олена Іванівна", P("Шевченко", "Олена", "Іванівна")),
        ("Ivanov Ivan Ivanovich", P("Ivanov", "Ivan", "Ivanovich")),
        ("Anna Petrovna Karenina", P("Karenina", "Anna", "Petrovna")),
        ("Анна Петровна", P("", "Анна", "Петровна")),
        ("Иван Петрович", P("", "Иван", "Петрович")),
        ("Иванов И.И.", P("Иванов", "И.", "И.")),
        ("Иванов И. И.", P("Иванов", "И.", "И.")),
        ("И.И. Иванов", P("Иванов", "И.", "И.")),
        ("И. И. Иванов", P("Иванов", "И.", "И.")),
        ("Федорова А.", P("Федорова", "А.", "")),
        ("Иванов Иван", P("Иванов", "Иван", "")),
        ("Иван Иванов", P("Иванов", "Иван", "")),
        ("Ирина Нина", P("Ирина", "Нина", "")),
        ("Полина Ким", P("Полина", "Ким", "")),
        ("Мария Шульц", P("Шульц", "Мария", "")),
        ("Шульц Мария", P("Шульц", "Мария", "")),
        ("ПЕТРОВ Иван", P("ПЕТРОВ", "Иван", "")),
        ("г-н Иванов Иван", P("Иванов", "Иван", "")),
        ("Каримов Фаррух Шарифзода", P("Каримов", "Фаррух", "Шарифзода")),
        ("Иванов, Иван Иванович", P("Иванов", "Иван", "Иванович")),
        ("Dela Cruz, Juan P.", P("Dela Cruz", "Juan", "P.")),
        ("DELA CRUZ, JUAN PABLO", P("DELA CRUZ", "JUAN PABLO", "")),
        ("Juan dela Cruz", P("dela Cruz", "Juan", "")),
        ("Juan P. dela Cruz", P("dela Cruz", "Juan", "P.")),
        ("Juan P. dela Cruz Jr.", P("dela Cruz Jr.", "Juan", "P.")),
        ("Maria Clara de los Santos", P("de los Santos", "Maria Clara", "")),
        ("van der Berg", P("van der Berg", "", "")),
        ("Jan van der Berg", P("van der Berg", "Jan", "")),
        ("Ludwig van Beethoven", P("van Beethoven", "Ludwig", "")),
        ("Herr Johann von Goethe", P("von Goethe", "Johann", "")),
        ("Jean-Claude Van Damme", P("Van Damme", "Jean-Claude", "")),
        ("José Ortega y Gasset", P("Ortega y Gasset", "José", "")),
        ("José Luis García López", P("García López", "José Luis", "")),
        ("John Smith", P("Smith", "John", "")),
        ("Mr. John Smith", P("Smith", "John", "")),
        ("Smith, John", P("Smith", "John", "")),
        ("John Smith, Jr.", P("Smith Jr.", "John", "")),
        ("DUPONT Jean", P("DUPONT", "Jean", "")),
        ("Jean DUPONT", P("DUPONT", "Jean", "")),
        ("Petrov Sergey", P("Petrov", "Sergey", "")),
        ("Иванов", P("Иванов", "", "")),
        ("Марина", P("", "Марина", "")),
        ("Madonna", P("", "Madonna", "")),
        ("  Иванов\u00a0 Иван ; ", P("Иванов", "Иван", "")),
    ],
)
def test_a_person_in_one_column_is_taken_apart(text, expected):
    name = split_full_name(text)

    assert (name.kind, name.surname, name.name, name.patronymic, name.company_name) == ("person", *expected, "")


@pytest.mark.parametrize(
    "text",
    [
        "ООО «Рога и копыта»",
        'ООО "Рога и копыта"',
        "Рога и копыта, ООО",
        "«Рога и копыта»",
        "АО Ромашка",
        "ПАО Сбербанк",
        "ТОО Алматы Строй",
        "Банк Открытие",
        "Магазин №5",
        "Городская поликлиника 12",
        "Müller GmbH",
        "Siemens AG",
        "Apple, Inc.",
        "Apple Inc",
        "Telefónica S.A.",
        "Ferrari S.p.A.",
        "Johnson & Johnson",
        "Müller GmbH & Co. KG",
        "Jollibee Foods Corporation",
        "Smith Holdings Ltd.",
        "Zażółć sp. z o.o.",
        "ИП «Ромашка»",
    ],
)
def test_a_company_keeps_its_whole_name(text):
    name = split_full_name(text)

    assert (name.kind, name.company_name, name.surname, name.name) == ("company", text, "", "")


@pytest.mark.parametrize(
    "text",
    ["ИП Иванов И.И.", "ИП Иванов Иван Иванович", "Индивидуальный предприниматель Иванов Иван", "Иванов И. И. (ИП)", "ФОП Иванов Иван"],
)
def test_one_who_trades_alone_is_a_person_and_keeps_the_trading_name(text):
    name = split_full_name(text)

    assert (name.kind, name.surname, name.company_name) == ("person", "Иванов", text)
    assert name.name


@pytest.mark.parametrize(
    "text",
    ["Архипова Олипия", "Ипатьев Кипр", "Азаров Никита", "Инкин Илья", "Попова Агата", "Antonio Inca", "Marco Polo", 'Иван "Ваня" Петров'],
)
def test_a_person_is_not_taken_for_a_company(text):
    assert split_full_name(text).kind == "person"


def test_certainty_tells_form_from_guess():
    assert split_full_name("Иванов Иван Иванович").certainty == "sure"
    assert split_full_name("Иванов Иван").certainty == "likely"
    assert split_full_name("Нгуен Тхань").certainty == "guess"
    assert split_full_name("Madonna").certainty == "guess"
    assert split_full_name("") == FullName()


@given(st.one_of(st.text(max_size=80), st.text('АИваонич .,-"«»()&ПJr', max_size=60)))
@settings(max_examples=800, deadline=None)
def test_no_text_breaks_the_taking_apart_and_no_letter_of_a_company_is_lost(text):
    name = split_full_name(text)

    if name.kind == "company":
        assert name.company_name
    assert all(len(part) <= len(text) + 10 for part in (name.surname, name.name, name.patronymic, name.company_name))


@pytest.mark.parametrize("text", ["и" * 100_000, "И." * 50_000, "« " * 50_000, "( " * 50_000, "Иванов " * 20_000, ". " * 50_000])
def test_a_monstrous_text_takes_no_time(text):
    began = time.process_time()
    split_full_name(text)
    folded(text)

    assert time.process_time() - began < 1
