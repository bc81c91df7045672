"""Where the rows of every window begin and end, as the compiled loops read it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Bounds(NamedTuple):
    """Cutoffs, windows and positions of one log.

    The edges of all windows at all cutoffs cut time into elementary intervals, one table row each. Window w at cutoff k is made
    of the table rows `first[w, k] < r <= last[k]`, and of customer c's rows
    `position[first[w, k], c] <= i < position[last[k], c]`.

    Parameters
    ----------
    position : int32, shape (n_table_rows, n_customers), index after the last row of a customer up to each table row.
    first : shape (n_windows, n_cutoffs).
    last : shape (n_cutoffs,).
    lengths : shape (n_windows,), days of each window, rising; 0 for the one without bound.
    cutoff : int32, shape (n_cutoffs,), days.
    shift : int32, shape (n_customers,), days by which the customer's cutoffs lie before those.
    cutoff_of_row : shape (n_table_rows,), the first cutoff that sees each table row.
    """

    position: NDArray[np.int32]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    lengths: NDArray[np.int64]
    cutoff: NDArray[np.int32]
    shift: NDArray[np.int32]
    cutoff_of_row: NDArray[np.int64]
