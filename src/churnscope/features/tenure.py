"""How long the customer has been one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from churnscope.events import ratio
from churnscope.features.family import family
from churnscope.features.feature import FALLING, Feature, none
from churnscope.features.log import Log
from churnscope.roles import START


@family("purchases", "engagement", "contacts")
def tenure(log: Log) -> Iterator[Feature]:
    """How long the customer has been active: T, t_x and x of the value models."""
    noun, since_first = log.noun, log.kept.days_since_first()
    first_to_last = since_first - log.kept.days_since_last()
    yield Feature(
        name=f"days_since_first_{noun}",
        unit="days",
        concept="tenure",
        sentence=f"first {log.own} {{value:.0f}} days ago",
        missing=none(f"{noun}"),
        values=since_first,
    )
    yield Feature(
        name=f"first_to_last_{noun}_days",
        unit="days",
        concept="tenure",
        sentence=f"{{value:.0f}} days from first to last {noun}",
        missing=none(f"{noun}"),
        values=first_to_last,
    )
    yield Feature(
        name=f"repeat_{noun}_days",
        unit="days",
        concept="frequency",
        sentence=f"came back on {{value:.0f}} days after the first {noun}",
        direction=FALLING,
        values=np.maximum(log.kept.distinct_days() - 1, 0),
    )
    yield Feature(
        name=f"active_share_of_{noun}_tenure",
        unit="share",
        concept="recency",
        sentence=f"last {noun} {{value:.0%}} of the way from the first to today",
        spoken=False,
        missing=none(f"{noun}"),
        direction=FALLING,
        values=ratio(first_to_last, since_first),
    )


@family("customers", needs=(START,))
def membership(log: Log) -> Iterator[Feature]:
    """How long ago the person became a customer."""
    yield Feature(
        name="tenure_days",
        unit="days",
        concept="tenure",
        sentence="customer for {value:.0f} days",
        missing="start date not known",
        values=log.rows.cutoff_days() - log.held(START),
    )
