"""The day a command runs as of, and the cutoffs that follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from churnscope.config.models import Config
from churnscope.errors import ConfigError, InputError
from churnscope.evaluation.backtest import plan_folds
from churnscope.snapshots.plan import days_together, timing_of
from churnscope.timeline import (
    CUSTOMER_PARTS,
    Split,
    Timing,
    date_of,
    day_number,
    is_part,
    part_number,
    plan_cutoffs,
    split_around,
    split_by_time,
)

if TYPE_CHECKING:
    import numpy as np


def as_of_day(as_of: str | date | np.datetime64 | None, config: Config, *, option: str = "--as-of") -> int | None:
    """The day number of `as_of`: a date, ISO text, `today` or `yesterday` in the config's time zone; None stays None.

    Of a time, such as pandas and NumPy hold, the day counts.

    `today` and `yesterday` are the only words of a command that read the clock.

    Parameters
    ----------
    option : where the day was given, for messages.

    Raises
    ------
    ConfigError : when it is none of these.
    """
    if as_of is None:
        return None
    if as_of in {"today", "yesterday"}:
        today = datetime.now(ZoneInfo(config.time_zone)).date()
        return day_number(today - timedelta(days=as_of == "yesterday"))
    try:
        written = as_of if isinstance(as_of, str) else str(as_of)[:10]  # days and times of every library begin alike
        return day_number(date.fromisoformat(written))
    except ValueError as error:
        raise ConfigError(f"{option} {as_of} is not a day.", "Write it as 2024-02-28, or today, or yesterday.") from error


def history_days(config: Config) -> int:
    """The days of rows that the first planned cutoff has before it."""
    asked = config.prediction.history_days
    return max(rule.reach_days for rule in config.activity.rules) if asked is None else asked


class Covered(Protocol):
    """The days that loaded sources cover."""

    @property
    def first_day(self) -> int:
        """Day of the oldest row."""

    @property
    def as_of(self) -> int:
        """First day that is not read."""

    @property
    def label_days(self) -> tuple[int, ...]:
        """The days of which given labels speak."""


def complete_cutoffs(config: Config, covered: Covered) -> tuple[int, ...]:
    """The cutoffs, listed or planned, whose outcome is known at `as_of`; rising.

    Planned cutoffs are a third of the horizon apart and leave the longest activity window of history before the first. Labels
    that are given bring their own: the newest days they speak of.

    Raises
    ------
    InputError : when a listed cutoff's outcome is not complete at `as_of`.
    """
    timing, as_of = timing_of(config, covered.label_days), covered.as_of
    listed = sorted(day_number(day) for day in config.prediction.cutoffs)
    if config.label.kind == "given":
        told = _blocks(config, covered.label_days) if not listed else [day for day in covered.label_days if day in listed]
        return tuple(told[-config.prediction.most_cutoffs :])
    if listed:
        return tuple(cutoff for cutoff in listed if timing.is_complete(cutoff, as_of))
    most, apart = config.prediction.most_cutoffs, config.prediction.days_apart
    first = covered.first_day + history_days(config)
    return plan_cutoffs(first, as_of, timing, most=most, spacing_days=apart)


def newest_cutoff(config: Config, covered: Covered) -> int:
    """The newest cutoff whose outcome is known at `as_of`; of a file without date, the last part of its customers.

    Raises
    ------
    InputError : when there is none.
    """
    cutoffs = complete_cutoffs(config, covered)
    if not cutoffs and config.flat is not None:
        raise no_label(config)
    if cutoffs and not config.has_days:
        return part_number(CUSTOMER_PARTS)
    if not cutoffs:
        raise InputError(
            f"No cutoff has a complete outcome before {date_of(covered.as_of)}.",
            "Give newer data, a later --as-of, or a shorter horizon_days.",
        )
    return cutoffs[-1]


def training_split(config: Config, covered: Covered) -> Split:
    """The cutoffs by use.

    Raises
    ------
    InputError : when history is too short for one cutoff each to fit, to stop and to test on; it says how much is missing.
    """
    cutoffs = complete_cutoffs(config, covered)
    if not cutoffs and config.flat is not None:
        raise no_label(config)
    if not config.has_days:
        return split_around(part_number(CUSTOMER_PARTS))
    try:
        return split_by_time(cutoffs, timing_of(config, covered.label_days))
    except InputError as error:
        span = f"Data begin on {date_of(covered.first_day)} and are read to {date_of(covered.as_of - 1)}."
        planned = len(cutoffs) == config.prediction.most_cutoffs and not config.prediction.cutoffs
        advice = "Plan more cutoffs, or further apart: [prediction] most_cutoffs, spacing_days." if planned else error.advice
        raise InputError(f"{error.what} {span}", advice) from error


def backtest_splits(config: Config, covered: Covered) -> tuple[Split, ...]:
    """The splits of a backtest, oldest first; of a file without date, every part of its customers is a test once."""
    cutoffs, most = complete_cutoffs(config, covered), config.evaluation.folds
    if config.has_days:
        return plan_folds(cutoffs, timing_of(config, covered.label_days), most=most) if most else ()
    return tuple(split_around(part_number(place)) for place in range(1, CUSTOMER_PARTS + 1)) if cutoffs else ()


def split_before(cutoffs: Sequence[int], cutoff: int, timing: Timing) -> Split:
    """The split whose test is a cutoff.

    Parameters
    ----------
    cutoffs : those that there are.
    """
    return split_around(cutoff) if is_part(cutoff) else split_by_time([day for day in cutoffs if day <= cutoff], timing)


def no_label(config: Config) -> InputError:
    """What to say where no row of a flat file has a label."""
    assert config.flat is not None
    label = config.flat.columns.get("churned")
    if label is None:
        return InputError("The config names no label.", "Map it, as columns = { churned = \"Churn = 'Yes'\" }.")
    return InputError(
        f"No row has a label: {label} is missing, or empty, everywhere.", "Give the file of customers who are known."
    )


def _blocks(config: Config, label_days: Sequence[int]) -> list[int]:
    """The days that labels speak of; of a flat file, the last one of each block of days that are looked at together."""
    together = days_together(config, label_days)
    if together == 1:
        return list(label_days)
    newest = label_days[-1]
    return sorted({newest - (newest - day) // together * together for day in label_days})
