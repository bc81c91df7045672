"""The months of a history: those of the calendar, and those that end on a day."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

import numpy as np
from numpy.typing import NDArray

from churnscope.timeline import date_of, day_number

Days = NDArray[np.int32]


def calendar_months(first: int, last: int) -> Days:
    """The first days of the calendar's months that lie in `[first, last]`, shape (n_months + 1,) or empty.

    Examples
    --------
    >>> [date_of(day).isoformat() for day in calendar_months(18_994, 19_060)]
    ['2022-02-01', '2022-03-01']
    """
    start = date_of(first)
    day, days = shifted(day_number(start.replace(day=1)), 0 if start.day == 1 else 1), []
    while day <= last:
        days.append(day)
        day = shifted(day, 1)
    return np.array(days, np.int32)


def months_before(first: int, last: int) -> Days:
    """The days one, two, ... months before `last` and not before `first`, in the order of time; the last one is `last`.

    Examples
    --------
    >>> [date_of(day).isoformat() for day in months_before(19_000, 19_082)]
    ['2022-01-31', '2022-02-28', '2022-03-31']
    """
    days: list[int] = []
    while (day := shifted(last, -len(days))) >= first:
        days.append(day)
    return np.array(days[::-1], np.int32)


def shifted(day: int, months: int) -> int:
    """The day so many months later, or the last one of its month where that is shorter.

    Examples
    --------
    >>> date_of(shifted(19_082, -1)).isoformat()
    '2022-02-28'
    """
    start = date_of(day)
    year, month = divmod(12 * start.year + start.month - 1 + months, 12)
    return day_number(date(year, month + 1, min(start.day, monthrange(year, month + 1)[1])))
