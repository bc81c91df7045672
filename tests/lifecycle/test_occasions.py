"""Occasions: every birthday of four years, found day by day."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from churnscope.events.block import NO_DAY
from churnscope.lifecycle.occasions import next_anniversary, upcoming
from churnscope.timeline import date_of, day_number


def falls_on(born: date, day: date) -> bool:
    """Whether somebody born then has a birthday on a day."""
    if (born.month, born.day) == (2, 29):
        leap = (date(day.year, 3, 1) - timedelta(days=1)).day == 29
        return (day.month, day.day) == (2, 29 if leap else 28)
    return (born.month, born.day) == (day.month, day.day)


@pytest.mark.parametrize(
    "today", [date(2023, 2, 27), date(2024, 2, 28), date(2024, 12, 31), date(2100, 2, 1), date(1969, 7, 1)]
)
def test_the_next_birthday_is_the_first_day_it_falls_on(today: date):
    born = [date(1960, 1, 1) + timedelta(days=days) for days in range(1462)]
    found = next_anniversary([day_number(day) for day in born], day_number(today))
    for birth, day in zip(born, found.tolist(), strict=True):
        ahead = next(k for k in range(367) if falls_on(birth, today + timedelta(days=k)))
        assert date_of(day) == today + timedelta(days=ahead), birth


def test_near_is_today_and_the_days_after_it():
    today = day_number(date(2023, 2, 20))
    born = [day_number(date(1990, 2, day)) for day in (19, 20, 26, 27)]
    found = upcoming([10, 11, 12, 13], born, today, 7, yearly=True)
    assert found.customer.tolist() == [11, 12]
    assert (found.day - today).tolist() == [0, 6]


def test_a_date_that_does_not_come_again_is_near_once():
    found = upcoming([1, 2, 3, 4], [99, 100, 106, NO_DAY], 100, 7, yearly=False)
    assert found.customer.tolist() == [2, 3]


def test_a_date_to_come_is_not_celebrated_before():
    next_year = day_number(date(2024, 3, 1))
    assert not len(upcoming([1], [next_year], day_number(date(2023, 2, 25)), 30, yearly=True).day)


def test_nobody_has_none():
    assert not len(upcoming([], [], 100, 7, yearly=True).day)
    assert not len(upcoming([1], np.array([NO_DAY]), 100, 7, yearly=True).day)
