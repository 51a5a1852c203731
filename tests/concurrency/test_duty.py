"""A person's week written by several at once, over real connections."""

import pytest

from crm.models import DutyShift
from tests.concurrency.test_orders import at_once
from tests.factories.duty import DutyShiftFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_many_who_write_one_week_at_once_all_succeed_and_the_last_ones_stands_whole(client_of):
    shift = DutyShiftFactory()
    whose = {"department": str(shift.department_id), "person": str(shift.person_id)}
    weeks = [[{"weekday": day, "opens": f"{n:02}:00", "closes": "24:00"} for day in ("monday", "friday")] for n in range(6)]
    bosses = [client_of("supervisor") for _ in weeks]
    answers = at_once(
        *(
            lambda boss=boss, week=week: boss.post("/api/v1/duty-shifts/replace-week/", whose | {"week": week}, format="json")
            for boss, week in zip(bosses, weeks, strict=True)
        )
    )
    assert [answer.status_code for answer in answers] == [200] * 6
    left = sorted(DutyShift.objects.values_list("weekday", "opens"))
    assert [weekday for weekday, _ in left] == [0, 4] and left[0][1] == left[1][1]
