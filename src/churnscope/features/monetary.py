"""How much the customer spent, and how large the amounts are."""

from __future__ import annotations

from collections.abc import Iterator

from churnscope.events import Window, ratio
from churnscope.features.family import family
from churnscope.features.feature import FALLING, Feature, none, suffix, within
from churnscope.features.log import Log


@family("purchases", needs=("amount",))
def monetary(log: Log) -> Iterator[Feature]:
    """How much the customer spent, and how large the amounts are."""
    for window in log.windows:
        yield _spend(log, window)
        yield Feature(
            name=f"mean_purchase_value_{suffix(window)}",
            unit="currency",
            window=window,
            concept="amounts",
            sentence=f"{{value:,.2f}} per purchase {within(window)}",
            missing=none("purchase", window),
            values=ratio(log.money("amount", window), log.count(window)),
        )
    for window in log.long_windows:
        yield from _amounts(log, window)
    yield Feature(
        name="smallest_amount_ever",
        unit="currency",
        concept="amounts",
        sentence="cheapest line {value:,.2f}",
        spoken=False,
        missing=none("purchase"),
        values=log.kept.smallest("amount") * log.resolution,
    )
    yield Feature(
        name="last_amount",
        unit="currency",
        concept="amounts",
        sentence="last purchase line {value:,.2f}",
        missing=none("purchase"),
        values=log.kept.last("amount") * log.resolution,
    )


def _spend(log: Log, window: Window) -> Feature:
    """Returns take their money back, so this may be negative."""
    return Feature(
        name=f"spend_{suffix(window)}",
        unit="currency",
        window=window,
        concept="spend",
        sentence=f"spent {{value:,.2f}} {within(window)}",
        direction=FALLING,
        values=log.money("amount", window, kept=False),
    )


def _amounts(log: Log, window: Window) -> Iterator[Feature]:
    yield Feature(
        name=f"amount_std_{suffix(window)}",
        unit="currency",
        window=window,
        concept="amounts",
        sentence=f"line amounts vary by {{value:,.2f}} {within(window)}",
        spoken=False,
        missing=f"fewer than two purchase lines {within(window)}",
        values=log.kept.std("amount", window) * log.resolution,
    )
    yield Feature(
        name=f"largest_amount_{suffix(window)}",
        unit="currency",
        window=window,
        concept="amounts",
        sentence=f"dearest line {{value:,.2f}} {within(window)}",
        missing=none("purchase", window),
        values=log.kept.largest("amount", window) * log.resolution,
    )
