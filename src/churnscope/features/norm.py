"""How the present compares with the customer's own past."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from churnscope.events import ratio
from churnscope.features.family import family
from churnscope.features.feature import FALLING, RISING, Direction, Feature, none, within
from churnscope.features.log import Log

Answer = NDArray[np.float64]


@family("purchases", "engagement")
def own_norm(log: Log) -> Iterator[Feature]:
    """How often the customer was active, against what their own time before the window lets expect."""
    noun = log.noun
    for length in log.lengths:
        yield from _against_norm(log, length)
    yield Feature(
        name=f"last_{noun}_gap_to_norm",
        unit="ratio",
        concept="own norm",
        sentence=f"last pause between {noun} days {{value:.0%}} of the usual length",
        missing=none(f"second {noun} day"),
        values=ratio(log.kept.rhythm.last_gap(), log.kept.rhythm.gap_mean()),
    )


def _against_norm(log: Log, length: int) -> Iterator[Feature]:
    count, expected = log.count(length), expectation(log, log.count(length), log.count(), length)
    missing = f"no {log.noun} before the last {{days}} days"
    usual = f"{{expected_{log.noun}_count_{length}d:.1f}} to be expected from the time before"
    compared = f"{log.role.verb} {{{log.noun}_count_{length}d:.0f}} times {within(length)}, {usual}"
    surprise = ratio(expected - count, np.sqrt(expected))
    yield Feature(
        name=f"expected_{log.noun}_count_{length}d",
        unit=log.nouns,
        window=length,
        concept="own norm",
        sentence=f"{{value:.1f}} {log.nouns} to be expected {within(length)} from the time before",
        spoken=False,
        missing=missing,
        values=expected,
    )
    answers: tuple[tuple[str, str, Direction, Answer], ...] = (
        (f"{log.noun}_count_{length}d_to_norm", "ratio", FALLING, ratio(count, expected)),
        (f"{log.noun}_shortfall_{length}d", "standard deviations", RISING, surprise),
    )
    for name, unit, direction, values in answers:
        yield Feature(
            name=name,
            unit=unit,
            window=length,
            concept="own norm",
            sentence=compared,
            missing=missing,
            direction=direction,
            values=values,
        )


@family("purchases", needs=("amount",))
def spend_norm(log: Log) -> Iterator[Feature]:
    """How much the customer spent, against what their own time before the window lets expect; returns left out."""
    for length in log.lengths:
        expected = expectation(log, log.kept.total("amount", length), log.kept.total("amount"), length)
        yield Feature(
            name=f"spend_{length}d_to_norm",
            unit="ratio",
            window=length,
            concept="own norm",
            sentence=f"spent {{value:.0%}} of their usual {within(length)}",
            missing="no money spent before the last {days} days",
            direction=FALLING,
            values=ratio(log.kept.total("amount", length), expected),
        )


@family("engagement")
def measured_norm(log: Log) -> Iterator[Feature]:
    """How much the customer did and how long it took, against what their own time before the window lets expect."""
    for column in ("value", "duration"):
        for length in log.main_lengths if column in log.columns else ():
            recent, whole = log.kept.total(column, length), log.kept.total(column)
            usual = expectation(log, recent, whole, length)
            yield Feature(
                name=f"{log.noun}_{column}_{length}d_to_norm",
                unit="ratio",
                window=length,
                concept="own norm",
                sentence=f"{{signal}} {{value:.0%}} of the usual {within(length)}",
                missing="no {signal} before the last {days} days",
                words={"signal": column},
                direction=FALLING,
                values=ratio(recent, np.where(usual > 0, usual, np.nan)),
            )


def expectation(log: Log, recent: Answer, whole: Answer, length: int) -> Answer:
    """What the window would hold at the rate of the days from the first event to its begin; NaN where there are none."""
    before = log.kept.days_since_first() - length
    return np.where(before > 0, (whole - recent) * length / before, np.nan)
