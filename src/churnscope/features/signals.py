"""Totals, means, spread and extremes of numbers carried with the rows, and how often a flag is set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from churnscope.events import Window
from churnscope.features.family import family
from churnscope.features.feature import Feature, none, suffix, within
from churnscope.features.log import Log

MEASURES = ("value", "duration")


@family("engagement")
def measures(log: Log) -> Iterator[Feature]:
    """How much the customer did, and how long it took."""
    for column in MEASURES:
        if column in log.columns:
            yield from _numbers(log, column, log.main_windows)


@family("purchases", "engagement", "support", "contacts", "campaigns")
def own_signals(log: Log) -> Iterator[Feature]:
    """The signals the config declares: numbers in all and on average, true or false as counts and shares."""
    for signal in log.own_signals:
        yield from _flags(log, signal) if signal in log.flags else _numbers(log, signal, log.windows)


@family("extra_features")
def latest(log: Log) -> Iterator[Feature]:
    """The newest values that another system computed of the customer."""
    for signal in log.own_signals:
        words = signal.replace("_", " ")
        yield Feature(
            name=f"latest_{signal}",
            unit=words,
            concept=words,
            sentence="{signal}: {value:,.6g}",
            missing="{signal}: nothing known",
            words={"signal": words},
            values=log.rows.last(signal),
        )


def _numbers(log: Log, signal: str, windows: Sequence[Window]) -> Iterator[Feature]:
    """A number in all and on average; its spread and extremes, which need several rows, over the long windows."""
    name, words = f"{log.noun}_{signal}", signal.replace("_", " ")
    for window in windows:
        yield Feature(
            name=f"{name}_total_{suffix(window)}",
            unit=words,
            window=window,
            concept=words,
            sentence=f"{{signal}}: {{value:,.6g}} in all {within(window)}",
            words={"signal": words},
            values=log.signalled.total(signal, window),
        )
        yield Feature(
            name=f"{name}_mean_{suffix(window)}",
            unit=words,
            window=window,
            concept=words,
            sentence=f"{{signal}}: {{value:,.3g}} on average {within(window)}",
            missing=f"{{signal}}: nothing known {within(window)}",
            words={"signal": words},
            values=log.signalled.mean(signal, window),
        )
    for window in log.long_windows:
        yield from _spread(log, signal, window)
    yield Feature(
        name=f"{name}_last",
        unit=words,
        concept=words,
        sentence="{signal}: {value:,.3g} the last time",
        missing="{signal}: nothing known so far",
        words={"signal": words},
        values=log.signalled.last(signal),
    )


def _spread(log: Log, signal: str, window: Window) -> Iterator[Feature]:
    words = signal.replace("_", " ")
    nothing = f"{{signal}}: nothing known {within(window)}"
    for kind, said, missing, values in (
        ("largest", "at most", nothing, log.signalled.largest(signal, window)),
        ("smallest", "at least", nothing, log.signalled.smallest(signal, window)),
        ("std", "give or take", f"{{signal}}: fewer than two known {within(window)}", log.signalled.std(signal, window)),
    ):
        yield Feature(
            name=f"{log.noun}_{signal}_{kind}_{suffix(window)}",
            unit=words,
            window=window,
            concept=words,
            sentence=f"{{signal}}: {said} {{value:,.3g}} {within(window)}",
            words={"signal": words},
            spoken=kind != "std",
            missing=missing,
            values=values,
        )


def _flags(log: Log, signal: str) -> Iterator[Feature]:
    """How many rows, and what share of them, are marked, and how long ago the last one was."""
    name, words = f"{log.noun}_{signal}", signal.replace("_", " ")
    yield Feature(
        name=f"days_since_last_{name}",
        unit="days",
        concept=words,
        sentence="{signal}: last {value:.0f} days ago",
        missing="{signal}: never so far",
        words={"signal": words},
        values=log.signalled.select(signal).days_since_last(),
    )
    for window in log.windows:
        yield Feature(
            name=f"{name}_count_{suffix(window)}",
            unit=log.row_nouns,
            window=window,
            concept=words,
            sentence=f"{{signal}}: {{value:.0f}} {log.row_nouns} {within(window)}",
            words={"signal": words},
            values=log.signalled.total(signal, window),
        )
        yield Feature(
            name=f"{name}_share_{suffix(window)}",
            unit="share",
            window=window,
            concept=words,
            sentence=f"{{signal}}: {{value:.0%}} of {log.row_nouns} {within(window)}",
            words={"signal": words},
            missing=none(log.noun, window),
            values=log.signalled.share(signal, window),
        )
