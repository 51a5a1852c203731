"""Recipes of the roster."""

from tests.contract.recipes.asked import Asked, catalogue, recipe
from tests.factories.crm import DepartmentFactory
from tests.factories.duty import DutyShiftFactory
from tests.factories.platform import UserFactory

catalogue(
    "duty_shifts",
    DutyShiftFactory,
    lambda: {
        "department": str(DepartmentFactory().pk),
        "person": str(UserFactory().pk),
        "weekday": "monday",
        "opens": "22:00",
        "closes": "24:00",
        "since": "2026-12-01",
    },
    {"until": "2026-12-31", "note": "Then Smirnova."},
)


@recipe("duty_shifts_replace_week")
def week() -> Asked:
    shift = DutyShiftFactory()
    said = [{"weekday": "friday", "opens": "22:00", "closes": "24:00"}, {"weekday": "saturday", "opens": "00:00", "closes": "06:00"}]
    return Asked(body={"department": str(shift.department_id), "person": str(shift.person_id), "week": said})


@recipe("departments_on_duty")
def who() -> Asked:
    return Asked(DutyShiftFactory().department, query={"at": "2026-11-23T12:00:00Z"})
