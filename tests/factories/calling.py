"""Windows and limits of calling."""

import factory

from crm.models import CallingInterval, CallingLimit, CallingWindow, RestrictedPeriod


class CallingWindowFactory(factory.django.DjangoModelFactory):
    """Not active; every day from nine to six; ``hours={weekday: [(opens, closes), …]}`` in minutes for others."""

    class Meta:
        model = CallingWindow
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Window {n}")
    is_active = False

    @factory.post_generation
    def hours(self, create, extracted, **kwargs):
        for weekday, intervals in (extracted or {day: [(540, 1080)] for day in range(7)}).items():
            for opens, closes in intervals:
                CallingInterval.objects.create(window=self, weekday=weekday, opens=opens, closes=closes)


class RestrictedPeriodFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RestrictedPeriod

    window = factory.SubFactory(CallingWindowFactory)
    since = "2026-12-31"
    until = "2027-01-08"
    name = "New Year"


class CallingIntervalFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CallingInterval

    window = factory.SubFactory(CallingWindowFactory, hours={0: [(540, 600)]})
    weekday = 1
    opens = 540
    closes = 1080


class CallingLimitFactory(factory.django.DjangoModelFactory):
    """Three calls to a number on a day of its calendar."""

    class Meta:
        model = CallingLimit

    name = factory.Sequence(lambda n: f"Limit {n}")
    most = 3
