"""On which days and at which hours the customer is active, and the season of the cutoff."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from churnscope.events import Events
from churnscope.features.family import family
from churnscope.features.feature import Feature, none, suffix, within
from churnscope.features.log import Log

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
QUARTERS = ("night", "morning", "afternoon", "evening")  # of a day, from midnight
QUARTER_HOURS = 6


@family("purchases", "engagement")
def weekdays(log: Log) -> Iterator[Feature]:
    """On which days of the week the customer is active."""
    log.kept.derive("weekday", weekday)
    weekend = log.kept.flag("weekday", WEEKDAYS.index("saturday"), len(WEEKDAYS))
    for window in log.main_windows:
        yield Feature(
            name=f"{log.noun}_weekend_share_{suffix(window)}",
            unit="share",
            window=window,
            concept="timing",
            sentence=f"{{value:.0%}} of {log.row_nouns} at weekends {within(window)}",
            spoken=False,
            missing=none(log.noun, window),
            values=log.kept.share(weekend, window),
        )
    window = log.long_windows[0]
    for number, name in enumerate(WEEKDAYS):
        yield Feature(
            name=f"{log.noun}_{name}_share_{suffix(window)}",
            unit="share",
            window=window,
            concept="timing",
            sentence=f"{{value:.0%}} of {log.row_nouns} on a {name.title()} {within(window)}",
            spoken=False,
            missing=none(log.noun, window),
            values=log.kept.share(log.kept.flag("weekday", number, number + 1), window),
        )


@family("purchases", "engagement", needs=("minute_of_day",))
def hours(log: Log) -> Iterator[Feature]:
    """At which time of the day the customer is active."""
    window = log.long_windows[0]
    for number, name in enumerate(QUARTERS):
        begin = number * QUARTER_HOURS
        in_it = log.kept.flag("minute_of_day", begin * 60, (begin + QUARTER_HOURS) * 60)
        yield Feature(
            name=f"{log.noun}_{name}_share_{suffix(window)}",
            unit="share",
            window=window,
            concept="timing",
            sentence=f"{{value:.0%}} of {log.row_nouns} from {begin}:00 to {begin + QUARTER_HOURS}:00 {within(window)}",
            spoken=False,
            missing=none(log.noun, window),
            values=log.kept.share(in_it, window),
        )


@family()
def calendar(log: Log) -> Iterator[Feature]:
    """The season of the cutoff; off unless two years of history let it mean more than which snapshot a row is from."""
    cutoff = log.rows.cutoff_days().astype("datetime64[D]")
    year, month = cutoff.astype("datetime64[Y]"), cutoff.astype("datetime64[M]")
    yield Feature(
        name="cutoff_month",
        unit="month of the year",
        concept="season",
        sentence="month {value:.0f} of the year",
        spoken=False,
        values=(month - year.astype("datetime64[M]")).astype(np.float64) + 1,
    )
    yield Feature(
        name="cutoff_week",
        unit="week of the year",
        concept="season",
        sentence="week {value:.0f} of the year, counted from 1 January",
        spoken=False,
        values=(cutoff - year.astype("datetime64[D]")).astype(np.int64) // 7 + 1.0,
    )


def weekday(events: Events) -> NDArray[np.int64]:
    """Day of the week of each row, Monday 0; 1970-01-01 was a Thursday."""
    return (events.day.astype(np.int64) + 3) % 7
