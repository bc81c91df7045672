"""Stretches of days on which rows add up to enough: what holds on every single day, without asking day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from churnscope.events.compiled import kernel

Small = NDArray[np.int32]
Weights = NDArray[np.int64] | NDArray[np.float64] | NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Stretches:
    """Stretches of days `begin` to before `end`, those of a customer rising and apart from each other.

    Parameters
    ----------
    customer, begin, end : int32, shape (n_stretches,).
    """

    n_customers: int
    customer: Small
    begin: Small
    end: Small


@dataclass(frozen=True, eq=False)
class Spans:
    """Rows that each count from a day on and until before another; in any order of days within a customer.

    Parameters
    ----------
    customer : int32, rising, shape (n_rows,).
    begin, end : int32, shape (n_rows,); a row whose end is not after its begin never counts.
    weight : shape (n_rows,), how much a row counts; None: each one.
    """

    n_customers: int
    customer: Small
    begin: Small
    end: Small
    weight: Weights | None = None

    def at_least(self, enough: float) -> Stretches:
        """Where the rows that count add up to at least so much, which is above 0. Weights are whole numbers, or flags.

        Examples
        --------
        >>> days = [np.array(part, np.int32) for part in ([0, 0, 0], [1, 3, 9], [5, 6, 12])]
        >>> found = Spans(1, *days).at_least(1)
        >>> found.begin.tolist(), found.end.tolist(), Spans(1, *days).at_least(2).begin.tolist()
        ([1, 9], [6, 12], [3])
        """
        counts = self.begin < self.end
        rows = slice(None) if counts.all() else counts
        customer, begin, end = (values[rows] for values in (self.customer, self.begin, self.end))
        weight = np.ones(len(customer), np.int64) if self.weight is None else self.weight[rows].astype(np.int64)
        found = np.empty((3, len(customer)), np.int32)
        n = _sweep(_begins(customer, self.n_customers), (begin, end, weight), enough, found)
        return Stretches(self.n_customers, *found[:, :n])

    def lasting(self, enough: float) -> Small:
        """The day from which on the rows, all of which count now, add up to less if nothing is added; 0 where they do already.

        Weights are not below 0.

        Examples
        --------
        >>> days = [np.array(part, np.int32) for part in ([0, 0, 0], [1, 3, 4], [5, 9, 7])]
        >>> [Spans(2, *days).lasting(enough).tolist() for enough in (1, 2, 3, 4)]
        [[9, 0], [7, 0], [5, 0], [0, 0]]
        """
        customer, end = self.customer, self.end
        if self.weight is not None or enough > 1:
            order = np.lexsort((end, customer))
            customer, end = customer[order], end[order]
            weight = np.ones(len(order), np.int64) if self.weight is None else self.weight[order]
            before = np.concatenate([[0], np.cumsum(weight)])
            left = before[np.searchsorted(customer, customer, side="right")] - before[:-1]
            customer, end = customer[left >= enough], end[left >= enough]
        answer = np.zeros(self.n_customers, np.int32)
        np.maximum.at(answer, customer, end)
        return answer


def any_of(stretches: Sequence[Stretches]) -> Stretches:
    """The days that lie in any of them."""
    return _together(stretches, 1)


def all_of(stretches: Sequence[Stretches]) -> Stretches:
    """The days that lie in all of them."""
    return _together(stretches, len(stretches))


class Windowed(NamedTuple):
    """Rows that count in the days after their own, sorted by customer and time.

    Parameters
    ----------
    first : int64, shape (n_customers + 1,), where each customer's rows begin.
    day, seen_from : int32, shape (n_rows,), of the row, and the first cutoff that sees it.
    values : float64, shape (n_rows,), minus infinity for a missing one; settled, so that tied rows rise.
    """

    first: NDArray[np.int64]
    day: Small
    seen_from: Small
    values: NDArray[np.float64]


def float_stretches(rows: Windowed, window: int, enough: float) -> Stretches:
    """Where the values of the rows of the last `window` days add up to at least so much, added newest first as `total` does."""
    found = np.empty((3, 2 * len(rows.day)), np.int32)
    n = _sweep_floats(rows, window, enough, found)
    return Stretches(len(rows.first) - 1, *found[:, :n])


def _together(stretches: Sequence[Stretches], enough: int) -> Stretches:
    if len(stretches) == 1:
        return stretches[0]
    customer, begin, end = (
        np.concatenate([getattr(each, name) for each in stretches]) for name in ("customer", "begin", "end")
    )
    order = np.argsort(customer, kind="stable")
    return Spans(stretches[0].n_customers, customer[order], begin[order], end[order]).at_least(enough)


def _begins(customer: Small, n_customers: int) -> NDArray[np.int64]:
    return np.searchsorted(customer, np.arange(n_customers + 1, dtype=np.int32)).astype(np.int64)


@kernel
def _rising(days: Small) -> NDArray[np.int64]:
    """The order of the days; most are in it already."""
    for i in range(1, len(days)):
        if days[i] < days[i - 1]:
            return np.argsort(days, kind="mergesort")
    return np.arange(len(days))


@kernel
def _sweep(first: NDArray[np.int64], spans: tuple[Small, Small, NDArray[np.int64]], enough: float, found: Small) -> int:
    """One pass over the days on which a row begins or ceases to count; how many stretches were found."""
    n = 0
    for c in range(len(first) - 1):
        begin, end, weight = (
            spans[0][first[c] : first[c + 1]],
            spans[1][first[c] : first[c + 1]],
            spans[2][first[c] : first[c + 1]],
        )
        come, go, size = _rising(begin), _rising(end), len(begin)
        total, holds, i, j = np.int64(0), False, 0, 0
        while j < size:
            day = end[go[j]] if i == size else min(end[go[j]], begin[come[i]])
            while j < size and end[go[j]] == day:
                total -= weight[go[j]]
                j += 1
            while i < size and begin[come[i]] == day:
                total += weight[come[i]]
                i += 1
            if (total >= enough) != holds:
                n = _turned(found, n, c, day, holds)
                holds = not holds
    return n


@kernel
def _sweep_floats(rows: Windowed, window: int, enough: float, found: Small) -> int:
    """The sum anew on each day on which a row begins or ceases to count: adding and taking away would leave a remainder."""
    n = 0
    for c in range(len(rows.first) - 1):
        low, high = rows.first[c], rows.first[c + 1]
        changes = np.unique(np.concatenate((rows.seen_from[low:high], rows.day[low:high] + np.int32(window + 1))))
        holds, until = False, low
        for cutoff in changes:
            while until < high and rows.day[until] < cutoff:
                until += 1
            total, i = 0.0, until - 1
            while i >= low and rows.day[i] >= cutoff - window:
                if rows.seen_from[i] <= cutoff and rows.values[i] > -np.inf:
                    total += rows.values[i]
                i -= 1
            if (total >= enough) != holds:
                n = _turned(found, n, c, cutoff, holds)
                holds = not holds
    return n


@kernel
def _turned(found: Small, n: int, customer: int, day: int, held: bool) -> int:  # noqa: FBT001 (compiled: by place)
    """Write down that a stretch begins, or that it ended and the next one is another."""
    if held:
        found[2, n] = day
        return n + 1
    found[0, n], found[1, n] = customer, day
    return n
