"""Where a target's clocks are, as one short key: those with the same key have the same hours, so a window is asked once for all of them."""

from zoneinfo import ZoneInfo

from django.conf import settings

from crm.calling_zones import Clocks

LONGEST = 400
#: Whoever has no key is asked about one by one.
NO_KEY = ""


def key_of(clocks: Clocks) -> str:
    """``Europe/Moscow|Asia/Omsk;RU``: the zones in which a window must be open, and the countries whose holidays count."""
    key = "|".join(clocks.zones) + ";" + ",".join(clocks.countries)
    return key if len(key) <= LONGEST else NO_KEY


def clocks_of(key: str) -> Clocks:
    """What a key says."""
    zones, _, countries = key.partition(";")
    return Clocks(zones=tuple(filter(None, zones.split("|"))), countries=tuple(filter(None, countries.split(","))))


def zone_of(key: str) -> ZoneInfo:
    """The zone in which a target's days are counted: the likeliest of theirs, else that of the settings."""
    return ZoneInfo(clocks_of(key).main or settings.CALLING_TIME_ZONE)
