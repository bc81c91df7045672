"""How far the customer buys at a discount."""

from __future__ import annotations

from collections.abc import Iterator

from churnscope.events import ratio
from churnscope.features.family import family
from churnscope.features.feature import Feature, none, suffix, within
from churnscope.features.log import Log


@family("purchases", needs=("discount",))
def discounts(log: Log) -> Iterator[Feature]:
    """How far the customer buys at a discount."""
    reduced = log.kept.derive("reduced", lambda events: events.signals["discount"] > 0)
    yield Feature(
        name="days_since_last_discount",
        unit="days",
        concept="discounts",
        sentence="last bought at a discount {value:.0f} days ago",
        missing="nothing bought at a discount yet",
        values=log.kept.select(reduced).days_since_last(),
    )
    for window in log.main_windows:
        yield Feature(
            name=f"discounted_share_{suffix(window)}",
            unit="share",
            window=window,
            concept="discounts",
            sentence=f"{{value:.0%}} of the lines {within(window)} at a discount",
            missing=none("purchase", window),
            values=log.kept.share(reduced, window),
        )
    for window in log.long_windows:
        yield Feature(
            name=f"discount_total_{suffix(window)}",
            unit="currency",
            window=window,
            concept="discounts",
            sentence=f"saved {{value:,.2f}} by discounts {within(window)}",
            values=log.money("discount", window),
        )


@family("purchases", needs=("discount", "amount"))
def discount_rate(log: Log) -> Iterator[Feature]:
    """How deep the customer's discounts are."""
    for window in log.main_windows:
        off, paid = log.money("discount", window), log.money("amount", window)
        yield Feature(
            name=f"discount_rate_{suffix(window)}",
            unit="share",
            window=window,
            concept="discounts",
            sentence=f"{{value:.0%}} off the full price {within(window)}",
            missing=none("money spent", window),
            values=ratio(off, paid + off),
        )
