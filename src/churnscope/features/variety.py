"""How many different things the customer buys or does, and how many of them are new."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from churnscope.events import Events, ratio
from churnscope.features.family import family
from churnscope.features.feature import FALLING, Feature, none, suffix, within
from churnscope.features.log import Log

PLURALS = {"product": "products", "category": "categories", "kind": "kinds of activity", "channel": "channels"}


@family("purchases", needs=("product",))
def products(log: Log) -> Iterator[Feature]:
    """How many different products the customer buys, and how many of them are new."""
    yield from variety(log, "product", "product")


@family("purchases", needs=("category",))
def categories(log: Log) -> Iterator[Feature]:
    """How many different categories the customer buys from, and how many of them are new."""
    yield from variety(log, "category", "category")


@family("engagement", needs=("kind",))
def kinds(log: Log) -> Iterator[Feature]:
    """How many different things the customer does, and how many of them are new."""
    yield from variety(log, "kind", "kind")


@family("purchases", "engagement", needs=("channel",))
def channels(log: Log) -> Iterator[Feature]:
    """How many channels the customer uses, how far they keep to one, and how far to their first."""
    yield from variety(log, "channel", f"{log.noun}_channel")
    known = log.kept.derive("known channel", lambda events: events.signals["channel"] != 0)
    first = log.kept.derive("first channel", in_first_channel)
    for window in log.main_windows:
        yield Feature(
            name=f"{log.noun}_first_channel_share_{suffix(window)}",
            unit="share",
            window=window,
            concept="channel variety",
            sentence=f"{{value:.0%}} of {log.row_nouns} {within(window)} through the channel they began with",
            missing=none(f"{log.noun} with a known channel", window),
            values=ratio(log.kept.total(first, window), log.kept.total(known, window)),
        )


def in_first_channel(events: Events) -> NDArray[np.bool_]:
    """Rows in the channel of the customer's first row that has one; of those tied at that instant, the largest code."""
    channel = events.signals["channel"]
    known = np.flatnonzero(channel)
    customer = events.customer[known]
    opening = np.flatnonzero(np.diff(customer, prepend=-1))
    since = np.full(events.n_customers, np.iinfo(np.int64).max)
    since[customer[opening]] = events.time[known[opening]]
    at_first = known[events.time[known] == since[customer]]
    first = np.full(events.n_customers, np.iinfo(np.int64).min)
    np.maximum.at(first, events.customer[at_first], channel[at_first])
    flags: NDArray[np.bool_] = (channel == first[events.customer]) & (channel != 0)
    return flags


def variety(log: Log, column: str, name: str) -> Iterator[Feature]:
    """Number, newness and concentration of the values of a text column."""
    plural = PLURALS[column]
    for window in log.main_windows:
        yield Feature(
            name=f"{name}_count_{suffix(window)}",
            unit=plural,
            window=window,
            concept=f"{column} variety",
            sentence=f"{{value:.0f}} different {plural} {within(window)}",
            direction=FALLING,
            values=log.kept.distinct(column, window),
        )
    for window in log.main_windows[:-1]:
        yield Feature(
            name=f"new_{name}_share_{suffix(window)}",
            unit="share",
            window=window,
            concept=f"{column} variety",
            sentence=f"{{value:.0%}} of the {plural} {within(window)} were new to the customer",
            missing=none(f"{log.noun} with a known {column}", window),
            values=ratio(log.kept.new_values(column, window), log.kept.distinct(column, window)),
        )
    yield Feature(
        name=f"{name}_concentration_ever",
        unit="share",
        concept=f"{column} variety",
        sentence=f"{{value:.0%}} chance that two {log.row_nouns} have the same {column}",
        spoken=False,
        missing=none(f"{log.noun} with a known {column}"),
        values=log.kept.concentration(column),
    )
