"""The cutoffs and windows every question is asked for, and the elementary intervals they cut time into."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from churnscope.events.block import Events

if TYPE_CHECKING:
    from churnscope.events.observed import Observed

Window = int | None
EVER: Final = None  # the window that reaches back to the first event


class Grid:
    """Cutoff days and window lengths in days. The window of w days at cutoff c is `[c - w, c)`; `EVER` is always among them.

    Parameters
    ----------
    cutoffs : day numbers; kept rising and once each.
    windows : lengths in days, each at least 1; kept rising and once each.

    Attributes
    ----------
    cutoffs : int32, shape (n_cutoffs,).
    windows : rising, `EVER` last.
    n_rows : rows of an interval table.
    first, last, lengths, cutoff_of_row : see `Bounds`.
    """

    def __init__(self, cutoffs: Iterable[int], windows: Iterable[int]) -> None:
        self.cutoffs: NDArray[np.int32] = np.array(sorted(set(cutoffs)), np.int32)
        lengths = sorted(set(windows))
        if not len(self.cutoffs) or (lengths and lengths[0] < 1):
            msg = f"a grid needs a cutoff and windows of at least a day, not {self.cutoffs.tolist()} and {lengths}"
            raise ValueError(msg)
        self.windows: tuple[Window, ...] = (*lengths, EVER)
        self.lengths = np.array([*lengths, 0])
        begins = self.cutoffs - np.array(lengths, np.int32)[:, None]
        edges = np.unique(np.concatenate([self.cutoffs, begins.ravel()]))
        self.n_rows = len(edges) + 2  # before all events, before the first edge, between edges, after the last
        self.earliest = int(edges[0]) - 1
        self.row_of_day = 1 + np.searchsorted(edges, np.arange(self.earliest, edges[-1] + 1), side="right").astype(np.int32)
        self.last = _row_before(edges, self.cutoffs)
        self.first = np.concatenate([_row_before(edges, begins), np.zeros((1, len(self.cutoffs)), np.int64)])
        self.cutoff_of_row = np.searchsorted(self.last, np.arange(self.n_rows))
        self._position = {window: w for w, window in enumerate(self.windows)}

    def position(self, window: Window) -> int:
        """Where `window` stands among the windows."""
        return self._position[window]

    def see(self, events: Events, shift: NDArray[np.int32] | None = None) -> Observed:
        """What `events` show at every cutoff.

        Parameters
        ----------
        shift : shape (n_customers,), days by which each customer's cutoffs lie before those of the grid; none by default.

        Notes
        -----
        Only `day` decides what is seen: rows that happened but were not known yet are left out with `Events.as_known_at`.
        """
        from churnscope.events.observed import Observed

        return Observed(events, self, np.zeros(events.n_customers, np.int32) if shift is None else shift)


def _row_before(edges: NDArray[np.int32], day: NDArray[np.int32]) -> NDArray[np.int64]:
    """Last table row that lies before `day`, which is an edge."""
    return np.searchsorted(edges, day) + 1
