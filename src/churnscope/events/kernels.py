"""Compiled loops over interval tables.

The edges of all windows at all cutoffs cut time into elementary intervals. A *table* has one row per interval, oldest first,
and one column per customer. Row 0 holds what lies before all rows (0, or where the customer's rows begin). Every event falls
into its interval once, rows are summed downwards, and a window is the difference of two rows: its cost depends neither on how
many events it holds nor on how many windows overlap, and the inner loops run along customers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from churnscope.events.block import NO_DAY
from churnscope.events.bounds import Bounds
from churnscope.events.compiled import kernel

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Small = NDArray[np.int32]
Values = NDArray[np.int64] | NDArray[np.float64] | NDArray[np.bool_]
Matrix = NDArray[np.float32 | np.float64]


@kernel
def place(customer: Small, day: Small, offset: Small, row_of_day: Small, cell: Small) -> None:
    """Flat table position of every event; `day + offset` of its customer counts from the first day of `row_of_day`."""
    top = len(row_of_day) - 1
    for i in range(len(customer)):
        since = min(max(np.int64(day[i]) + offset[customer[i]], 0), top)
        cell[i] = row_of_day[since] * len(offset) + customer[i]


@kernel
def tabulate_positions(cell: Small, begin: Small, table: Small) -> None:
    """`table[r, c]`: index after the last event of customer c that lies in rows up to r."""
    table[1:] = 0
    for c in range(table.shape[1]):
        table[0, c] = begin[c]
    flat = table.reshape(table.size)
    for i in range(len(cell)):
        flat[cell[i]] += 1
    for r in range(1, table.shape[0]):
        for c in range(table.shape[1]):
            table[r, c] += table[r - 1, c]


@kernel
def tabulate_totals(values: Values, cell: Small, table: Whole | Small) -> None:
    """`table[r, c]`: sum of the whole numbers of customer c in rows up to r. It may wrap round; differences stay exact."""
    table[:] = 0
    flat = table.reshape(table.size)
    for i in range(len(cell)):
        flat[cell[i]] += values[i]
    for r in range(1, table.shape[0]):
        for c in range(table.shape[1]):
            table[r, c] += table[r - 1, c]


@kernel
def window_totals(table: Whole | Small, first: Whole, last: Whole, answer: Floats) -> None:
    """Difference of two table rows per cutoff; `first` and `last` of shape (n_cutoffs,)."""
    for k in range(len(last)):
        before = table[first[k]]
        until = table[last[k]]
        for c in range(table.shape[1]):
            answer[k, c] = until[c] - before[c]


@kernel
def tabulate_largest(values: Values, cell: Small, sign: int, table: Floats) -> None:
    """`table[r, c]`: largest `sign * value` in row r alone; minus infinity where there is none. NaN is passed over."""
    table[:] = -np.inf
    flat = table.reshape(table.size)
    for i in range(len(cell)):
        flat[cell[i]] = max(flat[cell[i]], np.float64(values[i]) * sign)


@kernel
def window_largest(table: Floats, bounds: Bounds, sign: int, answer: Floats) -> None:
    """Largest over each window, shape (n_windows, n_cutoffs, n_customers).

    The windows of one cutoff lie in one another: each adds older rows to the one before.
    """
    best = np.empty(table.shape[1], np.float64)
    for k in range(len(bounds.last)):
        best[:] = -np.inf
        newest = bounds.last[k]
        for w in range(bounds.first.shape[0]):
            for r in range(bounds.first[w, k] + 1, newest + 1):
                for c in range(len(best)):
                    best[c] = max(best[c], table[r, c])
            newest = min(newest, bounds.first[w, k])
            for c in range(len(best)):
                answer[w, k, c] = best[c] * sign if best[c] > -np.inf else np.nan


@kernel
def ages_of_newest(day: Small, bounds: Bounds, back: int, answer: Floats) -> None:
    """Days from the newest event but `back` to the cutoff; NaN where there are not so many."""
    for k in range(len(bounds.last)):
        for c in range(len(bounds.shift)):
            i = bounds.position[bounds.last[k], c] - 1 - back
            there = i >= bounds.position[0, c]
            answer[k, c] = bounds.cutoff[k] - bounds.shift[c] - day[i] if there else np.nan


@kernel
def values_of_newest(values: Values, bounds: Bounds, answer: Floats) -> None:
    """The value of the newest event before the cutoff, there or missing; NaN where there is no event."""
    for k in range(len(bounds.last)):
        for c in range(len(bounds.shift)):
            i = bounds.position[bounds.last[k], c] - 1
            answer[k, c] = np.float64(values[i]) if i >= bounds.position[0, c] else np.nan


@kernel
def ages_of_oldest(day: Small, bounds: Bounds, w: int, answer: Floats) -> None:
    """Days from the oldest event of window w to the cutoff; NaN for an empty window."""
    for k in range(len(bounds.last)):
        for c in range(len(bounds.shift)):
            i = bounds.position[bounds.first[w, k], c]
            there = i < bounds.position[bounds.last[k], c]
            answer[k, c] = bounds.cutoff[k] - bounds.shift[c] - day[i] if there else np.nan


@kernel
def ages_of_oldest_open(day: Small, end: Whole, bounds: Bounds, answer: Floats) -> None:
    """Days from the oldest event without `end` before the cutoff to it; NaN where all have ended.

    What has ended before one cutoff has ended before all later ones: each event is passed once.
    """
    for c in range(len(bounds.shift)):
        i = bounds.position[0, c]
        for k in range(len(bounds.last)):
            cutoff = np.int64(bounds.cutoff[k]) - bounds.shift[c]
            until = bounds.position[bounds.last[k], c]
            while i < until and NO_DAY < end[i] < cutoff:
                i += 1
            answer[k, c] = cutoff - day[i] if i < until else np.nan


@kernel
def divide(upper: Floats, lower: Floats, answer: Floats) -> None:
    """`upper / lower`, NaN where `lower` is 0."""
    for i in range(len(answer)):
        answer[i] = upper[i] / lower[i] if lower[i] != 0 else np.nan


@kernel
def gather(values: Floats, index: Whole, answer: Matrix) -> None:
    """`answer = values[index]` in the precision of `answer`."""
    for i in range(len(index)):
        answer[i] = values[index[i]]


@kernel
def mark_late(customer: Small, day: Small, visible_day: Small, cutoff: Small, late: NDArray[np.bool_]) -> None:
    """`late[k, c]`: customer c has a row that happened before cutoff k and was not known at it."""
    for i in range(len(day)):
        if visible_day[i] > day[i] + 1:
            for k in range(len(cutoff)):
                if day[i] < cutoff[k] < visible_day[i]:
                    late[k, customer[i]] = True
