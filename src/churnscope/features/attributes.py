"""What is told of a customer: as it held at the cutoff, never as it is today."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from churnscope.features.family import family
from churnscope.features.feature import Feature
from churnscope.features.log import Log
from churnscope.levels import named

YES_OR_NO = "1 or 0"


@family("customers")
def person(log: Log) -> Iterator[Feature]:
    """How old the customer is, and how they came."""
    if "birthday" in log.columns:
        yield Feature(
            name="age_years",
            unit="years",
            concept="age",
            sentence="{value:.0f} years old",
            missing="birthday not known",
            values=age_in_years(log.held("birthday"), log.rows.cutoff_days()),
        )
    if "acquisition_cost" in log.columns:
        yield Feature(
            name="acquisition_cost",
            unit="currency",
            concept="acquisition",
            sentence="cost {value:,.2f} to win",
            missing="cost of winning the customer not known",
            values=log.held("acquisition_cost"),
        )
    if "referred_by" in log.columns:
        by_somebody = log.held("by somebody", lambda rows: np.where(rows.signals["referred_by"] != 0, 1.0, np.nan))
        by_nobody = log.held("by nobody", lambda rows: np.zeros(len(rows.day)))
        yield Feature(
            name="was_referred",
            unit=YES_OR_NO,
            concept="acquisition",
            sentence="brought in by another customer",
            at_zero="brought in by no other customer",
            missing="nothing known of who brought the customer in",
            values=np.where(np.isnan(by_somebody), by_nobody, by_somebody),
        )
    if "acquisition_channel" in log.columns:
        yield from _levels(log, "acquisition_channel")


@family("customers")
def loyalty(log: Log) -> Iterator[Feature]:
    """Whether the customer is in the loyalty programme, and since when."""
    if "loyalty" in log.columns:
        yield Feature(
            name="in_loyalty_programme",
            unit=YES_OR_NO,
            concept="loyalty programme",
            sentence="in the loyalty programme",
            at_zero="not in the loyalty programme",
            missing="not known whether in the loyalty programme",
            values=log.held("loyalty"),
        )
    if "loyalty_since" in log.columns:
        yield Feature(
            name="days_in_loyalty_programme",
            unit="days",
            concept="loyalty programme",
            sentence="joined the loyalty programme {value:.0f} days ago",
            missing="has not joined the loyalty programme",
            values=log.rows.cutoff_days() - log.held("loyalty_since"),
        )


@family("customers", "snapshot")
def attributes(log: Log) -> Iterator[Feature]:
    """What else the config declares to be told of the customer: numbers, true or false, dates, common texts."""
    for name in log.own_signals:
        words = name.replace("_", " ")
        if name in log.levels:
            yield from _levels(log, name)
        elif name in log.dates:
            yield Feature(
                name=f"days_since_{name}",
                unit="days",
                concept=words,
                sentence="{column} {value:,.0f} days ago",
                missing="{column}: no day before this one known",
                words={"column": words},
                values=_told_on(log) - log.held(name),
            )
        elif name in log.flags:
            yield Feature(
                name=name,
                unit=YES_OR_NO,
                concept=words,
                sentence="{column}: yes",
                at_zero="{column}: no",
                missing="{column}: not known",
                words={"column": words},
                values=log.held(name),
            )
        else:
            yield Feature(
                name=name,
                unit=words,
                concept=words,
                sentence="{column}: {value:,.6g}",
                missing="{column}: not known",
                words={"column": words},
                values=log.held(name),
            )


def _levels(log: Log, column: str) -> Iterator[Feature]:
    """One feature for each common value of a text: whether it is this one."""
    words = column.replace("_", " ")
    for word, level in named(log.levels.get(column, ())):
        yield Feature(
            name=f"{column}_is_{word}",
            unit=YES_OR_NO,
            concept=words,
            sentence="{column} is {level}",
            at_zero="{column} is not {level}",
            missing="{column}: not known",
            words={"column": words, "level": level.text},
            values=log.holds(column, level),
        )


def _told_on(log: Log) -> NDArray[np.float64]:
    """The cutoff; of a row that tells of a day of its own, the end of that day, however long before the cutoff it is."""
    cutoff = log.rows.cutoff_days().astype(np.float64)
    return cutoff - (log.rows.days_since_last() - 1) if log.role.is_state else cutoff


def age_in_years(birthday: NDArray[np.float64], cutoff: NDArray[np.int32]) -> NDArray[np.float64]:
    """Whole years from a birthday to the cutoff's day; who was born on 29 February grows older on 1 March in other years.

    Parameters
    ----------
    birthday, cutoff : numbers of days since 1970-01-01, of the same shape; NaN for a birthday not known.

    Examples
    --------
    >>> days = np.array(["2023-02-28", "2023-03-01", "2024-02-29"], "datetime64[D]").astype(np.int32)
    >>> age_in_years(np.full(3, np.datetime64("2020-02-29").astype(int), np.float64), days)
    array([2., 3., 4.])
    """
    known = np.isfinite(birthday)
    born, today = (_year_and_day(np.where(known, days, 0)) for days in (birthday, cutoff))
    years = today[0] - born[0] - (today[1] < born[1])
    return np.where(known, years, np.nan)


def _year_and_day(days: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The year of each day, and a number for month and day of the month that rises through the year."""
    day = days.astype(np.int64).astype("datetime64[D]")
    year, month = day.astype("datetime64[Y]"), day.astype("datetime64[M]")
    of_month = (day - month.astype("datetime64[D]")).astype(np.int64)
    return year.astype(np.int64), (month - year.astype("datetime64[M]")).astype(np.int64) * 31 + of_month
