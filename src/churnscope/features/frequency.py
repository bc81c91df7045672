"""How often the customer was active, window by window."""

from __future__ import annotations

from collections.abc import Iterator

from churnscope.features.family import family
from churnscope.features.feature import FALLING, Feature, suffix, within
from churnscope.features.log import Log


@family("purchases", "engagement", "contacts")
def frequency(log: Log) -> Iterator[Feature]:
    """How often the customer was active, window by window."""
    for window in log.windows:
        yield Feature(
            name=f"{log.noun}_count_{suffix(window)}",
            unit=log.nouns,
            window=window,
            concept="frequency",
            sentence=f"{log.role.verb} {{value:.0f}} times {within(window)}",
            direction=FALLING,
            values=log.count(window),
        )
