"""How many of those who bought once buy again, and how soon, by the month of their first purchase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from churnscope.events.since import NEVER
from churnscope.lifecycle.first_days import FirstDays
from churnscope.lifecycle.retention import LEAST_WATCHED
from churnscope.survival import Waits

ALL: Final = "all"
WITHIN_DAYS: Final = (30, 90, 180, 365)


@dataclass(frozen=True)
class SecondPurchase:
    """The customers who bought first in one month.

    Parameters
    ----------
    cohort : the month, or `ALL`.
    customers, again : how many there are, and how many of them have bought on a second day.
    within : days -> the share who have bought again by then, with 95 % limits; None where nobody was watched for so long.
    median_days : by when half of all have; None where fewer than half ever do, or too few are watched to say so.
    median_of_again : by when half of those who did had.
    """

    cohort: str
    customers: int
    again: int
    within: dict[int, tuple[float, float, float] | None]
    median_days: int | None
    median_of_again: int | None

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        within = {str(days): None if told is None else [round(part, 6) for part in told] for days, told in self.within.items()}
        return {**vars(self), "within": within}


def second_purchases(first: FirstDays, as_of: int) -> tuple[SecondPurchase, ...]:
    """Of all customers who have bought, then of each cohort, the oldest first.

    Notes
    -----
    Shares are one less the product-limit estimate: whoever has not bought again counts for as long as they were watched, so
    that a young cohort is not taken for a bad one. The limits are those of `kaplan_meier`.
    """
    bought = first.purchase != NEVER
    if not bought.any():
        return ()
    day, second = first.purchase[bought].astype(np.int64), first.second_purchase[bought].astype(np.int64)
    month = day.astype("datetime64[D]").astype("datetime64[M]")
    cohorts = [(str(each), month == each) for each in np.unique(month)]
    everybody = (ALL, np.ones(len(day), np.bool_))
    return tuple(_of(name, day[members], second[members], as_of) for name, members in (everybody, *cohorts))


def _of(name: str, day: np.ndarray[Any, Any], second: np.ndarray[Any, Any], as_of: int) -> SecondPurchase:
    again = second != NEVER
    waited = np.where(again, second, as_of - 1) - day  # the last day that was read is the one before as_of
    curve = Waits.of(waited, again).curve()
    within = {}
    for days in WITHIN_DAYS:
        left, low, high = curve.at(min(days, len(curve.survival) - 1) if curve.survival[-1] == 0 else days)
        within[days] = None if np.isnan(left) else (1 - left, 1 - high, 1 - low)
    of_again = int(np.median(waited[again])) if again.any() else None
    return SecondPurchase(name, len(day), int(again.sum()), within, curve.median(LEAST_WATCHED)[0], of_again)
