"""/duty-shifts/ and /departments/{id}/on-duty/: kept by supervisors, read by everybody, refused in words; and the pages of the admin."""

from datetime import date

import pytest
from django.urls import reverse

from config.platform.models import AuditEvent, Role
from crm.models import DutyShift
from tests.config.test_admin_pages import client_for
from tests.factories.crm import DepartmentFactory
from tests.factories.duty import DutyShiftFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db


def test_what_was_sent_comes_back_and_what_makes_no_sense_is_refused_in_words(client_of):
    boss, department, person = client_of("supervisor"), DepartmentFactory(), UserFactory()
    body = {"department": str(department.pk), "person": str(person.pk), "weekday": "friday", "opens": "22:00", "closes": "24:00"}
    made = boss.post("/api/v1/duty-shifts/", body, format="json")
    assert made.status_code == 201 and {name: made.json()[name] for name in body} == body
    leave = {"person": str(person.pk), "kind": "off", "since": "2026-12-21", "until": "2027-01-03"}
    made = boss.post("/api/v1/duty-shifts/", leave, format="json").json()
    assert (made["opens"], made["closes"], made["department"], made["weekday"]) == ("00:00", "24:00", None, None)
    for change, code in [
        ({}, "duty_shifts_of_a_person_do_not_overlap"),
        ({"weekday": None}, "duty_shift_has_a_day"),
        ({"on": "2026-11-23"}, "duty_shift_has_a_day"),
        ({"opens": "09:00", "closes": "08:00"}, "duty_shift_is_within_a_day"),
        ({"department": None}, "duty_shift_has_its_department"),
        ({"person": str(UserFactory(is_active=False).pk)}, "invalid"),
        ({"person": str(UserFactory(role=Role.INTEGRATION).pk)}, "invalid"),
        ({"closes": "25:00"}, "invalid"),
    ]:
        answer = boss.post("/api/v1/duty-shifts/", body | change, format="json")
        assert answer.status_code in (400, 409) and answer.json()["code"] == code, (change, answer.content)
    assert DutyShift.objects.count() == 2


def test_a_list_is_narrowed_by_each_of_its_filters(client_of):
    weekly, dated, other = DutyShiftFactory(weekday=2), DutyShiftFactory(weekday=None, on=date(2026, 11, 23)), DutyShiftFactory(away=True)
    for query, row in [
        ({"department": dated.department_id}, dated), ({"person": weekly.person_id}, weekly), ({"on": "2026-11-23"}, dated),
        ({"weekday": "wednesday"}, weekly), ({"weekday": "monday"}, other), ({"kind": "off"}, other),
    ]:  # fmt: skip
        found = client_of("agent").get("/api/v1/duty-shifts/", query).json()["results"]
        assert [one["id"] for one in found] == [str(row.pk)], query
    assert client_of("agent").get("/api/v1/duty-shifts/", {"weekday": "0"}).status_code == 400


def test_everybody_learns_who_is_on_duty_until_when_and_who_is_next(client_of):
    day = DutyShiftFactory(department__time_zone="Europe/Moscow")
    night = DutyShiftFactory(department=day.department, opens=1080, closes=1440)
    address = f"/api/v1/departments/{day.department_id}/on-duty/"
    assert client_of("agent").get(address, {"at": "2026-11-23T15:00:00+03:00"}).json() == {
        "at": "2026-11-23T12:00:00Z",
        "known_by": "roster",
        "people": [str(day.person_id)],
        "until": "2026-11-23T15:00:00Z",
        "next": {"at": "2026-11-23T15:00:00Z", "people": [str(night.person_id)]},
    }
    later = client_of("agent").get(address, {"at": "2026-11-23T22:00:00Z"}).json()
    assert (later["people"], later["until"], later["next"]["at"]) == ([], "2026-11-30T06:00:00Z", "2026-11-30T06:00:00Z")
    assert client_of("agent").get(address).status_code == 200  # now
    assert {
        client_of("agent").get(address, {"at": said}).status_code for said in ("soon", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
    } == {400}


def test_a_week_is_replaced_by_supervisors_only_and_whole_or_not_at_all(client_of):
    shift = DutyShiftFactory()
    whose = {"department": str(shift.department_id), "person": str(shift.person_id)}
    friday = {"weekday": "friday", "opens": "22:00", "closes": "24:00"}
    address = "/api/v1/duty-shifts/replace-week/"
    assert client_of("agent").post(address, whose | {"week": [friday]}, format="json").status_code == 403
    boss = client_of("supervisor")
    twice = boss.post(address, whose | {"week": [friday, friday | {"opens": "23:00"}]}, format="json")
    assert (twice.status_code, twice.json()["code"]) == (409, "duty_shifts_of_a_person_do_not_overlap")
    assert boss.post(address, whose | {"week": [friday | {"closes": "21:00"}]}, format="json").status_code == 400
    assert list(DutyShift.objects.all()) == [shift]
    answer = boss.post(address, whose | {"week": [friday]}, format="json")
    assert [(one["weekday"], one["opens"], one["closes"]) for one in answer.json()["week"]] == [("friday", "22:00", "24:00")]
    assert DutyShift.objects.get().weekday == 4


def test_the_admin_keeps_the_roster_and_the_department_shows_it():
    supervisor, department, person = client_for(Role.SUPERVISOR), DepartmentFactory(time_zone="Europe/Moscow"), UserFactory(surname="Яшин")
    said = {"department": department.pk, "person": person.pk, "kind": "on", "weekday": "", "opens": "9", "closes": "24:00", "note": ""}
    address = reverse("admin:crm_dutyshift_add")
    wrong = supervisor.post(address, said | {"weekday": "0", "closes": "25:00"})
    assert "is no time: write 09:00" in wrong.content.decode()
    assert "Give a weekday or one date" in supervisor.post(address, said).content.decode()
    for weekday in range(7):
        assert supervisor.post(address, said | {"weekday": str(weekday)}).status_code == 302
    assert "in these hours already" in supervisor.post(address, said | {"weekday": "0", "opens": "10:30"}).content.decode()
    assert set(DutyShift.objects.values_list("opens", "closes")) == {(540, 1440)}
    shift = DutyShift.objects.first()
    assert 'value="00:00"' in supervisor.get(address).content.decode()  # a leave is the whole day unless somebody says otherwise
    page = supervisor.get(reverse("admin:crm_dutyshift_change", args=[shift.pk])).content.decode()
    assert 'value="09:00"' in page and 'value="24:00"' in page
    shown = supervisor.get(reverse("admin:crm_department_change", args=[department.pk])).content.decode()
    assert shown.count("Яшин") >= 14 and "09:00–24:00" in shown and "Europe/Moscow, midnight" in shown
    assert supervisor.post(reverse("admin:crm_dutyshift_delete", args=[shift.pk]), {"post": "yes"}).status_code == 302
    assert list(AuditEvent.objects.filter(subject_id=shift.pk).order_by("id").values_list("verb", flat=True)) == ["add", "remove"]
