import factory

from crm.models import BusinessCalendar, CalendarDay, CalendarDayInterval, CalendarInterval


class CalendarFactory(factory.django.DjangoModelFactory):
    """Monday to Friday, nine to one and two to six in Moscow, with Russian holidays, and a short New Year's Eve."""

    class Meta:
        model = BusinessCalendar
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Office {n}")
    time_zone = "Europe/Moscow"
    country = "RU"

    @factory.post_generation
    def hours(self, create, extracted, **kwargs):
        for weekday in range(5):
            for opens, closes in ((540, 780), (840, 1080)):
                CalendarInterval.objects.create(calendar=self, weekday=weekday, opens=opens, closes=closes)
        day = CalendarDay.objects.create(calendar=self, on="2026-12-31", name="Short day")
        CalendarDayInterval.objects.create(day=day, opens=540, closes=900)
