import factory

from crm.models import DutyShift
from tests.factories.crm import DepartmentFactory
from tests.factories.platform import UserFactory


class DutyShiftFactory(factory.django.DjangoModelFactory):
    """Monday, nine to six. ``DutyShiftFactory(weekday=None, on=…)``; trait ``away``: the whole day."""

    class Meta:
        model = DutyShift

    class Params:
        away = factory.Trait(kind="off", opens=0, closes=1440)

    department = factory.SubFactory(DepartmentFactory)
    person = factory.SubFactory(UserFactory)
    weekday = 0
    opens = 540
    closes = 1080
