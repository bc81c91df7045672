"""Time inside a simulation: days since the first midnight as floats, the speed of the season, and instants on the wall.

A season is a change of speed: a process that is even in *seasonal days* is busy in December, when they pass quickly.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from churnscope.simulation.business import Season
from churnscope.timeline import day_number

Days = NDArray[np.float64]
SECOND = 1_000_000  # microseconds
DAY = 86_400 * SECOND

_PEAK = 344  # the tenth of December, as a day of the year
_HOURS = np.array([0, 7, 10, 13, 18, 22, 24]) / 24
_DONE_BY = np.array([0, 0.03, 0.2, 0.45, 0.8, 0.97, 1])  # share of a day's events that lie before these hours


@dataclass(frozen=True)
class Clock:
    """The calendar of one log.

    Parameters
    ----------
    first_day : day number of the log's first day.
    passed : shape (days + 1,), seasonal days that have passed by each midnight.
    """

    first_day: int
    passed: Days

    @classmethod
    def of(cls, season: Season, first_day: date, days: int) -> Clock:
        """The clock of `days` days from `first_day` on."""
        passed = np.concatenate(([0.0], np.cumsum(_speeds(season, first_day, days))))
        return cls(day_number(first_day), passed)

    @property
    def days(self) -> int:
        """Length of the log."""
        return len(self.passed) - 1

    def seasonal(self, time: Days) -> Days:
        """Seasonal days passed by `time`; after the log's end they pass at speed one."""
        inside = np.interp(time, np.arange(self.days + 1), self.passed)
        return inside + np.maximum(time - self.days, 0)

    def real(self, seasonal: Days) -> Days:
        """The time, within the log, by which so many seasonal days have passed."""
        return np.interp(seasonal, self.passed, np.arange(self.days + 1))

    def instant(self, time: Days) -> NDArray[np.int64]:
        """UTC microseconds, at whole seconds, with most events in the daytime. Order and day are kept."""
        day = np.floor(time)
        hour = np.interp(time - day, _DONE_BY, _HOURS)
        second = np.minimum((hour * 86_400).astype(np.int64), 86_399)
        wall: NDArray[np.int64] = (self.first_day + day.astype(np.int64)) * DAY + second * SECOND
        return wall

    def midnight(self, time: Days) -> NDArray[np.int64]:
        """UTC microseconds of the first instant of the day of `time`."""
        start: NDArray[np.int64] = (self.first_day + np.floor(time).astype(np.int64)) * DAY
        return start


def _speeds(season: Season, first_day: date, days: int) -> Days:
    """Seasonal days per day, one on average over weeks and years."""
    calendar = [first_day + timedelta(days=i) for i in range(days)]
    angle = 2 * np.pi * (np.array([day.timetuple().tm_yday for day in calendar]) - _PEAK) / 365.25
    weekend = np.array([day.weekday() >= 5 for day in calendar])
    week = np.where(weekend, season.weekend_factor, 1.0) * 7 / (5 + 2 * season.weekend_factor)
    speeds: Days = week * (1 + season.yearly_swing * np.cos(angle))
    return speeds
