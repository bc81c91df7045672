"""Compiled loops over codes: which rows of a customer hold the same value. Code 0 is a missing value."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from churnscope.events.bounds import Bounds
from churnscope.events.compiled import kernel

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Small = NDArray[np.int32]

NONE_FOLLOWS = -1
MISSING = -2
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: spreads neighbouring codes over the slots


@kernel
def link_same(codes: Whole, begin: Small, slots: Small, following: Small, earlier: Small) -> None:
    """Chain the rows of each customer by code.

    `following[i]` : the customer's next row with the code of row i, `NONE_FOLLOWS`, or `MISSING`.
    `earlier[i]` : how many earlier rows of the customer have that code.
    `slots` : memory for an open-addressing hash table, at least four times the rows of any customer, and eight.
    """
    for c in range(len(begin) - 1):
        bits = 3
        while (1 << bits) < 2 * (begin[c + 1] - begin[c]):
            bits += 1
        slots[: 1 << bits] = -1
        for i in range(begin[c], begin[c + 1]):
            earlier[i] = 0
            following[i] = MISSING if codes[i] == 0 else NONE_FOLLOWS
            if codes[i] == 0:
                continue
            s = np.int64((np.uint64(codes[i]) * _GOLDEN) >> np.uint64(64 - bits))
            while slots[s] >= 0 and codes[slots[s]] != codes[i]:
                s = (s + 1) & ((1 << bits) - 1)
            if slots[s] >= 0:
                following[slots[s]] = i
                earlier[i] = earlier[slots[s]] + 1
            slots[s] = i


@kernel
def tabulate_final(following: Small, cell: Small, table: Small) -> None:
    """`table[r, c]`: rows up to r whose value never comes again. They count in every window they lie in."""
    table[:] = 0
    flat = table.reshape(table.size)
    for i in range(len(cell)):
        if following[i] == NONE_FOLLOWS:
            flat[cell[i]] += 1
    for r in range(1, table.shape[0]):
        for c in range(table.shape[1]):
            table[r, c] += table[r - 1, c]


@kernel
def window_distinct(following: Small, cell: Small, final: Small, bounds: Bounds, answer: Floats) -> None:
    """Different values per window, shape (n_windows, n_cutoffs, n_customers).

    A row counts where it is its value's last one before the cutoff. Rows that never come again are in the table `final`; a
    row that does come again counts at the cutoffs between the two.
    """
    n = np.uint32(final.shape[1])
    answer[:] = 0.0
    for i in range(len(cell)):
        if following[i] < 0 or cell[following[i]] == cell[i]:
            continue
        row = np.int64(np.uint32(cell[i]) // n)  # unsigned: half the time of a signed division
        c = cell[i] - row * final.shape[1]
        w = 0
        for k in range(bounds.cutoff_of_row[row], bounds.cutoff_of_row[np.uint32(cell[following[i]]) // n]):
            while bounds.first[w, k] >= row:  # later cutoffs see the row in ever longer windows, the last of which has no bound
                w += 1
            answer[w, k, c] += 1.0
    for k in range(len(bounds.last)):
        newest = bounds.last[k]
        for w in range(len(bounds.lengths)):  # each window adds older rows to the one before
            oldest = bounds.first[w, k]
            for c in range(final.shape[1]):
                shorter = answer[w - 1, k, c] if w > 0 else 0.0
                answer[w, k, c] += shorter + (final[newest, c] - final[oldest, c])
            newest = oldest
