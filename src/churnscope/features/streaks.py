"""On how many days, and in how many weeks in a row, the customer was active."""

from __future__ import annotations

from collections.abc import Iterator

from churnscope.features.family import family
from churnscope.features.feature import FALLING, Feature, suffix, within
from churnscope.features.log import Log

WEEK = 7
DAY = 1


@family("purchases", "engagement")
def active_days(log: Log) -> Iterator[Feature]:
    """On how many days the customer was active."""
    for window in log.windows:
        yield Feature(
            name=f"{log.noun}_days_{suffix(window)}",
            unit="days",
            window=window,
            concept="frequency",
            sentence=f"{log.role.verb} on {{value:.0f}} days {within(window)}",
            direction=FALLING,
            values=log.kept.distinct_days(window),
        )


@family("purchases", "engagement")
def week_streaks(log: Log) -> Iterator[Feature]:
    """How many weeks in a row the customer was active; weeks are counted back from the cutoff."""
    yield from _streaks(log, WEEK, "week")


@family("engagement")
def day_streaks(log: Log) -> Iterator[Feature]:
    """How many days in a row the customer was active."""
    yield from _streaks(log, DAY, "day")


def _streaks(log: Log, period: int, name: str) -> Iterator[Feature]:
    yield Feature(
        name=f"{log.noun}_{name}_streak",
        unit=f"{name}s",
        concept="streaks",
        sentence=f"{log.role.verb} {{value:.0f}} {name}s in a row up to now",
        direction=FALLING,
        values=log.kept.rhythm.current_streak(period),
    )
    for window in log.long_windows:
        yield Feature(
            name=f"longest_{log.noun}_{name}_streak_{suffix(window)}",
            unit=f"{name}s",
            window=window,
            concept="streaks",
            sentence=f"{log.role.verb} at most {{value:.0f}} {name}s in a row {within(window)}",
            direction=FALLING,
            values=log.kept.rhythm.longest_streak(period, window),
        )
