"""What the customer sends back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from churnscope.events import Window, ratio
from churnscope.features.family import family
from churnscope.features.feature import Feature, none, suffix, within
from churnscope.features.log import Log


@family("purchases", needs=("is_return",))
def returns(log: Log) -> Iterator[Feature]:
    """How often the customer sends goods back."""
    yield Feature(
        name="days_since_last_return",
        unit="days",
        concept="returns",
        sentence="last return {value:.0f} days ago",
        missing="nothing returned yet",
        values=log.returned.days_since_last(),
    )
    for window in log.main_windows:
        yield Feature(
            name=f"return_count_{suffix(window)}",
            unit="lines",
            window=window,
            concept="returns",
            sentence=f"{{value:.0f}} lines returned {within(window)}",
            values=log.returned.count(window),
        )
    for window in log.long_windows:
        yield Feature(
            name=f"return_share_{suffix(window)}",
            unit="share",
            window=window,
            concept="returns",
            sentence=f"{{value:.0%}} of all lines {within(window)} were returns",
            spoken=False,
            missing=f"nothing bought or returned {within(window)}",
            values=log.rows.share("is_return", window),
        )


@family("purchases", needs=("is_return", "amount"))
def returned_money(log: Log) -> Iterator[Feature]:
    """How much money goes back to the customer."""
    for window in log.long_windows:
        back = _given_back(log, window)
        yield Feature(
            name=f"returned_amount_{suffix(window)}",
            unit="currency",
            window=window,
            concept="returns",
            sentence=f"{{value:,.2f}} given back for returns {within(window)}",
            values=back,
        )
        yield Feature(
            name=f"returned_amount_share_{suffix(window)}",
            unit="share",
            window=window,
            concept="returns",
            sentence=f"{{value:.0%}} of the money spent {within(window)} given back for returns",
            spoken=False,
            missing=none("money spent", window),
            values=ratio(back, log.money("amount", window)),
        )


def _given_back(log: Log, window: Window) -> NDArray[np.float64]:
    """The amount of a return is negative; taken from zero, so that nothing returned is 0 and not -0."""
    return 0.0 - log.returned.total("amount", window) * log.resolution
