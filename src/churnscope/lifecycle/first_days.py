"""The days on which it began: a customer's first qualifying event, the first purchase, the second one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnscope.activity import Activity
from churnscope.customer_types import qualifying_days
from churnscope.events import Observed
from churnscope.events.since import NEVER
from churnscope.lifecycle.groups import NOT_TOLD, Group

Small = NDArray[np.int32]
COHORT = "cohort"


@dataclass(frozen=True, eq=False)
class FirstDays:
    """Local days, shape (n_customers,) each, `NEVER` where there is none.

    Parameters
    ----------
    event : of the first qualifying event.
    purchase, second_purchase : the first two days on which something was bought and that is no return.
    has_purchases : whether there is a source of purchases at all.
    """

    event: Small
    purchase: Small
    second_purchase: Small
    has_purchases: bool

    @classmethod
    def of(cls, activity: Activity, seen: Mapping[str, Observed]) -> FirstDays:
        """What is seen at one cutoff."""
        events = qualifying_days(activity, seen)
        rows = seen.get("purchases")
        if rows is None:
            nobody = np.full(events.events.n_customers, NEVER, np.int32)
            return cls(_nth(events, 1), nobody, nobody, has_purchases=False)
        bought = (rows.select("is_return", 0) if "is_return" in rows.events.signals else rows).days
        return cls(_nth(events, 1), _nth(bought, 1), _nth(bought, 2), has_purchases=True)

    @classmethod
    def joined(cls, parts: list[FirstDays]) -> FirstDays:
        """Those of all customers from those of blocks, in order."""
        none = np.empty(0, np.int32)
        event, purchase, second = (
            np.concatenate([none, *(getattr(part, name) for part in parts)])
            for name in ("event", "purchase", "second_purchase")
        )
        return cls(event, purchase, second, has_purchases=any(part.has_purchases for part in parts))

    @property
    def cohort(self) -> Group:
        """The calendar month of the first qualifying event, as 2024-02."""
        began = self.event != NEVER
        month = self.event.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        if not began.any():
            return Group(COHORT, (), np.full(len(began), NOT_TOLD, np.int16))
        first, last = int(month[began].min()), int(month[began].max())
        labels = tuple(str(np.datetime64(number, "M")) for number in range(first, last + 1))
        return Group(COHORT, labels, np.where(began, month - first, NOT_TOLD).astype(np.int16))


def _nth(days: Observed, n: int) -> Small:
    """The day of each customer's n-th row of a view with a row a day, all of which the cutoff sees or does not.

    A row on the day of the cutoff or later is not seen.
    """
    events = days.events
    count, answer = days.count()[0], np.full(events.n_customers, NEVER, np.int32)
    enough = np.flatnonzero(count >= n)
    answer[enough] = events.day[events.begin[:-1][enough] + n - 1]
    return answer
