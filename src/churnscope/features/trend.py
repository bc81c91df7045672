"""Whether the customer comes and spends more or less than before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from churnscope.events import ratio
from churnscope.features.family import family
from churnscope.features.feature import FALLING, Feature, none
from churnscope.features.log import Log

Answer = NDArray[np.float64]


@family("purchases", "engagement", "contacts")
def trend(log: Log) -> Iterator[Feature]:
    """How often the customer was active in a window, against the days just before it."""
    for short, long in log.neighbours:
        recent, whole = log.count(short), log.count(long)
        yield Feature(
            name=f"{log.noun}_count_{short}d_of_{long}d",
            unit="share",
            window=long,
            concept="trend",
            sentence=f"{{value:.0%}} of the last {{days}} days' {log.nouns} made in the last {{short}}",
            words={"short": short},
            missing=none(log.noun, long),
            direction=FALLING,
            values=ratio(recent, whole),
        )
        yield Feature(
            name=f"{log.noun}_rate_{short}d_to_before_{long}d",
            unit="ratio",
            window=long,
            concept="trend",
            sentence=f"{log.role.verb} {{value:.0%}} as often in the last {{short}} days as in the {{before}} days before",
            missing=f"no {log.noun} in the {{before}} days before the last {{short}}",
            words={"short": short, "before": long - short},
            direction=FALLING,
            values=rate_ratio(recent, whole, short, long),
        )


@family("purchases", needs=("amount",))
def spend_trend(log: Log) -> Iterator[Feature]:
    """How much the customer spent in a window, against the days just before it; returns left out."""
    for short, long in log.neighbours:
        recent, whole = log.kept.total("amount", short), log.kept.total("amount", long)
        yield Feature(
            name=f"spend_{short}d_of_{long}d",
            unit="share",
            window=long,
            concept="trend",
            sentence="{value:.0%} of the last {days} days' money spent in the last {short}",
            words={"short": short},
            missing=none("money spent", long),
            direction=FALLING,
            values=ratio(recent, whole),
        )
        yield Feature(
            name=f"spend_rate_{short}d_to_before_{long}d",
            unit="ratio",
            window=long,
            concept="trend",
            sentence="spent {value:.0%} as much a day in the last {short} days as in the {before} days before",
            missing="no money spent in the {before} days before the last {short}",
            words={"short": short, "before": long - short},
            direction=FALLING,
            values=rate_ratio(recent, whole, short, long),
        )


def rate_ratio(recent: Answer, whole: Answer, short: int, long: int) -> Answer:
    """Rate per day in `[c - short, c)` over the rate in `[c - long, c - short)`, from the totals of both windows.

    NaN where nothing happened before.
    """
    return ratio(recent, whole - recent) * ((long - short) / short)
