"""How even the customer's rhythm is, and how far out of it the present pause is."""

from __future__ import annotations

from collections.abc import Iterator

from churnscope.events import Window, ratio
from churnscope.features.family import family
from churnscope.features.feature import RISING, Feature, none, suffix, within
from churnscope.features.log import Log


@family("purchases", "engagement", "contacts")
def regularity(log: Log) -> Iterator[Feature]:
    """How even the customer's rhythm is, in days between active days."""
    for window in log.long_windows:
        yield from _gaps(log, window)
    noun, rhythm = log.noun, log.kept.rhythm
    yield Feature(
        name=f"last_{noun}_gap_days",
        unit="days",
        concept="rhythm",
        sentence=f"{{value:.0f}} days between the last two {noun} days",
        missing=none(f"second {noun} day"),
        values=rhythm.last_gap(),
    )
    yield Feature(
        name=f"{noun}_gap_log_mean_ever",
        unit="log days",
        concept="rhythm",
        sentence=f"mean logarithm of the days between {log.nouns} {{value:.2f}}",
        spoken=False,
        missing=none(f"second {noun} day"),
        values=ratio(rhythm.gap_log_sum(), rhythm.gap_count()),
    )
    for length in log.lengths[-2:]:
        yield Feature(
            name=f"{noun}_clumpiness_{suffix(length)}",
            unit="0 to 1",
            window=length,
            concept="rhythm",
            sentence=f"{log.nouns} {within(length)} lie in clumps by {{value:.2f}} (0 evenly spread, 1 all at once)",
            spoken=False,
            missing=none(noun, length),
            values=rhythm.clumpiness(length),
        )


@family("purchases", "engagement", "contacts")
def overdue(log: Log) -> Iterator[Feature]:
    """How the present pause compares with the customer's own rhythm."""
    noun, rhythm, pause = log.noun, log.kept.rhythm, log.kept.days_since_last()
    missing = f"no second {noun} day yet, so no rhythm to compare with"
    since = f"last {log.own} {{days_since_last_{noun}:.0f}} days ago"
    yield Feature(
        name=f"{noun}_overdue_ratio",
        unit="ratio",
        concept="recency",
        sentence=f"{since}, usually every {{{noun}_gap_mean_days_ever:.0f}} days",
        missing=missing,
        direction=RISING,
        values=ratio(pause, rhythm.gap_mean()),
    )
    yield Feature(
        name=f"{noun}_longest_pause_ratio",
        unit="ratio",
        concept="recency",
        sentence=f"{since}, longest pause before that {{{noun}_gap_max_days_ever:.0f}} days",
        missing=missing,
        direction=RISING,
        values=ratio(pause, rhythm.gap_largest()),
    )
    yield Feature(
        name=f"{noun}_overdue_spreads",
        unit="standard deviations",
        concept="recency",
        sentence=f"{since}, usually every {{{noun}_gap_mean_days_ever:.0f}} days give or take {{{noun}_gap_std_days_ever:.0f}}",
        missing=f"no uneven rhythm of at least three {noun} days to compare with",
        direction=RISING,
        values=ratio(pause - rhythm.gap_mean(), rhythm.gap_std()),
    )


def _gaps(log: Log, window: Window) -> Iterator[Feature]:
    noun, rhythm = log.noun, log.kept.rhythm
    for name, unit, sentence, days, values in (
        ("gap_mean_days", "days", f"one {noun} every {{value:.0f}} days", "two", rhythm.gap_mean(window)),
        ("gap_std_days", "days", f"days between {log.nouns} vary by {{value:.0f}}", "three", rhythm.gap_std(window)),
        ("gap_cv", "ratio", f"days between {log.nouns} vary by {{value:.0%}} of their mean", "three", rhythm.gap_cv(window)),
        ("gap_max_days", "days", "longest pause {value:.0f} days", "two", rhythm.gap_largest(window)),
    ):
        yield Feature(
            name=f"{noun}_{name}_{suffix(window)}",
            unit=unit,
            window=window,
            concept="rhythm",
            sentence=f"{sentence} {within(window)}",
            spoken="vary" not in sentence,
            missing=f"fewer than {days} {noun} days {within(window)}",
            values=values,
        )
