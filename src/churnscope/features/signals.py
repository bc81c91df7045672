"""Totals, means and extremes of numbers carried with the rows."""

from __future__ import annotations

from collections.abc import Iterator

from churnscope.features.family import family
from churnscope.features.feature import Feature, none, suffix, within
from churnscope.features.log import Log

MEASURES = ("value", "duration")


@family("engagement")
def measures(log: Log) -> Iterator[Feature]:
    """How much the customer did, and how long it took."""
    for column in MEASURES:
        if column in log.columns:
            yield from _summary(log, column, f"{log.noun}_{column}")


@family("purchases", "engagement")
def own_signals(log: Log) -> Iterator[Feature]:
    """The signals the config declares."""
    for signal in log.own_signals:
        yield from _summary(log, signal, f"{log.noun}_{signal}")


@family("extra_features")
def latest(log: Log) -> Iterator[Feature]:
    """The newest values that another system computed of the customer."""
    for signal in log.own_signals:
        words = signal.replace("_", " ")
        yield Feature(
            name=f"latest_{signal}",
            unit=words,
            concept=words,
            sentence=f"{words} {{value:,.6g}}",
            missing=f"no {words} known",
            values=log.rows.last(signal),
        )


def _summary(log: Log, signal: str, name: str) -> Iterator[Feature]:
    words = signal.replace("_", " ")
    for window in log.main_windows:
        yield Feature(
            name=f"{name}_total_{suffix(window)}",
            unit=words,
            window=window,
            concept=words,
            sentence=f"{words} {{value:,.6g}} {within(window)}",
            values=log.kept.total(signal, window),
        )
        yield Feature(
            name=f"{name}_mean_{suffix(window)}",
            unit=words,
            window=window,
            concept=words,
            sentence=f"{words} {{value:,.3g}} on average {within(window)}",
            missing=none(f"known {words}", window),
            values=log.kept.mean(signal, window),
        )
    for window in log.long_windows:
        yield Feature(
            name=f"{name}_largest_{suffix(window)}",
            unit=words,
            window=window,
            concept=words,
            sentence=f"{words} at most {{value:,.3g}} {within(window)}",
            missing=none(f"known {words}", window),
            values=log.kept.largest(signal, window),
        )
    yield Feature(
        name=f"{name}_last",
        unit=words,
        concept=words,
        sentence=f"last {words} {{value:,.3g}}",
        missing=none(f"known {words}"),
        values=log.kept.last(signal),
    )
