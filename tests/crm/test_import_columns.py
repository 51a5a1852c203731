"""Columns are recognised by their headers in five languages, else by what stands in them (P14)."""

import pytest

from crm.importing.columns import guess_mapping, meaning


@pytest.mark.parametrize(
    ("titles", "field"),
    [
        ("Фамилия|Фамилия клиента|Surname|Last name|last_name|Family Name|Nachname|Apellido|Apellidos|Apelyido|LASTNAME", "surname"),
        ("Имя|First name|first_name|Given Name|Vorname|Nombre|Pangalan|Name", "name"),
        ("Отчество|Patronymic|Middle name|middle_name|Segundo nombre", "patronymic"),
        ("ФИО|Ф.И.О.|ф. и. о.|ФИО клиента|Фамилия Имя Отчество|Фамилия, имя|Полное имя|Full name|Имя клиента|Клиент|Контактное лицо|Customer name|Contact|Name, Vorname|Nombre completo|Nombre y apellidos|Buong pangalan|Ansprechpartner", "full_name"),
        ("Компания|Название компании|Организация|Наименование организации|Контрагент|Юр. лицо|Company|Company Name|Organisation|Firma|Unternehmen|Empresa|Razón social|Kumpanya", "company_name"),
        ("Место работы|Работодатель|Employer|Arbeitgeber", "employer"),
        ("Телефон|Тел.|тел|Телефон 2|Моб. телефон|Мобильный|Телефон (раб.)|Контактный телефон|Номер телефона|Номер|Сотовый|Phone|phone_2|Phone number|Phone 1 - Value|Mobile|Mobile Phone|Cell|Tel. Nr.|Telefon|Telefonnummer|Mobiltelefon|Handynummer|Teléfono|Celular|Móvil|Telepono|Contact No.|WhatsApp", "phone"),
        ("E-mail|Email|email_address|E-Mail-Adresse|Почта|Эл. почта|Электронная почта|Электронный адрес|Мейл|Correo electrónico|E-mail 1 - Value", "email"),
        ("Адрес|Почтовый адрес|Address|Home address|Adresse|Anschrift|Dirección|Tirahan", "address"),
        ("Часовой пояс|Time zone|timezone|Zeitzone|Zona horaria", "time_zone"),
        ("Язык|Language|Sprache|Idioma|Wika", "language"),
        ("Теги|Метки|Tags|Группа|Категория|Etiquetas|Schlagworte|Segment", "tags"),
        ("Заметки|Примечание|Примечания|Комментарий|Notes|Comment|Comments|Bemerkung|Kommentar|Notas|Observaciones|Tala", "notes"),
        ("ID|id|Внешний код|Код клиента|Номер клиента|Customer ID|customer_id|External ID|Kundennummer|Лицевой счёт|Account No.", "external_id"),
        ("№|№ п/п|No.|#|Дата рождения|ИНН|Факс|Phone 1 - Type|Тип телефона|Website|Город|Скидка|Username", ""),
    ],
)  # fmt: skip
def test_headers_in_five_languages_are_understood(titles, field):
    assert {title: meaning(title) for title in titles.split("|")} == dict.fromkeys(titles.split("|"), field)


@pytest.mark.parametrize(
    ("header", "sample", "expected"),
    [
        (["Фамилия", "Имя", "Отчество", "Телефон", "Телефон 2"], [], {"surname": 0, "name": 1, "patronymic": 2, "phone": [3, 4]}),
        (["Имя", "Телефон"], [["Иванов Иван", "1"]], {"full_name": 0, "phone": [1]}),
        (["Name", "Company", "Phone", "Email", "E-mail 2"], [], {"full_name": 0, "company_name": 1, "phone": [2], "email": [3, 4]}),
        (["№", "ФИО", "ИНН"], [["1", "Иванов", "7707083893"]], {"full_name": 1}),
        (["Spalte 1", "Spalte 2"], [["Anna Müller", "+49 30 123456"]] * 3, {"full_name": 0, "phone": [1]}),
        ([], [["Иванов Иван Иванович", "8 (495) 123-45-67", "a@b.ru"]] * 3, {"full_name": 0, "phone": [1], "email": 2}),
        ([], [["+7 495 123-45-67"], ["84951234567"]], {"phone": [0]}),
        ([], [["8 916 123 45 67; 8 903 765 43 21", "ООО Рога"]] * 2, {"phone": [0], "full_name": 1}),
        ([], [["Иванов", "Иван", "Петрович", "84951234567"], ["Шульц", "Анна", "Львовна", "84951234568"]], {"surname": 0, "name": 1, "patronymic": 2, "phone": [3]}),
        ([], [["Иван", "Иванов", "84951234567"], ["Анна", "Шульц", "84951234568"]], {"name": 0, "surname": 1, "phone": [2]}),
        ([], [["Иванов Иван", "ООО Рога", "84951234567"]] * 2, {"full_name": 0, "company_name": 1, "phone": [2]}),
        ([], [["2026-11-23 10:15", "Иванов Иван", "84951234567"]] * 2, {"full_name": 1, "phone": [2]}),
        ([], [["1", "12.5"], ["2", "13.5"]], {}),
        ([], [], {}),
    ],
)  # fmt: skip
def test_columns_are_told_by_header_else_by_their_look(header, sample, expected):
    assert guess_mapping(header, sample) == expected
