"""Where the customer's clocks are: what each source tells, put together. Pure, over the IANA tables that the time zone data brings.

The chain is: what somebody said of the contact → its address → the number. Every source that tells one civil time is believed, and where
they disagree a window must be open in all of them. Sources that leave several open (an area code on a border, a country with many
zones) count only when no other tells more. What is left is unknown, and the window says what to do then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers.tzdata import TIMEZONE_DATA

from crm import phone_numbers

EXPLICIT, ADDRESS, NUMBER, COUNTRY, DEFAULT, NOWHERE = "explicit", "address", "number", "country", "default", "unknown"


@dataclass(frozen=True)
class Told:
    """What one source tells: ``explicit``, ``address`` or ``number``, and the zones it leaves open."""

    source: str
    zones: tuple[str, ...]


@dataclass(frozen=True)
class Clocks:
    """The zones in which a window must be open, and who told them; ``countries`` are where the customer may be, the likeliest first."""

    zones: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    told: tuple[Told, ...] = field(default=(), compare=False)
    countries: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        return bool(self.zones)

    @property
    def main(self) -> str:
        """The zone of the best source; empty when none is known."""
        return self.zones[0] if self.zones else ""


def clocks(*, explicit: Iterable[str] = (), countries: Iterable[str] = (), e164: str = "") -> Clocks:
    """Put the sources together. ``explicit`` and ``countries`` (of addresses) may be of several contacts that share the number."""
    number, lands = place_of(e164), tuple(dict.fromkeys(country for country in countries if country))
    told = [Told(EXPLICIT, (name,)) for name in dict.fromkeys(explicit) if _zone(name)]
    told += [Told(ADDRESS, of_country(country)) for country in lands]
    told.append(Told(NUMBER, number.zones))
    told = [one for one in told if one.zones]
    where = tuple(dict.fromkeys([*lands, *([number.region] if number.region else [])]))
    certain = [one for one in told if len(one.zones) == 1]
    if certain:
        return _together(certain, told, where)
    border = [one for one in told if one.source == NUMBER and number.is_of_a_place]
    return _together(border, told, where) if border else Clocks((), (), tuple(told), where)


@dataclass(frozen=True)
class Place:
    """What a number tells: its country, its zones, and whether these are of a place; a mobile number tells those of its whole country."""

    region: str = ""
    zones: tuple[str, ...] = ()
    is_of_a_place: bool = False


@lru_cache(maxsize=20_000)
def place_of(e164: str) -> Place:
    """Where a number may ring.

    The library names one zone for all that it takes for alike (Bucharest for Kaliningrad, the Canaries for Morocco), and they are not
    alike all year round. So a zone of another country is put right by the table of the number's own.
    """
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return Place()
    region = phonenumbers.region_code_for_number(number) or ""
    told, plan = phone_numbers.time_zones(e164), TIMEZONE_DATA.get(str(number.country_code), ())
    own = of_country(region)
    if not told or set(told) == set(plan):
        return Place(region, own or civil(told))
    return Place(region, civil([zone for name in told for zone in _of_its_country(name, region, own)]), is_of_a_place=True)


def _of_its_country(name: str, region: str, own: tuple[str, ...]) -> tuple[str, ...]:
    if not own or not _zone(name) or name in _by_country().get(region, ()) or any(_shown(name) == _shown(one) for one in own):
        return (name,)
    return tuple(one for one in own if _shown(one)[0] == _shown(name)[0]) or own


@lru_cache(maxsize=512)
def of_country(country: str) -> tuple[str, ...]:
    """The zones of a country by ISO 3166-1 alpha-2, those of one civil time once; empty for an unknown one."""
    return civil(_by_country().get(country, ()))


def civil(names: Sequence[str]) -> tuple[str, ...]:
    """The zones without those whose clocks show the same, through this decade, as one named before."""
    seen: dict[tuple[float, ...], str] = {}
    for name in names:
        if _zone(name):
            seen.setdefault(_shown(name), name)
    return tuple(seen.values())


def _together(counted: Sequence[Told], told: Sequence[Told], where: tuple[str, ...]) -> Clocks:
    zones = civil([zone for one in counted for zone in one.zones])
    return Clocks(zones, tuple(dict.fromkeys(one.source for one in counted)), tuple(told), where)


@lru_cache(maxsize=1024)
def _shown(name: str) -> tuple[float, ...]:
    """The offsets of a zone, week by week from 2025 to 2035."""
    zone, begin = ZoneInfo(name), datetime(2025, 1, 1, tzinfo=UTC)
    return tuple(((begin + timedelta(weeks=n)).astimezone(zone).utcoffset() or timedelta()).total_seconds() for n in range(520))


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # an unknown name, or one that is no name
        return None


@cache
def _by_country() -> dict[str, tuple[str, ...]]:
    """``zone.tab`` of the time zone database: the zones of every country."""
    found: dict[str, list[str]] = {}
    for line in resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            country, _, name, *_ = line.split("\t")
            found.setdefault(country, []).append(name)
    return {country: tuple(names) for country, names in found.items()}
