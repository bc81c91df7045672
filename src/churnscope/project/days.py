"""The day a command runs as of, and the cutoffs that follow from it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from churnscope.config.models import Config
from churnscope.errors import ConfigError, InputError
from churnscope.timeline import Split, Timing, date_of, day_number, plan_cutoffs, split_by_time

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


def timing_of(config: Config) -> Timing:
    """What the config predicts, and when it is known."""
    return config.timing


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
    timing, as_of = timing_of(config), covered.as_of
    listed = sorted(day_number(day) for day in config.prediction.cutoffs)
    if config.label.kind == "given":
        told = [day for day in covered.label_days if not listed or day in listed]
        return tuple(told[-config.prediction.most_cutoffs :])
    if listed:
        return tuple(cutoff for cutoff in listed if timing.is_complete(cutoff, as_of))
    history = config.prediction.history_days
    if history is None:
        history = max(rule.reach_days for rule in config.activity.rules)
    spacing = config.prediction.spacing_days or max(1, timing.horizon_days // 3)
    return plan_cutoffs(covered.first_day + history, as_of, timing, most=config.prediction.most_cutoffs, spacing_days=spacing)


def newest_cutoff(config: Config, covered: Covered) -> int:
    """The newest cutoff whose outcome is known at `as_of`.

    Raises
    ------
    InputError : when there is none.
    """
    cutoffs = complete_cutoffs(config, covered)
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
    try:
        return split_by_time(cutoffs, timing_of(config))
    except InputError as error:
        span = f"Data begin on {date_of(covered.first_day)} and are read to {date_of(covered.as_of - 1)}."
        raise InputError(f"{error.what} {span}", error.advice) from error
