"""Recipes of calendars."""

from tests.contract.recipes.asked import RECIPES, Asked, catalogue
from tests.factories.calendars import CalendarFactory

WEEK = [{"weekday": "monday", "opens": "09:00", "closes": "13:00"}, {"weekday": "monday", "opens": "14:00", "closes": "24:00"}]
DAYS = [{"on": "2026-12-31", "name": "Short day", "intervals": [{"opens": "09:00", "closes": "15:00"}]}]

catalogue(
    "calendars",
    CalendarFactory,
    lambda: {"name": "Head office", "time_zone": "Europe/Moscow", "country": "RU", "week": WEEK, "days": DAYS},
    {"week": WEEK[:1]},
)
RECIPES["calendars_hours"] = lambda: Asked(CalendarFactory(), query={"since": "2026-12-28", "until": "2027-01-12"})
