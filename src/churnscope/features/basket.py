"""What one purchase holds."""

from __future__ import annotations

from collections.abc import Iterator

from churnscope.events import ratio
from churnscope.features.family import family
from churnscope.features.feature import FALLING, Feature, none, suffix, within
from churnscope.features.log import Log


@family("purchases", needs=("order",))
def lines(log: Log) -> Iterator[Feature]:
    """How many lines a purchase has."""
    for window in log.main_windows:
        yield Feature(
            name=f"lines_per_purchase_{suffix(window)}",
            unit="lines",
            window=window,
            concept="basket",
            sentence=f"{{value:.1f}} lines per purchase {within(window)}",
            missing=none("purchase", window),
            values=ratio(log.kept.count(window), log.count(window)),
        )


@family("purchases", needs=("quantity",))
def units(log: Log) -> Iterator[Feature]:
    """How many units the customer buys, in all and at a time."""
    for window in log.main_windows:
        bought = log.kept.total("quantity", window)
        yield Feature(
            name=f"units_{suffix(window)}",
            unit="units",
            window=window,
            concept="basket",
            sentence=f"{{value:,.0f}} units {within(window)}",
            spoken=False,
            direction=FALLING,
            values=bought,
        )
        yield Feature(
            name=f"units_per_purchase_{suffix(window)}",
            unit="units",
            window=window,
            concept="basket",
            sentence=f"{{value:.1f}} units per purchase {within(window)}",
            spoken=False,
            missing=none("purchase", window),
            values=ratio(bought, log.count(window)),
        )


@family("purchases", needs=("amount",))
def basket_value(log: Log) -> Iterator[Feature]:
    """How the value of a purchase in a window compares with all of the customer's purchases."""
    usual = ratio(log.money("amount"), log.count())
    for window in log.main_windows[:-1]:
        yield Feature(
            name=f"purchase_value_{suffix(window)}_of_ever",
            unit="ratio",
            window=window,
            concept="basket",
            sentence=f"purchases {within(window)} worth {{value:.0%}} of the usual",
            missing=none("purchase worth money to compare", window),
            direction=FALLING,
            values=ratio(ratio(log.money("amount", window), log.count(window)), usual),
        )
