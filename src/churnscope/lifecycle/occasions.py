"""Days that are a reason to get in touch: birthdays, anniversaries, and what else has a date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from churnscope.config.processes import Occasion
from churnscope.events import Events
from churnscope.events.block import NO_DAY
from churnscope.roles import ROLES, START

Whole = NDArray[np.int64]
_EPOCH_YEAR: Final = 1970
_FEBRUARY: Final = 1  # months from 0
_LEAP_DAY: Final = 28  # days from 0


@dataclass(frozen=True, eq=False)
class Upcoming:
    """Who has which occasion when, the nearest first.

    Parameters
    ----------
    customer : shape (n,), numbers of customers.
    day : shape (n,), of the occasion, the day itself at the earliest.
    """

    customer: Whole
    day: Whole


def upcoming(customers: ArrayLike, dates: ArrayLike, today: int, days: int, *, yearly: bool) -> Upcoming:
    """Customers with an occasion on a day or one of the days after it.

    Parameters
    ----------
    customers, dates : shape (n,), numbers of customers, and day numbers; `NO_DAY` where none is known.
    days : how many days are looked at, from `today` on.
    yearly : whether the date comes again every year. A date that is still to come is no occasion before it.

    Examples
    --------
    >>> from datetime import date
    >>> born, today = [date(1996, 2, 29).toordinal() - 719163], date(2023, 2, 20).toordinal() - 719163
    >>> (upcoming([7], born, today, 14, yearly=True).day - today).tolist()
    [8]
    """
    whose, day = np.asarray(customers, dtype=np.int64), np.asarray(dates, dtype=np.int64)
    known = day != NO_DAY
    whose, day = whose[known], day[known]
    following = next_anniversary(day, today) if yearly else day
    near = (following >= today) & (following < today + days) & (following >= day)
    order = np.lexsort((whose[near], following[near]))
    return Upcoming(whose[near][order], following[near][order])


def near(occasion: Occasion, rows: Events, role: str, source: int, today: int) -> Upcoming:
    """Who has an occasion soon, as the rows of its role tell that are known today.

    Parameters
    ----------
    source : the number of its source among those of the role.
    """
    if "source" in rows.signals:
        rows = rows.where(rows.signals["source"] == source)
    if ROLES[role].since:  # what is told of customers: the newest row counts
        newest = np.flatnonzero(np.diff(rows.customer, append=-1) != 0)
        rows = rows.where(np.isin(np.arange(len(rows.day)), newest))
    dates = rows.signals[_date_signal(role, occasion.column)]
    return upcoming(rows.customer, dates, today, occasion.days, yearly=occasion.yearly)


def _date_signal(role: str, column: str) -> str:
    """As which signal a date travels."""
    if not ROLES[role].since:
        return f"{column}_day"
    return START if column == "time" else column


def next_anniversary(day: ArrayLike, today: int) -> Whole:
    """The first day from `today` on with the same day and month.

    29 February falls on the 28th in a year without one: the month stays the same, and a greeting never comes late.

    Parameters
    ----------
    day : shape (n,), day numbers.

    Examples
    --------
    >>> next_anniversary([0, 364], 400).tolist()  # 1 January and 31 December, from 5 February 1971 on
    [730, 729]
    """
    dates: NDArray[Any] = np.asarray(day, dtype=np.int64).astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    in_month = (dates - months).astype(np.int64)
    month = months.astype(np.int64) % 12
    this_year = np.datetime64(today, "D").astype("datetime64[Y]").astype(np.int64)
    here = _in_year(this_year, month, in_month)
    return np.where(here >= today, here, _in_year(this_year + 1, month, in_month))


def _in_year(year: int, month: Whole, in_month: Whole) -> Whole:
    """Days of a year, counted from 1970, by months and days from 0."""
    number = year + _EPOCH_YEAR
    is_leap = number % 4 == 0 and (number % 100 != 0 or number % 400 == 0)
    falls = np.where((month == _FEBRUARY) & (in_month == _LEAP_DAY) & (not is_leap), _LEAP_DAY - 1, in_month)
    begins = (np.int64(year) * 12 + month).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return np.asarray(begins + falls, dtype=np.int64)
