"""/calendars/: kept by administrators, read by everybody, refused in words."""

import pytest

from crm import calendars
from crm.models import BusinessCalendar
from tests.conftest import NOON
from tests.factories.calendars import CalendarFactory
from tests.factories.crm import DepartmentFactory

pytestmark = pytest.mark.django_db
BODY = {
    "name": "Head office",
    "time_zone": "Europe/Moscow",
    "country": "RU",
    "week": [{"weekday": "friday", "opens": "22:00", "closes": "24:00"}],
}


def test_what_was_sent_comes_back(client_of):
    made = client_of("admin").post("/api/v1/calendars/", BODY, format="json")
    assert made.status_code == 201
    assert {name: made.json()[name] for name in BODY} == BODY


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"week": [{"weekday": "monday", "opens": "18:00", "closes": "09:00"}]}, "invalid"),
        ({"week": [{"weekday": "monday", "opens": "9", "closes": "10:00"}]}, "invalid"),
        ({"week": [{"weekday": "someday", "opens": "09:00", "closes": "10:00"}]}, "invalid"),
        ({"week": [{"weekday": "monday", "opens": "09:00", "closes": "12:00"}, {"weekday": "monday", "opens": "11:00", "closes": "13:00"}]}, "intervals_of_a_weekday_do_not_overlap"),
        ({"days": [{"on": "2026-12-31", "intervals": []}, {"on": "2026-12-31", "intervals": []}]}, "one_exception_per_date"),
        ({"days": [{"on": "10000-01-01", "intervals": []}]}, "invalid"),
        ({"country": "ZZ"}, "invalid"),
        ({"country": "RU", "subdivision": "BY"}, "invalid"),
        ({"time_zone": "Mars/Olympus"}, "invalid"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_and_changes_nothing(client_of, change, code):
    answer = client_of("admin").post("/api/v1/calendars/", BODY | change, format="json")
    assert answer.status_code in (400, 409), answer.content
    assert answer.json()["code"] == code or code in str(answer.json())
    assert not BusinessCalendar.objects.exists()


def test_there_is_one_default_calendar(client_of):
    admin = client_of("admin")
    assert admin.post("/api/v1/calendars/", BODY | {"is_default": True}, format="json").status_code == 201
    second = admin.post("/api/v1/calendars/", BODY | {"is_default": True, "name": "Other"}, format="json")
    assert second.status_code in (400, 409) and "default" in second.json()["detail"]


def test_opening_hours_are_instants_with_lunch_holidays_and_days_that_differ(client_of):
    calendar = CalendarFactory()
    answer = client_of("agent").get(f"/api/v1/calendars/{calendar.pk}/hours/", {"since": "2026-12-30", "until": "2027-01-02"}).json()
    assert [(span["opens_at"], span["closes_at"]) for span in answer["spans"]] == [
        ("2026-12-30T06:00:00Z", "2026-12-30T10:00:00Z"),
        ("2026-12-30T11:00:00Z", "2026-12-30T15:00:00Z"),
        ("2026-12-31T06:00:00Z", "2026-12-31T12:00:00Z"),
    ]
    assert "2027-01-01" in {holiday["on"] for holiday in answer["holidays"]}


@pytest.mark.parametrize(
    "query", [{"since": "2026-01-02", "until": "2026-01-01"}, {"since": "0001-01-01"}, {"until": "9999-12-31"}, {"since": "x"}]
)
def test_a_range_that_makes_no_sense_is_refused(client_of, query):
    assert client_of("agent").get(f"/api/v1/calendars/{CalendarFactory().pk}/hours/", query).status_code == 400


def test_a_department_without_a_calendar_has_that_above_it_or_the_default():
    own, default = CalendarFactory(), CalendarFactory(is_default=True)
    top = DepartmentFactory(calendar=own, parent=None)
    below = DepartmentFactory(parent=DepartmentFactory(parent=top))
    assert calendars.of_department(below) == own
    assert calendars.of_department(DepartmentFactory(parent=None)) == default


def test_a_calendar_in_use_stays(client_of):
    calendar = CalendarFactory()
    DepartmentFactory(calendar=calendar)
    answer = client_of("admin").delete(f"/api/v1/calendars/{calendar.pk}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "still_in_use")


def test_the_picture_shows_what_the_hours_say():
    shown = calendars.fortnight(CalendarFactory(), now=NOON)
    assert [bar["said"] for bar in shown[0]["bars"]] == ["09:00–13:00", "14:00–18:00"]
    assert (shown[0]["is_today"], shown[5]["bars"], len(shown)) == (True, [], 14)
