"""How long ago the customer was last active."""

from __future__ import annotations

from collections.abc import Iterator

from churnscope.features.family import family
from churnscope.features.feature import RISING, Feature, none
from churnscope.features.log import Log


@family("purchases", "engagement", "contacts")
def recency(log: Log) -> Iterator[Feature]:
    """How long ago the customer was last active."""
    yield Feature(
        name=f"days_since_last_{log.noun}",
        unit="days",
        concept="recency",
        sentence=f"last {log.own} {{value:.0f}} days ago",
        missing=none(log.own),
        direction=RISING,
        values=log.kept.days_since_last(),
    )
    yield Feature(
        name=f"days_since_previous_{log.noun}",
        unit="days",
        concept="recency",
        sentence=f"last {log.noun} day but one {{value:.0f}} days ago",
        missing=none(f"second {log.noun} day"),
        direction=RISING,
        values=log.kept.days.days_since_last(1),
    )
