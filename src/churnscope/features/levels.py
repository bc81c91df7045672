"""What the customer does, kind by kind, and through which channels: the common ones, each with features of its own."""

from __future__ import annotations

from collections.abc import Iterator

from churnscope.events import Events, Observed, Signal, ratio
from churnscope.features.family import family
from churnscope.features.feature import FALLING, Feature, none, suffix, within
from churnscope.features.log import Log
from churnscope.features.norm import expectation
from churnscope.levels import Level, named


@family("engagement", needs=("kind",))
def each_kind(log: Log) -> Iterator[Feature]:
    """What share of it each kind of activity is, how long ago it was, and how it compares with the customer's own past."""
    for word, level, rows in _told_apart(log, "kind"):
        yield _share(log, f"{log.noun}_{word}_share", level, rows, "kinds of activity")
        yield Feature(
            name=f"days_since_last_{log.noun}_{word}",
            unit="days",
            concept="kinds of activity",
            sentence='last "{level}" {value:.0f} days ago',
            missing='no "{level}" yet',
            words={"level": level.text},
            values=rows.days_since_last(),
        )
        for length in log.main_lengths[:1]:
            usual = expectation(log, rows.count(length), rows.count(), length)
            yield Feature(
                name=f"{log.noun}_{word}_count_{length}d_to_norm",
                unit="ratio",
                window=length,
                concept="own norm",
                sentence=f'{{value:.0%}} of the usual number of "{{level}}" {within(length)}',
                missing='no "{level}" before the last {days} days',
                words={"level": level.text},
                values=ratio(rows.count(length), usual),
            )


@family("engagement", needs=("channel",))
def each_channel(log: Log) -> Iterator[Feature]:
    """What share of the activity goes through each channel."""
    for word, level, rows in _told_apart(log, "channel"):
        yield _share(log, f"{log.noun}_channel_{word}_share", level, rows, "channel variety")


@family("engagement")
def per_active_day(log: Log) -> Iterator[Feature]:
    """How much the customer does on a day on which they do something."""
    for window in log.main_windows:
        yield Feature(
            name=f"{log.nouns}_per_active_day_{suffix(window)}",
            unit=log.nouns,
            window=window,
            concept="intensity",
            sentence=f"{{value:.1f}} {log.nouns} per active day {within(window)}",
            missing=none(log.noun, window),
            values=ratio(log.count(window), log.kept.distinct_days(window)),
        )
    for length in log.main_lengths:
        days = log.kept.distinct_days
        yield Feature(
            name=f"{log.noun}_days_{length}d_to_norm",
            unit="ratio",
            window=length,
            concept="own norm",
            sentence=f"{log.role.verb} on {{value:.0%}} of the usual number of days {within(length)}",
            missing=f"no {log.noun} before the last {{days}} days",
            direction=FALLING,
            values=ratio(days(length), expectation(log, days(length), days(), length)),
        )


def _told_apart(log: Log, column: str) -> Iterator[tuple[str, Level, Observed]]:
    """Each common value of a text with a word for it and its rows; a value that stands alone tells nothing."""
    levels = log.levels.get(column, ())
    for word, level in named(levels) if len(levels) > 1 else ():

        def is_it(events: Events, code: int = level.code) -> Signal:
            flags: Signal = events.signals[column] == code
            return flags

        yield word, level, log.kept.select(log.kept.derive(f"{column} is {level.code}", is_it))


def _share(log: Log, name: str, level: Level, rows: Observed, concept: str) -> Feature:
    window = log.long_windows[0]
    return Feature(
        name=f"{name}_{suffix(window)}",
        unit="share",
        window=window,
        concept=concept,
        sentence=f'{{value:.0%}} of {log.row_nouns} "{{level}}" {within(window)}',
        words={"level": level.text},
        missing=none(log.noun, window),
        values=ratio(rows.count(window), log.kept.count(window)),
    )
