from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnscope.sources.zones import (
    DAY_US,
    FIRST_DAY,
    REGULAR,
    REPEATED,
    SKIPPED,
    ZoneDays,
    days_of_instants,
    days_of_walls,
    is_utc,
)

EPOCH = datetime(1970, 1, 1)
ZONES = (
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Africa/Casablanca",
    "Asia/Beirut",
    "UTC",
)


walls, instants = cache(days_of_walls), cache(days_of_instants)


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def moved(table: ZoneDays, time: int) -> tuple[int, int]:
    """A time moved by its row of the table, and how odd it is."""
    row = time // DAY_US - FIRST_DAY
    odd = int(table.odd[row]) if table.odd_from[row] <= time < table.odd_until[row] else REGULAR
    return time + int(table.before[row] if time < table.switch[row] else table.after[row]), odd


moments = st.datetimes(datetime(1972, 1, 1), datetime(2037, 12, 31))


@settings(max_examples=300, deadline=None)
@given(zone=st.sampled_from(ZONES), wall=moments)
def test_walls_become_the_instants_of_zoneinfo(zone, wall):
    clock = ZoneInfo(zone)
    first, second = (wall.replace(tzinfo=clock, fold=fold) for fold in (0, 1))
    expected = micros(first.astimezone(UTC).replace(tzinfo=None))
    step = first.utcoffset() - second.utcoffset()
    odd = REGULAR if not step else REPEATED if step > timedelta() else SKIPPED
    assert moved(walls(zone), micros(wall)) == (expected, odd)


@settings(max_examples=300, deadline=None)
@given(zone=st.sampled_from(ZONES), instant=moments)
def test_instants_become_the_walls_of_zoneinfo(zone, instant):
    wall = instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert moved(instants(zone), micros(instant))[0] == micros(wall)


@pytest.mark.parametrize(
    ("zone", "wall", "instant", "odd"),
    [
        ("Europe/London", "2024-03-31 00:59", "2024-03-31 00:59", REGULAR),
        ("Europe/London", "2024-03-31 01:00", "2024-03-31 01:00", SKIPPED),
        ("Europe/London", "2024-03-31 02:00", "2024-03-31 01:00", REGULAR),
        ("Europe/London", "2024-10-27 01:00", "2024-10-27 00:00", REPEATED),
        ("Europe/London", "2024-10-27 01:59", "2024-10-27 00:59", REPEATED),
        ("Europe/London", "2024-10-27 02:00", "2024-10-27 02:00", REGULAR),
        ("Australia/Lord_Howe", "2024-04-07 01:45", "2024-04-06 14:45", REPEATED),  # half an hour only
        ("America/Sao_Paulo", "2018-02-17 23:30", "2018-02-18 01:30", REPEATED),  # the repeated hour ends with its day
        ("America/Sao_Paulo", "2018-11-04 00:30", "2018-11-04 03:30", SKIPPED),
        ("Pacific/Apia", "2011-12-30 12:00", "2011-12-30 22:00", SKIPPED),  # a whole day was left out
        ("Pacific/Apia", "2011-12-31 00:00", "2011-12-30 10:00", REGULAR),
    ],
)
def test_odd_hours(zone, wall, instant, odd):
    found = moved(walls(zone), micros(datetime.fromisoformat(wall)))
    assert found == (micros(datetime.fromisoformat(instant)), odd)


def test_only_zones_that_are_utc_by_name_need_no_table():
    assert is_utc("UTC")
    assert not is_utc("Europe/London")
