"""Recipes of the door, and of windows and limits of calling."""

from tests.contract.recipes.asked import Asked, catalogue, recipe
from tests.factories.calling import CallingLimitFactory, CallingWindowFactory
from tests.factories.crm import ContactPhoneFactory


@recipe("calling_check")
def check() -> Asked:
    link = ContactPhoneFactory()
    return Asked(body={"purpose": "marketing", "whom": [{"phone": link.phone.e164}, {"contact": str(link.contact.pk)}]})


catalogue(
    "calling_windows",
    CallingWindowFactory,
    lambda: {
        "name": "Sales",
        "purpose": "marketing",
        "week": [{"weekday": "monday", "opens": "09:00", "closes": "13:00"}, {"weekday": "monday", "opens": "14:00", "closes": "24:00"}],
        "restricted": [{"since": "2026-12-31", "until": "2027-01-08", "name": "New Year"}],
        "unknown_zone": "country_zones",
    },
    {"start_grace_s": 900, "week": [{"weekday": "sunday", "opens": "00:00", "closes": "24:00"}]},
)
catalogue(
    "calling_limits",
    CallingLimitFactory,
    lambda: {"name": "Once in an hour", "window": "rolling", "window_s": 3600, "most": 1, "min_gap_s": 60},
    {"most": 5, "manual_calls": "warn"},
)
