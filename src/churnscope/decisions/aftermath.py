"""What customers did after the days they were asked about: who left, and what they spent before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from churnscope.activity import CENSORED, Activity, churned
from churnscope.config.models import Label
from churnscope.events import Block, Grid
from churnscope.features import Log
from churnscope.roles import ROLES
from churnscope.timeline import Timing

PURCHASES = ROLES["purchases"]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Question:
    """What leaving means, and to where rows are read.

    Parameters
    ----------
    as_of : first day that is not read.
    resolution : currency per unit of money.
    money_columns : names of the signals that purchases carry, `amount` among them; None where nothing is said of money.
    """

    activity: Activity
    label: Label
    timing: Timing
    as_of: int
    resolution: float
    money_columns: frozenset[str] | None = None

    @property
    def spend_days(self) -> int:
        """From a day to the end of its outcome window: money that comes in the gap counts too."""
        return self.timing.gap_days + self.timing.horizon_days


@dataclass(frozen=True, eq=False)
class Aftermath:
    """What came, shape (n,) each, in the order of the customers asked about.

    Parameters
    ----------
    churned : 1 churned, 0 stayed, `CENSORED` where the outcome is not known, `LEFT_OUT` where there was nothing to lose.
    spend : from the day to the end of the outcome window, in currency, returns taken off; None without money.
    spend_before : in as many days before it.
    """

    churned: NDArray[np.int8]
    spend: Array | None
    spend_before: Array | None


def aftermath(
    blocks: Iterable[Block],
    customers: ArrayLike,
    days: ArrayLike,
    question: Question,
    progress: Callable[[int], None] = lambda _done: None,
) -> Aftermath:
    """What customers did after some days, by the definition of the config, in one pass over the rows.

    Parameters
    ----------
    blocks : all customers in order, each with the rows of every role.
    customers, days : shape (n,), numbers of customers, and the day each is asked about.
    progress : told the customers done so far.
    """
    asked, day = np.asarray(customers, dtype=np.int64), np.asarray(days, dtype=np.int32)
    cutoffs, place = np.unique(day, return_inverse=True)
    order = np.argsort(asked, kind="stable")
    labels = np.full(len(asked), CENSORED, np.int8)
    spend = np.zeros((2, len(asked)))
    for block in blocks if len(asked) else ():
        first, after = np.searchsorted(asked[order], [block.first, block.first + block.n_customers])
        here = order[first:after]
        cells = place[here], asked[here] - block.first
        if len(here):
            labels[here] = churned(
                question.activity, question.label, block.logs, cutoffs=cutoffs, timing=question.timing, as_of=question.as_of
            )[cells]
            if question.money_columns is not None:
                for row, later in zip(spend, (question.spend_days, 0), strict=True):
                    row[here] = _spend(block, (cutoffs + later).tolist(), question)[cells]
        progress(block.first + block.n_customers)
    return Aftermath(labels, *((None, None) if question.money_columns is None else spend))


def _spend(block: Block, ends: list[int], question: Question) -> Array:
    """What was spent in the days before each end, shape (n_ends, n_customers)."""
    assert question.money_columns is not None
    window = question.spend_days
    seen = Grid(ends, [window]).see(block.logs[PURCHASES.name])
    log = Log(PURCHASES, seen, question.money_columns, (window,), question.resolution)
    return np.asarray(log.money("amount", window, kept=False), dtype=np.float64)
