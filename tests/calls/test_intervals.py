"""Intervals end where the clocks of a zone say so: compared with PostgreSQL, which knows the same zones by its own code."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.db import connection

from calls import intervals

BY_SQL = """
SELECT at FROM (
    SELECT at, shown, is_first, lag(shown) OVER (ORDER BY at) AS shown_before FROM (
        SELECT at, CASE %(interval)s
            WHEN '15m' THEN (date_bin('15 minutes', at AT TIME ZONE %(zone)s, '2000-01-01') || ' ' || (at AT TIME ZONE %(zone)s - at AT TIME ZONE 'UTC'))
            WHEN '30m' THEN (date_bin('30 minutes', at AT TIME ZONE %(zone)s, '2000-01-01') || ' ' || (at AT TIME ZONE %(zone)s - at AT TIME ZONE 'UTC'))
            WHEN '1h' THEN (date_trunc('hour', at AT TIME ZONE %(zone)s) || ' ' || (at AT TIME ZONE %(zone)s - at AT TIME ZONE 'UTC'))
            WHEN '1d' THEN date_trunc('day', at AT TIME ZONE %(zone)s)::text
            WHEN '1w' THEN date_trunc('week', at AT TIME ZONE %(zone)s)::text
            WHEN '1mo' THEN date_trunc('month', at AT TIME ZONE %(zone)s)::text
        END AS shown, false AS is_first
        FROM generate_series(%(since)s::timestamptz, %(until)s::timestamptz - interval '1 second', %(step)s::interval) AS at
    ) a
) b WHERE shown_before IS DISTINCT FROM shown ORDER BY at
"""
DST = [
    ("Europe/Berlin", date(2026, 3, 28), date(2026, 3, 30), [24, 23, 24]),
    ("Europe/Berlin", date(2026, 10, 24), date(2026, 10, 26), [24, 25, 24]),
    ("Australia/Lord_Howe", date(2026, 4, 4), date(2026, 4, 6), [24, 24.5, 24]),
    ("Australia/Lord_Howe", date(2026, 10, 3), date(2026, 10, 5), [24, 23.5, 24]),
    ("Pacific/Chatham", date(2026, 4, 4), date(2026, 4, 6), [24, 25, 24]),
    ("Pacific/Chatham", date(2026, 9, 26), date(2026, 9, 28), [24, 23, 24]),
    ("Asia/Kathmandu", date(2026, 1, 1), date(2026, 1, 2), [24, 24]),
    ("America/Havana", date(2026, 11, 1), date(2026, 11, 1), [25]),  # its midnight comes twice
    ("Atlantic/Azores", date(2026, 10, 25), date(2026, 10, 25), [25]),
    ("Africa/Cairo", date(2026, 4, 24), date(2026, 4, 24), [23]),  # its midnight is left out
    ("America/Santiago", date(2026, 9, 5), date(2026, 9, 6), [24, 23]),
    ("Pacific/Apia", date(2011, 12, 29), date(2011, 12, 31), [24, 24]),  # the 30th never was
    ("Antarctica/Troll", date(2026, 3, 29), date(2026, 3, 29), [22]),
    ("Africa/Monrovia", date(1972, 1, 6), date(1972, 1, 8), [24, 24 - 2670 / 3600, 24]),
]


def by_sql(since, until, interval, zone, step="15 minutes"):
    begin, end = intervals.midnight(since, zone), intervals.midnight(until + timedelta(days=1), zone)
    with connection.cursor() as cursor:
        cursor.execute(BY_SQL, {"since": begin, "until": end, "interval": interval, "zone": zone.key, "step": step})
        return [at.astimezone(UTC) for (at,) in cursor.fetchall()] + [end]


@pytest.mark.parametrize(("name", "since", "until", "hours"), DST)
def test_a_day_has_the_hours_that_the_clocks_give_it(name, since, until, hours):
    edges = intervals.edges(since, until, "1d", ZoneInfo(name))
    lengths = [(b - a) / timedelta(hours=1) for a, b in itertools.pairwise(edges)]
    assert lengths == pytest.approx(hours)


@pytest.mark.django_db
@pytest.mark.parametrize("interval", ["15m", "30m", "1h", "1d", "1w", "1mo"])
@pytest.mark.parametrize(("name", "since", "until", "hours"), DST)
def test_intervals_are_those_that_the_database_finds(name, since, until, hours, interval):
    zone = ZoneInfo(name)
    step = "1 second" if name == "Africa/Monrovia" else "15 minutes"
    if name == "Africa/Monrovia":
        since = until = date(1972, 1, 7)
    edges = intervals.edges(since, until, interval, zone)
    assert edges == by_sql(since, until, interval, zone, step)


@pytest.mark.django_db
@pytest.mark.slow
@pytest.mark.parametrize("interval", ["1d", *(pytest.param(one, marks=pytest.mark.long) for one in ("30m", "1h"))])
def test_every_zone_of_the_world_is_cut_as_the_database_cuts_it(interval):
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_timezone_names")
        known = {name for (name,) in cursor.fetchall()}
    zones = sorted(available_timezones() & known - {"Factory", "localtime"})
    assert len(zones) > 400
    compared = 0
    for name in zones:
        zone = ZoneInfo(name)
        for since in (date(2025, 3, 1), date(2025, 10, 1)):
            until = since + timedelta(days=40)
            if know_the_same(since, until, zone):
                compared += 1
                assert intervals.edges(since, until, interval, zone) == by_sql(since, until, interval, zone), name
    assert compared > 2 * len(zones) - 20


def know_the_same(since, until, zone):
    """Whether both tables of zones are of one age in this one: governments change their minds several times a year."""
    begin, days = intervals.midnight(since, zone), (until - since).days
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT at, at AT TIME ZONE %s FROM generate_series(%s::timestamptz, %s::timestamptz, '6 hours') AS at",
            [zone.key, begin, begin + timedelta(days=days)],
        )
        return all(at.astimezone(zone).replace(tzinfo=None) == shown for at, shown in cursor.fetchall())


def test_weeks_begin_on_monday_and_months_on_the_first_within_the_days_asked_for():
    zone = ZoneInfo("Europe/Moscow")
    weeks = intervals.edges(date(2026, 11, 25), date(2026, 12, 8), "1w", zone)
    assert [edge.astimezone(zone).date().day for edge in weeks] == [25, 30, 7, 9]
    months = intervals.edges(date(2026, 11, 25), date(2027, 1, 2), "1mo", zone)
    assert [edge.astimezone(zone).date().isoformat() for edge in months] == ["2026-11-25", "2026-12-01", "2027-01-01", "2027-01-03"]


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (date(2026, 2, 2), date(2026, 2, 1)),
        (date(1, 1, 1), date(1, 1, 2)),
        (date(9999, 12, 30), date(9999, 12, 31)),
        (date(2000, 1, 1), date(2026, 1, 1)),
    ],
)
def test_days_that_make_no_period_are_refused(since, until):
    with pytest.raises(intervals.PeriodUnusable):
        intervals.edges(since, until, "1d", ZoneInfo("Pacific/Kiritimati"))


def test_more_lines_than_anybody_reads_are_refused():
    assert len(intervals.edges(date(2026, 1, 1), date(2026, 2, 20), "15m", ZoneInfo("UTC"))) == 51 * 96 + 1
    with pytest.raises(intervals.ReportTooLarge):
        intervals.edges(date(2026, 1, 1), date(2026, 3, 1), "15m", ZoneInfo("UTC"))


def test_an_interval_of_none_is_the_whole_period():
    assert intervals.edges(date(2026, 1, 1), date(2026, 1, 2), "none", ZoneInfo("UTC")) == [
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 3, tzinfo=UTC),
    ]
