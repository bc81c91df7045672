"""What the customer's first day was like."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from churnscope.events import Events, ratio
from churnscope.features.family import family
from churnscope.features.feature import Feature, none
from churnscope.features.log import Log


@family("purchases", "engagement")
def beginning(log: Log) -> Iterator[Feature]:
    """What the customer's first active day was like."""
    noun, unit = log.noun, log.row_nouns
    first_day = log.kept.derive("first day", _on_first_day)
    yield Feature(
        name=f"first_{noun}_{unit}",
        unit=unit,
        concept="beginning",
        sentence=f"{{value:.0f}} {unit} on the first {noun} day",
        spoken=False,
        values=log.kept.total(first_day),
    )
    days = log.kept.days
    to_second = days.total(days.derive("to second", _days_to_second))
    yield Feature(
        name=f"days_to_second_{noun}",
        unit="days",
        concept="beginning",
        sentence=f"second {noun} {{value:.0f}} days after the first",
        missing=none(f"second {noun} day"),
        values=np.where(to_second > 0, to_second, np.nan),
    )


@family("purchases", needs=("amount",))
def first_purchase(log: Log) -> Iterator[Feature]:
    """What the customer's first purchase was worth."""
    amount = log.kept.derive("first day amount", lambda events: np.where(_on_first_day(events), events.signals["amount"], 0))
    spend = log.kept.total(amount)
    has_bought = log.kept.count() > 0
    yield Feature(
        name="first_purchase_spend",
        unit="currency",
        concept="beginning",
        sentence="spent {value:,.2f} on the first purchase day",
        missing=none("purchase"),
        values=np.where(has_bought, spend * log.resolution, np.nan),
    )
    yield Feature(
        name="first_purchase_share_of_spend",
        unit="share",
        concept="beginning",
        sentence="{value:.0%} of all money spent on the first purchase day",
        missing=none("money spent"),
        values=ratio(spend, log.kept.total("amount")),
    )


def _on_first_day(events: Events) -> NDArray[np.bool_]:
    """Rows of each customer's first day."""
    first = np.zeros(events.n_customers, np.int32)
    some = events.begin[1:] > events.begin[:-1]
    first[some] = events.day[events.begin[:-1][some]]
    flags: NDArray[np.bool_] = events.day == first[events.customer]
    return flags


def _days_to_second(events: Events) -> NDArray[np.int64]:
    """The gap before each customer's second row, 0 elsewhere; for one row per customer and day."""
    gap = np.zeros(len(events.day), np.int64)
    second = events.begin[:-1][np.diff(events.begin) > 1] + 1
    gap[second] = events.day[second] - events.day[second - 1]
    return gap
